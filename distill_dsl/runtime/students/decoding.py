"""Writing thoughts with a trained student, in batches of about one length.

Decoding is a loop of its own instead of `generate`: it draws each sample from its own seed
(so that a thought does not depend on its neighbours), adds up log-probabilities as it goes
(keeping all scores of a batch takes gigabytes with a large vocabulary), reads equal prompts
once, and drops finished rows. It runs any student; `engines` holds what is faster for some.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import torch

from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.students.stepping import Prefix, advance, begin, kept

WORTH_DROPPING: Final = 7 / 8
"""Finished rows are computed on until no more than this share is open: to drop one is to copy all others."""

LOGPROB_DIGITS: Final = 6
"""Decimals kept: far below any difference that means something, far above the noise of float32."""


@dataclass(frozen=True)
class Request:
    """One thought to be written."""

    question: str
    cue: str
    sample: int = 0
    """0 is the likeliest thought, token by token; further ones are drawn."""


@dataclass(frozen=True)
class Written:
    """One written thought."""

    text: str
    tokens: int
    """New tokens, the end mark included."""
    logprob: float
    """Mean log-probability of those tokens under the model (temperature 1), in nats."""


@dataclass(frozen=True)
class Decoding:
    """How thoughts are written."""

    temperature: float
    """Of the samples that are drawn; 0 makes each the likeliest thought."""
    max_tokens: int
    max_question: int
    seed: int


def is_drawn(request: Request, how: Decoding) -> bool:
    """Whether chance has a say; else the likeliest token is taken each time."""
    return request.sample > 0 and how.temperature > 0.0


def batches(
    student: Student, requests: Sequence[Request], size: int, max_question: int, *, apart: bool = False
) -> list[list[int]]:
    """Positions of the requests in batches of about one length, one cue after the other.

    Formats differ in how long their thoughts are: a batch of one cue ends at about one time. Samples
    of one question come together, unless first samples are to be `apart` from the others.
    """
    codec = student.codec
    prompts = dict.fromkeys((request.question, request.cue) for request in requests)
    lengths = {prompt: len(codec.source(*prompt, max_question)[0]) for prompt in prompts}
    cues = {cue: place for place, cue in enumerate(dict.fromkeys(request.cue for request in requests))}
    kinds = [(cues[request.cue], apart and request.sample > 0) for request in requests]

    def place(i: int) -> tuple[tuple[int, bool], int, str, int]:
        return kinds[i], lengths[requests[i].question, requests[i].cue], requests[i].question, i

    groups: list[list[int]] = []
    for position in sorted(range(len(requests)), key=place):
        if not groups or len(groups[-1]) == size or kinds[groups[-1][-1]] != kinds[position]:
            groups.append([])
        groups[-1].append(position)
    return groups


def write(student: Student, requests: Sequence[Request], how: Decoding) -> list[Written]:
    """Write one batch of thoughts, in order."""
    codec = student.codec
    sources = [codec.source(request.question, request.cue, how.max_question)[0] for request in requests]
    points = [_points(request, how) if is_drawn(request, how) else None for request in requests]
    choose = chooser(points, student.model.device, how.temperature)
    made = generated(student, sources, choose, [how.max_tokens] * len(requests))
    return [Written(codec.text(row.ids), len(row.ids), row.logprob) for row in made]


def _points(request: Request, how: Decoding) -> list[float]:
    return points_of(f"{how.seed}:{request.sample}:{request.cue}:{request.question}", how.max_tokens)


@dataclass(frozen=True)
class Made:
    """What was written after one source, at least one token."""

    ids: list[int]
    """The end mark included."""
    logprobs: list[float]
    """One a token."""

    @property
    def logprob(self) -> float:
        """Their mean."""
        return sum(self.logprobs) / len(self.ids)


@dataclass(frozen=True)
class Halt:
    """What ends a row before an end mark does."""

    reach: int
    """How many of the last tokens decide."""
    found: Callable[[Sequence[int]], bool]
    """Whether a row that has these last tokens is to end."""


Choose = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]
"""Logits (rows, vocabulary), which sources those rows are of (rows,), the step -> one token a row (rows,)."""


@torch.inference_mode()
def generated(
    student: Student,
    sources: Sequence[tuple[int, ...]],
    choose: Choose,
    limits: Sequence[int],
    *,
    ends: Sequence[int] = (),
    halt: Halt | None = None,
    prefix: Prefix | None = None,
) -> list[Made]:
    """What follows each source, up to one of `ends` (the student's own end mark where none are given), to
    where `halt` says so, or to as many tokens as its limit allows. `prefix` begins every source."""
    codec = student.codec
    student.model.train(False)
    prompts = {source: place for place, source in enumerate(dict.fromkeys(sources))}
    logits, state = begin(student.model, codec, list(prompts), prefix)
    device = logits.device
    if len(prompts) < len(sources):
        places = torch.tensor([prompts[source] for source in sources], device=device)
        logits, state = logits[places], kept(state, places)
    longest = max(limits)
    rows = torch.arange(len(sources), device=device)  # which sources are still in the batch
    ids = torch.full((len(sources), longest), codec.end, device=device)
    logprobs = torch.zeros((len(sources), longest), device=device)
    lengths = torch.zeros_like(rows)
    most = torch.tensor(limits, device=device)
    marks = torch.tensor(ends or (codec.end,), device=device)
    still = torch.ones(len(sources), dtype=torch.bool, device=device)  # of the rows, those not ended
    for step in range(longest):
        logits = logits.float()  # (rows, vocabulary)
        tokens = choose(logits, rows, step)
        ids[rows, step] = tokens
        logprobs[rows, step] = logits.gather(1, tokens[:, None])[:, 0] - logits.logsumexp(dim=-1)
        lengths[rows] += still
        still = still & (tokens[:, None] != marks).all(dim=-1) & (step + 1 < most[rows])
        if halt is not None:
            still = still & ~_halted(ids[rows, max(0, step + 1 - halt.reach) : step + 1], still, halt)
        going = int(still.sum())
        if going == 0:
            break
        if going <= WORTH_DROPPING * len(rows):
            places = still.nonzero()[:, 0]
            state, rows, tokens, still = kept(state, places), rows[places], tokens[places], still[places]
        logits = advance(student.model, state, tokens)
    return [
        Made(row[:length], taken[:length])
        for row, taken, length in zip(ids.tolist(), logprobs.tolist(), lengths.tolist(), strict=True)
    ]


def _halted(last: torch.Tensor, still: torch.Tensor, halt: Halt) -> torch.Tensor:
    """Which rows their last tokens (rows, reach) end (rows,); those that have ended are not asked."""
    found = [going and halt.found(row) for row, going in zip(last.tolist(), still.tolist(), strict=True)]
    return torch.tensor(found, device=last.device)


def _greedy(logits: torch.Tensor, rows: torch.Tensor, step: int) -> torch.Tensor:
    return logits.argmax(dim=-1)


def chooser(
    points: Sequence[Sequence[float] | None], device: torch.device, temperature: float, top_p: float | None = None
) -> Choose:
    """What takes the likeliest token of each source without points, and draws those of all others.

    A draw is from the likeliest tokens that together have the probability `top_p`.
    """
    drawn = [row is not None for row in points]
    if not any(drawn):
        return _greedy
    longest = max(len(row) for row in points if row is not None)
    by_chance = torch.tensor(drawn, device=device)
    places = torch.tensor([row or [0.0] * longest for row in points], dtype=torch.float64, device=device)

    def draw(logits: torch.Tensor, rows: torch.Tensor, step: int) -> torch.Tensor:
        shares = (logits.double() / temperature).softmax(dim=-1)
        point = places[rows, step, None]
        found = _drawn(shares, point) if top_p is None else _drawn_from_likeliest(shares, point, top_p)
        tokens = found[:, 0]
        return tokens if all(drawn) else torch.where(by_chance[rows], tokens, logits.argmax(dim=-1))

    return draw


def _drawn(shares: torch.Tensor, point: torch.Tensor) -> torch.Tensor:
    """The place in which each row's point between 0 and 1 (rows, 1) falls (rows, 1)."""
    sums = shares.cumsum(dim=-1)
    # The sum may end a rounding error below 1: the point must fall inside all the same.
    found = torch.searchsorted(sums, point * sums[:, -1:], right=True)
    return found.clamp(max=shares.shape[-1] - 1)


def _drawn_from_likeliest(shares: torch.Tensor, point: torch.Tensor, top_p: float) -> torch.Tensor:
    shares, order = shares.sort(dim=-1, descending=True, stable=True)
    taken = shares.cumsum(dim=-1) - shares < top_p
    found = _drawn(shares.where(taken, 0.0), point)
    return order.gather(1, torch.minimum(found, taken.sum(dim=-1, keepdim=True) - 1))


def points_of(text: str, count: int) -> list[float]:
    """Where each token's draw falls between 0 and 1: from the text alone, whatever the batch."""
    chance = random.Random(text)
    return [chance.random() for _ in range(count)]
