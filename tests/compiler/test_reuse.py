"""Using things again: imports under an alias, params with ranges and units, the environment, paths beside a spec."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.compiler import check_spec, compile_spec
from distill_dsl.compiler.diagnostics import Code, Diagnostic
from distill_dsl.compiler.model import load as loading
from distill_dsl.compiler.model.load import load
from distill_dsl.compiler.model.outside import resolved_path
from distill_dsl.compiler.model.parameters import literal_of, spelt
from distill_dsl.compiler.model.resolve import analysed
from distill_dsl.compiler.model.scope import Mention
from distill_dsl.contract.settings import Environment, FileSource, OpenaiTeacher
from distill_dsl.contract.strategies import Vote
from specs import changed, compiled, model_in, model_of, value_of

LIBRARY = """\
param paths: int = 4 { least = 1  most = 8  description = "thoughts a problem" }
data gsm8k { source = file(train: "./train.jsonl", test: "./test.jsonl") }
teacher t { model = solution()   samples = paths }
thought cot { answer = text }
thought pot { answer = python }
mix m { problems = gsm8k.train   teacher = t   thoughts = cot + 2*pot }
student small { base = scratch("t5") }
"""

USER = """\
import "lib/common.mtd" as c
thought cot { answer = text   cue = "Think." }
mix own = c.m { thoughts = cot + c.pot }
student s = c.small { epochs = 2 }
experiment e {
  students  = [s, c.small]
  mixes     = [own, c.m]
  tests     = [c.gsm8k.test]
  answers   = [cot, c.pot > c.cot, vote(2*c.pot, c.cot, ties: c.pot)]
  published = { source: "a paper", c.small.c.m.c.gsm8k: 39.0, s.own.c.gsm8k: 20 }
  vary c.paths = [1, 2]
}
"""


def project(folder: Path, main: str = USER, library: str = LIBRARY) -> Path:
    """A spec and the library that it imports."""
    (folder / "lib").mkdir()
    (folder / "lib" / "common.mtd").write_text(library, encoding="utf-8")
    (folder / "main.mtd").write_text(main, encoding="utf-8")
    return folder / "main.mtd"


def errors(path: Path) -> list[Diagnostic]:
    return [each for each in check_spec(path).diagnostics if each.severity == "error"]


def under(path: Path, diagnostic: Diagnostic) -> str:
    """The characters that a diagnostic is about."""
    assert diagnostic.span is not None
    return Path(diagnostic.span.path).read_text(encoding="utf-8")[diagnostic.span.start : diagnostic.span.end]


# --- aliases ------------------------------------------------------------------------------------


def test_names_of_an_aliased_file_are_reached_through_the_alias(tmp_path: Path) -> None:
    model = model_in(project(tmp_path))
    assert list(model.thoughts) == ["cot", "c_cot", "c_pot"]
    assert model.mixes["own"].settings.thoughts == {"cot": 1.0, "c_pot": 1.0}
    assert model.mixes["own"].teachers == ("c_t",)
    assert model.mixes["c_m"].settings.thoughts == {"c_cot": 1.0, "c_pot": 2.0}
    experiment = model.experiments["e"]
    assert experiment.students == ("s", "c_small")
    assert experiment.vary == (("c_paths", (1, 2)),)
    assert [str(test) for test in experiment.tests] == ["c_gsm8k.test"]
    assert experiment.settings.answers[-1] == Vote(members=("c_pot", "c_cot"), weights={"c_pot": 2.0}, ties="c_pot")
    assert experiment.settings.published is not None
    assert experiment.settings.published.cells == {"c_small.c_m.c_gsm8k": 39.0, "s.own.c_gsm8k": 20.0}


def test_a_copied_item_means_what_it_meant_where_it_was_written(tmp_path: Path) -> None:
    main = USER.replace("{ thoughts = cot + c.pot }", "{ dev = 5% }").replace("answers   = [cot, ", "answers   = [")
    model = model_in(project(tmp_path, main.replace('thought cot { answer = text   cue = "Think." }\n', "")))
    assert model.mixes["own"].settings.thoughts == {"c_cot": 1.0, "c_pot": 2.0}
    assert model.mixes["own"].uses == {"c_paths"}


def test_the_plan_calls_them_by_alias_and_name(tmp_path: Path) -> None:
    plan = compile_spec(project(tmp_path)).emitted
    assert plan is not None
    assert "train-c_m-c_paths_1-c_small-s1:" in plan.dvc
    assert plan.dvc.count("lib/common.mtd") > 0


def test_an_alias_within_an_alias(tmp_path: Path) -> None:
    project(tmp_path)
    outer = tmp_path / "outer.mtd"
    outer.write_text(
        'import "main.mtd" as a\n'
        "experiment x { students = [a.s, a.c.small]  mixes = [a.own]  tests = [a.c.gsm8k.test]  answers = [a.cot] }\n"
    )
    model = model_in(outer)
    assert model.experiments["x"].students == ("a_s", "a_c_small")
    assert set(model.experiments) == {"a_e", "x"}


def test_one_file_under_two_aliases_is_two_sets_of_names(tmp_path: Path) -> None:
    path = project(tmp_path, 'import "lib/common.mtd" as a\nimport "lib/common.mtd" as b\nimport "lib/common.mtd"\n')
    model = model_in(path)
    assert set(model.students) == {"small", "a_small", "b_small"}


@pytest.mark.parametrize(
    ("old", "new", "code", "marked", "fix"),
    [
        ("students  = [s, c.small]", "students = [s, small]", Code.UNDEFINED, "small", "c.small"),
        ("students  = [s, c.small]", "students = [s, c.smal]", Code.UNDEFINED, "smal", "small"),
        ("students  = [s, c.small]", "students = [s, d.small]", Code.UNDEFINED, "d", None),
        ("[c.gsm8k.test]", "[c.gsm8k.tests]", Code.UNKNOWN_SPLIT, "tests", "test"),
        ("[c.gsm8k.test]", "[cc.gsm8k.test]", Code.UNDEFINED, "cc", "c"),
        ("= c.m {", "= c.n {", Code.UNDEFINED, "n", None),
        ("vary c.paths = [1, 2]", "vary c.paths = [1, 9]", Code.OUT_OF_RANGE, "9", None),
        ("vary c.paths = [1, 2]", "vary c.path = [1, 2]", Code.UNDEFINED, "c.path", None),
        ("thought cot {", "thought c {", Code.DUPLICATE_NAME, "c", None),
        (
            "experiment e {",
            'student c_small { base = scratch("t5") }\nexperiment e {',
            Code.DUPLICATE_NAME,
            "small",
            None,
        ),
    ],
)
def test_mistakes_with_aliases(tmp_path: Path, old: str, new: str, code: Code, marked: str, fix: str | None) -> None:
    assert old in USER
    path = project(tmp_path, USER.replace(old, new))
    found = errors(path)[0]
    assert (found.code, under(path, found)) == (code.number, marked), found
    if fix is not None:
        assert found.fix is not None
        assert found.fix.text == fix


def test_two_imports_of_one_alias(tmp_path: Path) -> None:
    path = project(tmp_path, 'import "lib/common.mtd" as c\nimport "other.mtd" as c\n')
    (tmp_path / "other.mtd").write_text("")
    assert [each.code for each in errors(path)] == [Code.DUPLICATE_NAME.number]


def test_a_circle_of_aliases_is_a_circle(tmp_path: Path) -> None:
    path = project(tmp_path, 'import "b.mtd" as b\n')
    (tmp_path / "b.mtd").write_text('import "main.mtd" as a\n')
    assert [each.code for each in errors(path)] == [Code.IMPORT_CYCLE.number]


def test_imports_that_double_with_every_file_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MOST", 20)
    for number in range(30):
        (tmp_path / f"{number}.mtd").write_text(f'import "{number + 1}.mtd" as a\nimport "{number + 1}.mtd" as b\n')
    (tmp_path / "30.mtd").write_text("")
    assert Code.TOO_MANY_FILES.number in [each.code for each in errors(tmp_path / "0.mtd")]


def test_mentions_hold_the_part_that_is_the_name(tmp_path: Path) -> None:
    path = project(tmp_path)
    program, sources, _ = load(path)
    scope = analysed(program).scope
    text = {source.path: source.text for source in sources.values()}
    for mention in scope.mentions:
        written = text[mention.span.path][mention.span.start : mention.span.end]
        assert mention.name.endswith(written), mention
        assert (mention.kind, mention.name) in scope.definitions
    aliases = [each for each in scope.mentions if each.kind == "import"]
    assert aliases
    assert {each.name for each in aliases} == {"c"}
    assert isinstance(aliases[0], Mention)


# --- params -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "used", "held"),
    [
        ("param p: time = 2min", "timeout = p", 120.0),
        ("param p: size = 1GB", "memory = p", 1024**3),
        ("param p: float = 0.01 { least = 0  most = 1 }", "tolerance = p", 0.01),
        ("param p: time = 5s { choices = [5s, 10s] }", "timeout = p", 5.0),
        ("param p: float = 5s", "timeout = p", 5.0),
    ],
)
def test_params_with_units_and_ranges(declared: str, used: str, held: float) -> None:
    model = model_of(changed("{ answer = text }", f"{{ answer = text {used} }}") + declared)
    key = used.split()[0]
    assert getattr(model.thoughts["cot"].settings, key) == held
    assert model.thoughts["cot"].references == {key: "p"}


def test_what_a_param_says_of_itself() -> None:
    text = (
        'param a: str = "x" { choices = ["x", "y"]  description = "which" }\nparam b: int = 2 { least = 1  most = 3 }'
    )
    params = model_of(text).params
    assert (params["a"].choices, params["a"].description) == (("x", "y"), "which")
    assert (params["b"].least, params["b"].most) == (1, 3)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("param p: time = 5", Code.WRONG_PARAM_TYPE),
        ("param p: time = 5MB", Code.WRONG_PARAM_TYPE),
        ("param p: share = 5", Code.WRONG_PARAM_TYPE),
        ("param p: int = 9 { most = 8 }", Code.OUT_OF_RANGE),
        ("param p: int = 0 { least = 1 }", Code.OUT_OF_RANGE),
        ("param p: int = 2 { least = 3  most = 1 }", Code.OUT_OF_RANGE),
        ('param p: str = "z" { choices = ["x", "y"] }', Code.OUT_OF_RANGE),
        ('param p: str = "z" { least = "a" }', Code.WRONG_TYPE),
        ("param p: int = 1 { choices = 1 }", Code.WRONG_TYPE),
        ("param p: int = 1 { choices = [1, 1.5] }", Code.WRONG_TYPE),
        ("param p: int = 1 { least = 1s  description = 4 }", Code.WRONG_TYPE),
        ("param p: int = 1 { lest = 1 }", Code.UNKNOWN_KEY),
        ("param p: int = 1 { least = 1  least = 1 }", Code.DUPLICATE_KEY),
    ],
)
def test_mistakes_in_params(text: str, code: Code) -> None:
    found = [each.code for each in compiled(text)[1]]
    assert set(found) == {code.number}


def test_a_param_with_a_unit_stands_only_where_that_unit_does() -> None:
    text = changed("{ answer = text }", "{ answer = text tolerance = p }") + "param p: time = 5s"
    model, found = compiled(text)
    assert model is None
    assert [each.code for each in found] == [Code.WRONG_TYPE.number]


def test_varied_values_have_the_param_s_unit() -> None:
    text = changed("samples = paths", "samples = paths") + "param d: share = 5%\n"
    text = text.replace("answers = [cot, pot > cot]", "answers = [cot]\n  vary d = [5%, 10%]")
    model = model_of(text.replace("thoughts = cot + 2*pot", "thoughts = cot + 2*pot   dev = d"))
    assert model.experiments["e"].vary == (("d", (0.05, 0.1)),)


@given(
    st.one_of(
        st.tuples(st.just("int"), st.integers(-(10**12), 10**12)),
        st.tuples(st.just("bool"), st.booleans()),
        st.tuples(st.just("size"), st.integers(1, 10**6).map(lambda kilobytes: kilobytes * 1024)),
        st.tuples(st.just("time"), st.integers(1, 10**5).map(float)),
        st.tuples(st.just("share"), st.integers(0, 100).map(lambda percent: percent / 100)),
    )
)
def test_a_spelt_value_is_read_as_itself(case: tuple[str, int | float | bool]) -> None:
    type, held = case
    assert literal_of(type, value_of(spelt(type, held))) == pytest.approx(held, rel=1e-5)


# --- the environment ----------------------------------------------------------------------------


def test_only_the_name_of_a_variable_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LLM_URL", "http://secret.example/v1")
    monkeypatch.setenv("LLM_KEY", "sk-secret")
    text = changed("model = solution()", 'model = openai("m", base_url: env("LLM_URL"), key: env("LLM_KEY"))')
    model = model_of(text).teachers["t"].settings.model
    assert model == OpenaiTeacher(model="m", base_url=Environment(env="LLM_URL"), key_env="LLM_KEY")
    (tmp_path / "spec.mtd").write_text(text)
    emitted = compile_spec(tmp_path / "spec.mtd").emitted
    assert emitted is not None
    assert "secret" not in emitted.dvc + emitted.params
    assert "env: LLM_URL" in emitted.params


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ('openai(env("MODEL"))', Code.ENVIRONMENT),
        ('openai("m", key: "sk-1234")', Code.SECRET),
        ('openai("m", key: env(KEY))', Code.WRONG_ARGUMENT),
        ('openai("m", base_url: env())', Code.WRONG_ARGUMENT),
        ('openai("m", base_url: env("A", "B"))', Code.WRONG_ARGUMENT),
        ('openai("m", base_url: env("$A"))', Code.WRONG_ARGUMENT),
        ('openai("m", key: env("A"), key_env: "B")', Code.WRONG_ARGUMENT),
    ],
)
def test_mistakes_with_the_environment(call: str, code: Code) -> None:
    found = [each.code for each in compiled(changed("solution()", call))[1]]
    assert found == [code.number]


# --- paths --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spec", "hub", "path"),
    [
        ("a.jsonl", "specs/x.mtd", False, "a.jsonl"),
        ("./a.jsonl", "specs/x.mtd", False, "specs/a.jsonl"),
        ("../a.jsonl", "specs/x.mtd", False, "a.jsonl"),
        ("./a.jsonl", "x.mtd", False, "a.jsonl"),
        ("../../a.jsonl", "specs/x.mtd", False, "../a.jsonl"),
        ("/data/a.jsonl", "specs/x.mtd", False, "/data/a.jsonl"),
        ("./models/m", "specs/x.mtd", True, "./specs/models/m"),
        ("./models/m", "x.mtd", True, "./models/m"),
        ("org/model", "specs/x.mtd", True, "org/model"),
        ("./a.jsonl", "/elsewhere/specs/x.mtd", False, "/elsewhere/specs/a.jsonl"),
        ("./models/m", "/elsewhere/x.mtd", True, "/elsewhere/models/m"),
    ],
)
def test_paths_from_the_folder_of_the_spec(text: str, spec: str, hub: bool, path: str) -> None:
    assert resolved_path(text, spec, hub) == path


def test_a_path_belongs_to_the_file_that_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path)
    monkeypatch.chdir(tmp_path)
    model = model_in(Path("main.mtd"))
    assert model.data["c_gsm8k"].settings.source == FileSource(
        splits={"train": "lib/train.jsonl", "test": "lib/test.jsonl"}
    )
    relative, absolute = compile_spec(Path("main.mtd")), compile_spec(tmp_path / "main.mtd")
    assert relative.emitted is not None
    assert absolute.emitted is not None
    assert relative.emitted.params.split("\n", 3)[3] == absolute.emitted.params.split("\n", 3)[3]


def test_a_param_has_no_folder() -> None:
    text = changed('train: "train.jsonl"', "train: p") + 'param p: str = "./train.jsonl"'
    assert [each.code for each in compiled(text)[1]] == [Code.WRONG_TYPE.number]
