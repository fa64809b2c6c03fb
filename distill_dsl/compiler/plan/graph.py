"""The plan as a graph: of blocks, as a person thinks of it, or of stages, as DVC runs them.

A graph is a value; `mermaid.py`, `dot.py` and `tree.py` write it as text. Nodes stand in the order
of the walk, so that every edge leads from an earlier node to a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from distill_dsl.compiler.model.entities import Experiment, Mix, Model, verifiers
from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.explain import waits_for
from distill_dsl.compiler.plan.outlook import Outlook, State
from distill_dsl.compiler.plan.spelling import number, param_value
from distill_dsl.compiler.plan.stages import (
    AskStage,
    FetchStage,
    MixStage,
    RankStage,
    ReportStage,
    ScoreStage,
    SolveStage,
    SpecStage,
    Stage,
    TrackStage,
    TrainStage,
    VerifyStage,
    stage_name,
)
from distill_dsl.compiler.plan.words import some
from distill_dsl.contract.settings import TrainedBase, TrainedTeacher

MANY: Final = 12
"""Blocks of a kind up to which each is a node of its own."""

SMALL: Final = 30
"""Stages up to which each is a node of its own."""


@dataclass(frozen=True)
class Node:
    """`kind` is a block's keyword or a stage's kind; `state` is that of the stages in it, if one is known."""

    name: str
    label: str
    kind: str
    group: str = ""
    """Nodes of a group are drawn in one frame under this title."""
    state: str = ""


@dataclass(frozen=True)
class Edge:
    """The target reads what the source is or writes."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True)
