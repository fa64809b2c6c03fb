"""Useful tokens per second of training: ours against a plain Seq2SeqTrainer on the same model and data.

A T5 learns GSM8K's training problems in three formats, written from its annotations by the `solution`
teacher, in four ways, alternately, all from the same weights:

    padded    Seq2SeqTrainer, every batch filled up to 256 + 256 tokens (as the paper's released checkpoint)
    dynamic   Seq2SeqTrainer, filled up to the longest row of the batch
    grouped   Seq2SeqTrainer, the same with `train_sampling_strategy="group_by_length"`
    ours

and a Llama of the same size in three: `dynamic` (Trainer), `ours`, and `packed` (ours, with `pack = true`).
A useful token is one that is no filling-up. On a processor the time is CPU time of one thread, which
hangs least on what else the machine does; on a GPU wall time, and the share of its peak is printed.

    python -m benchmarks.training [--gsm8k FILE | --synthetic] [--rounds 3] [--steps 12] [--batch 16]
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from transformers import (
    DataCollatorForSeq2Seq,
    PrinterCallback,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    TrainerCallback,
    set_seed,
)

from distill_dsl.contract.records import Example, Problem
from distill_dsl.contract.settings import (
    DataSettings,
    FileSource,
    ScratchBase,
    StudentSettings,
    SyntheticSource,
)
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.sources import fetch
from distill_dsl.runtime.students import models, training
from distill_dsl.runtime.students.batches import IGNORED, Encoded, encode, prompt
from distill_dsl.runtime.students.flops import training_flops, weights_a_token
from distill_dsl.runtime.students.precision import computes_in_half
from distill_dsl.runtime.teachers.solution import ask_solution

CUES: Final = {
    AnswerKind.TEXT: "Let's think step by step.",
    AnswerKind.PYTHON: "Let's break down the code step by step",
    AnswerKind.EQUATIONS: "System of linear equations: (Do not simplify)",
}
LONGEST: Final = 256
"""Of the question and of the thought, in tokens."""
GSM8K: Final = Path(os.environ.get("DISTILL_SHARED", "../shared")) / "data/problems/gsm8k/train.jsonl.gz"
PEAKS: Final = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "L4": 121e12, "L40S": 362e12, "V100": 125e12}
"""Dense bfloat16 (V100: float16) operations a second that the makers state."""


@dataclass
class Clock:
    """When steps ended, and the useful tokens of each batch."""

    ends: list[float] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    def tick(self) -> None:
        """A step has ended."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.ends.append(time.perf_counter() if torch.cuda.is_available() else time.process_time())

    def speed(self) -> float:
        """Useful tokens a second, without the first step, in which memory is taken and kernels are chosen."""
        return sum(self.tokens[1 : len(self.ends)]) / (self.ends[-1] - self.ends[0])


class Ticker(TrainerCallback):
    """Ticks at the end of each step."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        self.clock.tick()


@dataclass(frozen=True)
class Task:
    """What all ways are given."""

    base: ScratchBase
    untrained: models.Student
    rows: Sequence[Encoded]
    batch: int
    steps: int
    precision: str

    def student(self) -> models.Student:
        """The same untrained student every time."""
        return models.Student(copy.deepcopy(self.untrained.model), self.untrained.tokenizer)


def theirs(task: Task, **changes: Any) -> float:
    """Seq2SeqTrainer with DataCollatorForSeq2Seq: useful tokens a second."""
    student, rows = task.student(), task.rows
    padding = changes.pop("padding", True)
    width: dict[str, Any] = {"max_length": LONGEST * (1 + student.causal)} if padding == "max_length" else {}
    clock = Clock()
    data = [_columns(row, student.causal) for row in rows]
    fill = DataCollatorForSeq2Seq(student.tokenizer, padding=padding, **width)

    def collate(rows: list[dict[str, Any]]) -> Any:
        clock.tokens.append(sum(len(row["input_ids"]) + (0 if student.causal else len(row["labels"])) for row in rows))
        # What the Trainer reads to group by length is no input of the model.
        return fill([{name: value for name, value in row.items() if name != "length"} for row in rows])

    with tempfile.TemporaryDirectory() as folder:
        args = Seq2SeqTrainingArguments(
            output_dir=folder,
            max_steps=task.steps,
            per_device_train_batch_size=task.batch,
            use_cpu=not torch.cuda.is_available(),
            bf16=computes_in_half(task.precision),
            save_strategy="no",
            logging_strategy="no",
            remove_unused_columns=False,
            disable_tqdm=True,
            report_to="none",
            **changes,
        )
        trainer = Seq2SeqTrainer(
            student.model, args, data_collator=collate, train_dataset=data, callbacks=[Ticker(clock)]
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return clock.speed()


def _columns(row: Encoded, causal: bool) -> dict[str, Any]:
    if causal:
        labels = [*(IGNORED,) * len(row.source), *row.target]
        return {"input_ids": [*row.source, *row.target], "labels": labels, "length": row.length}
    return {"input_ids": list(row.source), "labels": list(row.target), "length": len(row.source)}


def ours(task: Task, **changes: Any) -> float:
    """The train stage's engine: useful tokens a second."""
    student, rows = task.student(), task.rows
    settings = StudentSettings(
        base=task.base, steps=task.steps, batch=task.batch, evaluations=1, precision=task.precision, **changes
    )
    clock = Clock()
    lesson = training.fine_tuning_of(student, rows, settings)
    plan = training.planned(rows, settings, steps=task.steps, seed=1)
    clock.tokens = [lesson.tokens([rows[row] for row in batch]).total for batch in plan]
    with tempfile.TemporaryDirectory() as folder:
        training.train(
            student,
            rows,
            (),
            settings,
            seed=1,
            checkpoints=Path(folder),
            progress=lambda step, loss: clock.tick() if loss is None else None,
        )
    return clock.speed()


