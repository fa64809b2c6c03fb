"""report: the tables and figures of one experiment, and the main table on the terminal.

From scores/<cell>.json and .jsonl, predictions/<cell>.json and training/<cell>.json of every run, and
thoughts/<cell>.json of all that they learn from, to report/<experiment>/. docs/reports.md says what each
table and figure means.
"""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from distill_dsl.contract.files import report_folder, summary_file, write_json
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.runs import parse_asked, parse_run
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.runtime.reports.contents import write_contents
from distill_dsl.runtime.reports.efficiency import of_group
from distill_dsl.runtime.reports.headlines import summary
from distill_dsl.runtime.reports.overlap import overlap_lines
from distill_dsl.runtime.reports.results import known_mean
from distill_dsl.runtime.reports.spending import row_seconds
from distill_dsl.runtime.reports.study import Study, read_study
from distill_dsl.runtime.reports.tables import Entry, columns, label, labels, main_lines, uncertainty
from distill_dsl.runtime.reports.teaching import terminal_yields
from distill_dsl.runtime.reports.wording import si
from distill_dsl.runtime.tracking.place import ui_command


def run(*, experiment: str, runs: list[str], thoughts: list[str], tests: list[str]) -> None:
    """Write the report.

    `runs` are `mix=etd,student=small,seed=1`, with `,paths=2` where params are varied; `thoughts` what their mixes
    are made of, `thought=pot,teacher=self,data=p,split=train`; `tests` names of test sets, `gsm8k-test`.
    """
    settings = read_settings(ExperimentSettings, experiment)
    study = read_study(experiment, settings, list(map(parse_run, runs)), list(map(parse_asked, thoughts)), tests)
    folder = report_folder(experiment)
    write_contents(study, folder)
    write_json(summary_file(experiment), summary(study))
    show(study)


def show(study: Study) -> None:
    """The main table, what the teachers gave, and what a person wants next."""
    console = Console(soft_wrap=True)
    wide = Console(width=None if console.is_terminal else 160)
    results = study.results
    wide.print(terminal_table(study))
    console.print(Text(f"{uncertainty(results)}\n"))
    if study.yields:
        wide.print(yield_table(study))
    for line in overlap_lines(study.overlaps):
        console.print(Text(line, style="yellow"))
    student = results.groups[0].student
    console.print(Text(f"\nThe whole report: {report_folder(results.experiment)}/table.md. Next:"))
    console.print(Text(f"  mtd report {results.experiment} --open", style="bold"))
    console.print(Text(f"  {ui_command()}", style="bold"))
    console.print(Text(f"  dvc exp run -S student.{student}.learning_rate=0.001", style="bold"))


def terminal_table(study: Study) -> Table:
    """The main table for rich, with what an answer and its training cost."""
    results = study.results
    table = Table(title=f"{results.experiment}: accuracy in percent, cost a problem", title_justify="left")
    for name in (*labels(results), "answer by"):
        table.add_column(name, no_wrap=name != "answer by")
    for name in (*columns(results), "tokens", "seconds", "trained in", "parameters"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in main_lines(results):
        shown = [Text(str(figure), style="bold green" if figure.best else "") for figure in one.figures]
        words = [*label(results, one.group), results.titles[one.strategy]]
        table.add_row(*map(Text, words), *shown, *map(Text, spent(study, one)))
    return table


def yield_table(study: Study) -> Table:
    """What the teachers gave, for rich."""
    head, body, left = terminal_yields(study)
    table = Table(title="what the teachers gave", title_justify="left")
    for place, name in enumerate(head):
        table.add_column(name, justify="left" if place < left else "right", no_wrap=True)
    for line in body:
        table.add_row(*map(Text, line))
    return table


def spent(study: Study, one: Entry) -> list[str]:
    """Tokens and seconds a problem, seconds of training, parameters: means over tests and seeds."""
    results, costs = study.results, study.costs
    rows = results.of(one.group, one.strategy)
    return [
        si(known_mean(row.tokens for row in rows)),
        si(known_mean(row_seconds(study, row) for row in rows), "s"),
        si(of_group(results, costs, one.group, lambda cost: cost.training.seconds), "s"),
        si(of_group(results, costs, one.group, lambda cost: cost.training.parameters)),
    ]
