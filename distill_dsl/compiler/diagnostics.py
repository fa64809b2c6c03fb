"""What is wrong with a spec, as data, and the one place where that becomes text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from itertools import islice
from typing import Final

from distill_dsl.compiler.source import Source, Span


class Severity(StrEnum):
    """An error stops the compilation; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Code(Enum):
    """Every code with what it means. A number, once published, keeps its meaning."""

    # 00x: files
    UNREADABLE_FILE = "MTD001", "a spec is missing, unreadable, too large or no text"
    IMPORT_CYCLE = "MTD002", "files import each other in a circle"
    UNKNOWN_EDITION = "MTD003", "`mtd N` names an edition that this version cannot read, or stands in a wrong place"
    # 01x: syntax
    SYNTAX = "MTD010", "something else was expected here"
    STRAY_CHARACTER = "MTD011", "a character that means nothing in the language"
    QUOTES = "MTD012", "a text that is not in straight double quotes, or not closed"
    COLON_FOR_EQUALS = "MTD013", "`:` where the language writes `=`"
    EQUALS_FOR_COLON = "MTD014", "`=` where the language writes `:`"
    MISSING_BRACE = "MTD015", "a block that is not opened or not closed"
    STRAY_BRACE = "MTD016", "a closing bracket that closes nothing"
    UNKNOWN_KEYWORD = "MTD017", "a statement starts with a word that starts none"
    UNKNOWN_UNIT = "MTD018", "a number with a unit that does not exist"
    DASH_IN_NAME = "MTD019", "a name with `-` in it"
    MISSING_EQUALS = "MTD020", "a key without `=`"
    TOO_DEEP = "MTD021", "brackets within brackets beyond any use"
    UNKNOWN_ESCAPE = "MTD022", "a backslash before a character that it does not change"
    BAD_NUMBER = "MTD023", "a number that is too large, or written with separators"
    OUTSIDE_BLOCK = "MTD024", "a key that stands in no block"
    SEPARATOR = "MTD025", "a separator that the language does not use, or a missing comma"
    # 03x: names
    UNKNOWN_KEY = "MTD030", "a key that the block does not have"
    DUPLICATE_KEY = "MTD031", "a key given twice"
    MISSING_KEY = "MTD032", "a block without a key that it needs"
    DUPLICATE_NAME = "MTD033", "two blocks or params of one name"
    UNDEFINED = "MTD034", "a name that nothing defines"
    WRONG_KIND = "MTD035", "a name of another kind of thing"
    COPY_CYCLE = "MTD036", "blocks that copy each other in a circle"
    UNKNOWN_SPLIT = "MTD037", "a split that the data does not have"
    NAME_TOO_LONG = "MTD038", "a name too long to be part of a file name"
    # 04x: values
    WRONG_TYPE = "MTD040", "a value of another type than the key takes"
    OUT_OF_RANGE = "MTD041", "a number outside of what the key allows"
    UNKNOWN_CALL = "MTD042", "a call that the key does not take"
    WRONG_ARGUMENT = "MTD043", "an argument that the call does not take, or takes once, or lacks"
    EMPTY_LIST = "MTD044", "a list that needs at least one element"
    DUPLICATE_ELEMENT = "MTD045", "an element given twice"
    WRONG_PARAM_TYPE = "MTD046", "a param's value that is not of its type"
    BAD_PUBLISHED = "MTD047", "a published figure that fits no cell of the experiment"
    # 05x: meaning
    UNTAUGHT_THOUGHT = "MTD050", "a strategy over a thought that a mix does not teach"
    TEST_IS_TRAINING = "MTD051", "a test split that is also trained on"
    SAME_CUE = "MTD052", "two thoughts of one mix with the same cue"
    COLLIDING_NAMES = "MTD053", "names that would share a file or a metric"
    NO_RECORDING = "MTD054", "a recorded teacher without completions for a thought"
    ONE_FILE_TWO_SPLITS = "MTD055", "a single file used as two splits"
    IDLE_VARY = "MTD056", "a varied param that the experiment does not use"
    NO_EXPERIMENT = "MTD057", "a spec without an experiment, which has nothing to run"
    IDLE_STEPS = "MTD058", "a thought without prose whose calculations are to be checked"
    # 06x: what cannot be run or written
    NOT_YET = "MTD060", "a construct that this version cannot run yet"
    STALE = "MTD061", "`dvc.yaml` is not what the spec compiles to"
    UNWRITABLE = "MTD062", "a file that cannot be written"
    FOREIGN_FILE = "MTD063", "a file that was not made by this program, and is not overwritten"
    EDITED_PARAMS = "MTD064", "`params.yaml` was changed by hand"

    def __init__(self, number: str, meaning: str) -> None:
        self.number = number
        self.meaning = meaning


