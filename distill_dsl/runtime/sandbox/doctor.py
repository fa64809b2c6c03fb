"""Which layers this machine grants, each proved on its own: a child that has it alone tries what it stops.

The same is tried without any layer, so that a layer is not praised for what something else stops.
"""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import tempfile
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from distill_dsl.runtime.sandbox import linux, probes
from distill_dsl.runtime.sandbox.frames import Cause
from distill_dsl.runtime.sandbox.layers import STOPS, Layer
from distill_dsl.runtime.sandbox.level import REQUIRED, VARIABLE, WEAKER, refuse_unknown_level
from distill_dsl.runtime.sandbox.probes import Bait
from distill_dsl.runtime.sandbox.supervisor import Job, Kind, Limits, Reply, cores, run

_KIND: Final = Kind("distill_dsl.runtime.sandbox.probes")
_LIMITS: Final = Limits(processor=1.0, memory=probes.MEMORY)
_NEEDS: Final = dict.fromkeys((Layer.SECCOMP, Layer.LANDLOCK), Layer.NO_NEW_PRIVILEGES)
"""Layers that an ordinary user cannot enter without another."""
_USER_NAMESPACES: Final = (
    "let users have namespaces: sysctl user.max_user_namespaces above 0, kernel.unprivileged_userns_clone=1 (Debian), "
    "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu); in a container, as root with --cap-add SYS_ADMIN"
)
REMEDIES: Final[dict[Layer, str]] = {
    Layer.SECCOMP: "Linux 5.3 or newer with CONFIG_SECCOMP_FILTER on x86-64 or ARM64",
    Layer.NO_NEW_PRIVILEGES: "Linux 5.3 or newer on x86-64 or ARM64",
    Layer.LANDLOCK: "Linux 5.13 or newer with `landlock` in /sys/kernel/security/lsm (boot option lsm=landlock,...)",
    Layer.PROCESSES: _USER_NAMESPACES,
    Layer.NETWORK: _USER_NAMESPACES,
    Layer.FILES: _USER_NAMESPACES,
    Layer.IPC: _USER_NAMESPACES,
    Layer.HOST: _USER_NAMESPACES,
    Layer.IDENTITY: "start as an ordinary user; or as root that may change users (capabilities SETUID and SETGID)",
    Layer.LIMITS: "a system with setrlimit",
}
"""What to do where a layer is missing."""
_IPC_CREATE: Final = 0o1600
_IPC_RMID: Final = 0


class State(StrEnum):
    """What trying a layer came to."""

    PROVED = "proved"
    """What it stops was stopped with this layer alone, and was not without any."""
    IDLE = "nothing to stop"
    """It is in force; what it stops cannot be done here without it either."""
    BROKEN = "does not stop it"
    """It is said to be in force, and what it stops was done."""
    MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """What is known of one layer."""

    layer: Layer
    required: bool
    state: State
    evidence: str
    """What came of trying: with the layer alone, or without any where it is missing."""
    stops: str
    remedy: str
    """What to do; empty where the layer stands."""

    @property
    def stands(self) -> bool:
        """Whether it stops what it should."""
        return self.state in (State.PROVED, State.IDLE)


@dataclass(frozen=True)
class Examination:
    """The machine, and the layers that stand around every program."""

    machine: dict[str, str]
    level: str
    enough: bool
    """Whether programs are executed here at all."""
    findings: tuple[Finding, ...]


def examine(without: Collection[Layer] = ()) -> Examination:
    """Try every layer; those in `without` as if the machine lacked them.

    Raises `Failure` where `MTD_ISOLATION` names no level.
    """
    chosen = refuse_unknown_level()
    with _bait() as bait, ThreadPoolExecutor(2 * cores()) as threads:
        whole = threads.submit(_standing, frozenset(without), bait)
        bare = threads.submit(_tried, tuple(Layer), frozenset(), bait)
        single = [threads.submit(_tried, (layer,), frozenset({layer}) - set(without), bait) for layer in Layer]
        standing, unstopped = whole.result(), bare.result()
        with_it = [trial.result()[0] for trial in single]
    findings = tuple(map(_found, Layer, [layer in standing for layer in Layer], with_it, unstopped))
    stand = all(finding.stands for finding in findings if finding.required)
    level = "full" if stand else WEAKER if chosen == WEAKER else "too weak: nothing is executed"
    return Examination(_machine(), level, stand or chosen == WEAKER, findings)


