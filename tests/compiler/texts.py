"""Whole specs as texts: every construct, with blanks, line breaks and comments wherever they may stand.

They follow the grammar, and no more: names may lead nowhere. For the language, the formatter and editors.
"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from distill_dsl.compiler.language.tokens import BLOCKS

Words = list[str]
"""The tokens of a statement or of a part of it."""

WORDS = st.sampled_from(["a", "b", "cot", "pot", "x1", "_y", "gsm8k", "int", "true_name", "a_rather_long_name"])
NAMES = st.one_of(WORDS, st.sampled_from([*BLOCKS, "mtd"]))
"""What may stand for a name; a value is never called like a block, for it might start a line."""
PATHS = st.one_of(WORDS, WORDS, st.lists(WORDS, min_size=2, max_size=3).map(".".join))
NUMBERS = st.sampled_from(["0", "4", "-4", "007", "0.70", "1e-4", "2.5E3", "5s", "1e3ms", "512MB", "95%", "25USD"])
TEXTS = st.one_of(
    st.sampled_from(
        [
            '"# no comment"',
            r'"a \"b\" \\ \n"',
            '""',
            '"' + "long " * 12 + '"',
            '"{ [ ("',
            '"\N{CJK UNIFIED IDEOGRAPH-4E2D}"',
        ]
    ),
    st.text(st.characters(exclude_characters='"\\\n', codec="utf-8"), max_size=8).map(lambda text: f'"{text}"'),
)
CONSTANTS = st.sampled_from(["true", "false", "none"])
LITERALS = st.one_of(NUMBERS, TEXTS, CONSTANTS).map(lambda text: [text])


# --- values -------------------------------------------------------------------------------------


def joined(parts: list[Words], sign: str) -> Words:
    """Parts with a sign between each two."""
    words = list(parts[0]) if parts else []
    for part in parts[1:]:
        words += [sign, *part]
    return words


def chained(parts: st.SearchStrategy[Words], sign: str, most: int) -> st.SearchStrategy[Words]:
    """One to `most` parts with an operator between each two."""
    return st.lists(parts, min_size=1, max_size=most).map(lambda each: joined(each, sign))


def operators(atoms: st.SearchStrategy[Words]) -> st.SearchStrategy[Words]:
    """`a > b + 2*c`, and mostly without any operator."""
    products = st.one_of(atoms, chained(atoms, "*", 3))
    sums = st.one_of(products, chained(products, "+", 4))
    return st.one_of(atoms, atoms, chained(sums, ">", 5))


@st.composite
def bracketed(draw: st.DrawFn, before: Words, opening: str, parts: st.SearchStrategy[Words], closing: str) -> Words:
    """Elements in brackets, sometimes with a comma after the last."""
    elements = draw(st.lists(parts, max_size=6))
    comma = [","] if elements and draw(st.booleans()) else []
    return [*before, opening, *joined(elements, ","), *comma, closing]


def keyed(keys: st.SearchStrategy[str], sign: str, values: st.SearchStrategy[Words]) -> st.SearchStrategy[Words]:
    """`key: value` or `key = value`."""
    return st.tuples(keys, values).map(lambda pair: [pair[0], sign, *pair[1]])


def nested(values: st.SearchStrategy[Words]) -> st.SearchStrategy[Words]:
    """Lists, maps and calls of values, also joined by operators."""
    arguments = st.one_of(values, keyed(WORDS, ":", values))
    lists = bracketed([], "[", values, "]")
    maps = bracketed([], "{", keyed(PATHS, ":", values), "}")
    calls = WORDS.flatmap(lambda name: bracketed([name], "(", arguments, ")"))
    return operators(st.one_of(lists, maps, calls, calls, values))


VALUES = st.recursive(operators(st.one_of(LITERALS, PATHS.map(lambda text: [text]))), nested, max_leaves=15)


# --- statements ---------------------------------------------------------------------------------


ITEMS = keyed(NAMES, "=", VALUES)
VARIES = ITEMS.map(lambda words: ["vary", *words])
ITEM_LISTS = st.lists(st.one_of(ITEMS, ITEMS, VARIES), max_size=5)
DESCRIPTIONS = st.lists(ITEMS, max_size=3)


def in_braces(items: list[Words]) -> Words:
    """The body of a block."""
    return ["{", *(word for item in items for word in item), "}"]


def whole(value: Words) -> Words:
    """A value outside of all brackets: there, a `}` ends the statement."""
    return ["[", *value, "]"] if "}" in value[:-1] else value


def statements() -> st.SearchStrategy[Words]:
    """A block, copy, param or import."""
    heads = st.tuples(st.sampled_from(BLOCKS), NAMES).map(list)
    blocks = st.tuples(heads, ITEM_LISTS).map(lambda each: [*each[0], *in_braces(each[1])])
    copies = st.tuples(heads, PATHS, ITEM_LISTS).map(lambda each: [*each[0], "=", each[1], *in_braces(each[2])])
    typed = st.tuples(NAMES, WORDS).map(lambda each: ["param", each[0], ":", each[1], "="])
    params = st.tuples(typed, VALUES).map(lambda each: [*each[0], *whole(each[1])])
    described = st.tuples(typed, LITERALS, DESCRIPTIONS).map(lambda each: [*each[0], *each[1], *in_braces(each[2])])
    imports = TEXTS.map(lambda path: ["import", path])
    aliased = st.tuples(imports, NAMES).map(lambda each: [*each[0], "as", each[1]])
    return st.one_of(blocks, blocks, copies, params, described, imports, aliased)


# --- texts --------------------------------------------------------------------------------------

INLINE = ["", " ", " ", "  ", "\t"]
SPREAD = [*INLINE, "\n", "\n  ", "\r\n", "\n\n", "\n \t\n\n", " #\n", "\n#\n", "#\r\n  #\n\n\n # \n", "\n\n#\n\n"]
TIDY = [*[" "] * 20, "\n", "\n\n", " #\n", "\n#\n"]
NOTES = ["", " weights", " {", ' "', "#", " a = [1,", " \N{CJK UNIFIED IDEOGRAPH-4E2D}  "]
CONTINUING = {"=", ":", ",", "+", "*", ">"}


def may_break(words: Words, at: int) -> bool:
    """Whether a line may end before a word: within brackets, after a sign or the first word, before a body."""
    depth = sum((word in ("[", "(", "{")) - (word in ("]", ")", "}")) for word in words[:at])
    return depth > 0 or at == 1 or words[at - 1] in CONTINUING or words[at] == "{"


def must_part(one: str, other: str) -> bool:
    """Whether two words would be one without a blank between them; `f(a: 0,5)` is taken for a number with decimals."""
    return (one == "," and other.isdigit()) or all(char.isalnum() or char in "_%" for char in (one[-1], other[0]))


@st.composite
def spec_texts(draw: st.DrawFn) -> str:
    """A whole spec without mistakes of syntax, however it may be written."""
    edition = [["mtd", "1"]] if draw(st.booleans()) else []
    specs = [*edition, *draw(st.lists(statements(), max_size=6))]
    spread = st.sampled_from(draw(st.sampled_from([SPREAD, TIDY, [" ", "\n"]])))
    count = 0

    def gap(choices: st.SearchStrategy[str], least: str) -> str:
        """What stands between two words; each comment is told from the others by its number."""
        nonlocal count
        pieces = draw(choices).split("#")
        text = pieces[0]
        for piece in pieces[1:]:
            count += 1
            text += f"# {count}{draw(st.sampled_from(NOTES))}{piece}"
        return text or least

    text = gap(spread, "")
    for number, words in enumerate(specs):
        if number:
            closed = specs[number - 1][-1] == "}"
            text += gap(spread, "") if closed else gap(spread.filter(lambda blanks: "\n" in blanks), "\n")
        text += words[0]
        for at, (one, other) in enumerate(pairwise(words), start=1):
            choices = spread if may_break(words, at) else st.sampled_from(INLINE)
            text += gap(choices, " " if must_part(one, other) else "") + other
    return text + gap(spread, "") + draw(st.sampled_from(["", "# the end", "\n# the end"]))
