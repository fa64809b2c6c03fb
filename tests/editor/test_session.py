"""A whole session as an editor has it: the server is a process of its own, and messages travel over its stdin."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from marked import SMALL
from pygls.exceptions import JsonRpcException
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient

MTD = [sys.executable, "-c", "from distill_dsl.cli import main; main()", "lsp"]

MAIN = 'import "common.mtd" as c\nmix mine = c.m { teacher = c.t }   # \N{GRINNING FACE}\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "common.mtd").write_text(SMALL, encoding="utf-8")
    (tmp_path / "main.mtd").write_text(MAIN, encoding="utf-8")
    return tmp_path


class Client(LanguageClient):
    """An editor that remembers, in order, what it was told of documents."""

    def __init__(self) -> None:
        super().__init__(converter_factory=default_converter)
        self.heard: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def hear(params: lsp.PublishDiagnosticsParams) -> None:
            self.heard.put_nowait(params)


@pytest_lsp.fixture(config=ClientServerConfig(server_command=MTD, client_factory=Client))
async def client(lsp_client: Client, project: Path) -> AsyncIterator[None]:
    completion = lsp.CompletionClientCapabilities(completion_item=lsp.ClientCompletionItemOptions(snippet_support=True))
    abilities = lsp.ClientCapabilities(text_document=lsp.TextDocumentClientCapabilities(completion=completion))
    folder = lsp.WorkspaceFolder(project.as_uri(), "project")
    await lsp_client.initialize_session(
        lsp.InitializeParams(capabilities=abilities, root_uri=project.as_uri(), workspace_folders=[folder])
    )
    yield
    await lsp_client.shutdown_session()


def named(path: Path) -> lsp.TextDocumentIdentifier:
    return lsp.TextDocumentIdentifier(path.as_uri())


def place(text: str, part: str) -> lsp.Position:
    """The place of a part in a text, in units of 16 bits."""
    before = text[: text.index(part)]
    line = before.rpartition("\n")[2]
    return lsp.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


async def opened(client: Client, path: Path, text: str | None = None) -> list[lsp.Diagnostic]:
    """Open a document; what is wrong with it."""
    text = path.read_text(encoding="utf-8") if text is None else text
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(path.as_uri(), "mtd", 1, text)))
    return await told(client, path, 1)


async def changed(client: Client, path: Path, text: str, version: int) -> list[lsp.Diagnostic]:
    """Change a document; what is wrong with it now."""
    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(
            lsp.VersionedTextDocumentIdentifier(version, path.as_uri()),
            [lsp.TextDocumentContentChangeWholeDocument(text)],
        )
    )
    return await told(client, path, version)


async def told(client: Client, path: Path, version: int | None) -> list[lsp.Diagnostic]:
    """Wait until the server has spoken of a version of a document."""
    while True:
        params = await asyncio.wait_for(client.heard.get(), 60)
        if params.uri == path.as_uri() and params.version == version:
            return list(params.diagnostics)


def with_changes(text: str, edits: Any) -> str:
    """A text with the protocol's edits made."""
    lines = text.splitlines(keepends=True)

    def offset(at: lsp.Position) -> int:
        units = lines[at.line].encode("utf-16-le")[: at.character * 2] if at.line < len(lines) else b""
        return sum(map(len, lines[: at.line])) + len(units.decode("utf-16-le"))

    for edit in sorted(edits, key=lambda each: (each.range.start.line, each.range.start.character), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


@pytest.mark.asyncio
async def test_a_mistake_is_told_and_fixed(client: Client, project: Path) -> None:
    path = project / "common.mtd"
    assert not [each for each in await opened(client, path) if each.severity is lsp.DiagnosticSeverity.Error]
    wrong = SMALL.replace("answer = python", "answer = pythn")
    (mistake,) = await changed(client, path, wrong, 2)
    assert mistake.code == "MTD040" and mistake.source == "mtd" and "did you mean `python`?" in mistake.message
    assert mistake.range == lsp.Range(place(wrong, "pythn"), place(wrong, " }\nmix m"))
    actions = await client.text_document_code_action_async(
        lsp.CodeActionParams(named(path), mistake.range, lsp.CodeActionContext([mistake]))
    )
    assert actions and isinstance(actions[0], lsp.CodeAction)
    assert actions[0].title == "Change to `python`" and actions[0].edit and actions[0].edit.changes
    fixed = with_changes(wrong, actions[0].edit.changes[path.as_uri()])
    assert fixed == SMALL
    assert not [each for each in await changed(client, path, fixed, 3) if each.code == "MTD040"]


@pytest.mark.asyncio
async def test_places_behind_astral_characters(client: Client, project: Path) -> None:
    text = 'thought x {\n\tanswer = text   cue = "\N{GRINNING FACE}\N{GRINNING FACE}"   steps = rigt\n}\n'
    found = [each for each in await opened(client, project / "new.mtd", text) if each.code == "MTD040"]
    assert [each.range.start for each in found] == [place(text, "rigt")]
    told_of = await client.text_document_hover_async(lsp.HoverParams(named(project / "new.mtd"), place(text, "steps")))
    assert told_of and isinstance(told_of.contents, lsp.MarkupContent) and "wrong calculation" in told_of.contents.value
    assert told_of.range == lsp.Range(place(text, "steps"), place(text, " = rigt"))


@pytest.mark.asyncio
async def test_an_import_that_changes_is_seen_at_once(client: Client, project: Path) -> None:
    main, common = project / "main.mtd", project / "common.mtd"
    assert [each.code for each in await opened(client, main)] == ["MTD070"]  # `mine` is in no experiment
    await opened(client, common)
    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(
            lsp.VersionedTextDocumentIdentifier(2, common.as_uri()),
            [lsp.TextDocumentContentChangeWholeDocument(SMALL.replace("mix m ", "mix other "))],
        )
    )
    while len(found := await told(client, main, 1)) == 1 and found[0].code == "MTD070":
        pass
    assert "there is no mix `m`" in found[0].message
    client.text_document_did_close(lsp.DidCloseTextDocumentParams(named(common)))
    while [each.code for each in await told(client, main, 1)] != ["MTD070"]:
        pass


