"""Execute what a teacher wrote and keep, with a verdict for each, what gives the gold answer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Completion, Problem, Thought
from distill_dsl.contract.settings import ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind, Outcome
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.reports.wording import dollars
from distill_dsl.runtime.thoughts.execute import execute_thoughts
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.extract import after_echo
from distill_dsl.runtime.thoughts.mixing import distinct
from distill_dsl.runtime.thoughts.verdicts import judge_each


def run(*, teacher: str, data: str, split: str, thought: str) -> None:
    """Completions and problems -> one `Thought` row a completion, and counts by verdict."""
    cell = files.asked_cell(teacher, data, split, thought)
    settings = read_settings(ThoughtSettings, thought)
    completions = list(files.read_rows(files.completions_file(cell), Completion))
    problems = {row.id: row for row in files.read_rows(files.problems_file(data, split), Problem)}

    thoughts = verified(completions, problems, settings)

    files.write_rows(files.thoughts_file(cell), thoughts)
    counts = yields(completions, thoughts, len(problems), settings.answer)
    files.write_json(files.yield_file(cell), counts)
    paid = f", at {dollars(counts['cost'])}" if counts["cost"] else ""
    print(
        f"{thought}: {counts['right']} of {counts['asked']} thoughts are right, {counts['unique']} of them distinct, "
        f"for {counts['covered']:.1%} of the problems{paid}{others(thoughts)}"
    )


def verified(
    completions: Sequence[Completion], problems: dict[str, Problem], settings: ThoughtSettings
) -> list[Thought]:
    """One row a completion, in its order. The same text is executed once; one that is not whole never.

    How an answer is judged is said in `verdicts`.
    """
    for row in completions:
        if row.problem not in problems:
            raise Failure(
                f"a completion is for the problem {row.problem}, which the data set does not have",
                help="run `dvc repro` so that asking and fetching fit together again",
            )
    whole = [
        (row, after_echo(row.text, problems[row.problem].question))
        for row in completions
        if row.text is not None and lost(row) is None
    ]
    texts = dict.fromkeys(text for _, text in whole)
    with steps_shown("executing", len(texts)) as advance:
        found = execute_thoughts(settings, texts, advance)
    pairs = [(found[text], problems[row.problem]) for row, text in whole]
    judged = iter(judge_each(pairs, problems.values(), settings.tolerance))
    return [
        _thought(row, *next(judged), settings) if (outcome := lost(row)) is None else _lost(row, outcome)
        for row in completions
    ]


ENDS: Final = {"length": Outcome.TRUNCATED, "filter": Outcome.FILTERED}
"""How a completion ended that did not end of itself -> the verdict on it, whatever its text would give."""


def lost(row: Completion) -> Outcome | None:
    """Why a completion is no thought; `None` where it is one, to be executed."""
    return ENDS.get(row.finish or "", Outcome.MISSING if row.text is None else None)


def _lost(row: Completion, outcome: Outcome) -> Thought:
    return replace(_placed(row), verdict=str(outcome), detail=row.reason or "")


def _placed(row: Completion) -> Thought:
    return Thought(problem=row.problem, thought=row.thought, sample=row.sample, text="", verdict="")


def _thought(row: Completion, result: Execution, verdict: str, settings: ThoughtSettings) -> Thought:
    detail = result.detail
    if settings.steps == "right" and verdict == Outcome.CORRECT and result.steps and result.steps.wrong:
        verdict, detail = str(Outcome.WRONG_STEPS), result.steps.first_wrong
    return replace(
        _placed(row),
        text=result.text,
        answer=result.answer,
        verdict=verdict,
        detail=detail,
        notes=result.notes,
        solution=dict(result.solution),
        steps=result.steps,
    )


def others(thoughts: Sequence[Thought]) -> str:
    """What became of the thoughts that are not right: `; else 20 missing, 7 wrong`."""
    counts = Counter(row.verdict for row in thoughts if row.verdict != Outcome.CORRECT)
    return "; else " + ", ".join(f"{number} {verdict}" for verdict, number in counts.most_common()) if counts else ""


def yields(
    completions: Sequence[Completion], thoughts: Sequence[Thought], problems: int, answer: AnswerKind
) -> dict[str, Any]:
    """What asking gave, and what it took.

    `asked = answered + truncated + filtered + missing`; of the answered ones `executed` gave an answer and
    `right` the gold one, `unique` as many different ways a problem; `covered` is the share of the problems with a
    right one. All by verdict are in `verdicts`. Of thoughts in prose also `steps`: the calculations in them that
    hold and that do not.
    """
    verdicts = Counter(row.verdict for row in thoughts)
    ends = {str(outcome): verdicts[outcome] for outcome in (Outcome.TRUNCATED, Outcome.FILTERED, Outcome.MISSING)}
    right = verdicts[Outcome.CORRECT]
    covered = {row.problem for row in thoughts if row.verdict == Outcome.CORRECT}
    checked = [row.steps for row in thoughts if row.steps is not None]
    steps = {"right": sum(one.right for one in checked), "wrong": sum(one.wrong for one in checked)}
    return {
        "problems": problems,
        "asked": len(thoughts),
        "answered": len(thoughts) - sum(ends.values()),
        **ends,
        "executed": sum(row.answer is not None for row in thoughts),
        "right": right,
        "unique": len(distinct(thoughts, answer)),
        "covered": len(covered) / problems if problems else 0.0,
        "verdicts": dict(sorted(verdicts.items())),
        **({"steps": steps} if checked else {}),
        **spent(completions, right),
    }


def spent(completions: Sequence[Completion], right: int) -> dict[str, Any]:
    """Tokens and US dollars of all completions, and what right ones cost; `None` where a part is not known."""
    used = [row.usage for row in completions if row.usage is not None]
    known = used if all(row.usage is not None for row in completions if row.text is not None) else []
    costs = [one.cost for one in known if one.cost is not None]
    # In exact arithmetic, so that a sum of many small prices is the same in any order.
    cost = math.fsum(costs) if known and len(costs) == len(known) else None
    return {
        "tokens": {
            "input": sum(one.input for one in known) if known else None,
            "output": sum(one.output for one in known) if known else None,
        },
        "cost": cost,
        "cost_per_1000_right": None if cost is None or not right else 1000 * cost / right,
    }
