"""What some strategies have to know beside the thoughts: how far to trust them, and what a verifier says.

It is what the pipeline knows: confidences are learned from the predictions for the problems that the mix
holds out, as the score stage does, and verifiers are those that its rank stages asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Judged, Prediction, Problem
from distill_dsl.contract.runs import Run, name_of
from distill_dsl.contract.settings import StudentSettings, ThoughtSettings
from distill_dsl.contract.strategies import (
    Ranked,
    Strategy,
    needs_calibration,
    strategy_key,
    strategy_title,
)
from distill_dsl.contract.vocabulary import HELD_OUT
from distill_dsl.runtime.solving.runs import SolvedRun
from distill_dsl.runtime.stages.rank import SCORE_DIGITS
from distill_dsl.runtime.stages.score import judge_all, slots
from distill_dsl.runtime.strategies.choices import Learned, learned
from distill_dsl.runtime.students import models, verifier
from distill_dsl.runtime.students.verifier import Claim, Limits
from distill_dsl.runtime.thoughts.answers import vote_key


@dataclass(frozen=True)
class Knowledge:
    """What the strategies that are asked have learned, and the verifiers that they ask, by name."""

    learned: Learned
    judges: dict[str, tuple[models.Student, Limits]]
    folders: dict[str, Path] = field(default_factory=dict)
    """Where the weights of each verifier are, in the project."""


def known(run: SolvedRun, strategies: Sequence[Strategy], formats: Mapping[str, ThoughtSettings]) -> Knowledge:
    """What these strategies need; a `Failure` says what is missing and which stage makes it."""
    ranked = {_judge(strategy): strategy for strategy in strategies if isinstance(strategy, Ranked)}
    trained = {name: _trained(run, strategy) for name, strategy in ranked.items()}
    judges = {name: _loaded(judge) for name, judge in trained.items()}
    folders = {name: files.model_folder(judge.trained) for name, judge in trained.items()}
    return Knowledge(_learned(run, strategies, formats), judges, folders)


def ranks(knowledge: Knowledge, claim: Claim) -> dict[str, float]:
    """What each verifier makes of one thought."""
    return {
        name: round(verifier.scores(judge, [claim], limits)[0], SCORE_DIGITS)
        for name, (judge, limits) in knowledge.judges.items()
    }


# --- confidences ----------------------------------------------------------------------------------


def _learned(run: SolvedRun, strategies: Sequence[Strategy], formats: Mapping[str, ThoughtSettings]) -> Learned:
    needing = {strategy_key(strategy): strategy for strategy in strategies if needs_calibration(strategy)}
    if not needing:
        return Learned()
    rows = _held_out(run, next(iter(needing.values())), dict(formats))
    return learned(needing, run.thoughts, rows, vote_key)


def _held_out(run: SolvedRun, strategy: Strategy, formats: dict[str, ThoughtSettings]) -> list[list[Judged]]:
    """The judged thoughts of each problem that the mix holds out, as the score stage has them."""
    path, mixed = files.predictions_file(run.cell), files.mix_file(run.run.mix, "held_out")
    if not path.is_file() or not mixed.is_file():
        raise _unlearned(strategy, run, f"{mixed if path.is_file() else path} is not here")
    problems = list(files.read_rows(mixed, Problem))
    found = {
        (row.test, row.problem, row.thought, row.sample): row
        for row in files.read_rows(path, Prediction)
        if row.test == HELD_OUT
    }
    wanted = [slots(HELD_OUT, problem, run.thoughts, run.settings.samples) for problem in problems]
    if not wanted or any(slot not in found for places in wanted for slot in places):
        raise _unlearned(strategy, run, "the experiment did not ask the student about them")
    judged = judge_all(found, {HELD_OUT: problems}, formats)
    return [[judged[slot] for slot in places] for places in wanted]


def _unlearned(strategy: Strategy, run: SolvedRun, why: str) -> Failure:
    return Failure(
        f"`{strategy_title(strategy)}` learns from problems that the mix holds out, and {why}",
        where=run.cell,
        help=f"run `dvc repro score-{run.cell}` or `dvc pull` (a strategy that no experiment has is learned by none)",
    )


# --- verifiers ------------------------------------------------------------------------------------


def _judge(strategy: Ranked) -> str:
    return f"{strategy.by}-{strategy.on}"


def _trained(run: SolvedRun, strategy: Ranked) -> Run:
    """The training of a verifier: that of the run's rank stage, or one of the same seed."""
    stages = {f"{name_of(one.student)}-{name_of(one.mix)}": one for one in run.verifiers}
    return stages.get(_judge(strategy), Run(strategy.on, strategy.by, run.run.seed))


def _loaded(judge: Run) -> tuple[models.Student, Limits]:
    """A verifier and how much of a thought it reads."""
    folder = files.model_folder(judge.trained)
    if not folder.is_dir():
        raise Failure(
            f"the model of the verifier {judge.trained} is not here",
            where=str(folder),
            help=f"train it with `dvc repro train-{judge.trained}`, or fetch it with `dvc pull {folder}`",
        )
    settings = read_settings(StudentSettings, judge.student)
    return verifier.trained_verifier(folder), Limits(settings.max_question, settings.max_thought)


def with_ranks(row: Judged, knowledge: Knowledge, question: str, cue: str) -> Judged:
    """The thought with what each verifier makes of it."""
    found = ranks(knowledge, Claim(question, cue, row.text))
    return replace(row, ranks=found) if found else row
