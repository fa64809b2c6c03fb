"""Families about prices, change, wages, savings and profit; all sums are in dollars."""

from __future__ import annotations

from typing import Final

from distill_dsl.runtime.sources.arithmetic.family import Family, Of

FAMILIES: Final = (
    Family(
        name="buy_same",
        texts=(
            "{name} buys {n} {items} for {p} dollars each. How many dollars does {name} pay?",
            "{Items} cost {p} dollars each. How many dollars do {n} {items} cost?",
        ),
        numbers={"n": (2, 20), "p": (2, None)},
        steps=(("cost", "n * p", "The {items} cost {} dollars."),),
        equations=("cost = n * p", "ans = cost"),
    ),
    Family(
        name="unit_price",
        texts=(
            "{name} pays {total} dollars for {n} {items}. How many dollars does one cost?",
            "{n} {items} cost {total} dollars. {name} buys one. How many dollars does {name} pay?",
        ),
        numbers={"n": (2, 20), "p": (2, None), "total": "n * p"},
        steps=(("price", "total / n", "One costs {} dollars."),),
        equations=("n * price = total", "ans = price"),
    ),
    Family(
        name="wage",
        texts=(
            "{name} works {h} hours and earns {p} dollars an hour. How many dollars does {name} earn?",
            "{name} earns {p} dollars an hour. How many dollars does {he} earn in {h} hours?",
        ),
        numbers={"h": (2, 20), "p": (2, None)},
        steps=(("pay", "h * p", "{name} earns {} dollars."),),
        equations=("pay = h * p", "ans = pay"),
    ),
    Family(
        name="discount",
        texts=(
            "A coat costs {a} dollars. In a sale it costs {b} dollars less. How many dollars does it cost now?",
            "{name} buys a coat of {a} dollars and gets {b} dollars off. How many dollars does {name} pay?",
        ),
        numbers={"a": (3, None), "b": (2, None)},
        steps=(("price", "a - b", "The coat costs {} dollars now."),),
        equations=("price = a - b", "ans = price"),
    ),
    Family(
        name="weeks_to_save",
        texts=(
            "{name} saves {p} dollars a week. How many weeks does {he} need for a bike of {total} dollars?",
            "A bike costs {total} dollars. {name} saves {p} dollars a week. How many weeks does {name} save for it?",
        ),
        numbers={"p": (2, 50), "n": (2, 30), "total": "p * n"},
        steps=(("weeks", "total / p", "{name} needs {} weeks."),),
        equations=("p * weeks = total", "ans = weeks"),
    ),
    Family(
        name="change",
        texts=(
            (
                "{name} buys {n} {items} for {p} dollars each and pays with {paid} dollars. "
                "How many dollars does {name} get back?"
            ),
            "{name} has {paid} dollars and buys {n} {items} for {p} dollars each. How many dollars are left?",
        ),
        numbers={"n": (2, 20), "p": (2, None), "paid": (3, None)},
        where=("n * p < paid",),
        steps=(
            ("cost", "n * p", "The {items} cost {} dollars."),
            ("back", "paid - cost", "{name} has {} dollars left."),
        ),
        equations=("cost = n * p", "cost + back = paid", "ans = back"),
    ),
    Family(
        name="weeks_to_save_rest",
        texts=(
            (
                "A bike costs {a} dollars. {name} has {b} dollars and saves {p} dollars a week. "
                "How many weeks does {name} need?"
            ),
        ),
        numbers={"p": (2, 50), "n": (2, 30), "b": (2, None), "a": "p * n + b"},
        steps=(
            ("rest", "a - b", "{name} needs {} more dollars."),
            ("weeks", "rest / p", "{He} needs {} weeks."),
        ),
        equations=("b + p * weeks = a", "ans = weeks"),
    ),
    Family(
        name="savings",
        texts=(
            "{name} has {b} dollars and saves {p} dollars a week. How many dollars does {name} have after {n} weeks?",
        ),
        numbers={"b": (2, None), "p": (2, None), "n": (2, 20)},
        steps=(
            ("saved", "p * n", "{name} saves {} dollars."),
            ("total", "saved + b", "Then {he} has {} dollars."),
        ),
        equations=("saved = p * n", "total = b + saved", "ans = total"),
    ),
    Family(
        name="earn_and_spend",
        texts=(
            "{name} works {h} hours for {p} dollars an hour and spends {c} dollars. How many dollars are left?",
            (
                "{name} earns {p} dollars an hour. {He} works {h} hours and then pays {c} dollars for {items}. "
                "How many dollars are left?"
            ),
        ),
        numbers={"h": (2, 20), "p": (2, None), "c": (2, None)},
        steps=(
            ("pay", "h * p", "{name} earns {} dollars."),
            ("left", "pay - c", "{He} has {} dollars left."),
        ),
        equations=("pay = h * p", "left = pay - c", "ans = left"),
    ),
    Family(
        name="profit",
        texts=(
            (
                "{name} buys {n} {items} for {a} dollars each and sells them for {b} dollars each. "
                "How many dollars does {name} earn?"
            ),
        ),
        numbers={"n": (2, 20), "a": (2, None), "b": (3, None)},
        where=("b > a",),
        steps=(
            ("gain", "b - a", "One brings {} dollars."),
            ("total", "n * gain", "{name} earns {} dollars."),
        ),
        equations=("total = n * b - n * a", "ans = total"),
    ),
    Family(
        name="days_of_work",
        texts=("{name} works {h} hours a day for {p} dollars an hour. How many dollars does {name} earn in {d} days?",),
        numbers={"h": (2, 10), "p": (2, None), "d": (2, 7)},
        steps=(
            ("hours", "h * d", "{name} works {} hours."),
            ("pay", "hours * p", "{He} earns {} dollars."),
        ),
        equations=("hours = h * d", "pay = p * hours", "ans = pay"),
    ),
    Family(
        name="split_bill",
        texts=(
            (
                "{n} friends buy {items} for {a} dollars and {items2} for {b} dollars. They share the cost equally. "
                "How many dollars does each friend pay?"
            ),
        ),
        numbers={"n": (2, 12), "k": (2, None), "b": (2, None), "a": "n * k - b"},
        where=("a > 1",),
        steps=(
            ("cost", "a + b", "All costs {} dollars."),
            ("each", "cost / n", "Each friend pays {} dollars."),
        ),
        equations=("cost = a + b", "n * each = cost", "ans = each"),
    ),
    Family(
        name="half_price",
        texts=("{Items} cost {p} dollars each. In a sale they cost half. How many dollars do {n} {items} cost then?",),
        numbers={"low": (2, None), "p": "low * 2", "n": (2, 20)},
        steps=(
            ("price", "p / 2", "One costs {} dollars in the sale."),
            ("cost", "price * n", "Then {n} cost {} dollars."),
        ),
        equations=("2 * price = p", "cost = n * price", "ans = cost"),
    ),
    Family(
        name="buy_two_kinds",
        texts=(
            (
                "{name} buys {n} {items} for {p} dollars each and {m} {items2} for {q} dollars each. "
                "How many dollars does {name} pay?"
            ),
        ),
        numbers={"n": (2, 12), "p": (2, None), "m": (2, 12), "q": (2, None)},
        steps=(
            ("first", "n * p", "The {items} cost {} dollars."),
            ("second", "m * q", "The {items2} cost {} dollars."),
            ("total", "first + second", "{name} pays {} dollars."),
        ),
        equations=("first = n * p", "second = m * q", "total = first + second", "ans = total"),
    ),
    Family(
        name="two_days_wage",
        texts=(
            (
                "{name} earns {p} dollars an hour. {He} works {a} hours on Monday and {b} hours on Friday. "
                "{He} spends {c} dollars. How many dollars are left?"
            ),
        ),
        numbers={"p": (2, None), "a": (2, 10), "b": (2, 10), "c": (2, None)},
        steps=(
            ("hours", "a + b", "{name} works {} hours."),
            ("pay", "hours * p", "{He} earns {} dollars."),
            ("left", "pay - c", "{He} has {} dollars left."),
        ),
        equations=("hours = a + b", "pay = p * hours", "left + c = pay", "ans = left"),
    ),
    Family(
        name="change_two_kinds",
        texts=(
            (
                "{name} buys {n} {items} for {p} dollars each and {m} {items2} for {q} dollars each. "
                "{He} pays with {paid} dollars. How many dollars does {name} get back?"
            ),
        ),
        numbers={"n": (2, 9), "p": (2, None), "m": (2, 9), "q": (2, None), "paid": (9, None)},
        where=("n * p + m * q < paid",),
        steps=(
            ("first", "n * p", "The {items} cost {} dollars."),
            ("second", "m * q", "The {items2} cost {} dollars."),
            ("cost", "first + second", "All costs {} dollars."),
            ("back", "paid - cost", "{name} gets {} dollars back."),
        ),
        equations=("first = n * p", "second = m * q", "first + second + back = paid", "ans = back"),
    ),
    Family(
        name="market_day",
        texts=(
            (
                "{name} has {a} {items}. {He} gives {b} to {name2} and sells the rest for {p} dollars each. {He} pays "
                "{c} dollars for a bus and then buys {items2} for {q} dollars each. How many {items2} can {name} buy?"
            ),
        ),
        numbers={
            "sold": (2, 40),
            "b": (2, None),
            "a": "sold + b",
            "p": (2, 20),
            "n": (2, 20),
            "q": (2, 20),
            "c": "sold * p - n * q",
        },
        where=("c > 1",),
        steps=(
            ("rest", "a - b", "{name} sells {} {items}."),
            ("money", "rest * p", "That brings {} dollars."),
            ("left", "money - c", "There are {} dollars left."),
            ("bought", "left / q", "{name} can buy {} {items2}."),
        ),
        equations=("rest + b = a", "money = p * rest", "left + c = money", "q * bought = left", "ans = bought"),
    ),
    Family(
        name="coins_and_bills",
        texts=(
            (
                "{name} buys {n} {items} for {p} dollars each and pays with {paid} dollars. "
                "How many dollars does {name} get back?"
            ),
        ),
        numbers={
            "n": Of(2, 4, 6, 8),
            "p": Of("0.5", "1.5", "2.5", "3.5", "0.25", "1.25", "2.25"),
            "paid": Of(5, 10, 20, 50),
        },
        where=("n * p < paid",),
        decimals=True,
        steps=(
            ("cost", "n * p", "The {items} cost {} dollars."),
            ("back", "paid - cost", "{name} gets {} dollars back."),
        ),
        equations=("cost = n * p", "cost + back = paid", "ans = back"),
    ),
    Family(
        name="weekly_budget",
        texts=(
            (
                "{name} works {h} hours a day for {p} dollars an hour, {d} days a week, and spends {c} dollars a week. "
                "{He} saves for {w} weeks and has {b} dollars before. How many dollars does {he} have then?"
            ),
        ),
        numbers={"h": (2, 8), "p": (2, 30), "d": (2, 6), "c": (2, None), "w": (2, 9), "b": (2, None)},
        steps=(
            ("day", "h * p", "Each day {name} earns {} dollars."),
            ("week", "day * d", "Each week {he} earns {} dollars."),
            ("saved", "week - c", "Each week {he} saves {} dollars."),
            ("savings", "saved * w", "In {w} weeks {he} saves {} dollars."),
            ("total", "savings + b", "Then {he} has {} dollars."),
        ),
        equations=("week = d * p * h", "saved + c = week", "total = b + w * saved", "ans = total"),
    ),
)
