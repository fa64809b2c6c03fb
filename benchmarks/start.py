"""What `mtd check` of a 200-line spec costs from a cold start, as a ratio to Python with lark imported.

Baseline: `python -c "import lark"`, the least that a program pays that reads its grammar with lark.
Both are run alternately; the figures are CPU seconds (user + system) of the whole process.

    python -m benchmarks.start
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks.specs import of_lines

LINES: Final = 200
ROUNDS: Final = 21
CHECK: Final = "from distill_dsl.cli import main; main()"
"""What the script `mtd` does."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "spec.mtd").write_text(of_lines(LINES), encoding="utf-8")
        commands = {
            "python": ["-c", "pass"],
            "python, lark imported": ["-c", "import lark"],
            "mtd check": ["-c", CHECK, "check", "spec.mtd"],
        }
        for command in commands.values():  # so that all are compiled to bytecode
            cpu(command, Path(folder))
        rounds = [{name: cpu(command, Path(folder)) for name, command in commands.items()} for _ in range(ROUNDS)]
    for name in commands:
        costs = [each[name] for each in rounds]
        print(f"{name:24} median {statistics.median(costs):.3f} s CPU ({min(costs):.3f} to {max(costs):.3f})")
    ratios = [each["mtd check"] / each["python, lark imported"] for each in rounds]
    print(f"ratio of mtd check to python with lark: {statistics.median(ratios):.2f}")


def cpu(command: list[str], folder: Path) -> float:
    """CPU seconds of one process that has to end well."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], cwd=folder, check=True, env=environment, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
