"""Specs with `|` where the cursor stands, and the views that the editor has of them."""

from __future__ import annotations

from pathlib import Path

from distill_dsl.editor.documents import Desk, Documents, View

SPECS = Path(__file__).parents[2] / "specs"

HERE = Path("/work-of-nobody/spec.mtd")
"""A path at which there is no file."""

SMALL = """\
param paths: int = 4
param rate: float = 0.5
data a { source = file(train: "train.jsonl", test: "test.jsonl") }
teacher t { model = openai("gpt")   samples = paths   temperature = 0.7 }
thought cot { answer = text }
thought pot { answer = python }
mix m { problems = a.train   teacher = t   thoughts = cot + 2*pot }
mix n = m { thoughts = cot }
student s { base = scratch("t5")   weight_decay = rate }
experiment e {
  students = [s]
  mixes = [m, n]
  tests = [a.test]
  answers = [cot, pot > cot]
}
"""
"""A whole spec with all kinds of blocks, for changing one thing."""


def view_of(text: str, path: Path = HERE) -> View:
    """The view of an open text without mistakes of its own path."""
    return Desk().view(Documents().opened(path, text), path)


def marked(text: str, path: Path = HERE) -> tuple[View, int]:
    """The view of a text, and the offset of its `|`."""
    before, bar, after = text.partition("|")
    assert bar, "the text has no cursor"
    return view_of(before + after, path), len(before)


def below(text: str) -> str:
    """A text under a spec that has all kinds of blocks."""
    return f"{SMALL}\n{text}"


def folder(tmp_path: Path, **files: str) -> dict[str, Path]:
    """Files on disk by their name without ending."""
    for name, text in files.items():
        (tmp_path / f"{name}.mtd").write_text(text, encoding="utf-8")
    return {name: tmp_path / f"{name}.mtd" for name in files}
