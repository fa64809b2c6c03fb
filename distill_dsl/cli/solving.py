"""`mtd solve`: a trained student answers a question, and shows how."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from distill_dsl.cli.output import complain, failures, show
from distill_dsl.compiler import Compiled
from distill_dsl.compiler.diagnostics import Advice, suggestion
from distill_dsl.contract.failure import Failure

if TYPE_CHECKING:
    from distill_dsl.contract.strategies import Strategy
    from distill_dsl.runtime.solving.asking import Pupil
    from distill_dsl.runtime.solving.runs import SolvedRun

Question = Annotated[
    str | None,
    typer.Argument(
        help="What to ask; `-` reads it from standard input. Without it, every line is a question.", show_default=False
    ),
]
RunName = Annotated[
    str | None,
    typer.Option(
        "--run",
        help="Whom to ask, as the report and MLflow name it: quickstart-etd-tiny-s1, or etd-tiny-s1. "
        "Without it, the best of the project.",
        show_default=False,
    ),
]
By = Annotated[
    str | None,
    typer.Option(
        help='How the answer is chosen, such as "pot > cot". Without it, as the experiment does.', show_default=False
    ),
]
All = Annotated[bool, typer.Option("--all", help="Show what every strategy of the experiment answers.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print an object a question (docs/solve.md).")]

PROMPT: Final = "question> "
LISTED: Final = 20
"""Runs that are listed where somebody has to choose one."""


def solve(
    question: Question = None, run: RunName = None, by: By = None, every: All = False, as_json: AsJson = False
) -> None:
    """Ask a trained student a question: its thoughts, what they come to, and why one of them is the answer."""
    with failures():
        chosen = _chosen_run(run)
        pupil = _loaded(chosen, strategies_of(chosen, by, every=every))
        for one in _questions(question):
            _answer(pupil, one, as_json)


def _chosen_run(name: str | None) -> SolvedRun:
    """The run that is named, or the best one."""
    # Imported here, as below, because no other command needs what solves questions.
    from distill_dsl.contract.params import read_mapping
    from distill_dsl.runtime.solving.runs import best, solved_runs
    from distill_dsl.runtime.tracking.pipeline import DVC_FILE, MEND, Pipeline

    runs = solved_runs(Pipeline(dict(read_mapping(DVC_FILE, help=MEND).get("stages") or {}), {}))
    if name is None:
        found = best(runs)
        if found is None:
            _list(runs)
            raise typer.Exit(1)
        _introduce(found, alone=len(runs) == 1)
        return found
    return run_named(runs, name)


def run_named(runs: Sequence[SolvedRun], name: str) -> SolvedRun:
    """The one run that `--run` names; a `Failure` says what else it might mean."""
    from distill_dsl.runtime.solving.runs import named, names_of

    meant = named(runs, name)
    if len(meant) == 1:
        return meant[0]
    if meant:
        cells = " or ".join(f"`--run {one.cell}`" for one in meant)
        raise Failure(f"several experiments ask `{name}`", where="--run", help=f"name one of them: {cells}")
    known = [each for run in runs for each in names_of(run)[:2]]
    help = suggestion(name, dict.fromkeys(known))
    told = help.text if isinstance(help, Advice) else help
    raise Failure(f"there is no run `{name}`", where="--run", help=told)


def _introduce(run: SolvedRun, *, alone: bool) -> None:
    """Which run was taken, and why."""
    from distill_dsl.contract.strategies import strategy_title
    from distill_dsl.runtime.solving.runs import accuracy, headline

    reached = accuracy(run)
    by = strategy_title(headline(run.settings, run.thoughts))
    why = "" if alone else f", the best of {run.experiment}"
    told = "" if reached is None else f": {100 * reached:.2f} % right by {by}"
    print(f"{run.cell}{why}{told}", file=sys.stderr)


def _list(runs: list[SolvedRun]) -> None:
    """The runs with what they reached, best first, and how to choose."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from distill_dsl.contract.strategies import strategy_title
    from distill_dsl.runtime.solving.runs import accuracy, headline

    reached = {run.cell: accuracy(run) for run in runs}
    ordered = sorted(runs, key=lambda run: -(reached[run.cell] or 0.0))
    table = Table("run", "% right", "answer by", "model", box=None, pad_edge=False)
    for run in ordered[:LISTED]:
        figure = reached[run.cell]
        model = "here" if Path(run.folder).is_dir() else "not here"
        by = strategy_title(headline(run.settings, run.thoughts))
        table.add_row(Text(run.cell), "-" if figure is None else f"{100 * figure:.2f}", Text(by), model)
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(table)
    if len(ordered) > LISTED:
        console.print(f"... and {len(ordered) - LISTED} more")
    console.print(Text(f"\nNo run stands out. Choose one: mtd solve --run {ordered[0].cell}"))


