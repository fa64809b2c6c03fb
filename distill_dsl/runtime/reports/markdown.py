"""The report as Markdown, for a README or a paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from distill_dsl.contract.settings import Published
from distill_dsl.contract.vocabulary import Outcome, outcome_of
from distill_dsl.runtime.reports.findings import certainty_parts, comparison_parts, scaling_parts, solving_parts
from distill_dsl.runtime.reports.grid import ditto, markdown_table
from distill_dsl.runtime.reports.overlap import overlap_parts
from distill_dsl.runtime.reports.published import beside, unmet
from distill_dsl.runtime.reports.results import FormatRow, Results, known_mean
from distill_dsl.runtime.reports.spending import efficiency_parts, row_seconds
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.tables import columns, label, labels, main_lines, strategy_lines, uncertainty
from distill_dsl.runtime.reports.teaching import yield_parts
from distill_dsl.runtime.reports.wording import percent, si

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


def report_markdown(study: Study) -> str:
    """The whole report: the main table, then what stands behind it, section by section."""
    results = study.results
    parts = [
        f"# {results.experiment}",
        (
            f"Accuracy in percent, {uncertainty(results)}. "
            f"A crash or a missing answer counts as wrong. Problems: {problems(results)}."
        ),
        main_grid(results),
        "Best of each column in bold. `a > b` falls back from a to b when a gives no answer.",
        *efficiency_parts(study),
        *strategy_parts(study),
        *certainty_parts(study),
        *comparison_parts(study),
        *scaling_parts(study),
        "## Formats",
        (
            "In percent of the thoughts written: `ran` to the end, gave an `answer`, gave the `right` one. "
            "Then how often each verdict fell (`errors.png`)."
        ),
        format_grid(results),
        *solving_parts(study),
        *yield_parts(study),
        *overlap_parts(study),
    ]
    if results.settings.published is not None:
        parts += published_parts(results, results.settings.published)
    return "\n\n".join(parts) + "\n"


def problems(results: Results) -> str:
    """How many problems each test has; several numbers where its size is varied."""
    sizes: dict[str, dict[int, None]] = {}
    for row in results.rows:
        sizes.setdefault(row.test, {})[row.problems] = None
    return ", ".join(f"{test} {' or '.join(map(str, sorted(counts)))}" for test, counts in sizes.items())


def main_grid(results: Results) -> str:
    """The main table."""
    head = [*labels(results), "answer by", *columns(results)]
    body = [
        [*label(results, one.group), results.titles[one.strategy], *(found.markdown for found in one.figures)]
        for one in main_lines(results)
    ]
    return markdown_table(head, body, left=len(labels(results)) + 1)


def strategy_parts(study: Study) -> list[str]:
    """Every strategy of every group, with what it answers and what that costs."""
    results = study.results
    head = [*labels(results), "answer by", *columns(results), "answers", "tokens", "seconds"]
    body = []
    for one in strategy_lines(results):
        rows = results.of(one.group, one.strategy)
        shown = [percent(known_mean(row.answered for row in rows)), si(known_mean(row.tokens for row in rows))]
        shown.append(si(known_mean(row_seconds(study, row) for row in rows)))
        figures = [found.markdown for found in one.figures]
        body.append([*label(results, one.group), results.titles[one.strategy], *figures, *shown])
    left = len(labels(results))
    return [
        "## Strategies",
        (
            "All read off the same predictions. `oracle` is right if any of its formats is: an upper bound, no method. "
            "`answers`: percent of the problems that get one. `tokens` and `seconds` a problem, mean over tests: what "
            "the strategy has to have written, and how long that takes in batches. `accuracy.png` shows accuracies "
            "with their 95 % intervals (Wilson), `cost.png` accuracies against tokens."
        ),
        markdown_table(head, ditto(body, left), left=left + 1),
    ]


def format_grid(results: Results) -> str:
    """Formats with rates and verdicts; only verdicts that occur get a column."""
    counts = [by_outcome(row.verdicts) for row in results.formats]
    shown = [outcome for outcome in RANKED_OUTCOMES if any(count[outcome] for count in counts)]
    body = [
        [
            *(*label(results, row.group), row.test, row.thought, str(row.written)),
            *(percent(share) for share in (row.executed, row.answered, row.right)),
            *(verdict_cell(row, count, outcome) for outcome in shown),
        ]
        for row, count in zip(results.formats, counts, strict=True)
    ]
    left = len(labels(results)) + 2
    head = [*labels(results), "test", "format", "written", "ran", "answer", "right", *map(str, shown)]
    return markdown_table(head, ditto(body, left - 1), left)


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
    body = [
        [
            *(*label(results, one.group), one.test),
            *(f"{one.measured:.2f}", f"{one.published:.2f}", f"{one.difference:+.2f}"),
        ]
        for one in beside(results, published)
    ]
    parts = ["## Beside published figures", f"Published: {published.source}. Measured: the main table's strategy."]
    if body:
        head: Sequence[str] = [*labels(results), "test", "measured", "published", "difference"]
        parts.append(markdown_table(head, body, left=len(head) - 3))
    if missing := unmet(results, published):
        parts.append(f"Published but not measured here: {', '.join(missing)}.")
    return parts
