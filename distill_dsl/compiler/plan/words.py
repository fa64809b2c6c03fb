"""The plan in words: a paragraph to read before anything is spent, then what would run and why.

Lines are values; nothing here prints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from distill_dsl.compiler.plan.forecast import Asked, Forecast, Need, Trainings
from distill_dsl.compiler.plan.outlook import Outlook, State
from distill_dsl.compiler.plan.reasons import NEVER_RAN, Reason
from distill_dsl.compiler.plan.stages import Place, SpecStage
from distill_dsl.contract.quotes import Quote, Range
from distill_dsl.contract.settings import SpendingSettings
from distill_dsl.contract.vocabulary import StageKind

NAMED: Final = 3
"""Stages of a group that are named; the others are counted."""

CAUSES: Final = 5
"""Reasons of a group that are named; the others are counted."""


@dataclass(frozen=True)
class Line:
    """A line of text; `tone` says how it may be coloured: `strong`, `faint` or `warn`."""

    text: str
    tone: str = ""


Outlooks = Mapping[str, Outlook]


# --- the paragraph ------------------------------------------------------------------------------


def paragraph(forecast: Forecast, outlooks: Outlooks) -> list[Line]:
    """Trainings, calls, needs and stages: a sentence each."""
    lines = [Line(_trainings(one)) for one in forecast.trainings]
    if len(forecast.trainings) > 1:
        total = sum(one.count - one.shared for one in forecast.trainings)
        lines.append(Line(f"Together {counted(total, 'training')}."))
    if forecast.further:
        verb = "teaches, judges or is" if forecast.further == 1 else "teach, judge or are"
        lines.append(Line(f"{counted(forecast.further, 'further training')} {verb} what another starts from."))
    for one in forecast.asked:
        lines += [Line(_calls(one, outlooks)), *_quote(one, outlooks)]
    return [*lines, *_unquoted(forecast, outlooks), *_needs(forecast), Line(stages(outlooks), "strong")]


def _trainings(one: Trainings) -> str:
    factors = " x ".join(f"{number} {what}" for number, what in one.factors)
    text = f"experiment {one.experiment}: {factors} = {counted(one.product, 'training')}"
    if one.count < one.product:
        text += f", of which {one.count} differ (a varied value makes no second training where it does not bear)"
    if one.shared:
        text += f"; {one.shared} of them are those of an experiment above"
    return f"{text}."


def _calls(asked: Asked, outlooks: Outlooks) -> str:
    most = asked.calls(len(asked.thoughts))
    problems = "an unknown number of problems"
    if asked.problems is not None:
        problems = counted(asked.problems, "problem")
    elif asked.limit is not None:
        problems = f"at most {counted(asked.limit, 'problem')}"
    product = (
        f"{problems} of {asked.split} x {counted(len(asked.thoughts), 'thought')}"
        f" x {counted(asked.samples, 'sample')}, {number(asked.max_tokens)} tokens each at most"
    )
    who = f"teacher {asked.teacher}, {asked.model},"
    if most is None:
        return f"{who} is asked an unknown number of times, since {asked.split} is not fetched yet: {product}."
    waiting = still_asked(asked, outlooks)
    now = asked.calls(len(waiting)) if len(waiting) < len(asked.stages) else None
    rest = "" if now is None else f"; now at most {number(now)}, as the others are answered already"
    if not waiting:
        rest = "; all of it is answered already"
    return f"{who} is asked at most {number(most)} times: {product}{rest}."


def still_asked(asked: Asked, outlooks: Outlooks) -> list[str]:
    """The stages that would run."""
    return [name for name in asked.stages if outlooks[name].state is State.RUNS]


def _quote(asked: Asked, outlooks: Outlooks) -> Iterator[Line]:
    """What is in the store, and what the rest will take."""
    match asked.quote(still_asked(asked, outlooks)):
        case str(why):
            yield Line(f"What it will take cannot be said: {why}.", "warn")
        case Quote(calls=0) as quoted:
            yield Line(f"All {number(quoted.held)} completions are in the store: nothing is bought.")
        case Quote() as quoted:
            held = f"{_completions(quoted.held)} in the store; " if quoted.held else ""
            took = f"{ranged(quoted.input)} tokens in, {ranged(quoted.output)} out"
            yield Line(f"{held}{_completions(quoted.calls)} to be bought: {took}, {_price(quoted)}.")
            yield from _budget(asked.spending, quoted)


def _unquoted(forecast: Forecast, outlooks: Outlooks) -> Iterator[Line]:
    """How to learn what asking will take where the problems are not there yet."""
    splits = {
        one.split: one.fetched
        for one in forecast.asked
        if outlooks[one.fetched].state is State.RUNS
        and (waiting := still_asked(one, outlooks))
        and one.quote(waiting) is None
    }
    if splits:
        command = f"dvc repro {' '.join(dict.fromkeys(splits.values()))}"
        names = f"{', '.join(splits)} {'is' if len(splits) == 1 else 'are'}"
        yield Line(f"Tokens and dollars can be said once {names} fetched: `{command}`.")


def _completions(count: int) -> str:
    return f"{counted(count, 'completion')} {'is' if count == 1 else 'are'}"


def _price(quoted: Quote) -> str:
    if quoted.price == "free":
        return "free of charge"
    if quoted.dollars is None:
        return "at a price that is not known (`price = per_million(input: ..., output: ...)` declares it)"
    low, high = quoted.dollars
    whose = "that the spec declares" if quoted.price == "declared" else "known of the model"
    return f"{dollars(low)} to {dollars(high)} by the price {whose}"


def _budget(spending: SpendingSettings, quoted: Quote) -> Iterator[Line]:
    """What is left of it, and whether that is enough."""
    if spending.budget_dollars is not None:
        if quoted.dollars is None:
            yield Line("Its budget is in dollars and its price is not known: it will not be asked.", "warn")
            return
        left = max(0.0, spending.budget_dollars - quoted.spent_dollars)
        text, take = f"Of its budget of {dollars(spending.budget_dollars)}, {dollars(left)}", quoted.dollars
    elif spending.budget_tokens is not None:
        left = max(0, spending.budget_tokens - quoted.spent_tokens)
        text = f"Of its budget of {number(spending.budget_tokens)} tokens, {number(round(left))}"
        take = Range(quoted.input.low + quoted.output.low, quoted.input.high + quoted.output.high)
    else:
        return
    low, high = take
    enough = ", which is not enough" if left < low else ", which may not be enough" if left < high else ""
    yield Line(f"{text} {'is' if spending.budget_dollars else 'are'} left{enough}.", "warn" if enough else "")


def _needs(forecast: Forecast) -> Iterator[Line]:
    groups = (
        ("variable", forecast.variables, "not set"),
        ("file", forecast.files, "missing"),
    )
    for what, needs, lacking in groups:
        missing = [need for need in needs if not need.there]
        if needs:
            text = f"It needs the {what if len(needs) == 1 else f'{what}s'} {_listed(needs, lacking)}."
            yield Line(text, "warn" if missing else "")
    if forecast.hub:
        yield Line(f"From the Hugging Face hub, or its local cache: {', '.join(forecast.hub)}.")


def _listed(needs: Sequence[Need], lacking: str) -> str:
    return ", ".join(need.name + ("" if need.there else f" ({lacking})") for need in needs)


def stages(outlooks: Outlooks) -> str:
    """`125 stages: 84 would run (36 train, ...), 10 would come from DVC's cache, 31 are up to date.`"""
    states = Counter(one.state for one in outlooks.values())
    text = f"{counted(len(outlooks), 'stage')}: "
    if not states[State.RUNS] and not states[State.RESTORED]:
        return f"{text}all up to date."
    parts = [f"{states[State.RUNS]} would run{kinds(outlooks.values(), State.RUNS)}"]
    if states[State.RESTORED]:
        parts.append(f"{states[State.RESTORED]} would come from DVC's cache{kinds(outlooks.values(), State.RESTORED)}")
    if states[State.CURRENT]:
        parts.append(f"{states[State.CURRENT]} {'is' if states[State.CURRENT] == 1 else 'are'} up to date")
    return f"{text}{', '.join(parts)}."


def kinds(outlooks: Iterable[Outlook], state: State) -> str:
    """` (3 ask, 36 train)`: how many stages of which kind are in a state; nothing where none is."""
    counts = Counter(one.stage.kind for one in outlooks if one.state is state)
    parts = [f"{counts[kind]} {kind.value}" for kind in StageKind if counts[kind]]
    return f" ({', '.join(parts)})" if parts else ""


# --- what would run, and why --------------------------------------------------------------------


HEADS: Final = {
    State.RUNS: "Would run",
    State.RESTORED: "Would come from DVC's cache, with nothing computed",
}


def grouped(outlooks: Outlooks) -> list[Line]:
    """The stages by the reasons behind them: 36 trainings for one reason are one line."""
    lines: list[Line] = []
    for state, head in (
        (State.RUNS, "Would run"),
        (State.RESTORED, "Would come from DVC's cache, with nothing computed"),
    ):
        for causes, group in _by_causes(outlooks, state).items():
            lines += [Line(""), *_headed(head, causes, group)]
            lines += [Line(f"  {text}") for text in _by_kind(group)]
    return lines


def _by_causes(outlooks: Outlooks, state: State) -> dict[tuple[Reason, ...], list[Outlook]]:
    """Causes in the order in which the walk meets them -> the stages that they are behind."""
    cause_of = _causes([root for one in outlooks.values() for root in one.roots])
    rank = {cause: at for at, cause in enumerate(dict.fromkeys(cause_of.values()))}
    groups: dict[tuple[Reason, ...], list[Outlook]] = {}
    for one in outlooks.values():
        if one.state is state:
            ordered = sorted({cause_of[root] for root in one.roots}, key=rank.__getitem__)
            groups.setdefault(tuple(ordered), []).append(one)
    return groups


def _causes(roots: Sequence[Reason]) -> dict[Reason, Reason]:
    """Reason -> how it is told: without what differs from stage to stage, and a block with its copies."""
    alike: dict[tuple[str, Place | None], dict[Reason, None]] = {}
    for root in roots:
        change = root.change
        alike.setdefault((f"{change.section}: {change.tail}" if change else root.text, root.place), {})[root] = None
    told: dict[Reason, Reason] = {}
    for ones in alike.values():
        first = next(iter(ones))
        text = first.text
        if first.change:
            names = dict.fromkeys(one.change.name for one in ones if one.change)
            text = f"{first.change.section} {', '.join(names)}: {first.change.tail}"
        told |= dict.fromkeys(ones, replace(first, detail="", text=text, change=None))
    return told


def _headed(head: str, causes: tuple[Reason, ...], group: list[Outlook]) -> Iterator[Line]:
    if causes == (NEVER_RAN,):
        yield Line(f"{head} for the first time:", "warn")
        return
    texts = [f"{cause.text}{at(cause.place)}" for cause in causes]
    if len(texts) == 1:
        yield Line(f"{head}, because {texts[0]}{_detail(group)}:", "warn")
        return
    yield Line(f"{head}, because", "warn")
    yield from (Line(f"    {text}", "warn") for text in texts[:CAUSES])
    if len(texts) > CAUSES:
        yield Line(f"    and {len(texts) - CAUSES} more", "warn")


def _detail(group: list[Outlook]) -> str:
    """What a single stage's reasons leave out."""
    if len(group) > 1:
        return ""
    details = [reason.detail for reason in group[0].reasons if reason.detail and reason.detail not in reason.text]
    return f": {some(details)}" if details else ""


