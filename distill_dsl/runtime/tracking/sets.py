"""The data sets of a run, with DVC's own hashes: a tracker's would look at a part of the rows only."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from distill_dsl.contract import files
from distill_dsl.contract.records import Example, Problem, Record
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.tracking.entries import DataSet, document, missing
from distill_dsl.runtime.tracking.pipeline import Pipeline

PARTS: Final = {"train": "training", "dev": "validation"}
"""Part of a mix -> what it is for."""


def datasets_of(cell: str, run: Run, pipeline: Pipeline) -> tuple[DataSet, ...]:
    """The training set's two parts and every test set."""
    mixed = [(f"{run.mix}-{part}", files.mix_file(run.mix, part), context) for part, context in PARTS.items()]
    tests = [(test, files.test_file(test), "test") for test in document(files.scores_file(cell))]
    return (
        *(dataset(pipeline, *one, kind=Example) for one in mixed),
        *(dataset(pipeline, *one, kind=Problem) for one in tests),
    )


def dataset(pipeline: Pipeline, name: str, path: Path, context: str, *, kind: type[Record]) -> DataSet:
    """A file of records of one kind, which must be here: rows are counted."""
    digest = pipeline.md5(path)
    if digest is None or not path.is_file():
        raise missing(path)
    rows = sum(1 for _ in files.numbered_lines(path))
    return DataSet(name, path.as_posix(), digest, rows, context, kind.__struct_fields__)
