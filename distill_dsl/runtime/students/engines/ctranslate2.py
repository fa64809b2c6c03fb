"""CTranslate2: a student's weights in C++ on the processor, several times as fast as a loop in Python.

The trained folder is converted once and kept beside the outputs, under the digest of its bytes. All is
float32, as in training: greedy decoding then writes what `transformers` writes, but for ties that the
last bits decide. Its own drawing has one seed a process, not one a thought: what is drawn goes through
the loop of `decoding`, so that it does not depend on the engine either.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.students import decoding
from distill_dsl.runtime.students.decoding import Decoding, Request, Written, is_drawn
from distill_dsl.runtime.students.models import Student

CONFIGURATIONS: Final = ("T5Config", "LlamaConfig", "MistralConfig", "Qwen2Config")
"""Architectures that are tested to write what `transformers` writes."""

AHEAD: Final = 1
"""Batches beyond one a worker that are handed over: no worker waits for Python, and few are lost by a stop."""

VOCABULARIES: Final = ("shared_vocabulary.json", "vocabulary.json")
"""Where a converted student's tokens stand, in the order of their ids."""


def installed() -> bool:
    """Whether the package is there."""
    return find_spec("ctranslate2") is not None


def refusal(student: Student) -> str | None:
    """Why it would not write what this student writes: its converter passes over some settings in silence."""
    config = student.model.config
    kind = type(config).__name__
    if kind not in CONFIGURATIONS:
        return f"it is not known to run a {type(student.model).__name__}"
    if kind == "T5Config":
        return None
    if config.hidden_act not in ("silu", "swish"):
        return f"it computes `silu` where this student has `{config.hidden_act}`"
    rope = (config.rope_parameters or {}).get("rope_type", "default")
    if rope not in ("default", "linear"):
        return f"it turns positions in another way than `{rope}`"
    if getattr(config, "sliding_window", None) is not None:
        return "it does not keep to this student's sliding window"
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if kind != "MistralConfig" and width * config.num_attention_heads != config.hidden_size:
        return "its heads would have another width"
    return None


def name() -> str:
    """Engine and version."""
    return f"ctranslate2 {version('ctranslate2')}"


@dataclass(frozen=True)
class Ctranslate2:
    """Runs a converted student; what is drawn, the student itself."""

    student: Student
    model: Any
    """A `ctranslate2.Translator`, or a `ctranslate2.Generator` for a causal student."""
    tokens: tuple[str, ...]
    """The vocabulary, by id."""
    workers: int
    """Batches that run side by side."""

    @property
    def name(self) -> str:
        """Engine and version."""
        return name()

    def write(self, batches: Iterable[Sequence[Request]], how: Decoding) -> Iterator[list[Written]]:
        """Each batch's thoughts in order; some batches are handed over ahead, and run side by side."""
        ids = {token: place for place, token in reversed(list(enumerate(self.tokens)))}
        waiting: deque[tuple[Sequence[Request], list[Any]]] = deque()
        for batch in batches:
            waiting.append((batch, self._handed_over(batch, how)))
            if len(waiting) > self.workers + AHEAD:
                yield self._taken_back(*waiting.popleft(), how, ids)
        while waiting:
            yield self._taken_back(*waiting.popleft(), how, ids)

    def _handed_over(self, batch: Sequence[Request], how: Decoding) -> list[Any]:
        """A promise for each thought of the batch that is not drawn."""
        codec = self.student.codec
        sources = [
            [self.tokens[token] for token in codec.source(request.question, request.cue, how.max_question)[0]]
            for request in batch
            if not is_drawn(request, how)
        ]
        if not sources:
            return []
        wanted: dict[str, Any] = {
            "beam_size": 1,
            "end_token": [codec.end],
            "return_end_token": True,
            "return_scores": True,
            "asynchronous": True,
        }
        if codec.causal:
            return list(
                self.model.generate_batch(sources, max_length=how.max_tokens, include_prompt_in_result=False, **wanted)
            )
        return list(
            self.model.translate_batch(
                sources,
                max_decoding_length=how.max_tokens,
                min_decoding_length=0,  # a thought may be empty
                max_input_length=0,  # cut already
                **wanted,
            )
        )

    def _taken_back(
        self, batch: Sequence[Request], promised: list[Any], how: Decoding, ids: dict[str, int]
    ) -> list[Written]:
        # Drawn while the workers go on with theirs.
        by_chance = [request for request in batch if is_drawn(request, how)]
        drawn = iter(decoding.write(self.student, by_chance, how) if by_chance else [])
        greedy = iter([self._written(promise.result(), ids) for promise in promised])
        return [next(drawn if is_drawn(request, how) else greedy) for request in batch]

    def _written(self, result: Any, ids: dict[str, int]) -> Written:
        tokens = result.sequences[0] if self.student.causal else result.hypotheses[0]
        # Its score is the sum over the tokens, divided by their number.
        return Written(self.student.codec.text([ids[token] for token in tokens]), len(tokens), result.scores[0])


