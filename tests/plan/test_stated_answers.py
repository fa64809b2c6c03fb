"""Strategies in params.yaml stand as they do in a spec, and come back equal, whatever the language can state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.compiler.emit.layout import yaml_text
from distill_dsl.compiler.emit.params_yaml import params_document
from distill_dsl.compiler.emit.write import parsed
from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.wiring import Block
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings, stated
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.contract.strategies import (
    Adaptive,
    Cascade,
    Confident,
    Oracle,
    Ranked,
    Single,
    Strategy,
    Vote,
    read_strategy,
    strategy_title,
)

NAMES = st.sampled_from(["cot", "pot", "eot", "x1", "true", "null", "off", "y", "judge_2", "_"]) | st.from_regex(
    r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True
)
MEMBERS = st.lists(NAMES, min_size=1, max_size=4, unique=True).map(tuple)
SAMPLES = st.none() | st.integers(1, 64)
WEIGHTS = st.floats(0.001, 1e9) | st.integers(1, 9).map(float)


@st.composite
def votes(draw: st.DrawFn) -> Vote:
    members = draw(MEMBERS)
    weights = draw(st.dictionaries(st.sampled_from(members), WEIGHTS))
    ties = draw(st.none() | st.sampled_from(members))
    by = draw(st.sampled_from(["count", "confidence"]))
    return Vote(members=members, weights=weights, ties=ties, samples=draw(SAMPLES), by=by)


ANSWERS: st.SearchStrategy[Strategy] = st.one_of(
    st.builds(Single, thought=NAMES),
    st.builds(Cascade, members=st.lists(NAMES, min_size=2, max_size=4, unique=True).map(tuple)),
    votes(),
    st.builds(Confident, members=MEMBERS, samples=SAMPLES, calibrated=st.booleans()),
    st.builds(
        Ranked, members=MEMBERS, by=NAMES, on=NAMES | NAMES.map("{}-w_2_5".format), samples=SAMPLES, vote=st.booleans()
    ),
    st.builds(Adaptive, members=MEMBERS, ties=st.none() | NAMES),
    st.builds(Oracle, members=MEMBERS),
)


def written(*answers: Strategy) -> str:
    """The text of a params.yaml with an experiment that asks for these."""
    block = Block("e", ExperimentSettings(answers=answers))
    plan = Plan(spec="s.mtd", stages=(), blocks={("experiment", "e"): block}, params={}, versions={})
    return yaml_text(params_document(plan), "", width=80)


def held(text: str) -> Any:
    document = parsed(text)
    assert document is not None
    return document["experiment"]["e"]["answers"]


@given(st.lists(ANSWERS, min_size=1, max_size=5))
def test_any_strategy_comes_back_equal(answers: list[Strategy]) -> None:
    raw = stated({"answers": held(written(*answers))})
    assert msgspec.convert(raw, ExperimentSettings, strict=True).answers == tuple(answers)


def test_they_stand_as_in_a_spec() -> None:
    cascade, vote = Cascade(members=("pot", "cot")), Vote(members=("pot", "cot"), weights={"pot": 2.0}, by="confidence")
    assert held(written(Single(thought="cot"), cascade, vote)) == [
        "cot",
        "pot > cot",
        "vote(2*pot, cot, by: confidence)",
    ]


def test_what_a_title_leaves_out_stands_as_fields() -> None:
    [long, odd] = held(written(Vote(members=("a",), weights={"a": 1.23456789}), Adaptive(members=("a",), ties="true")))
    assert long == {"kind": "vote", "members": ["a"], "weights": {"a": 1.23456789}}
    assert odd == {"kind": "adaptive", "members": ["a"], "ties": "true"}


def test_the_fields_that_older_versions_wrote_are_read() -> None:
    fields = msgspec.to_builtins(Vote(members=("a", "b"), samples=2))
    assert stated({"answers": ["a", fields]})["answers"] == [{"kind": "single", "thought": "a"}, fields]
    assert stated({"samples": 3}) == {"samples": 3}


@pytest.mark.parametrize(
    "said", ["vote(pot", "vot(pot)", "pot >", "", "vote(x*pot)", "vote()", "2*pot", "vote(pot, samples: many)", "a b"]
)
def test_a_strategy_that_was_mangled_by_hand_is_named(said: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(yaml_text({"experiment": {"e": {"answers": ["cot", said]}}}, ""), encoding="utf-8")
    with pytest.raises(Failure, match=r"`experiment\.e\.answers\[(1|\.\.\.)\]") as caught:
        read_settings(ExperimentSettings, "e", path)
    assert "mtd compile" in (caught.value.help or "")


@given(ANSWERS)
def test_reading_a_title_never_fails_in_another_way(strategy: Strategy) -> None:
    title = strategy_title(strategy)
    for cut in range(len(title)):
        read_strategy(title[:cut])
