"""A project in an empty folder, used as a person would use it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROMPTS = Path(__file__).parents[2] / "prompts"


class Project:
    """A git and DVC project in an empty folder, used as a person would use it."""

    def __init__(self, root: Path, spec: str | None) -> None:
        """Begin with a spec; without one, what lies in the folder is the project."""
        self.root = root
        self.spec = root / "specs" / "walk.mtd"
        self.environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            "MLFLOW_TRACKING_URI": "",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "OMP_NUM_THREADS": "1",
        }
        if spec is None:
            return
        self.spec.parent.mkdir(parents=True)
        self.spec.write_text(spec, encoding="utf-8")
        shutil.copytree(PROMPTS, root / "prompts")
        self.run("git", "init", "--quiet")
        self.run("dvc", "init", "--quiet")

    def commit(self, message: str) -> str:
        """Commit all that git does not ignore; the commit's hash."""
        self.run("git", "add", "--all")
        self.run(
            "git", "-c", "user.name=Walk", "-c", "user.email=walk@example.org", "commit", "-q", "--message", message
        )
        return self.run("git", "rev-parse", "HEAD").strip()

    def run(self, *command: str, fails: bool = False) -> str:
        done = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, timeout=600
        )
        text = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{' '.join(command)} exited {done.returncode}:\n{text}"
        assert "Traceback" not in text, text
        return text

    def ran(self, output: str) -> set[str]:
        """The stages that a `dvc repro` ran."""
        marks = (line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage"))
        return set(marks)

    def edit(self, old: str, new: str) -> None:
        text = self.spec.read_text(encoding="utf-8")
        assert old in text
        self.spec.write_text(text.replace(old, new), encoding="utf-8")

    def hashes(self, kind: str) -> dict[str, str]:
        found = sorted((self.root / "artifacts" / kind).rglob("*.jsonl"))
        return {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in found}
