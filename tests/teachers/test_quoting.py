"""What asking will take: prompts as they will be sent, the store's share taken off, a range that holds."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.quotes import Quote
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import (
    Exemplars,
    FreePrice,
    OpenaiTeacher,
    PerMillion,
    SpendingSettings,
    TeacherSettings,
    ThoughtSettings,
    TransformersTeacher,
)
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.teachers.prompts import messages, prompter
from distill_dsl.runtime.teachers.quoting import AROUND, MOST, quote
from distill_dsl.runtime.teachers.store import STORE_FILE, Bought, key_of, opened, question_of
from tests.conftest import shared_data, smollm2

PROMPTS = Path(__file__).parents[2] / "prompts"
PROBLEMS = [Problem(id=f"p{n}", question=f"How many are {n} and 2?", answer=str(n + 2)) for n in range(50)]
FORMAT = ThoughtSettings(answer=AnswerKind.TEXT, cue="Think.", prompt="prompt.jinja2")
MODEL = OpenaiTeacher(model="m", base_url="http://localhost:1/v1")
PRICE = SpendingSettings(price=PerMillion(input=1.0, output=2.0))


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    template = "{% for exemplar in exemplars %}{{ exemplar.question }}\n{{ exemplar.text }}\n{% endfor %}{{ question }}"
    Path("prompt.jinja2").write_text(template, encoding="utf-8")
    rows = [{"question": f"What is {n}?", "cot": "It is that number."} for n in range(3)]
    Path("exemplars.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def settings(**more: Any) -> TeacherSettings:
    return TeacherSettings(**({"model": MODEL, "samples": 4, "temperature": 0.7, "max_tokens": 100} | more))


def quoted(teacher: TeacherSettings, spending: SpendingSettings = PRICE, problems: list[Problem] = PROBLEMS) -> Quote:
    return quote(teacher, spending, "t", "cot", FORMAT, problems)


def buy(teacher: TeacherSettings, problems: list[Problem], samples: range, **more: Any) -> None:
    """Keep completions of 20 tokens, whose prompts took 15."""
    prompt = prompter(teacher, "cot", FORMAT)
    with opened() as store:
        for problem in problems:
            question = question_of(teacher, messages(teacher, prompt(problem)))
            row = {"text": "x", "input": 15, "output": 20, "cost": 0.01, "max_tokens": teacher.max_tokens} | more
            rows = {at: Bought(**(row | ({"input": 0} if at > samples[0] else {}))) for at in samples}
            store.put(question, key_of(question), rows, teacher="t")


def test_nothing_is_held_where_there_is_no_store_and_none_is_made() -> None:
    found = quoted(settings())
    # `How many are 7 and 2?` is 7 pieces; a server may count each prompt once, or once a sample.
    assert (found.held, found.calls) == (0, 200)
    assert found.input == (50 * 7, pytest.approx(4 * 50 * (7 * MOST + 1 + AROUND)))
    assert found.output == (200, 200 * 100)
    assert found.dollars == (pytest.approx(0.00075), pytest.approx((found.input.high + 2 * 20_000) / 1e6))
    assert not STORE_FILE.parent.exists()


def test_what_a_prompt_shows_counts_and_exemplars_say_how_long_an_answer_is_at_least() -> None:
    found = quoted(settings(exemplars=Exemplars(file="exemplars.jsonl", pick=2), system="Be brief."))
    assert found.input.low == 50 * (7 + 3 + 2 * (4 + 5))
    assert found.output.low == 200 * 5


def test_a_greedy_teacher_is_asked_once_a_sample() -> None:
    assert quoted(settings(temperature=0.0)).input.low == 4 * 50 * 7


def test_what_the_store_holds_is_taken_off() -> None:
    buy(settings(), PROBLEMS[:20], range(4))
    buy(settings(), PROBLEMS[20:30], range(2))
    found = quoted(settings())
    assert (found.held, found.calls) == (100, 100)
    assert (found.spent_dollars, found.spent_tokens) == (pytest.approx(1.0), 30 * 15 + 100 * 20)
    # What the model's prompts and completions took tells of the rest, and that this server counts prompts once.
    assert found.input.low == pytest.approx(30 * 15, rel=0.11) and found.input.high == pytest.approx(30 * 15, rel=0.11)
    assert found.output == (pytest.approx(100 * 20 * 0.9), pytest.approx(100 * 20 * 1.1))
    assert quoted(settings(samples=8)).calls == 300


def test_prompts_of_another_length_tell_nothing_of_these() -> None:
    buy(settings(exemplars=Exemplars(file="exemplars.jsonl", pick=3)), PROBLEMS, range(4), input=400)
    found = quoted(settings())
    assert found.input == (50 * 7, pytest.approx(50 * (7 * MOST + 1 + AROUND)))  # but that it counts prompts once


def test_completions_that_were_cut_off_are_bought_under_a_larger_limit_only() -> None:
    buy(settings(), PROBLEMS[:25], range(4), finish="length", output=100)
    buy(settings(), PROBLEMS[25:], range(4))
    assert quoted(settings()).calls == 0
    assert quoted(settings(max_tokens=200)).calls == 100


def test_all_is_held() -> None:
    buy(settings(), PROBLEMS, range(4))
    found = quoted(settings())
    assert (found.held, found.calls, found.input, found.output, found.dollars) == (200, 0, (0, 0), (0, 0), (0, 0))


def test_equal_prompts_are_bought_once() -> None:
    again = [*PROBLEMS, Problem(id="again", question=PROBLEMS[0].question, answer="2")]
    assert quoted(settings(), problems=again).calls == 200


def test_other_scripts_may_take_a_token_a_byte() -> None:
    [chinese] = [Problem(id="z", question="小明有三个苹果", answer="3")]
    found = quoted(settings(samples=1), problems=[chinese])
    assert found.input == (1, 21 + 1 + AROUND)


@pytest.mark.parametrize(
    ("model", "spending", "price", "dollars"),
    [
        (MODEL, SpendingSettings(), "unknown", False),
        (MODEL, PRICE, "declared", True),
        (MODEL, SpendingSettings(price=FreePrice()), "free", True),
        (TransformersTeacher(model="./none"), SpendingSettings(), "free", True),
    ],
)
def test_whose_word_the_price_is(model: Any, spending: SpendingSettings, price: str, dollars: bool) -> None:
    found = quoted(settings(model=model), spending)
    assert (found.price, found.dollars is not None) == (price, dollars)
    assert price != "free" or found.dollars == (0, 0)


def test_a_listed_price_is_that_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("genai_prices")
    found = quoted(settings(model=OpenaiTeacher(model="gpt-4o-mini")), SpendingSettings())
    assert found.price == "listed" and found.dollars is not None
    assert found.dollars.low == pytest.approx((found.input.low * 0.15 + found.output.low * 0.6) / 1e6)


def test_a_prompt_that_is_not_there_is_a_failure() -> None:
    Path("prompt.jinja2").unlink()
    with pytest.raises(Failure, match="does not exist"):
        quoted(settings())


# --- against a real tokenizer -------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("thought", "kind"), [("cot", "text"), ("pot", "python"), ("eot", "equations")])
@pytest.mark.parametrize("pick", [0, 2, 8])
def test_real_prompts_have_as_many_tokens_as_told(thought: str, kind: str, pick: int, tokenizer: Any) -> None:
    exemplars = Exemplars(file=str(PROMPTS / "exemplars.jsonl"), pick=pick) if pick else None
    format = ThoughtSettings(answer=AnswerKind(kind), cue="Think.", prompt=str(PROMPTS / f"{kind}.jinja2"))
    teacher = settings(exemplars=exemplars, samples=1, temperature=0.0)
    with gzip.open(shared_data() / "problems" / "gsm8k" / "train.jsonl.gz", "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in islice(stream, 200)]
    problems = [Problem(id=row["id"], question=row["question"], answer=row["answer"]) for row in rows]
    prompt = prompter(teacher, thought, format)
    tokens = [
        len(tokenizer.apply_chat_template(messages(teacher, prompt(one)), add_generation_prompt=True)["input_ids"])
        for one in problems
    ]
    plain = quote(teacher, PRICE, "t", thought, format, problems)
    assert plain.input.low <= sum(tokens) <= plain.input.high
    assert plain.input.high / plain.input.low < 1.9
    # After 20 of them the range is narrow, and it holds.
    with opened() as store:
        for one, took in zip(problems[:20], tokens[:20], strict=True):
            question = question_of(teacher, messages(teacher, prompt(one)))
            store.put(question, key_of(question), {0: Bought(text="x", input=took, max_tokens=100)}, teacher="t")
    seen = quote(teacher, PRICE, "t", thought, format, problems)
    assert seen.input.low <= sum(tokens[20:]) <= seen.input.high
    print(f"\n{thought} {pick}: {sum(tokens)}, told {plain.input}; then {sum(tokens[20:])}, told {seen.input}")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    file = smollm2()
    return AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)
