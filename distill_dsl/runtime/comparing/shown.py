"""A comparison for people: paragraphs and tables, on the terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from distill_dsl.runtime.comparing.contests import Contest, Verdict
from distill_dsl.runtime.comparing.contrast import Contrast
from distill_dsl.runtime.comparing.quantities import Change, Kind, Move
from distill_dsl.runtime.comparing.version import Contender, Version
from distill_dsl.runtime.comparing.yields import Taking
from distill_dsl.runtime.reports.grid import markdown_table
from distill_dsl.runtime.reports.wording import UNKNOWN, against, percent, points, si, three

MOST: Final = 8
"""Lines of a table that are no differences and are shown without `--all`."""

ARROW: Final = " -> "


@dataclass(frozen=True)
class Words:
    """A paragraph; `tone` as of the plan's lines: `strong`, `faint`, `warn`."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Heading:
    """Of a section."""

    text: str


@dataclass(frozen=True)
class Grid:
    """A table of texts; a tone a line."""

    head: Sequence[str]
    body: Sequence[Sequence[str]]
    tones: Sequence[str]
    left: int
    """How many columns say what the line is about."""


Part = Words | Heading | Grid


def parts(contrast: Contrast, said: Sequence[str], *, every: bool) -> list[Part]:
    """All of it. `said` is what the spec says otherwise, a line each."""
    found: list[Part] = [Words(title(contrast), "strong")]
    found.append(Heading("What the spec says otherwise"))
    found += [Words(f"- {text}") for text in said] or [Words("Nothing that bears on a result.", "faint")]
    if contrast.nothing:
        found.append(Words(nothing_told(contrast), "warn"))
    else:
        told = [*accuracy_parts(contrast, every=every), *quantity_parts(contrast.changes, every=every)]
        found += map(unnamed, told) if len(contrast.meetings.pairs) == 1 else told
        found += yield_parts(contrast.takings)
    found += alone_parts(contrast)
    if contrast.notes:
        found += [Heading("To be known"), *(Words(f"- {text}", "warn") for text in contrast.notes)]
    return found


def unnamed(part: Part) -> Part:
    """A table without its first column, which says on each line what the title says of the only pair."""
    if not isinstance(part, Grid):
        return part
    return Grid(part.head[1:], [line[1:] for line in part.body], part.tones, part.left - 1)


def title(contrast: Contrast) -> str:
    """`From HEAD~1 (ed61a25) to the working tree`; two runs of the working tree need no place."""
    sides = contrast.before.side, contrast.after.side
    if all(side.run and side.revision is None for side in sides):
        return f"From {sides[0].run} to {sides[1].run}"
    return f"From {named(contrast.before)} to {named(contrast.after)}"


def named(version: Version) -> str:
    """`HEAD~1 (ed61a25)`, with the run where one is compared."""
    side = version.side
    commit = f" ({side.commit[:7]})" if side.commit and not side.commit.startswith(side.revision or "-") else ""
    return f"{side.title}{commit}"


def nothing_told(contrast: Contrast) -> str:
    """Why there is nothing to compare."""
    empty = [version.layout.at for version in (contrast.before, contrast.after) if not version.contenders]
    if empty:
        return f"Nothing to compare: {' and '.join(empty)} {'have' if len(empty) > 1 else 'has'} no scores at hand."
    if not contrast.meetings.pairs:
        return "Nothing to compare: the two have no student after a mix in common."
    return "Nothing to compare: the two have no test in common."


# --- accuracy -----------------------------------------------------------------------------------


def accuracy_parts(contrast: Contrast, *, every: bool) -> Iterator[Part]:
    """Headlines, then every strategy, each with a sentence."""
    for title, contests in (
        ("Accuracy, by the headline strategies", contrast.headlines),
        ("Accuracy, strategy by strategy", contrast.strategies),
    ):
        if not contests:
            continue
        yield Heading(title)
        shown, left = most(contests, [is_noise(one) for one in contests], every=every)
        shown = [one for one in shown if every or one.verdict is not Verdict.SAME]
        if shown:
            yield Grid(HEAD, [contest_line(one) for one in shown], [tone(one.verdict) for one in shown], left=3)
        yield Words(" ".join(filter(None, (told(contests), more(left)))))


HEAD: Final = ("student and mix", "test", "answer by", "before", "after", "difference", "p", "gained/lost", "")


