"""Slips of quotes, comments, paths and whole lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, error
from distill_dsl.compiler.language.slips import ENDINGS, Slip, Taken, Text, expects_value, fused, run
from distill_dsl.compiler.language.tokens import Kind, Token, touch

FARTHEST: Final = 20_000
"""Characters that are searched for the end of what another language would let run over lines."""


def quoted(text: str) -> str:
    """Some characters as a text of the language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


# --- quotes -------------------------------------------------------------------------------------

STRAIGHT: Final = "a text stands in straight double quotes"


def _other_quotes(text: Text, at: int, token: Token) -> Taken:
    """`'t5'` and `“t5”`; `'Let's go'` ends at the last quote of its line."""
    end, count = token.span.end, 1
    if token.text[0] == "'" and touch(token, text.near(at + 1)):
        last = text.source.text.rfind("'", token.span.end, text.line_end(token.span.end)) + 1
        if last:
            end, count = last, text.swallow(at, last)
    whole = text.written(token.span.start, end)
    return _requoted(text, token, whole, count)


def _requoted(text: Text, token: Token, whole: str, count: int) -> Taken:
    meant = quoted(whole[1:-1])
    span = text.span(token.span.start, token.span.start + len(whole))
    text.report(error(Code.QUOTES, STRAIGHT, span, Advice(f"write `{meant}`", meant, sure=True)))
    text.quiet = True
    return Taken(count, [Token(Kind.STRING, meant, span, token.starts_line)])


def _pairs(text: Text, at: int, token: Token) -> Taken | None:
    """Quotes that the grammar does not know as such: backticks, and single ones as printers set them."""
    closing = {"`": "`", "‘": "’", "‚": "‘", "’": "’", "‹": "›"}.get(token.text)
    if closing is None:
        return None
    end = text.source.text.find(closing, token.span.end, text.line_end(token.span.end))
    if end < 0:
        return None
    return _requoted(text, token, text.written(token.span.start, end + 1), text.swallow(at, end + 1))


def _three_quotes(text: Text, at: int, token: Token) -> Taken | None:
    """A text between three quotes on each side, on one line or on several."""
    start = token.span.start
    if token.text != '""' or text.written(start, start + 3) != '"""':
        return None
    end = text.source.text.find('"""', start + 3, start + FARTHEST)
    if end < 0:
        return None
    meant = quoted(text.written(start + 3, end))
    help = Advice(f"write `{meant}`" if len(meant) < 60 else "write `\\n` where a line ends", meant, sure=True)
    span = text.span(start, end + 3)
    text.report(error(Code.QUOTES, 'a text starts and ends with one `"`, in one line', span, help))
    return Taken(text.swallow(at, end + 3), [Token(Kind.STRING, meant, span, token.starts_line)])


def _quotes_within(text: Text, at: int, token: Token) -> Taken | None:
    """`"Say "hello" first."`: three pieces that touch each other."""
    count = run(text, at, frozenset({Kind.STRING, Kind.WORD, Kind.DASHED, Kind.NUMBER}), "!?.'")
    while count > 1 and text.tokens[at + count - 1].kind is not Kind.STRING:
        count -= 1
    if count < 3:
        return None
    last = text.tokens[at + count - 1]
    whole = text.written(token.span.start, last.span.end)
    meant = quoted(whole[1:-1].replace('\\"', '"'))
    span = text.span(token.span.start, last.span.end)
    help = Advice('write `\\"` for a quote within a text', meant)
    text.report(error(Code.QUOTES, "this text ends at its second quote", span, help))
    return Taken(count, [fused(token, last, Kind.STRING, meant)])


def _open_text(text: Text, at: int, token: Token) -> Taken:
    """A text without an end in its line; one that goes on in the next lines ends where a quote is followed by `}`."""
    end = _end_below(text, token)
    single = _SINGLE_END.match(token.text)
    if end is None and single is not None:
        return _mixed(text, at, token, token.span.start + single.end())
    if end is None:
        text.quiet = True
        help = 'end it with `"` on the same line'
        text.report(error(Code.QUOTES, "this text is not closed", token.span, help))
        return Taken(1, [replace(token, kind=Kind.STRING, text='""', spoiled=True)])
    meant = quoted(text.written(token.span.start + 1, end - 1))
    span = text.span(token.span.start, end)
    help_ = Advice("write `\\n` where a line ends", meant)
    text.report(error(Code.QUOTES, "a text ends in the line where it starts", span, help_))
    return Taken(text.swallow(at, end), [Token(Kind.STRING, meant, span, token.starts_line)])


_SINGLE_END: Final = re.compile(r"\"[^'\n]*'(?=[\s),\]}]|$)")


