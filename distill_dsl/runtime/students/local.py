"""A model that teaches as it is: loaded here, asked in batches of about one length.

What is drawn hangs on the conversation, the sample's number and the seed alone, never on the batch.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import torch

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import TeacherSettings, TransformersTeacher
from distill_dsl.runtime.students import decoding, models
from distill_dsl.runtime.students.chats import Asked, Chats, Message, chats_of
from distill_dsl.runtime.students.engines import vllm
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.students.stepping import Prefix, read_prefix

BATCH_VARIABLE: Final = "MTD_BATCH"
BATCH: Final = 16
"""Completions that are written together on a processor; no setting, for it is a matter of memory and time."""
BATCH_ON_GPU: Final = 64

WORTH_SHARING: Final = 32
"""Tokens that all prompts begin with, from which on they are read once for all: instructions, and exemplars."""

Conversation = Sequence[Message]

INSTEAD: Final = "leave `engine` out of `transformers(...)`, or serve the model and use `openai(..., base_url: ...)`"


@dataclass(frozen=True)
class Answer:
    """One completion, or why there is none."""

    text: str | None
    reason: str | None = None
    finish: str | None = None
    """`length` where it was cut off."""
    input: int = 0
    output: int = 0
    logprob: float | None = None


class Pen(Protocol):
    """What writes: an engine with a model."""

    @property
    def together(self) -> int:
        """How many it wants to be given at once."""

    def write(self, asked: Sequence[Asked], how: TeacherSettings, chats: Chats) -> list[tuple[list[int], float]]:
        """New ids, the end mark included, with their mean log-probability, in order."""


@dataclass(frozen=True)
class Author:
    """A loaded model and how it is to answer."""

    how: TeacherSettings
    chats: Chats
    pen: Pen
    served: str | None = None
    """The commit of a model of the hub."""

    def write(
        self, conversations: Sequence[tuple[Conversation, int]], among: Sequence[Conversation] = ()
    ) -> Iterator[list[tuple[int, Answer]]]:
        """Answer conversations, each with the number of its sample: places in the list with their answers, as
        they come, long prompts first. Each place comes once.

        What they and all those that they are `among` begin with is read once: it is the same, to the last
        bit, when some of these have been answered before.
        """
        asked, refused = self._asked(conversations, among)
        if refused:
            yield refused
        while asked:
            some, asked = asked[: self.pen.together], asked[self.pen.together :]
            made = self.pen.write(some, self.how, self.chats)
            yield [(one.place, self._answer(one, *row)) for one, row in zip(some, made, strict=True)]

    def _asked(
        self, conversations: Sequence[tuple[Conversation, int]], among: Sequence[Conversation]
    ) -> tuple[list[Asked], list[tuple[int, Answer]]]:
        """What can be written, by falling length, and what cannot."""
        asked: list[Asked] = []
        refused: list[tuple[int, Answer]] = []
        every = {_json(messages): messages for messages in (*among, *(messages for messages, _ in conversations))}
        sources = {said: self.chats.source(messages) for said, messages in every.items()}
        shared = _shared(list(sources.values())) if self.chats.codec.causal else 0
        for place, (messages, sample) in enumerate(conversations):
            said = _json(messages)
            source = sources[said]
            limit = self._limit(source)
            chance = f"{self.how.seed}:{sample}:{said}" if self.how.temperature > 0 else None
            if limit > 0:
                asked.append(Asked(place, source, limit, chance, shared))
            else:
                reason = f"the prompt has {len(source)} tokens, and the model reads {self.chats.longest} at most"
                refused.append((place, Answer(None, reason)))
        # Memory that does not suffice shows at once.
        asked.sort(key=lambda one: (-len(one.source), one.source, one.place))
        return asked, refused

    def _limit(self, source: Sequence[int]) -> int:
        """Most tokens of what is written after it; none where it is too long itself."""
        longest = self.chats.longest
        if longest is None:
            return self.how.max_tokens
        room = longest - len(source)
        if not self.chats.codec.causal:  # what an encoder reads takes no room from what is written
            room = longest if room >= 0 else 0
        return min(self.how.max_tokens, room)

    def _answer(self, one: Asked, ids: Sequence[int], logprob: float) -> Answer:
        text, ended = self.chats.said(ids)
        return Answer(text, finish=None if ended else "length", input=len(one.source), output=len(ids), logprob=logprob)


def _json(messages: Conversation) -> str:
    return msgspec.json.encode(messages).decode()


def _shared(sources: Sequence[tuple[int, ...]]) -> int:
    """How many tokens all of them begin with, one of each left out; 0 where it is not worth to know."""
    # Whatever the first and the last in order have in common, those between them have, too.
    first, last = min(sources), max(sources)
    alike = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(last))
    alike = min(alike, min(map(len, sources)) - 1)
    return alike if alike >= WORTH_SHARING else 0


def opened(how: TeacherSettings, note: Callable[[str], None]) -> Author:
    """Load a model to teach. `note` is told what a person should know of it."""
    model = how.model
    assert isinstance(model, TransformersTeacher), "no other teacher is loaded here"
    models.quiet()
    pen: Pen
    match model.engine:
        case "transformers":
            student = models.teaching_model(model)
            models.use_threads(student)
            chats = chats_of(student.tokenizer, student.model.config, student.model.generation_config, how.stop)
            pen = Loop(student, _batch(), note)
        case "vllm":
            if reason := vllm.hindrance(model.model):
                raise Failure(reason, where=model.model, help=INSTEAD)
            config, tokenizer, generation = models.teaching_parts(model)
            chats = chats_of(tokenizer, config, generation, how.stop)
            if not chats.codec.causal:
                raise Failure(
                    "vllm runs causal models only, and this one has an encoder", where=model.model, help=INSTEAD
                )
            pen = vllm.teaching(model)
        case _:
            raise Failure(
                f"`engine: {model.engine}` is not known", where="params.yaml", help="use `transformers` or `vllm`"
            )
    if how.system is not None and chats.form == "merged":
        note("the model's chat template has no system message: it is put before the prompt")
    commit = models.commit_of(model)
    if commit is not None and commit != model.revision:
        note(f'{model.model} is revision {commit}; pin it with revision: "{commit}"')
    return Author(how, chats, pen, commit)


class Loop:
    """The loop of `decoding`, over any model that `transformers` has."""

    def __init__(self, student: Student, together: int, note: Callable[[str], None]) -> None:
        self.student = student
        self.together = together
        self._note = note
        self._prefix: Prefix | None = None
        self._shares = True
        """Whether the model can go on from what was read once."""

    def write(self, asked: Sequence[Asked], how: TeacherSettings, chats: Chats) -> list[tuple[list[int], float]]:
        """As `Pen` says. Where the GPU's memory does not suffice, half as many are written together from then on."""
        made: list[tuple[list[int], float]] = []
        while len(made) < len(asked):
            some = asked[len(made) : len(made) + self.together]
            try:
                made += self._written(some, how, chats)
            except torch.OutOfMemoryError as error:
                if len(some) == 1:
                    raise Failure(
                        f"the GPU's memory does not suffice for one completion of {len(some[0].source)} tokens of "
                        f"prompt and {some[0].limit} more",
                        help="lower `max_tokens`, show fewer exemplars, or choose a smaller model",
                    ) from error
                self.together = len(some) // 2
                self._note(f"the GPU's memory does not suffice for {len(some)} together: {self.together} from now on")
            else:
                continue
            # Outside of the handler, which holds on to the tensors of the attempt.
            gc.collect()
            torch.cuda.empty_cache()
        return made

    def _written(self, asked: Sequence[Asked], how: TeacherSettings, chats: Chats) -> list[tuple[list[int], float]]:
        points = [None if one.chance is None else decoding.points_of(one.chance, how.max_tokens) for one in asked]
        made = decoding.generated(
            self.student,
            [one.source for one in asked],
            decoding.chooser(points, self.student.model.device, how.temperature, how.top_p),
            [one.limit for one in asked],
            ends=chats.ends,
            halt=chats.halt,
            prefix=self._read(asked[0].source[: min(one.shared for one in asked)]),
        )
        return [(row.ids, row.logprob) for row in made]

    def _read(self, ids: tuple[int, ...]) -> Prefix | None:
        """The prefix with these ids, which is read where it is another one than that of the last batch."""
        if not ids or not self._shares:
            return None
        if self._prefix is None or self._prefix.ids != ids:
            self._prefix = read_prefix(self.student.model, ids)
            self._shares = self._prefix is not None
        return self._prefix


def _batch() -> int:
    text = os.environ.get(BATCH_VARIABLE, "")
    if not text:
        return BATCH_ON_GPU if torch.cuda.is_available() else BATCH
    if not text.isdecimal() or int(text) < 1:
        raise Failure(
            f"{BATCH_VARIABLE} is `{text}`",
            where=f"environment variable {BATCH_VARIABLE}",
            help="it is the number of completions that a local model writes together, such as 16",
        )
    return int(text)
