"""From the text that a model wrote to its statements: comments, prose and bullets put aside.

Nothing here knows arithmetic. A statement is one relation (`a + b = 5`) with the line it came from
and the branches (`if`, `else`) it stands in; also kept is what the text says the answer is ("The
answer is total_cost:", `return total_cost`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from distill_dsl.runtime.thoughts.equations.blocks import Blocks, Condition
from distill_dsl.runtime.thoughts.equations.limits import MAX_EQUATIONS, MAX_TEXT, Unsolved, too_large
from distill_dsl.runtime.thoughts.equations.signs import plain


class Statement(NamedTuple):
    """One relation as written, with the conditions of the branches around it."""

    line: int
    text: str
    branches: tuple[Condition, ...] = ()


@dataclass
class Script:
    """What a text holds besides prose."""

    statements: list[Statement] = field(default_factory=list)
    stated: list[str] = field(default_factory=list)
    """Expressions that the text calls the answer, in order."""
    defines: bool = False
    """Whether it is the text of a function, whose answer is what it returns."""
    tags: int = 0
    """How many lines so far end in their number, as in `x + y = 5 (1)`."""
    blocks: Blocks = field(default_factory=Blocks)


SIMPLE: Final = re.compile(
    r"[^\W\d]\w* ==? \(*(?:\d+(?:\.\d+)?|[^\W\d]\w*)\)*(?: [-+*/] \(*(?:\d+(?:\.\d+)?|[^\W\d]\w*)\)*)*\Z"
)
"""An assignment in plain signs, as most lines are: nothing in it needs a second look."""
COMMENT: Final = re.compile(r"#.*|\s%.*|\s//\s{0,9}[^\W\d]+\s{1,9}[^\W\d]+.*")
"""`//` begins one only where words follow: it also divides."""
SPACED_PERCENT: Final = re.compile(r"(?<=\d)\s{1,9}%(?=\s{0,9}(?:$|of\b|[-*/+)=]))")
MODULO: Final = re.compile(r"(?<=[\w)])\s{0,9}%\s{0,9}(?=\d+\s*$)|(?<=[\w)])\s{0,9}%\s{1,9}(?=\w+\s*\)|\w+\s*==)")
STATED: Final = re.compile(
    r"\b[Aa]nswers?(?:\s{1,3}is|\s{1,3}are|\s{0,3}:)(?:\s{0,3}:)?\s{1,3}(?:the\s)?(?:value\sof\s)?([^:]{1,200}?)[:.\s]*$"
)
BOXED: Final = re.compile(r"^####\s*(\S.{0,99})$")
RELATION: Final = re.compile(r"[<>=]")
LOOP: Final = re.compile(r"^(?:while|for|switch|case|try|with|class)\b(?!.*[.?]$)")
BULLET: Final = re.compile(r"^(?:[-*+]\s+|\(?(?:\d{1,2}|[a-z])[.)]\s+(?=.*[^\W\d]))")
TAG: Final = re.compile(r"\s[\s.]{0,20}\((\d{1,2})\)$")
BOLD: Final = re.compile(r"^\*\*(.+)\*\*[.:]?$")
THOUSANDS: Final = re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3})+)(?![\d,])", re.ASCII)
CALL: Final = re.compile(r"\b(?:min|max|round|mod|sum|gcd|lcm)\s*\(", re.IGNORECASE)
JOINED: Final = re.compile(r"\([^()]{0,200}[<>][^()]{0,200}\b(?:and|or)\b")
"""Comparisons within parentheses, whose `and` separates no statements."""
ITEM: Final = re.compile(r"[-+]?\s?[\d.(]")
NAME: Final = re.compile(r"[^\W\d]\w*$")
LIST: Final = re.compile(r"(?:ans|answer|result)\s*=\s*[^\W\d]\w*(?:, [^\W\d]\w*)*$", re.IGNORECASE)
"""Names in a row where the answer stands."""
SEPARATORS: Final = (",", ";", ".", "and", " or ", "where", "such that")
SEPARATOR: Final = re.compile(
    r";|\band\b|\bwhere\b|\bsuch that\b|\.\s+|(?<=[\d)])\.(?=[A-Z;])|(?<=\w)\.(?=;|[A-Z][a-z']+,?\s)"
)
ASIDE: Final = re.compile(r"\s?\((?:[^\W\d][\w'-]*[ ]){1,20}[^\W\d][\w'-]*\)")
"""Words in parentheses, as in `5 (apples per box)`."""
UNIT_ASIDE: Final = re.compile(r"(?<=\d)\s\([^\W\d_]{3,30}\)(?=\s*(?:$|[,;.]))")
"""One such word, after a number and at the end."""
RATIO: Final = re.compile(r"\d\s?:\s?\d")
TIGHT_RATIO: Final = re.compile(r"\d:\d")
WORD: Final = re.compile(r"[^\W\d_]{2}")
PROPORTION: Final = re.compile(r"^([^:=]{1,99}):([^:=]{1,99})=([^:=]{1,99}):([^:=]{1,99})$")
"""`x : y = 3 : 4`; any other `3 : 4` is left to be refused."""
ASIDE_ALONE: Final = re.compile(rf"=\s?{ASIDE.pattern}(?!\s?[-+*/^(\w])")
"""Words in parentheses that stand for a value not known yet."""
QUOTED: Final = re.compile(r"""=\s*(?:"[^"]{0,99}"|'[^']{0,99}')\s*;?$""")
"""A text as a value: nothing that can be solved for."""
DECLARATION: Final = re.compile(r"=\s*(?:Variable|Symbol|symbols|Real|Int)\(.*\)\s*$")
ASSIGNED: Final = re.compile(r"(?<=\w)\s?:=")
RETURN: Final = re.compile(r"^(?:return|print)\b\s*(.+)$")
DEFINITION: Final = re.compile(r"^(?:def|from|import)\b.*")
SOLVE: Final = re.compile(
    r"^(?:([^\W\d][\w, ]*?)\s*=\s*)?(?:n?solve|linsolve|solve_problem|fsolve)\s*\(([^\n]*)\)(?:\[[^\[\]]{1,20}\])*$"
)