def _by_kind(group: list[Outlook]) -> Iterator[str]:
    width = max(len(one.stage.kind.value) for one in group)
    for kind in StageKind:
        names = [one.name for one in group if one.stage.kind is kind]
        if names:
            count = f"{len(names)} stages: " if len(names) > 1 else ""
            yield f"{kind.value:<{width}}  {count}{some(names)}"


def some(names: Sequence[str], most: int = NAMED) -> str:
    """The first names, and how many more there are."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{rest}"


MARKS: Final = {State.RUNS: "*", State.RESTORED: "+", State.CURRENT: " "}


def listed(outlooks: Outlooks, before: Mapping[str, Sequence[str]]) -> list[Line]:
    """Every stage with what it reads from, and its own reasons below it."""
    lines = [Line("")]
    for name, one in outlooks.items():
        waits = f"  <- {some(before[name], 4)}" if before[name] else ""
        lines.append(Line(f"{MARKS[one.state]} {name}{waits}", "faint" if one.state is State.CURRENT else ""))
        lines += [Line(f"      {text}", "warn") for text in told(one)]
    return [*lines, Line("* would run   + would come from DVC's cache", "faint")]


def told(one: Outlook) -> Iterator[str]:
    """A stage's own reasons, then the stages before it that would run."""
    for reason in one.reasons:
        detail = f": {reason.detail}" if reason.detail and reason.detail not in reason.text else ""
        yield f"{reason.text}{detail}{at(reason.place)}"
    if one.after:
        verb = "runs" if len(one.after) == 1 else "run"
        yield f"because {some(one.after)} {verb} before it"


