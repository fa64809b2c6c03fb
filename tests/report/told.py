"""A finished project with a tale to tell: students that are right as often as one wishes, judged by the real stages.

What a student writes is the gold thought, or that with a slip in it: a number, a sign, a name, the end. All before
and after (problems, teachers, mixes, execution, strategies, the report) is made by the stages themselves, without a
training: a few seconds. Some texts are hostile, as a model's may be.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock

from distill_dsl.cli.commands import app
from distill_dsl.contract import files, params
from distill_dsl.contract.records import Prediction, Problem
from distill_dsl.contract.runs import Run, parse_run
from distill_dsl.contract.vocabulary import HELD_OUT, AnswerKind
from distill_dsl.runtime.teachers.solution import written
from distill_dsl.runtime.tracking.pipeline import Pipeline, read_pipeline

PROMPTS: Final = Path(__file__).parents[2] / "prompts"

SPEC: Final = """\
mtd 1
# Does one student profit from learning three formats? <script>document.title = "taken"</script>
data gsm { source = synthetic("arithmetic", train: 240, test: 40, largest: 30, steps: [1, 2]) }
data far { source = synthetic("arithmetic", test: 40, largest: 300, steps: [2, 3], seed: 7) }

teacher solver { model = solution() }

thought cot { answer = text        cue = "Let's think step by step." }
thought pot { answer = python      cue = "Let's break down the code step by step" }
thought eot { answer = equations   cue = "System of linear equations: (Do not simplify)" }

mix cotd { problems = gsm.train   teacher = solver   thoughts = cot }
mix potd = cotd { thoughts = pot }
mix etd  = cotd { thoughts = cot + pot + eot }

student tiny  { base = scratch("t5", width: 96, layers: 2)   steps = 1200   learning_rate = 1e-3 }
student small = tiny { base = scratch("t5", width: 192, layers: 4) }

experiment paper {
  students  = [tiny, small]
  mixes     = [cotd, potd, etd]
  tests     = [gsm.test, far.test]
  answers   = [cot, pot, eot, pot > eot > cot, vote(pot, eot, cot, by: confidence), oracle(pot, eot, cot)]
  headline  = vote(pot, eot, cot, by: confidence)
  seeds     = [1, 2]
  published = { source: "arXiv 2401.11864, table 2", tiny.cotd.gsm: 26.0, small.etd.gsm: 79.5 }
}
"""

EXPERIMENT: Final = "paper"

KINDS: Final = {"cot": AnswerKind.TEXT, "pot": AnswerKind.PYTHON, "eot": AnswerKind.EQUATIONS}

SKILL: Final = {"cot": 0.45, "pot": 0.7, "eot": 0.68}
"""How often a thought of a small student is right on problems like those that it learned."""

HOSTILE: Final = (
    "</script><script>document.title = 'taken'</script>",
    "<img src=x onerror=\"document.title = 'taken'\"> <b>bold</b> &amp; &lt;i&gt;",
    "one\u2028two\u2029three \u202eturned around\u202c \u0006\u0000 end `${document.title='taken'}` \\u003c ]]>",
    "']]})//\"); mtd.take('x', {}); /* \U0001f600 السلام */ {{ 7 * 7 }} {% raw %}",
)
"""Texts of thoughts for the first problem of the first test: cot, pot and eot of different seeds."""


PAGE: Final = Path("reports", EXPERIMENT, "index.html")


def told_once(factory: pytest.TempPathFactory) -> Path:
    """The project with its page, made once for all tests of a session: they only read it."""
    base = factory.getbasetemp()
    root = (base.parent if base.name.startswith("popen-") else base) / "told-once"
    with FileLock(f"{root}.lock"):
        if not (root / PAGE).exists():
            shutil.rmtree(root, ignore_errors=True)
            write_project(root)
            with contextlib.chdir(root):
                command("mtd", "report", EXPERIMENT)
    return root


def write_project(root: Path) -> Pipeline:
    """A finished project in an empty folder; the working directory is that folder meanwhile."""
    root.mkdir(parents=True)
    (root / "specs").mkdir()
    (root / "specs" / "paper.mtd").write_text(SPEC, encoding="utf-8")
    shutil.copytree(PROMPTS, root / "prompts")
    with contextlib.chdir(root):
        command("git", "init", "--quiet")
        command("dvc", "init", "--quiet")
        command("mtd", "compile", "specs/paper.mtd")
        params._read.cache_clear()
        pipeline = read_pipeline()
        run_stages(pipeline, "spec", "fetch", "ask", "verify", "mix")
        for name in stages(pipeline, "solve"):
            solve(name, pipeline)
        run_stages(pipeline, "score", "report")
        keep()
        return read_pipeline()


def keep() -> None:
    """Into DVC's cache and git, as after `dvc repro`."""
    command("dvc", "commit", "--force", "--quiet")
    command("git", "add", "--all")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    command("git", *who, "commit", "--quiet", "--message", "the paper's recipes")


