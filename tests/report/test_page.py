"""The page of a finished project: every number says where it comes from, and nothing that a model wrote is markup."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from distill_dsl.cli.commands import app
from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Scored
from distill_dsl.contract.runs import Run, parse_asked, parse_run
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.runtime.reports.contents import FIGURES, TABLES
from distill_dsl.runtime.reports.page import ledger
from distill_dsl.runtime.reports.page.build import write_page
from distill_dsl.runtime.reports.page.measured import main_table, strategy_table
from distill_dsl.runtime.reports.page.pictures import CAPTIONS, DATA
from distill_dsl.runtime.reports.page.predictions import encoded
from distill_dsl.runtime.reports.page.summary import margin, summary
from distill_dsl.runtime.reports.page.written import read_spec
from distill_dsl.runtime.reports.study import Study, read_study
from distill_dsl.runtime.tracking.pipeline import Pipeline, read_pipeline
from tests.finished import EXPERIMENT as MADE_UP
from tests.finished import finish_runs, runs_of, study_of
from tests.finished import studied as made_up
from tests.report.told import EXPERIMENT, HOSTILE, PAGE, told_once

VOID = {"meta", "link", "br", "img", "input", "path", "use", "rect", "image", "hr"}


class Outline(HTMLParser):
    """What stands in a page: elements with their attributes, ids, and whether all that was opened was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def told(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The finished project, which is the working directory and must not be changed."""
    folder = told_once(tmp_path_factory)
    monkeypatch.chdir(folder)
    params._read.cache_clear()
    return folder


@pytest.fixture
def study(told: Path) -> Study:
    return studied(read_pipeline())


def studied(pipeline: Pipeline) -> Study:
    said = pipeline.options(f"report-{EXPERIMENT}")
    runs, thoughts = list(map(parse_run, said["run"])), list(map(parse_asked, said["thoughts"]))
    settings = params.read_settings(ExperimentSettings, EXPERIMENT)
    return read_study(EXPERIMENT, settings, runs, thoughts, said["test"])


def data_of(page: str) -> dict[str, Any]:
    """What the page's script reads."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


def rows_of(script: Path) -> dict[str, Any]:
    """What a script of predictions hands to the page."""
    found = re.fullmatch(r'// [^\n]+\nmtd\.take\("[^"]+",(.*)\)\n', script.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


# --- the page as a whole ------------------------------------------------------------------------


def test_the_page_is_whole_and_every_link_in_it_leads_somewhere(told: Path) -> None:
    outline = Outline(PAGE.read_text(encoding="utf-8"))
    assert not outline.open
    ids = [str(one["id"]) for _, one in outline.elements if "id" in one]
    assert sorted(ids) == sorted(set(ids))
    for link in outline.of("a"):
        href = str(link["href"])
        if href.startswith("#"):
            assert href[1:] in ids, href
        else:
            assert (PAGE.parent / href).is_file(), href


def test_nothing_in_the_page_reaches_for_a_network(told: Path) -> None:
    outline = Outline(PAGE.read_text(encoding="utf-8"))
    for tag, attributes in outline.elements:
        for name in ("src", "href", "xlink:href", "action", "data", "srcset", "poster"):
            assert not re.match(r"(https?:)?//", attributes.get(name) or ""), (tag, attributes)
    text = PAGE.read_text(encoding="utf-8")
    assert "@import" not in text and "fetch(" not in text and "XMLHttpRequest" not in text
    assert not re.search(r"url\((?!#)", text)


def test_tables_say_what_their_cells_are_of(told: Path) -> None:
    outline = Outline(PAGE.read_text(encoding="utf-8"))
    assert all(head.get("scope") in ("col", "row") for head in outline.of("th"))
    assert len(outline.of("caption")) == len(outline.of("table"))
    assert all(one.get("aria-label") or one.get("aria-labelledby") for one in outline.of("section"))
    assert len(outline.of("h1")) == 1 and len(outline.of("main")) == 1


def test_the_same_files_give_the_same_bytes(told: Path, tmp_path: Path) -> None:
    pipeline = read_pipeline()
    for place in ("one", "other"):
        write_page(studied(pipeline), pipeline, ["specs/paper.mtd"], [], tmp_path / place)
    one, other = (
        {path.relative_to(tmp_path / place): path.read_bytes() for path in (tmp_path / place).rglob("*.*")}
        for place in ("one", "other")
    )
    assert one == other
    assert {Path(name) for name in (*TABLES, *FIGURES, "index.html")} < set(one)


def test_every_figure_has_a_caption_and_its_numbers_beside_it() -> None:
    assert set(CAPTIONS) == set(DATA) == set(FIGURES)
    assert set(DATA.values()) <= set(TABLES)


def test_every_figure_is_in_the_page(told: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in FIGURES:
        if name != "scaling.png":  # nothing is varied here
            assert f'id="figure-{name.removesuffix(".png")}"' in text, name


# --- numbers ------------------------------------------------------------------------------------


def test_the_main_table_has_the_numbers_of_the_csv(study: Study) -> None:
    rows = list(csv.DictReader(StringIO(TABLES["table.csv"](study))))
    shown = {
        (cells[0].text, cells[1].text, test): cell
        for cells in main_table(study, ledger.Ledger()).rows
        for test, cell in zip(study.results.tests, cells[3:], strict=False)
    }
    assert len(shown) == 6 * 2
    for group in study.results.groups:
        for test in study.results.tests:
            [row] = [
                row
                for row in rows
                if (row["student"], row["mix"], row["test"]) == (*group.names, test)
                and row["strategy"] == study.results.headline(group)
            ]
            cell = shown[(*group.names, test)]
            assert cell.text == f"{100 * float(row['accuracy']):.2f}"
            assert cell.note == f"± {100 * float(row['deviation']):.2f}"


def test_every_accuracy_tells_the_files_that_it_was_counted_from(study: Study) -> None:
    told = ledger.Ledger()
    table = strategy_table(study, told)
    numbers = [cell.number for row in table.rows for cell in row if cell.number is not None]
    assert len(numbers) == len(set(numbers)) == 3 * len(table.rows)
    first = told.numbers[numbers[0]]
    assert first.what == "cot of tiny after cotd on gsm-test"
    assert first.files == tuple(f"artifacts/scores/paper-cotd-tiny-s{seed}.json" for seed in (1, 2))
    right = [files.read_json(Path(path))["gsm-test"]["cot"]["right"] for path in first.files]
    assert first.how[:2] == tuple(f"seed {seed}: {n} of 40 right" for seed, n in zip((1, 2), right, strict=True))
    assert first.value.startswith(f"{100 * sum(right) / 80:.2f} %")


def test_every_number_of_the_page_has_a_stage_a_hash_and_a_line_of_the_spec(told: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    data = data_of(text)
    places = [int(place) for place in re.findall(r'data-n="(\d+)"', text)]
    assert places and set(places) == set(range(len(data["numbers"])))
    makers = {one["path"]: (stage, one) for stage in data["stages"].values() for one in stage["outputs"]}
    for number in data["numbers"]:
        assert number["files"], number
        for path in number["files"]:
            stage, output = makers[path]
            assert output["state"] == "as in dvc.lock"
            assert output["md5"] == hashlib.md5(Path(path).read_bytes()).hexdigest()
            assert stage["command"] == f"dvc repro {stage['stage']}"
            assert f'id="{stage["file"]}:{stage["line"]}"' in text
    [line] = {stage["line"] for name, stage in data["stages"].items() if name.startswith("score-")}
    assert "experiment paper" in Path("specs/paper.mtd").read_text(encoding="utf-8").splitlines()[line - 1]


def test_stages_are_all_that_a_number_was_made_from_and_no_others(told: Path) -> None:
    needs = ledger.needs_of(read_pipeline())
    before = ledger.before("score-paper-potd-tiny-s1", needs)
    assert {"fetch-gsm", "verify-solver-gsm-train-pot", "mix-potd", "train-potd-tiny-s1"} <= before
    assert not any("cotd" in name or "small" in name or name.endswith("-cot") for name in before)


def test_a_file_that_is_not_as_dvc_has_it_is_told(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree("artifacts", tmp_path / "artifacts", ignore=shutil.ignore_patterns("models", "completions"))
    for name in ("dvc.yaml", "dvc.lock", "params.yaml", "specs"):
        (shutil.copytree if Path(name).is_dir() else shutil.copy)(name, tmp_path / name)  # type: ignore[operator]
    monkeypatch.chdir(tmp_path)
    path = files.training_file("etd-small-s2")
    files.write_json(path, files.read_json(path) | {"seconds": 1.0})
    pipeline = read_pipeline()
    page = write_page(studied(pipeline), pipeline, ["specs/paper.mtd"], [], tmp_path / "page")
    text = page.read_text(encoding="utf-8")
    assert f"<li>Read from {path}, changed since dvc.lock was written.</li>" in text
    assert text.count("changed since dvc.lock was written.</li>") == 1


def test_many_files_of_a_state_are_one_sentence() -> None:
    outputs = [ledger.Output(f"a{place}", None, ledger.UNLOCKED) for place in range(3)]
    outputs += [ledger.Output("b", "0", ledger.CHANGED), ledger.Output("c", "0", ledger.SAME)]
    stage = ledger.Origin("score-x", "scores", "", 0, (), tuple(outputs))
    said = ["Read from 3 files such as a0, not in dvc.lock.", "Read from b, changed since dvc.lock was written."]
    assert ledger.strays([stage]) == said


def test_states_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert ledger.state_of(path, "0") == ledger.ABSENT
    path.write_text("text")
    assert ledger.state_of(path, None) == ledger.UNLOCKED
    assert ledger.state_of(path, "0") == ledger.CHANGED
    assert ledger.state_of(path, hashlib.md5(b"text").hexdigest()) == ledger.SAME


def test_a_published_figure_stands_beside_the_measured_one(study: Study) -> None:
    cells = {cell.beside for row in main_table(study, ledger.Ledger()).rows for cell in row if cell.beside}
    ours = next(row for row in study.results.rows if row.group.names == ("tiny", "cotd") and row.test == "gsm-test")
    assert len(cells) == 2
    assert f"paper: 26.0 ({100 * ours.accuracy - 26:+.1f})" in cells


def test_what_cannot_be_told_apart_from_the_best_is_marked(study: Study) -> None:
    table = main_table(study, ledger.Ledger())
    shown = {(row[0].text, row[1].text): row for row in table.rows}
    close = [one for one in study.mixes if one.adjusted >= 0.05]
    assert 0 < len(close) < len(study.mixes)
    for one in study.mixes:
        cell = shown[one.a.group.names][3 + study.results.tests.index(one.test)]
        assert (cell.mark == "tied") == (one in close)


def test_the_summary_says_no_more_than_the_comparisons(study: Study) -> None:
    said = summary(study, ["a `warning` <of> something"])
    assert said.warnings[0] == "a <code>warning</code> &lt;of&gt; something"
    assert said.asked.startswith("2 students after 3 mixes, 2 seeds each: 12 trained students, judged on 2 tests")
    words = said.best.striptags()
    assert words.startswith("small after etd, answering by vote(pot, eot, cot, by: confidence), reaches ")
    assert len(said.found) == 2
    of_small = [one for one in study.mixes if one.a.group.names[0] == "small" and one.test == "gsm-test"]
    tail = margin(of_small)
    assert tail in said.found[1]
    for one in of_small:
        assert (f"{one.a.group.title}" in tail and "cannot" in tail) == (one.adjusted >= 0.05)


@pytest.mark.parametrize(
    "runs",
    [runs_of((1,)), study_of([1, 2, 4, 8], (1, 2)), [Run("cotd", "small", 1)]],
    ids=["one seed", "a varied param", "a single run"],
)
def test_pages_of_other_experiments_are_whole(runs: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params._read.cache_clear()
    finish_runs(runs)
    files.write_text(Path("specs/paper.mtd"), "# none\n")
    scored = {run.solved(MADE_UP): files.scores_file(run.solved(MADE_UP)).as_posix() for run in runs}
    stages: dict[str, dict[str, Any]] = {f"score-{cell}": {"outs": [path]} for cell, path in scored.items()}
    stages[f"report-{MADE_UP}"] = {"deps": list(scored.values())}
    page = write_page(made_up(runs), Pipeline(stages, {}), ["specs/paper.mtd"], [], tmp_path / "page")
    text = page.read_text(encoding="utf-8")
    outline = Outline(text)
    assert not outline.open
    several = len({run.mix for run in runs}) > 1
    assert ('id="comparisons"' in text) == several
    assert ('id="scaling"' in text) == bool(runs[0].varied)
    assert f"{len(runs)} trained student{'s' if len(runs) > 1 else ''}, judged on 2 tests" in text
    assert ("standard deviation over seeds" in text) == (len({run.seed for run in runs}) > 1)
    if runs[0].varied:
        assert [row["scope"] for row in outline.of("th")][:3] == ["col"] * 3
        assert "paths" in text.partition('id="table-main"')[2].partition("</thead>")[0]


# --- predictions --------------------------------------------------------------------------------


def test_predictions_are_those_of_the_scores(told: Path) -> None:
    cell = "paper-etd-tiny-s1"
    given = rows_of(PAGE.parent / "predictions" / f"{cell}.js")
    scored = list(files.read_rows(files.scored_file(cell), Scored))
    assert [row[1:4] for row in given["rows"]] == [[one.problem, one.question, one.gold] for one in scored]
    for row, one in zip(given["rows"], scored, strict=True):
        assert given["tests"][row[0]] == one.test
        for shown, thought in zip(row[4], one.thoughts, strict=True):
            assert given["formats"][shown[0]] == thought.thought
            assert shown[1:7] == [
                thought.sample,
                thought.text,
                thought.verdict,
                thought.answer,
                thought.tokens,
                thought.logprob,
            ]
        for key, chosen in zip(given["strategies"], row[5], strict=True):
            assert chosen[:2] == [one.choices[key].verdict, one.choices[key].answer]


def test_what_a_model_wrote_ends_no_script(told: Path) -> None:
    for cell in ("paper-etd-tiny-s1", "paper-etd-small-s2"):
        raw = (PAGE.parent / "predictions" / f"{cell}.js").read_bytes()
        assert b"<" not in raw
        assert "\u2028".encode() not in raw and "\u2029".encode() not in raw
        texts = {
            thought[2] for row in rows_of(PAGE.parent / "predictions" / f"{cell}.js")["rows"] for thought in row[4]
        }
        assert len(texts & set(HOSTILE)) == 3


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_come_through_whole(text: str) -> None:
    assert json.loads(encoded([text])) == [text]
    assert b"</" not in encoded([text])


def test_the_spec_is_text_in_the_page(told: Path) -> None:
    spec = read_spec("specs/paper.mtd")
    assert len(spec.lines) == len(Path(spec.path).read_text(encoding="utf-8").splitlines())
    assert "&lt;script&gt;" in spec.lines[1] and "<script" not in "".join(spec.lines)
    assert '<span class="nc">gsm</span>' in spec.lines[2]


def test_scripts_of_runs_that_are_gone_are_deleted_and_others_kept(told: Path, tmp_path: Path) -> None:
    folder = tmp_path / "predictions"
    folder.mkdir()
    (folder / "paper-old-tiny-s1.js").write_text("// Written by `mtd report`.\nmtd.take()")
    (folder / "mine.js").write_text("// my own")
    pipeline = read_pipeline()
    write_page(studied(pipeline), pipeline, ["specs/paper.mtd"], [], tmp_path)
    assert not (folder / "paper-old-tiny-s1.js").exists()
    assert (folder / "mine.js").exists()
    assert len(list(folder.glob("paper-*.js"))) == 12


# --- the command --------------------------------------------------------------------------------


def test_the_command_writes_the_page_where_it_is_told(told: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", "--to", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert f"paper: {tmp_path / 'paper' / 'index.html'}" in done.output
    assert "note:" not in done.output
    assert (tmp_path / "paper" / "index.html").read_bytes() == PAGE.read_bytes()


def test_an_experiment_that_is_not_there_is_told_with_the_one_that_may_be_meant(told: Path) -> None:
    done = CliRunner().invoke(app, ["report", "papr"])
    assert done.exit_code == 1
    assert "there is no experiment `papr`" in done.output and "paper" in done.output.partition("help:")[2]


def test_where_nothing_was_compiled_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["report"])
    assert done.exit_code == 1
    assert "dvc.yaml does not exist" in done.output and "mtd compile" in done.output


def test_values_that_were_changed_and_stages_that_did_not_run_since_are_told(
    told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(told, tmp_path / "changed", ignore=shutil.ignore_patterns("reports"))
    monkeypatch.chdir(tmp_path / "changed")
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(text.replace("steps: 1200", "steps: 900", 1), encoding="utf-8")
    params._read.cache_clear()
    done = CliRunner().invoke(app, ["report"])
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "params.yaml was changed: student.tiny.steps = 900, where the spec says 1200." in said
    assert "Out of date, so that numbers may be of older settings: train-cotd-tiny-s1" in said
    assert "small" not in said.partition("Out of date")[2].partition("`dvc repro`")[0]
    assert "where the spec says 1200" in Path("reports/paper/index.html").read_text(encoding="utf-8")


def test_a_run_that_is_not_finished_is_told(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(told, tmp_path / "begun", ignore=shutil.ignore_patterns("reports"))
    monkeypatch.chdir(tmp_path / "begun")
    files.scores_file("paper-etd-small-s2").unlink()
    params._read.cache_clear()
    done = CliRunner().invoke(app, ["report"])
    assert done.exit_code == 1
    assert "experiment paper is not finished: 1 of the files behind its report" in done.output
    assert "paper-etd-small-s2.json" in done.output and "dvc repro report-paper" in done.output
    assert not Path("reports/paper/index.html").exists()


def test_a_spec_that_cannot_be_read_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot read"):
        read_spec(str(tmp_path / "none.mtd"))


def test_json_of_predictions_is_msgspecs(told: Path) -> None:
    assert msgspec.json.decode(encoded({"a": [1, "x<y"]})) == {"a": [1, "x<y"]}
