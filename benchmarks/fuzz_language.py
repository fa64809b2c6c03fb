"""Mutated specs through the whole check: nothing may raise, every place must lie in its file, sure fixes must not harm.

    python -m benchmarks.fuzz_language [COUNT] [SEED]

A mutant is a spec of the repository or of the corpus of bad ones in which up to three tokens were dropped, doubled,
swapped or replaced. Prints how many a second, what failed, and the slowest; then the share of one-token slips of a
spec (each token dropped, doubled, or replaced by each of a few) that give more than two diagnostics.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from distill_dsl.compiler.diagnostics import Diagnostic
from distill_dsl.compiler.diagnostics.render import report
from distill_dsl.compiler.language.automaton import lexed
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.model.load import Program
from distill_dsl.compiler.model.resolve import resolve
from distill_dsl.compiler.source import Source

ROOT: Final = Path(__file__).parents[1]
ODD: Final = (
    *"{}[]()=:,+*>;@#%$&|<?!\\/.-'`~^\"", "\t", "\0", "\u200b", "\u00a0", "а", "“", "”", "…", "==", "//", "/*", "*/",
    '"""', "${x}", "{{", "}}", "->", "||", "<<<<<<<", "5 s", "1,000", ".5", "true", "none", "vary", "import", "as",
    "param", "data", "mix", "mtd 2", "if", "env(X)", "os.environ[\"X\"]", "\n", "\r", "0x1F", "1e999", "- a\n",
)  # fmt: skip


SPARSE: Final = 7
"""Of the one-token slips, one in so many is looked at."""


def specs() -> list[str]:
    """The texts that are changed."""
    paths = [*sorted((ROOT / "specs").glob("*.mtd")), *sorted((ROOT / "tests" / "bad").glob("*.mtd"))]
    texts = [path.read_bytes().decode() for path in paths]
    return ["".join(line for line in text.splitlines(True) if not line.startswith("#!")) for text in texts]


def mutants(count: int, seed: int) -> Iterator[str]:
    """So many changed specs, the same for the same seed."""
    chance = random.Random(seed)
    texts = specs()
    for _ in range(count):
        pieces = pieces_of(chance.choice(texts))
        for _ in range(chance.randint(1, 3)):
            change(pieces, chance)
        yield "".join(pieces)


def pieces_of(text: str) -> list[str]:
    """The tokens of a text and what stands between them."""
    pieces: list[str] = []
    end = 0
    for token in lexed(Source("spec.mtd", text)):
        pieces += [text[end : token.span.start], token.text]
        end = token.span.end
    return [*pieces, text[end:]]


def change(pieces: list[str], chance: random.Random) -> None:
    """Drop, double, swap, insert or replace one piece."""
    at = chance.randrange(len(pieces))
    other = chance.choice((*ODD, chance.choice(pieces)))
    match chance.randrange(5):
        case 0:
            pieces[at] = ""
        case 1:
            pieces[at] *= 2
        case 2:
            to = chance.randrange(len(pieces))
            pieces[at], pieces[to] = pieces[to], pieces[at]
        case 3:
            pieces.insert(at, other)
        case _:
            pieces[at] = other


INSTEAD: Final = (*"{}[]()=:,+>*;", "foo", "1", '"x"')
"""What stands in the place of a token after a slip."""


def one_slips(text: str, every: int = 1) -> Iterator[str]:
    """A text with one token dropped, doubled or replaced: all such texts, or one of so many."""
    pieces = pieces_of(text)
    number = 0
    for at in range(1, len(pieces), 2):
        own = pieces[at]
        for other in ("", f"{own} {own}", *(other for other in INSTEAD if other != own)):
            if number % every == 0:
                yield "".join([*pieces[:at], other, *pieces[at + 1 :]])
            number += 1


def cascades(text: str, every: int = 1) -> tuple[int, list[str]]:
    """How many one-token slips were looked at, and those with more than two diagnostics."""
    slips = list(one_slips(text, every))
    return len(slips), [slip for slip in slips if len(checked(slip)) > 2]


def checked(text: str) -> list[Diagnostic]:
    """All that is found in a text; an exception is a defect of the compiler."""
    source = Source("spec.mtd", text)
    spec, found = parse(source)
    found = [*found, *resolve(Program((spec,)))[1]]
    report(found, {"spec.mtd": source}, color=True)
    for each in found:
        places = [each.span, *(span for span, _ in each.labels), each.fix.span if each.fix else None]
        for span in places:
            assert span is None or 0 <= span.start <= span.end <= len(text), (each.summary, span)
    return found


def harmed(text: str, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The sure fixes after which there are more mistakes than before, or the same one at the same place."""
    worse = []
    for each in found:
        if each.fix is None or not each.fix.sure:
            continue
        span = each.fix.span
        after = checked(text[: span.start] + each.fix.text + text[span.end :])
        if len(after) > len(found) or each in after:
            worse.append(each)
    return worse


def main(count: int, seed: int) -> int:
    """Run so many mutants; the exit code."""
    failed: list[tuple[str, str]] = []
    worse: Counter[str] = Counter()
    many: Counter[int] = Counter()
    slowest = (0.0, "")
    start = time.perf_counter()
    for text in mutants(count, seed):
        begun = time.perf_counter()
        try:
            found = checked(text)
            worse.update(each.summary for each in harmed(text, found))
        except Exception as problem:
            failed.append((repr(problem), text))
            continue
        many[len(found)] += 1
        slowest = max(slowest, (time.perf_counter() - begun, text))
    taken = time.perf_counter() - start
    print(f"{count} mutants, {count / taken:.0f} a second, exceptions {len(failed)}, slowest {slowest[0]:.3f} s")
    print(f"diagnostics a mutant: {', '.join(f'{number}: {many[number]}' for number in sorted(many))}")
    print(f"sure fixes that left more mistakes: {sum(worse.values())} {dict(worse.most_common(8))}")
    looked, many_more = cascades((ROOT / "specs" / "quickstart.mtd").read_text(encoding="utf-8"), SPARSE)
    print(
        f"one-token slips with more than two diagnostics: {len(many_more)} of {looked} ({len(many_more) / looked:.1%})"
    )
    for raised, text in failed[:3]:
        print(f"--- {raised}\n{text}")
    return 1 if failed else 0


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[1:]]
    sys.exit(main(*(numbers + [2000, 1][len(numbers) :])))
