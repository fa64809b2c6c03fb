"""Common mistakes in the heads of statements: what other languages start a block, a param or an import with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, error
from distill_dsl.compiler.language.tokens import BLOCKS, KEYWORDS, Kind, Token

PARAM_TYPES: Final = ("int", "float", "str", "bool", "share", "time", "size", "money")

_BLOCK: Final = "a block starts with its kind and its name: `student small {`"
_A_PARAM: Final = "a param is written `param name: int = 4`"
_AN_IMPORT: Final = 'another spec is read by `import "common.mtd"`, or `import "common.mtd" as c`'
_NO_CODE: Final = "a spec says what is compared, and computes nothing"
FOREIGN: Final[Mapping[str, str]] = {
    **dict.fromkeys(("resource", "module", "block", "define", "object", "struct", "type", "class"), _BLOCK),
    **dict.fromkeys(("variable", "variables", "var", "let", "const", "locals", "local", "set", "val"), _A_PARAM),
    **dict.fromkeys(("include", "from", "require", "use", "using", "load", "extends", "source"), _AN_IMPORT),
    **dict.fromkeys(("def", "function", "fn", "if", "for", "while", "return", "print", "assert", "with"), _NO_CODE),
    **dict.fromkeys(("config", "settings", "options", "defaults", "global", "globals"), f"{_A_PARAM}; {_BLOCK}"),
    "model": "the model that learns is a `student`, the one that is asked a `teacher`",
    "recipe": "what is learned from is a `mix`",
    "task": "problems are `data`",
    "benchmark": "problems are `data`",
    "format": "how an answer is thought out is a `thought`",
    "run": "what is compared is an `experiment`",
    "strategy": "strategies stand in the list `answers` of an experiment",
    "seed": "seeds stand in an experiment: `seeds = [1, 2, 3]`",
    "output": _BLOCK,
    "provider": 'who answers stands in a teacher: `model = openai("...")`',
    "version": "the edition of the language is written `mtd 1`",
}
"""Words that start statements elsewhere, and what stands for them here."""

_COPYING: Final = ("extends", "from", "copies", "inherits", "of", "is", "like", "copy", "as")


def _foreign(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    first = tokens[0]
    if first.kind is not Kind.WORD or first.text in KEYWORDS or first.text.lower() not in FOREIGN:
        return None
    if len(tokens) > 1 and tokens[1].kind is Kind.EQUAL and first.text != "version":
        return None
    summary = f"no statement starts with `{first.text}`"
    return error(Code.UNKNOWN_KEYWORD, summary, first.span, FOREIGN[first.text.lower()])


# --- blocks -------------------------------------------------------------------------------------


def _quoted_name(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """`student "small" {` and `data "file" "gsm8k" {`."""
    if at != 1 or token is None or token.kind is not Kind.STRING or tokens[0].text not in BLOCKS:
        return None
    quoted = [each for each in tokens[1:3] if each.kind is Kind.STRING]
    name = quoted[-1].text[1:-1]
    span = replace(token.span, end=quoted[-1].span.end)
    help = Advice(f"write `{tokens[0].text} {name} {{`", name, sure=name.isidentifier(), span=span)
    return error(Code.QUOTES, "a name stands without quotes", token.span, help)


def _nameless(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """`student {`."""
    if at != 1 or token is None or token.kind is not Kind.LBRACE or tokens[0].text not in BLOCKS:
        return None
    kind = tokens[0]
    return error(Code.SYNTAX, f"this {kind.text} has no name", kind.span, f"write `{kind.text} name {{`")


def _yaml(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """`mix m:`, `student:` and `students:`, with more below."""
    keyword = tokens[0].text.removesuffix("s")
    if token is None or token.kind is not Kind.COLON or keyword not in BLOCKS or at > 2:
        return None
    name = tokens[1].text if at == 2 else "name"
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if at == 2 and after is not None and after.kind is Kind.WORD and not after.starts_line:
        help: str | Advice = Advice(f"a copy is written `{keyword} {name} = {after.text} {{ ... }}`", " =", sure=True)
        return error(Code.SYNTAX, "a block is copied with `=`", token.span, help)
    help = f"write `{keyword} {name} {{`, each key with `=`, and `}}` at the end"
    return error(Code.MISSING_BRACE, "a block stands in braces", token.span, help)


def _section(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """`[student.small]`."""
    words = [each.text for each in tokens[:4] if each.kind is Kind.WORD]
    if at != 0 or token is None or token.kind is not Kind.LSQB or not words:
        return None
    kind, _, name = words[0].partition(".")
    known = kind.removesuffix("s") if kind.removesuffix("s") in BLOCKS else "student"
    last = next((each for each in tokens if each.kind is Kind.RSQB), token)
    help = f"write `{known} {name or 'name'} {{`, and `}}` at the end"
    return error(Code.SYNTAX, "there are no sections", replace(token.span, end=last.span.end), help)


def _json(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """A whole file between braces."""
    if at != 0 or token is None or token.kind is not Kind.LBRACE:
        return None
    help = "take these out; a block is written `student small { batch = 32 }`"
    return error(Code.SYNTAX, "a spec as a whole stands in no braces", token.span, help)


def _head(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """`student large extends small`, `student large(small)`, `student small t5`, `student 1b`."""
    keyword, name = tokens[0].text, tokens[1] if len(tokens) > 1 else None
    if keyword not in BLOCKS or token is None or name is None or at != 2:
        return None
    if name.kind is Kind.NUMBER:
        return error(Code.SYNTAX, "a name starts with a letter or `_`", name.span, f"write `{keyword} _{name.text}`")
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    copy = f"a copy is written `{keyword} {name.text} = other {{ ... }}`"
    if token.kind is Kind.WORD and token.text in _COPYING and after is not None and after.kind is Kind.WORD:
        meant = Advice(f"write `{keyword} {name.text} = {after.text} {{ ... }}`", "=", sure=True)
        return error(Code.SYNTAX, "a block is copied with `=`", token.span, meant)
    if token.kind is Kind.LPAR:
        return error(Code.SYNTAX, "a block takes no arguments", token.span, copy)
    if token.kind is Kind.WORD and after is not None and after.kind is Kind.LBRACE:
        joined = f"{name.text}_{token.text}"
        span = replace(name.span, end=token.span.end)
        return error(Code.SYNTAX, "a name is one word", span, Advice(f"write `{joined}`; {copy}", joined))
    if token.kind is Kind.WORD:
        return error(Code.SYNTAX, f"expected `=` or `{{`, found `{token.text}`", token.span, copy)
    return None


def _idle_equal(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """`thought cot = {`."""
    if at != 3 or token is None or token.kind is not Kind.LBRACE or tokens[0].text not in BLOCKS:
        return None
    help = Advice("leave it out, or name the block that is copied", "")
    return error(Code.SYNTAX, "no `=` stands before the items of a block", tokens[2].span, help)


def _vary(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if at != 0 or token is None or token.kind is not Kind.VARY:
        return None
    help = "move it between the braces of an experiment"
    return error(Code.OUTSIDE_BLOCK, "`vary` stands outside of any experiment", token.span, help)


# --- params -------------------------------------------------------------------------------------


def _typed(kind: Kind) -> str | None:
    return {Kind.NUMBER: "int", Kind.STRING: "str", Kind.TRUE: "bool", Kind.FALSE: "bool"}.get(kind)


def _type_of(value: Token) -> str | None:
    """The type of a literal."""
    if value.kind is Kind.NUMBER and not value.text.lstrip("-").isdigit():
        units = {"%": "share", "s": "time", "ms": "time", "min": "time", "h": "time", "USD": "money"}
        units |= dict.fromkeys(("KB", "MB", "GB"), "size")
        return units.get(value.text.lstrip("-.0123456789"), "float")
    return _typed(value.kind)


def _param(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if tokens[0].kind is not Kind.PARAM:
        return None
    names = [each for each in tokens[1:3] if each.kind is Kind.WORD]
    if at == 1 and token is not None and token.kind is Kind.COLON:
        return error(Code.SYNTAX, "a param has a name", tokens[0].span, "write `param name: int = 4`")
    if at == 2 and len(names) == 2 and len(tokens) > 3:
        return _untidy_param(tokens, *names)
    if at == 2 and token is not None and token.kind is Kind.EQUAL and len(tokens) > 3:
        return _untyped_param(tokens, token)
    if at == 2:
        help = "write `param name: int = 4` (int, float, str, bool, share, time, size or money)"
        return error(Code.SYNTAX, "a param has a type", (token or tokens[-1]).span, help)
    if at == 4 and token is not None and token.kind is Kind.COLON:
        return error(Code.COLON_FOR_EQUALS, "a param is set with `=`", token.span, Advice("write `=`", " =", sure=True))
    if token is not None and token.kind is Kind.LBRACE and at > 5 and tokens[4].kind is Kind.EQUAL:
        return _value_of_param(tokens[5:at])
    if at == 4:
        help = f"write `param {tokens[1].text}: {tokens[3].text} = ...`"
        return error(Code.SYNTAX, "a param has a value", (token or tokens[-1]).span, help)
    return None


def _value_of_param(value: Sequence[Token]) -> Diagnostic:
    """`param size: str = small { ... }`."""
    span = replace(value[0].span, end=value[-1].span.end)
    name = value[0].text
    help = Advice(f'write `"{name}"` if it is a text', f'"{name}"') if len(value) == 1 else None
    summary = "the value of a param is a text, a number (with a unit), `true`, `false` or `none`"
    return error(Code.WRONG_PARAM_TYPE, summary, span, help)


def _untidy_param(tokens: Sequence[Token], one: Token, other: Token) -> Diagnostic:
    """`param paths int = 4` and `param int paths = 4`."""
    name, type = (other, one) if one.text in PARAM_TYPES else (one, other)
    span = replace(one.span, end=other.span.end)
    meant = f"{name.text}: {type.text}"
    help = Advice(f"write `param {meant} = ...`", meant, sure=type.text in PARAM_TYPES)
    return error(Code.SYNTAX, "a param is written as name, `:` and type", span, help)


def _untyped_param(tokens: Sequence[Token], token: Token) -> Diagnostic:
    """`param paths = 4`: the type is that of the value."""
    name, type = tokens[1], _type_of(tokens[3])
    if type is None:
        help: str | Advice = "write `param name: int = 4` (int, float, str, bool, share, time, size or money)"
    else:
        end = replace(name.span, start=name.span.end)
        help = Advice(f"write `param {name.text}: {type} = {tokens[3].text}`", f": {type}", sure=True, span=end)
    return error(Code.SYNTAX, "a param has a type", name.span, help)


def _param_without_keyword(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    """`paths: int = 4` and `int paths = 4`."""
    words = [each for each in tokens[:3] if each.kind is Kind.WORD]
    kinds = [each.kind for each in tokens[:4]]
    if len(words) != 2:
        return None
    name, type = words if kinds == [Kind.WORD, Kind.COLON, Kind.WORD, Kind.EQUAL] else words[::-1]
    typed_first = kinds[:3] == [Kind.WORD, Kind.WORD, Kind.EQUAL]
    if type.text not in PARAM_TYPES or not (typed_first or kinds[1:2] == [Kind.COLON]):
        return None
    meant = f"param {name.text}: {type.text}"
    span = replace(words[0].span, end=words[1].span.end)
    return error(Code.SYNTAX, "a param starts with `param`", span, Advice(f"write `{meant} = ...`", meant, sure=True))


# --- imports ------------------------------------------------------------------------------------


def _import(tokens: Sequence[Token], at: int, token: Token | None) -> Diagnostic | None:
    if tokens[0].kind is not Kind.IMPORT:
        return None
    paths = [each for each in tokens if each.kind is Kind.STRING]
    words = [each for each in tokens[1:] if each.kind is Kind.WORD and each.text not in ("from", "as")]
    place = token or tokens[-1]
    if at == 3 and paths and token is not None and token.kind is Kind.STRING:
        name = token.text[1:-1]
        return error(
            Code.QUOTES, "a name stands without quotes", token.span, Advice(f"write `{name}`", name, sure=True)
        )
    if not paths or at > 3:
        help = 'write `import "common.mtd"`, or `import "common.mtd" as c`'
        return error(Code.SYNTAX, "an import names a file in quotes", place.span, help)
    alias = f" as {words[0].text}" if len(words) == 1 and "." not in words[0].text else ""
    meant = f"{paths[0].text}{alias}"
    span = replace(tokens[1].span, end=tokens[-1].span.end)
    joined = len(paths) == 1 and tokens[-1].kind is not Kind.RBRACE
    help_ = Advice(f"write `import {meant}`", meant, sure=joined and len(words) < 2, span=span)
    if alias and at == 2:
        return error(Code.SYNTAX, f"`as` is missing before `{words[0].text}`", place.span, help_)
    return error(Code.SYNTAX, "an import names a file, and then its alias", place.span, help_)


HEADS: Final = (
    _foreign,
    _param_without_keyword,
    _quoted_name,
    _nameless,
    _yaml,
    _section,
    _json,
    _head,
    _idle_equal,
    _vary,
    _param,
    _import,
)
"""Examples of statements, see `mistakes.Example`."""
