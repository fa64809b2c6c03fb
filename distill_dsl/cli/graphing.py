"""`mtd graph`: the blocks of a spec, or its stages, as a picture."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from distill_dsl.cli.output import complain, stop_on_errors
from distill_dsl.cli.planning import OptionalSpec, show_lines, spec_or_last
from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.plan.dot import dot
from distill_dsl.compiler.plan.graph import Graph, block_graph, stage_graph
from distill_dsl.compiler.plan.mermaid import MOST_EDGES, mermaid
from distill_dsl.compiler.plan.tree import tree

Stages = Annotated[bool, typer.Option("--stages", help="The stages that DVC runs, in place of the blocks.")]
Every = Annotated[bool, typer.Option("--all", help="Each block or stage on its own, however many.")]
AsDot = Annotated[bool, typer.Option("--dot", help="For Graphviz, in place of Mermaid.")]
AsTree = Annotated[bool, typer.Option("--tree", help="As a tree, in place of Mermaid.")]
AsMarkdown = Annotated[bool, typer.Option("--markdown", help="Mermaid as a block of Markdown, which GitHub draws.")]


class Form(StrEnum):
    """How a graph is written."""

    MERMAID = "mermaid"
    MARKDOWN = "markdown"
    DOT = "dot"
    TREE = "tree"


def graph(
    spec: OptionalSpec = None,
    stages: Stages = False,
    every: Every = False,
    as_dot: AsDot = False,
    as_tree: AsTree = False,
    as_markdown: AsMarkdown = False,
) -> None:
    """Draw the blocks of a spec and what they are made from, as a Mermaid flowchart."""
    asked = [
        form for form, wanted in ((Form.DOT, as_dot), (Form.TREE, as_tree), (Form.MARKDOWN, as_markdown)) if wanted
    ]
    if len(asked) > 1:
        complain(f"error: --{asked[0]} and --{asked[1]} are two forms; give one")
        raise typer.Exit(2)
    compiled = stop_on_errors(compile_spec(spec_or_last(spec)))
    assert compiled.model is not None and compiled.plan is not None
    drawn = stage_graph(compiled.plan, every=every) if stages else block_graph(compiled.model, every=every)
    _print(drawn, asked[0] if asked else Form.MERMAID)


def _print(drawn: Graph, form: Form) -> None:
    if form in (Form.MERMAID, Form.MARKDOWN) and len(drawn.edges) > MOST_EDGES:
        complain(f"note: Mermaid draws at most {MOST_EDGES} edges, and these are {len(drawn.edges)}; see --dot")
    match form:
        case Form.MERMAID:
            print(mermaid(drawn), end="")
        case Form.MARKDOWN:
            print(f"```mermaid\n{mermaid(drawn)}```")
        case Form.DOT:
            print(dot(drawn), end="")
        case Form.TREE:
            show_lines(tree(drawn))
