"""In which arithmetic a student is trained. Weights and optimizer stay in full precision whatever the choice."""

from __future__ import annotations

import os
from typing import Final

import torch

from distill_dsl.contract.failure import Failure

PRECISIONS: Final = ("auto", "float32", "bfloat16")


def computes_in_half(precision: str) -> bool:
    """Whether products are computed in bfloat16.

    `auto` does so on GPUs that have it. On processors it stays in full precision: only some have
    instructions for half of it, and results should not hang on which one a stage happens to run on.
    """
    if precision not in PRECISIONS:
        raise Failure(
            f"`precision: {precision}` is not known", where="params.yaml", help=f"use one of: {', '.join(PRECISIONS)}"
        )
    if precision != "auto":
        return precision == "bfloat16"
    return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)


def be_repeatable() -> None:
    """On a GPU, take only kernels that give the same bytes every time; a processor's do anyway."""
    if not torch.cuda.is_available():
        return
    # Each stream its own workspace: what cuBLAS asks for (larger ones than the least, for speed).
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    os.environ.setdefault("FLASH_ATTENTION_DETERMINISTIC", "1")
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
