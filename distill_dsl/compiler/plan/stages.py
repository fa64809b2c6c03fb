"""The stages of a plan: a closed union of frozen dataclasses, matched with `assert_never`.

A stage says what it is about; `wiring.py` says which files and params it reads and writes. Keys
such as `mix` name a section's entry in `params.yaml`: the block's name, with a suffix for each
varied param that it depends on (`etd-paths_2`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from distill_dsl.contract import files
from distill_dsl.contract.runs import Run
from distill_dsl.contract.vocabulary import StageKind


@dataclass(frozen=True)
class Place:
    """Where the spec declares what a stage is about. Goes to `meta`, never to params."""

    file: str
    line: int


@dataclass(frozen=True)
class SpecStage:
    """Fails when the spec says something else than `dvc.yaml`; every fetch waits for it."""

    specs: tuple[str, ...]
    """The spec and all that it imports, the spec first."""
    place: Place
    kind = StageKind.SPEC


@dataclass(frozen=True)
class FetchStage:
    """Reads the splits of one data set."""

    data: str
    splits: tuple[str, ...]
    place: Place
    kind = StageKind.FETCH


@dataclass(frozen=True)
class AskStage:
    """Has a teacher write thoughts of one format for one split."""

    teacher: str
    data: str
    split: str
    thought: str
    place: Place
    trained: TrainStage | None = None
    """The training whose student is asked, for a trained teacher."""
    kind = StageKind.ASK

    @property
    def cell(self) -> str:
        return files.asked_cell(self.teacher, self.data, self.split, self.thought)


@dataclass(frozen=True)
class VerifyStage:
    """Executes what an ask stage got and compares it with gold."""

    asked: AskStage
    place: Place
    kind = StageKind.VERIFY


@dataclass(frozen=True)
class MixStage:
    """Joins verified thoughts into a training set."""

    mix: str
    verified: tuple[VerifyStage, ...]
    place: Place
    without: tuple[tuple[str, str], ...] = ()
    """Data key and split of the problems that are left out."""
    kind = StageKind.MIX


@dataclass(frozen=True)
class TrainStage:
    """Fine-tunes one student on one mix with one seed."""

    mix: str
    student: str
    seed: int
    place: Place
    base: TrainStage | None = None
    """The training that this one goes on from."""
    kind = StageKind.TRAIN

    @property
    def cell(self) -> str:
        return files.trained_cell(self.mix, self.student, self.seed)


@dataclass(frozen=True)
class SolveStage:
    """Has a trained student write its thoughts for all tests of an experiment."""

    experiment: str
    trained: TrainStage
    tests: tuple[tuple[str, str], ...]
    """Data key and split of each test set."""
    thoughts: tuple[str, ...]
    place: Place
    held_out: bool = False
    """Whether the problems that the mix holds out are solved too: some answer is calibrated on them."""
    kind = StageKind.SOLVE

    @property
    def cell(self) -> str:
        return files.solved_cell(self.experiment, self.trained.mix, self.trained.student, self.trained.seed)


@dataclass(frozen=True)
class RankStage:
    """Has a verifier say of every prediction how likely it is right."""

    solved: SolveStage
    verifier: TrainStage
    place: Place
    kind = StageKind.RANK


@dataclass(frozen=True)
class ScoreStage:
    """Executes predictions and applies every strategy."""

    solved: SolveStage
    place: Place
    ranked: tuple[RankStage, ...] = ()
    kind = StageKind.SCORE


@dataclass(frozen=True)
class ReportStage:
    """Writes the experiment's tables and plots."""

    experiment: str
    scored: tuple[ScoreStage, ...]
    place: Place
    runs: tuple[Run, ...] = ()
    """The trained students, in the order of `scored`."""
    mixes: tuple[MixStage, ...] = ()
    """What they were trained on, each mix once."""
    kind = StageKind.REPORT


@dataclass(frozen=True)
class TrackStage:
    """Projects the experiment's files into MLflow."""

    reported: ReportStage
    place: Place
    kind = StageKind.TRACK


Stage = (
    SpecStage
    | FetchStage
    | AskStage
    | VerifyStage
    | MixStage
    | TrainStage
    | SolveStage
    | RankStage
    | ScoreStage
    | ReportStage
    | TrackStage
)


def stage_name(stage: Stage) -> str:
    """The stage's name in `dvc.yaml`: its kind, then what it is about, joined by `-`."""
    match stage:
        case SpecStage():
            return "spec"
        case FetchStage(data=data):
            return f"fetch-{data}"
        case AskStage():
            return f"ask-{stage.cell}"
        case VerifyStage(asked=asked):
            return f"verify-{asked.cell}"
        case MixStage(mix=mix):
            return f"mix-{mix}"
        case TrainStage() | SolveStage():
            return f"{stage.kind.value}-{stage.cell}"
        case RankStage(solved=solved, verifier=verifier):
            return f"rank-{solved.cell}-by-{verifier.cell}"
        case ScoreStage(solved=solved):
            return f"score-{solved.cell}"
        case ReportStage(experiment=experiment):
            return f"report-{experiment}"
        case TrackStage(reported=reported):
            return f"track-{reported.experiment}"
        case _:
            assert_never(stage)
