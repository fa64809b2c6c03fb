"""What a student learns from a batch: how rows become tensors, what the loss is, and what it is divided by.

The engine (`training`) knows rows only through a `Lesson`. Fine-tuning is the one made here; other
objectives make their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch.nn import functional

from distill_dsl.runtime.students.batches import Encoded, padded
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.students.packing import Packing, in_rows, positions


class Row(Protocol):
    """What the engine asks of a row: its length orders the batches."""

    @property
    def length(self) -> int:
        """Tokens in all."""


R = TypeVar("R", bound=Row)
Batch = dict[str, Any]
Loss = Callable[[Any, Batch], torch.Tensor]
"""The model, which may be wrapped for several processes, and a batch on its device -> the *sum* of the
losses over the batch's units, a scalar that gradients flow from."""


@dataclass(frozen=True)
class Tokens:
    """How many tokens some rows have, filling-up left out."""

    read: int
    """By the encoder; 0 where there is none."""
    written: int
    """By the decoder; of a causal student, all."""

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.read + other.read, self.written + other.written)

    @property
    def total(self) -> int:
        """Both together."""
        return self.read + self.written


@dataclass(frozen=True)
class Lesson(Generic[R]):
    """Everything that an objective tells the engine."""

    collate: Callable[[Sequence[R]], Batch]
    """The rows of a batch -> its tensors."""
    loss: Loss
    units: Callable[[Batch], torch.Tensor]
    """How many units bear a loss in a batch (tokens, or pairs), a scalar: an optimizer step's loss is the sum
    over all its batches and processes, divided by the sum of these."""
    dev_loss: Loss
    """The same for dev rows: without what only guides learning (weights, smoothing)."""
    tokens: Callable[[Sequence[R]], Tokens]
    """Tokens of some rows."""
    space: Callable[[Sequence[R]], int]
    """Positions that a batch of these rows takes, filling-up included."""


def fine_tuning(
    student: Student,
    *,
    smoothing: float = 0.0,
    weights: Mapping[str, float] | None = None,
    packing: Packing | None = None,
) -> Lesson[Encoded]:
    """Cross-entropy of the thought's tokens, the question given (paper, section 3.3).

    `weights` says how much a token of each format counts (1 where it names none). `smoothing` is the share
    of the probability that is spread over the whole vocabulary.
    """
    layout = _packed(student.codec.pad, packing) if packing else _rows(student)
    space = _packed_space(packing) if packing else _space(student.causal)

    def collate(rows: Sequence[Encoded]) -> Batch:
        batch = layout(rows)
        if weights is not None:
            order = _in_order(rows, packing)
            shares = np.array([weights.get(row.thought, 1.0) for row in order], dtype=np.float32)
            batch["weights"] = torch.from_numpy(np.repeat(shares, [len(row.target) for row in order]))  # (N,)
        return batch

    def loss(model: Any, batch: Batch) -> torch.Tensor:
        return _cross_entropy(logits_at(model, student, batch), batch["targets"], batch.get("weights"), smoothing)

    def dev_loss(model: Any, batch: Batch) -> torch.Tensor:
        return _cross_entropy(logits_at(model, student, batch), batch["targets"])

    return Lesson(
        collate,
        loss,
        units=lambda batch: torch.tensor(len(batch["targets"])),
        dev_loss=dev_loss,
        tokens=_tokens(student.causal),
        space=space,
    )


def _cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None = None, smoothing: float = 0.0
) -> torch.Tensor:
    # In full precision whatever the model computes in: the sum over a vocabulary loses too much in half.
    if weights is None:
        return functional.cross_entropy(logits.float(), targets, reduction="sum", label_smoothing=smoothing)
    each = functional.cross_entropy(logits.float(), targets, reduction="none", label_smoothing=smoothing)  # (N,)
    return (each * weights).sum()


