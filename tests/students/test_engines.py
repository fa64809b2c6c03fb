from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from pupils import CUES, examples, settings, student
from transformers import (
    AutoTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    MistralConfig,
    PreTrainedModel,
    Qwen2Config,
    T5Config,
    T5ForConditionalGeneration,
)

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.students import decoding, models, training
from distill_dsl.runtime.students.batches import encode
from distill_dsl.runtime.students.decoding import Decoding, Request, Written
from distill_dsl.runtime.students.engines import Engine, choosing, ctranslate2, vllm
from distill_dsl.runtime.students.models import Student

GREEDY = Decoding(temperature=0.0, max_tokens=40, max_question=100, seed=1)
DRAWN = Decoding(temperature=1.0, max_tokens=40, max_question=100, seed=1)
ASKED = [Request(row.question + " Now." * (place % 4), row.cue) for place, row in enumerate(examples(40))]
ENOUGH = 0.995
"""Share of equal greedy thoughts: ties are decided by the last bits of float32."""


@pytest.fixture(scope="module", params=[("t5", "whole"), ("llama", "split")])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Student, Path]:
    """A student that was trained a little, and the folder it was saved in."""
    architecture, digits = request.param
    pupil = student(architecture, digits=digits)
    rows = encode(pupil.codec, examples(), max_question=100, max_thought=100).examples
    folder = tmp_path_factory.mktemp("student")
    training.train(
        pupil,
        rows,
        (),
        settings(steps=150, learning_rate=0.02),
        seed=1,
        checkpoints=folder / "checkpoints",
        progress=lambda step, loss: None,
    )
    return pupil, saved(pupil, folder / "model")


def saved(pupil: Student, folder: Path) -> Path:
    pupil.model.save_pretrained(folder)
    pupil.tokenizer.save_pretrained(folder)
    return folder


def converted(pupil: Student, folder: Path, batches: int = 1, threads: int = 1) -> Engine:
    pytest.importorskip("ctranslate2")
    kind = choosing.chosen("ctranslate2", pupil)
    return choosing.opened(kind, pupil, folder, folder.parent / "state", GREEDY, threads=threads, batches=batches)


def texts(written: list[list[Written]]) -> list[str]:
    return [thought.text for batch in written for thought in batch]


def test_ctranslate2_writes_what_transformers_writes(trained: tuple[Student, Path]) -> None:
    pupil, folder = trained
    groups = decoding.batches(pupil, ASKED, 16, 100)
    batches = [[ASKED[position] for position in group] for group in groups]
    expected = [decoding.write(pupil, batch, GREEDY) for batch in batches]
    written = list(converted(pupil, folder, len(batches), threads=2).write(batches, GREEDY))
    pairs = [pair for ours, theirs in zip(expected, written, strict=True) for pair in zip(ours, theirs, strict=True)]
    same = [(one, other) for one, other in pairs if one.text == other.text]
    assert len(same) >= ENOUGH * len(pairs)
    assert len({one.text for one, _ in same}) > 2, "a student that writes one thing shows nothing"
    for one, other in same:
        assert one.tokens == other.tokens
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)


def test_ctranslate2_cuts_thoughts_at_the_limit(trained: tuple[Student, Path]) -> None:
    pupil, folder = trained
    short = Decoding(temperature=0.0, max_tokens=3, max_question=100, seed=1)
    (written,) = converted(pupil, folder).write([ASKED[:8]], short)
    assert {thought.tokens for thought in written} == {3}
    expected = decoding.write(pupil, ASKED[:8], short)
    assert [thought.text for thought in written] == [thought.text for thought in expected]
    assert [thought.logprob for thought in written] == pytest.approx([one.logprob for one in expected], abs=1e-4)


def test_ctranslate2_draws_as_transformers_does(trained: tuple[Student, Path]) -> None:
    pupil, folder = trained
    asked = [Request(request.question, request.cue, sample) for request in ASKED[:4] for sample in range(3)]
    (written,) = converted(pupil, folder).write([asked], DRAWN)
    assert [thought.text for thought in written] == [thought.text for thought in decoding.write(pupil, asked, DRAWN)]


