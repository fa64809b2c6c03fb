"""The ways in which an answer is picked from a student's thoughts, as a spec says them and `params.yaml` holds them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import field

from distill_dsl.contract.form import Count, Settings

NAME: Final = re.compile(r"[\w.-]+")
"""A format, as params.yaml names it: `pot`, `pot-steps_2` where its param is varied."""


class Single(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="single", tag_field="kind"):
    """The answer of one thought format."""

    thought: str


class Cascade(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="cascade", tag_field="kind"):
    """The first thought that gives an answer (paper, section 3.4: PoT > EoT > CoT)."""

    members: tuple[str, ...]


class Vote(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="vote", tag_field="kind"):
    """The most frequent answer; ties go to the member listed first."""

    members: tuple[str, ...]
    weights: dict[str, float] = field(default_factory=dict)
    ties: str | None = None
    """The member that decides a tie; without it, the order of the members does."""
    samples: Count | None = None
    """Only the first so many samples of each member."""
    by: str = "count"
    """`count`: a thought is one vote. `confidence`: it counts as much as its calibrated probability to
    be right says (as log-odds)."""


class Confident(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="confident", tag_field="kind"):
    """The answered thought with the highest length-normalised log-probability."""

    members: tuple[str, ...]
    samples: Count | None = None
    """Only the first so many samples of each member."""
    calibrated: bool = False
    """By the probability to be right, as learned on the problems that the mix holds out."""


class Ranked(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="ranked", tag_field="kind"):
    """The answered thought that a trained verifier scores highest."""

    members: tuple[str, ...]
    by: str
    """A student with `objective = verifier()`, trained with the same seed."""
    on: str
    """The mix that it was trained on."""
    samples: Count | None = None
    """Only the first so many samples of each member."""
    vote: bool = False
    """Add up the scores of equal answers (arXiv 2206.02336) in place of taking the highest."""


class Adaptive(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="adaptive", tag_field="kind"):
    """The first sample of each member where they agree; else all samples vote (after arXiv 2305.11860)."""

    members: tuple[str, ...]
    ties: str | None = None
    """The member that decides a tie; without it, the order of the members does."""


class Oracle(Settings, frozen=True, kw_only=True, omit_defaults=True, tag="oracle", tag_field="kind"):
    """Right if any member is right: the upper bound of every strategy."""

    members: tuple[str, ...]


Strategy = Single | Cascade | Vote | Confident | Ranked | Adaptive | Oracle


def strategy_key(strategy: Strategy) -> str:
    """The strategy's name in metrics and files: `pot`, `cascade-pot-eot-cot`, `vote-pot-eot-cot`."""
    if isinstance(strategy, Single):
        return strategy.thought
    key = "-".join([_call(strategy), *strategy.members])
    if isinstance(strategy, Vote):
        key += "".join(f"-{name}_{weight:g}" for name, weight in sorted(strategy.weights.items()))
    return key + "".join(f"-{name}" if value is True else f"-{name}_{value}" for name, value in _options(strategy))


def strategy_title(strategy: Strategy) -> str:
    """The strategy as it stands in a spec: `pot > eot > cot`, `vote(pot, eot, cot)`."""
    match strategy:
        case Single():
            return strategy.thought
        case Cascade():
            return " > ".join(strategy.members)
    weights = strategy.weights if isinstance(strategy, Vote) else {}
    shown = [f"{weights[name]:g}*{name}" if name in weights else name for name in strategy.members]
    shown += [f"{name}: {'true' if value is True else value}" for name, value in _options(strategy)]
    return f"{_call(strategy)}({', '.join(shown)})"


def read_strategy(title: str) -> dict[str, object]:
    """The fields of a strategy from how it stands in a spec, which is how `params.yaml` holds it.

    What stands there wrongly comes out as fields of no strategy: msgspec says what is wrong with them.
    """
    call = re.fullmatch(r"(\w+)\((.*)\)", title)
    arguments = [one.strip() for one in call[2].split(",")] if call else title.split(" > ")
    weighted = [one.rpartition("*")[::2] if call else ("", one) for one in arguments if ":" not in one]
    members = [name for _, name in weighted]
    if not all(NAME.fullmatch(name) for name in members):
        return {"kind": title}
    if call is None:
        return {"kind": "single", "thought": title} if len(members) == 1 else {"kind": "cascade", "members": members}
    weights = {name: _number(weight) for weight, name in weighted if weight}
    options = (one.partition(": ")[::2] for one in arguments if ":" in one)
    fields = {name: _option(value) for name, value in options} | ({"weights": weights} if weights else {})
    return {"kind": call[1], "members": members, **fields}


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _option(value: str) -> object:
    if value in ("true", "false"):
        return value == "true"
    return int(value) if value.isdecimal() else value


def _call(strategy: Strategy) -> str:
    return str(type(strategy).__struct_config__.tag)


def _options(strategy: Strategy) -> list[tuple[str, object]]:
    """The arguments that are not as they are by default, in the order of the struct."""
    named = [name for name in strategy.__struct_fields__ if name not in ("members", "weights")]
    defaults = dict(zip(reversed(strategy.__struct_fields__), reversed(strategy.__struct_defaults__), strict=False))
    values = [(name, getattr(strategy, name)) for name in named]
    return [(name, value) for name, value in values if name not in defaults or value != defaults[name]]


def keyed(answers: Iterable[Strategy], keys: Iterable[str]) -> dict[str, Strategy]:
    """The strategies of an experiment that have these keys, in the order of the keys; other keys are passed over."""
    known = {strategy_key(one): one for one in answers}
    return {key: known[key] for key in keys if key in known}


def headline_key(usable: Mapping[str, Strategy], wanted: str | None) -> str:
    """Which strategy stands for a student: the experiment's choice, else the last one that is no oracle.

    `usable` are those that the student can use, at least one, by their keys and in the order of the spec: after
    a mix without programs, what needs them is none of these.
    """
    if wanted is not None and wanted in usable:
        return wanted
    real = [key for key, strategy in usable.items() if not isinstance(strategy, Oracle)]
    return (real or list(usable))[-1]


def needs_calibration(strategy: Strategy) -> bool:
    """Whether it has to know how often thoughts are right, which the problems that a mix holds out tell."""
    match strategy:
        case Vote(by="confidence") | Confident(calibrated=True):
            return True
        case _:
            return False
