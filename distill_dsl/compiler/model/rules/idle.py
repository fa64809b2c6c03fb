"""Settings that are given and change nothing: each almost surely stands for something that was meant.

Only what a block itself says is looked at. A value that is a param may be another one in the next
run, so that a rule about values leaves params alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from distill_dsl.compiler.diagnostics import Code, Diagnostic, warning
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.entities import Data, Experiment, Mix, Student, Teacher, Thought
from distill_dsl.compiler.model.rules.checked import Checked, asking, looked_at
from distill_dsl.contract.settings import (
    GoldTeacher,
    OpenaiTeacher,
    ReasoningGymSource,
    RecordedTeacher,
    ScratchBase,
    SolutionTeacher,
    SyntheticSource,
    TeacherSettings,
    TrainedTeacher,
    TransformersTeacher,
    Verifier,
    WordedTeacher,
)
from distill_dsl.contract.vocabulary import AnswerKind

Idle = tuple[str, str, str]
"""Key, why it changes nothing, what to do."""

LEAVE_OUT: Final = "leave it out"

ASKING: Final = ("temperature", "top_p", "max_tokens", "stop", "seed", "system", "exemplars")
"""Keys of a teacher that is asked in words."""
SPENDING: Final = ("budget", "price")
"""Keys of a teacher that is paid."""


def idle_settings(checked: Checked) -> Iterator[Diagnostic]:
    """Every key of a block that has no effect beside the others."""
    for (kind, name), block in looked_at(checked.model).items():
        for key, why, help in _idle(checked, block):
            span = checked.own(kind, name, key)
            if span is not None:
                yield warning(Code.IDLE_SETTING, f"`{key}` changes nothing: {why}", span, help)


def _idle(checked: Checked, block: Data | Teacher | Thought | Mix | Student | Experiment) -> Iterable[Idle]:
    match block:
        case Data():
            return _data(checked, block)
        case Teacher():
            return _teacher(checked, block)
        case Thought():
            return _thought(checked, block)
        case Mix():
            return _mix(checked, block)
        case Student():
            return _student(checked, block)
        case Experiment():
            return _experiment(checked, block)


def _data(checked: Checked, data: Data) -> Iterator[Idle]:
    settings = data.settings
    if isinstance(settings.source, SyntheticSource | ReasoningGymSource):
        for key in ("answer", "columns"):
            yield key, "these problems are made, and not read from a table", LEAVE_OUT
    if settings.limit is not None and checked.constant(data, "limit", "source"):
        sizes = [size for split in data.splits if (size := drawn(data, split)) is not None]
        if sizes and len(sizes) == len(data.splits) and settings.limit > max(sizes):
            yield "limit", f"no split has more than {max(sizes)} problems", "leave it out, or lower it"
    if data.span.path == checked.model.files[0] and checked.model.experiments:
        for split in settings.joined:
            if split not in data.splits:
                yield split, f"nothing uses the split `{split}`", f"use `{data.name}.{split}`, or leave it out"


def drawn(data: Data, split: str) -> int | None:
    """How many problems a split has before any limit, where the spec alone says so."""
    if not isinstance(data.settings.source, SyntheticSource | ReasoningGymSource):
        return data.settings.sizes.get(split)
    return sum(data.settings.source.sizes[part] for part in data.settings.joined.get(split, (split,)))


def _teacher(checked: Checked, teacher: Teacher) -> Iterator[Idle]:
    settings = teacher.settings
    match settings.model:
        case SolutionTeacher():
            for key in (*ASKING, *SPENDING, "samples"):
                yield key, "`solution()` writes one thought a problem and format, always the same", LEAVE_OUT
        case GoldTeacher():
            for key in (*ASKING, *SPENDING, "samples"):
                yield key, "`gold()` gives what the data set says, always the same", LEAVE_OUT
        case RecordedTeacher():
            for key in (*ASKING, *SPENDING):
                yield key, "what is recorded is taken as it is", LEAVE_OUT
        case OpenaiTeacher() | TransformersTeacher() | TrainedTeacher():
            if isinstance(settings.model, TrainedTeacher):
                for key in ("exemplars", "system", "stop", "top_p"):
                    yield key, "a student is asked with its own cue, and nothing else", LEAVE_OUT
            if not isinstance(settings.model, OpenaiTeacher):
                for key in SPENDING:
                    yield key, "nobody is paid for what is written here", LEAVE_OUT
            if not settings.temperature and checked.constant(teacher, "temperature"):
                yield "top_p", "at temperature 0 the likeliest token is taken", "set a `temperature`, or leave it out"
            if (
                settings.samples > 1
                and not settings.temperature
                and checked.constant(teacher, "samples", "temperature")
            ):
                why = "at temperature 0 a teacher writes its likeliest thought each time"
                yield "samples", why, "set a `temperature` such as 0.7, or leave `samples` out"


def idle_exemplar_seeds(checked: Checked) -> Iterator[Diagnostic]:
    """A seed of exemplars that are not drawn."""
    for teacher in checked.model.teachers.values():
        shown, span = teacher.settings.exemplars, checked.own("teacher", teacher.name, "exemplars")
        if shown is None or span is None or shown.by not in ("order", "nearest"):
            continue
        node = checked.argument("teacher", teacher.name, "exemplars", "seed")

        if isinstance(node, nodes.Number) and checked.constant(teacher, "exemplars"):
            summary = f"`seed` changes nothing: exemplars by `{shown.by}` are not drawn"
            yield warning(Code.IDLE_SETTING, summary, node.span, "leave it out, or pick them by `random`")


def _thought(checked: Checked, thought: Thought) -> Iterator[Idle]:
    if thought.settings.answer is AnswerKind.TEXT:
        for key in ("timeout", "memory"):
            yield key, "a thought in prose is read, and not run", LEAVE_OUT
    model = checked.model
    asked = [teacher for mix, teacher in asking(model) if thought.name in mix.settings.thoughts]
    worded = any(isinstance(teacher.settings.model, WordedTeacher) for teacher in asked)
    if asked and not worded and thought.span.path == model.files[0]:
        yield "prompt", "no teacher is asked for this thought in words", LEAVE_OUT


def _mix(checked: Checked, mix: Mix) -> Iterator[Idle]:
    settings, teachers = mix.settings, [checked.model.teachers[name] for name in mix.teachers]
    whole = all(weight.is_integer() for weight in (*settings.thoughts.values(), *settings.teachers.values()))
    if settings.dev == 0.0 and whole and checked.constant(mix, "dev", "thoughts", "teachers"):
        yield "seed", "no problem is held out, and each weight is whole", LEAVE_OUT
    if all(_one_a_problem(teacher) or checked.constant(teacher, "samples") for teacher in teachers):
        yield from _capped(checked, mix, teachers)
    if not mix.without and checked.own("mix", mix.name, "near") is not None:
        yield "near", "no problems are left out", "name their splits: `without = gsm8k.test`, or leave it out"
    size = _problems(checked, mix)
    if settings.limit is not None and size is not None and settings.limit > size and checked.constant(mix, "limit"):
        yield "limit", f"the mix has at most {size} problems", "leave it out, or lower it"


def _capped(checked: Checked, mix: Mix, teachers: Sequence[Teacher]) -> Iterator[Idle]:
    settings, giving = mix.settings, {teacher.name: most_thoughts(teacher.settings) for teacher in teachers}
    most = max(giving.values())
    several = "one thought" if most == 1 else f"{most} thoughts"
    names = " and ".join(f"`{name}`" for name in giving)
    why = f"{names} {'gives' if len(giving) == 1 else 'each give'} at most {several} a problem and format"
    if settings.per_problem > most and checked.constant(mix, "per_problem"):
        help = "" if all(map(_one_a_problem, teachers)) else "raise `samples` of the teacher, or "
        yield "per_problem", why, f"{help}{LEAVE_OUT}"
    if most == 1 and len(giving) == 1 and not settings.deduplicate and checked.constant(mix, "deduplicate"):
        yield "deduplicate", why, LEAVE_OUT


def _one_a_problem(teacher: Teacher) -> bool:
    return isinstance(teacher.settings.model, SolutionTeacher | GoldTeacher)


def most_thoughts(settings: TeacherSettings) -> int:
    """How many thoughts of a format a teacher gives for a problem, at most."""
    return 1 if isinstance(settings.model, SolutionTeacher | GoldTeacher) else settings.samples


def _problems(checked: Checked, mix: Mix) -> int | None:
    """How many problems a mix has before its limit, at most, where the spec alone says so."""
    total = 0
    for split in mix.problems:
        data = checked.model.data[split.data]
        bounds = [size for size in (drawn(data, split.split), data.settings.limit) if size is not None]
        if not bounds or not checked.constant(data, "limit", "source"):
            return None
        total += min(bounds)
    return total


def _student(checked: Checked, student: Student) -> Iterator[Idle]:
    settings = student.settings
    if settings.steps is not None:
        yield "epochs", f"`steps` says how long `{student.name}` is trained", "leave one of the two out"
    if settings.schedule == "constant" and checked.constant(student, "schedule"):
        yield (
            "warmup",
            "`schedule = constant` has the same learning rate from the first step",
            "leave one of the two out",
        )
    yield from _architecture(checked, student)


def _architecture(checked: Checked, student: Student) -> Iterator[Idle]:
    settings = student.settings
    if isinstance(settings.base, ScratchBase) and settings.base.architecture == "t5":
        yield "pack", "a student with an encoder reads one question a row", LEAVE_OUT
    if isinstance(settings.objective, Verifier):
        for key in ("label_smoothing", "pack"):
            yield key, "a verifier writes nothing", LEAVE_OUT


def _experiment(checked: Checked, experiment: Experiment) -> Iterator[Idle]:
    settings = experiment.settings
    if settings.samples == 1 and checked.constant(experiment, "samples"):
        yield "temperature", "one sample is the likeliest thought", "set `samples` above 1, or leave this out"
    if settings.samples > 1 and settings.temperature == 0 and checked.constant(experiment, "samples", "temperature"):
        why = "at temperature 0 all samples of a thought are the same"
        yield "samples", why, "set a `temperature` such as 0.7, or leave `samples` out"
