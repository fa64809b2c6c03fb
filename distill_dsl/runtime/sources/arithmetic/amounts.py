"""Families about having, getting, losing, packing, sharing and comparing things."""

from __future__ import annotations

from typing import Final

from distill_dsl.runtime.sources.arithmetic.family import Family

FAMILIES: Final = (
    Family(
        name="gain",
        texts=(
            "{name} has {a} {items}. {name2} gives {him} {b} more {items}. How many {items} does {name} have now?",
            "{name} has {a} {items} and buys {b} more. How many {items} does {name} have now?",
        ),
        numbers={"a": (2, None), "b": (2, None)},
        steps=(("now", "a + b", "{name} has {} {items} now."),),
        equations=("now = a + b", "ans = now"),
    ),
    Family(
        name="lose",
        texts=(
            "{name} has {a} {items} and gives {b} of them to {name2}. How many {items} are left?",
            "{name} has {a} {items} and loses {b} of them. How many {items} are left?",
        ),
        numbers={"a": (3, None), "b": (2, None)},
        steps=(("left", "a - b", "There are {} {items} left."),),
        equations=("left = a - b", "ans = left"),
    ),
    Family(
        name="compare",
        texts=(
            "{name} has {a} {items}. {name2} has {b} {items}. How many more {items} does {name} have than {name2}?",
            "{name} has {a} {items} and {name2} has {b}. How many fewer {items} does {name2} have than {name}?",
        ),
        numbers={"a": (3, None), "b": (2, None)},
        steps=(("more", "a - b", "{name} has {} more {items}."),),
        equations=("b + more = a", "ans = more"),
    ),
    Family(
        name="boxes",
        texts=(
            "{name} has {n} boxes with {k} {items} in each box. How many {items} does {name} have?",
            "There are {k} {items} in each box. {name} has {n} boxes. How many {items} does {name} have?",
        ),
        numbers={"n": (2, 20), "k": (2, None)},
        steps=(("total", "n * k", "{name} has {} {items}."),),
        equations=("total = n * k", "ans = total"),
    ),
    Family(
        name="share",
        texts=(
            "{name} shares {total} {items} equally among {n} friends. How many {items} does each friend get?",
            "{n} friends share {total} {items} equally. How many {items} does each friend get?",
        ),
        numbers={"n": (2, 20), "k": (2, None), "total": "n * k"},
        steps=(("each", "total / n", "Each friend gets {} {items}."),),
        equations=("each * n = total", "ans = each"),
    ),
    Family(
        name="pack",
        texts=(
            "{name} puts {total} {items} into bags of {k}. How many bags does {name} fill?",
            "Each bag holds {k} {items}. How many bags does {name} need for {total} {items}?",
        ),
        numbers={"n": (2, 20), "k": (2, None), "total": "n * k"},
        steps=(("bags", "total / k", "That makes {} bags."),),
        equations=("bags * k = total", "ans = bags"),
    ),
    Family(
        name="gain_lose",
        texts=(
            (
                "{name} has {a} {items}. {He} buys {b} more and gives {c} to {name2}. "
                "How many {items} does {name} have now?"
            ),
            "{name} has {a} {items}, finds {b} more and loses {c}. How many {items} does {name} have now?",
        ),
        numbers={"a": (2, None), "b": (2, None), "c": (2, None)},
        steps=(
            ("more", "a + b", "First {name} has {} {items}."),
            ("left", "more - c", "Then {he} has {} {items}."),
        ),
        equations=("more = a + b", "left = more - c", "ans = left"),
    ),
    Family(
        name="more_together",
        texts=(
            "{name} has {a} {items}. {name2} has {b} more {items} than {name}. How many {items} do they have together?",
            "{name2} has {b} more {items} than {name}. {name} has {a} {items}. How many {items} do they have in all?",
        ),
        numbers={"a": (2, None), "b": (2, None)},
        steps=(
            ("other", "a + b", "{name2} has {} {items}."),
            ("total", "a + other", "Together they have {} {items}."),
        ),
        equations=("other = a + b", "total = a + other", "ans = total"),
    ),
    Family(
        name="fewer_together",
        texts=(
            (
                "{name} has {a} {items}. {name2} has {b} fewer {items} than {name}. "
                "How many {items} do they have together?"
            ),
        ),
        numbers={"a": (3, None), "b": (2, None)},
        steps=(
            ("other", "a - b", "{name2} has {} {items}."),
            ("total", "a + other", "Together they have {} {items}."),
        ),
        equations=("other + b = a", "total = a + other", "ans = total"),
    ),
    Family(
        name="times_together",
        texts=(
            "{name} has {a} {items}. {name2} has {k} times as many. How many {items} do they have together?",
            "{name2} has {k} times as many {items} as {name}. {name} has {a}. How many {items} do they have in all?",
        ),
        numbers={"a": (2, None), "k": (2, 9)},
        steps=(
            ("other", "a * k", "{name2} has {} {items}."),
            ("total", "a + other", "Together they have {} {items}."),
        ),
        equations=("other = k * a", "total = a + other", "ans = total"),
    ),
    Family(
        name="boxes_and_more",
        texts=("{name} has {n} boxes with {k} {items} in each box and {c} more {items}. How many {items} is that?",),
        numbers={"n": (2, 20), "k": (2, None), "c": (2, None)},
        steps=(
            ("boxed", "n * k", "The boxes hold {} {items}."),
            ("total", "boxed + c", "In all {name} has {} {items}."),
        ),
        equations=("boxed = n * k", "total = boxed + c", "ans = total"),
    ),
    Family(
        name="boxes_less",
        texts=(
            (
                "{name} has {n} boxes with {k} {items} in each box. {He} gives {c} {items} to {name2}. "
                "How many {items} are left?"
            ),
        ),
        numbers={"n": (2, 20), "k": (2, None), "c": (2, None)},
        steps=(
            ("boxed", "n * k", "The boxes hold {} {items}."),
            ("left", "boxed - c", "There are {} {items} left."),
        ),
        equations=("boxed = n * k", "left = boxed - c", "ans = left"),
    ),
    Family(
        name="share_rest",
        texts=(
            (
                "{name} has {a} {items}. {He} keeps {b} and shares the rest equally among {n} friends. "
                "How many {items} does each friend get?"
            ),
        ),
        numbers={"n": (2, 20), "k": (2, None), "b": (2, None), "a": "n * k + b"},
        steps=(
            ("rest", "a - b", "The rest is {} {items}."),
            ("each", "rest / n", "Each friend gets {} {items}."),
        ),
        equations=("rest + b = a", "each * n = rest", "ans = each"),
    ),
    Family(
        name="share_gained",
        texts=(
            (
                "{name} has {a} {items} and buys {b} more. {He} shares all of them equally among {n} friends. "
                "How many {items} does each friend get?"
            ),
        ),
        numbers={"n": (2, 20), "k": (2, None), "b": (2, None), "a": "n * k - b"},
        where=("a > 1",),
        steps=(
            ("stock", "a + b", "{name} has {} {items}."),
            ("each", "stock / n", "Each friend gets {} {items}."),
        ),
        equations=("stock = a + b", "each * n = stock", "ans = each"),
    ),
    Family(
        name="left_over",
        texts=(
            "{name} has {total} {items}. {He} fills {n} bags with {k} {items} each. How many {items} are left over?",
        ),
        numbers={"n": (2, 20), "k": (2, None), "total": (3, None)},
        where=("n * k < total",),
        steps=(
            ("packed", "n * k", "The bags hold {} {items}."),
            ("left", "total - packed", "There are {} {items} left."),
        ),
        equations=("n * k + left = total", "ans = left"),
    ),
    Family(
        name="two_sizes",
        texts=(
            (
                "{name} has {n} small boxes with {k} {items} each and {m} big boxes with {j} {items} each. "
                "How many {items} does {name} have?"
            ),
        ),
        numbers={"n": (2, 12), "k": (2, None), "m": (2, 12), "j": (3, None)},
        where=("j > k",),
        steps=(
            ("small", "n * k", "The small boxes hold {} {items}."),
            ("big", "m * j", "The big boxes hold {} {items}."),
            ("total", "small + big", "In all {name} has {} {items}."),
        ),
        equations=("small = n * k", "big = m * j", "total = small + big", "ans = total"),
    ),
    Family(
        name="three_people",
        texts=(
            (
                "{name} has {a} {items}. {name2} has {k} times as many. {friend} has {c} fewer than {name2}. "
                "How many {items} do they have in all?"
            ),
        ),
        numbers={"a": (2, None), "k": (2, 9), "c": (2, None)},
        words={"friend": ("Lina", "Paul")},
        steps=(
            ("second", "a * k", "{name2} has {} {items}."),
            ("third", "second - c", "{friend} has {} {items}."),
            ("pair", "a + second", "{name} and {name2} have {} {items}."),
            ("total", "pair + third", "In all they have {} {items}."),
        ),
        equations=("second = k * a", "third + c = second", "total = a + second + third", "ans = total"),
    ),
    Family(
        name="three_sizes",
        texts=(
            (
                "{name} has {n} small boxes with {a} {items} each, {m} big boxes with {b} {items} each and one bag "
                "with {c} {items}. {He} gives {d} {items} to {name2}. How many {items} are left?"
            ),
        ),
        numbers={"n": (2, 9), "a": (2, None), "m": (2, 9), "b": (3, None), "c": (2, None), "d": (2, None)},
        where=("b > a", "n * a + m * b + c > d"),
        steps=(
            ("small", "n * a", "The small boxes hold {} {items}."),
            ("big", "m * b", "The big boxes hold {} {items}."),
            ("boxed", "small + big", "All boxes hold {} {items}."),
            ("stock", "boxed + c", "In all {name} has {} {items}."),
            ("left", "stock - d", "There are {} {items} left."),
        ),
        equations=("small = n * a", "big = m * b", "small + big + c = left + d", "ans = left"),
    ),
)
