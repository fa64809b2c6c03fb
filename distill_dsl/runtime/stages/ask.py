"""Ask a teacher for thoughts of one format on the problems of one split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings, read_spending
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.runs import Run, name_of, parse_run
from distill_dsl.contract.settings import (
    RecordedTeacher,
    StudentSettings,
    TeacherSettings,
    ThoughtSettings,
    TrainedTeacher,
    TransformersTeacher,
)
from distill_dsl.contract.vocabulary import STAGE_VERSIONS, StageKind
from distill_dsl.runtime import teachers
from distill_dsl.runtime.progress import Steps, steps_shown
from distill_dsl.runtime.teachers.local import Author, ask_local
from distill_dsl.runtime.teachers.prompts import Prompt, prompter
from distill_dsl.runtime.teachers.recorded import matching

TOGETHER: Final = 64
"""Thoughts of a trained teacher that are written together; nothing hangs on it but time and memory."""
REASONS: Final = 8
"""The most frequent reasons for missing completions that metrics name."""


def run(*, teacher: str, data: str, split: str, thought: str, trained: str | None = None) -> None:
    """Problems -> `Completion` rows in their order, one a sample, missing ones with a reason; and what they took.

    `trained` is the run of a student that teaches (`mix=etd,student=tiny,seed=1`).
    """
    settings = read_settings(TeacherSettings, teacher)
    format = read_settings(ThoughtSettings, thought)
    problems = list(files.read_rows(files.problems_file(data, split), Problem))
    cell = files.asked_cell(teacher, data, split, thought)
    tally = Tally(len(problems))

    if isinstance(settings.model, TrainedTeacher):
        _by_student(_run_of(teacher, trained), settings, thought, format, problems, cell, tally)
    else:
        _keep(cell, tally, _asked(settings, teacher, thought, format, problems))
    metrics = tally.metrics()
    if isinstance(settings.model, RecordedTeacher):
        found = matching(settings.model, thought, format.answer, problems)
        metrics["recorded"] = msgspec.to_builtins(found)
        for line in found.lines():
            print(line)
    files.write_json(files.asked_file(cell), metrics)

    print(f"{teacher}, {thought}: {tally.summary()} for {len(problems)} problems of {data}.{split}")


def _keep(cell: str, tally: Tally, rows: Iterable[Completion]) -> None:
    """Write the rows as they come: no list of them is ever held."""
    files.write_rows(files.completions_file(cell), tally.counted(rows))


def _asked(
    settings: TeacherSettings, teacher: str, thought: str, format: ThoughtSettings, problems: Sequence[Problem]
) -> Iterator[Completion]:
    prompt = prompter(settings, thought, format)
    due = teachers.answers_due(settings, problems)
    with steps_shown(f"{teacher} writes {thought}", due, lines=True) as steps:
        # The budget is the block's, however its params are varied.
        teacher = name_of(teacher)
        if isinstance(settings.model, TransformersTeacher):
            yield from _local(settings, teacher, thought, problems, prompt, steps)
        else:
            yield from teachers.ask(
                settings, teacher, thought, format, problems, prompt, read_spending(teacher), steps, watch=steps
            )


def _local(
    settings: TeacherSettings,
    teacher: str,
    thought: str,
    problems: Sequence[Problem],
    prompt: Callable[[Problem], Prompt],
    steps: Steps,
) -> Iterator[Completion]:
    """What a model on this machine writes; it is loaded only where the store lacks something."""

    def author() -> Author:
        # Here, because other teachers need no torch.
        from distill_dsl.runtime.students import local

        return local.opened(settings, steps.note)

    return ask_local(settings, teacher, thought, problems, prompt, author, steps, steps)


def _run_of(teacher: str, trained: str | None) -> Run:
    if trained is None:
        raise Failure(
            f"the teacher {teacher} is a trained student, and the command does not say which run",
            help="compile the spec again; its command has `--trained mix=NAME,student=NAME,seed=NUMBER`",
        )
    return parse_run(trained)


def _by_student(
    run: Run,
    settings: TeacherSettings,
    thought: str,
    format: ThoughtSettings,
    problems: Sequence[Problem],
    cell: str,
    tally: Tally,
) -> None:
    """A student's own thoughts, asked for by the cue that it was taught: the first greedy, the others drawn.

    Batches that were written before a kill are taken over; equal questions are decoded once.
    """
    # Here, because other teachers need no torch.
    from distill_dsl.runtime.students import writing
    from distill_dsl.runtime.students.decoding import Decoding, Request

    drawn = settings.temperature > 0
    wanted = {
        (problem.id, sample): Request(problem.question, format.cue, sample if drawn else 0)
        for problem in problems
        for sample in range(settings.samples)
    }
    how = Decoding(
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        max_question=read_settings(StudentSettings, run.student).max_question,
        seed=settings.seed,
    )
    work = writing.begin(
        files.model_folder(run.trained),
        list(dict.fromkeys(wanted.values())),
        how,
        engine="auto",
        batch=TOGETHER,
        version=f"{StageKind.ASK} {STAGE_VERSIONS[StageKind.ASK]}",
    )
    texts: dict[Request, str] = {}
    with steps_shown(f"{run.trained} writes {thought}", sum(map(len, work.batches))) as advance:
        for part in work.parts():
            texts.update((request, one.text) for request, one in zip(part.requests, part.thoughts, strict=True))
            advance(len(part.requests))
    _keep(
        cell,
        tally,
        (
            Completion(problem=problem, thought=thought, sample=sample, text=texts[request])
            for (problem, sample), request in wanted.items()
        ),
    )
    work.forget()


@dataclass
class Tally:
    """Counts of completions while they pass."""

    problems: int
    asked: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    """Rows without a text, by reason."""
    truncated: int = 0
    filtered: int = 0
    input: int = 0
    output: int = 0
    cost: float | None = 0.0
    """`None` as soon as that of one completion is not known."""
    counted_rows: int = 0
    """Those that say what they took."""
    uncounted: int = 0

    def counted(self, rows: Iterable[Completion]) -> Iterator[Completion]:
        """The same rows."""
        for row in rows:
            self._count(row)
            yield row

    def _count(self, row: Completion) -> None:
        self.asked += 1
        self.truncated += row.finish == "length"
        self.filtered += row.finish == "filter"
        if row.text is None:
            self.missing[row.reason or "no reason given"] += 1
        if row.usage is None:
            self.uncounted += row.text is not None
            return
        self.counted_rows += 1
        self.input += row.usage.input
        self.output += row.usage.output
        self.cost = None if self.cost is None or row.usage.cost is None else self.cost + row.usage.cost

    def metrics(self) -> dict[str, Any]:
        """For the metrics of the stage: the same whenever the store is."""
        known = self.counted_rows > 0 and self.uncounted == 0
        reasons = dict(self.missing.most_common(REASONS))
        if len(self.missing) > REASONS:
            reasons["other reasons"] = self.missing.total() - sum(reasons.values())
        return {
            "problems": self.problems,
            "asked": self.asked,
            "answered": self.asked - self.missing.total(),
            "truncated": self.truncated,
            "filtered": self.filtered,
            "missing": reasons,
            "tokens": {"input": self.input, "output": self.output} if known else None,
            "cost": self.cost if known else None,
        }

    def summary(self) -> str:
        """`7475 completions, 95 missing (the rationale has no calculation)`."""
        missing = self.missing.total()
        text = f"{self.asked - missing} completions"
        if missing:
            reason, count = self.missing.most_common(1)[0]
            text += f", {missing} missing ({reason}{'' if count == missing else ', and other reasons'})"
        if self.truncated:
            text += f", {self.truncated} cut off"
        if self.filtered:
            text += f", {self.filtered} withheld"
        return text
