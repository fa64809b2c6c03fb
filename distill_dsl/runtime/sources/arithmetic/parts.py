"""Families about fractions, percentages, ratios, averages and mixtures."""

from __future__ import annotations

from typing import Final

from distill_dsl.runtime.sources.arithmetic.family import Family, Of

PART: Final = Of(2, 3, 4, 5)
PERCENT: Final = Of(5, 10, 20, 25, 30, 40, 50, 60, 75, 80)

FAMILIES: Final = (
    Family(
        name="part_of",
        texts=(
            "{name} has {a} {items}. One {k:part} of them are red. How many {items} are red?",
            "{name} gives one {k:part} of {his} {a} {items} to {name2}. How many {items} does {name2} get?",
        ),
        numbers={"k": PART, "b": (2, None), "a": "b * k"},
        steps=(("part", "a / k", "One {k:part} is {} {items}."),),
        equations=("k * part = a", "ans = part"),
    ),
    Family(
        name="part_left",
        texts=(
            "{name} has {a} {items} and gives one {k:part} of them to {name2}. How many {items} are left?",
            "{name} has {a} {items} and loses one {k:part} of them. How many {items} are left?",
        ),
        numbers={"k": PART, "b": (2, None), "a": "b * k"},
        steps=(
            ("part", "a / k", "One {k:part} is {} {items}."),
            ("left", "a - part", "There are {} {items} left."),
        ),
        equations=("k * part = a", "left + part = a", "ans = left"),
    ),
    Family(
        name="half_more",
        texts=(
            "{name} has {a} {items}. {name2} has half as many. How many {items} do they have together?",
            "{name2} has half as many {items} as {name}. {name} has {a}. How many {items} do they have in all?",
        ),
        numbers={"b": (2, None), "a": "b * 2"},
        steps=(
            ("other", "a / 2", "{name2} has {} {items}."),
            ("total", "a + other", "Together they have {} {items}."),
        ),
        equations=("2 * other = a", "total = a + other", "ans = total"),
    ),
    Family(
        name="parts_twice",
        texts=(
            (
                "{name} has {a} {items}. {He} gives one {k:part} of them to {name2} and then loses {c}. "
                "How many {items} are left?"
            ),
        ),
        numbers={"k": PART, "b": (2, None), "a": "b * k", "c": (2, None)},
        steps=(
            ("part", "a / k", "One {k:part} is {} {items}."),
            ("rest", "a - part", "The rest is {} {items}."),
            ("left", "rest - c", "There are {} {items} left."),
        ),
        equations=("k * part = a", "rest + part = a", "left + c = rest", "ans = left"),
    ),
    Family(
        name="part_of_part",
        texts=(
            (
                "{name} has {a} {items}. One {k:part} of them are red, and one {j:part} of the red ones are small. "
                "How many {items} are small and red?"
            ),
        ),
        numbers={"k": PART, "j": PART, "b": (1, None), "a": "b * k * j"},
        steps=(
            ("red", "a / k", "There are {} red {items}."),
            ("small", "red / j", "Of them {} are small."),
        ),
        equations=("k * red = a", "j * small = red", "ans = small"),
    ),
    Family(
        name="percent_of",
        texts=(
            "{name} has {a} {items}. {p} percent of them are red. How many {items} are red?",
            "There are {a} {items} and {p} percent of them are big. How many {items} are big?",
        ),
        numbers={"p": PERCENT, "a": (2, None)},
        where=("a * p % 100 == 0",),
        decimals=True,
        steps=(
            ("one", "a / 100", "One percent is {} {items}."),
            ("part", "one * p", "Then {p} percent are {} {items}."),
        ),
        equations=("part = p / 100 * a", "ans = part"),
    ),
    Family(
        name="percent_off",
        texts=(
            "A coat costs {a} dollars. In a sale it costs {p} percent less. How many dollars does it cost now?",
            "{name} buys a coat of {a} dollars and gets {p} percent off. How many dollars does {name} pay?",
        ),
        numbers={"p": PERCENT, "a": (5, None)},
        where=("a * p % 100 == 0",),
        decimals=True,
        steps=(
            ("one", "a / 100", "One percent is {} dollars."),
            ("off", "one * p", "{name} gets {} dollars off."),
            ("price", "a - off", "{name} pays {} dollars."),
        ),
        equations=("off = p / 100 * a", "price + off = a", "ans = price"),
    ),
    Family(
        name="percent_more",
        texts=("{name} earns {a} dollars a day. Now {he} gets {p} percent more. How many dollars is that a day?",),
        numbers={"p": PERCENT, "a": (5, None)},
        where=("a * p % 100 == 0",),
        decimals=True,
        steps=(
            ("one", "a / 100", "One percent is {} dollars."),
            ("more", "one * p", "{name} gets {} dollars more."),
            ("pay", "a + more", "{He} earns {} dollars a day."),
        ),
        equations=("more = p / 100 * a", "pay = a + more", "ans = pay"),
    ),
    Family(
        name="percent_whole",
        texts=(
            "{p} percent of the {items} of {name} are red. {a} {items} are red. How many {items} does {name} have?",
        ),
        numbers={"p": PERCENT, "n": (2, None), "a": "n * p / 100"},
        decimals=True,
        where=("n * p % 100 == 0",),
        steps=(
            ("share", "p / 100", "The red ones are {} of all."),
            ("whole", "a / share", "{name} has {} {items}."),
        ),
        equations=("p / 100 * whole = a", "ans = whole"),
    ),
    Family(
        name="ratio",
        texts=(
            (
                "{name} and {name2} share {total} {items}. For each {a} that {name} gets, {name2} gets {b}. "
                "How many {items} does {name} get?"
            ),
        ),
        numbers={"a": (2, 9), "b": (2, 9), "k": (2, None), "total": "(a + b) * k"},
        where=("a != b",),
        steps=(
            ("parts", "a + b", "There are {} parts."),
            ("part", "total / parts", "One part is {} {items}."),
            ("share", "part * a", "{name} gets {} {items}."),
        ),
        equations=("share + other = total", "b * share = a * other", "ans = share"),
    ),
    Family(
        name="average_three",
        texts=(
            (
                "{name} reads {a} pages on Monday, {b} pages on Friday and {c} pages on Sunday. "
                "What is the average number of pages a day?"
            ),
        ),
        numbers={"mean": (2, None), "a": (2, None), "b": (2, None), "c": "3 * mean - a - b"},
        where=("c > 1",),
        steps=(
            ("two", "a + b", "On two days {name} reads {} pages."),
            ("total", "two + c", "In all {he} reads {} pages."),
            ("average", "total / 3", "The average is {} pages."),
        ),
        equations=("3 * average = a + b + c", "ans = average"),
    ),
    Family(
        name="average_missing",
        texts=(
            (
                "The average of the pages that {name} reads on two days is {mean}. {He} reads {a} pages on Monday. "
                "How many pages does {he} read on Friday?"
            ),
        ),
        numbers={"a": (2, None), "b": (2, None), "mean": "(a + b) / 2"},
        where=("a != b",),
        steps=(
            ("total", "mean * 2", "In all {name} reads {} pages."),
            ("friday", "total - a", "On Friday {he} reads {} pages."),
        ),
        equations=("a + friday = 2 * mean", "ans = friday"),
    ),
    Family(
        name="mixture_price",
        texts=(
            (
                "{name} mixes {n} kilos of nuts for {p} dollars a kilo with {m} kilos of nuts for {q} dollars a kilo. "
                "How many dollars is one kilo of the mix worth?"
            ),
        ),
        numbers={"n": (2, 9), "p": (2, None), "m": (2, 9), "q": (2, None)},
        where=("p != q", "(n * p + m * q) % (n + m) == 0"),
        steps=(
            ("first", "n * p", "The first nuts cost {} dollars."),
            ("second", "m * q", "The other nuts cost {} dollars."),
            ("cost", "first + second", "The mix costs {} dollars."),
            ("kilos", "n + m", "It has {} kilos."),
            ("price", "cost / kilos", "One kilo is worth {} dollars."),
        ),
        equations=("(n + m) * price = n * p + m * q", "ans = price"),
    ),
    Family(
        name="mix_paint",
        texts=(
            (
                "{name} mixes {a} cups of red paint with each {b} cups of white paint. {He} uses {c} cups "
                "of white paint. How many cups of paint does {he} have in all?"
            ),
        ),
        numbers={"a": (2, 9), "b": (2, 9), "k": (2, None), "c": "b * k"},
        where=("a != b",),
        steps=(
            ("times", "c / b", "{name} mixes paint {} times."),
            ("red", "times * a", "{He} uses {} cups of red paint."),
            ("total", "red + c", "In all {he} has {} cups."),
        ),
        equations=("b * red = a * c", "total = red + c", "ans = total"),
    ),
)
