"""Dates and times of day as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

HALF_DAY: Final = 12 * 3600
"""Seconds."""
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTH: Final = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY: Final = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR: Final = r"(?P<year>[0-9]{4})(?![0-9])"
_DATES: Final = tuple(
    re.compile(rf"(?<![0-9A-Za-z/.-]){pattern}(?![0-9/])", re.IGNORECASE)
    for pattern in (
        r"(?P<year>[0-9]{4})(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})",
        r"(?P<month>[0-9]{1,2})(?P<sign>[-/])(?P<day>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})",
        rf"{_MONTH} {{1,3}}{_DAY}(?:,? {{1,3}}){_YEAR}",
        rf"{_DAY}(?: of)? {{1,3}}{_MONTH},? {{1,3}}{_YEAR}",
    )
)
_DAYS: Final = tuple(
    re.compile(rf"(?<![0-9A-Za-z]){pattern}(?![0-9A-Za-z])", re.IGNORECASE)
    for pattern in (rf"{_MONTH} {{1,3}}{_DAY}", rf"{_DAY}(?: of)? {{1,3}}{_MONTH}")
)
_TIME: Final = re.compile(
    r"(?<![0-9:.])(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?)?"
    r"(?![0-9:])(?: {0,3}(?P<half>[ap])\.? ?m\b\.?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clock:
    """A time of day. Without am or pm, an hour from 1 to 9 may belong to either half of the day."""

    hour: int
    minute: int
    second: int = 0
    either: bool = False

    def __str__(self) -> str:
        """`15:30` and `03:30` say which half of the day; `3:30` does not. Seconds where there are any."""
        seconds = f":{self.second:02}" if self.second else ""
        return f"{self.hour if self.either else f'{self.hour:02}'}:{self.minute:02}{seconds}"

    @property
    def seconds(self) -> int:
        """Since midnight."""
        return 3600 * self.hour + 60 * self.minute + self.second


def same_time(one: Clock, other: Clock) -> bool:
    """Whether two times agree: `3:30` agrees with 3:30 in the morning and in the afternoon."""
    apart = abs(one.seconds - other.seconds)
    return apart == 0 or (apart == HALF_DAY and (one.either or other.either))


def dates(text: str) -> Iterator[tuple[date, int, int]]:
    """Every full date with its place. `01/02/2020` is the second of January; `31/01/2020` can only be its end."""
    for pattern in _DATES:
        for match in pattern.finditer(text):
            day, month = int(match["day"]), _month(match["month"])
            if month > 12 and match.groupdict().get("sign"):
                day, month = month, day
            if (found := _date(int(match["year"]), month, day)) is not None:
                yield found, match.start(), match.end()


def days(text: str) -> Iterator[tuple[str, int, int]]:
    """Every date without a year, as `May 4`, with its place."""
    for pattern in _DAYS:
        for match in pattern.finditer(text):
            month, day = _month(match["month"]), int(match["day"])
            if _date(2000, month, day) is not None:  # a leap year: it has every day
                yield f"{_MONTHS[month - 1].capitalize()} {day}", match.start(), match.end()


def times(text: str) -> Iterator[tuple[Clock, int, int]]:
    """Every time of day with its place: `13:30`, `1:30 p.m.`, `3 pm`, `9:03:36`."""
    for match in _TIME.finditer(text):
        if match["minute"] is None and match["half"] is None:
            continue
        clock = _clock(match["hour"], int(match["minute"] or 0), int(match["second"] or 0), match["half"])
        if clock is not None:
            yield clock, match.start(), match.end()


def _clock(digits: str, minute: int, second: int, half: str | None) -> Clock | None:
    hour = int(digits)
    if half is None:
        return Clock(hour, minute, second, either=len(digits) == 1 and hour > 0) if hour < 24 else None
    if not 1 <= hour <= 12:
        return Clock(hour, minute, second) if 12 < hour < 24 and half in "pP" else None  # 13:30 PM
    return Clock(hour % 12 + (12 if half in "pP" else 0), minute, second)


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    return next(number for number, name in enumerate(_MONTHS, 1) if name.startswith(text[:3].lower()))


def _date(year: int, month: int, day: int) -> date | None:
    """The date, if the calendar has it. No exception tells: `date` has none but ValueError, for just that."""
    try:
        return date(year, month, day)
    except ValueError:
        return None
