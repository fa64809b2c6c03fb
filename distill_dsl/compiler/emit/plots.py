"""What `dvc plots` draws: curves of trainings, what strategies reach, and figures of the report.

DVC's own templates draw all lines of a revision in one colour and know seven dashes. Those in
`templates/` lay out panels by student, mix and test; `mtd compile` puts them into `.dvc/plots`,
where DVC looks for templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.stages import ReportStage, TrainStage
from distill_dsl.contract import files

TEMPLATES: Final = Path(__file__).parent / "templates"
MARK: Final = '"description": "Written by `mtd compile`'
"""A template without it was written, or is kept, by a person."""


@dataclass(frozen=True)
class Drawn:
    """A table of the report that a template draws."""

    template: str
    file: str
    x: str
    y: str
    x_label: str
    y_label: str


CURVES: Final = {
    "training loss": ("loss", "loss"),
    "dev loss": ("dev_loss", "loss"),
    "learning rate": ("learning_rate", "learning rate"),
}
"""Title -> column of a training's curve, and what it is."""

DRAWN: Final = {
    "accuracy": Drawn("mtd_bars", "accuracy.csv", "accuracy", "answer_by", "accuracy", "answer by"),
    "calibration": Drawn("mtd_calibration", "calibration.csv", "sure", "right", "how sure", "right"),
    "risk and coverage": Drawn("mtd_lines", "risk_coverage.csv", "coverage", "risk", "coverage", "risk"),
    "scaling": Drawn("mtd_scaling", "scaling.csv", "x", "accuracy", "value", "accuracy"),
}
"""What of a report is drawn from its numbers, so that revisions lie over each other."""

FIGURES: Final = ("cost.png", "formats.png", "errors.png", "yield.png")
"""Figures whose numbers are in no plot; DVC shows those of several revisions side by side."""


def plots(plan: Plan) -> list[Any]:
    """The entry `plots` of `dvc.yaml`. A plot without rows, such as of what is not varied, is left out by DVC."""
    reports = [stage for stage in plan.stages if isinstance(stage, ReportStage)]
    return [*_trainings(plan), *(plot for stage in reports for plot in _of(stage))]


def _trainings(plan: Plan) -> Iterator[Any]:
    paths = [files.curve_file(stage.cell) for stage in plan.stages if isinstance(stage, TrainStage)]
    if paths:
        for title, (column, label) in CURVES.items():
            yield _curves(title, paths, column, label)


def _of(stage: ReportStage) -> Iterator[Any]:
    """The plots of an experiment."""
    name, folder = stage.experiment, files.report_folder(stage.experiment)
    curves = [files.dev_curve_file(one.solved.cell) for one in stage.scored]
    yield _curves(f"{name} dev accuracy", curves, "accuracy", "accuracy")
    for what, drawn in DRAWN.items():
        path = (folder / drawn.file).as_posix()
        yield _plot(f"{name} {what}", drawn.template, drawn.x, {path: drawn.y}, drawn.x_label, drawn.y_label)
    yield from ((folder / figure).as_posix() for figure in FIGURES)


def _curves(title: str, paths: Iterable[Path], column: str, label: str) -> dict[str, Any]:
    return _plot(title, "mtd_curves", "step", {path.as_posix(): column for path in paths}, "step", label)


def _plot(title: str, template: str, x: str, y: dict[str, str], x_label: str, y_label: str) -> dict[str, Any]:
    return {title: {"template": template, "x": x, "y": y, "title": title, "x_label": x_label, "y_label": y_label}}


def keep_templates(root: Path) -> list[str]:
    """Put the templates where DVC looks for them, or bring them up to date; returns the names of those written.

    Nothing before `dvc init`, which refuses a folder that has a `.dvc`; the spec stage then does it.
    """
    home = next((one / ".dvc" for one in [root.resolve(), *root.resolve().parents] if (one / ".dvc").is_dir()), None)
    if home is None:
        return []
    written = []
    for template in sorted(TEMPLATES.glob("*.json")):
        path, text = home / "plots" / template.name, template.read_text(encoding="utf-8")
        there = path.read_text(encoding="utf-8") if path.is_file() else None
        if there is None or (there != text and MARK in there):
            files.write_text(path, text)
            written.append(template.name)
    return written
