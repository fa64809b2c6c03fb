"""What bodies and statuses of servers mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.teachers.faults import Again, Lacks, Refused, judged
from distill_dsl.runtime.teachers.replies import read_reply

SENT = ["model", "messages", "temperature", "max_tokens", "seed", "n", "stop"]


def body(**more: Any) -> bytes:
    return json.dumps({"choices": [{"message": {"content": "4"}}]} | more).encode()


def test_choices_come_in_the_order_of_their_numbers() -> None:
    choices = [{"index": n, "message": {"content": str(n)}} for n in (2, 0, 1)]
    assert [choice.text for choice in read_reply(body(choices=choices)).choices] == ["0", "1", "2"]


@pytest.mark.parametrize(
    "usage", [None, [], "none", {"prompt_tokens": "x"}, {"prompt_tokens": {}}, {"cost": "free"}, 5]
)
def test_what_goes_with_a_completion_never_costs_it(usage: Any) -> None:
    reply = read_reply(body(usage=usage, model=5, extra={"a": []}))
    assert (reply.choices[0].text, reply.input, reply.served) == ("4", None, None)


def test_a_character_that_was_cut_in_two_costs_no_completion() -> None:
    halves = b'{"choices": [{"message": {"content": "half \\ud83d, whole \\ud83d\\ude00"}}]}'
    text = read_reply(halves).choices[0].text
    assert text == "half \ufffd, whole \U0001f600"
    text.encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"choices": [5]}',
        b'{"choices": "a"}',
        b'{"choices": [{"message": {"content": "n\xe9"}}]}',
    ],
)
def test_what_is_no_completion_is_worth_another_try(text: bytes) -> None:
    with pytest.raises(Again):
        read_reply(text)


def test_an_error_in_a_good_status_is_one() -> None:
    with pytest.raises(Again, match="upstream"):
        read_reply(json.dumps({"error": {"message": "upstream"}}).encode())
    with pytest.raises(Refused, match="too long"):
        read_reply(json.dumps({"error": {"message": "too long", "code": 400}}).encode())
    with pytest.raises(Failure, match="402"):
        read_reply(json.dumps({"error": {"message": "no credits", "code": 402}}).encode())
    with pytest.raises(Again, match="gave up"):
        read_reply(body(choices=[{"message": {"content": "4"}, "finish_reason": "error"}]))


def test_faults_of_a_body_are_masked() -> None:
    with pytest.raises(Again, match="<planted>") as caught:
        read_reply(b"your key planted", lambda text: text.replace("planted", "<planted>"))
    assert " planted" not in str(caught.value)


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 501, 502, 503, 504, 520, 529])
def test_what_is_worth_another_try(status: int) -> None:
    fault = judged(status, {}, "", SENT)
    assert isinstance(fault, Again)
    assert fault.busy == (status in (429, 502, 503, 504, 529))


WAITS = [
    ({"retry-after": "3"}, 3.0),
    ({"retry-after": "0.25"}, 0.25),
    ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
    ({"retry-after": "-3"}, 0.0),
    ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ({"retry-after": "soon"}, None),
    ({"retry-after": "nan"}, None),
    ({"retry-after": "inf"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("headers", "wait"), WAITS)
def test_how_long_the_server_asks_to_wait(headers: dict[str, str], wait: float | None) -> None:
    fault = judged(429, headers, "", SENT)
    assert isinstance(fault, Again) and fault.wait == wait


def test_a_date_to_wait_for() -> None:
    fault = judged(503, {"retry-after": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)}, "", SENT)
    assert isinstance(fault, Again) and fault.wait is not None and 3590 < fault.wait <= 3600


BODIES = [
    ('{"error": {"message": "too long", "type": "t"}}', "too long"),
    ('{"error": "model not found"}', "model not found"),
    ('{"object": "error", "message": "too long", "code": 400}', "too long"),
    ('{"detail": "too long"}', "too long"),
    ('{"detail": [{"loc": ["body", "messages", 0], "msg": "is bad", "type": "x"}]}', "0: is bad"),
    ('{"detail": {"message": "too long"}}', "too long"),
    ('[{"error": {"message": "too long"}}]', "too long"),
    ("<html><h1>Bad\n request</h1></html>", "Bad request"),
    ('{"error": {"code": 5}}', '{"code": 5}'),
    ("", "400"),
    ("x" * 1000, "x" * 300 + "..."),
    (
        '{"error": {"message": "bad; request id req_011CS, 0b1c2d3e-0b1c-2d3e-4f50-0b1c2d3e4f50"}}',
        "bad; request id ..., ...",
    ),
]


@pytest.mark.parametrize(("text", "reason"), BODIES)
def test_every_server_is_understood(text: str, reason: str) -> None:
    fault = judged(400, {}, text, SENT)
    assert type(fault) is Refused
    assert fault.reason == reason


LACKING = [
    (
        {"message": "Unsupported parameter: 'max_tokens'", "param": "max_tokens", "code": "unsupported_parameter"},
        {"max_tokens"},
    ),
    ({"message": "'max_tokens' or 'max_completion_tokens' is too large: 512. The context is 2048."}, set()),
    ({"message": "This model's maximum context length is 2048 tokens. However, you requested 2600 tokens"}, set()),
    ({"message": "n must be 1 when using greedy sampling, got 2."}, {"n"}),
    ({"message": "n > 1 is not supported"}, {"n"}),
    ({"message": "Unsupported fields in the request: {'n', 'seed'}"}, {"n", "seed"}),
    ({"message": "Unsupported value: 'temperature' does not support 0.7", "param": "temperature"}, {"temperature"}),
    ({"message": "Invalid prompt: a temperature is not allowed to stop a seed"}, set()),
    ({"message": "Invalid 'messages[0].content': string too long", "param": "messages[0].content"}, set()),
    ({"message": "unknown model", "param": "model"}, set()),
]


@pytest.mark.parametrize(("error", "lacking"), LACKING)
def test_which_parameters_a_server_complains_of(error: dict[str, str], lacking: set[str]) -> None:
    fault = judged(400, {}, json.dumps({"error": {"type": "invalid_request_error"} | error}), SENT)
    assert (set(fault.parameters) if isinstance(fault, Lacks) else set()) == lacking


def test_a_prompt_that_is_withheld_is_no_wrong_key() -> None:
    flagged = judged(403, {}, '{"error": {"message": "Your input was flagged", "code": 403}}', SENT)
    assert isinstance(flagged, Refused) and flagged.filtered
    assert isinstance(judged(403, {}, '{"error": {"message": "not your model"}}', SENT), Failure)
