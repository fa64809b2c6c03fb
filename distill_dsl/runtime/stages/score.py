"""score: execute a student's thoughts, compare with gold, and let every strategy choose.

From predictions/<cell>.jsonl, the verifiers' ranks of them and the problems of each test to
scores/<cell>.jsonl and .json; from what the student wrote while it was trained to scores/<cell>.dev.csv.
Problems that the mix holds out are judged like those of a test, so that strategies learn from them how
far to trust a thought; they are no test, and are not reported.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from msgspec.structs import replace

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import named_headline, read_settings
from distill_dsl.contract.records import DevThought, Judged, Prediction, Problem, Rank, Scored
from distill_dsl.contract.runs import Run, name_of, parse_run
from distill_dsl.contract.settings import ExperimentSettings, ThoughtSettings
from distill_dsl.contract.strategies import Strategy, headline_key, strategy_key, strategy_title
from distill_dsl.contract.vocabulary import HELD_OUT
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.strategies import midway
from distill_dsl.runtime.strategies.choices import Learned, choices, learned, with_confidence
from distill_dsl.runtime.strategies.choose import members_of
from distill_dsl.runtime.strategies.measures import measures, summary
from distill_dsl.runtime.thoughts.answers import vote_key
from distill_dsl.runtime.thoughts.execute import execute_thoughts
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.verdicts import judge_each

Tests = dict[str, list[Problem]]
Slot = tuple[str, str, str, int]
"""Test, problem, thought, sample: exactly one prediction each."""


def run(
    *,
    mix: str,
    student: str,
    seed: int,
    experiment: str,
    tests: list[str],
    thoughts: list[str],
    verifiers: Sequence[str] = (),
    held_out: bool = False,
) -> None:
    """Score one trained student on every test of an experiment, in every format it was taught.

    `verifiers` are runs whose ranks of these predictions strategies need; `held_out` says that the
    student also answered the problems that the mix holds out.
    """
    cell = files.solved_cell(experiment, mix, student, seed)
    settings = read_settings(ExperimentSettings, experiment)
    formats = {name: read_settings(ThoughtSettings, name) for name in thoughts}
    strategies = usable(settings.answers, thoughts)
    drawn = midway.by_thoughts_alone(strategies[headline_key(strategies, named_headline(experiment, settings))])
    problems = files.read_solved(tests, mix, held_out=held_out)
    predictions = complete(cell, problems, thoughts, settings.samples)
    judged = judge_all(predictions, problems, formats)
    for verifier in verifiers:
        judged = with_ranks(judged, cell, parse_run(verifier))
    rows = {
        test: [[judged[slot] for slot in slots(test, one, thoughts, settings.samples)] for one in problems[test]]
        for test in problems
    }
    known = learned(strategies, thoughts, rows.pop(HELD_OUT, []), vote_key)
    if known.alone is not None:
        print(f"{cell}: confidence learned from {known.alone.thoughts} answers to {known.alone.problems} problems")
    by_test = {
        test: [scored(test, *pair, strategies, known) for pair in zip(problems[test], rows[test], strict=True)]
        for test in tests
    }
    files.write_rows(files.scored_file(cell), chain.from_iterable(by_test.values()))
    write_dev_curve(files.dev_curve_file(cell), drawn, dev_judged(Run(mix, student, seed), formats), thoughts)
    files.write_json(files.scores_file(cell), {test: measures(found, thoughts) for test, found in by_test.items()})
    for test, found in by_test.items():
        print(f"{cell}: {test}: {summary(found)}")


def dev_judged(run: Run, formats: dict[str, ThoughtSettings]) -> dict[int, list[list[Judged]]]:
    """Step -> problem by problem, what the student wrote then, judged; empty where it was given no problems."""
    path = files.dev_thoughts_file(run.trained)
    held_out = list(files.read_rows(files.mix_file(run.mix, "held_out"), Problem))
    asked = {(problem.id, thought) for problem in held_out for thought in formats}
    written: dict[str, int] = {}
    predictions: dict[Slot, Prediction] = {}
    for row in files.read_rows(path, DevThought):
        slot = (f"{HELD_OUT} after step {row.step}", row.problem, row.thought, 0)
        if (row.problem, row.thought) not in asked or slot in predictions:
            what = "holds a thought twice" if slot in predictions else "holds a thought that the mix does not ask for"
            raise misfit(path, slot, what, stage="train")
        written[slot[0]] = row.step
        predictions[slot] = as_prediction(slot[0], row)
    judged = judge_all(predictions, dict.fromkeys(written, held_out), formats)
    found: dict[int, dict[str, list[Judged]]] = {step: {} for step in written.values()}
    for (name, problem, _, _), one in judged.items():
        found[written[name]].setdefault(problem, []).append(one)
    return {step: list(problems.values()) for step, problems in found.items()}


def as_prediction(test: str, row: DevThought) -> Prediction:
    """A thought of the middle of a training as one of a test."""
    return Prediction(
        test=test, problem=row.problem, thought=row.thought, text=row.text, tokens=row.tokens, logprob=row.logprob
    )


def write_dev_curve(
    path: Path, strategy: Strategy, judged: dict[int, list[list[Judged]]], thoughts: Sequence[str]
) -> None:
    """How often strategy and formats are right, a row a step; the heading alone where nothing was written."""
    standings = midway.curve(judged, strategy, thoughts, vote_key)
    with files.atomic(path) as stream:
        csv.writer(stream, lineterminator="\n").writerows(midway.table(standings, thoughts))
    for last in standings[-1:]:
        share = f"{100 * last.accuracy:.1f} % of {len(judged[last.step])} problems"
        print(f"{path.name}: {strategy_title(strategy)}, after step {last.step}: {share}")


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


def misfit(path: object, slot: Slot, what: str, stage: str = "solve") -> Failure:
    """Predictions and problems do not belong together."""
    test, problem, thought, sample = slot
    return Failure(
        f"{path} {what}: problem `{problem}` of {test}, thought {thought}, sample {sample}",
        where=str(path),
        help=f"the tests may have changed since; run the {stage} stage again (`dvc repro --force` its name)",
    )


def judge_all(
    predictions: dict[Slot, Prediction], problems: Tests, formats: dict[str, ThoughtSettings]
) -> dict[Slot, Judged]:
    """Execute and judge every prediction: one batch a format over all tests, so that workers stay busy.

    How an answer is judged is said in `verdicts`.
    """
    by_id = {test: {problem.id: problem for problem in rows} for test, rows in problems.items()}
    judged: dict[Slot, Judged] = {}
    for name, format in formats.items():
        batch = {slot: row for slot, row in predictions.items() if row.thought == name}
        texts = dict.fromkeys(row.text for row in batch.values())
        with steps_shown(f"executing {name}", len(texts)) as advance:
            found = execute_thoughts(format, texts, advance)
        for test, rows in problems.items():
            own = {slot: row for slot, row in batch.items() if row.test == test}
            pairs = [(found[row.text], by_id[test][row.problem]) for row in own.values()]
            for (slot, row), outcome in zip(own.items(), judge_each(pairs, rows, format.tolerance), strict=True):
                judged[slot] = with_verdict(row, *outcome)
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


def with_ranks(judged: dict[Slot, Judged], cell: str, verifier: Run) -> dict[Slot, Judged]:
    """The same rows with what one verifier makes of each."""
    path = files.ranks_file(cell, verifier.trained)
    name = f"{name_of(verifier.student)}-{name_of(verifier.mix)}"
    found: dict[Slot, float] = {}
    for row in files.read_rows(path, Rank):
        slot = (row.test, row.problem, row.thought, row.sample)
        if slot not in judged or slot in found:
            raise misfit(path, slot, "ranks twice" if slot in found else "ranks what was not predicted", stage="rank")
        found[slot] = row.score
    for slot in judged:
        if slot not in found:
            raise misfit(path, slot, "lacks a rank", stage="rank")
    return {slot: replace(row, ranks={**row.ranks, name: found[slot]}) for slot, row in judged.items()}


def scored(
    test: str, problem: Problem, rows: Sequence[Judged], strategies: dict[str, Strategy], known: Learned
) -> Scored:
    """One problem with its thoughts and what every strategy chooses."""
    rows = with_confidence(rows, known, vote_key)
    return Scored(
        test=test,
        problem=problem.id,
        question=problem.question,
        gold=problem.answer,
        thoughts=tuple(rows),
        choices=choices(strategies, rows, known, vote_key),
    )