Way = Callable[[Task], float]
SEQ2SEQ: Final[dict[str, Way]] = {
    "padded": partial(theirs, padding="max_length"),
    "dynamic": theirs,
    "grouped": partial(theirs, train_sampling_strategy="group_by_length"),
    "ours": ours,
}
CAUSAL: Final[dict[str, Way]] = {"dynamic": theirs, "ours": ours, "packed": partial(ours, pack=True)}


def compared(ways: dict[str, Way], task: Task, rounds: int) -> None:
    """Run all ways in turn, several times, and print their speeds and the ratios to `ours`."""
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            speeds[name].append(way(task))
    student, rows = task.untrained, task.rows
    print(f"{task.base.architecture}: {models.parameters(student):,} parameters, batches of {task.batch}")
    tokens = training.fine_tuning_of(student, rows, StudentSettings(base=task.base)).tokens(rows)
    a_token = training_flops(weights_a_token(student.model), read=tokens.read, written=tokens.written) / tokens.total
    for name, found in speeds.items():
        ratios = [ours / other for ours, other in zip(speeds["ours"], found, strict=True)]
        told = f"  ours is {statistics.median(ratios):.2f} times ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"  {name:8} {statistics.median(found):10,.0f} useful tokens/s{told}{_utilisation(found, a_token)}")


def _utilisation(speeds: Sequence[float], flops_a_token: float) -> str:
    if not torch.cuda.is_available():
        return f"  {statistics.median(speeds) * flops_a_token / 1e9:.1f} GFLOP/s"
    name = torch.cuda.get_device_name()
    peak = next((value for key, value in PEAKS.items() if key in name), None)
    done = statistics.median(speeds) * flops_a_token
    return f"  {done / 1e12:.1f} TFLOP/s" + (f", {done / peak:.1%} of the peak of {name}" if peak else f" on {name}")


def examples(problems: Sequence[Problem]) -> list[Example]:
    """Each problem in each format that the solution teacher can write."""
    found = []
    for kind, cue in CUES.items():
        for problem, row in zip(problems, ask_solution(kind.value, kind, problems, lambda done: None), strict=True):
            if row.text is not None:
                found.append(
                    Example(problem=problem.id, thought=kind.value, question=problem.question, cue=cue, text=row.text)
                )
    return found


def problems(gsm8k: Path | None) -> list[Problem]:
    """GSM8K's training problems, or synthetic ones."""
    if gsm8k is None:
        made = SyntheticSource(sizes={"train": 2000}, steps=(2, 5))
        return fetch(made, ["train"], DataSettings(source=made)).problems["train"]
    source = FileSource(splits={"train": str(gsm8k)})
    return fetch(source, ["train"], DataSettings(source=source)).problems["train"]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gsm8k", type=Path, default=GSM8K)
    parser.add_argument("--synthetic", action="store_true")
    parser.add_argument("--problems", type=int, default=2000, help="the first so many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=["t5", "llama"])
    given = parser.parse_args()
    if not given.synthetic and not given.gsm8k.is_file():
        raise SystemExit(f"{given.gsm8k} does not exist: give --gsm8k FILE, or --synthetic")
    models.quiet()
    torch.set_num_threads(given.threads)
    rows = examples(problems(None if given.synthetic else given.gsm8k)[: given.problems])
    texts = [text for row in rows for text in (prompt(row.question, row.cue), row.text)]
    for architecture, ways in (("t5", SEQ2SEQ), ("llama", CAUSAL)):
        if given.only in (None, architecture):
            base = ScratchBase(
                architecture=architecture,
                width=given.width,
                layers=given.layers,
                heads=given.width // 64,
                vocabulary=given.vocabulary,
            )
            set_seed(1)
            student = models.scratch_student(base, texts, dropout=None)
            encoded = encode(student.codec, rows, max_question=LONGEST, max_thought=LONGEST).examples
            compared(ways, Task(base, student, encoded, given.batch, given.steps, given.precision), given.rounds)


if __name__ == "__main__":
    main()
