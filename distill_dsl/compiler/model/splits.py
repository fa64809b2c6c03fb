"""Which splits a data set has, which are used, and whether the two agree.

Splits are named where they are used (`problems = gsm8k.train`), so that this looks at all blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Any

import msgspec

from distill_dsl.compiler.diagnostics import Code, suggestion
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.algebra import split_nodes
from distill_dsl.compiler.model.calls import EVERY
from distill_dsl.compiler.model.declare import Merged
from distill_dsl.compiler.model.entities import Data
from distill_dsl.compiler.model.reading import Reading, Wrong, distinct
from distill_dsl.compiler.model.scope import Scope
from distill_dsl.compiler.model.types import (
    Splits,
)
from distill_dsl.contract.settings import (
    DataSettings,
    FileSource,
    HfSource,
    ReasoningGymSource,
    SyntheticSource,
)
from distill_dsl.contract.vocabulary import SYNTHETIC_SPLITS

Blocks = Mapping[str, Mapping[str, Merged]]


def joined_splits(reading: Reading, item: nodes.Item) -> tuple[str, ...] | Wrong:
    """The source's splits that a split joins: `test = train + test`."""
    terms = item.value.terms if isinstance(item.value, nodes.Sum) else (item.value,)
    pairs: list[tuple[Any, Any]] = []
    for term in terms:
        plain = isinstance(term, nodes.Path) and len(term.parts) == 1
        help = f"write `{item.key.text} = train + test`"
        pairs.append(
            (term.text if plain and isinstance(term, nodes.Path) else reading.mistyped(Splits(), term, help), term.span)
        )
    return distinct(reading, pairs)


def mentioned(blocks: Blocks, data: str | None = None) -> Iterator[nodes.Path]:
    """Every place where a split is named, mixes first, in source order; of one data set or of all."""
    quiet = Reading(Scope())
    for kind, key in (("mix", "problems"), ("mix", "without"), ("experiment", "tests")):
        for block in blocks[kind].values():
            if key in block.items:
                for node in split_nodes(quiet, Splits(), block.items[key].value):
                    if isinstance(node, nodes.Path) and len(node.parts) == 2 and data in (None, node.parts[0].key):
                        yield node


def own_splits(settings: DataSettings) -> list[str] | None:
    """The splits that the source has, or `None` if only the source itself can tell."""
    match settings.source:
        case HfSource():
            return None
        case FileSource(splits=splits):
            return None if EVERY in splits else list(splits)
        case SyntheticSource(sizes=sizes) | ReasoningGymSource(sizes=sizes):
            return list(sizes)


def own_parts(settings: DataSettings, split: str) -> frozenset[str]:
    """The source's splits that a split consists of, each with its source: equal where problems are shared."""
    parts = settings.joined.get(split, (split,))
    match settings.source:
        case FileSource(splits=paths):
            return frozenset(normpath(paths.get(part, part)) for part in parts)
        case HfSource(name=name, config=config):
            # Another revision of a split holds much the same problems.
            return frozenset(f"hf {normpath(name)} {config}.{part}" for part in parts)
        case SyntheticSource() | ReasoningGymSource() as drawn:
            # What is drawn first does not depend on how many are drawn.
            source = msgspec.json.encode(msgspec.structs.replace(drawn, sizes={})).decode()
            return frozenset(f"{source}.{part}" for part in parts)


def checked_splits(scope: Scope, blocks: Blocks, data: Mapping[str, Data]) -> None:
    """Report splits that the source does not have, where that is known."""
    for name, one in data.items():
        own = own_splits(one.settings)
        if own is None:
            continue
        if isinstance(one.settings.source, SyntheticSource):
            _drawn(scope, own, blocks["data"][name].items["source"].value)
        for key in one.settings.joined:
            value = blocks["data"][name].items[key].value
            for node in value.terms if isinstance(value, nodes.Sum) else (value,):
                _known(scope, own, node, node)
        for path in mentioned(blocks, name):
            _known(scope, [*own, *one.settings.joined], path, path.parts[1])


def _drawn(scope: Scope, sizes: list[str], call: nodes.Value) -> None:
    """Report sizes for splits that are not drawn."""
    keys = [argument.key for argument in call.arguments if argument.key] if isinstance(call, nodes.Call) else []
    for key in keys:
        if key.text in sizes and key.text not in SYNTHETIC_SPLITS:
            summary = f"synthetic problems have no split `{key.text}`"
            scope.report(Code.UNKNOWN_SPLIT, summary, key.span, f"there are {', '.join(SYNTHETIC_SPLITS)}")


def _known(scope: Scope, known: list[str], node: nodes.Value, word: nodes.Value | nodes.Name) -> None:
    name = word.text if isinstance(word, nodes.Path | nodes.Name) else ""
    if name not in known:
        scope.report(Code.UNKNOWN_SPLIT, f"this data has no split `{name}`", word.span, suggestion(name, known))


def with_splits(blocks: Blocks, data: Mapping[str, Data]) -> dict[str, Data]:
    """The data with the splits that are used; a single file then serves the one that is."""
    whole = {}
    for name, one in data.items():
        used = tuple(dict.fromkeys(path.parts[1].text for path in mentioned(blocks, name)))
        settings, references = one.settings, dict(one.references)
        if isinstance(settings.source, FileSource) and EVERY in settings.source.splits:
            only = next((split for split in used if split not in settings.joined), used[0] if used else "all")
            source = FileSource(splits={only: settings.source.splits[EVERY]})
            settings = replaced(settings, source)
            references = {
                path.replace(f"splits.{EVERY}", f"splits.{only}"): param for path, param in references.items()
            }
        whole[name] = msgspec.structs.replace(one, settings=settings, splits=used, references=references)
    return whole


def replaced(settings: DataSettings, source: FileSource) -> DataSettings:
    """The settings with another source."""
    return msgspec.structs.replace(settings, source=source)
