"""The typed answer in a short text, as models, people and data sets write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, TypeVar

from distill_dsl.runtime.thoughts.answers.dates import Clock, dates, days, times
from distill_dsl.runtime.thoughts.answers.numerals import IRRATIONAL, first_number, flatten, numerals
from distill_dsl.runtime.thoughts.answers.typed import (
    MAX_ANSWER,
    MAX_NESTING,
    Ratio,
    Series,
    Value,
    colons,
    series,
    shown,
)

T = TypeVar("T")

MAX_PHRASE: Final = 100
"""Longest answer in words, in characters."""
MAX_WORDS: Final = 12
"""Most words of it; what is longer is an explanation."""
_READINGS: Final = 3
"""How often a text may change by being read again before it counts as unreadable."""

_ODD_SPACES: Final = re.compile(r"[^\S\u2009\u202f]+")  # narrow ones may part groups of digits
_LATEX_SPACES: Final = re.compile(r"\\(?:left|right|displaystyle|quad)(?![A-Za-z])|\\[,!;:]")
_LATEX_WORDS: Final = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|operatorname)\s?\{([^{}]{0,200})\}")
_WRAPPERS: Final = (
    ("\\boxed{", "}"), ("\\fbox{", "}"), ("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"), ("$", "$"),
    ("**", "**"), ("`", "`"), ('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’"),
)  # fmt: skip
_BRACKETS: Final = {"[": "]", "(": ")", "{": "}"}
EDGES: Final = " .,;:!?\"'()[]{}*`$“”‘’_=|\\"
"""Punctuation that belongs to no word at whose end it stands."""

_CHOICE: Final = re.compile(
    r"(?:(?:option|choice|answer)s? {1,3})?(?:\((?P<round>[A-Ja-j])\)|(?P<capital>[A-J])(?:[.):](?= |$)|$)).*",
    re.DOTALL,
)
_WORD_CHOICE: Final = re.compile(r"(?:option|choice) {1,3}\(?([A-Ja-j])\)?(?![A-Za-z0-9]).*", re.DOTALL | re.IGNORECASE)
_TRUTH: Final = re.compile(r"(yes(?= )|(?:yes|no|true|false)(?=$|[,;:!—–]|\.(?! {0,3}[0-9])))", re.IGNORECASE)
_NOTHING: Final = re.compile(r"[-+]?(?:nan|inf|infinity|none|null|n/?a|oo|zoo|undefined)", re.IGNORECASE)
_NAMED: Final = re.compile(r"[^\W\d][\w ]{0,40}\s{0,3}(?:=|:)\s{0,3}(?=\S)")
_TO: Final = re.compile(r"([0-9]{1,20}) to ([0-9]{1,20})")
_SPACED_COLON: Final = re.compile(r"(?<=[0-9]) {0,2}: {0,2}(?=[0-9])")
_COLON_GROUP: Final = re.compile(r"(?<![0-9.:])[0-9.]{1,30}(?::[0-9.]{0,29}[0-9]){1,9}(?![0-9:])")
_TIGHT_LIST: Final = re.compile(r"(?![0-9,]{1,30},0)[0-9]{1,20}(?:,[0-9]{1,20}){2,99}(?<!,[0-9]{3},[0-9]{3})")
"""1,2,3 and 5,10,150: no spaces, and not all groups have three digits."""
_ROOT: Final = re.compile(r"(?:\\sqrt|√)\s{0,3}(?:\{([^{}]{1,40})\}|([0-9]{1,20}))")
_PART: Final = re.compile(r"(?:;|,(?![0-9]{3}(?![0-9])))\s{0,3}(?:(?:and|or|&)\s)?|\s(?:and|or|&)\s")
"""Between quantities: not the comma within `1,234`."""
_UNITS: Final = re.compile(
    r"(?:\s{0,3}[%°]|\s{0,3}[A-Za-z/][A-Za-z.'/-]{0,20}){0,3}(?:\s{0,3}\([^()]{0,30}\))?[\s.%]{0,3}"
)
"""Behind a quantity: up to three words, or a bracket."""
_LABEL: Final = re.compile(r"\s{0,3}(?:[A-Za-z]\w{0,20}\s{0,3}=)?[\s(+-]{0,4}")


def read_value(text: str) -> Value | None:
    """The value that a short text states; `None` if it states none.

    Tried in order: a choice, yes or no, a bracketed list, a date, a time, a ratio, several quantities
    (`1 and 2`; `5 (cm); 3 (cm)`), a day of the year, a number among words, a phrase without numbers.
    """
    if len(text) > MAX_ANSWER:
        return None
    value = _read(text, MAX_NESTING)
    for _ in range(_READINGS):
        if not isinstance(value, str | Series):
            return value
        known = shown(value)
        again = _read(known, MAX_NESTING) if known is not None and len(known) <= MAX_ANSWER else None
        if again == value:
            return value
        value = again
    return None


def says_nothing(text: str) -> bool:
    """Whether a text holds no letter or digit, or is what programs print for nothing or no number."""
    return not any(sign.isalnum() for sign in text) or bool(_NOTHING.fullmatch(_bare(text)))


def _read(text: str, depth: int) -> Value | None:
    text = _bare(text)
    if not text or _NOTHING.fullmatch(text):
        return None
    if (word := _choice(text) or _truth(text)) is not None:
        return word
    named = _NAMED.match(text)
    if named and text[named.end()] in _BRACKETS:  # x = [1, 2]
        text = text[named.end() :]
    if text[0] in _BRACKETS and (several := _bracketed(text, depth)) is not None:
        return several
    return _scalar(text)


def _bare(text: str) -> str:
    """The text without the markup around it: `\\boxed{...}`, dollars of LaTeX, bold, quotes."""
    text = text.replace("{,}", ",").replace("\\{", "{").replace("\\}", "}").replace("\\%", "%").replace("\\$", "$")
    text = _ODD_SPACES.sub(" ", _LATEX_WORDS.sub(r"\1", _LATEX_SPACES.sub("", text))).strip()
    for _ in range(2 * MAX_NESTING):
        text = text.strip().rstrip(" .")
        inner = next((text[len(a) : len(text) - len(b)] for a, b in _WRAPPERS if _wraps(text, a, b)), None)
        if inner is None:
            break
        text = inner
    return text.strip()


def _wraps(text: str, opening: str, closing: str) -> bool:
    inner = text[len(opening) : len(text) - len(closing)]
    return (
        len(text) > len(opening) + len(closing)
        and text.startswith(opening)
        and text.endswith(closing)
        and (closing == "}" or closing not in inner)
        and (closing != "}" or _closes_last(text[len(opening) - 1 :], "{", "}"))
    )


def _closes_last(text: str, opening: str, closing: str) -> bool:
    """Whether the bracket that `text` begins with is closed by its last character."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == opening) - (sign == closing)
        if depth == 0:
            return place == len(text) - 1
    return False


