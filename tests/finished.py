"""The files of a finished experiment, made up: what the report and the tracker read.

Two mixes (cotd has only cot, etd has three formats) of one student, one or more seeds, two tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML

from distill_dsl.contract import files
from distill_dsl.contract.records import Choice, Example, Judged, Problem, Scored
from distill_dsl.contract.runs import Run

EXPERIMENT = "table"
TESTS = ("toy-test", "far-test")
FORMATS = {"cotd": ("cot",), "etd": ("cot", "pot", "eot")}
MEMBERS = ["pot", "eot", "cot"]

PARAMS = {
    "param": {"paths": 4},
    "data": {"toy": {"source": {"kind": "synthetic", "sizes": {"train": 8, "test": 4}}}},
    "teacher": {"gold": {"model": {"kind": "solution"}, "samples": {"param": "paths"}}},
    "thought": {
        "cot": {"answer": "text", "cue": "Let's think.", "prompt": "prompts/text.jinja2"},
        "pot": {"answer": "python", "cue": "Let's code.", "prompt": "prompts/python.jinja2"},
        "eot": {"answer": "equations", "cue": "Let's solve.", "prompt": "prompts/equations.jinja2"},
    },
    "mix": {"cotd": {"thoughts": {"cot": 1.0}}, "etd": {"thoughts": {"cot": 1.0, "pot": 2.0, "eot": 1.0}}},
    "student": {"small": {"base": {"kind": "scratch", "width": 32}, "epochs": 3.0}},
    "experiment": {
        "table": {
            "answers": [
                {"kind": "single", "thought": "cot"},
                {"kind": "single", "thought": "pot"},
                {"kind": "cascade", "members": MEMBERS},
                {"kind": "vote", "members": MEMBERS, "ties": "cot"},
                {"kind": "oracle", "members": MEMBERS},
            ]
        }
    },
}

KEYS = {
    "cotd": ("cot",),
    "etd": ("cot", "pot", "cascade-pot-eot-cot", "vote-pot-eot-cot-ties_cot", "oracle-pot-eot-cot"),
}


def runs_of(seeds: Sequence[int] = (1,)) -> list[Run]:
    """Both mixes with every seed."""
    return [Run(mix, "small", seed) for mix in FORMATS for seed in seeds]


def finish(seeds: Sequence[int] = (1,)) -> list[Run]:
    """Write every file of the experiment into the working directory."""
    YAML().dump(PARAMS, Path("params.yaml"))
    runs = runs_of(seeds)
    for test in TESTS:
        rows = [Problem(id=f"{test}-{i}", question=f"What is {i} and 1?", answer=str(i + 1)) for i in range(4)]
        files.write_rows(files.test_file(test), rows)
    for mix in FORMATS:
        example = Example(problem="p", thought="cot", question="1 + 1?", cue="Let's think.", text="1 + 1 = 2")
        files.write_rows(files.mix_file(mix, "train"), [example])
        files.write_rows(files.mix_file(mix, "dev"), [example])
    for run in runs:
        write_run(run)
    folder = files.report_folder(EXPERIMENT)
    files.write_text(folder / "table.md", "# table\n")
    files.write_text(folder / "accuracy.png", "no real picture")
    write_pipeline(runs)
    return runs


def write_run(run: Run) -> None:
    """Training, curve, predictions and scores of one run."""
    files.write_json(files.training_file(run.trained), {"seconds": 12.5, "dev_loss": 0.25, "steps": 300})
    points = "".join(f"{step},{1 / step:.4f},{'' if step % 2 else 0.5},0.001\n" for step in range(1, 301))
    files.write_text(files.curve_file(run.trained), "step,loss,dev_loss,learning_rate\n" + points)
    cell = run.solved(EXPERIMENT)
    files.write_json(files.solving_file(cell), {"seconds": 3.5, "tokens": 900})
    files.write_json(files.scores_file(cell), {test: scores(run, place) for place, test in enumerate(TESTS)})
    files.write_rows(files.scored_file(cell), [scored(run, test) for test in TESTS])


def scores(run: Run, place: int) -> dict[str, object]:
    """Later strategies and later seeds do better, the second test is harder."""
    entries: dict[str, object] = {}
    for better, key in enumerate(KEYS[run.mix]):
        right = 80 + 20 * better + 4 * run.seed - 40 * place
        share = right / 200
        entries[key] = {"accuracy": share, "low": share - 0.05, "high": share + 0.05}
        entries[key] |= {"answered": 0.9, "right": right, "problems": 200}  # type: ignore[operator]
    rate = {"answered": 0.75, "executed": 0.8, "right": 0.4, "written": 200}
    verdicts = {"correct": 80, "wrong": 70, "error:name": 30, "no-answer": 10, "timeout": 10}
    return entries | {"thoughts": {name: rate | {"verdicts": verdicts} for name in FORMATS[run.mix]}}


def scored(run: Run, test: str) -> Scored:
    """One problem with a thought of each format."""
    thoughts = [Judged(thought=name, text="2", tokens=1, logprob=-0.1, verdict="wrong") for name in FORMATS[run.mix]]
    choices = {key: Choice(answer="2", thought="cot", verdict="wrong") for key in KEYS[run.mix]}
    return Scored(test=test, problem=f"{test}-0", question="?", gold="1", thoughts=tuple(thoughts), choices=choices)


def write_pipeline(runs: Sequence[Run], line: int = 7) -> None:
    """dvc.yaml and dvc.lock, as far as the tracker reads them. `line` is where the spec declares trainings."""
    stages: dict[str, object] = {"spec": {"cmd": "mtd stage spec --specs specs/paper.mtd"}}
    lock: dict[str, object] = {}
    for name in FORMATS["etd"]:
        stages[f"verify-gold-toy-train-{name}"] = {
            "cmd": f"mtd stage verify --teacher gold --data toy --split train --thought {name}"
        }
    for run in runs:
        cells = " ".join(f"--thoughts thought={name},teacher=gold,data=toy,split=train" for name in FORMATS[run.mix])
        stages[f"mix-{run.mix}"] = {"cmd": f"mtd stage mix --mix {run.mix} {cells}"}
        lock[f"mix-{run.mix}"] = {"outs": [locked(files.mix_file(run.mix, part)) for part in ("train", "dev")]}
        meta = {"mtd": {"file": "specs/paper.mtd", "line": line}}
        stages[f"train-{run.trained}"] = {"cmd": "true", "meta": meta}
        folder = files.model_folder(run.trained).as_posix()
        lock[f"train-{run.trained}"] = {"outs": [{"path": folder, "md5": f"{run.seed:032x}.dir"}]}
    told = " ".join(f"--run {run}" for run in runs)
    stages[f"track-{EXPERIMENT}"] = {"cmd": f"mtd stage track --experiment {EXPERIMENT} {told}"}
    YAML().dump({"stages": stages}, Path("dvc.yaml"))
    YAML().dump({"schema": "2.0", "stages": lock}, Path("dvc.lock"))


def locked(path: Path) -> dict[str, str]:
    """An output as dvc.lock holds it."""
    return {"path": path.as_posix(), "md5": hashlib.md5(path.read_bytes()).hexdigest()}
