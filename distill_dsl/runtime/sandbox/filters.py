"""Which system calls a worker and its children may make (seccomp), as programs for the kernel's filter.

A call that is not named here kills the process. Calls that ask for files, as every import and
every message about an error does, fail with EPERM instead, so that the program sees an exception.
No compiler and no library is needed: a filter is a list of eight-byte instructions (seccomp(2),
`struct sock_filter`), and the numbers of the calls are tables below.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_Instruction = tuple[int, int, int, int]

_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUALS: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_ANY_BIT: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_MASK: Final = 0x54  # BPF_ALU | BPF_AND | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K

_ALLOW: Final = (_RETURN, 0, 0, 0x7FFF0000)
_KILL: Final = (_RETURN, 0, 0, 0x80000000)


def _fail(number: int) -> _Instruction:
    return (_RETURN, 0, 0, 0x00050000 | number)


_NUMBER_AT: Final = 0
_ARCHITECTURE_AT: Final = 4
_ARGUMENTS_AT: Final = 16
_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_CALLS: Final = 0x40000000
_PROT_EXEC: Final = 4
_ADVICE_ON_HARDWARE: Final = 100
"""MADV_HWPOISON, MADV_SOFT_OFFLINE: they take pages of memory from the whole machine."""
_FUTEX_OPERATION: Final = 0x7F
_FUTEX_WAKES: Final = (1, 10)  # FUTEX_WAKE, FUTEX_WAKE_BITSET
_FORK_NEVER: Final = 0x7E020000 | 0x00000080 | 0x00010000 | 0x00000100
"""Bits that clone(2) is never called with to fork: new namespaces, CLONE_NEWTIME, CLONE_THREAD, CLONE_VM."""


@dataclass(frozen=True)
class Filter:
    """What becomes of calls: `allowed`, `failing` with an error number (0: succeeds, undone), else the end."""

    allowed: frozenset[str]
    failing: Mapping[str, int]
    forks: bool = False
    waits: bool = False
    """Whether it may wait at a lock. In a process of one thread nobody would ever open it."""
    settings: tuple[int, ...] = ()
    """Options of prctl(2) that may be set."""


_COMPUTING: Final = frozenset(
    "brk mremap munmap rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall "
    "clock_gettime clock_getres gettimeofday time getpid getppid gettid getuid geteuid getgid getegid "
    "getrusage times sched_yield sched_getaffinity exit exit_group rseq".split()
)
_WATCHING: Final = frozenset(
    "read readv write writev close close_range poll ppoll pidfd_open waitid wait4 kill setsid set_robust_list "
    "set_tid_address prlimit64 getrandom fcntl fstat lseek".split()
)
_FILES: Final = """
    open openat openat2 creat stat lstat fstat newfstatat statx access faccessat faccessat2 readlink readlinkat
    getcwd getdents64 getdents chdir fchdir mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link
    linkat symlink symlinkat chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat truncate ftruncate
    utimensat statfs fstatfs ioctl fcntl lseek dup dup2 dup3 pipe pipe2 read readv pread64 write writev pwrite64
    close close_range poll ppoll select pselect6 epoll_create1 eventfd2 memfd_create inotify_init1 fsync flock
    getrandom uname sysinfo getxattr lgetxattr fgetxattr listxattr prlimit64 getrlimit setrlimit set_robust_list
    sched_setaffinity umask tgkill tkill membarrier
""".split()

_SLEEPS: Final = {"nanosleep": 0, "clock_nanosleep": 0}

WORKER: Final = Filter(
    allowed=_COMPUTING | _WATCHING,
    failing={call: errno.EPERM for call in _FILES if call not in _WATCHING} | _SLEEPS | {"clone3": errno.ENOSYS},
    forks=True,
    waits=True,
    settings=(1, 22),  # PR_SET_PDEATHSIG, PR_SET_SECCOMP
)
"""For the process that forks children and watches them."""

CHILD: Final = Filter(
    allowed=_COMPUTING,
    failing=dict.fromkeys(_FILES, errno.EPERM) | _SLEEPS,
)
"""For a child, once it holds its job: nothing but memory, clocks and its own end.

