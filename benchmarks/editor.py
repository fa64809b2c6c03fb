"""What the language server takes to react to a keystroke, as a ratio to `check_spec` of the same text on disk.

A block is typed letter by letter in the middle of a spec. Each keystroke is a change of the document, after
which everything that the editor is told of it is made anew, up to the protocol's own objects: nothing waits
or is left out. Every few letters a completion, a hover and the colours of all words are asked for, too. Both
are done alternately in one process; the figures are milliseconds of its CPU time.

    python -m benchmarks.editor
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from lsprotocol import types as lsp

from benchmarks.specs import of_lines, table
from distill_dsl.compiler import check_spec
from distill_dsl.editor import protocol
from distill_dsl.editor.documents import Desk, Documents
from distill_dsl.editor.protocol import Look

SPECS: Final = {"200 lines": of_lines(200), "10 students x 10 mixes x 10 seeds": table(10, 10, 10)}

TYPED: Final = """\
mix typed {
  problems = gsm8k.train + svamp.test
  teacher  = solver
  thoughts = cot + 2*pot
}

"""
BEFORE: Final = "experiment table"
"""The statement above which the block is typed."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, text in SPECS.items():
            measure(name, Path(folder, "spec.mtd"), text)


def measure(name: str, path: Path, text: str) -> None:
    desk, place = Desk(), text.index(BEFORE)
    reactions: list[float] = []
    checks: list[float] = []
    asked: dict[str, list[float]] = {}
    for count in range(len(TYPED) + 1):
        now = text[:place] + TYPED[:count] + text[place:]
        path.write_text(now, encoding="utf-8")
        look = Look(desk, Documents().opened(path, now, count))
        reactions.append(cpu(lambda look=look: protocol.checked(look)))
        checks.append(cpu(lambda: check_spec(path)))
        if count % 5 == 0:
            for what, cost in answers(look, path, place + count):
                asked.setdefault(what, []).append(cost)
    print(f"{name}: {text.count(chr(10))} lines, {len(reactions)} keystrokes")
    print(f"  reaction: {spread(reactions)}; ratio to check_spec: {ratio(reactions, checks):.2f}")
    for what, costs in asked.items():
        print(f"  {what} then: {spread(costs)}")


def answers(look: Look, path: Path, offset: int) -> Iterable[tuple[str, float]]:
    """What it costs to answer at the cursor, once the document has been checked."""
    view = look.view(path)
    at = lsp.Position(*look.places(str(path)).place(offset))
    yield "completion", cpu(lambda: protocol.complete(look, view, at))
    yield "hover", cpu(lambda: protocol.explain(look, view, at))
    yield "colours", cpu(lambda: protocol.coloured(look, view))


def ratio(ones: Iterable[float], others: Iterable[float]) -> float:
    """The median of how often each contains its other."""
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


def spread(costs: list[float]) -> str:
    """Median, 95 of 100, and the worst, in milliseconds."""
    worst = sorted(costs)
    most = worst[int(len(worst) * 0.95)]
    return (
        f"median {1000 * statistics.median(costs):.1f} ms, 95 % under {1000 * most:.1f}, at most {1000 * worst[-1]:.1f}"
    )


def cpu(work: Callable[[], object]) -> float:
    """Seconds of processor time that some work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
