"""What the two arguments of `mtd compare` may name, and what is said where they name nothing."""

from __future__ import annotations

import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.comparing.naming import Side, sides_of
from tests.comparing.versions import begun, commit, git

RUNS = ("etd-small-s1", "etd-small", "cotd-small")


def named(first: str, second: str | None = None) -> tuple[Side, Side]:
    return sides_of(first, second, lambda name: name in RUNS)


@pytest.fixture
def head() -> str:
    begun((1,))
    return commit("v2")


def experiment(name: str, baseline: str, to: str) -> None:
    """As DVC keeps an experiment."""
    git("update-ref", f"refs/exps/{baseline[:2]}/{baseline[2:]}/{name}", to)


def test_a_revision_meets_the_working_tree(head: str) -> None:
    one, other = named("v1")
    assert (one.revision, one.commit, one.run) == ("v1", git("rev-parse", "v1"), None)
    assert (other.revision, other.commit, other.run) == (None, None, None)
    assert (one.title, other.title) == ("v1", "the working tree")


def test_runs_are_of_the_working_tree(head: str) -> None:
    one, other = named("etd-small", "cotd-small")
    assert (one.run, one.commit, other.run, other.commit) == ("etd-small", None, "cotd-small", None)


def test_a_run_that_one_side_names_is_that_of_both(head: str) -> None:
    assert [side.run for side in named("v1:etd-small-s1")] == ["etd-small-s1"] * 2
    assert [side.run for side in named("v1", "etd-small-s1")] == ["etd-small-s1"] * 2
    assert [side.title for side in named("v1:cotd-small", "HEAD")] == ["cotd-small of v1", "cotd-small of HEAD"]


def test_an_experiment_of_dvc_is_found_by_its_name(head: str) -> None:
    experiment("plush-yaws", head, git("rev-parse", "v1"))
    assert named("plush-yaws")[0].commit == git("rev-parse", "v1")


def test_of_two_experiments_with_a_name_that_from_head_is_meant(head: str) -> None:
    first = git("rev-parse", "v1")
    experiment("twin", head, first)
    experiment("twin", first, head)
    assert named("twin")[0].commit == first
    git("update-ref", "-d", f"refs/exps/{head[:2]}/{head[2:]}/twin")
    experiment("twin", "0" * 39 + "1", first)
    with pytest.raises(Failure, match="2 experiments are called `twin`"):
        named("twin")


def test_a_name_of_a_revision_and_a_run_has_to_say_which(head: str) -> None:
    git("branch", "etd-small")
    with pytest.raises(Failure, match="is a revision and a run") as caught:
        named("etd-small", "v1")
    assert caught.value.help == "write `etd-small:` for the revision, `:etd-small` for the run"
    assert named("etd-small:", "v1")[0].commit == head
    assert named(":etd-small", ":cotd-small")[0].commit is None


def test_nobody_is_compared_with_itself(head: str) -> None:
    for pair in (("HEAD", "v2"), ("etd-small", None), ("etd-small", "etd-small"), ("v1:etd-small", "v1:etd-small")):
        with pytest.raises(Failure, match="would be compared with itself"):
            named(*pair)


@pytest.mark.parametrize("text", ["nothing", "v1^99", "-h", "--all", "nix:etd-small", "a b", "", "refs/exps/*", "é"])
def test_what_is_neither_is_told(head: str, text: str) -> None:
    with pytest.raises(Failure, match="no revision of git, no experiment of DVC, and no run"):
        named(text, "v1")


def test_without_git_only_runs_are_known() -> None:
    assert named("etd-small", "cotd-small")[0].run == "etd-small"
    with pytest.raises(Failure, match="in no git repository"):
        named("HEAD")
