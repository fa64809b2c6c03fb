"""Mixes: which verified thoughts become training examples (paper, section 3.3).

In order: limit the problems, keep right thoughts, drop those that say the same, cap each problem,
hold out the dev problems, apply weights. All choices hang on the mix's seed and a row's own names,
never on its position: adding a problem changes no other problem's fate.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from distill_dsl.contract.records import Example, Problem, Thought
from distill_dsl.contract.settings import MixSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind, Outcome

CALCULATION = re.compile(r"[\d.,()+\-*/÷×−^% $]*\d\s*=\s*[$]?-?[\d.,]+")


@dataclass
class FormatCounts:
    """What became of one format's thoughts; `thoughts = kept + sum(dropped)`."""

    thoughts: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    train: int = 0
    """Examples written, repeats by weight included."""
    dev: int = 0


@dataclass(frozen=True)
class Mixed:
    """A mix: examples in the order of the problems, then of the formats, and the counts."""

    train: list[Example]
    dev: list[Example]
    counts: dict[str, FormatCounts]


def mix(
    problems: Sequence[Problem],
    thoughts: Mapping[str, Iterable[Thought]],
    formats: Mapping[str, ThoughtSettings],
    settings: MixSettings,
) -> Mixed:
    """Join the thoughts of each format (name -> rows) of `problems` into training and dev examples."""
    wanted = problems[: settings.limit]
    counts = {name: FormatCounts() for name in settings.thoughts}
    kept = {
        name: _kept(thoughts[name], {problem.id for problem in wanted}, formats[name].answer, settings, counts[name])
        for name in settings.thoughts
    }
    mixed = Mixed([], [], counts)
    for problem in wanted:
        dev = draw(settings.seed, "dev", problem.id) < settings.dev
        for name, weight in settings.thoughts.items():
            for thought in kept[name].get(problem.id, []):
                example = Example(
                    problem=problem.id,
                    thought=name,
                    question=problem.question,
                    cue=formats[name].cue,
                    text=thought.text,
                )
                repeats = 1 if dev else copies(weight, draw(settings.seed, name, problem.id, str(thought.sample)))
                (mixed.dev if dev else mixed.train).extend([example] * repeats)
                counts[name].dev += repeats if dev else 0
                counts[name].train += 0 if dev else repeats
    return mixed


def _kept(
    rows: Iterable[Thought], wanted: set[str], answer: AnswerKind, settings: MixSettings, counts: FormatCounts
) -> dict[str, list[Thought]]:
    """The thoughts of one format that a mix uses, by problem; every other one is counted with its reason."""
    kept: dict[str, list[Thought]] = {}
    seen: set[tuple[str, str]] = set()
    for thought in rows:
        counts.thoughts += 1
        chosen = kept.setdefault(thought.problem, [])
        reason = _refusal(thought, wanted, len(chosen), settings)
        # Only a right thought is known to parse, so only then may its content be looked at.
        marks = set() if reason else {(thought.problem, mark) for mark in content_marks(thought.text, answer)}
        if not reason and settings.deduplicate and marks & seen:
            reason = "duplicate"
        if reason:
            counts.dropped[reason] += 1
            continue
        counts.kept += 1
        seen |= marks
        chosen.append(thought)
    return kept


def _refusal(thought: Thought, wanted: set[str], chosen: int, settings: MixSettings) -> str | None:
    if thought.verdict != Outcome.CORRECT:
        return thought.verdict
    if thought.problem not in wanted:
        return "over-limit"
    return "over-cap" if chosen >= settings.per_problem else None


def content_marks(text: str, answer: AnswerKind) -> set[str]:
    """What makes two thoughts of one problem the same: their normalised text, or their mathematics.

    Prose is marked by the calculations that it shows, as in rejection-sampling fine-tuning
    (arXiv 2308.01825, section 3.3); a program by its syntax tree, which knows no comments or
    spacing; a system by its set of equations.
    """
    marks = {"text:" + " ".join(text.lower().split())}
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


def copies(weight: float, chance: float) -> int:
    """How often an example of that weight is repeated: 2.5 is two or three times, as `chance` in [0, 1) falls."""
    whole = int(weight)
    return whole + (1 if chance < weight - whole else 0)


def draw(seed: int, *names: str) -> float:
    """A number in [0, 1) that hangs on the seed and the names alone."""
    digest = hashlib.sha256("\0".join([str(seed), *names]).encode()).digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)
