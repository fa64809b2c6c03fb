"""Where every file lies, and how files are read and written.

Paths are relative to the project's root, where `dvc` runs every command. Writes are atomic: a
reader sees the old file or the whole new one, never a part.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem, Record
from distill_dsl.contract.vocabulary import HELD_OUT

R = TypeVar("R", bound=Record)

ARTIFACTS: Final = Path("artifacts")
STATE: Final = Path(".mtd")
"""What outlives a stage and is no output: completions, checkpoints, locks. Ignored by git."""


LOCAL: Final = ("/.mtd/", "/mlflow.db*", "/mlartifacts/", "/reports/", "/dvc_plots/")
"""What belongs to one working tree and never into git: the state, MLflow's own store, pages of `mtd report`
and of `dvc plots`."""


def project_root() -> Path:
    """The project's root, also from within the copies in which `dvc exp run --queue` and `--temp` work.

    DVC makes them under `.dvc/tmp/exps` without what git ignores, and deletes them afterwards: what
    must not be lost, or paid for again, belongs to the project that the copy was made from.
    """
    here = Path.cwd()
    for parent in here.parents:
        if parent.parts[-3:] == (".dvc", "tmp", "exps"):
            return parent.parents[2]
    return here


def spec_mark() -> Path:
    """Written by the spec stage; its content never changes, so that nothing re-runs because of it."""
    return ARTIFACTS / "spec.checked"


@cache
def problems_file(data: str, split: str) -> Path:
    """Rows: `Problem`."""
    return ARTIFACTS / "problems" / data / f"{split}.jsonl"


def origin_file(data: str) -> Path:
    """Where the problems of a data block came from, exactly: a JSON document."""
    return ARTIFACTS / "problems" / data / "origin.json"


@cache
def completions_file(cell: str) -> Path:
    """Rows: `Completion`. `cell` is `<teacher>-<data>-<split>-<thought>`."""
    return ARTIFACTS / "completions" / f"{cell}.jsonl"


def asked_file(cell: str) -> Path:
    """What an ask stage counts: asked, answered, tokens, cost."""
    return ARTIFACTS / "completions" / f"{cell}.json"


@cache
def thoughts_file(cell: str) -> Path:
    """Rows: `Thought`."""
    return ARTIFACTS / "thoughts" / f"{cell}.jsonl"


def yield_file(cell: str) -> Path:
    """What a verify stage counts, by verdict."""
    return ARTIFACTS / "thoughts" / f"{cell}.json"


MIX_PARTS: Final = ("train", "dev", "wrong", "held_out")


@cache
def mix_file(mix: str, part: str) -> Path:
    """Rows: `Example` of the parts `train`, `dev` and `wrong` (thoughts that do not give the gold answer,
    of problems that are learned); `Problem` of `held_out` (those of dev, answered by the teacher or not)."""
    return ARTIFACTS / "mixes" / mix / f"{part}.jsonl"


def mix_counts_file(mix: str) -> Path:
    """What a mix stage counts: examples kept and dropped, by format and reason."""
    return ARTIFACTS / "mixes" / f"{mix}.json"


@cache
def model_folder(cell: str) -> Path:
    """A folder that `transformers` loads as it is. `cell` is `<mix>-<student>-s<seed>`."""
    return ARTIFACTS / "models" / cell


@cache
def training_file(cell: str) -> Path:
    """What a train stage measures."""
    return ARTIFACTS / "training" / f"{cell}.json"


@cache
def curve_file(cell: str) -> Path:
    """Plot of a train stage: CSV with the columns `step,loss,dev_loss,learning_rate`."""
    return ARTIFACTS / "training" / f"{cell}.csv"


@cache
def system_file(cell: str) -> Path:
    """What the machine did while a student trained: CSV with the column `seconds` and one a quantity."""
    return ARTIFACTS / "training" / f"{cell}.system.csv"


@cache
def dev_thoughts_file(cell: str) -> Path:
    """Rows: `DevThought`, what a student wrote for problems of dev at each evaluation of its training."""
    return ARTIFACTS / "training" / f"{cell}.dev.jsonl"


@cache
def dev_curve_file(cell: str) -> Path:
    """Plot of a score stage: CSV with the columns `step,accuracy` and one a format, shares of dev problems
    that the thoughts written at that step of the training have right."""
    return ARTIFACTS / "scores" / f"{cell}.dev.csv"


@cache
def predictions_file(cell: str) -> Path:
    """Rows: `Prediction`."""
    return ARTIFACTS / "predictions" / f"{cell}.jsonl"


@cache
def ranks_file(cell: str, verifier: str) -> Path:
    """Rows: `Rank`, of the predictions `cell` by the verifier that was trained as cell `verifier`."""
    return ARTIFACTS / "ranks" / f"{cell}-by-{verifier}.jsonl"


def solving_file(cell: str) -> Path:
    """What a solve stage measures: seconds and tokens."""
    return ARTIFACTS / "predictions" / f"{cell}.json"


@cache
def scored_file(cell: str) -> Path:
    """Rows: `Scored`."""
    return ARTIFACTS / "scores" / f"{cell}.jsonl"


@cache
def scores_file(cell: str) -> Path:
    """What a score stage counts."""
    return ARTIFACTS / "scores" / f"{cell}.json"


def report_folder(experiment: str) -> Path:
    """Holds `REPORT_FILES` (not cached by DVC: small, made for reading)."""
    return ARTIFACTS / "report" / experiment


def summary_file(experiment: str) -> Path:
    """Metrics of a report stage, what `dvc exp show` shows: a JSON document. `accuracy` holds, by student and mix,
    the headline strategy's (mean over tests and seeds), `yield`, by teacher and format, the share that is right."""
    return report_folder(experiment) / "metrics.json"