def read_lines(text: str) -> Script:
    """The statements of a text, in order; raises `Unsolved` where it is too long or loops."""
    if len(text) > MAX_TEXT:
        raise too_large(f"the text is longer than {MAX_TEXT} characters")
    script = Script()
    text = plain(text)
    if len(text) > 2 * MAX_TEXT:
        raise too_large("the text is too long once its signs are written out")
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if line:
            read_line(number, raw, line, script)
        if len(script.statements) > MAX_EQUATIONS:
            raise too_large(f"more than {MAX_EQUATIONS} equations")
    return script


def read_line(number: int, raw: str, line: str, script: Script) -> None:
    """Add what one line says to the script; `line` is `raw` without the spaces around it."""
    if line[0] in "%#" or line.startswith("//"):
        note_answer(line, script)
        return
    if "%" in line or "#" in line or "//" in line:
        line = COMMENT.sub("", MODULO.sub(" mod ", SPACED_PERCENT.sub("%", line))).strip() or "%"
    if line[0] in "wfsct" and LOOP.match(line):
        raise Unsolved("error:syntax", f"line {number}: `{line[:60]}` is a loop, not an equation")
    if SIMPLE.match(line) and not script.blocks.open:
        script.statements.append(Statement(number, line))
        return
    if script.blocks.open or line[0] in "ie":
        line = script.blocks.entered(line, number, len(raw) - len(raw.lstrip()))
    if "=" not in line and "<" not in line and ">" not in line:
        note_answer(line, script)
        script.defines = script.defines or line.startswith("def ")
        return
    if line[0] in "dfi" and DEFINITION.match(line):
        return
    if ("(" in line and DECLARATION.search(line)) or (('"' in line or "'" in line) and QUOTED.search(line)):
        return
    if ":=" in line:
        line = ASSIGNED.sub("=", line)
    if "nswer" in line and (found := STATED.search(line, max(0, line.rindex("nswer") - 1))):
        note_answer(line, script)
        line = f"{line[: found.start()]};{found[1] if '=' in found[1] else ''}"
    if line[-1] == ")" and (tag := TAG.search(line)) and int(tag[1]) == script.tags + 1:
        script.tags += 1
        line = line[: tag.start()]
    branches = script.blocks.conditions()
    for part in statements_of(line):
        if "?" not in part:  # `x = ?` asks; it states nothing
            script.statements.append(Statement(number, part, branches))


