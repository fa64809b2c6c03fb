"""Recorded thoughts as chat models and their servers wrap them up: they come to what they came to without."""

from __future__ import annotations

import ast
import gzip
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.thoughts.execute import execute
from distill_dsl.runtime.thoughts.extract import after_echo
from distill_dsl.runtime.thoughts.text import LAST_NUMBER, read

Row = dict[str, Any]
Wrapping = Callable[[Row], str]

LOOKED_AT = 100
"""Rows of a recording, evenly from all of it."""
OTHER = "Tom has 3 pens and buys 40 more. How many pens does he have?"


def rows_of(data: Path, name: str) -> list[Row]:
    path = data / "recorded" / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"needs {path}")
    return rows_in(path)


@cache
def rows_in(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return rows[:: len(rows) // LOOKED_AT]


def outcomes(kind: AnswerKind, texts: list[str]) -> list[tuple[str | None, str | None]]:
    found = execute(kind, texts, timeout=5.0, memory=512 << 20)
    return [(execution.answer, execution.failure) for execution in found]


def assert_same(kind: AnswerKind, rows: list[Row], wrappings: Mapping[str, Wrapping]) -> None:
    """Each row that has an answer has the same in each wrapping; all are executed at once, which is quick."""
    assert len(rows) > 50
    texts = [row["text"] for row in rows]
    wrapped = [wrap(row) for wrap in wrappings.values() for row in rows]
    plain, *others = batched(outcomes(kind, texts + wrapped), len(rows))
    differing = [
        (name, row["id"], before, after, wrappings[name](row))
        for name, found in zip(wrappings, others, strict=True)
        for row, before, after in zip(rows, plain, found, strict=True)
        if before != after and before[0] is not None
    ]
    assert differing == []


def batched(found: list[tuple[str | None, str | None]], size: int) -> list[list[tuple[str | None, str | None]]]:
    return [found[start : start + size] for start in range(0, len(found), size)]


# --- what a thought of any kind may be wrapped in ------------------------------------------------

AROUND: dict[str, Wrapping] = {
    "thinking": lambda row: f"<think>\nIs it 99? The answer is 99.\nans = 99\n</think>\n\n{row['text']}",
    "thinking that began in the prompt": lambda row: f"Maybe ans = 99. The answer is 99.\n</think>\n{row['text']}",
    "an end mark": lambda row: f"{row['text']}<|im_end|>",
    "an end mark and more": lambda row: f"{row['text']}</s>\nans = 99\nThe answer is 99.",
    "an invented turn": lambda row: (
        f"{row['text']}<|im_end|>\n<|im_start|>user\n{OTHER}<|im_end|>\n"
        "<|im_start|>assistant\nans = 99\nThe answer is 99.<|im_end|>"
    ),
    "the prompt's turns": lambda row: (
        f"<|im_start|>system\nYou are kind.<|im_end|>\n<|im_start|>user\n"
        f"{row['question']}<|im_end|>\n<|im_start|>assistant\n{row['text']}<|im_end|>"
    ),
    "the turns of another family": lambda row: (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n"
        f"{row['question']}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n{row['text']}<|eot_id|>"
    ),
    "instructions": lambda row: f"<s>[INST] {row['question']} [/INST]\n{row['text']}</s>",
    "channels": lambda row: (
        f"<|channel|>analysis<|message|>Is it 99? ans = 99<|end|><|start|>assistant"
        f"<|channel|>final<|message|>{row['text']}<|return|>"
    ),
    "an echo of the question": lambda row: f"Question: {row['question']}\nAnswer:\n{row['text']}",
    "a further question": lambda row: f"{row['text']}\n\nQuestion: {OTHER}\nAnswer:\nans = 43\nThe answer is 43.",
    "a further question in bold": lambda row: f"{row['text']}\n\n**Question:** {OTHER}\n**Answer:** 43\nans = 43",
    "a further example": lambda row: f"{row['text']}\n\nExample 2: {OTHER}\nans = 43\nThe answer is 43.",
    "a next question": lambda row: f"{row['text']}\n\nNext question: {OTHER}\nans = 43\nThe answer is 43.",
}
RECORDED = {
    "XoT-gsm8k-test-pot": AnswerKind.PYTHON,
    "PoT-fewshot-svamp-train-pot": AnswerKind.PYTHON,
    "SAT-LM-gsmsys-train-pot": AnswerKind.PYTHON,
    "SAT-LM-gsmsys-train-eot": AnswerKind.PROGRAM_EQUATIONS,
    "XoT-gsm8k-test-eot": AnswerKind.EQUATIONS,
    "XoT-gsm8k-test-cot": AnswerKind.TEXT,
    "EIT-gpt4o_L3-svamp-train-cot": AnswerKind.TEXT,
}


@pytest.mark.parametrize("name", RECORDED)
def test_around_any_thought(benchmark_data: Path, name: str) -> None:
    assert_same(RECORDED[name], rows_of(benchmark_data, name), AROUND)


SHOWN = "".join(f"Question: Bo has {n} hats. How many?\nAnswer:\nans = {n}\nThe answer is {n}.\n\n" for n in (98, 99))


@pytest.mark.parametrize("name", RECORDED)
def test_a_prompt_with_worked_examples_that_was_given_back(benchmark_data: Path, name: str) -> None:
    rows = rows_of(benchmark_data, name)
    for row in rows:
        prompt = f"Answer each question.\n\n{SHOWN}Question: {row['question']}\nAnswer:\n"
        assert after_echo(prompt + row["text"], row["question"]) == f"\nAnswer:\n{row['text']}"
        assert after_echo(row["text"], row["question"]) == row["text"]


# --- what code may be wrapped in -------------------------------------------------------------------

CODE: dict[str, Wrapping] = {
    "a fence": lambda row: f"```python\n{row['text']}\n```",
    "a fence without a language": lambda row: f"```\n{row['text']}\n```",
    "a fence in a chat": lambda row: f"Sure! Here is the solution:\n\n```\n{row['text']}\n```\n\nThe answer is 99.",
    "a fence that was not closed": lambda row: f"Here it is:\n```python\n{row['text']}",
    "a fence that the prompt opened": lambda row: f"{row['text']}\n```\nThis prints 99.",
    "a chat's opener": lambda row: f"Sure! Here is how to solve it:\n\n{row['text']}",
    "a chat's closing words": lambda row: f"{row['text']}\n\nI hope this helps! Let me know if anything is unclear.",
    "tags": lambda row: f"<answer>\n{row['text']}\n</answer>",
    "tags of HTML": lambda row: f"<pre><code>\n{row['text']}\n</code></pre>",
    "a label": lambda row: f"Answer:\n{row['text']}",
    "a label in bold": lambda row: f"**Solution:**\n\n{row['text']}",
}


@pytest.mark.parametrize("name", [name for name, kind in RECORDED.items() if kind is not AnswerKind.TEXT])
def test_around_code(benchmark_data: Path, name: str) -> None:
    assert_same(RECORDED[name], rows_of(benchmark_data, name), CODE)


def as_function(row: Row) -> str:
    body = "\n".join(f"    {line}" for line in row["text"].split("\n"))
    return f'def solution():\n    """{row["question"]}"""\n{body}\n    return ans\n'


def as_body(row: Row) -> str:
    """What a model writes on from `def solution():`, the prompt's last line."""
    return as_function(row).partition("\n")[2]


def printed(row: Row) -> str:
    return str(row["text"]).replace("ans = ", "print(").rstrip() + ")"


PROGRAMS: dict[str, Wrapping] = {
    "a function": as_function,
    "a function that is called and printed": lambda row: f"{as_function(row)}\nprint(solution())",
    "the body of a function": as_body,
    "a function in a fence": lambda row: f"Of course.\n```python\n{as_function(row)}```\nIt gives 99.",
    "a print": printed,
    "a print in words": lambda row: f"{row['text']}\nprint(f'The answer is {{ans}} of 99 things')\ndel ans",
    "a question without a label": lambda row: f"{row['text']}\n\n{OTHER}\n\nans = 43",
    "a main function": lambda row: (
        "def main():\n"
        + "\n".join(f"    {line}" for line in row["text"].split("\n"))
        + "\n    print(ans)\n\nif __name__ == '__main__':\n    main()"
    ),
}


def ends_in_ans(text: str) -> bool:
    """Whether the program is assignments alone, and `ans` the last of them."""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return False
    assigned = [one.targets[0] for one in body if isinstance(one, ast.Assign)]
    last = assigned[-1] if assigned else None
    last_line = text.rstrip().rpartition("\n")[2]
    alone = text.count("ans = ") == 1 and "#" not in last_line
    return alone and len(assigned) == len(body) and isinstance(last, ast.Name) and last.id == "ans"


@pytest.mark.parametrize("name", ["XoT-gsm8k-test-pot", "PoT-fewshot-svamp-train-pot"])
def test_forms_of_a_program(benchmark_data: Path, name: str) -> None:
    rows = [row for row in rows_of(benchmark_data, name) if ends_in_ans(row["text"])]
    assert_same(AnswerKind.PYTHON, rows, PROGRAMS)


# --- what prose may be wrapped in ------------------------------------------------------------------

PROSE: dict[str, Wrapping] = {
    "a chat's opener": lambda row: f"Sure! Here is how to solve it step by step:\n\n{row['text']}",
    "a label": lambda row: f"Answer: {row['text'].strip()}",
    "a label in bold": lambda row: f"**Solution:** {row['text'].strip()}",
    "an answer in tags": lambda row: f"{row['text']}\n<answer>{read(row['text']).answer}</answer> (in 99 steps)",
    "a heading": lambda row: f"{row['text']}\n\n### Final Answer\n\n{read(row['text']).answer}\n\nThat took 99 steps.",
}


@pytest.mark.parametrize(
    "name", ["XoT-gsm8k-test-cot", "EIT-gpt4o_L3-svamp-train-cot", "EIT-gemini_L2-gsm8k-train-cot"]
)
def test_around_prose(benchmark_data: Path, name: str) -> None:
    found = [(row, read(row["text"])) for row in rows_of(benchmark_data, name)]
    rows = [row for row, one in found if LAST_NUMBER not in one.notes and (one.answer or "").lstrip("-").isdigit()]
    assert_same(AnswerKind.TEXT, rows, PROSE)


@pytest.mark.parametrize(
    ("name", "least"),
    [("XoT-gsm8k-test-cot", 0.95), ("EIT-gemini_L2-gsm8k-train-cot", 0.95), ("EIT-gpt4o_L3-svamp-train-cot", 0.93)],
)
def test_an_answer_that_is_no_longer_announced(benchmark_data: Path, name: str, least: float) -> None:
    """Without its last sentence, `The answer is 18.`, a thought mostly comes to the same."""
    cut = []
    for row in rows_of(benchmark_data, name):
        before, mark, _ = row["text"].rpartition("The answer is")
        if mark and before.strip() and "answer" not in before:
            cut.append(read(before).answer == read(row["text"]).answer)
    assert len(cut) > 70
    assert sum(cut) / len(cut) >= least
