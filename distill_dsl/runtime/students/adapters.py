"""Low-rank adapters (arXiv 2106.09685) through peft: put in before a training, merged into the weights after it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import Lora
from distill_dsl.runtime.students.models import Student

EVERY_LINEAR: Final = "all-linear"
"""What peft calls every linear layer but the output's."""


NEW_HEADS: Final = ("classification_head", "score")
"""Heads of verifiers: they start from nothing, so that they learn whole."""


def with_adapter(student: Student, lora: Lora) -> torch.nn.Module:
    """The student's model with adapters, which alone will learn. The model itself is changed in place."""
    try:
        import peft  # an extra, and slow to import
    except ImportError as error:
        raise Failure(
            "`adapter` needs the package peft", where="params.yaml", help="pip install 'distill-dsl[lora]'"
        ) from error
    heads = [name for name in NEW_HEADS if hasattr(student.model, name)]
    config = peft.LoraConfig(
        task_type=None if heads else "CAUSAL_LM" if student.causal else "SEQ_2_SEQ_LM",
        r=lora.rank,
        lora_alpha=lora.alpha,  # type: ignore[arg-type]  # only ever divided by the rank
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets) or EVERY_LINEAR,
        exclude_modules=rf".*\b({'|'.join(heads)})\b.*" if heads else None,
        modules_to_save=heads or None,
    )
    try:
        with _peft_may_use_old_names():
            adapted: torch.nn.Module = peft.get_peft_model(student.model, config)
    except ValueError as error:
        raise Failure(
            f"no adapter can be put in: {str(error).splitlines()[0]}",
            where="params.yaml",
            help=f"choose `targets` from: {', '.join(linear_layers(student))}",
        ) from error
    return adapted


@contextmanager
def _peft_may_use_old_names() -> Iterator[None]:
    with warnings.catch_warnings():
        # Of transformers, to peft: nothing that a user of ours could mend.
        warnings.filterwarnings("ignore", message=".*gradient_checkpointing", category=FutureWarning)
        yield


def linear_layers(student: Student) -> list[str]:
    """The last names of the model's linear layers."""
    linear = (name for name, part in student.model.named_modules() if isinstance(part, torch.nn.Linear))
    return sorted({name.rpartition(".")[2] for name in linear})


def merge(adapted: Any) -> None:
    """Add the adapters to the weights that they adapt; the student's model is a plain one again."""
    adapted.merge_and_unload()
