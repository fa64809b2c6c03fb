from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pupils import examples, settings, student
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import Lora
from distill_dsl.runtime.students import training
from distill_dsl.runtime.students.adapters import merge, with_adapter
from distill_dsl.runtime.students.batches import collator, encode
from distill_dsl.runtime.students.models import Student

ARCHITECTURES = ["t5", "llama"]
LORA = Lora(rank=4, alpha=8.0)


def learned(pupil: Student, folder: Path, **changes: object) -> training.Training:
    rows = encode(pupil.codec, examples(), max_question=100, max_thought=100).examples
    chosen = settings(**({"adapter": LORA, "steps": 4} | changes))
    return training.train(pupil, rows, rows[:8], chosen, seed=1, checkpoints=folder, progress=lambda step, loss: None)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_adapters_alone_learn_and_end_up_in_plain_weights(architecture: str, tmp_path: Path) -> None:
    pupil, untouched = student(architecture), student(architecture)
    names = list(pupil.model.state_dict())
    result = learned(pupil, tmp_path / "checkpoints")
    assert 0 < result.trained_parameters < sum(weight.numel() for weight in untouched.model.parameters())
    assert list(pupil.model.state_dict()) == names, "no trace of the adapters"
    before, after = untouched.model.state_dict(), pupil.model.state_dict()
    changed = {name for name in names if not torch.equal(before[name], after[name])}
    assert changed
    assert not any("embed" in name or "shared" in name or "norm" in name for name in changed)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_merged_adapters_compute_the_same_and_load_in_plain_transformers(architecture: str, tmp_path: Path) -> None:
    pupil = student(architecture)
    batch = collator(pupil.codec)(encode(pupil.codec, examples(4), max_question=100, max_thought=100).examples)
    adapted = with_adapter(pupil, LORA)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:  # which start at 0: nothing would be adapted
            torch.nn.init.normal_(weight, std=0.1)
    adapted.train(False)
    with torch.no_grad():
        expected = adapted(**batch).logits
        merge(adapted)
        pupil.model.save_pretrained(tmp_path)
        kind = AutoModelForCausalLM if architecture == "llama" else AutoModelForSeq2SeqLM
        loaded = kind.from_pretrained(tmp_path)
        loaded.train(False)
        torch.testing.assert_close(loaded(**batch).logits, expected, rtol=1e-4, atol=1e-4)


def test_a_checkpoint_holds_the_adapters_alone(tmp_path: Path) -> None:
    learned(student(), tmp_path)
    newest = training.whole_checkpoints(tmp_path)[-1]
    assert (newest / "adapter_model.safetensors").is_file()
    assert not (newest / "model.safetensors").exists()


def test_layers_can_be_chosen_and_unknown_ones_are_a_failure(tmp_path: Path) -> None:
    every = learned(student("llama"), tmp_path / "every").trained_parameters
    chosen = learned(student("llama"), tmp_path / "some", adapter=Lora(rank=4, targets=("q_proj", "v_proj")))
    assert 0 < chosen.trained_parameters < every
    with pytest.raises(Failure, match="no adapter can be put in") as caught:
        with_adapter(student("llama"), Lora(targets=("query",)))
    assert "q_proj" in str(caught.value)
