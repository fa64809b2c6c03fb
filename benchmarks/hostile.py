"""Programs that misbehave, in variety, for long runs. Bounded: on a machine without walls they would be
a nuisance (files in the temporary folder, some sleeping processes), nothing worse."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

MARK: Final = "left-by-a-program"
"""Every file that a program here tries to make has this in its name."""

FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "endless": (
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "ans = 9 ** 9 ** 9",
        "ans = sum(range(10 ** 13))",
        "import re\nans = re.match(r'(a+)+$', 'a' * 40 + 'b')",
        "import signal\nfor n in (1, 2, 3, 14, 15):\n    signal.signal(n, signal.SIG_IGN)\nwhile True: pass",
        "import time\ntime.sleep(3600)\nwhile True: pass",
        "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
        "class Slow:\n    def __del__(self):\n        while True: pass\nx = Slow()\ndel x",
    ),
    "memory": (
        "a = []\nwhile True: a.append(bytearray(10 ** 7))",
        "ans = 'x' * 10 ** 11",
        "ans = 1 << 10 ** 11",
        "a = [0]\nwhile True: a = a + a",
        "a = b'x' * 10 ** 6\nwhile True:\n    try:\n        a = a + a\n    except MemoryError: pass",
        "import itertools\nans = list(itertools.product(range(99), repeat=9))",
        "import mmap\nkept = []\nwhile True: kept.append(mmap.mmap(-1, 1 << 24)); kept[-1].write(b'x' * (1 << 24))",
    ),
    "processes": (
        "import os, time\nfor _ in range(3): os.fork()\ntime.sleep(30)",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(30)\nans = 1",
        "import subprocess\nsubprocess.Popen(['sleep', '30'], start_new_session=True)\nans = 1",
        "import os\nos.system('sleep 30 &')",
        "import multiprocessing, time\nmultiprocessing.Process(target=time.sleep, args=(30,)).start()\nans = 1",
        "import threading, time\nfor _ in range(20): threading.Thread(target=time.sleep, args=(30,)).start()\nans = 1",
        "import os\nos.execv('/bin/sleep', ['sleep', '30'])",
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ),
    "files": (
        "open('/tmp/MARK', 'w').write('x' * 10 ** 6)\nans = 1",
        "open('/dev/shm/MARK', 'w').write('x' * 10 ** 6)\nans = 1",
        "import os\nos.mkdir('MARK')\nans = 1",
        "import tempfile\nhandle, name = tempfile.mkstemp(prefix='MARK')\nans = 1",
        "import tempfile\nkept = [tempfile.mkdtemp(prefix='MARK') for _ in range(9)]\nans = 1",
        "import os\nos.symlink('/', '/tmp/MARK')",
        "import os\nos.mkfifo('/tmp/MARK')",
        "import sqlite3\nsqlite3.connect('/tmp/MARK').execute('create table t (x)')",
        "from multiprocessing import shared_memory\nx = shared_memory.SharedMemory(name='MARK', create=True, size=99)",
        "import os\nf = os.memfd_create('MARK')\nos.write(f, b'x' * 10 ** 7)\nans = 1",
    ),
    "descriptors": (
        "import os\nos.closerange(0, 1000)\nans = 1",
        "import os\nos.close(1)\nprint(5)",
        "import os\nkept = []\nwhile True: kept.append(os.dup(0))",
        "import os\nkept = []\nwhile True: kept.append(os.pipe())",
        "import os\nfor n in range(3, 64):\n    try: os.write(n, b'\\xff' * 4096)\n    except OSError: pass\nans = 1",
        "import os\nfor n in range(64):\n    try: os.read(n, 1 << 20)\n    except OSError: pass\nans = 1",
        "import socket\nkept = []\nwhile True: kept.append(socket.socketpair())",
    ),
    "output": (
        "while True: print('x' * 1000)",
        "print('x' * 10 ** 8)",
        "import sys\nwhile True: sys.stderr.write('x' * 100)",
        "while True:\n    try:\n        print('more')\n    except BaseException: pass",
        "import os\nwhile True: os.write(1, b'x' * 65536)",
        "ans = 'x' * 10 ** 7",
    ),
    "ends": (
        "import os\nos._exit(0)",
        "import os\nos._exit(77)",
        "import sys\nsys.exit(5)",
        "import os\nos.abort()",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "class E(BaseException): pass\nraise E",
        "import atexit\natexit.register(lambda: exec('while True: pass'))\nans = 1",
    ),
    "crashes": (
        "import ctypes\nctypes.string_at(0)",
        "import ctypes\nctypes.memset(id(int), 0, 400)\nans = 1 + 1",
        "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): return f()\nf()",
        "x = None\nfor _ in range(10 ** 6): x = (x,)\nans = repr(x)",
        "import builtins\ndel builtins.len, builtins.str, builtins.isinstance\nans = 5",
        "import gc\nfor x in gc.get_objects():\n    if isinstance(x, dict) and '__name__' in x: x.clear()\nans = 5",
        "import sys\nsys.modules.clear()\nsys.stdout = None\nans = 5",
    ),
}


def program(rng: random.Random, number: int) -> tuple[str, str]:
    """What it does, and a program that does it. No two numbers give the same text."""
    what = rng.choice(sorted(FORMS))
    return what, f"# {number}\n" + rng.choice(FORMS[what]).replace("MARK", f"{MARK}-{number}")
