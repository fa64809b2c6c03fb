"""What a `dvc repro` that has nothing to do costs for a compiled spec, as a ratio to one stage's.

The pipeline is the real one, as `mtd compile` writes it; only each stage's command is replaced by a
stand-in that writes its outputs. Baseline: the same `dvc repro` with one stage. Both are run
alternately; the figures are CPU seconds (user + system) of the whole process.

    python benchmarks/noop_repro.py specs/etd.mtd
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from ruamel.yaml import YAML

from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.emit.write import parsed

ROUNDS = 5
STAND_IN = """\
import pathlib, sys
for name in sys.argv[1:]:
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}" if name.endswith(".json") else name)
"""
BASELINE = "stages:\n  one:\n    cmd: echo one > one.txt\n    outs:\n      - one.txt\n"


def main(spec: str) -> None:
    compiled = compile_spec(Path(spec))
    if compiled.emitted is None:
        sys.exit(f"{spec} does not compile; see `mtd check {spec}`")
    document = parsed(compiled.emitted.dvc) or {}
    with tempfile.TemporaryDirectory() as folder:
        table, baseline = Path(folder, "table"), Path(folder, "baseline")
        prepare(table, stand_ins(document, table), compiled.emitted.params)
        prepare(baseline, BASELINE, None)
        print(f"{len(document['stages'])} stages; first run: {cpu(table):.1f} s CPU")
        cpu(baseline)
        pairs = [(cpu(table), cpu(baseline)) for _ in range(ROUNDS)]
    costs = [cost for cost, _ in pairs]
    print(f"no-op: median {statistics.median(costs):.2f} s CPU ({min(costs):.2f} to {max(costs):.2f})")
    print(f"ratio to a pipeline of one stage: {statistics.median(a / b for a, b in pairs):.2f}")


def stand_ins(document: dict[str, dict[str, dict[str, object]]], root: Path) -> str:
    """The pipeline with stand-in commands; dependencies that no stage writes are made here."""
    document = {"stages": document["stages"]}
    written: set[str] = set()
    for stage in document["stages"].values():
        outs = [name for key in ("outs", "metrics") for name in names(stage.get(key, []))]
        stage["cmd"] = f"{sys.executable} stand_in.py {' '.join(outs)}"
        written |= set(outs)
    for stage in document["stages"].values():
        for name in set(names(stage.get("deps", []))) - written:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
    path = root / "dvc.yaml"
    root.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        YAML().dump(document, stream)
    return path.read_text()


def names(entries: object) -> list[str]:
    assert isinstance(entries, list)
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def prepare(root: Path, pipeline: str, params: str | None) -> None:
    root.mkdir(parents=True, exist_ok=True)
    (root / "dvc.yaml").write_text(pipeline)
    (root / "stand_in.py").write_text(STAND_IN)
    if params is not None:
        (root / "params.yaml").write_text(params)
    for command in (["git", "init", "--quiet"], [sys.executable, "-m", "dvc", "init", "--quiet"]):
        subprocess.run(command, cwd=root, check=True)


def cpu(root: Path) -> float:
    """CPU seconds of one `dvc repro`, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"DVC_NO_ANALYTICS": "1"}
    subprocess.run(
        [sys.executable, "-m", "dvc", "repro", "--quiet"],
        cwd=root,
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "specs/etd.mtd")
