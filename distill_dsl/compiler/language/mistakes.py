"""Common mistakes of grammar, named: what somebody meant, and how the language writes it.

`explained` looks at the place where the grammar refused a token; `mends.py` puts right what leaves no
doubt, and `slips.py` looks at the letters before there is any grammar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, did_you_mean, error, suggestion
from distill_dsl.compiler.language.heads import FOREIGN, HEADS
from distill_dsl.compiler.language.tokens import (
    BLOCKS,
    KEYWORDS,
    SHOWN,
    VALUE_STARTS,
    WORDS,
    Kind,
    Token,
    enclosing,
    opened,
)
from distill_dsl.compiler.source import Span


@dataclass(frozen=True)
class Refused:
    """The grammar took `tokens[:index]` and then allowed only `expected`."""

    index: int
    expected: frozenset[str]


# --- refused tokens -----------------------------------------------------------------------------


Example = Callable[[Sequence[Token], int, Token | None], Diagnostic | None]
"""Looks at the tokens of a statement or item, and at the one that was refused (`None`: the end)."""


def explained(tokens: Sequence[Token], refused: Refused, item: bool = False) -> Diagnostic:
    """The diagnostic for a statement or item that the grammar refused."""
    token = tokens[refused.index] if refused.index < len(tokens) else None
    for example in OF_ITEMS if item else OF_STATEMENTS:
        found = example(tokens, refused.index, token)
        if found is not None:
            return found
    wanted = expected(refused.expected)
    if token is None:
        return error(Code.SYNTAX, f"{wanted} is missing after {shown(tokens[-1])}", tokens[-1].span)
    return error(Code.SYNTAX, f"expected {wanted}, found {shown(token)}", token.span)


def written(tokens: Sequence[Token]) -> str | None:
    """The tokens as one line of text; `None` where they stand on several, or between them stands a comment."""
    if any(token.starts_line for token in tokens[1:]):
        return None
    text, end = "", tokens[0].span.start if tokens else 0
    for token in tokens:
        text += " " * (token.span.start - end) + token.text
        end = token.span.end
    return text


# --- brackets -----------------------------------------------------------------------------------


def _extra_closer(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or token.kind not in (Kind.RSQB, Kind.RPAR) or enclosing(tokens[:at]) is not None or at < 3:
        return None
    return error(Code.STRAY_BRACE, f"this `{token.text}` closes nothing", token.span, Advice("leave it out", ""))


def _stray_closer(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if at != 0 or token is None or token.kind is not Kind.RBRACE:
        return None
    help = Advice("leave it out, or look for a `}` too many above", "")
    return error(Code.STRAY_BRACE, "this `}` closes nothing", token.span, help)


def _unclosed(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """A list or call that goes on to the end, or into the next item."""
    opening = opened(tokens[:at])
    if opening is None or opening.kind is Kind.LBRACE or not (token is None or _starts_item(tokens, at)):
        return None
    last = tokens[at - 1]
    closing = {Kind.LSQB: "]", Kind.LPAR: ")"}[opening.kind]
    help = Advice(f"write `{closing}` after {shown(last)}", closing, span=replace(last.span, start=last.span.end))
    return error(Code.MISSING_BRACE, f"this `{opening.text}` is not closed", opening.span, help)


def _starts_item(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at].kind is Kind.WORD and at + 1 < len(tokens) and tokens[at + 1].kind is Kind.EQUAL


def _opening(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if tokens[0].text not in BLOCKS or at not in (2, 4) or len(tokens) > at:
        return None
    help = "write `{` after it, and `}` at its end"
    return error(Code.MISSING_BRACE, "the `{` of this block is missing", tokens[-1].span, help)


def _grouping(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or token.kind is not Kind.LPAR or at < 2:
        return None
    return error(Code.SYNTAX, "parentheses group nothing", token.span, "`*` binds before `+`, and `+` before `>`")


# --- keys and values ----------------------------------------------------------------------------


def _outside(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    first = tokens[0]
    if at != 1 or token is None or token.kind not in (Kind.EQUAL, Kind.COLON) or first.kind is not Kind.WORD:
        return None
    help = "move it between the braces of its block"
    return error(Code.OUTSIDE_BLOCK, f"`{first.text}` is set outside of any block", first.span, help)


def _quoted_key(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or token.kind is not Kind.STRING:
        return None
    follows = tokens[at + 1].kind if at + 1 < len(tokens) else None
    if at != 0 and follows is not Kind.EQUAL:
        return None
    key = token.text[1:-1]
    return error(Code.QUOTES, "a key stands without quotes", token.span, Advice(f"write `{key} = ...`", key))


def _reserved(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or token.kind not in WORDS or at == 0:
        return None
    help = "it is a word of the language, not a name"
    return error(Code.SYNTAX, f"`{token.text}` cannot stand here", token.span, help)


def fallback(span: Span) -> Diagnostic:
    """For `=>` and the like."""
    return error(Code.SYNTAX, "a fallback is written with `>` alone", span, Advice("write `pot > cot`", ">", sure=True))


def _arrow(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if token is None or token.kind is not Kind.EQUAL or at + 1 >= len(tokens):
        return None
    after = tokens[at + 1]
    if after.kind is not Kind.MORE or after.span.start != token.span.end:
        return None
    return fallback(replace(token.span, end=after.span.end))


CONDITIONS: Final = ("if", "else", "unless", "when", "for", "while", "not", "lambda")


def _condition(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """`16 if paths > 2 else 32`."""
    odd = next((each for each in tokens[max(0, at - 1) : at + 1] if each.text in CONDITIONS), None)
    if odd is None or at < 2:
        return None
    help = "write one block for each case, or give the value to a param and vary it"
    return error(Code.SYNTAX, f"there is no `{odd.text}`: a spec says what is, not when", odd.span, help)


def _arithmetic(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """`40-8`, `1-3`, `2**5`."""
    before = tokens[at - 1] if at else None
    if token is None or before is None:
        return None
    if before.kind is token.kind is Kind.STAR:
        return error(Code.SYNTAX, "there are no powers", replace(before.span, end=token.span.end), "write the number")
    if before.kind is Kind.NUMBER and token.kind is Kind.NUMBER and token.text.startswith("-"):
        span = replace(before.span, end=token.span.end)
        help = "write the number itself, or a list such as `[1, 2, 3]`"
        return error(Code.SYNTAX, "nothing is subtracted, and there are no ranges", span, help)
    return None


def _no_value(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """`key =` and then the next item, or the end."""
    before = tokens[at - 1] if at else None
    if before is None or before.kind is not Kind.EQUAL or at != 2:
        return None
    if token is not None and token.kind is not Kind.RBRACE and not _starts_item(tokens, at):
        return None
    return error(Code.SYNTAX, "a value is missing after `=`", before.span, "write the value, or leave the key out")


OF_ITEMS: Final[tuple[Example, ...]] = (
    _condition,
    _arithmetic,
    _arrow,
    _no_value,
    _extra_closer,
    _unclosed,
    _quoted_key,
    _grouping,
    _reserved,
)


def _keyword(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    first = tokens[0]
    typed = at == 2 and token is not None and token.kind is Kind.COLON  # `let paths: int = 4`
    if first.kind is not Kind.WORD or first.text in KEYWORDS or (at > 1 and not typed):
        return None
    return unknown_keyword(first)


OF_STATEMENTS: Final[tuple[Example, ...]] = (
    _arrow,
    _stray_closer,
    *HEADS,
    _unclosed,
    _quoted_key,
    _outside,
    _keyword,
    _opening,
    _grouping,
    _reserved,
)


def unknown_keyword(token: Token) -> Diagnostic:
    """For a statement that starts with a word that starts none."""
    summary = f"no statement starts with `{token.text}`"
    help = FOREIGN.get(token.text.lower()) if token.text not in BLOCKS else None
    return error(Code.UNKNOWN_KEYWORD, summary, token.span, help or suggestion(token.text, KEYWORDS))


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
