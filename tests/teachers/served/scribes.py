"""What the servers of these tests write: texts that say what they were asked, so that each can be recognised."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from typing import Any

from tests.teachers.served.face import Answer, Reply, Request, said

Write = Callable[[dict[str, Any], int], str]
"""The request and the seed of one choice -> its text."""


def steady(request: dict[str, Any], seed: int) -> str:
    """The same for the same request, as a greedy model writes."""
    asked = json.dumps([request["messages"], request["model"], seed], sort_keys=True)
    return f"{hashlib.sha256(asked.encode()).hexdigest()} The answer is {seed}."


def unlike() -> Write:
    """Never the same twice, as a model that draws writes: a completion that is bought again is seen."""
    count = iter(range(1 << 62))
    return lambda request, seed: f"{steady(request, seed)} ({next(count)})"


def scribe(write: Write = steady, *, seconds: float | Callable[[dict[str, Any]], float] = 0.0) -> Answer:
    """A server that answers after so many seconds."""

    async def answer(request: Request) -> Reply:
        if request.method == "GET":
            return said(200, {"object": "list", "data": [{"id": "m", "object": "model"}]})
        asked = json.loads(request.body)
        await asyncio.sleep(seconds(asked) if callable(seconds) else seconds)
        return said(200, completion(asked, write))

    return answer


def completion(asked: dict[str, Any], write: Write) -> dict[str, Any]:
    """A chat completion with as many choices as asked for."""
    texts = [write(asked, asked.get("seed", 0) + n) for n in range(asked.get("n") or 1)]
    read = sum(len(message["content"].split()) for message in asked["messages"])
    written = sum(len(text.split()) for text in texts)
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": asked["model"],
        "choices": [
            {"index": n, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", "logprobs": None}
            for n, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
    }
