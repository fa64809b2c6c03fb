"""Fine-tune one student on one mix with one seed."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers import set_seed

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Example
from distill_dsl.contract.runs import Run
from distill_dsl.contract.settings import (
    HfBase,
    Preference,
    ScratchBase,
    StudentSettings,
    TrainedBase,
    Verifier,
    Weighted,
)
from distill_dsl.contract.vocabulary import STAGE_VERSIONS, StageKind
from distill_dsl.runtime.students import models, training
from distill_dsl.runtime.students.batches import Encoding, encode, prompt
from distill_dsl.runtime.students.card import write_card


@dataclass(frozen=True)
class Cell:
    """What is trained: the same for every objective."""

    mix: str
    student: str
    seed: int
    base: str | None
    """The run that a `trained` base comes from."""
    settings: StudentSettings

    @property
    def name(self) -> str:
        """What its files are called."""
        return files.trained_cell(self.mix, self.student, self.seed)

    @cached_property
    def checkpoints(self) -> Path:
        """Where a killed training finds what it had."""
        return files.STATE / "checkpoints" / _digest(self.settings, self.mix, self.seed)


@dataclass(frozen=True)
class Learned:
    """What an objective hands back: the trained student, and how its training went."""

    pupil: models.Student
    examples: Encoding
    """What was trained on."""
    result: training.Training


def run(*, mix: str, student: str, seed: int, base: str | None = None) -> None:
    """Examples of a mix -> a model folder, its metrics and its learning curve.

    A killed training goes on from its last checkpoint; the model folder appears when all is done.
    `base` names the run whose model a `trained` base starts from.
    """
    cell = Cell(mix, student, seed, base, read_settings(StudentSettings, student))
    models.quiet()
    set_seed(seed)
    learned = _learn(cell)
    _save(cell, learned.pupil)
    _write_curve(files.curve_file(cell.name), learned.result.curve)
    metrics = _metrics(learned.pupil, learned.examples, learned.result)
    files.write_json(files.training_file(cell.name), metrics)
    # Kept to the end: whatever failed above can be run again without a new training.
    shutil.rmtree(cell.checkpoints, ignore_errors=True)
    print(
        f"{cell.name}: {metrics['steps']} steps on {metrics['examples']} examples in {learned.result.seconds:.0f} s, "
        f"loss {metrics['train_loss']:.4f}, {metrics['parameters']:,} parameters"
    )


def _learn(cell: Cell) -> Learned:
    """Train as the student's objective says."""
    match cell.settings.objective:
        case None | Weighted():
            return _fine_tune(cell)
        case Preference() | Verifier() as objective:
            raise Failure(
                f"the objective {type(objective).__name__.lower()} cannot be trained yet",
                where="params.yaml",
                help=f"take `objective` out of the student {cell.student}",
            )


def _fine_tune(cell: Cell) -> Learned:
    """Fine-tune on the mix's thoughts, format weights included."""
    train_rows = _examples(cell.mix, "train")
    dev_rows = list(files.read_rows(files.mix_file(cell.mix, "dev"), Example))
    pupil = _student(cell, train_rows)
    models.use_threads(pupil)
    train_set = _encoded(pupil, train_rows, cell.settings)
    dev_set = _encoded(pupil, dev_rows, cell.settings)
    if not train_set.examples:
        raise Failure(
            f"no example of the mix {cell.mix} is short enough: all {train_set.left_out} are longer than max_thought",
            where=str(files.mix_file(cell.mix, "train")),
            help=f"raise `max_thought` of the student {cell.student}, now {cell.settings.max_thought} tokens",
        )
    steps = training.steps_of(cell.settings, len(train_set.examples))
    _say_resumed(cell, steps)
    with _progress(cell.name, steps) as progress:
        result = training.train(
            pupil,
            train_set.examples,
            dev_set.examples,
            cell.settings,
            seed=cell.seed,
            checkpoints=cell.checkpoints,
            progress=progress,
        )
    return Learned(pupil, train_set, result)


def _say_resumed(cell: Cell, steps: int) -> None:
    for done in training.whole_checkpoints(cell.checkpoints)[-1:]:
        print(f"{cell.name}: goes on from step {done.name.rpartition('-')[2]} of {steps}", flush=True)


