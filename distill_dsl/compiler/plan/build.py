"""From the typed model to the plan: which stages there are, each once, in the order of the walk."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.model.entities import (
    Data,
    Experiment,
    Mix,
    Model,
    SplitRef,
    Student,
    Teacher,
    Thought,
    Value,
    verifiers,
)
from distill_dsl.compiler.model.rules.checked import members
from distill_dsl.compiler.plan.stages import (
    AskStage,
    FetchStage,
    MixStage,
    Place,
    RankStage,
    ReportStage,
    ScoreStage,
    SolveStage,
    SpecStage,
    Stage,
    TrackStage,
    TrainStage,
    VerifyStage,
    stage_name,
)
from distill_dsl.compiler.plan.walk import walked
from distill_dsl.compiler.plan.wiring import Block
from distill_dsl.compiler.source import Source
from distill_dsl.contract.runs import Run
from distill_dsl.contract.settings import TrainedBase, TrainedTeacher
from distill_dsl.contract.strategies import Ranked, Strategy, needs_calibration
from distill_dsl.contract.vocabulary import STAGE_VERSIONS, StageKind

Entity = Data | Teacher | Thought | Mix | Student | Experiment
Resolve = Callable[[Mapping[str, Value]], tuple[Model | None, list[Diagnostic]]]


@dataclass(frozen=True)
class Plan:
    """What `mtd plan` shows, `mtd compile` writes and `dvc repro` runs."""

    spec: str
    stages: tuple[Stage, ...]
    blocks: Mapping[tuple[str, str], Block]
    """(section of params.yaml, key) -> settings; only what some stage reads."""
    params: Mapping[str, Value]
    """Params that a block names, with their values."""
    versions: Mapping[StageKind, int]


def build(model: Model, resolve: Resolve, sources: Mapping[str, Source]) -> tuple[Plan, list[Diagnostic]]:
    """The plan of all experiments. `resolve` gives the model anew with some params changed (`vary`)."""
    spec = SpecStage(specs=tuple(map(str, model.files)), place=Place(str(model.files[0]), 1))
    stages: dict[str, Stage] = {"spec": spec}
    blocks: dict[tuple[str, str], Block] = {}
    problems: list[Diagnostic] = []
    for experiment in model.experiments.values():
        scored: dict[str, tuple[ScoreStage, Run]] = {}
        problems += _untold(model, experiment)
        for changed in _combinations(experiment):
            variant, found = resolve(changed) if changed else (model, [])
            problems += found
            if variant is None:
                continue
            problems += _unnameable(model, variant, experiment)
            builder = _Builder(variant, changed, sources, stages, blocks)
            for stage, run in builder.experiment(variant.experiments[experiment.name]):
                scored.setdefault(stage_name(stage), (stage, run))
        _finish(experiment, list(scored.values()), stages, place_of(experiment, sources))
    ordered = walked(stages, blocks)
    named = {param for block in blocks.values() for param in block.references.values()}
    params = {name: param.value for name, param in model.params.items() if name in named}
    return Plan(str(model.files[0]), tuple(ordered), blocks, params, STAGE_VERSIONS), list(dict.fromkeys(problems))


def _unnameable(model: Model, variant: Model, experiment: Experiment) -> Iterator[Diagnostic]:
    """A sweep compares what is trained; how all of it is asked and answered has one setting, and one name."""
    used = {name for mix in experiment.mixes for name in model.mixes[mix].settings.thoughts}
    own: list[tuple[Entity, Entity]] = [(experiment, variant.experiments[experiment.name])]
    own += [(model.thoughts[name], variant.thoughts[name]) for name in sorted(used)]
    for base, changed in own:
        if base.settings != changed.settings:
            yield error(
                Code.NOT_YET,
                f"`vary` reaches a key of `{base.name}` itself, which this version cannot vary yet",
                experiment.span,
                help="vary params of data, teachers, mixes or students; or write a second experiment",
                labels=((base.span, "its settings would differ from run to run"),),
            )


def _untold(model: Model, experiment: Experiment) -> Iterator[Diagnostic]:
    """Answers are named after a training: where a sweep changes a test alone, they would share one name."""
    for param, _ in experiment.vary:
        tests = [test for test in experiment.tests if param in model.data[test.data].uses]
        for student, mix in itertools.product(experiment.students, experiment.mixes):
            if tests and param not in model.students[student].uses | model.mixes[mix].uses:
                yield error(
                    Code.NOT_YET,
                    f"`vary {param}` changes the test `{tests[0]}` and not what `{student}` learns from `{mix}`,"
                    " which this version cannot tell apart yet",
                    experiment.span,
                    help="write a data block for each value, and name all of them in `tests`",
                    labels=((model.data[tests[0].data].span, f"uses `{param}`"),),
                )
                break


def _combinations(experiment: Experiment) -> Iterator[dict[str, Value]]:
    names = [name for name, _ in experiment.vary]
    for values in itertools.product(*(values for _, values in experiment.vary)):
        yield dict(zip(names, values, strict=True))


def _finish(
    experiment: Experiment, scored: list[tuple[ScoreStage, Run]], stages: dict[str, Stage], place: Place
) -> None:
    names = dict.fromkeys(f"mix-{run.mix}" for _, run in scored)
    mixes = tuple(stage for name in names if isinstance(stage := stages[name], MixStage))
    report = ReportStage(
        experiment.name, tuple(stage for stage, _ in scored), place, tuple(run for _, run in scored), mixes
    )
    track = TrackStage(report, place)
    stages |= {stage_name(report): report, stage_name(track): track}


def usable(experiment: Experiment, taught: Collection[str]) -> list[Strategy]:
    """The answers whose thoughts a mix all teaches."""
    return [answer for answer in experiment.settings.answers if set(members(answer)) <= set(taught)]


def place_of(entity: Entity, sources: Mapping[str, Source]) -> Place:
    """Where the spec declares the entity."""
    return Place(entity.span.path, sources[entity.span.path].place(entity.span.start)[0])


def key_of(entity: Entity, changed: Mapping[str, Value]) -> str:
    """The entity's key in params.yaml: its name, and each varied param that bears on it with its value.

    An experiment joins all of its variants, so it keeps its name.
    """
    varied = [] if isinstance(entity, Experiment) else sorted(entity.uses & changed.keys())
    return entity.name + "".join(f"-{name}_{_plain(changed[name])}" for name in varied)


def _plain(value: Value) -> str:
    """A value in the letters that DVC allows in a stage's name: 0.5 -> `0_5`."""
    return re.sub(r"[^A-Za-z0-9_]", "_", str(value))