class Graph:
    """Nodes by name, and what leads from one to another."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


# --- blocks -------------------------------------------------------------------------------------

GROUPS: Final = {
    "param": "params",
    "data": "data",
    "teacher": "teachers",
    "thought": "thoughts",
    "mix": "mixes",
    "student": "students",
    "experiment": "experiments",
}
"""Keyword -> the title of its frame, in the order of the walk."""

UNUSED: Final = "unused"
"""The state of a block that no experiment reaches."""


def block_graph(model: Model, *, every: bool = False) -> Graph:
    """Data is asked about, a teacher writes thoughts, mixes join them, students learn, experiments compare.

    Many blocks of a kind are one node, unless `every`.
    """
    edges = tuple(dict.fromkeys(_block_edges(model)))
    reached = _reaching({f"experiment {name}" for name in model.experiments}, edges)
    nodes: list[Node] = []
    joined: dict[str, str] = {}
    for kind, table in {"param": model.params, **model.blocks}.items():
        names = [f"{kind} {name}" for name in table]
        if len(names) > MANY and not every:
            joined |= dict.fromkeys(names, GROUPS[kind])
            nodes.append(Node(GROUPS[kind], f"{len(names)} {GROUPS[kind]}\n{some(list(table))}", kind, GROUPS[kind]))
        else:
            nodes += [Node(name, name, kind, GROUPS[kind], "" if name in reached else UNUSED) for name in names]
    return Graph(tuple(nodes), _between(edges, joined))


def _between(edges: tuple[Edge, ...], joined: Mapping[str, str]) -> tuple[Edge, ...]:
    """The edges where some nodes are joined; what differs from one to the other is left out of their labels."""
    found: dict[Edge, None] = {}
    for edge in edges:
        ends = joined.get(edge.source, edge.source), joined.get(edge.target, edge.target)
        found[edge if ends == (edge.source, edge.target) else Edge(*ends)] = None
    return tuple(found)


def _reaching(targets: set[str], edges: tuple[Edge, ...]) -> set[str]:
    """The nodes from which some edges lead to a target, and the targets."""
    found, more = set(targets), True
    while more:
        come = {edge.source for edge in edges if edge.target in found} - found
        found |= come
        more = bool(come)
    return found


def _block_edges(model: Model) -> Iterator[Edge]:
    yield from _references(model)
    writers: dict[str, set[str]] = {}
    for mix in model.mixes.values():
        for thought in mix.settings.thoughts:
            writers.setdefault(thought, set()).update(mix.teachers)
    for mix in model.mixes.values():
        yield from _mix_edges(mix, writers)
    yield from _trained_edges(model)
    for experiment in model.experiments.values():
        yield from _experiment_edges(experiment, model)


def _references(model: Model) -> Iterator[Edge]:
    for kind, table in {"param": model.params, **model.blocks}.items():
        for name, entity in table.items():
            for place, param in getattr(entity, "references", {}).items():
                yield Edge(f"param {param}", f"{kind} {name}", place.partition(".")[0])


def _mix_edges(mix: Mix, writers: Mapping[str, set[str]]) -> Iterator[Edge]:
    for teacher in mix.teachers:
        yield from (Edge(f"data {split.data}", f"teacher {teacher}", split.split) for split in mix.problems)
        yield from (Edge(f"teacher {teacher}", f"thought {thought}") for thought in mix.settings.thoughts)
    for thought, weight in mix.settings.thoughts.items():
        by = f"by {' and '.join(mix.teachers)}" if len(writers[thought]) > 1 else ""
        weighted = "" if weight == 1 else f"{number(weight)}*"
        yield Edge(f"thought {thought}", f"mix {mix.name}", " ".join(part for part in (weighted, by) if part))


def _trained_edges(model: Model) -> Iterator[Edge]:
    """A student that teaches, and one that another starts from."""
    for teacher in model.teachers.values():
        if isinstance(teacher.settings.model, TrainedTeacher):
            trained = teacher.settings.model
            yield Edge(f"student {trained.student}", f"teacher {teacher.name}", f"after {trained.mix}")
    for student in model.students.values():
        if isinstance(student.settings.base, TrainedBase):
            base = student.settings.base
            yield Edge(f"student {base.student}", f"student {student.name}", f"after {base.mix}" if base.mix else "")


def _experiment_edges(experiment: Experiment, model: Model) -> Iterator[Edge]:
    name = f"experiment {experiment.name}"
    for student in experiment.students:
        yield from (Edge(f"mix {mix}", f"student {student}") for mix in experiment.mixes)
        yield Edge(f"student {student}", name)
    for ranked in verifiers(experiment):
        yield Edge(f"mix {ranked.on}", f"student {ranked.by}")
        yield Edge(f"student {ranked.by}", name, "ranks")
    for test in experiment.tests:
        yield Edge(f"data {test.data}", name, test.split)
    for param, values in experiment.vary:
        shown = [param_value(model.params[param].type, value) for value in values]
        yield Edge(f"param {param}", name, f"vary {', '.join(shown)}")


# --- stages -------------------------------------------------------------------------------------


def stage_graph(plan: Plan, outlooks: Mapping[str, Outlook] | None = None, *, every: bool = False) -> Graph:
    """The stages; those of a large plan joined by what they are about, unless `every`.

    An edge that follows from others is left out: what reads a mix need not be shown to read what the
    mix is made from.
    """
    whole = every or len(plan.stages) <= SMALL
    members: dict[str, list[Stage]] = {}
    for stage in plan.stages:
        members.setdefault(stage_name(stage) if whole else _about(stage), []).append(stage)
    home = {stage_name(stage): name for name, stages in members.items() for stage in stages}
    edges = [
        Edge(home[source], home[name])
        for name, sources in waits_for(plan).items()
        for source in sources
        if home[source] != home[name]
    ]
    framed = len(members) > SMALL
    nodes = tuple(_node(name, stages, outlooks or {}, framed) for name, stages in members.items())
    return Graph(nodes, _reduced(list(members), edges))


def _reduced(order: list[str], edges: list[Edge]) -> tuple[Edge, ...]:
    """The edges that do not follow from others; `order` holds the nodes, sources before targets."""
    sources: dict[str, dict[str, Edge]] = {name: {} for name in order}
    for edge in edges:
        sources[edge.target][edge.source] = edge
    above: dict[str, set[str]] = {}
    found: list[Edge] = []
    for name in order:
        direct = sources[name]
        indirect = {one for source in direct for one in above[source]}
        found += [edge for source, edge in direct.items() if source not in indirect]
        above[name] = indirect | direct.keys()
    return tuple(found)


def _about(stage: Stage) -> str:
    """What the stages of a large plan are joined by."""
    match stage:
        case AskStage(teacher=teacher) | VerifyStage(asked=AskStage(teacher=teacher)):
            return f"{stage.kind.value} {teacher}"
        case TrainStage(student=student):
            return f"train {student}"
        case SolveStage(experiment=experiment, trained=trained):
            return f"solve {experiment} {trained.student}"
        case RankStage(solved=solved) | ScoreStage(solved=solved):
            return f"{stage.kind.value} {solved.experiment} {solved.trained.student}"
        case SpecStage() | FetchStage() | MixStage() | ReportStage() | TrackStage():
            return stage_name(stage)


def _node(name: str, stages: list[Stage], outlooks: Mapping[str, Outlook], framed: bool) -> Node:
    label = stage_name(stages[0]) if len(stages) == 1 else f"{name}\n{len(stages)} stages"
    known = [outlooks[stage_name(stage)].state for stage in stages if stage_name(stage) in outlooks]
    state = next((each.value for each in (State.RUNS, State.RESTORED, State.CURRENT) if each in known), "")
    if len(stages) > 1 and known and state != State.CURRENT:
        label += f", {known.count(State(state))} {'run' if state == State.RUNS else state}"
    kind = stages[0].kind.value
    return Node(name, label, kind, kind if framed else "", state)
