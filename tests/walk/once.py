"""One small experiment, truly run by `dvc repro` once in a run of the tests, for all that look at what a person sees.

Two mixes with two seeds, and every strategy's kind, so that there is something to compare. Each test
gets a copy of its own, committed to git, with DVC's cache, and without MLflow's store.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock

from tests.walk.walked import Project

SPEC: Final = """\
# What a researcher sees, in miniature.
data problems {
  source = synthetic("arithmetic", train: 400, test: 24, largest: 6, steps: [1, 1])
}

teacher solver { model = solution() }

thought cot { answer = text       cue = "Let's think step by step." }
thought pot { answer = python     cue = "Let's break down the code step by step" }
thought eot { answer = equations  cue = "System of linear equations: (Do not simplify)" }

mix cotd { problems = problems.train   teacher = solver   thoughts = cot }
mix etd  = cotd { thoughts = cot + pot + eot }

student tiny {
  base          = scratch("t5", width: 48, layers: 1, heads: 2)
  steps         = 300
  learning_rate = 2e-3
  batch         = 16
  evaluations   = 3
  dev_problems  = 4
}

experiment seen {
  students   = [tiny]
  mixes      = [cotd, etd]
  tests      = [problems.test]
  answers    = [cot, pot, eot, pot > eot > cot, vote(pot, eot, cot, by: confidence), oracle(pot, eot, cot)]
  headline   = vote(pot, eot, cot, by: confidence)
  seeds      = [1, 2]
  max_tokens = 48
}
"""

DONE: Final = "done"
STORE: Final = ("mlflow.db*", "mlartifacts")
"""MLflow's store knows where it lies; `mtd track` makes it anew."""


def walked_once(factory: pytest.TempPathFactory) -> Path:
    """The folder of the finished project; the first to come runs it, the others wait."""
    base = factory.getbasetemp()
    root = base.parent if base.name.startswith("popen-") else base
    folder = root / "seen-once"
    with FileLock(root / "seen-once.lock"):
        if not (folder / DONE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            project = Project(folder / "project", SPEC)
            project.run("mtd", "compile", "specs/walk.mtd")
            project.run("dvc", "repro")
            project.commit("an experiment")
            (folder / DONE).touch()
    return folder / "project"


def copied(factory: pytest.TempPathFactory, to: Path) -> Project:
    """A project of one's own, finished."""
    shutil.copytree(walked_once(factory), to, symlinks=True, ignore=shutil.ignore_patterns(*STORE))
    return Project(to, None)
