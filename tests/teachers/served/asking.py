"""Projects that ask a server by the command that a pipeline runs: `mtd stage ask`, a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from distill_dsl.contract import files

PROMPTS: Final = Path(__file__).parents[3] / "prompts"
SPEC: Final = """\
data boxes { source = file("data/boxes.jsonl") }
data tests { source = synthetic("arithmetic", test: 4, largest: 9, steps: [1, 1]) }

teacher server {
  model       = openai("MODEL", base_url: env("ASK_URL"), key: env("ASK_KEY"))
  temperature = TEMPERATURE
  samples     = SAMPLES
  max_tokens  = MAX_TOKENS
EXTRA}

thought cot { answer = text   cue = "Let's think step by step." }

mix cotd { problems = boxes.all   teacher = server   thoughts = cot }

student tiny { base = scratch("t5", width: 16, layers: 1, heads: 2)   steps = 2   batch = 4   evaluations = 1 }

experiment boxes {
  students   = [tiny]
  mixes      = [cotd]
  tests      = [tests.test]
  answers    = [cot]
  max_tokens = 4
}
"""
CELL: Final = files.asked_cell("server", "boxes", "all", "cot")
ASK: Final = ("stage", "ask", "--teacher", "server", "--data", "boxes", "--split", "all", "--thought", "cot")
KEY: Final = "sk-of-a-test"
MTD: Final = (str(Path(sys.executable).with_name("mtd")),)


@dataclass(frozen=True)
class Project:
    """A compiled spec with its problems, in a folder."""

    root: Path
    environment: dict[str, str]

    def run(self, *command: str, fails: bool = False, **variables: str) -> str:
        """Run `mtd ...` to its end; what it printed."""
        done = subprocess.run(
            [*MTD, *command],
            cwd=self.root,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        text = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{' '.join(command)} exited {done.returncode}:\n{text}"
        assert "Traceback" not in text, text
        return text

    def ask(self, url: str, *, fails: bool = False, **variables: str) -> str:
        """Ask the server at `url` for everything."""
        return self.run(*ASK, fails=fails, ASK_URL=url, **variables)

    def begin(self, url: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start to ask, in a process group of its own."""
        return subprocess.Popen(
            [*MTD, *ASK],
            cwd=self.root,
            env=self.environment | {"ASK_URL": url} | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def completions(self) -> Path:
        return self.root / files.completions_file(CELL)

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.completions.read_text(encoding="utf-8").splitlines()]


def project(
    root: Path,
    problems: int,
    samples: int,
    *,
    model: str = "m",
    temperature: float = 0.7,
    max_tokens: int = 64,
    extra: str = "",
) -> Project:
    """Write, compile and fetch; `extra` is further lines of the teacher's block."""
    values = {
        "MODEL": model,
        "TEMPERATURE": str(temperature),
        "SAMPLES": str(samples),
        "MAX_TOKENS": str(max_tokens),
        "EXTRA": extra,
    }
    text = SPEC
    for name, value in values.items():
        text = text.replace(name, value)
    (root / "specs").mkdir(parents=True)
    (root / "specs" / "boxes.mtd").write_text(text, encoding="utf-8")
    (root / "data").mkdir()
    with (root / "data" / "boxes.jsonl").open("w", encoding="utf-8") as stream:
        for n in range(problems):
            row = {"id": f"p{n}", "question": f"How many pens are in box {n}?", "answer": str(n)}
            stream.write(json.dumps(row) + "\n")
    shutil.copytree(PROMPTS, root / "prompts")
    made = Project(root, environment())
    made.run("compile", "specs/boxes.mtd")
    made.run("stage", "fetch", "--data", "boxes", "--split", "all")
    return made


def environment() -> dict[str, str]:
    """That of this process, with the server's key and without proxies."""
    proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in proxies}
    return kept | {
        "ASK_KEY": KEY,
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "DVC_NO_ANALYTICS": "1",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
    }


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started, at once and for good."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
