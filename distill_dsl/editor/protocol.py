"""The answers of this package in the words of the protocol: its ranges, items and edits.

Knows the protocol's types, but nothing of how messages travel; see `server`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lsprotocol import types as lsp

from distill_dsl.compiler.diagnostics import Code, Diagnostic, Edit, Severity, edited
from distill_dsl.compiler.language.format import formatted
from distill_dsl.compiler.model.scope import Mention
from distill_dsl.compiler.source import Source, Span
from distill_dsl.editor import completion, fixes, hover, names, outline, snippets
from distill_dsl.editor.choices import Choice
from distill_dsl.editor.documents import Desk, Documents, View, real, reported, specs_in
from distill_dsl.editor.places import Places

TAGS: Final = {
    code.number: [lsp.DiagnosticTag.Unnecessary] for code in (Code.UNUSED, Code.IDLE_SETTING, Code.IDLE_VARY)
}
"""Codes of what may as well be left out: editors show it faded."""

SEVERITIES: Final = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
}

SYMBOLS: Final = {"param": lsp.SymbolKind.Variable, "import": lsp.SymbolKind.Module}
"""Kinds of names that are no blocks."""

LEGEND: Final = lsp.SemanticTokensLegend(list(outline.SORTS), ["definition"])


@dataclass(frozen=True)
class Abilities:
    """What the editor can show: places to fill in, and Markdown."""

    stops: bool = False
    rich_items: bool = False
    rich_hovers: bool = False


@dataclass
class Look:
    """The open documents at one moment, for one answer."""

    desk: Desk
    documents: Documents
    encoding: str = "utf-16"
    abilities: Abilities = Abilities()
    folders: tuple[Path, ...] = ()
    uris: Mapping[str, str] = field(default_factory=dict)
    """Real path -> the name by which the editor knows the file."""
    _places: dict[str, Places] = field(default_factory=dict)

    def view(self, path: Path) -> View:
        return self.desk.view(self.documents, path)

    def views(self) -> list[View]:
        """The open specs."""
        return [self.view(path) for path in self.documents.paths]

    def programs(self) -> list[View]:
        """The open specs, and all others of the workspace: they may share names."""
        opened = self.views()
        known = {real(view.path) for view in opened}
        return [*opened, *(self.view(path) for path in specs_in(self.folders) if real(path) not in known)]

    def places(self, path: str) -> Places:
        file = real(Path(path))
        if file not in self._places:
            source = self.desk.text(self.documents, Path(path))
            self._places[file] = Places(source.text if isinstance(source, Source) else "", self.encoding)
        return self._places[file]

    def uri(self, path: str) -> str:
        file = real(Path(path))
        return self.uris.get(file) or Path(file).as_uri()

    def range(self, span: Span) -> lsp.Range:
        places = self.places(span.path)
        return lsp.Range(lsp.Position(*places.place(span.start)), lsp.Position(*places.place(span.end)))

    def location(self, span: Span) -> lsp.Location:
        return lsp.Location(self.uri(span.path), self.range(span))

    def offset(self, view: View, position: lsp.Position) -> int:
        return self.places(view.path.as_posix()).offset(position.line, position.character)

    def edit(self, edit: Edit) -> lsp.TextEdit:
        return lsp.TextEdit(self.range(edit.span), edit.text)

    def workspace_edit(self, edits: Sequence[Edit]) -> lsp.WorkspaceEdit:
        by_file = names.by_file(edits).items()
        return lsp.WorkspaceEdit(changes={self.uri(path): [self.edit(each) for each in some] for path, some in by_file})

    def diagnostic(self, found: Diagnostic) -> lsp.Diagnostic:
        assert found.span is not None
        labels = [lsp.DiagnosticRelatedInformation(self.location(span), text) for span, text in found.labels]
        message = "\n".join([found.summary, *([f"help: {found.help}"] if found.help else []), *found.notes])
        return lsp.Diagnostic(
            range=self.range(found.span),
            message=message,
            severity=SEVERITIES[found.severity],
            code=found.code,
            source="mtd",
            tags=TAGS.get(found.code),
            related_information=labels or None,
        )


def checked(look: Look) -> dict[str, list[lsp.Diagnostic]]:
    """What is wrong with the open specs and what they import, by the editor's names of the files."""
    found = reported(look.views())
    return {look.uri(path): [look.diagnostic(each) for each in some] for path, some in found.items()}


