"""The page's tables of accuracies: the main one, and all strategies."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from distill_dsl.contract.files import scores_file
from distill_dsl.runtime.reports.comparisons import LEVEL, Contest
from distill_dsl.runtime.reports.page.cells import TIED, Cell, Head, Table, labelled, quiet, words
from distill_dsl.runtime.reports.page.ledger import Ledger
from distill_dsl.runtime.reports.published import cell_of
from distill_dsl.runtime.reports.results import Group, Results, Row, known_mean, over_tests
from distill_dsl.runtime.reports.spending import row_seconds
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.tables import Entry, Figure, columns, label, labels, main_lines, strategy_lines
from distill_dsl.runtime.reports.wording import percent, si


def main_table(study: Study, ledger: Ledger) -> Table:
    """Students x mixes against tests, each at its headline strategy."""
    results = study.results
    rows = [entry_cells(study, one, ledger, judged=True) for one in main_lines(results)]
    left = len(labels(results)) + 1
    heads = (*words([*labels(results), "answer by"]), *accuracy_heads(results))
    return Table("main", "Accuracy in percent", heads, quiet(rows, left - 1), left, "table.csv")


def strategy_table(study: Study, ledger: Ledger) -> Table:
    """Every strategy of every group, with what it answers and what that costs."""
    results = study.results
    rows = []
    for one in strategy_lines(results):
        own = results.of(one.group, one.strategy)
        answered = known_mean(row.answered for row in own)
        tokens, seconds = known_mean(row.tokens for row in own), known_mean(row_seconds(study, row) for row in own)
        costs = (Cell(percent(answered, 1), order=answered), Cell(si(tokens), order=tokens))
        rows.append((*entry_cells(study, one, ledger, judged=False), *costs, Cell(si(seconds, "s"), order=seconds)))
    left = len(labels(results)) + 1
    heads = (
        *words([*labels(results), "answer by"]),
        *accuracy_heads(results),
        Head("answers", "percent of the problems that get an answer"),
        Head("tokens", "that it has to have written, a problem, mean over tests"),
        Head("time", "a problem takes in batches, mean over tests"),
    )
    return Table("strategies", "Every strategy, in percent", heads, quiet(rows, left - 1), left, "table.csv")


def accuracy_heads(results: Results) -> tuple[Head, ...]:
    """The tests with their sizes, then the average."""
    sizes = {row.test: row.problems for row in results.rows}
    return tuple(
        Head(name, f"{sizes[name]:,} problems" if name in sizes else "unweighted mean over tests")
        for name in columns(results)
    )


def entry_cells(study: Study, one: Entry, ledger: Ledger, *, judged: bool) -> tuple[Cell, ...]:
    """One line: whose it is, then its figures. Where it is `judged`, beside the best mix and what a paper has."""
    results = study.results
    rows = results.of(one.group, one.strategy)
    who = labelled([*label(results, one.group), results.titles[one.strategy]])
    cells = [figure_cell(study, row, figure, ledger, judged) for row, figure in zip(rows, one.figures, strict=False)]
    if len(one.figures) > len(rows):
        cells.append(average_cell(results, rows, one.figures[-1], ledger))
    return (*who, *cells)


def figure_cell(study: Study, row: Row, figure: Figure, ledger: Ledger, judged: bool) -> Cell:
    """One group and strategy on one test."""
    results = study.results
    place = ledger.enter(
        what=f"{who_is(results, row)} on {row.test}",
        value=f"{figure.value:.2f} % {figure.spread}",
        how=[*right_by_seed(results, row), spread_of(row)],
        files=[scores_file(run.solved(results.experiment)) for run in results.runs_of(row.group)],
        see=predictions_of(results, row),
    )
    return Cell(
        text=f"{figure.value:.2f}",
        note=figure.spread,
        beside=published(results, row) if judged else "",
        mark=standing(study.mixes, row) if judged else "",
        best=figure.best,
        order=figure.value,
        number=place,
    )


def average_cell(results: Results, rows: Sequence[Row], figure: Figure, ledger: Ledger) -> Cell:
    """The mean over tests."""
    interval, _ = over_tests(results, rows)
    place = ledger.enter(
        what=f"{who_is(results, rows[0])}, mean over tests",
        value=f"{figure.value:.2f} % {figure.spread}",
        how=[
            *(f"{row.test}: {percent(row.accuracy)} %" for row in rows),
            f"unweighted; 95 % interval {percent(interval.low, 1)} to {percent(interval.high, 1)}",
        ],
        files=[scores_file(run.solved(results.experiment)) for run in results.runs_of(rows[0].group)],
    )
    return Cell(f"{figure.value:.2f}", figure.spread, best=figure.best, order=figure.value, number=place)


def who_is(results: Results, row: Row) -> str:
    """`vote(pot, eot, cot) of tiny after etd, paths 2`."""
    return f"{results.titles[row.strategy]} of {row.group.names[0]} after {row.group.title}"


def right_by_seed(results: Results, row: Row) -> list[str]:
    """What the mean is made of, a line a seed."""
    scores = {run.seed: results.scores[run][row.test].strategies[row.strategy] for run in results.runs_of(row.group)}
    return [f"seed {seed}: {one.right} of {one.problems} right" for seed, one in scores.items()]


def spread_of(row: Row) -> str:
    """Both uncertainties: the table shows one of them."""
    interval = f"95 % interval (Wilson, {row.problems:,} problems) {percent(row.low, 1)} to {percent(row.high, 1)}"
    return interval if row.deviation is None else f"± standard deviation over {row.seeds} seeds; {interval}"


def predictions_of(results: Results, row: Row) -> str:
    """The fragment that shows the first seed's predictions, judged by the strategy."""
    cell = results.runs_of(row.group)[0].solved(results.experiment)
    return "predictions?" + urlencode({"run": cell, "test": row.test, "by": row.strategy})


def published(results: Results, row: Row) -> str:
    """`paper: 26.0 (+57.3)`, where a paper has the cell."""
    theirs = results.settings.published
    cell = cell_of(row.group, row.test)
    if theirs is None or cell not in theirs.cells:
        return ""
    value = theirs.cells[cell]
    return f"paper: {value:.1f} ({100 * row.accuracy - value:+.1f})"


def standing(mixes: Sequence[Contest], row: Row) -> str:
    """Whether a group's headline can be told apart from that of the best mix of its student."""
    found = contest_of(mixes, row.group, row.test)
    return TIED if found is not None and found.adjusted >= LEVEL else ""


def contest_of(mixes: Sequence[Contest], group: Group, test: str) -> Contest | None:
    """The group's contest with the best mix; `None` for the best itself, and where problems differ."""
    return next((one for one in mixes if one.a.group == group and one.test == test), None)
