"""`mtd store`: what it lists, moves, verifies and prunes."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from distill_dsl.cli.commands import app
from distill_dsl.contract.files import write_rows
from distill_dsl.contract.records import Completion
from distill_dsl.contract.settings import Environment, OpenaiTeacher, TeacherSettings
from distill_dsl.runtime.teachers.store import STORE_FILE, Bought, asking, key_of, opened, question_of

MINI = TeacherSettings(model=OpenaiTeacher(model="mini"), temperature=0.7)
LOCAL = TeacherSettings(model=OpenaiTeacher(model="llama", base_url=Environment(env="LLM_URL")), system="Be brief.")


def mtd(*arguments: str, code: int = 0, given: bytes | None = None) -> str:
    done: Result = CliRunner().invoke(app, ["store", *arguments], input=given)
    assert done.exit_code == code, done.output
    return done.output


def filled(number: int = 3) -> list[str]:
    """A store of two models: keys of `mini`, three samples each; `llama` has one, which was cut off."""
    keys = []
    with opened() as store:
        for at in range(number):
            asked = question_of(MINI, [{"role": "user", "content": f"What is {at} + 1?"}])
            rows = {
                sample: Bought(
                    text=f"“{at + 1}”\n", input=0 if sample else 10, output=5, cost=0.01, max_tokens=512, bought=when
                )
                for sample, when in enumerate(("2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"))
            }
            store.put(asked, key_of(asked), rows, teacher="chatgpt")
            keys.append(key_of(asked))
        asked = question_of(LOCAL, [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1?"}])
        cut = Bought(text="We", finish="length", output=1, max_tokens=1, logprobs=(("We", -0.5),), served="l-8b")
        store.put(asked, key_of(asked), {0: cut}, teacher="own")
    return keys


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# --- looking ------------------------------------------------------------------------------------


def test_a_project_without_completions_says_so_and_gets_no_store() -> None:
    assert mtd("list") == "The store holds no completions.\n"
    assert json.loads(mtd("list", "--json")) == []
    assert mtd("count") == "0\n"
    assert mtd("verify") == "0 completions of 0 requests: all sound.\n"
    assert mtd("export", "-") == ""
    assert mtd("prune", "--unused") == "There are no such completions.\n"
    assert "there are no completions yet" in mtd("show", "abcdef", code=1)
    assert not STORE_FILE.parent.exists()


def test_completions_are_listed_by_server_model_and_teacher() -> None:
    filled()
    lines = [line.split() for line in mtd("list").splitlines()]
    assert lines[0][:3] == ["server", "model", "teacher"]
    assert lines[1][:9] == ["$LLM_URL", "llama", "own", "1", "1", "1", "0", "1", "unknown"]
    assert lines[2] == ("https://api.openai.com/v1 mini chatgpt 3 9 0 30 45 $0.09 2026-01-31 2026-03-01".split())
    [row] = json.loads(mtd("list", "--json", "--model", "mini"))
    assert row == {
        "provider": "https://api.openai.com/v1",
        "model": "mini",
        "teacher": "chatgpt",
        "prompts": 3,
        "completions": 9,
        "truncated": 0,
        "input": 30,
        "output": 45,
        "dollars": pytest.approx(0.09),
        "unpriced": 0,
        "first": "2026-01-31T12:00:00Z",
        "last": "2026-03-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("options", "number"),
    [([], 10), (["--model", "mini"], 9), (["--teacher", "own"], 1), (["--model", "mini", "--teacher", "own"], 0)],
)
def test_completions_are_counted(options: list[str], number: int) -> None:
    filled()
    assert mtd("count", *options) == f"{number}\n"


def test_a_request_is_shown_by_the_beginning_of_its_key() -> None:
    [key] = filled(1)
    said = mtd("show", key[:8])
    assert key in said and "What is 0 + 1?" in said and "“1”" in said
    assert "sample 0, at most 512 tokens: for chatgpt, 2026-01-31T12:00:00Z, 10 + 5 tokens, $0.010000" in said
    shown = json.loads(mtd("show", key, "--json"))
    assert shown["question"]["messages"] == [{"role": "user", "content": "What is 0 + 1?"}]
    assert [row["sample"] for row in shown["completions"]] == [0, 1, 2]


def test_a_key_that_does_not_tell_is_a_failure() -> None:
    [key] = filled(1)
    assert "no request with the key" in mtd("show", "f" * 64, code=1)
    assert "no request with the key" in mtd("show", key[:3], code=1)
    with opened() as store:
        for number in (0, 1):
            store.connection.execute(
                "INSERT INTO requests (key, provider, model, question) VALUES (?, 'p', 'm', '{}')",
                ("a" * 63 + str(number),),
            )
    assert "several keys begin with" in mtd("show", "a" * 63, code=1)


# --- moving -------------------------------------------------------------------------------------


def test_what_is_exported_and_imported_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled()
    assert mtd("export", "out.jsonl") == "4 requests with their completions are in out.jsonl.\n"
    first = Path("out.jsonl").read_bytes()
    assert mtd("export", "-").encode() == first
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert mtd("import", "../out.jsonl") == "10 completions were added; 0 were there already.\n"
    assert mtd("import", "-", given=first) == "0 completions were added; 10 were there already.\n"
    mtd("export", "again.jsonl")
    assert Path("again.jsonl").read_bytes() == first
    assert mtd("verify") == "10 completions of 4 requests: all sound.\n"
    # They serve as if they had been bought here.
    asked = question_of(MINI, [{"role": "user", "content": "What is 0 + 1?"}])
    with opened() as store:
        found = store.get(key_of(asked), 2, 512)
        assert found is not None and found.text == "“1”\n"
        assert store.spent("chatgpt").dollars == pytest.approx(0.09)


def test_only_some_are_exported() -> None:
    filled()
    assert [json.loads(line)["question"]["model"] for line in mtd("export", "-", "--model", "llama").splitlines()] == [
        "llama"
    ]


def test_what_differs_from_the_store_stays_and_is_told() -> None:
    [key] = filled(1)
    mtd("export", "out.jsonl", "--model", "mini")
    line = json.loads(Path("out.jsonl").read_text(encoding="utf-8"))
    line["completions"][1]["text"] = "another"
    line["completions"][2] |= {"sample": 7}
    Path("in.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    said = mtd("import", "in.jsonl")
    assert "1 completions were added; 1 were there already." in said
    assert f"1 differ from what the store holds, which stays: {key}, sample 1, 512 tokens" in said
    assert json.loads(mtd("import", "in.jsonl", "--json")) == {
        "added": 0,
        "known": 2,
        "conflicts": [f"{key}, sample 1, 512 tokens"],
    }
    assert "another" not in mtd("export", "-")


def wrong_lines() -> list[tuple[str, str]]:
    line: dict[str, Any] = {"key": "", "question": {"provider": "p", "model": "m"}, "completions": []}
    line["key"] = key_of(line["question"])
    nobody = {"question": {"model": "m"}, "completions": []}
    return [
        ("no json", "it is no request of a completion store"),
        ('{"key": "abc"}', "missing required field `question`"),
        (json.dumps(line | {"key": "0" * 64}), "its key is not that of its question"),
        (json.dumps(nobody | {"key": key_of(nobody["question"])}), "names no provider and model"),
        (json.dumps(line | {"completions": [{"sample": 0, "teacher": "t", "text": 3}]}), "Expected `str`, got `int`"),
        (json.dumps(line | {"more": 1}), "unknown field `more`"),
    ]


@pytest.mark.parametrize(("line", "why"), wrong_lines())
def test_a_file_with_a_wrong_line_adds_nothing(line: str, why: str) -> None:
    filled(1)
    mtd("export", "out.jsonl")
    good = Path("out.jsonl").read_text(encoding="utf-8")
    Path("in.jsonl").write_text(good + line + "\n", encoding="utf-8")
    mtd("prune", "--model", "mini", "--yes")
    said = mtd("import", "in.jsonl", code=1)
    assert "line 3 of in.jsonl cannot be imported" in said and why in said and "nothing was imported" in said
    assert mtd("count") == "1\n"


def test_files_that_cannot_be_read_or_written_are_said(tmp_path: Path) -> None:
    filled(1)
    assert "missing.jsonl does not exist" in mtd("import", "missing.jsonl", code=1)
    (tmp_path / "file").write_text("")
    assert "there is a file where its folder should be" in mtd("export", "file/out.jsonl", code=1)


# --- verifying ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE requests SET question = replace(question, '0 + 1', '0 + 2')", "has another key"),
        ("UPDATE requests SET question = 'x'", "is not JSON"),
        ("UPDATE requests SET model = 'maxi'", "is listed under maxi"),
        ("UPDATE completions SET output = 'many'", "is no completion: Expected `int | null`, got `str`"),
        ("UPDATE completions SET logprobs = '[1]'", "is no completion"),
        ("UPDATE completions SET request = 99", "belongs to no request"),
    ],
)
def test_what_is_not_sound_is_said(change: str, fault: str) -> None:
    filled(1)
    connection = sqlite3.connect(STORE_FILE)
    connection.execute(f"{change} WHERE id = 1")
    connection.commit()
    connection.close()
    said = mtd("verify", code=1)
    assert fault in said and said.endswith("4 completions of 2 requests: 1 faults.\n")
    assert len(json.loads(mtd("verify", "--json", code=1))["faults"]) == 1


def test_a_damaged_file_is_verified_without_a_traceback() -> None:
    filled(200)
    with STORE_FILE.open("r+b") as stream:
        stream.seek(4096 * 3)
        stream.write(b"\xff" * 4096 * 10)
    assert "the file is damaged" in mtd("verify", code=1)


# --- pruning ------------------------------------------------------------------------------------


def test_nothing_is_pruned_without_a_yes_or_without_a_choice() -> None:
    filled()
    assert mtd("prune", "--model", "mini") == (
        "9 completions, bought for $0.09, would be taken out. Nothing was: that takes `--yes`.\n"
    )
    assert "it is not said which completions" in mtd("prune", "--yes", code=1)
    assert mtd("count") == "10\n"


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--model", "mini"], 1),
        (["--teacher", "own"], 9),
        (["--before", "2026-02-01"], 7),
        (["--before", "2026-02-01T00:00:01"], 4),
        (["--teacher", "own", "--before", "2026-02-01"], 10),
    ],
)
def test_what_is_chosen_is_pruned(options: list[str], left: int) -> None:
    filled()
    mtd("prune", *options, "--yes")
    assert mtd("count") == f"{left}\n"
    assert f"{left} completions" in mtd("verify")


def test_pruning_makes_the_file_smaller() -> None:
    filled(2000)
    done = json.loads(mtd("prune", "--model", "mini", "--yes", "--json"))
    assert done["completions"] == 6000 and done["done"] and done["freed"] > 500_000
    assert STORE_FILE.stat().st_size < 100_000


def test_what_no_file_comes_from_is_pruned() -> None:
    keys = filled()
    rows = [
        Completion(problem="p0", thought="cot", sample=0, text="1", prompt=keys[0]),
        Completion(problem="p0", thought="cot", sample=1, text="1", prompt=keys[0]),
        Completion(problem="p1", thought="cot", sample=0, text=None, reason="none"),
    ]
    write_rows(Path("artifacts/completions/chatgpt-d-train-cot.jsonl"), rows)
    dvc = "stages:\n  ask-chatgpt-d-train-{0}:\n    outs:\n    - artifacts/completions/chatgpt-d-train-{0}.jsonl\n"
    Path("dvc.yaml").write_text(dvc.format("pot"), encoding="utf-8")
    said = mtd("prune", "--unused", "--yes", code=1)
    assert "dvc.yaml has completions that are not here: artifacts/completions/chatgpt-d-train-pot.jsonl" in said
    assert mtd("count") == "10\n"
    Path("dvc.yaml").write_text(dvc.format("cot"), encoding="utf-8")
    mtd("prune", "--unused", "--yes")
    assert mtd("count") == "2\n"
    assert [row["sample"] for row in json.loads(mtd("show", keys[0], "--json"))["completions"]] == [0, 1]


def test_nothing_is_pruned_while_a_model_is_asked() -> None:
    filled()
    with opened() as store, asking(store, MINI):
        said = mtd("prune", "--model", "llama", "--yes", code=1)
    assert "mini (https://api.openai.com/v1) is being asked right now" in said
    assert mtd("count") == "10\n"


def test_a_date_that_is_none_is_said() -> None:
    filled(1)
    assert "`yesterday` is no date" in mtd("prune", "--before", "yesterday", code=1)
