"""score: execute a student's thoughts, compare with gold, and let every strategy choose.

From predictions/<cell>.jsonl and the problems of each test to scores/<cell>.jsonl and .json.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Judged, Prediction, Problem, Scored
from distill_dsl.contract.settings import ExperimentSettings, Strategy, ThoughtSettings, strategy_key, strategy_title
from distill_dsl.contract.vocabulary import Outcome, outcome_of
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.strategies.choose import choose, is_right, members_of
from distill_dsl.runtime.strategies.intervals import wilson
from distill_dsl.runtime.thoughts.answers import vote_key
from distill_dsl.runtime.thoughts.execute import execute_thoughts
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.judging import judge, kinds_of, restricted

Tests = dict[str, list[Problem]]
Slot = tuple[str, str, str, int]
"""Test, problem, thought, sample: exactly one prediction each."""

RAN: Final = {Outcome.CORRECT, Outcome.WRONG, Outcome.NO_ANSWER}
"""Executed to the end: a thought that ran and gave nothing counts as executed, not as answered."""


def run(*, mix: str, student: str, seed: int, experiment: str, tests: list[str], thoughts: list[str]) -> None:
    """Score one trained student on every test of an experiment, in every format it was taught."""
    cell = files.solved_cell(experiment, mix, student, seed)
    settings = read_settings(ExperimentSettings, experiment)
    formats = {name: read_settings(ThoughtSettings, name) for name in thoughts}
    strategies = usable(settings.answers, thoughts)
    problems = {test: files.read_test(test) for test in tests}
    predictions = complete(cell, problems, thoughts, settings.samples)
    judged = judge_all(predictions, problems, formats)
    rows = [
        scored(test, problem, [judged[slot] for slot in slots(test, problem, thoughts, settings.samples)], strategies)
        for test in tests
        for problem in problems[test]
    ]
    files.write_rows(files.scored_file(cell), rows)
    by_test = {test: [row for row in rows if row.test == test] for test in tests}
    files.write_json(files.scores_file(cell), {test: measures(by_test[test], thoughts) for test in tests})
    for test, scored_rows in by_test.items():
        print(f"{cell}: {test}: {summary(scored_rows)}")


def usable(answers: Sequence[Strategy], thoughts: Sequence[str]) -> dict[str, Strategy]:
    """Key -> strategy, for those whose members are all taught by the mix (CoTD has only cot)."""
    found = {strategy_key(strategy): strategy for strategy in answers if set(members_of(strategy)) <= set(thoughts)}
    if "thoughts" in found:
        raise Failure(
            "a thought named `thoughts` hides the measures by format",
            help="rename the thought and compile the spec again",
        )
    if not found:
        raise Failure(
            f"no strategy of the experiment can do with {', '.join(thoughts)} alone",
            help=f"add one to `answers`; now it has {', '.join(map(strategy_title, answers)) or 'none'}",
        )
    return found


def slots(test: str, problem: Problem, thoughts: Iterable[str], samples: int) -> list[Slot]:
    """Where a problem's predictions belong, in the order of the scored row."""
    return [(test, problem.id, thought, sample) for thought in thoughts for sample in range(samples)]


def complete(cell: str, problems: Tests, thoughts: Sequence[str], samples: int) -> dict[Slot, Prediction]:
    """All predictions by slot; a missing, doubled or unexpected one is a failure that names it."""
    path = files.predictions_file(cell)
    wanted = [
        slot for test in problems for problem in problems[test] for slot in slots(test, problem, thoughts, samples)
    ]
    expected = set(wanted)
    found: dict[Slot, Prediction] = {}
    for row in files.read_rows(path, Prediction):
        slot = (row.test, row.problem, row.thought, row.sample)
        if slot not in expected:
            raise misfit(path, slot, "holds a prediction that no test asks for")
        if slot in found:
            raise misfit(path, slot, "holds a prediction twice")
        found[slot] = row
    for slot in wanted:
        if slot not in found:
            raise misfit(path, slot, "lacks a prediction")
    return found


def misfit(path: object, slot: Slot, what: str) -> Failure:
    """Predictions and problems do not belong together."""
    test, problem, thought, sample = slot
    return Failure(
        f"{path} {what}: problem `{problem}` of {test}, thought {thought}, sample {sample}",
        where=str(path),
        help="the tests may have changed since; run the solve stage again (`dvc repro --force` its name)",
    )