def test_a_thought_may_be_empty(trained: tuple[Student, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    pupil, folder = trained
    engine = converted(pupil, folder)
    assert isinstance(engine, ctranslate2.Ctranslate2)
    name = "generate_batch" if pupil.causal else "translate_batch"
    given: dict[str, Any] = {}
    through = getattr(engine.model, name)
    monkeypatch.setattr(ctranslate2, "version", lambda package: "0")
    spy = SimpleNamespace(**{name: lambda sources, **how: given.update(how) or through(sources, **how)})
    list(ctranslate2.Ctranslate2(pupil, spy, engine.tokens, 1).write([ASKED[:1]], GREEDY))
    assert given.get("min_decoding_length", given.get("min_length", 0)) == 0


def causal(kind: Any = LlamaConfig, **changes: Any) -> Student:
    """An untrained causal student, sure enough of itself that engines can be told apart."""
    tokenizer = student("llama").tokenizer
    torch.manual_seed(3)
    fields: dict[str, Any] = {
        "vocab_size": len(tokenizer) + 2,  # models are often wider than their tokenizers
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 50_000.0},
        "rms_norm_eps": 1e-5,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.2,
        "sliding_window": None,
    }
    return Student(models.AutoModelForCausalLM.from_config(kind(**(fields | changes))), tokenizer)


def seq2seq(**changes: Any) -> Student:
    """An untrained T5."""
    tokenizer = student().tokenizer
    torch.manual_seed(3)
    fields: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "d_model": 32,
        "d_kv": 8,
        "d_ff": 64,
        "num_layers": 2,
        "num_heads": 4,
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "decoder_start_token_id": tokenizer.pad_token_id,
    }
    return Student(T5ForConditionalGeneration(T5Config(**(fields | changes))), tokenizer)


LINEAR = {"rope_type": "linear", "rope_theta": 10_000.0, "factor": 2.0}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (causal, {"kind": MistralConfig, "head_dim": 16}),
        (causal, {"kind": Qwen2Config}),
        (causal, {"attention_bias": True, "mlp_bias": True, "rope_parameters": LINEAR}),
        (causal, {"tie_word_embeddings": True}),
        (seq2seq, {"d_kv": 16, "num_decoder_layers": 3}),
        (seq2seq, {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
        (seq2seq, {"relative_attention_num_buckets": 16, "relative_attention_max_distance": 20}),
    ],
)
def test_relatives_are_converted_rightly(make: Callable[..., Student], changes: dict[str, Any], tmp_path: Path) -> None:
    pupil = make(**changes)
    assert ctranslate2.refusal(pupil) is None
    same_writing(pupil.model, pupil.tokenizer, tmp_path)


@pytest.mark.parametrize(
    ("make", "changes", "reason"),
    [
        (causal, {"hidden_act": "gelu"}, "`gelu`"),
        (causal, {"rope_parameters": LLAMA3}, "`llama3`"),
        (causal, {"head_dim": 16}, "another width"),
        (causal, {"kind": MistralConfig, "sliding_window": 8}, "sliding window"),
    ],
)
def test_what_would_be_converted_wrongly_is_refused(
    make: Callable[..., Student], changes: dict[str, Any], reason: str
) -> None:
    pupil = make(**changes)
    assert reason in str(ctranslate2.refusal(pupil))
    assert choosing.chosen("auto", pupil) == "transformers"


def same_writing(model: PreTrainedModel, tokenizer: Any, folder: Path) -> None:
    pupil = Student(model, tokenizer)
    (written,) = converted(pupil, saved(pupil, folder / "model")).write([ASKED[:12]], GREEDY)
    expected = decoding.write(pupil, ASKED[:12], GREEDY)
    # Untrained, a student is far from sure of its tokens: where they part is chance, how they begin is not.
    close = [
        one.logprob == pytest.approx(two.logprob, abs=1e-3) and one.text == two.text
        for one, two in zip(expected, written, strict=True)
    ]
    assert sum(close) >= 11


def test_a_converted_student_is_taken_over(trained: tuple[Student, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    pupil, folder = trained
    converted(pupil, folder)

    def again(folder: Path, state: Path) -> None:
        raise AssertionError("converted again")

    monkeypatch.setattr(ctranslate2, "_convert", again)
    assert texts(list(converted(pupil, folder).write([ASKED[:1]], GREEDY)))
    assert [path.name for path in (folder.parent / "state").iterdir()] == ["ctranslate2"], "nothing half made is left"


def test_tokens_with_other_ids_are_found_out(trained: tuple[Student, Path]) -> None:
    pupil, folder = trained
    converted(pupil, folder)
    strange = AutoTokenizer.from_pretrained(folder)
    strange.get_vocab = lambda: {"ans": 2, "=": 1}
    with pytest.raises(Failure, match="has another id"):
        converted(Student(pupil.model, strange), folder)


# --- choosing ---------------------------------------------------------------------------------------


def gpt2() -> Student:
    tokenizer = student("llama").tokenizer
    return Student(GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2)), tokenizer)


def present(monkeypatch: pytest.MonkeyPatch, *, ctranslate: bool, vllms: bool, gpu: bool) -> None:
    monkeypatch.setattr(ctranslate2, "installed", lambda: ctranslate)
    monkeypatch.setattr(vllm, "installed", lambda: vllms)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)


