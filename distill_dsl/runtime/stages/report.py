"""report: the tables and the figure of one experiment, and the main table on the terminal.

From scores/<cell>.json of every run to report/<experiment>/.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from distill_dsl.contract.files import atomic, report_folder, write_text
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.runs import parse_run
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.runtime.reports.figure import accuracy_png
from distill_dsl.runtime.reports.results import Results, gather
from distill_dsl.runtime.reports.tables import (
    accuracy_csv,
    columns,
    main_lines,
    report_markdown,
    table_csv,
    thoughts_csv,
    uncertainty,
)
from distill_dsl.runtime.tracking.place import ui_command


def run(*, experiment: str, runs: list[str]) -> None:
    """Write the report; `runs` are `mix=etd,student=small,seed=1`."""
    results = gather(experiment, read_settings(ExperimentSettings, experiment), [parse_run(text) for text in runs])
    folder = report_folder(experiment)
    write_text(folder / "table.md", report_markdown(results))
    write_text(folder / "table.csv", table_csv(results))
    write_text(folder / "accuracy.csv", accuracy_csv(results))
    write_text(folder / "thoughts.csv", thoughts_csv(results))
    with atomic(folder / "accuracy.png", "wb") as stream:
        stream.write(accuracy_png(results))
    show(results)


def show(results: Results) -> None:
    """The main table and what a person wants next."""
    console = Console(soft_wrap=True)
    wide = Console(width=None if console.is_terminal else 160)
    wide.print(terminal_table(results))
    student = results.groups[0][0]
    console.print(
        Text(f"{uncertainty(results)}\n\nThe whole report: {report_folder(results.experiment)}/table.md. Next:")
    )
    console.print(Text(f"  {ui_command()}", style="bold"))
    console.print(Text(f"  dvc exp run -S student.{student}.learning_rate=0.001", style="bold"))


def terminal_table(results: Results) -> Table:
    """The main table for rich."""
    table = Table(title=f"{results.experiment}: accuracy in percent", title_justify="left")
    for name in ("student", "mix", "answer by"):
        table.add_column(name, no_wrap=name != "answer by")
    for name in columns(results):
        table.add_column(name, justify="right")
    for labels, figures in main_lines(results):
        shown = [Text(str(figure), style="bold green" if figure.best else "") for figure in figures]
        table.add_row(*map(Text, labels), *shown)
    return table
