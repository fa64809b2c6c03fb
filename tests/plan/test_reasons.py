"""Why a stage would run: from what dvc.lock recorded to what the spec says, in the spec's own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from constructed import SPEC, after_run, compiled, edited, hashed, lock_of

from distill_dsl.compiler.plan.outlook import Outlook, State
from distill_dsl.compiler.plan.reasons import NEVER_RAN, Why
from distill_dsl.compiler.plan.wiring import wire
from distill_dsl.compiler.plan.words import grouped, listed, only_spec, stages, told
from distill_dsl.contract.vocabulary import STAGE_VERSIONS, StageKind


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def running(found: dict[str, Outlook]) -> set[str]:
    return {name for name, one in found.items() if one.state is not State.CURRENT}


def texts(one: Outlook) -> list[str]:
    return [reason.text for reason in one.reasons]


CASES = [
    (
        "thoughts = cot + pot + eot",
        "thoughts = cot + 2*pot + eot",
        "mix-etd",
        "mix etd: thoughts cot + pot + eot -> cot + 2*pot + eot",
    ),
    (
        "learning_rate = 5e-4",
        "learning_rate = 1e-3",
        "train-cotd-small-s1",
        "student small: learning_rate 0.0005 -> 0.001",
    ),
    (
        "paths: int = 4",
        "paths: int = 8",
        "ask-llm-problems-train-cot",
        "param paths: 4 -> 8",
    ),
    (
        "time = 5s",
        "time = 10s",
        "verify-llm-problems-train-pot",
        "param patience: 5s -> 10s",
    ),
    (
        "timeout = patience",
        "timeout = 10s",
        "verify-llm-problems-train-pot",
        "thought pot: timeout patience -> 10s",
    ),
    (
        "eot { answer = equations",
        "eot { answer = equations   memory = 1GB",
        "verify-llm-problems-train-eot",
        "thought eot: memory 512MB -> 1GB",
    ),
    (
        "samples = paths",
        "samples = paths   temperature = 0.7",
        "ask-llm-problems-train-eot",
        "teacher llm: temperature 0 -> 0.7",
    ),
    (
        'openai("gpt-3.5-turbo")',
        'openai("gpt-4o")',
        "ask-llm-problems-train-pot",
        'teacher llm: model openai("gpt-3.5-turbo") -> openai("gpt-4o")',
    ),
    (
        "largest: 20",
        "largest: 30",
        "fetch-problems",
        (
            'data problems: source synthetic("arithmetic", largest: 20, train: 60, test: 12)'
            ' -> synthetic("arithmetic", largest: 30, train: 60, test: 12)'
        ),
    ),
    (
        "width: 32)",
        "width: 32)   warmup = 5%",
        "train-etd-large-s3",
        "student large: warmup 0% -> 5%",
    ),
    (
        "answers  = [cot]",
        "answers  = [cot]   max_tokens = 80",
        "solve-walk-etd-small-s2",
        "experiment walk: max_tokens 256 -> 80",
    ),
    (
        "eot }\nstudent",
        "eot   limit = 10 }\nstudent",
        "mix-etd",
        "mix etd: limit none -> 10",
    ),
]


@pytest.mark.parametrize(("old", "new", "stage", "text"), CASES, ids=[case[3].partition(":")[0] for case in CASES])
def test_a_changed_key_is_named_with_its_values(old: str, new: str, stage: str, text: str, tmp_path: Path) -> None:
    before, now = compiled(tmp_path), compiled(tmp_path, edited((old, new)))
    found = after_run(before, now)
    assert texts(found[stage]) == [text]
    place = found[stage].reasons[0].place
    assert place is not None and place.file == "walk.mtd"
    line = edited((old, new)).splitlines()[place.line - 1]
    assert line not in SPEC.splitlines()  # the line that was changed


def test_the_reason_is_the_same_where_params_yaml_was_written_anew_without_a_run(tmp_path: Path) -> None:
    # `standing.stages` is the new dvc.yaml and `dvc status` says only that the key differs.
    before, now = compiled(tmp_path), compiled(tmp_path, edited(("learning_rate = 5e-4", "learning_rate = 1e-3")))
    said = {"train-etd-small-s1": [{"changed deps": {"params.yaml": {"student.small": "modified"}}}]}
    found = after_run(before, now, status=said)
    assert texts(found["train-etd-small-s1"]) == ["student small: learning_rate 0.0005 -> 0.001"]


def test_what_is_as_it_ran_is_up_to_date_though_params_yaml_is_of_another_time(tmp_path: Path) -> None:
    # Compiled with another value, and back: DVC compares params.yaml, we the spec.
    done = compiled(tmp_path)
    said = {"train-etd-small-s1": [{"changed deps": {"params.yaml": {"student.small": "modified"}}}]}
    assert running(after_run(done, done, status=said)) == set()


def test_a_reference_in_place_of_a_value_is_one_change(tmp_path: Path) -> None:
    before = compiled(tmp_path, edited(("cot + pot", "cot + 3*pot")))
    now = compiled(tmp_path, edited(("cot + pot", "cot + w*pot")))
    found = after_run(before, now)
    assert texts(found["mix-etd"]) == ["mix etd: thoughts cot + 3*pot + eot -> cot + w*pot + eot"]


def test_a_param_beside_other_changes(tmp_path: Path) -> None:
    now = compiled(
        tmp_path, edited(("paths: int = 4", "paths: int = 8"), ("samples = paths", "samples = paths seed = 7"))
    )
    found = after_run(compiled(tmp_path), now)
    assert texts(found["ask-llm-problems-train-cot"]) == ["teacher llm: seed 1 -> 7", "param paths: 4 -> 8"]


def test_newer_code_is_told_by_its_version(tmp_path: Path) -> None:
    done = compiled(tmp_path)
    lock = lock_of(done)
    for name in ("train-cotd-small-s1", "mix-cotd"):
        key = f"version.{name.partition('-')[0]}"
        lock[name]["params"]["params.yaml"][key] -= 1
    found = after_run(done, done, lock=lock)
    now = STAGE_VERSIONS[StageKind.TRAIN]
    assert texts(found["train-cotd-small-s1"]) == [f"its code is newer (version {now - 1} -> {now})"]
    assert list(told(found["train-cotd-small-s1"]))[-1] == "because mix-cotd runs before it"


def test_what_never_ran_says_nothing_else(tmp_path: Path) -> None:
    done = compiled(tmp_path)
    found = after_run(done, done, lock={})
    assert {one.reasons for one in found.values()} == {(NEVER_RAN,)}
    assert "Would run for the first time:" in [line.text for line in grouped(found)]


def test_a_seed_more_runs_its_trainings_and_what_joins_them(tmp_path: Path) -> None:
    now = compiled(tmp_path, edited(("[1, 2, 3]", "[1, 2, 3, 4]")))
    found = after_run(compiled(tmp_path), now)
    assert texts(found["report-walk"]) == [
        "experiment walk: trainings + cotd-small-s4, etd-small-s4, cotd-large-s4 and 1 more"
    ]
    assert running(found) == {name for name in found if name.endswith("-s4")} | {"report-walk", "track-walk"}


def test_a_test_more_is_told_as_one(tmp_path: Path) -> None:
    now = compiled(tmp_path, edited(("tests    = [problems.test]", "tests    = [problems.test, others.test]")))
    found = after_run(compiled(tmp_path), now)
    assert texts(found["solve-walk-etd-small-s1"]) == ["experiment walk: tests + others.test"]
    assert found["train-etd-small-s1"].state is State.CURRENT


def test_other_problems_of_a_mix_are_told(tmp_path: Path) -> None:
    now = compiled(tmp_path, edited(("problems = problems.train", "problems = problems.train + others.train")))
    found = after_run(compiled(tmp_path), now)
    assert texts(found["mix-cotd"]) == ["mix cotd: problems and teacher + llm-others-train"]
    assert found["ask-llm-others-train-cot"].reasons == (NEVER_RAN,)


def test_a_split_more_of_the_same_data_is_told(tmp_path: Path) -> None:
    now = compiled(tmp_path, edited(("tests    = [problems.test]", "tests    = [problems.test]\n  # more")))
    was = compiled(tmp_path, edited(("tests    = [problems.test]", "tests    = [others.test]")))
    assert texts(after_run(was, now)["fetch-problems"]) == ["data problems: splits + test"]


def test_an_entry_of_another_version_is_told_as_such(tmp_path: Path) -> None:
    done = compiled(tmp_path)
    lock = lock_of(done)
    recorded = lock["train-etd-small-s1"]["params"]["params.yaml"]["student.small"]
    lock["train-etd-small-s1"]["params"]["params.yaml"]["student.small"] = {
        key: value for key, value in recorded.items() if key != "evaluations"
    }
    lock["train-etd-small-s2"]["params"]["params.yaml"]["student.small"] = recorded | {"base": {"kind": "gone"}}
    found = after_run(done, done, lock=lock)
    assert texts(found["train-etd-small-s1"]) == ["student small: recorded by another version in another form"]
    [text] = texts(found["train-etd-small-s2"])
    assert text.startswith('student small: base { kind: "gone" } -> scratch("t5"')


def test_files_are_as_dvc_says(tmp_path: Path) -> None:
    done = compiled(tmp_path)
    said: dict[str, list[Any]] = {
        "ask-llm-problems-train-pot": [{"changed deps": {"prompts/python.jinja2": "modified"}}],
        "mix-cotd": [{"changed outs": {"artifacts/mixes/cotd/train.jsonl": "deleted"}}],
        "train-cotd-small-s1": [{"changed deps": {"artifacts/mixes/cotd/train.jsonl": "deleted"}}],
        "train-etd-small-s1": [{"changed deps": {"artifacts/mixes/etd/dev.jsonl": "modified"}}, "changed command"],
    }
    found = after_run(done, done, status=said)
    assert texts(found["ask-llm-problems-train-pot"]) == ["prompts/python.jinja2 changed"]
    assert texts(found["mix-cotd"]) == ["its output is missing"]
    assert found["mix-cotd"].reasons[0].detail == "artifacts/mixes/cotd/train.jsonl"
    assert texts(found["train-cotd-small-s1"]) == [] and found["train-cotd-small-s1"].after == ("mix-cotd",)
    # mix-etd runs because of the prompt, so that what it will write anew is no reason of its own.
    assert texts(found["train-etd-small-s1"]) == []


def test_an_input_newer_than_the_last_run_is_a_reason_where_its_maker_is_up_to_date(tmp_path: Path) -> None:
    done = compiled(tmp_path)
    said = {"train-etd-small-s1": [{"changed deps": {"artifacts/mixes/etd/dev.jsonl": "modified"}}]}
    found = after_run(done, done, status=said)
    assert [reason.why for reason in found["train-etd-small-s1"].reasons] == [Why.INPUT]


def test_a_stage_that_is_back_in_the_spec_is_judged_by_its_lock_and_its_outputs(tmp_path: Path) -> None:
    done = compiled(tmp_path)
    assert running(after_run(done, done, stages={})) == set()
    found = after_run(done, done, stages={}, exists=lambda path: path != "artifacts/mixes/etd/dev.jsonl")
    assert texts(found["mix-etd"]) == ["its output is missing"]


def test_the_check_of_the_spec_lets_nothing_else_run(tmp_path: Path) -> None:
    done = compiled(tmp_path)
    found = after_run(done, done, status={"spec": [{"changed deps": {"walk.mtd": "modified"}}]})
    assert running(found) == {"spec"} and only_spec(found)
    assert stages(found).startswith("48 stages: 1 would run (1 spec)")


# --- DVC's cache of runs ------------------------------------------------------------------------


def test_what_ran_before_with_the_same_values_and_inputs_is_restored(tmp_path: Path) -> None:
    old, other = compiled(tmp_path), edited(("learning_rate = 5e-4", "learning_rate = 1e-3"))
    was = compiled(tmp_path, other)
    cache = lock_of(old, salt="old")
    for name, entry in cache.items():  # the mixes are the same for both
        if name.startswith("train"):
            entry["deps"] = [hashed(Path(each["path"])) for each in entry["deps"]]
        if name.startswith(("solve", "score")):
            tests = [each for each in entry["deps"] if "problems" in each["path"] or "mixes" in each["path"]]
            entry["deps"] = [hashed(Path(each["path"])) if each in tests else each for each in entry["deps"]]

    def runs(output: str) -> list[Any]:
        return [entry for entry in cache.values() if any(out["path"] == output for out in entry["outs"])]

    found = after_run(was, old, runs=runs)
    states = {one.state for name, one in found.items() if name.startswith(("train", "solve", "score"))}
    assert states == {State.RESTORED}
    assert found["report-walk"].state is State.RUNS  # DVC keeps no run whose output is in git
    assert "would come from DVC's cache (12 train, 12 solve, 12 score)" in stages(found)
    assert {one.state for one in after_run(was, old).values()} == {State.RUNS, State.CURRENT}


def test_what_reads_something_that_is_not_known_yet_is_not_restored(tmp_path: Path) -> None:
    old = compiled(tmp_path)
    now = compiled(tmp_path, edited(("thoughts = cot + pot + eot", "thoughts = cot + 2*pot + eot")))
    assert now.plan is not None
    found = after_run(old, now, runs=lambda output: list(lock_of(now).values()))
    train = next(stage for stage in now.plan.stages if stage.kind == "train")
    assert wire(train, now.plan.blocks).outs
    assert found["mix-etd"].state is State.RESTORED  # its inputs are up to date
    changed = after_run(
        old,
        now,
        runs=lambda output: list(lock_of(now).values()),
        status={"ask-llm-problems-train-pot": [{"changed deps": {"prompts/python.jinja2": "modified"}}]},
    )
    assert changed["ask-llm-problems-train-pot"].state is State.RUNS
    assert changed["mix-etd"].state is State.RUNS


# --- words --------------------------------------------------------------------------------------


def test_trainings_of_one_reason_are_one_line(tmp_path: Path) -> None:
    now = compiled(tmp_path, edited(("thoughts = cot + pot + eot", "thoughts = cot + 2*pot + eot")))
    said = [line.text for line in grouped(after_run(compiled(tmp_path), now))]
    assert said == [
        "",
        "Would run, because mix etd: thoughts cot + pot + eot -> cot + 2*pot + eot (walk.mtd:13):",
        "  mix     mix-etd",
        "  train   6 stages: train-etd-small-s1, train-etd-small-s2, train-etd-small-s3 and 3 more",
        "  solve   6 stages: solve-walk-etd-small-s1, solve-walk-etd-small-s2, solve-walk-etd-small-s3 and 3 more",
        "  score   6 stages: score-walk-etd-small-s1, score-walk-etd-small-s2, score-walk-etd-small-s3 and 3 more",
        "  report  report-walk",
        "  track   track-walk",
    ]


def test_a_block_and_its_copies_that_change_alike_are_one_reason(tmp_path: Path) -> None:
    now = compiled(tmp_path, edited(("learning_rate = 5e-4", "learning_rate = 1e-3")))
    said = [line.text for line in grouped(after_run(compiled(tmp_path), now))]
    assert said[1] == "Would run, because student small, large: learning_rate 0.0005 -> 0.001 (walk.mtd:14):"
    assert [text.split()[:2] for text in said[2:]] == [
        ["train", "12"],
        ["solve", "12"],
        ["score", "12"],
        ["report", "report-walk"],
        ["track", "track-walk"],
    ]


def test_every_stage_is_listed_once(tmp_path: Path) -> None:
    done = compiled(tmp_path)
    found = after_run(done, done)
    said = [line.text for line in listed(found, {name: [] for name in found})]
    assert [text.strip() for text in said[1:-1]] == list(found)
    assert stages(found) == f"{len(found)} stages: all up to date."


def test_a_spec_has_no_stage_that_is_explained_by_nothing(tmp_path: Path) -> None:
    every = [(old, new) for old, new, *_ in CASES if "timeout" not in old and "\n" not in old]
    found = after_run(compiled(tmp_path), compiled(tmp_path, edited(*every)))
    assert all(one.roots for one in found.values() if one.state is not State.CURRENT)