def contest_line(one: Contest) -> list[str]:
    """One line of the table: percent, and points between."""
    old, new = (who.title(key) for who, key in zip((one.before, one.after), one.strategies, strict=True))
    found, difference, p_value, flips = one.found, points(one.difference), UNKNOWN, UNKNOWN
    if found is not None:
        difference = f"{points(found.difference)} ({points(found.low)} to {points(found.high)})"
        p_value = against(1.0 if one.adjusted is None else one.adjusted).removeprefix("= ")
        flips = f"+{found.only_a} -{found.only_b}"
    who = one.before.names if one.before.names == one.after.names else f"{one.before.names}{ARROW}{one.after.names}"
    by = old if old == new else f"{old}{ARROW}{new}"
    return [who, one.test, by, *map(percent, one.accuracies), difference, p_value, flips, one.verdict.value]


def told(contests: Sequence[Contest]) -> str:
    """How many differ, in a sentence or two."""
    counts = {verdict: sum(one.verdict is verdict for one in contests) for verdict in Verdict}
    same, untested = counts[Verdict.SAME], counts[Verdict.UNTESTED]
    apart = counts[Verdict.UP] + counts[Verdict.DOWN]
    sentences = [tested_told(apart, apart + counts[Verdict.NOISE])]
    if same:
        sentences.append(f"{same} {'is' if same == 1 else 'are'} the same to a problem.")
    if untested:
        shows = "it shows" if untested == 1 else "they show"
        sentences.append(f"{untested} could not be tested: what {shows} may be chance.")
    return " ".join(filter(None, sentences))


def tested_told(apart: int, tested: int) -> str:
    """Of those that were tested."""
    if tested == 0:
        return ""
    if apart in (0, tested):
        what = {1: "The difference is", 2: "Both differences are"}.get(tested, f"All {tested} differences are")
        return f"{what} more than chance." if apart else f"{what} no more than chance may give."
    return f"{apart} of {tested} {'is' if apart == 1 else 'are'} more than chance; the others cannot be told from it."


def is_noise(one: Contest) -> bool:
    """Whether a line may be left out."""
    return one.verdict is Verdict.NOISE or one.verdict is Verdict.UNTESTED


def tone(verdict: Verdict) -> str:
    """How a line stands out."""
    return {Verdict.UP: "good", Verdict.DOWN: "bad"}.get(verdict, "faint" if verdict is Verdict.NOISE else "")


def most(found: Sequence[Contest], noise: Sequence[bool], *, every: bool) -> tuple[list[Contest], int]:
    """All differences and the largest of the others; how many are left out."""
    rest = [one for one, drop in zip(found, noise, strict=True) if drop]
    dropped = [] if every else rest[MOST:]
    return [one for one in found if one not in dropped], len(dropped)


def more(left: int) -> str:
    """What `--all` would show."""
    return f"{left} smaller {'one is' if left == 1 else 'ones are'} left out (`--all`)." if left else ""


# --- training, answering, teachers --------------------------------------------------------------


def quantity_parts(changes: Sequence[Change], *, every: bool) -> Iterator[Part]:
    """What training and answering took."""
    if not changes:
        return
    yield Heading("Training and answering")
    shown = list(changes) if every else [one for one in changes if not idle(one)][: 2 * MOST]
    if shown:
        head = ("student and mix", "", "before", "after", "change", "p", "")
        tones = ["faint" if one.outcome is Move.NOISE else "" for one in shown]
        yield Grid(head, [change_line(one) for one in shown], tones, left=2)
    if len(shown) < len(changes):
        left = len(changes) - len(shown)
        yield Words(f"{left} more {'is' if left == 1 else 'are'} noise, untested times, or smaller (`--all`).")


def idle(one: Change) -> bool:
    """Whether nothing can be read from a change: noise, and times that were not tested."""
    return one.outcome is Move.NOISE or (one.outcome is Move.UNTESTED and one.quantity.kind is Kind.TIME)


def change_line(one: Change) -> list[str]:
    """One line of the table."""
    shown = one.quantity.shown
    p_value = UNKNOWN if one.adjusted is None else against(one.adjusted).removeprefix("= ")
    sides = [
        f"{shown(value)} ± {shown(spread)}" if spread else shown(value)
        for value, spread in zip((one.before, one.after), one.spreads, strict=True)
    ]
    return [one.who, one.quantity.name, *sides, ratio_shown(one), p_value, one.outcome.value]


