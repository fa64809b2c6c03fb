"""Let one trained student write thoughts of each format for every test problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from distill_dsl.contract import files
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Prediction, Problem
from distill_dsl.contract.settings import ExperimentSettings, StudentSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import STAGE_VERSIONS, StageKind
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.students import latency, writing
from distill_dsl.runtime.students.decoding import LOGPROB_DIGITS, Decoding, Request, Written
from distill_dsl.runtime.students.measuring import Cost, measured
from distill_dsl.runtime.students.writing import Part, Writing
from distill_dsl.runtime.thoughts.ahead import Ahead, executed_ahead

Slot = tuple[str, str, str, int]
"""Test, problem, thought, sample."""


def run(
    *,
    mix: str,
    student: str,
    seed: int,
    experiment: str,
    tests: list[str],
    thoughts: list[str],
    held_out: bool = False,
) -> None:
    """A model folder and problems -> predictions in the order test, problem, thought, sample.

    With `held_out`, the problems that the mix holds out are one more test. Batches that were written
    before a kill are taken over; equal questions are decoded once. Programs and equations are executed
    while further thoughts are written, so that the score stage finds them done.
    """
    settings = read_settings(ExperimentSettings, experiment)
    formats = {thought: read_settings(ThoughtSettings, thought) for thought in thoughts}
    problems = files.read_solved(tests, mix, held_out=held_out)
    cell = files.solved_cell(experiment, mix, student, seed)
    how = Decoding(
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        max_question=read_settings(StudentSettings, student).max_question,
        seed=seed,
    )
    wanted = _wanted(problems, formats, settings)
    work = writing.begin(
        files.model_folder(files.trained_cell(mix, student, seed)),
        list(dict.fromkeys(wanted.values())),
        how,
        engine=settings.engine,
        batch=settings.decode_batch,
        version=f"{StageKind.SOLVE} {STAGE_VERSIONS[StageKind.SOLVE]}",
    )

    with executed_ahead(formats) as ahead:
        with measured() as cost:
            parts = _write_all(cell, work, formats, ahead)
        written = {request: thought for part in parts for request, thought in _pairs(part)}
        rows = [_prediction(slot, written[request]) for slot, request in wanted.items()]
        files.write_rows(files.predictions_file(cell), rows)

    metrics = _metrics(work, parts, cost, settings.decode_batch)
    files.write_json(files.solving_file(cell), metrics)
    work.forget()
    took = f"{metrics['tokens']:,} tokens in {metrics['seconds']:.1f} s by {work.engine.name}"
    print(f"{cell}: {len(rows)} thoughts, {took}")
    if ahead.error is not None:
        print(f"{cell}: thoughts are left to be executed when they are scored: {ahead.error}")


def _wanted(
    problems: Mapping[str, Sequence[Problem]], formats: Mapping[str, ThoughtSettings], settings: ExperimentSettings
) -> dict[Slot, Request]:
    """What to ask for each prediction; at no temperature all samples are the same."""
    drawn = settings.temperature > 0
    return {
        (test, problem.id, thought, sample): Request(problem.question, format.cue, sample if drawn else 0)
        for test, rows in problems.items()
        for problem in rows
        for thought, format in formats.items()
        for sample in range(settings.samples)
    }


def _write_all(cell: str, work: Writing, formats: Mapping[str, ThoughtSettings], ahead: Ahead) -> list[Part]:
    """All batches; what is written is handed on to be executed."""
    done: list[Part] = []
    with steps_shown(cell, sum(map(len, work.batches))) as advance:
        for part in work.parts():
            done.append(part)
            for name, format in formats.items():
                ahead.add(name, [thought.text for request, thought in _pairs(part) if request.cue == format.cue])
            advance(len(part.requests))
    return done


def _pairs(part: Part) -> list[tuple[Request, Written]]:
    return list(zip(part.requests, part.thoughts, strict=True))


def _metrics(work: Writing, parts: Sequence[Part], cost: Cost, batch: int) -> dict[str, float | int | str | None]:
    """What the writing took; `seconds` also counts the parts that a stopped process wrote, `energy` cannot."""
    requests = [request for part in parts for request in part.requests]
    tokens = sum(thought.tokens for part in parts for thought in part.thoughts)
    seconds = sum(part.seconds for part in parts)
    single = latency.alone(work.engine, requests, work.how)
    return {
        "seconds": seconds,
        "tokens": tokens,
        "tokens_per_second": tokens / seconds,
        "thoughts": len(requests),
        "engine": work.engine.name,
        "batch": batch,
        "latency_p50": single.p50,
        "latency_p95": single.p95,
        "single_tokens_per_second": single.tokens_per_second,
        "peak_memory": cost.peak_memory,
        "energy": None if any(part.known for part in parts) else cost.energy,
    }


def _prediction(slot: Slot, thought: Written) -> Prediction:
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
