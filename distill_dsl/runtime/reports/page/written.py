"""The spec as it stands in the page: in colours, each line with an address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from distill_dsl.contract.failure import Failure


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