def ratio_shown(one: Change) -> str:
    """`x2.5`, `-12 %`; a difference where there is no ratio."""
    ratio = one.ratio
    if ratio is None or ratio <= 0:
        return f"{one.difference:+.3g}"
    if 0.5 < ratio < 2:
        return f"{100 * (ratio - 1):+.1f} %"
    return f"x{three(ratio)}"


def yield_parts(takings: Sequence[Taking]) -> Iterator[Part]:
    """What teachers gave."""
    if not takings:
        return
    yield Heading("What the teachers gave")
    head = ("teacher, problems, format", "asked", "right", "right (%)", "covered (%)", "cost", "difference", "p", "")
    yield Grid(head, [taking_line(one) for one in takings], [tone(one.verdict) for one in takings], left=1)


def taking_line(one: Taking) -> list[str]:
    """One line of the table, both sides in a cell."""
    found, difference, p_value = one.found, UNKNOWN, UNKNOWN
    if found is not None:
        difference = f"{points(found.difference)} ({points(found.low)} to {points(found.high)})"
        p_value = against(1.0 if one.adjusted is None else one.adjusted).removeprefix("= ")
    cells = [both(number(one.before, key), number(one.after, key)) for key in ("asked", "right")]
    cells.append(both(*map(percent, one.shares)))
    cells.append(both(*(percent(share) for share in (covered(one.before), covered(one.after)))))
    cells.append(both(number(one.before, "cost"), number(one.after, "cost")))
    return [one.who, *cells, difference, p_value, one.verdict.value]


def covered(counts: dict[str, float | str]) -> float | None:
    """The share of problems with a right thought."""
    value = counts.get("covered")
    return value if isinstance(value, int | float) else None


def number(counts: dict[str, float | str], key: str) -> str:
    """A count as people read it."""
    value = counts.get(key)
    return si(value) if isinstance(value, int | float) else UNKNOWN


def both(old: str, new: str) -> str:
    """One text where both sides have the same."""
    return old if old == new else f"{old}{ARROW}{new}"


# --- who has no partner -------------------------------------------------------------------------


def alone_parts(contrast: Contrast) -> Iterator[Part]:
    """Students, tests and strategies that only one side has, with what they reached."""
    sides = (
        (contrast.before, contrast.meetings.only_before, list(contrast.meetings.pairs)),
        (contrast.after, contrast.meetings.only_after, [(new, old) for old, new in contrast.meetings.pairs]),
    )
    for version, contenders, pairs in sides:
        lines = [f"{one.names}: {reached(one)}" for one in contenders]
        lines += [text for one, other in pairs for text in unshared(one, other)]
        if lines:
            yield Heading(f"Only at {version.side.title}")
            yield from (Words(f"- {text}") for text in lines)


def reached(one: Contender) -> str:
    """Its headline on every test."""
    found = [(test, key) for test in one.tests if (key := one.headline(test)) is not None]
    return ", ".join(f"{test} {percent(one.accuracy(test, key))} by {one.title(key)}" for test, key in found)


def unshared(one: Contender, other: Contender) -> Iterator[str]:
    """The tests, and the strategies on tests of both, that the other has not."""
    for test in one.tests:
        keys = [key for key in one.strategies(test) if test not in other.tests or key not in other.strategies(test)]
        if keys:
            told = ", ".join(f"{one.title(key)} {percent(one.accuracy(test, key))}" for key in keys)
            yield f"{one.names}, {test}: {told}"


# --- Markdown -----------------------------------------------------------------------------------


def markdown(found: Sequence[Part]) -> str:
    """The same for a page or a pull request."""
    blocks: list[str] = []
    for part in found:
        match part:
            case Heading(text):
                blocks.append(f"## {text}")
            case Words(text, "strong"):
                blocks.append(f"# {text}")
            case Words(text) if text.startswith("- ") and blocks and blocks[-1].startswith("- "):
                blocks[-1] += f"\n{text}"
            case Words(text):
                blocks.append(text)
            case Grid(head, body, _, left):
                blocks.append(markdown_table(head, body, left))
    return "\n\n".join(blocks) + "\n"
