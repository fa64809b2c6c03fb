"""Problems of reasoning_gym: drawn the same each time, never twice, and judged by its checkers in the walls."""

from __future__ import annotations

import importlib.util
import json
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.gym_tasks import every_task, tried
from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Checker, Completion, Problem
from distill_dsl.contract.settings import DataSettings, FileSource, ReasoningGymSource, ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime import gym as runtime_gym
from distill_dsl.runtime import sources
from distill_dsl.runtime.sources import gym
from distill_dsl.runtime.stages import fetch
from distill_dsl.runtime.stages.verify import verified
from distill_dsl.runtime.thoughts import checkers
from distill_dsl.runtime.thoughts.checkers import Check, check_all, work
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.text import read
from distill_dsl.runtime.thoughts.verdicts import judge_each

installed = pytest.mark.skipif(importlib.util.find_spec("reasoning_gym") is None, reason="needs reasoning_gym")
KNIGHTS = Problem(
    id="k",
    question="Who is what?",
    answer="Zoe is a knight, and Ann is a knave.",
    checker=Checker(name="reasoning_gym:knights_knaves", data={"names": ["Zoe", "Ann"]}),
)
LOGIC = Problem(
    id="l",
    question="What follows?",
    answer="",
    checker=Checker(
        name="reasoning_gym:propositional_logic",
        data={"premises": ["(P → Q)", "P"], "variables": ["P", "Q"], "complexity": 1, "example_answer": "Q"},
    ),
)


def drawn(task: str, splits: list[str], seed: int = 1, **sizes: int) -> dict[str, list[Problem]]:
    source = ReasoningGymSource(task=task, sizes=sizes, seed=seed)
    return sources.fetch(source, splits, DataSettings(source=source)).problems


@installed
def test_splits_are_drawn_the_same_each_time_and_share_no_question() -> None:
    both = drawn("knights_knaves", ["train", "test"], train=60, test=30)
    assert drawn("knights_knaves", ["test"], train=60, test=30) == {"test": both["test"]}
    assert [len(rows) for rows in both.values()] == [60, 30]
    questions = [row.question for rows in both.values() for row in rows]
    assert len(set(questions)) == 90
    assert len({row.id for rows in both.values() for row in rows}) == 90
    assert both["test"] != drawn("knights_knaves", ["test"], train=60, test=30, seed=2)["test"]
    assert all(row.checker is not None and row.checker.name == "reasoning_gym:knights_knaves" for row in both["test"])


@installed
def test_questions_drawn_again_are_replaced_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    found = drawn("coin_flip", ["train", "test"], train=120, test=60)  # a small task
    questions = [row.question for rows in found.values() for row in rows]
    assert len(questions) == len(set(questions)) == 180
    again = gym._drawn(ReasoningGymSource(task="coin_flip", sizes={"train": 120, "test": 60})).again
    told = capsys.readouterr().out
    assert all(
        (f"{split}: {count} questions were drawn again" in told) == bool(count) for split, count in again.items()
    )


@installed
def test_what_cannot_be_drawn_is_told() -> None:
    with pytest.raises(Failure, match="no size for split `dev`"):
        drawn("knights_knaves", ["dev"], train=3)
    with pytest.raises(Failure, match="cannot be drawn") as caught:
        drawn("knights_and_knaves", ["train"], train=3)
    assert "there is no task `knights_and_knaves`" in str(caught.value)


def test_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gym, "find_spec", lambda name: None)
    monkeypatch.setattr(checkers, "find_spec", lambda name: None)
    with pytest.raises(Failure, match="needs the package reasoning_gym") as caught:
        drawn("knights_knaves", ["train"], train=3)
    assert "pip install 'distill-dsl[reasoning-gym]'" in str(caught.value)
    with pytest.raises(Failure, match="needs the package reasoning_gym"):
        list(check_all("reasoning_gym:knights_knaves", [Check("a", "b", {})]))


@pytest.mark.parametrize(
    ("answers", "scores", "wanted"),
    [
        (["5", "-2.5"], True, False),
        (["Yes", "mother-in-law"], False, False),
        (["Yes", "No"], True, True),
        (["2 5 5"], False, True),
        (["5", "x\ny"], False, True),
        ([None], False, True),
    ],
)
def test_checkers_judge_where_comparing_would_not_do(answers: list[str | None], scores: bool, wanted: bool) -> None:
    assert gym.needs_checker([{"answer": answer} for answer in answers], scores) is wanted


