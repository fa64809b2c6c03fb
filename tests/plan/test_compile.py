"""From specs to dvc.yaml and params.yaml: what DVC needs, what re-runs, what is never written over."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from distill_dsl.compiler import Compiled, compile_spec
from distill_dsl.compiler.diagnostics import render
from distill_dsl.compiler.emit.layout import yaml_text
from distill_dsl.compiler.emit.params_yaml import flat
from distill_dsl.compiler.emit.write import parsed, stale, write
from distill_dsl.compiler.plan.stages import stage_name
from distill_dsl.contract.params import SECTIONS, filled, stated
from distill_dsl.contract.settings import SpendingSettings

ROOT = Path(__file__).parents[2]

SPEC = """\
param w: float = 2

data problems { source = synthetic("arithmetic", train: 60, test: 12, largest: 20) }
teacher solver { model = solution() }
thought cot { answer = text }
thought pot { answer = python }
mix cotd { problems = problems.train   teacher = solver   thoughts = cot }
mix both = cotd { thoughts = cot + w*pot }
student tiny { base = scratch("t5", width: 16)   steps = 4   learning_rate = 1e-5 }
experiment walk {
  students = [tiny]
  mixes    = [cotd, both]
  tests    = [problems.test]
  answers  = [cot, pot, pot > cot]
  seeds    = [1, 2]
}
"""


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[[str], Compiled]:
    def run(text: str) -> Compiled:
        path = tmp_path / "walk.mtd"
        path.write_text(text, encoding="utf-8")
        return succeeded(compile_spec(path))

    return run


def succeeded(done: Compiled) -> Compiled:
    assert done.emitted is not None, render(done.diagnostics, done.sources, color=False)
    return done


def stages_of(done: Compiled) -> dict[str, Any]:
    assert done.emitted is not None
    document = parsed(done.emitted.dvc)
    assert document is not None
    stages: dict[str, Any] = document["stages"]
    return stages


def params_of(done: Compiled) -> dict[str, Any]:
    assert done.emitted is not None
    document = parsed(done.emitted.params)
    assert document is not None
    return document


@pytest.mark.parametrize("name", ["quickstart", "etd", "gsm8k_annotations", "rounds", "baselines", "strategies"])
def test_the_specs_compile_to_their_golden_files(
    name: str, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    done = succeeded(compile_spec(Path("specs") / f"{name}.mtd"))
    assert done.emitted is not None
    golden(f"{name}.dvc.yaml", done.emitted.dvc)
    golden(f"{name}.params.yaml", done.emitted.params)


@pytest.mark.parametrize("name", ["quickstart", "etd", "gsm8k_annotations", "rounds", "baselines", "strategies"])
def test_dvc_accepts_what_is_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from dvc.schema import COMPILED_MULTI_STAGE_SCHEMA
    from dvc.utils.strictyaml import parse_yaml

    monkeypatch.chdir(ROOT)
    done = succeeded(compile_spec(Path("specs") / f"{name}.mtd"))
    assert done.emitted is not None
    COMPILED_MULTI_STAGE_SCHEMA(parse_yaml(done.emitted.dvc, "dvc.yaml"))
    assert "${" not in done.emitted.dvc


def test_the_committed_pipeline_is_what_the_quickstart_compiles_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = succeeded(compile_spec(Path("specs/quickstart.mtd")))
    assert done.emitted is not None
    assert stale(done.emitted, ROOT) == []


def test_the_papers_table_with_three_seeds_has_at_most_130_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = succeeded(compile_spec(Path("specs/etd.mtd")))
    assert done.plan is not None
    assert sum(stage.kind == "train" for stage in done.plan.stages) == 36
    assert len(done.plan.stages) <= 130


def test_what_takes_time_can_come_from_dvcs_cache_of_runs(compiled: Callable[[str], Compiled]) -> None:
    # DVC leaves out every stage with an output that is neither cached nor a metric.
    for name, stage in stages_of(compiled(SPEC)).items():
        uncached = [out for out in stage.get("outs", []) if isinstance(out, dict)]
        assert not uncached or name in ("spec", "report-walk"), name


def test_every_param_that_a_stage_names_is_there_and_every_entry_is_named(compiled: Callable[[str], Compiled]) -> None:
    done = compiled(SPEC)
    known = flat(params_of(done))
    named = [key for stage in stages_of(done).values() for key in stage.get("params", [])]
    for key in named:
        assert any(path == key or path.startswith(f"{key}.") for path in known), key
    for kind, section in SECTIONS.items():
        for block in params_of(done)[section] if kind is not SpendingSettings else ():  # no stage depends on that
            assert any(key.startswith(f"{section}.{block}") for key in named), block


def test_settings_survive_the_way_through_params_yaml(compiled: Callable[[str], Compiled]) -> None:
    import msgspec

    done = compiled(SPEC)
    assert done.plan is not None
    params = params_of(done)
    for (section, key), block in done.plan.blocks.items():
        raw = stated(filled(params[section][key], params.get("param", {})))
        assert msgspec.convert(raw, type(block.settings), strict=True) == block.settings


def test_a_param_stays_a_reference_and_its_readers_depend_on_it(compiled: Callable[[str], Compiled]) -> None:
    done = compiled(SPEC)
    params = params_of(done)
    assert params["param"] == {"w": 2.0}
    assert params["mix"]["both"]["thoughts"]["pot"] == {"param": "w"}
    stages = stages_of(done)
    assert "param.w" in stages["mix-both"]["params"]
    assert "param.w" not in stages["mix-cotd"]["params"]


def test_descriptions_and_places_bear_on_nothing(compiled: Callable[[str], Compiled]) -> None:
    before = compiled(SPEC)
    moved = "# a comment\n\n\n" + SPEC.replace("student tiny {", 'student tiny { description = "small and quick"')
    after = compiled(moved)
    assert before.emitted is not None and after.emitted is not None
    assert before.emitted.digest == after.emitted.digest
    assert before.emitted.dvc != after.emitted.dvc
    assert stages_of(after)["train-both-tiny-s2"]["desc"] == "fine-tune tiny on both, seed 2 (small and quick)"


def test_a_value_bears_on_the_digest(compiled: Callable[[str], Compiled]) -> None:
    before, after = compiled(SPEC), compiled(SPEC.replace("steps = 4", "steps = 5"))
    assert before.emitted is not None and after.emitted is not None
    assert before.emitted.digest != after.emitted.digest


def test_adding_a_seed_adds_stages_and_changes_none(compiled: Callable[[str], Compiled]) -> None:
    before = stages_of(compiled(SPEC))
    after = stages_of(compiled(SPEC.replace("seeds    = [1, 2]", "seeds    = [1, 2, 3]")))
    shared = [name for name in before if name not in ("spec", "report-walk", "track-walk")]
    assert {name: after[name] for name in shared} == {name: before[name] for name in shared}
    assert len(after) == len(before) + 2 * 3


def test_varied_cells_are_named_by_what_they_are(compiled: Callable[[str], Compiled]) -> None:
    done = compiled(SPEC.replace("  seeds ", "  vary w = [1, 4]\n  seeds "))
    stages = stages_of(done)
    assert {"mix-both-w_1_0", "mix-both-w_4_0", "mix-cotd"} <= stages.keys()
    assert {"train-both-w_4_0-tiny-s2", "score-walk-both-w_4_0-tiny-s2", "solve-walk-cotd-tiny-s1"} <= stages.keys()
    assert "mix=both-w_4_0,student=tiny,seed=2" in stages["report-walk"]["cmd"]
    assert set(params_of(done)["experiment"]) == {"walk"}
    assert params_of(done)["mix"]["both-w_4_0"]["thoughts"]["pot"] == 4.0
    assert "param" not in params_of(done)


def test_a_sweep_over_the_experiments_own_keys_is_refused(tmp_path: Path) -> None:
    text = SPEC.replace("  seeds ", "  vary w = [1, 4]\n  samples = 2\n  temperature = w\n  seeds ")
    (tmp_path / "walk.mtd").write_text(text, encoding="utf-8")
    done = compile_spec(tmp_path / "walk.mtd")
    assert done.emitted is None
    assert [one.code for one in done.diagnostics] == ["MTD060"]


def test_a_base_model_in_a_folder_is_an_input(compiled: Callable[[str], Compiled]) -> None:
    local = compiled(SPEC.replace('scratch("t5", width: 16)', 'hf("./models/mine")'))
    hub = compiled(SPEC.replace('scratch("t5", width: 16)', 'hf("org/model")'))
    assert stages_of(local)["train-both-tiny-s1"]["deps"][-1].endswith("models/mine")
    assert "org/model" not in stages_of(hub)["train-both-tiny-s1"]["deps"]


def test_stage_names_hold_only_what_dvc_allows(compiled: Callable[[str], Compiled]) -> None:
    done = compiled(SPEC)
    assert done.plan is not None
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", stage_name(stage)) for stage in done.plan.stages)


# --- writing ------------------------------------------------------------------------------------


def test_a_file_written_by_hand_is_never_overwritten(compiled: Callable[[str], Compiled], tmp_path: Path) -> None:
    done = compiled(SPEC)
    assert done.emitted is not None
    (tmp_path / "dvc.yaml").write_text("stages: {}\n", encoding="utf-8")
    found = write(done.emitted, tmp_path)
    assert [one.code for one in found] == ["MTD063"]
    assert (tmp_path / "dvc.yaml").read_text() == "stages: {}\n"
    assert not (tmp_path / "params.yaml").exists()


def test_values_changed_by_hand_are_not_lost(compiled: Callable[[str], Compiled], tmp_path: Path) -> None:
    done = compiled(SPEC)
    assert done.emitted is not None
    assert write(done.emitted, tmp_path) == []
    path = tmp_path / "params.yaml"
    path.write_text(path.read_text().replace("steps: 4\n", "steps: 9\n"), encoding="utf-8")
    found = write(done.emitted, tmp_path)
    assert "student.tiny.steps = 9 (the spec says 4)" in found[0].summary
    assert "steps: 9" in path.read_text()
    assert write(done.emitted, tmp_path, discard_edits=True) == []
    assert "steps: 4" in path.read_text()


def test_dvc_writes_params_in_the_same_layout(compiled: Callable[[str], Compiled]) -> None:
    from dvc.utils.serialize import dumps_yaml, parse_yaml_for_update

    cue = "A cue that is long enough to be broken, since it has more than eighty characters: it goes on, and on."
    done = compiled(SPEC.replace("answer = text }", f'answer = text   cue = "{cue}" }}'))
    assert done.emitted is not None
    assert dumps_yaml(parse_yaml_for_update(done.emitted.params, "params.yaml")) == done.emitted.params


def test_values_taken_out_by_hand_are_named(compiled: Callable[[str], Compiled], tmp_path: Path) -> None:
    done = compiled(SPEC)
    assert done.emitted is not None
    assert write(done.emitted, tmp_path) == []
    path = tmp_path / "params.yaml"
    path.write_text(path.read_text().replace("    steps: 4\n", ""), encoding="utf-8")
    assert "student.tiny.steps is gone (the spec says 4)" in write(done.emitted, tmp_path)[0].summary


def test_a_folder_that_cannot_be_written_is_a_diagnostic(compiled: Callable[[str], Compiled], tmp_path: Path) -> None:
    done = compiled(SPEC)
    assert done.emitted is not None
    (tmp_path / "blocked").write_text("a file where the folder should be")
    found = write(done.emitted, tmp_path / "blocked")
    assert [one.code for one in found] == ["MTD062"]


def test_writing_twice_gives_the_same_bytes(compiled: Callable[[str], Compiled], tmp_path: Path) -> None:
    one, other = compiled(SPEC).emitted, compiled(SPEC).emitted
    assert one == other
    assert one is not None
    assert write(one, tmp_path) == [] and stale(one, tmp_path) == []


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=1e-12, max_value=1e12))
def test_floats_are_plain_decimals_that_every_parser_reads_alike(value: float) -> None:
    text = yaml_text({"value": value}, "")
    assert "e" not in text.removeprefix("value")
    assert YAML(typ="safe").load(StringIO(text))["value"] == value
