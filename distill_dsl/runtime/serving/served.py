"""All that a student needs to answer outside of the project that trained it: one document beside its weights.

The settings of its formats, how it is decoded, the strategy, what that has learned, and which kinds of
answers count. A student that is made ready from it gives the answers that it gives in its project.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.form import Count, Settings
from distill_dsl.contract.runs import Run
from distill_dsl.contract.settings import ExperimentSettings, ThoughtSettings
from distill_dsl.contract.strategies import Strategy
from distill_dsl.runtime.solving.asking import Pupil
from distill_dsl.runtime.solving.knowledge import Knowledge
from distill_dsl.runtime.solving.runs import SolvedRun
from distill_dsl.runtime.strategies.choices import Learned
from distill_dsl.runtime.students import decoding, models, verifier
from distill_dsl.runtime.students.engines import choosing
from distill_dsl.runtime.students.verifier import Limits
from distill_dsl.runtime.thoughts.execute import execute
from distill_dsl.runtime.thoughts.judging import AnswerGroup

PLAIN_ENGINE: Final = "transformers"


class Served(Settings, frozen=True, kw_only=True):
    """A trained student with the way in which it answers."""

    experiment: str
    mix: str
    student: str
    seed: int
    formats: dict[str, ThoughtSettings]
    """The thoughts that it was taught, in the order in which strategies see them."""
    strategy: Strategy
    samples: Count
    temperature: float
    max_tokens: Count
    max_question: Count
    decode_batch: Count
    engine: str
    kinds: tuple[AnswerGroup, ...] | None
    """Of answers that count; `None` is any."""
    learned: Learned
    verifiers: dict[str, Limits]
    """By the name under which the strategy asks them."""


def described(pupil: Pupil) -> Served:
    """The document of a student that is loaded in its project; its first strategy is the one that answers."""
    run, settings = pupil.run, pupil.settings
    return Served(
        experiment=run.experiment,
        mix=run.run.mix,
        student=run.run.student,
        seed=run.run.seed,
        formats={name: pupil.formats[name] for name in run.thoughts},
        strategy=pupil.strategies[0],
        samples=settings.samples,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        max_question=pupil.longest,
        decode_batch=settings.decode_batch,
        engine=settings.engine,
        kinds=None if pupil.kinds is None else tuple(sorted(pupil.kinds)),
        learned=pupil.knowledge.learned,
        verifiers={name: limits for name, (_, limits) in pupil.knowledge.judges.items()},
    )


def encoded(served: Served) -> bytes:
    """The document as JSON: the same student, the same bytes."""
    return msgspec.json.format(msgspec.json.encode(served), indent=2) + b"\n"


def decoded(path: Path) -> Served:
    """Read the document."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Served)
    except (OSError, msgspec.DecodeError) as error:
        raise Failure(
            f"{path} does not say how this student answers: {error}",
            where=str(path),
            help="the model is damaged; register it again with `mtd register`",
        ) from error


def ready(served: Served, weights: Path, verifiers: Callable[[str], Path]) -> Pupil:
    """The student, loaded from `weights`, with its verifiers from where `verifiers` says.

    A `Failure` where programs cannot be walled in on this machine: better now than at the first question.
    """
    models.quiet()
    student = models.trained_student(weights)
    threads = models.use_threads(student)
    run = SolvedRun(served.experiment, Run(served.mix, served.student, served.seed), (), tuple(served.formats))
    kind = engine_of(served, student)
    how = decoding.Decoding(served.temperature, served.max_tokens, served.max_question, served.seed)
    # What an engine makes of the weights it reads into memory at once.
    with TemporaryDirectory(prefix="mtd-served-") as place:
        made = Path(place)
        engine = choosing.opened(kind, student, weights, made, how, threads=threads, batches=len(served.formats))
    judges = {name: (verifier.trained_verifier(verifiers(name)), limits) for name, limits in served.verifiers.items()}
    pupil = Pupil(
        run=run,
        student=student,
        settings=_settings(served),
        formats=served.formats,
        longest=served.max_question,
        kinds=None if served.kinds is None else frozenset(served.kinds),
        strategies=(served.strategy,),
        knowledge=Knowledge(served.learned, judges),
        engine=engine,
        # Requests of strangers are not to fill a disk.
        kept=None,
        apart=choosing.apart(kind),
    )
    _prove(pupil)
    return pupil


def engine_of(served: Served, student: models.Student) -> choosing.Kind:
    """The engine that solved the tests where it is here, too; else `transformers`, which runs every student."""
    return choosing.chosen(PLAIN_ENGINE if served.engine == PLAIN_ENGINE else choosing.AUTO, student)


def _settings(served: Served) -> ExperimentSettings:
    return ExperimentSettings(
        answers=(served.strategy,),
        samples=served.samples,
        temperature=served.temperature,
        max_tokens=served.max_tokens,
        decode_batch=served.decode_batch,
        engine=served.engine,
    )


def _prove(pupil: Pupil) -> None:
    """Execute one thought of each format; where the walls do not stand, this raises a `Failure`."""
    for format in pupil.formats.values():
        for _ in execute(format.answer, ["ans = 1"], timeout=format.timeout, memory=format.memory):
            pass
