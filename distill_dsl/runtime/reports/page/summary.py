"""What the page says first: what was asked, and what came out, in sentences that the tables bear out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from distill_dsl.runtime.reports.comparisons import LEVEL, Contest
from distill_dsl.runtime.reports.overlap import overlap_lines
from distill_dsl.runtime.reports.page.measured import contest_of
from distill_dsl.runtime.reports.results import Results, unique
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.tables import main_lines


@dataclass(frozen=True)
class Fact:
    """A name and its value at the head of the page."""

    name: str
    value: str


@dataclass(frozen=True)
class Summary:
    """The head of the page."""

    asked: str
    best: Markup
    """The line of the main table with the highest average."""
    found: tuple[str, ...]
    """For each student, which mixes stand out."""
    facts: tuple[Fact, ...]
    warnings: tuple[Markup, ...]


def summary(study: Study, warnings: Sequence[str]) -> Summary:
    """In words and numbers."""
    results = study.results
    return Summary(
        asked=asked(results),
        best=best(results),
        found=tuple(filter(None, (standing(study, student) for student in students(results)))),
        facts=facts(study),
        warnings=tuple(map(coded, [*warnings, *overlap_lines(study.overlaps)])),
    )


def coded(text: str) -> Markup:
    """A sentence for a page: what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(Markup.escape(text))))


def students(results: Results) -> list[str]:
    """As the spec names them."""
    return unique(group.names[0] for group in results.groups)


def mixes(results: Results) -> list[str]:
    """As the spec names them."""
    return unique(group.names[1] for group in results.groups)


def asked(results: Results) -> str:
    """`2 students after 4 mixes, 3 seeds each: 24 trained students, asked 2 tests in their own formats.`"""
    varied = f", {listed(results.varied)} varied" if results.varied else ""
    seeds = len(unique(run.seed for run in results.scores))
    each = f", {count(seeds, 'seed')} each" if seeds > 1 else ""
    return (
        f"{count(len(students(results)), 'student')} after {count(len(mixes(results)), 'mix', 'mixes')}{varied}{each}: "
        f"{count(len(results.scores), 'trained student')}, judged on {count(len(results.tests), 'test')} "
        f"by {count(len(results.titles), 'strategy', 'strategies')}."
    )


def best(results: Results) -> Markup:
    """The line of the main table whose last column is highest."""
    lines = main_lines(results)
    top = max(lines, key=lambda one: one.figures[-1].value)
    value = f"{top.figures[-1].value:.2f}"
    tied = sum(f"{one.figures[-1].value:.2f}" == value for one in lines)
    where = f"on average over {len(results.tests)} tests" if len(results.tests) > 1 else f"on {results.tests[0]}"
    if tied == len(lines) > 1:
        return Markup("All reach <b>{}&nbsp;%</b> {}.").format(value, where)
    others = f", as {count(tied - 1, 'other does', 'others do')}" if tied > 1 else ""
    said = Markup("<b>{}</b> after <b>{}</b>, answering by <code>{}</code>, reaches <b>{}&nbsp;%</b> {}{}.")
    return said.format(top.group.names[0], top.group.title, results.titles[top.strategy], value, where, others)


def standing(study: Study, student: str) -> str:
    """Which mix is best on which tests, and which cannot be told apart from it."""
    results = study.results
    groups = [group for group in results.groups if group.names[0] == student]
    if len(groups) < 2:
        return ""
    by_best: dict[tuple[str, str], list[str]] = {}
    for test in results.tests:
        contests = [found for group in groups if (found := contest_of(study.mixes, group, test))]
        for rival in unique(found.b.group for found in contests):
            own = [found for found in contests if found.b.group == rival]
            by_best.setdefault((rival.title, margin(own)), []).append(test)
    told = [f"{title} is best on {which(tests, results.tests)}{tail}" for (title, tail), tests in by_best.items()]
    return f"{student}: {'; '.join(told)}." if told else ""


def which(tests: Sequence[str], every: Sequence[str]) -> str:
    """The tests by name; all of many are `all 4 tests`."""
    return f"all {len(every)} tests" if len(tests) == len(every) > 2 else listed(tests)


def margin(contests: Sequence[Contest]) -> str:
    """By how much it is the best of them: who is worse, and who cannot be told apart from it."""
    close = [one.a.group.title for one in contests if one.adjusted >= LEVEL]
    if not close:
        return ", and all others are worse" if len(contests) > 1 else ", and the other is worse"
    if len(close) == len(contests):
        others = "none of the others" if len(contests) > 1 else "the other"
        return f", but {others} can{'' if len(contests) > 1 else 'not'} be told apart from it"
    return f", but {listed(close)} cannot be told apart from it"


def facts(study: Study) -> tuple[Fact, ...]:
    """Names of what takes part."""
    results = study.results
    teachers = unique(one.names[0] for one in study.yields)
    seeds = sorted({run.seed for run in results.scores})
    told = [
        Fact("students", listed(students(results))),
        Fact("mixes", listed(mixes(results))),
        Fact("teachers", listed(teachers)),
        Fact("tests", listed([f"{test} ({sizes_of(results, test)} problems)" for test in results.tests])),
        Fact("seeds", listed([str(seed) for seed in seeds])),
    ]
    return tuple(fact for fact in told if fact.value)


def sizes_of(results: Results, test: str) -> str:
    """How many problems a test has; several numbers where its size is varied."""
    return " or ".join(f"{size:,}" for size in sorted({row.problems for row in results.rows if row.test == test}))


def count(number: int, one: str, several: str = "") -> str:
    """`1 mix`, `1,319 problems`."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
