"""How `mtd solve` shows an answer: for people with colours, for programs as an object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from distill_dsl.contract.records import Judged
from distill_dsl.contract.strategies import strategy_title
from distill_dsl.contract.vocabulary import AnswerKind

if TYPE_CHECKING:
    from distill_dsl.runtime.solving.asking import Answer, Chosen, Pupil

PROGRAMS: Final = (AnswerKind.PYTHON, AnswerKind.PROGRAM_EQUATIONS)
INDENT: Final = "  "


def print_answer(pupil: Pupil, answer: Answer) -> None:
    """Each thought with what it comes to, then the answer, and why it is the one."""
    console = Console(soft_wrap=True, highlight=False)
    first, *others = answer.chosen
    for row in answer.rows:
        _print_thought(console, pupil, row, whole=row.sample in (0, _sample(first, row)))
    _print_choice(console, first)
    if others:
        console.print(_table(answer.chosen))
    speed = f"{answer.tokens} tokens in {answer.seconds:.2f} s"
    told = "" if pupil.kinds is not None else "; the tests are not here, so an answer of any kind counts"
    console.print(Text(f"{speed}{told}", style="dim"))


def _sample(chosen: Chosen, row: Judged) -> int:
    return chosen.choice.sample if chosen.choice.thought == row.thought else 0


def _print_thought(console: Console, pupil: Pupil, row: Judged, *, whole: bool) -> None:
    name = row.thought if row.sample == 0 else f"{row.thought} {row.sample + 1}"
    console.print(Text.assemble((f"{name} ", "bold"), _outcome(row), (f"  {_sureness(row)}", "dim")))
    if not whole:
        return
    text = plain(row.text)
    program = pupil.formats[row.thought].answer in PROGRAMS
    shown = Syntax("", "python", theme="ansi_dark").highlight(text) if program else Text(text)
    shown.rstrip()
    for line in shown.split("\n"):
        console.print(Text(INDENT) + line)
    for remark in _remarks(row):
        console.print(Text(f"{INDENT}{remark}", style="yellow"))
    console.print()


def _outcome(row: Judged) -> tuple[str, str]:
    """The answer, or in words why there is none."""
    # Imported here because the runtime is only there when a student is.
    from distill_dsl.runtime.solving.reasons import failure

    if row.answer is not None:
        return plain(row.answer), "green"
    return plain(failure(row)), "red"


def _sureness(row: Judged) -> str:
    told = f"{row.tokens} tokens, log-probability {row.logprob:.3f}"
    if row.confidence is not None:
        told += f", right with {100 * row.confidence:.0f} %"
    return told + "".join(f", {name}: {100 * score:.0f} %" for name, score in row.ranks.items())


def _remarks(row: Judged) -> list[str]:
    """What else is known: an error in full, values of unknowns, calculations that do not hold."""
    told = []
    if row.answer is None and row.detail not in _outcome(row)[0]:
        told.append(row.detail)
    if row.solution:
        told.append(", ".join(f"{name} = {value}" for name, value in row.solution.items()))
    if row.steps is not None and row.steps.wrong:
        of = row.steps.right + row.steps.wrong
        those = "calculations does" if row.steps.wrong == 1 else "calculations do"
        told.append(f"{row.steps.wrong} of {of} {those} not hold: {row.steps.first_wrong}")
    told += row.notes
    return [plain(one) for one in told]


def _print_choice(console: Console, chosen: Chosen) -> None:
    answer = chosen.choice.answer
    head = (plain(answer), "bold green") if answer is not None else ("no answer", "bold red")
    console.print(Text.assemble(head, f" by {strategy_title(chosen.strategy)}: {plain(chosen.why)}"))


def _table(chosen: Sequence[Chosen]) -> Table:
    table = Table("answer by", "answer", "because", box=None, pad_edge=False)
    for one in chosen:
        answer = "-" if one.choice.answer is None else plain(one.choice.answer)
        table.add_row(Text(strategy_title(one.strategy)), Text(answer), Text(plain(one.why)))
    return table


def plain(text: str) -> str:
    """Text of a model without characters that a terminal would obey."""
    expanded = text.replace("\r\n", "\n").expandtabs(4)
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in expanded)


# --- for programs -----------------------------------------------------------------------------------


def document(pupil: Pupil, answer: Answer) -> dict[str, Any]:
    """All of it as JSON has it; docs/solve.md says what each key holds."""
    run, first = pupil.run, answer.chosen[0]
    return {
        "run": run.cell,
        "question": answer.question,
        "answer": first.choice.answer,
        "strategy": strategy_title(first.strategy),
        "thought": first.choice.thought,
        "why": first.why,
        "thoughts": [_thought(row) for row in answer.rows],
        "strategies": [_strategy(one) for one in answer.chosen],
        "kinds": None if pupil.kinds is None else sorted(pupil.kinds),
        "cut": answer.cut,
        "tokens": answer.tokens,
        "seconds": round(answer.seconds, 3),
    }


def _thought(row: Judged) -> dict[str, Any]:
    return {
        "thought": row.thought,
        "sample": row.sample,
        "text": row.text,
        "answer": row.answer,
        "failure": row.verdict if row.answer is None else None,
        "detail": row.detail,
        "unknowns": row.solution,
        "calculations": None if row.steps is None else {"right": row.steps.right, "wrong": row.steps.wrong},
        "first_wrong": "" if row.steps is None else row.steps.first_wrong,
        "notes": list(row.notes),
        "logprob": row.logprob,
        "confidence": row.confidence,
        "ranks": row.ranks,
        "tokens": row.tokens,
    }


def _strategy(chosen: Chosen) -> dict[str, Any]:
    return {
        "strategy": strategy_title(chosen.strategy),
        "answer": chosen.choice.answer,
        "thought": chosen.choice.thought,
        "sure": chosen.choice.sure,
        "why": chosen.why,
    }
