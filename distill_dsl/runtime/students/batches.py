"""From text to batches: what a student reads, what it is to write, and in which order it learns.

One function, `prompt`, makes the input for training and for decoding alike.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from distill_dsl.contract.records import Example

IGNORED: Final = -100
"""The label of positions that bear no loss (the convention of torch and transformers)."""

WINDOW: Final = 50
"""Batches that are sorted by length together: enough to save padding, few enough to stay random."""


@dataclass(frozen=True)
class Encoded:
    """Token ids of one example; a causal student reads `source + target` as one sequence."""

    source: tuple[int, ...]
    target: tuple[int, ...]
    thought: str = ""
    """The name of its format."""

    @property
    def length(self) -> int:
        """Tokens in all."""
        return len(self.source) + len(self.target)


@dataclass(frozen=True)
class Encoding:
    """A whole file of examples as token ids, and what had to be done to them."""

    examples: tuple[Encoded, ...]
    cut_inputs: int
    """Examples whose question was cut to `max_question` tokens."""
    left_out: int
    """Examples left out because their thought has more than `max_thought` tokens."""
    altered: int
    """Thoughts that the tokenizer does not give back exactly (it loses line breaks or signs)."""


def prompt(question: str, cue: str) -> str:
    """A student's input, as in the paper's released checkpoint: the question, then the format's cue."""
    return f"Question: {question}\n{cue}"


@dataclass(frozen=True)
class Codec:
    """Text to ids and back for one student."""

    tokenizer: PreTrainedTokenizerBase
    causal: bool
    """Whether the thought goes on where the input ends, in one sequence."""

    def source(self, question: str, cue: str, longest: int) -> tuple[tuple[int, ...], bool]:
        """Ids of the input and whether it was cut: words go from the question's end, the cue stays."""
        ids = self._source(prompt(question, cue))
        if len(ids) <= longest:
            return ids, False
        words = self.tokenizer(question, add_special_tokens=False)["input_ids"]
        keep = max(0, len(words) - (len(ids) - longest))
        while True:
            cut = self._source(prompt(self.text(words[:keep]), cue))
            if len(cut) <= longest or keep == 0:
                return cut[:longest], True
            keep = max(0, keep - (len(cut) - longest))

    def _source(self, text: str) -> tuple[int, ...]:
        if not self.causal:
            return tuple(self.tokenizer(text)["input_ids"])
        ids = tuple(self.tokenizer(f"{text}\n")["input_ids"])
        # Some tokenizers end every text with the end mark; here the thought still follows.
        return ids[:-1] if ids[-1:] == (self.end,) else ids

    def target(self, text: str) -> tuple[int, ...]:
        """Ids of a thought, the end mark included."""
        ids = tuple(self.tokenizer(text, add_special_tokens=not self.causal)["input_ids"])
        return ids if ids[-1:] == (self.end,) else (*ids, self.end)

    def text(self, ids: Sequence[int]) -> str:
        """The text of generated ids, special tokens left out."""
        # Cleaning up would turn ` , ` into `, ` and so change programs.
        decoded = self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return str(decoded)

    @property
    def end(self) -> int:
        """Id of the end mark."""
        return int(self.tokenizer.eos_token_id)

    @property
    def pad(self) -> int:
        """Id that fills batches up; never read, so the end mark serves where a tokenizer has none."""
        pad = self.tokenizer.pad_token_id
        return self.end if pad is None else int(pad)


def encode(codec: Codec, examples: Sequence[Example], *, max_question: int, max_thought: int) -> Encoding:
    """Encode examples in order, counting what is cut, left out and altered."""
    kept: list[Encoded] = []
    cut = left_out = altered = 0
    for example in examples:
        target = codec.target(example.text)
        if len(target) > max_thought:
            left_out += 1
            continue
        source, shortened = codec.source(example.question, example.cue, max_question)
        cut += shortened
        altered += codec.text(target) != example.text
        kept.append(Encoded(source, target, example.thought))
    return Encoding(tuple(kept), cut, left_out, altered)


def schedule(lengths: Sequence[int], *, batch: int, batches: int, seed: int, grouped: bool = True) -> list[int]:
    """Which example is read when: `batch * batches` indices, each batch of about one length if `grouped`.

    Pass after pass over all examples in a new random order, without a short batch between passes.
    That the order is fixed beforehand makes a resumed training the same as an uninterrupted one.
    """
    order: list[int] = []
    passed = 0
    while len(order) < batch * batches:
        rows = list(range(len(lengths)))
        random.Random(f"{seed}:{passed}").shuffle(rows)
        order.extend(rows)
        passed += 1
    order = order[: batch * batches]
    if not grouped:
        return order
    return _grouped(order, lengths, batch, random.Random(f"{seed}:batches"))


def _grouped(order: list[int], lengths: Sequence[int], batch: int, draw: random.Random) -> list[int]:
    grouped: list[int] = []
    window = batch * WINDOW
    for start in range(0, len(order), window):
        # A stable sort: equal lengths stay in their random order.
        rows = sorted(order[start : start + window], key=lambda row: lengths[row])
        chunks = [rows[i : i + batch] for i in range(0, len(rows), batch)]
        draw.shuffle(chunks)
        grouped.extend(row for chunk in chunks for row in chunk)
    return grouped


Collate = Callable[[Sequence[Encoded]], dict[str, Any]]


def collator(codec: Codec) -> Collate:
    """The function that makes a batch of tensors, padded to its longest row only."""
    return _causal(codec.pad) if codec.causal else _seq2seq(codec.pad)


def _seq2seq(pad: int) -> Collate:
    def collate(rows: Sequence[Encoded]) -> dict[str, Any]:
        sources = [row.source for row in rows]
        return {
            "input_ids": padded(sources, pad),  # (B, S)
            "attention_mask": padded([(1,) * len(source) for source in sources], 0),  # (B, S)
            "labels": padded([row.target for row in rows], IGNORED),  # (B, T)
        }

    return collate


def _causal(pad: int) -> Collate:
    def collate(rows: Sequence[Encoded]) -> dict[str, Any]:
        return {
            "input_ids": padded([row.source + row.target for row in rows], pad),  # (B, S + T)
            "attention_mask": padded([(1,) * row.length for row in rows], 0),  # (B, S + T)
            # Only the thought bears a loss; the prompt is given.
            "labels": padded([(IGNORED,) * len(row.source) + row.target for row in rows], IGNORED),  # (B, S + T)
        }

    return collate


def padded(rows: Sequence[Sequence[int]], fill: int, *, left: bool = False) -> torch.Tensor:
    """Rows of ids as one tensor (rows, longest), filled up on the right or on the left."""
    width = max(len(row) for row in rows)
    filled = np.full((len(rows), width), fill, dtype=np.int64)
    for place, row in zip(filled, rows, strict=True):
        place[width - len(row) if left else 0 : width if left else len(row)] = row
    return torch.from_numpy(filled)
