"""Let one trained student write a thought of each format for every test problem."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from distill_dsl.contract import files
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Prediction
from distill_dsl.contract.settings import ExperimentSettings, StudentSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import STAGE_VERSIONS, StageKind
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.students import decoding, models
from distill_dsl.runtime.students.decoding import Decoding, Request, Written

LOGPROB_DIGITS: Final = 6
"""Decimals kept: far below any difference that means something, far above the noise of float32."""


def run(*, mix: str, student: str, seed: int, experiment: str, tests: list[str], thoughts: list[str]) -> None:
    """A model folder and test problems -> predictions in the order test, problem, thought, sample.

    Batches that were written before a kill are taken over; equal questions are decoded once.
    """
    settings = read_settings(ExperimentSettings, experiment)
    longest = read_settings(StudentSettings, student).max_question
    cues = {thought: read_settings(ThoughtSettings, thought).cue for thought in thoughts}
    problems = {test: files.read_test(test) for test in tests}
    cell = files.solved_cell(experiment, mix, student, seed)
    folder = files.model_folder(files.trained_cell(mix, student, seed))

    models.quiet()
    pupil = models.trained_student(folder)
    models.use_threads(pupil)
    # One sample is greedy; several are drawn, each from its own seed.
    temperature = settings.temperature if settings.samples > 1 else 0.0
    how = Decoding(temperature=temperature, max_tokens=settings.max_tokens, max_question=longest, seed=seed)
    wanted = {
        (test, problem.id, thought, sample): Request(problem.question, cues[thought], sample if temperature else 0)
        for test in tests
        for problem in problems[test]
        for thought in thoughts
        for sample in range(settings.samples)
    }
    requests = list(dict.fromkeys(wanted.values()))
    parts = files.STATE / "solving" / _digest(folder, how, settings.decode_batch, requests)

    started = time.monotonic()
    written = _write_all(cell, pupil, requests, how, settings.decode_batch, parts)
    seconds = time.monotonic() - started

    rows = [_prediction(slot, written[request]) for slot, request in wanted.items()]
    files.write_rows(files.predictions_file(cell), rows)
    tokens = sum(thought.tokens for thought in written.values())
    files.write_json(
        files.solving_file(cell), {"seconds": seconds, "tokens": tokens, "tokens_per_second": tokens / seconds}
    )
    shutil.rmtree(parts, ignore_errors=True)
    print(f"{cell}: {len(rows)} thoughts, {tokens:,} tokens in {seconds:.1f} s")


def _write_all(
    cell: str, pupil: models.Student, requests: Sequence[Request], how: Decoding, size: int, parts: Path
) -> dict[Request, Written]:
    """Every request's thought, batch by batch; each finished batch is kept in a file of its own."""
    batches = decoding.batches(pupil, requests, size, how.max_question)
    written: dict[Request, Written] = {}
    with steps_shown(cell, len(requests)) as advance:
        for number, batch in enumerate(batches):
            chosen = [requests[position] for position in batch]
            part = parts / f"{number:06d}.json"
            thoughts = _read_part(part) if part.is_file() else decoding.write(pupil, chosen, how)
            _keep_part(part, thoughts)
            written.update(zip(chosen, thoughts, strict=True))
            advance(len(batch))
    return written


def _read_part(part: Path) -> list[Written]:
    return msgspec.json.decode(part.read_bytes(), type=list[Written])


def _keep_part(part: Path, thoughts: list[Written]) -> None:
    if not part.is_file():
        with files.atomic(part, "wb") as stream:
            stream.write(msgspec.json.encode(thoughts))


def _digest(folder: Path, how: Decoding, size: int, requests: Sequence[Request]) -> str:
    """What a part depends on: the model's bytes, how it is decoded, and what is asked."""
    digest = hashlib.sha256(f"{STAGE_VERSIONS[StageKind.SOLVE]}:{size}:".encode())
    digest.update(msgspec.json.encode([how, requests]))
    for path in sorted(folder.iterdir()):
        digest.update(f":{path.name}:".encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:24]


def _prediction(slot: tuple[str, str, str, int], thought: Written) -> Prediction:
    test, problem, name, sample = slot
    return Prediction(
        test=test,
        problem=problem,
        thought=name,
        sample=sample,
        text=thought.text,
        tokens=thought.tokens,
        logprob=round(thought.logprob, LOGPROB_DIGITS),
    )
