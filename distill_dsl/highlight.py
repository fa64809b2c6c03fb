"""The Pygments lexer of specs: their colours in Sphinx, MkDocs and terminals.

It needs no tree, so a spec with mistakes has colours, too. What the compiler reads only to say what is
wrong with it (a bad escape, an unknown unit) is an error here as well. Nothing else of the package
imports this module: Pygments finds it by its entry point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final

from pygments.lexer import RegexLexer, bygroups, default, words
from pygments.token import Comment, Error, Keyword, Name, Number, Operator, Punctuation, String, Whitespace, _TokenType

from distill_dsl.compiler.language.tokens import BLOCKS, UNITS

NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
DOTTED: Final = rf"{NAME}(?:\.{NAME})*"
ALONE: Final = r"(?![A-Za-z0-9_]|-[A-Za-z0-9_]|\.[A-Za-z_])"
"""Behind a word: it is no part of a longer one."""
BLANKS: Final = r"[\s\ufeff]*"
GAP: Final = r"([\s\ufeff]+)"
NO_GAP: Final = rf"({BLANKS})"
LINE_START: Final = r"^((?:[^\S\n]|\ufeff)*)"
KEYWORD: Final = f"({'|'.join(BLOCKS)})"
RESERVED: Final = "(?:param|import|as|vary|true|false|none)"

FLOAT: Final = r"-?[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)"
OPEN_TEXT: Final = r'"(?:[^"\\\n]|\\[^\n])*\\?'


def _groups(*types: _TokenType) -> Callable[..., Iterator[Any]]:
    """The groups of a pattern, each of its own type; those that matched nothing are no tokens."""
    return bygroups(*types)  # type: ignore[no-untyped-call, no-any-return]


class MtdLexer(RegexLexer):
    """Specs of distill-dsl."""

    name = "mtd"
    aliases: ClassVar = ["mtd"]
    filenames: ClassVar = ["*.mtd"]
    mimetypes: ClassVar = ["text/x-mtd"]

    tokens: ClassVar = {
        "root": [
            (r"#[^\n]*", Comment.Single),
            (r'"(?=(?:[^"\\\n]|\\[^\n])*")', String.Double, "text"),
            (OPEN_TEXT, Error),
            # Statements.
            (
                rf"{LINE_START}(mtd){GAP}([0-9]+){ALONE}",
                _groups(Whitespace, Keyword.Declaration, Whitespace, Number.Integer),
            ),
            (rf"import{ALONE}", Keyword.Namespace),
            (rf"(as){ALONE}(?:{GAP}({NAME}){ALONE})?", _groups(Keyword.Namespace, Whitespace, Name.Namespace)),
            (
                rf"(param){GAP}({NAME}){NO_GAP}(:){NO_GAP}({NAME}){ALONE}",
                _groups(
                    Keyword.Declaration, Whitespace, Name.Constant, Whitespace, Punctuation, Whitespace, Keyword.Type
                ),
            ),
            (rf"param{ALONE}", Keyword.Declaration),
            # The words of blocks are names and keys, too (`teacher = data`), so what follows decides.
            (
                rf"{KEYWORD}{GAP}({NAME}){NO_GAP}(=){NO_GAP}({DOTTED})(?={BLANKS}\{{)",
                _groups(Keyword.Declaration, Whitespace, Name.Class, Whitespace, Operator, Whitespace, Name.Class),
            ),
            (rf"{KEYWORD}{GAP}({NAME})(?={BLANKS}\{{)", _groups(Keyword.Declaration, Whitespace, Name.Class)),
            # One that is still being written; but in `a = data   b = c` there is none, whatever starts the line.
            (
                rf"{LINE_START}{KEYWORD}([^\S\n]+)(?!{RESERVED}{ALONE})({NAME}){ALONE}(?!{BLANKS}=)",
                _groups(Whitespace, Keyword.Declaration, Whitespace, Name.Class),
            ),
            (rf"(vary){ALONE}(?:{GAP}({DOTTED}){ALONE})?", _groups(Keyword, Whitespace, Name.Constant)),
            # Mistakes that the compiler names.
            (rf"{NAME}(?:-[A-Za-z0-9_]+)+", Error),
            (r"//[^\n]*", Error),
            (r"'[^'\n]*'|[“”„«][^“”«»\n]*[“”»]", Error),
            # Values.
            (FLOAT, Number.Float, "unit"),
            (r"-?[0-9]+", Number.Integer, "unit"),
            (rf"(?:true|false|none){ALONE}", Keyword.Constant),
            (rf"({DOTTED}){NO_GAP}(\()", _groups(Name.Function, Whitespace, Punctuation)),
            (rf"({DOTTED}){NO_GAP}(=)", _groups(Name.Attribute, Whitespace, Operator)),
            (rf"({DOTTED}){NO_GAP}(:)", _groups(Name.Attribute, Whitespace, Punctuation)),
            (DOTTED, Name),
            (r"[>+*=]", Operator),
            (r"[{}\[\](),:]", Punctuation),
            (r"\n|(?:[^\S\n]|\ufeff)+", Whitespace),
            (r"\S", Error),
        ],
        "text": [
            (r'\\[nt"\\]', String.Escape),
            (r"\\[^\n]", Error),
            (r'"', String.Double, "#pop"),
            (r'[^"\\]+', String.Double),
        ],
        "unit": [
            (r"%", Keyword.Type, "#pop"),
            (words([unit for unit in UNITS if unit != "%"], suffix=r"(?![A-Za-z0-9_])"), Keyword.Type, "#pop"),
            (NAME, Error, "#pop"),
            default("#pop"),
        ],
    }
