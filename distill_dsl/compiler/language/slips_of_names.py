"""Slips of names: dashes, letters of other alphabets, and how other languages reach variables and the environment."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, error
from distill_dsl.compiler.language.slips import ELSEWHERE, LONGEST_RUN, Slip, Taken, Text, expects_value, fused
from distill_dsl.compiler.language.tokens import Kind, Token, touch

# --- names --------------------------------------------------------------------------------------

LOOKALIKES: Final = dict(
    zip(
        "аеорсухіјѕԁһӏԛԝАВЕКМНОРСТУХІЈЅαοινρτυχκΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aeopcyxijsdhlqwABEKMHOPCTYXIJSaoivptuxkABEZHIKMNOPTYX",
        strict=True,
    )
)
"""Letters of other scripts that look like one of a name."""

_OF_NAMES: Final = frozenset({Kind.WORD, Kind.NUMBER, Kind.DASHED})


def _dash(text: Text, at: int, token: Token) -> Taken:
    """`mix-1`; a name that was reported where it stood first is not reported again."""
    meant = token.text.replace("-", "_")
    _rename(text, token, error(Code.DASH_IN_NAME, f"the name `{token.text}` holds a `-`", token.span, write(meant)))
    return Taken(1, [replace(token, kind=Kind.WORD, text=meant)])


def write(meant: str) -> Advice:
    """What to write, where there is no doubt."""
    return Advice(f"write `{meant}`", meant, sure=True)


def _rename(text: Text, token: Token, found: Diagnostic) -> None:
    if token.text not in text.renamed:
        text.report(found)
    text.renamed.add(token.text)


def _letters(text: Text, at: int, token: Token) -> Taken | None:
    """A name with letters of other alphabets, or with characters that nobody sees."""
    count = 0
    while (each := text.near(at + count)) is not None and _belongs(each):
        if count and not touch(text.tokens[at + count - 1], each):
            break
        if each.text == "/" and (count == 0 or text.brackets[-1:] == [Kind.LPAR] or count > LONGEST_RUN):
            break
        count += 1
    if count == 0 or all(each.kind is not Kind.STRAY for each in text.tokens[at : at + count]):
        return None
    last = text.tokens[at + count - 1]
    whole = text.written(token.span.start, last.span.end)
    name = fused(token, last, Kind.WORD, whole)
    meant = _plain_name(whole)
    odd = next(each for each in text.tokens[at : at + count] if each.kind is Kind.STRAY)
    if not re.fullmatch(r"[A-Za-z_][\w.]*", meant, re.ASCII):
        return None
    _rename(text, name, _odd_letter(odd, name, meant))
    return Taken(count, [replace(name, text=meant)])


def _belongs(token: Token) -> bool:
    """Whether a token can be part of a name with odd characters."""
    return token.kind in _OF_NAMES or (
        token.kind is Kind.STRAY
        and (token.text.isalpha() or token.text == "/" or unicodedata.category(token.text) in ("Cf", "Mn"))
    )


def _plain_name(whole: str) -> str:
    looks = "".join(LOOKALIKES.get(char, char) for char in whole)
    plain = unicodedata.normalize("NFKD", looks.replace("ß", "ss").replace("-", "_").replace("/", "_"))
    return "".join(char for char in plain if unicodedata.category(char) not in ("Cf", "Mn"))


def _odd_letter(odd: Token, name: Token, meant: str) -> Diagnostic:
    help = Advice(f"write `{meant}`", meant, sure=odd.text in LOOKALIKES or not odd.text.isprintable(), span=name.span)
    if odd.text in LOOKALIKES:
        script = unicodedata.name(odd.text).split()[0].capitalize()
        summary = f"`{odd.text}` is a {script} letter, which only looks like `{LOOKALIKES[odd.text]}`"
    elif odd.text.isalpha() or odd.text == "/":
        summary = f"names hold the letters a to z, digits and `_`, and no `{odd.text}`"
    else:
        summary = f"there is an invisible character in this name: {shown_char(odd.text)}"
    return error(Code.STRAY_CHARACTER, summary, odd.span, help)


def shown_char(char: str) -> str:
    """A character in a sentence; one that nobody sees by its number."""
    if char.isprintable():
        return f"`{char}`"
    name = unicodedata.name(char, "").lower()
    return f"U+{ord(char):04X}" + (f" ({name})" if name else "")


def _reached(text: Text, at: int, token: Token) -> Taken | None:
    """`os.environ["KEY"]`, `env.KEY`, `var.name`: how others reach the environment and variables."""
    match = _ENVIRON.match(text.source.text, token.span.start, token.span.start + 200)
    if match is not None:
        count = text.swallow(at, match.end())
        end = replace(token, span=text.span(match.start(), match.end()))
        return _environment(text, token, end, count, match[1])
    head, _, name = token.text.partition(".")
    if not name or not expects_value(text) or head in text.defined:
        return None
    if head in ("env", "ENV"):
        return _environment(text, token, token, 1, name)
    if head in ELSEWHERE:
        return _param(text, token, token, 1, name)
    return None


_ENVIRON: Final = re.compile(
    r"""(?:os\.(?:environ(?:\.get)?|getenv)|getenv|process\.env)\s*[\[(]\s*["'](\w+)["'][^)\]\n]*[\])]"""
)
_FROM_ENVIRONMENT: Final = 'a value of the environment is written `env("NAME")`'


def _environment(text: Text, first: Token, last: Token, count: int, name: str) -> Taken:
    whole = text.span(first.span.start, last.span.end)
    meant = f'env("{name}")'
    text.report(error(Code.SYNTAX, _FROM_ENVIRONMENT, whole, Advice(f"write `{meant}`", meant, sure=True)))
    text.quiet = True
    pieces = ((Kind.WORD, "env"), (Kind.LPAR, "("), (Kind.STRING, f'"{name}"'), (Kind.RPAR, ")"))
    return Taken(count, [Token(kind, piece, whole, False) for kind, piece in pieces])


def _param(text: Text, first: Token, last: Token, count: int, name: str) -> Taken:
    span = text.span(first.span.start, last.span.end)
    text.report(error(Code.SYNTAX, "a param is written by its name alone", span, write(name)))
    text.quiet = True
    return Taken(count, [fused(first, last, Kind.WORD, name)])


# --- interpolation ------------------------------------------------------------------------------

_REFERENCE: Final = re.compile(
    r"\$\{\{?\s*([A-Za-z_][\w.]*)\s*\}?\}|[$%]\{\s*([A-Za-z_][\w.]*)\s*\}|\{\{\s*([A-Za-z_][\w.]*)\s*\}\}|\$([A-Za-z_]\w*)|%([A-Z_]+)%"
)


def _interpolation(text: Text, at: int, token: Token) -> Taken | None:
    """`${name}`, `{{ name }}`, `$NAME`: the environment, where a name is in capitals, else a param."""
    if not expects_value(text):
        return None
    match = _REFERENCE.match(text.source.text, token.span.start, token.span.start + 200)
    if match is None:
        return None
    name = next(group for group in match.groups() if group)
    count = text.swallow(at, match.end())
    end = replace(text.tokens[at + count - 1], span=text.span(match.start(), match.end()))
    name = name.rpartition(".")[2] if name.split(".")[0] in ("var", "local", "param", "params", "env") else name
    if name.isupper() and len(name) > 1:
        return _environment(text, token, end, count, name)
    return _param(text, token, end, count, name)


def _reference(text: Text, at: int, token: Token) -> Taken | None:
    """`*name`, `&name` and `@name` as values."""
    after = text.near(at + 1)
    if token.text not in "*&@" or not expects_value(text) or after is None or after.kind is not Kind.WORD:
        return None
    if not touch(token, after):
        return None
    if text.before() in (Kind.STAR, Kind.MORE, Kind.PLUS):
        return None
    found = error(
        Code.STRAY_CHARACTER, f"a name is written without `{token.text}`", token.span, Advice("leave it out", "", True)
    )
    text.report(found)
    return Taken(1)


NAMES: Final[Mapping[Kind, Sequence[Slip]]] = {
    Kind.DASHED: (_dash,),
    Kind.WORD: (_letters, _reached),
    Kind.LBRACE: (_interpolation,),
    Kind.STAR: (_reference,),
    Kind.STRAY: (_interpolation, _reference, _letters),
}
