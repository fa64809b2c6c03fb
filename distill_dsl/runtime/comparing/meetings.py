"""Who meets whom: runs by their names, and the students and mixes that two versions have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.runs import Run, name_of
from distill_dsl.runtime.comparing.version import Contender, Version
from distill_dsl.runtime.reports.results import Group, unique

Trained = tuple[str, Run]
"""A run within an experiment."""


@dataclass(frozen=True)
class Meetings:
    """The pairs, and those who have no partner."""

    pairs: tuple[tuple[Contender, Contender], ...]
    only_before: tuple[Contender, ...] = ()
    only_after: tuple[Contender, ...] = ()


def meetings(before: Version, after: Version) -> Meetings:
    """Named runs meet each other; else each student and mix its like at the other version."""
    if before.side.run is not None and after.side.run is not None:
        return Meetings(tuple(zip(before.contenders, after.contenders, strict=False)))
    several = any(len({one.experiment for one in version.contenders}) > 1 for version in (before, after))
    old, new = (keyed(version.contenders, several=several) for version in (before, after))
    return Meetings(
        tuple((one, new[key]) for key, one in old.items() if key in new),
        tuple(one for key, one in old.items() if key not in new),
        tuple(one for key, one in new.items() if key not in old),
    )


def keyed(contenders: Sequence[Contender], *, several: bool) -> dict[tuple[str, Group], Contender]:
    """By what makes them alike; an experiment's name is a part of it only where a version has several."""
    return {(one.experiment if several else "", one.group): one for one in contenders}


# --- names --------------------------------------------------------------------------------------


def names_of(experiment: str, run: Run) -> list[str]:
    """What one run may be called: by the report, by MLflow, by a stage's command."""
    return [run.trained, run.solved(experiment), str(run), f"{shown(run)} · seed {run.seed}"]


def names_of_all(experiment: str, run: Run) -> list[str]:
    """What all seeds of a run may be called together."""
    trained = run.trained.removesuffix(f"-s{run.seed}")
    return [trained, f"{experiment}-{trained}", shown(run)]


def shown(run: Run) -> str:
    """Student, mix and what is varied, as MLflow shows them: `small · etd · paths 2`."""
    return " · ".join([name_of(run.student), name_of(run.mix), *(f"{name} {value}" for name, value in run.varied)])


def has_run(runs: Sequence[Trained], name: str) -> bool:
    """Whether a name is that of a run, or of all its seeds."""
    return any(name in (*names_of(*one), *names_of_all(*one)) for one in runs)


def chosen(runs: Sequence[Trained], name: str | None, at: str) -> list[Trained]:
    """The runs that a name means; all where there is no name."""
    if name is None:
        return list(runs)
    found = [one for one in runs if name in names_of(*one)] or [one for one in runs if name in names_of_all(*one)]
    experiments = unique(experiment for experiment, _ in found)
    if len(experiments) > 1:
        cells = " or ".join(f"`{experiment}-{name}`" for experiment in experiments)
        raise Failure(f"{len(experiments)} experiments have a run `{name}` at {at}", where=at, help=f"name {cells}")
    if not found:
        raise Failure(f"there is no run `{name}` at {at}", where=at, help=advice(runs, name))
    return found


def advice(runs: Sequence[Trained], name: str) -> str:
    """The names that are near, or the first ones."""
    known = unique(text for one in runs for text in (*names_of(*one)[:2], *names_of_all(*one)[:1]))
    near = get_close_matches(name, known, n=3) or known[:6]
    return f"there is {', '.join(f'`{text}`' for text in near)}" if near else "`mtd compile SPEC` writes runs"
