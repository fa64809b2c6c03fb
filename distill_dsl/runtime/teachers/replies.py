"""What a server's answers mean: completions, or which kind of fault.

Bodies are read strictly, by structs of our own: what is no completion is a fault that is worth
another try, whatever its status says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from distill_dsl.contract.failure import Failure

S = TypeVar("S", bound=Struct)

SHOWN: Final = 300
"""Characters of a server's message that are passed on."""
KEPT: Final = "what was answered so far is kept; the next run asks for the rest only"


# --- faults -------------------------------------------------------------------------------------


class Again(Exception):
    """Worth sending again: the server, or the way to it, failed.

    `wait` is how many seconds the server asks to wait, `busy` whether it has too much to do, `own` whether
    this very request may be the cause.
    """

    def __init__(self, reason: str, *, wait: float | None = None, busy: bool = False, own: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.busy = busy
        self.own = own


@dataclass(frozen=True)
class Refusal:
    """Why a prompt has no completion."""

    reason: str
    filtered: bool
    """Whether it is withheld for what it says."""


class Refused(Exception):
    """The server will not answer this one request, however often it is sent."""

    says = "the server refuses it"

    def __init__(self, reason: str, *, filtered: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.filtered = filtered

    @property
    def refusal(self) -> Refusal:
        """What is kept of it: an exception would hold the whole answer in memory."""
        return Refusal(f"{self.says}: {self.reason}", self.filtered)


class Poisoned(Refused):
    """The server fails at this one request each time."""

    says = "the server fails at it"


class Lacks(Refused):
    """The server does not take these parameters as they were sent; the prompt itself may be fine."""

    def __init__(self, reason: str, parameters: frozenset[str]) -> None:
        super().__init__(reason)
        self.parameters = parameters


# --- completions --------------------------------------------------------------------------------


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
        raise Again(f"it answered with what is no JSON: {_shown(mask(text))}") from None
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
        raise Again(f"it gave up in the middle of a completion: {_shown(mask(json.dumps(choice.error)))}")
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


# --- errors -------------------------------------------------------------------------------------

AGAIN: Final = frozenset([408, 409, 425, 429])
BUSY: Final = frozenset([429, 502, 503, 504, 529])
"""Less at once may help."""
REFUSED: Final = frozenset([400, 413, 422])
SPENT: Final = frozenset(["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"])
HELP: Final = {
    401: "the server does not accept the key; see which variable `key:` names and what it holds",
    402: "the account has no money left",
    403: "the key may not use this model",
    404: "see that base_url ends as the server wants it, often in /v1, and that the server has a model of this name",
    405: "see that base_url ends as the server wants it, often in /v1",
    429: "the account's quota is used up: see its plan and limits",
}


def judged(status: int, headers: Mapping[str, str], body: str, sent: Sequence[str]) -> Exception:
    """What an error of the server means; `sent` are the names of the parameters in the request."""
    said = _complaint(body)
    reason = f"{status}: {said.message}" if said.message else str(status)
    if status in REFUSED or (status == 403 and said.flagged):
        lacking = said.lacking(sent)
        return Lacks(said.message, lacking) if lacking else Refused(said.message or reason, filtered=said.flagged)
    spent = bool(SPENT & {said.code, said.type})
    if (status in AGAIN and not spent) or status >= 500:
        return Again(reason, wait=_wait(headers), busy=status in BUSY, own=status not in AGAIN | BUSY)
    return Failure(reason, help=f"{HELP.get(429 if spent else status, 'see what the server wants')}; {KEPT}")


_IDS: Final = re.compile(
    r"\b(?:req|chatcmpl|cmpl|resp)[-_]\w+|\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b|\b[0-9a-f]{32}\b"
)
"""What names one request, and so differs between two runs in which the server says the same."""
_UNWANTED: Final = re.compile(
    r"unsupported|not support|unknown|unrecognized|unexpected|extra|not permitted|not allowed|invalid|must be|at most"
    r"|less than|only (?:one|1)|only support|does not|not available|cannot|can't|deprecated|incompatible",
    re.IGNORECASE,
)
UNMISTAKABLE: Final = frozenset(["max_tokens", "max_completion_tokens", "top_p", "logprobs"])
_ONLY_ONE: Final = re.compile(
    r"only one (?:completion )?choice|multiple (?:completions|choices)|\bn ?(?:>|!=|must|should)", re.IGNORECASE
)


@dataclass(frozen=True)
class _Complaint:
    """The body of an error, whichever server wrote it."""

    message: str = ""
    param: str = ""
    code: str = ""
    type: str = ""

    @property
    def flagged(self) -> bool:
        """Whether the prompt is withheld for what it says."""
        said = f"{self.code} {self.type} {self.message}".lower()
        return "content_filter" in said or "content management policy" in said or "flagged" in said

    def lacking(self, sent: Sequence[str]) -> frozenset[str]:
        """Of the parameters that were sent, those that it complains of."""
        named = frozenset(name for name in sent if name not in ("messages", "model") and self._names(name))
        return named if _UNWANTED.search(f"{self.code} {self.message}") else frozenset()

    def _names(self, parameter: str) -> bool:
        if self.param.rpartition(".")[2] == parameter:
            return True
        if parameter == "n" and _ONLY_ONE.search(self.message):
            return True
        # Words of English need marks around them: a server may quote the prompt.
        form = rf"\b{parameter}\b" if parameter in UNMISTAKABLE else rf"['\"`]{parameter}['\"`]"
        return re.search(form, self.message) is not None


def _complaint(body: str) -> _Complaint:
    """Of OpenAI's form, FastAPI's (`detail`), those of vLLM and Ollama, or any text."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _Complaint(_shown(re.sub(r"<[^>]*>", " ", body)))
    if isinstance(value, list) and value:
        value = value[0]
    match value:
        case {"error": dict(inner)} | {"detail": dict(inner)}:
            return _of(inner)
        case {"detail": [{"loc": [*_, param], "msg": message, **rest}, *_]}:
            return _Complaint(_shown(f"{param}: {message}"), str(param), "", str(rest.get("type", "")))
        case {"error": str(message)} | {"detail": str(message)}:
            return _Complaint(_shown(message))
        case dict():
            return _of(value)
        case _:
            return _Complaint(_shown(body))


def _of(said: Mapping[str, Any]) -> _Complaint:
    message = said.get("message")
    return _Complaint(
        _shown(message if isinstance(message, str) else json.dumps(said, ensure_ascii=False)),
        *(str(said.get(name) or "") for name in ("param", "code", "type")),
    )


def _shown(text: str) -> str:
    """The start of a text in one line, without what differs between two runs."""
    line = " ".join(_IDS.sub("...", text).split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}..."


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait: `retry-after-ms`, `Retry-After` as a number or as a date."""
    milliseconds, value = _number(headers.get("retry-after-ms")), headers.get("retry-after")
    if milliseconds is not None:
        return milliseconds / 1000
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _number(text: str | None) -> float | None:
    return max(0.0, float(text)) if text and re.fullmatch(r"-?\d+(\.\d+)?", text) else None
