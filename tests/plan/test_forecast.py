"""What a plan costs: the product of its trainings, calls of teachers, and what must be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from constructed import after_run, compiled, edited, lock_of
from msgspec.structs import replace

from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.plan.document import plan_document
from distill_dsl.compiler.plan.forecast import Forecast, Surroundings, forecast
from distill_dsl.compiler.plan.words import dollars, paragraph, ranged
from distill_dsl.contract.quotes import Quote, Range

ROOT = Path(__file__).parents[2]

MORE = """\
experiment again {
  students = [small]   mixes = [etd]   tests = [others.test]   answers = [cot]   seeds = [1, 2, 9]
}
"""

EVERYTHING = Surroundings(is_set=lambda name: True, exists=lambda path: True)


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def costs(tmp_path: Path, text: str, around: Surroundings = EVERYTHING) -> Forecast:
    done = compiled(tmp_path, text)
    assert done.model is not None and done.plan is not None
    return forecast(done.model, done.plan, around)


def said(tmp_path: Path, text: str, around: Surroundings = EVERYTHING) -> list[str]:
    done = compiled(tmp_path, text)
    return [line.text for line in paragraph(costs(tmp_path, text, around), after_run(done, done))]


def test_trainings_are_shown_as_the_product_that_they_are(tmp_path: Path) -> None:
    assert said(tmp_path, edited())[0] == "experiment walk: 2 students x 2 mixes x 3 seeds = 12 trainings."


def test_a_varied_value_trains_only_what_it_bears_on_twice(tmp_path: Path) -> None:
    text = edited(("cot + pot", "cot + w*pot"), ("  seeds ", "  vary w = [1, 2, 4, 8]\n  seeds "))
    [one] = costs(tmp_path, text).trainings
    assert one.product == 2 * 2 * 3 * 4
    assert one.count == 2 * 3 * (1 + 4)  # the mix of one thought has no weight
    assert "4 values of w = 48 trainings, of which 30 differ" in said(tmp_path, text)[0]


def test_trainings_that_experiments_share_count_once(tmp_path: Path) -> None:
    text = edited() + MORE
    one, other = costs(tmp_path, text).trainings
    assert (one.shared, other.count, other.shared) == (0, 3, 2)
    lines = said(tmp_path, text)
    assert lines[1].endswith("= 3 trainings; 2 of them are those of an experiment above.")
    assert lines[2] == "Together 13 trainings."


def test_calls_are_problems_times_thoughts_times_samples(tmp_path: Path) -> None:
    [asked] = costs(tmp_path, edited()).asked
    assert asked.calls(3) == 60 * 3 * 4
    assert said(tmp_path, edited())[1] == (
        'teacher llm, openai("gpt-3.5-turbo"), is asked at most 720 times: 60 problems of problems.train'
        " x 3 thoughts x 4 samples, 512 tokens each at most; all of it is answered already."
    )


def test_calls_that_are_still_to_be_made_are_told(tmp_path: Path) -> None:
    before, now = compiled(tmp_path), compiled(tmp_path, edited(("thoughts = cot }", "thoughts = cot + pot }")))
    assert now.model is not None and now.plan is not None
    lock = {name: entry for name, entry in lock_of(before).items() if "train-eot" not in name}
    found = after_run(now, now, lock=lock)
    said = [line.text for line in paragraph(forecast(now.model, now.plan, EVERYTHING), found)]
    assert said[1].endswith("; now at most 240, as the others are answered already.")


def test_a_limit_bounds_what_is_asked(tmp_path: Path) -> None:
    text = edited(("test: 12, largest: 20)", "test: 12, largest: 20)   limit = 7"))
    assert costs(tmp_path, text).asked[0].problems == 7


@pytest.mark.parametrize(
    ("limit", "rows", "problems", "calls"),
    [("", None, None, None), ("limit = 50", None, None, 50 * 3 * 4), ("", 7473, 7473, 7473 * 3 * 4)],
)
def test_what_only_the_source_knows_is_unknown_until_it_is_fetched(
    limit: str, rows: int | None, problems: int | None, calls: int | None, tmp_path: Path
) -> None:
    text = edited(('source = synthetic("arithmetic", train: 60, test: 12, largest: 20)', f'source = hf("x/y") {limit}'))
    around = Surroundings(is_set=lambda name: True, exists=lambda path: True, rows=lambda data, split: rows)
    [asked] = costs(tmp_path, text, around).asked
    assert (asked.problems, asked.calls(3)) == (problems, calls)
    line = said(tmp_path, text, around)[1]
    assert ("unknown number of times" in line) == (calls is None)
    assert " 0 times" not in line


def test_a_size_that_the_spec_declares_is_known_before_anything_is_fetched(tmp_path: Path) -> None:
    text = edited(('source = synthetic("arithmetic", train: 60, test: 12, largest: 20)', 'source = hf("x/y") SIZES'))
    assert costs(tmp_path, text.replace("SIZES", "sizes = { train: 7473 }")).asked[0].problems == 7473
    assert costs(tmp_path, text.replace("SIZES", "sizes = { train: 7473 } limit = 9")).asked[0].problems == 9
    assert costs(tmp_path, text.replace("SIZES", "sizes = { test: 7 }")).asked[0].problems is None


# --- quotes -------------------------------------------------------------------------------------

QUOTED = Quote(
    held=40,
    calls=200,
    input=Range(6_385_674, 40_439_396),
    output=Range(700, 15_304_704.0),
    dollars=Range(0.0042, 12.5),
    price="declared",
    spent_dollars=1.5,
    spent_tokens=1_000_000,
)


def quotes(
    tmp_path: Path, quote: Quote | str | list[Quote | str | None] | None, teacher: str = "", ran: bool = False
) -> list[str]:
    """What is said of the first teacher after the line of its calls, where each of its three stages is quoted so."""
    text = edited(("samples = paths", f"samples = paths {teacher}")) if teacher else edited()
    rest = iter(quote) if isinstance(quote, list) else None
    around = Surroundings(
        is_set=lambda name: True,
        exists=lambda path: True,
        quote=lambda stage: next(rest) if rest is not None else quote,  # type: ignore[return-value]
    )
    done = compiled(tmp_path, text)
    assert done.model is not None and done.plan is not None
    found = after_run(done, done) if ran else after_run(done, done, lock={})
    lines = [line.text for line in paragraph(forecast(done.model, done.plan, around), found)]
    return lines[2 : next(at for at, line in enumerate(lines) if line.startswith("It needs"))]


def test_what_asking_takes_is_said_of_all_stages_together(tmp_path: Path) -> None:
    [line] = quotes(tmp_path, QUOTED)
    assert line == (
        "120 completions are in the store; 600 completions are to be bought: 19.2 to 121 million tokens in,"
        " 2,100 to 45.9 million out, $0.013 to $37.50 by the price that the spec declares."
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"held": 0, "dollars": Range(1, 2), "price": "listed"}, "600 completions are to be bought: "),
        ({"dollars": Range(1, 2), "price": "listed"}, "$3.00 to $6.00 by the price known of the model."),
        ({"dollars": Range(0, 0), "price": "free"}, " out, free of charge."),
        ({"dollars": None, "price": "unknown"}, "at a price that is not known (`price = per_million("),
    ],
)
def test_what_is_not_known_is_said_to_be_unknown(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    [line] = quotes(tmp_path, replace(QUOTED, **change))
    assert said in line and " 0 completions" not in f" {line}"


def test_what_is_all_in_the_store_costs_nothing(tmp_path: Path) -> None:
    nothing = replace(QUOTED, held=240, calls=0, input=Range(0, 0), output=Range(0, 0), dollars=Range(0, 0))
    assert quotes(tmp_path, nothing) == ["All 720 completions are in the store: nothing is bought."]


def test_where_a_part_is_not_known_the_plan_says_how_to_learn_it(tmp_path: Path) -> None:
    wanted = "Tokens and dollars can be said once problems.train is fetched: `dvc repro fetch-problems`."
    assert quotes(tmp_path, None) == [wanted]
    assert quotes(tmp_path, [QUOTED, None, QUOTED]) == [wanted]


def test_nothing_is_said_where_all_is_answered(tmp_path: Path) -> None:
    assert quotes(tmp_path, QUOTED, ran=True) == []
    assert quotes(tmp_path, None, ran=True) == []


def test_why_nothing_can_be_said_is_said(tmp_path: Path) -> None:
    assert quotes(tmp_path, [QUOTED, "the prompt x does not exist", QUOTED]) == [
        "What it will take cannot be said: the prompt x does not exist."
    ]


@pytest.mark.parametrize(
    ("budget", "change", "said"),
    [
        ("100USD", {}, "Of its budget of $100.00, $98.50 is left."),
        ("30USD", {}, "Of its budget of $30.00, $28.50 is left, which may not be enough."),
        ("30USD", {"dollars": Range(11, 12)}, "Of its budget of $30.00, $28.50 is left, which is not enough."),
        ("1USD", {"dollars": Range(11, 12)}, "Of its budget of $1.00, $0.00 is left, which is not enough."),
        ("1USD", {"dollars": None}, "Its budget is in dollars and its price is not known: it will not be asked."),
        ("2Mtokens", {}, "Of its budget of 2,000,000 tokens, 1,000,000 are left, which is not enough."),
        ("200Mtokens", {}, "Of its budget of 200,000,000 tokens, 199,000,000 are left."),
    ],
)
def test_what_is_left_of_a_budget_is_compared(budget: str, change: dict[str, Any], said: str, tmp_path: Path) -> None:
    price = "price = per_million(input: 1USD, output: 1USD)"
    assert quotes(tmp_path, replace(QUOTED, **change), f"budget = {budget} {price}")[1] == said


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((0, 0), "0 to 0"),
        ((999.6, 1234), "1,000 to 1,230"),
        ((566_506, 1_044_759), "567,000 to 1.04 million"),
        ((1e6, 9.999e8), "1 million to 1 billion"),
        ((18_230_370, 117_462_120), "18.2 to 117 million"),
    ],
)
def test_estimates_are_rounded(value: tuple[float, float], text: str) -> None:
    assert ranged(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "$0.00"), (0.0021, "$0.0021"), (0.5, "$0.50"), (1234.567, "$1,234.57")]
)
def test_dollars_keep_what_bears(value: float, text: str) -> None:
    assert dollars(value) == text


def test_the_document_has_the_quote(tmp_path: Path) -> None:
    done = compiled(tmp_path, edited(("samples = paths", "samples = paths budget = 2Mtokens")))
    assert done.model is not None and done.plan is not None
    found = after_run(done, done, lock={})

    def asked(quote: Quote | str | None) -> Any:
        assert done.model is not None and done.plan is not None
        costs = forecast(done.model, done.plan, Surroundings(quote=lambda stage: quote))
        return plan_document("walk.mtd", costs, found, dict.fromkeys(found, ()), [], False)["asked"][0]

    one = asked(QUOTED)
    assert one["budget"] == {"dollars": None, "tokens": 2_000_000}
    assert one["quote"] == {
        "held": 120,
        "to_buy": 600,
        "input": [19157022, 121318188],
        "output": [2100, 45914112],
        "dollars": [0.0126, 37.5],
        "price": "declared",
        "spent": {"dollars": 1.5, "tokens": 1_000_000},
    }
    assert (asked("why")["quote"], asked("why")["no_quote"]) == (None, "why")
    assert (asked(None)["quote"], asked(None)["no_quote"]) == (None, None)


# --- needs --------------------------------------------------------------------------------------


def test_teachers_that_nobody_is_asked_for_cost_nothing(tmp_path: Path) -> None:
    text = edited(('openai("gpt-3.5-turbo")', "solution()"))
    assert costs(tmp_path, text).asked == () and costs(tmp_path, text).variables == ()


def test_needs_are_named_and_what_is_missing_is_said(tmp_path: Path) -> None:
    text = edited(('openai("gpt-3.5-turbo")', 'openai("m", base_url: env("LLM_URL"), key: env("LLM_KEY"))'))
    text = text.replace('base = scratch("t5", width: 32)', 'base = hf("org/model")')
    around = Surroundings(is_set=lambda name: name == "LLM_KEY", exists=lambda path: "text" in path)
    lines = said(tmp_path, text, around)
    assert "It needs the variables LLM_KEY, LLM_URL (not set)." in lines
    assert (
        "It needs the files prompts/text.jinja2, prompts/python.jinja2 (missing), prompts/equations.jinja2 (missing)."
        in lines
    )
    assert "From the Hugging Face hub, or its local cache: org/model." in lines


def test_the_paragraph_of_the_papers_table(golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = compile_spec(Path("specs/etd.mtd"))
    assert done.model is not None and done.plan is not None
    found = paragraph(forecast(done.model, done.plan, Surroundings()), after_run(done, done, lock={}))
    golden("plan/etd.paragraph.txt", "".join(f"{line.text}\n" for line in found))
