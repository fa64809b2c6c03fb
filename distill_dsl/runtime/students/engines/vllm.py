"""vLLM: a causal student on a GPU, its batches filled up again as thoughts end.

Written against vLLM's documented interface for offline inference. It shares the reading of equal
prompts by itself, and takes a seed for each thought, so that drawn samples are its own too: they repeat
with the same version on the same card, and differ from what the loop of `decoding` draws.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, Final

import torch

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import TeacherSettings, TransformersTeacher
from distill_dsl.runtime.students.batches import Codec
from distill_dsl.runtime.students.chats import Asked, Chats
from distill_dsl.runtime.students.decoding import Decoding, Request, Written, is_drawn
from distill_dsl.runtime.students.gguf_files import gguf_of
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.students.precision import computes_in_half

TOGETHER: Final = 16
"""Batches that are handed over in one call: it fills its own batches, and must not run dry."""


def installed() -> bool:
    """Whether the package is there."""
    return find_spec("vllm") is not None


def name() -> str:
    """Engine and version."""
    return f"vllm {version('vllm')}"


@dataclass(frozen=True)
class Vllm:
    """Runs a causal student on a GPU."""

    codec: Codec
    model: Any
    """A `vllm.LLM`."""
    parameters: Any
    """The class `vllm.SamplingParams`."""

    @property
    def name(self) -> str:
        """Engine and version."""
        return name()

    def write(self, batches: Iterable[Sequence[Request]], how: Decoding) -> Iterator[list[Written]]:
        """Each batch's thoughts in order; many batches make one call."""
        rest = iter(batches)
        while some := list(islice(rest, TOGETHER)):
            requests = [request for batch in some for request in batch]
            made = iter(self._write(requests, how))
            yield from ([next(made) for _ in batch] for batch in some)

    def _write(self, requests: Sequence[Request], how: Decoding) -> list[Written]:
        prompts = [
            {"prompt_token_ids": list(self.codec.source(request.question, request.cue, how.max_question)[0])}
            for request in requests
        ]
        ways = [self._way(request, how) for request in requests]
        outputs = self.model.generate(prompts, ways, use_tqdm=False)
        return [self._written(output.outputs[0]) for output in outputs]

    def _way(self, request: Request, how: Decoding) -> Any:
        drawn = is_drawn(request, how)
        return self.parameters(
            temperature=how.temperature if drawn else 0.0,
            seed=_seed(request, how) if drawn else None,
            max_tokens=how.max_tokens,
            logprobs=0,  # of the token taken, under the model itself
            stop_token_ids=[self.codec.end],
            detokenize=False,
        )

    def _written(self, output: Any) -> Written:
        ids = list(output.token_ids)
        return Written(self.codec.text(ids), len(ids), float(output.cumulative_logprob) / len(ids))


def opened(student: Student, folder: Path, how: Decoding) -> Vllm:
    """Run the student of a trained folder on the GPU; the weights that `transformers` put there leave it."""
    import vllm

    student.model.to("cpu")  # type: ignore[arg-type]
    torch.cuda.empty_cache()
    model = vllm.LLM(
        model=str(folder),
        dtype="float32",
        max_model_len=how.max_question + how.max_tokens,
        seed=how.seed,
        # Its own settings, not those of a folder that came from elsewhere.
        generation_config="vllm",
    )
    return Vllm(student.codec, model, vllm.SamplingParams)


def hindrance(name: str) -> str | None:
    """Why it cannot run the model of this name here."""
    if not installed():
        return "vllm is not installed (pip install 'distill-dsl[vllm]')"
    if not torch.cuda.is_available():
        return "vllm needs a GPU, and torch sees none"
    return "vllm is not known to run GGUF files" if gguf_of(name) is not None else None


@dataclass(frozen=True)
class Teaching:
    """Runs a causal model that teaches as it is."""

    model: Any
    """A `vllm.LLM`."""
    parameters: Any
    """The class `vllm.SamplingParams`."""
    together: int = 256
    """Completions in one call, which a stop loses: it fills its own batches, and must not run dry."""

    def write(self, asked: Sequence[Asked], how: TeacherSettings, chats: Chats) -> list[tuple[list[int], float]]:
        """New ids, the end mark included, with their mean log-probability, in order."""
        prompts = [{"prompt_token_ids": list(one.source)} for one in asked]
        outputs = self.model.generate(prompts, [self._way(one, how, chats) for one in asked], use_tqdm=False)
        rows = [output.outputs[0] for output in outputs]
        return [(list(row.token_ids), float(row.cumulative_logprob) / len(row.token_ids)) for row in rows]

    def _way(self, one: Asked, how: TeacherSettings, chats: Chats) -> Any:
        drawn = one.chance is not None
        return self.parameters(
            temperature=how.temperature if drawn else 0.0,
            top_p=how.top_p if drawn and how.top_p is not None else 1.0,
            seed=None if one.chance is None else _number(one.chance),
            max_tokens=one.limit,
            logprobs=0,  # of the token taken, under the model itself
            stop=list(chats.stops),
            stop_token_ids=list(chats.ends),
            detokenize=bool(chats.stops),
        )


def teaching(teacher: TransformersTeacher) -> Teaching:
    """Load a model that teaches as it is onto the GPU."""
    import vllm

    try:
        model = vllm.LLM(
            model=teacher.model,
            revision=teacher.revision,
            tokenizer_revision=teacher.revision,
            dtype="bfloat16" if computes_in_half(teacher.precision) else "float32",
            # What the spec says, not what a folder came with.
            generation_config="vllm",
        )
    except (ValueError, RuntimeError, OSError) as error:
        raise Failure(
            f"vllm cannot load `{teacher.model}`: {(str(error).strip() or repr(error)).splitlines()[0]}",
            where=teacher.model,
            help="leave `engine` out of `transformers(...)`; a model that needs more than one GPU is best served",
        ) from error
    return Teaching(model, vllm.SamplingParams)


def _seed(request: Request, how: Decoding) -> int:
    return _number(f"{how.seed}:{request.sample}:{request.cue}:{request.question}")


def _number(text: str) -> int:
    """From the text alone, a whole number of 63 bits."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