def strategies_of(run: SolvedRun, by: str | None, *, every: bool = False) -> list[Strategy]:
    """The strategy that gives the answer, and behind it all others that are to be shown."""
    from distill_dsl.contract.strategies import Oracle, strategy_key
    from distill_dsl.runtime.solving.runs import headline
    from distill_dsl.runtime.stages.score import usable

    first = headline(run.settings, run.thoughts) if by is None else _read(run, by)
    if isinstance(first, Oracle):
        raise Failure(
            "an oracle knows the gold answer, and a question that is asked has none", where="--by", help="name another"
        )
    others = usable(run.settings.answers, run.thoughts) if every else {}
    more = [one for key, one in others.items() if key != strategy_key(first) and not isinstance(one, Oracle)]
    return [first, *more]


def _read(run: SolvedRun, by: str) -> Strategy:
    """The strategy that `--by` says, read by the language."""
    from distill_dsl.compiler.model.alone import strategy_alone
    from distill_dsl.contract.params import PARAMS_FILE, read_mapping

    known = read_mapping(PARAMS_FILE, help=f"mend {PARAMS_FILE}")
    names = {"thought": run.thoughts, "student": known.get("student", {}), "mix": known.get("mix", {})}
    strategy, source, found = strategy_alone(by, "--by", names)
    if strategy is None:
        show(found, Compiled({source.path: source}, tuple(found)))
        raise typer.Exit(1)
    return strategy


def _loaded(run: SolvedRun, strategies: list[Strategy]) -> Pupil:
    """The student, loaded: a few seconds, in which a terminal shows that something goes on."""
    from rich.console import Console

    with Console(stderr=True).status(f"loading {run.run.trained}"):
        from distill_dsl.runtime.solving.asking import opened

        return opened(run, strategies)


def _questions(given: str | None) -> Iterator[str]:
    """One question, or one a line: at a prompt until Ctrl-D, or of what is piped in."""
    if given is not None:
        question = (sys.stdin.read() if given == "-" else given).strip()
        if not question:
            raise Failure("there is no question", help='ask one: `mtd solve "How many ...?"`')
        yield question
        return
    with suppress(ImportError):
        # Its import gives the prompt arrow keys and a history; Windows has none.
        import readline  # noqa: F401
    while True:
        try:
            line = input(_prompt())
        except EOFError:
            return
        if line.strip():
            yield line.strip()


def _prompt() -> str:
    """The prompt for `input`, which writes it where results go; where these are read by a program, it is kept apart."""
    if not sys.stdin.isatty():
        return ""
    if sys.stdout.isatty():
        return PROMPT
    print(PROMPT, end="", file=sys.stderr, flush=True)
    return ""


def _answer(pupil: Pupil, question: str, as_json: bool) -> None:
    from rich.console import Console

    from distill_dsl.cli.answers import document, print_answer
    from distill_dsl.runtime.solving.asking import ask

    with Console(stderr=True).status("thinking"):
        answer = ask(pupil, question)
    if as_json:
        print(json.dumps(document(pupil, answer), ensure_ascii=False), flush=True)
        return
    if answer.cut:
        complain(f"the question is longer than the {pupil.longest} tokens that the student reads: its end is left out")
    print_answer(pupil, answer)