def _found(layer: Layer, in_force: bool, with_it: str, without: str) -> Finding:
    state = _state(with_it, without) if in_force else State.MISSING
    finding = Finding(layer, layer in REQUIRED, state, with_it if in_force else without, STOPS[layer], "")
    return finding if finding.stands else replace(finding, remedy=REMEDIES[layer])


def _state(with_it: str, without: str) -> State:
    if with_it.startswith(probes.THROUGH):
        return State.BROKEN
    return State.PROVED if without.startswith(probes.THROUGH) else State.IDLE


def _standing(without: frozenset[Layer], bait: Bait) -> frozenset[Layer]:
    """The layers that a worker reports when it is ready, all asked for but `without`."""
    said: list[frozenset[Layer]] = []
    for _ in run(
        [Job(probes.job(Layer.LIMITS, bait), _KIND)],
        _LIMITS,
        workers=1,
        without=without,
        hostile=False,
        welcome=said.append,
    ):
        pass
    return said[0]


def _tried(attacked: tuple[Layer, ...], layers: frozenset[Layer], bait: Bait) -> list[str]:
    """What comes of each probe below a worker that has these layers and what they need."""
    needed = layers | {_NEEDS[layer] for layer in layers if layer in _NEEDS}
    jobs = [Job(probes.job(layer, bait), _KIND) for layer in attacked]
    replies = run(jobs, _LIMITS, workers=1, without=set(Layer) - needed, hostile=False)
    return [_shown(reply) for reply in replies]


def _shown(reply: Reply) -> str:
    if reply.said:
        return reply.said.decode(errors="replace")
    ended = f"signal {reply.status}" if reply.cause is Cause.SIGNAL else f"{reply.cause.name.lower()} {reply.status}"
    return f"{probes.STOPPED}: ended by {ended}"


@contextmanager
def _bait() -> Iterator[Bait]:
    """Things to reach for, gone afterwards."""
    with tempfile.NamedTemporaryFile(prefix="mtd-doctor-") as file, _listening() as address, _segment() as segment:
        Path(file.name).chmod(0o644)
        own = Path(probes.NAME_SPACE)
        yield Bait(file.name, os.getpid(), address, segment, str(own.readlink()) if own.is_symlink() else "")


@contextmanager
def _listening() -> Iterator[str]:
    """An abstract Unix socket: a name in the network namespace, no file."""
    name = f"mtd-doctor-{os.getpid()}"
    if not linux.architecture():
        yield name
        return
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen(64)
        yield name


@contextmanager
def _segment() -> Iterator[int]:
    if not linux.architecture():
        yield -1
        return
    libc = ctypes.CDLL(None, use_errno=True)
    number = int(libc.shmget(0, 4096, _IPC_CREATE))  # IPC_PRIVATE: no key that another could hold
    try:
        yield number
    finally:
        if number >= 0:
            libc.shmctl(number, _IPC_RMID, None)


def _machine() -> dict[str, str]:
    count = cores()
    return {
        "system": f"{platform.system()} {platform.release()} on {platform.machine()}",
        "user": f"{os.getuid()}{' (root)' if os.getuid() == 0 else ''}",
        "Landlock": f"version {linux.landlock_version()}" if linux.architecture() else "none",
        "cores": f"{count}, a worker on each",
        "Python": platform.python_version(),
        **{name: _installed(name) for name in ("sympy", "numpy")},
        VARIABLE: os.environ.get(VARIABLE) or "unset",
    }


def _installed(package: str) -> str:
    with suppress(PackageNotFoundError):
        return version(package)
    return "not installed"
