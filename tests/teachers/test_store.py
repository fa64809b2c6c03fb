"""The completion store: what serves which request, and that nothing bought is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import Environment, OpenaiTeacher, TeacherSettings, TransformersTeacher
from distill_dsl.runtime.teachers.database import FORM
from distill_dsl.runtime.teachers.store import (
    RESERVE,
    STORE_FILE,
    Bought,
    Spent,
    Store,
    asking,
    key_of,
    opened,
    question_of,
)

SETTINGS = TeacherSettings(model=OpenaiTeacher(model="m", base_url="http://localhost:1/v1"))


def question(text: str = "What is 1 + 1?", settings: TeacherSettings = SETTINGS) -> dict[str, Any]:
    return question_of(settings, [{"role": "user", "content": text}])


def put(store: Store, rows: dict[int, Bought], text: str = "What is 1 + 1?", teacher: str = "t") -> str:
    asked = question(text)
    store.put(asked, key_of(asked), rows, teacher=teacher)
    return key_of(asked)


def bought(text: str = "2", max_tokens: int = 512, **more: Any) -> Bought:
    return Bought(text=text, max_tokens=max_tokens, **more)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path / "c.sqlite") as store:
        yield store


# --- what is the same question ------------------------------------------------------------------

BASE = {"model": OpenaiTeacher(model="m")}


@pytest.mark.parametrize(
    "change",
    [
        {"model": OpenaiTeacher(model="other")},
        {"model": OpenaiTeacher(model="m", base_url="http://localhost/v1")},
        {"model": OpenaiTeacher(model="m", base_url=Environment(env="URL"))},
        {"temperature": 0.7},
        {"top_p": 0.9},
        {"seed": 2},
        {"stop": ("\n",)},
    ],
)
def test_what_bears_on_a_text_is_another_question(change: dict[str, Any]) -> None:
    one, other = TeacherSettings(**BASE), TeacherSettings(**(BASE | change))
    assert key_of(question(settings=one)) != key_of(question(settings=other))
    assert key_of(question("a")) != key_of(question("b"))


@pytest.mark.parametrize(
    "change",
    [
        {"samples": 8},
        {"max_tokens": 9},
        {"model": OpenaiTeacher(model="m", key_env="OTHER", logprobs=True)},
        {"model": OpenaiTeacher(model="m", base_url="https://api.openai.com/v1/")},
        {"model": OpenaiTeacher(model="m", base_url="https://me:secret@api.openai.com/v1")},
        {"model": OpenaiTeacher(model="m", base_url="https://api.openai.com/v1/?api-key=secret#part")},
    ],
)
def test_what_does_not_bear_on_a_text_is_the_same_question(change: dict[str, Any]) -> None:
    one, other = TeacherSettings(**BASE), TeacherSettings(**(BASE | change))
    assert question(settings=one) == question(settings=other)


def test_a_local_model_is_another_one_when_its_files_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("1")
    settings = TeacherSettings(model=TransformersTeacher(model="./model"))
    first = key_of(question(settings=settings))
    assert key_of(question(settings=settings)) == first
    (tmp_path / "model" / "weights").write_text("1.5")
    assert key_of(question(settings=settings)) != first


# --- what serves --------------------------------------------------------------------------------


def test_a_completion_comes_back_as_it_was_put(store: Store) -> None:
    whole = bought(
        "two\n\x00 “2” 👍",
        finish="length",
        input=10,
        output=512,
        cost=0.1 + 0.2,
        logprob=-0.25,
        logprobs=(("t", -0.1), ("\n", -0.4)),
        reason="a call of a tool",
        served="m-0125",
        bought="2026-01-31T12:00:00Z",
    )
    key = put(store, {0: whole, 3: bought("again")})
    assert store.get(key, 0, 512) == whole
    again = store.get(key, 3, 512)
    assert again is not None and again.text == "again" and again.bought is not None
    assert store.get(key, 1, 512) is None
    assert store.get(key_of(question("b")), 0, 512) is None


@pytest.mark.parametrize(
    ("kept", "limit", "text"),
    [
        ([bought("a", 512)], 512, "a"),
        ([bought("a", 512, output=100)], 1024, "a"),
        ([bought("a", 512)], 1024, "a"),  # how long it is, is not known, but it was no longer than its limit
        ([bought("a", 512, output=100)], 128, "a"),
        ([bought("a", 512, output=100)], 99, None),
        ([bought("a", 512)], 511, None),
        ([bought("a", 512, output=512, finish="length")], 512, "a"),
        ([bought("a", 512, output=512, finish="length")], 1024, None),
        ([bought("a", 512, output=512, finish="length")], 256, None),
        ([bought("a", 512, output=3, finish="filter")], 1024, None),
        ([bought("a", 512, finish="length"), bought("b", 1024, output=600)], 512, "a"),
        ([bought("a", 512, finish="length"), bought("b", 1024, output=600)], 2048, "b"),
        ([bought("b", 1024, output=100), bought("a", 512, output=90)], 2048, "a"),
        ([bought("b", 1024, output=100), bought("a", 512, output=90)], 1024, "b"),
    ],
)
def test_which_completion_serves_under_a_limit(kept: list[Bought], limit: int, text: str | None, store: Store) -> None:
    for one in kept:
        key = put(store, {0: one})
    found = store.get(key, 0, limit)
    assert (found.text if found else None) == text


def test_the_first_completion_stays(store: Store) -> None:
    key = put(store, {0: bought("first")})
    put(store, {0: bought("second"), 1: bought("other")})
    assert [row.text for sample in (0, 1) if (row := store.get(key, sample, 512))] == ["first", "other"]


def test_log_probabilities_are_bought_where_they_were_not_asked_for(store: Store) -> None:
    key = put(store, {0: bought("first")})
    assert store.get(key, 0, 512, logprobs=True) is None
    put(store, {0: bought("second", logprobs=(("a", -1.0),))})
    with_them, first = store.get(key, 0, 512, logprobs=True), store.get(key, 0, 512)
    assert with_them is not None and with_them.text == "second"
    assert first is not None and first.text == "first"
    # A server that was asked for them and gives none is not asked again.
    put(store, {1: bought("none", logprobs=())})
    assert store.get(key, 1, 512, logprobs=True) is not None


def test_what_a_teacher_came_to(store: Store) -> None:
    assert store.spent("t") == Spent()
    put(store, {0: bought(input=10, output=5, cost=0.25), 1: bought(input=0, output=7, cost=0.5)})
    put(store, {0: bought(), 1: bought(input=1, output=1)}, "b")
    put(store, {0: bought(input=100, output=100, cost=9.0)}, "c", teacher="other")
    assert store.spent("t") == Spent(dollars=0.75, tokens=24, unpriced=2, uncounted=1)


def test_several_requests_are_kept_together_or_not_at_all(store: Store) -> None:
    one, other = question("a"), question("b")
    store.put_all([(one, key_of(one), {0: bought()}), (other, key_of(other), {0: bought()})], teacher="t")
    assert store.get(key_of(one), 0, 512) and store.get(key_of(other), 0, 512)
    third, fourth = question("c"), question("d")
    broken: Any = bought(text=None)  # type: ignore[arg-type]
    with pytest.raises(Failure, match="NOT NULL"):
        store.put_all([(third, key_of(third), {0: bought()}), (fourth, key_of(fourth), {0: broken})], teacher="t")
    assert store.get(key_of(third), 0, 512) is None
    assert put(store, {0: bought()}, "e")  # and the store goes on


def test_prompts_are_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with opened(path) as store:
        for at in range(8):
            put(store, {at: bought()}, "x" * 100_000)
    assert path.stat().st_size < 200_000


# --- processes ----------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
from distill_dsl.runtime.teachers.store import Bought, key_of, opened
first, number = int(sys.argv[2]), int(sys.argv[3])
with opened(Path(sys.argv[1])) as store:
    for at in range(first, first + number):
        question = {"provider": "p", "model": "m", "at": at}
        store.put(question, key_of(question), {0: Bought(text=f"text {at}" * 50, max_tokens=9)}, teacher="t")
        print(at, flush=True)
"""


