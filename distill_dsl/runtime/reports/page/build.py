"""The page and what lies beside it: index.html, predictions, tables and figures, in one folder that can be moved."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from distill_dsl.contract.files import write_text
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.reports.contents import FIGURES, TABLES, write_contents
from distill_dsl.runtime.reports.page.cells import Table
from distill_dsl.runtime.reports.page.given import overlap_table, solving_table, training_table, yield_table
from distill_dsl.runtime.reports.page.judged import certainty_table, contest_table, format_table
from distill_dsl.runtime.reports.page.ledger import Ledger, Origin, origins, strays
from distill_dsl.runtime.reports.page.measured import main_table, strategy_table
from distill_dsl.runtime.reports.page.pictures import Picture, picture
from distill_dsl.runtime.reports.page.predictions import Sheet, encoded, write_predictions
from distill_dsl.runtime.reports.page.summary import summary
from distill_dsl.runtime.reports.page.written import read_prompts, read_spec
from distill_dsl.runtime.reports.published import unmet
from distill_dsl.runtime.reports.results import group_of
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.tables import main_lines
from distill_dsl.runtime.reports.taper import sentence
from distill_dsl.runtime.tracking.git import git_tags
from distill_dsl.runtime.tracking.pipeline import Pipeline

PAGE: Final = "index.html"
TEMPLATE: Final = "page.html.jinja2"
STYLE: Final = "page.css"
SCRIPTS: Final = ("page.js", "browser.js")
"""In this order: the second uses the first."""


@dataclass(frozen=True)
class Commit:
    """The revision that the page was made from."""

    hash: str
    dirty: bool


def write_page(study: Study, pipeline: Pipeline, specs: Sequence[str], warnings: Sequence[str], folder: Path) -> Path:
    """Write all of it; the same files and the same commit give the same bytes. Returns the page."""
    write_contents(study, folder)
    sheets = write_predictions(study.results, folder)
    write_text(folder / PAGE, rendered(study, pipeline, specs, warnings, sheets))
    return folder / PAGE


def rendered(
    study: Study, pipeline: Pipeline, specs: Sequence[str], warnings: Sequence[str], sheets: Sequence[Sheet]
) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("distill_dsl.runtime.reports.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    source = partial(environment.loader.get_source, environment)  # type: ignore[union-attr]
    style, script = source(STYLE)[0], "".join(source(name)[0] for name in SCRIPTS)
    ledger, published = Ledger(), study.results.settings.published
    tables = tables_of(study, ledger)
    behind = origins(pipeline, f"report-{study.results.experiment}", ledger.files)
    said = [*warnings, *strays(behind)]
    return environment.get_template(TEMPLATE).render(
        name=study.results.experiment,
        version=version("distill-dsl"),
        summary=summary(study, said),
        tables=tables,
        pictures=pictures_of(study),
        findings=[
            f"{line.name}, {line.test}, along {line.along}: {sentence(line)}" for line in study.lines if line.headline
        ],
        published=published,
        unmeasured=[] if published is None else unmet(study.results, published),
        specs=[read_spec(path) for path in specs],
        prompts=read_prompts(pipeline, behind),
        origins=behind,
        commit=commit_of(),
        tests=study.results.tests,
        sheets=sheets,
        files=[*TABLES, *FIGURES],
        style=Markup(style),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=Markup(encoded(data_of(study, ledger, behind, sheets)).decode()),
    )


def tables_of(study: Study, ledger: Ledger) -> dict[str, Table]:
    """The tables by name; one with nothing to say is not there."""
    strategies = "Strategies of one student and mix against one of them"
    mixes = "Each mix against the best of its student"
    found = [
        main_table(study, ledger),
        strategy_table(study, ledger),
        contest_table(study, study.mixes, "mixes", mixes, ledger) if study.mixes else None,
        contest_table(study, study.strategies, "rivals", strategies, ledger) if study.strategies else None,
        certainty_table(study, ledger),
        format_table(study, ledger),
        yield_table(study, ledger),
        overlap_table(study, ledger),
        training_table(study, ledger),
        solving_table(study, ledger),
    ]
    return {table.name: table for table in found if table is not None}


def pictures_of(study: Study) -> dict[str, Picture]:
    """The figures by name."""
    drawn = [picture(study, file) for file in FIGURES]
    return {one.name: one for one in drawn}


def commit_of() -> Commit | None:
    """Of git, if the project is in a repository."""
    tags = git_tags()
    if "mlflow.source.git.commit" not in tags:
        return None
    return Commit(tags["mlflow.source.git.commit"], tags["mlflow.source.git.dirty"] == "true")


def data_of(study: Study, ledger: Ledger, behind: Sequence[Origin], sheets: Sequence[Sheet]) -> dict[str, Any]:
    """What the page's script reads: where numbers come from, and which predictions there are."""
    return {
        "experiment": study.results.experiment,
        "numbers": [asdict(number) for number in ledger.numbers],
        "stages": {one.stage: asdict(one) | {"command": one.command} for one in behind},
        "runs": [asdict(sheet) for sheet in sheets],
        "titles": study.results.titles,
        "headlines": {run.solved(study.results.experiment): headline_of(study, run) for run in study.results.scores},
        "best": best_cell(study),
    }


def headline_of(study: Study, run: Run) -> str:
    """The strategy that stands for a run."""
    return study.results.headline(group_of(run))


def best_cell(study: Study) -> str:
    """The run whose predictions are shown first: the first seed of the best line of the main table."""
    top = max(main_lines(study.results), key=lambda one: one.figures[-1].value)
    return study.results.runs_of(top.group)[0].solved(study.results.experiment)
