"""The rows of every file between two stages: one struct a kind, one JSON object a line.

Field order is byte order, so these definitions are also the file format.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Record(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Common form of all records: immutable, strict, defaults left out of the file."""


class Step(Record, frozen=True, kw_only=True):
    """One calculation of a worked solution."""

    name: str
    """A Python identifier, unique in its solution, that later expressions may use."""
    expression: str
    """Python arithmetic over numbers and earlier names, such as `april / 2`."""
    value: str
    """What it comes to, as canonical answer text (see `Problem.answer`)."""
    sentence: str = ""
    """The step in words; `{}` stands where the shown arithmetic (`48 / 2 = 24`) goes."""


class Solution(Record, frozen=True, kw_only=True):
    """A problem's own way to its answer: what the `solution` teacher writes thoughts from."""

    steps: tuple[Step, ...]
    """In order; the last one gives the answer."""
    equations: tuple[str, ...] = ()
    """The system that states the problem without solving it, ending in `ans = ...`."""


class Checker(Record, frozen=True, kw_only=True):
    """What decides whether an answer is right where comparing texts does not do (see docs/domains.md)."""

    name: str
    """`reasoning_gym:knights_knaves`: a checker by its entry point, and what it is asked to be."""
    data: dict[str, Any] = field(default_factory=dict)
    """What it has to know of the problem, as JSON."""


class Problem(Record, frozen=True, kw_only=True):
    """One problem of a data set."""

    id: str
    question: str
    answer: str
    """Gold in canonical text, which says its type (docs/language.md); text that is too long for an
    answer, as it stands."""
    rationale: str | None = None
    """The data set's own worked solution, annotations included (GSM8K: `<<48/2=24>>`)."""
    solution: Solution | None = None
    family: str | None = None
    """The synthetic family that the problem belongs to."""
    checker: Checker | None = None
    """Given, answers are taken as they are stated, and it judges them; the gold answer is one of several."""


class Usage(Record, frozen=True, kw_only=True):
    """What one completion took. Of several that one request gave, the input counts for the first."""

    input: int
    """Tokens of the prompt."""
    output: int
    """Tokens of the completion."""
    cost: float | None = None
    """US dollars, by the price when it was bought; `None` where the price is not known."""


class Completion(Record, frozen=True, kw_only=True):
    """What a teacher wrote for one problem in one format."""

    problem: str
    thought: str
    sample: int = 0
    text: str | None
    """The raw completion; `None` where the teacher has none, with `reason`."""
    reason: str | None = None
    prompt: str | None = None
    """Key of the request in the completion store, for LLM teachers."""
    finish: str | None = None
    """Why it ended, where not of itself: `length` (cut off at `max_tokens`), `filter` (withheld by the server)."""
    usage: Usage | None = None
    logprob: float | None = None
    """Mean log-probability of its tokens, in nats, where the teacher tells."""
    exemplars: tuple[str, ...] = ()
    """The exemplars of the prompt in their order: ids, or numbers of rows from 1."""


class Steps(Record, frozen=True, kw_only=True):
    """The calculations that a thought in prose writes out, each recomputed."""

    right: int = 0
    wrong: int = 0
    first_wrong: str = ""
    """The first calculation that does not hold, as written, and what it comes to."""


class Thought(Record, frozen=True, kw_only=True):
    """A completion with its verdict; rejected ones stay in the file."""

    problem: str
    thought: str
    sample: int = 0
    text: str
    """The part of the completion that was executed."""
    answer: str | None = None
    verdict: str
    detail: str = ""
    notes: tuple[str, ...] = ()
    """What bears on how far the answer can be trusted: `last number`, the rule that chose a solution."""
    solution: dict[str, str] = field(default_factory=dict)
    """Values of a system's unknowns, as canonical text."""
    steps: Steps | None = None
    """Of a thought in prose that writes out calculations."""


class Example(Record, frozen=True, kw_only=True):
    """One training example of a mix."""

    problem: str
    thought: str
    question: str
    cue: str
    text: str


class Prediction(Record, frozen=True, kw_only=True):
    """What a student wrote for one test problem in one format."""

    test: str
    """`<data>-<split>`."""
    problem: str
    thought: str
    sample: int = 0
    text: str
    tokens: int
    """New tokens, the end mark included."""
    logprob: float
    """Mean log-probability of those tokens, in nats."""


class DevThought(Record, frozen=True, kw_only=True):
    """What a student wrote for a problem of dev, in one format, in the middle of its training."""

    step: int
    problem: str
    thought: str
    text: str
    tokens: int
    logprob: float
    """As of a `Prediction`."""


class Rank(Record, frozen=True, kw_only=True):
    """What a verifier makes of one prediction."""

    test: str
    problem: str
    thought: str
    sample: int = 0
    score: float
    """Probability, by the verifier, that the thought is right."""


class Judged(Record, frozen=True, kw_only=True):
    """A prediction with what its execution gave and how that compares with gold."""

    thought: str
    sample: int = 0
    text: str
    tokens: int
    logprob: float
    answer: str | None = None
    verdict: str
    detail: str = ""
    notes: tuple[str, ...] = ()
    solution: dict[str, str] = field(default_factory=dict)
    steps: Steps | None = None
    confidence: float | None = None
    """Calibrated probability to be right, where a strategy needs it and the thought has an answer."""
    ranks: dict[str, float] = field(default_factory=dict)
    """Verifier (`<student>-<mix>`) -> its probability that the thought is right."""


class Choice(Record, frozen=True, kw_only=True):
    """What a strategy picked."""

    answer: str | None = None
    thought: str | None = None
    sample: int = 0
    verdict: str
    sure: float | None = None
    """How sure the strategy is (0 to 1), where it can tell: a share of votes, a probability."""
    tokens: int = 0
    """Tokens of the thoughts that the strategy had to have written."""


class Scored(Record, frozen=True, kw_only=True):
    """One test problem with all its thoughts and the choice of each strategy."""

    test: str
    problem: str
    question: str
    gold: str
    thoughts: tuple[Judged, ...]
    choices: dict[str, Choice] = field(default_factory=dict)