Sleeping takes no time, waiting at a lock burns it, and waiting for other processors (membarrier(2))
fails: so a child that does not end uses up its processor time, whose limit does not depend on what
else the machine does.
"""


def assemble(rules: Filter, machine: str) -> ctypes.Array[ctypes.c_char]:
    """The filter for an architecture of `linux.architecture`, as the kernel wants it."""
    instructions = list(_program(rules, machine))
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in instructions)
    return ctypes.create_string_buffer(code, len(code))


def _program(rules: Filter, machine: str) -> Iterable[_Instruction]:
    yield (_LOAD, 0, 0, _ARCHITECTURE_AT)
    yield (_EQUALS, 1, 0, _ARCHITECTURES[machine])
    yield _KILL
    yield (_LOAD, 0, 0, _NUMBER_AT)
    yield (_AT_LEAST, 0, 1, _X32_CALLS)
    yield _KILL
    for call in sorted(rules.allowed):
        yield from _on(call, machine, [_ALLOW])
    for call, number in sorted(rules.failing.items()):
        yield from _on(call, machine, [_fail(number)])
    no_code = [_argument(2), (_ANY_BIT, 0, 1, _PROT_EXEC), _fail(errno.EPERM), _ALLOW]
    yield from _on("mmap", machine, no_code)
    yield from _on("mprotect", machine, no_code)
    advice = [_argument(2), (_AT_LEAST, 0, 1, _ADVICE_ON_HARDWARE), _fail(errno.EPERM), _ALLOW]
    yield from _on("madvise", machine, advice)
    wakes = [(_EQUALS, 0, 1, operation) for operation in _FUTEX_WAKES]
    locks = [_argument(1), (_MASK, 0, 0, _FUTEX_OPERATION), *(step for wake in wakes for step in (wake, _ALLOW))]
    yield from _on("futex", machine, [_ALLOW] if rules.waits else [*locks, _fail(errno.EAGAIN)])
    if rules.forks:
        yield from _on("clone", machine, [_argument(0), (_ANY_BIT, 0, 1, _FORK_NEVER), _KILL, _ALLOW])
    if rules.settings:
        options = [instruction for option in rules.settings for instruction in ((_EQUALS, 0, 1, option), _ALLOW)]
        yield from _on("prctl", machine, [_argument(0), *options, _KILL])
    yield _KILL


def _on(call: str, machine: str, body: list[_Instruction]) -> Iterable[_Instruction]:
    """`body`, which ends the filter, where the call is `call`; nothing where the machine does not have it."""
    number = _NUMBERS[machine].get(call)
    if number is not None:
        yield (_EQUALS, 0, len(body), number)
        yield from body


def _argument(position: int) -> _Instruction:
    """Load the lower half of an argument; every flag that is looked at lies there."""
    return (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * position)


def _table(text: str) -> dict[str, int]:
    words = text.split()
    return {name: int(number) for name, number in zip(words[::2], words[1::2], strict=True)}


_NUMBERS: Final = {
    "x86_64": _table(
        """
        read 0 write 1 open 2 close 3 stat 4 fstat 5 lstat 6 poll 7 lseek 8 mmap 9 mprotect 10 munmap 11 brk 12
        rt_sigaction 13 rt_sigprocmask 14 rt_sigreturn 15 ioctl 16 pread64 17 pwrite64 18 readv 19 writev 20
        access 21 pipe 22 select 23 sched_yield 24 mremap 25 madvise 28 dup 32 dup2 33 nanosleep 35 getpid 39
        clone 56 exit 60 wait4 61 kill 62 uname 63 fcntl 72 flock 73 fsync 74 truncate 76 ftruncate 77
        getdents 78 getcwd 79 chdir 80 fchdir 81 rename 82 mkdir 83 rmdir 84 creat 85 link 86 unlink 87
        symlink 88 readlink 89 chmod 90 fchmod 91 chown 92 fchown 93 lchown 94 umask 95 gettimeofday 96
        getrlimit 97 getrusage 98 sysinfo 99 times 100 getuid 102 getgid 104 geteuid 107 getegid 108 getppid 110
        setsid 112 sigaltstack 131 statfs 137 fstatfs 138 prctl 157 setrlimit 160 gettid 186 getxattr 191
        lgetxattr 192 fgetxattr 193 listxattr 194 tkill 200 time 201 futex 202 sched_setaffinity 203
        sched_getaffinity 204 getdents64 217 set_tid_address 218 restart_syscall 219 clock_gettime 228
        clock_getres 229 clock_nanosleep 230 exit_group 231 tgkill 234 waitid 247 openat 257 mkdirat 258
        fchownat 260 newfstatat 262 unlinkat 263 renameat 264 linkat 265 symlinkat 266 readlinkat 267
        fchmodat 268 faccessat 269 pselect6 270 ppoll 271 set_robust_list 273 utimensat 280 eventfd2 290
        epoll_create1 291 dup3 292 pipe2 293 inotify_init1 294 prlimit64 302 renameat2 316 getrandom 318
        memfd_create 319 membarrier 324 statx 332 rseq 334 pidfd_open 434 clone3 435 close_range 436 openat2 437
        faccessat2 439 fchmodat2 452
        """
    ),
    "aarch64": _table(
        """
        getxattr 8 lgetxattr 9 fgetxattr 10 listxattr 11 getcwd 17 eventfd2 19 epoll_create1 20 dup 23 dup3 24
        fcntl 25 inotify_init1 26 ioctl 29 flock 32 mkdirat 34 unlinkat 35 symlinkat 36 linkat 37 renameat 38
        statfs 43 fstatfs 44 truncate 45 ftruncate 46 faccessat 48 chdir 49 fchdir 50 fchmod 52 fchmodat 53
        fchownat 54 fchown 55 openat 56 close 57 pipe2 59 getdents64 61 lseek 62 read 63 write 64 readv 65
        writev 66 pread64 67 pwrite64 68 pselect6 72 ppoll 73 readlinkat 78 newfstatat 79 fstat 80 fsync 82
        utimensat 88 exit 93 exit_group 94 waitid 95 set_tid_address 96 futex 98 set_robust_list 99
        nanosleep 101 clock_gettime 113 clock_getres 114 clock_nanosleep 115 sched_setaffinity 122
        sched_getaffinity 123 sched_yield 124 restart_syscall 128 kill 129 tkill 130 tgkill 131 sigaltstack 132
        rt_sigaction 134 rt_sigprocmask 135 rt_sigreturn 139 times 153 setsid 157 uname 160 getrlimit 163
        setrlimit 164 getrusage 165 umask 166 prctl 167 gettimeofday 169 getpid 172 getppid 173 getuid 174
        geteuid 175 getgid 176 getegid 177 gettid 178 sysinfo 179 brk 214 munmap 215 mremap 216 clone 220
        mmap 222 mprotect 226 madvise 233 wait4 260 prlimit64 261 renameat2 276 getrandom 278 memfd_create 279
        membarrier 283 statx 291 rseq 293 pidfd_open 434 clone3 435 close_range 436 openat2 437 faccessat2 439
        fchmodat2 452
        """
    ),
}
"""Numbers of the calls named above: include/uapi of the kernel, asm/unistd_64.h and asm-generic/unistd.h."""
