"""Signs with one meaning in word problems made plain: Unicode operators, currency, LaTeX, wrappers.

Every pattern is linear in the text, whatever the text: no two unbounded repeats meet.
"""

from __future__ import annotations

import re
from typing import Final

SIGNS: Final = str.maketrans(
    {
        "×": "*", "✕": "*", "✖": "*", "·": "*", "⋅": "*", "∙": "*", "∗": "*", "•": "*", "÷": "/", "➗": "/", "∕": "/",
        "⁄": "/", "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "－": "-", "＋": "+", "＝": "=",
        "≈": "=", "≔": "=", "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "≠": "!=",
        "½": "(1/2)", "¼": "(1/4)", "¾": "(3/4)",
        "⅓": "(1/3)", "⅔": "(2/3)", "⅕": "(1/5)", "⅖": "(2/5)", "⅗": "(3/5)", "⅘": "(4/5)", "⅙": "(1/6)", "⅚": "(5/6)",
        "⅛": "(1/8)", "⅜": "(3/8)", "⅝": "(5/8)", "⅞": "(7/8)", "√": " sqrt ", "⌈": " ceil(", "⌊": " floor(",
        "⌉": ")", "⌋": ")", "’": "'", "ʼ": "'", "\u00a0": " ", "\u2007": " ", "\u202f": " ", "\u2009": " ",
        "\u200a": " ", "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "", "（": "(", "）": ")",
        "，": ",", "；": ";", "：": ":", "％": "%", "$": " ", "€": " ", "£": " ", "¥": " ", "₹": " ", "¢": " ",
        "₩": " ", "°": " ", "`": " ", "∴": ";", "∵": ";", "⟹": ";", "⇒": ";", "→": ";", "➸": ";", "∧": ";",
        "∃": ";", "∀": ";", "∈": " in ", "∉": " in ",
    }
)  # fmt: skip
"""Currency means nothing to a number; an arrow or `therefore` ends a statement."""

ROOT: Final = re.compile(r"√\s?(\d[\d.]{0,99}|[^\W\d]\w{0,99})")
POWER: Final = re.compile("⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,9}")
DIGITS_ABOVE: Final = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
MIXED: Final = re.compile(r"(?<![\w.,])(\d{1,9})[ ]?([½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])", re.ASCII)
MIXED_PLAIN: Final = re.compile(r"(\d{1,6}) (\d{1,6})/(\d{1,6})(?![\w.^]|\s?\*\*)", re.ASCII)
BEFORE_MIXED: Final = re.compile(r"[\w.,/^)]\Z|[\w)] \Z")
"""What a whole number cannot follow: an operand, or the rest of a number."""

LATEX: Final = (
    (re.compile(r"\\begin\s*\{array\}\s*\{[^{}]{0,99}\}"), "\n"),
    (re.compile(r"\\(?:begin|end)\s*\{[^{}]{0,99}\}"), "\n"),
    (re.compile(r"\\\\(?:\[[^\[\]]{0,20}\])?"), "\n"),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"_\{([\w ,]{1,60})\}"), lambda match: "_" + re.sub(r"\W+", "_", match[1])),
    (re.compile(r"_\\(?:text|mathrm)\s?\{([\w ]{1,60})\}"), lambda match: "_" + re.sub(r"\W+", "_", match[1])),
    (re.compile(r"_\{\\(?:text|mathrm)\s?\{([\w ]{1,60})\}\}"), lambda match: "_" + re.sub(r"\W+", "_", match[1])),
    (re.compile(r"\\(?:text|mathrm|mathbf|mathit|textbf|textit|mbox|operatorname)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\[dtc]?frac\s*(\d)\s*(\d)"), r"((\1)/(\2))"),
    (re.compile(r"\\[dtc]frac"), r"\\frac"),
    (re.compile(r"\\boxed\s?\{([^{}]{0,200})\}"), r" \1 "),
    (re.compile(r"\\boxed(?![a-zA-Z])"), " "),
    (re.compile(r"\\sqrt\s*\[(\d{1,2})\]\s*\{([^{}]{1,200})\}"), r"((\2)^(1/\1))"),
    (re.compile(r"\\(?:times|cdot|ast)(?![a-zA-Z])"), "*"),
    (re.compile(r"\\div(?![a-zA-Z])"), "/"),
    (re.compile(r"\\(?:le|leq|leqslant)(?![a-zA-Z])"), "<="),
    (re.compile(r"\\(?:ge|geq|geqslant)(?![a-zA-Z])"), ">="),
    (re.compile(r"\\(?:lt)(?![a-zA-Z])"), "<"),
    (re.compile(r"\\(?:gt)(?![a-zA-Z])"), ">"),
    (re.compile(r"\\(?:ne|neq)(?![a-zA-Z])"), "!="),
    (re.compile(r"\\approx(?![a-zA-Z])"), "≈"),
    (re.compile(r"\\lceil(?![a-zA-Z])"), " ceil("),
    (re.compile(r"\\lfloor(?![a-zA-Z])"), " floor("),
    (re.compile(r"\\r(?:ceil|floor)(?![a-zA-Z])"), ")"),
    (re.compile(r"\\(?:implies|Rightarrow|rightarrow|Longrightarrow|to|therefore)(?![a-zA-Z])"), ";"),
    (re.compile(r"\\(?:left|right|bigl?|bigr|Bigl?|Bigr)(?![a-zA-Z])\.?"), " "),
    (re.compile(r"\\(?:quad|qquad|displaystyle|textstyle)(?![a-zA-Z])"), " "),
    (re.compile(r"\\[,;:!()\[\]$ ]"), " "),
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\\_"), "_"),
    (re.compile(r"\\([{}])"), lambda match: "(" if match[1] == "{" else ")"),
    (re.compile(r"\\(?=(?:sqrt|min|max)(?![a-zA-Z]))"), " "),
    (re.compile(r"\s&\s*(?=[=<>])|(?<=[=<>])&|&(?=[=<>])|\s&\s"), " "),
)  # fmt: skip
"""LaTeX -> plain signs, in order; `\\frac` of groups is the parser's."""

