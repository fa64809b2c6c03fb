"""Tasks of reasoning_gym (an optional package): problems drawn without end, with checkers of their own.

Each split draws from a seed of its own, and no question stands twice, in one split or in two: what is
drawn again is left out, and another drawn for it; so is a problem whose own answer the task's checker does
not take. They are drawn in a process of their own, whose hash
seed is fixed: some tasks follow the order of sets.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Final

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Checker, Problem
from distill_dsl.contract.settings import ReasoningGymSource
from distill_dsl.runtime.gym import made, score
from distill_dsl.runtime.sources.origin import Fetched, packages

NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,15})?")
WORDS: Final = re.compile(r"[A-Za-z][\w' -]{0,98}")
NONSENSE: Final = "none of these, -987654"
"""Right by a checker that takes anything (that of game_of_life_halting does)."""
IDLE_ROUNDS: Final = 3
"""Rounds in a row that draw nothing new before a task counts as used up."""
_START: Final = "from distill_dsl.runtime.sources.gym import serve; serve()"


class Drawn(msgspec.Struct, frozen=True):
    """What was drawn: the rows of each split, and whether the task scores answers in a way of its own."""

    splits: dict[str, list[dict[str, Any]]]
    scores: bool
    lenient: bool
    """Its own way takes what is no answer: then answers are compared."""
    again: dict[str, int]
    """Split -> how many questions were left out because they had been drawn before."""
    refused: dict[str, list[str]]
    """Split -> the answers that the task's own checker does not take."""


def draw(source: ReasoningGymSource, splits: Sequence[str]) -> Fetched:
    """The problems of the splits. All splits of the source are drawn, in its order: each avoids those before it."""
    for split in splits:
        if split not in source.sizes:
            raise Failure(
                f"the source names no size for split `{split}`",
                help=f'add it: reasoning_gym("{source.task}", ..., {split}: 200)',
            )
    drawn = _drawn(source)
    rows = [row for rows in drawn.splits.values() for row in rows]
    judged = needs_checker(rows, drawn.scores and not drawn.lenient)
    if drawn.lenient:
        print(f"{source.task}: its checker takes any answer" + ("" if judged else "; so answers are compared"))
    for split in splits:
        if drawn.again[split]:
            print(f"{source.task}, {split}: {drawn.again[split]} questions were drawn again, and replaced by others")
        if refused := drawn.refused[split]:
            left = f"{len(refused)} problems were left out, and replaced by others"
            print(f"{source.task}, {split}: {left}: the task's checker refuses its own answer, such as {refused[0]!r}")
    found = {
        split: [_problem(source, split, place, row, judged) for place, row in enumerate(drawn.splits[split], start=1)]
        for split in splits
    }
    origin = {"kind": "reasoning_gym", "task": source.task, "seed": source.seed, "options": source.options}
    return Fetched(found, {**origin, "packages": packages("reasoning_gym")})


def needs_checker(rows: Sequence[dict[str, Any]], scores: bool) -> bool:
    """Whether comparing answers as texts and numbers, as everywhere, would not do for this task.

    It does for numbers, and for words where the task does no more than compare them itself.
    """
    answers = [row["answer"] for row in rows]
    if all(answer is not None and NUMBER.fullmatch(answer) for answer in answers):
        return False
    return scores or not all(answer and (NUMBER.fullmatch(answer) or WORDS.fullmatch(answer)) for answer in answers)


def _problem(source: ReasoningGymSource, split: str, place: int, row: dict[str, Any], judged: bool) -> Problem:
    options = f" {msgspec.json.encode(source.options, order='sorted').decode()}" if source.options else ""
    checker = Checker(name=f"reasoning_gym:{source.task}{options}", data=row["metadata"]) if judged else None
    id = f"{source.task}-{split}-{place}"
    return Problem(id=id, question=row["question"].strip(), answer=row["answer"] or "", checker=checker)


