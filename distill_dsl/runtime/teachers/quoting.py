"""What asking will take, before anything is asked: calls, tokens and dollars, low and high.

Prompts are rendered as they will be sent, and what the store holds is taken off. Tokens are
estimated, as no tokenizer of a hosted model can be had offline: a text has at least one token for
each piece (a word, a number, a run of signs) and at most `MOST` for each in six tokenizers (OpenAI's
p50k, cl100k and o200k, Anthropic's, DeepSeek's, SmolLM2's) on the problems, programs and rationales
that this package was tested with. Where the store holds completions of the model, the tokens that its
prompts really had take the place of that.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import fmean, median, pstdev
from typing import Final, NamedTuple

import msgspec

from distill_dsl.contract.quotes import Quote, Range
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import (
    FreePrice,
    OpenaiTeacher,
    PerMillion,
    Price,
    SpendingSettings,
    TeacherSettings,
    ThoughtSettings,
    TransformersTeacher,
)
from distill_dsl.runtime.teachers.exemplars import chooser
from distill_dsl.runtime.teachers.prices import cost, price_of
from distill_dsl.runtime.teachers.prompts import prompter
from distill_dsl.runtime.teachers.questions import asker, question_of
from distill_dsl.runtime.teachers.store import Store, opened, store_path

PIECE: Final = re.compile(r"[^\W\d_]+|\d+|[^\w\s]+|_+")
MOST: Final = 1.5
"""Tokens a piece: 0.99 to 1.44 were measured, the most where numbers are split into digits."""
AROUND: Final = 32
"""Tokens of a request around its messages, at most: marks of the chat, a system message of the model's own."""
SEEN: Final = 1000
"""The last completions of a model that its tokens are judged by."""
ALIKE: Final = 2.0
"""How many times as long a prompt may be to tell of another: what stands around it weighs more in a short one."""
ENOUGH: Final = 30
"""Completions of these very prompts from which the length of further ones is told."""
LOOKED_AT: Final = 50
"""Problems whose exemplars are looked at for the shortest, and prompts whose length counts as usual."""
SLACK: Final = 0.1
"""Of what is told from other prompts or completions: they are alike, not the same."""


def quote(
    settings: TeacherSettings,
    spending: SpendingSettings,
    teacher: str,
    thought: str,
    format: ThoughtSettings,
    problems: Sequence[Problem],
) -> Quote:
    """What asking `teacher` (a block's name) for one thought on these problems will take; makes no store."""
    example = _shortest_example(settings, thought, format, problems)
    if not store_path().exists():
        return _quoted(settings, spending, _lacking(settings, thought, format, problems, None), _Known(), example)
    with opened() as store:
        lacking = _lacking(settings, thought, format, problems, store)
        return _quoted(settings, spending, lacking, _known(store, settings, teacher, lacking), example)


def _shortest_example(
    settings: TeacherSettings, thought: str, format: ThoughtSettings, problems: Sequence[Problem]
) -> int:
    """Tokens, at least, of the shortest exemplar that some of the problems are shown; 1 where they are shown none."""
    if settings.exemplars is None:
        return 1
    choose = chooser(settings.exemplars, thought, format)
    shown = {exemplar.text for problem in problems[:LOOKED_AT] for exemplar in choose(problem)}
    return min(map(_pieces, shown), default=1)


# --- what is missing ----------------------------------------------------------------------------


@dataclass
class _Lacking:
    """The prompts that lack completions, and what those of them took that the store holds."""

    held: int = 0
    texts: list[str] = field(default_factory=list)
    """All that is said in each prompt."""
    samples: list[int] = field(default_factory=list)
    """How many each lacks."""
    outputs: list[int] = field(default_factory=list)
    """Tokens of completions that the store holds of this thought."""


def _lacking(
    settings: TeacherSettings,
    thought: str,
    format: ThoughtSettings,
    problems: Sequence[Problem],
    store: Store | None,
) -> _Lacking:
    found, prompt, asked = _Lacking(), prompter(settings, thought, format), asker(settings)
    new: set[str] = set()
    for problem in problems:
        question, key = asked(prompt(problem))
        if key in new:
            continue
        held = _held(store, key, settings) if store is not None else {}
        found.held += len(held)
        found.outputs += [output for output in held.values() if output is not None]
        if len(held) < settings.samples:
            new.add(key)
            found.texts.append("\n".join(message["content"] for message in question["messages"]))
            found.samples.append(settings.samples - len(held))
    return found


def _held(store: Store, key: str, settings: TeacherSettings) -> dict[int, int | None]:
    """Sample -> tokens of the completion that serves."""
    logprobs = isinstance(settings.model, OpenaiTeacher) and settings.model.logprobs
    return store.lengths(key, settings.samples, settings.max_tokens, logprobs=logprobs)