def logits_at(model: Any, student: Student, batch: Batch) -> torch.Tensor:
    """The logits (N, vocabulary) of the positions `batch["kept"]` (N,) of the flattened batch.

    Only these reach the output layer: the vocabulary is what costs most there, and neither the question's
    positions of a causal student nor filled-up ones have anything to say.
    """
    kept = batch["kept"]
    head: Any = student.model.get_output_embeddings()

    def select(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
        return (inputs[0].flatten(0, 1).index_select(0, kept),)  # (B, T, width) -> (N, width)

    handle = head.register_forward_pre_hook(select)
    try:
        logits: torch.Tensor = model(**batch["inputs"], use_cache=False).logits
    finally:
        handle.remove()
    return logits


# --- layouts: rows of examples as tensors -------------------------------------------------------------

Layout = Callable[[Sequence[Encoded]], Batch]
"""-> `inputs` (what the model is called with), `kept` (N,): which positions of the flattened output bear a
loss, and `targets` (N,): the tokens that should follow there, example by example."""


def _rows(student: Student) -> Layout:
    pad = student.codec.pad
    if student.causal:
        return _causal_rows(pad)
    start = student.model.config.decoder_start_token_id
    return _seq2seq_rows(pad, pad if start is None else int(start))


def _seq2seq_rows(pad: int, start: int) -> Layout:
    def layout(rows: Sequence[Encoded]) -> Batch:
        # The decoder reads its own output, one place later.
        shifted = [(start, *row.target[:-1]) for row in rows]
        decoder = padded(shifted, pad)  # (B, T)
        return {
            "inputs": {
                "input_ids": padded([row.source for row in rows], pad),  # (B, S)
                "attention_mask": _mask([len(row.source) for row in rows]),  # (B, S)
                "decoder_input_ids": decoder,
            },
            "kept": _places([(place * decoder.shape[1], len(row.target)) for place, row in enumerate(rows)]),
            "targets": _joined([row.target for row in rows]),
        }

    return layout


def _causal_rows(pad: int) -> Layout:
    def layout(rows: Sequence[Encoded]) -> Batch:
        # The last token is never read: nothing comes after it.
        read = [(row.source + row.target)[:-1] for row in rows]
        ids = padded(read, pad)  # (B, S + T - 1)
        width = ids.shape[1]
        return {
            "inputs": {"input_ids": ids, "attention_mask": _mask(list(map(len, read)))},
            "kept": _places([(i * width + len(row.source) - 1, len(row.target)) for i, row in enumerate(rows)]),
            "targets": _joined([row.target for row in rows]),
        }

    return layout


def _packed(pad: int, packing: Packing) -> Layout:
    def layout(rows: Sequence[Encoded]) -> Batch:
        laid = in_rows(rows, packing)
        ids = padded([[token for row in line for token in row.source + row.target] for line in laid], pad)
        width = ids.shape[1]
        places = []
        for number, line in enumerate(laid):
            at = 0
            for row in line:
                places.append((number * width + at + len(row.source) - 1, len(row.target)))
                at += row.length
        return {
            # Without a mask: that positions start again is what tells examples apart.
            "inputs": {"input_ids": ids, "position_ids": positions(laid, width)},
            "kept": _places(places),
            "targets": _joined([row.target for line in laid for row in line]),
        }

    return layout


def _in_order(rows: Sequence[Encoded], packing: Packing | None) -> list[Encoded]:
    return [row for line in in_rows(rows, packing) for row in line] if packing else list(rows)


def _mask(lengths: Sequence[int]) -> torch.Tensor:
    lasts = np.asarray(lengths)[:, None]
    return torch.from_numpy((np.arange(max(lengths)) < lasts).astype(np.int64))


def _places(spans: Sequence[tuple[int, int]]) -> torch.Tensor:
    return torch.from_numpy(np.concatenate([np.arange(start, start + count) for start, count in spans]))


def _joined(rows: Sequence[Sequence[int]]) -> torch.Tensor:
    return torch.tensor([token for row in rows for token in row])


def _tokens(causal: bool) -> Callable[[Sequence[Encoded]], Tokens]:
    def tokens(rows: Sequence[Encoded]) -> Tokens:
        total = sum(row.length for row in rows)
        written = total if causal else sum(len(row.target) for row in rows)
        return Tokens(total - written, written)

    return tokens


def _space(causal: bool) -> Callable[[Sequence[Encoded]], int]:
    def space(rows: Sequence[Encoded]) -> int:
        if causal:
            return len(rows) * max(row.length for row in rows)
        return len(rows) * (max(len(row.source) for row in rows) + max(len(row.target) for row in rows))

    return space


def _packed_space(packing: Packing) -> Callable[[Sequence[Encoded]], int]:
    def space(rows: Sequence[Encoded]) -> int:
        lines = in_rows(rows, packing)
        return len(lines) * max(sum(row.length for row in line) for line in lines)

    return space
