"""Training in several processes, one a GPU (or one a few cores), through accelerate's launcher.

    DISTILL_PROCESSES=4             so many processes of this machine, each with the whole model (DDP)
    DISTILL_ACCELERATE=fsdp.yaml    as a file says that `accelerate config` wrote (DDP, FSDP, several machines)

Where a training runs is no setting: a step learns from the same examples whatever the processes, and
results differ by rounding alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import torch

from distill_dsl.contract.failure import Failure

PROCESSES: Final = "DISTILL_PROCESSES"
ACCELERATE: Final = "DISTILL_ACCELERATE"
FAILED: Final = "DISTILL_FAILURE"
"""Names the file in which the first launched process leaves a `Failure` for the one that launched it."""

INSIDE: Final = "LOCAL_RANK"
"""Set by the launcher in each process that it starts."""


def is_launched() -> bool:
    """Whether this is one of several processes already."""
    return INSIDE in os.environ


def rank() -> int:
    """The number of this process, from 0."""
    return int(os.environ.get("RANK", "0")) if is_launched() else 0


def is_first() -> bool:
    """Whether this process is the one that prints and writes."""
    return rank() == 0


def world() -> int:
    """Processes in all."""
    return int(os.environ.get("WORLD_SIZE", "1")) if is_launched() else 1


def in_shards() -> bool:
    """Whether each process holds a part of the model only (FSDP), as the launcher told it."""
    return os.environ.get("ACCELERATE_USE_FSDP", "false").lower() in ("true", "1")


def wait_for_all() -> None:
    """Go on when every process has come here."""
    if torch.distributed.is_initialized():
        torch.distributed.barrier()


def share_threads() -> None:
    """Give each process of this machine its part of the threads that one alone would take."""
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if is_launched() else 1
    torch.set_num_threads(max(1, torch.get_num_threads() // beside))


def launch_options() -> list[str] | None:
    """What the launcher is to be told; None where one process is wanted, or this is one of several."""
    if is_launched():
        return None
    if config := os.environ.get(ACCELERATE, ""):
        if not Path(config).is_file():
            raise Failure(
                f"{config} does not exist",
                where=f"environment variable {ACCELERATE}",
                help="write it with `accelerate config --config_file FILE`",
            )
        return ["--config_file", config]
    wanted = os.environ.get(PROCESSES, "") or "1"
    if not (wanted.isdecimal() and int(wanted) > 0):
        raise Failure(
            f"{PROCESSES} is `{wanted}`, not a number of processes",
            where=f"environment variable {PROCESSES}",
            help="set it to a whole number above 0, or unset it",
        )
    if int(wanted) == 1:
        return None
    # `--multi_gpu` is accelerate's word for several processes; without a GPU they take processors.
    return ["--multi_gpu", "--num_machines", "1", "--num_processes", wanted, "--main_process_port", "0"]


def launch(options: list[str], module: str, arguments: Mapping[str, object]) -> None:
    """Run `python -m module '{"argument": value, ...}'` in several processes; a `Failure` there is one here."""
    with tempfile.TemporaryDirectory() as folder:
        left = Path(folder) / "failure.json"
        settings = ["--mixed_precision", "no", "--dynamo_backend", "no"]
        command = [sys.executable, "-m", "accelerate.commands.launch", *options, *settings]
        ended = subprocess.run(
            [*command, "-m", module, json.dumps(arguments)], env={**os.environ, FAILED: str(left)}, check=False
        )
        if left.is_file():
            raise Failure(**json.loads(left.read_text(encoding="utf-8")))
    if ended.returncode:
        raise Failure(
            f"a process of the training ended with {ended.returncode}",
            where=" ".join(options),
            help="its own message stands above; training goes on from the last checkpoint",
        )


def answer(run: Callable[..., None]) -> None:
    """What a launched process does: run with the arguments of its command line, and hand back a `Failure`."""
    try:
        run(**json.loads(sys.argv[1]))
    except Failure as failure:
        left = os.environ.get(FAILED)
        if left is not None and is_first():
            fields = {"summary": failure.summary, "where": failure.where, "help": failure.help}
            Path(left).write_text(json.dumps(fields), encoding="utf-8")
        sys.exit(1)
    finally:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
