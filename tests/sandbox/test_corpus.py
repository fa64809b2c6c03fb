"""Every attack of the corpus meets its verdict among ordinary programs, and nothing else happens.

As started, without each layer that is not required, as an ordinary user; and where the hard layer is
missing the attacks do get through, which shows that these tests could fail.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import pytest
from corpus import NEIGHBOUR, SECRET, Attack, attacks
from remains import MARK, canaries, nothing_left, traces

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.sandbox import linux
from distill_dsl.runtime.sandbox.layers import Layer
from distill_dsl.runtime.sandbox.level import REQUIRED, VARIABLE, WEAKER
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.programs import run_programs

pytestmark = pytest.mark.skipif(not linux.architecture(), reason="walls are Linux's")

MEMORY = 256 << 20
OPTIONAL = [layer for layer in Layer if layer not in REQUIRED]
FIRST = 7_310_000_000
"""Answers of neighbours count from here: no other number in a reply looks like one."""
ROOT = Path(__file__).parents[2]


def executed(tried: list[Attack], *, timeout: float, without: Collection[Layer] = ()) -> list[Execution]:
    """Executions of attacks, each between ordinary programs whose answers are checked."""
    programs = []
    for number, attack in enumerate(tried, FIRST):
        programs += [f"ans = {number}", f"ans = {NEIGHBOUR[:5]!r} + {NEIGHBOUR[5:]!r}", attack.text]
    programs.append("from fractions import Fraction\nans = Fraction(1, 2) + sum([round(0.2)])")
    executions = run_programs(programs, timeout=timeout, memory=MEMORY, without=without)
    assert [e.answer for e in executions[:-1:3]] == [str(number) for number in range(FIRST, FIRST + len(tried))]
    assert {e.answer for e in executions[1:-1:3]} == {NEIGHBOUR}
    assert executions[-1].answer == "0.5"
    return executions[2::3]


def unmet(tried: list[Attack], executions: list[Execution]) -> dict[str, Execution]:
    return {attack.name: e for attack, e in zip(tried, executions, strict=True) if not attack.meets(e)}


def assert_nothing_told(executions: list[Execution]) -> None:
    """No reply holds the secret, or the answer of another program."""
    for execution in executions:
        told = repr((execution.answer, execution.detail, execution.notes, execution.otherwise))
        assert SECRET not in told and NEIGHBOUR not in told and str(FIRST)[:6] not in told, execution


def assert_held(monkeypatch: pytest.MonkeyPatch, timeout: float, without: Collection[Layer] = ()) -> None:
    monkeypatch.setenv("API_KEY", SECRET)
    tried = attacks()
    with nothing_left():
        executions = executed(tried, timeout=timeout, without=without)
        seen = [path for attack in tried for path in attack.absent if path.exists()]
    expected = {"128_uid_check"} if Layer.IDENTITY in without and os.geteuid() == 0 else set()
    assert unmet(tried, executions).keys() == expected, unmet(tried, executions)
    assert not seen
    assert_nothing_told(executions)


def test_as_started(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_held(monkeypatch, timeout=1.0)


def test_without_all_layers_that_are_not_required(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_held(monkeypatch, timeout=0.5, without=OPTIONAL)


@pytest.mark.slow
@pytest.mark.parametrize("layer", OPTIONAL)
def test_without_a_layer_that_is_not_required(monkeypatch: pytest.MonkeyPatch, layer: Layer) -> None:
    assert_held(monkeypatch, timeout=0.5, without=[layer])


def test_as_an_ordinary_user() -> None:
    """In a user namespace with one ordinary user, so that the interpreter may lie where root alone can read."""
    if os.geteuid() != 0:
        pytest.skip("the other tests run as an ordinary user already")
    attacks()
    here = Path(__file__).relative_to(ROOT)
    script = (
        "import os, sys; from pathlib import Path; from distill_dsl.runtime.sandbox import linux\n"
        "linux.unshare(linux.CLONE_NEWUSER)\n"
        "Path('/proc/self/setgroups').write_text('deny')\n"
        "Path('/proc/self/uid_map').write_text('1000 0 1'); Path('/proc/self/gid_map').write_text('1000 0 1')\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    command = ["-m", "pytest", "-p", "no:cacheprovider", f"{here}::test_as_started"]
    run = subprocess.run(
        [sys.executable, "-c", script, *command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0 and " passed" in run.stdout + run.stderr, run.stdout[-5000:] + run.stderr[-2000:]


def test_without_the_hard_layers_nothing_is_executed() -> None:
    for layer in REQUIRED:
        with pytest.raises(Failure, match=f"it lacks .*{layer.value}") as refused:
            run_programs(["ans = 1"], timeout=1, memory=MEMORY, without=[layer])
        assert "mtd doctor" in str(refused.value) and f"{VARIABLE}={WEAKER}" in str(refused.value)


def test_a_level_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "none")
    with pytest.raises(Failure, match="'none', which is no level of isolation"):
        run_programs(["ans = 1"], timeout=1, memory=MEMORY)


def test_the_weaker_level_runs_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, WEAKER)
    (execution,) = run_programs(["ans = 1"], timeout=1, memory=MEMORY, without=[Layer.SECCOMP])
    assert execution.answer == "1"


def test_without_walls_the_corpus_bites(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attacks that leave a file do so where nothing but processes and identity stands."""
    monkeypatch.setenv(VARIABLE, WEAKER)
    tried = [attack for attack in attacks() if attack.absent and "sympy" not in attack.text]
    with canaries():
        before = traces()
        executions = executed(tried, timeout=1.0, without=set(Layer) - {Layer.IDENTITY})
        made = [path for attack in tried for path in attack.absent if path.exists()]
        after = traces()
        for path in made:
            path.unlink()
    assert len(made) >= 5 and all(MARK in path.name for path in made)
    assert before["files"] != after["files"]
    assert len(unmet(tried, executions)) >= 5
