"""Where the spec says what: a key of a block, the block itself, a param."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from distill_dsl.compiler.model.resolve import Analysis
from distill_dsl.compiler.plan.stages import Place
from distill_dsl.compiler.source import Source, Span

Places = Callable[[str, str, str], Place | None]
"""(section of params.yaml or `param`, key there, key of the block) -> its place in the spec."""


def nowhere(section: str, name: str, key: str) -> Place | None:
    """For what is explained without a spec at hand."""
    return None


def places(analysis: Analysis, sources: Mapping[str, Source]) -> Places:
    """A key's own place; the block's head where the key is left to its default or came from nowhere."""

    def find(section: str, name: str, key: str) -> Place | None:
        name = block_name(name)
        block = analysis.blocks.get(section, {}).get(name)
        if block is not None and key in block.items:
            return shown(block.items[key].span)
        defined = analysis.scope.definitions.get((section, name))
        return None if defined is None else shown(defined.span)

    def shown(span: Span) -> Place:
        return Place(span.path, sources[span.path].place(span.start)[0])

    return find


def block_name(key: str) -> str:
    """The block of a key of params.yaml: `etd-paths_2` is `etd` with a varied param."""
    return key.partition("-")[0]
