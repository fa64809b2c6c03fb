"""Which engine runs a student: the one that is asked for, or with `auto` the fastest that fits.

`auto` goes by what was measured (docs/decisions.md): on a GPU vLLM for a causal student, on the
processor CTranslate2 for the architectures that it knows, and `transformers` for all else and where
these are not installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, assert_never

import torch

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.students.decoding import Decoding
from distill_dsl.runtime.students.engines import Engine, ctranslate2, transformers, vllm
from distill_dsl.runtime.students.models import Student

Kind = Literal["transformers", "ctranslate2", "vllm"]

KINDS: Final[tuple[Kind, ...]] = ("transformers", "ctranslate2", "vllm")
AUTO: Final = "auto"
INSTEAD: Final = "write `engine = auto` in the experiment, or `engine = transformers`"


def chosen(wanted: str, student: Student) -> Kind:
    """The engine for a student; one that is asked for and cannot serve it is a `Failure`."""
    if wanted == AUTO:
        return _fastest(student)
    for kind in KINDS:
        if kind == wanted:
            _check(kind, student)
            return kind
    raise Failure(
        f"`engine: {wanted}` is not known", where="params.yaml", help=f"use one of: {', '.join((AUTO, *KINDS))}"
    )


def _fastest(student: Student) -> Kind:
    if torch.cuda.is_available():
        return "vllm" if student.causal and vllm.installed() else "transformers"
    return "ctranslate2" if ctranslate2.installed() and ctranslate2.refusal(student) is None else "transformers"


def _check(kind: Kind, student: Student) -> None:
    match kind:
        case "transformers":
            return
        case "ctranslate2":
            if not ctranslate2.installed():
                raise _missing(kind)
            if reason := ctranslate2.refusal(student):
                raise Failure(f"ctranslate2 cannot run this student as it was trained: {reason}", help=INSTEAD)
        case "vllm":
            if not vllm.installed():
                raise _missing(kind)
            if not student.causal:
                raise Failure(
                    "vllm runs causal students only, and this one has an encoder",
                    help="write `engine = auto` in the experiment, or `ctranslate2` (on the processor)",
                )
            if not torch.cuda.is_available():
                raise Failure("vllm needs a GPU, and torch sees none", help=INSTEAD)
        case _:
            assert_never(kind)


def _missing(kind: Kind) -> Failure:
    return Failure(f"{kind} is not installed", help=f"pip install 'distill-dsl[{kind}]', or {INSTEAD}")


def name_of(kind: Kind) -> str:
    """An engine with its version, as parts and metrics name it."""
    match kind:
        case "transformers":
            return transformers.name()
        case "ctranslate2":
            return ctranslate2.name()
        case "vllm":
            return vllm.name()
        case _:
            assert_never(kind)


def apart(kind: Kind) -> bool:
    """Whether an engine wants first samples in batches of their own: where drawn ones go another way."""
    return kind == "ctranslate2"


def opened(
    kind: Kind, student: Student, folder: Path, state: Path, how: Decoding, *, threads: int, batches: int
) -> Engine:
    """An engine that is ready to write. `folder` is the trained one; what is made of it goes into `state`.

    `threads` of the processor are shared out among the `batches` that can run side by side.
    """
    match kind:
        case "transformers":
            return transformers.Transformers(student)
        case "ctranslate2":
            workers = max(1, min(threads, batches))
            converted = state / "ctranslate2"
            return ctranslate2.opened(student, folder, converted, workers=workers, threads=threads // workers)
        case "vllm":
            return vllm.opened(student, folder, how)
        case _:
            assert_never(kind)