@pytest.mark.asyncio
async def test_closing_clears(client: Client, project: Path) -> None:
    path = project / "common.mtd"
    assert await opened(client, path, "mix {")
    client.text_document_did_close(lsp.DidCloseTextDocumentParams(named(path)))
    assert await told(client, path, None) == []


@pytest.mark.asyncio
async def test_completion_with_places_to_fill_in(client: Client, project: Path) -> None:
    path, text = project / "main.mtd", MAIN + "mix x {\n  teacher = c."
    await opened(client, path, text)
    found = await client.text_document_completion_async(
        lsp.CompletionParams(named(path), lsp.Position(3, len("  teacher = c.")))
    )
    assert isinstance(found, lsp.CompletionList)
    assert [item.label for item in found.items] == ["t", "paths", "rate"]
    text = MAIN + "mix x {\n  "
    await changed(client, path, text, 2)
    found = await client.text_document_completion_async(lsp.CompletionParams(named(path), lsp.Position(3, 2)))
    assert isinstance(found, lsp.CompletionList)
    first = found.items[0]
    assert first.label == "problems" and first.insert_text_format is lsp.InsertTextFormat.Snippet
    assert first.text_edit and first.text_edit.new_text == "problems = $1"


@pytest.mark.asyncio
async def test_rename_over_two_files(client: Client, project: Path) -> None:
    main, common = project / "main.mtd", project / "common.mtd"
    await opened(client, main)
    at = place(MAIN, "t }")
    asked = await client.text_document_prepare_rename_async(lsp.PrepareRenameParams(named(main), at))
    assert isinstance(asked, lsp.PrepareRenamePlaceholder) and asked.placeholder == "t"
    done = await client.text_document_rename_async(lsp.RenameParams(named(main), at, "solver"))
    assert done and done.changes
    assert with_changes(MAIN, done.changes[main.as_uri()]) == MAIN.replace("c.t ", "c.solver ")
    text = with_changes(SMALL, done.changes[common.as_uri()])
    assert text == re.sub(r"teacher( =)? t ", r"teacher\1 solver ", SMALL)
    with pytest.raises(JsonRpcException, match="reserved word"):
        await client.text_document_rename_async(lsp.RenameParams(named(main), at, "vary"))