@contextmanager
def atomic(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary neighbour of `path` that takes its place when the block ends well."""
    # Imported here, as below, because a spec is checked at every save, and writes nothing.
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except FileExistsError as error:
        raise Failure(
            f"cannot write {path}: there is a file where its folder should be",
            where=str(path.parent),
            help="move that file away; nothing was changed",
        ) from error
    except OSError as error:
        raise unwritable(path, error) from error
    temporary = Path(name)
    try:
        os.fchmod(handle, 0o644)
        options: dict[str, Any] = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
        with os.fdopen(handle, mode, **options) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise unwritable(path, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def unwritable(path: Path, error: OSError) -> Failure:
    """The failure that a write to `path` ended in."""
    return Failure(
        f"cannot write {path}: {error.strerror or error}",
        where=str(path),
        help="check that the folder exists, may be written to and has space; nothing was changed",
    )


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic(path) as stream:
        stream.write(text)


def write_rows(path: Path, rows: Iterable[Record]) -> int:
    """Write records as JSONL in the order given; returns how many."""
    count = 0
    encode = msgspec.json.Encoder().encode
    with atomic(path, "wb") as stream:
        for row in rows:
            stream.write(encode(row) + b"\n")
            count += 1
    return count


def read_rows(path: Path, kind: type[R]) -> Iterator[R]:
    """Read a JSONL file of records; a row that is none ends in a `Failure` that names its line."""
    decode = msgspec.json.Decoder(kind).decode
    for number, line in numbered_lines(path):
        try:
            yield decode(line)
        except msgspec.DecodeError as error:
            raise Failure(
                f"row {number} of {path} is no {kind.__name__.lower()}: {error}",
                where=f"{path}:{number}",
                help="the file may be cut off or written by another version; make it anew",
            ) from error


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The non-empty lines of a plain or gzipped file, with their numbers from 1."""
    import gzip

    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield number, line
    except FileNotFoundError as error:
        raise Failure(
            f"{path} does not exist", where=str(path), help="check the path; it is taken from the project's root"
        ) from error
    except (OSError, EOFError) as error:
        raise Failure(
            f"cannot read {path}: {error}", where=str(path), help="the file is damaged or not readable"
        ) from error


def write_json(path: Path, value: object) -> None:
    """Write a JSON document for reading by people and by DVC: indented, keys in the order given.

    Floats are rounded to 6 decimals: enough for any metric, and the same text on every machine.
    """
    text = msgspec.json.format(msgspec.json.encode(rounded(value)), indent=2)
    with atomic(path, "wb") as stream:
        stream.write(text + b"\n")


def read_json(path: Path) -> Any:
    """Read a JSON document."""
    try:
        return msgspec.json.decode(path.read_bytes())
    except FileNotFoundError as error:
        raise Failure(
            f"{path} does not exist", where=str(path), help="run `dvc repro`, or `dvc pull` what was run"
        ) from error
    except msgspec.DecodeError as error:
        raise Failure(f"{path} is not JSON: {error}", where=str(path), help="make it anew") from error


def rounded(value: Any, digits: int = 6) -> Any:
    """The same JSON value with every float rounded."""
    match value:
        case float():
            return round(value, digits)
        case dict():
            return {key: rounded(inner, digits) for key, inner in value.items()}
        case list() | tuple():
            return [rounded(inner, digits) for inner in value]
        case _:
            return value


def trained_cell(mix: str, student: str, seed: int) -> str:
    """What one training is called in stage names and files: `etd-small-s1`."""
    return f"{mix}-{student}-s{seed}"


def solved_cell(experiment: str, mix: str, student: str, seed: int) -> str:
    """What one trained student's answers within an experiment are called: `table-etd-small-s1`."""
    return f"{experiment}-{trained_cell(mix, student, seed)}"


def asked_cell(teacher: str, data: str, split: str, thought: str) -> str:
    """What one teacher's thoughts of one format are called: `chatgpt-gsm8k-train-pot`."""
    return f"{teacher}-{data}-{split}-{thought}"


def test_name(data: str, split: str) -> str:
    """A test set's name in metrics: `gsm8k-test`."""
    return f"{data}-{split}"


def test_file(test: str) -> Path:
    """The problems of a test set by its name; a split's name holds no `-`."""
    data, _, split = test.rpartition("-")
    return problems_file(data, split)


def read_test(test: str) -> list[Problem]:
    """The problems of a test set, at least one."""
    path = test_file(test)
    problems = list(read_rows(path, Problem))
    if not problems:
        raise Failure(
            f"test set {test} has no problems", where=str(path), help="check the source and limit of its data block"
        )
    return problems


def read_solved(tests: Iterable[str], mix: str, *, held_out: bool) -> dict[str, list[Problem]]:
    """The problems that a student solves: those of each test and, as `HELD_OUT`, those that its mix holds out."""
    problems = {test: read_test(test) for test in tests}
    if held_out:
        problems[HELD_OUT] = list(read_rows(mix_file(mix, "held_out"), Problem))
    return problems


def digest_of(said: bytes, paths: Iterable[Path]) -> str:
    """What names kept work: all that is said of it, and the names and bytes of the files that it is made from."""
    import hashlib

    digest = hashlib.sha256(said)
    for path in paths:
        digest.update(f":{path.name}:".encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:24]


REPORT_TABLES: Final = (
    "table.md",
    "table.tex",
    "table.csv",
    "accuracy.csv",
    "thoughts.csv",
    "efficiency.csv",
    "comparisons.csv",
    "calibration.csv",
    "risk_coverage.csv",
    "formats.csv",
    "scaling.csv",
    "yield.csv",
    "overlap.csv",
)
REPORT_FIGURES: Final = (
    "accuracy.png",
    "mixes.png",
    "cost.png",
    "risk_coverage.png",
    "calibration.png",
    "scaling.png",
    "formats.png",
    "errors.png",
    "yield.png",
)
"""Each is always written: where there is nothing to draw, the figure says so in words."""

REPORT_FILES: Final = (*REPORT_TABLES, *REPORT_FIGURES)
"""What a report stage writes into its folder."""
