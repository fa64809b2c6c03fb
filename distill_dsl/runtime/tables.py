"""Tables that users bring: JSONL, JSON, CSV, TSV (each also gzipped) and Parquet, one row after the other."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import numbered_lines

Row = dict[str, Any]

SUFFIXES: Final = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
BOM: Final = b"\xef\xbb\xbf"
SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def read_table(path: Path) -> Iterator[tuple[str, Row]]:
    """`(place, row)` pairs in file order, where a place is `file:line` (or `file, row n` without lines).

    Raises `Failure` where the file is absent, damaged, cut off, empty or of no known kind.
    """
    kind = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    empty = True
    for place, row in _rows(path, kind.lower()):
        empty = False
        if not isinstance(row, dict):
            raise Failure(f"a row is no object: {str(row)[:60]}", where=place, help="each row needs named columns")
        yield place, row
    if empty:
        raise Failure(f"{path} holds no rows", where=str(path), help="check that the file was written to its end")


def _rows(path: Path, kind: str) -> Iterator[tuple[str, Any]]:
    match kind:
        case ".jsonl" | ".ndjson":
            return _json_lines(path)
        case ".json":
            return _json_list(path)
        case ".csv":
            return _separated(path, ",")
        case ".tsv":
            return _separated(path, "\t")
        case ".parquet":
            return _parquet(path)
        case _:
            raise Failure(
                f"`{path.name}` is no kind of table that can be read",
                where=str(path),
                help=f"known: {', '.join(SUFFIXES)}",
            )


def _json_lines(path: Path) -> Iterator[tuple[str, Any]]:
    for number, line in numbered_lines(path):
        try:
            yield f"{path}:{number}", msgspec.json.decode(line.removeprefix(BOM))
        except msgspec.DecodeError as error:
            raise Failure(
                f"line {number} of {path} is no JSON: {error}",
                where=f"{path}:{number}",
                help="the file may be cut off: get it anew, or mend or remove that line",
            ) from error


def _json_list(path: Path) -> Iterator[tuple[str, Any]]:
    text = _text(path)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Failure(
            f"{path} is no JSON: {error.msg}",
            where=f"{path}:{error.lineno}",
            help="the file may be cut off; a file with one object a line is called .jsonl",
        ) from error
    if not isinstance(value, list):
        raise Failure(f"{path} holds no list of rows", where=str(path), help="write it as [{...}, {...}] or as .jsonl")
    return ((f"{path}, row {number}", row) for number, row in enumerate(value, start=1))


def _separated(path: Path, separator: str) -> Iterator[tuple[str, Any]]:
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), delimiter=separator, strict=True)
    try:
        _check_head(path, list(reader.fieldnames or ()), separator)
        for row in reader:
            place = f"{path}:{reader.line_num}"
            if None in row or None in row.values():
                raise Failure(
                    f"line {reader.line_num} of {path} has not the {len(reader.fieldnames or ())} columns of its head",
                    where=place,
                    help="the file may be cut off, or a text with a separator is not quoted",
                )
            yield place, row
    except csv.Error as error:
        raise Failure(
            f"{path} is no CSV: {error}", where=f"{path}:{reader.line_num}", help="check its quotes"
        ) from error


def _check_head(path: Path, head: Sequence[str], separator: str) -> None:
    """Two slips that would only show later, as columns that are missing or lost."""
    other = next((mark for mark in SEPARATORS if mark != separator and len(head) == 1 and mark in head[0]), None)
    if other is not None:
        raise Failure(
            f"the columns of {path} are separated by {SEPARATORS[other]}, not by {SEPARATORS[separator]}",
            where=f"{path}:1",
            help="save it with commas as .csv, or with tabs as .tsv",
        )
    twice = next((name for at, name in enumerate(head) if name in head[:at]), None)
    if twice is not None:
        raise Failure(f"two columns of {path} are called `{twice}`", where=f"{path}:1", help="rename one of them")


def _parquet(path: Path) -> Iterator[tuple[str, Any]]:
    # pyarrow takes half a second to import, and few projects read Parquet.
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            rows = (row for batch in file.iter_batches() for row in batch.to_pylist())
            for number, row in enumerate(rows, start=1):
                yield f"{path}, row {number}", row
    except FileNotFoundError as error:
        raise Failure(
            f"{path} does not exist", where=str(path), help="check the path; it is taken from the project's root"
        ) from error
    except (OSError, pyarrow.ArrowException) as error:
        raise Failure(f"cannot read {path}: {error}", where=str(path), help="the file is damaged or cut off") from error


def _text(path: Path) -> str:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            return stream.read().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise Failure(
            f"{path} does not exist", where=str(path), help="check the path; it is taken from the project's root"
        ) from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Failure(
            f"cannot read {path}: {error}", where=str(path), help="the file is damaged or not UTF-8"
        ) from error
