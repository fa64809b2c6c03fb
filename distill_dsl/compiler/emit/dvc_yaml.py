"""The plan as the text of `dvc.yaml`: explicit stages, in the order of the walk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.representer import RoundTripRepresenter

from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.stages import ReportStage, SpecStage, TrainStage, stage_name
from distill_dsl.compiler.plan.wiring import Wiring, wire
from distill_dsl.contract import files

HEADER: Final = "# Written by `mtd compile {spec}`: edit the spec, not this file.\n"
HEADER_START: Final = "# Written by `mtd compile"
DVC_WIDTH: Final = 80
"""Where DVC breaks a long text when it writes YAML."""


def dvc_document(plan: Plan, digest: str) -> dict[str, Any]:
    """The content of `dvc.yaml`. `digest` goes to the spec stage, which compares it with the spec's."""
    stages = {
        stage_name(stage): _stage(wire(stage, plan.blocks), stage.place.file, stage.place.line) for stage in plan.stages
    }
    for stage in plan.stages:
        if isinstance(stage, SpecStage):
            stages[stage_name(stage)]["meta"]["mtd"]["digest"] = digest
    return {"stages": stages, "plots": _plots(plan)}


def _stage(wiring: Wiring, file: str, line: int) -> dict[str, Any]:
    uncached = {"cache": False}
    entry: dict[str, Any] = {"desc": wiring.says, "cmd": wiring.command}
    if wiring.deps:
        entry["deps"] = _texts(wiring.deps)
    if wiring.params:
        entry["params"] = sorted(wiring.params)
    if wiring.outs or wiring.kept:
        entry["outs"] = [*_texts(wiring.outs), *({path: uncached} for path in _texts(wiring.kept))]
    if wiring.metrics:
        entry["metrics"] = [{path: uncached} for path in _texts(wiring.metrics)]
    return entry | {"meta": {"mtd": {"file": file, "line": line}}}


def _plots(plan: Plan) -> list[Any]:
    """Training curves of all students in one chart, accuracies as bars, and the report's figure."""
    curves = [files.curve_file(stage.cell).as_posix() for stage in plan.stages if isinstance(stage, TrainStage)]
    plots: list[Any] = []
    if curves:
        for column, title in (("loss", "training loss"), ("dev_loss", "dev loss")):
            plots.append({title: {"x": "step", "y": dict.fromkeys(curves, column), "title": title, "x_label": "step"}})
    for stage in plan.stages:
        if isinstance(stage, ReportStage):
            folder = files.report_folder(stage.experiment)
            accuracy = {(folder / "accuracy.csv").as_posix(): "label"}
            bars = {
                "template": "bar_horizontal",
                "x": "accuracy",
                "y": accuracy,
                "title": f"{stage.experiment}: accuracy",
            }
            plots += [{f"{stage.experiment} accuracy": bars}, (folder / "accuracy.png").as_posix()]
    return plots


def result_digest(plan: Plan, params: dict[str, Any]) -> str:
    """A hash of all that bears on results: commands, files and params, not descriptions and places."""
    stages = {stage_name(stage): _bearing(wire(stage, plan.blocks)) for stage in plan.stages}
    text = json.dumps({"stages": stages, "params": params}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _bearing(wiring: Wiring) -> list[Any]:
    outs = (*wiring.outs, *wiring.kept, *wiring.metrics)
    return [wiring.command, _texts(wiring.deps), _texts(outs), sorted(wiring.params)]


def _texts(paths: Iterable[Path]) -> list[str]:
    return [path.as_posix() for path in paths]


def yaml_text(document: dict[str, Any], header: str, *, width: int = 4096) -> str:
    """The document as YAML 1.2 in block style under the header, laid out as DVC does.

    `dvc exp run -S` writes `params.yaml` anew: in this layout (with `DVC_WIDTH`) it changes only
    the lines of the values that it sets.
    """
    yaml = YAML()
    yaml.Representer = _PlainRepresenter
    yaml.default_flow_style = False
    yaml.width = width
    stream = StringIO()
    yaml.dump(document, stream)
    return header + stream.getvalue()


def _plain_decimal(representer: RoundTripRepresenter, value: float) -> Any:
    # `5e-4` is a number to one YAML parser and a string to another; `0.0005` is a number to all.
    text = format(Decimal(repr(value)), "f")
    return representer.represent_scalar("tag:yaml.org,2002:float", text if "." in text else f"{text}.0")


def _empty_null(representer: RoundTripRepresenter, value: None) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:null", "")


class _PlainRepresenter(RoundTripRepresenter):
    """Writes floats as plain decimals, null as nothing, and everything in full (no anchors)."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_PlainRepresenter.add_representer(float, _plain_decimal)
_PlainRepresenter.add_representer(type(None), _empty_null)
