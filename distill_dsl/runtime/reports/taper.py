"""A scaling line in words: what the last doubling gained, where it stops paying, and the ceiling."""

from __future__ import annotations

from typing import Final

from distill_dsl.runtime.reports.powerlaw import Estimate, Law
from distill_dsl.runtime.reports.scaling import Line, Status, taper_of
from distill_dsl.runtime.reports.wording import against, points, si

FAR: Final = 4.0
"""How many times the largest measured x a law is trusted for, and no farther."""

NEAR_ALL: Final = 0.995
WIDE: Final = 0.2
"""A ceiling that may be 100 %, or anything within so wide an interval, is not determined."""


def sentence(line: Line) -> str:
    """What a line says, and nothing that it does not."""
    first, last = line.points[0], line.points[-1]
    reach = f"from {line.along} {si(first[0])} to {si(last[0])}"
    change = f"{points(last[1].accuracy - first[1].accuracy)} points measured {reach}"
    match line.status:
        case Status.FEW:
            return f"{change}; a law needs three values."
        case Status.NO_LOG:
            return f"{change}; no power law goes through values that are not above 0."
        case Status.FLAT:
            return f"no rise {reach} ({change})."
        case Status.MISFIT:
            assert line.misfit is not None
            alone = "; with one seed, trainings that differ may be why" if last[1].seeds == 1 else ""
            return f"{change}; no saturating power law fits (p {against(line.misfit)}{alone})."
        case Status.UNSURE:
            assert line.law is not None
            gain = line.law.gain(line.law.smallest, line.law.largest)
            return f"no gain that can be told from chance {reach}: {between(gain)} points."
        case Status.FITTED:
            assert line.law is not None
            return f"{last_gain(line.along, line.law)}; {tapering(line.law)}. {ceiling(line.law)}"


def last_gain(along: str, law: Law) -> str:
    """What the last doubling within what was measured gains."""
    half = law.largest / 2
    if half < law.smallest:
        gain = law.gain(law.smallest, law.largest)
        return f"going from {along} {si(law.smallest)} to {si(law.largest)} gains {between(gain)} points"
    return f"doubling {along} from {si(half)} to {si(law.largest)} gains {between(law.gain(half, law.largest))} points"


def tapering(law: Law) -> str:
    """Where a doubling begins to gain less than a point."""
    found = taper_of(law)
    if found.value <= law.smallest:
        return f"from the smallest value, {si(law.smallest)}, on a doubling gains less than one point"
    if found.value > FAR * law.largest:
        return f"up to {si(law.largest)} and beyond, each doubling gains a point or more"
    upper = "far beyond" if found.high > FAR * law.largest else si(found.high)
    place = f"from about {si(found.value)} on ({si(found.low)} to {upper}) a doubling gains less than one point"
    return f"by the law, beyond what was measured, {place}" if found.value > law.largest else place


def ceiling(law: Law) -> str:
    """What no x reaches, if the points tell."""
    found = law.ceiling
    if found.high > NEAR_ALL or found.high - found.low > WIDE:
        return f"The ceiling is not determined (at least {100 * found.low:.1f} %)."
    return f"The ceiling is {100 * found.value:.1f} % ({100 * found.low:.1f} to {100 * found.high:.1f})."


def between(gain: Estimate) -> str:
    """A gain in points with its interval: `1.2 (0.3 to 2.0)`."""
    return f"{100 * gain.value:.1f} ({100 * gain.low:.1f} to {100 * gain.high:.1f})"
