"""From the text that a model wrote to its statements: comments, prose, wrappers and signs put aside.

Nothing here knows arithmetic. A statement is one relation (`a + b = 5`) with the line it came from;
also kept is what the text says the answer is ("The answer is total_cost:", `return total_cost`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from distill_dsl.runtime.thoughts.equations.limits import MAX_EQUATIONS, MAX_TEXT, Unsolved, too_large


@dataclass(frozen=True)
class Statement:
    """One relation as written."""

    line: int
    text: str


@dataclass(frozen=True)
class Script:
    """What a text holds besides prose."""

    statements: list[Statement] = field(default_factory=list)
    stated: list[str] = field(default_factory=list)
    """Expressions that the text calls the answer, in order."""


SIGNS: Final = str.maketrans(
    {
        "×": "*", "✕": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*", "•": "*", "÷": "/", "∕": "/", "⁄": "/",
        "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "＝": "=", "≤": "<=", "≥": ">=", "≠": "!=",
        "½": "(1/2)", "¼": "(1/4)", "¾": "(3/4)", "⅓": "(1/3)", "⅔": "(2/3)", "⅕": "(1/5)", "⅛": "(1/8)",
        "²": "^2", "³": "^3", "√": " sqrt ", "’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
        "$": " ", "€": " ", "£": " ", "¥": " ", "₹": " ", "¢": " ", "°": " ", "`": " ", "∴": ";", "⟹": ";", "⇒": ";",
    }
)  # fmt: skip
"""Signs with one meaning in word problems; currency means nothing to a number."""

LATEX: Final = (
    (re.compile(r"\\(?:text|mathrm|mathbf|textbf|mbox|operatorname)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)"), r"((\1)/(\2))"),
    (re.compile(r"\\[dt]frac"), r"\\frac"),
    (re.compile(r"\\(?:times|cdot|ast)(?![a-zA-Z])"), "*"),
    (re.compile(r"\\div(?![a-zA-Z])"), "/"),
    (re.compile(r"\\le(?:q)?(?![a-zA-Z])"), "<="),
    (re.compile(r"\\ge(?:q)?(?![a-zA-Z])"), ">="),
    (re.compile(r"\\(?:left|right|quad|qquad|displaystyle|implies|Rightarrow|therefore|[,;:!()\[\]])"), " "),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\\_"), "_"),
    (re.compile(r"\\(?:begin|end)\s*\{[^{}]*\}"), "\n"),
    (re.compile(r"\\\\"), "\n"),
    (re.compile(r"\\(?=sqrt|min|max)"), " "),
)
"""LaTeX -> plain signs; `\\frac` of groups is the parser's."""

COMMENT: Final = re.compile(r"#.*|\s%.*")
SPACED_PERCENT: Final = re.compile(r"(?<=\d)\s+%(?=\s*(?:$|of\b|[-*/+)=]))")
MODULO: Final = re.compile(r"(?<=[\w)])\s+%\s+(?=\d+\s*$)|(?<=[\w)])\s+%\s+(?=\w+\s*\))")
STATED: Final = re.compile(r"\b[Aa]nswer\s+is:?\s+(?:the\s+)?(?:value\s+of\s+)?(.+?)\s*[:.]?\s*$")
RELATION: Final = re.compile(r"[<>=]")
CONTROL: Final = re.compile(r"^(?:if|elif|else|while|for)\b(?!.*[.?]$)|^end$")
BULLET: Final = re.compile(r"^(?:[-*+]\s+|\(?(?:\d{1,2}|[a-z])[.)]\s+(?=.*[^\W\d]))")
THOUSANDS: Final = re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3})+)(?![\d,])", re.ASCII)
CALL: Final = re.compile(r"\b(?:min|max|round|mod)\s*\(", re.IGNORECASE)
WRAPPER: Final = re.compile(r"\[\[\s*(?:eq|equation)?s?\b:?(.*?)\]\]", re.DOTALL)
SEPARATOR: Final = re.compile(r";|\band\b|\.\s+")
ASIDE: Final = re.compile(r"\s\((?:[^\W\d]+\s+)+[^\W\d]+\)")
"""Words in parentheses, as in `5 (apples per box)`."""
MATH_MODULE: Final = re.compile(r"\bmath\.(?=(?:ceil|floor|sqrt)\b)")
DOCSTRING: Final = re.compile(r'"""(?:.*?"""|.*\Z)|\'\'\'(?:.*?\'\'\'|.*\Z)', re.DOTALL)
DECLARATION: Final = re.compile(r"=\s*Variable\(\s*\)\s*$")
RETURN: Final = re.compile(r"^return\s+(.+)$")
DEFINITION: Final = re.compile(r"^(?:def|from|import)\b.*")


