"""The files of a finished experiment, made up: what the report and the tracker read.

Two mixes (cotd has only cot, etd has three formats) of one student, one or more seeds, two tests.
Or a study: etd with several `paths`, which are more examples each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from distill_dsl.contract import files
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Choice, Example, Judged, Problem, Scored
from distill_dsl.contract.runs import Asked, Run, name_of
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.runtime.reports.study import Study, read_study
from distill_dsl.runtime.strategies.reliability import aurc, ece

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


PROBLEMS = 200

VOTE = "vote-pot-eot-cot-ties_cot"
"""The strategy that says how sure it is."""


def runs_of(seeds: Sequence[int] = (1,)) -> list[Run]:
    """Both mixes with every seed."""
    return [Run(mix, "small", seed) for mix in FORMATS for seed in seeds]


def study_of(paths: Sequence[object], seeds: Sequence[int] = (1,)) -> list[Run]:
    """One mix with every value of `paths` and every seed."""
    return [Run(f"etd-paths_{value}", "small", seed, (("paths", str(value)),)) for value in paths for seed in seeds]


def asked_of(run: Run) -> list[Asked]:
    """What the run's mix is made of: varied paths are a teacher's samples."""
    _, _, suffix = run.mix.partition("-")
    teacher = f"gold-{suffix}" if suffix else "gold"
    return [Asked(name, teacher, "toy", "train") for name in FORMATS[name_of(run.mix)]]


def all_asked(runs: Sequence[Run]) -> list[Asked]:
    """What the mixes of all runs are made of, each once."""
    return list(dict.fromkeys(one for run in runs for one in asked_of(run)))


def finish(seeds: Sequence[int] = (1,)) -> list[Run]:
    """Write every file of the experiment into the working directory."""
    return finish_runs(runs_of(seeds))


def studied(runs: Sequence[Run]) -> Study:
    """What the report makes of them, by the settings in params.yaml."""
    settings = read_settings(ExperimentSettings, EXPERIMENT)
    return read_study(EXPERIMENT, settings, runs, all_asked(runs), TESTS)


def finish_runs(runs: list[Run]) -> list[Run]:
    """Write every file of an experiment with these runs."""
    mixes = {run.mix: PARAMS["mix"][name_of(run.mix)] for run in runs}  # type: ignore[index]
    teachers = {one.teacher: PARAMS["teacher"]["gold"] for one in all_asked(runs)}  # type: ignore[index]
    YAML().dump(PARAMS | {"mix": mixes, "teacher": teachers}, Path("params.yaml"))
    for test in TESTS:
        rows = [Problem(id=f"{test}-{i}", question=f"What is {i} and 1?", answer=str(i + 1)) for i in range(4)]
        files.write_rows(files.test_file(test), rows)
    for run in runs:
        write_run(run)
    files.write_json(files.origin_file("toy"), ORIGIN)
    files.write_json(files.origin_file("far"), {"kind": "file", "files": {"test": {"path": "far.csv", "sha256": "0"}}})
    folder = files.report_folder(EXPERIMENT)
    files.write_text(folder / "table.md", "# table\n")
    for name in files.REPORT_FIGURES:
        files.write_text(folder / name, "no real picture")
    write_pipeline(runs)
    return runs


ORIGIN = {
    "kind": "hf",
    "name": "openai/gsm8k",
    "config": "main",
    "revision": None,
    "commit": "e53f048856ff4f594e959d75785d2c2d37b678ee",
    "packages": {"datasets": "5.2.0"},
    "splits": {"train": {"problems": 250, "of": 250, "sha256": "0"}},
}


def unique_of(asked: Asked) -> int:
    """How many different right thoughts there are."""
    return 685 - 50 * list(FORMATS["etd"]).index(asked.thought)


def given(asked: Asked) -> dict[str, object]:
    """What a verify stage writes of a teacher that is paid; of equations the server did not say what they took."""
    place = list(FORMATS["etd"]).index(asked.thought)
    asks = 1000
    lost = {"truncated": 4 * place, "filtered": 0, "missing": 2}
    right = 700 - 50 * place
    known = place < 2
    return {
        "problems": 250,
        "asked": asks,
        "answered": asks - sum(lost.values()),
        **lost,
        "executed": 950 - 60 * place,
        "right": right,
        "unique": unique_of(asked),
        "covered": 0.92 - 0.05 * place,
        "verdicts": {"correct": right, "wrong": asks - right - sum(lost.values()), "missing": 2},
        "tokens": {"input": 400_000 if known else None, "output": 90_000 if known else None},
        "cost": 0.114 if known else None,
        "cost_per_1000_right": 114 / right if known else None,
    }


def write_run(run: Run) -> None:
    """What its teachers gave, its mix, training, curve, predictions and scores of one run."""
    example = Example(problem="p", thought="cot", question="1 + 1?", cue="Let's think.", text="1 + 1 = 2")
    files.write_rows(files.mix_file(run.mix, "train"), [example])
    files.write_rows(files.mix_file(run.mix, "dev"), [example])
    kept = {one.cell: unique_of(one) - (0 if len(asked_of(run)) > 1 else 20) for one in asked_of(run)}
    files.write_json(files.mix_counts_file(run.mix), {"problems": 250, "train": sum(kept.values()), "kept": kept})
    for one in asked_of(run):
        files.write_json(files.yield_file(one.cell), given(one))
    files.write_json(files.training_file(run.trained), training(run))
    points = "".join(f"{step},{1 / step:.4f},{'' if step % 2 else 0.5},0.001\n" for step in range(1, 301))
    files.write_text(files.curve_file(run.trained), "step,loss,dev_loss,learning_rate\n" + points)
    files.write_text(files.system_file(run.trained), system(run))
    cell = run.solved(EXPERIMENT)
    files.write_json(files.solving_file(cell), solving(run))
    files.write_text(files.dev_curve_file(cell), dev_curve(run))
    rows = {test: [scored(run, test, place, i) for i in range(PROBLEMS)] for place, test in enumerate(TESTS)}
    files.write_json(files.scores_file(cell), {test: scores(run, rows[test]) for test in rows})
    files.write_rows(files.scored_file(cell), [row for found in rows.values() for row in found])


BEGAN = 1_800_000_000.5
"""When the first training began, in Unix seconds; each seed begins a minute later."""


def system(run: Run) -> str:
    """What a train stage writes of the machine: three samples."""
    began = BEGAN + 60 * run.seed
    lines = [f"{after:.3f},{began + after:.3f},{50 + after:.1f},{600 + after:.1f}" for after in (0.25, 5.25, 10.25)]
    return "\n".join(["seconds,time,cpu_utilization_percentage,system_memory_usage_megabytes", *lines]) + "\n"


def dev_curve(run: Run) -> str:
    """What a score stage writes of dev: it gets better, and the first format is better than the others."""
    names = FORMATS[name_of(run.mix)]
    lines = [
        ",".join([str(step), *(f"{step / 400 - 0.1 * place:.6f}" for place in range(len(names) + 1))])
        for step in (100, 200, 300)
    ]
    return "\n".join([",".join(["step", "accuracy", *names]), *lines]) + "\n"


def training(run: Run) -> dict[str, object]:
    """What a train stage writes: with more paths more examples, and so more of most things."""
    paths = float(dict(run.varied).get("paths", 4))
    return {
        "steps": 300,
        "examples": round(250 * paths),
        "cut_inputs": 0,
        "left_out": 2,
        "altered": 0,
        "train_loss": 0.2,
        "dev_loss": 0.25,
        "parameters": 1_234_567,
        "trained_parameters": 1_234_567,
        "seconds": 12.5,
        "tokens": round(9000 * paths),
        "seen_tokens": round(90_000 * paths),
        "tokens_per_second": 7200.0 * paths,
        "padding": 0.015,
        "peak_memory": 1.5e9,
        "energy": None,
        "flops": 6.6e11 * paths,
        "device": "cpu",
        "precision": "float32",
    }


def solving(run: Run) -> dict[str, object]:
    """What a solve stage writes."""
    return {
        "seconds": 3.5,
        "tokens": 900,
        "tokens_per_second": 2500.0 + 100 * run.seed,
        "thoughts": 1200,
        "engine": "transformers",
        "batch": 64,
        "latency_p50": 0.21,
        "latency_p95": 0.4,
        "single_tokens_per_second": 95.0,
        "peak_memory": 4.5e8,
        "energy": None,
    }


def right_of(run: Run, place: int, better: int) -> int:
    """How many problems a strategy has right: later ones, later seeds and more paths do better, later tests worse."""
    paths = float(dict(run.varied).get("paths", 4))
    more = 60 * (1 - 1.6 / paths**0.8) if run.varied else 0
    return max(0, min(PROBLEMS, round(80 + 20 * better + 4 * run.seed - 40 * place + more)))


def has_right(run: Run, place: int, better: int, problem: int) -> bool:
    """Whether a strategy has a problem right: an easy one, but each strategy and run finds others easy."""
    return problem in ranked(13 * better + 29 * run.seed + 7 * len(run.mix))[: right_of(run, place, better)]


@cache
def ranked(twist: int) -> list[int]:
    """The problems by difficulty."""
    return sorted(range(PROBLEMS), key=lambda i: i + (i * 7919 + twist * i * i) % 60)


def scores(run: Run, rows: Sequence[Scored]) -> dict[str, object]:
    """What a score stage counts from its rows."""
    entries: dict[str, object] = {}
    for key in KEYS[name_of(run.mix)]:
        choices = [row.choices[key] for row in rows]
        right = [choice.verdict == "correct" for choice in choices]
        share = sum(right) / PROBLEMS
        entries[key] = {"accuracy": share, "low": share - 0.05, "high": share + 0.05}
        entries[key] |= {"answered": 0.9, "right": sum(right), "problems": PROBLEMS}  # type: ignore[operator]
        entries[key] |= {"tokens": sum(choice.tokens for choice in choices) / PROBLEMS}  # type: ignore[operator]
        sure = [choice.sure for choice in choices if choice.sure is not None]
        if sure:
            entries[key] |= {"aurc": aurc(sure, right), "ece": ece(sure, right)}  # type: ignore[operator]
    rate = {"answered": 0.75, "executed": 0.8, "right": 0.4, "written": PROBLEMS}
    verdicts = {"correct": 80, "wrong": 70, "error:name": 30, "no-answer": 10, "timeout": 10}
    return entries | {"thoughts": {name: rate | {"verdicts": verdicts} for name in FORMATS[name_of(run.mix)]}}


BETTER = {"cot": 0, "pot": 1, "eot": -1}
"""How good a format's thoughts are: as the strategies that take them alone."""


