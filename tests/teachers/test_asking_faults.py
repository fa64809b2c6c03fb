"""Everything that can go wrong with a server goes wrong, by a schedule: nothing is lost and nothing is asked twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.teachers.served import faults
from tests.teachers.served.asking import project
from tests.teachers.served.face import Face, forwarding, served
from tests.teachers.served.faults import WHOLE, Fault
from tests.teachers.served.ledger import Ledger
from tests.teachers.served.scribes import scribe, unlike

SAMPLES: Final = 4
VARIABLES: Final = {"MTD_REQUESTS": "12", "MTD_TIMEOUT": "1.5", "MTD_PATIENCE": "120"}
NOTHING: Final = {
    "rows that lack": 0,
    "completions lost": 0,
    "rows with another text than was delivered first": 0,
    "completions asked again after they were delivered": 0,
    "completions delivered twice": 0,
}


def account(rows: list[dict[str, Any]], ledger: Ledger, due: int) -> dict[str, int]:
    """What became of the completions: the file's rows held against what the server delivered whole."""
    delivered: dict[tuple[str, int], str | None] = {}
    for key, found in ledger.delivered.items():
        question = json.loads(key.messages)[-1]["content"]
        number = question.rpartition("in box ")[2].partition("?")[0]
        delivered[f"p{number}", key.sample] = found[0].text
    pairs = [(row["text"], delivered.get((row["problem"], row.get("sample", 0)))) for row in rows]
    return {
        "rows that lack": due - len(rows),
        "completions lost": sum(kept is None for kept, _ in pairs),
        "rows with another text than was delivered first": sum(kept is not None and kept != had for kept, had in pairs),
        "completions asked again after they were delivered": len(ledger.again),
        "completions delivered twice": ledger.twice,
    }


def told(title: str, counts: dict[str, int], ledger: Ledger) -> str:
    """The figures, for people."""
    met = {str(fault): count for fault, count in sorted(ledger.faults.items()) if fault != Fault.NONE}
    figures = "".join(f"\n  {name}: {count}" for name, count in counts.items())
    kinds = ", ".join(f"{fault} {count}" for fault, count in met.items())
    return (
        f"\n{title}: {ledger.requests} requests, {sum(met.values())} of them met by a fault{figures}\n  faults: {kinds}"
    )


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print figures past pytest's capture: they are what this is for."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(text)

    return say


@pytest.mark.parametrize(
    ("seed", "problems"),
    [(1, 60), *(pytest.param(seed, 200, marks=pytest.mark.slow) for seed in (2, 3))],
)
def test_no_completion_is_lost_or_asked_twice(
    seed: int, problems: int, tmp_path: Path, say: Callable[[str], None]
) -> None:
    asked = project(tmp_path / "project", problems, SAMPLES)
    with served(Face(scribe(unlike(), seconds=0.02))) as server:
        proxy = Face(forwarding(server.url), schedule=faults.storms(seed, share=0.4))
        with served(proxy):
            asked.ask(proxy.url, **VARIABLES)
            counts = account(asked.rows(), proxy.ledger, problems * SAMPLES)
            say(told(f"seed {seed}, {problems} problems x {SAMPLES} samples", counts, proxy.ledger))
            requests, first = proxy.ledger.requests, asked.completions.read_bytes()
            asked.completions.unlink()
            asked.ask(proxy.url, **VARIABLES)
            assert proxy.ledger.requests == requests, "all is in the store: the second run asks nothing"
            assert asked.completions.read_bytes() == first
    assert set(proxy.ledger.faults) == set(Fault), "each fault was met"
    assert counts == NOTHING


def test_the_account_sees_what_is_lost_and_what_is_bought_twice() -> None:
    """The measure is itself measured: an asker that forgets, or buys again, is found out."""
    ledger = Ledger()
    write = unlike()
    request = {"model": "m", "messages": [{"role": "user", "content": "How many pens are in box 0?"}], "seed": 1}

    def delivers() -> str:
        text = write(request, 1)
        ledger.ends(ledger.begins(request), {"choices": [{"message": {"content": text}}]}, Fault.NONE)
        return text

    first = delivers()
    assert account([{"problem": "p0", "text": first}], ledger, 1) == NOTHING
    assert account([{"problem": "p0", "text": None}], ledger, 1)["completions lost"] == 1
    assert account([], ledger, 1)["rows that lack"] == 1
    second = delivers()
    counts = account([{"problem": "p0", "text": second}], ledger, 1)
    assert counts["rows with another text than was delivered first"] == 1
    assert counts["completions asked again after they were delivered"] == 1
    assert counts["completions delivered twice"] == 1


def test_a_storm_passes_though_one_request_alone_meets_it() -> None:
    now = 0.0
    schedule = faults.storms(1, share=0.0, hangs=0.0, clock=lambda: now)
    met = []
    for number in range(len(Fault), 120):
        met.append(schedule(number))
        now += 1.0
    assert met.count(Fault.NONE) > 80
    assert sum(fault in faults.STORM for fault in met) == 4, "one a second for four seconds, then no more"


def test_a_server_that_never_answers_ends_the_run_and_what_was_answered_is_kept(tmp_path: Path) -> None:
    asked = project(tmp_path / "project", 8, 1)

    def dies(number: int) -> Fault:
        return Fault.NONE if number < 5 else sorted(set(Fault) - WHOLE - faults.WAITS)[number % 20]

    with served(Face(scribe(unlike()), schedule=dies)) as server:
        said = asked.ask(server.url, fails=True, MTD_REQUESTS="1", MTD_PATIENCE="2", MTD_TIMEOUT="1")
        assert not asked.completions.exists(), "a file is whole, or it is not there"
        assert "kept" in said
        kept = server.ledger.completions
        assert kept >= 5
        server.schedule = faults.none
        asked.ask(server.url)
        assert account(asked.rows(), server.ledger, 8) == NOTHING
