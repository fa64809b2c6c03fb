"""Questions, asked: thoughts are written as they are needed, executed, and chosen from.

Everything goes through what the solve and score stages use, so that a question of a test gets the
answer that stands in its scores. Many questions are asked as one is, in batches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
from distill_dsl.runtime.strategies.choices import Learned, seen_by, with_confidence
from distill_dsl.runtime.strategies.choose import Key, choose, members_of
from distill_dsl.runtime.students import decoding, models
from distill_dsl.runtime.students.decoding import LOGPROB_DIGITS, Decoding, Request, Written
from distill_dsl.runtime.students.engines import Engine
from distill_dsl.runtime.students.engines.transformers import Transformers
from distill_dsl.runtime.thoughts.answers import vote_key
from distill_dsl.runtime.thoughts.execute import execute
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.judging import AnswerGroup, kinds_of, restricted
from distill_dsl.runtime.thoughts.kept import KEPT_FILE

Place = tuple[str, int]
"""A thought format and a sample of it."""

Slot = tuple[str, str, int]
"""A question, and a place among its thoughts."""

Watch = Callable[[], None]
"""Called after each batch of thoughts and each execution; what it raises ends the asking."""


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
    engine: Engine
    """What runs the student."""
    kept: Path | None
    """Where known executions are; `None` keeps none."""
    apart: bool = False
    """Whether the engine wants first samples in batches of their own."""


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
    """Of all that was asked at once."""

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
        kinds=asked_kinds(run),
        strategies=tuple(strategies),
        knowledge=known(run, strategies, formats),
        engine=Transformers(student),
        kept=files.project_root() / KEPT_FILE,
    )


def asked_kinds(run: SolvedRun) -> frozenset[AnswerGroup] | None:
    """The kinds of answers that the tests of a run ask for; `None` where any counts, or the problems are not here."""
    if not all(files.test_file(test).is_file() for test in run.tests):
        return None
    problems = [problem for test in run.tests for problem in files.read_test(test)]
    # Where a checker judges answers, they are of any kind.
    return None if any(problem.checker for problem in problems) else kinds_of(problem.answer for problem in problems)


def ask(pupil: Pupil, question: str) -> Answer:
    """Put a question to the student; of a format, more than the first thought is written only where it is needed."""
    [answer] = ask_all(pupil, [question])
    return answer


def ask_all(pupil: Pupil, questions: Sequence[str], watch: Watch = lambda: None) -> list[Answer]:
    """Put questions to the student, in batches; an answer for each, in order. Equal ones are asked once."""
    started = time.monotonic()
    found: dict[str, dict[Place, Judged]] = {question: {} for question in questions}
    for strategy in pupil.strategies:
        while slots := list(_missing(pupil, strategy, found)):
            for (question, thought, sample), row in _thoughts(pupil, slots, watch).items():
                found[question][thought, sample] = row
    seconds = time.monotonic() - started
    answers = {question: _answer(pupil, question, rows, seconds) for question, rows in found.items()}
    return [answers[question] for question in questions]


def _missing(pupil: Pupil, strategy: Strategy, found: Mapping[str, Mapping[Place, Judged]]) -> Iterable[Slot]:
    """What a strategy has to have and is not there yet."""
    for question, rows in found.items():
        for place in needed(strategy, list(rows.values()), pupil.settings.samples, vote_key):
            if place not in rows:
                yield question, *place


def _answer(pupil: Pupil, question: str, found: Mapping[Place, Judged], seconds: float) -> Answer:
    order = [(thought, sample) for thought in pupil.run.thoughts for sample in range(pupil.settings.samples)]
    rows = with_confidence([found[place] for place in order if place in found], pupil.knowledge.learned, vote_key)
    chosen = tuple(_chosen(strategy, rows, pupil.knowledge.learned) for strategy in pupil.strategies)
    cues = {pupil.formats[row.thought].cue for row in rows}
    cut = any(pupil.student.codec.source(question, cue, pupil.longest)[1] for cue in cues)
    return Answer(question, chosen, tuple(rows), cut, seconds)


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


def _thoughts(pupil: Pupil, slots: Sequence[Slot], watch: Watch) -> dict[Slot, Judged]:
    """Write and execute some thoughts, and have them judged."""
    requests = [Request(question, pupil.formats[thought].cue, sample) for question, thought, sample in slots]
    written = dict(zip(slots, _written(pupil, requests, watch), strict=True))
    executed = _executed(pupil, written, watch)
    return {slot: _judged(pupil, slot, written[slot], executed[slot]) for slot in slots}


def _written(pupil: Pupil, requests: Sequence[Request], watch: Watch) -> list[Written]:
    """The thoughts, in order; as many as are decoded together make a batch."""
    how = Decoding(
        temperature=pupil.settings.temperature,
        max_tokens=pupil.settings.max_tokens,
        max_question=pupil.longest,
        seed=pupil.run.run.seed,
    )
    size = pupil.settings.decode_batch
    groups = [list(range(len(requests)))]
    # Few are one batch, so that one question does not wait for its formats one after the other.
    if len(requests) > size or pupil.apart:
        groups = decoding.batches(pupil.student, requests, size, pupil.longest, apart=pupil.apart)
    found: dict[int, Written] = {}
    batches = pupil.engine.write([[requests[place] for place in group] for group in groups], how)
    for group, thoughts in zip(groups, batches, strict=True):
        found |= zip(group, thoughts, strict=True)
        watch()
    return [found[place] for place in range(len(requests))]


def _executed(pupil: Pupil, written: Mapping[Slot, Written], watch: Watch) -> dict[Slot, Execution]:
    """What each thought comes to, one batch a format."""
    found: dict[Slot, Execution] = {}
    for name in dict.fromkeys(thought for _, thought, _ in written):
        texts = {slot: one.text for slot, one in written.items() if slot[1] == name}
        executed = _executions(pupil, pupil.formats[name], list(dict.fromkeys(texts.values())), watch)
        for slot, text in texts.items():
            kinds = pupil.kinds
            found[slot] = executed[text] if kinds is None else restricted(executed[text], kinds)
    return found


def _executions(pupil: Pupil, format: ThoughtSettings, texts: Sequence[str], watch: Watch) -> dict[str, Execution]:
    def progress(done: int) -> None:
        watch()

    timeout, memory = format.timeout, format.memory
    found = execute(format.answer, texts, timeout=timeout, memory=memory, progress=progress, kept=pupil.kept)
    return dict(zip(texts, found, strict=True))


def _judged(pupil: Pupil, slot: Slot, thought: Written, execution: Execution) -> Judged:
    """A thought with what executing it gave; right or wrong cannot be told."""
    question, name, sample = slot
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
