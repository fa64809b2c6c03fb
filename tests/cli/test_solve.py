"""`mtd solve` on a small project that its own stages finished: it answers as the pipeline did, and shows how."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from ruamel.yaml import YAML

from distill_dsl.cli import solving
from distill_dsl.cli.commands import app
from distill_dsl.contract import files, params
from distill_dsl.contract.params import read_mapping
from distill_dsl.contract.records import Choice, Scored
from distill_dsl.contract.strategies import Adaptive, Cascade, Oracle, Ranked, Single, Strategy, Vote
from distill_dsl.runtime.solving import asking
from distill_dsl.runtime.solving.runs import SolvedRun, accuracy, best, headline, named, solved_runs
from distill_dsl.runtime.stages.score import usable
from distill_dsl.runtime.tracking.pipeline import DVC_FILE, Pipeline

SPEC = """\
data sums { source = file(train: "data/train.jsonl", test: "data/test.jsonl") }

teacher told {
  model   = recorded(cot: "data/cot.jsonl", pot: "data/pot.jsonl", eot: "data/eot.jsonl")
  samples = 2
}

thought cot { answer = text        cue = "Let's think step by step." }
thought pot { answer = python      cue = "Let's write a program." }
thought eot { answer = equations   cue = "Let's write equations." }

mix cotd { problems = sums.train   teacher = told   thoughts = cot   dev = 25% }
mix etd  = cotd { thoughts = cot + pot + eot }

student tiny {
  base = scratch("t5", width: 32, layers: 1, heads: 2, digits: whole)
  steps = 240   batch = 16   learning_rate = 5e-3   warmup = 10%   evaluations = 1
}
student judge = tiny { steps = 20   objective = verifier() }

experiment small {
  students   = [tiny]
  mixes      = [cotd, etd]
  tests      = [sums.test]
  answers    = [
    cot, pot,
    pot > eot > cot,
    vote(pot, eot, cot),
    vote(2*pot, eot, cot, samples: 2),
    vote(pot, eot, cot, by: confidence),
    confident(pot, eot, cot),
    confident(pot, eot, calibrated: true, samples: 1),
    ranked(pot, eot, cot, by: judge, on: etd),
    ranked(pot, cot, by: judge, on: etd, vote: true),
    adaptive(pot, eot, cot),
    oracle(pot, eot, cot),
  ]
  samples    = 3
  max_tokens = 40
}
"""
RUN = "small-etd-tiny-s1"
BEFORE_REPORT = ("fetch", "ask", "verify", "mix", "train", "solve", "rank", "score")

NAMES = "Ann Bob Cem Dan Eve Fay Gus Hal Ida Jon Kim Lea Max Nora Otto Pia Rosa Sven Tina Udo".split()
LEARNED = 16
"""Problems of training. The test has some of them, which the student knows by heart, and some that it never met."""


def write_data(folder: Path) -> None:
    """Sums, and of each format a right and a wrong thought for each."""
    folder.mkdir()
    sums = [(2 + number % 9, 3 + number % 7) for number in range(len(NAMES))]
    rows = [
        {"id": name, "question": f"{name} has {a} pens and buys {b} more. How many pens?", "answer": str(a + b)}
        for name, (a, b) in zip(NAMES, sums, strict=True)
    ]
    write_lines(folder / "train.jsonl", rows[:LEARNED])
    write_lines(folder / "test.jsonl", rows[4:])
    for name, form in {
        "cot": "She has {} + {} = {} pens. The answer is {}.",
        "pot": "ans = {} + {}",
        "eot": "pens = {} + {}\nans = pens",
    }.items():
        told = [
            {"id": row["id"], "text": form.format(a, b + wrong, a + b + wrong, a + b + wrong)}
            for row, (a, b) in zip(rows[:LEARNED], sums, strict=False)
            for wrong in (0, 1)
        ]
        write_lines(folder / f"{name}.jsonl", told)


def write_lines(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def mtd(*arguments: str) -> int:
    """Run a command in this process; its exit code."""
    return int(app(list(arguments), standalone_mode=False) or 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project that every stage up to its scores ran in, and nothing changes any more."""
    root = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("DISTILL_THREADS", "1")
        shutil.copytree(Path(__file__).parents[2] / "prompts", root / "prompts")
        write_data(root / "data")
        (root / "specs").mkdir()
        (root / "specs" / "small.mtd").write_text(SPEC, encoding="utf-8")
        threads = torch.get_num_threads()
        assert mtd("compile", "specs/small.mtd") == 0
        params._read.cache_clear()
        for name, stage in YAML(typ="safe").load(Path("dvc.yaml"))["stages"].items():
            if name.partition("-")[0] in BEFORE_REPORT:
                assert mtd(*shlex.split(stage["cmd"])[1:]) == 0, name
        yield root
        torch.set_num_threads(threads)
    params._read.cache_clear()


