"""Definitions, references and renaming, over all files of a program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from lsprotocol.types import Position
from marked import HERE, SMALL, folder, marked, view_of

from distill_dsl.compiler.diagnostics import Edit, edited
from distill_dsl.compiler.source import Span
from distill_dsl.editor.documents import Desk, Documents, View
from distill_dsl.editor.names import (
    Refusal,
    by_file,
    defined,
    definition,
    highlights,
    name_at,
    references,
    renamed,
)
from distill_dsl.editor.protocol import Look, define, refer


def inside(part: str, text: str = SMALL) -> tuple[View, int]:
    """A view with the cursor in a part that is written `ba|r`."""
    plain = part.replace("|", "")
    assert plain in text
    return marked(text.replace(plain, part, 1))


def words(view: View, spans: Sequence[Span]) -> list[str]:
    """Each span with its line."""
    return [view.source.line(view.source.place(span.start)[0]) for span in spans]


# --- definitions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("samples = pa|ths", "param paths: int = 4"),
        ("teacher = |t ", 'teacher t { model = openai("gpt")   samples = paths   temperature = 0.7 }'),
        ("2*pot|", "thought pot { answer = python }"),
        ("n = m| {", "mix m { problems = a.train   teacher = t   thoughts = cot + 2*pot }"),
        ("= |a.train", 'data a { source = file(train: "train.jsonl", test: "test.jsonl") }'),
        ("mix |m {", "mix m { problems = a.train   teacher = t   thoughts = cot + 2*pot }"),
    ],
)
def test_definitions(part: str, line: str) -> None:
    view, offset = inside(part)
    span = definition(view, offset)
    assert span is not None
    assert words(view, [span]) == [line]


def test_what_is_no_name_has_no_definition() -> None:
    for part in ("mo|del", "open|ai", "|{ model", "a.tr|ain"):
        assert definition(*inside(part)) is None, part


def test_an_import_leads_to_its_file(tmp_path: Path) -> None:
    paths = folder(tmp_path, common=SMALL)
    for text in ('import "com|mon.mtd"', 'import "common.mtd" as c|'):
        span = definition(*marked(text, tmp_path / "main.mtd"))
        assert span == Span(paths["common"].as_posix(), 0, 0), text
    assert definition(*marked('import "no|where.mtd"', tmp_path / "main.mtd")) is None


def test_an_alias_leads_to_its_import_and_the_name_behind_it_to_its_block(tmp_path: Path) -> None:
    paths = folder(tmp_path, common=SMALL)
    head = 'import "common.mtd" as c\n'
    alias = definition(*marked(head + "mix x = |c.m { }", tmp_path / "main.mtd"))
    assert alias is not None and alias.path == (tmp_path / "main.mtd").as_posix() and alias.start == len(head) - 2
    block = definition(*marked(head + "mix x = c.|m { }", tmp_path / "main.mtd"))
    assert block is not None and block.path == paths["common"].as_posix() and block.start == SMALL.index("m {")


def test_a_name_of_the_importing_spec_is_found_from_the_imported_one(tmp_path: Path) -> None:
    files = folder(tmp_path, part="teacher u = t { }\n", main='import "part.mtd"\nteacher t { model = solution() }\n')
    documents = Documents()
    for path in files.values():
        documents = documents.opened(path, path.read_text())
    look = Look(Desk(), documents)
    found = define(look, look.view(files["part"]), Position(0, len("teacher u = ")))
    assert found is not None
    spans = refer(look, look.view(files["part"]), Position(0, len("teacher u = ")), True)
    assert spans is not None and [each.uri for each in spans] == [files[name].as_uri() for name in ("main", "part")]
    assert found.uri == files["main"].as_uri() and found.range.start == Position(1, len("teacher "))


# --- references ---------------------------------------------------------------------------------


def test_highlights() -> None:
    view, offset = inside("|paths: int")
    assert words(view, highlights(view, offset)) == [
        "param paths: int = 4",
        'teacher t { model = openai("gpt")   samples = paths   temperature = 0.7 }',
    ]
    assert highlights(*inside("mo|del")) == []


def test_a_name_of_another_kind_is_another_name() -> None:
    text = SMALL.replace("teacher t ", "teacher cot ").replace("teacher = t ", "teacher = cot ")
    view, offset = inside("teacher |cot {", text)
    assert len(highlights(view, offset)) == 2


def test_references_over_files_and_aliases(tmp_path: Path) -> None:
    files = folder(
        tmp_path,
        common=SMALL,
        flat='import "common.mtd"\nmix other = m { teacher = t }\n',
        aliased='import "common.mtd" as c\nmix other = c.m { teacher = c.t }\n',
        both='import "common.mtd"\nimport "common.mtd" as d\nmix other = d.m { teacher = t }\n',
        alien="teacher t { model = solution() }\n",
    )
    desk, documents = Desk(), Documents()
    views = [desk.view(documents, path) for path in files.values()]
    offset = SMALL.index("t {", SMALL.index("teacher t"))
    mention = name_at(views[0], offset)
    assert mention is not None
    spans = references(views, defined(views[0], mention))
    found = {name: sum(span.path == str(path) for span in spans) for name, path in files.items()}
    assert found == {"common": 2, "flat": 1, "aliased": 1, "both": 1, "alien": 0}
    texts = {name: path.read_text() for name, path in files.items()}
    assert {texts[Path(span.path).stem][span.start : span.end] for span in spans} == {"t"}


# --- rename -------------------------------------------------------------------------------------


def rename(views: Sequence[View], view: View, offset: int, new: str) -> dict[str, str] | str:
    """The texts after a rename, or why it was refused."""

    def after(edits: Sequence[Edit]) -> list[View]:
        documents = Documents()
        for each in views:
            for path, read in each.reads.items():
                documents = documents.opened(path, getattr(read, "text", ""))
        for path, some in by_file(edits).items():
            documents = documents.opened(Path(path), edited(documents.texts[path], some))
        return [Desk().view(documents, each.path) for each in views]

    found = renamed(views, view, name_at(view, offset), new, after)
    if isinstance(found, Refusal):
        return found.reason
    texts = {str(path): getattr(read, "text", "") for each in views for path, read in each.reads.items()}
    return {path: edited(text, by_file(found).get(path, [])) for path, text in texts.items()}


def alone(part: str, new: str, text: str = SMALL) -> str:
    """The text after a rename in a single file, or why it was refused."""
    view, offset = inside(part, text)
    found = rename([view], view, offset, new)
    return found if isinstance(found, str) else found[str(HERE)]


@pytest.mark.parametrize(
    ("part", "new", "count"),
    [
        ("teacher |t {", "solver", 2),
        ("cot|, pot", "prose", 5),
        ("param |paths", "thoughts_each", 2),
        ("tests = [|a", "problems", 3),
        ("mix n|", "only_cot", 2),
    ],
)
def test_every_mention_is_renamed_and_the_spec_stays_whole(part: str, new: str, count: int) -> None:
    text = alone(part, new)
    assert text.count(new) - SMALL.count(new) >= count
    assert not view_of(text).diagnostics


def test_renaming_back_gives_the_same_text() -> None:
    assert alone("thought |prose", "cot", alone("thought |cot", "prose")) == SMALL


@pytest.mark.parametrize(
    ("part", "new", "reason"),
    [
        ("mix |m {", "n", "`n` cannot be used: there are two mixs `n`"),
        ("mix |m {", "vary", "`vary` is a reserved word"),
        ("mix |m {", "as", "`as` is a reserved word"),
        ("mix |m {", "a-b", "`a-b` is no name"),
        ("mix |m {", "1m", "`1m` is no name"),
        ("mix |m {", "", "`` is no name"),
        ("mix |m {", "x" * 41, "at most 40 characters"),
        ("mo|del", "x", "there is no name to change here"),
        ("mix |m {", "N", "`N` cannot be used"),
    ],
)
def test_what_cannot_be_is_refused(part: str, new: str, reason: str) -> None:
    assert reason in alone(part, new)


def test_a_name_that_would_mean_something_else_is_refused() -> None:
    text = 'param kind: str = "python"\nthought x { answer = kind }\n'
    assert "`text` would mean something else" in alone("param |kind", "text", text)


def test_a_spec_with_other_mistakes_is_renamed_all_the_same() -> None:
    text = alone(
        "teacher |t {", "solver", SMALL.replace("epochs", "epochs") + "mix broken { problems = nowhere.train }\n"
    )
    assert text.count("solver") == 2


def test_rename_over_files_and_aliases(tmp_path: Path) -> None:
    files = folder(
        tmp_path,
        common=SMALL,
        main='import "common.mtd" as c\nmix mine = c.m { teacher = c.t   problems = c.a.train }\n',
    )
    views = [Desk().view(Documents(), path) for path in files.values()]
    main = files["main"].read_text()
    done = rename(views, views[1], main.index("c.t") + 2, "solver")
    assert isinstance(done, dict)
    assert done[str(files["main"])] == main.replace("c.t ", "c.solver ")
    assert "teacher solver {" in done[str(files["common"])]
    done = rename(views, views[1], main.index("c.a.train"), "base")
    assert isinstance(done, dict)
    assert done[str(files["main"])] == main.replace("as c", "as base").replace("c.", "base.")[: len(main) + 12].replace(
        "base.mtd", "c.mtd"
    )
    assert done[str(files["common"])] == SMALL
