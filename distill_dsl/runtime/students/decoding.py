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
from distill_dsl.runtime.students.stepping import advance, begin, kept

WORTH_DROPPING: Final = 7 / 8
"""Finished rows are computed on until no more than this share is open: to drop one is to copy all others."""


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


@torch.inference_mode()
def write(student: Student, requests: Sequence[Request], how: Decoding) -> list[Written]:
    """Write one batch of thoughts, in order."""
    codec = student.codec
    student.model.train(False)
    sources = [codec.source(request.question, request.cue, how.max_question)[0] for request in requests]
    prompts = {source: place for place, source in enumerate(dict.fromkeys(sources))}
    logits, state = begin(student.model, codec, list(prompts))
    if len(prompts) < len(requests):
        places = torch.tensor([prompts[source] for source in sources], device=logits.device)
        logits, state = logits[places], kept(state, places)
    choose = _chooser(requests, how, logits.device)
    rows = torch.arange(len(requests), device=logits.device)  # which requests are still in the batch
    ids = torch.full((len(requests), how.max_tokens), codec.end, device=logits.device)
    logprobs = torch.zeros((len(requests), how.max_tokens), device=logits.device)
    still = torch.ones(len(requests), dtype=torch.bool, device=logits.device)  # of the rows, those not ended
    for step in range(how.max_tokens):
        logits = logits.float()  # (rows, vocabulary)
        tokens = choose(logits, rows, step)
        ids[rows, step] = tokens
        logprobs[rows, step] = logits.gather(1, tokens[:, None])[:, 0] - logits.logsumexp(dim=-1)
        still = still & (tokens != codec.end)
        going = int(still.sum())
        if going == 0 or step + 1 == how.max_tokens:
            break
        if going <= WORTH_DROPPING * len(rows):
            places = still.nonzero()[:, 0]
            state, rows, tokens, still = kept(state, places), rows[places], tokens[places], still[places]
        logits = advance(student.model, state, tokens)
    return [
        Written(codec.text(row), len(row), sum(taken[: len(row)]) / len(row))
        for row, taken in zip(_ended(ids.tolist(), codec.end), logprobs.tolist(), strict=True)
    ]


def _ended(rows: Sequence[list[int]], end: int) -> list[list[int]]:
    """Each row up to its first end mark, that included."""
    return [row[: row.index(end) + 1] if end in row else row for row in rows]


Choose = Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]
"""Logits (rows, vocabulary), which requests those rows are (rows,), the step -> one token a row (rows,)."""


def _greedy(logits: torch.Tensor, rows: torch.Tensor, step: int) -> torch.Tensor:
    return logits.argmax(dim=-1)


def _chooser(requests: Sequence[Request], how: Decoding, device: torch.device) -> Choose:
    drawn = [is_drawn(request, how) for request in requests]
    if not any(drawn):
        return _greedy
    by_chance = torch.tensor(drawn, device=device)
    points = torch.tensor([_points(request, how) for request in requests], dtype=torch.float64, device=device)

    def draw(logits: torch.Tensor, rows: torch.Tensor, step: int) -> torch.Tensor:
        shares = (logits.double() / how.temperature).softmax(dim=-1).cumsum(dim=-1)
        # The sum may end a rounding error below 1: the point must fall inside all the same.
        found = torch.searchsorted(shares, points[rows, step, None] * shares[:, -1:], right=True)
        tokens = found.clamp(max=shares.shape[-1] - 1)[:, 0]
        return tokens if all(drawn) else torch.where(by_chance[rows], tokens, logits.argmax(dim=-1))

    return draw


def _points(request: Request, how: Decoding) -> list[float]:
    """Where each token's draw falls between 0 and 1: from the request alone, whatever its batch."""
    chance = random.Random(f"{how.seed}:{request.sample}:{request.cue}:{request.question}")
    return [chance.random() for _ in range(how.max_tokens)]
