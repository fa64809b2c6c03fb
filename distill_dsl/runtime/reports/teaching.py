"""The report's section on teachers: what became of the thoughts that were asked for, and what they took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from distill_dsl.runtime.reports.grid import ditto, markdown_table
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.wording import UNKNOWN, dollars, percent, si
from distill_dsl.runtime.reports.yields import Taught


class Column(NamedTuple):
    """A quantity of the tables."""

    name: str
    cell: Callable[[Taught], str]
    always: bool = True
    """Whether it has a column where every line has nothing or nothing known."""
    page: bool = True
    """Whether it stands in table.md."""
    terminal: bool = True
    """Whether it stands in the terminal's table, which is narrower."""


COLUMNS: Final = (
    Column("asked", lambda one: str(one.found.asked)),
    Column("answered", lambda one: str(one.found.answered)),
    Column("cut off", lambda one: str(one.found.truncated), always=False, terminal=False),
    Column("withheld", lambda one: str(one.found.filtered), always=False, terminal=False),
    Column("missing", lambda one: str(one.found.missing), always=False, terminal=False),
    Column("executed", lambda one: str(one.found.executed)),
    Column("right", lambda one: str(one.found.right)),
    Column("unique", lambda one: str(one.found.unique)),
    Column("kept", lambda one: kept(one)),
    Column("covered", lambda one: percent(one.found.covered)),
    Column("tokens in", lambda one: si(one.found.tokens.input), always=False, terminal=False),
    Column("tokens out", lambda one: si(one.found.tokens.output), always=False, terminal=False),
    Column("tokens", lambda one: si(one.found.tokens.total), always=False, page=False),
    Column("cost", lambda one: dollars(one.found.cost), always=False),
    Column("per 1,000", lambda one: dollars(one.found.cost_per_1000_right), always=False),
)


class Grid(NamedTuple):
    """A table of texts."""

    head: list[str]
    body: list[list[str]]
    left: int
    """How many columns say whose line it is."""


def yield_parts(study: Study) -> list[str]:
    """The section; nothing where nothing is learned from a teacher."""
    if not study.yields:
        return []
    head, body, left = yield_grid(study, [column for column in COLUMNS if column.page])
    return [
        "## What the teachers gave",
        (
            "Thoughts `asked` for; `answered` whole; `executed` to an answer; `right`; `unique`, different right ones "
            "of a problem by their equations, programs or calculations; `kept` by the mixes above (least-most where "
            "they differ). `covered`: percent of the problems with a right one. Tokens and US dollars as they were "
            "when bought, and dollars `per 1,000` right thoughts; `-` is not known. Lines that ask the same share "
            "completions, which are paid once: `mtd store list` says what was spent. `yield.png` shows what is lost "
            "where, `yield.csv` has all."
        ),
        markdown_table(head, ditto(body, left - 1), left),
    ]


def terminal_yields(study: Study) -> Grid:
    """The table for the terminal."""
    return yield_grid(study, [column for column in COLUMNS if column.terminal])


def yield_grid(study: Study, columns: Sequence[Column]) -> Grid:
    """One line a teacher, split and thought."""
    yields = study.yields
    varied = [name for name in study.results.varied if any(name in dict(one.varied) for one in yields)]
    shown = [column for column in columns if column.always or any(column.cell(one) not in EMPTY for one in yields)]
    labels = ["teacher", *varied, "problems", "format"]
    body = []
    for one in yields:
        teacher, data, split, thought = one.names
        label = [teacher, *one.values(varied), f"{data}.{split}", thought]
        body.append([*label, *(column.cell(one) for column in shown)])
    return Grid([*labels, *(column.name for column in shown)], body, len(labels))


EMPTY: Final = ("0", UNKNOWN)


def kept(one: Taught) -> str:
    """What the mixes keep: one number where they agree."""
    if not one.kept:
        return UNKNOWN
    least, most = min(one.kept), max(one.kept)
    return str(most) if least == most else f"{least}-{most}"
