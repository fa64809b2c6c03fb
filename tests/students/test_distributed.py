"""Training in several processes: what the launcher is told, and (slow) two real ones on processors."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
import torch
import yaml
from pupils import examples, settings

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.runtime.stages import train
from distill_dsl.runtime.students import distributed, training

PARAMS = """\
student:
  small:
    base: {kind: scratch, architecture: t5, width: 16, layers: 1, heads: 2, vocabulary: 400, digits: split}
    steps: 12
    batch: 8
    accumulate: 2
    learning_rate: 0.01
    evaluations: 4
    dev_problems: 3
"""
CELL = "etd-small-s1"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of a launcher, nor ours."""
    for name in (distributed.PROCESSES, distributed.ACCELERATE, "LOCAL_RANK", "RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("wanted", ["", "1"])
def test_one_process_is_not_launched(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(distributed.PROCESSES, wanted)
    assert distributed.launch_options() is None


def test_several_processes_are_launched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(distributed.PROCESSES, "4")
    options = distributed.launch_options()
    assert options is not None
    assert options[options.index("--num_processes") + 1] == "4"
    monkeypatch.setenv("LOCAL_RANK", "0")
    assert distributed.launch_options() is None, "a launched process launches no others"


@pytest.mark.parametrize("wanted", ["two", "0", "-1", "1.5"])
def test_a_number_that_is_none_is_a_failure(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(distributed.PROCESSES, wanted)
    with pytest.raises(Failure, match="not a number of processes"):
        distributed.launch_options()


FSDP = {
    "compute_environment": "LOCAL_MACHINE",
    "distributed_type": "FSDP",
    "fsdp_config": {
        "fsdp_version": 2,
        "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "fsdp_state_dict_type": "SHARDED_STATE_DICT",
    },
    "mixed_precision": "no",
    "num_machines": 1,
    "num_processes": 2,
    "use_cpu": False,
}


def test_accelerate_reads_the_file_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    config = tmp_path / "fsdp.yaml"
    monkeypatch.setenv(distributed.ACCELERATE, str(config))
    with pytest.raises(Failure, match="does not exist"):
        distributed.launch_options()
    config.write_text(yaml.safe_dump(FSDP))
    assert distributed.launch_options() == ["--config_file", str(config)]
    assert load_config_from_file(str(config)).distributed_type == "FSDP"


def test_threads_are_shared_among_the_processes_of_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(4)
    distributed.share_threads()
    assert torch.get_num_threads() == 4
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    distributed.share_threads()
    assert torch.get_num_threads() == 1


def test_a_batch_that_cannot_be_shared_evenly_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(Failure, match="a batch of 8 cannot be shared evenly among 3 processes"):
        training.planned([], settings(), steps=1, seed=1)


@pytest.mark.parametrize(("told", "shards"), [("true", True), ("false", False), ("", False)])
def test_the_launcher_tells_that_a_model_lies_in_shards(
    told: str, shards: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", told)
    assert distributed.in_shards() is shards


def test_a_failure_of_the_first_process_is_handed_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / "failure.json"
    monkeypatch.setenv(distributed.FAILED, str(left))
    monkeypatch.setattr(sys, "argv", ["train", '{"mix": "etd"}'])

    def run(mix: str) -> None:
        raise Failure(f"no {mix}", where="here", help="make it")

    with pytest.raises(SystemExit) as ended:
        distributed.answer(run)
    assert ended.value.code == 1
    assert json.loads(left.read_text()) == {"summary": "no etd", "where": "here", "help": "make it"}


# --- two real processes -------------------------------------------------------------------------------


@pytest.fixture
def mixed(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that stands before its train stage."""
    params._read.cache_clear()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(train.__file__).parents[3]), *sys.path]))
    (project / "params.yaml").write_text(PARAMS)
    rows = examples()
    files.write_rows(files.mix_file("etd", "dev"), rows[:8])
    files.write_rows(files.mix_file("etd", "train"), rows[8:])
    held_out = [Problem(id=row.problem, question=row.question, answer="3") for row in rows[:8:2]]
    files.write_rows(files.mix_file("etd", "held_out"), held_out)
    return project


def trained() -> tuple[dict[str, float], bytes]:
    train.run(mix="etd", student="small", seed=1)
    weights = (files.model_folder(CELL) / "model.safetensors").read_bytes()
    thoughts = files.dev_thoughts_file(CELL).read_bytes()
    assert thoughts.count(b"\n") == 4 * 3 * 2
    return json.loads(files.training_file(CELL).read_text()), weights + thoughts


KILLED = """
import os, signal
from distill_dsl.runtime.stages import train
from distill_dsl.runtime.students import distributed, watching
step_end = watching.Watch.on_step_end
def on_step_end(self, args, state, control, **rest):
    if state.global_step == 8:
        os.kill(os.getpid(), signal.SIGKILL)
    step_end(self, args, state, control, **rest)
watching.Watch.on_step_end = on_step_end
distributed.answer(train.run)
"""


@pytest.mark.slow
def test_two_processes_learn_what_one_does_go_on_after_a_kill_and_save_once(
    mixed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, _ = trained()
    monkeypatch.setenv(distributed.PROCESSES, "2")
    together, weights = trained()
    for key in ("train_loss", "dev_loss"):
        assert together[key] == pytest.approx(alone[key], rel=1e-3)
    for key in ("steps", "examples", "seen_tokens", "flops", "trained_parameters"):
        assert together[key] == alone[key]
    assert not list(Path(".mtd/checkpoints").iterdir())

    (mixed / "killed.py").write_text(KILLED)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(mixed), os.environ["PYTHONPATH"]]))
    options = distributed.launch_options()
    assert options is not None
    with pytest.raises(Failure, match="a process of the training ended"):
        distributed.launch(options, "killed", {"mix": "etd", "student": "small", "seed": 1, "base": None})
    (checkpoints,) = Path(".mtd/checkpoints").iterdir()
    assert [path.name for path in training.whole_checkpoints(checkpoints)] == ["checkpoint-3", "checkpoint-6"]
    resumed, again = trained()
    assert again == weights
    assert resumed["train_loss"] == together["train_loss"]


@pytest.mark.slow
def test_a_failure_in_several_processes_is_one_here(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(distributed.PROCESSES, "2")
    files.mix_file("etd", "train").write_text("")
    with pytest.raises(Failure, match="holds no train example"):
        trained()
