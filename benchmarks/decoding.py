"""How fast thoughts are written, against `model.generate` in the order of the data set, and whether they are the same.

    python -m benchmarks.decoding [--student FOLDER ...] [--shape t5-base ...] [--problems 100] [--rounds 3]
                                  [--batch 64] [--max-tokens 80] [--threads 1] [--train-steps 600]

Without `--student`, a tiny T5 and a tiny Llama are trained for a minute first. Each of the synthetic
problems is asked for in three formats. The baseline takes them as they come, in batches of the same size,
padded, with `generate`'s own cache and its stop when all rows have ended; ours takes all requests at
once, and sorts them itself. In each round one way runs after the other, in one process, with as many threads.
A useful token is one up to the end mark, that included. Both clocks are told: the wall's, and the processor's
seconds of all threads, which hang least on what else the machine does. `--shape` names an untrained
student of that size: all its thoughts run to the limit, so that only the engine counts, not the order.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import torch
from rich.console import Console
from rich.table import Table
from transformers import LlamaConfig, LlamaForCausalLM, T5Config, T5ForConditionalGeneration, set_seed

from distill_dsl.contract.records import Example, Problem
from distill_dsl.contract.settings import ScratchBase, StudentSettings, SyntheticSource
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.sources.arithmetic import generate
from distill_dsl.runtime.students import decoding, models, training
from distill_dsl.runtime.students.batches import encode, padded, prompt
from distill_dsl.runtime.students.decoding import Decoding, Request, Written
from distill_dsl.runtime.students.engines import Engine, choosing, ctranslate2
from distill_dsl.runtime.students.measuring import device_name
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.teachers.solution import ask_solution

CUES: Final = {
    AnswerKind.TEXT: "Let's think step by step.",
    AnswerKind.PYTHON: "Let's break down the code step by step",
    AnswerKind.EQUATIONS: "System of linear equations: (Do not simplify)",
}
SOURCE: Final = SyntheticSource(sizes={"train": 3000, "test": 1000}, largest=30, steps=(1, 3))
LONGEST: Final = 256

Way = Callable[[Sequence[Request]], list[Written]]
"""Writes all requests, in their order."""


def by_generate(student: Student, how: Decoding, size: int) -> Way:
    """The baseline: batch after batch as they come."""

    def write(requests: Sequence[Request]) -> list[Written]:
        written: list[Written] = []
        for start in range(0, len(requests), size):
            written += generated(student, requests[start : start + size], how)
        return written

    return write


def generated(student: Student, requests: Sequence[Request], how: Decoding) -> list[Written]:
    """One padded batch through `model.generate`; it gives no log-probabilities, which spares it some work."""
    codec = student.codec
    sources = [codec.source(request.question, request.cue, how.max_question)[0] for request in requests]
    made = student.model.generate(
        input_ids=padded(sources, codec.pad, left=student.causal),
        attention_mask=padded([(1,) * len(source) for source in sources], 0, left=student.causal),
        max_new_tokens=how.max_tokens,
        do_sample=False,
        num_beams=1,
        eos_token_id=codec.end,
        pad_token_id=codec.pad,
    )
    new = made[:, max(map(len, sources)) :] if student.causal else made[:, 1:]
    rows = [row[: row.index(codec.end) + 1] if codec.end in row else row for row in new.tolist()]
    return [Written(codec.text(row), len(row), 0.0) for row in rows]


def by_engine(student: Student, engine: Engine, how: Decoding, size: int, *, apart: bool) -> Way:
    """As the solve stage does it."""

    def write(requests: Sequence[Request]) -> list[Written]:
        groups = decoding.batches(student, requests, size, how.max_question, apart=apart)
        found: dict[int, Written] = {}
        thoughts = engine.write([[requests[place] for place in group] for group in groups], how)
        for group, some in zip(groups, thoughts, strict=True):
            found.update(zip(group, some, strict=True))
        return [found[place] for place in range(len(requests))]

    return write


def ways_of(student: Student, folder: Path, state: Path, how: Decoding, args: argparse.Namespace) -> dict[str, Way]:
    """The baseline and every engine that can run the student here."""
    ways = {"generate": by_generate(student, how, args.batch)}
    for kind in ("transformers", "ctranslate2"):
        if kind == "ctranslate2" and (not ctranslate2.installed() or ctranslate2.refusal(student)):
            continue
        chosen = choosing.chosen(kind, student)
        started = time.perf_counter()
        batches = 3 * -(-args.problems // args.batch)
        engine = choosing.opened(chosen, student, folder, state, how, threads=args.threads, batches=batches)
        print(f"{engine.name}: opened in {time.perf_counter() - started:.1f} s")
        ways[engine.name] = by_engine(student, engine, how, args.batch, apart=choosing.apart(chosen))
    return ways


def compared(title: str, ways: dict[str, Way], requests: Sequence[Request], rounds: int) -> None:
    """Run every way in every round and print what they did."""
    wall: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    texts: dict[str, list[Written]] = {}
    for write in ways.values():
        write(requests[:2])  # what is made at the first call is no part of it
    for _ in range(rounds):
        for name, write in ways.items():
            before = time.perf_counter(), time.process_time()
            texts[name] = write(requests)
            wall[name].append(time.perf_counter() - before[0])
            processor[name].append(time.process_time() - before[1])
    table = Table("way", "tokens/s", "times generate (wall)", "(processor)", "same texts", title=title)
    expected = texts["generate"]
    for name in ways:
        tokens = sum(one.tokens for one in texts[name])
        same = sum(one.text == other.text for one, other in zip(expected, texts[name], strict=True))
        table.add_row(
            name,
            f"{tokens / statistics.median(wall[name]):,.0f}",
            ratios(wall["generate"], wall[name]),
            ratios(processor["generate"], processor[name]),
            f"{same / len(expected):.2%}",
        )
    Console(width=120).print(table)


def ratios(base: Sequence[float], mine: Sequence[float]) -> str:
    """The median of the rounds' ratios, with the least and the most."""
    found = sorted(one / other for one, other in zip(base, mine, strict=True))
    return f"{statistics.median(found):.2f} ({found[0]:.2f} to {found[-1]:.2f})"


