"""Reading a server's answers.

Bodies are read strictly, by structs of our own: what is no completion is a fault that is worth
another try, whatever its status says.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from distill_dsl.runtime.teachers.faults import Again, in_short, judged

S = TypeVar("S", bound=Struct)


@dataclass(frozen=True)
class Choice:
    """One completion of an answer."""

    text: str
    finish: str | None
    """As in `Completion`."""
    reason: str | None
    """Why the text is no completion."""
    logprobs: tuple[tuple[str, float], ...] | None


@dataclass(frozen=True)
class Reply:
    """An answer with at least one completion, in the server's order."""

    choices: tuple[Choice, ...]
    served: str | None
    """The model by the server's own account."""
    input: int | None
    """Tokens of the prompt."""
    output: int | None
    """Tokens of all completions together."""
    cached: int
    """Tokens of the prompt that the server had cached."""
    cost: float | None
    """US dollars, where the server says them."""


class _Part(Struct):
    text: str = ""


class _Message(Struct):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    tool_calls: Any = None
    function_call: Any = None


class _Choice(Struct):
    message: _Message
    index: Any = 0
    finish_reason: str | None = None
    logprobs: Any = None
    error: Any = None


class _Body(Struct):
    """Strict in what makes a completion; of what only goes with it, nothing is worth losing one that was paid for."""

    choices: list[_Choice]
    model: Any = None
    usage: Any = None


class _Token(Struct):
    token: str
    logprob: float


class _Logprobs(Struct):
    content: list[_Token] | None = None


class _Details(Struct):
    cached_tokens: int | None = None


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    cost: float | None = None


LENGTH: Final = frozenset(["length", "max_tokens", "model_length", "max_output_tokens"])
FILTER: Final = frozenset(
    ["content_filter", "safety", "recitation", "sensitive", "blocklist", "prohibited_content", "content_filtered"]
)
TOOL: Final = frozenset(["tool_calls", "function_call", "tool_use"])
BROKEN: Final = frozenset(["error", "abort", "cancelled", "insufficient_system_resource"])


def read_reply(body: bytes, mask: Callable[[str], str] = str) -> Reply:
    """The completions of a body with status 200; `Again`, or what else it says, where it is none.

    `mask` takes secrets out of what a fault says.
    """
    found = _decoded(body, mask)
    if not found.choices:
        raise Again("it answered without a completion")
    usage = _read(found.usage, _Usage) or _Usage()
    details = usage.prompt_tokens_details or _Details()
    choices = sorted(found.choices, key=lambda choice: choice.index if isinstance(choice.index, int) else 0)
    return Reply(
        choices=tuple(_choice(choice, mask) for choice in choices),
        served=found.model if isinstance(found.model, str) else None,
        input=usage.prompt_tokens,
        output=usage.completion_tokens,
        cached=min(details.cached_tokens or 0, usage.prompt_tokens or 0),
        cost=usage.cost,
    )


def _decoded(body: bytes, mask: Callable[[str], str]) -> _Body:
    try:
        return msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    text = body.decode("utf-8", "replace")
    try:
        # Some servers cut a pair of surrogates in two (`\\ud83d`): what stands around it is good.
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Again(f"it answered with what is no JSON: {in_short(mask(text))}") from None
    if isinstance(value, dict) and value.get("error"):
        raise judged(_status_of(value["error"]), {}, mask(text), ())
    try:
        return msgspec.convert(_without_surrogates(value), _Body)
    except msgspec.ValidationError as error:
        raise Again(f"it answered with what is no completion: {error}") from None


def _read(value: Any, kind: type[S]) -> S | None:
    """What a server says beside its completions, where it is understood."""
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        return None


def _status_of(error: Any) -> int:
    """The status that an error says in a body which came with status 200."""
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 500


def _without_surrogates(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_without_surrogates(inner) for inner in value]
        case dict():
            return {key: _without_surrogates(inner) for key, inner in value.items()}
        case _:
            return value


def _choice(choice: _Choice, mask: Callable[[str], str]) -> Choice:
    ended = (choice.finish_reason or "stop").lower()
    if choice.error or ended in BROKEN:
        raise Again(f"it gave up in the middle of a completion: {in_short(mask(json.dumps(choice.error)))}")
    message = choice.message
    content = message.content
    text = "".join(part.text for part in content) if isinstance(content, list) else content
    text = text or message.refusal or ""
    finish = "length" if ended in LENGTH else "filter" if ended in FILTER else None
    logprobs = _read(choice.logprobs, _Logprobs)
    tokens = None if logprobs is None else logprobs.content
    return Choice(
        text=text,
        finish=finish,
        reason=_reason(text, finish, called=ended in TOOL or bool(message.tool_calls or message.function_call)),
        logprobs=None if tokens is None else tuple((token.token, token.logprob) for token in tokens),
    )


def _reason(text: str, finish: str | None, *, called: bool) -> str | None:
    if text.strip() or finish == "length":
        return None
    if finish == "filter":
        return "the server withheld the completion"
    return "the model called a tool in place of answering" if called else "the completion is empty"