@dataclass(frozen=True)
class Edit:
    """The characters of `span` become `text`."""

    span: Span
    text: str


@dataclass(frozen=True)
class Advice:
    """What to do, and the text that stands in the place of the wrong part once it is done."""

    text: str
    replacement: str


@dataclass(frozen=True)
class Diagnostic:
    """One mistake: what, where (exactly the wrong part), what to do, and other places that matter.

    `fix` does what `help` says, where that is a replacement of text.
    """

    code: str
    severity: Severity
    summary: str
    span: Span | None = None
    help: str | None = None
    labels: tuple[tuple[Span, str], ...] = ()
    fix: Edit | None = None


Labels = tuple[tuple[Span, str], ...]
Help = str | Advice | None


def error(code: Code, summary: str, span: Span | None = None, help: Help = None, labels: Labels = ()) -> Diagnostic:
    """A diagnostic that stops the compilation."""
    return _diagnostic(code, Severity.ERROR, summary, span, help, labels)


def warning(code: Code, summary: str, span: Span | None = None, help: Help = None, labels: Labels = ()) -> Diagnostic:
    """A diagnostic that stops nothing."""
    return _diagnostic(code, Severity.WARNING, summary, span, help, labels)


def _diagnostic(
    code: Code, severity: Severity, summary: str, span: Span | None, help: Help, labels: Labels
) -> Diagnostic:
    if isinstance(help, Advice):
        fix = Edit(span, help.replacement) if span is not None else None
        return Diagnostic(code.number, severity, summary, span, help.text, labels, fix)
    return Diagnostic(code.number, severity, summary, span, help, labels)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them stops the compilation."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def ordered(diagnostics: Iterable[Diagnostic], paths: Sequence[str]) -> list[Diagnostic]:
    """Each once, by file (in the order of `paths`) and place; those without a place first."""
    rank = {path: number for number, path in enumerate(paths)}

    def key(diagnostic: Diagnostic) -> tuple[int, int, int, str]:
        span = diagnostic.span
        if span is None:
            return (-1, 0, 0, diagnostic.code)
        return (rank.get(span.path, len(rank)), span.start, span.end, diagnostic.code)

    return sorted(dict.fromkeys(diagnostics), key=key)


