"""What teachers gave, before and after: right thoughts are compared over the same problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from distill_dsl.contract.files import read_rows
from distill_dsl.contract.records import Record
from distill_dsl.contract.runs import name_of
from distill_dsl.contract.vocabulary import Outcome
from distill_dsl.runtime.comparing.contests import Verdict, verdict_of
from distill_dsl.runtime.comparing.version import Numbers, Taught, Version
from distill_dsl.runtime.reports.comparisons import holm
from distill_dsl.runtime.strategies.comparing import Comparison, compare_seeds

COUNTS: Final = ("problems", "asked", "answered", "executed", "right", "unique", "covered", "cost")
"""What is shown of a verify stage's metrics."""


class Verified(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What is needed of a `Thought`."""

    problem: str
    sample: int = 0
    verdict: str


class Posed(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What is needed of a `Problem`."""

    id: str
    question: str
    answer: str


@dataclass(frozen=True)
class Taking:
    """One teacher's thoughts of one format for one split, on both sides."""

    who: str
    before: Numbers
    after: Numbers
    found: Comparison | None = None
    """Of the share of right thoughts over the shared problems."""
    shared: int | None = None
    adjusted: float | None = None

    @property
    def shares(self) -> tuple[float, float]:
        """Right thoughts of those asked for."""
        return share(self.before), share(self.after)

    @property
    def verdict(self) -> Verdict:
        """The outcome in words."""
        return verdict_of(self.found, self.adjusted)


def takings(before: Version, after: Version) -> list[Taking]:
    """What differs, p-values after Holm."""
    found = [taking(who, one, other) for who, one, other in partners(before.taught, after.taught)]
    found = [one for one in found if differs(one)]
    tested = [one for one in found if one.found is not None and one.verdict is not Verdict.SAME]
    adjusted = iter(holm([one.found.p_value for one in tested if one.found is not None]))
    return [replace(one, adjusted=next(adjusted)) if one in tested else one for one in found]


def partners(before: Iterable[Taught], after: Iterable[Taught]) -> Iterator[tuple[str, Taught, Taught]]:
    """Those of one cell; else those of one split and format, where each side has one such."""
    old, new = list(before), list(after)
    known = {one.asked: one for one in new}
    for one in old:
        other = known.get(one.asked) or alone(one, old, new)
        if other is not None:
            names = [name_of(each.asked.teacher) for each in (one, other)]
            who = names[0] if names[0] == names[1] else " / ".join(names)
            yield f"{who} · {name_of(one.asked.data)}.{one.asked.split} · {one.asked.thought}", one, other


def alone(one: Taught, old: Sequence[Taught], new: Sequence[Taught]) -> Taught | None:
    """The one partner that asks for the same by another teacher."""

    def alike(other: Taught) -> bool:
        return (other.asked.thought, other.asked.data, other.asked.split) == (
            one.asked.thought,
            one.asked.data,
            one.asked.split,
        )

    ones, others = list(filter(alike, old)), list(filter(alike, new))
    return others[0] if len(ones) == len(others) == 1 else None


def differs(one: Taking) -> bool:
    """Whether anything that is shown is not the same."""
    return any(one.before.get(key) != one.after.get(key) for key in COUNTS) or (
        one.found is not None and one.verdict is not Verdict.SAME
    )


def taking(who: str, before: Taught, after: Taught) -> Taking:
    """Both sides, tested where the rows of both are at hand and not the same file."""
    bare = Taking(who, before.yielded, after.yielded)
    old, new = (paths_of(one) for one in (before, after))
    if old is None or new is None or (before.hash is not None and before.hash == after.hash):
        return bare
    ones, others = right_samples(*old), right_samples(*new)
    keys = [key for key in ones if key in others]
    if not keys:
        return replace(bare, shared=0)
    found = compare_seeds(table(others, keys), table(ones, keys))
    return replace(bare, found=found, shared=len(keys))


def paths_of(one: Taught) -> tuple[Path, Path] | None:
    """Rows of thoughts, and the problems that they are of."""
    return None if one.thoughts is None or one.problems is None else (one.thoughts, one.problems)


def right_samples(thoughts: Path, problems: Path) -> dict[str, dict[int, bool]]:
    """Question and gold -> sample -> whether the thought is right."""
    posed = {row.id: f"{row.question}\n{row.answer}" for row in read_rows(problems, Posed)}
    found: dict[str, dict[int, bool]] = {}
    for row in read_rows(thoughts, Verified):
        if row.problem in posed:
            found.setdefault(posed[row.problem], {})[row.sample] = row.verdict == Outcome.CORRECT
    return found


def table(found: dict[str, dict[int, bool]], keys: Sequence[str]) -> list[list[bool]]:
    """One row a sample; a sample that a problem lacks is not right."""
    samples = sorted({sample for key in keys for sample in found[key]})
    return [[found[key].get(sample, False) for key in keys] for sample in samples]


def share(counts: Numbers) -> float:
    """Right thoughts of those asked for; nothing of nothing is 0."""
    asked, right = counts.get("asked", 0), counts.get("right", 0)
    return float(right) / float(asked) if asked and not isinstance(right, str) else 0.0
