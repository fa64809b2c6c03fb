"""Secrets in messages: in each form in which a server may say them back, whole or cut off."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from distill_dsl.runtime.masking import Mask, secrets_of

KEY = 'sk-proj+a/b="c"\\0123456789'


@pytest.mark.parametrize(
    "form", [KEY, json.dumps(KEY)[1:-1], quote(KEY), quote(KEY, safe=""), KEY[:20], f"Bearer {KEY}, {KEY}"]
)
def test_no_form_of_a_secret_is_left(form: str) -> None:
    masked = Mask([KEY]).message(f"the key {form}. Try again.")
    assert "a/b" not in masked and "a%2Fb" not in masked and "sk-proj" not in masked
    assert masked.startswith("the key ") and masked.endswith(". Try again.")


def test_a_short_key_is_taken_out_as_a_word_alone() -> None:
    assert Mask(["none"]).message("none of it: nonesuch") == "*** of it: nonesuch"


def test_a_completion_is_changed_for_the_clearest_reason_alone() -> None:
    mask = Mask([KEY, "not-needed"])
    assert mask.completion(f"It is {KEY}; not-needed.") == "It is ***; not-needed."


def test_without_secrets_nothing_is_changed() -> None:
    assert Mask([]).message("a") == Mask([""]).message("a") == "a"


def test_secrets_of_an_address() -> None:
    address = "https://anna:p%40ss-word@host.example/v1?api-key=abcdef123456"
    masked = Mask(secrets_of(address)).message(f"{address} p@ss-word YW5uYTpwQHNzLXdvcmQ=")
    assert masked == "https://anna:***@host.example/v1?api-key=*** *** ***"
    assert secrets_of("https://host.example/v1") == []
