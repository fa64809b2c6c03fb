"""Checkers: whether an answer is right, where that is more than being the same as the gold one.

A package offers one by an entry point of the group `distill_dsl.checkers`: its name, and a function
that makes the checker of a task:

    def checker(task: str) -> Callable[[answer: str, gold: str, data: dict], bool | float]: ...

A problem names `<entry point>:<task>` (`Problem.checker`). A score counts as right from 1 on. Checkers
are other people's code over a model's text (some evaluate it), so they run walled in like programs.

    gym     that of reasoning_gym        work    the child's side
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.sandbox.frames import MAX_TEXT, Cause
from distill_dsl.runtime.sandbox.supervisor import Job, Kind, Limits, Reply, run_each
from distill_dsl.runtime.thoughts.checkers.work import GYM, PLUG_INS

_WORK: Final = "distill_dsl.runtime.thoughts.checkers.work"
LIMITS: Final = Limits(processor=5.0, memory=1 << 30)
"""For one answer: checkers take milliseconds, and some import much."""


class Check(NamedTuple):
    """One answer to be judged."""

    answer: str
    gold: str
    data: Mapping[str, Any]


class Checked(msgspec.Struct, frozen=True):
    """What a checker found; `detail` says why it found nothing."""

    right: bool = False
    detail: str = msgspec.field(default="")


def check_all(name: str, checks: Sequence[Check]) -> Iterator[Checked]:
    """What the checker of that name finds, in order; raises `Failure` where there is none."""
    if not checks:
        return
    _refuse_unknown(name)
    kind = Kind(_WORK, given=(name,))
    texts = [msgspec.json.encode(check).decode() for check in checks]
    for _, reply in run_each(texts, lambda text: Job(text if len(text) < MAX_TEXT // 4 else "", kind), LIMITS):
        yield _checked(reply)


def _refuse_unknown(name: str) -> None:
    plug_in = name.partition(":")[0]
    if plug_in == GYM:
        if find_spec("reasoning_gym") is None:
            raise Failure(
                f"the checker `{name}` needs the package reasoning_gym",
                help="pip install 'distill-dsl[reasoning-gym]'",
            )
    elif not entry_points(group=PLUG_INS, name=plug_in):
        known = sorted({GYM, *(point.name for point in entry_points(group=PLUG_INS))})
        raise Failure(
            f"no checker is called `{plug_in}`",
            where=name,
            help=f"install the package that offers it (entry points `{PLUG_INS}`); there is {', '.join(known)}",
        )


def _checked(reply: Reply) -> Checked:
    """A reply as a finding; it comes from a process that other people's code ran in."""
    if reply.cause is not Cause.FINISHED or not reply.said:
        ended = "took too long" if reply.cause in (Cause.PROCESSOR, Cause.WALL) else f"ended with {reply.status}"
        return Checked(detail=f"the checker {ended}")
    try:
        return msgspec.json.decode(reply.said, type=Checked)
    except (msgspec.MsgspecError, UnicodeError):
        return Checked(detail="what the checker said is no finding")