@installed
def test_a_checker_judges_what_a_thought_states() -> None:
    pairs = [
        (read("Zoe lies? No. The answer is Ann is a knave, and Zoe is a knight."), KNIGHTS),
        (read("The answer is Zoe is a knight, and Ann is a knight."), KNIGHTS),
        (read("The answer is Zoe is a knight."), KNIGHTS),
        (read("No idea."), KNIGHTS),
        (read("The answer is (Q ∨ P)."), LOGIC),
        (read("The answer is (Q ∧ P)."), LOGIC),
        (read("The answer is ¬Q."), LOGIC),
        (read("The answer is 7."), Problem(id="n", question="?", answer="7")),
    ]
    found = judge_each(pairs, [problem for _, problem in pairs], 0.001)
    assert [verdict for _, verdict in found] == [
        "correct", "wrong", "wrong", "no-answer", "correct", "correct", "wrong", "correct",
    ]  # fmt: skip
    assert [execution.answer for execution, _ in found][:3] == [
        "Ann is a knave, and Zoe is a knight",
        "Zoe is a knight, and Ann is a knight",
        "Zoe is a knight",
    ]


@installed
def test_a_program_states_its_answer_as_text() -> None:
    format = ThoughtSettings(answer=AnswerKind.PYTHON, cue="", prompt="")
    texts = [
        "zoe = True\nans = 'Ann is a knave, and Zoe is a ' + ('knight' if zoe else 'knave')",
        "ans = 'Zoe'",
        "1 / 0",
    ]
    rows = [Completion(problem="k", thought="pot", sample=place, text=text) for place, text in enumerate(texts)]
    found = verified(rows, {"k": KNIGHTS}, format)
    assert [row.verdict for row in found] == ["correct", "wrong", "error:zero-division"]
    assert found[0].answer == "Ann is a knave, and Zoe is a knight"


@installed
def test_an_answer_cannot_reach_out_of_a_checker(tmp_path: Path) -> None:
    """The task evaluates answers by sympy's parser: what is in them runs within the walls."""
    mark = tmp_path / "reached"
    attack = f"__import__('pathlib').Path({str(mark)!r}).write_text('x')"
    loops = "9**9**9"
    data = {"integrand": "2*x", "variable": "x", "expected_answer_expression": "x**2"}
    found = list(
        check_all("reasoning_gym:simple_integration", [Check(text, "x**2 + C", data) for text in (attack, loops)])
    )
    assert not mark.exists()
    assert [one.right for one in found] == [False, False]


def test_checkers_of_other_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "backwards.py").write_text(
        "def checker(task):\n    return lambda a, gold, data: a[::-1] == gold + data['x']\n"
    )
    info = tmp_path / "backwards-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: backwards\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[distill_dsl.checkers]\nbackwards = backwards:checker\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(work, "_ready", [])
    work.warm_up("backwards:words")
    assert json.loads(work.alone(json.dumps(["xcba", "abc", {"x": "x"}]))) == {"right": True, "detail": ""}
    assert "KeyError" in json.loads(work.alone(json.dumps(["cba", "abc", {}])))["detail"]
    with pytest.raises(Failure, match="no checker is called `sideways`") as caught:
        list(check_all("sideways:words", [Check("a", "b", {})]))
    assert "there is backwards, reasoning_gym" in str(caught.value)


def test_rows_of_a_file_may_name_their_checker(tmp_path: Path) -> None:
    path = tmp_path / "chess.jsonl"
    source = FileSource(splits={"test": str(path)})
    stated = {"name": "chess:mate-in-two", "data": {"board": "8/8"}}
    row = {"id": "a", "question": "Mate?", "answer": "Qh7", "checker": stated}
    path.write_text(json.dumps(row) + "\n" + json.dumps({**row, "id": "b", "checker": "strict"}) + "\n")
    one, other = sources.fetch(source, ["test"], DataSettings(source=source)).problems["test"]
    assert one.checker == Checker(name="chess:mate-in-two", data={"board": "8/8"}) and other.checker is None
    path.write_text(json.dumps({**row, "checker": {"name": "chess", "board": "8/8"}}) + "\n")
    with pytest.raises(Failure, match="the checker is not stated as one"):
        sources.fetch(source, ["test"], DataSettings(source=source))


def test_what_has_no_checker_keeps_its_bytes() -> None:
    assert msgspec.json.encode(Problem(id="a", question="?", answer="1")) == b'{"id":"a","question":"?","answer":"1"}'
    plain = Problem(id="n", question="?", answer="7")
    assert judge_each([(Execution(answer="seven"), plain)], [plain], 0.001)[0][1] == "no-answer"


@installed
def test_fetching_writes_problems_with_their_checkers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(
        "data:\n  logic:\n    source:\n      kind: reasoning_gym\n      task: knights_knaves\n      sizes: {train: 4}\n"
    )
    fetch.run(data="logic", splits=["train"])
    rows = list(files.read_rows(files.problems_file("logic", "train"), Problem))
    assert len(rows) == 4 and all(row.answer.endswith(".") and row.checker for row in rows)


