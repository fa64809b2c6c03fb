"""What is to be asked of a server, and what of it the store lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import OpenaiTeacher, SpendingSettings, TeacherSettings
from distill_dsl.runtime.progress import Watch
from distill_dsl.runtime.teachers.faults import Refusal
from distill_dsl.runtime.teachers.prompts import Prompt
from distill_dsl.runtime.teachers.questions import asker
from distill_dsl.runtime.teachers.store import Bought, Store


@dataclass(frozen=True)
class Errand:
    """All that one round of asking is about."""

    settings: TeacherSettings
    model: OpenaiTeacher
    teacher: str
    """The block's name."""
    problems: Sequence[Problem]
    prompt: Callable[[Problem], Prompt]
    spending: SpendingSettings
    store: Store
    progress: Callable[[int], None]
    watch: Watch

    def held(self, key: str, sample: int) -> Bought | None:
        """The completion in the store, if there is one that serves."""
        return self.store.get(key, sample, self.settings.max_tokens, logprobs=self.model.logprobs)

    def lacking(self, key: str) -> tuple[int, ...]:
        """The samples that have to be bought."""
        settings = self.settings
        held = self.store.lengths(key, settings.samples, settings.max_tokens, logprobs=self.model.logprobs)
        return tuple(sample for sample in range(settings.samples) if sample not in held)


@dataclass(frozen=True)
class Wanted:
    """A prompt, and those of its samples that the store lacks."""

    problem: str
    key: str
    question: dict[str, Any]
    samples: tuple[int, ...]

    @property
    def messages(self) -> list[dict[str, str]]:
        """What is said in it."""
        said: list[dict[str, str]] = self.question["messages"]
        return said

    @property
    def size(self) -> int:
        """Bytes of the prompt, and a few for what stands around each message."""
        return sum(len(message["content"].encode()) + 16 for message in self.messages)


class Missing:
    """What is to be bought, found out step by step; equal prompts are asked once."""

    def __init__(self, errand: Errand) -> None:
        self.held = 0
        """Completions that were in the store already."""
        self.lacking = 0
        """Completions that were found to be missing."""
        self.under_way: set[str] = set()
        self.refused: dict[str, Refusal] = {}
        self._errand = errand

    def steps(self) -> Iterator[Wanted | None]:
        """Problem by problem what it lacks; `None` for one that lacks nothing."""
        asked, samples = asker(self._errand.settings), self._errand.settings.samples
        for problem in self._errand.problems:
            question, key = asked(self._errand.prompt(problem))
            if key in self.under_way or key in self.refused:
                self._errand.progress(samples)
                yield None
                continue
            lacking = self._errand.lacking(key)
            self._find(samples - len(lacking))
            self.lacking += len(lacking)
            if lacking:
                self.under_way.add(key)
            yield Wanted(problem.id, key, question, lacking) if lacking else None

    def again(self, wanted: Wanted) -> Wanted | None:
        """What of it is still missing, now that nobody else asks the server."""
        lacking = self._errand.lacking(wanted.key)
        bought = len(wanted.samples) - len(lacking)
        self._find(bought)
        self.lacking -= bought
        if not lacking:
            self.under_way.discard(wanted.key)
        return replace(wanted, samples=lacking) if lacking else None

    def _find(self, completions: int) -> None:
        self.held += completions
        self._errand.progress(completions)
