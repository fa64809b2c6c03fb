from __future__ import annotations

import pytest
import torch
from pupils import examples, student
from torch.nn import functional

from distill_dsl.runtime.students.batches import IGNORED, Encoded, collator, encode
from distill_dsl.runtime.students.lessons import Tokens, fine_tuning
from distill_dsl.runtime.students.models import Student

ARCHITECTURES = ["t5", "llama"]


def rows_of(pupil: Student, count: int = 6) -> list[Encoded]:
    return list(encode(pupil.codec, examples(count), max_question=100, max_thought=100).examples)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_loss_is_the_models_own(architecture: str) -> None:
    pupil = student(architecture)
    rows, lesson = rows_of(pupil), fine_tuning(pupil)
    own = pupil.model(**collator(pupil.codec)(rows)).loss
    batch = lesson.collate(rows)
    mean = lesson.loss(pupil.model, batch) / lesson.units(batch)
    torch.testing.assert_close(mean, own, rtol=1e-5, atol=1e-6)
    assert int(lesson.units(batch)) == sum(len(row.target) for row in rows)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_smoothing_spreads_a_share_over_the_vocabulary_in_training_only(architecture: str) -> None:
    pupil = student(architecture)
    rows, lesson = rows_of(pupil), fine_tuning(pupil, smoothing=0.1)
    batch = lesson.collate(rows)
    inputs = collator(pupil.codec)(rows)
    logits = pupil.model(**inputs).logits
    labels = inputs["labels"]
    if architecture == "llama":
        logits, labels = logits[:, :-1], labels[:, 1:]
    shares = functional.log_softmax(logits, dim=-1)[labels != IGNORED]  # (N, vocabulary)
    plain = -shares.gather(1, labels[labels != IGNORED][:, None]).sum()
    expected = 0.9 * plain - 0.1 * shares.mean(dim=-1).sum()
    torch.testing.assert_close(lesson.loss(pupil.model, batch), expected, rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(lesson.dev_loss(pupil.model, batch), plain, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_format_counts_as_much_as_its_weight(architecture: str) -> None:
    pupil = student(architecture)
    rows = rows_of(pupil)
    plain, weighted = fine_tuning(pupil), fine_tuning(pupil, weights={"pot": 3.0})

    def of(kept: list[Encoded]) -> torch.Tensor:
        return plain.loss(pupil.model, plain.collate(kept))

    cot, pot = ([row for row in rows if row.thought == thought] for thought in ("cot", "pot"))
    batch = weighted.collate(rows)
    torch.testing.assert_close(weighted.loss(pupil.model, batch), of(cot) + 3 * of(pot), rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(weighted.dev_loss(pupil.model, batch), of(rows), rtol=1e-5, atol=1e-3)


def test_only_what_bears_a_loss_reaches_the_output_layer() -> None:
    pupil = student("llama")
    rows, widths = rows_of(pupil), []
    head = pupil.model.get_output_embeddings()
    handle = head.register_forward_hook(lambda module, inputs, output: widths.append(tuple(output.shape)))
    lesson = fine_tuning(pupil)
    lesson.loss(pupil.model, lesson.collate(rows))
    pupil.model(**collator(pupil.codec)(rows))
    handle.remove()
    selected, whole = widths
    assert selected == (sum(len(row.target) for row in rows), pupil.model.config.vocab_size)
    assert whole[:2] == (len(rows), max(row.length for row in rows)), "nothing stays on the model"


def test_tokens_and_space_of_a_batch() -> None:
    rows = [Encoded((1,) * 5, (2,) * 3), Encoded((1,) * 2, (2,) * 4)]
    seq2seq, causal = fine_tuning(student("t5")), fine_tuning(student("llama"))
    assert (seq2seq.tokens(rows), seq2seq.space(rows)) == (Tokens(7, 7), 2 * (5 + 4))
    assert (causal.tokens(rows), causal.space(rows)) == (Tokens(0, 14), 2 * 8)
