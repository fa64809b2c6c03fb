"""What a worker's child does: give up the rest, run its jobs, leave what they say, end.

The child of one job belongs to that job: whatever it does to Python in here, only its own verdict
suffers. Jobs that share a child are such as cannot touch one another (that is for the module that
runs them to know); the kernel's walls are the same for both.
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from distill_dsl.runtime.sandbox import linux
from distill_dsl.runtime.sandbox.frames import Order
from distill_dsl.runtime.sandbox.layers import set_limit
from distill_dsl.runtime.sandbox.mailbox import Inbox, Outbox


@dataclass(frozen=True)
class Cell:
    """What a child is locked into."""

    base: int
    """Bytes of address space that the worker takes."""
    filter: ctypes.Array[ctypes.c_char] | None
    limits: bool
    linux: bool
    worker: int
    """The worker's process id."""


OUT_OF_MEMORY: Final = 71
"""Exit status of a child that has not even the memory to say so."""
MOST_TOGETHER: Final = 40 << 20
"""Bytes for jobs that share a child. One that wants more is run alone, and soon."""


def run_together(
    cell: Cell, order: Order, inbox: Inbox, outbox: Outbox, other: Outbox, work: Callable[[str], bytes | None]
) -> NoReturn:
    """Run jobs one after another. Those for which `work` says nothing want a child to themselves."""
    try:
        other.memory.close()
        texts = inbox.texts(order.jobs)
        _lock(cell, order._replace(memory=min(order.memory, MOST_TOGETHER)), order.jobs)
        for index, text in enumerate(texts):
            outbox.begin(index + 1)
            reply = work(text)
            if reply is not None:
                outbox.put(index, reply)
        os._exit(0)
    finally:
        os._exit(70)  # EX_SOFTWARE: what is said so far counts, the rest is run again


def run_alone(
    cell: Cell, order: Order, inbox: Inbox, outbox: Outbox, other: Outbox, work: Callable[[str], bytes]
) -> NoReturn:
    """Run one job."""
    try:
        other.memory.close()
        (text,) = inbox.texts(1)
        outbox.begin(1)
        _lock(cell, order, 1)
        outbox.put(0, work(text))
        os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    finally:
        os._exit(70)


def _lock(cell: Cell, order: Order, jobs: int) -> None:
    """No descriptors, no more memory and time than ordered, no more system calls than computing takes."""
    if cell.linux:
        linux.prctl(linux.PR_SET_PDEATHSIG, 9)
    if os.getppid() != cell.worker:
        os._exit(70)
    gc.enable()
    os.closerange(0, 64)
    if cell.limits:
        set_limit(resource.RLIMIT_AS, cell.base + order.memory)
        set_limit(resource.RLIMIT_CPU, math.ceil(order.processor * jobs) + 2)  # the worker looks at the clock sooner
        set_limit(resource.RLIMIT_NPROC, 0)
        set_limit(resource.RLIMIT_NOFILE, 0)
    if cell.filter is not None:
        linux.install_filter(cell.filter)
    else:
        os.setsid()  # so that what it leaves running can be found and killed
