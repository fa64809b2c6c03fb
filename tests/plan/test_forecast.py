"""What a plan costs: the product of its trainings, calls of teachers, and what must be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from constructed import after_run, compiled, edited, lock_of

from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.plan.forecast import Forecast, Surroundings, forecast
from distill_dsl.compiler.plan.words import paragraph

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
