"""The `transformers` teacher: a model on this machine, whose completions are kept as a server's are.

This module knows problems, prompts and the store; an `Author` knows models. Each batch is in the store
before the next one begins: a killed run goes on where it stopped, and more samples cost only the new ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Protocol

from msgspec.structs import replace

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import TeacherSettings
from distill_dsl.runtime.progress import UNSEEN, Watch
from distill_dsl.runtime.teachers.prompts import Prompt
from distill_dsl.runtime.teachers.questions import asker, question_of
from distill_dsl.runtime.teachers.rows import said_by
from distill_dsl.runtime.teachers.store import Bought, Store, asking, opened

WINDOW: Final = 512
"""Problems that are looked at together: enough for batches of one length, few enough to hold their prompts."""

EMPTY: Final = "the model wrote nothing"

Conversation = Sequence[Mapping[str, str]]


class Answer(Protocol):
    """One completion, or why there is none."""

    @property
    def text(self) -> str | None:
        """`None` where the model cannot be asked this, with a reason."""

    @property
    def reason(self) -> str | None:
        """Why there is no text."""

    @property
    def finish(self) -> str | None:
        """As in `Completion`."""

    @property
    def input(self) -> int:
        """Tokens of the prompt."""

    @property
    def output(self) -> int:
        """Tokens that were written."""

    @property
    def logprob(self) -> float | None:
        """Their mean log-probability."""


class Author(Protocol):
    """A model that is ready to write."""

    @property
    def served(self) -> str | None:
        """Its commit, where it is one of the hub."""

    def write(
        self, conversations: Sequence[tuple[Conversation, int]], among: Sequence[Conversation]
    ) -> Iterator[Sequence[tuple[int, Answer]]]:
        """Places of the list (conversation, number of the sample) with their answers, batch by batch.

        `among`: all those that are looked at together, answered before or not.
        """


@dataclass(frozen=True)
class _Chat:
    """What one problem is asked."""

    problem: str
    exemplars: tuple[str, ...]
    question: dict[str, Any]
    key: str


@dataclass
class _Desk:
    """Where missing completions are written."""

    settings: TeacherSettings
    teacher: str
    store: Store
    opened: Callable[[], Author]
    watch: Watch
    author: Author | None = None
    refused: dict[str, str] = field(default_factory=dict)
    """Key -> why the model cannot be asked this."""
    counted: set[tuple[str, int]] = field(default_factory=set)
    """Completions whose usage a row has told."""


def ask_local(
    settings: TeacherSettings,
    teacher: str,
    thought: str,
    problems: Iterable[Problem],
    prompt: Callable[[Problem], Prompt],
    author: Callable[[], Author],
    progress: Callable[[int], None],
    watch: Watch = UNSEEN,
) -> Iterator[Completion]:
    """The completions in the order of the problems, all samples of one problem together.

    `author` loads the model; it is called only where something is missing. `progress` is told how many
    more of all samples of all problems are done, and `watch` how fast.
    """
    asked = asker(settings)
    rest = iter(problems)
    with opened() as store, asking(store, settings):
        desk = _Desk(settings, teacher, store, author, watch)
        while some := list(islice(rest, WINDOW)):
            chats = [_chat(problem, prompt(problem), asked) for problem in some]
            _write_missing(desk, chats, progress)
            for chat in chats:
                for sample in range(settings.samples):
                    yield _row(desk, chat, thought, sample)
        if desk.refused and not desk.counted:
            raise Failure(
                f"no prompt fits the model: {next(iter(desk.refused.values()))}",
                where=question_of(settings, [])["model"],
                help="show fewer exemplars, or choose a model that reads more",
            )


def _chat(problem: Problem, prompt: Prompt, asked: Callable[[Prompt], tuple[dict[str, Any], str]]) -> _Chat:
    return _Chat(problem.id, prompt.exemplars, *asked(prompt))


def _write_missing(desk: _Desk, chats: Sequence[_Chat], progress: Callable[[int], None]) -> None:
    """Have written what the store lacks. Equal prompts are written once."""
    wanted = [(chat, sample) for chat in chats for sample in _samples(desk.settings)]
    missing = {
        (chat.key, sample): chat
        for chat, sample in wanted
        if chat.key not in desk.refused and desk.store.get(chat.key, sample, desk.settings.max_tokens) is None
    }
    due = len(chats) * desk.settings.samples
    progress(due - len(missing))
    if not missing:
        return
    if desk.author is None:
        desk.author = desk.opened()
    places = list(missing)
    conversations = [(missing[place].question["messages"], place[1]) for place in places]
    last = time.monotonic()
    for batch in desk.author.write(conversations, [chat.question["messages"] for chat in chats]):
        _keep(desk, desk.author.served, [(missing[places[at]], places[at][1], answer) for at, answer in batch])
        progress(len(batch))
        tokens, seconds = sum(answer.output for _, answer in batch), time.monotonic() - last
        desk.watch.standing(f"{tokens / seconds:.0f} tokens/s")
        last += seconds


def _samples(settings: TeacherSettings) -> range:
    """The samples that are written: without chance, all are the first one."""
    return range(settings.samples if settings.temperature > 0 else 1)


def _keep(desk: _Desk, served: str | None, batch: Sequence[tuple[_Chat, int, Answer]]) -> None:
    """Put a batch into the store, all of it or nothing: what is left is then in the batches that it would have
    been in, whenever the process is killed, and so the same to the last bit."""
    rows: dict[str, dict[int, Bought]] = {}
    questions: dict[str, dict[str, Any]] = {}
    for chat, sample, answer in batch:
        if answer.text is None:
            desk.refused[chat.key] = answer.reason or "the model cannot be asked this"
            continue
        questions[chat.key] = chat.question
        same = rows.setdefault(chat.key, {})
        same[sample] = Bought(
            text=answer.text,
            finish=answer.finish,
            input=0 if same else answer.input,  # equal prompts of a batch are read once
            output=answer.output,
            cost=0.0,
            logprob=answer.logprob,
            max_tokens=desk.settings.max_tokens,
            reason=None if answer.text.strip() else EMPTY,
            served=served,
        )
    if rows:
        desk.store.put_all([(questions[key], key, same) for key, same in rows.items()], teacher=desk.teacher)


def _row(desk: _Desk, chat: _Chat, thought: str, sample: int) -> Completion:
    place = sample if sample in _samples(desk.settings) else 0
    found = desk.store.get(chat.key, place, desk.settings.max_tokens)
    row = Completion(
        problem=chat.problem,
        thought=thought,
        sample=sample,
        text=None,
        reason=desk.refused.get(chat.key),
        prompt=chat.key,
        exemplars=chat.exemplars,
    )
    if found is None:
        return row
    # A completion that several rows have was written once.
    first = (chat.key, place) not in desk.counted
    desk.counted.add((chat.key, place))
    return replace(row, **said_by(found, again=not first))
