"""What changed between two versions of a spec, in its own words, and what that does to the stages."""

from __future__ import annotations

from pathlib import Path

import pytest
from constructed import SPEC, compiled, document_of, edited
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_dsl.compiler import Compiled, compile_spec
from distill_dsl.compiler.plan.compare import Change, Version, What, changes
from distill_dsl.compiler.plan.difference import Compared, compared, document, lines, total
from distill_dsl.compiler.plan.effects import Difference, Effect, Pipeline, file_changes
from distill_dsl.compiler.plan.places import places


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def version(done: Compiled) -> Version:
    assert done.model is not None and done.analysis is not None
    return Version(done.model, places(done.analysis, done.sources))


def pipeline(done: Compiled) -> Pipeline:
    assert done.plan is not None
    return Pipeline(done.plan, document_of(done))


def between(before: Compiled, after: Compiled, moved: frozenset[str] = frozenset()) -> dict[str, tuple[Change, Effect]]:
    difference = Difference(pipeline(before), pipeline(after), moved)
    found = [*changes(version(before), version(after)), *file_changes(difference)]
    told = {change.text: (change, difference.effect(change)) for change in found}
    assert len(told) == len(found)
    _adds_up(told, difference)
    return told


def _adds_up(told: dict[str, tuple[Change, Effect]], difference: Difference) -> None:
    """What the changes do one by one is what they do together."""
    for kind in ("adds", "removes", "reruns"):
        each = {name for _, effect in told.values() for name in getattr(effect, kind)}
        assert each == set(getattr(difference.total, kind)), kind


def after(tmp_path: Path, *edits: tuple[str, str]) -> dict[str, tuple[Change, Effect]]:
    return between(compiled(tmp_path), compiled(tmp_path, edited(*edits)))


def test_a_key_is_told_from_its_old_value_to_its_new_one(tmp_path: Path) -> None:
    found = after(tmp_path, ("width: 32)", "width: 32)   warmup = 5%"))
    [(text, (change, effect))] = found.items()
    assert text == "student large: warmup 0% -> 5%"
    assert change.place is not None and (change.place.file, change.place.line) == ("walk.mtd", 15)
    assert effect.adds == effect.removes == ()
    trainings = {f"train-{mix}-large-s{seed}" for mix in ("cotd", "etd") for seed in (1, 2, 3)}
    assert trainings <= set(effect.reruns) and not [name for name in effect.reruns if "small" in name]


def test_a_block_and_its_copies_that_change_alike_are_one_change(tmp_path: Path) -> None:
    found = after(tmp_path, ("learning_rate = 5e-4", "learning_rate = 1e-3"))
    assert list(found) == ["student small, large: learning_rate 0.0005 -> 0.001"]


def test_weights_are_told_by_thought(tmp_path: Path) -> None:
    found = after(tmp_path, ("thoughts = cot + pot + eot", "thoughts = cot + 2*pot + w*eot"))
    assert list(found) == ["mix etd: weight of pot 1 -> 2, weight of eot 1 -> w"]
    [(_, effect)] = found.values()
    assert effect.reruns[0] == "mix-etd" and len(effect.reruns) == 1 + 3 * 6 + 2


def test_a_thought_more_is_told_as_the_sum(tmp_path: Path) -> None:
    found = after(tmp_path, ("thoughts = cot }", "thoughts = cot + pot }"))
    assert "mix cotd: thoughts cot -> cot + pot" in found


def test_a_param_re_runs_what_names_it(tmp_path: Path) -> None:
    found = after(tmp_path, ("time = 5s", "time = 10s"))
    assert list(found) == ["param patience: 5s -> 10s"]
    [(_, effect)] = found.values()
    assert effect.reruns[0] == "verify-llm-problems-train-pot"
    assert not [name for name in effect.reruns if name.startswith("ask")]


def test_a_param_that_nothing_names_re_runs_nothing(tmp_path: Path) -> None:
    [(_, effect)] = after(tmp_path, ("w: float = 2", "w: float = 3")).values()
    assert effect.nothing


