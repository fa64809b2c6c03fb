"""What `dvc plots` is given: templates that DVC fills, where it looks for them, and plots that name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dvc_render.vega import VegaRenderer  # type: ignore[import-untyped]

from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.emit.plots import CURVES, DRAWN, FIGURES, MARK, TEMPLATES, keep_templates
from distill_dsl.compiler.emit.write import parsed, write
from distill_dsl.contract.files import REPORT_FILES

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.name for path in TEMPLATES.glob("*.json"))

WHO = {"student": "small", "mix": "etd", "group": "etd", "test": "toy-test", "answer_by": "pot > cot"}
ROWS: dict[str, dict[str, Any]] = {
    "mtd_curves": {"step": "10", "loss": "1.5", "filename": "etd-small-s1.csv", "field": "loss"},
    "mtd_bars": WHO | {"seed": "1", "accuracy": "0.5"},
    "mtd_calibration": WHO | {"sure": "0.9", "right": "0.8", "answers": "12"},
    "mtd_lines": WHO | {"coverage": "0.5", "risk": "0.1"},
    "mtd_scaling": WHO | {"along": "paths", "x": "2", "fixed": "", "accuracy": "0.5", "low": "0.4", "high": "0.6"},
}
AXES = {"mtd_curves": ("step", "loss")} | {one.template: (one.x, one.y) for one in DRAWN.values()}


def plots_of(spec: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    monkeypatch.chdir(ROOT)
    done = compile_spec(Path("specs") / f"{spec}.mtd")
    assert done.emitted is not None
    document = parsed(done.emitted.dvc)
    assert document is not None
    plots: list[Any] = document["plots"]
    return plots


@pytest.mark.parametrize("name", NAMES)
def test_dvc_fills_every_place_of_a_template(name: str) -> None:
    template = Path(name).stem
    x, y = AXES[template]
    rows = [ROWS[template] | {"rev": rev} for rev in ("workspace", "HEAD")]
    renderer = VegaRenderer(rows, "a plot", template=template, template_dir=str(TEMPLATES), x=x, y=y, title="a plot")
    filled = renderer.get_filled_template()
    assert "<DVC_METRIC" not in json.dumps(filled)
    assert filled["data"]["values"] == renderer.datapoints
    assert filled["title"]["text"] == "a plot"


@pytest.mark.parametrize("name", NAMES)
def test_an_editor_gets_the_rows_apart(name: str) -> None:
    # The extension for VS Code asks with --split, and puts rows and colours in itself.
    template = Path(name).stem
    x, y = AXES[template]
    renderer = VegaRenderer([ROWS[template] | {"rev": "main"}], "a", template=template, template_dir=str(TEMPLATES))
    renderer.properties |= {"x": x, "y": y}
    content, apart = renderer.get_partial_filled_template()
    assert content["data"]["values"] == "<DVC_METRIC_DATA>"
    assert apart["anchor_definitions"]["<DVC_METRIC_DATA>"] == renderer.datapoints


@pytest.mark.parametrize("spec", ["quickstart", "etd", "rounds", "strategies"])
def test_plots_name_templates_that_there_are_and_files_that_are_written(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plots = plots_of(spec, monkeypatch)
    drawn = [next(iter(plot.values())) for plot in plots if isinstance(plot, dict)]
    assert {f"{one['template']}.json" for one in drawn} == set(NAMES)
    titles = [next(iter(plot)) for plot in plots if isinstance(plot, dict)]
    assert len(set(titles)) == len(titles)
    assert set(CURVES) <= set(titles)
    written = {Path(path).name for one in drawn for path in one["y"] if path.startswith("artifacts/report/")}
    written |= {Path(plot).name for plot in plots if isinstance(plot, str)}
    assert written == {one.file for one in DRAWN.values()} | set(FIGURES)
    assert written <= set(REPORT_FILES)


def test_all_trainings_are_in_one_plot_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    plots = plots_of("etd", monkeypatch)
    assert len([plot for plot in plots if isinstance(plot, dict)]) == len(CURVES) + 1 + len(DRAWN)
    assert len(plots[0]["training loss"]["y"]) == 36


# --- where DVC looks for them -------------------------------------------------------------------


def test_nothing_is_put_where_dvc_is_not(tmp_path: Path) -> None:
    # `dvc init` refuses a folder that has a `.dvc`.
    assert keep_templates(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_compiling_puts_them_where_dvc_looks_also_below_its_root(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    below = tmp_path / "study"
    below.mkdir()
    done = compile_spec(ROOT / "specs" / "quickstart.mtd")
    assert done.emitted is not None
    assert write(done.emitted, below) == []
    assert sorted(path.name for path in (tmp_path / ".dvc" / "plots").iterdir()) == NAMES
    assert keep_templates(below) == []


def test_what_a_person_wrote_stays_and_what_an_older_version_wrote_does_not(tmp_path: Path) -> None:
    (tmp_path / ".dvc" / "plots").mkdir(parents=True)
    mine, old, other = (tmp_path / ".dvc" / "plots" / name for name in ("mtd_bars.json", "mtd_lines.json", "my.json"))
    mine.write_text('{"mark": "bar"}')
    old.write_text(f'{{{MARK}: an older one", "mark": "line"}}')
    other.write_text("{}")
    written = keep_templates(tmp_path)
    assert written == [name for name in NAMES if name != "mtd_bars.json"]
    assert mine.read_text() == '{"mark": "bar"}'
    assert old.read_text() == (TEMPLATES / "mtd_lines.json").read_text()
    assert other.read_text() == "{}"


def test_the_repository_has_the_templates_of_its_plots() -> None:
    for name in NAMES:
        assert (ROOT / ".dvc" / "plots" / name).read_text() == (TEMPLATES / name).read_text()