def _mixed(text: Text, at: int, token: Token, end: int) -> Taken:
    """`"t5'`."""
    meant = quoted(text.written(token.span.start + 1, end - 1))
    span = text.span(token.span.start, end)
    text.report(error(Code.QUOTES, STRAIGHT, span, Advice(f"write `{meant}`", meant, sure=True)))
    return Taken(text.swallow(at, end), [Token(Kind.STRING, meant, span, token.starts_line)])


def _no_start(text: Text, at: int, token: Token) -> Taken | None:
    """`t5")`."""
    after = text.near(at + 1)
    if after is None or after.kind is not Kind.OPEN_STRING or not touch(token, after) or not expects_value(text):
        return None
    if after.text[1:2] not in ("", ")", ",", "]", " ", "}"):
        return None
    meant = quoted(token.text)
    end = after.span.start + 1
    span = text.span(token.span.start, end)
    text.report(
        error(Code.QUOTES, "this text has no quote at its start", span, Advice(f"write `{meant}`", meant, True))
    )
    return Taken(text.swallow(at, end), [Token(Kind.STRING, meant, span, token.starts_line)])


_END_BELOW: Final = re.compile(r'[^"={}#]*"(?=[ \t]*[)\]},]*[ \t]*(?:#[^\n]*)?(?:\n|$))')


def _end_below(text: Text, token: Token) -> int | None:
    start = text.line_end(token.span.end)
    if start - token.span.end > 0 or '"' in token.text[1:]:
        return None
    match = _END_BELOW.match(text.source.text, start, start + 2_000)
    return match.end() if match else None


def _prefix(text: Text, at: int, token: Token) -> Taken | None:
    """`f"..."` and `r"..."`."""
    after = text.near(at + 1)
    if len(token.text) > 2 or token.text.lower().strip("rfbu") or after is None or after.kind is not Kind.STRING:
        return None
    if not touch(token, after):
        return None
    help = Advice("leave it out: a text is taken as it stands", "", sure=True)
    text.report(error(Code.QUOTES, f"no letter stands before a text: `{token.text}`", token.span, help))
    return Taken(1)


def _heredoc(text: Text, at: int, token: Token) -> Taken | None:
    """`<<EOT`, lines, `EOT`."""
    if token.text != "<":
        return None
    start = token.span.start
    head = _HEREDOC.match(text.source.text, start, start + 80)
    end = head and re.compile(rf"\n[ \t]*{head[1]}(?=\s|$)").search(text.source.text, head.end(), start + FARTHEST)
    if head is None or end is None:
        return None
    meant = quoted(text.written(head.end() + 1, end.start()))
    help = Advice("write it in one line, with `\\n` where a line ends", meant, sure=True)
    span = text.span(start, end.end())
    text.report(error(Code.QUOTES, 'a text stands between `"` and `"`', span, help))
    return Taken(text.swallow(at, end.end()), [Token(Kind.STRING, meant, span, token.starts_line)])


_HEREDOC: Final = re.compile(r"<<[-~]?[\"']?([A-Za-z_]+)[\"']?(?=\n)")


# --- comments -----------------------------------------------------------------------------------

HASH: Final = "a comment starts with `#`"


def _slashes(text: Text, at: int, token: Token) -> Taken:
    text.report(error(Code.STRAY_CHARACTER, HASH, token.span, _hash("//", text, token)))
    return Taken(1)


def _hash(sign: str, text: Text, token: Token) -> Advice:
    start = token.span.start
    return Advice(f"write `#` for `{sign}`", "#", sure=True, span=text.span(start, start + len(sign)))


def _line_comment(text: Text, at: int, token: Token) -> Taken | None:
    """`-- comment`; `; comment` and `% comment` where they start a line."""
    start = token.span.start
    sign = "--" if text.written(start, start + 2) == "--" else token.text
    if sign != "--" and not (token.text in ";%" and token.starts_line and text.written(start + 1, start + 2) != "{"):
        return None
    if text.written(start, start + 4).strip() == "---":
        help = Advice("leave it out", "", sure=True, span=text.span(start, start + 3))
        span = text.span(start, start + 3)
        text.report(error(Code.STRAY_CHARACTER, "`---` starts a document in YAML, not here", span, help))
        return Taken(text.swallow(at, start + 3))
    end = text.line_end(start)
    if sign == ";" and text.written(start, end).rstrip().endswith("{") and not _COMMENTED.match(text.source.text, end):
        return None  # a word of a head that was mistyped
    text.report(error(Code.STRAY_CHARACTER, HASH, text.span(start, end), _hash(sign, text, token)))
    return Taken(text.swallow(at, end))


_COMMENTED: Final = re.compile(r"\s*;")


