"""A project whose stages are stand-ins: DVC, git and the files are real, the work is not.

In the place of `mtd stage ...` stands a script that writes each stage's outputs with a content that
follows from its command, its values and its inputs, as with real stages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from distill_dsl.cli.commands import app
from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.emit.params_yaml import params_document
from distill_dsl.compiler.plan.stages import SpecStage, stage_name
from distill_dsl.compiler.plan.wiring import wire

SCRIPT = f"""#!{sys.executable}
import hashlib, json, pathlib, sys
stages = json.loads(pathlib.Path(".stand_in.json").read_text())
stage = stages["mtd " + " ".join(sys.argv[1:])]
content = hashlib.sha256(json.dumps([stage["command"], stage["values"]]).encode())
for name in stage["deps"]:
    path = pathlib.Path(name)
    content.update(path.read_bytes() if path.is_file() else b"folder")
for name in stage["outs"]:
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content.hexdigest() + name
    path.write_text(json.dumps(text) if name.endswith(".json") else text)
"""


class StandIn:
    """A git and DVC project with one spec, `specs/walk.mtd`."""

    def __init__(self, root: Path, text: str) -> None:
        self.root = root
        self.spec = root / "specs" / "walk.mtd"
        self.spec.parent.mkdir(parents=True)
        self.spec.write_text(text, encoding="utf-8")
        script = root / ".bin" / "mtd"
        script.parent.mkdir()
        script.write_text(SCRIPT)
        script.chmod(0o755)
        (root / ".gitignore").write_text("/.bin/\n/.stand_in.json\n")
        self.environment = os.environ | {
            "PATH": f"{script.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        self.run("git", "init", "--quiet")
        self.run("git", "config", "user.email", "one@example.org")
        self.run("git", "config", "user.name", "One")
        self.run("dvc", "init", "--quiet")

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def edit(self, old: str, new: str) -> None:
        text = self.spec.read_text(encoding="utf-8")
        assert old in text
        self.spec.write_text(text.replace(old, new), encoding="utf-8")

    def mtd(self, *arguments: str, code: int = 0) -> str:
        """What `mtd` prints; the working folder is the project's."""
        here = Path.cwd()
        os.chdir(self.root)
        try:
            done = CliRunner().invoke(app, list(arguments))
        finally:
            os.chdir(here)
        assert done.exit_code == code, f"mtd {' '.join(arguments)} exited {done.exit_code}:\n{done.output}"
        return done.output

    def compile(self) -> None:
        self.mtd("compile", "specs/walk.mtd")
        here = Path.cwd()
        os.chdir(self.root)
        try:
            plan = compile_spec(Path("specs/walk.mtd")).plan
        finally:
            os.chdir(here)
        assert plan is not None
        document = params_document(plan)
        stages = {}
        for stage in plan.stages:
            wiring = wire(stage, plan.blocks)
            deps = [] if isinstance(stage, SpecStage) else [path.as_posix() for path in wiring.deps]
            outs = [path.as_posix() for path in (*wiring.outs, *wiring.kept, *wiring.metrics)]
            values = {"name": stage_name(stage)} | {key: _value(document, key) for key in wiring.params}
            command = "spec" if isinstance(stage, SpecStage) else wiring.command
            stages[wiring.command] = {"command": command, "values": values, "deps": deps, "outs": outs}
        (self.root / ".stand_in.json").write_text(json.dumps(stages))

    def repro(self) -> tuple[set[str], set[str]]:
        """The stages that `dvc repro` ran, and those that it took from its cache of runs."""
        said = self.run("dvc", "repro").splitlines()
        ran = {line.split("'")[1] for line in said if line.startswith("Running stage")}
        cached = {line.split("'")[1] for line in said if "is cached - skipping run" in line}
        return ran, cached


def _value(document: dict[str, object], key: str) -> object:
    value: object = document
    for part in key.split("."):
        assert isinstance(value, dict)
        value = value[part]
    return value
