"""What people wrote, as it stands in the page: the spec in colours, each line with an address, and prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.vocabulary import StageKind
from distill_dsl.runtime.reports.page.ledger import Origin
from distill_dsl.runtime.tracking.pipeline import Pipeline


@dataclass(frozen=True)
class Spec:
    """A spec file of the experiment."""

    path: str
    lines: tuple[Markup, ...]


def read_spec(path: str) -> Spec:
    """A spec with its words in classes of Pygments."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(
            f"cannot read {path}: {error}", where=path, help="dvc.yaml was written from it; see `git log -- dvc.yaml`"
        ) from error
    # The package's own lexer, by its entry point. A span never goes over the end of a line.
    marked = highlight(text, get_lexer_by_name("mtd", stripnl=False), HtmlFormatter(nowrap=True))
    return Spec(path, tuple(map(Markup, marked.rstrip("\n").split("\n"))))


@dataclass(frozen=True)
class Prompt:
    """A file that a teacher is asked with."""

    path: str
    text: str
    cut: bool
    """Whether it is longer."""


LONGEST: Final = 20_000
"""Characters of a file of exemplars that the page shows."""


def read_prompts(pipeline: Pipeline, behind: Sequence[Origin]) -> list[Prompt]:
    """The templates and exemplars that teachers are asked with: what ask stages read that no stage wrote."""
    made = {output.path for one in behind for output in one.outputs}
    asks = [pipeline.stage(one.stage) for one in behind if one.stage.startswith(f"{StageKind.ASK}-")]
    paths = dict.fromkeys(str(path) for stage in asks for path in stage.get("deps") or ())
    return [shown(path) for path in paths if path not in made and Path(path).is_file()]


def shown(path: str) -> Prompt:
    """The file, of a long one its beginning."""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    return Prompt(path, text[:LONGEST], len(text) > LONGEST)
