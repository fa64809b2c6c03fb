"""The blocks and stages of a spec as Mermaid, as Graphviz, and as a tree."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from constructed import after_run, compiled, edited
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.compiler import Compiled, compile_spec
from distill_dsl.compiler.plan.dot import dot
from distill_dsl.compiler.plan.graph import Edge, Graph, Node, block_graph, stage_graph
from distill_dsl.compiler.plan.mermaid import mermaid
from distill_dsl.compiler.plan.stages import stage_name
from distill_dsl.compiler.plan.tree import tree

ROOT = Path(__file__).parents[2]


@pytest.fixture
def etd(monkeypatch: pytest.MonkeyPatch) -> Compiled:
    monkeypatch.chdir(ROOT)
    return compile_spec(Path("specs/etd.mtd"))


def lines(graph: Graph) -> list[str]:
    return [line.text for line in tree(graph)]


def blocks(done: Compiled) -> Graph:
    assert done.model is not None
    return block_graph(done.model)


def test_the_blocks_of_the_papers_table(etd: Compiled, golden: Callable[[str, str], None]) -> None:
    golden("plan/etd.blocks.mmd", mermaid(blocks(etd)))
    golden("plan/etd.blocks.dot", dot(blocks(etd)))
    golden("plan/etd.blocks.txt", "\n".join(lines(blocks(etd))) + "\n")


def test_the_stages_of_the_papers_table(etd: Compiled, golden: Callable[[str, str], None]) -> None:
    assert etd.plan is not None
    golden("plan/etd.stages.mmd", mermaid(stage_graph(etd.plan)))
    golden("plan/etd.stages.txt", "\n".join(lines(stage_graph(etd.plan))) + "\n")


def test_every_stage_stands_once_in_the_tree_of_all(etd: Compiled) -> None:
    assert etd.plan is not None
    found = [re.sub(r"   \(also.*", "", line).lstrip("|`- ") for line in lines(stage_graph(etd.plan, every=True))]
    assert sorted(found) == sorted(stage_name(stage) for stage in etd.plan.stages)


def test_every_edge_leads_from_an_earlier_node_to_a_later_one(etd: Compiled) -> None:
    assert etd.plan is not None
    for graph in (blocks(etd), stage_graph(etd.plan), stage_graph(etd.plan, every=True)):
        order = {node.name: at for at, node in enumerate(graph.nodes)}
        assert len(order) == len(graph.nodes)
        assert all(order[edge.source] < order[edge.target] for edge in graph.edges)


def test_large_plans_are_joined_with_a_count(etd: Compiled) -> None:
    assert etd.plan is not None
    joined = stage_graph(etd.plan)
    assert "train small\n12 stages" in {node.label for node in joined.nodes}
    assert len(joined.nodes) < 25 < len(stage_graph(etd.plan, every=True).nodes)


def test_states_are_told_in_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    now = compiled(tmp_path, edited(("learning_rate = 5e-4", "learning_rate = 1e-3")))
    assert now.plan is not None
    found = after_run(compiled(tmp_path, edited()), now)
    graph = stage_graph(now.plan, found)
    states = {node.name: node.state for node in graph.nodes}
    assert (states["mix-etd"], states["train small"], states["report-walk"]) == ("current", "runs", "runs")
    assert "class train_small," in mermaid(graph)
    assert any(line.lstrip("|`- ").startswith("* train small, 6 stages, 6 run") for line in lines(graph))


def test_two_teachers_of_one_thought_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = compiled(
        tmp_path,
        edited(("mix etd  = cotd {", "teacher solver { model = solution() }\nmix etd = cotd { teacher = solver")),
    )
    edges = blocks(done).edges
    assert Edge("thought cot", "mix etd", "by solver") in edges and Edge("thought cot", "mix cotd", "by llm") in edges
    assert Edge("thought pot", "mix etd") in edges


def test_weights_references_and_varied_params_are_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = edited(("cot + pot + eot", "cot + w*pot + 3*eot"), ("  seeds ", "  vary w = [1, 2]\n  seeds "))
    edges = blocks(compiled(tmp_path, text)).edges
    assert Edge("thought eot", "mix etd", "3*") in edges
    assert Edge("param w", "mix etd", "thoughts") in edges and Edge("param w", "experiment walk", "vary 1, 2") in edges


def test_blocks_that_no_experiment_reaches_are_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = compiled(tmp_path, edited(("mixes    = [cotd, etd]", "mixes    = [cotd]")))
    states = {node.name: node.state for node in blocks(done).nodes}
    assert states["mix etd"] == states["thought eot"] == "unused" and states["mix cotd"] == ""


def test_many_blocks_of_a_kind_are_one_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    more = "".join(f"student s{number} = small {{ batch = {number} }}\n" for number in range(1, 15))
    named = ", ".join(f"s{number}" for number in range(1, 15))
    done = compiled(
        tmp_path, edited(("experiment walk {", f"{more}experiment walk {{"), ("[small, large]", f"[{named}]"))
    )
    assert done.model is not None
    graph = blocks(done)
    assert "16 students\nsmall, large, s1 and 13 more" in {node.label for node in graph.nodes}
    assert Edge("students", "experiment walk") in graph.edges
    assert len(block_graph(done.model, every=True).nodes) == len(graph.nodes) + 15


LABEL = st.text(max_size=20)
GRAPHS = st.lists(LABEL, min_size=1, unique=True).map(
    lambda names: Graph(
        tuple(Node(name, name, "mix", "") for name in names),
        tuple(Edge(one, other, other) for one, other in itertools.pairwise(names)),
    )
)

NODE = re.compile(r'  (\w+)\{\{"[^"`<>%]*(<br/>[^"`<>%]*)*"\}\}')
EDGE = re.compile(r'  (\w+) -->(\|"[^"`<>%]*(<br/>[^"`<>%]*)*"\|)? (\w+)')


@given(GRAPHS)
def test_no_label_breaks_out_of_its_quotes(graph: Graph) -> None:
    first, *rest = mermaid(graph).removesuffix("\n").split("\n")
    assert first == "flowchart LR"
    nodes = [match for line in rest if (match := NODE.fullmatch(line))]
    edges = [match for line in rest if (match := EDGE.fullmatch(line))]
    assert len(nodes) + len(edges) == len(rest)
    ids = [match[1] for match in nodes]
    assert len(set(ids)) == len(ids) == len(graph.nodes)
    assert {match[1] for match in edges} | {match[4] for match in edges} <= set(ids)


@given(GRAPHS)
def test_no_name_breaks_out_of_its_quotes_in_dot(graph: Graph) -> None:
    text = dot(graph)
    unescaped = re.sub(r"\\.", "", text, flags=re.DOTALL)
    assert unescaped.count('"') % 2 == 0
    assert len(re.findall(r'"[^"]*" -> "[^"]*"', unescaped)) == len(graph.edges)
