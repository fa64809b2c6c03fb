"""Several examples in one row: nothing is filled up, and no example sees another.

Where each example's positions start again at 0 and no mask is given, transformers keeps the attention of
neighbours apart: by a mask of blocks (`sdpa`, `eager`), or by flash-attention's kernel for rows of various
lengths, which wants everything in one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import PreTrainedModel
from transformers.utils.import_utils import is_flash_attn_2_available

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.students.batches import Encoded
from distill_dsl.runtime.students.models import Student


@dataclass(frozen=True)
class Packing:
    """How examples share rows."""

    one_row: bool
    """All in one row (flash-attention); else rows no longer than the batch's longest example, as the cost of a
    mask of blocks grows with the square of a row."""


def packing_for(student: Student, *, half: bool) -> Packing:
    """How a causal student's examples are packed here; `half` is whether it computes in half precision."""
    if not student.causal:
        raise Failure(
            "`pack` is for causal students: an encoder would mix the questions of a row",
            where="params.yaml",
            help="take `pack` out of the student; its batches are of about one length and hardly filled up",
        )
    if half and torch.cuda.is_available() and is_flash_attn_2_available():
        student.model.set_attn_implementation("flash_attention_2")
    return Packing(one_row=_attention(student.model).startswith("flash_attention"))


def _attention(model: PreTrainedModel) -> str:
    return str(model.config._attn_implementation)


def in_rows(examples: Sequence[Encoded], packing: Packing) -> list[list[Encoded]]:
    """The examples laid into as few rows as it takes, then about evenly; in a fixed order."""
    if packing.one_row:
        return [list(examples)]
    order = sorted(range(len(examples)), key=lambda place: (-examples[place].length, place))
    longest = examples[order[0]].length
    rows: list[list[int]] = []
    # Fullest row that still has room (best fit of the longest first): within a few percent of the fewest rows.
    room: list[int] = []
    for place in order:
        length = examples[place].length
        fitting = [number for number, left in enumerate(room) if left >= length]
        if fitting:
            number = min(fitting, key=lambda one: (room[one], one))
            rows[number].append(place)
            room[number] -= length
        else:
            rows.append([place])
            room.append(longest - length)
    return [[examples[place] for place in row] for row in rows]


def positions(rows: Sequence[Sequence[Encoded]], width: int) -> torch.Tensor:
    """Position of each token in its example (rows, width); what fills a row up is an example of its own."""
    found = np.zeros((len(rows), width), dtype=np.int64)
    for line, row in zip(found, rows, strict=True):
        at = 0
        for length in [*(example.length for example in row), width]:
            end = min(at + length, width)
            line[at:end] = np.arange(end - at)
            at = end
    return torch.from_numpy(found)
