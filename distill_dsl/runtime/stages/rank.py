"""Let one trained verifier say of every thought that a student wrote how likely it is right."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Prediction, Rank
from distill_dsl.contract.runs import parse_run
from distill_dsl.contract.settings import ExperimentSettings, StudentSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import HELD_OUT, STAGE_VERSIONS, StageKind
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.students.models import Student, quiet, use_threads
from distill_dsl.runtime.students.verifier import Claim, Limits, batches, scores, trained_verifier

SCORE_DIGITS: Final = 6
"""Decimals kept: far below any difference that means something, far above the noise of float32."""


def run(
    *, mix: str, student: str, seed: int, experiment: str, tests: list[str], thoughts: list[str], verifier: str
) -> None:
    """A verifier's folder and a student's predictions -> one `Rank` a prediction, in their order.

    Batches that were scored before a kill are taken over; equal thoughts on equal questions are scored once.
    """
    cell = files.solved_cell(experiment, mix, student, seed)
    judge = parse_run(verifier)
    size = read_settings(ExperimentSettings, experiment).decode_batch
    trained_as = read_settings(StudentSettings, judge.student)
    limits = Limits(trained_as.max_question, trained_as.max_thought)
    cues = {thought: read_settings(ThoughtSettings, thought).cue for thought in thoughts}
    path = files.predictions_file(cell)
    predictions = list(files.read_rows(path, Prediction))
    questions = _questions(mix, tests, held_out=any(row.test == HELD_OUT for row in predictions))
    claims = [_claim(path, row, questions, cues) for row in predictions]

    found = _scores(f"{cell} by {judge.trained}", files.model_folder(judge.trained), claims, limits, size)
    ranks = [
        Rank(
            test=row.test,
            problem=row.problem,
            thought=row.thought,
            sample=row.sample,
            score=round(found[claim], SCORE_DIGITS),
        )
        for row, claim in zip(predictions, claims, strict=True)
    ]
    files.write_rows(files.ranks_file(cell, judge.trained), ranks)
    print(f"{cell}: {len(ranks)} thoughts ranked by {judge.trained}, {len(found)} of them different")


def _questions(mix: str, tests: Sequence[str], *, held_out: bool) -> dict[tuple[str, str], str]:
    """Test and problem -> question."""
    problems = files.read_solved(tests, mix, held_out=held_out)
    return {(test, problem.id): problem.question for test, rows in problems.items() for problem in rows}


def _claim(path: Path, row: Prediction, questions: dict[tuple[str, str], str], cues: dict[str, str]) -> Claim:
    if (row.test, row.problem) not in questions or row.thought not in cues:
        raise Failure(
            f"{path} holds a prediction that no test asks for: problem `{row.problem}` of {row.test}, {row.thought}",
            where=str(path),
            help="the tests may have changed since; run the solve stage again (`dvc repro --force` its name)",
        )
    return Claim(questions[row.test, row.problem], cues[row.thought], row.text)


def _scores(label: str, folder: Path, claims: Sequence[Claim], limits: Limits, size: int) -> dict[Claim, float]:
    """Each different claim's score, batch by batch; a finished batch is kept in a file of its own."""
    quiet()
    judge = trained_verifier(folder)
    use_threads(judge)
    wanted = list(dict.fromkeys(claims))
    parts = files.STATE / "ranking" / _digest(folder, limits, size, wanted)
    found: dict[Claim, float] = {}
    with steps_shown(label, len(wanted)) as advance:
        for number, batch in enumerate(batches(judge, wanted, limits, size)):
            made = _kept_or_made(parts / f"{number:06d}.json", judge, batch, limits)
            found.update(zip(batch, made, strict=True))
            advance(len(batch))
    shutil.rmtree(parts, ignore_errors=True)
    return found


def _kept_or_made(part: Path, judge: Student, batch: Sequence[Claim], limits: Limits) -> list[float]:
    if part.is_file():
        return msgspec.json.decode(part.read_bytes(), type=list[float])
    made = scores(judge, batch, limits)
    with files.atomic(part, "wb") as stream:
        stream.write(msgspec.json.encode(made))
    return made


def _digest(folder: Path, limits: Limits, size: int, wanted: Sequence[Claim]) -> str:
    """What a part depends on: the verifier's bytes, how it reads, and what it is to judge."""
    said = f"{STAGE_VERSIONS[StageKind.RANK]}:{size}:".encode() + msgspec.json.encode([limits, wanted])
    return files.digest_of(said, sorted(folder.iterdir()) if folder.is_dir() else [])
