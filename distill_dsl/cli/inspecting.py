"""What the data says of a spec, at the places of the spec that name it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Final

from distill_dsl.compiler import Compiled
from distill_dsl.compiler.diagnostics import Code, Diagnostic, error, has_errors, ordered, warning
from distill_dsl.compiler.model.entities import Data, Mix, Model, SplitRef, Teacher
from distill_dsl.compiler.model.resolve import Analysis
from distill_dsl.compiler.model.rules import Checked
from distill_dsl.compiler.source import Span
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import FileSource, GoldTeacher, RecordedTeacher, SolutionTeacher
from distill_dsl.runtime.inspection import teaching
from distill_dsl.runtime.inspection.reading import read_split
from distill_dsl.runtime.sources import overlap
from distill_dsl.runtime.teachers.recorded import Recording
from distill_dsl.runtime.thoughts.answers import read_answer

SHOWN: Final = 5
"""Ids that a diagnostic lists."""


@dataclass
class Inspection:
    """What was read, and what was found wrong with it."""

    checked: Checked
    thorough: bool = True
    """Whether `solution()` is tried on every problem, which takes as long as asking it."""
    found: list[Diagnostic] = field(default_factory=list)
    problems: dict[SplitRef, list[Problem]] = field(default_factory=dict)
    """The splits at hand, before any limit."""

    _asked: set[tuple[str, str, SplitRef]] = field(default_factory=set)
    _questions: dict[tuple[SplitRef, tuple[str, ...]], overlap.Questions] = field(default_factory=dict)

    @property
    def model(self) -> Model:
        return self.checked.model

    def size(self, split: SplitRef) -> int | None:
        """How many problems of the split are used; `None` where it is not at hand."""
        return len(self.used(split)) if split in self.problems else None

    def used(self, split: SplitRef) -> list[Problem]:
        """The problems of a split that is at hand, as far as the limit of its data goes."""
        return self.problems[split][: self.model.data[split.data].settings.limit]

    def first_time(self, teacher: Teacher, thought: str, split: SplitRef) -> bool:
        """Whether a teacher is looked at for a thought and split for the first time: several mixes may ask for both."""
        key = (teacher.name, thought, split)
        known = key in self._asked
        self._asked.add(key)
        return not known

    def questions(self, split: SplitRef, learnt: Sequence[Problem]) -> overlap.Questions:
        """Problems of a split, for finding others among them."""
        key = (split, tuple(problem.id for problem in learnt))
        if key not in self._questions:
            self._questions[key] = overlap.Questions(learnt)
        return self._questions[key]


def with_data(compiled: Compiled, thorough: bool = True) -> Compiled:
    """The spec with what its data says (see `Inspection.thorough`); nothing more where it has errors already."""
    if compiled.analysis is None or compiled.model is None or has_errors(compiled.diagnostics):
        return compiled
    found = inspected(compiled.analysis, thorough).found
    return replace(compiled, diagnostics=tuple(ordered([*compiled.diagnostics, *found], list(compiled.sources))))


def inspected(analysis: Analysis, thorough: bool = True) -> Inspection:
    """Read what the experiments of a model without errors need, as far as it is at hand, and look at it.

    Paths are taken from the working directory, as by the pipeline.
    """
    assert analysis.model is not None
    inspection = Inspection(Checked(analysis.model, analysis.blocks), thorough)
    for split in _splits(inspection.model):
        _read(inspection, split)
    for mix in _mixes(inspection.model):
        _look_at_teacher(inspection, mix)
    _look_at_rows(inspection)
    _look_at_overlap(inspection)
    inspection.found = list(dict.fromkeys(inspection.found))
    return inspection


def _mixes(model: Model) -> list[Mix]:
    names = dict.fromkeys(name for experiment in model.experiments.values() for name in experiment.mixes)
    return [model.mixes[name] for name in names]


def _splits(model: Model) -> list[SplitRef]:
    tested = [split for experiment in model.experiments.values() for split in experiment.tests]
    learned = [split for mix in _mixes(model) for split in (*mix.problems, *mix.without)]
    return list(dict.fromkeys([*learned, *tested]))


# --- problems -----------------------------------------------------------------------------------


def _read(inspection: Inspection, split: SplitRef) -> None:
    data = inspection.model.data[split.data]
    try:
        problems = read_split(data.name, data.settings, split.split)
    except Failure as failure:
        inspection.found.append(_failed(failure, _source(inspection.checked, data, split.split)))
        return
    if problems is None:
        return
    inspection.problems[split] = problems
    inspection.found += _of_split(inspection, data, split, problems)


def _failed(failure: Failure, span: Span) -> Diagnostic:
    where = f" ({failure.where})" if failure.where and failure.where not in failure.summary else ""
    return error(Code.UNFIT_DATA, f"{failure.summary}{where}", span, failure.help)


def _source(checked: Checked, data: Data, split: str) -> Span:
    """The file of a split, or else the source."""
    parts = data.settings.joined.get(split, (split,))
    if isinstance(data.settings.source, FileSource) and len(parts) == 1:
        return checked.argument("data", data.name, "source", parts[0]).span
    return checked.item("data", data.name, "source")


def _of_split(inspection: Inspection, data: Data, split: SplitRef, problems: list[Problem]) -> Iterator[Diagnostic]:
    checked, span = inspection.checked, _source(inspection.checked, data, split.split)
    wanted = data.settings.sizes.get(split.split)
    if wanted is not None and wanted != len(problems):
        place = checked.own("data", data.name, "sizes") or checked.item("data", data.name, "sizes")
        summary = f"`{split}` has {_count(problems)}, not {wanted:,}"
        yield error(
            Code.UNFIT_DATA, summary, place, "it is another data set or another version of it; or mend the number"
        )
    limit = data.settings.limit
    if limit is not None and limit > len(problems) and "limit" not in data.references:
        place = checked.own("data", data.name, "limit") or checked.item("data", data.name, "limit")
        summary = f"`limit` changes nothing: `{split}` has {_count(problems)}"
        yield warning(Code.IDLE_SETTING, summary, place, "leave it out, or lower it")
    used = inspection.used(split)
    unread = [problem for problem in used if read_answer(problem.answer) is None]
    if unread:
        example = _short(unread[0].answer)
        summary = f"the gold of {_of(unread, used)} of `{split}` cannot be read as an answer, such as {example}"
        help = f'name the mark that it stands behind, as in `answer = after("####")`; such as `{unread[0].id}`'
        kind = error if len(unread) == len(used) else warning
        yield kind(Code.UNFIT_DATA, summary, span, help)
    again = overlap.repeated(used)
    if again:
        problem, first = again[0]
        apart = sum(read_answer(one.answer) != read_answer(other.answer) for one, other in again)
        differ = f", {apart} of them with another answer" if apart else ""
        summary = f"{_of(again, used)} of `{split}` repeat a question{differ}"
        yield warning(Code.REPEATED_PROBLEMS, summary, span, f"such as `{problem.id}`, which is `{first.id}`")


# --- teachers -----------------------------------------------------------------------------------


def _look_at_teacher(inspection: Inspection, mix: Mix) -> None:
    teachers = [inspection.model.teachers[name] for name in mix.teachers]
    for at, thought in enumerate(mix.settings.thoughts):
        span = inspection.checked.element("mix", mix.name, "thoughts", at)
        for teacher, split in product(teachers, mix.problems):
            if split in inspection.problems and inspection.first_time(teacher, thought, split):
                inspection.found += _of_thought(inspection, teacher, thought, split, span)


def _of_thought(
    inspection: Inspection, teacher: Teacher, thought: str, split: SplitRef, span: Span
) -> Iterator[Diagnostic]:
    kind, used = inspection.model.thoughts[thought].settings.answer, inspection.used(split)
    match teacher.settings.model:
        case RecordedTeacher() as model:
            if not teaching.at_hand(model, thought):
                return
            span = _recording(inspection.checked, teacher, model, thought)
            try:
                recording = teaching.recorded(model, thought, kind, used)
            except Failure as failure:
                yield _failed(failure, span)
                return
            what, why = f"the recording has no {thought}", "take the problems out, or record more"
            missing = [problem.id for problem in used if problem.id not in recording.texts]
            yield from _more_samples(teacher, thought, recording, span)
            yield from _disagreeing(thought, recording, span)
        case SolutionTeacher() if inspection.thorough:
            supply = teaching.written(thought, kind, used)
            what, missing = f"`{teacher.name}` can write no {thought}", [row.problem for row in supply]
            why = f"it finds this: {supply[0].reason}" if supply else ""
        case GoldTeacher() as model:
            supply = teaching.told(model, thought, kind, used)
            what, missing = f"the data itself has no {thought}", [row.problem for row in supply]
            why = supply[0].reason or "" if supply else ""
        case _:
            return
    if missing:
        summary = f"{what} for {_of(missing, used)} of `{split}`"
        report = error if len(missing) == len(used) else warning
        yield report(Code.MISSING_COMPLETIONS, summary, span, f"{why}; such as {_ids(missing)}")


def _more_samples(teacher: Teacher, thought: str, recording: Recording, span: Span) -> Iterator[Diagnostic]:
    most, samples = max(map(len, recording.texts.values())), teacher.settings.samples
    if most > samples and "samples" not in teacher.references:
        taken = "1 is taken" if samples == 1 else f"{samples} are taken"
        summary = f"of up to {most} recorded {thought} a problem, {taken}"
        yield warning(Code.STRAY_COMPLETIONS, summary, span, f"set `samples = {most}` to take them all")


def _disagreeing(thought: str, recording: Recording, span: Span) -> Iterator[Diagnostic]:
    counts = recording.matching
    if counts.disagreeing:
        summary = (
            f"{counts.disagreeing:,} of {counts.rows:,} recorded {thought} have the id of one problem"
            " and another question"
        )
        help = (
            "they are taken for the problem of that question, where there is one;"
            f" the ids may be of another data set or order, such as {_ids(counts.first_disagreeing)}"
        )
        yield warning(Code.STRAY_COMPLETIONS, summary, span, help)


def _recording(checked: Checked, teacher: Teacher, model: RecordedTeacher, thought: str) -> Span:
    argument = thought if thought in model.files else "path" if model.dataset is None else "dataset"
    return checked.argument("teacher", teacher.name, "model", argument).span


def _look_at_rows(inspection: Inspection) -> None:
    """Rows of recordings that belong to no problem of any split for which they are asked."""
    asked: dict[tuple[str, str], dict[SplitRef, None]] = {}
    for mix in _mixes(inspection.model):
        for name, thought in product(mix.teachers, mix.settings.thoughts):
            if isinstance(inspection.model.teachers[name].settings.model, RecordedTeacher):
                asked.setdefault((name, thought), {}).update(dict.fromkeys(mix.problems))
    for (name, thought), splits in asked.items():
        teacher = inspection.model.teachers[name]
        if all(split in inspection.problems for split in splits):
            inspection.found += _strangers(inspection, teacher, thought, list(splits))


def _strangers(
    inspection: Inspection, teacher: Teacher, thought: str, splits: Sequence[SplitRef]
) -> Iterator[Diagnostic]:
    model, kind = teacher.settings.model, inspection.model.thoughts[thought].settings.answer
    if not isinstance(model, RecordedTeacher) or not teaching.at_hand(model, thought):
        return
    try:
        found = [teaching.recorded(model, thought, kind, inspection.problems[split]) for split in splits]
    except Failure:  # reported where the split is asked for
        return
    rows, unknown = found[0].matching.rows, frozenset.intersection(*(one.strangers for one in found))
    if unknown:
        names = " and ".join(f"`{split}`" for split in splits)
        summary = f"{len(unknown):,} of {rows:,} recorded {thought} belong to no problem of {names}"
        span = _recording(inspection.checked, teacher, model, thought)
        yield warning(
            Code.STRAY_COMPLETIONS, summary, span, "they are left out; check that the ids are those of the data"
        )


# --- overlap ------------------------------------------------------------------------------------


def _look_at_overlap(inspection: Inspection) -> None:
    """Each test against all that is learnt in its experiment, every pair of splits once."""
    for experiment in inspection.model.experiments.values():
        for at, test in enumerate(experiment.tests):
            span = inspection.checked.element("experiment", experiment.name, "tests", at)
            met: set[tuple[SplitRef, tuple[str, ...]]] = set()
            for name in experiment.mixes:
                mix = inspection.model.mixes[name]
                for number, (split, learnt) in enumerate(_learnt(inspection, mix).items()):
                    key = (split, tuple(problem.id for problem in learnt))
                    if test in inspection.problems and learnt and key not in met:
                        met.add(key)
                        place = inspection.checked.element("mix", name, "problems", number)
                        inspection.found += _shared(inspection, test, span, split, learnt, place)


def _learnt(inspection: Inspection, mix: Mix) -> dict[SplitRef, list[Problem]]:
    """The problems of each split that a mix takes; none where that cannot be known."""
    left = mix.settings.limit
    taken: dict[SplitRef, list[Problem]] = {}
    for split in mix.problems:
        known = split in inspection.problems and left != 0
        taken[split] = _without(inspection, mix, split)[:left] if known else []
        if left is not None:
            left = max(0, left - len(taken[split])) if split in inspection.problems else 0
    return taken


def _without(inspection: Inspection, mix: Mix, split: SplitRef) -> list[Problem]:
    """The problems of a split but those that the mix leaves out because they stand in another."""
    kept = inspection.used(split)
    for other in mix.without:
        if other in inspection.problems:
            found = overlap.overlap(kept, overlap.Questions(inspection.used(other), mix.settings.near))
            shared = {pair.problem.id for pair in (*found.same, *found.near)}
            kept = [problem for problem in kept if problem.id not in shared]
    return kept


def _shared(
    inspection: Inspection, test: SplitRef, span: Span, split: SplitRef, learnt: Sequence[Problem], place: Span
) -> Iterator[Diagnostic]:
    tested = inspection.used(test)
    shared = overlap.overlap(tested, inspection.questions(split, learnt))
    if shared.same:
        first = shared.same[0]
        summary = (
            f"{_of(shared.same, tested)} of `{test}` are also trained on, such as {_short(first.problem.question)}"
        )
        help = f"take them out of one of the two: {_ids([pair.problem.id for pair in shared.same])}"
        labels = ((place, f"as `{first.other.id}` of `{split}` here"),)
        yield error(Code.LEAKED_PROBLEMS, summary, span, help, labels)
    if shared.near:
        first = max(shared.near, key=lambda pair: pair.likeness)
        summary = (
            f"{_of(shared.near, tested)} of `{test}` are nearly trained on, such as {_short(first.problem.question)}"
        )
        help = f"look whether they are other problems: {_ids([pair.problem.id for pair in shared.near])}"
        labels = ((place, f"`{first.other.id}` of `{split}`: {_short(first.other.question)}"),)
        yield warning(Code.NEAR_PROBLEMS, summary, span, help, labels)


# --- words --------------------------------------------------------------------------------------


def _count(problems: Sequence[object]) -> str:
    return f"{len(problems):,} problem{'' if len(problems) == 1 else 's'}"


def _of(some: Sequence[object], all: Sequence[object]) -> str:
    return f"{len(some):,} of {_count(all)}"


def _ids(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else ""
    return ", ".join(f"`{name}`" for name in ids[:SHOWN]) + more


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return f"“{plain[:60].rstrip()}...”" if len(plain) > 63 else f"“{plain}”"
