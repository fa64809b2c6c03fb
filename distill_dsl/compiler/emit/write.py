"""Writing `dvc.yaml` and `params.yaml`: both or neither, and never over what a person wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.emit import HEADER, HEADER_START
from distill_dsl.compiler.emit.dvc_yaml import (
    DVC_WIDTH,
    dvc_document,
    result_digest,
    wired,
)
from distill_dsl.compiler.emit.layout import yaml_text
from distill_dsl.compiler.emit.params_yaml import flat, params_digest, params_document
from distill_dsl.compiler.emit.plots import keep_templates
from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.explain import shown
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import write_text

DVC_FILE = "dvc.yaml"
PARAMS_FILE = "params.yaml"
PARAMS_HEADER = (
    HEADER
    + "# A value changed here holds for this working tree (as `dvc exp run -S` does); the spec is where it stays.\n"
)
DIGEST_LINE = "# values: {digest}\n"


@dataclass(frozen=True)
class Emitted:
    """The texts of the two files, and the hash of all in them that bears on results."""

    dvc: str
    params: str
    digest: str

    def files(self) -> Iterator[tuple[str, str]]:
        yield DVC_FILE, self.dvc
        yield PARAMS_FILE, self.params


def emit(plan: Plan) -> Emitted:
    """The plan as text."""
    params = params_document(plan)
    wirings = wired(plan)
    digest = result_digest(wirings, params)
    header = PARAMS_HEADER.format(spec=plan.spec) + DIGEST_LINE.format(digest=params_digest(params))
    return Emitted(
        yaml_text(dvc_document(plan, wirings, digest), HEADER.format(spec=plan.spec)),
        yaml_text(params, header, width=DVC_WIDTH),
        digest,
    )


def stale(emitted: Emitted, root: Path) -> list[Diagnostic]:
    """What on disk is not what the spec compiles to."""
    return [
        error(Code.STALE, f"{name} is not what the spec compiles to", None, help="run `mtd compile` on the spec")
        for name, text in emitted.files()
        if _text(root / name) != text
    ]


def write(emitted: Emitted, root: Path, *, discard_edits: bool = False) -> list[Diagnostic]:
    """Write both files atomically, and the templates of the plots that they name.

    Nothing is written when a file is in the way or cannot be written.
    """
    in_the_way = [found for name, _ in emitted.files() for found in _foreign(root / name)]
    if not in_the_way and not discard_edits:
        in_the_way = _edited(emitted, root / PARAMS_FILE)
    if in_the_way:
        return in_the_way
    # A changed dvc.yaml with the old params.yaml would be a pipeline nobody asked for, so the old
    # text is put back when the second write fails.
    old = _text(root / PARAMS_FILE)
    try:
        keep_templates(root)
        write_text(root / PARAMS_FILE, emitted.params)
        try:
            write_text(root / DVC_FILE, emitted.dvc)
        except Failure:
            if old is not None:
                write_text(root / PARAMS_FILE, old)
            else:
                (root / PARAMS_FILE).unlink()
            raise
    except Failure as failure:
        return [error(Code.UNWRITABLE, failure.summary, None, help=failure.help)]
    return []


def _foreign(path: Path) -> Iterator[Diagnostic]:
    text = _text(path)
    if text is not None and text.strip() and not text.startswith(HEADER_START):
        yield error(
            Code.FOREIGN_FILE,
            f"{path.name} was not written by `mtd compile`, so it is left as it is",
            None,
            help=f"move or delete {path.name}, or compile in another folder",
        )


def _edited(emitted: Emitted, path: Path) -> list[Diagnostic]:
    """A params.yaml whose values are not those it was written with holds somebody's edits."""
    text = _text(path)
    written = re.search(r"^# values: (\w+)$", text or "", re.MULTILINE)
    if text is None or written is None:
        return []
    values = parsed(text)
    if values is None or params_digest(values) == written[1] or values == parsed(emitted.params):
        return []
    fresh = flat(parsed(emitted.params))
    held = flat(values)
    changes = [
        f"{key} {f'= {shown(held[key])}' if key in held else 'is gone'} ({_meant(key, fresh)})"
        for key in {**held, **fresh}
        if key not in held or fresh.get(key) != held[key]
    ]
    return [
        error(
            Code.EDITED_PARAMS,
            f"params.yaml holds values changed by hand: {'; '.join(changes[:5])}{' ...' if len(changes) > 5 else ''}",
            None,
            help="put them into the spec, or write over them with `mtd compile --discard-edits`",
        )
    ]


def _meant(key: str, fresh: dict[str, Any]) -> str:
    return f"the spec says {shown(fresh[key])}" if key in fresh else "the spec has no such value"


def parsed(text: str) -> dict[str, Any] | None:
    """The YAML document as plain values; None where it is no YAML mapping."""
    try:
        document = YAML(typ="safe").load(text)
    except YAMLError:
        return None
    return document if isinstance(document, dict) else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
