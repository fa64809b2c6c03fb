"""A mix with right and wrong thoughts in which it can be learned within seconds which are which."""

from __future__ import annotations

from pupils import CUES

from distill_dsl.contract.records import Example

SIGNS = {"buys": "+", "loses": "-"}


def both_sides(problems: int = 60) -> tuple[list[Example], list[Example]]:
    """Right and wrong thoughts: a wrong one adds where something is lost, or takes away where it is bought."""
    right, wrong = [], []
    for number in range(problems):
        verb = ("buys", "loses")[number * 7 // 3 % 2]
        a, b = 5 + number % 5, 1 + number % 4
        question = f"Ann has {a} pens and {verb} {b} pens. How many pens?"
        for sign, side in (("+", right if verb == "buys" else wrong), ("-", wrong if verb == "buys" else right)):
            side += [
                Example(problem=f"p{number}", thought=thought, question=question, cue=CUES[thought], text=text)
                for thought, text in (("pot", f"ans = {a} {sign} {b}"), ("cot", f"That is {a} {sign} {b} pens."))
            ]
    return right, wrong
