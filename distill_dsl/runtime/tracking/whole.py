"""What all runs of an experiment share, for the run above them: spec, prompts, plan, pipeline, report."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from distill_dsl.contract import files
from distill_dsl.contract.params import PARAMS_FILE, read_settings
from distill_dsl.contract.runs import Run, name_of
from distill_dsl.contract.settings import ExperimentSettings, MixSettings, TeacherSettings, ThoughtSettings
from distill_dsl.contract.strategies import strategy_title
from distill_dsl.runtime.masking import Mask, secrets_of
from distill_dsl.runtime.tracking.entries import SEEDS, Branch, Entry, Kind
from distill_dsl.runtime.tracking.groups import grouped, span_of
from distill_dsl.runtime.tracking.parameters import asked_by, shared, unique
from distill_dsl.runtime.tracking.pipeline import DVC_FILE, Pipeline
from distill_dsl.runtime.tracking.provenance import hashes_into, line_tags

TOTALS: Final = ("training/seconds", "training/energy", "training/flops", "solving/seconds", "solving/energy")
"""What all runs together took."""

ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>`]+")

LONGEST_NOTE: Final = 7000
"""Characters of a description; MLflow keeps 8,000."""


def tree_of(experiment: str, facts: Mapping[Run, Entry], pipeline: Pipeline) -> Branch:
    """The experiment's run with all below it."""
    return Branch(whole(experiment, facts, pipeline), grouped(experiment, facts))


def whole(experiment: str, facts: Mapping[Run, Entry], pipeline: Pipeline) -> Entry:
    """The run that stands for the experiment."""
    entries = list(facts.values())
    stage = f"report-{experiment}"
    tags = line_tags(pipeline.place(f"track-{experiment}")) | {"mlflow.note.content": note(experiment)}
    return Entry(
        kind=Kind.EXPERIMENT,
        key=experiment,
        name=experiment,
        params=whole_params(experiment, facts),
        metrics={"total/runs": float(len(facts))} | totals(entries),
        tags=tags,
        span=span_of(entries),
        datasets=tuple(dict.fromkeys(data for entry in entries for data in entry.datasets)),
        attached={
            **texts("spec", spec_files(pipeline)),
            **texts("prompts", prompts(facts, pipeline)),
            **texts("pipeline", (DVC_FILE, PARAMS_FILE)),
            "pipeline/plan.txt": plan(pipeline, stage).encode(),
            "pipeline/hashes.json": (json.dumps(hashes_into(pipeline, stage), indent=2) + "\n").encode(),
            **report(experiment),
        },
    )


def whole_params(experiment: str, facts: Mapping[Run, Entry]) -> dict[str, str]:
    """What is compared, and every setting that all runs share."""
    settings = read_settings(ExperimentSettings, experiment)
    tests = unique(data.name for entry in facts.values() for data in entry.datasets if data.context == "test")
    listed = {
        "students": unique(name_of(run.student) for run in facts),
        "mixes": unique(name_of(run.mix) for run in facts),
        SEEDS: unique(str(run.seed) for run in facts),
        "tests": tests,
        "answers": [strategy_title(strategy) for strategy in settings.answers],
    }
    varied: dict[str, list[str]] = {}
    for name, value in (one for run in facts for one in run.varied):
        varied.setdefault(f"vary.{name}", []).append(value)
    common = {key: value for key, value in shared(entry.params for entry in facts.values()).items() if key != "seed"}
    return common | {key: ", ".join(unique(values)) for key, values in (listed | varied).items()}


def totals(entries: Iterable[Entry]) -> dict[str, float]:
    """Sums of what is known of every run."""
    metrics = [entry.metrics for entry in entries]
    known = [name for name in TOTALS if all(name in one for one in metrics)]
    return {f"total/{name.replace('/', '_')}": sum(one[name] for one in metrics) for name in known}


# --- files --------------------------------------------------------------------------------------


def spec_files(pipeline: Pipeline) -> list[Path]:
    """The spec and what it imports."""
    stage = pipeline.stages.get("spec") or {}
    return [Path(path) for path in stage.get("deps") or () if isinstance(path, str)]


def prompts(facts: Iterable[Run], pipeline: Pipeline) -> list[Path]:
    """The templates with which the experiment's formats are asked for, and exemplars that stand in them."""
    mixes = unique(run.mix for run in facts)
    thoughts = unique(thought for mix in mixes for thought in read_settings(MixSettings, mix).thoughts)
    teachers = unique(one.teacher for mix in mixes for one in asked_by(mix, pipeline))
    shown = [read_settings(TeacherSettings, teacher).exemplars for teacher in teachers]
    named = [read_settings(ThoughtSettings, thought).prompt for thought in thoughts]
    return [Path(path) for path in unique([*named, *(one.file for one in shown if one is not None)])]


def texts(folder: str, paths: Iterable[Path]) -> dict[str, bytes]:
    """The files that are there, without what an address in them may let somebody into.

    A teacher that is no LLM needs no prompt, so that one may be missing.
    """
    return {f"{folder}/{below(path, folder)}": masked(path.read_bytes()) for path in paths if path.is_file()}


def below(path: Path, folder: str) -> str:
    """Where a file lies within its folder of artifacts: never outside it, whatever the path."""
    parts = [part for part in path.parts if part not in ("..", ".", path.anchor)]
    return "/".join(parts[1:] if len(parts) > 1 and parts[0] in (folder, f"{folder}s") else parts)


def masked(content: bytes) -> bytes:
    """A text as it may leave the project."""
    text = content.decode("utf-8", "surrogateescape")
    safe = ADDRESS.sub(lambda found: Mask(secrets_of(found[0])).message(found[0]), text)
    return safe.encode("utf-8", "surrogateescape")


def report(experiment: str) -> dict[str, bytes | Path]:
    """The tables and figures of the report stage."""
    folder = files.report_folder(experiment)
    names = (*files.REPORT_FILES, files.summary_file(experiment).name)
    return {f"report/{name}": folder / name for name in names if (folder / name).is_file()}


def plan(pipeline: Pipeline, last: str) -> str:
    """The stages behind the report as text, in the order of the walk."""
    stages = pipeline.before(last)
    width = max(map(len, stages), default=0)
    lines = [f"{name:<{width}}  {pipeline.stage(name).get('desc', '')}{line(pipeline, name)}" for name in stages]
    return "\n".join([f"{len(stages)} stages", *lines]) + "\n"


def line(pipeline: Pipeline, name: str) -> str:
    """Where the spec declares what a stage is about."""
    place = pipeline.place(name)
    return "" if place is None else f"  ({place[0]}:{place[1]})"


def note(experiment: str) -> str:
    """What MLflow shows as the description: the report's main table."""
    path = files.report_folder(experiment) / "table.md"
    if not path.is_file():
        return f"Experiment `{experiment}`."
    main, _, _ = path.read_text(encoding="utf-8").partition("\n## ")
    return main.strip() if len(main) < LONGEST_NOTE else f"Experiment `{experiment}`: see report/table.md."
