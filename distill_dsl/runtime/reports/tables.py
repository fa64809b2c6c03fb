"""The report's tables as Markdown, for a README or a paper, and as CSV, for a program."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

from distill_dsl.contract.settings import Published
from distill_dsl.contract.vocabulary import Outcome, outcome_of
from distill_dsl.runtime.reports.results import FormatRow, Results, Row, over_tests, unique


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


Line = tuple[tuple[str, ...], tuple[Figure, ...]]
"""Labels, then one figure a test and, with several tests, their average."""

RANKED_OUTCOMES: Final = (
    Outcome.CORRECT,
    Outcome.WRONG,
    Outcome.NO_ANSWER,
    Outcome.ERROR,
    Outcome.TIMEOUT,
    Outcome.MEMORY,
    Outcome.OUTPUT,
    Outcome.DENIED,
)
"""What can become of a prediction, in the order of the columns."""


def main_lines(results: Results) -> list[Line]:
    """Students x mixes against tests, each at its headline strategy; the best of each column marked."""
    lines = []
    for student, mix in results.groups:
        key = results.headline(student, mix)
        lines.append(((student, mix, results.titles[key]), figures(results, results.of(student, mix, key))))
    return marked(lines)


def strategy_lines(results: Results) -> list[Line]:
    """Every strategy of every group; the best real one of each group and column marked."""
    lines: list[Line] = []
    for student, mix in results.groups:
        keys = results.strategies_of(student, mix)
        made = {key: figures(results, results.of(student, mix, key)) for key in keys}
        real = marked([((key,), made[key]) for key in keys if key not in results.oracles])
        made |= {labels[0]: found for labels, found in real}
        lines += [((student, mix, results.titles[key]), made[key]) for key in keys]
    return lines


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


def marked(lines: Sequence[Line]) -> list[Line]:
    """The lines with the best of each column marked, to the precision shown; none where all are equal."""
    tops = [best_of(column) for column in zip(*(found for _, found in lines), strict=True)]
    return [
        (labels, tuple(Figure(f.value, f.spread, round(f.value, 2) == top) for f, top in zip(found, tops, strict=True)))
        for labels, found in lines
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


def report_markdown(results: Results) -> str:
    """The whole report: main table, strategies, formats, and a paper's figures where given."""
    sizes = {row.test: row.problems for row in results.rows}
    problems = ", ".join(f"{test} {size}" for test, size in sizes.items())
    head = ["student", "mix", "answer by"]
    parts = [
        f"# {results.experiment}",
        (
            f"Accuracy in percent, {uncertainty(results)}. "
            f"A crash or a missing answer counts as wrong. Problems: {problems}."
        ),
        grid([*head, *columns(results)], main_lines(results), left=3),
        "Best of each column in bold. `a > b` falls back from a to b when a gives no answer.",
        "## Strategies",
        (
            "All read off the same predictions. `oracle` is right if any of its formats is: an upper bound, no method. "
            "`accuracy.png` shows them with their 95 % intervals (Wilson)."
        ),
        grid([*head, *columns(results)], strategy_lines(results), left=3),
        "## Formats",
        (
            "In percent of the thoughts written: `ran` to the end, gave an `answer`, gave the `right` one. "
            "Then how often each verdict fell."
        ),
        format_grid(results.formats),
    ]
    if results.settings.published is not None:
        parts += published_parts(results, results.settings.published)
    return "\n\n".join(parts) + "\n"


def grid(head: Sequence[str], lines: Sequence[Line], left: int) -> str:
    """Lines as a Markdown table."""
    return markdown_table(head, [[*labels, *(found.markdown for found in line)] for labels, line in lines], left)


