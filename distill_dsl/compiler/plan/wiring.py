"""What each stage runs, reads and writes: the whole shape of the pipeline in one match."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from distill_dsl.compiler.plan.stages import (
    AskStage,
    FetchStage,
    MixStage,
    RankStage,
    ReportStage,
    ScoreStage,
    SolveStage,
    SpecStage,
    Stage,
    TrackStage,
    TrainStage,
    VerifyStage,
)
from distill_dsl.contract import files
from distill_dsl.contract.files import MIX_PARTS
from distill_dsl.contract.form import Settings
from distill_dsl.contract.params import SECTIONS
from distill_dsl.contract.runs import Asked, Run
from distill_dsl.contract.settings import (
    DataSettings,
    FileSource,
    HfBase,
    Preference,
    RecordedTeacher,
    StudentSettings,
    TeacherSettings,
    ThoughtSettings,
    TrainedTeacher,
    TransformersTeacher,
    Verifier,
    WordedTeacher,
    is_local,
)


@dataclass(frozen=True)
class Block:
    """One entry of `params.yaml`: settings, and which of them are references to params."""

    key: str
    settings: Settings
    references: Mapping[str, str] = field(default_factory=dict)
    """Dotted path inside the settings -> param name."""
    description: str = ""

    @property
    def section(self) -> str:
        return SECTIONS[type(self.settings)]


Blocks = Mapping[tuple[str, str], Block]
"""(section, key) -> block."""


@dataclass(frozen=True)
class Wiring:
    """A stage as DVC sees it. Paths are relative to the project's root."""

    command: str
    says: str
    """One line for people: goes to `desc`."""
    deps: tuple[Path, ...] = ()
    outs: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    """Outputs small enough for git: not cached by DVC. A stage that has any is never taken from
    DVC's cache of runs, so that this is for stages that take no time."""
    metrics: tuple[Path, ...] = ()
    """Shown by `dvc metrics` and `dvc exp show` with all their keys as columns: what a person compares by, no more."""
    params: tuple[str, ...] = ()


def wire(stage: Stage, blocks: Blocks) -> Wiring:
    """The stage's command, files and params, those params included that its settings refer to."""
    wiring = _wired(stage, blocks)
    described = blocks[_subject(stage)].description if _subject(stage) in blocks else ""
    named = dict.fromkeys(param for key in wiring.params for param in _referred(key, blocks))
    says = f"{wiring.says} ({described})" if described else wiring.says
    return replace(wiring, says=says, params=(*wiring.params, *named))


def _subject(stage: Stage) -> tuple[str, str]:
    """Section and key of the block whose description says what the stage is about."""
    match stage:
        case FetchStage(data=data):
            return "data", data
        case AskStage(teacher=teacher):
            return "teacher", teacher
        case VerifyStage(asked=asked):
            return "thought", asked.thought
        case MixStage(mix=mix):
            return "mix", mix
        case TrainStage(student=student):
            return "student", student
        case ReportStage(experiment=experiment):
            return "experiment", experiment
        case _:
            return "", ""


def _referred(key: str, blocks: Blocks) -> Iterator[str]:
    """`mix.etd` -> `param.w`, where some value of that block (or below that key) is the param w."""
    section, _, rest = key.partition(".")
    name, _, path = rest.partition(".")
    block = blocks.get((section, name))
    for place, param in block.references.items() if block else ():
        if not path or place == path or place.startswith(f"{path}."):
            yield f"param.{param}"


def _wired(stage: Stage, blocks: Blocks) -> Wiring:
    match stage:
        case SpecStage():
            return _spec(stage)
        case FetchStage():
            return _fetch(stage, blocks)
        case AskStage():
            return _ask(stage, blocks)
        case VerifyStage():
            return _verify(stage)
        case MixStage():
            return _mix(stage, blocks)
        case TrainStage():
            return _train(stage, blocks)
        case SolveStage():
            return _solve(stage, blocks)
        case RankStage():
            return _rank(stage)
        case ScoreStage():
            return _score(stage)
        case ReportStage():
            return _report(stage)
        case TrackStage():
            return _track(stage)
        case _:
            assert_never(stage)


def _spec(stage: SpecStage) -> Wiring:
    return Wiring(
        command=_command(stage, specs=stage.specs),
        says="check that this file is what the spec compiles to",
        deps=tuple(Path(spec) for spec in stage.specs),
        kept=(files.spec_mark(),),
    )


