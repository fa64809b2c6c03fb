"""Which trained students a project has, what each is called, and which one is the best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.runs import Run, parse_run
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.contract.strategies import Oracle, Strategy, headline_key, strategy_key
from distill_dsl.runtime.reports.results import read_scores
from distill_dsl.runtime.stages.score import usable
from distill_dsl.runtime.strategies.intervals import mean
from distill_dsl.runtime.tracking.pipeline import Pipeline


@dataclass(frozen=True)
class SolvedRun:
    """One trained student within an experiment, as dvc.yaml has it."""

    experiment: str
    run: Run
    tests: tuple[str, ...]
    thoughts: tuple[str, ...]
    """What its mix taught, in the order of the score stage."""
    verifiers: tuple[Run, ...] = ()

    @property
    def cell(self) -> str:
        """What the report and MLflow call it: `quickstart-etd-tiny-s1`."""
        return self.run.solved(self.experiment)

    @property
    def folder(self) -> str:
        """Where its model lies."""
        return files.model_folder(self.run.trained).as_posix()

    @property
    def settings(self) -> ExperimentSettings:
        """How its students are decoded, and by which strategies they answer."""
        return read_settings(ExperimentSettings, self.experiment)


def solved_runs(pipeline: Pipeline) -> list[SolvedRun]:
    """Every run that dvc.yaml scores, in its order."""
    found = []
    for stage in pipeline.stages:
        if stage.startswith("score-"):
            said = pipeline.options(stage)
            run = Run(said["mix"][0], said["student"][0], int(said["seed"][0]))
            tests, thoughts = tuple(said["test"]), tuple(said["thought"])
            verifiers = tuple(map(parse_run, said.get("verifier", ())))
            found.append(SolvedRun(said["experiment"][0], run, tests, thoughts, verifiers))
    if not found:
        raise Failure("dvc.yaml has no trained student to ask", where="dvc.yaml", help="run `mtd compile SPEC` first")
    return found


def names_of(run: SolvedRun) -> tuple[str, str, str]:
    """What it may be called: the cell of its scores, that of its training, and the run in full."""
    return run.cell, run.run.trained, str(run.run)


def named(runs: Sequence[SolvedRun], text: str) -> list[SolvedRun]:
    """The runs that a text names; several where experiments share a training."""
    wanted = str(parse_run(text)._replace(varied=())) if "=" in text else text
    return [run for run in runs if wanted in names_of(run)]


def headline(settings: ExperimentSettings, thoughts: Sequence[str]) -> Strategy:
    """The strategy that stands for a run: the experiment's choice, else its last real one that the mix taught."""
    able = usable(settings.answers, thoughts)
    chosen = able[headline_key(able, settings.headline)]
    if isinstance(chosen, Oracle):
        raise Failure(
            "the experiment has no strategy but an oracle, which only tests can use",
            help='name one: `--by "pot > cot"`',
        )
    return chosen


def accuracy(run: SolvedRun) -> float | None:
    """The mean over tests of the headline's accuracy, 0 to 1; `None` where it was not scored yet."""
    if not files.scores_file(run.cell).is_file():
        return None
    key = strategy_key(headline(run.settings, run.thoughts))
    scores = [test.strategies[key].accuracy for test in read_scores(run.cell).values() if key in test.strategies]
    return mean(scores) if scores else None


def best(runs: Sequence[SolvedRun]) -> SolvedRun | None:
    """The one run with the highest accuracy; `None` where none is scored, or no comparison would be fair.

    Experiments have tests of their own, so that only one experiment's runs are compared.
    """
    scored = [(reached, run) for run in runs if (reached := accuracy(run)) is not None]
    if len(runs) == 1:
        return runs[0]
    if not scored or len({run.experiment for run in runs}) > 1:
        return None
    highest = max(reached for reached, _ in scored)
    first, *others = [run for reached, run in scored if reached == highest]
    return None if others else first
