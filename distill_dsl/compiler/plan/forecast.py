"""What a plan costs before anything is spent: trainings, calls of teachers, and what must be there.

A size that only the source knows is unknown, never 0. Pure: what is on disk and in the environment
comes in as functions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from distill_dsl.compiler.model.entities import Experiment, Model
from distill_dsl.compiler.model.fields import FIELDS
from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.places import block_name
from distill_dsl.compiler.plan.spelling import Spelling
from distill_dsl.compiler.plan.stages import AskStage, SolveStage, SpecStage, TrainStage, stage_name
from distill_dsl.compiler.plan.wiring import wire
from distill_dsl.contract.form import Settings
from distill_dsl.contract.quotes import Quote, Range
from distill_dsl.contract.settings import (
    DataSettings,
    Environment,
    GoldTeacher,
    HfBase,
    HfSource,
    OpenaiTeacher,
    ReasoningGymSource,
    RecordedTeacher,
    SolutionTeacher,
    SpendingSettings,
    StudentSettings,
    SyntheticSource,
    TeacherSettings,
    TrainedTeacher,
    TransformersTeacher,
    is_local,
)
from distill_dsl.contract.vocabulary import StageKind

FREE = (SolutionTeacher, GoldTeacher, RecordedTeacher, TrainedTeacher)
"""Teachers that nobody is asked for."""


@dataclass(frozen=True)
class Trainings:
    """The trainings of an experiment as the product that they are.

    `count` is of distinct trainings: a varied param that does not bear on a mix or student makes no
    second one. `shared` of them belong to an experiment before this one, too.
    """

    experiment: str
    factors: tuple[tuple[int, str], ...]
    count: int
    shared: int

    @property
    def product(self) -> int:
        return math.prod(number for number, _ in self.factors)


def together(quotes: Sequence[Quote]) -> Quote:
    """What several stages of one teacher take, at least one."""

    def added(ranges: Sequence[Range]) -> Range:
        return Range(sum(one.low for one in ranges), sum(one.high for one in ranges))

    dollars = [one.dollars for one in quotes if one.dollars is not None]
    return structs.replace(
        quotes[0],
        held=sum(one.held for one in quotes),
        calls=sum(one.calls for one in quotes),
        input=added([one.input for one in quotes]),
        output=added([one.output for one in quotes]),
        dollars=added(dollars) if len(dollars) == len(quotes) else None,
    )


@dataclass(frozen=True)
class Asked:
    """The thoughts of one teacher (as one set of its settings) for one split.

    `problems` is `None` where only the source knows; `limit` then is what it can be at most.
    """

    teacher: str
    model: str
    split: str
    problems: int | None
    limit: int | None
    thoughts: tuple[str, ...]
    samples: int
    max_tokens: int
    stages: tuple[str, ...]
    fetched: str
    """The stage that brings the problems."""
    spending: SpendingSettings
    quotes: Mapping[str, Quote | str]
    """Stage -> what it will take, or why that cannot be said; without those whose problems are not at hand."""

    def calls(self, thoughts: int) -> int | None:
        """How many at most, for so many of its thoughts; `None` where it is unknown."""
        most = self.problems if self.problems is not None else self.limit
        return None if most is None else most * thoughts * self.samples

    def quote(self, stages: Sequence[str]) -> Quote | str | None:
        """What these of its stages will take; else why that cannot be said, or `None` where too little is at hand."""
        quotes = [self.quotes[name] for name in stages if name in self.quotes]
        why = next((one for one in quotes if isinstance(one, str)), None)
        if why is not None:
            return why
        known = [one for one in quotes if isinstance(one, Quote)]
        return together(known) if known and len(known) == len(stages) else None


@dataclass(frozen=True)
class Need:
    """Something outside of the spec that the run needs."""

    name: str
    there: bool


@dataclass(frozen=True)
class Forecast:
    """What is asked of whom, and what must be there."""

    trainings: tuple[Trainings, ...]
    further: int
    """Trainings of students that no experiment compares: they teach, judge, or are started from."""
    asked: tuple[Asked, ...]
    variables: tuple[Need, ...]
    files: tuple[Need, ...]
    hub: tuple[str, ...]
    """Data sets and models that come from the Hugging Face hub (or its local cache)."""


@dataclass(frozen=True)
class Surroundings:
    """What is outside of the spec. The default is nothing at all."""

    is_set: Callable[[str], bool] = lambda name: False
    """Whether a variable of the environment is set."""
    exists: Callable[[str], bool] = lambda path: False
    rows: Callable[[str, str], int | None] = lambda data, split: None
    """How many problems the fetched file of (data, split) holds, where it is up to date."""
    quote: Callable[[AskStage], Quote | str | None] = lambda stage: None
    """What asking will take, or why that cannot be said; `None` where nothing is known of the problems."""


def forecast(model: Model, plan: Plan, around: Surroundings) -> Forecast:
    """The plan's costs and needs."""
    return Forecast(
        tuple(trainings(model, plan)),
        _further(plan),
        tuple(_asked(plan, around)),
        tuple(Need(name, around.is_set(name)) for name in _variables(plan)),
        tuple(Need(path, around.exists(path)) for path in _files(plan)),
        tuple(_hub(plan)),
    )