def test_what_only_describes_changes_nothing(tmp_path: Path) -> None:
    edits = (
        ("base = scratch", 'description = "quick"   base = scratch'),
        ("int = 4", 'int = 4 { description = "more" most = 8 }'),
    )
    before, now = compiled(tmp_path), compiled(tmp_path, "# a comment\n" + edited(*edits))
    found = between(before, now)
    assert list(found) == [
        "param paths: description",
        "param paths: most none -> 8",
        "student small, large: description",
    ]
    assert all(effect.nothing and not change.bears for change, effect in found.values())
    said = [line.text for line in lines(_all(before, now))]
    assert "    nothing changes" in said
    assert said[-1] == f"No stage changes: all {len(pipeline(now).stages)} stages stay as they are."


def test_comments_alone_are_no_change(tmp_path: Path) -> None:
    before, now = compiled(tmp_path), compiled(tmp_path, f"# a comment\n\n{SPEC}")
    assert between(before, now) == {}
    assert "Both say the same." in [line.text for line in lines(_all(before, now))]


def test_a_mix_more_adds_its_stages_and_re_runs_the_report(tmp_path: Path) -> None:
    found = after(
        tmp_path,
        ("student small", "mix etd2 = cotd { thoughts = cot + 3*pot }\nstudent small"),
        ("mixes    = [cotd, etd]", "mixes    = [cotd, etd, etd2]"),
    )
    assert list(found) == ["mix etd2", "experiment walk: mixes + etd2"]
    change, effect = found["mix etd2"]
    assert change.what is What.ADDED and "mix-etd2" in effect.adds and len(effect.adds) == 1 + 3 * 6
    assert found["experiment walk: mixes + etd2"][1].reruns == ("report-walk", "track-walk")


def test_a_student_less_removes_its_stages(tmp_path: Path) -> None:
    found = after(
        tmp_path,
        ('student large = small { base = scratch("t5", width: 32) }\n', ""),
        ("students = [small, large]", "students = [small]"),
    )
    assert list(found) == ["student large", "experiment walk: students - large"]
    change, effect = found["student large"]
    assert change.what is What.REMOVED and len(effect.removes) == 18


def test_another_name_for_the_same_is_told_as_such(tmp_path: Path) -> None:
    found = after(tmp_path, ("mix etd  =", "mix mixture  ="), ("mixes    = [cotd, etd]", "mixes    = [cotd, mixture]"))
    assert list(found) == ["mix etd is called mixture now", "experiment walk: mixes + mixture - etd"]
    _, effect = found["mix etd is called mixture now"]
    assert "mix-mixture" in effect.adds and "mix-etd" in effect.removes


def test_lists_tell_their_elements(tmp_path: Path) -> None:
    found = after(
        tmp_path,
        ("answers  = [cot]", "answers  = [cot, oracle(cot)]"),
        ("tests    = [problems.test]", "tests    = [others.test]"),
        ("[1, 2, 3]", "[2, 3]"),
    )
    assert list(found) == [
        "experiment walk: answers + oracle(cot)",
        "experiment walk: tests problems.test -> others.test",
        "experiment walk: seeds - 1",
    ]


def test_problems_of_other_data_add_what_asks_for_them(tmp_path: Path) -> None:
    found = after(tmp_path, ("problems = problems.train", "problems = [problems.train, others.train]"))
    [text] = found
    assert text.startswith("mix cotd, etd: problems ")
    assert "ask-llm-others-train-cot" in found[text][1].adds and "mix-cotd" in found[text][1].reruns


def test_varied_values_are_told_and_add_their_stages(tmp_path: Path) -> None:
    swept = ("  seeds ", "  vary w = [1, 2]\n  seeds "), ("cot + pot", "cot + w*pot")
    before = compiled(tmp_path, edited(*swept))
    now = compiled(tmp_path, edited(*swept).replace("[1, 2]\n", "[1, 2, 4]\n"))
    [(text, (_, effect))] = between(before, now).items()
    assert text == "experiment walk: vary w + 4"
    assert "mix-etd-w_4_0" in effect.adds


def test_a_file_that_stages_read_is_a_change_of_its_own(tmp_path: Path) -> None:
    done = compiled(tmp_path)
    found = between(done, done, frozenset({"prompts/python.jinja2", "README.md"}))
    assert list(found) == ["file prompts/python.jinja2 changed"]
    assert found["file prompts/python.jinja2 changed"][1].reruns[0] == "ask-llm-problems-train-pot"


