from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pupils import examples, student

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.students.batches import Encoded, encode
from distill_dsl.runtime.students.lessons import Lesson, fine_tuning
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.students.packing import Packing, in_rows, packing_for, positions

LAYOUTS = [Packing(one_row=False), Packing(one_row=True)]


def rows_of(pupil: Student, count: int = 12) -> list[Encoded]:
    return list(encode(pupil.codec, examples(count), max_question=100, max_thought=100).examples)


def loss_and_gradient(
    pupil: Student, lesson: Lesson[Encoded], rows: list[Encoded]
) -> tuple[torch.Tensor, torch.Tensor]:
    pupil.model.zero_grad()
    loss = lesson.loss(pupil.model, lesson.collate(rows))
    loss.backward()
    gradients = [weight.grad.flatten() for weight in pupil.model.parameters() if weight.grad is not None]
    return loss.detach(), torch.cat(gradients)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("packing", LAYOUTS)
def test_packed_examples_give_the_loss_and_gradient_of_examples_apart(packing: Packing, attention: str) -> None:
    pupil = student("llama")
    pupil.model.set_attn_implementation(attention)
    rows = rows_of(pupil)
    loss, gradient = loss_and_gradient(pupil, fine_tuning(pupil), rows)
    packed_loss, packed_gradient = loss_and_gradient(pupil, fine_tuning(pupil, packing=packing), rows)
    torch.testing.assert_close(packed_loss, loss, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(packed_gradient, gradient, rtol=1e-4, atol=1e-4)


def test_weights_stay_with_their_examples_when_these_are_packed() -> None:
    pupil = student("llama")
    rows, weights = rows_of(pupil), {"cot": 3.0, "pot": 0.5}
    loss, gradient = loss_and_gradient(pupil, fine_tuning(pupil, weights=weights), rows)
    packed = fine_tuning(pupil, weights=weights, packing=LAYOUTS[0])
    packed_loss, packed_gradient = loss_and_gradient(pupil, packed, rows)
    torch.testing.assert_close(packed_loss, loss, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(packed_gradient, gradient, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("packing", LAYOUTS)
def test_an_example_does_not_see_what_stands_before_it_in_its_row(packing: Packing) -> None:
    pupil = student("llama")
    first, second, *_ = rows_of(pupil)
    lesson = fine_tuning(pupil, packing=packing)

    def of_second(neighbour: Encoded) -> float:
        # What the pair loses less what the neighbour loses alone.
        both, alone = ([neighbour, second], [neighbour])
        return float(lesson.loss(pupil.model, lesson.collate(both)) - lesson.loss(pupil.model, lesson.collate(alone)))

    other = replace(first, source=first.source[::-1], target=first.target[::-1])
    with torch.no_grad():
        assert of_second(first) == pytest.approx(of_second(other), rel=1e-4)


@given(lengths=st.lists(st.integers(1, 60), min_size=1, max_size=40), one_row=st.booleans())
def test_every_example_is_laid_once_and_no_row_is_longer_than_the_longest(lengths: list[int], one_row: bool) -> None:
    rows = [Encoded((1,) * (length - 1), (number,)) for number, length in enumerate(lengths)]
    laid = in_rows(rows, Packing(one_row))
    assert Counter(row.target for line in laid for row in line) == Counter(row.target for row in rows)
    assert laid == in_rows(rows, Packing(one_row))
    if not one_row:
        widths = [sum(row.length for row in line) for line in laid]
        assert max(widths) == max(lengths)
        assert len(laid) == 1 or sum(widths) > max(widths) * len(laid) / 2, "two half-empty rows would fit in one"


@given(lengths=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=5), min_size=1, max_size=5))
def test_positions_start_again_with_each_example(lengths: list[list[int]]) -> None:
    lines = [[Encoded((1,) * (length - 1), (2,)) for length in line] for line in lengths]
    width = max(map(sum, lengths))
    found = positions(lines, width)
    assert found.shape == (len(lines), width)
    for line, row in zip(lengths, found.tolist(), strict=True):
        expected = [place for length in [*line, width - sum(line)] for place in range(length)]
        assert row == expected


def test_batches_of_unlike_lengths_are_hardly_filled_up() -> None:
    rows = [Encoded((1,) * (20 + 7 * number % 200), (2,) * 30) for number in range(32)]
    lesson = fine_tuning(student("llama"), packing=LAYOUTS[0])
    useful = lesson.tokens(rows).total
    assert useful / lesson.space(rows) > 0.9
    assert useful / fine_tuning(student("llama")).space(rows) < 0.65


def test_only_causal_students_can_be_packed() -> None:
    with pytest.raises(Failure, match="causal"):
        packing_for(student("t5"), half=False)
    assert packing_for(student("llama"), half=True) == Packing(one_row=False), "no flash-attention here"
