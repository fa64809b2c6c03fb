"""A model with the blocks that it came from: what rules look at, and the places that they name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from distill_dsl.compiler.diagnostics import Diagnostic
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.declare import Merged
from distill_dsl.compiler.model.entities import Data, Experiment, Mix, Model, Student, Teacher, Thought, needed
from distill_dsl.compiler.source import Span
from distill_dsl.contract.strategies import Single, Strategy

Block = Data | Teacher | Thought | Mix | Student | Experiment
Blocks = Mapping[str, Mapping[str, Merged]]


@dataclass(frozen=True)
class Checked:
    """A model with the blocks that it came from, for places."""

    model: Model
    blocks: Blocks

    def item(self, kind: str, name: str, key: str) -> Span:
        """Where a block sets a key; its head, if it does not."""
        block = self.blocks[kind][name]
        return block.items[key].value.span if key in block.items else block.block.head

    def own(self, kind: str, name: str, key: str) -> Span | None:
        """Where a block itself sets a key, rather than the one that it copies."""
        own = (item for item in self.blocks[kind][name].block.items if isinstance(item, nodes.Item))
        return next((item.span for item in own if item.key.text == key), None)

    def element(self, kind: str, name: str, key: str, at: int) -> Span:
        """Where a block names the element of a list or sum."""
        block = self.blocks[kind][name]
        node = block.items[key].value if key in block.items else None
        match node:
            case nodes.List(items) | nodes.Sum(items):
                return items[at].span
        return self.item(kind, name, key)

    def argument(self, kind: str, name: str, key: str, argument: str) -> nodes.Value:
        """What a call gives as an argument by name, else as its first without a name; else the call."""
        node = self.blocks[kind][name].items[key].value
        given = node.arguments if isinstance(node, nodes.Call) else ()
        named = [each for each in given if each.key and argument in (each.key.text, each.key.key)]
        found = named or [each for each in given if each.key is None]
        return found[0].value if found else node

    def constant(self, block: Block, *keys: str) -> bool:
        """Whether none of these settings is a param, which a sweep or a run may change."""
        return not any(path == key or path.startswith(f"{key}.") for path in block.references for key in keys)


Rule = Callable[[Checked], Iterable[Diagnostic]]


def members(strategy: Strategy) -> tuple[str, ...]:
    """The thoughts that a strategy picks among."""
    return (strategy.thought,) if isinstance(strategy, Single) else strategy.members


def named_in(node: nodes.Value) -> Iterator[str]:
    """The names in a value, as far down as it goes."""
    match node:
        case nodes.Path():
            yield node.key
        case nodes.List(inner) | nodes.Sum(inner) | nodes.Product(inner) | nodes.Fallback(inner):
            yield from (name for one in inner for name in named_in(one))
        case nodes.Map(inner) | nodes.Call(arguments=inner):
            yield from (name for one in inner for name in named_in(one.value))


def reached(model: Model, experiments: Iterable[Experiment]) -> dict[tuple[str, str], Block]:
    """(kind, name) -> every block that one of the experiments needs."""
    blocks = model.blocks
    found: dict[tuple[str, str], Block] = {}
    waiting: list[tuple[str, str]] = [("experiment", experiment.name) for experiment in experiments]
    while waiting:
        kind, name = waiting.pop()
        if (kind, name) not in found:
            block = found[kind, name] = blocks[kind][name]
            waiting += needed(block)
    return found


def asking(model: Model) -> Iterator[tuple[Mix, Teacher]]:
    """Every mix with each of its teachers, in the order of the spec."""
    for mix in model.mixes.values():
        for name in mix.teachers:
            yield mix, model.teachers[name]


def learned(model: Model, mix: str, students: Iterable[str] = ()) -> list[Mix]:
    """The mix, and all those that its teachers, or these students before their training, have learned."""
    waiting: list[tuple[str, str]] = [("mix", mix), *(("student", name) for name in students)]
    met: dict[tuple[str, str], Mix | None] = {}
    while waiting:
        key = waiting.pop(0)
        if key not in met:
            block = model.blocks[key[0]][key[1]]
            met[key] = block if isinstance(block, Mix) else None
            waiting += [one for one in needed(block) if one[0] in ("mix", "teacher", "student")]
    return [one for one in met.values() if one is not None]


def looked_at(model: Model) -> dict[tuple[str, str], Block]:
    """(kind, name) -> the blocks of the main file, and those of others that an experiment needs.

    What nobody uses of an imported file is that file's affair.
    """
    needed = reached(model, model.experiments.values())
    return {
        (kind, name): block
        for kind, blocks in model.blocks.items()
        for name, block in blocks.items()
        if (kind, name) in needed or block.span.path == model.files[0]
    }
