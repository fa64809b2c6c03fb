"""Files into a real SQLite store and back out through MLflow's client."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.runs import Asked, Run
from distill_dsl.runtime.stages import track
from tests.finished import (
    BEGAN,
    EXPERIMENT,
    FORMATS,
    ORIGIN,
    PARAMS,
    finish_runs,
    given,
    study_of,
    write_pipeline,
    write_run,
)
from tests.tracking.tracked import NAME, artifact_paths, change, client, named, root, track_all, tracked

# MLflow warns of its own and its dependencies' coming changes, which are no news about us.
pytestmark = [
    pytest.mark.usefixtures("finished"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def test_a_run_reads_back_as_the_files_say(capfd: pytest.CaptureFixture[str], finished: Path) -> None:
    track_all()
    runs = tracked()
    assert set(runs) == {"small · cotd · seed 1", "small · etd · seed 1"}
    run = runs["small · etd · seed 1"]
    assert run.info.status == "FINISHED"
    assert run.info.start_time == (BEGAN + 60) * 1000
    assert run.info.end_time - run.info.start_time == (12.5 + 3.5) * 1000
    params = run.data.params
    assert params["student"] == "small"
    assert params["student.epochs"] == "3"
    assert params["student.base.width"] == "32"
    assert params["mix.thoughts.pot"] == "2"
    assert params["teacher"] == "gold"
    assert params["teacher.samples"] == "4"
    assert params["problems"] == "toy.train"
    assert params["thought.pot.cue"] == "Let's code."
    metrics = run.data.metrics
    assert metrics["accuracy/toy-test/cascade-pot-eot-cot"] == pytest.approx(124 / 200)
    assert metrics["thoughts/far-test/eot/verdicts/error-name"] == 30
    assert {name for name in metrics if name.startswith("accuracy_low/")} >= {"accuracy_low/far-test/cot"}
    assert metrics["training/seconds"] == 12.5
    assert metrics["solving/tokens"] == 900
    assert metrics["training/parameters"] == 1_234_567
    assert metrics["training/peak_memory"] == 1.5e9
    assert "training/energy" not in metrics
    assert metrics["cost_tokens/toy-test/vote-pot-eot-cot-ties_cot"] == 130
    assert metrics["cost_seconds/toy-test/vote-pot-eot-cot-ties_cot"] == pytest.approx(130 / 2600)
    assert metrics["accuracy_per_1000_examples/toy-test/cascade-pot-eot-cot"] == pytest.approx(124 / 200)
    assert 0 < metrics["sure_aurc/far-test/vote-pot-eot-cot-ties_cot"] < 1
    assert {name.partition("/")[2] for name in metrics if name.startswith("sure_")} == {
        "toy-test/vote-pot-eot-cot-ties_cot",
        "far-test/vote-pot-eot-cot-ties_cot",
    }
    assert not [name for name in metrics if "/dev/" in name]
    assert metrics["yield/pot/asked"] == 1000
    assert metrics["yield/pot/kept"] == 635
    assert metrics["yield/pot/covered"] == pytest.approx(0.87)
    assert metrics["yield/pot/cost_per_1000_right"] == pytest.approx(114 / 650)
    assert metrics["yield_total/right"] == 700 + 650 + 600
    assert not {"yield/eot/cost", "yield_total/cost", "yield_total/tokens_input", "yield_total/covered"} & set(metrics)
    assert runs["small · cotd · seed 1"].data.metrics["yield_total/cost"] == pytest.approx(0.114)
    assert runs["small · cotd · seed 1"].data.metrics["yield/cot/kept"] == 665
    curve = client().get_metric_history(run.info.run_id, "curve/loss")
    assert [point.step for point in curve] == list(range(1, 301))
    assert curve[99].value == pytest.approx(0.01)
    assert len(client().get_metric_history(run.info.run_id, "curve/dev_loss")) == 150
    tags = run.data.tags
    assert tags["mtd.cell"] == "table-etd-small-s1"
    assert (tags["mtd.spec"], tags["mtd.spec.line"]) == ("specs/paper.mtd", "7")
    assert tags["mtd.model.md5"] == f"{1:032x}.dir"
    assert (tags["mtd.device"], tags["mtd.precision"], tags["mtd.engine"]) == ("cpu", "float32", "transformers")
    assert tags["mtd.data.toy.commit"] == ORIGIN["commit"]
    assert (tags["mtd.data.toy.kind"], tags["mtd.data.toy.name"]) == ("hf", "openai/gsm8k")
    assert tags["mtd.data.toy.packages.datasets"] == "5.2.0"
    assert tags["mtd.data.far.kind"] == "file"
    assert not [name for name in tags if name.startswith(("mtd.data.far.files", "mtd.data.toy.splits"))]
    sets = {one.dataset.name: one for one in run.inputs.dataset_inputs}
    assert set(sets) == {"etd-train", "etd-dev", "toy-test", "far-test"}
    assert sets["etd-train"].dataset.digest == YAML().load(Path("dvc.lock"))["stages"]["mix-etd"]["outs"][0]["md5"]
    assert {tag.key: tag.value for tag in sets["toy-test"].tags} == {"mlflow.data.context": "test"}
    assert artifact_paths(run) == {
        "predictions/table-etd-small-s1.jsonl",
        "predictions.json",
        "examples.json",
        "examples/toy-test.md",
        "examples/far-test.md",
    }
    assert {"report/table.md", *(f"report/{name}" for name in files.REPORT_FIGURES)} <= artifact_paths(root())
    assert run.info.artifact_uri.startswith(f"file://{finished}/mlartifacts/")
    assert (finished / "mlflow.db").exists()
    out, err = capfd.readouterr()
    assert "2 runs, 2 of them new" in out
    assert "Traceback" not in err
    assert "alembic" not in err
    assert "INFO" not in err


def test_what_is_varied_is_a_param_of_its_own() -> None:
    runs = finish_runs(study_of((1, 2)))
    track.run(experiment=EXPERIMENT, runs=[str(run) for run in runs])
    found = tracked()
    assert set(found) == {"small · etd · paths 1 · seed 1", "small · etd · paths 2 · seed 1"}
    params = found["small · etd · paths 2 · seed 1"].data.params
    assert (params["student"], params["mix"], params["vary.paths"]) == ("small", "etd", "2")
    assert found["small · etd · paths 2 · seed 1"].data.tags["mtd.cell"] == "table-etd-paths_2-small-s1"


def test_files_of_older_versions_are_tracked_without_what_they_lack() -> None:
    files.write_json(files.training_file("etd-small-s1"), {"seconds": 12.5, "steps": 300})
    files.write_json(files.solving_file("table-etd-small-s1"), {"seconds": 3.5, "tokens": 900})
    track_all()
    run = tracked()["small · etd · seed 1"]
    assert run.data.metrics["accuracy/toy-test/cot"] == pytest.approx(84 / 200)
    assert not [name for name in run.data.metrics if name.startswith(("cost_seconds", "accuracy_per"))]
    assert "mtd.device" not in run.data.tags


def test_what_older_versions_counted_of_teachers_is_tracked_as_far_as_it_goes() -> None:
    for name in FORMATS["etd"]:
        old = {"problems": 250, "thoughts": 1000, "right": 700, "covered": 0.9, "verdicts": {"correct": 700}}
        files.write_json(files.yield_file(f"gold-toy-train-{name}"), old)
    for mix in FORMATS:
        files.write_json(files.mix_counts_file(mix), {"problems": 250})
    for data in ("toy", "far"):
        files.origin_file(data).unlink()
    track_all()
    run = tracked()["small · etd · seed 1"]
    found = {name: value for name, value in run.data.metrics.items() if name.startswith("yield")}
    assert found == {
        **{f"yield/{name}/right": 700 for name in FORMATS["etd"]},
        **{f"yield/{name}/covered": 0.9 for name in FORMATS["etd"]},
        "yield_total/right": 2100,
    }
    assert not [name for name in run.data.tags if name.startswith("mtd.data")]


def test_other_yields_are_other_results() -> None:
    track_all()
    first = tracked()
    path = files.yield_file("gold-toy-train-pot")
    files.write_json(path, files.read_json(path) | {"right": 640})
    track_all()
    again = tracked()
    assert again["small · etd · seed 1"].data.metrics["yield/pot/right"] == 640
    assert again["small · cotd · seed 1"].info.run_id == first["small · cotd · seed 1"].info.run_id


def test_another_commit_of_the_same_data_changes_a_tag_and_no_run() -> None:
    track_all()
    first = tracked()
    files.write_json(files.origin_file("toy"), ORIGIN | {"commit": "f" * 40})
    track_all()
    again = tracked()
    assert {run.info.run_id for run in first.values()} == {run.info.run_id for run in again.values()}
    assert {run.data.tags["mtd.data.toy.commit"] for run in again.values()} == {"f" * 40}


def test_what_exemplars_a_teacher_was_shown_is_a_param_and_what_it_may_cost_is_none() -> None:
    change(Path("params.yaml"), "teacher", "gold", "exemplars", value={"file": "a.jsonl", "pick": 4, "by": "nearest"})
    change(Path("params.yaml"), "spending", value={"gold": {"budget_dollars": 25.0}})
    track_all()
    params = tracked()["small · etd · seed 1"].data.params
    assert (params["teacher.exemplars.pick"], params["teacher.exemplars.by"]) == ("4", "nearest")
    assert params["teacher.exemplars.file"] == "a.jsonl"
    assert not [name for name in params if "budget" in name or "spending" in name]


def test_several_teachers_of_a_format_are_told_apart_and_added_up() -> None:
    pipeline = YAML(typ="safe").load(Path("dvc.yaml").read_text(encoding="utf-8"))
    more = "--thoughts thought=cot,teacher=self-paths_2,data=toy-n_5,split=train"
    pipeline["stages"]["mix-cotd"]["cmd"] += f" {more}"
    YAML().dump(pipeline, Path("dvc.yaml"))
    self = PARAMS["teacher"]["gold"]  # type: ignore[index]
    change(Path("params.yaml"), "teacher", "self-paths_2", value=self)
    change(Path("params.yaml"), "data", "toy-n_5", value=PARAMS["data"]["toy"])  # type: ignore[index]
    other = given(Asked("cot", "self-paths_2", "toy-n_5", "train")) | {"asked": 50, "right": 7, "cost": 0.0}
    files.write_json(files.yield_file("self-paths_2-toy-n_5-train-cot"), other)
    counts = files.read_json(files.mix_counts_file("cotd"))
    counts["kept"]["self-paths_2-toy-n_5-train-cot"] = 5
    files.write_json(files.mix_counts_file("cotd"), counts)
    track_all()
    metrics = tracked()["small · cotd · seed 1"].data.metrics
    assert metrics["yield/cot/gold.toy.train/right"] == 700
    assert metrics["yield/cot/self.toy.train/right"] == 7
    assert metrics["yield/cot/self.toy.train/kept"] == 5
    assert metrics["yield/cot/right"] == metrics["yield_total/right"] == 707
    assert metrics["yield/cot/kept"] == 670
    assert metrics["yield/cot/cost_per_1000_right"] == pytest.approx(114 / 707)
    assert "yield/cot/covered" not in metrics


def test_tracking_twice_doubles_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    track_all()
    first = tracked()
    track_all()
    again = tracked()
    assert {name: run.info.run_id for name, run in first.items()} == {
        name: run.info.run_id for name, run in again.items()
    }
    assert "2 runs, 0 of them new" in capsys.readouterr().out
    run_id = again["small · etd · seed 1"].info.run_id
    assert len(client().get_metric_history(run_id, "curve/loss")) == 300
    assert len(client().get_metric_history(run_id, "accuracy/toy-test/cot")) == 1


def test_a_moved_block_changes_a_tag_and_no_run() -> None:
    track_all()
    first = tracked()
    write_pipeline([Run(mix, "small", 1) for mix in FORMATS], line=40)
    track_all()
    again = tracked()
    assert [run.info.run_id for run in first.values()] == [run.info.run_id for run in again.values()]
    assert {run.data.tags["mtd.spec.line"] for run in again.values()} == {"40"}


def test_other_results_for_the_same_settings_take_the_old_ones_place() -> None:
    track_all()
    first = tracked()
    path = files.scores_file("table-etd-small-s1")
    document = files.read_json(path)
    document["toy-test"]["cot"]["accuracy"] = 0.99
    files.write_json(path, document)
    track_all()
    again = tracked()
    assert len(again) == 2
    name = "small · etd · seed 1"
    assert again[name].info.run_id != first[name].info.run_id
    assert again[name].data.metrics["accuracy/toy-test/cot"] == 0.99
    assert again["small · cotd · seed 1"].info.run_id == first["small · cotd · seed 1"].info.run_id


def test_other_settings_make_runs_beside_the_old_ones() -> None:
    track_all()
    change(Path("params.yaml"), "student", "small", "epochs", value=5.0)
    track_all()
    assert len(named("run")) == 4
    current = tracked(current="true")
    assert {run.data.params["student.epochs"] for run in current.values()} == {"5"}
    change(Path("params.yaml"), "student", "small", "epochs", value=3.0)
    track_all()
    assert len(named("run")) == 4
    assert {run.data.params["student.epochs"] for run in tracked(current="true").values()} == {"3"}


def test_a_new_strategy_is_no_new_run() -> None:
    track_all()
    change(Path("params.yaml"), "experiment", "table", "answers", value=[{"kind": "single", "thought": "cot"}])
    track_all()
    assert len(tracked()) == 2


def test_an_interrupted_run_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_inputs", interrupted)
        with pytest.raises(KeyboardInterrupt):
            track_all()
    track_all()
    runs = tracked()
    assert len(runs) == 2
    assert {run.info.status for run in runs.values()} == {"FINISHED"}


def interrupted(*arguments: object, **named: object) -> None:
    raise KeyboardInterrupt


def test_a_run_named_by_the_environment_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    track_all()
    other = next(iter(tracked().values())).info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", other)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "elsewhere")
    write_run(Run("etd", "small", 1))
    change(Path("params.yaml"), "student", "small", "epochs", value=9.0)
    track_all()
    assert len(named("run")) == 4
    assert client().get_experiment_by_name("elsewhere") is None
    assert client().get_run(other).data.params["student.epochs"] == "3"


def test_an_experiment_in_the_bin_comes_back() -> None:
    track_all()
    client().delete_experiment(client().get_experiment_by_name(NAME).experiment_id)
    track_all()
    assert len(tracked()) == 2


def test_a_dead_server_is_a_quick_warning(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    started = time.monotonic()
    track_all()
    assert time.monotonic() - started < 15
    out, err = capfd.readouterr()
    assert err.startswith("warning: MLflow at http://127.0.0.1:9 was not brought up to date: ")
    assert "mtd track" in err
    assert "Traceback" not in err
    assert out == ""
    with pytest.raises(Failure, match="not brought up to date"):
        track.again()


def test_no_password_of_a_server_is_told(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://anna:hunter2hunter2@127.0.0.1:9")
    track_all()
    out, err = capfd.readouterr()
    assert err.startswith("warning: MLflow at http://***@127.0.0.1:9 was not brought up to date: ")
    assert "hunter2" not in out + err


def test_no_password_in_a_teachers_address_is_a_param() -> None:
    address = "https://anna:hunter2hunter2@llm.example/v1"
    model = {"kind": "openai", "model": "m", "base_url": address}
    change(Path("params.yaml"), "teacher", "gold", "model", value=model)
    track_all()
    params = tracked()["small · etd · seed 1"].data.params
    assert params["teacher.model.base_url"] == "https://***@llm.example/v1"


def test_an_address_of_the_environment_is_a_param_by_its_name() -> None:
    model = {"kind": "openai", "model": "m", "base_url": {"env": "LLM_URL"}}
    change(Path("params.yaml"), "teacher", "gold", "model", value=model)
    track_all()
    assert tracked()["small · etd · seed 1"].data.params["teacher.model.base_url.env"] == "LLM_URL"


def test_a_broken_store_is_a_warning(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (finished / "mlflow.db").write_text("no database")
    track_all()
    assert "warning: MLflow at sqlite:///" in capsys.readouterr().err


def test_a_moved_project_is_told_so(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    track_all()
    moved = finished.parent / f"{finished.name}-moved"
    finished.rename(moved)
    monkeypatch.chdir(moved)
    track_all()
    assert "the project lay elsewhere" in capsys.readouterr().err


def test_missing_files_of_ours_are_failures() -> None:
    files.scored_file("table-etd-small-s1").unlink()
    with pytest.raises(Failure, match=r"artifacts/scores/table-etd-small-s1\.jsonl"):
        track_all()
    files.curve_file("cotd-small-s1").unlink()
    with pytest.raises(Failure, match=r"cotd-small-s1\.csv"):
        track_all()


@pytest.mark.parametrize("content", ["[]", '{"toy-test": 3}', "{", '{"toy-test": {"cot": 1}}'])
def test_a_damaged_file_of_ours_is_a_failure(content: str) -> None:
    files.write_text(files.scores_file("table-etd-small-s1"), content)
    with pytest.raises(Failure, match=r"artifacts/scores/table-etd-small-s1\.json is not"):
        track_all()


@pytest.mark.parametrize("line", ["100,x,0.5,0.1", ",0.5,0.5,0.1", "1,2,3,4,5,6"])
def test_a_damaged_curve_is_a_failure_that_names_its_line(line: str) -> None:
    files.write_text(files.curve_file("etd-small-s1"), f"step,loss,dev_loss,learning_rate\n{line}\n")
    with pytest.raises(Failure, match=r"line 2 of artifacts/training/etd-small-s1\.csv is no measure of a training"):
        track_all()


def test_what_is_not_pulled_is_said_with_what_to_do() -> None:
    files.training_file("etd-small-s1").unlink()
    with pytest.raises(Failure) as failure:
        track_all()
    assert "dvc pull" in str(failure.value)


def test_a_stage_that_dvc_yaml_lacks_is_a_failure() -> None:
    change(Path("dvc.yaml"), "stages", value={})
    with pytest.raises(Failure, match=r"dvc\.yaml has no stage `mix-cotd`"):
        track_all()


def test_every_experiment_of_the_pipeline_is_tracked_again() -> None:
    track.again()
    assert len(tracked()) == 2


def test_a_pipeline_without_an_experiment_says_so() -> None:
    change(Path("dvc.yaml"), "stages", value={})
    with pytest.raises(Failure, match=r"dvc\.yaml has no experiment to track"):
        track.again()


SIX = """
import os, sys
import mlflow, mlflow.store.tracking.sqlalchemy_store  # before forking: importing takes longest
from distill_dsl.runtime.tracking.store import opened

def child():
    try:
        with opened() as client:
            client.create_experiment(f"experiment-{os.getpid()}")
        os._exit(0)
    except BaseException as error:
        print(repr(error), file=sys.stderr)
        os._exit(1)

children = [os.fork() or child() for _ in range(6)]
sys.exit(sum(os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children))
"""


def test_six_processes_may_open_a_fresh_store_at_once(finished: Path) -> None:
    (finished / "mlflow.db").unlink()
    environment = os.environ | {"PYTHONPATH": str(Path(track.__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", SIX], cwd=finished, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(client().search_experiments()) == 6 + 1
