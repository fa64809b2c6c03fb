from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pupils import student, tiny

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import HfBase, ScratchBase
from distill_dsl.runtime.students import models
from distill_dsl.runtime.students.models import (
    parameters,
    pretrained_student,
    scratch_student,
    trained_student,
    use_threads,
)

ARCHITECTURES = ["t5", "llama"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_input_and_output_embeddings_are_one_matrix_before_and_after_saving(architecture: str, tmp_path: Path) -> None:
    pupil = student(architecture)
    pupil.model.save_pretrained(tmp_path)
    pupil.tokenizer.save_pretrained(tmp_path)
    for model in (pupil.model, pretrained_student(HfBase(name=str(tmp_path)), dropout=None).model):
        into, out = model.get_input_embeddings().weight, model.get_output_embeddings().weight
        assert into.data_ptr() == out.data_ptr()
        with torch.no_grad():
            into[3, 3] = 42.0
        assert out[3, 3] == 42.0


def test_all_three_embeddings_of_t5_are_tied() -> None:
    model = student("t5").model
    shared = model.shared.weight.data_ptr()
    assert shared == model.encoder.embed_tokens.weight.data_ptr() == model.decoder.embed_tokens.weight.data_ptr()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_folder_loads_as_it_was_saved(architecture: str, tmp_path: Path) -> None:
    pupil = student(architecture)
    pupil.model.save_pretrained(tmp_path)
    pupil.tokenizer.save_pretrained(tmp_path)
    loaded = pretrained_student(HfBase(name=str(tmp_path)), dropout=None)
    assert loaded.causal is pupil.causal is (architecture == "llama")
    assert parameters(loaded) == parameters(pupil)
    for (name, one), (other_name, other) in zip(
        pupil.model.state_dict().items(), loaded.model.state_dict().items(), strict=True
    ):
        assert name == other_name
        assert torch.equal(one, other), name
    assert loaded.tokenizer("x = 12")["input_ids"] == pupil.tokenizer("x = 12")["input_ids"]


def test_dropout_is_set_where_it_is_given_and_left_where_not(tmp_path: Path) -> None:
    pupil = student("t5")
    pupil.model.config.dropout_rate = 0.25
    pupil.model.save_pretrained(tmp_path)
    pupil.tokenizer.save_pretrained(tmp_path)
    base = HfBase(name=str(tmp_path))
    assert pretrained_student(base, dropout=None).model.config.dropout_rate == 0.25
    model = pretrained_student(base, dropout=0.5).model
    assert model.config.dropout_rate == 0.5
    assert {part.p for part in model.modules() if isinstance(part, torch.nn.Dropout)} == {0.5}


def test_the_seed_decides_the_weights() -> None:
    def embedding(seed: int) -> torch.Tensor:
        return student(seed=seed).model.get_input_embeddings().weight

    assert torch.equal(embedding(1), embedding(1))
    assert not torch.equal(embedding(1), embedding(2))


def test_a_model_that_is_not_there_is_a_failure_with_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "empty").mkdir()
    for name in ("nobody/no-such-model", str(tmp_path / "empty")):
        with pytest.raises(Failure, match="cannot be loaded") as caught:
            pretrained_student(HfBase(name=name), dropout=None)
        assert caught.value.where == name
        assert caught.value.help is not None


def test_damaged_weights_are_a_failure(tmp_path: Path) -> None:
    pupil = student()
    pupil.model.save_pretrained(tmp_path)
    pupil.tokenizer.save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(Failure, match="cannot be loaded"):
        pretrained_student(HfBase(name=str(tmp_path)), dropout=None)


def test_a_model_that_was_not_trained_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="does not exist"):
        trained_student(tmp_path / "none")


@pytest.mark.parametrize(
    ("base", "said"),
    [
        (ScratchBase(architecture="rnn"), "architecture: rnn"),
        (ScratchBase(digits="roman"), "digits: roman"),
        (ScratchBase(width=10, heads=4), "width of 10"),
    ],
)
def test_an_impossible_base_is_a_failure(base: ScratchBase, said: str) -> None:
    with pytest.raises(Failure, match=said) as caught:
        scratch_student(base, ["text"], dropout=None)
    assert caught.value.help is not None


def test_threads_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_THREADS", "2")
    assert use_threads(student()) == torch.get_num_threads() == 2
    monkeypatch.setenv("DISTILL_THREADS", "many")
    with pytest.raises(Failure, match="DISTILL_THREADS"):
        use_threads(student())


def test_a_small_student_takes_one_thread_and_a_larger_one_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISTILL_THREADS")
    monkeypatch.setattr(models, "_cores", lambda: 3)
    assert use_threads(student()) == 1
    monkeypatch.setattr(models, "SMALL", 1000)
    assert use_threads(student()) == torch.get_num_threads() == 3


def test_scratch_sizes_are_as_asked() -> None:
    config = scratch_student(tiny("t5"), ["some text"], dropout=0.1).model.config
    assert (config.d_model, config.num_layers, config.num_decoder_layers, config.num_heads) == (16, 1, 1, 2)
    assert config.dropout_rate == 0.1