def at(place: Place | None) -> str:
    """` (specs/etd.mtd:27)`."""
    return f" ({place.file}:{place.line})" if place else ""


# --- numbers ------------------------------------------------------------------------------------


def number(value: int) -> str:
    """`89,676`."""
    return f"{value:,}"


def ranged(value: Range) -> str:
    """`6.39 to 40.4 million`, of an estimate."""
    low, high = (_rough(end) for end in value)
    unit = high.partition(" ")[2]
    return f"{low.removesuffix(f' {unit}') if unit else low} to {high}"


def _rough(value: float) -> str:
    """To three digits: `1,230`, `152,000`, `6.39 million`."""
    rounded = float(f"{value:.3g}")
    for size, name in ((1e9, "billion"), (1e6, "million")):
        if rounded >= size:
            return f"{rounded / size:.3g} {name}"
    return number(round(rounded))


def dollars(value: float) -> str:
    """`$12.34`, `$0.0021`."""
    return f"${value:,.2f}" if value == 0 or value >= 0.1 else f"${value:.2g}"


def counted(value: int, what: str) -> str:
    """`1 training`, `36 trainings`."""
    return f"{number(value)} {what}{'' if value == 1 else 's'}"


def only_spec(outlooks: Outlooks) -> bool:
    """Whether nothing would run but the check that the spec and dvc.yaml agree."""
    return all(one.state is State.CURRENT or isinstance(one.stage, SpecStage) for one in outlooks.values())