def _fetch(stage: FetchStage, blocks: Blocks) -> Wiring:
    settings = blocks["data", stage.data].settings
    assert isinstance(settings, DataSettings)
    return Wiring(
        command=_command(stage, data=stage.data, split=stage.splits),
        says=f"problems of {stage.data}: {', '.join(stage.splits)}",
        deps=(files.spec_mark(), *_source_files(settings, stage.splits)),
        outs=(*(files.problems_file(stage.data, split) for split in stage.splits), files.origin_file(stage.data)),
        params=(f"data.{stage.data}", "version.fetch"),
    )


def _source_files(settings: DataSettings, splits: Iterable[str]) -> list[Path]:
    if not isinstance(settings.source, FileSource):
        return []
    wanted = [part for split in splits for part in settings.joined.get(split, (split,))]
    paths = settings.source.splits
    return [Path(paths[part]) for part in dict.fromkeys(wanted)]


def _ask(stage: AskStage, blocks: Blocks) -> Wiring:
    teacher = blocks["teacher", stage.teacher].settings
    thought = blocks["thought", stage.thought].settings
    assert isinstance(teacher, TeacherSettings)
    assert isinstance(thought, ThoughtSettings)
    deps = [files.problems_file(stage.data, stage.split)]
    params = [f"teacher.{stage.teacher}", f"thought.{stage.thought}.answer"]
    match teacher.model:
        case RecordedTeacher(dataset=None, files=recorded):
            deps.append(Path(recorded[stage.thought] if stage.thought in recorded else recorded["*"]))
        case RecordedTeacher(dataset=str(name)) | TransformersTeacher(model=str(name)) if is_local(name):
            deps.append(Path(name))
        case TrainedTeacher():
            assert stage.trained is not None
            deps.append(files.model_folder(stage.trained.cell))
            params += [f"thought.{stage.thought}.cue", f"student.{stage.trained.student}.max_question"]
        case _:
            pass
    if isinstance(teacher.model, WordedTeacher):
        deps.append(Path(thought.prompt))
        params += [f"thought.{stage.thought}.cue", f"thought.{stage.thought}.prompt"]
        if teacher.exemplars is not None:
            deps.append(Path(teacher.exemplars.file))
    trained = {} if stage.trained is None else {"trained": str(_run(stage.trained))}
    return Wiring(
        command=_command(
            stage, teacher=stage.teacher, data=stage.data, split=stage.split, thought=stage.thought, **trained
        ),
        says=f"{stage.teacher} writes {stage.thought} thoughts for {stage.data}.{stage.split}",
        deps=tuple(deps),
        outs=(files.completions_file(stage.cell), files.asked_file(stage.cell)),
        params=(*params, "version.ask"),
    )


def _verify(stage: VerifyStage) -> Wiring:
    asked = stage.asked
    return Wiring(
        command=_command(stage, teacher=asked.teacher, data=asked.data, split=asked.split, thought=asked.thought),
        says=f"which {asked.thought} thoughts of {asked.teacher} give the gold answers of {asked.data}.{asked.split}",
        deps=(files.completions_file(asked.cell), files.problems_file(asked.data, asked.split)),
        outs=(files.thoughts_file(asked.cell), files.yield_file(asked.cell)),
        params=(*_executed(asked.thought), f"thought.{asked.thought}.steps", "version.verify"),
    )


def _executed(thought: str) -> tuple[str, ...]:
    """The keys of a thought that bear on its execution and verdict."""
    return tuple(f"thought.{thought}.{key}" for key in ("answer", "memory", "timeout", "tolerance"))


def _mix(stage: MixStage, blocks: Blocks) -> Wiring:
    asked = [verified.asked for verified in stage.verified]
    thoughts = dict.fromkeys(one.thought for one in asked)
    problems = dict.fromkeys(files.problems_file(one.data, one.split) for one in asked)
    without = [files.problems_file(data, split) for data, split in stage.without]
    return Wiring(
        command=_command(
            stage,
            mix=stage.mix,
            thoughts=[str(_asked(one)) for one in asked],
            without=[files.test_name(data, split) for data, split in stage.without],
        ),
        says=f"training set {stage.mix}: {' + '.join(thoughts)}",
        deps=(*dict.fromkeys((*problems, *without)), *(files.thoughts_file(one.cell) for one in asked)),
        outs=(*(files.mix_file(stage.mix, part) for part in MIX_PARTS), files.mix_counts_file(stage.mix)),
        params=(
            f"mix.{stage.mix}",
            *(f"thought.{name}.{key}" for name in thoughts for key in ("answer", "cue")),
            "version.mix",
        ),
    )


