"""Families with unknowns: two of them at once, or one that is found by working backwards."""

from __future__ import annotations

from typing import Final

from distill_dsl.runtime.sources.arithmetic.family import Family

FAMILIES: Final = (
    Family(
        name="sum_and_difference",
        texts=(
            (
                "{name} and {name2} have {s} {items} together. {name} has {d} more than {name2}. "
                "How many {items} does {name2} have?"
            ),
        ),
        numbers={"y": (2, None), "d": (2, None), "x": "y + d", "s": "x + y"},
        steps=(
            ("twice", "s - d", "Without the {d} more there are {} {items}."),
            ("fewer", "twice / 2", "{name2} has {} {items}."),
        ),
        equations=("more + fewer = s", "more - fewer = d", "ans = fewer"),
    ),
    Family(
        name="sum_and_times",
        texts=(
            (
                "{name} and {name2} have {s} {items} together. {name} has {k} times as many as {name2}. "
                "How many {items} does {name2} have?"
            ),
        ),
        numbers={"y": (2, None), "k": (2, 9), "s": "k * y + y"},
        steps=(
            ("parts", "k + 1", "There are {} equal parts."),
            ("part", "s / parts", "{name2} has {} {items}."),
        ),
        equations=("big + small = s", "big = k * small", "ans = small"),
    ),
    Family(
        name="difference_and_times",
        texts=(
            (
                "{name} has {k} times as many {items} as {name2}. {name} has {d} more {items} than {name2}. "
                "How many {items} does {name2} have?"
            ),
        ),
        numbers={"y": (2, None), "k": (3, 9), "d": "k * y - y"},
        steps=(
            ("parts", "k - 1", "The {d} more are {} equal parts."),
            ("part", "d / parts", "{name2} has {} {items}."),
        ),
        equations=("big = k * small", "big - small = d", "ans = small"),
    ),
    Family(
        name="hens_and_cows",
        texts=(
            "A farm has {n} hens and cows. Together they have {legs} legs. How many cows are there?",
            "There are {n} hens and cows with {legs} legs on a farm. How many cows does the farm have?",
        ),
        numbers={"h": (2, None), "c": (2, None), "n": "h + c", "legs": "2 * h + 4 * c"},
        steps=(
            ("low", "n * 2", "If all were hens, there would be {} legs."),
            ("extra", "legs - low", "There are {} legs more."),
            ("cows", "extra / 2", "So there are {} cows."),
        ),
        equations=("hens + cows = n", "2 * hens + 4 * cows = legs", "ans = cows"),
    ),
    Family(
        name="bikes_and_cars",
        texts=(
            "There are {n} bikes and cars. Together they have {wheels} wheels. How many bikes are there?",
            "{name} sees {n} bikes and cars with {wheels} wheels. How many bikes does {name} see?",
        ),
        numbers={"b": (2, None), "c": (2, None), "n": "b + c", "wheels": "2 * b + 4 * c"},
        steps=(
            ("high", "n * 4", "If all were cars, there would be {} wheels."),
            ("missing", "high - wheels", "There are {} wheels less."),
            ("bikes", "missing / 2", "So there are {} bikes."),
        ),
        equations=("bikes + cars = n", "2 * bikes + 4 * cars = wheels", "ans = bikes"),
    ),
    Family(
        name="two_tickets",
        texts=(
            (
                "{n} people pay {s} dollars for a bus. Men pay {p} dollars each and boys pay {q} dollars each. "
                "How many men are there?"
            ),
        ),
        numbers={"x": (2, 40), "y": (2, 40), "q": (2, 20), "p": (3, 30), "n": "x + y", "s": "p * x + q * y"},
        where=("p > q",),
        steps=(
            ("low", "n * q", "If all were boys, they would pay {} dollars."),
            ("extra", "s - low", "They pay {} dollars more."),
            ("gap", "p - q", "A man pays {} dollars more."),
            ("men", "extra / gap", "So there are {} men."),
        ),
        equations=("men + boys = n", "p * men + q * boys = s", "ans = men"),
    ),
    Family(
        name="two_prices",
        texts=(
            (
                "One of the {items} and one of the {items2} cost {s} dollars. {n} {items} and one of the {items2} "
                "cost {t} dollars. How many dollars does one of the {items} cost?"
            ),
        ),
        numbers={"x": (2, None), "y": (2, None), "n": (2, 9), "s": "x + y", "t": "n * x + y"},
        steps=(
            ("more", "n - 1", "There are {} more {items}."),
            ("extra", "t - s", "They cost {} dollars."),
            ("price", "extra / more", "One costs {} dollars."),
        ),
        equations=("first + second = s", "n * first + second = t", "ans = first"),
    ),
    Family(
        name="start_gain",
        texts=(
            (
                "{name} has some {items}. {name2} gives {him} {a} more. Now {name} has {b}. "
                "How many {items} did {name} have first?"
            ),
        ),
        numbers={"x": (2, None), "a": (2, None), "b": "x + a"},
        steps=(("first", "b - a", "First {name} had {} {items}."),),
        equations=("first + a = b", "ans = first"),
    ),
    Family(
        name="start_lose",
        texts=(
            (
                "{name} has some {items} and gives {a} to {name2}. Now {name} has {b}. "
                "How many {items} did {name} have first?"
            ),
        ),
        numbers={"a": (2, None), "b": (2, None)},
        steps=(("first", "b + a", "First {name} had {} {items}."),),
        equations=("first - a = b", "ans = first"),
    ),
    Family(
        name="start_two",
        texts=(
            (
                "{name} has some {items}. {He} loses {a} and then buys {b} more. Now {name} has {c}. "
                "How many {items} did {name} have first?"
            ),
        ),
        numbers={"x": (3, None), "a": (2, None), "y": "x - a", "b": (2, None), "c": "y + b"},
        steps=(
            ("rest", "c - b", "Before that {name} had {} {items}."),
            ("first", "rest + a", "First {name} had {} {items}."),
        ),
        equations=("first - a + b = c", "ans = first"),
    ),
    Family(
        name="think_of_number",
        texts=(
            "{name} thinks of a number. {k} times the number plus {a} is {b}. What is the number?",
            "{k} times a number plus {a} is {b}. What is the number?",
        ),
        numbers={"x": (2, None), "k": (2, 12), "a": (2, None), "b": "k * x + a"},
        steps=(
            ("rest", "b - a", "{k} times the number is {}."),
            ("number", "rest / k", "The number is {}."),
        ),
        equations=("k * number + a = b", "ans = number"),
    ),
    Family(
        name="halves_back",
        texts=(
            (
                "{name} gives half of {his} {items} to {name2}. Then {he} loses {a}. Now {he} has {b}. "
                "How many {items} did {name} have first?"
            ),
        ),
        numbers={"b": (2, None), "a": (2, None)},
        steps=(
            ("half", "b + a", "Half of the {items} are {}."),
            ("first", "half * 2", "First {name} had {} {items}."),
        ),
        equations=("first / 2 - a = b", "ans = first"),
    ),
    Family(
        name="boxes_back",
        texts=(
            (
                "{name} has {n} boxes with the same number of {items} in each and {c} more {items}. "
                "In all {he} has {t}. How many {items} are in each box?"
            ),
        ),
        numbers={"n": (2, 20), "x": (2, None), "c": (2, None), "t": "n * x + c"},
        steps=(
            ("boxed", "t - c", "The boxes hold {} {items}."),
            ("each", "boxed / n", "Each box holds {} {items}."),
        ),
        equations=("n * each + c = t", "ans = each"),
    ),
    Family(
        name="age_later",
        texts=(
            "{name} is {a} years old. {name2} is {d} years older. How old is {name2} in {n} years?",
            "{name2} is {d} years older than {name}. {name} is {a} years old. How old is {name2} in {n} years?",
        ),
        numbers={"a": (2, 60), "d": (2, 30), "n": (2, 20)},
        steps=(
            ("age", "a + d", "{name2} is {} years old."),
            ("later", "age + n", "In {n} years {name2} is {} years old."),
        ),
        equations=("age = a + d", "later = age + n", "ans = later"),
    ),
    Family(
        name="age_before",
        texts=(
            "{name} is {k} times as old as {name2}. {name2} is {a} years old. How old was {name} {n} years before?",
        ),
        numbers={"a": (2, 30), "k": (2, 9), "n": (2, 30)},
        steps=(
            ("age", "a * k", "{name} is {} years old."),
            ("before", "age - n", "{n} years before {name} was {} years old."),
        ),
        equations=("age = k * a", "before + n = age", "ans = before"),
    ),
    Family(
        name="age_sum",
        texts=(
            (
                "{name} is {d} years older than {name2}. In {n} years they are {s} years old together. "
                "How old is {name2} now?"
            ),
        ),
        numbers={"y": (2, 40), "d": (2, 30), "n": (1, 20), "s": "y + y + d + n + n"},
        where=("n > 1",),
        steps=(
            ("years", "n * 2", "Both together get {} years older."),
            ("now", "s - years", "Now they are {} years old together."),
            ("twice", "now - d", "Without the {d} more that is {} years."),
            ("age", "twice / 2", "{name2} is {} years old."),
        ),
        equations=("old = young + d", "(old + n) + (young + n) = s", "ans = young"),
    ),
    Family(
        name="three_prices",
        texts=(
            (
                "{name} pays {s} dollars for {n} {items} and {m} {items2}. One of the {items} costs {k} times as much "
                "as one of the {items2}. How many dollars does one of the {items} cost?"
            ),
        ),
        numbers={"n": (2, 9), "m": (2, 9), "k": (2, 9), "x": (2, None), "s": "n * k * x + m * x"},
        steps=(
            ("swap", "n * k", "The {items} cost as much as {} {items2}."),
            ("parts", "swap + m", "So {name} pays for {} {items2}."),
            ("low", "s / parts", "One of the {items2} costs {} dollars."),
            ("price", "low * k", "One of the {items} costs {} dollars."),
        ),
        equations=("n * price + m * low = s", "price = k * low", "ans = price"),
    ),
    Family(
        name="shared_start",
        texts=(
            (
                "{name} has some {items}. {He} gives {a} to each of {n} friends. Then {he} buys {m} boxes with "
                "{k} {items} each and loses {b}. Now {he} has {c}. How many {items} did {name} have first?"
            ),
        ),
        numbers={
            "x": (4, None),
            "a": (2, None),
            "n": (2, 9),
            "m": (2, 9),
            "k": (2, None),
            "b": (2, None),
            "c": "x - a * n + m * k - b",
        },
        where=("x > a * n",),
        steps=(
            ("given", "a * n", "{name} gives {} {items} to friends."),
            ("boxed", "m * k", "The boxes hold {} {items}."),
            ("late", "c + b", "Before the loss there were {} {items}."),
            ("rest", "late - boxed", "Before the boxes there were {} {items}."),
            ("first", "rest + given", "First {name} had {} {items}."),
        ),
        equations=("given = a * n", "boxed = m * k", "first - given + boxed - b = c", "ans = first"),
    ),
)
