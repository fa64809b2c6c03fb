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

from distill_dsl.runtime.students.batches import Codec
from distill_dsl.runtime.students.decoding import Decoding, Request, Written, is_drawn
from distill_dsl.runtime.students.models import Student

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


def _seed(request: Request, how: Decoding) -> int:
    """From the request alone, as a whole number of 63 bits."""
    text = f"{how.seed}:{request.sample}:{request.cue}:{request.question}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