def _train(stage: TrainStage, blocks: Blocks) -> Wiring:
    settings = blocks["student", stage.student].settings
    assert isinstance(settings, StudentSettings)
    parts = ["train", "dev"]
    if isinstance(settings.objective, Preference | Verifier):
        parts.append("wrong")
    told = [files.curve_file(stage.cell), files.system_file(stage.cell)]
    if not isinstance(settings.objective, Verifier):
        parts.append("held_out")
        told.append(files.dev_thoughts_file(stage.cell))
    base = {} if stage.base is None else {"base": str(_run(stage.base))}
    return Wiring(
        command=_command(stage, mix=stage.mix, student=stage.student, seed=stage.seed, **base),
        says=f"{'train' if settings.objective else 'fine-tune'} {stage.student} on {stage.mix}, seed {stage.seed}",
        deps=(*(files.mix_file(stage.mix, part) for part in parts), *_base_files(stage, settings)),
        outs=(files.model_folder(stage.cell), *told, files.training_file(stage.cell)),
        params=(f"student.{stage.student}", "version.train"),
    )


def _base_files(stage: TrainStage, settings: StudentSettings) -> list[Path]:
    """What the training starts from. A folder or file is an input like any other; a hub name stands for itself."""
    if stage.base is not None:
        return [files.model_folder(stage.base.cell)]
    name = settings.base.name if isinstance(settings.base, HfBase) else ""
    return [Path(name)] if is_local(name) else []


def _solve(stage: SolveStage, blocks: Blocks) -> Wiring:
    decoding = ("samples", "temperature", "max_tokens", "decode_batch", "engine")
    trained = stage.trained
    return Wiring(
        command=_solved_command(stage, stage),
        says=f"{trained.student} after {trained.mix} (seed {trained.seed}) writes thoughts for every test",
        deps=(files.model_folder(trained.cell), *_solved_files(stage)),
        outs=(files.predictions_file(stage.cell), files.solving_file(stage.cell)),
        params=(
            *(f"experiment.{stage.experiment}.{key}" for key in decoding),
            f"student.{trained.student}.max_question",
            *(f"thought.{name}.cue" for name in stage.thoughts),
            "version.solve",
        ),
    )


def _rank(stage: RankStage) -> Wiring:
    solved, verifier = stage.solved, stage.verifier
    return Wiring(
        command=_solved_command(stage, solved, verifier=str(_run(verifier))),
        says=f"{verifier.student} after {verifier.mix} judges what {solved.trained.cell} wrote",
        deps=(
            files.predictions_file(solved.cell),
            files.model_folder(verifier.cell),
            *_solved_files(solved),
        ),
        outs=(files.ranks_file(solved.cell, verifier.cell),),
        params=(
            f"student.{verifier.student}.max_question",
            f"student.{verifier.student}.max_thought",
            *(f"thought.{name}.cue" for name in solved.thoughts),
            "version.rank",
        ),
    )


def _score(stage: ScoreStage) -> Wiring:
    solved = stage.solved
    ranks = [files.ranks_file(solved.cell, one.verifier.cell) for one in stage.ranked]
    return Wiring(
        command=_solved_command(stage, solved, verifier=[str(_run(one.verifier)) for one in stage.ranked]),
        says=f"execute, compare with gold and choose: {solved.trained.student} after {solved.trained.mix}",
        deps=(
            files.predictions_file(solved.cell),
            files.dev_thoughts_file(solved.trained.cell),
            *ranks,
            *dict.fromkeys((*_solved_files(solved), files.mix_file(solved.trained.mix, "held_out"))),
        ),
        outs=(files.scored_file(solved.cell), files.dev_curve_file(solved.cell), files.scores_file(solved.cell)),
        params=(
            f"experiment.{solved.experiment}.answers",
            f"experiment.{solved.experiment}.headline",
            *(key for name in solved.thoughts for key in _executed(name)),
            "version.score",
        ),
    )


