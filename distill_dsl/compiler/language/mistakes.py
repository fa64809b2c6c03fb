"""Common mistakes, named: what somebody meant, and how the language writes it.

`repaired` looks at single tokens, `explained` at the place where the grammar refused one; `mends.py`
puts right what leaves no doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from distill_dsl.compiler.diagnostics import Code, Diagnostic, did_you_mean, error, suggestion
from distill_dsl.compiler.language.tokens import (
    BLOCKS,
    KEYWORDS,
    SHOWN,
    VALUE_STARTS,
    WORDS,
    Kind,
    Token,
    enclosing,
    meant_unit,
    touch,
)
from distill_dsl.compiler.source import Span


@dataclass(frozen=True)
class Refused:
    """The grammar took `tokens[:index]` and then allowed only `expected`."""

    index: int
    expected: frozenset[str]


# --- single tokens ------------------------------------------------------------------------------


def repaired(tokens: Sequence[Token]) -> tuple[list[Token], list[Diagnostic]]:
    """The tokens with slips put right where their meaning is plain, and what was found."""
    kept: list[Token] = []
    found: list[Diagnostic] = []
    dashed: set[str] = set()
    quiet = False  # one stray character a line is enough
    for at, token in enumerate(tokens):
        before, after = tokens[at - 1] if at else None, tokens[at + 1] if at + 1 < len(tokens) else None
        quiet = quiet and not token.starts_line
        match token.kind:
            case Kind.DASHED:
                if token.text not in dashed:
                    found.append(_dash(token))
                dashed.add(token.text)
                kept.append(replace(token, kind=Kind.WORD, text=token.text.replace("-", "_")))
            case Kind.QUOTED:
                found.append(_quotes(token, after))
                kept.append(replace(token, kind=Kind.STRING, text='"' + token.text[1:-1].replace('"', "'") + '"'))
                quiet = True
            case Kind.OPEN_STRING:
                found.append(
                    error(Code.QUOTES, "this text is not closed", token.span, 'end it with `"` on the same line')
                )
                kept.append(replace(token, kind=Kind.STRING, text='""', spoiled=True))
                quiet = True
            case Kind.SLASHES:
                found.append(error(Code.STRAY_CHARACTER, "a comment starts with `#`", token.span, "write `#` for `//`"))
            case Kind.STRAY if token.text == ";":
                found.append(error(Code.SEPARATOR, "the language has no `;`", token.span, "leave it out"))
            case Kind.STRAY:
                if not quiet:
                    found.append(_stray(token, before, after))
                kept.append(replace(token, spoiled=True))
                quiet = True
            case _:
                kept.append(token)
    return kept, found


def _dash(token: Token) -> Diagnostic:
    mended = token.text.replace("-", "_")
    return error(Code.DASH_IN_NAME, f"the name `{token.text}` holds a `-`", token.span, f"write `{mended}`")


def _quotes(token: Token, after: Token | None) -> Diagnostic:
    # `'Let's go'` ends too early: then what stands between the quotes is not what was meant.
    help = 'start and end it with `"`' if touch(token, after) else f'write `"{token.text[1:-1]}"`'
    return error(Code.QUOTES, "a text stands in straight double quotes", token.span, help)


def _stray(token: Token, before: Token | None, after: Token | None) -> Diagnostic:
    if token.text in "'“”":
        return error(Code.QUOTES, "a text stands in straight double quotes", token.span, 'start and end it with `"`')
    if token.text == "-" and after is not None and after.kind is Kind.MORE and touch(token, after):
        return fallback(replace(token.span, end=after.span.end))
    shown = token.text if token.text.isprintable() else f"U+{ord(token.text):04X}"
    return error(
        Code.STRAY_CHARACTER, f"`{shown}` means nothing here", token.span, _instead_of_stray(token, before, after)
    )


def _instead_of_stray(token: Token, before: Token | None, after: Token | None) -> str:
    match token.text:
        case "-" if token.starts_line:
            return "a list is written in brackets: `[a, b]`"
        case "-":
            return "names hold no `-`, and nothing is subtracted"
        case "<":
            return "only `>` is an operator: the first is tried first"
        case "|":
            return "a fallback is written with `>`, and thoughts are joined by `+`"
        case "&":
            return "thoughts are joined by `+`"
        case "$":
            return "a param is written by its name alone"
        case "/" if after is not None and after.kind is Kind.STAR and touch(token, after):
            return "a comment starts with `#`"
        case "/":
            return "a path, or a name with `/` in it, stands in double quotes"
        case "." if before is not None and touch(before, token):
            return "there are no ranges: write a list such as `[1, 2, 3]`"
        case ".":
            return "a number starts with a digit: `0.5`"
    return "names hold the letters a to z, digits and `_`" if token.text.isalpha() else "leave it out"


def fallback(span: Span) -> Diagnostic:
    return error(Code.SYNTAX, "a fallback is written with `>` alone", span, "write `pot > cot`")


# --- refused tokens -----------------------------------------------------------------------------


def explained(tokens: Sequence[Token], refused: Refused) -> Diagnostic:
    """The diagnostic for a statement or item that the grammar refused."""
    token = tokens[refused.index] if refused.index < len(tokens) else None
    for example in EXAMPLES:
        found = example(tokens, refused.index, token)
        if found is not None:
            return found
    wanted = expected(refused.expected)
    if token is None:
        return error(Code.SYNTAX, f"{wanted} is missing after {shown(tokens[-1])}", tokens[-1].span)
    return error(Code.SYNTAX, f"expected {wanted}, found {shown(token)}", token.span)


def _extra_closer(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or token.kind not in (Kind.RSQB, Kind.RPAR) or enclosing(tokens[:at]) is not None or at < 3:
        return None
    return error(Code.STRAY_BRACE, f"this `{token.text}` closes nothing", token.span, "leave it out")


def _stray_closer(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if at != 0 or token is None or token.kind is not Kind.RBRACE:
        return None
    return error(
        Code.STRAY_BRACE, "this `}` closes nothing", token.span, "leave it out, or look for a `}` too many above"
    )


def _outside(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    first = tokens[0]
    if at != 1 or token is None or token.kind not in (Kind.EQUAL, Kind.COLON) or first.kind is not Kind.WORD:
        return None
    return error(
        Code.OUTSIDE_BLOCK,
        f"`{first.text}` is set outside of any block",
        first.span,
        "move it between the braces of its block",
    )


def _keyword(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    first = tokens[0]
    typed = at == 2 and token is not None and token.kind is Kind.COLON  # `let paths: int = 4`
    if first.kind is not Kind.WORD or first.text in KEYWORDS or (at > 1 and not typed):
        return None
    return unknown_keyword(first)


def _head(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """Heads of blocks as other languages write them: quoted names, `mix m:`, `student b extends a`."""
    keyword = tokens[0].text
    if keyword not in BLOCKS or token is None:
        return None
    if at == 1 and token.kind is Kind.STRING:
        names = [each.text[1:-1] for each in tokens[1:3] if each.kind is Kind.STRING]
        return error(Code.QUOTES, "a name stands without quotes", token.span, f"write `{keyword} {names[-1]} {{`")
    if at != 2:
        return None
    name = tokens[1]
    if name.kind is Kind.NUMBER:
        return error(Code.SYNTAX, "a name starts with a letter or `_`", name.span)
    if token.kind is Kind.COLON:
        help = f"write `{keyword} {name.text} {{`, each key with `=`, and `}}` at the end"
        return error(Code.MISSING_BRACE, "a block stands in braces", token.span, help)
    if token.kind is Kind.WORD:
        help = f"a copy is written `{keyword} {name.text} = other {{ ... }}`"
        return error(Code.SYNTAX, f"expected `=` or `{{`, found {shown(token)}", token.span, help)
    return None


def _quoted_key(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or token.kind is not Kind.STRING:
        return None
    if at != 0 and (at + 1 >= len(tokens) or tokens[at + 1].kind is not Kind.EQUAL):
        return None
    return error(Code.QUOTES, "a key stands without quotes", token.span, f"write `{token.text[1:-1]} = ...`")


def _param(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if tokens[0].kind is not Kind.PARAM or at not in (2, 4):
        return None
    place = token or tokens[-1]
    if at == 4:
        help = f"write `param {tokens[1].text}: {tokens[3].text} = ...`"
        return error(Code.SYNTAX, "a param has a value", place.span, help)
    return error(Code.SYNTAX, "a param has a type", place.span, "write `param name: int = 4` (int, float, str or bool)")


def _import(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if tokens[0].kind is not Kind.IMPORT or at != 1:
        return None
    place = token or tokens[0]
    return error(Code.SYNTAX, "an import names a file in quotes", place.span, 'write `import "common.mtd"`')


def _opening(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if tokens[0].text not in BLOCKS or at not in (2, 4) or len(tokens) > at:
        return None
    return error(
        Code.MISSING_BRACE,
        "the `{` of this block is missing",
        tokens[-1].span,
        "write `{` after it, and `}` at its end",
    )


def _grouping(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or token.kind is not Kind.LPAR:
        return None
    return error(Code.SYNTAX, "parentheses group nothing", token.span, "`*` binds before `+`, and `+` before `>`")


def _reserved(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or token.kind not in WORDS or at == 0:
        return None
    return error(
        Code.SYNTAX, f"`{token.text}` cannot stand here", token.span, "it is a word of the language, not a name"
    )


def _arrow(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or token.kind is not Kind.EQUAL or at + 1 >= len(tokens):
        return None
    after = tokens[at + 1]
    if after.kind is not Kind.MORE or after.span.start != token.span.end:
        return None
    return fallback(replace(token.span, end=after.span.end))


def _blank_before_unit(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    unit = meant_unit(token.text) if token is not None else None
    if token is None or at == 0 or unit is None or tokens[at - 1].kind is not Kind.NUMBER:
        return None
    help = f"write `{tokens[at - 1].text}{unit}`"
    return error(Code.UNKNOWN_UNIT, "a unit stands right after its number", token.span, help)


EXAMPLES: Final = (
    _arrow,
    _blank_before_unit,
    _stray_closer,
    _extra_closer,
    _quoted_key,
    _outside,
    _keyword,
    _head,
    _param,
    _import,
    _opening,
    _grouping,
    _reserved,
)


def unknown_keyword(token: Token) -> Diagnostic:
    """For a statement that starts with a word that starts none."""
    return error(
        Code.UNKNOWN_KEYWORD, f"no statement starts with `{token.text}`", token.span, suggestion(token.text, KEYWORDS)
    )


def meant_keyword(word: str) -> str | None:
    """The keyword of a block that a word is most likely a slip of."""
    near = did_you_mean(word, KEYWORDS)
    return near if near not in ("param", "import", "mtd") else None


def shown(token: Token) -> str:
    """A token in a sentence."""
    text = token.text if len(token.text) <= 24 else token.text[:21] + "..."
    return f"`{text}`" if text else "the end"


def expected(kinds: frozenset[str]) -> str:
    """What the grammar would have taken, in words."""
    known = [kind for kind in Kind if kind in kinds]
    if {Kind.STRING, Kind.LSQB} <= set(known):
        known = [kind for kind in known if kind not in VALUE_STARTS]
        words = ["a value", *(SHOWN[kind] for kind in known if kind in SHOWN)]
    else:
        words = [SHOWN.get(kind, f"`{kind.lower()}`") for kind in known]
    if not words:
        return "nothing more"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
