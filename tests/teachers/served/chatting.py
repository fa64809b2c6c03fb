"""Real OpenAI-compatible servers over real models: `transformers serve`, and llama.cpp's own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

TEMPLATE: Final = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
MARKS: Final = ("<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
WAIT: Final = 240.0
"""Seconds for a server to load its model on busy cores."""


def tiny_chat(folder: Path) -> Path:
    """An untrained Llama of a few thousand weights with a chat template: it writes nonsense, quickly."""
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    # ASCII alone: an untrained model would write bytes that are no text, which decoding would replace.
    letters = [chr(code) for code in range(33, 127)] + ["Ġ", "Ċ"]
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=list(MARKS), initial_alphabet=letters, show_progress=False
    )
    words.train_from_iterator(["How many pens are in the box? Let us think step by step. The answer is 7."], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<|end|>", pad_token="<|end|>")
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(7)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=8192,
            initializer_range=1.0,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    # `transformers serve` draws only where the model's own settings say so.
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=True
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def greedy(folder: Path, prompt: str, max_tokens: int) -> str:
    """What the model writes of itself, without any server."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    chat = [{"role": "user", "content": prompt}]
    ids = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    with torch.no_grad():
        made = model.generate(**ids, max_new_tokens=max_tokens, do_sample=False)
    return str(tokenizer.decode(made[0, ids["input_ids"].shape[1] :], skip_special_tokens=True))


@contextmanager
def transformers_serve(model: str, log: Path) -> Iterator[str]:
    """`transformers serve` with that model alone; gives its address."""
    for package in ("fastapi", "uvicorn", "openai"):
        if find_spec(package) is None:
            pytest.skip(f"`transformers serve` needs the package {package}")
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("transformers")),
        "serve",
        model,
        "--host=127.0.0.1",
        f"--port={port}",
        "--device=cpu",
    ]
    with running(command, f"http://127.0.0.1:{port}", log) as url:
        yield url


LLAMA_CPP: Final = """
import sys, time
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.hostnames, params.port = sys.argv[1], ["127.0.0.1"], int(sys.argv[2])
params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 4096, 4, 1
params.warmup = False
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
while True:
    time.sleep(1)
"""


@contextmanager
def llama_cpp(gguf: Path, log: Path) -> Iterator[str]:
    """llama.cpp's own server, from the wheel of xllamacpp; gives its address."""
    if find_spec("xllamacpp") is None:
        pytest.skip("llama.cpp's server comes with the package xllamacpp")
    port = free_port()
    with running([sys.executable, "-c", LLAMA_CPP, str(gguf), str(port)], f"http://127.0.0.1:{port}", log) as url:
        yield url


def unpacked(gguf: Path, folder: Path) -> Path:
    """The same model as a checkpoint: `transformers serve` takes GGUF files that say their architecture alone."""
    from distill_dsl.runtime.students.gguf_files import read_gguf

    model, tokenizer = read_gguf(gguf, lambda config: None)
    model.generation_config.do_sample = True  # as in `tiny_chat`
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@contextmanager
def running(command: list[str], address: str, log: Path) -> Iterator[str]:
    """The server's process, from its first answer to the end of the block."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2", "DO_NOT_TRACK": "1"}
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, env=environment)
        try:
            end = time.monotonic() + WAIT
            while not answers(f"{address}/health"):
                assert process.poll() is None, f"{command} ended:\n{log.read_text()}"
                assert time.monotonic() < end, f"{command} does not answer:\n{log.read_text()}"
                time.sleep(0.1)
            yield f"{address}/v1"
        finally:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
            return bool(json.loads(answer.read()))
    except OSError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