def statements_of(line: str) -> list[str]:
    """The relations of a line, without bullets, asides and prose."""
    if "(" in line:
        line = ASIDE.sub("", UNIT_ASIDE.sub("", ASIDE_ALONE.sub("= ?", line))).strip()
    if line.startswith("**"):
        line = BOLD.sub(r"\1", line)
    if line[:1] in ("*", "(", "-", "+") or line[1:2] in (".", ")") or line[2:3] in (".", ")"):
        line = BULLET.sub("", line)
    if "solve" in line and (found := SOLVE.match(line.rstrip(" ;"))):
        return solved_for(found[1], found[2])
    return [part for piece in parts(without_prose(line)) if (part := without_prose(piece).strip())]


def solved_for(name: str | None, call: str) -> list[str]:
    """`a = solve(x == 5, x)` as its equations and `a = x`; `Eq(a, b)` is `a == b`."""
    call = re.sub(r"\bEq\(([^(),]{1,200}),([^(),]{1,200})\)", r"\1 == \2", call)
    pieces = at_commas(re.sub(r"\bequations\b|[\[\]{}]", " ", call))
    pieces = [inner for piece in pieces for inner in at_commas(unwrapped(piece))]
    unknowns = [piece.strip() for piece in pieces if not RELATION.search(piece)]
    equations = [piece.strip() for piece in pieces if RELATION.search(piece)]
    targets = [target.strip() for target in (name or "").split(",") if target.strip()]
    return [*equations, *(f"{target} = {unknown}" for target, unknown in zip(targets, unknowns, strict=False))]


def unwrapped(piece: str) -> str:
    """Without one pair of parentheses around all of it."""
    piece = piece.strip()
    return piece[1:-1] if piece.startswith("(") and piece.endswith(")") and "(" not in piece[1:-1] else piece


def note_answer(line: str, script: Script) -> None:
    """Keep the expression that a line of prose calls the answer."""
    found = (
        (line[:1] in "rp" and RETURN.match(line))
        or ("nswer" in line and STATED.search(line, max(0, line.rindex("nswer") - 1)))
        or (line[:1] == "#" and BOXED.match(line))
    )
    if found:
        script.stated.append(found[1].rpartition("=")[2].strip())


def without_prose(line: str) -> str:
    """The line without the words before a colon ("Total cost: c = 5"), or after one ("ans = c:")."""
    if ":" not in line:
        return line
    if RATIO.search(line) and (proportion := PROPORTION.match(line)):
        return "({})/({}) = ({})/({})".format(*proportion.groups())
    first = RELATION.search(line)
    start = line.rfind(":", 0, first.start() if first else None)
    if not TIGHT_RATIO.search(line) and (WORD.search(line, 0, max(start, 0)) or not RATIO.search(line)):
        line = line[start + 1 :]
    if RATIO.search(line):
        return line
    head, colon, rest = line.partition(":")
    return line if colon and RELATION.search(rest) else head


def parts(line: str) -> list[str]:
    """The relations of a line that holds several, apart at `;`, `and`, and commas outside parentheses."""
    if "," in line and not CALL.search(line):
        line = THOUSANDS.sub(lambda match: match[0].replace(",", ""), line)
    conditional = (" if " in line and " else " in line) or ("(" in line and JOINED.search(line))
    if conditional or not any(sign in line for sign in SEPARATORS):
        return [line.strip()]
    found: list[str] = []
    for piece in (piece.strip() for half in SEPARATOR.split(line) for piece in at_commas(half)):
        if RELATION.search(piece):
            found += alternatives(piece) if " or " in piece else [piece]
        elif found and (ITEM.match(piece) or (NAME.match(piece) and LIST.match(found[-1]))):
            found[-1] += f", {piece}"  # `ans = 3, 4`: never to be read as 3
    return found


def alternatives(piece: str) -> list[str]:
    """`x = 1 or x = 2` apart, which contradict one another; `apples or pears = 3` as it is."""
    halves = piece.split(" or ")
    return halves if all(map(RELATION.search, halves)) else [piece]


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
