"""Programs in processes of their own: answers, failures, and attacks of which neighbours notice nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_answers import cases

from distill_dsl.runtime.sandbox.frames import Cause
from distill_dsl.runtime.sandbox.supervisor import Reply
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.programs import _execution, run_programs, stated
from distill_dsl.runtime.thoughts.programs.errors import KINDS, kind_of
from tests.sandbox.remains import descendants, running

MEMORY = 256 << 20
ROOT = Path(__file__).parent.parent.parent

HOSTILE = {
    "while True: pass": "timeout",
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass": "timeout",
    "import signal\nfor n in (1, 2, 3, 15):\n    signal.signal(n, signal.SIG_IGN)\nwhile True: pass": "timeout",
    "import time\ntime.sleep(1000)": "no-answer",
    "ans = 9 ** 9 ** 9": "timeout",
    "while True:\n    try:\n        print('x' * 1000)\n    except: pass": "output",
    "print('x' * 100_000_000)": "output",
    "for _ in range(10_000_000): print('spam')": "output",
    "import sys\nsys.stderr.write('x' * 100_000)": "output",
    "ans = 'x' * 10**9\nans = ans + ans": "memory",
    "a = []\nwhile True: a.append(bytearray(10**8))": "memory",
    "import os\nos.kill(os.getpid(), 9)": "denied",
    "import os\nos.kill(os.getppid(), 9)": "denied",
    "import os\nos.killpg(0, 9)": "denied",
    "import os\nwhile True: os.fork()": "denied",
    "import subprocess\nsubprocess.run(['true'])": "denied",
    "import os\nos.system('true')": "denied",
    "import socket\nsocket.socket()": "denied",
    "import threading\nthreading.Thread(target=print).start()": None,
    "open('/etc/passwd').read()": "denied",
    "open('x', 'w')": "denied",
    "open(3, 'wb').write(b'x')": None,
    "import os\nos.mkdir('x')": "denied",
    "import ctypes\nctypes.CDLL(None).system(b'true')": "denied",
    "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))": "error:value",
    "import os\nos._exit(0)": "error:exit",
    "import os\nos.closerange(0, 100)\nwhile True: pass": "timeout",
    "import os\nos.write(3, b'\\xff' * 100)": "denied",
    "import sys\nsys.stdout = None\nprint(1)": "no-answer",
    "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nf()": None,
    "import builtins\ndel builtins.len, builtins.str, builtins.isinstance\nans = 5": None,
    "class E(BaseException): pass\nraise E": "error:other",
    "import gc\nfor o in gc.get_objects():\n    if type(o) is dict: o.clear()": None,
}


def run(*programs: str, timeout: float = 5.0) -> list[Execution]:
    return run_programs(programs, timeout=timeout, memory=MEMORY)


def test_values() -> None:
    rows = cases("values.json")
    executions = run(*(str(program) for program, _ in rows))
    assert [(e.text, e.answer or e.failure) for e in executions] == [tuple(row) for row in rows]


def test_failures() -> None:
    rows = cases("failures.json")
    executions = run(*(str(program) for program, _ in rows))
    assert [(e.text, e.failure or e.answer) for e in executions] == [tuple(row) for row in rows]


def test_hostile_programs_leave_their_neighbours_unharmed() -> None:
    before = descendants(os.getpid())
    programs = [program for number, hostile in enumerate(HOSTILE) for program in (hostile, f"ans = {number}")]
    executions = run(*programs, timeout=1.0)
    for (hostile, expected), execution in zip(HOSTILE.items(), executions[::2], strict=True):
        assert expected is None or execution.failure == expected, (hostile, execution)
    assert [e.answer for e in executions[1::2]] == [str(number) for number in range(len(HOSTILE))]
    assert descendants(os.getpid()) == before


def test_verdicts_do_not_depend_on_the_run() -> None:
    programs = [
        "print({'a', 'b', 'c', 'd'})\nans = [ord(x) for x in {'a', 'b', 'c', 'd'}][0]",
        "import random\nans = random.random()",
        "import numpy as np\nans = np.random.rand()",
        "ans = hash('x')",
        "import os\nans = len(os.environ)",
    ]
    assert run(*programs) == run(*reversed(programs))[::-1]


def test_the_environment_is_empty_of_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "1234567")
    (execution,) = run("import os\nans = os.environ.get('OPENAI_API_KEY')")
    assert execution.failure == "no-answer"


def test_progress_counts_every_program() -> None:
    counts: list[int] = []
    run_programs(["ans = 1", "", "ans = (", "import numpy"], timeout=5, memory=MEMORY, progress=counts.append)
    assert sum(counts) == 4


def test_nothing_to_do() -> None:
    assert run() == []


def test_a_program_that_is_too_long_fails_without_being_run() -> None:
    (execution,) = run("#" * 20_000 + "\nans = 5")
    assert execution.failure == "error:length"


def test_interruption_leaves_no_processes(tmp_path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from distill_dsl.runtime.thoughts.programs import run_programs\n"
        "programs = ['ans = 1', *['while True: pass'] * 4]\n"
        "run_programs(programs, timeout=60, memory=1 << 28, progress=lambda n: print(n, flush=True))\n"
    )
    for how in (signal.SIGINT, signal.SIGKILL):
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        assert process.stdout is not None
        with process.stdout:
            process.stdout.readline()  # the first program is done, the endless ones run
            below = descendants(process.pid)
            process.send_signal(how)
            process.wait(timeout=10)
        assert len(below) >= 2
        end = time.monotonic() + 5
        while any(running(pid) for pid in below):
            assert time.monotonic() < end, f"still running after {how.name}"
            time.sleep(0.02)


REPLIES = st.dictionaries(
    st.sampled_from(["answer", "failure", "detail", "printed"]),
    st.one_of(st.none(), st.text(max_size=20), st.integers(), st.lists(st.integers(), max_size=2)),
).map(lambda reply: json.dumps(reply).encode())


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=40), REPLIES), st.sampled_from(Cause), st.integers(-70, 300))
def test_any_reply_gives_a_valid_execution(said: bytes, cause: Cause, status: int) -> None:
    execution = _execution(Reply(said, cause, status), "text", stated)
    assert (execution.answer is None) != (execution.failure is None)
    assert execution.failure != ""


def test_every_kind_of_error_is_found_through_its_ancestors() -> None:
    for error, kind in KINDS.items():
        assert kind_of(type("Own", (error,), {}).__new__(type("Own", (error,), {}))) == kind
    assert kind_of(ModuleNotFoundError()) == "import"
    assert kind_of(IndentationError()) == "syntax"
    assert kind_of(UnboundLocalError()) == "name"
    assert kind_of(Exception()) == "other"
