"""What a report consists of: each table as text, each figure as a drawing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from distill_dsl.contract.files import atomic, write_text
from distill_dsl.runtime.reports.figures import accuracy, certainty, cost, errors, formats, mixes, scaling, yields
from distill_dsl.runtime.reports.figures.style import png
from distill_dsl.runtime.reports.latex import table_tex
from distill_dsl.runtime.reports.markdown import report_markdown
from distill_dsl.runtime.reports.spreadsheets import (
    accuracy_csv,
    calibration_csv,
    comparisons_csv,
    efficiency_csv,
    formats_csv,
    overlap_csv,
    risk_coverage_csv,
    scaling_csv,
    table_csv,
    thoughts_csv,
    yield_csv,
)
from distill_dsl.runtime.reports.study import Study

TABLES: Final[dict[str, Callable[[Study], str]]] = {
    "table.md": report_markdown,
    "table.tex": table_tex,
    "table.csv": table_csv,
    "accuracy.csv": accuracy_csv,
    "thoughts.csv": thoughts_csv,
    "efficiency.csv": efficiency_csv,
    "comparisons.csv": comparisons_csv,
    "calibration.csv": calibration_csv,
    "risk_coverage.csv": risk_coverage_csv,
    "formats.csv": formats_csv,
    "scaling.csv": scaling_csv,
    "yield.csv": yield_csv,
    "overlap.csv": overlap_csv,
}

FIGURES: Final[dict[str, Callable[[Study], Figure]]] = {
    "accuracy.png": lambda study: accuracy.draw(study.results),
    "mixes.png": lambda study: mixes.draw(study.results, study.costs),
    "cost.png": lambda study: cost.draw(study.results),
    "risk_coverage.png": lambda study: certainty.draw_risk(study.results, study.choices),
    "calibration.png": lambda study: certainty.draw_calibration(study.results, study.choices),
    "scaling.png": lambda study: scaling.draw(study.results, study.lines),
    "formats.png": lambda study: formats.draw(study.results, study.formats),
    "errors.png": lambda study: errors.draw(study.results),
    "yield.png": lambda study: yields.draw(study.results, study.yields),
}


def write_contents(study: Study, folder: Path) -> None:
    """Write every table and figure into a folder."""
    for name, table in TABLES.items():
        write_text(folder / name, table(study))
    for name, figure in FIGURES.items():
        with atomic(folder / name, "wb") as stream:
            stream.write(png(partial(figure, study)))
