"""Trainings that need others: the order of the walk, what each stage reads, and which params bear on what."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from distill_dsl.compiler import Compiled, compile_spec
from distill_dsl.compiler.diagnostics import render
from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.explain import waits_for
from distill_dsl.compiler.plan.forecast import Surroundings, forecast
from distill_dsl.compiler.plan.stages import ReportStage, stage_name
from distill_dsl.compiler.plan.wiring import Wiring, wire
from distill_dsl.contract.runs import parse_run

ROOT = Path(__file__).parents[2]

SPEC = """\
param heat: float = 0.7
param share: float = 0.5
data p { source = synthetic("arithmetic", train: 60, test: 12) }
teacher solver { model = solution() }
teacher self { model = trained(tiny, mix: first, seed: 3)   samples = 4   temperature = heat }
thought cot { answer = text }
thought pot { answer = python }
mix first { problems = p.train   teacher = solver   thoughts = cot + pot }
mix again = first { teacher = solver + share*self }
mix alone = first { thoughts = cot }
student tiny { base = scratch("t5", width: 16)   steps = 4 }
student next = tiny { base = trained(tiny, mix: first) }
student wise = tiny { base = trained(tiny)   objective = preference() }
student judge = tiny { base = trained(tiny, mix: first)   objective = verifier() }
experiment walk {
  students = [tiny, next, wise]
  mixes    = [again]
  tests    = [p.test]
  samples  = 2
  answers  = [cot, pot > cot, confident(pot, cot, calibrated: true), ranked(pot, cot, by: judge, on: again)]
}
experiment plain { students = [tiny]   mixes = [alone]   tests = [p.test]   answers = [cot] }
"""


def compiled(path: Path, text: str) -> Plan:
    spec = path / "rounds.mtd"
    spec.write_text(text, encoding="utf-8")
    done: Compiled = compile_spec(spec)
    assert done.plan is not None, render(done.diagnostics, done.sources, color=False)
    return done.plan


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return compiled(tmp_path, SPEC)


def wired(plan: Plan) -> dict[str, Wiring]:
    return {stage_name(stage): wire(stage, plan.blocks) for stage in plan.stages}


def options(wiring: Wiring) -> list[str]:
    return shlex.split(wiring.command)


def test_every_stage_comes_after_what_it_reads(plan: Plan) -> None:
    place = {stage_name(stage): at for at, stage in enumerate(plan.stages)}
    for name, before in waits_for(plan).items():
        assert all(place[one] < place[name] for one in before), name


@pytest.mark.parametrize("name", ["rounds", "strategies", "quickstart"])
def test_so_it_is_in_the_specs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = compile_spec(Path("specs") / f"{name}.mtd")
    assert done.plan is not None
    place = {stage_name(stage): at for at, stage in enumerate(done.plan.stages)}
    assert all(place[one] < place[stage] for stage, before in waits_for(done.plan).items() for one in before)


def test_a_trained_teacher_reads_the_model_of_its_own_seed(plan: Plan) -> None:
    ask = wired(plan)["ask-self-p-train-pot"]
    assert Path("artifacts/models/first-tiny-s3") in ask.deps
    assert options(ask)[-2:] == ["--trained", "mix=first,student=tiny,seed=3"]
    assert {"thought.pot.cue", "student.tiny.max_question", "param.heat"} <= set(ask.params)
    assert "train-first-tiny-s3" in wired(plan)


def test_a_mix_of_two_teachers_takes_the_thoughts_of_both(plan: Plan) -> None:
    mix = wired(plan)["mix-again"]
    assert options(mix)[6::2] == [
        f"thought={thought},teacher={teacher},data=p,split=train"
        for teacher in ("solver", "self")
        for thought in ("cot", "pot")
    ]
    assert {"mix.again", "param.share"} <= set(mix.params)


def test_a_training_starts_from_the_same_seed_of_its_base(plan: Plan) -> None:
    wirings = wired(plan)
    bases = {"next": "first-tiny-s1", "wise": "again-tiny-s1", "judge": "first-tiny-s1"}
    for student, base in bases.items():
        train = wirings[f"train-again-{student}-s1"]
        assert Path(f"artifacts/models/{base}") in train.deps, student
        assert str(parse_run(options(train)[-1]).trained) == base


def test_only_objectives_that_learn_from_wrong_thoughts_read_them(plan: Plan) -> None:
    readers = [name for name, one in wired(plan).items() if Path("artifacts/mixes/again/wrong.jsonl") in one.deps]
    assert sorted(readers) == ["train-again-judge-s1", "train-again-wise-s1"]


def test_what_is_held_out_is_solved_only_where_an_answer_is_calibrated(plan: Plan) -> None:
    wirings = wired(plan)
    held = [name for name, one in wirings.items() if "--held-out" in options(one)]
    assert set(held) == {
        f"{kind}-walk-again-{who}-s1" for kind in ("solve", "score") for who in ("tiny", "next", "wise")
    }
    assert all(Path("artifacts/mixes/again/held_out.jsonl") in wirings[name].deps for name in held)


def test_a_verifier_ranks_what_every_student_wrote(plan: Plan) -> None:
    wirings = wired(plan)
    rank = wirings["rank-walk-again-next-s1-by-again-judge-s1"]
    assert Path("artifacts/models/again-judge-s1") in rank.deps
    assert rank.outs == (Path("artifacts/ranks/walk-again-next-s1-by-again-judge-s1.jsonl"),)
    assert rank.outs[0] in wirings["score-walk-again-next-s1"].deps
    assert not any("plain" in name for name in wirings if name.startswith("rank-"))


def test_the_same_training_is_planned_once(plan: Plan) -> None:
    trainings = [name for name in wired(plan) if name.startswith("train-")]
    assert sorted(trainings) == [
        "train-again-judge-s1",
        "train-again-next-s1",
        "train-again-tiny-s1",
        "train-again-wise-s1",
        "train-alone-tiny-s1",
        "train-first-tiny-s1",
        "train-first-tiny-s3",
    ]


def test_a_param_of_a_trained_teacher_bears_on_all_that_learns_from_it(tmp_path: Path) -> None:
    text = SPEC.replace("experiment walk {", "experiment walk {\n  vary heat = [0.5, 1.0]")
    plan = compiled(tmp_path, text)
    names = [stage_name(stage) for stage in plan.stages]
    assert "ask-self-heat_0_5-p-train-pot" in names
    assert "mix-again-heat_1_0" in names and "mix-first" in names and "mix-first-heat_0_5" not in names
    report = next(stage for stage in plan.stages if isinstance(stage, ReportStage) and stage.experiment == "walk")
    assert {run.varied for run in report.runs} == {(("heat", "0.5"),), (("heat", "1.0"),)}
    assert {run.mix for run in report.runs} == {"again-heat_0_5", "again-heat_1_0"}
    assert [str(parse_run(str(run))) for run in report.runs] == [str(run) for run in report.runs]


def test_many_rounds_are_planned_at_once(tmp_path: Path) -> None:
    """Each round has three formats, so that following every way back would take 3 to the power of rounds."""
    rounds = 30
    lines = ['data p { source = synthetic("arithmetic", train: 60, test: 12) }', "teacher t0 { model = solution() }"]
    lines += [
        f"thought {name} {{ answer = {answer} }}"
        for name, answer in (("a", "text"), ("b", "python"), ("c", "equations"))
    ]
    lines.append('student s { base = scratch("t5") }')
    for at in range(rounds):
        lines.append(f"mix m{at} {{ problems = p.train   teacher = t{at}   thoughts = a + b + c }}")
        lines.append(f"teacher t{at + 1} {{ model = trained(s, mix: m{at})   samples = 2   temperature = 0.7 }}")
    lines.append(f"mix last {{ problems = p.train   teacher = t{rounds}   thoughts = a + b + c }}")
    lines.append("experiment e { students = [s]   mixes = [last]   tests = [p.test]   answers = [a, b, c] }")
    plan = compiled(tmp_path, "\n".join(lines))
    assert sum(stage.kind.value == "train" for stage in plan.stages) == rounds + 1
    place = {stage_name(stage): at for at, stage in enumerate(plan.stages)}
    assert all(place[one] < place[name] for name, before in waits_for(plan).items() for one in before)


def test_trainings_that_no_experiment_compares_are_foretold(tmp_path: Path) -> None:
    spec = tmp_path / "rounds.mtd"
    spec.write_text(SPEC, encoding="utf-8")
    done = compile_spec(spec)
    assert done.plan is not None and done.model is not None
    assert forecast(done.model, done.plan, Surroundings()).further == 3  # two of `tiny` on `first`, and the judge


def test_a_sweep_of_a_test_alone_is_refused_and_not_half_run(tmp_path: Path) -> None:
    spec = tmp_path / "sweep.mtd"
    spec.write_text(
        "param size: int = 4\n"
        + SPEC.replace("experiment plain {", "experiment plain { vary size = [4, 8]").replace(
            "[p.test]   answers = [cot] }", "[q.test]   answers = [cot] }"
        )
        + 'data q { source = synthetic("arithmetic", test: size, seed: 9) }\n',
        encoding="utf-8",
    )
    done = compile_spec(spec)
    assert [found.code for found in done.diagnostics if found.severity == "error"] == ["MTD060"]
    assert "changes the test `q.test`" in done.diagnostics[-1].summary
