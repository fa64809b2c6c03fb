"""The few calls to the Linux kernel that Python has no function for. Errors are `OSError`."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
SECCOMP_MODE_FILTER: Final = 2

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000

_MS_RDONLY: Final = 1
_MS_NOSUID_NODEV_NOEXEC: Final = 2 | 4 | 8
_MS_REC_PRIVATE: Final = 0x4000 | 0x40000
_CAPABILITY_VERSION_3: Final = 0x20080522
_LANDLOCK_CREATE_RULESET: Final = 444
_LANDLOCK_RESTRICT_SELF: Final = 446
_CAPSET: Final = {"x86_64": 126, "aarch64": 91}
_MACHINE: Final = os.uname().machine if hasattr(os, "uname") else ""
"""Asked before the lock; and not through `platform`, which would keep the host's name where programs find it."""
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def architecture() -> str | None:
    """The kernel's name of this machine's architecture, if there is a table of system calls for it."""
    supported = sys.platform == "linux" and _MACHINE in _CAPSET and sys.maxsize > 1 << 32
    return _MACHINE if supported else None


def prctl(option: int, *arguments: int) -> None:
    """prctl(2)."""
    padded = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    _checked(_LIBC.prctl(option, *padded), "prctl")


def install_filter(program: ctypes.Array[ctypes.c_char]) -> None:
    """Filter this process's system calls from now on, by the BPF program of `filters.assemble`."""
    head = _FilterHead(len(program) // 8, ctypes.addressof(program))
    _checked(_LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(head), 0, 0), "prctl(PR_SET_SECCOMP)")


def unshare(flags: int) -> None:
    """Move into new namespaces: unshare(2)."""
    _checked(_LIBC.unshare(flags), "unshare")


def rename_host() -> None:
    """Give the machine another name in here. Needs a namespace of our own and CAP_SYS_ADMIN."""
    _checked(_LIBC.sethostname(b"worker", 6), "sethostname")


def empty_root() -> None:
    """Make an empty, read-only file system the root. Needs a mount namespace of our own and CAP_SYS_ADMIN."""
    _checked(_LIBC.mount(b"none", b"/", None, ctypes.c_ulong(_MS_REC_PRIVATE), None), "mount")
    flags = ctypes.c_ulong(_MS_RDONLY | _MS_NOSUID_NODEV_NOEXEC)
    _checked(_LIBC.mount(b"none", b"/proc", b"tmpfs", flags, b"size=4k"), "mount")
    os.chroot("/proc")
    os.chdir("/")


def drop_capabilities(machine: str) -> None:
    """Give up every capability."""
    head = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    _checked(_LIBC.syscall(_CAPSET[machine], ctypes.byref(head), ctypes.byref(none)), "capset")


def landlock_version() -> int:
    """The kernel's Landlock version; 0 where it has none, or has it switched off."""
    return max(0, int(_LIBC.syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1)))


def forbid_files(version: int) -> None:
    """Landlock: no path may be opened, made, removed or executed; no port bound or connected to."""
    access = (1 << {1: 13, 2: 14}.get(version, 15)) - 1
    if version >= 5:
        access |= 1 << 15  # ioctl on devices
    network, scoped = 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0
    rules = (ctypes.c_uint64 * 3)(access, network, scoped)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _LIBC.syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    _checked(ruleset, "landlock_create_ruleset")
    try:
        _checked(_LIBC.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def processor_clock(pid: int) -> int:
    """The clock of the processor time that process `pid` has used, for `time.clock_gettime`."""
    return (~pid << 3) | 2  # MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of the kernel


class _FilterHead(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_void_p))


def _checked(result: int, call: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
