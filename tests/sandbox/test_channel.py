"""What comes from a child is bytes that anybody may have written; what goes to it tells of nothing else."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest
from corpus import SECRET
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_dsl.runtime.sandbox import frames, linux, mailbox
from distill_dsl.runtime.sandbox.frames import MAX_REPLY, MAX_REPORT, MAX_TOGETHER, Cause, Report
from distill_dsl.runtime.sandbox.layers import Layer
from distill_dsl.runtime.sandbox.supervisor import Job, Limits, Reply, run
from distill_dsl.runtime.thoughts.programs import PLAIN, _execution, run_programs, stated

MEMORY = 256 << 20
on_linux = pytest.mark.skipif(not linux.architecture(), reason="walls are Linux's")


@settings(max_examples=500)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_report_or_none_yet_or_refused(data: bytes) -> None:
    try:
        report = frames.read_report(data)
    except ValueError:
        return  # of a worker that says this another takes the place
    assert report is None or (report.length <= MAX_REPORT and len(data) >= frames.REPORT_SIZE + report.length)


@given(
    st.sampled_from(Cause),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=64),
    st.integers(0, 80),
)
def test_a_report_comes_through_in_any_pieces(cause: Cause, status: int, begun: int, body: bytes, cut: int) -> None:
    data = frames.report_head(cause, status, begun, len(body)) + body
    assert frames.read_report(data) == Report(cause, status, begun, len(body))
    assert cut >= len(data) or frames.read_report(data[:cut]) is None


well_formed = st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=30)), max_size=6)


@settings(max_examples=500)
@given(well_formed, st.binary(max_size=60))
def test_what_is_well_formed_is_read_and_nothing_beyond(said: list[tuple[int, bytes]], rest: bytes) -> None:
    body = b"".join(frames.part(index, reply) for index, reply in said)
    assert list(frames.parts(body)) == said
    found = list(frames.parts(body + rest))
    assert found[: len(said)] == said
    assert all(len(reply) <= MAX_REPLY for _, reply in found)
    assert sum(frames.PART_SIZE + len(reply) for _, reply in found) <= len(body + rest)


@given(st.binary(max_size=64), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_scribbled_outbox_is_read_within_its_bounds(scribble: bytes, begun: int, used: int) -> None:
    outbox = mailbox.outbox_alone()
    outbox.memory[: 8 + len(scribble)] = struct.pack("<II", begun, used) + scribble
    with outbox.content() as content:
        assert len(content) <= outbox.size
        list(frames.parts(bytes(content)))
    assert outbox.begun <= MAX_TOGETHER
    outbox.wipe()
    assert bytes(outbox.memory) == bytes(len(outbox.memory))
    outbox.memory.close()


LONG = ["9" * 2000, "-" * 2000, "[" * 2000, "1:" * 900, "½" * 50, "####" * 400, "x" * 8000]
texts = st.text(max_size=60) | st.sampled_from([*LONG, "1/0", "1e999999999", "\ud800", "nan"])
replies = st.dictionaries(st.sampled_from(["answer", "failure", "detail", "printed", "else"]), texts, max_size=4).map(
    lambda reply: json.dumps(reply).encode()
)


@settings(max_examples=500, deadline=2000)
@given(st.one_of(st.binary(max_size=80), replies), st.sampled_from(Cause), st.integers(-70, 300))
def test_any_reply_gives_a_valid_verdict(said: bytes, cause: Cause, status: int) -> None:
    execution = _execution(Reply(said, cause, status), "text", stated)
    assert (execution.answer is None) != (execution.failure is None)
    assert execution.failure is None or execution.failure.split(":")[0] in (
        *("no-answer", "timeout", "memory", "output", "denied", "error"),
    )
    assert len(execution.detail) <= 300 and len(execution.answer or "") <= 4000


FORGERS = {
    "another's place": "box.put(0, reply)\nbox.put(1, reply)\nbox.put(255, reply)",
    "a count beyond the end": "struct.pack_into('<II', box.memory, 0, 2**32 - 1, 2**32 - 1)",
    "noise": "box.memory[:] = random.Random(1).randbytes(len(box.memory))",
    "a length beyond the end": "box.memory[:24] = struct.pack('<IIIIII', 9, 16, 0, 2**31, 0, 2**31)",
    "a pickle": "box.put(0, b'\\x80\\x04\\x95cos\\nsystem\\n.')",
    "a huge reply": "box.put(0, b'9' * 10**6)",
    "nesting": "box.put(0, b'{\"answer\": ' * 500)",
    "a failure of its own": 'box.put(0, b\'{"failure": "error:../../etc"}\')',
}
FORGE = """
import os, random, struct, sys
from distill_dsl.runtime.sandbox.mailbox import Outbox
reply = b'{{"answer": "666"}}'
frame, boxes = sys._getframe(), []
while frame:
    boxes += [value for value in frame.f_locals.values() if isinstance(value, Outbox) and not value.memory.closed]
    frame = frame.f_back