def writer(path: Path, first: int, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kept(path: Path, numbers: range | list[int]) -> list[int]:
    with opened(path) as store:
        assert store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        keys = {at: key_of({"provider": "p", "model": "m", "at": at}) for at in numbers}
        rows = {at: store.get(key, 0, 9) for at, key in keys.items()}
    return [at for at, row in rows.items() if row is not None and row.text == f"text {at}" * 50]


def test_processes_that_meet_at_a_new_store_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "c.sqlite"
    writers = [writer(path, at * 100, 100) for at in range(4)]
    assert [one.communicate(timeout=60) and one.returncode for one in writers] == [0] * 4
    assert kept(path, range(400)) == list(range(400))


def test_what_was_put_outlives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    running = [writer(path, at * 100_000, 100_000) for at in range(2)]
    assert all(one.stdout is not None and one.stdout.readline() for one in running)
    time.sleep(0.5)
    for one in running:
        one.kill()
    said = [int(line) for one in running for line in one.communicate()[0].split("\n")[:-1]]
    assert all(one.returncode == -signal.SIGKILL for one in running)
    assert len(said) > 20
    assert kept(path, said) == said


def test_one_process_at_a_time_asks_a_model_and_the_lock_ends_with_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.sqlite"
    holder = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_store import SETTINGS, Path, asking, opened
with opened(Path({str(path)!r})) as store, asking(store, SETTINGS, budget="t"):
    print("holds it", flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None and first.stdout.readline() == "holds it\n"
        other = TeacherSettings(model=OpenaiTeacher(model="other", base_url="http://localhost:1/v1"))
        with opened(path) as store, asking(store, other):
            assert capfd.readouterr().err == ""
        with opened(path) as store, asking(store, other, budget="another"):
            assert capfd.readouterr().err == ""
        kill = subprocess.Popen(["sh", "-c", f"sleep 0.5; kill -9 {first.pid}"])
        with opened(path) as store, asking(store, SETTINGS):
            assert capfd.readouterr().err == "waiting for another process that asks m (http://localhost:1/v1)\n"
        kill.wait()


def test_the_models_of_one_budget_are_asked_one_after_the_other(
    store: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    other = TeacherSettings(model=OpenaiTeacher(model="other"))
    with ThreadPoolExecutor(1) as pool, asking(store, SETTINGS, budget="t"):

        def ask() -> str:
            with opened(tmp_path / "c.sqlite") as second, asking(second, other, budget="t"):
                return "asked"

        waiting = pool.submit(ask)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.5)
        pool.shutdown(wait=False)
        assert capfd.readouterr().err == "waiting for another process that spends the budget of t\n"
    assert waiting.result(timeout=10) == "asked"


# --- a full disk --------------------------------------------------------------------------------

FULL = """
import json, os, sys
from pathlib import Path
from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.teachers.store import Bought, key_of, opened

path, said, kept = Path(sys.argv[1]) / "c.sqlite", [], []
with opened(path) as store:
    for at in range(10_000):
        question = {"provider": "p", "model": "m", "at": at}
        try:
            store.put(question, key_of(question), {0: Bought(text="x" * 50_000, max_tokens=9)}, teacher="t")
        except Failure as failure:
            said.append(failure.summary)
        kept.append(store.get(key_of(question), 0, 9) is not None)
        if len(said) == 20:
            break
with open(path.with_name("other"), "wb") as stream:
    os.posix_fallocate(stream.fileno(), 0, 10 * 1024 * 1024)
try:
    with opened(path) as store:
        store.reserve()
except Failure as failure:
    said.append(failure.summary)
with opened(path) as store:
    sound = store.connection.execute("PRAGMA integrity_check").fetchone()[0]
    number = store.connection.execute("SELECT count(*) FROM completions").fetchone()[0]
print(json.dumps({"said": said, "kept": kept, "sound": sound, "number": number}))
"""


def on_disk(tmp_path: Path, program: str, options: str) -> Any:
    """What a program prints as JSON that is given a disk of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    unshare = shutil.which("unshare")
    mount = ["-Urm", "sh", "-c", f'mount -t tmpfs -o {options} none "$0" && exec "$@"', str(disk)]
    if unshare is None or subprocess.run([unshare, *mount, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs `unshare` and leave to mount a small disk")
    done = subprocess.run(
        [unshare, *mount, sys.executable, "-c", program, str(disk)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_full_disk_loses_nothing_that_was_under_way(tmp_path: Path) -> None:
    found = on_disk(tmp_path, FULL, "size=24m")
    # 20 completions came in after the disk was full: each was kept in the reserve, and said to be the last.
    assert found["said"][:20] == ["the disk is full"] * 20
    assert found["kept"] == [True] * len(found["kept"])
    assert found["number"] == len(found["kept"]) > 40
    assert found["sound"] == "ok"
    # Nothing more is asked until there is room for what would then be under way.
    assert found["said"][20:] == ["there is no space for completions: No space left on device"]


def test_the_reserve_takes_up_space(store: Store, tmp_path: Path) -> None:
    store.reserve()
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= RESERVE


# --- files that are no store --------------------------------------------------------------------


def test_a_store_of_a_later_form_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with opened(path) as store:
        store.connection.execute(f"PRAGMA user_version = {FORM + 1}")
    before = path.read_bytes()
    with pytest.raises(Failure, match=f"has form {FORM + 1}") as failure, opened(path):
        pass
    assert "newer version of mtd" in str(failure.value)
    assert path.read_bytes() == before


def test_another_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE runs (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(Failure, match="another SQLite database"), opened(path):
        pass
    assert path.read_bytes() == before


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_text("no database" * 100, encoding="utf-8")
    with (
        pytest.raises(Failure, match="cannot be used: file is not a database") as failure,
        opened(tmp_path / "c.sqlite"),
    ):
        pass
    assert "move it away" in str(failure.value)


def test_a_damaged_file_is_said_and_may_be_verified(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with opened(path) as store:
        keys = [put(store, {0: bought("x" * 3000)}, f"{at}") for at in range(50)]
    with path.open("r+b") as stream:
        stream.seek(4096 * 2)
        stream.write(os.urandom(4096 * 60))
    with pytest.raises(Failure, match=r"cannot be used: .*malformed") as failure, opened(path) as store:
        for key in keys:
            store.get(key, 0, 512)
    assert "mtd store verify" in str(failure.value)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="store of completions cannot be used"), opened(tmp_path / "file" / "c.sqlite"):
        pass


READ_ONLY = """
import json, sys
from pathlib import Path
from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.teachers.store import opened
try:
    with opened(Path(sys.argv[1]) / "c.sqlite"):
        pass
except Failure as failure:
    print(json.dumps(str(failure)))
"""


def test_a_disk_that_may_not_be_written_to_is_said(tmp_path: Path) -> None:
    said = on_disk(tmp_path, READ_ONLY, "ro")
    assert said.startswith("the store of completions cannot be used: ")
    assert "it needs a local disk that you may write to" in said


def test_copies_in_which_dvc_works_share_the_project_s_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "tmp123"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)
    with opened():
        pass
    assert (tmp_path / STORE_FILE).is_file()
