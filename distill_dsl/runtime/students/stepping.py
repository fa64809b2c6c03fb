"""Running a model token by token: an encoder or a prompt is read once, then each step adds one token a row."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import PreTrainedModel
from transformers.cache_utils import DynamicCache, DynamicLayer
from transformers.modeling_outputs import BaseModelOutput

from distill_dsl.runtime.students.batches import Codec, padded


@dataclass
class State:
    """What the next step needs; every tensor's first dimension is the rows of the batch."""

    cache: Any
    mask: torch.Tensor
    """Of the encoder's input, or of all that a causal model has read so far: (rows, read)."""
    encoded: torch.Tensor | None
    """The encoder's output (rows, read, width); None for a causal model."""


@dataclass(frozen=True)
class Prefix:
    """What many inputs of a causal model begin with, read once."""

    ids: tuple[int, ...]
    cache: Any
    """Of one row."""


@torch.inference_mode()
def read_prefix(model: PreTrainedModel, ids: tuple[int, ...]) -> Prefix | None:
    """`None` for a model whose memory of what it read cannot be taken up again by others."""
    cache = model(input_ids=torch.tensor([ids], device=model.device), use_cache=True).past_key_values
    # In layers of other kinds a gap between the prefix and a shorter row's rest would be seen.
    plain = type(cache) is DynamicCache and all(type(layer) is DynamicLayer for layer in cache.layers)
    return Prefix(ids, cache) if plain else None


def begin(
    model: PreTrainedModel, codec: Codec, sources: Sequence[tuple[int, ...]], prefix: Prefix | None = None
) -> tuple[torch.Tensor, State]:
    """Read the inputs: logits of the first new token (rows, vocabulary), and what the next step needs.

    Each of the sources of a causal model begins with the prefix, and goes on after it.
    """
    return _begin_causal(model, codec, sources, prefix) if codec.causal else _begin_seq2seq(model, codec, sources)


def _begin_seq2seq(
    model: PreTrainedModel, codec: Codec, sources: Sequence[Sequence[int]]
) -> tuple[torch.Tensor, State]:
    ids, mask = _inputs(model, codec, sources, left=False)
    start = torch.full((len(sources), 1), _start_token(model, codec), device=model.device)
    encoded = model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
    out = model(
        encoder_outputs=BaseModelOutput(last_hidden_state=encoded),
        attention_mask=mask,
        decoder_input_ids=start,
        use_cache=True,
    )
    return out.logits[:, -1], State(out.past_key_values, mask, encoded)


def _begin_causal(
    model: PreTrainedModel, codec: Codec, sources: Sequence[tuple[int, ...]], prefix: Prefix | None
) -> tuple[torch.Tensor, State]:
    known = 0 if prefix is None else len(prefix.ids)
    # Filled up on the left, so that every row goes on at the same place.
    ids, mask = _inputs(model, codec, [source[known:] for source in sources], left=True)
    mask = torch.cat([mask.new_ones(len(sources), known), mask], dim=1)
    positions = (mask.cumsum(dim=-1) - 1).clamp(min=0)[:, known:]
    past: dict[str, Any] = {}
    if prefix is not None:
        past["past_key_values"] = copy.deepcopy(prefix.cache)
        past["past_key_values"].batch_repeat_interleave(len(sources))
    # Only the last place tells the next token: all others would be a matrix of (rows, read, vocabulary).
    last = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}
    out = model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=True, **last, **past)
    return out.logits[:, -1], State(out.past_key_values, mask, None)


def advance(model: PreTrainedModel, state: State, tokens: torch.Tensor) -> torch.Tensor:
    """Read one more token a row (rows,): logits of the next one (rows, vocabulary). Changes the state."""
    last = tokens[:, None]
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


def kept(state: State, places: torch.Tensor) -> State:
    """The state of the rows at these places: without those that have ended, or with one several times."""
    state.cache.batch_select_indices(places)
    encoded = None if state.encoded is None else state.encoded[places]
    return replace(state, mask=state.mask[places], encoded=encoded)


def _inputs(
    model: PreTrainedModel, codec: Codec, sources: Sequence[Sequence[int]], *, left: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    ids = padded(sources, codec.pad, left=left).to(model.device)
    mask = padded([(1,) * len(source) for source in sources], 0, left=left).to(model.device)
    return ids, mask


def _start_token(model: PreTrainedModel, codec: Codec) -> int:
    start = model.config.decoder_start_token_id
    return codec.pad if start is None else int(start)
