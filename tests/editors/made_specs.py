"""Specs of every form, made by chance: of right form, though most of them mean nothing."""

from __future__ import annotations

from hypothesis import strategies as st

from distill_dsl.compiler.language.tokens import BLOCKS, UNITS

BLANKS = st.sampled_from(["", " ", "   ", "\t", "\n", "\n  ", " \r\n"])
GAPS = st.sampled_from([" ", "   ", "\t", "\n", "\n  "])
IN_LINE = st.sampled_from([" ", "   "])
ENDS = st.sampled_from(["\n", "\n\n", '  # x = data y { "\n', "\n# mix m {\n"])

WORDS = st.sampled_from([*BLOCKS, "a", "per_problem", "mtd_", "text", "s", "asx", "imports", "true_1", "_9", "GB"])
"""The words of blocks are names as good as any."""
DOTTED = st.lists(WORDS, min_size=1, max_size=3).map(".".join)
NUMBERS = st.from_regex(r"-?[0-9]{1,3}(\.[0-9]{1,2})?([eE][+-]?[0-9])?", fullmatch=True)
QUANTITIES = st.tuples(NUMBERS, st.sampled_from(UNITS)).map("".join)
PIECES = ["a", " ", "#", "{", "'", "//", r"\"", r"\\", r"\n", r"\t", "é", "=", "data x {"]
TEXTS = st.lists(st.sampled_from(PIECES)).map(lambda pieces: f'"{"".join(pieces)}"')
LITERALS = st.one_of(NUMBERS, QUANTITIES, TEXTS, st.sampled_from(["true", "false", "none"]))
ATOMS = st.one_of(DOTTED, LITERALS)


def _joined(draw: st.DrawFn, pieces: list[str]) -> str:
    """Pieces with blanks between them, which may be none."""
    return "".join(piece + draw(BLANKS) for piece in pieces)


@st.composite
def _composed(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    parts = draw(st.lists(inner, min_size=1, max_size=3))
    form = draw(st.sampled_from(["list", "map", "call", ">", "+", "*"]))
    if form in (">", "+", "*"):
        atoms = draw(st.lists(DOTTED, min_size=2, max_size=3))
        return _joined(draw, [piece for atom in atoms for piece in (form, atom)][1:])
    if form == "list":
        return "[" + ",".join(_joined(draw, ["", part]) for part in parts) + "]"
    keyed = [_joined(draw, ["", draw(DOTTED if form == "map" else WORDS), ":", part]) for part in parts]
    if form == "map":
        return "{" + ",".join(keyed) + "}"
    plain = [part for part in parts if draw(st.booleans())]
    return draw(WORDS) + draw(BLANKS) + "(" + ",".join([*plain, *keyed]) + ")"


VALUES = st.recursive(ATOMS, _composed, max_leaves=6)


@st.composite
def _body(draw: st.DrawFn) -> str:
    items = []
    for _ in range(draw(st.integers(0, 3))):
        key = f"vary{draw(GAPS)}{draw(DOTTED)}" if draw(st.integers(0, 5)) == 0 else draw(WORDS)
        items.append(_joined(draw, [key, "=", draw(VALUES)]) + draw(GAPS))
    return "{" + draw(BLANKS) + "".join(items) + "}"


@st.composite
def _statement(draw: st.DrawFn) -> str:
    form = draw(st.sampled_from(["block", "copy", "param", "import"]))
    if form == "import":
        alias = f"{draw(IN_LINE)}as{draw(IN_LINE)}{draw(WORDS)}" if draw(st.booleans()) else ""
        return f'import{draw(BLANKS)}"a.mtd"{alias}'
    if form == "param":
        head = f"param{draw(IN_LINE)}{draw(WORDS)}{draw(IN_LINE)}:{draw(IN_LINE)}{draw(WORDS)}{draw(IN_LINE)}="
        plain = head + draw(BLANKS) + draw(ATOMS)
        limited = head + draw(BLANKS) + draw(LITERALS) + draw(st.sampled_from(["", " "])) + draw(_body())
        return draw(st.sampled_from([plain, limited]))
    head = draw(st.sampled_from(BLOCKS)) + draw(IN_LINE) + draw(WORDS) + draw(IN_LINE)
    if form == "copy":
        return f"{head}={draw(IN_LINE)}{draw(DOTTED)}{draw(BLANKS)}{draw(_body())}"
    return head + draw(BLANKS) + draw(_body())


@st.composite
def made_specs(draw: st.DrawFn) -> str:
    """A spec of right form; now and then the compiler still finds what looks like a slip."""
    statements = draw(st.lists(_statement(), min_size=1, max_size=4))
    return draw(st.sampled_from(["", "mtd 1\n", "\ufeffmtd 1\n"])) + "".join(one + draw(ENDS) for one in statements)