ARROW: Final = re.compile(r"\s(?:=>|->|==>|-->)\s(?=[^\n]{0,300}?[=<>])")
"""What leads from one equation to the next."""
ROUNDED: Final = re.compile(r"=([^=≈~\n]{1,200})(?:≈|~)[^\n;,=]{1,99}")
"""A value and what it is about: the value counts."""
ANSWER_WRAPPER: Final = re.compile(r"\[\[\s*answer:?\s([^\[\]]{1,200})\]\]")
WRAPPER: Final = re.compile(r"\[\[\s*(?:eq|equation)?s?\b:?([^\[\]]{1,2000})\]\]")
MODULES: Final = ("math.", "np.", "numpy.", "sp.", "sympy.")
MATH_MODULE: Final = re.compile(r"\b(?:math|np|numpy|sp|sympy)\.(?=(?:ceil|floor|sqrt|round|gcd|lcm|abs|max|min)\b)")
DOCSTRING: Final = re.compile(r'"""(?:.*?"""|.*\Z)|\'\'\'(?:.*?\'\'\'|.*\Z)', re.DOTALL)
BARS: Final = re.compile(r"(?<![|\w)])\|([^|\n=]{1,200})\|(?![|\w(])")


def plain(text: str) -> str:
    """The text without wrappers that are not lines, and with plain signs. Line numbers are kept."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "]]" in text:
        text = ANSWER_WRAPPER.sub(r"\nThe answer is \1\n", text)
        text = WRAPPER.sub(r"\n\1\n", text)
    if '"""' in text or "'''" in text:
        text = DOCSTRING.sub(lambda match: "\n" * match[0].count("\n"), text)
    if any(module in text for module in MODULES):
        text = MATH_MODULE.sub("", text)
    if "\\" in text:
        for pattern, replacement in LATEX:
            text = pattern.sub(replacement, text)
    if "->" in text or "=>" in text:
        text = ARROW.sub(" ; ", text)
    if not text.isascii():
        text = ROUNDED.sub(r"=\1", text)
        text = MIXED.sub(r"(\1+\2)", text)
        text = POWER.sub(lambda match: f"^({match[0].translate(DIGITS_ABOVE)})", text)
        text = ROOT.sub(r" sqrt(\1)", text).translate(SIGNS)
    elif "$" in text or "`" in text:
        text = text.translate(SIGNS)
    if "|" in text:
        text = BARS.sub(r" abs(\1)", text)
    return MIXED_PLAIN.sub(mixed, text) if "/" in text else text


def mixed(match: re.Match[str]) -> str:
    """`2 1/2` as a sum, where the fraction is less than one."""
    whole, top, bottom = match.groups()
    if BEFORE_MIXED.search(match.string[max(0, match.start() - 2) : match.start()]):
        return match[0]
    return f"({whole}+{top}/{bottom})" if int(top) < int(bottom) else match[0]
