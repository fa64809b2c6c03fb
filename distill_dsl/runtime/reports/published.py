"""Measured accuracies beside those that a paper has published."""

from __future__ import annotations

from typing import NamedTuple

from distill_dsl.contract.runs import name_of
from distill_dsl.contract.settings import Published
from distill_dsl.runtime.reports.results import Group, Results


class Beside(NamedTuple):
    """One cell that both have, in percent. Measured is the main table's strategy, the mean over seeds."""

    group: Group
    test: str
    cell: str
    """As the spec names it: `<student>.<mix>.<data>`."""
    measured: float
    published: float

    @property
    def difference(self) -> float:
        """In points; positive where more was measured."""
        return self.measured - self.published


def beside(results: Results, published: Published) -> list[Beside]:
    """The cells that both have, in the order of the main table. With `vary`, a cell stands beside every variant."""
    return [
        Beside(group, row.test, cell, 100 * row.accuracy, published.cells[cell])
        for group in results.groups
        for row in results.of(group, results.headline(group))
        if (cell := cell_of(group, row.test)) in published.cells
    ]


def cell_of(group: Group, test: str) -> str:
    """What a published figure of a group on a test is called."""
    return ".".join([*group.names, name_of(test.rpartition("-")[0])])


def unmet(results: Results, published: Published) -> list[str]:
    """What a paper has and this experiment has not."""
    met = {one.cell for one in beside(results, published)}
    return [cell for cell in published.cells if cell not in met]