def read_lines(text: str) -> Script:
    """The statements of a text, in order; raises `Unsolved` where it is too long or branches."""
    if len(text) > MAX_TEXT:
        raise too_large(f"the text is longer than {MAX_TEXT} characters")
    script = Script()
    for number, line in enumerate(plain(text).split("\n"), start=1):
        line = line.strip()
        if line:
            read_line(number, line, script)
        if len(script.statements) > MAX_EQUATIONS:
            raise too_large(f"more than {MAX_EQUATIONS} equations")
    return script


def plain(text: str) -> str:
    """The text without wrappers that are not lines, and with plain signs."""
    if "[[" in text:
        text = WRAPPER.sub(r"\n\1\n", text)
    if '"""' in text or "'''" in text:
        # Keeps the line count, so that a syntax error names the line the reader sees.
        text = DOCSTRING.sub(lambda match: "\n" * match[0].count("\n"), text)
    if "math." in text:
        text = MATH_MODULE.sub("", text)
    if "\\" in text:
        for pattern, replacement in LATEX:
            text = pattern.sub(replacement, text)
    if not text.isascii() or "$" in text or "`" in text:
        text = text.translate(SIGNS)
    return text


def read_line(number: int, line: str, script: Script) -> None:
    """Add what one line says to the script."""
    if line[0] in "%#" or line.startswith("//"):
        note_answer(line, script)
        return
    if "%" in line or "#" in line:
        line = COMMENT.sub("", MODULO.sub(" mod ", SPACED_PERCENT.sub("%", line))).strip()
    if CONTROL.match(line):
        raise Unsolved("error:syntax", f"line {number}: `{line[:60]}` is a branch or a loop, not an equation")
    if not RELATION.search(line):
        note_answer(line, script)
        return
    if DEFINITION.match(line) or DECLARATION.search(line):
        return
    line = ASIDE.sub("", BULLET.sub("", line))
    for part in parts(without_prose(line)):
        if "?" not in part:  # `x = ?` asks; it states nothing
            script.statements.append(Statement(number, part))


def note_answer(line: str, script: Script) -> None:
    """Keep the expression that a line of prose calls the answer."""
    found = RETURN.match(line) or ("nswer" in line and STATED.search(line))
    if found:
        script.stated.append(found[1])


def without_prose(line: str) -> str:
    """The line without the words before a colon ("Total cost: c = 5"), or after one ("ans = c:")."""
    if ":" not in line:
        return line
    first = RELATION.search(line)
    start = line.rfind(":", 0, first.start() if first else None)
    line = line[start + 1 :]
    head, colon, rest = line.partition(":")
    return line if colon and RELATION.search(rest) else head


def parts(line: str) -> list[str]:
    """The relations of a line that holds several, apart at `;`, `and`, and commas outside parentheses."""
    if "," in line and not CALL.search(line):
        line = THOUSANDS.sub(lambda match: match[0].replace(",", ""), line)
    if ";" not in line and "," not in line and " and " not in line and ". " not in line:
        return [line]
    pieces = [piece for half in SEPARATOR.split(line) for piece in at_commas(half)]
    return [piece.strip() for piece in pieces if RELATION.search(piece)]


def at_commas(line: str) -> list[str]:
    """The line cut at commas outside parentheses."""
    depth = start = 0
    pieces = []
    for place, sign in enumerate(line):
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "," and depth <= 0:
            pieces.append(line[start:place])
            start = place + 1
    return [*pieces, line[start:]]
