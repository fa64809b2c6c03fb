"""Mixes: which verified thoughts become training examples (paper, section 3.3).

In order: leave out problems of other splits, limit the rest, keep right thoughts, cap each problem, drop
those that say the same, hold out the dev problems, apply weights. Beside them stand the thoughts that
came out wrong, for students that learn from both. All choices hang on the mix's seed and a row's own
names, never on its position: adding a problem changes no other problem's fate, adding a teacher after the
others none of their thoughts'.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from distill_dsl.contract.records import Example, Problem, Thought
from distill_dsl.contract.settings import MixSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind, Outcome, outcome_of

CALCULATION = re.compile(r"[\d.,()+\-*/÷×−^% $]*\d\s*=\s*[$]?-?[\d.,]+")
WRONG: Final = frozenset((Outcome.WRONG, Outcome.NO_ANSWER, Outcome.ERROR, Outcome.WRONG_STEPS))
"""Outcomes of thoughts that were executed to their end and are not right. One that met a limit of time,
memory or output may be right on a larger machine; one that is missing says nothing."""


@dataclass(frozen=True)
class Written:
    """What one teacher, by its name in the spec, wrote in one format."""

    thought: str
    teacher: str
    rows: Sequence[Thought]
    cell: str = ""
    """What the file of the rows is called; one teacher may have several, a split each."""


@dataclass
class Counts:
    """What became of one teacher's thoughts of one format; `thoughts = kept + sum(dropped)`."""

    thoughts: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    train: int = 0
    """Examples written, repeats by weight included."""
    dev: int = 0
    wrong: int = 0
    """Distinct wrong thoughts written, of the problems that are learned."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.thoughts + other.thoughts,
            self.kept + other.kept,
            self.dropped + other.dropped,
            self.train + other.train,
            self.dev + other.dev,
            self.wrong + other.wrong,
        )


@dataclass(frozen=True)
class Mixed:
    """A mix: rows in the order of the problems, then of the formats, then of the teachers."""

    train: list[Example]
    dev: list[Example]
    wrong: list[Example]
    held_out: list[Problem]
    counts: dict[str, dict[str, Counts]]
    """Format -> teacher -> counts."""
    kept: Counter[str] = field(default_factory=Counter)
    """Cell -> how many of its thoughts are kept."""

    @cached_property
    def held(self) -> frozenset[str]:
        """The ids of the problems that are held out."""
        return frozenset(problem.id for problem in self.held_out)

    def count(self, thought: str) -> Counts:
        """The counts of all teachers of a format together."""
        return sum(self.counts[thought].values(), Counts())


Sorted = Mapping[str, Sequence[tuple[str, Thought]]]
"""Problem -> the thoughts of one format, each with its teacher."""


def mix(
    problems: Sequence[Problem],
    written: Sequence[Written],
    formats: Mapping[str, ThoughtSettings],
    settings: MixSettings,
    without: Container[str] = frozenset(),
) -> Mixed:
    """Join what the teachers wrote on `problems` into training and dev examples, problems `without` left out.

    Of each format, the teachers are heard in the order of `written`: a later one adds only what no
    earlier one brought into the mix.
    """
    left = [problem for problem in problems if problem.id not in without]
    wanted = {problem.id: problem for problem in left[: settings.limit]}
    held_out = [one for one in wanted.values() if draw(settings.seed, "dev", one.id) < settings.dev]
    mixed = Mixed([], [], [], held_out, {})
    right: dict[str, Sorted] = {}
    wrong: dict[str, Sorted] = {}
    for name in settings.thoughts:
        own = [one for one in written if one.thought == name]
        counts = mixed.counts[name] = {one.teacher: Counts() for one in own}
        mixed.kept.update({one.cell: 0 for one in own})
        right[name] = _right(own, wanted.keys(), without, formats[name].answer, settings, mixed)
        wrong[name] = _wrong(own, wanted.keys() - mixed.held, settings.per_problem, counts)
    for problem in wanted.values():
        for name in settings.thoughts:
            cue = formats[name].cue
            for teacher, thought in right[name].get(problem.id, ()):
                _add(mixed, teacher, _example(problem, thought, cue), _copies(settings, teacher, thought))
            mixed.wrong.extend(_example(problem, thought, cue) for _, thought in wrong[name].get(problem.id, ()))
    return mixed


def _add(mixed: Mixed, teacher: str, example: Example, repeats: int) -> None:
    """Put an example into the part where its problem belongs; what is only measured is not repeated."""
    counts = mixed.counts[example.thought][teacher]
    if example.problem in mixed.held:
        mixed.dev.append(example)
        counts.dev += 1
    else:
        mixed.train.extend([example] * repeats)
        counts.train += repeats


def _copies(settings: MixSettings, teacher: str, thought: Thought) -> int:
    """How often a thought is repeated, by the weights of its format and teacher."""
    weight = settings.thoughts[thought.thought] * settings.teachers.get(teacher, 1.0)
    return copies(weight, draw(settings.seed, thought.thought, teacher, thought.problem, str(thought.sample)))


def _example(problem: Problem, thought: Thought, cue: str) -> Example:
    return Example(problem=problem.id, thought=thought.thought, question=problem.question, cue=cue, text=thought.text)


def _right(
    written: Sequence[Written],
    wanted: Iterable[str],
    without: Container[str],
    answer: AnswerKind,
    settings: MixSettings,
    mixed: Mixed,
) -> Sorted:
    """The thoughts of one format that a mix uses, by problem; every other one is counted with its reason."""
    kept: dict[str, list[tuple[str, Thought]]] = {id: [] for id in wanted}
    seen: set[tuple[str, str]] = set()
    for one in written:
        chosen: Counter[str] = Counter()
        for thought in one.rows:
            reason = _refusal(thought, kept.keys(), without, chosen[thought.problem], settings)
            # Only a right thought is known to parse, so only then may its content be looked at.
            marks = set() if reason else {(thought.problem, mark) for mark in content_marks(thought.text, answer)}
            if not reason and settings.deduplicate and marks & seen:
                reason = "duplicate"
            counts = mixed.counts[one.thought][one.teacher]
            counts.thoughts += 1
            if reason:
                counts.dropped[reason] += 1
                continue
            counts.kept += 1
            mixed.kept[one.cell] += 1
            seen |= marks
            chosen[thought.problem] += 1
            kept[thought.problem].append((one.teacher, thought))
    return kept


def _refusal(
    thought: Thought, wanted: Container[str], without: Container[str], chosen: int, settings: MixSettings
) -> str | None:
    if thought.verdict != Outcome.CORRECT:
        return thought.verdict
    if thought.problem in without:
        return "left-out"
    if thought.problem not in wanted:
        return "over-limit"
    return "over-cap" if chosen >= settings.per_problem else None


def _wrong(written: Sequence[Written], wanted: Container[str], most: int, counts: Mapping[str, Counts]) -> Sorted:
    """Distinct wrong thoughts of one format, by problem: at most `most` a teacher, none that is also right.

    They are told apart by their text alone, since they need not parse.
    """
    kept: defaultdict[str, list[tuple[str, Thought]]] = defaultdict(list)
    seen = {_said(row) for one in written for row in one.rows if row.verdict == Outcome.CORRECT}
    for one in written:
        chosen: Counter[str] = Counter()
        for row in one.rows:
            useful = outcome_of(row.verdict) in WRONG and row.problem in wanted and row.text.strip()
            if not useful or _said(row) in seen or chosen[row.problem] >= most:
                continue
            seen.add(_said(row))
            chosen[row.problem] += 1
            counts[one.teacher].wrong += 1
            kept[row.problem].append((one.teacher, row))
    return kept


def _said(thought: Thought) -> tuple[str, str]:
    return thought.problem, _plain(thought.text)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def content_marks(text: str, answer: AnswerKind) -> set[str]:
    """What makes two thoughts of one problem the same: their normalised text, or their mathematics.

    Prose is marked by the calculations that it shows, as in rejection-sampling fine-tuning
    (arXiv 2308.01825, section 3.3); a program by its syntax tree, which knows no comments or
    spacing; a system by its set of equations.
    """
    marks = {"text:" + _plain(text)}
    match answer:
        case AnswerKind.TEXT:
            found = [re.sub(r"[\s,$]", "", calculation) for calculation in CALCULATION.findall(text)]
            if found:
                marks.add("calculations:" + ";".join(found))
        case AnswerKind.PYTHON | AnswerKind.PROGRAM_EQUATIONS:
            marks.add("tree:" + ast.dump(ast.parse(text)))
        case AnswerKind.EQUATIONS:
            lines = {re.sub(r"\s", "", line) for line in text.splitlines() if not re.match(r"\s*[%#]", line)}
            marks.add("equations:" + ";".join(sorted(lines - {""})))
    return marks


def distinct(thoughts: Iterable[Thought], answer: AnswerKind) -> list[Thought]:
    """The right thoughts of one format that say what no earlier one of their problem says, problem by problem."""
    texts: dict[str, dict[str, Thought]] = {}
    for thought in thoughts:
        if thought.verdict == Outcome.CORRECT:
            texts.setdefault(thought.problem, {}).setdefault(_plain(thought.text), thought)
    # To parse programs takes longest, and a text that stands alone need not be.
    return [one for own in texts.values() for one in (own.values() if len(own) == 1 else _unlike(own.values(), answer))]


def _unlike(thoughts: Iterable[Thought], answer: AnswerKind) -> list[Thought]:
    seen: set[str] = set()
    found = []
    for thought in thoughts:
        marks = content_marks(thought.text, answer)
        if not marks & seen:
            found.append(thought)
            seen |= marks
    return found


def copies(weight: float, chance: float) -> int:
    """How often an example of that weight is repeated: 2.5 is two or three times, as `chance` in [0, 1) falls."""
    whole = int(weight)
    return whole + (1 if chance < weight - whole else 0)


def draw(seed: int, *names: str) -> float:
    """A number in [0, 1) that hangs on the seed and the names alone."""
    digest = hashlib.sha256("\0".join([str(seed), *names]).encode()).digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)
