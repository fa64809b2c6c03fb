"""What is offered where: the cursor stands at `|`."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked import SMALL, SPECS, below, folder, marked

from distill_dsl.compiler.language.tokens import BLOCKS
from distill_dsl.compiler.model.fields import FIELDS, PARAM_TYPES
from distill_dsl.compiler.model.offered import STRATEGIES
from distill_dsl.editor.choices import Choice
from distill_dsl.editor.completion import PLACES, completions, is_due
from distill_dsl.editor.cursor import Where
from distill_dsl.editor.documents import Desk, Documents
from distill_dsl.editor.snippets import flat


def labels(text: str) -> list[str]:
    return [choice.label for choice in completions(*marked(text))]


def chosen(text: str, label: str) -> str:
    """The text once a choice is taken, without places to fill in."""
    view, offset = marked(text)
    choice = next(choice for choice in completions(view, offset) if choice.label == label)
    new = flat(choice.text) if choice.snippet else choice.text
    return view.source.text[: choice.span.start] + new + view.source.text[choice.span.end :]


def test_every_place_has_its_choices() -> None:
    assert set(PLACES) == set(Where)


# --- statements and keys ------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["|", "te|", below("|"), below("mi|"), "mix m {\n}\n|", "param a: int = 1\n|"])
def test_statements(text: str) -> None:
    assert {*BLOCKS, "param", "import"} <= set(labels(text))


def test_the_edition_stands_first() -> None:
    assert "mtd" in labels("|")
    assert "mtd" not in labels(below("|"))


def test_a_block_comes_with_the_keys_that_it_needs() -> None:
    assert chosen("m|", "mix") == "mix name {\n  problems = \n  teacher  = \n  thoughts = \n}"
    assert chosen("th|", "thought") == "thought name {\n  answer = text\n}"


@pytest.mark.parametrize("keyword", BLOCKS)
def test_keys_of_a_block_that_the_file_breaks_off_in(keyword: str) -> None:
    assert {row.key for row in FIELDS[keyword]} <= set(labels(f"{keyword} x {{\n  |"))


@pytest.mark.parametrize(
    "text",
    [
        "mix x {\n  teacher = t\n  |",
        "mix x {\n  teacher = t\n  |\n}",
        "mix x {\n  teacher = t\n  tho|\n}",
        "mix x {\n  |\n  teacher = t\n}",
        "mix x { teacher = t   |}",
        "mix x = m { teacher = t |",
        "mix x {\n  problems = [a.train, a.test\n  teacher = t\n  |",
    ],
)
def test_keys_that_the_block_does_not_have_yet(text: str) -> None:
    found = labels(below(text))
    assert "thoughts" in found
    assert "teacher" not in found


def test_the_key_that_is_being_typed_is_offered() -> None:
    assert "teacher" in labels(below("mix x {\n  teach|er = t\n}"))


def test_needed_keys_come_first() -> None:
    assert labels("mix x {\n  |")[:3] == ["problems", "teacher", "thoughts"]


def test_a_key_tells_its_type_default_and_meaning() -> None:
    choice = next(each for each in completions(*marked("student x {\n  |")) if each.label == "warmup")
    assert choice.detail == "a share from 0% to 100%"
    assert "default `0%`" in choice.documentation
    assert "share of the steps over which it rises" in choice.documentation


def test_nothing_is_offered_in_place_of_an_equals_sign_or_a_new_name() -> None:
    for text in ("mix |", "mix x |", "mix x { teacher |", "param |", "param x |", 'import "a" as |'):
        assert labels(text) == [], text


def test_nothing_is_offered_in_comments() -> None:
    for text in ("# te|", "mix x { # te|", 'data x { source = hf("a") } # |'):
        assert labels(text) == [], text


def test_a_text_with_a_hash_is_no_comment() -> None:
    assert "cue" in labels('thought x {\n  prompt = "#"\n  |')


# --- values -------------------------------------------------------------------------------------

CALLED = [call.name for call in STRATEGIES]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mix x {\n  teacher = |", ["t", "paths", "rate"]),
        ("mix x {\n  teacher = |\n  thoughts = cot\n}", ["t", "paths", "rate"]),
        ("mix x = |", ["m", "n"]),
        ("mix m2 = m|", ["m", "n"]),
        ("mix x { problems = |", ["a.train", "a.test"]),
        ("mix x { problems = a.|", ["train", "test"]),
        ("mix x { problems = a.t|", ["train", "test"]),
        ("mix x { problems = a.train + |", ["a.train", "a.test"]),
        ("experiment x { tests = [a.|\n}", ["train", "test"]),
        ("mix x { thoughts = |", ["cot", "pot", "paths", "rate"]),
        ("mix x { thoughts = cot + 2*|", ["cot", "pot", "paths", "rate"]),
        ("experiment x { students = [|", ["s"]),
        ("experiment x { mixes = [m, |", ["m", "n"]),
        ("experiment x { answers = [cot, |", ["cot", "pot", *CALLED]),
        ("experiment x { answers = [cot > |", ["cot", "pot", *CALLED]),
        ("experiment x { answers = [vote(|", ["cot", "pot", "ties:", "samples:", "by:"]),
        ("experiment x { answers = [vote(cot, |", ["cot", "pot", "ties:", "samples:", "by:"]),
        ("experiment x { answers = [vote(cot, ties: |", ["cot", "pot"]),
        ("experiment x { headline = |", ["cot", "pot", *CALLED]),
        ("experiment x { vary |", ["paths", "rate"]),
        ("thought x { answer = |", ["text", "python", "equations", "program_equations"]),
        ("student x { schedule = |", ["linear", "cosine", "constant"]),
        ('student x { base = scratch("|', ["t5", "llama"]),
        ('student x { base = scratch("|")', ["t5", "llama"]),
        ('student x { base = scratch("t5", digits: |', ["split", "whole"]),
        ("mix x { deduplicate = |", ["true", "false"]),
        ("data x { source = |", ["hf", "file", "synthetic", "reasoning_gym"]),
        ('data x { source = hf("y", |', ["config:", "revision:"]),
        ('data x { source = hf("y", config: "z", |)', ["revision:"]),
        ('data x { source = hf("y", |, config: "z") }', ["revision:"]),
        ("data x { columns = { |", ["question", "answer", "rationale", "id"]),
        ('data x { columns = { question: "q", |', ["answer", "rationale", "id"]),
        ("experiment x { published = { |", ["source", "s.m.a", "s.n.a"]),
        ("experiment x { published = { s.|", ["m.a", "n.a"]),
        ("experiment x { published = { s.m.|", ["a"]),
        ('teacher x { model = openai("y", key: |', ["env"]),
        ("thought x { timeout = 5|", ["5ms", "5s", "5min", "5h"]),
        ("thought x { timeout = 5m|", ["5ms", "5s", "5min", "5h"]),
        ("thought x { memory = 512|", ["512KB", "512MB", "512GB"]),
        ("mix x { dev = 5|", ["5%"]),
        ("student x { epochs = 5|", []),
    ],
)
def test_values(text: str, expected: list[str]) -> None:
    assert labels(below(text)) == expected


def test_a_list_that_is_not_open_comes_with_its_brackets() -> None:
    assert labels(below("experiment x { mixes = |")) == ["[ ]", "[m]", "[n]"]
    assert chosen("experiment x { seeds = |", "[1]").endswith("seeds = [1]")


def test_params_that_fit_and_the_default() -> None:
    assert labels(below("student x { batch = |")) == ["32", "paths"]
    assert labels(below("student x { epochs = |")) == ["10.0", "paths", "rate"]
    assert labels(below("student x { schedule = |")) == ["linear", "cosine", "constant"]


def test_splits_of_its_own_source_for_a_data_block() -> None:
    text = 'data x {\n  source = file(train: "a", rest: "b")\n  test = |\n}'
    assert labels(below(text)) == ["train", "rest"]


def test_a_call_comes_with_what_it_needs() -> None:
    assert chosen("data x { source = h|", "hf") == 'data x { source = hf("")'
    assert chosen("teacher x { model = s|", "solution") == "teacher x { model = solution()"


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("mix x { teacher = |", True),
        ("mix x = |", True),
        ("experiment x { mixes = [m, |", True),
        ("param x: |", True),
        ("mix x { teacher |", False),
        ("mix x { teacher = t |", False),
        ("mix x {\n  |", False),
        ("mix |", False),
        ("# a |", False),
    ],
)
def test_a_blank_asks_only_where_a_value_is_due(text: str, due: bool) -> None:
    assert is_due(*marked(text)) == due


# --- params and imports -------------------------------------------------------------------------


def test_types_of_params() -> None:
    assert labels("param x: |") == list(PARAM_TYPES)
    assert labels("param x: in|") == list(PARAM_TYPES)


def test_values_of_params() -> None:
    assert labels("param x: bool = |") == ["true", "false"]
    assert labels("param x: time = 5|") == ["5ms", "5s", "5min", "5h"]
    assert labels("param x: int = |") == []


def test_limits_of_params() -> None:
    assert labels("param x: int = 4 { |") == ["description", "least", "most", "choices"]
    assert labels("param x: bool = true { choices = [|") == ["true", "false"]
    assert labels("param x: time = 5s { most = 9|") == ["9ms", "9s", "9min", "9h"]


def test_names_of_an_aliased_import(tmp_path: Path) -> None:
    folder(tmp_path, common=SMALL)
    path = tmp_path / "main.mtd"
    head = 'import "common.mtd" as c\nmix own { problems = c.a.train   teacher = c.t   thoughts = c.cot }\n'

    def found(text: str) -> list[str]:
        return [choice.label for choice in completions(*marked(head + text, path))]

    assert found("mix x { teacher = |") == ["c.t", "c.paths", "c.rate"]
    assert found("mix x { teacher = c.|") == ["t", "paths", "rate"]
    assert found("mix x { problems = c.|") == ["a.train", "a.test"]
    assert found("mix x { problems = c.a.|") == ["train", "test"]
    assert found("mix x = |") == ["own", "c.m", "c.n"]
    assert found("student x { batch = |") == ["32", "c.paths"]


def test_files_to_import(tmp_path: Path) -> None:
    folder(tmp_path, common="", other="")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "deep.mtd").write_text("")
    (tmp_path / "notes.txt").write_text("")
    path = tmp_path / "main.mtd"
    path.write_text("")

    def found(text: str) -> list[str]:
        return [choice.label for choice in completions(*marked(text, path))]

    assert found("import |") == ['"common.mtd"', '"other.mtd"']
    assert found('import "|') == ["common.mtd", "main.mtd", "more/", "other.mtd"]
    assert found('import "more/|"') == ["more/deep.mtd"]
    assert found('import "common.mtd" |') == ["as"]
    assert found('import "nowhere/|"') == []
    assert "./notes.txt" in found('data x { source = file("./|")')


def test_a_choice_in_quotes_keeps_them(tmp_path: Path) -> None:
    folder(tmp_path, common="")

    def taken(text: str) -> str:
        view, offset = marked(text, tmp_path / "main.mtd")
        choice: Choice = completions(view, offset)[0]
        return view.source.text[: choice.span.start] + choice.text + view.source.text[choice.span.end :]

    assert taken('import "com|"') == 'import "common.mtd"'
    assert taken('import "com|') == 'import "common.mtd"'


def test_a_changed_import_changes_what_is_offered(tmp_path: Path) -> None:
    paths = folder(tmp_path, common="teacher one { model = solution() }\n", main='import "common.mtd"\n')
    desk = Desk()
    text = 'import "common.mtd"\nmix x { teacher = '
    documents = Documents().opened(paths["main"], text)
    assert [each.label for each in completions(desk.view(documents, paths["main"]), len(text))] == ["one"]
    documents = documents.opened(paths["common"], "teacher two { model = solution() }\n")
    assert [each.label for each in completions(desk.view(documents, paths["main"]), len(text))] == ["two"]


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.mtd")), ids=lambda path: path.stem)
def test_what_stands_in_a_spec_is_offered_there(spec: Path) -> None:
    """Each name that a spec mentions is among the choices at its place."""
    text = spec.read_text(encoding="utf-8")
    view, _ = marked("|" + text, spec)
    mentions = list(view.analysis.scope.mentions)
    assert len(mentions) > 20 or not view.analysis.scope.blocks["mix"]  # data blocks alone name nothing
    for mention in mentions:
        found = [choice.label.split(".")[0] for choice in completions(view, mention.span.start)]
        assert text[mention.span.start : mention.span.end] in [label.strip("[]") for label in found], mention