(box,) = set(boxes)
{forged}
os._exit({status})
"""


@on_linux
@pytest.mark.parametrize("how", FORGERS)
@pytest.mark.parametrize("status", [0, 1])
def test_who_scribbles_over_the_channel_spoils_its_own_verdict_alone(how: str, status: int) -> None:
    program = FORGE.format(forged=FORGERS[how], status=status)
    programs = [text for number in range(4) for text in (program, f"ans = {number}")]
    executions = run_programs(programs, timeout=2, memory=MEMORY, workers=1)
    assert [execution.answer for execution in executions[1::2]] == list("0123")
    own = {execution.answer or execution.failure for execution in executions[::2]}
    assert own <= {"666", "error:reply", "error:exit"}
    assert how != "another's place" or own == {"666"}


@on_linux
def test_a_reply_that_is_no_reply_is_told_as_one() -> None:
    program = FORGE.format(forged=FORGERS["a pickle"], status=0)
    (execution,) = run_programs([program], timeout=2, memory=MEMORY)
    assert execution.failure == "error:reply"


SCAN = """
import ctypes, gc, math, mmap, sys
libc = ctypes.CDLL(None)
def mapped(page):  # whether the kernel can read there: it says so without a crash
    return libc.syscall({number}, 0, ctypes.c_void_p(page), None, 8) == 0
own = mmap.mmap(-1, 4096)
anchors = [ctypes.addressof(ctypes.c_int()), ctypes.addressof(ctypes.c_char.from_buffer(own))]
anchors += [ctypes.cast(libc.malloc, ctypes.c_void_p).value, id('x' * 5000), id(b'x' * 100_000)]
small = [bytes(size) for size in range(500) for _ in range(20)]
modules = [value for module in list(sys.modules.values()) for value in list(vars(module).values())]
anchors += [id(one) for one in small + modules + gc.get_objects()]
needle = {needle!r}  # backwards: it is not itself what is looked for
pages, found = set(), 0
for anchor in anchors:
    for step in (1, -1):
        missed, page = 0, anchor & ~4095
        while missed < 512 and len(pages) < 100_000:
            if page in pages and page != anchor & ~4095:
                break
            if page in pages or mapped(page):
                if page not in pages:
                    pages.add(page)
                    found += needle in ctypes.string_at(page, 4096)[::-1]
                missed = 0
            else:
                missed += 1
            page += step * 4096
ans = found if len(pages) > 1000 else 'too few pages'
"""


def scan(needle: str) -> str:
    """A program that looks for a text in all memory that it finds mapped, and counts."""
    number = 14 if linux.architecture() == "x86_64" else 135  # rt_sigprocmask
    return SCAN.format(number=number, needle=needle.encode()[::-1])


@on_linux
def test_nothing_of_others_is_in_the_memory_of_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the parent's environment, not the texts or answers of programs before and after, not of its batch."""
    monkeypatch.setenv("API_KEY", SECRET)
    gold = "planted-gold-answer-" + "4711"  # in the memory of this process, as expected answers are
    text, answer = "planted-text-of-a-neighbour", "planted-answer-of-a-neighbour"
    neighbour = f"# {text}\nans = '-'.join(['planted', 'answer', 'of', 'a', 'neighbour'])"
    hostile = f"import os  # {text}\nans = '-'.join(['planted', 'answer', 'of', 'a', 'neighbour'])"
    programs = []
    for needle in (SECRET, gold, text, answer, "API_KEY"):
        programs += [neighbour, hostile, neighbour, scan(needle), neighbour, hostile]
    executions = run_programs(programs, timeout=20, memory=MEMORY, workers=1)
    assert {execution.answer for place, execution in enumerate(executions) if place % 6 != 3} == {answer}
    assert [execution.answer for execution in executions[3::6]] == ["0"] * 5, executions[3::6]


@on_linux
def test_the_scan_finds_what_is_there() -> None:
    program = "kept = [''.join(['planted', '-', 'here'])] * 3\n" + scan("planted-here")
    (execution,) = run_programs([program], timeout=20, memory=MEMORY)
    assert int(execution.answer or 0) >= 1


@on_linux
def test_the_environment_of_a_program_is_that_of_its_worker_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", SECRET)
    monkeypatch.setenv("PYTHONSTARTUP", "/tmp/pwned")
    monkeypatch.setenv("LD_PRELOAD", "")
    (execution,) = run_programs(["import os\nans = ' '.join(sorted(os.environ))"], timeout=2, memory=MEMORY)
    assert execution.answer is not None
    names = set(execution.answer.split())
    assert names <= {
        "LC_ALL",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONHASHSEED",
        "TZ",
    }


@on_linux
def test_a_program_sees_no_arguments_of_its_worker() -> None:
    program = "import sys\nans = [len(sys.argv), len(sys.orig_argv)]"
    assert run_programs([program], timeout=2, memory=MEMORY)[0].answer == "[1, 1]"


@on_linux
def test_a_program_has_no_descriptors_even_where_this_process_leaks_some(tmp_path: Path) -> None:
    program = (
        "import os\nfound = 0\nfor fd in range(1024):\n    try:\n        os.fstat(fd)\n        found += 1\n"
        "    except OSError as e:\n        assert e.errno in (1, 9)\nans = found"
    )
    with (tmp_path / "leaked").open("w") as leaked:
        os.set_inheritable(leaked.fileno(), True)
        (execution,) = run_programs([program], timeout=2, memory=MEMORY)
    assert execution.answer == "0"


@on_linux
def test_descriptors_are_closed_and_not_just_forbidden(tmp_path: Path) -> None:
    """Without the filter of calls, the kernel says that each is no descriptor."""
    program = (
        "import os\nerrors = set()\nfor fd in range(256):\n    try:\n        os.fstat(fd)\n        errors.add(0)\n"
        "    except OSError as e:\n        errors.add(e.errno)\nans = sum(errors) * len(errors)"
    )
    with (tmp_path / "leaked").open("w") as leaked:
        os.set_inheritable(leaked.fileno(), True)
        (reply,) = run([Job(program, PLAIN)], Limits(2, MEMORY), workers=1, without=set(Layer), hostile=False)
    assert json.loads(reply.said) == {"answer": "9"}  # EBADF
