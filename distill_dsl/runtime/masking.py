"""Taking secrets out of texts before they reach a message, a file or a log.

A server's errors are not to be trusted with a key that it was sent: some say it back.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

SHOWN: Final = "***"
LONG: Final = 8
"""Characters from which a secret is taken out wherever it stands; a shorter one only as a word of its own: the
`none` that a server without keys is given may be a part of any word."""
UNMISTAKABLE: Final = 16
"""Characters from which a secret is taken out of completions, too; a text that holds so long a one is an echo."""
START: Final = 0.5
"""Share of a secret, from its start, that is enough to know it by: errors cut long texts off."""


class Mask:
    """Replaces secrets, in each form in which they may be said back."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = sorted({form for secret in secrets for form in _forms(secret)}, key=lambda form: (-len(form), form))
        self._messages = _pattern([*map(_whole, forms), *(_cut_off(form) for form in forms if len(form) >= LONG)])
        self._completions = _pattern([re.escape(form) for form in forms if len(form) >= UNMISTAKABLE])

    def message(self, text: str) -> str:
        """A text that tells a person something."""
        return self._messages.sub(SHOWN, text) if self._messages else text

    def completion(self, text: str) -> str:
        """A text that was paid for, and is changed for the clearest reason alone."""
        return self._completions.sub(SHOWN, text) if self._completions else text


def secrets_of(address: str) -> list[str]:
    """What in an address may let somebody in: a password with its user's name, and each value of the query."""
    parts = urlsplit(address)
    found = [value for _, value in parse_qsl(parts.query)]
    if parts.password:
        user, password = unquote(parts.username or ""), unquote(parts.password)
        found += [password, f"{user}:{password}", base64.b64encode(f"{user}:{password}".encode()).decode()]
    return [secret for secret in found if secret]


def _forms(secret: str) -> Iterator[str]:
    """As it is, as in an address, and as in JSON."""
    yield secret
    yield quote(secret, safe="")
    yield quote(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]


def _whole(form: str) -> str:
    return re.escape(form) if len(form) >= LONG else rf"(?<!\w){re.escape(form)}(?!\w)"


def _cut_off(form: str) -> str:
    return rf"{re.escape(form[: max(LONG, int(len(form) * START))])}[^\s\"'<>]*"


def _pattern(alternatives: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(alternatives)) if alternatives else None