# --- what is known of the model -----------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """What the store tells of a model and a teacher."""

    ratio: Range | None = None
    """Tokens for each piece of prompts as long as those that are to be sent."""
    together: bool | None = None
    """Whether the server gives several completions of a prompt at once, and counts the prompt once."""
    dollars: float = 0.0
    tokens: int = 0


def _known(store: Store, settings: TeacherSettings, teacher: str, lacking: _Lacking) -> _Known:
    question, spent = question_of(settings, []), store.spent(teacher)
    rows = store.connection.execute(
        "SELECT sample, input, question FROM completions JOIN requests ON requests.id = completions.request"
        " WHERE provider = ? AND model = ? AND input IS NOT NULL ORDER BY completions.id DESC LIMIT ?",
        (question["provider"], question["model"], SEEN),
    ).fetchall()
    usual = median(map(_pieces, lacking.texts[:LOOKED_AT])) if lacking.texts else 0
    seen = [(tokens, _pieces(_said(text))) for _, tokens, text in rows if tokens]
    ratios = [tokens / pieces for tokens, pieces in seen if usual / ALIKE <= pieces <= usual * ALIKE and pieces]
    further = [tokens for sample, tokens, _ in rows if sample > 0]
    return _Known(
        ratio=Range(min(ratios) * (1 - SLACK), max(ratios) * (1 + SLACK)) if ratios else None,
        together=True if 0 in further else False if len(further) >= ENOUGH else None,
        dollars=spent.dollars,
        tokens=spent.tokens,
    )


def _said(question: str) -> str:
    return "\n".join(message["content"] for message in msgspec.json.decode(question)["messages"])


# --- the quote ----------------------------------------------------------------------------------


def _quoted(
    settings: TeacherSettings, spending: SpendingSettings, lacking: _Lacking, known: _Known, example: int
) -> Quote:
    calls = sum(lacking.samples)
    # Where completions are drawn, a server is asked for all of a prompt's at once; not every one gives them.
    once = settings.temperature > 0 and known.together is not False
    surely = once and known.together is True
    sizes = [_tokens(text, known.ratio) for text in lacking.texts]
    input = Range(
        sum(size.low * (1 if once else lacks) for size, lacks in zip(sizes, lacking.samples, strict=True)),
        sum(size.high * (1 if surely else lacks) for size, lacks in zip(sizes, lacking.samples, strict=True)),
    )
    each = _length(settings.max_tokens, lacking.outputs, example)
    output = Range(calls * each.low, calls * each.high)
    price, source = _price(settings, spending)
    return Quote(
        held=lacking.held,
        calls=calls,
        input=input,
        output=output,
        dollars=_dollars(price, input, output),
        price=source,
        spent_dollars=known.dollars,
        spent_tokens=known.tokens,
    )


def _tokens(text: str, ratio: Range | None) -> Range:
    """Of one prompt."""
    if ratio is not None:
        pieces = _pieces(text)
        return Range(pieces * ratio.low, pieces * ratio.high)
    counts = [_count(line) for line in text.split("\n")]
    return Range(sum(low for low, _ in counts), sum(high for _, high in counts) + AROUND)


def _pieces(text: str) -> int:
    return sum(_count(line).low for line in text.split("\n"))


class _Count(NamedTuple):
    low: int
    high: float


@lru_cache(maxsize=100_000)
def _count(line: str) -> _Count:
    """Tokens of a line, which are estimated once: prompts share most of theirs."""
    pieces = PIECE.findall(line)
    foreign = [len(piece.encode()) for piece in pieces if not piece.isascii()]
    # Of other scripts a tokenizer may know no more than the bytes. The line's end is a token, too.
    return _Count(len(pieces), (len(pieces) - len(foreign)) * MOST + sum(foreign) + 1)


def _length(limit: int, held: Sequence[int], example: int) -> Range:
    """Tokens of one completion: as of those that are held, else between an exemplar and the limit."""
    usual = fmean(held) if len(held) >= ENOUGH else 0.0
    if usual == 0:
        return Range(min(example, limit), limit)
    slack = max(SLACK, 2 * pstdev(map(float, held), usual) / usual / math.sqrt(len(held)))
    return Range(usual * max(0.0, 1 - slack), min(float(limit), usual * (1 + slack)))


def _price(settings: TeacherSettings, spending: SpendingSettings) -> tuple[Price | None, str]:
    """The price, and whose word it is."""
    if isinstance(settings.model, TransformersTeacher):
        return FreePrice(), "free"
    assert isinstance(settings.model, OpenaiTeacher)
    price = price_of(settings.model, spending)
    match price:
        case None:
            return None, "unknown"
        case FreePrice():
            return price, "free"
        case PerMillion():
            return price, "listed" if spending.price is None else "declared"


def _dollars(price: Price | None, input: Range, output: Range) -> Range | None:
    low = cost(price, round(input.low), round(output.low))
    high = cost(price, round(input.high), round(output.high))
    return None if low is None or high is None else Range(low, high)
