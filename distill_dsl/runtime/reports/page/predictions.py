"""The predictions of a run as a script that the page loads when somebody looks: a page from a file may not read others.

Rows are lists, not objects, since there are thousands: `browser.js` names the places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from distill_dsl.contract.files import atomic, read_rows, scored_file
from distill_dsl.contract.records import Choice, Judged, Scored
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.reports.results import Results, group_of, title_of, unique

FOLDER: Final = "predictions"
MADE: Final = b"// Written by `mtd report`."
"""Begins each script, so that old ones can be told from what is somebody else's."""

UNSAFE: Final = ((b"<", b"\\u003c"), ("\u2028".encode(), b"\\u2028"), ("\u2029".encode(), b"\\u2029"))
"""What ends a script, or once ended a line of one; in JSON all of them occur in texts only."""


@dataclass(frozen=True)
class Sheet:
    """One run's predictions beside the page."""

    cell: str
    student: str
    mix: str
    """With what is varied."""
    seed: int
    file: str
    bytes: int


def write_predictions(results: Results, folder: Path) -> list[Sheet]:
    """A script a run; scripts of runs that the experiment no longer has are deleted."""
    sheets = [write_sheet(results, run, folder) for run in results.scores]
    kept = {Path(sheet.file).name for sheet in sheets}
    for path in sorted((folder / FOLDER).glob("*.js")):
        if path.name not in kept and path.read_bytes().startswith(MADE):
            path.unlink()
    return sheets


def write_sheet(results: Results, run: Run, folder: Path) -> Sheet:
    """One run's script: `mtd.take(cell, {...})`."""
    cell, group = run.solved(results.experiment), group_of(run)
    file = f"{FOLDER}/{cell}.js"
    with atomic(folder / file, "wb") as stream:
        stream.write(b"%s\nmtd.take(%s,{" % (MADE, encoded(cell)))
        keys = [key for key in results.titles if key in results.strategies_of(group)]
        formats = unique(row.thought for row in results.formats if row.group == group)
        stream.write(
            b'"strategies":%s,"formats":%s,"tests":%s,"rows":[\n' % (*map(encoded, (keys, formats, results.tests)),)
        )
        for number, row in enumerate(rows_of(cell, keys, formats, results.tests)):
            stream.write((b",\n" if number else b"") + encoded(row))
        stream.write(b"\n]})\n")
    return Sheet(cell, group.names[0], group.title, run.seed, file, (folder / file).stat().st_size)


def rows_of(cell: str, keys: Sequence[str], formats: Sequence[str], tests: Sequence[str]) -> Iterator[list[Any]]:
    """Test, id, question, gold, thoughts, choices: tests, formats and strategies by their places."""
    for row in read_rows(scored_file(cell), Scored):
        thoughts = [thought_of(one, formats) for one in row.thoughts]
        choices = [choice_of(row.choices[key], formats) if key in row.choices else None for key in keys]
        yield [tests.index(title_of(row.test)), row.problem, row.question, row.gold, thoughts, choices]


def thought_of(one: Judged, formats: Sequence[str]) -> list[Any]:
    """Format, sample, text, verdict, answer, tokens, logprob, then what most thoughts lack."""
    steps = None if one.steps is None else [one.steps.right, one.steps.wrong, one.steps.first_wrong]
    facts = [formats.index(one.thought), one.sample, one.text, one.verdict, one.answer, one.tokens, one.logprob]
    return short(
        [*facts, one.confidence, one.detail or None, one.notes or None, one.solution or None, steps, one.ranks or None]
    )


def choice_of(one: Choice, formats: Sequence[str]) -> list[Any]:
    """Verdict, answer, format, sample, how sure, tokens."""
    thought = None if one.thought is None else formats.index(one.thought)
    return [one.verdict, one.answer, thought, one.sample, one.sure, one.tokens]


def short(values: list[Any]) -> list[Any]:
    """Without what is missing at its end."""
    while values and values[-1] is None:
        values.pop()
    return values


def encoded(value: object) -> bytes:
    """A value as JSON that is safe to stand in a script, whatever a model wrote."""
    text = msgspec.json.encode(value)
    for bad, instead in UNSAFE:
        text = text.replace(bad, instead)
    return text
