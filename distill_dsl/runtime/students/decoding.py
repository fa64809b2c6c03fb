"""Writing thoughts with a trained student, in batches of about one length.

Decoding is a loop of its own instead of `generate`: it draws each sample from its own seed
(so that a thought does not depend on its neighbours), adds up log-probabilities as it goes
(keeping all scores of a batch takes gigabytes with a large vocabulary), and drops finished rows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput

from distill_dsl.runtime.students.batches import Codec, padded
from distill_dsl.runtime.students.models import Student


@dataclass(frozen=True)
class Request:
    """One thought to be written."""

    question: str
    cue: str
    sample: int = 0


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
    """How thoughts are drawn."""

    temperature: float
    """0 is greedy."""
    max_tokens: int
    max_question: int
    seed: int


def batches(student: Student, requests: Sequence[Request], size: int, max_question: int) -> list[list[int]]:
    """Positions of the requests in batches of about one length, one cue after the other.

    Formats differ in how long their thoughts are: a batch of one cue ends at about one time.
    """
    codec = student.codec
    lengths = [len(codec.source(request.question, request.cue, max_question)[0]) for request in requests]
    cues = {cue: place for place, cue in enumerate(dict.fromkeys(request.cue for request in requests))}
    order = sorted(range(len(requests)), key=lambda i: (cues[requests[i].cue], lengths[i], requests[i].question, i))
    groups: list[list[int]] = []
    for position in order:
        full = not groups or len(groups[-1]) == size
        if full or requests[groups[-1][-1]].cue != requests[position].cue:
            groups.append([])
        groups[-1].append(position)
    return groups


@torch.inference_mode()
def write(student: Student, requests: Sequence[Request], how: Decoding) -> list[Written]:
    """Write one batch of thoughts, in order."""
    model, codec = student.model, student.codec
    model.train(False)
    pick = _greedy if how.temperature == 0.0 else _drawer(requests, how)
    sources = [codec.source(request.question, request.cue, how.max_question)[0] for request in requests]
    logits, state = (_begin_causal if codec.causal else _begin_seq2seq)(model, codec, sources)
    written: list[list[int]] = [[] for _ in requests]
    totals = [0.0] * len(requests)
    while True:
        logprobs = logits.float().log_softmax(dim=-1)  # (open rows, vocabulary)
        tokens = pick(logprobs, state.rows)
        taken: list[float] = logprobs.gather(1, torch.tensor(tokens, device=logprobs.device)[:, None])[:, 0].tolist()
        keep: list[int] = []
        for place, (row, token, logprob) in enumerate(zip(state.rows, tokens, taken, strict=True)):
            written[row].append(token)
            totals[row] += logprob
            if token != codec.end and len(written[row]) < how.max_tokens:
                keep.append(place)
        if not keep:
            break
        state = _kept(state, keep)
        logits = _advance(model, state, [tokens[place] for place in keep])
    return [Written(codec.text(ids), len(ids), total / len(ids)) for ids, total in zip(written, totals, strict=True)]


# --- choosing the next token ----------------------------------------------------------------------

Pick = Callable[[torch.Tensor, Sequence[int]], list[int]]
"""Log-probabilities (open rows, vocabulary) and which requests those rows are -> one token a row."""


def _greedy(logprobs: torch.Tensor, rows: Sequence[int]) -> list[int]:
    tokens: list[int] = logprobs.argmax(dim=-1).tolist()
    return tokens


def _drawer(requests: Sequence[Request], how: Decoding) -> Pick:
    draws = [random.Random(f"{how.seed}:{request.sample}:{request.cue}:{request.question}") for request in requests]

    def draw(logprobs: torch.Tensor, rows: Sequence[int]) -> list[int]:
        shares = (logprobs.double() / how.temperature).softmax(dim=-1).cumsum(dim=-1)
        points = torch.tensor([[draws[row].random()] for row in rows], dtype=shares.dtype, device=shares.device)
        # The sum may end a rounding error below 1: the point must fall inside all the same.
        found = torch.searchsorted(shares, points * shares[:, -1:], right=True)
        tokens: list[int] = found.clamp(max=shares.shape[-1] - 1)[:, 0].tolist()
        return tokens

    return draw


# --- running the model token by token ---------------------------------------------------------------


@dataclass
class _State:
    """What the next step needs; every tensor's first dimension is the open rows."""

    rows: list[int]
    """Which requests are still open."""
    cache: Any
    mask: torch.Tensor
    """Of the encoder's input, or of all that a causal model has read so far."""
    encoded: torch.Tensor | None
    """The encoder's output (rows, S, width); None for a causal model."""


def _begin_seq2seq(
    model: PreTrainedModel, codec: Codec, sources: Sequence[Sequence[int]]
) -> tuple[torch.Tensor, _State]:
    ids, mask = _inputs(model, codec, sources, left=False)
    start = torch.full((len(sources), 1), _start_token(model, codec), device=model.device)
    encoded = model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
    out = model(
        encoder_outputs=BaseModelOutput(last_hidden_state=encoded),
        attention_mask=mask,
        decoder_input_ids=start,
        use_cache=True,
    )
    return out.logits[:, -1], _State(list(range(len(sources))), out.past_key_values, mask, encoded)


def _begin_causal(
    model: PreTrainedModel, codec: Codec, sources: Sequence[Sequence[int]]
) -> tuple[torch.Tensor, _State]:
    # Filled up on the left, so that every row goes on at the same place.
    ids, mask = _inputs(model, codec, sources, left=True)
    positions = (mask.cumsum(dim=-1) - 1).clamp(min=0)
    out = model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True)
    return out.logits[:, -1], _State(list(range(len(sources))), out.past_key_values, mask, None)


def _advance(model: PreTrainedModel, state: _State, tokens: Sequence[int]) -> torch.Tensor:
    last = torch.tensor(tokens, device=model.device)[:, None]
    if state.encoded is not None:
        out = model(
            encoder_outputs=BaseModelOutput(last_hidden_state=state.encoded),
            attention_mask=state.mask,
            decoder_input_ids=last,
            past_key_values=state.cache,
            use_cache=True,
        )
    else:
        state.mask = torch.cat([state.mask, torch.ones_like(last)], dim=1)
        positions = state.mask.sum(dim=-1, keepdim=True) - 1
        out = model(
            input_ids=last,
            attention_mask=state.mask,
            position_ids=positions,
            past_key_values=state.cache,
            use_cache=True,
        )
    state.cache = out.past_key_values
    logits: torch.Tensor = out.logits[:, -1]
    return logits


def _kept(state: _State, keep: Sequence[int]) -> _State:
    """The state without the rows that have ended."""
    if len(keep) == len(state.rows):
        return state
    places = torch.tensor(keep, device=state.mask.device)
    state.cache.batch_select_indices(places)
    encoded = None if state.encoded is None else state.encoded[places]
    return _State([state.rows[place] for place in keep], state.cache, state.mask[places], encoded)


def _inputs(
    model: PreTrainedModel, codec: Codec, sources: Sequence[Sequence[int]], *, left: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    ids = padded(sources, codec.pad, left=left).to(model.device)
    mask = padded([(1,) * len(source) for source in sources], 0, left=left).to(model.device)
    return ids, mask


def _start_token(model: PreTrainedModel, codec: Codec) -> int:
    start = model.config.decoder_start_token_id
    return codec.pad if start is None else int(start)
