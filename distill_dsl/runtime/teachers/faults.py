"""What a server's errors mean: worth another try, a prompt that is refused, or the end of asking."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from distill_dsl.contract.failure import Failure

SHOWN: Final = 300
"""Characters of a server's message that are passed on."""
KEPT: Final = "what was answered so far is kept; the next run asks for the rest only"


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
        return _Complaint(in_short(re.sub(r"<[^>]*>", " ", body)))
    if isinstance(value, list) and value:
        value = value[0]
    match value:
        case {"error": dict(inner)} | {"detail": dict(inner)}:
            return _of(inner)
        case {"detail": [{"loc": [*_, param], "msg": message, **rest}, *_]}:
            return _Complaint(in_short(f"{param}: {message}"), str(param), "", str(rest.get("type", "")))
        case {"error": str(message)} | {"detail": str(message)}:
            return _Complaint(in_short(message))
        case dict():
            return _of(value)
        case _:
            return _Complaint(in_short(body))


def _of(said: Mapping[str, Any]) -> _Complaint:
    message = said.get("message")
    return _Complaint(
        in_short(message if isinstance(message, str) else json.dumps(said, ensure_ascii=False)),
        *(str(said.get(name) or "") for name in ("param", "code", "type")),
    )


def in_short(text: str) -> str:
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