def _block_comment(text: Text, at: int, token: Token) -> Taken | None:
    """`/* ... */` and `<!-- ... -->`."""
    start = token.span.start
    for opening, closing in (("/*", "*/"), ("<!--", "-->")):
        if text.written(start, start + len(opening)) == opening:
            found = text.source.text.find(closing, start + len(opening), start + FARTHEST)
            end = text.line_end(start) if found < 0 else found + len(closing)
            alone = end >= len(text.written(0, text.line_end(start)).rstrip())
            help = _hash(opening, text, token) if alone and end <= text.line_end(start) else None
            text.report(error(Code.STRAY_CHARACTER, HASH, text.span(start, end), help or "write `#` in each line"))
            return Taken(text.swallow(at, end))
    return None


def _conflict(text: Text, at: int, token: Token) -> Taken | None:
    """The marks that version control leaves where it cannot join two edits."""
    start = token.span.start
    mark = text.written(start, start + 7)
    if not token.starts_line or mark != token.text[0] * 7 or mark[0] not in "<>=|":
        return None
    if mark[0] == "<":
        help = "keep one of the two sides, and leave out the marks"
        span = text.span(start, start + 7)
        text.report(error(Code.STRAY_CHARACTER, "two edits of this file were not joined", span, help))
        text.renamed.add("<<<<<<<")
    elif "<<<<<<<" not in text.renamed:
        return None
    other = text.source.text.find("\n>>>>>>>", start, start + FARTHEST) if mark[0] == "=" else -1
    return Taken(text.swallow(at, text.line_end(other + 1 if other >= 0 else start)))


# --- paths --------------------------------------------------------------------------------------

_IN_PATHS: Final = frozenset({Kind.WORD, Kind.NUMBER, Kind.DASHED})


def _address(text: Text, at: int, token: Token) -> Taken | None:
    """`http://localhost:8000` without quotes: what looks like a comment is the rest of it."""
    slashes = text.near(at + 2)
    if slashes is None or slashes.kind is not Kind.SLASHES or not touch(token, text.near(at + 1)):
        return None
    if text.tokens[at + 1].kind is not Kind.COLON or not touch(text.tokens[at + 1], slashes):
        return None
    match = re.compile(r"[^\s,()\[\]{}\"]+").match(text.source.text, token.span.start)
    assert match is not None
    return _unquoted(text, at, token, match.end())


def _path(text: Text, at: int, token: Token) -> Taken | None:
    """`Salesforce/codet5-small`, `./data/a.jsonl` and `a.jsonl` without quotes."""
    if not expects_value(text) or not text.brackets:
        return None
    takes_text = _takes_text(text)
    count = run(text, at, _IN_PATHS, "/~.@\\-" if takes_text else "/~.@\\")
    last = text.tokens[at + count - 1]
    whole = text.written(token.span.start, last.span.end)
    separated = "/" in whole and any(char.isalpha() for char in whole)
    dashed = takes_text and token.kind is Kind.DASHED
    if not (separated or dashed or (count == 1 and whole.endswith(ENDINGS) and "." in whole)):
        return None
    if separated and text.brackets[-1:] == [Kind.LSQB]:
        return None  # names in a list
    return _unquoted(text, at, token, last.span.end)


_OF_TEXT: Final = ("base", "model", "source", "description")
"""Keys whose value is no name, so that what has a `-` in it is a text without quotes."""


def _takes_text(text: Text) -> bool:
    """Whether a text may stand next: as an argument (of no answer, which names thoughts), or for some keys."""
    key = text.kept[-2].text if len(text.kept) > 1 else ""
    return text.brackets == [Kind.LBRACE, Kind.LPAR] or (text.before() is Kind.EQUAL and key in _OF_TEXT)


def _unquoted(text: Text, at: int, token: Token, end: int) -> Taken:
    meant = quoted(text.written(token.span.start, end))
    span = text.span(token.span.start, end)
    help = Advice(f"write `{meant}`", meant, sure=True)
    path = any(sign in meant for sign in "/:\\") or meant[:-1].endswith(ENDINGS)
    what = "a path or an address" if path else "a text"
    text.report(error(Code.QUOTES, f"{what} stands in double quotes", span, help))
    text.quiet = True
    # A text alone may be wrong in its turn (`base = t5-small`), which shows once this is mended.
    alone = text.before() is Kind.EQUAL and text.brackets[-1:] == [Kind.LBRACE]
    return Taken(text.swallow(at, end), [Token(Kind.STRING, meant, span, token.starts_line, spoiled=alone)])


TEXTS: Final[Mapping[Kind, Sequence[Slip]]] = {
    Kind.QUOTED: (_other_quotes,),
    Kind.STRING: (_three_quotes, _quotes_within),
    Kind.OPEN_STRING: (_open_text,),
    Kind.SLASHES: (_slashes,),
    Kind.WORD: (_prefix, _no_start, _address, _path),
    Kind.DASHED: (_path,),
    Kind.STRAY: (_conflict, _heredoc, _block_comment, _line_comment, _pairs, _path),
    Kind.MORE: (_conflict,),
    Kind.EQUAL: (_conflict,),
}