def _choice(text: str) -> str | None:
    if match := _CHOICE.fullmatch(text):
        return str(match["round"] or match["capital"]).upper()
    match = _WORD_CHOICE.fullmatch(text)
    return match[1].upper() if match else None


def _truth(text: str) -> str | None:
    match = _TRUTH.match(text)
    return match[1].capitalize() if match else None


def _bracketed(text: str, depth: int) -> Value | None:
    """`[1, 2]`, `(1, 2)` in order, `{1, 2}` in none; brackets around a single thing are just brackets."""
    opening = text[0]
    if not depth or not _closes_last(text, opening, _BRACKETS[opening]):
        return None
    inside = text[1:-1]
    if opening == "(" and re.fullmatch(r"\s*[0-9]{1,3}(?:,[0-9]{3})+\s*", inside):
        return _read(inside, depth - 1)
    parts = _split(inside)
    values = [value for part in parts if (value := _read(part, depth - 1)) is not None]
    return series(values, ordered=opening != "{") if len(values) == len(parts) else None


def _split(inside: str) -> list[str]:
    """Parts between commas (or semicolons) outside of inner brackets; `1,234, 5` parts at commas with a space."""
    separator = ";" if ";" in inside else ", " if ", " in inside else ","
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(inside):
        depth += (sign in "[({") - (sign in "])}")
        if depth == 0 and inside.startswith(separator, place):
            parts.append(inside[start:place])
            start = place + len(separator)
    return [*parts, inside[start:]]


