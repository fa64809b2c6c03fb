"""Having torch translate a student's model into machine code of its own (`torch.compile`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.students.models import Student


def compile_layers(student: Student) -> None:
    """Translate the model's body, for rows of any length, when it is first called.

    The output layer stays as it is: how many positions it is given differs from batch to batch.
    """
    model: Any = student.model
    for part in (model.base_model,) if student.causal else (model.get_encoder(), model.get_decoder()):
        part.compile(dynamic=True)


@contextmanager
def translating(asked: bool) -> Iterator[None]:
    """Let what the translation ends in be told as what it is: most often there is no compiler."""
    if not asked:
        yield
        return
    from torch._dynamo.exc import BackendCompilerFailed  # seconds to import, and of use here only

    try:
        yield
    except BackendCompilerFailed as error:
        raise Failure(
            f"the model cannot be compiled: {str(error).splitlines()[0]}",
            where="params.yaml",
            help="install a C++ compiler (CXX names another one), or take `compile` out of the student; if an earlier "
            "translation was cut off, delete torch's cache (TORCHINDUCTOR_CACHE_DIR names another one)",
        ) from error