@dataclass(frozen=True)
class _Builder:
    """Adds one variant's stages to the ones that are there; the same stage is added once."""

    model: Model
    changed: Mapping[str, Value]
    sources: Mapping[str, Source]
    stages: dict[str, Stage]
    blocks: dict[tuple[str, str], Block]
    trained: dict[tuple[str, str, int], TrainStage] = field(default_factory=dict)
    """What is planned already: rounds of self-training lead to the same training by many ways."""

    def experiment(self, experiment: Experiment) -> list[tuple[ScoreStage, Run]]:
        self.key(experiment)
        tests = tuple((self.fetch(test).data, test.split) for test in experiment.tests)
        scored = []
        for student, mix, seed in itertools.product(experiment.students, experiment.mixes, experiment.seeds):
            trained = self.train(student, mix, seed)
            solved = self.solve(experiment, trained, mix, tests)
            stage = ScoreStage(solved, self.place(experiment), tuple(self.ranked(experiment, solved, mix)))
            self.add(stage)
            scored.append((stage, Run(trained.mix, trained.student, seed, self.varied(student, mix))))
        return scored

    def varied(self, student: str, mix: str) -> tuple[tuple[str, str], ...]:
        """The varied params that bear on a training, with their values as text."""
        uses = self.model.students[student].uses | self.model.mixes[mix].uses
        return tuple((name, str(value)) for name, value in self.changed.items() if name in uses)

    def train(self, student: str, mix: str, seed: int) -> TrainStage:
        """The training of a student on a mix, after that of its base, if that is another student."""
        known = self.trained.get((student, mix, seed))
        if known is not None:
            return known
        owner = self.model.students[student]
        start = owner.settings.base
        base = self.train(start.student, start.mix or mix, seed) if isinstance(start, TrainedBase) else None
        key = self.mix(self.model.mixes[mix]).mix
        stage = self.trained[student, mix, seed] = TrainStage(key, self.key(owner), seed, self.place(owner), base)
        self.add(stage)
        return stage

    def solve(
        self, experiment: Experiment, trained: TrainStage, mix: str, tests: tuple[tuple[str, str], ...]
    ) -> SolveStage:
        taught = self.model.mixes[mix].settings.thoughts
        thoughts = tuple(self.key(self.model.thoughts[name]) for name in taught)
        held_out = any(needs_calibration(answer) for answer in usable(experiment, taught))
        stage = SolveStage(experiment.name, trained, tests, thoughts, self.place(experiment), held_out)
        self.add(stage)
        return stage

    def ranked(self, experiment: Experiment, solved: SolveStage, mix: str) -> Iterator[RankStage]:
        """A stage for each verifier that some answer asks about the thoughts of this mix."""
        answers = usable(experiment, self.model.mixes[mix].settings.thoughts)
        wanted = {(answer.by, answer.on) for answer in answers if isinstance(answer, Ranked)}
        for one in verifiers(experiment):
            if (one.by, one.on) in wanted:
                stage = RankStage(solved, self.train(one.by, one.on, solved.trained.seed), self.place(experiment))
                self.add(stage)
                yield stage

    def mix(self, mix: Mix) -> MixStage:
        teachers = [self.model.teachers[name] for name in mix.teachers]
        thoughts = [self.model.thoughts[name] for name in mix.settings.thoughts]
        verified = [
            self.verify(teacher, thought, problems)
            for teacher, thought, problems in itertools.product(teachers, thoughts, mix.problems)
        ]
        without = tuple((self.fetch(split).data, split.split) for split in mix.without)
        stage = MixStage(self.key(mix), tuple(verified), self.place(mix), without)
        self.add(stage)
        return stage

    def verify(self, teacher: Teacher, thought: Thought, problems: SplitRef) -> VerifyStage:
        fetched = self.fetch(problems)
        trained = None
        if isinstance(teacher.settings.model, TrainedTeacher):
            model = teacher.settings.model
            trained = self.train(model.student, model.mix, model.seed)
        asked = AskStage(
            self.key(teacher), fetched.data, problems.split, self.key(thought), self.place(teacher), trained
        )
        stage = VerifyStage(asked, self.place(thought))
        self.add(asked)
        self.add(stage)
        return stage

    def fetch(self, problems: SplitRef) -> FetchStage:
        data = self.model.data[problems.data]
        stage = FetchStage(self.key(data), data.splits, self.place(data))
        self.add(stage)
        return stage

    def place(self, entity: Entity) -> Place:
        return place_of(entity, self.sources)

    def add(self, stage: Stage) -> None:
        self.stages.setdefault(stage_name(stage), stage)

    def key(self, entity: Entity) -> str:
        """The entity's key; its settings become an entry of params.yaml."""
        key = key_of(entity, self.changed)
        references = {path: name for path, name in entity.references.items() if name not in self.changed}
        block = Block(key, entity.settings, references, entity.description)
        self.blocks.setdefault((block.section, key), block)
        if isinstance(entity, Teacher) and entity.spending is not None:
            # By the block's name: all variants of a teacher share one budget.
            spending = Block(entity.name, entity.spending)
            self.blocks.setdefault((spending.section, entity.name), spending)
        return key