@pytest.mark.asyncio
async def test_definition_references_and_symbols(client: Client, project: Path) -> None:
    main, common = project / "main.mtd", project / "common.mtd"
    await opened(client, main)
    where = await client.text_document_definition_async(lsp.DefinitionParams(named(main), place(MAIN, "m {")))
    assert isinstance(where, lsp.Location) and where.uri == common.as_uri()
    assert where.range.start == place(SMALL, "m { problems")
    found = await client.text_document_references_async(
        lsp.ReferenceParams(lsp.ReferenceContext(True), named(main), place(MAIN, "m {"))
    )
    assert found and [each.uri for each in found] == [common.as_uri()] * 3 + [main.as_uri()]
    symbols = await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(named(main)))
    assert symbols and [each.name for each in symbols] == ["c", "mine"]
    everywhere = await client.workspace_symbol_async(lsp.WorkspaceSymbolParams("po"))
    assert everywhere and [each.name for each in everywhere] == ["pot"]


@pytest.mark.asyncio
async def test_layout_folding_and_colours(client: Client, project: Path) -> None:
    path, text = project / "new.mtd", "thought   x {\n\n answer=text\n}\n"
    await opened(client, path, text)
    edits = await client.text_document_formatting_async(
        lsp.DocumentFormattingParams(named(path), lsp.FormattingOptions(2, True))
    )
    assert with_changes(text, edits) == "thought x {\n  answer = text\n}\n"
    folds = await client.text_document_folding_range_async(lsp.FoldingRangeParams(named(path)))
    assert folds and [(each.start_line, each.end_line) for each in folds] == [(0, 2)]
    colours = await client.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(named(path)))
    assert colours and list(colours.data[:5]) == [0, 0, 7, 0, 0] and len(colours.data) == 4 * 5
    await changed(client, path, "thought x {", 2)
    edits = await client.text_document_formatting_async(
        lsp.DocumentFormattingParams(named(path), lsp.FormattingOptions(2, True))
    )
    assert edits is None


@pytest.mark.asyncio
async def test_documents_that_nobody_opened(client: Client, project: Path) -> None:
    for path in (project / "common.mtd", project / "nowhere.mtd"):
        await client.text_document_hover_async(lsp.HoverParams(named(path), lsp.Position(3, 3)))
        await client.text_document_completion_async(lsp.CompletionParams(named(path), lsp.Position(99, 99)))
    stray = lsp.TextDocumentIdentifier("untitled:Untitled-1")
    assert await client.text_document_hover_async(lsp.HoverParams(stray, lsp.Position(0, 0))) is None
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(stray.uri, "mtd", 1, "mix {")))
    params = await asyncio.wait_for(client.heard.get(), 60)
    assert params.uri == stray.uri and params.diagnostics


@pytest.mark.asyncio
async def test_texts_that_change_faster_than_they_are_checked(client: Client, project: Path) -> None:
    path = project / "common.mtd"
    await opened(client, path)
    for version in range(2, 60):
        client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(version, path.as_uri()),
                [lsp.TextDocumentContentChangeWholeDocument(SMALL * 3 + f"thought v{version} {{ }}\n")],
            )
        )
    found = await told(client, path, 59)
    assert any("this thought needs `answer`" in each.message for each in found)


# --- how it ends --------------------------------------------------------------------------------


def message(method: str, number: int | None = None, params: str = "{}") -> bytes:
    head = f'"id":{number},' if number is not None else ""
    body = f'{{"jsonrpc":"2.0",{head}"method":"{method}","params":{params}}}'.encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


SESSION = message("initialize", 1, '{"capabilities":{}}') + message("initialized")


def test_a_session_that_is_ended_well() -> None:
    done = subprocess.run(
        MTD, input=SESSION + message("shutdown", 2) + message("exit"), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.startswith(b"Content-Length: ")


def test_an_editor_that_goes_away_takes_the_server_with_it() -> None:
    done = subprocess.run(MTD, input=SESSION, capture_output=True, timeout=60, check=False)
    assert b"Traceback" not in done.stderr


def test_a_session_over_a_port() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([*MTD, "--tcp", str(port)], stderr=subprocess.PIPE) as server:
        for _ in range(600):
            try:
                link = socket.create_connection(("127.0.0.1", port), timeout=60)
                break
            except ConnectionRefusedError:
                assert server.poll() is None
                subprocess.run([sys.executable, "-c", "import time; time.sleep(0.05)"], check=True)
        with link:
            link.sendall(SESSION)
            assert link.recv(16) == b"Content-Length: "
            link.sendall(message("shutdown", 2) + message("exit"))
        assert server.wait(60) == 0