@installed
def test_options_of_a_task_bear_on_what_is_drawn_and_on_its_checker() -> None:
    source = ReasoningGymSource(task="puzzle24", sizes={"test": 5}, options={"max_value": 8, "min_value": 3})
    found = sources.fetch(source, ["test"], DataSettings(source=source))
    assert found.origin["options"] == {"max_value": 8, "min_value": 3}
    problems = found.problems["test"]
    names = {problem.checker.name for problem in problems if problem.checker}
    assert names == {'reasoning_gym:puzzle24 {"max_value":8,"min_value":3}'}
    numbers = [int(number) for problem in problems for number in problem.checker.data["numbers"]]  # type: ignore[union-attr]
    assert all(3 <= number <= 8 for number in numbers)
    one = problems[0]
    assert one.checker is not None
    checks = [Check(one.answer, one.answer, one.checker.data), Check("1 + 2 + 3 * 7", one.answer, one.checker.data)]
    assert [each.right for each in check_all(one.checker.name, checks)] == [True, False]
    assert [each.right for each in check_all("reasoning_gym:puzzle24", checks)] == [True, True]


@installed
def test_options_that_a_task_does_not_have_are_told() -> None:
    def refused(**options: Any) -> str:
        source = ReasoningGymSource(task="chain_sum", sizes={"test": 2}, options=options)
        with pytest.raises(Failure, match="cannot be drawn from") as caught:
            sources.fetch(source, ["test"], DataSettings(source=source))
        return str(caught.value)

    assert "`chain_sum` has no option `terms`; it has min_terms, max_terms," in refused(terms=3)
    assert "`chain_sum` has no option `seed`" in refused(seed=3)
    assert "max_terms must be >= min_terms" in refused(min_terms=9, max_terms=2)


@installed
def test_values_of_options_become_what_the_task_takes() -> None:
    from reasoning_gym.algorithmic.word_sorting import TextTransformation

    made_of = partial(runtime_gym.made, size=1, seed=0)
    assert (
        made_of("word_sorting", {"transformation": "uppercase"}).config.transformation is TextTransformation.UPPERCASE
    )
    assert made_of("polynomial_equations", {"operators": ["+"]}).config.operators == ("+",)
    assert made_of("time_intervals", {"min_date": "2020-01-31"}).config.min_date == date(2020, 1, 31)


@installed
def test_a_problem_whose_answer_its_own_checker_refuses_is_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    """The checker of gsm_symbolic reads no minus sign."""
    found = drawn("gsm_symbolic", ["train"], seed=5, train=120)["train"]
    assert len(found) == 120 and not any(problem.answer.startswith("-") for problem in found)
    assert all(problem.checker is None for problem in found)
    told = capsys.readouterr().out
    assert (
        "problems were left out, and replaced by others: the task's checker refuses its own answer, such as '-" in told
    )


@installed
def test_a_checker_that_takes_anything_is_not_used(capsys: pytest.CaptureFixture[str]) -> None:
    problems = drawn("game_of_life_halting", ["test"], test=4)["test"]
    assert {problem.answer for problem in problems} <= {"True", "False"}
    assert all(problem.checker is None for problem in problems)
    assert "its checker takes any answer; so answers are compared" in capsys.readouterr().out


@installed
def test_a_checker_that_fails_at_what_is_no_answer_can_be_drawn_from() -> None:
    assert all(problem.checker for problem in drawn("prime_factorization", ["test"], test=2)["test"])


@installed
@pytest.mark.slow
def test_tasks_that_compare_tuples_take_their_own_answers() -> None:
    problem = drawn("arc_agi", ["test"], test=1)["test"][0]
    assert problem.checker is not None
    checks = [Check(answer, problem.answer, problem.checker.data) for answer in (problem.answer, "1 2\n3 4")]
    assert [each.right for each in check_all(problem.checker.name, checks)] == [True, False]


@installed
def test_checkers_that_import_when_they_judge_take_their_own_answers() -> None:
    problems = drawn("intermediate_integration", ["test"], test=5)["test"]
    checks = [Check(one.answer, one.answer, one.checker.data) for one in problems if one.checker is not None]
    assert [one.right for one in check_all("reasoning_gym:intermediate_integration", checks)] == [True] * 5


@installed
@pytest.mark.slow
def test_every_task_of_the_package() -> None:
    found = {one.task: one for one in tried(every_task())}
    assert len(found) > 100
    assert [one for one in found.values() if not one.good] == []
