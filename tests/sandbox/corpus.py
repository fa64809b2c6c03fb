"""The corpus of attacks: small hostile programs, each with the verdict that its header demands.

It lies outside of the repository (see `conftest.shared_data`). A header says `verdict`, alternatives
with ` | ` and wildcards: `A:<type>:<value>` an answer, `E:<kind>` a failure; `absent`, a path that
must not exist afterwards.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from distill_dsl.runtime.thoughts.answers import AnswerType, type_of
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.programs.errors import KINDS

SHARED = Path(os.environ.get("DISTILL_SHARED", Path(__file__).parents[3] / "shared"))
SECRET = "hunter2-secret"
"""What some attacks look for in memory and in environments."""
NEIGHBOUR = "neighbour-answer"
"""What one attack looks for in the place where an earlier program's answer was."""


@dataclass(frozen=True)
class Attack:
    """One program of the corpus."""

    name: str
    text: str
    verdicts: tuple[str, ...]
    absent: tuple[Path, ...]

    def meets(self, execution: Execution) -> bool:
        """Whether an execution is one that the header allows."""
        return any(fnmatchcase(name, verdict) for verdict in self.verdicts for name in names_of(execution))


def attacks() -> list[Attack]:
    """All of them; skips the test where there are none."""
    paths = sorted((SHARED / "attacks" / "programs").glob("*.py"))
    if not paths:
        pytest.skip(f"needs the corpus of attacks in {SHARED}/attacks (set DISTILL_SHARED)")
    return [_attack(path) for path in paths]


def _attack(path: Path) -> Attack:
    text = path.read_text(encoding="utf-8", errors="surrogatepass")
    header = [line[2:].partition(": ") for line in text.partition("# ---")[0].splitlines()]
    said = {key: [value for name, _, value in header if name == key] for key, _, _ in header}
    verdicts = tuple(verdict.strip() for line in said["verdict"] for verdict in line.split(" | "))
    return Attack(path.stem, text, verdicts, tuple(Path(path.strip()) for path in said.get("absent", [])))


_BAD_ANSWERS = {"error:answer-size": "big", "error:answer-type": "type:*", "error:not-finite": "nonfinite"}
_LETTERS = {AnswerType.INTEGER: "i", AnswerType.DECIMAL: "fd", AnswerType.RATIONAL: "q"}


def names_of(execution: Execution) -> set[str]:
    """What the corpus calls an execution; of some there is more than one name."""
    if execution.answer is not None:
        return {f"A:{letter}:{execution.answer}" for letter in _LETTERS.get(type_of(execution.answer), "sbe")}
    failure = str(execution.failure)
    names = {f"E:{failure}"}
    if failure == "denied" or failure.startswith("error:"):
        names |= {f"E:exception {execution.detail.partition(':')[0]}"}
    names |= {f"E:exception {error.__name__}" for error, kind in KINDS.items() if failure == f"error:{kind}"}
    if failure in _BAD_ANSWERS:
        names |= {f"E:bad-answer {_BAD_ANSWERS[failure]}"}
    match failure:
        case "denied":
            names |= {"E:forbidden-syscall", "E:exception PermissionError", "E:exception ModuleNotFoundError"}
        case "timeout":
            names |= {"E:timeout cpu", "E:timeout wall"}
        case "output":
            names |= {"E:output-limit"}
        case "no-answer":
            names |= {"E:no-result", "E:bad-answer none"}
        case "error:exit":
            names |= {"E:exit", "E:bad-answer none"}
        case "error:syntax":
            names |= {"E:syntax", "E:compile"}
        case "error:recursion" | "error:crash" | "error:killed":
            names |= {failure.replace("error:", "E:")}
    return names