# --- trainings ----------------------------------------------------------------------------------


def trainings(model: Model, plan: Plan) -> Iterator[Trainings]:
    """Each experiment's trainings, in the order of the spec."""
    met: set[str] = set()
    for name, experiment in model.experiments.items():
        solved = [stage for stage in plan.stages if isinstance(stage, SolveStage) and stage.experiment == name]
        own = {stage_name(stage.trained) for stage in solved}
        yield Trainings(name, tuple(_factors(experiment)), len(own), len(own & met))
        met |= own


def _factors(experiment: Experiment) -> Iterator[tuple[int, str]]:
    yield _counted(len(experiment.students), "student")
    yield _counted(len(experiment.mixes), "mix", "mixes")
    if len(experiment.seeds) > 1:
        yield _counted(len(experiment.seeds), "seed")
    for name, values in experiment.vary:
        yield len(values), f"{'value' if len(values) == 1 else 'values'} of {name}"


def _counted(number: int, one: str, many: str = "") -> tuple[int, str]:
    return number, one if number == 1 else many or f"{one}s"


def _further(plan: Plan) -> int:
    compared = {stage.trained.cell for stage in plan.stages if isinstance(stage, SolveStage)}
    return sum(isinstance(stage, TrainStage) and stage.cell not in compared for stage in plan.stages)


# --- calls --------------------------------------------------------------------------------------


def _asked(plan: Plan, around: Surroundings) -> Iterator[Asked]:
    stages = [stage for stage in plan.stages if isinstance(stage, AskStage)]
    for (teacher, data, split), group in itertools.groupby(
        sorted(stages, key=lambda one: (one.teacher, one.data, one.split)),
        key=lambda one: (one.teacher, one.data, one.split),
    ):
        settings, source = plan.blocks["teacher", teacher].settings, plan.blocks["data", data].settings
        assert isinstance(settings, TeacherSettings) and isinstance(source, DataSettings)
        if isinstance(settings.model, FREE):
            continue
        ones = list(group)
        known = size(source, split)
        yield Asked(
            teacher,
            _spelled(settings.model, "teacher", "model"),
            f"{block_name(data)}.{split}",
            known if known is not None else around.rows(data, split),
            source.limit,
            tuple(one.thought for one in ones),
            settings.samples,
            settings.max_tokens,
            tuple(map(stage_name, ones)),
            f"{StageKind.FETCH}-{data}",
            _spending(plan, teacher),
            {stage_name(one): said for one in ones if (said := around.quote(one)) is not None},
        )


def _spending(plan: Plan, teacher: str) -> SpendingSettings:
    """What the spec says of a teacher's budget and price, by the name of its block."""
    block = plan.blocks.get(("spending", block_name(teacher)))
    if block is None:
        return SpendingSettings()
    assert isinstance(block.settings, SpendingSettings)
    return block.settings


def _spelled(value: Settings, section: str, key: str) -> str:
    row = next(row for row in FIELDS[section] if row.key == key)
    return Spelling().field(row, value).text


def size(data: DataSettings, split: str) -> int | None:
    """How many problems a split has, where the spec says so."""
    whole = _whole(data, split)
    return whole if whole is None or data.limit is None else min(whole, data.limit)


def _whole(data: DataSettings, split: str) -> int | None:
    """Before any limit."""
    if split in data.sizes:
        return data.sizes[split]
    if not isinstance(data.source, SyntheticSource | ReasoningGymSource):
        return None
    sizes: Mapping[str, int] = data.source.sizes
    parts = data.joined.get(split, (split,))
    return sum(sizes[part] for part in parts) if all(part in sizes for part in parts) else None


# --- needs --------------------------------------------------------------------------------------


def _variables(plan: Plan) -> Iterator[str]:
    found: dict[str, None] = {}
    for block in plan.blocks.values():
        teacher = block.settings.model if isinstance(block.settings, TeacherSettings) else None
        if isinstance(teacher, OpenaiTeacher):
            named = [teacher.base_url.env] if isinstance(teacher.base_url, Environment) else []
            found |= dict.fromkeys([teacher.key_env, *named])
    yield from found


def _files(plan: Plan) -> Iterator[str]:
    """Inputs that no stage writes; the spec itself is there."""
    wirings = [wire(stage, plan.blocks) for stage in plan.stages if not isinstance(stage, SpecStage)]
    spec = [wire(stage, plan.blocks) for stage in plan.stages if isinstance(stage, SpecStage)]
    made = {path for one in [*spec, *wirings] for path in (*one.outs, *one.kept, *one.metrics)}
    yield from dict.fromkeys(path.as_posix() for one in wirings for path in one.deps if path not in made)


def _hub(plan: Plan) -> Iterator[str]:
    found: dict[str, None] = {}
    for block in plan.blocks.values():
        match block.settings:
            case DataSettings(source=HfSource(name=name)):
                found[name] = None
            case TeacherSettings(model=TransformersTeacher(model=name)) if not is_local(name):
                found[name] = None
            case TeacherSettings(model=RecordedTeacher(dataset=str(name))) if not is_local(name):
                found[name] = None
            case StudentSettings(base=HfBase(name=name)) if not is_local(name):
                found[name] = None
    yield from found
