"""Families about lengths and areas of gardens, rooms and fences."""

from __future__ import annotations

from typing import Final

from distill_dsl.runtime.sources.arithmetic.family import Family

FAMILIES: Final = (
    Family(
        name="area",
        texts=(
            "A garden is {a} meters long and {b} meters wide. How many square meters is its area?",
            "What is the area of a room that is {a} meters long and {b} meters wide?",
        ),
        numbers={"a": (2, None), "b": (2, 50)},
        where=("a >= b",),
        steps=(("area", "a * b", "The area is {} square meters."),),
        equations=("area = a * b", "ans = area"),
    ),
    Family(
        name="width",
        texts=(
            "A garden has an area of {s} square meters and is {a} meters long. How many meters wide is it?",
            "The area of a room is {s} square meters. It is {a} meters long. How many meters wide is it?",
        ),
        numbers={"a": (2, None), "b": (2, 50), "s": "a * b"},
        where=("a >= b",),
        steps=(("width", "s / a", "It is {} meters wide."),),
        equations=("a * width = s", "ans = width"),
    ),
    Family(
        name="perimeter",
        texts=(
            "A garden is {a} meters long and {b} meters wide. How many meters of fence go around it?",
            "{name} walks once around a garden {a} meters long and {b} meters wide. How many meters is that?",
        ),
        numbers={"a": (2, None), "b": (2, None)},
        where=("a >= b",),
        steps=(
            ("half", "a + b", "One long and one short side are {} meters."),
            ("around", "half * 2", "All around that is {} meters."),
        ),
        equations=("around = 2 * a + 2 * b", "ans = around"),
    ),
    Family(
        name="square_side",
        texts=(
            "A square garden has {p} meters of fence around it. How many meters long is each side?",
            "{name} walks {p} meters once around a square garden. How many meters long is one side?",
        ),
        numbers={"a": (2, None), "p": "a * 4"},
        steps=(("side", "p / 4", "Each side is {} meters long."),),
        equations=("4 * side = p", "ans = side"),
    ),
    Family(
        name="side_missing",
        texts=(
            "A fence of {p} meters goes around a garden. The garden is {a} meters long. How many meters wide is it?",
        ),
        numbers={"a": (2, None), "b": (2, None), "p": "2 * a + 2 * b"},
        where=("a >= b",),
        steps=(
            ("half", "p / 2", "One long and one short side are {} meters."),
            ("width", "half - a", "It is {} meters wide."),
        ),
        equations=("2 * a + 2 * width = p", "ans = width"),
    ),
    Family(
        name="rows",
        texts=("{name} has {t} {flowers} in {n} equal rows. {He} adds {m} rows. How many {flowers} are there now?",),
        numbers={"n": (2, 20), "k": (2, None), "t": "n * k", "m": (2, 9)},
        words={"flowers": ("flowers", "trees")},
        steps=(
            ("row", "t / n", "Each row has {} {flowers}."),
            ("added", "row * m", "{name} adds {} {flowers}."),
            ("total", "t + added", "Now there are {} {flowers}."),
        ),
        equations=("n * row = t", "total = t + m * row", "ans = total"),
    ),
    Family(
        name="fence_cost",
        texts=(
            (
                "A garden is {a} meters long and {b} meters wide. A fence costs {p} dollars a meter. "
                "How many dollars does a fence around it cost?"
            ),
        ),
        numbers={"a": (2, None), "b": (2, None), "p": (2, 20)},
        where=("a >= b",),
        steps=(
            ("half", "a + b", "One long and one short side are {} meters."),
            ("around", "half * 2", "All around that is {} meters."),
            ("cost", "around * p", "The fence costs {} dollars."),
        ),
        equations=("around = 2 * a + 2 * b", "cost = p * around", "ans = cost"),
    ),
    Family(
        name="rug",
        texts=(
            (
                "A room is {a} meters long and {b} meters wide. A rug is {c} meters long and {d} meters wide. "
                "How many square meters of the room are free?"
            ),
        ),
        numbers={"a": (3, None), "b": (3, 20), "c": (2, None), "d": (1, 20)},
        where=("d > 1", "a >= b", "c >= d", "a > c", "b > d"),
        steps=(
            ("room", "a * b", "The room has {} square meters."),
            ("rug", "c * d", "The rug has {} square meters."),
            ("free", "room - rug", "Then {} square meters are free."),
        ),
        equations=("room = a * b", "rug = c * d", "free + rug = room", "ans = free"),
    ),
    Family(
        name="paint_walls",
        texts=(
            (
                "{name} paints {n} walls, each {a} meters long and {b} meters high. One can of paint is enough for "
                "{k} square meters and costs {p} dollars. How many dollars does the paint cost?"
            ),
        ),
        numbers={"n": (2, 4), "a": (2, 20), "b": (2, 5), "k": (2, 20), "p": (2, 20)},
        where=("n * a * b % k == 0", "k < n * a * b"),
        steps=(
            ("wall", "a * b", "One wall has {} square meters."),
            ("walls", "wall * n", "All walls have {} square meters."),
            ("cans", "walls / k", "{name} needs {} cans."),
            ("cost", "cans * p", "The paint costs {} dollars."),
        ),
        equations=("wall = a * b", "k * cans = n * wall", "cost = p * cans", "ans = cost"),
    ),
)
