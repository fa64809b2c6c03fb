"""Slips of names, numbers and signs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, Help, error
from distill_dsl.compiler.language.slips import ELSEWHERE, LONGEST_RUN, Slip, Taken, Text, expects_value, fused
from distill_dsl.compiler.language.slips_of_numbers import NUMBERS
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
    _rename(text, token, error(Code.DASH_IN_NAME, f"the name `{token.text}` holds a `-`", token.span, _write(meant)))
    return Taken(1, [replace(token, kind=Kind.WORD, text=meant)])


def _write(meant: str) -> Advice:
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
        summary = f"there is an invisible character in this name: {_shown(odd.text)}"
    return error(Code.STRAY_CHARACTER, summary, odd.span, help)


def _shown(char: str) -> str:
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
    if not name or not expects_value(text) or head in text.aliases:
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
    text.report(error(Code.SYNTAX, "a param is written by its name alone", span, _write(name)))
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


# --- operators ----------------------------------------------------------------------------------

_FALLBACK: Final = "a fallback is written with `>`"
_JOINED: Final = "thoughts are joined by `+`"
OPERATORS: Final[Mapping[str, tuple[Kind, str, str]]] = {
    "||": (Kind.MORE, ">", _FALLBACK),
    "??": (Kind.MORE, ">", _FALLBACK),
    "|>": (Kind.MORE, ">", _FALLBACK),
    "|": (Kind.MORE, ">", _FALLBACK),
    "→": (Kind.MORE, ">", _FALLBACK),
    "⇒": (Kind.MORE, ">", _FALLBACK),
    "≻": (Kind.MORE, ">", _FALLBACK),
    "->": (Kind.MORE, ">", _FALLBACK),
    "~>": (Kind.MORE, ">", _FALLBACK),
    "&&": (Kind.PLUS, "+", _JOINED),
    "&": (Kind.PLUS, "+", _JOINED),
    "∪": (Kind.PLUS, "+", _JOINED),
    "×": (Kind.STAR, "*", "a weight is written with `*`"),
    "·": (Kind.STAR, "*", "a weight is written with `*`"),
    "∙": (Kind.STAR, "*", "a weight is written with `*`"),
    "•": (Kind.STAR, "*", "a weight is written with `*`"),
    "⋅": (Kind.STAR, "*", "a weight is written with `*`"),
}
"""Operators of elsewhere: what they are here."""

_OPERANDS: Final = frozenset({Kind.WORD, Kind.NUMBER, Kind.RPAR})


def _operator(text: Text, at: int, token: Token) -> Taken | None:
    """`pot || cot`, `cot & pot`, `2×pot`."""
    start = token.span.start
    if not text.brackets:
        return None
    for length in (2, 1):
        sign = text.written(start, start + length)
        after = text.near(at + length)
        if sign not in OPERATORS or after is None or after.kind not in _OPERANDS or text.before() not in _OPERANDS:
            continue
        kind, meant, summary = OPERATORS[sign]
        if sign == "->" and text.before() is Kind.WORD and _sets_key(text, token):
            continue
        span = text.span(start, start + length)
        sure = sign not in "|&"
        text.report(error(Code.SYNTAX, summary, span, Advice(f"write `{meant}` for `{sign}`", meant, sure)))
        return Taken(length, [Token(kind, meant, span, token.starts_line)])
    return None


def _sets_key(text: Text, token: Token) -> bool:
    """Whether the word before is a key that is to be set, and no value."""
    return len(text.kept) > 1 and text.kept[-2].kind not in (
        Kind.MORE, Kind.COMMA, Kind.LSQB, Kind.EQUAL, Kind.LPAR, Kind.PLUS, Kind.STAR,
    )  # fmt: skip


def _arrow_for_equals(text: Text, at: int, token: Token) -> Taken | None:
    """`batch -> 32` and `batch <- 32`."""
    start = token.span.start
    sign = text.written(start, start + 2)
    if sign not in ("->", "<-") or text.before() is not Kind.WORD or text.brackets[-1:] != [Kind.LBRACE]:
        return None
    span = text.span(start, start + 2)
    key = text.kept[-1].text
    help = Advice(f"write `{key} = ...`", "=", sure=True)
    text.report(error(Code.SYNTAX, f"`{key}` is set with `=`", span, help))
    return Taken(2, [Token(Kind.EQUAL, "=", span, False)])


# --- braces -------------------------------------------------------------------------------------


def _twice(text: Text, at: int, token: Token) -> Taken | None:
    """`thought cot {{ ... }}`."""
    after = text.near(at + 1)
    if text.brackets or after is None or after.kind is not Kind.LBRACE or not touch(token, after):
        return None
    text.doubled = True
    help = "write one `{`, and one `}` at the end"
    text.report(error(Code.SYNTAX, "a block stands in one pair of braces", after.span, help))
    return Taken(2, [token])


def _once_more(text: Text, at: int, token: Token) -> Taken | None:
    """The second of the braces at the end of what started with two."""
    after = text.near(at + 1)
    if not text.doubled or text.brackets != [Kind.LBRACE] or after is None or after.kind is not Kind.RBRACE:
        return None
    text.doubled = False
    return Taken(2, [token])


def _wrong_brace(text: Text, at: int, token: Token) -> Taken | None:
    """`tests = [a.test}` with more items below: the brace stands for the bracket."""
    open_ = text.brackets[-1] if text.brackets else None
    key, equal = text.near(at + 1), text.near(at + 2)
    if open_ not in (Kind.LSQB, Kind.LPAR) or Kind.LBRACE not in text.brackets or key is None or equal is None:
        return None
    if token.starts_line or not key.starts_line or key.kind is not Kind.WORD or equal.kind is not Kind.EQUAL:
        return None
    kind, meant, opening = (Kind.RSQB, "]", "[") if open_ is Kind.LSQB else (Kind.RPAR, ")", "(")
    text.report(error(Code.MISSING_BRACE, f"`{opening}` is closed by `{meant}`", token.span, _write(meant)))
    return Taken(1, [replace(token, kind=kind, text=meant)])


# --- single signs -------------------------------------------------------------------------------


def _semicolon(text: Text, at: int, token: Token) -> Taken | None:
    if token.text != ";":
        return None
    if text.brackets[-1:] in ([Kind.LSQB], [Kind.LPAR]):
        found = error(Code.SEPARATOR, "elements are separated by commas", token.span, _write(","))
        text.report(found)
        return Taken(1, [replace(token, kind=Kind.COMMA, text=",")])
    before = text.near(at - 1)
    joins = before is not None and touch(before, token) and touch(token, text.near(at + 1))
    help = Advice("leave it out", " " if joins else "", sure=True)
    text.report(error(Code.SEPARATOR, "the language has no `;`", token.span, help))
    return Taken(1)


def _spread(text: Text, at: int, token: Token) -> Taken | None:
    """`<<: *both` and `...both` in a block, which is what a copy is for."""
    start = token.span.start
    match = _SPREAD.match(text.source.text, start, start + 100)
    if match is None or text.brackets[-1:] != [Kind.LBRACE] or expects_value(text):
        return None
    span = text.span(start, match.end())
    help = f"copy the whole block: `mix name = {match[1]} {{ ... }}` takes over its items"
    text.report(error(Code.SYNTAX, "no items are merged into a block", span, help))
    return Taken(text.swallow(at, match.end()))


_SPREAD: Final = re.compile(r"(?:<<\s*[:=]\s*\*?|\.\.\.|\*\*)([A-Za-z_]\w*),?")


def _placeholder(text: Text, at: int, token: Token) -> Taken | None:
    """`...`, `<batch>` and `?`, where something is to be filled in."""
    match = _PLACEHOLDER.match(text.source.text, token.span.start, token.span.start + 60)
    if match is None or not expects_value(text):
        return None
    span = text.span(match.start(), match.end())
    count = text.swallow(at, match.end())
    text.report(error(Code.STRAY_CHARACTER, "something is still to be filled in here", span, "write the value"))
    return Taken(count, [Token(Kind.STRAY, "_", span, False, spoiled=True)])


_PLACEHOLDER: Final = re.compile(r"\.\.\.(?!\w)|…|\?+(?=\s|$)|<[A-Za-z_][\w -]*>")


def _normal(text: Text, at: int, token: Token) -> Taken | None:
    """A sign in full width, or another one that stands for a sign of the keyboard."""
    if unicodedata.normalize("NFKC", token.text).isdigit() and token.text.isdecimal():
        return _digits(text, at, token)
    meant = _SIGNS.get(token.text) or unicodedata.normalize("NFKC", token.text)
    if meant == token.text or len(meant) != 1 or not meant.isascii() or meant not in _KINDS:
        return None
    name = unicodedata.name(token.text, "this sign").lower()
    text.report(error(Code.STRAY_CHARACTER, f"`{token.text}` ({name}) is not `{meant}`", token.span, _write(meant)))
    return Taken(1, [replace(token, kind=_KINDS[meant], text=meant)])


def _digits(text: Text, at: int, token: Token) -> Taken:
    """Digits of other scripts, or in full width."""
    count = 1
    while (
        (each := text.near(at + count)) is not None
        and each.text.isdecimal()
        and touch(text.tokens[at + count - 1], each)
    ):
        count += 1
    last = text.tokens[at + count - 1]
    meant = "".join(str(unicodedata.decimal(char)) for char in text.written(token.span.start, last.span.end))
    span = text.span(token.span.start, last.span.end)
    text.report(error(Code.BAD_NUMBER, "a number is written with the digits 0 to 9", span, _write(meant)))
    return Taken(count, [fused(token, last, Kind.NUMBER, meant)])


_SIGNS: Final = {"，": ",", "、": ",", "：": ":", "＝": "=", "［": "[", "］": "]", "｛": "{", "｝": "}", "∗": "*"}
_KINDS: Final = {
    "=": Kind.EQUAL, ":": Kind.COLON, ",": Kind.COMMA, "+": Kind.PLUS, "*": Kind.STAR, ">": Kind.MORE,
    "{": Kind.LBRACE, "}": Kind.RBRACE, "[": Kind.LSQB, "]": Kind.RSQB, "(": Kind.LPAR, ")": Kind.RPAR,
}  # fmt: skip


def _stray(text: Text, at: int, token: Token) -> Taken:
    """Any other character that the language does not use: one of them a line is enough."""
    if token.text in "'“”‘’":
        help = Advice('start and end it with `"`', '"')
        found = error(Code.QUOTES, "a text stands in straight double quotes", token.span, help)
    else:
        found = error(
            Code.STRAY_CHARACTER, f"{_shown(token.text)} means nothing here", token.span, _instead(text, at, token)
        )
    dash = token.text == "-" and token.starts_line
    if not text.quiet and not (dash and text.listing):
        text.report(found)
    text.quiet, text.listing = True, dash
    return Taken(1, [replace(token, spoiled=True)])


def _instead(text: Text, at: int, token: Token) -> Help:
    before, after = text.near(at - 1), text.near(at + 1)
    if not token.text.isprintable():
        return Advice("leave it out", "", sure=True)
    match token.text:
        case "-" | "–" | "—" if token.starts_line:
            return "a list is written in brackets: `[a, b]`"
        case "-":
            return "names hold no `-`, and nothing is subtracted"
        case "–" | "—" | "−":
            return Advice("write `-` for a minus; there are no ranges, and nothing is subtracted", "-")
        case "<":
            return "only `>` is an operator: the first is tried first"
        case "|":
            return "a fallback is written with `>`, and thoughts are joined by `+`"
        case "&":
            return "thoughts are joined by `+`; a block is copied by `mix b = a { ... }`"
        case "$" | "%":
            return 'a param is written by its name alone, and a value of the environment `env("NAME")`'
        case "/":
            return "a path, or a name with `/` in it, stands in double quotes"
        case "\\":
            return Advice("leave it out: a value may go on in the next line as it is", "", sure=True)
        case "." if after is not None and after.text == "." and touch(token, after):
            return "there are no ranges: write a list such as `[1, 2, 3]`"
        case "." if before is not None and before.kind is Kind.NUMBER:
            return "a number has one dot at most, and a digit behind it"
        case "@":
            return "there are no decorators: what a block is, stands between its braces"
        case "?" | "!":
            return "there are no conditions, and no optional types"
        case "^":
            return "a power of ten is written `5e-4`"
    return "names hold the letters a to z, digits and `_`" if token.text.isalpha() else Advice("leave it out", "")


SIGNS: Final[Mapping[Kind, Sequence[Slip]]] = {
    **NUMBERS,
    Kind.DASHED: (_dash,),
    Kind.WORD: (_letters, _reached),
    Kind.LBRACE: (_interpolation, _twice),
    Kind.RBRACE: (_once_more, _wrong_brace),
    Kind.STAR: (_reference, _spread),
    Kind.STRAY: (
        *NUMBERS[Kind.STRAY], _spread, _semicolon, _interpolation, _placeholder, _arrow_for_equals, _operator,
        _reference, _letters, _normal, _stray,
    ),
}  # fmt: skip