# --- answers: each in the thread of the compiler --------------------------------------------------


def complete(look: Look, view: View, position: lsp.Position, after_blank: bool = False) -> lsp.CompletionList:
    """What may be written at a place. A blank alone asks only where a value is due: it also parts keys and names."""
    offset = look.offset(view, position)
    found = [] if after_blank and not completion.is_due(view, offset) else completion.completions(view, offset)
    return lsp.CompletionList(False, [_item(look, each, number) for number, each in enumerate(found)])


def _item(look: Look, choice: Choice, number: int) -> lsp.CompletionItem:
    stops = choice.snippet and look.abilities.stops
    text = snippets.flat(choice.text) if choice.snippet and not stops else choice.text
    about = choice.documentation
    return lsp.CompletionItem(
        label=choice.label,
        kind=lsp.CompletionItemKind[choice.sort.title().replace("_", "")],
        detail=choice.detail or None,
        documentation=(_markup(about, True) if look.abilities.rich_items else about) if about else None,
        sort_text=f"{number:04}",
        insert_text_format=lsp.InsertTextFormat.Snippet if stops else lsp.InsertTextFormat.PlainText,
        text_edit=lsp.TextEdit(look.range(choice.span), text),
    )


def _markup(text: str, rich: bool) -> lsp.MarkupContent:
    return lsp.MarkupContent(lsp.MarkupKind.Markdown if rich else lsp.MarkupKind.PlainText, text)


def explain(look: Look, view: View, position: lsp.Position) -> lsp.Hover | None:
    """What stands at a place."""
    found = hover.hover(view, look.offset(view, position))
    if found is None:
        return None
    return lsp.Hover(_markup(found.text, look.abilities.rich_hovers), look.range(found.span))


def sign(look: Look, view: View, position: lsp.Position) -> lsp.SignatureHelp | None:
    """The call that is being written at a place."""
    found = hover.signature(view, look.offset(view, position))
    if found is None:
        return None
    parts = [lsp.ParameterInformation(label, documentation=about) for label, about in found.parts]
    about = lsp.SignatureInformation(found.label, found.documentation, parts, found.active)
    return lsp.SignatureHelp([about], 0, found.active)


def define(look: Look, view: View, position: lsp.Position) -> lsp.Location | None:
    """Where the name at a place is defined, seen from the spec itself or else from one that imports it."""
    offset = look.offset(view, position)
    for one in _seen_by(look, view):
        span = names.definition(one, offset, view.path)
        if span is not None:
            return look.location(span)
    return None


def _seen_by(look: Look, view: View) -> Iterator[View]:
    """The view of a file, and those of the open specs that import it, which may define names for it."""
    yield view
    yield from (other for other in look.views() if other is not view and real(view.path) in other.files)


def _named(look: Look, view: View, position: lsp.Position) -> tuple[View, Mention | None]:
    """The name at a place, and the view that knows it."""
    offset = look.offset(view, position)
    found = ((one, names.name_at(one, offset, view.path)) for one in _seen_by(look, view))
    return next(((one, mention) for one, mention in found if mention is not None), (view, None))


def refer(look: Look, view: View, position: lsp.Position, declared: bool) -> list[lsp.Location] | None:
    """Every place of the workspace that names what stands at a place."""
    one, mention = _named(look, view, position)
    if mention is None:
        return None
    target = names.defined(one, mention)
    spans = names.references(look.programs(), target)
    return [look.location(span) for span in spans if declared or (span.path, span.start) != (target.file, target.start)]


def highlight(look: Look, view: View, position: lsp.Position) -> list[lsp.DocumentHighlight]:
    """The places of the file that name what stands at a place."""
    spans = names.highlights(view, look.offset(view, position))
    return [lsp.DocumentHighlight(look.range(span)) for span in spans]


def prepare_rename(look: Look, view: View, position: lsp.Position) -> lsp.PrepareRenamePlaceholder | None:
    """The name at a place, if there is one."""
    _, mention = _named(look, view, position)
    if mention is None:
        return None
    text = view.source.text[mention.span.start : mention.span.end]
    return lsp.PrepareRenamePlaceholder(look.range(mention.span), text)


