"""Each layer on its own: with it alone what it stops is stopped, without any it is not.

The programs here do no harm where nothing stops them.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

import pytest
from remains import descendants, nothing_left, orphans_adopted, running
from typer.testing import CliRunner

from distill_dsl.cli.commands import app
from distill_dsl.runtime.sandbox import doctor, filters, linux
from distill_dsl.runtime.sandbox.doctor import State, examine
from distill_dsl.runtime.sandbox.frames import Cause
from distill_dsl.runtime.sandbox.layers import STOPS, Layer
from distill_dsl.runtime.sandbox.level import REQUIRED, VARIABLE, WEAKER
from distill_dsl.runtime.sandbox.supervisor import Job, Kind, Limits, Reply, run

pytestmark = pytest.mark.skipif(not linux.architecture(), reason="walls are Linux's")

KIND = Kind(
    "distill_dsl.runtime.thoughts.programs.work",
    ("math", "os", "io", "socket", "subprocess", "resource", "signal", "mmap", "ctypes", "time", "threading"),
)
SECCOMP = {Layer.SECCOMP, Layer.NO_NEW_PRIVILEGES}
"""An ordinary user may filter calls only with the other."""
LANDLOCK = {Layer.LANDLOCK, Layer.NO_NEW_PRIVILEGES}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@cache
def granted() -> frozenset[Layer]:
    """The layers that this machine grants."""
    standing: list[frozenset[Layer]] = []
    list(run([Job("", KIND)], Limits(1.0, 1 << 26), workers=1, hostile=False, welcome=standing.append))
    return standing[0]


def replies(layers: Collection[Layer], *texts: str, memory: int = 64 << 20, processor: float = 1.0) -> list[Reply]:
    """What programs come to with these layers alone, each in a child of its own. Skips where one is not to be had."""
    if lacking := set(layers) - granted():
        pytest.skip(f"this machine does not grant {', '.join(sorted(lacking))} (see `mtd doctor`)")
    jobs = [Job(text, KIND) for text in texts]
    without = set(Layer) - set(layers)
    return list(run(jobs, Limits(processor, memory), workers=1, without=without, hostile=False))


def said(layers: Collection[Layer], text: str) -> str:
    """The answer of a program, or its failure, or how it ended."""
    (reply,) = replies(layers, text)
    if not reply.said:
        return f"{reply.cause.name} {reply.status}"
    message = json.loads(reply.said)
    return str(message.get("answer") or message["failure"])


def attempt(statement: str) -> str:
    """A program that answers `done` where a statement goes through, else the name of its exception."""
    return (
        f"import os, socket, ctypes\ntry:\n    {statement}\n    ans = 'done'\n"
        "except Exception as error:\n    ans = type(error).__name__"
    )


FORBIDDEN = {
    "a process": "os.fork() or os._exit(0)",
    "a process by libc": "ctypes.CDLL(None).fork() or os._exit(0)",
    "a signal to another process": "os.kill(os.getppid(), 0)",
    "a socket": "socket.socket()",
    "a thread": "__import__('threading').Thread(target=int).start()",
    "a new program": "os.execv('/bin/true', ['true'])",
    "another's memory": "ctypes.CDLL(None).process_vm_readv(os.getppid(), None, 0, None, 0, 0)",
    "a look at another process": "ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)",
    "a namespace": "ctypes.CDLL(None).unshare(0)",
    "a wait for a signal": "__import__('signal').sigtimedwait([10], 0)",
    "io_uring": "ctypes.CDLL(None).syscall(425, 0, 0)",
    "a priority": "os.nice(0)",
    "a timer": "__import__('signal').setitimer(0, 100)",
}
"""Calls that end the child."""


@pytest.mark.parametrize("what", FORBIDDEN)
def test_seccomp_ends_what_does_more_than_compute(what: str) -> None:
    (reply,) = replies(SECCOMP, attempt(FORBIDDEN[what]))
    assert (reply.cause, reply.status) == (Cause.SIGNAL, signal.SIGSYS)


@pytest.mark.parametrize(
    "statement",
    [
        "open('/etc/passwd')",
        "os.listdir('/')",
        "os.stat('/')",
        "os.mkdir('/tmp/pwned')",
        "os.unlink('/tmp/pwned')",
        "os.pipe()",
        "os.dup(0)",
        "os.getrandom(1)",
        "os.memfd_create('pwned')",
        "os.sched_setaffinity(0, {0})",
        "__import__('mmap').mmap(-1, 4096, prot=7)",
    ],
)
def test_seccomp_fails_what_python_asks_for_in_passing(statement: str) -> None:
    assert said(SECCOMP, attempt(statement)) in ("PermissionError", "OSError")


def test_code_cannot_be_written_and_run() -> None:
    program = (
        "import ctypes, mmap\npage = mmap.mmap(-1, 4096)\nplace = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
        "ans = ctypes.CDLL(None).mprotect(ctypes.c_void_p(place), 4096, 5)"
    )
    assert said(SECCOMP, program) == "-1"
    assert said(set(), program) == "0"


def test_memory_of_the_machine_cannot_be_taken_out_of_service() -> None:
    program = (
        "import ctypes, mmap\nlibc = ctypes.CDLL(None, use_errno=True)\npage = mmap.mmap(-1, 4096)\n"
        "place = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page)))\n"
        "ans = [libc.madvise(place, 0, advice) for advice in (4, 100, 101)]"  # of no bytes: harmless
    )
    assert said(SECCOMP, program) == "[0, -1, -1]"


def test_calls_of_another_architecture_end_the_child() -> None:
    """x32: the numbers of x86-64 with a bit on top, which filters of numbers alone forget."""
    if linux.architecture() != "x86_64":
        pytest.skip("x86-64 has such calls")
    (reply,) = replies(SECCOMP, "import ctypes\nans = ctypes.CDLL(None).syscall(0x40000000 | 39)")
    assert (reply.cause, reply.status) == (Cause.SIGNAL, signal.SIGSYS)


def test_every_call_that_is_named_has_a_number() -> None:
    for rules in (filters.WORKER, filters.CHILD):
        named = rules.allowed | set(rules.failing)
        assert named <= {call for table in filters._NUMBERS.values() for call in table}
        assert not rules.allowed & set(rules.failing)
        for machine in filters._ARCHITECTURES:
            assert 0 < len(filters.assemble(rules, machine)) // 8 < 4096  # BPF_MAXINSNS
    known = {call for table in filters._NUMBERS.values() for call in table}
    assert not {"execve", "execveat", "socket", "ptrace", "mount", "bpf", "unshare"} & known
    assert filters.CHILD.allowed < filters.WORKER.allowed


@as_root
def test_no_new_privileges_keeps_a_set_user_id_file_from_giving_root(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:  # nobody may look into `tmp_path`
        Path(folder).chmod(0o755)
        copy = Path(shutil.copy(str(shutil.which("id")), folder))
        copy.chmod(0o4755)
        program = f"import subprocess\nans = int(subprocess.run([{str(copy)!r}, '-u'], capture_output=True).stdout)"
        assert said({Layer.IDENTITY}, program) in ("0", "65534")  # 65534: mounted nosuid
        assert said({Layer.IDENTITY, Layer.NO_NEW_PRIVILEGES}, program) == "65534"


def test_no_new_privileges_is_what_the_kernel_says() -> None:
    program = "import ctypes\nans = ctypes.CDLL(None).prctl(39, 0, 0, 0, 0)"
    assert (said({Layer.NO_NEW_PRIVILEGES}, program), said(set(), program)) == ("1", "0")


def test_landlock_forbids_every_path(tmp_path: Path) -> None:
    with tempfile.NamedTemporaryFile() as file:
        for statement in (f"open({file.name!r})", "os.listdir('/')", "open('/tmp/pwned-landlock', 'w')"):
            assert said(LANDLOCK, attempt(statement)) == "PermissionError"
        assert said(set(), attempt(f"open({file.name!r})")) == "done"
    assert not Path("/tmp/pwned-landlock").exists()


def test_landlock_forbids_ports_and_sockets_outside() -> None:
    version = linux.landlock_version()
    if version < 4:
        pytest.skip(f"Landlock version {version} knows no ports")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reach = f"socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 5)"
        assert said(LANDLOCK, attempt(reach)) == "PermissionError"
        assert said(set(), attempt(reach)) == "done"


def test_the_network_namespace_reaches_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reach = f"socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}), 5)"
        assert said({Layer.NETWORK}, attempt(reach)) == "OSError"  # unreachable: not even loopback is up
        assert said(set(), attempt(reach)) == "done"


def test_the_process_namespace_shows_no_process_outside() -> None:
    signal_us = attempt(f"os.kill({os.getpid()}, 0)")
    assert said({Layer.PROCESSES}, signal_us) == "ProcessLookupError"
    assert said({Layer.PROCESSES}, "import os\nans = os.getppid()") == "1"
    assert said(set(), signal_us) == "done"


def test_the_process_namespace_ends_whatever_a_program_leaves() -> None:
    """A grandchild in a session of its own outlives a kill of the group."""
    program = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\ntime.sleep(0.2)\nans = 1"
    for layers, left in (({Layer.PROCESSES}, 0), (set(), 1)):
        with orphans_adopted():
            before = descendants(os.getpid())
            assert said(layers, program) == "1"
            time.sleep(0.2)
            sleeping = [pid for pid in descendants(os.getpid()) - before if running(pid)]
            for pid in sleeping:
                os.kill(pid, signal.SIGKILL)
        assert len(sleeping) == left


def test_the_mount_namespace_is_empty_and_read_only() -> None:
    assert said({Layer.FILES}, "import os\nans = len(os.listdir('/')) + len(os.listdir('/..')) + 100") == "100"
    assert said({Layer.FILES}, attempt("open('/pwned', 'w')")) == "OSError"  # EROFS
    assert said({Layer.FILES}, attempt("os.stat('/etc')")) == "FileNotFoundError"
    assert said(set(), attempt("os.stat('/etc')")) == "done"


@pytest.fixture
def segment() -> Iterator[int]:
    libc = ctypes.CDLL(None, use_errno=True)
    number = libc.shmget(0, 4096, 0o1666)
    if number < 0:
        pytest.skip("no System V shared memory here")
    yield number
    libc.shmctl(number, 0, None)


def test_the_ipc_namespace_hides_shared_memory(segment: int) -> None:
    program = (
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.shmat.restype = ctypes.c_ssize_t\n"
        f"ans = libc.shmat({segment}, 0, 0) > 0"
    )
    assert (said({Layer.IPC}, program), said(set(), program)) == ("False", "True")


def test_the_name_of_the_machine_is_neither_seen_nor_changed() -> None:
    name = socket.gethostname()
    program = "import socket\nx = socket.gethostname()\nsocket.sethostname('pwned')\nans = [x, socket.gethostname()]"
    assert said({Layer.HOST}, program) in ("[worker, pwned]", "denied")
    assert (
        said({Layer.HOST}, "import platform, socket\nans = [platform.node(), socket.gethostname()]")
        == "[worker, worker]"
    )
    assert said(set(), "import platform\nans = platform.node()") == name == socket.gethostname()


@as_root
def test_identity_gives_up_root_and_every_capability() -> None:
    held = "import os\nans = [os.getuid(), os.geteuid(), os.getgid(), len(os.getgroups())]"
    assert said({Layer.IDENTITY}, held) == "[65534, 65534, 65534, 0]"
    assert said({Layer.IDENTITY}, attempt("os.setuid(0)")) == "PermissionError"
    assert said({Layer.IDENTITY}, attempt("os.chroot('/')")) == "PermissionError"
    assert said(set(), attempt("os.chroot('/')")) == "done"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("ans = len(bytearray(200 << 20))", "memory"),
        ("import mmap\nans = len(mmap.mmap(-1, 200 << 20))", "error:os"),
        ("import resource\nans = resource.getrlimit(resource.RLIMIT_CORE)[1]", "0"),
        ("import resource\nans = resource.getrlimit(resource.RLIMIT_FSIZE)[1]", "0"),
        ("import resource\nans = resource.getrlimit(resource.RLIMIT_NOFILE)[1]", "0"),
        ("import resource\nans = resource.getrlimit(resource.RLIMIT_NPROC)[1]", "0"),
        ("import resource\nans = resource.getrlimit(resource.RLIMIT_CPU)[1]", "3"),
        ("open('/dev/null')", "error:os"),
    ],
)
def test_limits(program: str, expected: str) -> None:
    assert said({Layer.LIMITS}, program) == expected
    assert said(set(), program) != expected


@as_root
def test_limits_cannot_be_raised_even_by_root() -> None:
    program = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nans = len(bytearray(200 << 20))"
    assert said({Layer.LIMITS, Layer.IDENTITY}, program) == "error:value"


def test_a_worker_tells_of_no_layer_that_it_lacks() -> None:
    for missing in Layer:
        standing: list[frozenset[Layer]] = []
        jobs = [Job("ans = 1", KIND)]
        list(run(jobs, Limits(1.0, 1 << 26), workers=1, without=[missing], hostile=False, welcome=standing.append))
        assert all(missing not in layers for layers in standing) and standing


def test_the_doctor_proves_each_layer() -> None:
    examination = examine()
    assert examination.level == "full" and examination.enough
    assert [finding.layer for finding in examination.findings] == list(Layer) == list(STOPS) == list(doctor.REMEDIES)
    for finding in examination.findings:
        if finding.state is State.MISSING:
            assert finding.remedy and not finding.required
        else:
            idle = finding.layer is Layer.IDENTITY and os.geteuid() != 0  # nothing to give up
            assert finding.state is (State.IDLE if idle else State.PROVED), finding


def test_the_doctor_says_what_is_missing_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    examination = examine(without=[Layer.SECCOMP, Layer.FILES])
    missing = {finding.layer: finding for finding in examination.findings if finding.state is State.MISSING}
    assert missing.keys() >= {Layer.SECCOMP, Layer.FILES}
    assert missing[Layer.SECCOMP].evidence == "got through: made a process"
    assert missing[Layer.FILES].evidence == "got through: saw a file"
    assert missing[Layer.FILES].remedy == doctor.REMEDIES[Layer.FILES]
    assert not examination.enough and examination.level.startswith("too weak")
    monkeypatch.setenv(VARIABLE, WEAKER)
    weaker = examine(without=[Layer.SECCOMP])
    assert (weaker.level, weaker.enough) == (WEAKER, True)


def test_a_layer_that_lets_its_attack_through_does_not_stand() -> None:
    finding = doctor._found(Layer.SECCOMP, True, "got through: made a process", "got through: made a process")
    assert finding.state is State.BROKEN and not finding.stands and finding.remedy
    idle = doctor._found(Layer.SECCOMP, True, "stopped: no", "stopped: no")
    assert idle.state is State.IDLE and idle.stands


def ran(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["doctor", *arguments], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_mtd_doctor_prints_every_layer() -> None:
    code, shown = ran()
    assert code == 0
    for layer in Layer:
        assert f"{layer}{' *' if layer in REQUIRED else ''} " in shown
    assert "level: full" in shown and platform.release() in shown and "sympy" in shown


def test_mtd_doctor_as_json() -> None:
    code, shown = ran("--json")
    told = json.loads(shown)
    assert code == 0
    assert [finding["layer"] for finding in told["findings"]] == [str(layer) for layer in Layer]
    assert told["machine"]["Python"] == platform.python_version() and told["enough"] is True


def test_mtd_doctor_fails_where_programs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    original: Callable[[], doctor.Examination] = examine
    monkeypatch.setattr(doctor, "examine", lambda: original([Layer.SECCOMP]))  # type: ignore[call-arg]
    code, shown = ran()
    assert code == 1
    assert "too weak" in shown and doctor.REMEDIES[Layer.SECCOMP] in shown.replace("\n", " ")


def test_mtd_doctor_refuses_a_level_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    code, shown = ran()
    assert code == 1
    assert "no level of isolation" in shown


def test_the_doctor_leaves_nothing() -> None:
    with nothing_left():
        examine()
    assert not list(Path(tempfile.gettempdir()).glob("mtd-doctor-*"))


def test_the_doctor_takes_less_than_three_seconds_of_processor_time() -> None:
    before = sum(os.times()[:4])
    examine()
    assert sum(os.times()[:4]) - before < 3
