"""A worker: a process that imports what jobs need, locks itself, and forks a child for every order.

    supervisor --- order: texts, limits ---> worker --- fork ---> child: locked further, runs, ends
               <-- report: what was said ---        <-- shared memory --

It never compiles or runs a job's text, and never holds one (see `mailbox`). It watches its child by
the child's own processor clock and by the wall clock, and ends it with a kill; nothing inside the
child can put that off. Standard input and output are the only descriptors it has.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final, NoReturn

from distill_dsl.runtime.sandbox import child, filters, frames, linux
from distill_dsl.runtime.sandbox.frames import Cause, Order
from distill_dsl.runtime.sandbox.layers import Layer, enter_namespaces, lock
from distill_dsl.runtime.sandbox.mailbox import Inbox, Outbox, outbox_alone, outbox_together

STALL_SECONDS: Final = 0.03
"""Processor time after which one of several jobs is taken out to be run alone."""
NO_HANDLE: Final = -1
_ORDERS: Final = 0
_REPORTS: Final = 1


def main() -> NoReturn:
    """Serve orders from standard input until it is closed. The one argument is JSON; see `supervisor`."""
    settings: dict[str, Any] = json.loads(sys.argv[1])
    del sys.argv[1:], sys.orig_argv[1:]  # programs see none
    without = frozenset(Layer(name) for name in settings["without"])
    entered = enter_namespaces(without)
    inner = os.fork()
    if inner:
        _stand_by(inner)
    _die_with_parent()
    os.register_at_fork = lambda **_: None  # half the cost of a fork; we have no threads
    module = importlib.import_module(settings["module"])
    for name in settings["preload"]:
        with suppress(ModuleNotFoundError):  # what is not installed does not exist for jobs either
            importlib.import_module(name)
    sys.path.pop(0)  # of programs, nobody may import from where we are installed
    if hasattr(module, "warm_up"):
        module.warm_up(*settings["given"])
    _Worker(module, without, entered).serve()


def _stand_by(inner: int) -> NoReturn:
    """The outer process: it only waits for the worker, whose namespaces it may not enter itself."""
    _die_with_parent()
    os.closerange(0, 2)
    _, status = os.waitpid(inner, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _die_with_parent() -> None:
    if linux.architecture():
        linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)


class _Worker:
    """What a worker holds while it serves."""

    def __init__(self, module: Any, without: Collection[Layer], entered: Collection[Layer]) -> None:
        self.module = module
        self.inbox = Inbox()
        self.together = outbox_together()
        self.alone = outbox_alone()
        self.orders = select.poll()
        self.orders.register(_ORDERS, 0)  # only the hang-up
        base = _address_space()
        self.layers = lock(without, entered)
        _die_with_parent()  # a change of identity takes it back
        self.cell = child.Cell(
            base=base,
            filter=_child_filter() if Layer.SECCOMP in self.layers else None,
            limits=Layer.LIMITS in self.layers,
            linux=linux.architecture() is not None,
            worker=os.getpid(),
        )

    def serve(self) -> NoReturn:
        gc.collect()
        gc.disable()
        gc.freeze()  # a child's collector leaves the pages alone that it shares with us
        ready = json.dumps(sorted(self.layers)).encode()
        frames.write_all(_REPORTS, frames.report_head(Cause.FINISHED, 0, 0, len(ready)), ready)
        while head := frames.read_exactly(_ORDERS, frames.ORDER_SIZE):
            self._obey(frames.order_head(head))
        os._exit(0)

    def _obey(self, order: Order) -> None:
        if not self.inbox.fill(_ORDERS, order.length):
            os._exit(0)
        outbox = self.together if order.together else self.alone
        pid = os.fork()
        if pid == 0:
            self._run(order)
        cause, status = self._watch(pid, order, outbox)
        with outbox.content() as said:
            used = len(said)
            frames.write_all(_REPORTS, frames.report_head(cause, status, outbox.begun, used), said)
        self.inbox.wipe()
        outbox.wipe(used if order.together else None)

    def _run(self, order: Order) -> NoReturn:
        if order.together:
            child.run_together(self.cell, order, self.inbox, self.together, self.alone, self.module.together)
        child.run_alone(self.cell, order, self.inbox, self.alone, self.together, self.module.alone)

    def _watch(self, pid: int, order: Order, outbox: Outbox) -> tuple[Cause, int]:
        """Wait for a child, and end it when its time is up."""
        handle = os.pidfd_open(pid) if self.cell.linux else NO_HANDLE
        try:
            overrun = self._overrun(pid, handle, order, outbox)
        finally:
            if handle >= 0:
                os.close(handle)
        if overrun is not None:
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        if self.cell.filter is None:
            _kill_group(pid)
        if overrun is not None:
            return overrun, 0
        code = os.waitstatus_to_exitcode(status)
        return (Cause.SIGNAL, -code) if code < 0 else (Cause.EXIT if code else Cause.FINISHED, code)

    def _overrun(self, pid: int, handle: int, order: Order, outbox: Outbox) -> Cause | None:
        """Which of its times a child has used up; `None` when it ended before."""
        clock = linux.processor_clock(pid)
        budget = min(order.processor, STALL_SECONDS) if order.together else order.processor
        begun, used_before, since = 0, 0.0, (start := time.monotonic())
        wait = budget
        while not self._ended(pid, handle, wait):
            now = time.monotonic()
            used = time.clock_gettime(clock) if self.cell.linux else now - start
            if order.together and outbox.begun != begun:
                begun, used_before, since = outbox.begun, used, now
            if used - used_before >= budget:
                return Cause.PROCESSOR
            if now - since >= order.wall:
                return Cause.WALL
            wait = max(0.001, min(budget - (used - used_before), order.wall - (now - since)))
        return None

    def _ended(self, pid: int, handle: int, wait: float) -> bool:
        if handle == NO_HANDLE:
            return _ended_by_looking(pid, wait)
        self.orders.register(handle, select.POLLIN)
        try:
            ready = dict(self.orders.poll(wait * 1000))
        finally:
            self.orders.unregister(handle)
        if _ORDERS in ready:
            os._exit(0)  # nobody waits for us any more; the child dies with us
        return handle in ready


def _ended_by_looking(pid: int, wait: float) -> bool:
    """Whether a child ends within `wait` seconds, on systems without handles of processes."""
    end = time.monotonic() + wait
    while time.monotonic() < end:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        time.sleep(0.001)
    return False


def _child_filter() -> ctypes.Array[ctypes.c_char]:
    machine = linux.architecture()
    assert machine is not None
    return filters.assemble(filters.CHILD, machine)


def _kill_group(pid: int) -> None:
    """Without a filter of system calls a child may have left others running."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _address_space() -> int:
    """Bytes that this process takes."""
    if sys.platform != "linux":
        return 4 << 30
    with open("/proc/self/statm", encoding="ascii") as sizes:  # noqa: PTH123
        return int(sizes.read().split()[0]) * resource.getpagesize()
