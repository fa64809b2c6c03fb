"""Open texts before files on disk, and views that are kept as long as they hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked import SMALL, folder

from distill_dsl.compiler.source import LARGEST
from distill_dsl.editor.documents import Desk, Documents, reported, roots, specs_in


def codes(documents: Documents, desk: Desk | None = None) -> dict[str, list[str]]:
    desk = desk or Desk()
    views = [desk.view(documents, path) for path in documents.paths]
    return {Path(path).name: [each.code for each in some] for path, some in reported(views).items()}


def test_an_open_text_counts_before_the_file(tmp_path: Path) -> None:
    paths = folder(
        tmp_path, common="teacher t { model = solution() }\n", main='import "common.mtd"\nteacher u = t { }\n'
    )
    documents = Documents().opened(paths["main"], paths["main"].read_text())
    assert codes(documents) == {"main.mtd": [], "common.mtd": []}
    documents = documents.opened(paths["common"], "")
    assert codes(documents) == {"main.mtd": ["MTD034"], "common.mtd": []}
    assert codes(documents.closed(paths["common"])) == {"main.mtd": [], "common.mtd": []}


def test_an_open_text_needs_no_file(tmp_path: Path) -> None:
    documents = Documents().opened(tmp_path / "new.mtd", 'import "other.mtd"\n')
    assert codes(documents) == {"new.mtd": ["MTD001"]}
    documents = documents.opened(tmp_path / "other.mtd", "")
    assert codes(documents) == {"new.mtd": [], "other.mtd": []}


def test_mistakes_of_an_import_are_told_there(tmp_path: Path) -> None:
    paths = folder(tmp_path, common="teacher t { }\n", main='import "common.mtd"\n')
    documents = Documents().opened(paths["main"], paths["main"].read_text())
    assert codes(documents) == {"main.mtd": [], "common.mtd": ["MTD032"]}


def test_a_mistake_that_two_specs_see_is_told_once(tmp_path: Path) -> None:
    paths = folder(tmp_path, common="teacher t { }\n", one='import "common.mtd"\n', two='import "common.mtd"\n')
    documents = Documents()
    for name in ("one", "two", "common"):
        documents = documents.opened(paths[name], paths[name].read_text())
    assert codes(documents)["common.mtd"] == ["MTD032"]


def test_an_imported_spec_is_seen_from_the_one_that_imports_it(tmp_path: Path) -> None:
    """On its own, it would lack the names of the other."""
    paths = folder(tmp_path, part="teacher u = t { }\n", main='import "part.mtd"\nteacher t { model = solution() }\n')
    documents = Documents().opened(paths["part"], paths["part"].read_text())
    assert codes(documents) == {"part.mtd": ["MTD034"]}
    documents = documents.opened(paths["main"], paths["main"].read_text())
    assert codes(documents) == {"part.mtd": [], "main.mtd": []}


def test_specs_that_import_each_other_are_all_roots(tmp_path: Path) -> None:
    paths = folder(tmp_path, a='import "b.mtd"\n', b='import "a.mtd"\n')
    desk, documents = Desk(), Documents()
    for path in paths.values():
        documents = documents.opened(path, path.read_text())
    views = [desk.view(documents, path) for path in documents.paths]
    assert roots(views) == views
    assert "MTD002" in codes(documents)["a.mtd"] + codes(documents)["b.mtd"]


def test_a_view_is_kept_until_a_file_changes(tmp_path: Path) -> None:
    paths = folder(tmp_path, common="", main='import "common.mtd"\n', other="")
    desk, documents = Desk(), Documents().opened(paths["main"], 'import "common.mtd"\n')
    first = desk.view(documents, paths["main"])
    assert desk.view(documents.opened(paths["other"], "x"), paths["main"]) is first
    assert desk.view(documents.opened(paths["common"], "x"), paths["main"]) is not first


def test_a_file_that_changes_on_disk_is_read_again(tmp_path: Path) -> None:
    paths = folder(tmp_path, common="", main='import "common.mtd"\nteacher u = t { }\n')
    desk = Desk()
    documents = Documents().opened(paths["main"], paths["main"].read_text())
    assert codes(documents, desk)["main.mtd"] == ["MTD034"]
    paths["common"].write_text("teacher t { model = solution() }\n")
    assert codes(documents, desk)["main.mtd"] == []
    paths["common"].unlink()
    assert "MTD001" in codes(documents, desk)["main.mtd"]


def test_a_link_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    paths = folder(tmp_path, common="", main='import "link.mtd"\nteacher u = t { }\n')
    (tmp_path / "link.mtd").symlink_to(paths["common"])
    documents = Documents().opened(paths["main"], paths["main"].read_text())
    documents = documents.opened(paths["common"], "teacher t { model = solution() }\n")
    assert codes(documents) == {"main.mtd": [], "common.mtd": []}


@pytest.mark.parametrize(
    "text", ["", "\x00", "\ufeffmtd 1\n", "{" * 3000, "a" * (LARGEST + 1), "\ud800", 'import "\x00"']
)
def test_no_text_is_too_odd(tmp_path: Path, text: str) -> None:
    assert (tmp_path / "odd.mtd").name in codes(Documents().opened(tmp_path / "odd.mtd", text)) or len(text) > LARGEST


def test_specs_of_a_workspace(tmp_path: Path) -> None:
    folder(tmp_path, one=SMALL)
    for name in ("deep", ".git", "node_modules"):
        (tmp_path / name).mkdir()
        folder(tmp_path / name, two="")
    found = [path.relative_to(tmp_path).as_posix() for path in specs_in([tmp_path])]
    assert found == ["one.mtd", "deep/two.mtd"]
    assert specs_in([tmp_path / "nowhere"]) == []


def test_a_path_beside_the_spec_is_found_wherever_the_server_was_started(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").touch()
    spec = tmp_path / "specs" / "a.mtd"
    spec.parent.mkdir()
    text = SPEC_WITH_FILES
    assert codes(Documents().opened(spec, text, 1)) == {"a.mtd": ["MTD074"] * 2}
    for name in ("train.jsonl", "test.jsonl"):
        (spec.parent / name).touch()
    assert codes(Documents().opened(spec, text, 1)) == {"a.mtd": []}


SPEC_WITH_FILES = """\
data a { source = file(train: "./train.jsonl", test: "./test.jsonl") }
teacher t { model = solution() }
thought cot { answer = text }
mix m { problems = a.train   teacher = t   thoughts = cot }
student s { base = scratch("t5") }
experiment e { students = [s]   mixes = [m]   tests = [a.test]   answers = [cot] }
"""
