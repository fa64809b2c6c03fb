"""What each completion of an answer took: a server counts them together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from distill_dsl.contract.settings import FreePrice, Price
from distill_dsl.runtime.teachers.prices import cost
from distill_dsl.runtime.teachers.replies import Choice, Reply
from distill_dsl.runtime.teachers.store import Bought


def bought_of(reply: Reply, wanted: int, max_tokens: int, logprobs: bool, price: Price | None) -> list[Bought]:
    """The completions of an answer with what each took: the input counts for the first.

    A server says the output of all together; it is shared out by the length of the texts.
    """
    choices = reply.choices[:wanted]
    outputs = _outputs(reply.output, choices, max_tokens)
    inputs = [reply.input, *([None if reply.input is None else 0] * (len(choices) - 1))]
    costs = _costs(reply, inputs, outputs, price)
    return [
        Bought(
            text=choice.text,
            finish=choice.finish,
            input=input,
            output=output,
            cost=dollars,
            logprobs=(choice.logprobs or ()) if logprobs else None,
            max_tokens=max_tokens,
            reason=choice.reason,
            served=reply.served,
        )
        for choice, input, output, dollars in zip(choices, inputs, outputs, costs, strict=True)
    ]


def _outputs(total: int | None, choices: Sequence[Choice], max_tokens: int) -> list[int | None]:
    if total is None:
        return [None] * len(choices)
    if len(choices) == 1:
        return [total]  # also where it was cut off sooner, at the end of the server's context
    whole = [max_tokens if choice.finish == "length" else 0 for choice in choices]
    rest = total - sum(whole)
    weights = [
        0 if cut else len(choice.text.encode("utf-8", "replace")) + 1
        for choice, cut in zip(choices, whole, strict=True)
    ]
    if rest < 0:
        return _counted_singly(choices, max_tokens)
    if not any(weights):
        whole, rest, weights = [0] * len(choices), total, [1] * len(choices)
    return [cut + share for cut, share in zip(whole, _shared(rest, weights), strict=True)]


def _counted_singly(choices: Sequence[Choice], max_tokens: int) -> list[int | None]:
    """Of a server that says the tokens of one of the choices alone, as llama.cpp does: a choice that was cut off has
    `max_tokens`, and the others as many as its text's length makes likely."""
    lengths = [len(choice.text.encode("utf-8", "replace")) + 1 for choice in choices]
    cut = max(length for length, choice in zip(lengths, choices, strict=True) if choice.finish == "length")
    return [
        max_tokens if choice.finish == "length" else min(max_tokens, -(-max_tokens * length // cut))
        for length, choice in zip(lengths, choices, strict=True)
    ]


def _shared(total: int, weights: Sequence[int]) -> Iterator[int]:
    """Whole numbers in proportion to the weights that sum to the total."""
    reached = before = 0
    for weight in weights:
        reached += weight
        edge = total * reached // sum(weights)
        yield edge - before
        before = edge


def _costs(
    reply: Reply, inputs: Sequence[int | None], outputs: Sequence[int | None], price: Price | None
) -> list[float | None]:
    if reply.cost is not None:
        weights = [output or 1 for output in outputs]
        rest = [reply.cost * weight / sum(weights) for weight in weights[1:]]
        return [reply.cost - sum(rest), *rest]
    if isinstance(price, FreePrice):
        return [0.0] * len(inputs)
    cached = [reply.cached, *([0] * (len(inputs) - 1))]
    return [
        None if input is None or output is None else cost(price, input, output, reused)
        for input, output, reused in zip(inputs, outputs, cached, strict=True)
    ]