def _scalar(text: str) -> Value | None:
    if (surd := _irrational(text)) is not None:
        return surd
    if (found := _date(text) or _time(text) or _ratio(text)) is not None:
        return found
    if (several := _quantities(text)) is not None:
        return several
    if (day := _only(text, list(days(text)))) is not None:
        return day
    number = first_number(text)
    return number if number is not None else _phrase(text)


def _date(text: str) -> date | None:
    return _only(text, list(dates(text)))


def _time(text: str) -> Clock | None:
    return _only(text, list(times(text)))


def _only(text: str, found: list[tuple[T, int, int]]) -> T | None:
    """The one thing found, if nothing else in the text is a number."""
    if len(found) != 1:
        return None
    value, start, end = found[0]
    return None if any(sign.isdigit() for sign in text[:start] + text[end:]) else value


def _ratio(text: str) -> Ratio | Clock | None:
    text = _SPACED_COLON.sub(":", text)
    if match := _TO.fullmatch(re.sub(r"^.{0,60}\bratio\b[^0-9]{0,60}", "", text, flags=re.IGNORECASE)):
        return colons(f"{match[1]}:{match[2]}")
    groups = [(match[0], match.start(), match.end()) for match in _COLON_GROUP.finditer(text)]
    group = _only(text, groups)
    return None if group is None else colons(group)


def _quantities(text: str) -> Value | None:
    """Several numbers, each with a name before or a unit behind it at most; `3 or -3` has no order."""
    flat = flatten(text)
    if not (";" in flat or "," in flat or " and " in flat or " or " in flat or "&" in flat):
        return None
    tight = _TIGHT_LIST.fullmatch(flat.strip())
    parts = flat.split(",") if tight else _PART.split(flat)
    if len(parts) < 2 or not (tight or sum(1 for _ in numerals(flat)) == len(parts)):  # `2 and 1/2` is one number
        return None
    values = list(_each_quantity(parts))
    return series(values, ordered=" or " not in flat) if len(values) == len(parts) else None


def _each_quantity(parts: list[str]) -> Iterator[Value]:
    for part in parts:
        found = list(numerals(part))
        if len(found) == 1 and _UNITS.fullmatch(part, found[0].end) and _LABEL.fullmatch(part[: found[0].start]):
            yield found[0].value


def _irrational(text: str) -> str | None:
    """`2\\sqrt{3}` and `3\\pi` as texts of one form, `2√(3)` and `3π`: they are compared as they are written."""
    text = _ROOT.sub(r"√(\1\2)", text.replace("\\pi", "π").replace("\\cdot", ""))
    text = re.sub(r"[\s*]+", "", text.rpartition("=")[2])
    return text if IRRATIONAL.search(text) and len(text) <= MAX_PHRASE and text.isprintable() else None


def _phrase(text: str) -> str | None:
    """Words without a number: an answer such as `Tuesday` or `Lisa's soccer team`."""
    if named := _NAMED.match(text):
        text = text[named.end() :]
    text = text.strip(EDGES)
    words = text.split()
    short = 0 < len(words) <= MAX_WORDS and len(text) <= MAX_PHRASE
    return " ".join(words) if short and any(sign.isalpha() for sign in text) and text.isprintable() else None
