"""An experiment's run holds what its runs share, a group what its seeds have in common."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, stdev

import pytest
from msgspec.structs import replace
from ruamel.yaml import YAML

from distill_dsl.contract import files
from distill_dsl.contract.records import Scored
from distill_dsl.runtime.tracking.finding import run_id_of
from tests.finished import BEGAN, EXPERIMENT, TESTS, VOTE, finish, finish_runs, runs_of, study_of, write_pipeline
from tests.tracking.tracked import (
    NAME,
    all_tracked,
    artifact,
    artifact_paths,
    change,
    client,
    named,
    root,
    track_all,
    tracked,
)

# MLflow warns of its own and its dependencies' coming changes, which are no news about us.
pytestmark = [
    pytest.mark.usefixtures("finished"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

CELL = "table-etd-small-s1"
PARENT = "mlflow.parentRunId"
CASCADE = "accuracy/toy-test/cascade-pot-eot-cot"


def track_seeds(*seeds: int) -> None:
    track_all(finish(seeds))


def parents() -> dict[str, str | None]:
    """Name of a run -> name of the one above it."""
    runs = all_tracked()
    names = {run.info.run_id: run.info.run_name for run in runs}
    above = ((run.info.run_name, run.data.tags.get(PARENT)) for run in runs)
    return {name: None if parent is None else names[parent] for name, parent in above}


# --- nesting ------------------------------------------------------------------------------------


def test_seeds_hang_below_a_group_and_groups_below_the_experiment() -> None:
    track_seeds(1, 2, 3)
    assert parents() == {
        "table": None,
        **{f"small · {mix} · 3 seeds": "table" for mix in ("cotd", "etd")},
        **{f"small · {mix} · seed {seed}": f"small · {mix} · 3 seeds" for mix in ("cotd", "etd") for seed in (1, 2, 3)},
    }


def test_with_one_seed_runs_hang_below_the_experiment() -> None:
    track_all()
    assert parents() == {"table": None, "small · cotd · seed 1": "table", "small · etd · seed 1": "table"}


def test_each_value_of_what_is_varied_is_a_group() -> None:
    track_all(finish_runs(study_of((1, 2), (1, 2))))
    above = parents()
    assert above["small · etd · paths 2 · seed 1"] == "small · etd · paths 2 · 2 seeds"
    group = tracked("group")["small · etd · paths 2 · 2 seeds"]
    assert (group.data.params["vary.paths"], group.data.params["seeds"]) == ("2", "1, 2")
    assert root().data.params["vary.paths"] == "1, 2"


def test_what_is_varied_is_a_group_with_one_seed_too() -> None:
    track_all(finish_runs(study_of((1, 2))))
    assert set(tracked("group")) == {"small · etd · paths 1", "small · etd · paths 2"}


def test_a_group_holds_mean_and_deviation_over_seeds() -> None:
    track_seeds(1, 2, 3)
    runs = [run for name, run in tracked().items() if " etd " in name]
    values = [run.data.metrics[CASCADE] for run in runs]
    assert len(set(values)) == 3
    group = tracked("group")["small · etd · 3 seeds"]
    metrics = group.data.metrics
    assert metrics[CASCADE] == pytest.approx(mean(values))
    assert metrics["accuracy_deviation/toy-test/cascade-pot-eot-cot"] == pytest.approx(stdev(values))
    assert metrics["training/seconds"] == 12.5
    assert metrics["training_deviation/seconds"] == 0
    assert not [name for name in metrics if name.startswith(("accuracy_low/", "accuracy_high/", "yield_deviation"))]
    assert metrics["yield/pot/right"] == 650
    params = group.data.params
    assert (params["student"], params["mix"], params["seeds"]) == ("small", "etd", "1, 2, 3")
    assert params["student.epochs"] == "3"
    assert "seed" not in params
    curve = client().get_metric_history(group.info.run_id, "curve/loss")
    assert [point.step for point in curve] == list(range(1, 301))
    assert not [name for name in metrics if name.startswith("system/")]
    assert {one.dataset.name for one in group.inputs.dataset_inputs} == {"etd-train", "etd-dev", *TESTS}


def test_a_group_takes_the_time_from_the_first_beginning_to_the_last_end() -> None:
    track_seeds(1, 2, 3)
    group = tracked("group")["small · etd · 3 seeds"]
    assert group.info.start_time == (BEGAN + 60) * 1000
    assert group.info.end_time == (BEGAN + 180 + 16) * 1000
    assert (root().info.start_time, root().info.end_time) == (group.info.start_time, group.info.end_time)


# --- the experiment's own run -------------------------------------------------------------------


def test_the_experiment_holds_what_its_runs_share(finished: Path) -> None:
    (finished / "specs").mkdir()
    (finished / "specs" / "paper.mtd").write_text('model = openai("m", base_url: "https://anna:hunter2hunter2@x/v1")\n')
    (finished / "prompts").mkdir()
    (finished / "prompts" / "text.jinja2").write_text("Q: {{ question }}\n")
    change(Path("dvc.yaml"), "stages", "spec", "deps", value=["specs/paper.mtd"])
    files.write_text(files.report_folder(EXPERIMENT) / "table.md", "# table\n\n| a |\n\n## Efficiency\n\nmore\n")
    track_all()
    run = root()
    assert {"spec/paper.mtd", "prompts/text.jinja2", "pipeline/dvc.yaml", "pipeline/params.yaml"} <= artifact_paths(run)
    assert artifact(run, "prompts/text.jinja2") == "Q: {{ question }}\n"
    assert artifact(run, "spec/paper.mtd") == 'model = openai("m", base_url: "https://***@x/v1")\n'
    assert json.loads(artifact(run, "pipeline/hashes.json")) == {}
    params = run.data.params
    assert (params["students"], params["mixes"], params["seeds"]) == ("small", "cotd, etd", "1")
    assert params["tests"] == "toy-test, far-test"
    assert "vote(pot, eot, cot, ties: cot)" in params["answers"]
    assert params["student.epochs"] == "3"
    assert (params["student"], "mix" in params, "seed" in params) == ("small", False, False)
    assert run.data.metrics == {
        "total/runs": 2,
        "total/training_seconds": 25,
        "total/training_flops": 2 * 4 * 6.6e11,
        "total/solving_seconds": 7,
    }
    assert run.data.tags["mlflow.note.content"] == "# table\n\n| a |"
    assert len(run.inputs.dataset_inputs) == 6


def test_a_path_outside_the_project_stays_among_the_artifacts(finished: Path) -> None:
    outside = finished.parent / f"{finished.name}-other.mtd"
    outside.write_text("data x {}\n")
    change(Path("dvc.yaml"), "stages", "spec", "deps", value=[f"../{outside.name}", str(outside)])
    track_all()
    assert {path for path in artifact_paths(root()) if path.startswith("spec/")} == {
        f"spec/{outside.name}",
        f"spec/{'/'.join(outside.parts[1:])}",
    }


def test_the_saved_view_sorts_runs_of_all_mixes_by_their_headlines() -> None:
    track_all()
    runs = tracked()
    etd = runs["small · etd · seed 1"].data
    assert etd.tags["mtd.headline"] == VOTE
    assert etd.metrics["headline/toy-test"] == etd.metrics[f"accuracy/toy-test/{VOTE}"]
    cotd = runs["small · cotd · seed 1"].data
    assert cotd.metrics["headline/far-test"] == cotd.metrics["accuracy/far-test/cot"]
    both = [cotd.metrics[f"headline/{test}"] for test in TESTS]
    assert cotd.metrics["headline/mean"] == pytest.approx(mean(both))
    view = json.loads(client().get_experiment_by_name(NAME).tags["mlflow.sharedViewState.mtd"])
    state = json.loads(view["state"])
    assert state["orderByKey"] == "metrics.`headline/mean`"
    assert {"params.`mix`", "metrics.`headline/toy-test`"} <= set(state["selectedColumns"])


def test_a_headline_of_the_spec_goes_before_the_last_strategy() -> None:
    change(Path("params.yaml"), "experiment", "table", "headline", value="pot")
    track_all()
    etd = tracked()["small · etd · seed 1"].data
    assert etd.metrics["headline/toy-test"] == etd.metrics["accuracy/toy-test/pot"]


# --- changes ------------------------------------------------------------------------------------


def test_another_seed_makes_another_group_and_keeps_the_runs() -> None:
    track_seeds(1, 2)
    first = tracked()
    track_seeds(1, 2, 3)
    assert {name: run.info.run_id for name, run in first.items()}.items() <= {
        name: run.info.run_id for name, run in tracked().items()
    }.items()
    assert set(tracked("group")) == {"small · cotd · 3 seeds", "small · etd · 3 seeds"}
    assert parents()["small · etd · seed 1"] == "small · etd · 3 seeds"


def test_a_second_seed_moves_the_first_below_a_group() -> None:
    track_all()
    track_seeds(1, 2)
    assert parents()["small · etd · seed 1"] == "small · etd · 2 seeds"
    track_seeds(1)
    assert parents()["small · etd · seed 1"] == "table"
    assert tracked("group", current="true") == {}
    assert parents()["small · etd · seed 2"] == "small · etd · 2 seeds"


def test_what_is_no_longer_asked_for_is_set_aside_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    track_seeds(1, 2, 3)
    track_seeds(1, 2)
    assert "no longer what the spec asks for, set aside: small · " in capsys.readouterr().out
    assert set(tracked(current="false")) == {"small · cotd · seed 3", "small · etd · seed 3"}
    assert set(tracked("group")) == {"small · cotd · 2 seeds", "small · etd · 2 seeds"}
    assert parents()["small · etd · seed 3"] == "table"
    track_seeds(1, 2)
    assert "set aside" not in capsys.readouterr().out
    track_seeds(1, 2, 3)
    assert tracked(current="false") == {}


def test_runs_of_other_settings_stay_in_their_group() -> None:
    track_seeds(1, 2)
    old = root().info.run_id
    change(Path("params.yaml"), "student", "small", "epochs", value=5.0)
    track_all(runs_of((1, 2)))
    assert root().info.run_id != old
    assert len(named("group")) == 4
    assert len(named("run")) == 8
    for _, run in [*named("group"), *named("run")]:
        above = client().get_run(run.data.tags[PARENT])
        assert above.info.lifecycle_stage == "active"
        assert above.data.tags["mtd.current"] == run.data.tags["mtd.current"] or above.info.run_id == root().info.run_id
    change(Path("params.yaml"), "student", "small", "epochs", value=3.0)
    track_all(runs_of((1, 2)))
    assert (len(named("group")), len(named("run"))) == (4, 8)
    assert {run.data.params["student.epochs"] for _, run in named("group", current="true")} == {"3"}


def test_another_report_makes_another_run_of_the_experiment_alone() -> None:
    track_all()
    first, before = tracked(), root().info.run_id
    files.write_text(files.report_folder(EXPERIMENT) / "table.md", "# another\n")
    track_all()
    assert root().info.run_id != before
    assert artifact(root(), "report/table.md") == "# another\n"
    assert {run.info.run_id for run in tracked().values()} == {run.info.run_id for run in first.values()}
    assert parents()["small · etd · seed 1"] == "table"


def test_a_moved_line_is_a_tag_of_groups_too() -> None:
    track_seeds(1, 2)
    before = {run.info.run_id for _, run in [*named("group"), *named("run")]}
    write_pipeline(runs_of((1, 2)), line=40)
    track_all(runs_of((1, 2)))
    assert {run.info.run_id for _, run in [*named("group"), *named("run")]} == before
    assert {run.data.tags["mtd.spec.line"] for run in tracked("group").values()} == {"40"}


def test_a_persons_own_run_is_left_alone() -> None:
    track_all()
    experiment = client().get_experiment_by_name(NAME).experiment_id
    own = client().create_run(experiment, run_name="mine").info.run_id
    files.write_text(files.report_folder(EXPERIMENT) / "table.md", "# another\n")
    track_all()
    assert client().get_run(own).info.lifecycle_stage == "active"
    assert "mtd.current" not in client().get_run(own).data.tags


def test_the_current_run_of_a_cell_is_found() -> None:
    track_all()
    run = tracked()["small · etd · seed 1"].info.run_id
    assert run_id_of(client(), CELL) == run_id_of(client(), CELL, experiment=NAME) == run
    assert run_id_of(client(), CELL, experiment="other") is None
    assert run_id_of(client(), "table-etd-small-s9") is None
    begun = {"mtd.cell": "table-etd-small-s9", "mtd.current": "true"}
    client().create_run(client().get_experiment_by_name(NAME).experiment_id, tags=begun)
    assert run_id_of(client(), "table-etd-small-s9") is None
    change(Path("params.yaml"), "student", "small", "epochs", value=5.0)
    track_all()
    assert run_id_of(client(), CELL) not in (None, run)


# --- what a run holds ---------------------------------------------------------------------------


def test_metrics_of_the_training_have_steps_and_times() -> None:
    track_all()
    run = tracked()["small · etd · seed 1"]
    began = (BEGAN + 60) * 1000
    curve = client().get_metric_history(run.info.run_id, "curve/dev_accuracy")
    assert [(point.step, point.value) for point in curve] == [(100, 0.25), (200, 0.5), (300, 0.75)]
    assert curve[-1].timestamp == began + 12_500
    assert run.data.metrics["curve/dev_accuracy_pot"] == pytest.approx(0.55)
    losses = client().get_metric_history(run.info.run_id, "curve/learning_rate")
    assert losses[149].timestamp == began + 6250
    machine = client().get_metric_history(run.info.run_id, "system/cpu_utilization_percentage")
    assert [point.step for point in machine] == [0, 1, 2]
    assert [point.timestamp - began for point in machine] == [250, 5250, 10_250]
    assert not {"system/time", "system/seconds"} & set(run.data.metrics)


def test_params_are_written_as_a_spec_has_them() -> None:
    change(Path("params.yaml"), "student", "small", "learning_rate", value=0.00005)
    change(Path("params.yaml"), "student", "small", "pack", value=True)
    track_all()
    params = tracked()["small · etd · seed 1"].data.params
    assert (params["student.learning_rate"], params["student.epochs"]) == ("0.00005", "3")
    assert (params["student.pack"], params["student.compile"]) == ("true", "false")


def test_a_training_that_was_sampled_by_an_older_version_is_dated_now() -> None:
    for run in runs_of():
        files.write_text(files.system_file(run.trained), "seconds\n")
        files.write_text(files.dev_curve_file(run.solved(EXPERIMENT)), "step,accuracy\n")
    track_all()
    run = tracked()["small · etd · seed 1"]
    assert run.info.end_time - run.info.start_time == 16_000
    assert not [name for name in run.data.metrics if name.startswith(("system/", "curve/dev_acc"))]


def test_a_data_set_says_where_and_what_it_is() -> None:
    import mlflow.data

    track_all()
    inputs = {one.dataset.name: one.dataset for one in tracked()["small · etd · seed 1"].inputs.dataset_inputs}
    source = mlflow.data.get_source(inputs["toy-test"])
    assert source.to_dict() == {"uri": "artifacts/problems/toy/test.jsonl"}
    columns = json.loads(inputs["toy-test"].schema)["mlflow_colspec"]
    assert {"id", "question", "answer"} <= {column["name"] for column in columns}
    assert json.loads(inputs["toy-test"].profile) == {"num_rows": 4}


def test_every_hash_that_went_into_a_run_is_a_tag() -> None:
    lock = {
        "fetch-toy": {"outs": [{"path": "artifacts/problems/toy/train.jsonl", "md5": "1"}]},
        "mix-etd": {
            "deps": [{"path": "artifacts/problems/toy/train.jsonl", "md5": "1"}, {"path": "data/it's.csv", "md5": "2"}],
            "outs": [{"path": "artifacts/mixes/etd/train.jsonl", "md5": "3"}],
        },
        "train-etd-small-s1": {
            "deps": [{"path": "artifacts/mixes/etd/train.jsonl", "md5": "3"}],
            "outs": [{"path": "artifacts/models/etd-small-s1", "md5": "4.dir"}],
        },
        "score-table-etd-small-s1": {
            "deps": [
                {"path": "artifacts/spec.checked", "md5": "0"},
                {"path": "artifacts/models/etd-small-s1", "md5": "4.dir"},
            ],
            "outs": [{"path": "artifacts/scores/table-etd-small-s1.json", "md5": "5"}],
        },
        "mix-cotd": {"deps": [{"path": "elsewhere", "md5": "9"}]},
    }
    change(Path("dvc.lock"), "stages", value=lock)
    for stage in lock:
        change(Path("dvc.yaml"), "stages", value=with_stage(stage))
    track_all()
    tags = tracked()["small · etd · seed 1"].data.tags
    assert {name.removeprefix("mtd.dvc."): value for name, value in tags.items() if name.startswith("mtd.dvc.")} == {
        "problems/toy/train.jsonl": "1",
        "data/it-s.csv": "2",
        "mixes/etd/train.jsonl": "3",
        "models/etd-small-s1": "4.dir",
        "scores/table-etd-small-s1.json": "5",
    }


def with_stage(name: str) -> dict[str, object]:
    """The stages of dvc.yaml with one more."""
    stages = YAML(typ="safe").load(Path("dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return {name: {"cmd": "true"}} | stages


def test_ten_right_and_ten_wrong_of_each_test_are_shown() -> None:
    track_all()
    run = tracked()["small · etd · seed 1"]
    shown = json.loads(artifact(run, "examples.json"))
    rows = [dict(zip(shown["columns"], row, strict=True)) for row in shown["data"]]
    for test in TESTS:
        assert [row["outcome"] for row in rows if row["test"] == test] == ["right"] * 10 + ["wrong"] * 10
    scored = {row.problem: row for row in files.read_rows(files.scored_file(CELL), Scored)}
    for row in rows:
        assert (row["outcome"] == "right") == (scored[row["problem"]].choices[VOTE].verdict == "correct")
        assert row["answer"] == row[f"{VOTE} answer"] == "2"
    assert shown["columns"][:4] == ["question", "answer", "gold", "outcome"]
    tables = json.loads(run.data.tags["mlflow.loggedArtifacts"])
    assert tables == [{"path": "predictions.json", "type": "table"}, {"path": "examples.json", "type": "table"}]
    text = artifact(run, "examples/far-test.md")
    assert text.startswith("# far-test\n")
    assert (text.count("\n### far-test-"), text.count("\n## ")) == (20, 2)


def test_a_logged_table_is_what_mlflow_reads(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track_all()
    run = tracked()["small · etd · seed 1"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{finished}/mlflow.db")
    frame = client().load_table(run.info.experiment_id, "examples.json", run_ids=[run.info.run_id])
    assert len(frame) == 40
    assert list(frame["outcome"])[:2] == ["right", "right"]


def test_whatever_a_student_writes_stays_in_its_block() -> None:
    path = files.scored_file(CELL)
    rows = list(files.read_rows(path, Scored))
    hostile = replace(rows[0].thoughts[0], text="```\n# no\n````` \x00", verdict="error:`a`")
    files.write_rows(path, [replace(rows[0], thoughts=(hostile,)), *rows[1:]])
    track_all()
    text = artifact(tracked()["small · etd · seed 1"], "examples/toy-test.md")
    assert "``````text\n```\n# no\n````` \x00\n``````" in text
    assert "`` error:`a` ``" in text