def rename(look: Look, view: View, position: lsp.Position, new: str) -> lsp.WorkspaceEdit | names.Refusal:
    """The edits that rename what stands at a place, in all specs of the workspace."""
    views = look.programs()

    def changed(edits: Sequence[Edit]) -> list[View]:
        documents, desk = look.documents, Desk()
        for path, some in names.by_file(edits).items():
            text = edited(look.places(path).text, some)
            documents = documents.opened(Path(path), text)
        return [desk.view(documents, each.path) for each in views]

    found = names.renamed(views, *_named(look, view, position), new, changed)
    if isinstance(found, names.Refusal):
        return found
    return look.workspace_edit(found)


def outlined(look: Look, view: View) -> list[lsp.DocumentSymbol]:
    """What the file defines."""
    return [
        lsp.DocumentSymbol(
            name=each.name,
            kind=SYMBOLS.get(each.kind, lsp.SymbolKind.Class),
            range=look.range(each.span),
            selection_range=look.range(each.name_span),
            detail=each.detail,
        )
        for each in outline.symbols(view)
    ]


def searched(look: Look, query: str) -> list[lsp.WorkspaceSymbol]:
    """What the specs of the workspace define under names that hold the query."""
    found = [(view, each) for view in look.programs() for each in outline.symbols(view)]
    return [
        lsp.WorkspaceSymbol(look.location(each.name_span), each.name, SYMBOLS.get(each.kind, lsp.SymbolKind.Class))
        for view, each in found
        if each.kind != "import" and query.lower() in each.name.lower()
    ]


def folded(look: Look, view: View) -> list[lsp.FoldingRange]:
    """What spans lines and can be folded; of brackets, the closing one stays in sight."""
    found = []
    for each in outline.folds(view):
        place = look.range(each.span)
        last = place.end.line - (each.sort == "region")
        if last > place.start.line:
            found.append(lsp.FoldingRange(place.start.line, last, kind=lsp.FoldingRangeKind(each.sort)))
    return found


def laid_out(look: Look, view: View) -> list[lsp.TextEdit] | None:
    """The edits that give the file its one layout; none while it has mistakes of syntax."""
    text, _ = formatted(view.source)
    if text is None:
        return None
    return [look.edit(each) for each in fixes.changes(view.source.path, view.source.text, text)]


def act(look: Look, view: View, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """The fixes for what is wrong in a range; and for all that leaves no doubt, when asked on saving."""
    found = reported(look.views()).get(real(view.path), [])
    start, end = look.offset(view, params.range.start), look.offset(view, params.range.end)
    only = params.context.only
    actions = [_action(look, each, lsp.CodeActionKind.QuickFix) for each in fixes.fixes(found, start, end)]
    whole = fixes.fix_all(found, sure=True)
    if whole is not None and only is not None:
        actions.append(_action(look, whole, lsp.CodeActionKind.SourceFixAll))
    return [each for each in actions if only is None or any(_within(each.kind, kind) for kind in only)]


def _action(look: Look, fix: fixes.Fix, kind: lsp.CodeActionKind) -> lsp.CodeAction:
    answers = [look.diagnostic(each) for each in fix.answers]
    edit = look.workspace_edit(fix.edits)
    return lsp.CodeAction(fix.title, kind, answers, edit=edit, is_preferred=len(fix.edits) == 1)


def _within(kind: str | None, outer: str) -> bool:
    return kind is not None and (outer == "" or kind == outer or kind.startswith(f"{outer}."))


def coloured(look: Look, view: View) -> lsp.SemanticTokens:
    """What each word is, as the protocol packs it: each place is told from the one before."""
    data: list[int] = []
    place = look.places(view.path.as_posix()).place
    line = column = 0
    for each in outline.painted(view):
        (start_line, start), (_, end) = place(each.span.start), place(each.span.end)
        down = start_line - line
        data += [down, start - (0 if down else column), end - start]
        data += [outline.SORTS.index(each.sort), int(each.defines)]
        line, column = start_line, start
    return lsp.SemanticTokens(data)
