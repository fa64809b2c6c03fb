"""From a spec to a server's log: what an edited spec asks again, and what it does not."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from distill_dsl.cli.commands import app
from distill_dsl.contract import files, params
from distill_dsl.contract.records import Completion
from distill_dsl.runtime.stages import ask, fetch
from tests.teachers.served.face import Face, Reply, Request, said, served

PROMPTS = Path(__file__).parents[2] / "prompts"
SPEC = """\
data boxes { source = file(train: "boxes.jsonl", test: "tests.jsonl") }
teacher llm {
  model       = openai("m", base_url: env("LLM_URL"), key: env("LLM_KEY"))
  temperature = 0.7
  samples     = 4
  max_tokens  = 8
  exemplars   = file("exemplars.jsonl", pick: 1, by: nearest)
}
thought cot { answer = text }
mix m { problems = boxes.train   teacher = llm   thoughts = cot }
student s { base = scratch("t5") }
experiment e { students = [s]   mixes = [m]   tests = [boxes.test]   answers = [cot] }
"""
THINGS = ["pens", "cats", "cakes", "roads"]
QUESTIONS = [f"How many {thing} are in {n} boxes of {n + 1}?" for n in range(2, 5) for thing in THINGS]


class Server:
    """Counts the completions that it gives; each is as long as its seed says, and cut off at the limit."""

    def __init__(self) -> None:
        self.given: list[tuple[str, int]] = []
        """The last line of the prompt, and the seed."""

    async def answer(self, request: Request) -> Reply:
        asked = json.loads(request.body)
        question = asked["messages"][-1]["content"].rpartition("Question:")[2].strip().partition("\n")[0]
        choices = []
        for index in range(asked.get("n") or 1):
            seed = asked["seed"] + index
            words = [f"w{seed}"] * (4 * seed)
            self.given.append((question, seed))
            cut = len(words) > asked["max_tokens"]
            text = " ".join(words[: asked["max_tokens"]])
            message = {"role": "assistant", "content": text}
            choices.append({"index": index, "message": message, "finish_reason": "length" if cut else "stop"})
        # Tokens are counted in one sum for all choices, as servers do; here each is as long as its words.
        written = sum(len(choice["message"]["content"].split()) for choice in choices)
        usage = {"prompt_tokens": 20, "completion_tokens": written, "total_tokens": 20 + written}
        return said(200, {"id": "1", "object": "chat.completion", "model": "m", "choices": choices, "usage": usage})

    def news(self) -> list[tuple[str, int]]:
        """What was given since the last call."""
        news, self.given = self.given, []
        return news


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLM_KEY", "any")
    monkeypatch.setenv("COLUMNS", "1000")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(PROMPTS, "prompts")
    rows("boxes.jsonl", [{"question": question, "answer": "1"} for question in QUESTIONS])
    rows("tests.jsonl", [{"question": "What is 1 + 1?", "answer": "2"}])
    rows("exemplars.jsonl", [{"question": f"How many {thing} are 2 and 3?", "cot": f"5 {thing}."} for thing in THINGS])
    with served(Face(server.answer)) as face:
        monkeypatch.setenv("LLM_URL", face.url)
        yield server


def rows(path: str, values: list[dict[str, Any]]) -> None:
    Path(path).write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")


def mtd(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def asked(text: str = SPEC, teacher: str = "llm", spec: str = "one.mtd") -> list[Completion]:
    """Compile the spec and run its ask stage: the rows of the completions."""
    Path(spec).write_text(text, encoding="utf-8")
    mtd("compile", spec)
    params._read.cache_clear()
    fetch.run(data="boxes", splits=["train"])
    ask.run(teacher=teacher, data="boxes", split="train", thought="cot")
    return list(files.read_rows(files.completions_file(f"{teacher}-boxes-train-cot"), Completion))


def texts(completions: list[Completion], keep: Callable[[Completion], bool] = lambda row: True) -> dict[Any, Any]:
    return {(row.problem, row.sample): row.text for row in completions if keep(row)}


def test_the_same_again_asks_nothing(server: Server) -> None:
    first = asked()
    assert len(server.news()) == len(first) == 12 * 4
    assert asked() == first
    assert server.news() == []


def test_more_samples_ask_for_those_alone(server: Server) -> None:
    first = asked()
    assert Counter(question for question, _ in server.news()) == dict.fromkeys(QUESTIONS, 4)
    more = asked(SPEC.replace("samples     = 4", "samples     = 8"))
    news = server.news()
    assert Counter(question for question, _ in news) == dict.fromkeys(QUESTIONS, 4)
    assert {seed for _, seed in news} == {5, 6, 7, 8}
    assert texts(more, lambda row: row.sample < 4) == texts(first)
    # Fewer again: the first ones, and nothing is asked.
    assert asked() == first
    assert server.news() == []


def test_a_larger_limit_keeps_what_had_ended(server: Server) -> None:
    first = asked()  # 4, 8, 12 and 16 words: two of four samples are cut off at 8
    assert Counter(row.finish for row in first) == {None: 24, "length": 24}
    server.news()
    larger = asked(SPEC.replace("max_tokens  = 8", "max_tokens  = 12"))
    assert Counter(seed for _, seed in server.news()) == {3: 12, 4: 12}
    assert Counter(row.finish for row in larger) == {None: 36, "length": 12}
    ended = texts(first, lambda row: row.finish is None)
    assert ended.items() <= texts(larger).items()
    # Back to the smaller one: what was cut off then is cut off again, and nothing is asked.
    assert asked() == first
    assert server.news() == []


def test_an_edited_exemplar_asks_again_only_for_prompts_that_hold_it(server: Server) -> None:
    first = asked()
    assert {row.exemplars for row in first} == {("1",), ("2",), ("3",), ("4",)}
    server.news()
    examples = [json.loads(line) for line in Path("exemplars.jsonl").read_text(encoding="utf-8").splitlines()]
    examples[1]["cot"] = "They are 5 cats."
    rows("exemplars.jsonl", examples)
    edited = asked()
    assert Counter(question for question, _ in server.news()) == {
        question: 4 for question in QUESTIONS if "cats" in question
    }
    same = {row.problem for row in first if row.exemplars != ("2",)}
    assert [row for row in edited if row.problem in same] == [row for row in first if row.problem in same]
    assert {row.prompt for row in edited if row.problem not in same}.isdisjoint(row.prompt for row in first)


def test_two_specs_pay_once(server: Server) -> None:
    first = asked()
    server.news()
    other = SPEC.replace("teacher llm", "teacher another").replace("teacher = llm", "teacher = another")
    other = other.replace("experiment e", "experiment f").replace("mix m ", "mix n ").replace("[m]", "[n]")
    said = mtd_plan(other, "two.mtd")
    assert "All 48 completions are in the store: nothing is bought." in said
    assert asked(other, "another", "two.mtd") == first
    assert server.news() == []
    assert [row["teacher"] for row in json.loads(mtd("store", "list", "--json"))] == ["llm"]


EDITS = [
    ('openai("m"', 'openai("other"', 48),
    ("temperature = 0.7", "temperature = 0.9", 48),
    ("samples     = 4", 'samples     = 4   system = "Be brief."', 48),
    ("samples     = 4", "samples     = 4   seed = 2", 48),
    ("samples     = 4", "samples     = 5", 12),
    ("max_tokens  = 8", "max_tokens  = 20", 24),
    ("samples     = 4", "samples     = 4   budget = 2Mtokens   price = free()", 0),
    ('env("LLM_KEY")', 'env("LLM_URL")', 0),
]


def test_the_plan_says_what_an_edit_buys(server: Server) -> None:
    asked()
    server.news()
    for old, new, completions in EDITS:
        text = SPEC.replace(old, new)
        found = json.loads(mtd_plan(text, "one.mtd", "--json"))["asked"][0]["quote"]
        assert found["to_buy"] == completions, new
        assert found["held"] + found["to_buy"] == (60 if new.endswith("= 5") else 48), new
        asked(text)
        assert len(server.news()) == completions, new


def mtd_plan(text: str, spec: str, *options: str) -> str:
    """As before anything is compiled: nothing is said then of what ran."""
    Path("dvc.yaml").unlink(missing_ok=True)
    Path(spec).write_text(text, encoding="utf-8")
    return mtd("plan", *options, spec)
