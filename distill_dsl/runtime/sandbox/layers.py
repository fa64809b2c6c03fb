"""The layers around a worker that the kernel enforces: entered and locked here, reported by name.

A worker enters its namespaces first, imports what its jobs need, and then locks itself, before it
sees a job. Each layer that the machine refuses is left out and missing from the report; whether
the rest is enough is the supervisor's to decide (see `level`).
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Collection
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from distill_dsl.runtime.sandbox import filters, linux

NOBODY: Final = 65534


class Layer(StrEnum):
    """What may stand between a program and the machine."""

    SECCOMP = "seccomp"
    NO_NEW_PRIVILEGES = "no-new-privileges"
    LANDLOCK = "landlock"
    PROCESSES = "pid-namespace"
    NETWORK = "network-namespace"
    FILES = "mount-namespace"
    IPC = "ipc-namespace"
    HOST = "uts-namespace"
    IDENTITY = "identity"
    LIMITS = "limits"


STOPS: Final[dict[Layer, str]] = {
    Layer.SECCOMP: "every system call but those for memory, clocks and the process's own end",
    Layer.NO_NEW_PRIVILEGES: "gaining rights by executing a file",
    Layer.LANDLOCK: "opening, making, removing or executing any path; binding and connecting to ports",
    Layer.PROCESSES: "seeing or signalling a process outside; all inside end with the worker",
    Layer.NETWORK: "reaching any network, loopback included",
    Layer.FILES: "seeing any file: the root is empty and read-only",
    Layer.IPC: "shared memory, queues and semaphores of others",
    Layer.HOST: "the name of the machine",
    Layer.IDENTITY: "the user's rights: runs as nobody where started by root, without capabilities",
    Layer.LIMITS: "memory, processor time, files written, open files, processes, core dumps beyond the limit",
}
"""What each layer stops, for a reader."""

_NAMESPACES: Final = {
    Layer.PROCESSES: linux.CLONE_NEWPID,
    Layer.NETWORK: linux.CLONE_NEWNET,
    Layer.FILES: linux.CLONE_NEWNS,
    Layer.IPC: linux.CLONE_NEWIPC,
    Layer.HOST: linux.CLONE_NEWUTS,
}


def enter_namespaces(without: Collection[Layer]) -> set[Layer]:
    """Move into new namespaces; those of them that the machine grants. The next child is process 1 of its own."""
    wanted = [layer for layer in _NAMESPACES if layer not in without]
    if not wanted or linux.architecture() is None:
        return set()
    entered = {layer for layer in wanted if _granted(partial(linux.unshare, _NAMESPACES[layer]))}
    if not entered and _granted(_own_users):
        entered = {layer for layer in wanted if _granted(partial(linux.unshare, _NAMESPACES[layer]))}
    if Layer.HOST in entered and not _granted(linux.rename_host):
        entered.remove(Layer.HOST)
    return entered


def lock(without: Collection[Layer], entered: Collection[Layer]) -> set[Layer]:
    """Give up all that a worker does not need, for good; the layers in force afterwards."""
    machine = linux.architecture()
    layers = set(entered)
    if Layer.LIMITS not in without:
        _limit()
        layers.add(Layer.LIMITS)
    if machine is None:
        return layers
    if Layer.FILES in layers and not _granted(linux.empty_root):
        layers.remove(Layer.FILES)
    if Layer.IDENTITY not in without and _granted(lambda: _become_nobody(machine)):
        layers.add(Layer.IDENTITY)
    linux.prctl(linux.PR_SET_DUMPABLE, 0)  # nobody reads this process's memory through /proc
    steps: dict[Layer, Callable[[], None]] = {
        Layer.NO_NEW_PRIVILEGES: lambda: linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1),
        Layer.LANDLOCK: _forbid_files,
        Layer.SECCOMP: lambda: linux.install_filter(filters.assemble(filters.WORKER, machine)),
    }
    return layers | {layer for layer, step in steps.items() if layer not in without and _granted(step)}


def _granted(step: Callable[[], None]) -> bool:
    """Whether the machine lets us take a step; that it does not is part of the report."""
    try:
        step()
    except OSError:
        return False
    return True


def _own_users() -> None:
    """A user namespace, in which an ordinary user may make the other namespaces."""
    user, group = os.getuid(), os.getgid()
    linux.unshare(linux.CLONE_NEWUSER)
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"{NOBODY} {user} 1")
    (own / "gid_map").write_text(f"{NOBODY} {group} 1")


def _become_nobody(machine: str) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    linux.drop_capabilities(machine)


def _forbid_files() -> None:
    version = linux.landlock_version()
    if not version:
        raise OSError("no Landlock")
    linux.forbid_files(version)


def _limit() -> None:
    """The limits that bind the worker as well. Its children get more of them (see `child`)."""
    for limit, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, 64)):
        set_limit(limit, most)


def set_limit(limit: int, most: int) -> None:
    """Set a limit for good, or the hard limit where that is lower."""
    _, hard = resource.getrlimit(limit)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(limit, (most, most))
