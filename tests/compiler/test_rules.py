"""What must hold beyond types, and what can be run but is hardly meant: each rule with a near miss."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_dsl.compiler import check_spec
from distill_dsl.compiler.diagnostics import Code, Diagnostic, Severity
from distill_dsl.compiler.disk import Disk
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.model.load import Program, load
from distill_dsl.compiler.model.resolve import analysed
from distill_dsl.compiler.model.review import reviewed
from distill_dsl.compiler.model.rules.answers import plainer
from distill_dsl.compiler.model.rules.odd import trainings
from distill_dsl.compiler.model.rules.paths import Place
from distill_dsl.contract.records import Judged
from distill_dsl.contract.strategies import Strategy, Vote
from distill_dsl.runtime.strategies.choose import choose
from specs import SPECS, model_of, source

GOOD = """\
data a { source = file(train: "train.jsonl", test: "test.jsonl") }
teacher t { model = openai("m") }
thought cot { answer = text }
thought pot { answer = python }
thought eot { answer = equations }
mix m { problems = a.train   teacher = t   thoughts = cot + pot + eot }
student s { base = scratch("t5") }
experiment e {
  students = [s]
  mixes = [m]
  tests = [a.test]
  answers = [cot, pot > cot]
}
"""
"""A spec that nothing is to be said of, for changing one thing."""


@dataclass(frozen=True)
class Pretended:
    """A project with these files, folders above them included; `given` are still to come."""

    paths: Mapping[str, Place] = field(default_factory=dict)
    given: tuple[str, ...] = ()

    def place(self, path: str) -> Place:
        return self.paths.get(path, Place.NOTHING)

    def expected(self, path: str) -> bool:
        return path in self.given

    def files(self) -> Iterable[str]:
        return [path for path, place in self.paths.items() if place is Place.FILE]


def review(text: str, project: Pretended | None = None) -> list[Diagnostic]:
    """All that is said of a text that can be read."""
    spec, wrong = parse(source(text))
    assert not wrong
    program = Program((spec,))
    analysis = analysed(program)
    return [*analysis.diagnostics, *reviewed(program, analysis, project)]


def said(text: str, project: Pretended | None = None) -> list[tuple[Code, str]]:
    """Code of each diagnostic, and the text under its carets."""
    by_number = {code.number: code for code in Code}
    found = []
    for each in review(text, project):
        assert each.span is not None
        assert each.help
        found.append((by_number[each.code], text[each.span.start : each.span.end]))
    return found


def changed(*pairs: tuple[str, str]) -> str:
    """GOOD with some parts replaced."""
    text = GOOD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


SOURCE = 'file(train: "train.jsonl", test: "test.jsonl")'
MADE = 'synthetic("arithmetic", train: 60, test: 20)'


def test_nothing_is_said_of_a_good_spec() -> None:
    assert said(GOOD) == []


# --- errors -------------------------------------------------------------------------------------

ERRORS = {
    "answers that no mix gives together": (
        changed(("[m]", "[m1, m2]"), ("[cot, pot > cot]", "[cot, pot, pot > cot]"), ("mix m {", "mix m1 {"),
                ("cot + pot + eot }", "cot }\nmix m2 = m1 { thoughts = pot + eot }")),
        [(Code.UNTAUGHT_THOUGHT, "pot > cot")],
    ),
    "a mix without answer": (
        changed(("[m]", "[m, n]"), ("student s", "mix n = m { thoughts = eot }\nstudent s")),
        [(Code.UNTAUGHT_THOUGHT, "n")],
    ),
    "a mix with one answer": (
        changed(("[m]", "[m, n]"), ("student s", "mix n = m { thoughts = eot }\nstudent s"), ("[cot,", "[cot, eot,")),
        [],
    ),
    "a mix without answer, as long as an answer is not taught": (
        changed(("[cot, pot > cot]", "[pot]"), ("cot + pot + eot", "cot")),
        [(Code.UNTAUGHT_THOUGHT, "pot"), (Code.UNUSED, "eot")],
    ),
    "one file by two paths": (
        changed(("[a.test]", "[b.all]"), ("teacher t", 'data b { source = file("./sub/../train.jsonl") }\nteacher t')),
        [(Code.TEST_IS_TRAINING, "b.all")],
    ),
    "two files": (
        changed(("[a.test]", "[b.all]"), ("teacher t", 'data b { source = file("./sub/train.jsonl") }\nteacher t')),
        [],
    ),
    "one hub split at two revisions": (
        changed((SOURCE, 'hf("x", revision: "1")'), ("[a.test]", "[b.train]"),
                ("teacher t", 'data b { source = hf("x", revision: "2") }\nteacher t')),
        [(Code.TEST_IS_TRAINING, "b.train")],
    ),
    "two configurations of one name": (
        changed((SOURCE, 'hf("x", config: "1")'), ("[a.test]", "[b.train]"),
                ("teacher t", 'data b { source = hf("x", config: "2") }\nteacher t')),
        [],
    ),
    "more of the same made problems": (
        changed((SOURCE, MADE), ("[a.test]", "[b.train]"),
                ("teacher t", 'data b { source = synthetic("arithmetic", train: 9) }\nteacher t')),
        [(Code.TEST_IS_TRAINING, "b.train")],
    ),
    "other made problems": (
        changed((SOURCE, MADE), ("[a.test]", "[b.train]"),
                ("teacher t", 'data b { source = synthetic("arithmetic", train: 9, seed: 2) }\nteacher t')),
        [],
    ),
    "joined splits that share one": (
        changed((SOURCE + " }", SOURCE + " all = train + test }"), ("a.train", "a.all")),
        [(Code.TEST_IS_TRAINING, "a.test")],
    ),
    "cues that differ in blanks": (
        changed(("= text", '= text cue = "Think  now"'), ("= python", '= python cue = "Think now "')),
        [(Code.SAME_CUE, '"Think now "')],
    ),
    "a cue that starts another": (
        changed(("= text", '= text cue = "Think"'), ("= python", '= python cue = "Think now"')),
        [],
    ),
    "programs by gold()": (
        changed(('openai("m")', "gold()")),
        [(Code.UNWRITABLE_THOUGHT, "pot"), (Code.UNWRITABLE_THOUGHT, "eot")],
    ),
    "solution() without solutions": (
        changed(('openai("m")', "solution()"), (SOURCE, 'reasoning_gym("gsm_symbolic", train: 9, test: 9)')),
        [(Code.UNWRITABLE_THOUGHT, "a.train")],
    ),
    "another teacher without solutions": (changed((SOURCE, 'reasoning_gym("gsm_symbolic", train: 9, test: 9)')), []),
    "all held out": (changed(("+ eot }", "+ eot dev = 100% }")), [(Code.OUT_OF_RANGE, "100%")]),
    "nearly all held out": (changed(("+ eot }", "+ eot dev = 99% }")), []),
    "a sweep of a description": (
        'param p: str = "x"\n' + changed(("{ base", "{ description = p base"), ("[s]", '[s] vary p = ["x", "y"]')),
        [(Code.IDLE_VARY, "p")],
    ),
    "a sweep of a description and a name": (
        'param p: str = "x"\n'
        + changed(("{ base", "{ description = p base"), ("[s]", '[s] vary p = ["x", "y"]'), ('"m"', "p")),
        [],
    ),
    "a sweep of seeds": ("param p: int = 1\n" + changed(("[s]", "[s] seeds = [p, 9] vary p = [1, 2]")), []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ERRORS.values(), ids=list(ERRORS))
def test_errors(text: str, expected: list[tuple[Code, str]]) -> None:
    errors = [each for each in review(text) if each.severity is Severity.ERROR]
    assert [(each.code, text[each.span.start : each.span.end]) for each in errors if each.span] == [
        (code.number, under) for code, under in expected if code is not Code.UNUSED
    ]
    assert all(each.help for each in errors)


# --- what is not used ---------------------------------------------------------------------------

NOT_USED = {
    "a thought": (changed(("cot + pot + eot", "cot + pot")), [(Code.UNUSED, "eot")]),
    "a thought that is taught and not asked for": (GOOD, []),
    "a student": (GOOD + 'student other { base = scratch("t5") }\n', [(Code.UNUSED, "other")]),
    "a copied student": (changed(("student s {", "student o {"), ("experiment", "student s = o { }\nexperiment")), []),
    "a copy of a copy that nobody uses": (
        GOOD + "student o = s { }\nstudent p = o { }\n",
        [(Code.UNUSED, "o"), (Code.UNUSED, "p")],
    ),
    "a mix with its teacher": (
        GOOD + 'teacher u { model = openai("n") }\nmix n = m { teacher = u }\n',
        [(Code.UNUSED, "u"), (Code.UNUSED, "n")],
    ),
    "a param": ("param p: int = 4\n" + GOOD, [(Code.UNUSED, "p")]),
    "a param of a block": ("param p: int = 4\n" + changed(('"m")', '"m") max_tokens = p')), []),
    "a param of an unused block": (
        "param p: int = 4\n" + GOOD + "student o = s { batch = p }\n", [(Code.UNUSED, "o")],
    ),
    "a thought of a recording": (
        changed(('openai("m")', 'recorded(cot: "c", pot: "p", eot: "e")')), [],
    ),
    "anything in a file without experiment": (GOOD[: GOOD.index("experiment")], []),
    "a split": (changed((SOURCE, f"{SOURCE} all = train + test")), [(Code.IDLE_SETTING, "all = train + test")]),
    "a split that is used": (
        changed((SOURCE, f"{SOURCE} all = train"), ("a.train", "a.all")), [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), NOT_USED.values(), ids=list(NOT_USED))
def test_unused(text: str, expected: list[tuple[Code, str]]) -> None:
    assert said(text) == expected


# --- settings that change nothing ---------------------------------------------------------------


def idle(*under: str) -> list[tuple[Code, str]]:
    return [(Code.IDLE_SETTING, text) for text in under]


PAIR = "param n: int = 1\n"

IDLE = {
    "one sample": (changed(("[s]", "[s] temperature = 0.5")), idle("temperature = 0.5")),
    "two samples": (changed(("[s]", "[s] temperature = 0.5 samples = 2")), []),
    "samples of a run": (PAIR + changed(("[s]", "[s] temperature = 0.5 samples = n")), []),
    "cold samples": (changed(("[s]", "[s] temperature = 0.0 samples = 2")), idle("samples = 2")),
    "a cold teacher": (changed(('"m")', '"m") samples = 2')), idle("samples = 2")),
    "a warm teacher": (changed(('"m")', '"m") samples = 2 temperature = 0.7')), []),
    "a teacher of a run": ("param w: float = 0\n" + changed(('"m")', '"m") samples = 2 temperature = w')), []),
    "drawn solutions": (
        changed(('openai("m")', "solution() temperature = 0.5 samples = 2 max_tokens = 9 seed = 3")),
        idle("temperature = 0.5", "samples = 2", "max_tokens = 9", "seed = 3"),
    ),
    "drawn recordings": (
        changed(('openai("m")', 'recorded("c") temperature = 0.5 samples = 2 exemplars = file("x")')),
        idle("temperature = 0.5", 'exemplars = file("x")'),
    ),
    "a copied key": (
        changed(("t { model", "u { model"), ('"m")', '"m") temperature = 0.5'),
                ("thought cot", "teacher t = u { model = solution() }\nthought cot")),
        [],
    ),
    "epochs and steps": (changed(('scratch("t5")', 'scratch("t5") epochs = 2 steps = 5')), idle("epochs = 2")),
    "steps": (changed(('scratch("t5")', 'scratch("t5") steps = 5 warmup = 5%')), []),
    "warmup of a constant rate": (
        changed(('scratch("t5")', 'scratch("t5") schedule = constant warmup = 5%')), idle("warmup = 5%"),
    ),
    "no dev problems": (changed(("+ eot }", "+ eot dev = 0% seed = 3 }")), idle("seed = 3")),
    "no dev problems and half a weight": (changed(("+ eot }", "+ 0.5*eot dev = 0% seed = 3 }")), []),
    "more than the teacher gives": (
        changed(('"m")', '"m") samples = 2 temperature = 1'), ("+ eot }", "+ eot per_problem = 3 }")),
        idle("per_problem = 3"),
    ),
    "as many as the teacher gives": (
        changed(('"m")', '"m") samples = 2 temperature = 1'),
                ("+ eot }", "+ eot per_problem = 2 deduplicate = false }")),
        [],
    ),
    "more than is recorded": (
        changed(('openai("m")', 'recorded("c")'), ("+ eot }", "+ eot per_problem = 4 }")), idle("per_problem = 4"),
    ),
    "one thought cannot be said twice": (
        changed(("+ eot }", "+ eot deduplicate = false }")), idle("deduplicate = false"),
    ),
    "a limit above the size": (changed((SOURCE, f"{MADE} limit = 61")), idle("limit = 61")),
    "a limit below a size": (changed((SOURCE, f"{MADE} limit = 30")), []),
    "a limit of unknown size": (changed((SOURCE, f"{SOURCE} limit = 10000")), []),
    "a mix's limit above the size": (changed((SOURCE, MADE), ("+ eot }", "+ eot limit = 61 }")), idle("limit = 61")),
    "a mix's limit below the size": (changed((SOURCE, MADE), ("+ eot }", "+ eot limit = 59 }")), []),
    "a mix's limit above the data's": (
        changed((SOURCE, f"{SOURCE} limit = 5"), ("+ eot }", "+ eot limit = 6 }")), idle("limit = 6"),
    ),
    "columns of made problems": (
        changed((SOURCE, f'{MADE} answer = after("#") columns = {{ id: "x" }}')),
        idle('answer = after("#")', 'columns = { id: "x" }'),
    ),
    "a deadline of prose": (
        changed(("= text", "= text timeout = 1s memory = 1MB")), idle("timeout = 1s", "memory = 1MB"),
    ),
    "a deadline of systems": (changed(("= equations", "= equations timeout = 1s memory = 1MB")), []),
    "a prompt for nobody": (
        changed(("= text", '= text prompt = "p"'), ('openai("m")', "solution()")), idle('prompt = "p"'),
    ),
    "a prompt for somebody": (changed(("= text", '= text prompt = "p"')), []),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), IDLE.values(), ids=list(IDLE))
def test_idle_settings(text: str, expected: list[tuple[Code, str]]) -> None:
    assert said(text) == expected


# --- answers ------------------------------------------------------------------------------------

ANSWERS = {
    "vote(cot)": "cot",
    "confident(cot)": "cot",
    "oracle(cot)": "cot",
    "vote(pot, cot)": "pot > cot",
    "vote(pot, cot, ties: cot)": "cot > pot",
    "vote(2*pot, cot, ties: cot)": "pot > cot",
    "vote(pot, 2*cot)": "cot > pot",
    "vote(2*pot, 2*cot, 2*eot)": "vote(pot, cot, eot)",
    "vote(1.5*pot, cot, eot)": "vote(pot, cot, eot)",
    "vote(3*pot, cot, eot)": "pot > cot > eot",
    "vote(pot, 1.5*cot, eot)": None,
    "vote(4*pot, 2*cot, eot)": "pot > cot > eot",
    "vote(pot, cot, eot)": None,
    "vote(2*pot, cot, eot)": "pot > cot > eot",
    "vote(pot, cot, eot, ties: eot)": None,
    "vote(pot, cot, eot, by: confidence)": None,
    "adaptive(pot, cot)": "pot > cot",
    "adaptive(pot, cot, eot)": "vote(pot, cot, eot)",
    "adaptive(cot)": "cot",
    "confident(pot, cot)": None,
    "oracle(pot, cot)": None,
}


@pytest.mark.parametrize(("answer", "plain"), ANSWERS.items(), ids=list(ANSWERS))
def test_answers_that_equal_a_plainer_one(answer: str, plain: str | None) -> None:
    text = changed(("[cot, pot > cot]", f"[{answer}, pot]"))
    found = [each for each in review(text) if each.code == Code.REDUNDANT_ANSWER.number]
    assert [text[each.span.start : each.span.end] for each in found if each.span] == ([answer] if plain else [])
    assert all(f"`{plain}`" in each.summary for each in found)


OF_FIVE = {
    "vote(pot)": None,  # self-consistency
    "vote(pot, samples: 1)": "pot",
    "vote(pot, cot)": None,
    "vote(pot, cot, samples: 1)": "pot > cot",
    "vote(pot, cot, samples: 1, by: confidence)": None,
    "confident(pot)": None,
    "confident(pot, samples: 1)": "pot",
    "adaptive(pot, cot)": None,
    "adaptive(pot)": "pot",
    "oracle(pot)": None,
}


@pytest.mark.parametrize(("answer", "plain"), OF_FIVE.items(), ids=list(OF_FIVE))
def test_answers_of_five_samples_that_equal_a_plainer_one(answer: str, plain: str | None) -> None:
    text = changed(("[cot, pot > cot]", f"[cot, {answer}]"), ("[s]", "[s] samples = 5"))
    assert said(text) == [(Code.REDUNDANT_ANSWER, answer) for _ in range(plain is not None)]
    assert all(f"`{plain}`" in each.summary for each in review(text))


def test_more_samples_than_are_drawn() -> None:
    text = changed(("[cot, pot > cot]", "[cot, vote(pot, cot, eot, samples: 7)]"), ("[s]", "[s] samples = 5"))
    assert said(text) == [(Code.IDLE_SETTING, "vote(pot, cot, eot, samples: 7)")]
    assert said(text.replace("samples = 5", "samples = 7")) == []


def one_each(answers: tuple[str | None, ...]) -> list[Judged]:
    """One judged thought a member; the first answer is gold."""
    return [
        Judged(
            thought=f"t{at}", text="", tokens=1, logprob=-1.0, answer=answer,
            verdict="no-answer" if answer is None else "correct" if answer == "0" else "wrong",
        )
        for at, answer in enumerate(answers)
    ]  # fmt: skip


@settings(deadline=None)  # tries every way to agree
@given(st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0, 4.0]), min_size=1, max_size=4), st.integers(-1, 3))
def test_a_plainer_answer_picks_the_same_in_the_score_stage(weights: list[float], ties: int) -> None:
    members = tuple(f"t{at}" for at in range(len(weights)))
    given_weights = {name: weight for name, weight in zip(members, weights, strict=True) if weight != 1.0}
    vote = Vote(members=members, weights=given_weights, ties=f"t{ties}" if 0 <= ties < len(members) else None)
    plain = plainer(vote, samples=1)
    if plain is not None:
        for answers in product([None, *map(str, range(len(members)))], repeat=len(members)):
            assert answer_of(plain, answers) == answer_of(vote, answers)


def answer_of(strategy: Strategy, answers: tuple[str | None, ...]) -> str | None:
    return choose(strategy, one_each(answers), lambda answer: answer).answer


# --- the same twice, cues, headlines, sweeps ----------------------------------------------------

ODD = {
    "two names of a student": (
        changed(("[s]", "[s, z]"), ("experiment", "student z = s { }\nexperiment")), [(Code.SAME_TWICE, "z")],
    ),
    "two students": (changed(("[s]", "[s, z]"), ("experiment", "student z = s { batch = 8 }\nexperiment")), []),
    "two students in one run": (
        "param n: int = 32\n" + changed(("[s]", "[s, z]"), ("experiment", "student z = s { batch = n }\nexperiment")),
        [],
    ),
    "two names of a mix": (
        changed(("[m]", "[m, z]"), ("student s", 'mix z = m { description = "again" }\nstudent s')),
        [(Code.SAME_TWICE, "z")],
    ),
    "two mixes": (changed(("[m]", "[m, z]"), ("student s", "mix z = m { seed = 2 }\nstudent s")), []),
    "two names of a teacher": (
        changed(("[m]", "[m, z]"), ("thought cot", "teacher u = t { }\nthought cot"),
                ("student s", "mix z = m { teacher = u dev = 9% }\nstudent s")),
        [(Code.SAME_TWICE, "u")],
    ),
    "two teachers": (
        changed(("[m]", "[m, z]"), ("thought cot", "teacher u = t { seed = 2 }\nthought cot"),
                ("student s", "mix z = m { teacher = u }\nstudent s")),
        [],
    ),
    "cues that differ in case": (
        changed(("= text", '= text cue = "Think"'), ("= python", '= python cue = "think"')),
        [(Code.LIKE_CUES, '"think"')],
    ),
    "an oracle in front": (
        changed(("[cot, pot > cot]", "[cot, oracle(cot, pot)] headline = oracle(cot, pot)")),
        [(Code.ODD_HEADLINE, "oracle(cot, pot)")],
    ),
    "an oracle in the row": (changed(("[cot, pot > cot]", "[cot, oracle(cot, pot)]")), []),
    "nothing but an oracle": (changed(("[cot, pot > cot]", "[oracle(cot, pot)]")), [(Code.ODD_HEADLINE, "m")]),
    "many trainings": (
        "param p: int = 1\nparam q: int = 1\n"
        + changed(("[s]", f"[s] seeds = {list(range(101))} vary p = {list(range(1, 101))} vary q = [1, 2]"),
                  ('scratch("t5")', 'scratch("t5") batch = p'), ('"m")', '"m") max_tokens = q')),
        [(Code.MANY_TRAININGS, "experiment e")],
    ),
    "few trainings": (
        "param p: int = 1\n"
        + changed(("[s]", f"[s] seeds = {list(range(100))} vary p = {list(range(1, 101))}"),
                  ('scratch("t5")', 'scratch("t5") batch = p')),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ODD.values(), ids=list(ODD))
def test_odd_specs(text: str, expected: list[tuple[Code, str]]) -> None:
    assert said(text) == expected


def test_trainings_are_counted_once_where_a_varied_value_does_not_bear_on_them() -> None:
    text = "param p: int = 1\n" + changed(
        ("[s]", "[s, z] seeds = [1, 2, 3] vary p = [1, 2, 3, 4]"),
        ("experiment", "student z = s { batch = p }\nexperiment"),
    )
    model = model_of(text)
    assert trainings(model, model.experiments["e"]) == 3 * (1 + 4)


# --- paths --------------------------------------------------------------------------------------

FILES = {
    "train.jsonl": Place.FILE,
    "test.jsonl": Place.FILE,
    "prompts/text.jinja2": Place.FILE,
    "prompts/python.jinja2": Place.FILE,
    "prompts/equations.jinja2": Place.FILE,
}


def with_files(**more: Place) -> Pretended:
    return Pretended({**FILES, **{path.replace("__", "/"): place for path, place in more.items()}})


PATHS = {
    "a file": (changed(("test.jsonl", "tets.jsonl")), [(Code.NO_SUCH_PATH, '"tets.jsonl"')], '"test.jsonl"'),
    "a file elsewhere": (
        changed(("test.jsonl", "data/test.jsonl")), [(Code.NO_SUCH_PATH, '"data/test.jsonl"')], '"test.jsonl"',
    ),
    "a file that is nowhere": (changed(("test.jsonl", "x/zebra")), [(Code.NO_SUCH_PATH, '"x/zebra"')], None),
    "a file of a param": (
        'param p: str = "tets.jsonl"\n' + changed(('"test.jsonl"', "p")), [(Code.NO_SUCH_PATH, "p")], None,
    ),
    "a recording": (changed(('openai("m")', 'recorded("nowhere")')), [(Code.NO_SUCH_PATH, '"nowhere"')], None),
    "a recording of one thought": (
        changed(('openai("m")', 'recorded(cot: "train.jsonl", pot: "nowhere", eot: "test.jsonl")')),
        [(Code.NO_SUCH_PATH, '"nowhere"')], None,
    ),
    "exemplars": (changed(('"m")', '"m") exemplars = file("some", pick: 2)')), [(Code.NO_SUCH_PATH, '"some"')], None),
    "a prompt": (
        changed(("= text", '= text prompt = "prompts/tex.jinja2"')),
        [(Code.UNWRITABLE_THOUGHT, '"prompts/tex.jinja2"')], '"prompts/text.jinja2"',
    ),
    "a folder of a model": (
        changed(('scratch("t5")', 'hf("./models/mine")')), [(Code.NO_SUCH_PATH, '"./models/mine"')], None,
    ),
    "a name of the hub": (changed(('scratch("t5")', 'hf("some/model")')), [], None),
    "a split that nobody uses": (changed(('test: "test.jsonl"', 'test: "test.jsonl", dev: "nowhere"')), [], None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "fix"), PATHS.values(), ids=list(PATHS))
def test_missing_paths(text: str, expected: list[tuple[Code, str]], fix: str | None) -> None:
    assert said(text, with_files()) == expected
    assert [each.fix.text for each in review(text, with_files()) if each.fix] == ([fix] if fix else [])


def test_a_file_that_the_spec_names_elsewhere_is_not_the_one_that_is_missing() -> None:
    project = Pretended({path: place for path, place in FILES.items() if path != "train.jsonl"})
    found = review(GOOD, project)
    assert [(each.code, each.fix) for each in found] == [(Code.NO_SUCH_PATH.number, None)]
    assert "test.jsonl" not in (found[0].help or "")


def test_a_prompt_that_the_spec_does_not_name_may_come_later() -> None:
    project = Pretended({path: place for path, place in FILES.items() if "python" not in path})
    assert said(GOOD, project) == [(Code.NO_SUCH_PATH, "thought pot")]


def test_what_is_to_come_is_not_missing() -> None:
    text = changed(("test.jsonl", "data/test.jsonl"))
    assert said(text, Pretended(FILES, given=("data/test.jsonl",))) == []


def test_folders_and_files_in_each_others_place() -> None:
    folder = Pretended({**FILES, "test.jsonl": Place.FOLDER, "test.jsonl/a.csv": Place.FILE})
    assert said(GOOD, folder) == [(Code.UNFIT_PATH, '"test.jsonl"')]
    assert "test.jsonl/a.csv" in (review(GOOD, folder)[0].help or "")
    assert said(GOOD, Pretended({**FILES, "test.jsonl": Place.DENIED})) == [(Code.UNFIT_PATH, '"test.jsonl"')]
    text = changed(('scratch("t5")', 'hf("./mine")'))
    assert said(text, Pretended({**FILES, "./mine": Place.FILE})) == [(Code.UNFIT_PATH, '"./mine"')]
    assert said(text, Pretended({**FILES, "./mine": Place.FOLDER})) == []


def test_the_disk(tmp_path: Path) -> None:
    for name in ("a.jsonl", "data/b.csv", ".hidden/c", "artifacts/d", "data.dvc", "far/e.jsonl.dvc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    disk = Disk(tmp_path)
    assert [disk.place(path) for path in ("a.jsonl", "data", "none", "a\0b")] == [
        Place.FILE, Place.FOLDER, Place.NOTHING, Place.NOTHING,
    ]  # fmt: skip
    assert disk.files() == ["a.jsonl", "data.dvc", "data/b.csv", "far/e.jsonl.dvc"]
    assert disk.expected("data/more.csv")
    assert disk.expected("far/e.jsonl")
    assert disk.expected("artifacts/problems/x/train.jsonl")
    assert not disk.expected("far/f.jsonl")
    assert not disk.expected("../far/e.jsonl")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a").touch(mode=0)
    assert Disk(tmp_path).place("a") is Place.DENIED


def test_outputs_of_stages_that_people_write(tmp_path: Path) -> None:
    (tmp_path / "prep").mkdir()
    (tmp_path / "prep" / "dvc.yaml").write_text(
        "stages:\n"
        "  one: {cmd: x, outs: [one.jsonl, {two: {cache: false}}]}\n"
        "  far: {cmd: x, wdir: ../data, outs: [three.jsonl]}\n"
        "  each: {foreach: [a, b], do: {cmd: x, outs: ['${item}/x.csv']}}\n"
    )
    (tmp_path / "dvc.yaml").write_text("# Written by `mtd compile x.mtd`\nstages: {a: {cmd: x, outs: [made.jsonl]}}\n")
    disk = Disk(tmp_path)
    paths = ("prep/one.jsonl", "prep/two/deep.csv", "prep/a/x.csv", "./prep/one.jsonl")
    assert [path for path in paths if not disk.expected(path)] == []
    assert [path for path in ("prep/one.json", "prep/x.csv", "one.jsonl", "made.jsonl") if disk.expected(path)] == []
    (tmp_path / "dvc.yaml").write_text("stages: {far: {cmd: x, wdir: data, outs: [three.jsonl]}}\n")
    assert disk.expected("data/three.jsonl")


# --- whole files --------------------------------------------------------------------------------


def test_imports_that_nothing_needs(tmp_path: Path) -> None:
    (tmp_path / "base.mtd").write_text('student s { base = scratch("t5") }\nstudent spare = s { }\n')
    (tmp_path / "deep.mtd").write_text('import "base.mtd"\nparam idle: int = 4\n')
    (tmp_path / "other.mtd").write_text('student o { base = scratch("t5") }\n')
    text = 'import "deep.mtd"\nimport "other.mtd"\n' + changed(('student s { base = scratch("t5") }\n', ""))
    (tmp_path / "main.mtd").write_text(text)
    program, _, wrong = load(tmp_path / "main.mtd")
    found = reviewed(program, analysed(program))
    assert not wrong
    assert [(each.code, text[each.span.start : each.span.end]) for each in found if each.span] == [
        (Code.UNUSED.number, '"other.mtd"')
    ]


def test_aliases_that_nothing_needs(tmp_path: Path) -> None:
    (tmp_path / "base.mtd").write_text(
        'param n: int = 4\nstudent s { base = scratch("t5", layers: n) }\nstudent spare = s { }\n'
    )
    start = 'import "base.mtd" as b\nimport "base.mtd" as c\n'
    text = start + changed(('student s { base = scratch("t5") }\n', ""), ("[s]", "[b.s]"))
    (tmp_path / "main.mtd").write_text(text)
    program, _, wrong = load(tmp_path / "main.mtd")
    found = reviewed(program, analysed(program))
    assert not wrong
    places = [each.span for each in found if each.span]
    assert [text[span.start : span.end] for span in places] == ["c"]
    assert places[0].start == start.index("c\n")


def test_warnings_wait_for_a_spec_without_errors() -> None:
    text = changed(("[s]", "[s] temperature = 0.5"), ("answer = text", "answer = txt"))
    assert [code for code, _ in said(text)] == [Code.WRONG_TYPE]


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.mtd")), ids=lambda path: path.stem)
def test_the_specs_of_the_repository_are_only_told_of_missing_data(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SPECS.parent)
    found = check_spec(path).diagnostics
    assert {each.code for each in found} <= {Code.NO_SUCH_PATH.number}
    assert all("`data/" in each.summary for each in found)
