"""Common mistakes, named: what somebody meant, and how the language writes it.

`repaired` looks at single tokens; `mended` and `explained` at the place where the grammar refused one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from distill_dsl.compiler.diagnostics import Code, Diagnostic, did_you_mean, error, suggestion
from distill_dsl.compiler.language.tokens import (
    KEYWORDS,
    OPENING,
    SHOWN,
    UNITS,
    VALUE_STARTS,
    WORDS,
    Kind,
    Token,
    virtual,
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
    for token in tokens:
        quiet = quiet and not token.starts_line
        match token.kind:
            case Kind.DASHED:
                if token.text not in dashed:
                    found.append(_dash(token))
                dashed.add(token.text)
                kept.append(replace(token, kind=Kind.WORD, text=token.text.replace("-", "_")))
            case Kind.QUOTED:
                found.append(_quotes(token))
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
                    found.append(_stray(token))
                kept.append(replace(token, spoiled=True))
                quiet = True
            case _:
                kept.append(token)
    return kept, found


def _dash(token: Token) -> Diagnostic:
    mended = token.text.replace("-", "_")
    return error(Code.DASH_IN_NAME, f"the name `{token.text}` holds a `-`", token.span, f"write `{mended}`")


def _quotes(token: Token) -> Diagnostic:
    return error(Code.QUOTES, "a text stands in straight double quotes", token.span, f'write `"{token.text[1:-1]}"`')


def _stray(token: Token) -> Diagnostic:
    if token.text in "'“”":
        return error(Code.QUOTES, "a text stands in straight double quotes", token.span, 'start and end it with `"`')
    helps = {
        "-": "names hold no `-`, and nothing is subtracted",
        "<": "only `>` is an operator: the first is tried first",
    }
    helps["."] = "a number starts with a digit: `0.5`"
    if token.text.isalpha():
        helps[token.text] = "names hold the letters a to z, digits and `_`"
    shown = token.text if token.text.isprintable() else f"U+{ord(token.text):04X}"
    return error(
        Code.STRAY_CHARACTER, f"`{shown}` means nothing here", token.span, helps.get(token.text, "leave it out")
    )


# --- refused tokens -----------------------------------------------------------------------------


def mended(tokens: Sequence[Token], refused: Refused) -> tuple[list[Token], Diagnostic] | None:
    """An item as it was meant, if the slip is one of those that leave no doubt."""
    at = refused.index
    if at >= len(tokens) or at == 0:
        return None
    before, token = tokens[at - 1], tokens[at]
    if token.kind is Kind.COLON and at == 1:
        found = error(
            Code.COLON_FOR_EQUALS, f"`{before.text}` is set with `=`", token.span, f"write `{before.text} = ...`"
        )
        return [*tokens[:at], replace(token, kind=Kind.EQUAL), *tokens[at + 1 :]], found
    if token.kind is Kind.EQUAL and before.kind is Kind.WORD and enclosing(tokens[:at]) in (Kind.LPAR, Kind.LBRACE):
        found = error(
            Code.EQUALS_FOR_COLON, f"inside brackets, `{before.text}` is given with `:`", token.span, "write `:`"
        )
        return [*tokens[:at], replace(token, kind=Kind.COLON), *tokens[at + 1 :]], found
    if at == 1 and token.kind in VALUE_STARTS and before.kind is Kind.WORD:
        found = error(
            Code.MISSING_EQUALS, f"`=` is missing after `{before.text}`", before.span, f"write `{before.text} = ...`"
        )
        return [*tokens[:at], virtual(Kind.EQUAL, "=", before), *tokens[at:]], found
    assigned = at + 1 < len(tokens) and tokens[at + 1].kind is Kind.EQUAL  # then a bracket is missing, no comma
    if token.kind in VALUE_STARTS and Kind.COMMA in refused.expected and enclosing(tokens[:at]) and not assigned:
        end = Span(token.span.path, before.span.end, max(before.span.end, token.span.start))
        found = error(
            Code.SEPARATOR, f"a comma is missing before {shown(token)}", token.span, "write `,` between the two"
        )
        return [*tokens[:at], replace(virtual(Kind.COMMA, ",", before), span=end), *tokens[at:]], found
    return None


def enclosing(tokens: Sequence[Token]) -> Kind | None:
    """The innermost bracket that is open at the end of the tokens."""
    stack: list[Kind] = []
    for token in tokens:
        if token.kind in OPENING:
            stack.append(token.kind)
        elif stack and token.kind is OPENING[stack[-1]]:
            stack.pop()
    return stack[-1] if stack else None


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
    if first.kind is not Kind.WORD or first.text in KEYWORDS or at > 1:
        return None
    return unknown_keyword(first)


def _param(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if tokens[0].kind is not Kind.PARAM or at != 2:
        return None
    place = token or tokens[-1]
    return error(Code.SYNTAX, "a param has a type", place.span, "write `param name: int = 4` (int, float, str or bool)")


def _import(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if tokens[0].kind is not Kind.IMPORT or at != 1:
        return None
    place = token or tokens[0]
    return error(Code.SYNTAX, "an import names a file in quotes", place.span, 'write `import "common.mtd"`')


def _opening(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if tokens[0].text not in KEYWORDS or at not in (2, 4) or len(tokens) > at:
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
    span = replace(token.span, end=after.span.end)
    return error(Code.SYNTAX, "a fallback is written with `>` alone", span, "write `pot > cot`")


def _blank_before_unit(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or at == 0 or token.text not in UNITS or tokens[at - 1].kind is not Kind.NUMBER:
        return None
    help = f"write `{tokens[at - 1].text}{token.text}`"
    return error(Code.UNKNOWN_UNIT, "a unit stands right after its number", token.span, help)


EXAMPLES: Final = (
    _arrow,
    _blank_before_unit,
    _stray_closer,
    _outside,
    _keyword,
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
