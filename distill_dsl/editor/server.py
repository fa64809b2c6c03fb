"""The language server: what an editor asks goes to the functions of this package.

The only module that knows pygls. Two threads: one takes messages and keeps the open texts, the other
asks the compiler. What the second is given is frozen, so that neither waits for the other; texts that
were changed again before their turn came are never checked.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from distill_dsl.editor import protocol
from distill_dsl.editor.documents import Desk, Documents, View, real
from distill_dsl.editor.names import Refusal
from distill_dsl.editor.protocol import Abilities, Look

Found = TypeVar("Found")


@dataclass
class Session:
    """One editor: its open documents, and the thread in which the compiler answers."""

    server: LanguageServer
    documents: Documents = field(default_factory=Documents)
    desk: Desk = field(default_factory=Desk)
    worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "compiler"))
    uris: dict[str, str] = field(default_factory=dict)
    published: dict[str, list[lsp.Diagnostic]] = field(default_factory=dict)
    waiting: bool = False
    stale: bool = False
    """Files may have come or gone since the disk was asked."""
    latest: Look | None = None
    task: asyncio.Future[None] | None = None

    def path(self, uri: str) -> Path:
        """The file that the editor means; a document that is no file stands for itself."""
        path = Path(to_fs_path(uri) or uri)
        self.uris.setdefault(real(path), uri)
        return path

    def look(self) -> Look:
        """What is open now."""
        workspace = self.server.workspace
        places = [folder.uri for folder in workspace.folders.values()] or [workspace.root_uri or ""]
        folders = tuple(Path(place) for uri in places if (place := to_fs_path(uri)))
        encoding = str(getattr(workspace.position_encoding, "value", workspace.position_encoding))
        return Look(self.desk, self.documents, encoding, self.abilities(), folders, dict(self.uris))

    def abilities(self) -> Abilities:
        """What the editor has said that it can show."""
        known = self.server.client_capabilities.text_document
        items = known.completion.completion_item if known and known.completion else None
        hovers = known.hover.content_format if known and known.hover else None
        return Abilities(
            stops=bool(items and items.snippet_support),
            rich_items=bool(items and lsp.MarkupKind.Markdown in (items.documentation_format or ())),
            rich_hovers=lsp.MarkupKind.Markdown in (hovers or ()),
        )

    async def ask(self, uri: str, answer: Callable[[Look, View], Found]) -> Found:
        """What the compiler's thread answers about a document as it is now."""
        look, path = self.look(), self.path(uri)
        return await self.run(lambda: answer(look, look.view(path)))

    async def run(self, work: Callable[[], Found]) -> Found:
        """Work in the compiler's thread, after what was asked before."""
        return await asyncio.get_running_loop().run_in_executor(self.worker, work)

    def changed(self, uri: str) -> None:
        """A document was opened or changed."""
        document = self.server.workspace.get_text_document(uri)
        path = self.path(uri)
        self.uris[real(path)] = uri
        self.documents = self.documents.opened(path, document.source, document.version)
        self.check()

    def closed(self, uri: str) -> None:
        """A document was closed."""
        self.documents = self.documents.closed(self.path(uri))
        self.check()

    def check_all(self) -> None:
        """Have the open specs checked against the files that are there now."""
        self.stale = True
        self.check()

    def check(self) -> None:
        """Have the open specs checked, unless that is about to happen anyway."""
        self.latest = self.look()
        if not self.waiting:
            self.waiting = True
            self.task = asyncio.ensure_future(self._check())
            self.task.add_done_callback(_raised)

    async def _check(self) -> None:
        def work() -> tuple[Look, Mapping[str, list[lsp.Diagnostic]]]:
            self.waiting = False  # from here on, a change is one for the next check
            look = self.latest or self.look()
            self.desk.keep(look.documents.paths)
            if self.stale:
                self.stale = False
                self.desk.look_again()
            return look, protocol.checked(look)

        self.publish(*await self.run(work))

    def publish(self, look: Look, found: Mapping[str, list[lsp.Diagnostic]]) -> None:
        """Tell the editor what is wrong: with each open document, and with others where that has changed."""
        versions = {look.uri(path.as_posix()): version for path, version in look.documents.paths.items()}
        for uri in dict.fromkeys([*found, *self.published]):
            now = found.get(uri, [])
            if uri in versions or now != self.published.get(uri, []):
                params = lsp.PublishDiagnosticsParams(uri, now, versions.get(uri))
                self.server.text_document_publish_diagnostics(params)
        self.published = {uri: some for uri, some in found.items() if some or uri in versions}


def _raised(task: asyncio.Future[None]) -> None:
    """A check that failed is a defect of this program: editors show what is printed here as the server's log."""
    if not task.cancelled() and (error := task.exception()) is not None:
        traceback.print_exception(error)


# --- what is answered -----------------------------------------------------------------------------

Handler = Callable[[Any], Awaitable[Any]]