@pytest.fixture
def finished(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in the finished project."""
    monkeypatch.chdir(made)
    monkeypatch.setenv("DISTILL_THREADS", "1")
    return made


@pytest.fixture
def copied(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it, to be changed."""
    shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DISTILL_THREADS", "1")
    params._read.cache_clear()
    yield tmp_path / "copy"
    params._read.cache_clear()


def runs() -> list[SolvedRun]:
    return solved_runs(Pipeline(dict(read_mapping(DVC_FILE, help="")["stages"]), {}))


def solved(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """What `--json` prints for one question."""
    capsys.readouterr()
    assert mtd("solve", "--json", *arguments) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def rows(cell: str = RUN) -> list[Scored]:
    return list(files.read_rows(files.scored_file(cell), Scored))


QUESTION = "Ann has 3 pens and buys 4 more. How many pens does she have?"


# --- the same as the pipeline -------------------------------------------------------------------------


def test_every_strategy_answers_every_problem_as_in_the_scores(finished: Path) -> None:
    [run] = named(runs(), RUN)
    strategies = {
        key: one for key, one in usable(run.settings.answers, run.thoughts).items() if not isinstance(one, Oracle)
    }
    assert len(strategies) == 11
    pupil = asking.opened(run, list(strategies.values()))
    for row in rows():
        answer = asking.ask(pupil, row.question)
        for key, chosen in zip(strategies, answer.chosen, strict=True):
            same(chosen.choice, row.choices[key], key)
    verdicts = {thought.verdict for row in rows() for thought in row.thoughts}
    assert {"correct", "wrong"} < verdicts, "a student that is always right or never proves little"


@pytest.mark.parametrize(
    "key", ["pot", "cascade-pot-eot-cot", "adaptive-pot-eot-cot", "vote-pot-eot-cot-pot_2-samples_2"]
)
def test_alone_a_strategy_has_fewer_thoughts_and_answers_the_same(finished: Path, key: str) -> None:
    [run] = named(runs(), RUN)
    pupil = asking.opened(run, [usable(run.settings.answers, run.thoughts)[key]])
    for row in rows():
        same(asking.ask(pupil, row.question).chosen[0].choice, row.choices[key], key)


def same(mine: Choice, theirs: Choice, key: str) -> None:
    # Of two samples with the same text, the last bits of log-probabilities decide.
    assert (mine.answer, mine.thought, mine.tokens) == (theirs.answer, theirs.thought, theirs.tokens), key
    assert mine.sure == (theirs.sure if theirs.sure is None else pytest.approx(theirs.sure, abs=1e-4)), key


def test_all_thoughts_are_those_of_the_scores(finished: Path) -> None:
    [run] = named(runs(), RUN)
    vote = Vote(members=("pot", "eot", "cot"), by="confidence")
    judge = Ranked(members=("pot",), by="judge", on="etd")
    pupil = asking.opened(run, [vote, judge])
    for row in rows()[:6]:
        answer = asking.ask(pupil, row.question)
        assert [(one.thought, one.sample, one.text, one.answer) for one in answer.rows] == [
            (one.thought, one.sample, one.text, one.answer) for one in row.thoughts
        ]
        for mine, theirs in zip(answer.rows, row.thoughts, strict=True):
            assert mine.logprob == pytest.approx(theirs.logprob, abs=2e-5)
            assert mine.ranks == pytest.approx(theirs.ranks, abs=2e-5)
            assert (mine.confidence is None) == (theirs.confidence is None) == (mine.answer is None)
            assert mine.confidence is None or mine.confidence == pytest.approx(theirs.confidence, abs=1e-3)


# --- only what is needed ------------------------------------------------------------------------------


def test_an_adaptive_strategy_asks_for_more_only_where_thoughts_disagree(finished: Path) -> None:
    [run] = named(runs(), RUN)
    pupil = asking.opened(run, [Adaptive(members=("pot", "eot", "cot"))])
    asked = [asking.ask(pupil, row.question) for row in rows()]
    agreed = [answer for answer in asked if "they agree" in answer.chosen[0].why]
    assert 0 < len(agreed) < len(asked), "both must occur"
    assert {len(answer.rows) for answer in agreed} == {3}
    assert {len(answer.rows) for answer in asked if answer not in agreed} == {9}


@pytest.mark.parametrize(
    ("strategy", "count"),
    [
        (Single(thought="eot"), 1),
        (Cascade(members=("pot", "cot")), 2),
        (Vote(members=("pot", "cot"), samples=2), 4),
        (Vote(members=("pot", "cot"), samples=9), 6),
    ],
)
def test_a_strategy_has_written_what_it_looks_at(finished: Path, strategy: Strategy, count: int) -> None:
    [run] = named(runs(), RUN)
    assert len(asking.ask(asking.opened(run, [strategy]), QUESTION).rows) == count


# --- which run ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [RUN, "etd-tiny-s1", "mix=etd,student=tiny,seed=1"])
def test_a_run_is_named_as_everywhere_else(finished: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert solved(capsys, "--run", name, QUESTION)["run"] == RUN


def test_without_a_name_the_best_run_is_taken_and_told(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = files.read_json(files.scores_file("small-cotd-tiny-s1"))
    scores["sums-test"]["cot"]["accuracy"] = 0.0
    files.write_json(files.scores_file("small-cotd-tiny-s1"), scores)
    found = best(runs())
    assert found is not None and found.cell == RUN
    reached = accuracy(found)
    assert reached is not None and reached > 0.0
    capsys.readouterr()
    assert mtd("solve", "--json", QUESTION) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["run"] == RUN
    assert told.err.startswith(f"{RUN}, the best of small: {100 * reached:.2f} % right by adaptive(pot, eot, cot)\n")


def test_equally_good_runs_are_not_chosen_among(copied: Path) -> None:
    scores = files.read_json(files.scores_file("small-cotd-tiny-s1"))
    scores["sums-test"]["cot"]["accuracy"] = accuracy(named(runs(), RUN)[0])
    files.write_json(files.scores_file("small-cotd-tiny-s1"), scores)
    assert best(runs()) is None


def test_where_none_stands_out_all_are_listed(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for run in runs():
        files.scores_file(run.cell).unlink()
    shutil.rmtree(files.model_folder("cotd-tiny-s1"))
    assert mtd("solve", QUESTION) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "small-cotd-tiny-s1  -        cot" in told.err and "not here" in told.err
    assert "Choose one: mtd solve --run small-" in told.err


def test_a_name_that_several_experiments_have_is_not_guessed(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("dvc.yaml", "params.yaml"):
        document = YAML(typ="safe").load(Path(name))
        if name == "dvc.yaml":
            stage = document["stages"]["score-small-etd-tiny-s1"]
            document["stages"]["score-other-etd-tiny-s1"] = stage | {"cmd": stage["cmd"].replace(" small ", " other ")}
        else:
            document["experiment"]["other"] = document["experiment"]["small"]
        YAML().dump(document, Path(name))
    params._read.cache_clear()
    assert mtd("solve", "--run", "etd-tiny-s1", QUESTION) == 1
    assert "`--run small-etd-tiny-s1` or `--run other-etd-tiny-s1`" in capsys.readouterr().err
    assert best(runs()) is None
    assert solved(capsys, "--run", "other-etd-tiny-s1", QUESTION)["run"] == "other-etd-tiny-s1"


def test_an_unknown_run_is_met_with_a_near_one(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mtd("solve", "--run", "edt-tiny-s1", QUESTION) == 1
    assert "did you mean `etd-tiny-s1`?" in capsys.readouterr().err


def test_a_model_that_is_not_here_is_told_how_to_get(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(files.model_folder("etd-tiny-s1"))
    assert mtd("solve", "--run", RUN, QUESTION) == 1
    told = capsys.readouterr().err
    assert "dvc repro train-etd-tiny-s1" in told and "dvc pull artifacts/models/etd-tiny-s1" in told


def test_outside_a_project_there_is_nobody_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert mtd("solve", QUESTION) == 1
    assert "run `mtd compile SPEC` first" in capsys.readouterr().err


# --- by which strategy --------------------------------------------------------------------------------


def test_the_headline_is_that_of_the_report(finished: Path) -> None:
    [run] = named(runs(), RUN)
    assert isinstance(headline(run.settings, run.thoughts), Adaptive)
    assert headline(run.settings, ["cot"]) == Single(thought="cot")


def test_by_takes_a_strategy_of_the_language(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = solved(capsys, "--run", RUN, "--by", "vote(pot, cot, ties: cot, samples: 1)", QUESTION)
    assert document["strategy"] == "vote(pot, cot, ties: cot, samples: 1)"
    assert [row["thought"] for row in document["thoughts"]] == ["cot", "pot"]


@pytest.mark.parametrize(
    ("by", "told"),
    [
        ("vote(pto, cot)", "did you mean `pot`?"),
        ("vot(pot)", "did you mean `vote`?"),
        ("vote(pot, cot", "this `(` is not closed"),
        ("oracle(pot)", "knows the gold answer"),
        ("ranked(pot, by: jugde, on: etd)", "did you mean `judge`?"),
    ],
)
def test_a_mistake_in_by_is_told_as_in_a_spec(
    finished: Path, by: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mtd("solve", "--run", RUN, "--by", by, QUESTION) == 1
    assert told in capsys.readouterr().err


def test_all_shows_every_strategy_that_needs_no_gold(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = solved(capsys, "--run", RUN, "--all", QUESTION)
    titles = [one["strategy"] for one in document["strategies"]]
    assert titles[0] == document["strategy"] == "adaptive(pot, eot, cot)"
    assert titles[1:] == [
        *("cot", "pot", "pot > eot > cot", "vote(pot, eot, cot)"),
        *("vote(2*pot, eot, cot, samples: 2)", "vote(pot, eot, cot, by: confidence)", "confident(pot, eot, cot)"),
        *("confident(pot, eot, samples: 1, calibrated: true)", "ranked(pot, eot, cot, by: judge, on: etd)"),
        "ranked(pot, cot, by: judge, on: etd, vote: true)",
    ]
    assert len(document["thoughts"]) == 9


def test_what_a_strategy_has_to_know_and_is_not_here_is_told(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files.predictions_file(RUN).unlink()
    assert mtd("solve", "--run", RUN, "--by", "confident(pot, calibrated: true)", QUESTION) == 1
    assert f"dvc repro score-{RUN}" in capsys.readouterr().err
    shutil.rmtree(files.model_folder("etd-judge-s1"))
    assert mtd("solve", "--run", RUN, "--by", "ranked(pot, by: judge, on: etd)", QUESTION) == 1
    assert "dvc repro train-etd-judge-s1" in capsys.readouterr().err
    assert mtd("solve", "--run", RUN, "--by", "ranked(pot, by: judge, on: cotd)", QUESTION) == 1
    assert "dvc repro train-cotd-judge-s1" in capsys.readouterr().err


# --- what is shown ------------------------------------------------------------------------------------


def test_a_person_sees_thoughts_their_outcome_the_answer_and_why(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = solved(capsys, "--run", RUN, "--by", "pot > cot", QUESTION)
    assert mtd("solve", "--run", RUN, "--by", "pot > cot", QUESTION) == 0
    shown = capsys.readouterr().out
    for thought in document["thoughts"]:
        assert all(line.strip() in shown for line in thought["text"].splitlines())
        assert f"{thought['tokens']} tokens, log-probability {thought['logprob']:.3f}" in shown
    assert f" by pot > cot: {document['why']}" in shown
    assert "\x1b" not in shown, "no colours where nobody sees them"


def test_lines_are_questions(
    finished: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{QUESTION}\n\nBob has 2 pens. How many?\n"))
    assert mtd("solve", "--json", "--run", RUN) == 0
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["question"] for one in documents] == [QUESTION, "Bob has 2 pens. How many?"]


@pytest.mark.parametrize(("sees", "out", "err"), [(True, "question> ", ""), (False, "", "question> ")])
def test_a_prompt_never_stands_in_what_a_program_reads(
    sees: bool, out: str, err: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("How many?\n"))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: sees, raising=False)
    assert next(solving._questions(None)) == "How many?"
    told = capsys.readouterr()
    assert (told.out, told.err) == (out, err)


def test_a_dash_reads_one_question_of_several_lines(
    finished: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Ann has 3 pens.\nHow many?\n"))
    assert solved(capsys, "--run", RUN, "-")["question"] == "Ann has 3 pens.\nHow many?"
    monkeypatch.setattr(sys, "stdin", io.StringIO(" \n"))
    assert mtd("solve", "--run", RUN, "-") == 1
    assert "there is no question" in capsys.readouterr().err


def test_a_question_that_is_too_long_is_told(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = "Ann has 3 pens. " * 200
    assert solved(capsys, "--run", RUN, "--by", "cot", long)["cut"] is True
    assert mtd("solve", "--run", RUN, "--by", "cot", long) == 0
    assert "its end is left out" in capsys.readouterr().err


def test_without_the_tests_an_answer_of_any_kind_counts(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert solved(capsys, "--run", RUN, "--by", "cot", QUESTION)["kinds"] == ["number"]
    shutil.rmtree("artifacts/problems")
    assert solved(capsys, "--run", RUN, "--by", "cot", QUESTION)["kinds"] is None
    assert mtd("solve", "--run", RUN, "--by", "cot", QUESTION) == 0
    assert "an answer of any kind counts" in capsys.readouterr().out