def opened(student: Student, folder: Path, state: Path, *, workers: int, threads: int) -> Ctranslate2:
    """Run the student of a trained folder by `workers` with `threads` each.

    It is converted into the folder `state`, unless it lies there already; nothing else may write there.
    """
    import ctranslate2

    if not state.is_dir():
        _convert(folder, state)
    kind = ctranslate2.Generator if student.causal else ctranslate2.Translator
    model = kind(str(state), device="cpu", compute_type="float32", inter_threads=workers, intra_threads=threads)
    return Ctranslate2(student, model, _vocabulary(student, state), workers)


def _convert(folder: Path, state: Path) -> None:
    """Convert beside the place and move there: a folder that exists is whole."""
    from ctranslate2.converters import TransformersConverter

    state.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=state.parent, prefix=f".{state.name}."))
    try:
        converter = TransformersConverter(str(folder))
        load = converter.load_model
        converter.load_model = lambda *args, **kwargs: _as_converted(load(*args, **kwargs))
        converter.convert(str(part), force=True)
        _complete(folder, part)
        part.rename(state)
    except (ValueError, NotImplementedError, KeyError, AttributeError, RuntimeError) as error:
        raise Failure(
            f"the student in {folder} cannot be converted for ctranslate2: {error}",
            where=str(folder),
            help="write `engine = transformers` in the experiment",
        ) from error
    except OSError as error:
        raise files.unwritable(state, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _as_converted(model: Any) -> Any:
    """A loaded T5 that says whether its output is scaled in the words that the converter goes by."""
    if hasattr(model.config, "scale_decoder_outputs"):
        model.config.tie_word_embeddings = model.config.scale_decoder_outputs
    return model


def _complete(folder: Path, converted: Path) -> None:
    """Say what the converter leaves open: tokens that the student has not, and what a norm adds to a variance."""
    trained = files.read_json(folder / "config.json")
    config = files.read_json(converted / "config.json")
    for role in ("unk_token", "bos_token"):
        # The engine wants a name all the same. It is never written: what goes in and out are our own tokens.
        config[role] = config[role] or config["eos_token"]
    config["layer_norm_epsilon"] = trained.get("layer_norm_epsilon", trained.get("rms_norm_eps"))
    (converted / "config.json").write_bytes(msgspec.json.encode(config))


def _vocabulary(student: Student, state: Path) -> tuple[str, ...]:
    """The converted student's tokens by id, held against the tokenizer's."""
    path = next(state / file for file in VOCABULARIES if (state / file).is_file())
    tokens: list[str] = files.read_json(path)
    known: dict[str, int] = student.tokenizer.get_vocab()
    strayed = [token for token, place in known.items() if place < len(tokens) and tokens[place] != token]
    if strayed:
        raise Failure(
            f"the token `{strayed[0]}` has another id in ctranslate2 than in the student's tokenizer",
            where=str(path),
            help="write `engine = transformers` in the experiment",
        )
    return tuple(tokens)
