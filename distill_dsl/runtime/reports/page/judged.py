"""The page's tables that judge: which differ, how sure strategies are, what became of thoughts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from distill_dsl.contract.files import scored_file, scores_file
from distill_dsl.contract.vocabulary import Outcome
from distill_dsl.runtime.reports.comparisons import LEVEL, Contest, Side
from distill_dsl.runtime.reports.markdown import RANKED_OUTCOMES, by_outcome, verdict_cell
from distill_dsl.runtime.reports.page.cells import TIED, UNKNOWN, Cell, Head, Table, labelled, quiet, words
from distill_dsl.runtime.reports.page.ledger import Ledger
from distill_dsl.runtime.reports.results import FormatRow, Group, Results
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.tables import label, labels
from distill_dsl.runtime.reports.wording import against, percent, points


def contest_table(study: Study, contests: Sequence[Contest], name: str, caption: str, ledger: Ledger) -> Table:
    """A line for two sides, a column a test; a mix may have another rival on each test."""
    results = study.results
    found: dict[tuple[Side, Side], dict[str, Contest]] = {}
    for one in contests:
        found.setdefault((one.a, one.b), {})[one.test] = one
    rows = []
    for (a, b), by_test in found.items():
        rival = results.titles[b.strategy] if a.group == b.group else f"{b.group.title}: {results.titles[b.strategy]}"
        who = labelled([*label(results, a.group), results.titles[a.strategy], rival])
        cells = (
            contest_cell(results, by_test[test], ledger) if test in by_test else Cell("") for test in results.tests
        )
        rows.append((*who, *cells))
    left = len(labels(results)) + 2
    heads = (*words([*labels(results), "answer by", "against"]), *map(Head, results.tests))
    return Table(name, caption, heads, quiet(rows, left - 2), left, "comparisons.csv")


def contest_cell(results: Results, one: Contest, ledger: Ledger) -> Cell:
    """The difference, and below it its interval and p after Holm."""
    found = one.found
    interval = f"{points(found.low)} to {points(found.high)}"
    place = ledger.enter(
        what=f"{named(results, one.a)} against {named(results, one.b)} on {one.test}",
        value=f"{points(found.difference)} points: {one.verdict}",
        how=[
            f"95 % interval {interval} (bootstrap over problems)",
            f"p {against(found.p_value)}, after Holm {against(one.adjusted)} (exact sign-flip test over problems)",
            f"only the first right: {found.only_a:,}; only the other: {found.only_b:,} (problems and seeds)",
        ],
        files=[*rows_of(results, one.a.group), *(rows_of(results, one.b.group) if one.a.group != one.b.group else ())],
    )
    return Cell(
        points(found.difference),
        note=f"{interval}\np {against(one.adjusted)}",
        mark="" if one.adjusted < LEVEL else TIED,
        best=one.adjusted < LEVEL,
        order=found.difference,
        number=place,
    )


def named(results: Results, side: Side) -> str:
    """`cot of tiny after etd`."""
    return f"{results.titles[side.strategy]} of {side.group.names[0]} after {side.group.title}"


def rows_of(results: Results, group: Group) -> list[Path]:
    """The scored rows of a group's seeds."""
    return [scored_file(run.solved(results.experiment)) for run in results.runs_of(group)]


def scores_of(results: Results, group: Group) -> list[Path]:
    """The scores of a group's seeds."""
    return [scores_file(run.solved(results.experiment)) for run in results.runs_of(group)]


def certainty_table(study: Study, ledger: Ledger) -> Table | None:
    """Risk and calibration of the strategies that say how sure they are; `None` where none does."""
    results = study.results
    rows = []
    for row in results.rows:
        if row.aurc is None and row.ece is None:
            continue
        who = f"{results.titles[row.strategy]} of {row.group.names[0]} after {row.group.title} on {row.test}"
        told = f"risk {percent(row.aurc)}, calibration error {percent(row.ece)}"
        place = ledger.enter(who, told, [f"mean over {row.seeds} seeds"], scores_of(results, row.group))
        shown = (
            Cell(percent(row.aurc), order=row.aurc, number=place),
            Cell(percent(row.ece), order=row.ece, number=place),
        )
        rows.append((*labelled([*label(results, row.group), results.titles[row.strategy], row.test]), *shown))
    if not rows:
        return None
    heads = (
        *words([*labels(results), "answer by", "test"]),
        Head("risk", "area under the risk-coverage curve, in percent: lower is better"),
        Head("calibration error", "expected calibration error, in percent: lower is better"),
    )
    left = len(labels(results)) + 2
    return Table("certainty", "How sure strategies are", heads, quiet(rows, left - 1), left, "table.csv")


def format_table(study: Study, ledger: Ledger) -> Table:
    """Formats with rates and verdicts; only verdicts that occur get a column."""
    results = study.results
    counts = [by_outcome(row.verdicts) for row in results.formats]
    shown = [outcome for outcome in RANKED_OUTCOMES if any(count[outcome] for count in counts)]
    rows = []
    for row, count in zip(results.formats, counts, strict=True):
        rows.append((*format_cells(results, row, ledger), *(outcome_cell(row, count, one) for one in shown)))
    left = len(labels(results)) + 2
    heads = (
        *words([*labels(results), "test", "format"]),
        Head("written", "thoughts"),
        Head("ran", "percent that ran to the end"),
        Head("answer", "percent that gave an answer"),
        Head("right", "percent that gave the right one"),
        *(Head(str(outcome), "thoughts with this verdict") for outcome in shown),
    )
    return Table("formats", "Formats and what became of them", heads, quiet(rows, left - 1), left, "thoughts.csv")


def outcome_cell(row: FormatRow, count: Counter[Outcome], outcome: Outcome) -> Cell:
    """How often, and of errors which kinds."""
    if not count[outcome]:
        return Cell(UNKNOWN, order=0)
    times, _, kinds = verdict_cell(row, count, outcome).partition(" (")
    return Cell(times, note=kinds.removesuffix(")"), order=count[outcome])


def format_cells(results: Results, row: FormatRow, ledger: Ledger) -> tuple[Cell, ...]:
    """Whose thoughts, how many, and the shares of them that came to something."""
    who = f"{row.thought} of {row.group.names[0]} after {row.group.title} on {row.test}"
    how = [f"{row.written:,} thoughts of {row.seeds} seed{'s' if row.seeds > 1 else ''}, as they were executed"]
    place = ledger.enter(who, f"{percent(row.right)} % right", how, scores_of(results, row.group))
    return (
        *labelled([*label(results, row.group), row.test, row.thought]),
        Cell(f"{row.written:,}", order=row.written),
        Cell(percent(row.executed, 1), order=row.executed),
        Cell(percent(row.answered, 1), order=row.answered),
        Cell(percent(row.right, 1), order=row.right, number=place),
    )
