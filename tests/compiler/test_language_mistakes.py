"""Mistakes: each is one diagnostic with the right code, at the right place; none is a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from distill_dsl.compiler import check_spec, compile_spec
from distill_dsl.compiler.diagnostics import Code, render
from distill_dsl.compiler.language.automaton import lexed
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.language.slips import repaired
from distill_dsl.compiler.model.resolve import load, resolve
from distill_dsl.compiler.source import LARGEST
from specs import SMALL, SPECS, changed, codes, compiled, source

TEN = """\
mtd 1
param paths: int = "four"
data gsm8k { source = hf("openai/gsm8k", confg: "main")   answer = after("####") }
techer chatgpt { model = solution()   samples = paths }
teacher other {
  model: openai("gpt-4")
  temperature 0.7
  max_tokens = 5kg
}
thought cot { answer = text }
thought pot { answer = python   cue = "code" }
mix cotd { problems = gsm8k.train   teacher = chatgpt   thoughts = cot + pto }
mix potd = ctod { thoughts = pot }
student small { base = scratch("t5")   batch = 0 }
experiment main {
  students = [small]
  mixes    = [cotd, potd]
  tests    = [gsm8k.test]
  answers  = [cot, pot > cot]
  seeds    = []
}
"""


def test_ten_mistakes_are_ten_diagnostics(golden: Callable[[str, str], None]) -> None:
    model, found = compiled(TEN)
    assert model is None
    golden("language/ten_mistakes.txt", render(found, {"spec.mtd": source(TEN)}, False))
    assert len(found) == 10
    assert len({diagnostic.code for diagnostic in found}) >= 8


FILES = 'file(train: "train.jsonl", test: "test.jsonl")'
MIX = "mix m { problems = a.train   teacher = t   thoughts = cot + 2*pot }"
MORE = 'data b { source = hf("b") }\n'

MISTAKES: list[tuple[Code, str, str]] = [
    # code, spec, the text that the carets stand under
    (Code.UNKNOWN_EDITION, "mtd 2\n" + SMALL, "2"),
    (Code.UNKNOWN_EDITION, SMALL + "mtd 1\n", "mtd 1"),
    (Code.SYNTAX, changed("[s]", "]"), "]"),
    (Code.SYNTAX, changed("paths: int = 4", "paths = 4"), "paths"),
    (Code.SYNTAX, changed("cot + 2*pot", "(cot + 2*pot)"), "("),
    (Code.SYNTAX, changed("= 4", "= 4 import"), "import"),
    (Code.SYNTAX, "import common.mtd\n" + SMALL, "common.mtd"),
    (Code.SYNTAX, changed("mix m {", "mix m.n {").replace("mixes = [m]", "mixes = [m.n]"), "m.n"),
    (Code.STRAY_CHARACTER, changed("[s]", "[s] @"), "@"),
    (Code.STRAY_CHARACTER, changed("[s]", "[s] // all"), "// all"),
    (Code.STRAY_CHARACTER, changed("pot > cot", "pot < cot"), "<"),
    (Code.QUOTES, changed('"t5"', "'t5'"), "'t5'"),
    (Code.QUOTES, changed('"t5"', "“t5”"), "“t5”"),
    (Code.QUOTES, changed('"t5")', '"t5)'), '"t5) }'),
    (Code.QUOTES, changed('"t5"', "'t5'"), "'t5'"),
    (Code.COLON_FOR_EQUALS, changed("mixes =", "mixes:"), ":"),
    (Code.EQUALS_FOR_COLON, changed("train:", "train ="), "="),
    (Code.MISSING_BRACE, changed("mix m {", "mix m"), "m"),
    (Code.MISSING_BRACE, changed("experiment e {", "experiment e"), "e"),
    (Code.MISSING_BRACE, changed("+ 2*pot }", "+ 2*pot"), "{"),
    (Code.MISSING_BRACE, SMALL.rstrip("}\n") + "\n", "{"),
    (Code.MISSING_BRACE, SMALL + "mix n\n", "n"),
    (Code.STRAY_BRACE, SMALL + "}\n", "}"),
    (Code.UNKNOWN_KEYWORD, changed("experiment e", "experimnet e"), "experimnet"),
    (Code.UNKNOWN_KEYWORD, SMALL + "recipe n { thoughts = cot }\n", "recipe"),
    (Code.UNKNOWN_KEYWORD, changed("data a", "dataset a"), "dataset"),
    (Code.UNKNOWN_KEYWORD, changed("param paths", "let paths"), "let"),
    (Code.UNKNOWN_UNIT, changed("answer = python", "answer = python timeout = 5sec"), "sec"),
    (Code.UNKNOWN_UNIT, changed("answer = python", "answer = python timeout = 5 s"), "s"),
    (Code.DASH_IN_NAME, SMALL.replace("mix m ", "mix m-1 ").replace("[m]", "[m-1]"), "m-1"),
    (Code.MISSING_EQUALS, changed("samples = paths", "samples 4"), "samples"),
    (Code.TOO_DEEP, SMALL + "mix n { thoughts = " + "[" * 40 + "]" * 40 + " }", "["),
    (Code.UNKNOWN_ESCAPE, changed("train.jsonl", r"C:\train.jsonl").replace(r"\train", r"\xtrain"), r"\x"),
    (Code.BAD_NUMBER, changed("= 4", "= 1e99"), "1e99"),
    (Code.BAD_NUMBER, changed("= 4", "= " + "9" * 5000), "9" * 5000),
    (Code.BAD_NUMBER, changed("2*pot", "2*pot limit = 1,200"), "1,200"),
    (Code.SYNTAX, changed("pot > cot", "pot => cot"), "=>"),
    (Code.BAD_NUMBER, changed("2*pot", ".5*pot"), ".5"),
    # as YAML, HCL, JSON or Python write it
    (Code.MISSING_BRACE, changed(MIX, "mix m:\n  problems: a.train\n  teacher: t\n  thoughts: cot + 2*pot"), ":"),
    (Code.STRAY_CHARACTER, changed("[s]", "\n    - s"), "-"),
    (Code.QUOTES, changed("student s", 'student "s"'), '"s"'),
    (Code.QUOTES, changed("data a {", 'data "file" "a" {'), '"file"'),
    (Code.QUOTES, changed("samples =", '"samples" ='), '"samples"'),
    (Code.QUOTES, changed('"t5"', '"""t5"""'), '"""t5"""'),
    (Code.SYNTAX, changed(f"source = {FILES}", 'source {\n  type = "file"\n  path = "a"\n}'), "source"),
    (Code.SYNTAX, changed("samples = paths", "samples == paths"), "=="),
    (Code.SYNTAX, changed("samples = paths", "samples := paths"), ":="),
    (Code.SYNTAX, changed("paths: int = 4", "paths: int"), "int"),
    (Code.SYNTAX, changed(FILES, FILES.replace("(", "[").replace(")", "]")), "["),
    (Code.SYNTAX, changed(FILES, FILES.replace("(", "{").replace(")", "}")), "{"),
    (Code.SYNTAX, changed("[cot, pot > cot]", "(cot, pot > cot)"), "("),
    (Code.SYNTAX, changed("[s]", "{s}"), "{"),
    (Code.SYNTAX, changed("[cot, pot > cot]", "{cot, pot > cot}"), "{"),
    (Code.SYNTAX, changed("pot > cot", "pot or cot"), "or"),
    (Code.SYNTAX, changed("cot + 2*pot", "cot and pot"), "and"),
    (Code.SYNTAX, changed("pot > cot", "pot -> cot"), "->"),
    (Code.SYNTAX, SMALL + "student z extends s { steps = 4 }\n", "extends"),
    (Code.SYNTAX, SMALL + "student 1z = s { steps = 4 }\n", "1z"),
    (Code.STRAY_BRACE, changed("[a.test]", "[a.test]]"), "]"),
    (Code.STRAY_BRACE, changed("solution()", "solution())"), ")"),
    (Code.SEPARATOR, changed("cot + 2*pot", "cot, pot"), ","),
    (Code.SEPARATOR, changed("[s]", "[s] vary paths = [1], 2"), ","),
    (Code.UNKNOWN_UNIT, changed("answer = python", "answer = python timeout = 5 seconds"), "seconds"),
    (Code.OUTSIDE_BLOCK, SMALL + "seeds = [1]\n", "seeds"),
    (Code.SEPARATOR, changed("samples = paths", "samples = paths;"), ";"),
    (Code.SEPARATOR, changed("[s]", "[s],"), ","),
    (Code.SEPARATOR, changed("[cot, pot > cot]", "[cot pot > cot]"), "pot"),
    (Code.UNKNOWN_KEY, changed("samples =", "sampels ="), "sampels"),
    (Code.UNKNOWN_KEY, changed("students =", "studnets ="), "studnets"),
    (Code.UNKNOWN_KEY, changed("[a.test]", "[a.test] colour = 1"), "colour"),
    (Code.UNKNOWN_KEY, changed("samples = paths", "vary paths = [1]"), "vary"),
    (Code.DUPLICATE_KEY, changed("[s]", "[s] students = [s]"), "students"),
    (Code.MISSING_KEY, changed("problems = a.train", ""), "mix m"),
    (Code.DUPLICATE_NAME, SMALL + "student s { base = scratch() }\n", "s"),
    (Code.DUPLICATE_NAME, SMALL + "param paths: int = 5\n", "paths"),
    (Code.UNDEFINED, changed("teacher = t", "teacher = u"), "u"),
    (Code.UNDEFINED, changed("samples = paths", "samples = path"), "path"),
    (Code.UNDEFINED, SMALL + "mix n = nn { }\n", "nn"),
    (Code.UNDEFINED, changed("tests =", "vary steps = [1] tests ="), "steps"),
    (Code.UNDEFINED, changed("tests =", "headline = pot tests ="), "pot"),
    (Code.WRONG_KIND, changed("teacher = t", "teacher = cot"), "cot"),
    (Code.WRONG_KIND, changed("teacher = t", "teacher = paths"), "paths"),
    (Code.COPY_CYCLE, SMALL + "mix x = y { }\nmix y = x { }\n", "y"),
    (Code.COPY_CYCLE, SMALL + "mix x = x { }\n", "x"),
    (Code.UNKNOWN_SPLIT, changed("a.test", "a.tets"), "tets"),
    (Code.UNKNOWN_SPLIT, changed(FILES, 'synthetic(train: 9, test: 9, hard: 9)'), "hard"),
    (Code.NAME_TOO_LONG, SMALL + "student " + "s" * 41 + " = s { }\n", "s" * 41),
    (Code.WRONG_TYPE, changed("samples = paths", 'samples = "4"'), '"4"'),
    (Code.WRONG_TYPE, changed("answer = python", "answer = pyhton"), "pyhton"),
    (Code.WRONG_TYPE, changed("answer = python", "answer = python timeout = 5"), "5"),
    (Code.WRONG_TYPE, changed("answer = python", "answer = python timeout = 5MB"), "5MB"),
    (Code.WRONG_TYPE, changed("[s]", "s"), "s"),
    (Code.WRONG_TYPE, changed("a.train", "a"), "a"),
    (Code.WRONG_TYPE, changed("cot + 2*pot", "[cot, pot]"), "[cot, pot]"),
    (Code.WRONG_TYPE, changed("[cot, pot > cot]", "[cot, 2*pot]"), "2*pot"),
    (Code.WRONG_TYPE, changed("[cot, pot > cot]", "[oracle(2*pot)]"), "2*pot"),
    (Code.WRONG_TYPE, changed('scratch("t5")', '"t5"'), '"t5"'),
    (Code.WRONG_TYPE, changed("solution()", "solution"), "solution"),
    (Code.WRONG_TYPE, changed('"t5"', '"bert"'), '"bert"'),
    (Code.WRONG_TYPE, changed('"train.jsonl"', '""'), '""'),
    (Code.OUT_OF_RANGE, changed("samples = paths", "samples = 0"), "0"),
    (Code.OUT_OF_RANGE, changed("2*pot", "0*pot"), "0"),
    (Code.OUT_OF_RANGE, changed("= cot + 2*pot", "= cot + 2*pot dev = 101%"), "101%"),
    (Code.OUT_OF_RANGE, changed("= 4", "= 0"), "paths"),
    (Code.UNKNOWN_CALL, changed("solution()", "solutoin()"), "solutoin"),
    (Code.UNKNOWN_CALL, changed("[cot, pot > cot]", "[cot, rank(pot)]"), "rank"),
    (Code.WRONG_ARGUMENT, changed('"t5"', '"t5", widht: 3'), "widht"),
    (Code.WRONG_ARGUMENT, changed('"t5"', '"t5", 3'), "3"),
    (Code.WRONG_ARGUMENT, changed('"t5"', '"t5", width: 3, width: 4'), "width: 4"),
    (Code.WRONG_ARGUMENT, changed('scratch("t5")', "hf()"), "hf"),
    (Code.WRONG_ARGUMENT, changed(FILES, 'synthetic("arithmetic")'), "synthetic"),
    (Code.WRONG_ARGUMENT, changed('file(train:', 'file("all.jsonl", train:'), "file"),
    (Code.WRONG_ARGUMENT, changed("[cot, pot > cot]", "[vote(cot, ties: pot)]"), "pot"),
    (Code.WRONG_ARGUMENT, changed("[cot, pot > cot]", "[vote()]"), "vote"),
    (Code.EMPTY_LIST, changed("[s]", "[]"), "[]"),
    (Code.DUPLICATE_ELEMENT, changed("[s]", "[s, s]"), "s"),
    (Code.DUPLICATE_ELEMENT, changed("[s]", "[s] seeds = [1, 2, 1]"), "1"),
    (Code.DUPLICATE_ELEMENT, changed("pot > cot", "pot > pot"), "pot"),
    (Code.DUPLICATE_ELEMENT, changed("cot + 2*pot", "cot + 2*cot"), "2*cot"),
    (Code.WRONG_PARAM_TYPE, changed("= 4", '= "4"'), '"4"'),
    (Code.WRONG_PARAM_TYPE, changed("= 4", "= true"), "true"),
    (Code.WRONG_PARAM_TYPE, changed(": int", ": integer"), "integer"),
    (Code.WRONG_PARAM_TYPE, changed("[s]", '[s] vary paths = [1, "2"]'), '"2"'),
    (Code.BAD_PUBLISHED, changed("[s]", "[s] published = { s.m.a: 1 }"), "{"),
    (Code.BAD_PUBLISHED, changed("[s]", '[s] published = { source: "x", s.m: 1 }'), "s.m"),
    (Code.BAD_PUBLISHED, MORE + changed("[s]", '[s] published = { source: "x", s.m.b: 1 }'), "b"),
    (Code.UNTAUGHT_THOUGHT, changed("cot + 2*pot", "cot"), "pot > cot"),
    (Code.TEST_IS_TRAINING, changed("[a.test]", "[a.train]"), "a.train"),
    (Code.TEST_IS_TRAINING, changed("[a.test]", "[a.all]").replace('l") }', 'l") all = train + test }'), "a.all"),
    (Code.SAME_CUE, changed("= text", '= text cue = "x"').replace("= python", '= python cue = "x"'), '"x"'),
    (Code.COLLIDING_NAMES, SMALL + "student S = s { }\n", "S"),
    (Code.COLLIDING_NAMES, SMALL + "thought thoughts { answer = equations }\n", "thoughts"),
    (Code.NO_RECORDING, changed("solution()", 'recorded(cot: "c.jsonl")'), "2*pot"),
    (Code.ONE_FILE_TWO_SPLITS, changed('train: "train.jsonl", test: "test.jsonl"', '"all.jsonl"'), "a.test"),
    (Code.IDLE_VARY, "param idle: int = 1\n" + changed("[s]", "[s] vary idle = [1]"), "idle"),
    (Code.IDLE_STEPS, changed("= python", "= python steps = right"), "right"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "text", "under"), MISTAKES, ids=[f"{n}-{code.name}" for n, (code, *_) in enumerate(MISTAKES)]
)
def test_a_mistake_is_one_diagnostic_at_its_place(code: Code, text: str, under: str) -> None:
    model, found = compiled(text)
    assert [(each.code, each.summary) for each in found] == [(code.number, found[0].summary if found else "")]
    assert model is None
    span = found[0].span
    assert span is not None
    assert text[span.start : span.end] == under
    assert render(found, {"spec.mtd": source(text)}, False).startswith(f"error[{code.number}]: ")


def test_the_spec_that_is_spoilt_here_is_fine() -> None:
    assert codes(SMALL) == []


HELPS = [
    (changed("answer = python", "answer = python timeout = 5 seconds"), "write `5s`"),
    (changed("answer = python", "answer = python memory = 512MiB"), "write `512MB`"),
    (changed("2*pot", "2pot"), "a weight is written `2*pot`"),
    (changed("2*pot", "2*pot dev = 5"), "write `5%`"),
    (changed("2*pot", "2*pot limit = null"), "nothing is written `none`"),
    (changed("teacher = t", 'teacher = "t"'), "write it without quotes: t"),
    (changed("cot + 2*pot", '"cot + 2*pot"'), "write it without quotes: cot + 2*pot"),
    (changed("pot > cot", '"pot > cot"'), "write it without quotes: pot > cot"),
    (changed("samples = paths", 'temperature = "0.7"'), "write it without quotes: 0.7"),
    (changed('"t5")', '"t5") lr = 1e-3'), "did you mean `learning_rate`?"),
    (changed('"t5")', '"t5") batch_size = 8'), "did you mean `batch`?"),
    (changed(FILES, '"train.jsonl"'), 'write `file("train.jsonl")`'),
    (changed(FILES, '"openai/gsm8k"'), 'write `hf("openai/gsm8k")`'),
    (changed(FILES, 'file("train.jsonl", "test.jsonl")'), "the others are given by name: `train: ...`"),
    (changed(FILES, "hf(openai/gsm8k)"), 'write `"openai/gsm8k"`'),
    (changed("samples = paths", "samples = ${paths}"), "write `paths`"),
    (changed("samples = paths", "/* four */ samples = paths"), "write `#` in each line"),
    (changed("pot > cot", "pot | cot"), "write `>` for `|`"),
    (changed("answer = python", "answer = python cue = 'Let's go'"), 'write `"Let\'s go"`'),
    (SMALL + "student z extends s { steps = 4 }\n", "write `student z = s { ... }`"),
]


@pytest.mark.parametrize(("text", "help"), HELPS, ids=[help for _, help in HELPS])
def test_the_help_says_what_was_meant(text: str, help: str) -> None:
    _, found = compiled(text)
    assert len(found) == 1
    assert (found[0].help or "").endswith(help)


def test_a_spec_to_be_imported_is_checked_but_not_compiled(tmp_path: Path) -> None:
    path = tmp_path / "common.mtd"
    for text in ("", "# nothing\n", "param paths: int = 4\n"):
        path.write_text(text)
        assert check_spec(path).diagnostics == ()
        found = compile_spec(path)
        assert [each.code for each in found.diagnostics] == [Code.NO_EXPERIMENT.number]
        assert found.emitted is None
        render(found.diagnostics, found.sources, False)


def test_one_file_under_two_names_is_said_to_be_the_same() -> None:
    _, found = compiled(changed("test.jsonl", "train.jsonl"))
    assert [each.code for each in found] == [Code.TEST_IS_TRAINING.number]
    assert found[0].labels[0][1] == "the mix `m` learns from the same problems under another name"


def test_places_of_other_definitions_are_shown() -> None:
    _, found = compiled(SMALL + "student s { base = scratch() }\n")
    assert [(SMALL[span.start : span.end], text) for span, text in found[0].labels] == [("s", "first defined here")]


@pytest.mark.parametrize("name", ["local", "var", "params", "env"])
def test_a_block_may_be_called_what_others_call_their_variables(name: str) -> None:
    assert codes(SMALL.replace("data a", f"data {name}").replace("a.t", f"{name}.t")) == []


def test_the_items_of_a_block_after_an_idle_equal_are_checked() -> None:
    text = changed("thought pot {", "thought pot = {").replace("= python", "= pyton")
    assert [each.summary for each in compiled(text)[1]] == [
        "no `=` stands before the items of a block",
        "expected `text`, `python`, `equations` or `program_equations`, found `pyton`",
    ]


def test_rows_of_a_sign_are_passed_over() -> None:
    text = source("mix m { a = " + "$" * 1000 + "{name} }")
    kept, found = repaired(text, lexed(text))
    assert [each.summary for each in found] == ["`$` means nothing here"]
    assert [token.text for token in kept[5:]] == ["$", "$", "{", "name", "}", "}"]


def test_a_broken_head_silences_what_refers_to_it() -> None:
    assert codes(changed("teacher t {", "teacher t = = {")) == [Code.SYNTAX.number]
    assert codes(changed("param paths: int = 4", "param paths: = 4")) == [Code.SYNTAX.number]
    assert codes(changed("thought cot {", "thought cot cot {")) == [Code.SYNTAX.number]


# --- files --------------------------------------------------------------------------------------


def _found(path: Path) -> list[str]:
    program, sources, found = load(path)
    model, more = resolve(program)
    assert model is None
    render([*found, *more], sources, True)
    return [diagnostic.code for diagnostic in [*found, *more]]


def test_files_that_are_no_spec(tmp_path: Path) -> None:
    (tmp_path / "latin.mtd").write_bytes(b"# caf\xe9")
    (tmp_path / "large.mtd").write_bytes(b"#" * (LARGEST + 1))
    for path in (tmp_path, tmp_path / "no.mtd", tmp_path / "latin.mtd", tmp_path / "large.mtd", Path("\0")):
        assert _found(path) == [Code.UNREADABLE_FILE.number]


def test_the_encoding_of_a_file_is_named(tmp_path: Path) -> None:
    said = {
        b"# caf\xe9": "is not UTF-8 text: byte 5 is 0xE9, which is `é` in Latin-1 or Windows-1252",
        "mtd 1".encode("utf-16"): "is UTF-16 text, and not UTF-8",
        b"\x89PNG\r\n\x1a\n\0\0": "is no text (byte 0 is 0x89)",
    }
    for data, summary in said.items():
        (tmp_path / "a.mtd").write_bytes(data)
        assert load(tmp_path / "a.mtd")[2][0].summary.endswith(summary)


def test_lines_may_end_by_carriage_returns_alone(tmp_path: Path) -> None:
    (tmp_path / "a.mtd").write_bytes(b"# a comment\rmix m { }\r\nmix n { }\r")
    program, sources, found = load(tmp_path / "a.mtd")
    assert found == []
    assert len(program.specs[0].statements) == 2
    assert next(iter(sources.values())).place(12) == (2, 1)


@pytest.mark.parametrize("line", ["@\n", "}\n", "mix m { a = [}\n", "a: b\n", '"\n'])
def test_a_file_of_mistakes_is_given_up_and_says_so(line: str) -> None:
    spec, found = parse(source(line * 5000))
    assert len(found) <= 1001
    assert spec.damaged
    if len(found) > 1000:
        assert "the rest was not read" in found[-1].summary


def test_a_missing_import_silences_the_names_it_may_have_had(tmp_path: Path) -> None:
    (tmp_path / "a.mtd").write_text('import "no.mtd"\n' + changed("teacher = t", "teacher = u"))
    assert _found(tmp_path / "a.mtd") == [Code.UNREADABLE_FILE.number]


def test_circles_of_imports_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.mtd").write_text('import "b.mtd"\nimport "c.mtd"\n' + SMALL)
    (tmp_path / "b.mtd").write_text('import "c.mtd"')
    (tmp_path / "c.mtd").write_text('import "b.mtd"')
    assert [diagnostic.code for diagnostic in load(tmp_path / "a.mtd")[2]] == [Code.IMPORT_CYCLE.number]
    (tmp_path / "c.mtd").write_text('import "c.mtd"')
    assert [diagnostic.code for diagnostic in load(tmp_path / "a.mtd")[2]] == [Code.IMPORT_CYCLE.number]


def test_mistakes_of_imported_files_are_shown_in_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.mtd").write_text('import "sub/b.mtd"\n' + SMALL)
    (tmp_path / "sub" / "b.mtd").write_text("student s { base = scratch() }\n\nmix x = { }\n")
    program, sources, found = load(tmp_path / "a.mtd")
    text = render([*found, *resolve(program)[1]], sources, False)
    assert f"{(tmp_path / 'sub/b.mtd').as_posix()}:3:7" in text
    assert f"::: {(tmp_path / 'a.mtd').as_posix()}:8:9" in text


def test_specs_of_the_repository_have_no_mistakes() -> None:
    for path in sorted(SPECS.glob("*.mtd")):
        assert parse(source(path.read_text(encoding="utf-8")))[1] == []
        assert load(path)[2] == []


def test_the_tables_of_slips_are_not_loaded_for_a_spec_without_any() -> None:
    code = (
        "import sys; from pathlib import Path; from distill_dsl.compiler import check_spec; "
        f"check_spec(Path({str(SPECS / 'etd.mtd')!r})); print('slips_of_signs' in ' '.join(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
