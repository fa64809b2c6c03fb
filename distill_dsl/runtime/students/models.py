"""Making and loading students: a model, its tokenizer, and whether it is causal."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from huggingface_hub import try_to_load_from_cache
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)
from transformers.utils import logging

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import HfBase, ScratchBase, TransformersTeacher
from distill_dsl.runtime.students.batches import Codec
from distill_dsl.runtime.students.gguf_files import gguf_of, read_gguf
from distill_dsl.runtime.students.precision import computes_in_half
from distill_dsl.runtime.students.tokenizer import NUMBER, train_tokenizer

DROPOUTS: Final = ("dropout_rate", "dropout", "attention_dropout", "resid_pdrop", "embd_pdrop", "attn_pdrop")
"""What the configurations of different architectures call their dropout."""

LONGEST: Final = 2048
"""Positions of a causal `scratch` student; rotary embeddings make the number free of charge."""


@dataclass(frozen=True)
class Student:
    """A model that reads a question with a cue and writes a thought."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    @property
    def causal(self) -> bool:
        """Whether input and thought are one sequence (no encoder)."""
        return not self.model.config.is_encoder_decoder

    @property
    def codec(self) -> Codec:
        """Text to ids and back."""
        return Codec(self.tokenizer, self.causal)


def quiet() -> None:
    """Keep transformers' own progress and advice off the terminal; errors still show."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()


SMALL: Final = 2_000_000
"""Weights up to which one thread serves best: at 0.3 million, two were a tenth faster on idle cores
and ten times slower on busy ones, where threads wait for each other at every small operation."""


def use_threads(student: Student) -> int:
    """Fix torch's thread count: `DISTILL_THREADS`, or one for a small student and all cores otherwise.

    Sums are split by threads, so another count may change the last bits of a training; that of a
    small student does not hang on how many cores a machine has.
    """
    wanted = os.environ.get("DISTILL_THREADS", "")
    if wanted and not (wanted.isdecimal() and int(wanted) > 0):
        raise Failure(
            f"DISTILL_THREADS is `{wanted}`, not a number of threads",
            where="environment variable DISTILL_THREADS",
            help="set it to a whole number above 0, or unset it to use every core",
        )
    threads = int(wanted) if wanted else 1 if parameters(student) <= SMALL else _cores()
    torch.set_num_threads(threads)
    return threads


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def scratch_student(base: ScratchBase, texts: Sequence[str], *, dropout: float | None) -> Student:
    """An untrained student whose tokenizer is trained on the texts; weights from torch's seed."""
    _known("digits", base.digits, NUMBER)
    _known("architecture", base.architecture, ARCHITECTURES)
    if base.width % base.heads or (base.width // base.heads) % 2:
        raise Failure(
            f"a width of {base.width} does not give {base.heads} heads an even share",
            where="params.yaml",
            help="choose a width that is an even multiple of `heads`",
        )
    # A thought follows a causal student's prompt: an end mark there would have to be taken off again.
    ends = base.architecture == "t5"
    tokenizer = train_tokenizer(texts, vocabulary=base.vocabulary, digits=base.digits, ends=ends)
    return Student(ARCHITECTURES[base.architecture](base, tokenizer, dropout), tokenizer)


def _known(key: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        raise Failure(
            f"`{key}: {value}` is not known", where="params.yaml", help=f"use one of: {', '.join(sorted(choices))}"
        )


def _t5(base: ScratchBase, tokenizer: PreTrainedTokenizerFast, dropout: float | None) -> PreTrainedModel:
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=base.width,
        d_kv=base.width // base.heads,
        d_ff=4 * base.width,
        num_layers=base.layers,
        num_heads=base.heads,
        dropout_rate=dropout or 0.0,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    config.decoder_start_token_id = tokenizer.pad_token_id
    return T5ForConditionalGeneration(config)


def _llama(base: ScratchBase, tokenizer: PreTrainedTokenizerFast, dropout: float | None) -> PreTrainedModel:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=base.width,
            intermediate_size=3 * base.width,  # gated: as many weights as 4 * width plus a half
            num_hidden_layers=base.layers,
            num_attention_heads=base.heads,
            max_position_embeddings=LONGEST,
            attention_dropout=dropout or 0.0,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
        )
    )


ARCHITECTURES: Final = {"t5": _t5, "llama": _llama}


def pretrained_student(base: HfBase, *, dropout: float | None) -> Student:
    """A pre-trained student from the hub, its cache, a folder, or a GGUF file (dequantised)."""
    return _load(base.name, revision=base.revision, dropout=dropout)


def base_files(base: HfBase) -> list[Path]:
    """The files of a base that lies in this project; none of one that the hub has under its name."""
    path = Path(base.name)
    if path.is_dir():
        return sorted(inner for inner in path.iterdir() if inner.is_file())
    return [path] if path.is_file() else []


def trained_student(folder: Path) -> Student:
    """The student that a train stage left in the folder, on a GPU where there is one.

    In full precision there, too: rounding changes at times which token is the likeliest, and a student's
    answers are not to hang on the machine that asks for them.
    """
    if not folder.is_dir():
        raise Failure(f"{folder} does not exist", where=str(folder), help="run the train stage first")
    return _on_gpu(_load(str(folder), revision=None, dropout=None))


