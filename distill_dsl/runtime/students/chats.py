"""How a model that teaches as it is reads a conversation, and where what it writes ends.

A model that has a chat template is asked by it, any other by the plain text of the messages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final, Literal

from jinja2 import TemplateError
from transformers import GenerationConfig, PreTrainedTokenizerBase

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.students.batches import Codec
from distill_dsl.runtime.students.decoding import Halt

Message = Mapping[str, str]
"""`role` (`system` or `user`) and `content`."""

Form = Literal["roles", "merged", "plain"]
"""By the template with all roles; by the template with the system message put before the prompt, for the
template has no place for one; or as text, for there is no template."""

PROBE: Final = "Mind this sentence."

DAY: Final = date(2024, 7, 26)
"""What templates that write today's date are told, so that a prompt is the same on every day; Llama's own default."""

CLOCK: Final = re.compile(r"""strftime_now\(\s*(["'])(.*?)\1\s*\)""")
"""How a template asks for the date."""


@dataclass(frozen=True)
class Asked:
    """One completion that is to be written."""

    place: int
    """In the list that was given."""
    source: tuple[int, ...]
    """What the model goes on from."""
    limit: int
    """Most tokens."""
    chance: str | None
    """What its draw hangs on; `None` takes the likeliest tokens."""
    shared: int = 0
    """How many of the source's tokens others begin with, too."""


@dataclass(frozen=True)
class Chats:
    """Conversations to ids, and ids to what was said, for one model."""

    codec: Codec
    form: Form
    template: str
    ends: tuple[int, ...]
    """Ids that end what is written."""
    longest: int | None
    """Most tokens that the model can read and write; `None` where it sets no limit."""
    stops: tuple[str, ...] = ()
    """Texts that end what is written, themselves left out."""

    def source(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The ids that the model goes on from."""
        tokenizer, codec = self.codec.tokenizer, self.codec
        if self.form == "plain":
            ids = tuple(tokenizer("\n\n".join(message["content"] for message in messages))["input_ids"])
            # Some tokenizers end every text with the end mark; here what is written still follows.
            return ids[:-1] if codec.causal and ids[-1:] == (codec.end,) else ids
        text = _rendered(tokenizer, self.template, messages if self.form == "roles" else merged(messages))
        # The template has written the marks that a text begins with.
        return tuple(tokenizer(text, add_special_tokens=not codec.causal)["input_ids"])

    def said(self, ids: Sequence[int]) -> tuple[str, bool]:
        """The text of written ids up to the first stop, and whether it came to its end by itself."""
        ended = ids[-1] in self.ends
        text = self.codec.text(ids[:-1] if ended else ids)
        found = [place for stop in self.stops if (place := text.find(stop)) >= 0]
        return (text[: min(found)], True) if found else (text, ended)

    @cached_property
    def halt(self) -> Halt | None:
        """What ends writing at a stop."""
        if not self.stops:
            return None
        # A token has a byte at least; one more, for some tokenizers take a blank off where a text begins.
        reach = max(len(stop.encode()) for stop in self.stops) + 1
        return Halt(reach, lambda ids: any(stop in self.codec.text(ids) for stop in self.stops))


def chats_of(
    tokenizer: PreTrainedTokenizerBase, config: Any, generation: GenerationConfig | None, stops: Sequence[str]
) -> Chats:
    """How the model with this configuration is asked; raises `Failure` for a template that cannot be used."""
    codec = Codec(tokenizer, causal=not config.is_encoder_decoder)
    template = CLOCK.sub(lambda match: repr(DAY.strftime(match[2])), _template(tokenizer))
    return Chats(
        codec=codec,
        form=_form(tokenizer, template),
        template=template,
        ends=_ends(codec, config, generation, stops),
        longest=getattr(config.get_text_config(), "max_position_embeddings", None),
        stops=tuple(stops),
    )


def merged(messages: Sequence[Message]) -> list[Message]:
    """The same conversation without a system message of its own: it stands before the prompt."""
    return [{"role": "user", "content": "\n\n".join(message["content"] for message in messages)}]


def _template(tokenizer: PreTrainedTokenizerBase) -> str:
    """The tokenizer's template, its `default` one where it has several; empty where it has none."""
    if not tokenizer.chat_template:
        return ""
    try:
        return str(tokenizer.get_chat_template())
    except ValueError as error:
        raise _unusable(tokenizer, error) from error


def _form(tokenizer: PreTrainedTokenizerBase, template: str) -> Form:
    if not template:
        return "plain"
    user = {"role": "user", "content": "?"}
    _rendered(tokenizer, template, [user])
    try:
        text = _filled_in(tokenizer, template, [{"role": "system", "content": PROBE}, user])
    except (TemplateError, ValueError, TypeError):
        return "merged"
    # Some templates pass over a role that they do not know.
    return "roles" if PROBE in text else "merged"


def _rendered(tokenizer: PreTrainedTokenizerBase, template: str, messages: Sequence[Message]) -> str:
    try:
        return _filled_in(tokenizer, template, messages)
    except (TemplateError, ValueError, TypeError) as error:
        raise _unusable(tokenizer, error) from error


def _filled_in(tokenizer: PreTrainedTokenizerBase, template: str, messages: Sequence[Message]) -> str:
    text = tokenizer.apply_chat_template(
        [dict(message) for message in messages],
        chat_template=template,
        add_generation_prompt=True,
        tokenize=False,
        date_string=DAY.strftime("%d %b %Y"),
    )
    return str(text)


def _unusable(tokenizer: PreTrainedTokenizerBase, error: Exception) -> Failure:
    return Failure(
        f"the chat template of the model cannot be used: {error}",
        where=str(tokenizer.name_or_path),
        help="correct it, or take it out of a copy of the model's folder: the model is then asked by plain text",
    )


def _ends(codec: Codec, config: Any, generation: GenerationConfig | None, stops: Sequence[str]) -> tuple[int, ...]:
    """The tokenizer's end mark, those that the model came with, and stops that are marks of the tokenizer."""
    stated = [getattr(each, "eos_token_id", None) for each in (generation, config)]
    marks = [codec.tokenizer.get_added_vocab().get(stop) for stop in stops]
    flat = [end for each in (codec.end, *stated, *marks) for end in (each if isinstance(each, list) else [each])]
    return tuple(sorted({int(end) for end in flat if end is not None}))