def scored(run: Run, test: str, place: int, problem: int) -> Scored:
    """One problem with a thought of each format and the choice of each strategy."""
    names = FORMATS[name_of(run.mix)]
    verdicts = {name: "correct" if has_right(run, place, BETTER[name], problem) else "wrong" for name in names}
    thoughts = [Judged(thought=name, text="2", tokens=40, logprob=-0.1, verdict=verdicts[name]) for name in names]
    choices = {}
    for better, key in enumerate(KEYS[name_of(run.mix)]):
        right = has_right(run, place, better, problem)
        sure = (0.5 + 0.4 * (problem % 2 if right else problem % 3 == 0)) if key == VOTE else None
        tokens = 40 if better < 2 else 130 if key == VOTE else 60 + problem % 40
        verdict = "correct" if right else "wrong"
        choices[key] = Choice(answer="2", thought="cot", verdict=verdict, sure=sure, tokens=tokens)
    return Scored(
        test=test,
        problem=f"{test}-{problem}",
        question=f"{test} {problem}?",
        gold="1",
        thoughts=tuple(thoughts),
        choices=choices,
    )


def write_pipeline(runs: Sequence[Run], line: int = 7) -> None:
    """dvc.yaml and dvc.lock, as far as the tracker reads them. `line` is where the spec declares trainings."""
    stages: dict[str, object] = {"spec": {"cmd": "mtd stage spec --specs specs/paper.mtd"}}
    lock: dict[str, object] = {}
    for name in FORMATS["etd"]:
        stages[f"verify-gold-toy-train-{name}"] = {
            "cmd": f"mtd stage verify --teacher gold --data toy --split train --thought {name}"
        }
    for run in runs:
        cells = " ".join(f"--thoughts {one}" for one in asked_of(run))
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
