"""The `openai` teacher: any OpenAI-compatible server, each completion bought once.

Requests run in a bounded pool of threads; the client itself retries rate limits and lost
connections. Every completion goes to the store before it counts, so that an interrupted run goes on
where it stopped and more samples cost only the new ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import Environment, OpenaiTeacher, TeacherSettings
from distill_dsl.runtime.teachers.store import Store, key_of, opened

WORKERS_VARIABLE: Final = "MTD_REQUESTS"
WORKERS: Final = 8
"""Requests at once; how many never changes a result, so it is no setting but a variable."""
RETRIES: Final = 6
"""The client's own, with growing pauses: about a minute of a server that says 429 or 503."""
SECONDS: Final = 300.0
"""Longest wait for one completion."""

Send = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class _Asked:
    """One completion that is wanted."""

    problem: str
    sample: int
    request: dict[str, Any]
    key: str


class Refused(Exception):
    """The server will not answer this one request, however often it is sent."""


def ask_openai(
    settings: TeacherSettings,
    model: OpenaiTeacher,
    thought: str,
    problems: Sequence[Problem],
    prompt: Callable[[Problem], str],
    progress: Callable[[int], None],
) -> Iterator[Completion]:
    """Buy what the store lacks, then give all completions in the order of the problems."""
    asked = [
        _asked(settings, model, problem, prompt(problem), sample)
        for problem in problems
        for sample in range(settings.samples)
    ]
    with opened() as store:
        missing = {one.key: one for one in asked if store.get(one.key) is None}
        progress(len(asked) - len(missing))
        refused = _buy(list(missing.values()), _sender(model), store, progress) if missing else {}
        if refused and len(refused) == len(asked):
            raise Failure(
                f"{model.model} refuses every request: {next(iter(refused.values()))}",
                where=_shown_address(model),
                help="see what the server wants: the model's name, the prompt's length, the parameters",
            )
        for one in asked:
            text = store.get(one.key)
            yield Completion(
                problem=one.problem,
                thought=thought,
                sample=one.sample,
                text=text,
                reason=None if text is not None else refused[one.key],
                prompt=one.key,
            )


def _asked(settings: TeacherSettings, model: OpenaiTeacher, problem: Problem, prompt: str, sample: int) -> _Asked:
    request = {
        "model": model.model,
        "messages": [{"role": "user", "content": prompt}],
        "temperature": settings.temperature,
        "max_tokens": settings.max_tokens,
        "seed": settings.seed + sample,
    }
    # Of a server from the environment its variable's name counts: a moved server is asked for nothing again.
    server = msgspec.to_builtins(model.base_url)
    return _Asked(problem.id, sample, request, key_of(request | {"base_url": server, "sample": sample}))


def _buy(missing: Sequence[_Asked], send: Send, store: Store, progress: Callable[[int], None]) -> dict[str, str]:
    """Ask for all that is missing, a few at once; returns why each refused one was refused."""
    refused: dict[str, str] = {}
    waiting = iter(missing)
    failure: Failure | None = None
    workers = _workers()
    pool = ThreadPoolExecutor(workers)
    try:
        running = {pool.submit(send, one.request): one for one in islice(waiting, workers)}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    _keep(running.pop(future), future, store, refused)
                except Failure as error:
                    failure = failure or error
                progress(1)
            if failure is None:
                running |= {pool.submit(send, one.request): one for one in islice(waiting, workers - len(running))}
    finally:
        # What is under way when a person interrupts is paid for: it is waited for, and kept.
        pool.shutdown(wait=True, cancel_futures=True)
        for future, one in running.items():
            if not future.cancelled() and future.exception() is None:
                _keep(one, future, store, refused)
    if failure is not None:
        raise failure
    return refused


def _keep(one: _Asked, future: Future[str], store: Store, refused: dict[str, str]) -> None:
    try:
        store.put(one.key, one.request, future.result())
    except Refused as error:
        refused[one.key] = f"the server refuses it: {error}"


def _workers() -> int:
    text = os.environ.get(WORKERS_VARIABLE, str(WORKERS))
    if not text.isdecimal() or int(text) < 1:
        raise Failure(f"{WORKERS_VARIABLE} is `{text}`", help="it is the number of requests at once, such as 8")
    return int(text)


def _sender(model: OpenaiTeacher) -> Send:
    """What sends one request and gives the completion's text."""
    try:
        # An optional extra, and half a second of import time.
        import openai
    except ImportError as error:
        raise Failure(
            "asking an OpenAI-compatible server needs the `openai` package", help="pip install 'distill-dsl[openai]'"
        ) from error
    key = os.environ.get(model.key_env)
    if not key:
        raise Failure(
            f"the variable {model.key_env} is not set",
            help=f"export {model.key_env}=... with the server's key (any text for a local server that wants none)",
        )
    client = openai.OpenAI(api_key=key, base_url=_address(model), max_retries=RETRIES, timeout=SECONDS)

    def send(request: dict[str, Any]) -> str:
        try:
            answer = client.chat.completions.create(**request)
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            raise Refused(error.message) from error
        except openai.OpenAIError as error:
            raise Failure(
                f"{model.model} cannot be asked: {error}",
                where=_shown_address(model),
                help="what was answered so far is kept; the next run asks for the rest only",
            ) from error
        return answer.choices[0].message.content or ""

    return send


def _address(model: OpenaiTeacher) -> str | None:
    """The server's address; `None` is OpenAI's own."""
    if not isinstance(model.base_url, Environment):
        return model.base_url
    value = os.environ.get(model.base_url.env)
    if not value:
        name = model.base_url.env
        raise Failure(
            f"the variable {name} is not set",
            help=f"export {name}=... with the server's address, such as http://.../v1",
        )
    return value


def _shown_address(model: OpenaiTeacher) -> str | None:
    """The address for messages, which may end in a log: of a variable, its name."""
    return f"${model.base_url.env}" if isinstance(model.base_url, Environment) else model.base_url