def teaching_model(teacher: TransformersTeacher) -> Student:
    """A model that teaches as it is, loaded as a student is, on a GPU where there is one; its weights in the
    teacher's precision."""
    dtype = torch.bfloat16 if computes_in_half(teacher.precision) else torch.float32
    try:
        return _on_gpu(_load(teacher.model, revision=teacher.revision, dropout=None, dtype=dtype))
    except torch.OutOfMemoryError as error:
        raise Failure(
            f"the GPU's memory does not suffice for the model `{teacher.model}`",
            where=teacher.model,
            help="choose a smaller one, or serve it over several GPUs and use `openai(..., base_url: ...)`",
        ) from error


def commit_of(teacher: TransformersTeacher) -> str | None:
    """Which commit of the hub a model is that was loaded; `None` for one that lies in this project."""
    if Path(teacher.model).exists():
        return None
    found = try_to_load_from_cache(teacher.model, "config.json", revision=teacher.revision)
    return Path(found).parent.name if isinstance(found, str) else None


def _on_gpu(student: Student) -> Student:
    if torch.cuda.is_available():
        torch.nn.Module.cuda(student.model)  # the method itself is wrapped in untyped code
    return student


def _load(name: str, *, revision: str | None, dropout: float | None, dtype: torch.dtype = torch.float32) -> Student:
    with _loading(name):
        model, tokenizer = _read(name, revision, dropout, dtype)
    if tokenizer.eos_token_id is None:
        raise _endless(name)
    return Student(model, tokenizer)


def teaching_parts(teacher: TransformersTeacher) -> tuple[Any, PreTrainedTokenizerBase, GenerationConfig | None]:
    """Configuration, tokenizer and, where it came with some, generation settings of a model that teaches:
    what an engine needs that loads the weights by itself."""
    with _loading(teacher.model):
        config = AutoConfig.from_pretrained(teacher.model, revision=teacher.revision)
        tokenizer = AutoTokenizer.from_pretrained(teacher.model, revision=teacher.revision)
    if tokenizer.eos_token_id is None:
        raise _endless(teacher.model)
    try:
        return config, tokenizer, GenerationConfig.from_pretrained(teacher.model, revision=teacher.revision or "main")
    except OSError:  # they are a file that not every model has
        return config, tokenizer, None


def _endless(name: str) -> Failure:
    return Failure(f"the tokenizer of `{name}` has no end mark", where=name, help="choose a model made for generation")


@contextmanager
def _loading(name: str) -> Iterator[None]:
    """What goes wrong when a model is read ends in a `Failure`."""
    try:
        yield
    except (OSError, ValueError, KeyError, IndexError, ImportError, SafetensorError, struct.error) as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise Failure(
            f"the model `{name}` cannot be loaded: {reason}",
            where=name,
            help="give the hub name of a seq2seq or causal model (and be online, or have it in the local cache), "
            "or a folder or GGUF file that `transformers` can load",
        ) from error


def _read(
    name: str, revision: str | None, dropout: float | None, dtype: torch.dtype
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    file = gguf_of(name)
    if file is not None:
        return read_gguf(file, lambda config: with_dropout(config, dropout), dtype)
    config = AutoConfig.from_pretrained(name, revision=revision)
    with_dropout(config, dropout)
    kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    # Whatever the weights were stored in: training in half precision would lose small updates.
    model = kind.from_pretrained(name, revision=revision, config=config, dtype=dtype)
    return model, AutoTokenizer.from_pretrained(name, revision=revision)


def save_student(
    student: Student, folder: Path, *, longest: int, weights: Mapping[str, torch.Tensor] | None = None
) -> None:
    """Write a folder that `transformers` loads as it is; `longest` is its thoughts' in tokens.

    `weights` stands in for the model's own where this process holds only a part of these.

    Its generation settings are ours, whatever a base came with (beams, drawing, forced tokens): plain
    `generate` then writes the thoughts that the student was measured by.
    """
    codec = student.codec
    config: Any = student.model.config
    start = None if codec.causal else config.decoder_start_token_id
    student.model.generation_config = GenerationConfig(
        do_sample=False,
        max_new_tokens=longest,
        bos_token_id=getattr(config, "bos_token_id", None),
        eos_token_id=codec.end,
        pad_token_id=codec.pad,
        decoder_start_token_id=codec.pad if start is None and not codec.causal else start,
    )
    student.model.save_pretrained(folder, state_dict=None if weights is None else dict(weights))
    student.tokenizer.save_pretrained(folder)


def with_dropout(config: Any, dropout: float | None) -> None:
    """Set every dropout that the configuration knows; `None` leaves them as they are."""
    for key in DROPOUTS if dropout is not None else ():
        if hasattr(config, key):
            setattr(config, key, dropout)


def parameters(student: Student) -> int:
    """Trainable weights, tied ones counted once."""
    return sum(weight.numel() for weight in student.model.parameters())
