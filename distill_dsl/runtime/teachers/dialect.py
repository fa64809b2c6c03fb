"""What a server takes of OpenAI's protocol, and the request that says the same to each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from distill_dsl.contract.settings import OpenaiTeacher, TeacherSettings

MOST_TOGETHER: Final = 128
"""Samples in one request: OpenAI's own limit."""
NEEDED: Final = frozenset(["temperature", "top_p", "stop", "logprobs"])
"""Parameters that bear on every answer: a server that does not take them cannot be asked."""


@dataclass(frozen=True)
class Dialect:
    """What the server takes of the protocol."""

    together: bool = True
    """Several samples in one request, by `n`."""
    seed: bool = True
    limit: str = "max_tokens"

    def without(self, parameters: frozenset[str]) -> Dialect:
        """The dialect of a server that does not take these; the same where there is no way around them."""
        return Dialect(
            together=self.together and "n" not in parameters,
            seed=self.seed and "seed" not in parameters,
            limit="max_completion_tokens" if "max_tokens" in parameters else self.limit,
        )

    def told(self, before: Dialect) -> Iterator[str]:
        """What a person is to know of the change."""
        if before.together and not self.together:
            yield "the server does not give several samples at once: they are asked for one by one"
        if before.seed and not self.seed:
            yield "the server takes no seed: what it writes cannot be had again but from the store"

    def and_also(self, other: Dialect) -> Dialect:
        """Without what either lacks."""
        return Dialect(
            together=self.together and other.together,
            seed=self.seed and other.seed,
            limit=other.limit if self.limit == Dialect.limit else self.limit,
        )

    def after(self, asked: int, given: int) -> Dialect:
        """What an answer shows: a server that gives one sample however many are asked for does not know `n`."""
        return replace(self, together=False) if given == 1 < asked else self

    def group(self, samples: Sequence[int], settings: TeacherSettings) -> Sequence[int]:
        """As many of the samples as one request asks for. Without chance they are all the same to most servers,
        and some refuse to give several."""
        return samples[: MOST_TOGETHER if self.together and settings.temperature > 0 else 1]

    def request(
        self, settings: TeacherSettings, model: OpenaiTeacher, messages: Sequence[dict[str, str]], group: Sequence[int]
    ) -> dict[str, Any]:
        """The body of a request for these samples."""
        request: dict[str, Any] = {
            "model": model.model,
            "messages": messages,
            "temperature": settings.temperature,
            self.limit: settings.max_tokens,
        }
        if self.seed:
            request["seed"] = settings.seed + group[0]
        if len(group) > 1:
            request["n"] = len(group)
        if settings.top_p is not None:
            request["top_p"] = settings.top_p
        if settings.stop:
            request["stop"] = list(settings.stop)
        if model.logprobs:
            request["logprobs"] = True
        return request
