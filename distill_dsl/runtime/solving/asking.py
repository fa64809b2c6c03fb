"""One question, asked: thoughts are written as they are needed, executed, and chosen from.

Everything goes through what the solve and score stages use, so that a question of a test gets the
answer that stands in its scores.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Choice, Judged, Prediction
from distill_dsl.contract.settings import ExperimentSettings, StudentSettings, ThoughtSettings
from distill_dsl.contract.strategies import Adaptive, Strategy, strategy_key
from distill_dsl.runtime.solving.knowledge import Knowledge, known, with_ranks
from distill_dsl.runtime.solving.reasons import ANSWERED, agreed, samples_of, why
from distill_dsl.runtime.solving.runs import SolvedRun
from distill_dsl.runtime.stages.score import with_verdict
from distill_dsl.runtime.stages.solve import LOGPROB_DIGITS
from distill_dsl.runtime.strategies.choices import Learned, seen_by, with_confidence
from distill_dsl.runtime.strategies.choose import Key, choose, members_of
from distill_dsl.runtime.students import decoding, models
from distill_dsl.runtime.students.decoding import Decoding, Request, Written
from distill_dsl.runtime.thoughts.answers import vote_key
from distill_dsl.runtime.thoughts.execute import execute_thoughts
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.judging import AnswerGroup, kinds_of, restricted

Place = tuple[str, int]
"""A thought format and a sample of it."""


@dataclass(frozen=True)
class Pupil:
    """A trained student, loaded, and how its experiment asks it."""

    run: SolvedRun
    student: models.Student
    settings: ExperimentSettings
    formats: dict[str, ThoughtSettings]
    longest: int
    """Most tokens of a question that it reads, cue included."""
    kinds: frozenset[AnswerGroup] | None
    """The kinds of answers that the tests ask for; `None` where their problems are not at hand."""
    strategies: tuple[Strategy, ...]
    """Those that choose; the first one's choice is the answer."""
    knowledge: Knowledge


@dataclass(frozen=True)
class Chosen:
    """What a strategy makes of the thoughts, and why."""

    strategy: Strategy
    choice: Choice
    why: str
    """One sentence."""


@dataclass(frozen=True)
class Answer:
    """What came of one question."""

    question: str
    chosen: tuple[Chosen, ...]
    """By each strategy; the first one's is the answer."""
    rows: tuple[Judged, ...]
    """The thoughts that were written, by format, then sample."""
    cut: bool
    """Whether the question was too long, and its end not read."""
    seconds: float

    @property
    def tokens(self) -> int:
        """New tokens of all thoughts that were written."""
        return sum(row.tokens for row in self.rows)


def opened(run: SolvedRun, strategies: Sequence[Strategy]) -> Pupil:
    """Load a trained student and what the strategies need; a `Failure` says how to get what is not there."""
    folder = files.model_folder(run.run.trained)
    if not folder.is_dir():
        raise Failure(
            f"the model of {run.cell} is not here",
            where=str(folder),
            help=f"train it with `dvc repro train-{run.run.trained}`, or fetch it with `dvc pull {folder}`",
        )
    models.quiet()
    student = models.trained_student(folder)
    models.use_threads(student)
    formats = {name: read_settings(ThoughtSettings, name) for name in run.thoughts}
    return Pupil(
        run=run,
        student=student,
        settings=run.settings,
        formats=formats,
        longest=read_settings(StudentSettings, run.run.student).max_question,
        kinds=_kinds(run),
        strategies=tuple(strategies),
        knowledge=known(run, strategies, formats),
    )


def _kinds(run: SolvedRun) -> frozenset[AnswerGroup] | None:
    if not all(files.test_file(test).is_file() for test in run.tests):
        return None
    problems = [problem for test in run.tests for problem in files.read_test(test)]
    # Where a checker judges answers, they are of any kind.
    return None if any(problem.checker for problem in problems) else kinds_of(problem.answer for problem in problems)


