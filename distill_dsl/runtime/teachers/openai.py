"""The `openai` teacher's line to an OpenAI-compatible server: one request out, its completions or a fault back.

How often, how many at once and for how much money is decided in `asking`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import Environment, OpenaiTeacher
from distill_dsl.runtime.masking import Mask, secrets_of
from distill_dsl.runtime.teachers.faults import Again, judged
from distill_dsl.runtime.teachers.replies import Choice, Reply, read_reply
from distill_dsl.runtime.teachers.store import OPENAI

TIMEOUT_VARIABLE: Final = "MTD_TIMEOUT"
TIMEOUT: Final = 300.0
"""Longest wait for one answer, from its first byte to its last."""
CONNECT: Final = 20.0
"""Seconds in which a connection has to be made."""
LOGGERS: Final = ("openai", "httpx", "httpx2", "httpcore", "httpcore2")
"""They can write addresses and headers."""


class Line:
    """A client for one server, within one event loop."""

    def __init__(self, model: OpenaiTeacher) -> None:
        try:
            # An optional extra, and a second of import time.
            import openai
        except ImportError as error:
            raise Failure(
                "asking an OpenAI-compatible server needs the `openai` package",
                help="pip install 'distill-dsl[openai]'",
            ) from error
        for name in LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        key, address = _key(model), _address(model)
        secrets = [key, *secrets_of(address)]
        if isinstance(model.base_url, Environment) and secrets_of(address):
            secrets.append(address)
        self.mask = Mask(secrets)
        self._openai = openai
        self._timeout = seconds(TIMEOUT_VARIABLE, TIMEOUT)
        # Retries are ours: they are counted, bounded by patience and shown.
        limits = openai.Timeout(self._timeout, connect=min(CONNECT, self._timeout))
        # The client would write the path of each request after a query (Azure's `?api-version=...`).
        parts = urlsplit(address)
        place, query = urlunsplit(parts._replace(query="")), dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            self._client = openai.AsyncOpenAI(
                api_key=key, base_url=place, default_query=query, max_retries=0, timeout=limits
            )
        except Exception:  # httpx's InvalidURL, of whichever package the client has it
            raise _no_address(shown_address(model)) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def send(self, request: dict[str, Any]) -> Reply:
        """The answer to one request; else `Again`, `Refused`, `Lacks`, or a `Failure` where asking on is no use.

        What a fault says, and each completion, is free of secrets.
        """
        openai = self._openai
        try:
            async with asyncio.timeout(self._timeout):
                # As it is: the client would walk through every message for what may need another form.
                answer = await self._client.chat.completions.with_raw_response.create(
                    model=request["model"], messages=[], extra_body=request
                )
                reply = read_reply(answer.content, self.mask.message)
        except openai.APIStatusError as error:
            body = self.mask.message(error.response.content.decode("utf-8", "replace"))
            raise judged(error.status_code, error.response.headers, body, list(request)) from None
        except (openai.APITimeoutError, TimeoutError) as error:
            if type(error.__cause__).__name__ == "ConnectTimeout":
                raise Again("no connection: it takes too long to make one", own=False) from None
            raise Again(f"no answer within {self._timeout:g} s", busy=True) from None
        except openai.APIConnectionError as error:
            cause = error.__cause__
            said = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
            raise Again(f"no connection: {self.mask.message(said)}", own=False) from None
        return replace(reply, choices=tuple(map(self._clean, reply.choices)))

    def _clean(self, choice: Choice) -> Choice:
        """The completion without a secret, should the server have echoed one."""
        text = self.mask.completion(choice.text)
        return choice if text == choice.text else replace(choice, text=text, logprobs=choice.logprobs and ())


def seconds(variable: str, default: float) -> float:
    """A time from the environment; how long one waits never changes a result, so it is no setting."""
    text = os.environ.get(variable, f"{default:g}")
    if not re.fullmatch(r"\d+(\.\d+)?", text) or float(text) <= 0:
        raise Failure(f"{variable} is `{text}`", help=f"it is a number of seconds, such as {default:g}")
    return float(text)


def shown_address(model: OpenaiTeacher) -> str:
    """The address for messages, which may end in a log: of a variable, its name."""
    if isinstance(model.base_url, Environment):
        return f"${model.base_url.env}"
    return Mask(secrets_of(model.base_url)).message(model.base_url) if model.base_url else OPENAI


def _key(model: OpenaiTeacher) -> str:
    key = os.environ.get(model.key_env)
    if not key:
        raise Failure(
            f"the variable {model.key_env} is not set",
            help=f"export {model.key_env}=... with the server's key (any text for a local server that wants none)",
        )
    if not (key.isascii() and key.isprintable()) or key != key.strip():
        raise Failure(
            f"the variable {model.key_env} holds more than a key: blanks at its ends, line breaks or other characters",
            help=f"export {model.key_env}=... with the key alone",
        )
    return key


def _address(model: OpenaiTeacher) -> str:
    """The server's address."""
    if not isinstance(model.base_url, Environment):
        # Not what OPENAI_BASE_URL says: the store would take another server's completions for OpenAI's.
        return _checked(model.base_url or OPENAI, shown_address(model))
    name = model.base_url.env
    value = os.environ.get(name)
    if not value:
        raise Failure(
            f"the variable {name} is not set",
            help=f"export {name}=... with the server's address, such as http://.../v1",
        )
    return _checked(value, f"${name}")


def _checked(address: str, shown: str) -> str:
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or not address.isprintable() or " " in address:
        raise _no_address(shown)
    return address


def _no_address(shown: str) -> Failure:
    return Failure(
        "the server's address is none", where=shown, help="it is such as http://127.0.0.1:8000/v1 or https://..."
    )
