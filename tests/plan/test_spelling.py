"""What is spelled as a spec has it is read as the same value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.model import types
from distill_dsl.compiler.model.declare import declared
from distill_dsl.compiler.model.entities import SplitRef
from distill_dsl.compiler.model.fields import FIELDS
from distill_dsl.compiler.model.load import Program
from distill_dsl.compiler.model.offered import AFTER
from distill_dsl.compiler.model.reading import Reading
from distill_dsl.compiler.model.resolve import read
from distill_dsl.compiler.model.types import REQUIRED, Argument, Call, Field
from distill_dsl.compiler.plan.keys import spelled_keys
from distill_dsl.compiler.plan.spelling import PARAM_SPELLING, Spelling, bare, param_value
from distill_dsl.compiler.source import Source
from distill_dsl.contract import settings as contract
from distill_dsl.contract import strategies as answers

ROOT = Path(__file__).parents[2]

NAMES = ("a", "b_2", "c")

WORLD = """\
param w: float = 2
data d { source = hf("x") }
teacher t { model = solution() }
student s { base = scratch("t5") }
""" + "".join(
    f"thought {name} {{ answer = text }}\nmix {name} {{ problems = d.train teacher = t thoughts = {name} }}\n"
    for name in NAMES
)
"""What values may refer to."""


def read_back(type: types.Type, text: str) -> Any:
    """The value of a text of the type, as a key of a block."""
    spec, found = parse(Source("w.mtd", f"{WORLD}student x {{ key = {text} }}\n"))
    assert found == [], text
    scope = declared(Program((spec,)), {})
    block = scope.blocks["student"]["x"]
    item = next(item for item in block.items if isinstance(item, nodes.Item))
    value = read(Reading(scope), type, item.value, "key")
    assert scope.found == [], (text, scope.found)
    return value


# --- values of each type ------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1).filter(str.strip)
numbers = st.floats(0, 1e12, allow_subnormal=False, exclude_min=True)
names = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)
wholes = st.integers(1, 10**12)
weights = st.floats(0.001, 1000)


def values(type: types.Type) -> st.SearchStrategy[Any]:
    match type:
        case types.Whole(least):
            return st.integers(least or 0, 10**12)
        case types.Real() | types.Seconds() | types.Dollars():
            return numbers
        case types.Budget():
            amounts = st.builds(types.Spent, dollars=numbers)
            return st.one_of(amounts, st.builds(types.Spent, tokens=wholes))
        case types.Counts():
            return st.dictionaries(st.sampled_from(["train", "dev", "test"]), wholes)
        case types.Options():
            plain = st.one_of(st.booleans(), st.integers(0, 10**12), numbers, texts)
            return st.dictionaries(st.sampled_from(NAMES), st.one_of(plain, st.lists(plain).map(tuple)))
        case types.Share():
            return st.floats(0, 1, allow_subnormal=False)
        case types.Bytes():
            return st.one_of(wholes, wholes.map(lambda size: size * 1024), st.just(512 * 1024**2))
        case types.Flag():
            return st.booleans()
        case types.Text(choices, empty, environment):
            if choices:
                return st.sampled_from(choices)
            named = [st.just(contract.Environment(env="SOME_URL"))] if environment else []
            return st.one_of(texts, *([st.just("")] if empty else []), *named)
        case types.FilePath():
            return texts.filter(lambda text: not text.startswith(("./", "../")))
        case types.Secret():
            return st.sampled_from(["LLM_KEY", "OPENAI_API_KEY"])
        case types.Word(choices):
            return st.sampled_from(choices)
        case types.Texts():
            return st.lists(texts, unique=True).map(tuple)
        case types.Range():
            return st.tuples(wholes, wholes).map(lambda pair: tuple(sorted(pair)))
        case types.Wholes():
            return st.lists(wholes, min_size=1, unique=True).map(tuple)
        case types.Names(kind, many):
            known = names if kind in ("thought", "mix") else st.just([{"student": "s", "teacher": "t"}[kind]])
            return known.map(tuple) if many else known.map(lambda ones: ones[0])
        case types.Splits():
            splits = st.sampled_from(["train", "test"]).map(lambda split: SplitRef("d", split))
            return st.lists(splits, min_size=1, unique=True).map(tuple)
        case types.Weighted("teacher"):
            return st.dictionaries(st.just("t"), weights, min_size=1)
        case types.Weighted():
            return st.dictionaries(st.sampled_from(NAMES), weights, min_size=1)
        case types.Strategies():
            return st.lists(strategies(), min_size=1, unique_by=answers.strategy_key).map(tuple)
        case types.Member():
            return st.sampled_from(NAMES)
        case types.ColumnNames():
            return st.builds(contract.Columns, question=st.none() | texts, id=st.none() | texts)
        case types.Figures():
            cells = st.dictionaries(st.sampled_from(["s.a.d", "s.c.d"]), st.floats(0, 100))
            return st.builds(contract.Published, source=texts, cells=cells)
        case types.OneOf(calls):
            return st.one_of([called(call) for call in calls])
        case types.Literal():
            raise AssertionError("no key of a block has it")


def called(call: Call) -> st.SearchStrategy[Any]:
    """The settings of a call: each argument given or left out, and at least one of the rest."""
    if call.settings is None:
        return values(call.arguments[0].type)
    plain: dict[str, st.SearchStrategy[Any]] = {}
    for one in call.arguments:
        if "." not in (one.into or "") and not one.instead:
            plain.setdefault(one.into or one.key, _argument(one))  # the first of two ways of saying the same
    instead = [
        st.builds(call.settings, **plain, **{one.key: values(one.type)}) for one in call.arguments if one.instead
    ]
    if call.rest is not None:
        keys = st.sampled_from(NAMES if call.rest.what == "thought" else ("train", "test"))
        plain[call.rest.into] = st.dictionaries(keys, values(call.rest.type), min_size=1)
    built: st.SearchStrategy[Any] = st.builds(call.settings, **plain)
    whole = next((one.into.partition(".")[0] for one in call.arguments if one.into and one.into.endswith(".*")), None)
    if whole is None:
        return built
    single = st.builds(call.settings, **(plain | {whole: values(call.arguments[0].type).map(lambda one: {"*": one})}))
    return st.one_of(built, single, *instead)


def _argument(argument: Argument) -> st.SearchStrategy[Any]:
    given = values(argument.type)
    return given if argument.default is REQUIRED or argument.default is not None else st.none() | given


def strategies() -> st.SearchStrategy[Any]:
    single = st.builds(answers.Single, thought=st.sampled_from(NAMES))
    cascade = st.builds(answers.Cascade, members=st.permutations(NAMES).map(tuple))
    few = st.none() | st.integers(1, 9)
    ties = names.flatmap(
        lambda ones: st.builds(answers.Adaptive, members=st.just(tuple(ones)), ties=st.none() | st.sampled_from(ones))
    )
    joint = [
        st.builds(answers.Confident, members=names.map(tuple), samples=few, calibrated=st.booleans()),
        st.builds(
            answers.Ranked,
            members=names.map(tuple),
            by=st.just("s"),
            on=st.sampled_from(NAMES),
            samples=few,
            vote=st.booleans(),
        ),
        st.builds(answers.Oracle, members=names.map(tuple)),
        ties,
    ]
    heavy = weights.filter(lambda weight: weight != 1)
    vote = names.flatmap(
        lambda ones: st.builds(
            answers.Vote,
            members=st.just(tuple(ones)),
            weights=st.dictionaries(st.sampled_from(ones), heavy),
            ties=st.none() | st.sampled_from(ones),
            samples=few,
            by=st.sampled_from(["count", "confidence"]),
        )
    )
    return st.one_of(single, cascade, vote, *joint)


ROWS = [
    pytest.param(row, id=f"{kind}.{row.key}")
    for kind, rows in FIELDS.items()
    if kind != "param"
    for row in rows
    if row.key != "headline"
]


@pytest.mark.parametrize("row", ROWS)
@settings(max_examples=40)
@given(st.data())
def test_what_is_spelled_is_read_as_the_same_value(row: Field, data: st.DataObject) -> None:
    value = data.draw(values(row.type))
    if isinstance(value, contract.OpenaiTeacher) and value.key_env is None:
        return  # an argument left out is the default of the settings, never none
    said = Spelling().field(row, value)
    back = read_back(row.type, said.text)
    assert back == value, said


@given(strategies())
def test_a_headline_is_spelled_as_the_answer_that_it_is(strategy: Any) -> None:
    row = next(row for row in FIELDS["experiment"] if row.key == "headline")
    key = answers.strategy_key(strategy)
    text = Spelling(answers=(strategy,)).field(row, key).text
    assert read_back(row.type, text) == key


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("float", 10.0, "10"),
        ("float", 0.0005, "0.0005"),
        ("int", 4, "4"),
        ("str", 'say "hi"', '"say \\"hi\\""'),
        ("bool", True, "true"),
        ("share", 0.05, "5%"),
        ("share", 0.393, "39.3%"),
        ("time", 5.0, "5s"),
        ("time", 0.5, "500ms"),
        ("time", 90.0, "90s"),
        ("time", 120.0, "2min"),
        ("size", 512 * 1024**2, "512MB"),
        ("size", 1500, "1.46484375KB"),
        ("money", 25.0, "25USD"),
    ],
)
def test_params_have_their_units(kind: str, value: Any, text: str) -> None:
    assert param_value(kind, value) == text


def test_every_type_of_a_param_is_spelled() -> None:
    from distill_dsl.compiler.model.fields import PARAM_TYPES

    assert set(PARAM_SPELLING) == set(PARAM_TYPES)


def test_references_stand_for_their_values() -> None:
    spelling = Spelling({"thoughts.b_2": "w", "source.sizes.train": "n", "model.key_env": "k"})
    weighted = next(row for row in FIELDS["mix"] if row.key == "thoughts")
    assert spelling.field(weighted, {"a": 1.0, "b_2": 1.0}).text == "a + w*b_2"
    source = next(row for row in FIELDS["data"] if row.key == "source")
    made = contract.SyntheticSource(sizes={"train": 60})
    assert spelling.field(source, made).text == 'synthetic("arithmetic", train: n)'


def test_lists_know_their_elements() -> None:
    row = next(row for row in FIELDS["experiment"] if row.key == "answers")
    said = Spelling().field(row, (answers.Single(thought="a"), answers.Cascade(members=("a", "c"))))
    assert said.text == "[a, a > c]" and said.elements == ("a", "a > c")
    splits = next(row for row in FIELDS["mix"] if row.key == "problems")
    assert Spelling().field(splits, (SplitRef("d", "train"),)).text == "d.train"


def test_plain_values_are_shown_as_they_stand() -> None:
    assert bare({"kind": "old", "size": [1, 2.5, None, True]}) == '{ kind: "old", size: [1, 2.5, none, true] }'
    assert bare({"param": "w"}) == "w"


@pytest.mark.parametrize("name", ["quickstart", "etd", "gsm8k_annotations", "baselines"])
def test_every_key_of_the_specs_is_spelled_and_read_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = compile_spec(Path("specs") / f"{name}.mtd")
    assert done.plan is not None
    for (section, _), block in done.plan.blocks.items():
        said = spelled_keys(section, block.settings, {})
        for row in FIELDS[section]:
            value = getattr(block.settings, row.into or row.key) if row.placed else None
            if value is not None and not isinstance(row.type, types.Weighted | types.Strategies):
                assert read_back(row.type, said[row.key].text) == value


def test_after_is_a_call_of_its_own() -> None:
    assert Spelling().value(types.OneOf(AFTER), "####", "answer_after") == 'after("####")'
