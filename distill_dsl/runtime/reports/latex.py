"""The report's main tables in LaTeX, to stand in a paper: `booktabs`, no other package.

What comes from a spec is text: whatever it holds is printed, not obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from distill_dsl.contract.settings import Published
from distill_dsl.runtime.reports.comparisons import LEVEL, Contest, Side
from distill_dsl.runtime.reports.grid import ditto
from distill_dsl.runtime.reports.published import beside
from distill_dsl.runtime.reports.results import Results
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.tables import (
    Entry,
    Figure,
    columns,
    label,
    labels,
    main_lines,
    strategy_lines,
    uncertainty,
)

ESCAPES: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
    '"': "{''}",
    "±": r"$\pm$",
    "−": r"$-$",
    "·": r"$\cdot$",
}
"""Of what means something to TeX, or is another letter in the old encoding of its fonts."""

BETTER, WORSE = r"$^{\ast}$", r"$^{\dagger}$"


class Latex(str):
    """Text that is LaTeX already."""


@dataclass(frozen=True)
class Line:
    """One line of a table."""

    cells: list[str]
    first: bool
    """Whether another student, or another mix, begins with it."""


@dataclass(frozen=True)
class Table:
    """One table of the file."""

    label: str
    caption: str
    alignment: str
    head: list[str]
    body: list[Line]


def table_tex(study: Study) -> str:
    """The main table, the one of all strategies where there are several, and the one beside published figures."""
    results = study.results
    tables = [main_table(study)]
    if len(results.titles) > 1:
        tables.append(strategy_table(study))
    if results.settings.published is not None:
        tables += published_table(results, results.settings.published)
    environment = Environment(
        loader=PackageLoader("distill_dsl.runtime.reports", "."),
        block_start_string="((%",
        block_end_string="%))",
        variable_start_string="((",
        variable_end_string="))",
        comment_start_string="((#",
        comment_end_string="#))",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=escaped,
    )
    environment.filters["row"] = row
    return environment.get_template("table.tex.jinja2").render(experiment=results.experiment, tables=tables)


def escaped(text: object) -> str:
    """Text as LaTeX prints it; characters that control something are left out."""
    if isinstance(text, Latex):
        return text
    return "".join(ESCAPES.get(one, one) for one in re.sub(r"[\x00-\x1f\x7f]+", " ", str(text)))


def row(cells: Iterable[str]) -> Latex:
    r"""Cells with `&` between them and `\\` behind."""
    return Latex(" & ".join(map(escaped, cells)) + r" \\")


def main_table(study: Study) -> Table:
    """Students and mixes, each at its headline strategy."""
    results = study.results
    marks = marks_of(study.mixes)
    caption = f"Accuracy in percent, {uncertainty(results)}. The best of each column in bold"
    note = marked(marks, "than the best mix of its student")
    found = [
        [*label(results, one.group), results.titles[one.strategy], *cells(results, one, marks)]
        for one in main_lines(results)
    ]
    return table(
        results.experiment,
        Latex(f"{escaped(caption)}{note}."),
        found,
        [*labels(results), "answer by", *columns(results)],
        len(labels(results)) + 1,
    )


def strategy_table(study: Study) -> Table:
    """Every strategy of every student and mix."""
    results = study.results
    marks = marks_of(study.strategies)
    caption = "All strategies. The best of each student and mix in bold, oracles, which are upper bounds, left aside"
    rivals = {results.titles[one.b.strategy] for one in study.strategies}
    note = marked(marks, f"than {rivals.pop()}" if len(rivals) == 1 else "than the strategy that it is compared with")
    found = [
        [*label(results, one.group), results.titles[one.strategy], *cells(results, one, marks)]
        for one in strategy_lines(results)
    ]
    return table(
        f"{results.experiment}-strategies",
        Latex(f"{escaped(caption)}{note}."),
        found,
        [*labels(results), "answer by", *columns(results)],
        len(labels(results)) + 1,
    )


def published_table(results: Results, published: Published) -> list[Table]:
    """Measured beside published; no table where the two share nothing."""
    found = [
        [
            *label(results, one.group),
            one.test,
            f"{one.measured:.2f}",
            f"{one.published:.2f}",
            Latex(f"${one.difference:+.2f}$"),
        ]
        for one in beside(results, published)
    ]
    head = [*labels(results), "test", "measured", "published", "difference"]
    caption = f"Accuracy in percent beside published figures ({published.source})."
    return [table(f"{results.experiment}-published", caption, found, head, len(head) - 3)] if found else []


def table(name: str, caption: str, body: Sequence[Sequence[str]], head: Sequence[str], left: int) -> Table:
    """A table whose first `left` columns are names: those that repeat the line above are left out."""
    shown = ditto(body, left - 1)
    lines = [Line(cells, bool(cells[0])) for cells in shown]
    return Table(Latex(re.sub(r"[^\w-]", "-", name)), caption, "l" * left + "r" * (len(head) - left), list(head), lines)


Marks = dict[tuple[Side, str], Latex]
"""A strategy of a group on a test -> its mark."""


def marks_of(contests: Sequence[Contest]) -> Marks:
    """Of those that differ from what they are compared with."""
    return {
        (one.a, one.test): Latex(BETTER if one.found.difference > 0 else WORSE)
        for one in contests
        if one.adjusted < LEVEL
    }


def marked(marks: Marks, than: str) -> Latex:
    """What the marks say; nothing where there are none."""
    kinds = [(sign, word) for sign, word in ((BETTER, "better"), (WORSE, "worse")) if sign in marks.values()]
    said = " or ".join(f"{sign} {word}" for sign, word in kinds)
    return Latex(f"; {said} {escaped(than)} ($p < {LEVEL}$ after Holm)") if kinds else Latex("")


def cells(results: Results, one: Entry, marks: Marks) -> list[str]:
    """The figures of a line with their uncertainty and marks; the average has no mark."""
    side = Side(one.group, one.strategy)
    signs = [marks.get((side, test), "") for test in results.tests]
    return [cell(found, sign) for found, sign in zip(one.figures, [*signs, ""], strict=False)]


def cell(found: Figure, sign: str) -> Latex:
    """A figure with what stands behind it in small print; a mark hangs over, so that figures stay in line."""
    value = f"\\textbf{{{found.value:.2f}}}" if found.best else f"{found.value:.2f}"
    hanging = f"\\rlap{{{sign}}}" if sign else ""
    return Latex(f"{value} {{\\scriptsize {escaped(found.spread).replace('-', '--')}}}{hanging}")