# --- students and problems --------------------------------------------------------------------------


def examples(problems: Sequence[Problem]) -> list[Example]:
    """What the `solution` teacher writes for the problems, in each format."""
    questions = {problem.id: problem.question for problem in problems}
    return [
        Example(problem=row.problem, thought=kind, question=questions[row.problem], cue=cue, text=row.text)
        for kind, cue in CUES.items()
        for row in ask_solution(kind, kind, problems, lambda done: None)
        if row.text is not None
    ]


def trained(architecture: str, rows: Sequence[Example], steps: int, folder: Path) -> Path:
    """A tiny student that has learned to end its thoughts."""
    set_seed(1)
    base = ScratchBase(architecture=architecture, width=64, layers=2, heads=4, vocabulary=2000, digits="whole")
    texts = [text for row in rows for text in (prompt(row.question, row.cue), row.text)]
    student = models.scratch_student(base, texts, dropout=None)
    training.train(
        student,
        encode(student.codec, rows, max_question=LONGEST, max_thought=LONGEST).examples,
        (),
        StudentSettings(base=base, steps=steps, learning_rate=3e-3, warmup=0.05, batch=32),
        seed=1,
        checkpoints=folder / f"checkpoints-{architecture}",
        progress=lambda step, loss: None,
    )
    return saved(student, folder / f"trained tiny {architecture}")


def saved(student: Student, folder: Path) -> Path:
    """The student as a folder."""
    models.save_student(student, folder, longest=LONGEST)
    return folder


def shaped(shape: str, folder: Path, rows: Sequence[Example]) -> Path:
    """An untrained student of the size of a known one, with a small tokenizer of its own."""
    set_seed(1)
    texts = [text for row in rows for text in (prompt(row.question, row.cue), row.text)]
    tokenizer = models.scratch_student(ScratchBase(vocabulary=2000, digits="whole"), texts, dropout=None).tokenizer
    ends = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    if shape == "t5-base":
        config = T5Config(vocab_size=32_128, d_model=768, d_kv=64, d_ff=3072, num_layers=12, num_heads=12, **ends)
        config.decoder_start_token_id = tokenizer.pad_token_id
        return saved(Student(T5ForConditionalGeneration(config), tokenizer), folder / shape)
    llama = LlamaConfig(
        vocab_size=49_152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        tie_word_embeddings=True,
        bos_token_id=None,
        **ends,
    )
    return saved(Student(LlamaForCausalLM(llama), tokenizer), folder / shape)


def main() -> None:
    """Measure every student asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--student", action="append", type=Path, default=[])
    parser.add_argument("--shape", action="append", choices=("t5-base", "smollm2-135m"), default=[])
    parser.add_argument("--problems", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--max-tokens", type=int, default=80)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--train-steps", type=int, default=600)
    args = parser.parse_args()
    models.quiet()
    torch.set_num_threads(args.threads)
    made = generate(SOURCE, ["train", "test"])
    how = Decoding(temperature=0.0, max_tokens=args.max_tokens, max_question=LONGEST, seed=1)
    requests = [Request(problem.question, cue) for problem in made["test"][: args.problems] for cue in CUES.values()]
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        rows = examples(made["train"])
        folders = [*args.student, *(shaped(shape, here, rows) for shape in args.shape)]
        for folder in folders or [trained(kind, rows, args.train_steps, here) for kind in ("t5", "llama")]:
            student = models.trained_student(folder)
            ways = ways_of(student, folder, here / f"state-{folder.name}", how, args)
            title = f"{folder.name}, {len(requests)} thoughts, batch {args.batch}, {args.threads} thread(s)"
            compared(f"{title}, {device_name()}", ways, requests, args.rounds)


if __name__ == "__main__":
    main()
