"""Fine-tune one student on one mix with one seed."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers import set_seed

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Example, Problem
from distill_dsl.contract.runs import Run, parse_run
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
from distill_dsl.runtime.students import (
    distributed,
    machine,
    measuring,
    midway,
    models,
    preference,
    sides,
    training,
    verifier,
)
from distill_dsl.runtime.students.batches import Encoding, encode, prompt
from distill_dsl.runtime.students.card import write_card
from distill_dsl.runtime.students.lessons import Lesson
from distill_dsl.runtime.students.watching import Progress as Told

Metrics = Mapping[str, float | int | str | None]


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
        return files.STATE / "checkpoints" / _digest(self.settings, self.mix, self.seed, self.base)


@dataclass(frozen=True)
class Learned:
    """What an objective hands back: the trained student, and how its training went."""

    pupil: models.Student
    examples: Encoding
    """What was trained on."""
    result: training.Training
    figures: Metrics = field(default_factory=dict)
    """What an objective tells besides the metrics of every training."""


def run(*, mix: str, student: str, seed: int, base: str | None = None) -> None:
    """Examples of a mix -> a model folder, its metrics and curves, and what it wrote for problems of dev meanwhile.

    A killed training goes on from its last checkpoint; the model folder appears when all is done.
    `base` names the run whose model a `trained` base starts from. Where the environment asks for several
    processes (see `distributed`), each of them runs this, and the first one writes.
    """
    if options := distributed.launch_options():
        distributed.launch(options, __name__, {"mix": mix, "student": student, "seed": seed, "base": base})
        return
    cell = Cell(mix, student, seed, base, read_settings(StudentSettings, student))
    models.quiet()
    set_seed(seed)
    learned = _learn(cell)
    if distributed.is_first():
        _write(cell, learned)
        # Kept to the end: whatever failed above can be run again without a new training.
        shutil.rmtree(cell.checkpoints, ignore_errors=True)


def _write(cell: Cell, learned: Learned) -> None:
    _save(cell, learned)
    _write_table(files.curve_file(cell.name), _curve(learned.result.curve))
    _write_table(files.system_file(cell.name), machine.table(learned.result.system))
    if not isinstance(cell.settings.objective, Verifier):
        files.write_rows(files.dev_thoughts_file(cell.name), learned.result.thoughts)
    metrics = _metrics(learned)
    files.write_json(files.training_file(cell.name), metrics)
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
            return _contrast(cell, objective)


def _fine_tune(cell: Cell) -> Learned:
    """Fine-tune on the mix's thoughts, format weights included."""
    train_rows = _examples(cell.mix, "train")
    dev_rows = list(files.read_rows(files.mix_file(cell.mix, "dev"), Example))
    pupil = _student(cell, train_rows)
    models.use_threads(pupil)
    distributed.share_threads()
    train_set = _encoded(pupil, train_rows, cell.settings)
    dev_set = _encoded(pupil, dev_rows, cell.settings)
    if not train_set.examples:
        raise Failure(
            f"no example of the mix {cell.mix} is short enough: all {train_set.left_out} are longer than max_thought",
            where=str(files.mix_file(cell.mix, "train")),
            help=f"raise `max_thought` of the student {cell.student}, now {cell.settings.max_thought} tokens",
        )
    exam = _exam(cell, train_rows)
    return Learned(pupil, train_set, _trained(cell, pupil, train_set.examples, dev_set.examples, exam=exam))


def _contrast(cell: Cell, objective: Preference | Verifier) -> Learned:
    """Learn from the mix's right and wrong thoughts: to write the former, or to tell them apart."""
    sides.refuse_packing(cell.settings)
    right, wrong = sides.read_sides(cell.mix)
    pupil = _student(cell, [*right, *wrong])
    models.use_threads(pupil)
    distributed.share_threads()
    task: sides.Task[Any]
    match objective:
        case Preference():
            task = preference.preferring_task(
                pupil, cell.mix, right, wrong, cell.settings, objective, seed=cell.seed, checkpoints=cell.checkpoints
            )
        case Verifier():
            task = verifier.telling_task(pupil, cell.mix, right, wrong, cell.settings, seed=cell.seed)
    # A verifier writes nothing.
    exam = _exam(cell, right) if isinstance(objective, Preference) else None
    result = _trained(cell, task.pupil, task.learned, task.measured, task.lesson, exam)
    return Learned(task.pupil, task.examples, result, task.figures())


def _trained(
    cell: Cell,
    pupil: models.Student,
    train_set: Sequence[Any],
    dev_set: Sequence[Any],
    lesson: Lesson[Any] | None = None,
    exam: midway.Exam | None = None,
) -> training.Training:
    steps = training.steps_of(cell.settings, len(train_set))
    _say_resumed(cell, steps)
    with _progress(cell.name, steps) as progress:
        return training.train(
            pupil,
            train_set,
            dev_set,
            cell.settings,
            seed=cell.seed,
            checkpoints=cell.checkpoints,
            progress=progress,
            lesson=lesson,
            exam=exam,
        )


def _exam(cell: Cell, rows: Iterable[Example]) -> midway.Exam | None:
    """What the student solves at each evaluation: problems that its mix holds out."""
    if distributed.in_shards():
        print(f"{cell.name}: problems of dev are not solved while a model lies in shards", flush=True)
        return None
    problems = list(files.read_rows(files.mix_file(cell.mix, "held_out"), Problem))
    return midway.exam(problems, _cues(rows), cell.settings, processes=distributed.world())


