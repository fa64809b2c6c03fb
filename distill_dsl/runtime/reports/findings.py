"""The report's sections that judge: how sure strategies are, which differ, and where more stops paying."""

from __future__ import annotations

from collections.abc import Sequence

from distill_dsl.runtime.reports.comparisons import LEVEL, Contest, Side
from distill_dsl.runtime.reports.grid import ditto, markdown_table
from distill_dsl.runtime.reports.results import Results, known_mean, unique
from distill_dsl.runtime.reports.scaling import Line, Status, unique_along
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.tables import columns, label, labels
from distill_dsl.runtime.reports.taper import sentence
from distill_dsl.runtime.reports.wording import UNKNOWN, against, percent, points, si


def certainty_parts(study: Study) -> list[str]:
    """Risk and calibration of the strategies that say how sure they are; nothing where none does."""
    results = study.results
    body = []
    for group in results.groups:
        for key in results.strategies_of(group):
            rows = results.of(group, key)
            areas, errors = [row.aurc for row in rows], [row.ece for row in rows]
            if any(value is not None for value in (*areas, *errors)):
                shown = [f"{percent(area)} / {percent(error)}" for area, error in zip(areas, errors, strict=True)]
                if len(rows) > 1:
                    shown.append(f"{percent(known_mean(areas))} / {percent(known_mean(errors))}")
                body.append([*label(results, group), results.titles[key], *shown])
    if not body:
        return []
    left = len(labels(results))
    return [
        "## How sure",
        (
            "Of strategies that say how sure they are, in percent, lower is better: the mean risk when only the surest "
            "problems are answered (area under the risk-coverage curve) / by how much stated and found shares of right "
            "answers differ (expected calibration error). Curves are in `risk_coverage.png` and `calibration.png`."
        ),
        markdown_table([*labels(results), "answer by", *columns(results)], ditto(body, left), left=left + 1),
    ]


# --- formats ------------------------------------------------------------------------------------


def solving_parts(study: Study) -> list[str]:
    """Which formats solve what; nothing where no mix has several."""
    if not study.formats:
        return []
    results = study.results
    formats = unique(name for one in study.formats for name in one.formats)
    head = [*labels(results), "test", "all", *(f"only {name}" for name in formats), "none", "missed"]
    body = []
    for one in study.formats:
        alone = [percent(one.share(name)) if name in one.formats else "" for name in formats]
        shown = [percent(one.share(*one.formats)), *alone, percent(one.share()), percent(one.missed)]
        body.append([*label(results, one.group), one.test, *shown])
    left = len(labels(results)) + 1
    return [
        (
            "Problems in percent that `all` formats solve, `only` one, and `none`; `missed`: some format does, but the "
            "main table's strategy does not. `formats.png` and `formats.csv` have every set of formats."
        ),
        markdown_table(head, ditto(body, left - 1), left),
    ]


# --- comparisons --------------------------------------------------------------------------------


def comparison_parts(study: Study) -> list[str]:
    """Both families, in words where something differs and where nothing can be told."""
    if not study.strategies and not study.mixes:
        return []
    parts = [
        "## Comparisons",
        (
            "Over the same problems and all seeds: difference in points with its 95 % interval (bootstrap over "
            "problems) and p (exact sign-flip test over problems; with one seed McNemar's), corrected after Holm for "
            f"the number of comparisons in the table. In bold where p is below {LEVEL}; else the two cannot be told "
            "apart on these problems, which does not say that they are equal. `comparisons.csv` has more."
        ),
    ]
    if study.strategies:
        parts += ["Strategies of one student and mix:", contest_grid(study.results, study.strategies)]
        parts.append(told(study.strategies))
    if study.mixes:
        parts += ["Each mix against the best of its student:", contest_grid(study.results, study.mixes)]
        parts.append(f"{told(study.mixes)} The best was picked on these same problems, which flatters it.")
    return parts


def contest_grid(results: Results, contests: Sequence[Contest]) -> str:
    """A line for two sides, a column a test; a mix may have another rival on each test."""
    cells: dict[tuple[Side, Side], dict[str, str]] = {}
    for one in contests:
        cells.setdefault((one.a, one.b), {})[one.test] = cell(one)
    body = [
        [
            *label(results, a.group),
            results.titles[a.strategy],
            results.titles[b.strategy] if a.group == b.group else f"{b.group.title}: {results.titles[b.strategy]}",
            *(found.get(test, "") for test in results.tests),
        ]
        for (a, b), found in cells.items()
    ]
    left = len(labels(results))
    return markdown_table([*labels(results), "answer by", "against", *results.tests], ditto(body, left), left=left + 2)


def cell(one: Contest) -> str:
    """`**+10.0** (+7.2 to +13.0), p < 0.001`."""
    found = one.found
    bold = "**" if one.adjusted < LEVEL else ""
    interval = f"({points(found.low)} to {points(found.high)})"
    return f"{bold}{points(found.difference)}{bold} {interval}, p {against(one.adjusted)}"


def told(contests: Sequence[Contest]) -> str:
    """How many of them differ, in a sentence."""
    apart = sum(one.adjusted < LEVEL for one in contests)
    if apart == len(contests):
        return f"All {apart} differ." if apart > 1 else "The two differ."
    if apart == 0:
        return "None of these can be told apart." if len(contests) > 1 else "The two cannot be told apart."
    return f"{apart} of {len(contests)} differ, the others cannot be told apart."


# --- scaling ------------------------------------------------------------------------------------


def scaling_parts(study: Study) -> list[str]:
    """A table and a list of findings for each quantity; nothing where nothing is varied over numbers."""
    lines = [line for line in study.lines if line.headline]
    if not lines:
        return []
    parts = [
        "## Scaling",
        (
            "Accuracy of the main table's strategies along what is varied, with a saturating power law "
            "`ceiling - drop * (x / smallest) ** -exponent` where it can be laid (`scaling.png`, and all strategies in "
            "`scaling.csv`). In brackets are 95 % intervals: of all such laws that the points allow (profile "
            "likelihood, errors over problems and seeds; with one seed over problems alone)."
        ),
    ]
    for along, measured in unique_along(lines):
        chosen = [line for line in lines if (line.along, line.measured) == (along, measured)]
        parts.append(f"### {along}")
        if not measured:
            parts.append(line_grid(study.results, chosen))
        parts.append("\n".join(f"- {line.name}, {line.test}: {sentence(line)}" for line in chosen))
    return parts


def line_grid(results: Results, lines: Sequence[Line]) -> str:
    """Accuracies by x, then the law's three numbers. Lines have columns of their own x, empty where they have none."""
    xs = sorted({x for line in lines for x, _ in line.points})
    head = ["of", "test", "answer by", *map(si, xs), "ceiling", "drop", "exponent"]
    body = []
    for line in lines:
        found = {x: percent(row.accuracy) for x, row in line.points}
        law = [UNKNOWN] * 3
        if line.law is not None and line.status is Status.FITTED:
            law = [percent(line.law.ceiling.value), percent(line.law.drop.value), f"{line.law.exponent.value:.2f}"]
        body.append([line.name, line.test, results.titles[line.strategy], *(found.get(x, "") for x in xs), *law])
    return markdown_table(head, ditto(body, 1), left=3)