def markdown_table(head: Sequence[str], body: Sequence[Sequence[str]], left: int) -> str:
    """A padded table, readable as it is; the first `left` columns are left-aligned, the rest right."""
    rows = [[cell.replace("|", "\\|") for cell in row] for row in (head, *body)]
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |"

    rule = ["-" * width if i < left else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join([line(rows[0]), f"| {' | '.join(rule)} |", *map(line, rows[1:])])


def format_grid(formats: Sequence[FormatRow]) -> str:
    """Formats with rates and verdicts; only verdicts that occur get a column."""
    counts = [by_outcome(row.verdicts) for row in formats]
    shown = [outcome for outcome in RANKED_OUTCOMES if any(count[outcome] for count in counts)]
    body = [
        [
            *(row.student, row.mix, row.test, row.thought, str(row.written)),
            *(f"{100 * share:.2f}" for share in (row.executed, row.answered, row.right)),
            *(verdict_cell(row, count, outcome) for outcome in shown),
        ]
        for row, count in zip(formats, counts, strict=True)
    ]
    head = ["student", "mix", "test", "format", "written", "ran", "answer", "right", *map(str, shown)]
    return markdown_table(head, body, left=4)


def by_outcome(verdicts: dict[str, int]) -> Counter[Outcome]:
    """Counts with all kinds of error drawn together."""
    counts: Counter[Outcome] = Counter()
    for verdict, count in verdicts.items():
        counts[outcome_of(verdict)] += count
    return counts


def verdict_cell(row: FormatRow, counts: Counter[Outcome], outcome: Outcome) -> str:
    """A count; errors with their three most frequent kinds."""
    if outcome is not Outcome.ERROR or not counts[outcome]:
        return str(counts[outcome])
    kinds = [
        f"{verdict.partition(':')[2]} {n}" for verdict, n in row.verdicts.items() if outcome_of(verdict) is outcome
    ]
    return f"{counts[outcome]} ({', '.join(kinds[:3])}{', ...' if len(kinds) > 3 else ''})"


def published_parts(results: Results, published: Published) -> list[str]:
    """Measured beside published; what a paper has and this experiment has not is listed, not hidden."""
    body: list[list[str]] = []
    met: set[str] = set()
    for student, mix in results.groups:
        for row in results.of(student, mix, results.headline(student, mix)):
            name = f"{student}.{mix}.{row.test.rpartition('-')[0]}"
            if name in published.cells:
                met.add(name)
                theirs, ours = published.cells[name], 100 * row.accuracy
                body.append([student, mix, row.test, f"{ours:.2f}", f"{theirs:.2f}", f"{ours - theirs:+.2f}"])
    parts = ["## Beside published figures", f"Published: {published.source}. Measured: the main table's strategy."]
    if body:
        parts.append(markdown_table(["student", "mix", "test", "measured", "published", "difference"], body, left=3))
    unmet = [name for name in published.cells if name not in met]
    if unmet:
        parts.append(f"Published but not measured here: {', '.join(unmet)}.")
    return parts


# --- CSV ----------------------------------------------------------------------------------------


def table_csv(results: Results) -> str:
    """Long form: one row a student, mix, test and strategy, seeds drawn together. Shares are 0 to 1."""
    head = ["student", "mix", "seeds", "test", "strategy", "accuracy", "deviation", "low", "high"]
    head += ["answered", "right", "problems"]
    return csv_text(head, ([getattr(row, name) for name in head] for row in results.rows))


def accuracy_csv(results: Results) -> str:
    """One row a run, test and strategy, for `dvc plots`; `label` names the bar."""
    head = ("label", "cell", "mix", "student", "seed", "test", "strategy", "accuracy")
    several = len(unique(run.seed for run in results.scores)) > 1
    body = []
    for run, tests in results.scores.items():
        for test, found in tests.items():
            for key in (key for key in results.titles if key in found.strategies):
                who = [test, run.student, run.mix, *([f"seed {run.seed}"] if several else []), results.titles[key]]
                score = found.strategies[key]
                facts = (run.solved(results.experiment), run.mix, run.student, run.seed, test, key)
                body.append((" · ".join(who), *facts, score.right / score.problems))
    return csv_text(head, body)


def thoughts_csv(results: Results) -> str:
    """One row a student, mix, test and format: rates, then counts by outcome."""
    facts = ("student", "mix", "seeds", "test", "thought", "written", "answered", "executed", "right")
    body = [
        [*(getattr(row, name) for name in facts), *(by_outcome(row.verdicts)[outcome] for outcome in RANKED_OUTCOMES)]
        for row in results.formats
    ]
    return csv_text([*facts, *(f"verdict_{outcome.value.replace('-', '_')}" for outcome in RANKED_OUTCOMES)], body)


def csv_text(head: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; floats to 6 decimals, nothing for what is not there."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([round(cell, 6) if isinstance(cell, float) else cell for cell in row] for row in body)
    return stream.getvalue()
