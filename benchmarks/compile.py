"""What compiling a spec with 1,000 trainings costs, as a ratio to ruamel writing the same two documents.

The baseline is what DVC itself would take to write the files, without any of the work before that.
Both are done alternately in one process; the figures are seconds of its CPU time. Beside them stands
what an editor waits for at each change: reading and checking a text, warm.

    python -m benchmarks.compile
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML

from benchmarks.specs import of_lines, table
from distill_dsl.compiler import check_spec, compile_spec
from distill_dsl.compiler.emit.write import parsed

ROUNDS: Final = 5
SPECS: Final = {
    "10 students x 10 mixes x 10 seeds": table(10, 10, 10),
    "2 x 2 x 5, two params of 10 and 5 values varied": table(
        2, 2, 5, vary="vary paths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]  vary width = [32, 64, 96, 128, 192]"
    ),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, text in SPECS.items():
            measure(name, written("spec.mtd", text))
        for name, text in {"200 lines": of_lines(200), **SPECS}.items():
            path = written("spec.mtd", text)
            costs = [cpu(partial(check_spec, path)) for _ in range(2 * ROUNDS)]
            print(f"checking {name}, warm: median {1000 * statistics.median(costs):.1f} ms CPU")


def measure(name: str, path: Path) -> None:
    compiled = compile_spec(path)
    assert compiled.emitted is not None and compiled.plan is not None
    documents = [parsed(text) for _, text in compiled.emitted.files()]
    pairs = [(cpu(lambda: compile_spec(path)), cpu(lambda: by_ruamel(documents))) for _ in range(ROUNDS)]
    costs = [cost for cost, _ in pairs]
    print(f"{name}: {len(compiled.plan.stages)} stages")
    print(f"  compiled: median {statistics.median(costs):.2f} s CPU ({min(costs):.2f} to {max(costs):.2f})")
    print(f"  ratio to ruamel writing the files: {statistics.median(a / b for a, b in pairs):.2f}")


def by_ruamel(documents: Iterable[object]) -> None:
    """The documents of the two files, written by ruamel."""
    for document in documents:
        YAML().dump(document, StringIO())


def written(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process for the work."""
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    main()
