"""From text to model: copies, params, units, splits, strategies, imports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.compiler.diagnostics import Code
from distill_dsl.compiler.model.entities import Entity, Model, SplitRef
from distill_dsl.compiler.model.resolve import load, resolve
from distill_dsl.contract.params import SECTIONS, filled
from distill_dsl.contract.settings import Columns, FileSource, Published, RecordedTeacher, SyntheticSource
from distill_dsl.contract.strategies import Cascade, Confident, Oracle, Single, Vote
from specs import SMALL, SPECS, changed, codes, compiled, model_in, model_of


def dumped(model: Model) -> str:
    """A model as text that a person can check against its spec."""
    lines = [f"files {[Path(file).name for file in model.files]}"]
    lines += [f"param {param.name}: {param.type} = {param.value!r}" for param in model.params.values()]
    for entities in (model.data, model.teachers, model.thoughts, model.mixes, model.students, model.experiments):
        for entity in entities.values():
            lines += ["", *_dumped(entity)]
    return "\n".join(lines) + "\n"


def _dumped(entity: Any) -> list[str]:
    lines = [f"{type(entity).__name__.lower()} {entity.name}"]
    for key, value in msgspec.structs.asdict(entity.settings).items():
        lines.append(f"  {key} = {_shown(value)}")
    for key in (
        "description",
        "splits",
        "budget",
        "problems",
        "teacher",
        "students",
        "mixes",
        "tests",
        "seeds",
        "vary",
    ):
        shown = getattr(entity, key, None)
        if shown:
            lines.append(f"  .{key} {[str(one) for one in shown] if key in ('problems', 'tests') else shown}")
    if entity.references:
        lines.append(f"  .references {entity.references}")
    if entity.uses:
        lines.append(f"  .uses {sorted(entity.uses)}")
    return lines


def _shown(value: Any) -> str:
    """A value of the settings with every default, however the contract writes it to files."""
    if isinstance(value, tuple):
        return f"({', '.join(map(_shown, value))})"
    if not isinstance(value, msgspec.Struct):
        return repr(value)
    inner = ", ".join(f"{key}={_shown(one)}" for key, one in msgspec.structs.asdict(value).items())
    return f"{type(value).__name__}({inner})"


def test_the_papers_table(golden: Callable[[str, str], None]) -> None:
    golden("model/etd.txt", dumped(model_in(SPECS / "etd.mtd")))


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.mtd")), ids=lambda path: path.stem)
def test_the_specs_of_the_repository(path: Path) -> None:
    assert model_in(path).mixes or path.stem == "benchmarks"


def test_settings_survive_the_contract() -> None:
    """What the compiler makes is what a stage reads: strictly the same types, references filled in."""
    model = model_in(SPECS / "etd.mtd")
    for entities in (model.data, model.teachers, model.thoughts, model.mixes, model.students, model.experiments):
        for entity in entities.values():
            assert isinstance(entity, Entity)
            settings: Any = entity.settings  # type: ignore[attr-defined]
            document = msgspec.json.decode(msgspec.json.encode(settings))
            for path, param in entity.references.items():
                *outer, last = path.split(".")
                place = document
                for key in outer:
                    place = place[key]
                place[last] = {"param": param}
            params = {name: param.value for name, param in model.params.items()}
            assert type(settings) in SECTIONS
            assert msgspec.convert(filled(document, params), type(settings), strict=True) == settings


# --- copies -------------------------------------------------------------------------------------


def test_a_copy_takes_over_what_it_does_not_change() -> None:
    text = SMALL + 'student big = s { batch = 8 }\nstudent bigger = big { description = "b" epochs = 2 }\n'
    model = model_of(text.replace('scratch("t5")', 'scratch("t5") batch = 4 description = "small"'))
    small, big, bigger = (model.students[name] for name in ("s", "big", "bigger"))
    assert (small.settings.batch, big.settings.batch, bigger.settings.batch) == (4, 8, 8)
    assert big.settings.base == small.settings.base
    assert (big.settings.epochs, bigger.settings.epochs) == (10.0, 2.0)
    assert (small.description, big.description, bigger.description) == ("small", "", "b")
    assert text[big.span.start : big.span.end] != text[small.span.start : small.span.end]


def test_a_copy_may_stand_before_its_origin() -> None:
    assert model_of("student big = s { batch = 8 }\n" + SMALL).students["big"].settings.batch == 8


def test_none_sets_a_key_back() -> None:
    text = SMALL.replace("2*pot }", "2*pot limit = 5 }") + "mix n = m { limit = none }\n"
    assert [mix.settings.limit for mix in model_of(text).mixes.values()] == [5, None]


def test_mistakes_of_an_origin_are_not_repeated_for_its_copies() -> None:
    text = SMALL + "mix n { problems = a.train teacher = t perproblem = 1 }\nmix o = n { }\nmix p = o { }\n"
    assert codes(text) == [Code.MISSING_KEY.number, Code.UNKNOWN_KEY.number]


# --- params -------------------------------------------------------------------------------------


def test_a_param_that_is_the_whole_value_is_kept_as_reference() -> None:
    text = "param w: float = 2\nparam name: str = 'x'\n".replace("'", '"') + SMALL
    text = text.replace("2*pot", "w*pot").replace('"train.jsonl"', "name").replace('"t5"', '"t5", width: paths')
    model = model_of(text)
    assert model.mixes["m"].settings.thoughts == {"cot": 1.0, "pot": 2.0}
    assert model.mixes["m"].references == {"thoughts.pot": "w"}
    assert model.data["a"].references == {"source.splits.train": "name"}
    assert model.students["s"].references == {"base.width": "paths"}
    assert model.teachers["t"].references == {"samples": "paths"}
    assert model.mixes["m"].uses == {"w", "name", "paths"}
    assert model.students["s"].uses == {"paths"}
    assert model.experiments["e"].uses == {"w", "name", "paths"}
    assert model.thoughts["cot"].uses == frozenset()


def test_a_param_in_a_list_is_filled_in_but_no_reference() -> None:
    experiment = model_of(changed("[s]", "[s] seeds = [1, paths]")).experiments["e"]
    assert experiment.seeds == (1, 4)
    assert experiment.references == {}
    assert "paths" in experiment.uses


def test_overrides_change_params_and_are_checked() -> None:
    assert model_of(SMALL, {"paths": 8}).teachers["t"].settings.samples == 8
    assert model_of(SMALL, {"paths": 8}).params["paths"].value == 8
    for value in ("8", 8.0, True):
        model, found = compiled(SMALL, {"paths": value})
        assert model is None
        assert [each.code for each in found] == [Code.WRONG_PARAM_TYPE.number]
    assert [each.code for each in compiled(SMALL, {"path": 8})[1]] == [Code.UNDEFINED.number]
    assert [each.code for each in compiled(SMALL, {"paths": 0})[1]] == [Code.OUT_OF_RANGE.number]


@pytest.mark.parametrize(
    ("declared", "value"),
    [("int = 4", 4), ("float = 4", 4.0), ("float = 5s", 5.0), ("int = 2KB", 2048), ("float = 95%", 0.95),
     ('str = "x"', "x"), ("bool = true", True), ("float = 25USD", 25.0)],
)  # fmt: skip
def test_params_hold_values_in_plain_units(declared: str, value: object) -> None:
    kept = model_of(f"param p: {declared}\n" + SMALL).params["p"].value
    assert (kept, type(kept)) == (value, type(value))


def test_varied_params() -> None:
    text = changed("[s]", "[s] vary paths = [1, 2] vary w = [0.5, 2]").replace("2*pot", "w*pot")
    experiment = model_of("param w: float = 1\n" + text).experiments["e"]
    assert experiment.vary == (("paths", (1, 2)), ("w", (0.5, 2.0)))


def test_varied_values_that_would_share_a_name() -> None:
    text = 'param n: str = "a.b"\n' + changed('"test.jsonl"', "n").replace("[s]", '[s] vary n = ["a.b", "a-b"]')
    assert codes(text) == [Code.COLLIDING_NAMES.number]


# --- data ---------------------------------------------------------------------------------------


def test_splits_are_those_that_are_used() -> None:
    model = model_of(changed("[a.test]", "[b.test, b.dev]") + 'data b { source = hf("b") }\n')
    assert model.data["a"].splits == ("train",)
    assert model.data["b"].splits == ("test", "dev")


def test_a_single_file_serves_the_split_that_is_named() -> None:
    text = (
        changed("[a.test]", "[a.test, b.all]")
        + 'data b { source = file("b.csv") }\ndata c { source = file("c.csv") }\n'
    )
    model = model_of(text)
    assert model.data["b"].settings.source == FileSource(splits={"all": "b.csv"})
    assert model.data["c"].splits == ()
    assert isinstance(model.data["c"].settings.source, FileSource)


def test_a_reference_in_a_single_file_follows_its_split() -> None:
    text = 'param p: str = "b.csv"\n' + changed("[a.test]", "[b.test]") + "data b { source = file(p) }\n"
    assert model_of(text).data["b"].references == {"source.splits.test": "p"}


def test_joined_splits_and_columns() -> None:
    text = (
        SMALL + 'data b { source = hf("b") test = train + test all = train columns = { question: "Body" } limit = 9 }\n'
    )
    data = model_of(text).data["b"].settings
    assert data.joined == {"test": ("train", "test"), "all": ("train",)}
    assert data.columns == Columns(question="Body")
    assert data.limit == 9


def test_synthetic_problems() -> None:
    source = 'synthetic("arithmetic", train: 6000, test: 200, largest: 30, families: ["ages"], steps: [1, 3], seed: 2)'
    data = model_of(changed('file(train: "train.jsonl", test: "test.jsonl")', source)).data["a"]
    sizes = {"train": 6000, "test": 200}
    assert data.settings.source == SyntheticSource(sizes=sizes, largest=30, families=("ages",), steps=(1, 3), seed=2)


# --- thoughts, teachers, strategies ---------------------------------------------------------------


def test_quantities_reach_the_contract_in_its_units() -> None:
    text = changed("answer = python", "answer = python timeout = 1.5min memory = 1GB").replace(
        "2*pot", "2*pot dev = 7%"
    )
    model = model_of(text)
    assert model.thoughts["pot"].settings.timeout == 90.0
    assert model.thoughts["pot"].settings.memory == 1024**3
    assert model.mixes["m"].settings.dev == 0.07


@given(st.integers(0, 9999))
def test_a_percentage_is_the_nearest_share(hundredths: int) -> None:
    percent = f"{hundredths // 100}.{hundredths % 100:02d}"
    share = model_of(changed("2*pot", f"2*pot dev = {percent}%")).mixes["m"].settings.dev
    assert share == float(f"{percent}e-2")


def test_recorded_teachers() -> None:
    one = model_of(changed("solution()", 'recorded("c.jsonl", problem: "index")')).teachers["t"].settings.model
    assert one == RecordedTeacher(files={"*": "c.jsonl"}, problem="index")
    two = model_of(changed("solution()", 'recorded(cot: "c", pot: "p", text: "out")')).teachers["t"].settings.model
    assert two == RecordedTeacher(files={"cot": "c", "pot": "p"}, text="out")


def test_strategies() -> None:
    text = changed(
        "[cot, pot > cot]", "[pot, pot > cot, vote(2*pot, cot, ties: cot), vote(cot), confident(pot, cot), oracle(cot)]"
    )
    assert model_of(text).experiments["e"].settings.answers == (
        Single(thought="pot"),
        Cascade(members=("pot", "cot")),
        Vote(members=("pot", "cot"), weights={"pot": 2.0}, ties="cot"),
        Vote(members=("cot",)),
        Confident(members=("pot", "cot")),
        Oracle(members=("cot",)),
    )


def test_headline_and_published_figures() -> None:
    text = changed("[s]", '[s] headline = pot > cot published = { source: "x, table 1", s.m.a: 39.5 }')
    settings = model_of(text).experiments["e"].settings
    assert settings.headline == "cascade-pot-cot"
    assert settings.published == Published(source="x, table 1", cells={"s.m.a": 39.5})
    percent = text.replace("39.5", "39.3%")
    assert model_of(percent).experiments["e"].settings.published == Published(
        source="x, table 1", cells={"s.m.a": 39.3}
    )


def test_problems_of_several_data_sets() -> None:
    text = changed("problems = a.train", "problems = a.train + b.train") + 'data b { source = hf("b") }\n'
    assert model_of(text).mixes["m"].problems == (SplitRef("a", "train"), SplitRef("b", "train"))
    listed = text.replace("a.train + b.train", "[a.train, b.train]")
    assert model_of(listed).mixes["m"].problems == model_of(text).mixes["m"].problems


def test_one_problem_under_two_names_is_still_trained_on() -> None:
    text = changed("[a.test]", "[b.train]") + "data b = a { limit = 5 }\n"
    assert codes(text) == [Code.TEST_IS_TRAINING.number]


# --- files --------------------------------------------------------------------------------------


def test_imports_are_relative_and_read_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.mtd").write_text(
        'import "sub/one.mtd"\nimport "two.mtd"\n' + SMALL.replace("param paths: int = 4", "")
    )
    (tmp_path / "sub" / "one.mtd").write_text('import "../two.mtd"\nstudent s2 = s { batch = 1 }\n')
    (tmp_path / "two.mtd").write_text("param paths: int = 7\n")
    model = model_in(tmp_path / "main.mtd")
    assert [Path(file).relative_to(tmp_path).as_posix() for file in model.files] == [
        "main.mtd",
        "sub/one.mtd",
        "two.mtd",
    ]
    assert list(model.students) == ["s", "s2"]
    assert model.teachers["t"].settings.samples == 7
    assert model.students["s2"].span.path.endswith("sub/one.mtd")


def test_resolving_twice_gives_the_same(tmp_path: Path) -> None:
    program, _, _ = load(SPECS / "etd.mtd")
    assert resolve(program) == resolve(program)
    before = resolve(program)[0]
    resolve(program, {"paths": 9})
    assert resolve(program)[0] == before