def _cues(rows: Iterable[Example]) -> dict[str, str]:
    """Thought -> the cue that asks for it."""
    return {row.thought: row.cue for row in rows}


def _say_resumed(cell: Cell, steps: int) -> None:
    for done in training.whole_checkpoints(cell.checkpoints)[-1:] if distributed.is_first() else ():
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
            folder = _base_folder(cell.base)
            if verifier.is_verifier(folder):
                raise Failure(
                    f"the base {folder.name} is a verifier, which writes no thoughts",
                    where="params.yaml",
                    help=f"name another student in the `base` of {cell.student}",
                )
            return models.pretrained_student(HfBase(name=str(folder)), dropout=cell.settings.dropout)


def _base_folder(base: str | None) -> Path:
    """Where the run lies that a trained base comes from."""
    if base is None:
        raise Failure(
            "a student with a trained base needs the run that it starts from",
            where="--base",
            help="compile the spec again; the train stage then names it: `--base mix=NAME,student=NAME,seed=NUMBER`",
        )
    folder = files.model_folder(parse_run(base).trained)
    if not folder.is_dir():
        raise Failure(f"{folder} does not exist", where=str(folder), help="run the train stage of the base first")
    return folder


def _encoded(pupil: models.Student, rows: list[Example], settings: StudentSettings) -> Encoding:
    return encode(pupil.codec, rows, max_question=settings.max_question, max_thought=settings.max_thought)


def _digest(settings: StudentSettings, mix: str, seed: int, base: str | None = None) -> str:
    """What a checkpoint depends on: settings, seed, the bytes of the inputs, and the stage's version."""
    said = f"{STAGE_VERSIONS[StageKind.TRAIN]}:{seed}:".encode() + msgspec.json.encode(settings)
    parts = ["train", "wrong" if isinstance(settings.objective, Preference | Verifier) else "dev"]
    if not isinstance(settings.objective, Verifier):
        parts.append("held_out")
    return files.digest_of(said, [*(files.mix_file(mix, part) for part in parts), *_base_files(settings, base)])


def _base_files(settings: StudentSettings, base: str | None) -> list[Path]:
    """The files of a base model that lies in the project; a hub name stands for itself."""
    match settings.base:
        case HfBase():
            return models.base_files(settings.base)
        case TrainedBase():
            return sorted(path for path in _base_folder(base).iterdir() if path.is_file())
        case ScratchBase():
            return []


@contextmanager
def _progress(cell: str, steps: int) -> Iterator[Told]:
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
    live = Console().is_terminal and distributed.is_first()
    with Progress(*columns, disable=not live) as bar:
        task = bar.add_task(cell, total=steps, loss="-")

        def tell(step: int, loss: float | None) -> None:
            if loss is None:
                bar.update(task, completed=step)
                return
            bar.update(task, loss=f"{loss:.4f}")
            if not live and distributed.is_first():
                print(f"{cell}: step {step} of {steps}, loss {loss:.4f}", flush=True)

        yield tell


def _save(cell: Cell, learned: Learned) -> None:
    """Write the model and its page beside its place, then move it there: a folder that exists is whole."""
    folder = files.model_folder(cell.name)
    cues = _cues(files.read_rows(files.mix_file(cell.mix, "train"), Example))
    part = folder.with_name(f".{folder.name}.part")
    try:
        for old in (part, folder):
            if old.exists():
                shutil.rmtree(old)
        part.mkdir(parents=True)
        models.save_student(learned.pupil, part, longest=cell.settings.max_thought, weights=learned.result.weights)
        if not isinstance(cell.settings.objective, Verifier):
            write_card(part, learned.pupil, Run(cell.mix, cell.student, cell.seed), cell.settings, cues)
        part.rename(folder)
    except OSError as error:
        raise files.unwritable(folder, error) from error


def _write_table(path: Path, table: Iterable[Sequence[object]]) -> None:
    with files.atomic(path) as stream:
        csv.writer(stream, lineterminator="\n").writerows(table)


def _curve(points: Sequence[training.Point]) -> Iterator[list[object]]:
    yield ["step", "loss", "dev_loss", "learning_rate"]
    for point in points:
        dev = "" if point.dev_loss is None else f"{point.dev_loss:.6f}"
        yield [point.step, f"{point.loss:.6f}", dev, f"{point.learning_rate:.9f}"]


def _metrics(learned: Learned) -> Metrics:
    encoding, result, last = learned.examples, learned.result, learned.result.curve[-1]
    return {
        "steps": last.step,
        "examples": len(encoding.examples),
        "cut_inputs": encoding.cut_inputs,
        "left_out": encoding.left_out,
        "altered": encoding.altered,
        "train_loss": last.loss,
        "dev_loss": last.dev_loss,
        "parameters": models.parameters(learned.pupil),
        "trained_parameters": result.trained_parameters,
        "seconds": result.seconds,
        "dev_seconds": result.spent.solving,
        "tokens": sum(row.length for row in encoding.examples),
        "seen_tokens": result.seen.total,
        "tokens_per_second": result.seen.total / (result.seconds - result.spent.solving),
        "padding": 1 - result.seen.total / result.space,
        "peak_memory": result.spent.peak_memory,
        "energy": result.spent.energy,
        "flops": result.flops,
        "device": measuring.device_name(),
        "precision": result.precision,
        **learned.figures,
    }


if __name__ == "__main__":
    distributed.answer(run)