def judge_all(
    predictions: dict[Slot, Prediction], problems: Tests, formats: dict[str, ThoughtSettings]
) -> dict[Slot, Judged]:
    """Execute and judge every prediction: one batch a format over all tests, so that workers stay busy.

    An answer counts as one if the test asks for its kind: words are none where all golds are numbers.
    """
    kinds = {test: kinds_of(problem.answer for problem in rows) for test, rows in problems.items()}
    gold = {(test, problem.id): problem.answer for test in problems for problem in problems[test]}
    judged: dict[Slot, Judged] = {}
    for name, format in formats.items():
        batch = {slot: row for slot, row in predictions.items() if row.thought == name}
        texts = dict.fromkeys(row.text for row in batch.values())
        with steps_shown(f"executing {name}", len(texts)) as advance:
            found = execute_thoughts(format, texts, advance)
        for slot, row in batch.items():
            execution = restricted(found[row.text], kinds[row.test])
            verdict = judge(execution, gold[row.test, row.problem], format.tolerance)
            judged[slot] = with_verdict(row, execution, verdict)
    return judged


def with_verdict(row: Prediction, execution: Execution, verdict: str) -> Judged:
    """A prediction and what its execution came to; the raw text stays."""
    return Judged(
        thought=row.thought,
        sample=row.sample,
        text=row.text,
        tokens=row.tokens,
        logprob=row.logprob,
        answer=execution.answer,
        verdict=verdict,
        detail=execution.detail,
        notes=execution.notes,
        solution=dict(execution.solution),
        steps=execution.steps,
    )


def scored(test: str, problem: Problem, rows: Sequence[Judged], strategies: dict[str, Strategy]) -> Scored:
    """One problem with what every strategy chooses."""
    return Scored(
        test=test,
        problem=problem.id,
        question=problem.question,
        gold=problem.answer,
        thoughts=tuple(rows),
        choices={key: choose(strategy, rows, vote_key) for key, strategy in strategies.items()},
    )


def measures(rows: Sequence[Scored], thoughts: Sequence[str]) -> dict[str, object]:
    """Metrics of one test: a strategy's accuracy is over problems, a format's rates over its thoughts."""
    keys = rows[0].choices if rows else {}
    chosen = {key: [row.choices[key] for row in rows] for key in keys}
    written = {name: [one for row in rows for one in row.thoughts if one.thought == name] for name in thoughts}
    return {
        **{
            key: {
                **accuracy(sum(map(is_right, choices)), len(choices)),
                "answered": share(sum(choice.answer is not None for choice in choices), len(choices)),
                "right": sum(map(is_right, choices)),
                "problems": len(choices),
            }
            for key, choices in chosen.items()
        },
        "thoughts": {name: rates(judged) for name, judged in written.items()},
    }


def summary(rows: Sequence[Scored]) -> str:
    """One line for the log: each strategy's accuracy in percent."""
    right = {key: sum(is_right(row.choices[key]) for row in rows) for key in rows[0].choices}
    return ", ".join(f"{key} {100 * count / len(rows):.1f} %" for key, count in right.items())


def accuracy(right: int, problems: int) -> dict[str, float]:
    """A share with its 95 % interval."""
    found = wilson(right, problems)
    return {"accuracy": found.value, "low": found.low, "high": found.high}


def rates(rows: Sequence[Judged]) -> dict[str, object]:
    """How often thoughts of one format answered, ran and were right, and how often each verdict fell."""
    verdicts = Counter(row.verdict for row in rows)
    return {
        "answered": share(sum(row.answer is not None for row in rows), len(rows)),
        "executed": share(sum(outcome_of(row.verdict) in RAN for row in rows), len(rows)),
        "right": share(sum(map(is_right, rows)), len(rows)),
        "written": len(rows),
        "verdicts": dict(sorted(verdicts.items(), key=lambda item: (-item[1], item[0]))),
    }


def share(part: int, whole: int) -> float:
    """A part of a whole, 0 to 1; nothing of nothing is 0."""
    return part / whole if whole else 0.0
