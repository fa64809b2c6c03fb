"""Ask a teacher for thoughts of one format on the problems of one split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.runs import Run, parse_run
from distill_dsl.contract.settings import StudentSettings, TeacherSettings, ThoughtSettings, TrainedTeacher
from distill_dsl.contract.vocabulary import STAGE_VERSIONS, StageKind
from distill_dsl.runtime import teachers
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.teachers.prompts import prompter

TOGETHER: Final = 64
"""Thoughts of a trained teacher that are written together; nothing hangs on it but time and memory."""


def run(*, teacher: str, data: str, split: str, thought: str, trained: str | None = None) -> None:
    """Problems -> `Completion` rows in their order, one a sample, missing ones with a reason.

    `trained` is the run of a student that teaches (`mix=etd,student=tiny,seed=1`).
    """
    settings = read_settings(TeacherSettings, teacher)
    format = read_settings(ThoughtSettings, thought)
    problems = list(files.read_rows(files.problems_file(data, split), Problem))
    cell = files.asked_cell(teacher, data, split, thought)

    if isinstance(settings.model, TrainedTeacher):
        completions = _by_student(_run_of(teacher, trained), settings, thought, format, problems, cell)
    else:
        prompt = prompter(settings, thought, format)
        with steps_shown(f"asking for {thought}", teachers.answers_due(settings, problems)) as advance:
            completions = list(teachers.ask(settings, thought, format, problems, prompt, advance))
        files.write_rows(files.completions_file(cell), completions)

    print(f"{teacher}, {thought}: {summary(completions)} for {len(problems)} problems of {data}.{split}")


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
) -> list[Completion]:
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
    completions = [
        Completion(problem=problem, thought=thought, sample=sample, text=texts[request])
        for (problem, sample), request in wanted.items()
    ]
    files.write_rows(files.completions_file(cell), completions)
    work.forget()
    return completions


def summary(completions: Sequence[Completion]) -> str:
    """`7475 completions, 95 missing (the rationale has no calculation)`."""
    missing = Counter(row.reason or "no reason given" for row in completions if row.text is None)
    text = f"{len(completions) - missing.total()} completions"
    if missing:
        reason, count = missing.most_common(1)[0]
        text += f", {missing.total()} missing ({reason}{'' if count == missing.total() else ', and other reasons'})"
    return text