def command(*words: str) -> None:
    """A command in a process of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # The page names the commit, whose hash its date is a part of.
    dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-01T00:00:00Z")
    environment = os.environ | dates | {"PATH": path, "DVC_NO_ANALYTICS": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(words, check=True, env=environment, stdout=subprocess.DEVNULL)


def stages(pipeline: Pipeline, kind: str) -> Iterator[str]:
    """The stages of a kind, in the order of dvc.yaml."""
    return (name for name in pipeline.stages if name.split("-")[0] == kind)


def run_stages(pipeline: Pipeline, *kinds: str) -> None:
    """Run the commands of all stages of these kinds, here."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        for kind in kinds:
            for name in stages(pipeline, kind):
                app(shlex.split(pipeline.stages[name]["cmd"])[1:], standalone_mode=False)


def solve(stage: str, pipeline: Pipeline) -> None:
    """What a student would have been and have written."""
    said = pipeline.options(stage)
    run = parse_run(f"mix={said['mix'][0]},student={said['student'][0]},seed={said['seed'][0]}")
    write_training(run)
    held_out = "--held-out" in pipeline.stages[stage]["cmd"]
    problems = files.read_solved(said["test"], run.mix, held_out=held_out)
    cell = run.solved(EXPERIMENT)
    rows = [
        prediction(run, test, problem, thought, first=place == 0 and test == said["test"][0])
        for test, found in problems.items()
        for place, problem in enumerate(found)
        for thought in said["thought"]
    ]
    files.write_rows(files.predictions_file(cell), rows)
    tokens = {"tokens": sum(row.tokens for row in rows), "thoughts": len(rows)}
    speed = {"tokens_per_second": 2400.0 + run.seed, "single_tokens_per_second": 950.0}
    took = {"seconds": 21.5, "latency_p50": 0.021, "latency_p95": 0.04, "engine": "transformers", "batch": 64}
    files.write_json(files.solving_file(cell), took | tokens | speed | {"peak_memory": 4.6e8, "energy": None})


def write_training(run: Run) -> None:
    """What training would have measured."""
    size = 1_900_000 if run.student == "small" else 410_000
    counts = files.read_json(files.mix_counts_file(run.mix))
    seconds = (300.0 if run.student == "small" else 95.0) + run.seed
    files.write_json(
        files.training_file(run.trained),
        {"steps": 1200, "examples": counts["train"], "parameters": size, "trained_parameters": size}
        | {"seconds": seconds, "seen_tokens": 845_000, "tokens_per_second": 8800.0, "padding": 0.08}
        | {"flops": 17.0 * size * 1e6, "peak_memory": 9.1e8, "device": "cpu", "precision": "float32"},
    )
    files.write_rows(files.dev_thoughts_file(run.trained), [])
    for path in (files.curve_file(run.trained), files.system_file(run.trained)):
        files.write_text(path, "step,loss,dev_loss,learning_rate\n")
    files.write_text(files.model_folder(run.trained) / "config.json", f'{{"seed": {run.seed}}}\n')


def prediction(run: Run, test: str, problem: Problem, thought: str, *, first: bool) -> Prediction:
    """A thought, right more often by a larger student, after a richer mix, on an easier problem."""
    chance = random.Random(f"{run.solved(EXPERIMENT)} {test} {problem.id} {thought}")
    assert problem.solution is not None
    text = written(problem.solution, KINDS[thought])
    hard = random.Random(zlib.crc32(f"{test} {problem.id}".encode())).random()
    skill = SKILL[thought] + 0.1 * (run.student == "small") + 0.05 * (run.mix == "etd") - 0.2 * (test == "far-test")
    right = 0.5 * hard + 0.5 * chance.random() < skill
    if not right:
        text = slipped(text, thought, chance)
    if first and test != HELD_OUT:
        text = HOSTILE[(list(KINDS).index(thought) + run.seed) % len(HOSTILE)]
    logprob = round(-chance.uniform(0.002, 0.05) * (1 if right else 4), 6)
    return Prediction(
        test=test, problem=problem.id, thought=thought, text=text, tokens=len(text) // 3 + 1, logprob=logprob
    )


def slipped(text: str, thought: str, chance: random.Random) -> str:
    """The thought with a mistake in it: one that does not run, or one that runs and is wrong."""
    kind = chance.random()
    if thought != "cot" and kind < 0.15:
        return text.replace("=", "", 1)
    if thought == "pot" and kind < 0.25:
        return re.sub(r"\b([a-z_]+)\b(?=[^=]*$)", r"\1_total", text, count=1)
    if thought == "eot" and kind < 0.4 and "\n" in text:
        return text.partition("\n")[2]
    numbers = list(re.finditer(r"\d+", text))
    if not numbers:
        return text[: len(text) // 2]
    one = numbers[-1] if thought == "cot" else chance.choice(numbers)  # prose ends in its answer
    return f"{text[: one.start()]}{int(one[0]) + chance.choice([1, 2, 10])}{text[one.end() :]}"
