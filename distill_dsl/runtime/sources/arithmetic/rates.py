"""Families about speed, time, work, reading, machines, recipes and changes of unit."""

from __future__ import annotations

from typing import Final

from distill_dsl.runtime.sources.arithmetic.family import Family

FAMILIES: Final = (
    Family(
        name="distance",
        texts=(
            "{name} drives {v} miles an hour for {t} hours. How many miles does {name} drive?",
            "A bus goes {v} miles an hour. How many miles does it go in {t} hours?",
        ),
        numbers={"v": (2, None), "t": (2, 20)},
        steps=(("miles", "v * t", "That is {} miles."),),
        equations=("miles = v * t", "ans = miles"),
    ),
    Family(
        name="speed",
        texts=(
            "{name} drives {s} miles in {t} hours. How many miles an hour is that?",
            "A bus goes {s} miles in {t} hours. How many miles does it go in one hour?",
        ),
        numbers={"v": (2, None), "t": (2, 20), "s": "v * t"},
        steps=(("speed", "s / t", "That is {} miles an hour."),),
        equations=("speed * t = s", "ans = speed"),
    ),
    Family(
        name="travel_time",
        texts=(
            "{name} drives {s} miles and goes {v} miles an hour. How many hours does {name} drive?",
            "A bus goes {v} miles an hour. How many hours does it need for {s} miles?",
        ),
        numbers={"v": (2, None), "t": (2, 20), "s": "v * t"},
        steps=(("hours", "s / v", "That takes {} hours."),),
        equations=("v * hours = s", "ans = hours"),
    ),
    Family(
        name="weeks_and_days",
        texts=(
            "{name} is away for {w} weeks and {d} days. How many days is {name} away?",
            "A bus is away for {w} weeks and {d} days. How many days is that?",
        ),
        numbers={"w": (2, None), "d": (1, 6)},
        steps=(
            ("days", "w * 7", "The weeks have {} days."),
            ("total", "days + d", "In all that is {} days."),
        ),
        equations=("days = 7 * w", "total = days + d", "ans = total"),
    ),
    Family(
        name="hours_and_minutes",
        texts=(
            "{name} works {h} hours and {m} minutes. How many minutes does {name} work?",
            "{name} reads for {h} hours and {m} minutes. How many minutes is that?",
        ),
        numbers={"h": (1, 20), "m": (2, 59)},
        where=("h > 1",),
        steps=(
            ("minutes", "h * 60", "The hours have {} minutes."),
            ("total", "minutes + m", "In all that is {} minutes."),
        ),
        equations=("minutes = 60 * h", "total = minutes + m", "ans = total"),
    ),
    Family(
        name="dozens",
        texts=(
            "{name} buys {n} boxes with 12 eggs each and breaks {b} eggs. How many eggs are left?",
            "There are 12 eggs in each box. {name} has {n} boxes and uses {b} eggs. How many eggs are left?",
        ),
        numbers={"n": (2, 50), "b": (2, None)},
        steps=(
            ("eggs", "n * 12", "The boxes hold {} eggs."),
            ("left", "eggs - b", "There are {} eggs left."),
        ),
        equations=("eggs = 12 * n", "left + b = eggs", "ans = left"),
    ),
    Family(
        name="feet_and_inches",
        texts=(
            "One foot is 12 inches. A rope is {f} feet long. {name} cuts off {b} inches. How many inches are left?",
        ),
        numbers={"f": (2, 50), "b": (2, None)},
        steps=(
            ("inches", "f * 12", "The rope is {} inches long."),
            ("left", "inches - b", "There are {} inches left."),
        ),
        equations=("inches = 12 * f", "left + b = inches", "ans = left"),
    ),
    Family(
        name="meters",
        texts=(
            (
                "One meter is 100 centimeters. {name} cuts a rope of {a} meters into {n} equal parts. "
                "How many centimeters long is each part?"
            ),
        ),
        numbers={"a": (1, 20), "n": (2, 50)},
        where=("a > 1", "a * 100 % n == 0"),
        steps=(
            ("length", "a * 100", "The rope is {} centimeters long."),
            ("part", "length / n", "Each part is {} centimeters long."),
        ),
        equations=("length = 100 * a", "n * part = length", "ans = part"),
    ),
    Family(
        name="reading",
        texts=(
            "A book has {a} pages. {name} reads {p} pages a day for {d} days. How many pages are left?",
            "{name} reads {p} pages a day. The book has {a} pages. How many pages are left after {d} days?",
        ),
        numbers={"p": (2, None), "d": (2, 20), "a": (5, None)},
        where=("p * d < a",),
        steps=(
            ("read", "p * d", "{name} reads {} pages."),
            ("left", "a - read", "There are {} pages left."),
        ),
        equations=("read = p * d", "read + left = a", "ans = left"),
    ),
    Family(
        name="reading_rest",
        texts=(
            (
                "A book has {a} pages. {name} has read {b} pages and now reads {p} pages a day. "
                "How many days does {name} need for the rest?"
            ),
        ),
        numbers={"p": (2, None), "d": (2, 20), "b": (2, None), "a": "p * d + b"},
        steps=(
            ("rest", "a - b", "The rest is {} pages."),
            ("days", "rest / p", "{name} needs {} days."),
        ),
        equations=("b + p * days = a", "ans = days"),
    ),
    Family(
        name="scale_up",
        texts=(
            "{name} makes {a} {items} in {h} hours. How many {items} does {name} make in {t} hours?",
            "In {h} hours {name} makes {a} {items}. How many {items} does {he} make in {t} hours?",
        ),
        numbers={"k": (2, None), "h": (2, 12), "a": "k * h", "t": (2, 20)},
        where=("t != h",),
        steps=(
            ("rate", "a / h", "{name} makes {} {items} an hour."),
            ("total", "rate * t", "Then {he} makes {} {items}."),
        ),
        equations=("h * rate = a", "total = t * rate", "ans = total"),
    ),
    Family(
        name="recipe",
        texts=(
            "{n} cakes need {a} eggs. {name} has {b} eggs. How many cakes can {name} make?",
            "{name} needs {a} eggs for {n} cakes. How many cakes can {he} make with {b} eggs?",
        ),
        numbers={"n": (2, 12), "k": (2, 12), "a": "n * k", "m": (2, None), "b": "m * k"},
        where=("n != m",),
        steps=(
            ("each", "a / n", "One cake needs {} eggs."),
            ("cakes", "b / each", "{name} can make {} cakes."),
        ),
        equations=("n * each = a", "cakes * each = b", "ans = cakes"),
    ),
    Family(
        name="two_machines",
        texts=(
            (
                "One machine makes {a} {items} an hour. Another makes {b} {items} an hour. "
                "How many {items} do both make in {t} hours?"
            ),
        ),
        numbers={"a": (2, None), "b": (2, None), "t": (2, 12)},
        steps=(
            ("rate", "a + b", "Both make {} {items} an hour."),
            ("total", "rate * t", "In {t} hours they make {} {items}."),
        ),
        equations=("total = a * t + b * t", "ans = total"),
    ),
    Family(
        name="tank",
        texts=(
            (
                "Each hour {a} cups of water run into a tank and {b} cups run out. "
                "How many cups are in the tank after {t} hours?"
            ),
        ),
        numbers={"a": (3, None), "b": (2, None), "t": (2, 20)},
        where=("a > b",),
        steps=(
            ("rate", "a - b", "Each hour there are {} more cups."),
            ("total", "rate * t", "After {t} hours there are {} cups."),
        ),
        equations=("total = a * t - b * t", "ans = total"),
    ),
    Family(
        name="two_legs",
        texts=(
            (
                "{name} drives {v} miles an hour for {t} hours and then {w} miles an hour for {u} hours. "
                "How many miles does {name} drive?"
            ),
        ),
        numbers={"v": (2, None), "t": (2, 9), "w": (2, None), "u": (2, 9)},
        steps=(
            ("first", "v * t", "First {name} drives {} miles."),
            ("second", "w * u", "Then {he} drives {} miles."),
            ("miles", "first + second", "In all that is {} miles."),
        ),
        equations=("first = v * t", "second = w * u", "miles = first + second", "ans = miles"),
    ),
    Family(
        name="meeting",
        texts=(
            (
                "{name} and {name2} are {s} miles apart and drive to each other. {name} drives {v} miles an hour "
                "and {name2} {w}. After how many hours do they meet?"
            ),
        ),
        numbers={"v": (2, None), "w": (2, None), "t": (2, 12), "s": "(v + w) * t"},
        steps=(
            ("speed", "v + w", "Together they drive {} miles an hour."),
            ("hours", "s / speed", "They meet after {} hours."),
        ),
        equations=("v * hours + w * hours = s", "ans = hours"),
    ),
    Family(
        name="round_trip",
        texts=(
            (
                "{name} walks {s} miles to school and back each day. How many miles does {name} walk in {w} weeks "
                "of {d} days?"
            ),
        ),
        numbers={"s": (1, 9), "w": (2, 12), "d": (3, 6)},
        where=("s > 1",),
        steps=(
            ("day", "s * 2", "Each day {name} walks {} miles."),
            ("week", "day * d", "Each week {he} walks {} miles."),
            ("miles", "week * w", "In all that is {} miles."),
        ),
        equations=("day = s + s", "week = d * day", "miles = w * week", "ans = miles"),
    ),
    Family(
        name="shift",
        texts=(
            (
                "A machine makes {a} {items} an hour and works {h} hours a day. {b} {items} break each day. "
                "The good ones go into boxes of {k}. How many boxes are full after {d} days?"
            ),
        ),
        numbers={
            "a": (2, None),
            "h": (2, 9),
            "b": (1, None),
            "k": (2, 12),
            "d": (2, 7),
            "n": "a * h - b",
        },
        where=("b > 1", "n * d % k == 0"),
        steps=(
            ("made", "a * h", "Each day the machine makes {} {items}."),
            ("good", "made - b", "Each day {} are good."),
            ("total", "good * d", "In {d} days {} are good."),
            ("boxes", "total / k", "They fill {} boxes."),
        ),
        equations=("made = a * h", "good + b = made", "k * boxes = d * good", "ans = boxes"),
    ),
)