def ask(pupil: Pupil, question: str) -> Answer:
    """Put a question to the student; of a format, more than the first thought is written only where it is needed."""
    started = time.monotonic()
    found: dict[Place, Judged] = {}
    for strategy in pupil.strategies:
        while places := [
            place
            for place in needed(strategy, list(found.values()), pupil.settings.samples, vote_key)
            if place not in found
        ]:
            found |= _thoughts(pupil, question, places)
    order = [(thought, sample) for thought in pupil.run.thoughts for sample in range(pupil.settings.samples)]
    rows = with_confidence([found[place] for place in order if place in found], pupil.knowledge.learned, vote_key)
    chosen = tuple(_chosen(strategy, rows, pupil.knowledge.learned) for strategy in pupil.strategies)
    cues = {pupil.formats[row.thought].cue for row in rows}
    cut = any(pupil.student.codec.source(question, cue, pupil.longest)[1] for cue in cues)
    return Answer(question, chosen, tuple(rows), cut, time.monotonic() - started)


def needed(strategy: Strategy, rows: Sequence[Judged], samples: int, key: Key) -> list[Place]:
    """The thoughts that a strategy has to have, as far as those that are there tell.

    First one of each member; then the further samples that it looks at, of which an adaptive strategy
    asks for none where the first ones agree.
    """
    members = members_of(strategy)
    first = [(member, 0) for member in members]
    if not {(row.thought, row.sample) for row in rows}.issuperset(first):
        return first
    if isinstance(strategy, Adaptive) and agreed(rows, members, key):
        return first
    taken = min(samples, samples_of(strategy) or samples)
    return [*first, *((member, sample) for member in members for sample in range(1, taken))]


def _chosen(strategy: Strategy, rows: Sequence[Judged], learned: Learned) -> Chosen:
    seen = seen_by(strategy_key(strategy), rows, learned, vote_key)
    choice = choose(strategy, seen, vote_key)
    return Chosen(strategy, choice, why(strategy, seen, choice, vote_key))


def _thoughts(pupil: Pupil, question: str, places: Sequence[Place]) -> dict[Place, Judged]:
    """Write and execute some thoughts, and have them judged."""
    how = Decoding(
        temperature=pupil.settings.temperature,
        max_tokens=pupil.settings.max_tokens,
        max_question=pupil.longest,
        seed=pupil.run.run.seed,
    )
    requests = [Request(question, pupil.formats[thought].cue, sample) for thought, sample in places]
    written = dict(zip(places, decoding.write(pupil.student, requests, how), strict=True))
    executed = _executed(pupil, written)
    return {place: _judged(pupil, question, place, written[place], executed[place]) for place in places}


def _executed(pupil: Pupil, written: Mapping[Place, Written]) -> dict[Place, Execution]:
    """What each thought comes to, one batch a format."""
    found: dict[Place, Execution] = {}
    for name in dict.fromkeys(thought for thought, _ in written):
        texts = {place: one.text for place, one in written.items() if place[0] == name}
        executed = execute_thoughts(pupil.formats[name], dict.fromkeys(texts.values()), lambda done: None)
        for place, text in texts.items():
            kinds = pupil.kinds
            found[place] = executed[text] if kinds is None else restricted(executed[text], kinds)
    return found


def _judged(pupil: Pupil, question: str, place: Place, thought: Written, execution: Execution) -> Judged:
    """A thought with what executing it gave; right or wrong cannot be told."""
    name, sample = place
    row = Prediction(
        test="",
        problem="",
        thought=name,
        sample=sample,
        text=thought.text,
        tokens=thought.tokens,
        logprob=round(thought.logprob, LOGPROB_DIGITS),
    )
    judged = with_verdict(row, execution, execution.failure or ANSWERED)
    return with_ranks(judged, pupil.knowledge, question, pupil.formats[name].cue)
