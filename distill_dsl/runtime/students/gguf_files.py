"""Bases in GGUF, the format of llama.cpp: one file with the weights, quantised, and the tokenizer.

`transformers` reads it by the package `gguf` and gives the weights back in full precision: a student
starts from what the file says, and is trained and saved like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stderr
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, Final

import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from distill_dsl.contract.failure import Failure

SUFFIX: Final = ".gguf"


def gguf_of(name: str) -> Path | None:
    """The GGUF file that a base names: itself, or the only one in a folder without a `config.json`."""
    path = Path(name)
    if path.suffix.lower() == SUFFIX:
        if not path.is_file():
            raise Failure(
                f"the model file {path} does not exist",
                where=str(path),
                help="check the path; it is taken from the project's root",
            )
        return path
    if not path.is_dir() or (path / "config.json").exists():
        return None
    found = sorted(inner for inner in path.iterdir() if inner.suffix.lower() == SUFFIX)
    if len(found) > 1:
        raise Failure(
            f"{path} holds several models: {', '.join(inner.name for inner in found)}",
            where=str(path),
            help=f'name one of them: `hf("{found[0].as_posix()}")`',
        )
    return found[0] if found else None


def read_gguf(
    path: Path, prepare: Callable[[Any], None], dtype: torch.dtype = torch.float32
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model, after `prepare` saw its configuration, and the tokenizer of a GGUF file.

    Raises `Failure` without the package, and what `transformers` raises where it cannot read the file.
    """
    if find_spec("gguf") is None:
        raise Failure(
            f"{path.name} is read by the package `gguf`, which is not installed",
            where=str(path),
            help="install it: `pip install 'distill-dsl[gguf]'`",
        )
    config = AutoConfig.from_pretrained(path.parent, gguf_file=path.name)
    prepare(config)
    return _dequantised(path, config, dtype), AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)


def _dequantised(path: Path, config: Any, dtype: torch.dtype) -> PreTrainedModel:
    """The model in `dtype`, free of all marks that it was ever quantised."""
    kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    # Versions of transformers without this setting know no other way.
    wanted = getattr(transformers, "GgufConfig", None)
    options = {} if wanted is None else {"quantization_config": wanted(dequantize=True)}
    # Its progress bar obeys no setting of transformers'; what goes wrong is raised.
    with redirect_stderr(StringIO()):
        model = kind.from_pretrained(path.parent, gguf_file=path.name, config=config, dtype=dtype, **options)
    quantizer = getattr(model, "hf_quantizer", None)
    if quantizer is not None:
        # With them, transformers would neither train nor save the model.
        quantizer.remove_quantization_config(model)
    return model