SPECS: Final = "**/*.mtd"


def made() -> LanguageServer:
    """A server that is not started yet."""
    server = LanguageServer("mtd", version("distill-dsl"), lsp.TextDocumentSyncKind.Full)
    session = Session(server)
    _follow(session)
    for answers in (_about_places(session), _about_documents(session), _about_more(session)):
        for method, (handler, options) in answers.items():
            server.feature(method, options)(handler)
    return server


def serve(port: int | None = None) -> None:
    """Serve one editor, until it ends the session: over stdin and stdout, or over a port of this machine."""
    server = made()
    if port is None:
        server.start_io()
    else:
        server.start_tcp("127.0.0.1", port)


def _follow(session: Session) -> None:
    """Keep the open documents as the editor has them, and hear of changes on disk."""
    feature = session.server.feature

    @feature(lsp.INITIALIZED)
    def ready(params: lsp.InitializedParams) -> None:
        files = session.server.client_capabilities.workspace
        if files and files.did_change_watched_files and files.did_change_watched_files.dynamic_registration:
            watched = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher(SPECS)])
            wish = lsp.Registration("specs", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, watched)
            session.server.client_register_capability(lsp.RegistrationParams([wish]))

    @feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        session.stale = True
        session.changed(params.text_document.uri)

    @feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        session.changed(params.text_document.uri)

    @feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        session.closed(params.text_document.uri)

    @feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        session.check_all()

    @feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def others_changed(params: lsp.DidChangeWatchedFilesParams) -> None:
        session.check_all()


def _about_places(session: Session) -> dict[str, tuple[Handler, Any]]:
    """Requests about a place, each with its handler and what the editor is told of it beforehand."""

    def at(answer: Callable[[Look, View, lsp.Position], Any]) -> Handler:
        async def handler(params: Any) -> Any:
            return await session.ask(params.text_document.uri, lambda look, view: answer(look, view, params.position))

        return handler

    async def complete(params: lsp.CompletionParams) -> lsp.CompletionList:
        uri, position = params.text_document.uri, params.position
        blank = params.context is not None and params.context.trigger_character == " "
        return await session.ask(uri, lambda look, view: protocol.complete(look, view, position, blank))

    return {
        lsp.TEXT_DOCUMENT_COMPLETION: (
            at(protocol.complete),
            lsp.CompletionOptions(trigger_characters=list('."=[(,/')),
        ),
        lsp.TEXT_DOCUMENT_HOVER: (at(protocol.explain), None),
        lsp.TEXT_DOCUMENT_SIGNATURE_HELP: (at(protocol.sign), lsp.SignatureHelpOptions(list("(,"))),
        lsp.TEXT_DOCUMENT_DEFINITION: (at(protocol.define), None),
        lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: (at(protocol.highlight), None),
        lsp.TEXT_DOCUMENT_PREPARE_RENAME: (at(protocol.prepare_rename), None),
    }


def _about_documents(session: Session) -> dict[str, tuple[Handler, Any]]:
    """Requests about a whole document."""

    def of(answer: Callable[[Look, View], Any]) -> Handler:
        async def handler(params: Any) -> Any:
            return await session.ask(params.text_document.uri, answer)

        return handler

    return {
        lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (of(protocol.outlined), None),
        lsp.TEXT_DOCUMENT_FOLDING_RANGE: (of(protocol.folded), None),
        lsp.TEXT_DOCUMENT_FORMATTING: (of(protocol.laid_out), None),
        lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: (of(protocol.coloured), protocol.LEGEND),
    }


def _about_more(session: Session) -> dict[str, tuple[Handler, Any]]:
    """Requests with more to them than a document and a place."""

    async def refer(params: lsp.ReferenceParams) -> Any:
        place, declared = params.position, params.context.include_declaration
        return await session.ask(
            params.text_document.uri, lambda look, view: protocol.refer(look, view, place, declared)
        )

    async def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit:
        found = await session.ask(
            params.text_document.uri, lambda look, view: protocol.rename(look, view, params.position, params.new_name)
        )
        if isinstance(found, Refusal):
            raise JsonRpcException(found.reason, lsp.LSPErrorCodes.RequestFailed)
        return found

    async def act(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        return await session.ask(params.text_document.uri, lambda look, view: protocol.act(look, view, params))

    async def search(params: lsp.WorkspaceSymbolParams) -> list[lsp.WorkspaceSymbol]:
        look = session.look()
        return await session.run(lambda: protocol.searched(look, params.query))

    kinds = [lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.SourceFixAll]
    return {
        lsp.TEXT_DOCUMENT_REFERENCES: (refer, None),
        lsp.TEXT_DOCUMENT_RENAME: (rename, lsp.RenameOptions(prepare_provider=True)),
        lsp.TEXT_DOCUMENT_CODE_ACTION: (act, lsp.CodeActionOptions(kinds)),
        lsp.WORKSPACE_SYMBOL: (search, None),
    }
