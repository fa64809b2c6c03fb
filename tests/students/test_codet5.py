"""A model in the form of CodeT5: T5 weights beside a byte-level BPE of RoBERTa's kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pupils import CUES, examples, settings, texts_of
from tokenizers import ByteLevelBPETokenizer
from transformers import T5Config, T5ForConditionalGeneration, set_seed

from distill_dsl.contract.settings import HfBase
from distill_dsl.runtime.students import decoding, training
from distill_dsl.runtime.students.batches import encode
from distill_dsl.runtime.students.models import Student, pretrained_student

SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
PROGRAM = "if True:\n    ans = 1 + 2"


@pytest.fixture
def pupil(tmp_path: Path) -> Student:
    """A folder with the files that the hub has for CodeT5: no `tokenizer.json`, a vocabulary and merges."""
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(texts_of(examples()), vocab_size=330, special_tokens=SPECIAL, show_progress=False)
    bpe.save_model(str(tmp_path))
    marks = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    config = {"tokenizer_class": "RobertaTokenizer", "model_max_length": 512, **marks}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    shape = T5Config(vocab_size=330, pad_token_id=0, eos_token_id=2, **sizes)
    shape.decoder_start_token_id = 0
    set_seed(1)
    T5ForConditionalGeneration(shape).save_pretrained(tmp_path)
    return pretrained_student(HfBase(name=str(tmp_path)), dropout=None)


def test_token_ids_are_those_of_the_vocabulary_and_its_merges(pupil: Student) -> None:
    vocabulary = ByteLevelBPETokenizer(
        str(Path(pupil.model.config.name_or_path) / "vocab.json"),
        str(Path(pupil.model.config.name_or_path) / "merges.txt"),
    )
    for text in (PROGRAM, "a  ,  b\n\n\tc", "Let's think", "x**2 // 3 != ½"):
        assert pupil.codec.target(text) == (1, *vocabulary.encode(text).ids, 2)
        assert pupil.codec.text(pupil.codec.target(text)) == text


def test_it_is_fine_tuned_and_writes(pupil: Student, tmp_path: Path) -> None:
    rows = encode(pupil.codec, examples(), max_question=100, max_thought=100)
    assert rows.altered == 0
    steps = settings(steps=250, learning_rate=0.02)
    curve = training.train(
        pupil, rows.examples, (), steps, seed=1, checkpoints=tmp_path / "c", progress=lambda step, loss: None
    ).curve
    assert curve[-1].loss < 0.5 * curve[0].loss
    how = decoding.Decoding(temperature=0.0, max_tokens=30, max_question=100, seed=1)
    (written,) = decoding.write(pupil, [decoding.Request(examples(1)[1].question, CUES["pot"])], how)
    assert written.text.startswith("if True:\n    ans =")
