"""A student that can be asked without any training: its engine writes what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from distill_dsl.contract.runs import Run
from distill_dsl.contract.settings import ExperimentSettings, ThoughtSettings
from distill_dsl.contract.strategies import Cascade, Strategy
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.solving.asking import Pupil
from distill_dsl.runtime.solving.knowledge import Knowledge
from distill_dsl.runtime.solving.runs import SolvedRun
from distill_dsl.runtime.strategies.choices import Learned
from distill_dsl.runtime.students.decoding import Decoding, Request, Written
from tests.students import pupils

FORMATS = {
    "pot": ThoughtSettings(answer=AnswerKind.PYTHON, cue=pupils.CUES["pot"], prompt="", timeout=1.0),
    "cot": ThoughtSettings(answer=AnswerKind.TEXT, cue=pupils.CUES["cot"], prompt=""),
}
BOTH = Cascade(members=("pot", "cot"))


@dataclass
class Told:
    """An engine that writes what it is told, and remembers what it was asked."""

    write_one: Callable[[Request], str]
    asked: list[Request] = field(default_factory=list)

    @property
    def name(self) -> str:
        return "told 1"

    def write(self, batches: Iterable[Sequence[Request]], how: Decoding) -> Iterator[list[Written]]:
        for batch in batches:
            self.asked += batch
            yield [Written(self.write_one(request), 7, -0.25) for request in batch]


def told(
    write_one: Callable[[Request], str], strategy: Strategy = BOTH, formats: dict[str, ThoughtSettings] = FORMATS
) -> tuple[Pupil, Told]:
    """A student whose thoughts are told, and its engine."""
    engine = Told(write_one)
    settings = ExperimentSettings(answers=(strategy,), decode_batch=8)
    pupil = Pupil(
        run=SolvedRun("table", Run("etd", "tiny", 1), (), tuple(formats)),
        student=pupils.student(),
        settings=settings,
        formats=formats,
        longest=64,
        kinds=None,
        strategies=(strategy,),
        knowledge=Knowledge(Learned(), {}),
        engine=engine,
        kept=None,
    )
    return pupil, engine
