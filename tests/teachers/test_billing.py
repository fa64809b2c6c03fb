"""What a server counts for all completions of an answer is shared out among them, all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.contract.settings import PerMillion, Price
from distill_dsl.runtime.teachers.billing import bought_of
from distill_dsl.runtime.teachers.replies import Choice, Reply
from distill_dsl.runtime.teachers.store import Bought

LIMIT = 50
PRICE = PerMillion(input=1.0, output=2.0, cached=0.5)


def reply(texts: list[tuple[str, bool]], output: int | None, cost: float | None = None) -> Reply:
    choices = tuple(Choice(text, "length" if cut else None, None, None) for text, cut in texts)
    return Reply(choices, served="m-1", input=100, output=output, cached=40, cost=cost)


def bought(answer: Reply, price: Price | None = None) -> list[Bought]:
    return bought_of(answer, len(answer.choices), LIMIT, False, price)


@given(
    st.lists(st.tuples(st.text(max_size=20), st.booleans()), min_size=1, max_size=9),
    st.integers(9 * LIMIT, 999),
    st.none() | st.floats(0, 10),
)
def test_all_of_it_is_shared_out(texts: list[tuple[str, bool]], output: int, cost: float | None) -> None:
    rows = bought(reply(texts, output, cost), PRICE)
    assert [row.text for row in rows] == [text for text, _ in texts]
    outputs = [row.output for row in rows]
    assert sum(count for count in outputs if count is not None) == output
    assert all(count is not None and count >= 0 for count in outputs)
    assert [row.input for row in rows] == [100] + [0] * (len(texts) - 1)
    due = (60 * 1.0 + 40 * 0.5 + output * 2.0) / 1e6 if cost is None else cost
    assert sum(row.cost or 0.0 for row in rows) == pytest.approx(due)


def test_one_that_was_cut_off_took_all_that_it_might() -> None:
    rows = bought(reply([("x" * 10, False), ("y" * 500, True), ("z" * 21, False)], 50 + 33))
    assert [row.output for row in rows] == [11, 50, 22]


def test_one_alone_took_what_is_said() -> None:
    assert [row.output for row in bought(reply([("x", True)], 7))] == [7], "it met the end of the context"


def test_a_server_that_counts_one_of_several_is_found_out() -> None:
    rows = bought(reply([("x" * 99, True), ("y" * 99, True), ("z" * 49, False)], LIMIT))
    assert [row.output for row in rows] == [50, 50, 25]


def test_what_is_not_said_is_not_known() -> None:
    rows = bought(reply([("a", False), ("b", False)], None), PRICE)
    assert [(row.output, row.cost) for row in rows] == [(None, None), (None, None)]
    assert [row.cost for row in bought(reply([("a", False)], 5))] == [None]


def test_more_than_was_asked_for_is_left() -> None:
    assert len(bought_of(reply([("a", False), ("b", False)], 5), 1, LIMIT, False, None)) == 1


def test_log_probabilities_that_the_server_did_not_give_are_not_asked_for_again() -> None:
    [row] = bought_of(reply([("a", False)], 5), 1, LIMIT, True, None)
    assert row.logprobs == ()
