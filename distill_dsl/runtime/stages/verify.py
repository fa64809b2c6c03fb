"""Execute what a teacher wrote and keep, with a verdict for each, what gives the gold answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Completion, Problem, Thought
from distill_dsl.contract.settings import ThoughtSettings
from distill_dsl.contract.vocabulary import Outcome
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.thoughts.execute import execute_thoughts
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.verdicts import judge_each


def run(*, teacher: str, data: str, split: str, thought: str) -> None:
    """Completions and problems -> one `Thought` row a completion, and counts by verdict."""
    cell = files.asked_cell(teacher, data, split, thought)
    settings = read_settings(ThoughtSettings, thought)
    completions = list(files.read_rows(files.completions_file(cell), Completion))
    problems = {row.id: row for row in files.read_rows(files.problems_file(data, split), Problem)}

    thoughts = verified(completions, problems, settings)

    files.write_rows(files.thoughts_file(cell), thoughts)
    counts = yields(thoughts, len(problems))
    files.write_json(files.yield_file(cell), counts)
    share = f"{counts['covered']:.1%} of the problems"
    print(f"{thought}: {counts['right']} of {counts['thoughts']} thoughts are right, for {share}{others(thoughts)}")


def verified(
    completions: Sequence[Completion], problems: dict[str, Problem], settings: ThoughtSettings
) -> list[Thought]:
    """One row a completion, in its order. The same text is executed once.

    How an answer is judged is said in `verdicts`.
    """
    for row in completions:
        if row.problem not in problems:
            raise Failure(
                f"a completion is for the problem {row.problem}, which the data set does not have",
                help="run `dvc repro` so that asking and fetching fit together again",
            )
    texts = dict.fromkeys(row.text for row in completions if row.text is not None)
    with steps_shown("executing", len(texts)) as advance:
        found = execute_thoughts(settings, texts, advance)
    pairs = [(found[row.text], problems[row.problem]) for row in completions if row.text is not None]
    judged = iter(judge_each(pairs, problems.values(), settings.tolerance))
    return [_missing(row) if row.text is None else _thought(row, *next(judged), settings) for row in completions]


def _missing(row: Completion) -> Thought:
    return replace(_placed(row), verdict=str(Outcome.MISSING), detail=row.reason or "")


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


def yields(thoughts: Sequence[Thought], problems: int) -> dict[str, object]:
    """Counts of a teacher's thoughts: right ones, problems with a right one, all by verdict.

    Of thoughts in prose also `steps`: the calculations in them that hold and that do not.
    """
    verdicts = Counter(row.verdict for row in thoughts)
    right = {row.problem for row in thoughts if row.verdict == Outcome.CORRECT}
    checked = [row.steps for row in thoughts if row.steps is not None]
    steps = {"right": sum(one.right for one in checked), "wrong": sum(one.wrong for one in checked)}
    return {
        "problems": problems,
        "thoughts": len(thoughts),
        "right": verdicts[Outcome.CORRECT],
        "covered": len(right) / problems if problems else 0.0,
        "verdicts": dict(sorted(verdicts.items())),
        **({"steps": steps} if checked else {}),
    }
