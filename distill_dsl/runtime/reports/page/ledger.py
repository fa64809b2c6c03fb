"""Where each number of the page comes from: the files it was read from, and the stages that wrote them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from distill_dsl.runtime.tracking.pipeline import Pipeline

SAME: Final = "as in dvc.lock"
CHANGED: Final = "changed since dvc.lock was written"
UNLOCKED: Final = "not in dvc.lock"
ABSENT: Final = "not in this folder"


@dataclass(frozen=True)
class Number:
    """What a number is and how it came about."""

    what: str
    """`vote(pot, eot, cot) of tiny after etd on gsm-test`."""
    value: str
    how: tuple[str, ...]
    """What it was counted from, a line each."""
    files: tuple[str, ...]
    """What it was read from."""
    see: str = ""
    """The fragment of the page that shows the predictions behind it."""


@dataclass
class Ledger:
    """The numbers of a page, in the order in which they are shown."""

    numbers: list[Number] = field(default_factory=list)

    def enter(self, what: str, value: str, how: Iterable[str], files: Iterable[Path], see: str = "") -> int:
        """Its place, which its cell keeps."""
        self.numbers.append(Number(what, value, tuple(how), tuple(path.as_posix() for path in files), see))
        return len(self.numbers) - 1

    @property
    def files(self) -> list[str]:
        """Every file that a number was read from."""
        return list(dict.fromkeys(path for number in self.numbers for path in number.files))


@dataclass(frozen=True)
class Output:
    """A file or folder that a stage writes."""

    path: str
    md5: str | None
    """DVC's, a folder's ending in `.dir`; `None` where nobody ran the stage."""
    state: str
    """Whether what lies there is what dvc.lock says; empty where nobody looked, since no number was read from it."""


@dataclass(frozen=True)
class Origin:
    """A stage behind the page."""

    stage: str
    what: str
    file: str
    """The spec that declares it; empty where dvc.yaml does not say."""
    line: int
    needs: tuple[str, ...]
    """The stages that it reads from directly."""
    outputs: tuple[Output, ...]

    @property
    def command(self) -> str:
        """What makes it anew."""
        return f"dvc repro {self.stage}"


def origins(pipeline: Pipeline, last: str, read: Sequence[str]) -> tuple[Origin, ...]:
    """The stage `last` and all before it, in the order of dvc.yaml; `read` are the files that numbers came from."""
    needs = needs_of(pipeline)
    wanted = before(last, needs)
    looked = set(read)
    return tuple(origin(pipeline, name, needs[name], looked) for name in pipeline.stages if name in wanted)


def needs_of(pipeline: Pipeline) -> dict[str, tuple[str, ...]]:
    """Stage -> the stages that write what it reads."""
    makers = {path: name for name, stage in pipeline.stages.items() for path in outputs_of(stage)}
    return {
        name: tuple(dict.fromkeys(makers[path] for path in stage.get("deps") or () if path in makers))
        for name, stage in pipeline.stages.items()
    }


def origin(pipeline: Pipeline, name: str, needs: tuple[str, ...], looked: set[str]) -> Origin:
    """One stage, its outputs compared with dvc.lock where a number was read from them."""
    stage = pipeline.stage(name)
    file, line = pipeline.place(name) or ("", 0)
    outputs = tuple(output(pipeline, path, path in looked) for path in outputs_of(stage))
    return Origin(name, str(stage.get("desc") or name), file, line, needs, outputs)


def output(pipeline: Pipeline, path: str, looked: bool) -> Output:
    """One output with its hash and, where it was `looked` at, whether it is still that one."""
    known = pipeline.hashes.get(path)
    return Output(path, known, state_of(Path(path), known) if looked else "")


def state_of(path: Path, known: str | None) -> str:
    """Whether a file is the one that dvc.lock names."""
    if not path.is_file():
        return ABSENT
    if known is None:
        return UNLOCKED
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return SAME if found == known else CHANGED


def outputs_of(stage: Mapping[str, Any]) -> Iterator[str]:
    """Paths of what a stage writes: plain ones, and those with options."""
    for kind in ("outs", "metrics", "plots"):
        for entry in stage.get(kind) or ():
            yield entry if isinstance(entry, str) else str(next(iter(entry)))


def before(last: str, needs: Mapping[str, Sequence[str]]) -> set[str]:
    """A stage and all that it reads from, directly or not."""
    found: set[str] = set()
    waiting = [last]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs.get(name, ())
    return found


def strays(found: Iterable[Origin]) -> list[str]:
    """A sentence for each way in which files that numbers were read from are not as dvc.lock has them."""
    by_state: dict[str, list[str]] = {}
    for one in (output for stage in found for output in stage.outputs if output.state not in ("", SAME)):
        by_state.setdefault(one.state, []).append(one.path)
    return [f"Read from {files_told(paths)}, {state}." for state, paths in by_state.items()]


def files_told(paths: Sequence[str]) -> str:
    """`a file`, `3 files such as`: the first of several stands for all."""
    return paths[0] if len(paths) == 1 else f"{len(paths)} files such as {paths[0]}"
