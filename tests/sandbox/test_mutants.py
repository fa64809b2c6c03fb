"""Attacks spliced from other attacks: whatever comes of one, it has a verdict and nothing gets out."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from corpus import NEIGHBOUR, SECRET, attacks
from remains import MARK, nothing_left

from distill_dsl.contract.vocabulary import outcome_of
from distill_dsl.runtime.sandbox import linux
from distill_dsl.runtime.sandbox.layers import Layer
from distill_dsl.runtime.sandbox.level import REQUIRED
from distill_dsl.runtime.thoughts.programs import run_programs

pytestmark = pytest.mark.skipif(not linux.architecture(), reason="walls are Linux's")

MEMORY = 128 << 20
OWN = """
__import__('os').system('touch /tmp/pwned-mutant')
open('/tmp/pwned-mutant', 'w').write('x')
import os; os.symlink('/etc/passwd', '/tmp/pwned-mutant')
import os; os.mkfifo('/tmp/pwned-mutant')
import os; os.chown('/tmp/pwned-canary-keep', 65534, 65534)
import os; os.rename('/tmp/pwned-canary-keep', '/tmp/pwned-mutant')
import os; os.kill(-1, 9)
import os; os.killpg(0, 9)
import os; os.setsid()
import os; os.execv('/bin/sh', ['sh', '-c', 'touch /tmp/pwned-mutant'])
import ctypes; libc = ctypes.CDLL(None)
libc.syscall(n, 0, 0, 0, 0, 0, 0)
libc.syscall(n, -1, -1, -1, -1, -1, -1)
libc.open(b'/tmp/pwned-mutant', 0o102, 0o666)
libc.creat(b'/tmp/pwned-mutant', 0o666)
libc.kill(os.getppid(), 9)
libc.prctl(n, 1, 0, 0, 0)
libc['raise'](n)
ctypes.string_at(n)
ctypes.memset(id(n), 255, 16)
import signal; signal.raise_signal(n % 64 or 1)
import signal; signal.signal(n % 64 or 1, print)
import sys; sys.settrace(print)
import sys; sys.setrecursionlimit(10**9)
import sys; sys.modules.clear()
import sys; sys.stdout = None
import sys; sys._getframe(n % 20).f_globals.clear()
import gc; [o.clear() for o in gc.get_objects() if type(o) in (list, dict)]
import threading; threading.Thread(target=print).start()
import multiprocessing; multiprocessing.Process(target=print).start()
import socket; socket.socket().connect(('127.0.0.1', 80))
from distill_dsl.runtime.sandbox import linux; linux.unshare(n)
from distill_dsl.runtime.sandbox import child; child.__dict__.clear()
raise SystemExit(n)
raise BaseException
exit(n)
os._exit(n % 256)
os.abort()
del __builtins__
print(answer)
print('x' * n)
n = 62
n = 257
n = 10**6
n = -1
def f(*a): return f(*a)
f(n)
answer = [n] * n
answer = NotImplemented
answer = type('int', (int,), {'__str__': f})(5)
class A: __del__ = lambda self: os._exit(0)
answer = A()
""".strip().splitlines()


def mutants(seed: int, count: int) -> list[str]:
    """Attacks with lines of others put in, left out, doubled, wrapped, and with numbers and words exchanged."""
    rng = random.Random(seed)
    seeds = [attack.text.partition("# ---\n")[2].splitlines() for attack in attacks()]
    lines = [line for text in seeds for line in text if len(line) < 500] + OWN * 2
    words = sorted({word for line in lines for word in re.findall(r"\w+", line)})
    found = []
    while len(found) < count:
        text = list(rng.choice(seeds)) if rng.random() < 0.6 else ["import ctypes, os", "n = 39"]
        for _ in range(rng.randint(1, 5)):
            place = rng.randrange(len(text) + 1)
            text[place : place + rng.randint(0, 1)] = [rng.choice(lines)]
        if rng.random() < 0.3:
            place = rng.randrange(len(text))
            parts = re.split(r"(\w+)", text[place])
            parts[rng.randrange(len(parts))] = rng.choice([*words, str(rng.randrange(500))])
            text[place] = "".join(parts)
        if rng.random() < 0.4:  # each line on its own, so that one that fails does not keep the next from running
            text = [f"try:\n    {line}\nexcept BaseException:\n    pass" if compiles(line) else line for line in text]
        mutant = "\n".join(text)
        if compiles(mutant) or rng.random() < 0.1:
            found.append(mutant)
    return found


def compiles(text: str) -> bool:
    try:
        return bool(text.strip()) and bool(compile(text, "<program>", "exec", dont_inherit=True))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_mutated_attacks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = request.config.getoption("--slow")
    monkeypatch.setenv("API_KEY", SECRET)
    outcomes = Counter[str]()
    for seed in range(25 if slow else 2):
        texts = mutants(seed, 200 if slow else 120)
        programs = [one for number, text in enumerate(texts) for one in (text, f"ans = 7310000 + {number}")]
        programs.append(f"ans = {NEIGHBOUR!r}")
        without = [layer for layer in Layer if layer not in REQUIRED] if seed % 2 else []
        with nothing_left():
            executions = run_programs(programs, timeout=0.2, memory=MEMORY, without=without)
        assert [execution.answer for execution in executions[1::2]] == [str(7310000 + n) for n in range(len(texts))]
        for text, execution in zip(texts, executions[::2], strict=False):
            assert (execution.answer is None) != (execution.failure is None), text
            told = repr((execution.answer, execution.detail))
            assert SECRET not in told and NEIGHBOUR not in told and not re.search(r"73100\d\d", told), (text, told)
            assert not execution.failure or outcome_of(execution.failure), text
            outcomes[execution.failure or "answer"] += 1
    print(dict(outcomes.most_common()))
    assert len(outcomes) > 8 and outcomes["denied"] > sum(outcomes.values()) // 10
    assert MARK in "".join(OWN)