def _solved_command(stage: Stage, solved: SolveStage, **more: str | Iterable[str]) -> str:
    trained = solved.trained
    command = _command(
        stage,
        mix=trained.mix,
        student=trained.student,
        seed=trained.seed,
        experiment=solved.experiment,
        test=[files.test_name(*test) for test in solved.tests],
        thought=solved.thoughts,
        **more,
    )
    # A verifier ranks whatever there is, so that it need not be told.
    return f"{command} --held-out" if solved.held_out and not isinstance(stage, RankStage) else command


def _solved_files(stage: SolveStage) -> tuple[Path, ...]:
    """The problems that are solved."""
    tests = tuple(files.problems_file(data, split) for data, split in stage.tests)
    return (*tests, files.mix_file(stage.trained.mix, "held_out")) if stage.held_out else tests


def _report(stage: ReportStage) -> Wiring:
    solved = [scored.solved for scored in stage.scored]
    folder = files.report_folder(stage.experiment)
    asked = _all_asked(stage)
    tests = dict.fromkeys(test for one in solved for test in one.tests)
    return Wiring(
        command=_command(
            stage,
            experiment=stage.experiment,
            run=map(str, stage.runs),
            thoughts=map(str, map(_asked, asked)),
            test=[files.test_name(*test) for test in tests],
        ),
        says=f"tables and plots of {stage.experiment}",
        deps=(
            *(files.training_file(one.trained.cell) for one in solved),
            *(files.solving_file(one.cell) for one in solved),
            *(files.scored_file(one.cell) for one in solved),
            *(files.scores_file(one.cell) for one in solved),
            *(files.asked_file(one.cell) for one in asked),
            *(files.yield_file(one.cell) for one in asked),
            *(files.mix_file(one.mix, part) for one in stage.mixes for part in ("train", "dev")),
            *(files.mix_counts_file(one.mix) for one in stage.mixes),
            *(files.problems_file(*test) for test in tests),
        ),
        kept=tuple(folder / name for name in files.REPORT_FILES),
        metrics=(files.summary_file(stage.experiment),),
        params=(f"experiment.{stage.experiment}", "version.report"),
    )


def _all_asked(stage: ReportStage) -> list[AskStage]:
    """Whose thoughts went into the mixes of the experiment, each once."""
    return list({one.asked.cell: one.asked for mix in stage.mixes for one in mix.verified}.values())


def _track(stage: TrackStage) -> Wiring:
    report = stage.reported
    solved = [scored.solved for scored in report.scored]
    return Wiring(
        command=_command(stage, experiment=report.experiment, run=map(str, report.runs)),
        says=f"one MLflow run for each student, mix and seed of {report.experiment}",
        deps=(
            *(files.training_file(one.trained.cell) for one in solved),
            *(files.curve_file(one.trained.cell) for one in solved),
            *(files.system_file(one.trained.cell) for one in solved),
            *(files.dev_curve_file(one.cell) for one in solved),
            *(files.solving_file(one.cell) for one in solved),
            *(files.scored_file(one.cell) for one in solved),
            *(files.scores_file(one.cell) for one in solved),
            *(files.report_folder(report.experiment) / name for name in files.REPORT_FILES),
            *(files.yield_file(one.cell) for one in _all_asked(report)),
            *(files.mix_counts_file(one.mix) for one in report.mixes),
            *(files.origin_file(data) for data in _data_of(report)),
        ),
        params=("version.track",),
    )


def _data_of(stage: ReportStage) -> dict[str, None]:
    """The data blocks that the experiment learns from and is tested on."""
    learned = [one.data for one in _all_asked(stage)]
    tested = [data for scored in stage.scored for data, _ in scored.solved.tests]
    return dict.fromkeys([*learned, *tested])


def _run(trained: TrainStage) -> Run:
    return Run(trained.mix, trained.student, trained.seed)


def _asked(stage: AskStage) -> Asked:
    return Asked(stage.thought, stage.teacher, stage.data, stage.split)


def _command(stage: Stage, **options: str | int | Iterable[str]) -> str:
    """`mtd stage <kind> --key value ...`; a list repeats its option."""
    words = ["mtd", "stage", stage.kind.value]
    for key, value in options.items():
        for one in [value] if isinstance(value, str | int) else value:
            words += [f"--{key}", str(one)]
    return shlex.join(words)
