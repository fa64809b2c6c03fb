"""How many calculations a training takes, estimated from the model's weights and the tokens it sees."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel


@dataclass(frozen=True)
class Weights:
    """How many weights a token is multiplied with."""

    read: int
    """In the encoder, by a token of the input; 0 where there is no encoder."""
    written: int
    """In the decoder and the output layer, by a token of the thought (by every token of a causal model)."""


def weights_a_token(model: PreTrainedModel) -> Weights:
    """Weights without embeddings, which are looked up; an output layer that is tied to them does multiply."""
    looked_up = {id(part.weight) for part in model.modules() if isinstance(part, torch.nn.Embedding)}
    encoder = {id(weight) for weight in model.get_encoder().parameters()} if model.config.is_encoder_decoder else set()
    counted = {id(weight): weight.numel() for weight in model.parameters() if id(weight) not in looked_up}
    read = sum(size for key, size in counted.items() if key in encoder)
    written = sum(size for key, size in counted.items() if key not in encoder)
    head = model.get_output_embeddings()
    if head is not None and id(head.weight) in looked_up:
        written += head.weight.numel()
    return Weights(read, written)


def training_flops(weights: Weights, *, read: int, written: int) -> float:
    """Floating point operations of training on so many tokens: six a weight and token, two of them forward
    and four back (arXiv 2001.08361, section 2.1). Attention between positions is left out, as there, and
    what is computed twice to save memory counts once."""
    return 6.0 * (weights.read * read + weights.written * written)
