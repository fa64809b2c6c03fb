"""The numbers of the report's tables: accuracies with their uncertainty, the best of each column marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from distill_dsl.runtime.reports.results import Group, Results, Row, over_tests


@dataclass(frozen=True)
class Figure:
    """One number of a table with its uncertainty, in percent."""

    value: float
    spread: str
    """`± 1.20` over several seeds, `(35.9-49.4)` as the 95 % interval of one."""
    best: bool = False

    def __str__(self) -> str:
        return f"{self.value:.2f} {self.spread}"

    @property
    def markdown(self) -> str:
        """The best of a column in bold."""
        return f"**{self.value:.2f}** {self.spread}" if self.best else str(self)


@dataclass(frozen=True)
class Entry:
    """One line of a table: a group of runs, and the strategy that answers."""

    group: Group
    strategy: str
    figures: tuple[Figure, ...]
    """One a test and, with several tests, their average."""


def labels(results: Results) -> list[str]:
    """Heads of the columns that say whose line it is: each varied param has its own."""
    return ["student", "mix", *results.varied]


def label(results: Results, group: Group) -> list[str]:
    """What stands in them."""
    return [*group.names, *group.values(results.varied)]


def main_lines(results: Results) -> list[Entry]:
    """Students x mixes against tests, each at its headline strategy; the best of each column marked."""
    return marked([entry(results, group, results.headline(group)) for group in results.groups])


def strategy_lines(results: Results) -> list[Entry]:
    """Every strategy of every group; the best real one of each group and column marked."""
    entries: list[Entry] = []
    for group in results.groups:
        made = {key: entry(results, group, key) for key in results.strategies_of(group)}
        real = marked([one for key, one in made.items() if key not in results.oracles])
        entries += (made | {one.strategy: one for one in real}).values()
    return entries


def entry(results: Results, group: Group, strategy: str) -> Entry:
    """One line, nothing marked."""
    return Entry(group, strategy, figures(results, results.of(group, strategy)))


def figures(results: Results, rows: Sequence[Row]) -> tuple[Figure, ...]:
    """One figure a test, then the average where there is more than one test."""
    found = [figure(row.accuracy, row.low, row.high, row.deviation) for row in rows]
    if len(rows) > 1:
        interval, spread = over_tests(results, rows)
        found.append(figure(*interval, spread))
    return tuple(found)


def figure(value: float, low: float, high: float, deviation: float | None) -> Figure:
    """Shares in, percent out."""
    spread = f"({100 * low:.1f}-{100 * high:.1f})" if deviation is None else f"± {100 * deviation:.2f}"
    return Figure(100 * value, spread)


def marked(entries: Sequence[Entry]) -> list[Entry]:
    """The lines with the best of each column marked, to the precision shown; none where all are equal."""
    tops = [best_of(column) for column in zip(*(one.figures for one in entries), strict=True)]
    return [
        Entry(
            one.group,
            one.strategy,
            tuple(
                Figure(f.value, f.spread, round(f.value, 2) == top) for f, top in zip(one.figures, tops, strict=True)
            ),
        )
        for one in entries
    ]


def best_of(column: Sequence[Figure]) -> float | None:
    """The highest value, or `None` where no line is better than another."""
    values = {round(found.value, 2) for found in column}
    return max(values) if len(values) > 1 else None


def columns(results: Results) -> list[str]:
    """The tests, and `average` where there are several."""
    return [*results.tests, *(["average"] if len(results.tests) > 1 else [])]


def uncertainty(results: Results) -> str:
    """What stands behind each number, in words."""
    seeds = sorted({row.seeds for row in results.rows})
    if seeds == [1]:
        return "in brackets the 95 % interval (Wilson) for the number of problems"
    count = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    tail = "; in brackets, for one seed, the 95 % interval (Wilson)" if seeds[0] == 1 else ""
    return f"mean ± standard deviation over {count} seeds{tail}"