def _drawn(source: ReasoningGymSource) -> Drawn:
    if find_spec("reasoning_gym") is None:
        raise Failure(
            f"the task `{source.task}` needs the package reasoning_gym", help="pip install 'distill-dsl[reasoning-gym]'"
        )
    asked = json.dumps({"task": source.task, "seed": source.seed, "sizes": source.sizes, "options": source.options})
    command = [sys.executable, "-W", "ignore", "-c", _START]
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    done = subprocess.run(command, input=asked, capture_output=True, text=True, env=environment, encoding="utf-8")
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise Failure(
            f"the task `{source.task}` of reasoning_gym cannot be drawn from",
            where=said[-1][:300] if said else None,
            help="see what it says; the names of its tasks are in the package's GALLERY.md",
        )
    return msgspec.json.decode(done.stdout, type=Drawn)


def serve() -> None:
    """In the process that draws: the source on standard input, a `Drawn` on standard output."""
    output, sys.stdout = sys.stdout, sys.stderr  # some tasks print
    asked = json.loads(sys.stdin.read())
    random.seed(0)
    output.write(json.dumps(_draw_here(**asked), default=_plain))


def _draw_here(task: str, seed: int, sizes: dict[str, int], options: dict[str, Any]) -> dict[str, Any]:
    from reasoning_gym.dataset import ProceduralDataset  # takes seconds, and is optional

    seen: set[str] = set()
    again = dict.fromkeys(sizes, 0)
    refused: dict[str, list[str]] = {split: [] for split in sizes}
    splits: dict[str, list[dict[str, Any]]] = {split: [] for split in sizes}
    scores = lenient = False
    for split, size in sizes.items():
        rounds = idle = 0
        while len(splits[split]) < size:
            data = made(task, options, size=size - len(splits[split]), seed=_seed(seed, split, rounds))
            scores = type(data).score_answer is not ProceduralDataset.score_answer
            drawn = list(_rows(data, refused[split]))
            lenient = lenient or any(_takes_anything(data, row) for row in drawn[:1])
            new = list({row["question"]: row for row in drawn if row["question"] not in seen}.values())
            seen |= {row["question"] for row in new}
            again[split] += len(drawn) - len(new)
            splits[split] += new
            rounds, idle = rounds + 1, 0 if new else idle + 1
            if idle == IDLE_ROUNDS and not drawn:
                raise SystemExit(f"its checker does not accept its own answers, such as {refused[split][0]!r}")
            if idle == IDLE_ROUNDS:
                raise SystemExit(f"it has no more than {len(splits[split])} new questions for `{split}`, not {size}")
    return {"splits": splits, "scores": scores, "lenient": lenient, "again": again, "refused": refused}


def _takes_anything(data: Any, row: dict[str, Any]) -> bool:
    try:
        return score(data, NONSENSE, row["answer"], row["metadata"]) >= 1
    except Exception:  # other people's code, which some answers are too strange for: these count as wrong
        return False


def _rows(drawn: Any, refused: list[str]) -> Iterator[dict[str, Any]]:
    """The problems whose own answer is right by the task's checker; the answers of others are added to `refused`."""
    for place in range(len(drawn)):
        entry = drawn[place]
        metadata = json.loads(json.dumps(entry["metadata"], default=_plain))  # as the checker will have it
        answer = None if entry["answer"] is None else str(entry["answer"])
        if answer is not None and score(drawn, answer, answer, metadata) < 1:
            refused.append(answer[:60])
            continue
        yield {"question": str(entry["question"]), "answer": answer, "metadata": metadata}


def _seed(seed: int, split: str, rounds: int) -> int:
    """Far from every other: the n-th question of a task hangs on the sum of its seed and n."""
    digest = hashlib.sha256(f"{seed}:{split}:{rounds}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _plain(value: Any) -> Any:
    """What JSON does not know: numbers and arrays of numpy; anything else as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
