"""`mtd check`: several specs, the forms for programs, and the fixes that it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from distill_dsl.cli.commands import app
from distill_dsl.cli.fixing import chosen
from distill_dsl.compiler import check_spec
from distill_dsl.compiler.diagnostics import Edit, edited, error
from distill_dsl.compiler.diagnostics.codes import Code
from distill_dsl.compiler.source import Span

BAD = """\
thought cot { answer = text }
student small { base = scratch('t5')   batch: 32 }
student small { base = scratch("t5") }
mix m { thoughts = pto }
"""
CORPUS = sorted((Path(__file__).parents[1] / "bad").glob("*.mtd"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("bad.mtd").write_text(BAD, encoding="utf-8")
    Path("sub").mkdir()
    Path("sub/good.mtd").write_text("thought cot { answer = text }\n", encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def test_each_mistake_is_a_line_in_the_short_form() -> None:
    done = run("bad.mtd", "--format", "short")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[:2] == [
        "bad.mtd:2:32: error[MTD012]: a text stands in straight double quotes",
        "bad.mtd:2:45: error[MTD013]: `batch` is set with `=`",
    ]


def test_json_says_all_that_is_known() -> None:
    document = json.loads(run("bad.mtd", "--format", "json").stdout)
    assert document["version"] == 1
    assert document["errors"] == len(document["diagnostics"])
    first = document["diagnostics"][0]
    assert (first["code"], first["name"], first["severity"]) == ("MTD012", "quotes", "error")
    assert first["span"] == {
        "path": "bad.mtd",
        "start": {"offset": 61, "line": 2, "column": 32},
        "end": {"offset": 65, "line": 2, "column": 36},
    }
    assert first["fix"] == {"sure": True, "edits": [{"span": first["span"], "text": '"t5"'}]}
    twice = next(each for each in document["diagnostics"] if each["code"] == "MTD033")
    assert [label["text"] for label in twice["labels"]] == ["first defined here"]


def test_paths_are_relative_and_folders_stand_for_their_specs(folder: Path) -> None:
    document = json.loads(run(str(folder / "bad.mtd"), "sub", "--format", "json").stdout)
    assert {each["span"]["path"] for each in document["diagnostics"]} == {"bad.mtd"}
    assert run("sub").stdout == "sub/good.mtd: no errors\n"
    assert run("sub", "sub/good.mtd", "bad.mtd").exit_code == 1
    Path("empty").mkdir()
    assert run("empty").exit_code == 1


def _sarif(document: Any) -> None:
    """What the schema of SARIF 2.1.0 asks of the parts that are written."""
    assert document["version"] == "2.1.0"
    (one,) = document["runs"]
    rules = one["tool"]["driver"]["rules"]
    assert one["tool"]["driver"]["name"] == "mtd"
    assert one["columnKind"] == "unicodeCodePoints"
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note", "none")
        assert result["message"]["text"]
        for place in [*result.get("locations", []), *result.get("relatedLocations", [])]:
            region = place["physicalLocation"]["region"]
            assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])
            assert min(region["startLine"], region["startColumn"]) >= 1
            assert ":" not in place["physicalLocation"]["artifactLocation"]["uri"]
        for fix in result.get("fixes", []):
            assert fix["description"]["text"]
            for change in fix["artifactChanges"]:
                assert change["artifactLocation"]["uri"]
                assert all("deletedRegion" in each for each in change["replacements"])


def test_sarif_has_a_rule_with_its_page_for_each_result() -> None:
    text = run("bad.mtd", "--format", "sarif").stdout
    document = json.loads(text)
    _sarif(document)
    assert document["runs"][0]["tool"]["driver"]["rules"][0]["help"]["markdown"].startswith("# MTD012")
    assert run("bad.mtd", "--format", "sarif").stdout == text


def test_the_whole_corpus_is_written_as_sarif() -> None:
    _sarif(json.loads(run(*map(str, CORPUS[:40]), "--format", "sarif").stdout.replace("file:", "")))


def test_warnings_count_where_it_is_asked_for() -> None:
    Path("warned.mtd").write_text('import "sub/good.mtd" as g\nparam p: int = 1\n', encoding="utf-8")
    warned = run("warned.mtd").exit_code, run("warned.mtd", "--strict").exit_code
    assert warned in ((0, 1), (0, 0))
    assert run("sub/good.mtd", "--strict").exit_code == 0


def test_sure_fixes_are_written_and_the_others_are_left() -> None:
    done = run("bad.mtd", "--fix")
    assert done.exit_code == 1
    assert "fixed: bad.mtd:2:32: error[MTD012]" in done.stderr
    assert Path("bad.mtd").read_text(encoding="utf-8") == BAD.replace("'t5'", '"t5"').replace("batch:", "batch =")
    assert "MTD012" not in run("bad.mtd", "--format", "short").stdout
    before = Path("bad.mtd").read_bytes()
    run("bad.mtd", "--fix")
    assert Path("bad.mtd").read_bytes() == before


def test_fixes_that_overlap_are_not_written_together() -> None:
    def wrong(start: int, end: int, sure: bool = True) -> Any:
        from dataclasses import replace

        span = Span("a", start, end)
        return replace(error(Code.SYNTAX, "no", span), fix=Edit(span, "x", sure))

    one, two, three, guess = wrong(0, 4), wrong(2, 6), wrong(4, 5), wrong(8, 9, sure=False)
    assert chosen([three, two, one, guess]) == [one, three]
    assert edited("abcdefgh", [one.fix, three.fix]) == "xxfgh"


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_fix_makes_no_new_mistakes(path: Path) -> None:
    text = "".join(line for line in path.read_bytes().decode().splitlines(keepends=True) if not line.startswith("#!"))
    at = Path("spec.mtd")
    at.write_bytes(text.encode())
    Path("common.mtd").write_text('student large { base = scratch("t5") }\n', encoding="utf-8")
    found = check_spec(at).diagnostics
    before = sum(each.severity == "error" for each in found)
    for each in found:
        if each.fix is not None and each.fix.sure:
            at.write_bytes(edited(text, [each.fix]).encode())
            after = [other for other in check_spec(at).diagnostics if other.severity == "error"]
            assert len(after) <= before, (each.summary, [other.summary for other in after])
            assert each not in after