LONGEST_WORD: Final = 60
MOST_CANDIDATES: Final = 300
"""Beyond these, looking for a near word takes longer than reading the file."""


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` is most likely a slip of, or `None` if none is near enough."""
    allowed = max(1, len(word) // 3)
    if len(word) > LONGEST_WORD:
        return None
    choices = list(islice(candidates, MOST_CANDIDATES))
    close = [other for other in choices if abs(len(word) - len(other)) <= allowed]
    near = [(distance(word.lower(), other.lower()), other) for other in close]
    best = min(near, default=None, key=lambda pair: pair[0])
    if best is not None and best[0] <= allowed and best[0] < len(word):
        return best[1]
    longer = [other for other in choices if len(word) >= 3 and other.startswith(word)]
    shorter = [other for other in choices if len(other) >= 3 and word.startswith(other)]
    initials = [other for other in choices if len(word) > 1 and "".join(part[:1] for part in other.split("_")) == word]
    meant = next((each for each in (longer, shorter, initials) if each), [])
    return meant[0] if len(meant) == 1 else None


def suggestion(word: str, candidates: Iterable[str]) -> Help:
    """`did_you_mean` as advice; without a near one, the choices themselves."""
    choices = list(candidates)
    near = did_you_mean(word, choices)
    if near is not None:
        return Advice(f"did you mean `{near}`?", near)
    shown = ", ".join(f"`{choice}`" for choice in choices[:12])
    return f"there is {shown}{', ...' if len(choices) > 12 else ''}" if shown else None


def distance(one: str, other: str) -> int:
    """Edits (insert, drop, change, swap of neighbours) between two words."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        above, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]


# --- text ---------------------------------------------------------------------------------------

TAB: Final = "    "
WIDEST: Final = 120
"""Characters of a source line that are shown; a longer one is cut around the carets."""

_RED, _YELLOW, _BLUE, _GREEN, _BOLD, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[32m", "\x1b[1m", "\x1b[0m"


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source], color: bool) -> str:
    """The diagnostics as text for a terminal, in the order of `sources` (by path) and of places."""
    return "\n".join(_render_one(diagnostic, sources, color) for diagnostic in ordered(diagnostics, list(sources)))


def _render_one(diagnostic: Diagnostic, sources: Mapping[str, Source], color: bool) -> str:
    tone = _RED if diagnostic.severity is Severity.ERROR else _YELLOW
    head = _paint(f"{diagnostic.severity}[{diagnostic.code}]", _BOLD + tone, color)
    lines = [head + _paint(f": {_printable(diagnostic.summary)}", _BOLD, color)]
    places = [(diagnostic.span, "", "^", tone)] if diagnostic.span else []
    places += [(span, text, "-", _BLUE) for span, text in diagnostic.labels]
    margin = max((_margin(span, sources) for span, *_ in places), default=1)
    for number, (span, text, mark, paint) in enumerate(places):
        lines += _excerpt(span, text, mark, "-->" if number == 0 else ":::", margin, sources, paint if color else "")
    if diagnostic.help:
        lines.append(f"{' ' * margin} {_paint('= help', _GREEN, color)}: {_printable(diagnostic.help)}")
    return "\n".join(lines) + "\n"


def _margin(span: Span, sources: Mapping[str, Source]) -> int:
    source = sources.get(span.path)
    return len(str(source.place(span.start)[0])) if source else 1


def _excerpt(
    span: Span, text: str, mark: str, arrow: str, margin: int, sources: Mapping[str, Source], paint: str
) -> list[str]:
    pad, bar = " " * margin, _paint("|", _BLUE, bool(paint))
    arrow = _paint(arrow, _BLUE, bool(paint))
    source = sources.get(span.path)
    if source is None:
        return [f"{pad}{arrow} {_printable(span.path)}"]
    number, column = source.place(span.start)
    line = source.line(number)
    before, inside, after = _window(line, column - 1, column - 1 + max(1, span.end - span.start))
    carets = mark * max(1, _width(inside))
    note = f"{' ' * _width(before)}{_paint(f'{carets} {text}'.rstrip(), paint, bool(paint))}"
    return [
        f"{pad}{arrow} {_printable(span.path)}:{number}:{column}",
        f"{pad} {bar}",
        f"{_paint(str(number).rjust(margin), _BLUE, bool(paint))} {bar} {before}{inside}{after}".rstrip(),
        f"{pad} {bar} {note}",
    ]


def _window(line: str, start: int, end: int) -> tuple[str, str, str]:
    """The part of a line around `start:end` that is shown, in printable form."""
    end = min(end, max(len(line), start))
    left = max(0, start - WIDEST // 2) if len(line) > WIDEST else 0
    right = min(len(line), left + WIDEST)
    before = ("..." if left else "") + _printable(line[left:start])
    after = _printable(line[end:right]) + ("..." if right < len(line) else "")
    return before, _printable(line[start : min(end, right)]), after


def _printable(text: str) -> str:
    """Tabs as blanks, and no control character: a spec must not steer the terminal."""
    return "".join(
        TAB if char == "\t" else char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def _width(text: str) -> int:
    """Terminal columns: wide East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _paint(text: str, paint: str, color: bool) -> str:
    return f"{paint}{text}{_PLAIN}" if color and paint else text