@pytest.mark.parametrize(
    ("pupil", "ctranslate", "vllms", "gpu", "expected"),
    [
        ("t5", True, True, False, "ctranslate2"),
        ("llama", True, True, False, "ctranslate2"),
        ("gpt2", True, True, False, "transformers"),
        ("t5", False, False, False, "transformers"),
        ("t5", True, True, True, "transformers"),
        ("llama", True, True, True, "vllm"),
        ("llama", True, False, True, "transformers"),
    ],
)
def test_auto_takes_the_fastest_that_fits(
    pupil: str, ctranslate: bool, vllms: bool, gpu: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen_for = gpt2() if pupil == "gpt2" else student(pupil)
    present(monkeypatch, ctranslate=ctranslate, vllms=vllms, gpu=gpu)
    assert choosing.chosen("auto", chosen_for) == expected


@pytest.mark.parametrize(
    ("wanted", "pupil", "there", "says", "help"),
    [
        ("ctranslate2", "t5", False, "ctranslate2 is not installed", r"distill-dsl\[ctranslate2\]"),
        ("ctranslate2", "gpt2", True, "not known to run a GPT2LMHeadModel", "engine = transformers"),
        ("vllm", "llama", False, "vllm is not installed", r"distill-dsl\[vllm\]"),
        ("vllm", "t5", True, "causal students only", "ctranslate2"),
        ("vllm", "llama", True, "vllm needs a GPU", "engine = auto"),
        ("fast", "t5", True, "`engine: fast` is not known", "auto, transformers, ctranslate2, vllm"),
    ],
)
def test_an_engine_that_cannot_serve_is_a_failure_that_says_what_to_write(
    wanted: str, pupil: str, there: bool, says: str, help: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen_for = gpt2() if pupil == "gpt2" else student(pupil)
    present(monkeypatch, ctranslate=there, vllms=there, gpu=False)
    with pytest.raises(Failure, match=says) as caught:
        choosing.chosen(wanted, chosen_for)
    assert caught.match(help)


def test_a_student_that_cannot_be_converted_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ctranslate2")
    pupil = gpt2()
    folder = saved(pupil, tmp_path / "model")
    (folder / "config.json").write_text('{"model_type": "llama", "rope_scaling": {"rope_type": "none such"}}')
    with pytest.raises(Failure, match="cannot be converted") as caught:
        ctranslate2.opened(pupil, folder, tmp_path / "state" / "ctranslate2", workers=1, threads=1)
    assert caught.match("engine = transformers")
    assert not list((tmp_path / "state").iterdir())


# --- vLLM: our side of the seam, by form ----------------------------------------------------------------


class FakeVllm:
    """Says what it was asked, and writes the end mark after two tokens of the prompt."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.calls: list[tuple[list[dict[str, Any]], list[Any]]] = []

    def generate(self, prompts: list[dict[str, Any]], ways: list[Any], *, use_tqdm: bool) -> list[Any]:
        assert not use_tqdm
        self.calls.append((prompts, ways))
        outputs = [
            SimpleNamespace(token_ids=(*prompt["prompt_token_ids"][:2], self.end), cumulative_logprob=-0.6)
            for prompt in prompts
        ]
        return [SimpleNamespace(outputs=[output]) for output in outputs]


def test_vllm_is_asked_as_its_interface_wants() -> None:
    codec = student("llama").codec
    model = FakeVllm(codec.end)
    engine = vllm.Vllm(codec, model, lambda **way: SimpleNamespace(**way))
    asked = [Request("How many?", CUES["cot"], sample) for sample in range(3)]
    first, second = engine.write([asked, asked[:1]], DRAWN)
    ((prompts, ways),) = model.calls
    source = list(codec.source("How many?", CUES["cot"], 100)[0])
    assert prompts == [{"prompt_token_ids": source}] * 4
    assert [way.temperature for way in ways] == [0.0, 1.0, 1.0, 0.0]
    assert ways[0].seed is None and ways[1].seed != ways[2].seed
    assert all(way.stop_token_ids == [codec.end] and way.max_tokens == 40 and way.logprobs == 0 for way in ways)
    assert len(first) == 3 and len(second) == 1
    assert first[0] == Written(codec.text(source[:2]), 3, pytest.approx(-0.2))


def test_vllm_is_opened_on_the_trained_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: dict[str, Any] = {}
    stand_in: Any = ModuleType("vllm")
    stand_in.LLM = lambda **given: opened.update(given)
    stand_in.SamplingParams = SimpleNamespace
    monkeypatch.setitem(sys.modules, "vllm", stand_in)
    engine = vllm.opened(student("llama"), tmp_path, DRAWN)
    assert opened["model"] == str(tmp_path)
    assert opened["max_model_len"] == 140
    assert opened["dtype"] == "float32"
    assert engine.parameters is SimpleNamespace