def _examples(mix: str, part: str) -> list[Example]:
    path = files.mix_file(mix, part)
    rows = list(files.read_rows(path, Example))
    if not rows:
        raise Failure(
            f"the mix {mix} holds no {part} example",
            where=str(path),
            help=f"see in {files.mix_counts_file(mix)} why its thoughts were dropped",
        )
    return rows


def _student(cell: Cell, rows: list[Example]) -> models.Student:
    match cell.settings.base:
        case ScratchBase() as base:
            texts = [text for row in rows for text in (prompt(row.question, row.cue), row.text)]
            return models.scratch_student(base, texts, dropout=cell.settings.dropout)
        case HfBase() as base:
            return models.pretrained_student(base, dropout=cell.settings.dropout)
        case TrainedBase():
            raise Failure("a trained base cannot be loaded yet", where="params.yaml", help="use `hf` or `scratch`")


def _encoded(pupil: models.Student, rows: list[Example], settings: StudentSettings) -> Encoding:
    return encode(pupil.codec, rows, max_question=settings.max_question, max_thought=settings.max_thought)


def _digest(settings: StudentSettings, mix: str, seed: int) -> str:
    """What a checkpoint depends on: settings, seed, the bytes of the inputs, and the stage's version."""
    digest = hashlib.sha256(f"{STAGE_VERSIONS[StageKind.TRAIN]}:{seed}:".encode())
    digest.update(msgspec.json.encode(settings))
    for path in [*(files.mix_file(mix, part) for part in ("train", "dev")), *_base_files(settings)]:
        digest.update(f":{path.name}:".encode())
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:24]


def _base_files(settings: StudentSettings) -> list[Path]:
    """The files of a base model that lies in the project; a hub name stands for itself."""
    return models.base_files(settings.base) if isinstance(settings.base, HfBase) else []


@contextmanager
def _progress(cell: str, steps: int) -> Iterator[training.Progress]:
    """A live bar on a terminal, a line for each measured loss elsewhere."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    live = Console().is_terminal
    with Progress(*columns, disable=not live) as bar:
        task = bar.add_task(cell, total=steps, loss="-")

        def tell(step: int, loss: float | None) -> None:
            if loss is None:
                bar.update(task, completed=step)
                return
            bar.update(task, loss=f"{loss:.4f}")
            if not live:
                print(f"{cell}: step {step} of {steps}, loss {loss:.4f}", flush=True)

        yield tell


def _save(cell: Cell, pupil: models.Student) -> None:
    """Write the model and its page beside its place, then move it there: a folder that exists is whole."""
    folder = files.model_folder(cell.name)
    cues = {row.thought: row.cue for row in files.read_rows(files.mix_file(cell.mix, "train"), Example)}
    part = folder.with_name(f".{folder.name}.part")
    try:
        for old in (part, folder):
            if old.exists():
                shutil.rmtree(old)
        part.mkdir(parents=True)
        models.save_student(pupil, part, longest=cell.settings.max_thought)
        write_card(part, pupil, Run(cell.mix, cell.student, cell.seed), cell.settings, cues)
        part.rename(folder)
    except OSError as error:
        raise files.unwritable(folder, error) from error


def _write_curve(path: Path, curve: tuple[training.Point, ...]) -> None:
    with files.atomic(path) as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(["step", "loss", "dev_loss", "learning_rate"])
        for point in curve:
            dev = "" if point.dev_loss is None else f"{point.dev_loss:.6f}"
            rows.writerow([point.step, f"{point.loss:.6f}", dev, f"{point.learning_rate:.9f}"])


def _metrics(pupil: models.Student, train_set: Encoding, result: training.Training) -> dict[str, float | int | None]:
    last = result.curve[-1]
    return {
        "steps": last.step,
        "examples": len(train_set.examples),
        "cut_inputs": train_set.cut_inputs,
        "left_out": train_set.left_out,
        "altered": train_set.altered,
        "train_loss": last.loss,
        "dev_loss": last.dev_loss,
        "parameters": models.parameters(pupil),
        "seconds": result.seconds,
        "tokens": sum(row.length for row in train_set.examples),
    }