def test_what_one_change_does_is_not_told_of_another(tmp_path: Path) -> None:
    found = after(
        tmp_path,
        ("thoughts = cot + pot + eot", "thoughts = cot + eot"),
        ("learning_rate = 5e-4", "learning_rate = 1e-3"),
        ("eot { answer = equations", 'eot { answer = equations   cue = "Solve."'),
        ("[1, 2, 3]", "[1, 2, 3, 4]"),
    )
    thoughts = found["mix etd: thoughts cot + pot + eot -> cot + eot"][1]
    assert thoughts.removes == ("ask-llm-problems-train-pot", "verify-llm-problems-train-pot")
    rate = found["student small, large: learning_rate 0.0005 -> 0.001"][1]
    assert rate.adds == rate.removes == () and rate.reruns[0] == "train-cotd-small-s1"
    seeds = found["experiment walk: seeds + 4"][1]
    assert seeds.reruns == ("report-walk", "track-walk") and seeds.removes == ()
    assert {name[-3:] for name in seeds.adds} == {"-s4"}
    cue = found['thought eot: cue "System of linear equations: (Do not simplify)" -> "Solve."'][1]
    assert cue.removes == () and cue.reruns[:2] == ("ask-llm-problems-train-eot", "verify-llm-problems-train-eot")


def test_json_holds_the_same(tmp_path: Path) -> None:
    before, now = compiled(tmp_path), compiled(tmp_path, edited(("[1, 2, 3]", "[1, 2]")))
    said = document(_all(before, now))
    [change] = said["changes"]
    assert (change["text"], change["key"], change["before"], change["after"]) == (
        "experiment walk: seeds - 3",
        "seeds",
        "[1, 2, 3]",
        "[1, 2]",
    )
    assert len(change["removes"]) == 12 and change["reruns"] == ["report-walk", "track-walk"]
    assert said["total"]["unchanged"] == len(pipeline(now).stages) - 2
    assert total(Difference(pipeline(before), pipeline(now))).startswith(
        "In total: 0 stages added, 12 removed, 2 re-run"
    )


def _all(before: Compiled, now: Compiled) -> Compared:
    difference = Difference(pipeline(before), pipeline(now))
    return compared("walk.mtd", "HEAD", "the working tree", changes(version(before), version(now)), difference)


EDITS = [
    ("w: float = 2", "w: float = 3"),
    ("paths: int = 4", "paths: int = 2"),
    ("time = 5s", "time = 10s"),
    ("largest: 20", "largest: 30"),
    ('openai("gpt-3.5-turbo")', "solution()"),
    ("cot { answer = text", 'cot { answer = text   cue = "Think."'),
    ("pot { answer = python", "pot { answer = python   tolerance = 0.1"),
    ("cot + pot + eot", "2*cot + w*pot"),
    ("problems = problems.train", "problems = [problems.train, others.train]"),
    ("teacher = llm   thoughts = cot", "teacher = llm   thoughts = cot   dev = 10%"),
    ("learning_rate = 5e-4", "steps = 10"),
    ("students = [small, large]", "students = [large]"),
    ("mixes    = [cotd, etd]", "mixes    = [etd]"),
    ("tests    = [problems.test]", "tests    = [others.test, problems.test]"),
    ("answers  = [cot]", "answers  = [cot, oracle(cot)]   max_tokens = 9"),
    ("seeds    = [1, 2, 3]", "seeds    = [2]"),
    ("seeds    = [1, 2, 3]", "vary paths = [1, 2]"),
    ("samples = paths", "samples = 2   temperature = 0.3"),
]
"""The last three go with all others, but not with each other."""


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(EDITS[:-3] + EDITS[-1:])), st.sets(st.sampled_from(EDITS[:-3] + EDITS[-2:-1])))
def test_changes_one_by_one_add_up_to_the_total(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> None:
    Path("walk.mtd").write_text(edited(*sorted(one)), encoding="utf-8")
    before = compile_spec(Path("walk.mtd"))
    Path("walk.mtd").write_text(edited(*sorted(other)), encoding="utf-8")
    now = compile_spec(Path("walk.mtd"))
    found = between(before, now)
    assert bool(found) == (one != other)
