"""What is asked of whom, as the key under which the answer is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import msgspec

from distill_dsl.contract.settings import (
    Environment,
    OpenaiTeacher,
    TeacherSettings,
    TransformersTeacher,
    WordedTeacher,
)
from distill_dsl.runtime.teachers.prompts import Prompt, messages
from distill_dsl.runtime.teachers.weights import named

OPENAI: Final = "https://api.openai.com/v1"
LOCAL: Final = "transformers"
"""The provider of local models."""

Message = Mapping[str, str]


def asker(settings: TeacherSettings) -> Callable[[Prompt], tuple[dict[str, Any], str]]:
    """What gives a prompt's question and its key: all but the messages is put together once."""
    same = question_of(settings, [])

    def asked(prompt: Prompt) -> tuple[dict[str, Any], str]:
        question = same | {"messages": messages(settings, prompt)}
        return question, key_of(question)

    return asked


def question_of(settings: TeacherSettings, messages: Sequence[Message]) -> dict[str, Any]:
    """All that bears on a completion's text but its limit of tokens and the number of its sample."""
    model = asked_model(settings)
    question: dict[str, Any] = {"provider": provider_of(settings)}
    question |= named(model) if isinstance(model, TransformersTeacher) else {"model": model.model}
    question |= {
        "messages": [dict(message) for message in messages],
        "temperature": float(settings.temperature),
        "seed": settings.seed,
    }
    if settings.top_p is not None:
        question["top_p"] = float(settings.top_p)
    if settings.stop:
        question["stop"] = list(settings.stop)
    return question


def provider_of(settings: TeacherSettings) -> str:
    """Whose completions they are: an address, `$NAME` of an address from the environment, or `transformers`.

    Of a server from the environment the variable's name counts: one that moved is asked for nothing again.
    """
    match asked_model(settings):
        case TransformersTeacher():
            return LOCAL
        case OpenaiTeacher(base_url=Environment(env=name)):
            return f"${name}"
        case OpenaiTeacher(base_url=address):
            return _plain(str(address)) if address else OPENAI


def asked_model(settings: TeacherSettings) -> WordedTeacher:
    """The model of a teacher that is asked in words."""
    assert isinstance(settings.model, WordedTeacher), "no other teacher's completions are kept"
    return settings.model


def _plain(address: str) -> str:
    """The address alone: names, passwords and keys in it do not bear on a text, nor does a version of the protocol."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def key_of(question: Mapping[str, Any]) -> str:
    """SHA-256 of the question's canonical JSON."""
    return hashlib.sha256(canonical_json(question)).hexdigest()


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """The same bytes for equal values: keys sorted, no blanks."""
    return msgspec.json.encode(value, order="sorted")
