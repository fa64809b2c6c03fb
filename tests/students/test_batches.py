from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pupils import CUES, examples, student

from distill_dsl.contract.records import Example
from distill_dsl.runtime.students.batches import IGNORED, Encoded, collator, encode, padded, prompt, schedule

ARCHITECTURES = ["t5", "llama"]


def test_the_prompt_is_that_of_the_papers_checkpoint() -> None:
    assert prompt("How many?", "Let's think step by step.") == "Question: How many?\nLet's think step by step."


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_long_question_loses_its_end_and_keeps_its_cue(architecture: str) -> None:
    codec = student(architecture).codec
    question = "Ann has 3 pens. " * 30
    ids, cut = codec.source(question, CUES["pot"], 40)
    text = codec.text(ids)
    assert cut
    assert len(ids) <= 40
    assert text.rstrip().endswith(CUES["pot"])
    assert text.startswith("Question: Ann has 3 pens.")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_examples_encode_and_come_back(architecture: str) -> None:
    codec = student(architecture).codec
    rows = examples(3)
    encoding = encode(codec, rows, max_question=100, max_thought=100)
    assert [codec.text(row.target) for row in encoding.examples] == [row.text for row in rows]
    assert all(row.target[-1] == codec.end and row.target.count(codec.end) == 1 for row in encoding.examples)
    assert (encoding.cut_inputs, encoding.left_out, encoding.altered) == (0, 0, 0)


def test_long_thoughts_are_left_out_and_counted() -> None:
    row = Example(problem="p", thought="cot", question="How?", cue="c", text="pens " * 50)
    encoding = encode(student().codec, [row, *examples(1)], max_question=100, max_thought=30)
    assert encoding.left_out == 1
    assert len(encoding.examples) == 2


def test_a_seq2seq_batch_bears_loss_on_the_thought_only() -> None:
    batch = collator(student().codec)([Encoded((5, 6, 7), (8, 1)), Encoded((5,), (8, 9, 1))])
    assert batch["input_ids"].tolist() == [[5, 6, 7], [5, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[8, 1, IGNORED], [8, 9, 1]]


def test_a_causal_batch_masks_the_prompt() -> None:
    batch = collator(student("llama").codec)([Encoded((5, 6, 7), (8, 1)), Encoded((5,), (8, 9, 1))])
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8, 1], [5, 8, 9, 1, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]
    assert batch["labels"].tolist() == [[IGNORED] * 3 + [8, 1], [IGNORED, 8, 9, 1, IGNORED]]


def test_rows_can_be_filled_up_on_the_left() -> None:
    assert padded([(1, 2), (3,)], 0, left=True).tolist() == [[1, 2], [0, 3]]


@given(
    lengths=st.lists(st.integers(1, 50), min_size=1, max_size=60),
    batch=st.integers(1, 8),
    batches=st.integers(1, 40),
    seed=st.integers(0, 5),
)
def test_every_example_is_read_equally_often(lengths: list[int], batch: int, batches: int, seed: int) -> None:
    order = schedule(lengths, batch=batch, batches=batches, seed=seed)
    assert len(order) == batch * batches
    counts = Counter(order)
    seen = [counts[row] for row in range(len(lengths))]
    assert max(seen) - min(seen) <= 1
    assert order == schedule(lengths, batch=batch, batches=batches, seed=seed)


def test_batches_are_of_one_length_and_come_in_random_order() -> None:
    lengths = [1 + row % 40 for row in range(400)]
    order = schedule(lengths, batch=10, batches=40, seed=1)
    chunks = [[lengths[row] for row in order[start : start + 10]] for start in range(0, 400, 10)]
    assert max(max(chunk) - min(chunk) for chunk in chunks) <= 1
    assert [chunk[0] for chunk in chunks] != sorted(chunk[0] for chunk in chunks)
    assert order != schedule(lengths, batch=10, batches=40, seed=2)
