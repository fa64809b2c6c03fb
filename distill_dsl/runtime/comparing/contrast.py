"""The whole comparison: both versions read, all that meets compared, and what a reader has to know of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from distill_dsl.contract.runs import Run
from distill_dsl.runtime.comparing.contests import Contest, Verdict, headline_contests, strategy_contests
from distill_dsl.runtime.comparing.layout import laid_out
from distill_dsl.runtime.comparing.meetings import Meetings, chosen, has_run, meetings
from distill_dsl.runtime.comparing.naming import Side, agreed, sides_of
from distill_dsl.runtime.comparing.quantities import Change, changes
from distill_dsl.runtime.comparing.standing import older_stages
from distill_dsl.runtime.comparing.version import Contender, Version, read_version, runs_of
from distill_dsl.runtime.comparing.yields import Taking, takings
from distill_dsl.runtime.reports.results import unique

NAMED = 3
"""Names of a list that are said; the others are counted."""


@dataclass(frozen=True)
class Contrast:
    """What two sides have measured otherwise."""

    before: Version
    after: Version
    meetings: Meetings
    headlines: tuple[Contest, ...]
    strategies: tuple[Contest, ...]
    changes: tuple[Change, ...]
    takings: tuple[Taking, ...]
    notes: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether the two have nothing to be compared by."""
        return not self.headlines and not self.strategies and not self.changes and not self.takings


@contextmanager
def contrasted(first: str, second: str | None) -> Iterator[Contrast]:
    """Compare what two arguments name; the files of both versions are at hand until the block ends."""
    with TemporaryDirectory(prefix="mtd-compare-") as folder:
        yield contrast(*sides(first, second, Path(folder)), Path(folder))


def sides(first: str, second: str | None, folder: Path) -> tuple[Side, Side]:
    """What the arguments name. The working tree's runs are looked at only where a name may be one."""
    here: list[tuple[str, Run]] = []

    def is_run(name: str) -> bool:
        if not here and Path("dvc.yaml").is_file():
            here.extend(runs_of(laid_out(Side(""), folder / "names")))
        return has_run(here, name)

    one, other = sides_of(first, second, is_run)
    if one.mlflow is None and other.mlflow is None:
        return one, other
    # Imported here because only these need what reads MLflow.
    from distill_dsl.runtime.comparing.tracked import resolved

    return agreed(first, resolved(one), resolved(other))


def contrast(first: Side, second: Side, folder: Path) -> Contrast:
    """Read both and compare."""
    layouts = [laid_out(side, folder / name) for side, name in ((first, "before"), (second, "after"))]
    runs = [chosen(runs_of(layout), side.run, layout.at) for side, layout in zip((first, second), layouts, strict=True)]
    before, after = (
        read_version(side, layout, some) for side, layout, some in zip((first, second), layouts, runs, strict=True)
    )
    met = meetings(before, after)
    headlines, strategies = headline_contests(met.pairs), strategy_contests(met.pairs)
    notes = [
        *(text for version, some in zip((before, after), runs, strict=True) for text in version_notes(version, some)),
        *row_notes((before, after), [*headlines, *strategies]),
        *pair_notes(met),
        *problem_notes([*headlines, *strategies]),
    ]
    return Contrast(
        before=before,
        after=after,
        meetings=met,
        headlines=tuple(headlines),
        strategies=tuple(strategies),
        changes=tuple(changes(met.pairs)),
        takings=tuple(takings(before, after)),
        notes=tuple(unique(notes)),
    )


# --- what has to be known -----------------------------------------------------------------------


def version_notes(version: Version, runs: Sequence[tuple[str, Run]]) -> Iterator[str]:
    """What of a version is not at hand, or not what its settings say."""
    at = version.layout.at
    older = older_stages(version.layout, runs)
    if older:
        stages = "1 stage" if len(older) == 1 else f"{len(older)} stages"
        mend = "; `dvc repro` brings them up to date" if version.side.commit is None else ""
        yield f"{at}: results of {stages} are older than the settings ({some(older)}){mend}"
    if version.unscored:
        yield f"{at}: no scores of {some(version.unscored)}, which are left out; {scores_come(version)}"


def row_notes(versions: Sequence[Version], contests: Sequence[Contest]) -> Iterator[str]:
    """Rows that are not at hand, where a test would have needed them."""
    if all(one.found is not None or one.shared is not None for one in contests):
        return
    for version in versions:
        if not version.rowless:
            continue
        count = "1 run" if len(version.rowless) == 1 else f"{len(version.rowless)} runs"
        where = f"{version.layout.at}: the predictions of {count} are not on this machine"
        yield f"{where}, so that no difference can be tested against them; {rows_come(version)}"


def rows_come(version: Version) -> str:
    """What brings rows to this machine."""
    if version.side.commit is None:
        return "`dvc pull` brings them, `dvc repro` makes them anew"
    return "`dvc fetch --all-commits` brings them; those of an experiment that is not in git's history, `dvc exp pull`"


def scores_come(version: Version) -> str:
    """What brings scores."""
    return "`dvc repro` makes them" if version.side.commit is None else rows_come(version)


def pair_notes(met: Meetings) -> Iterator[str]:
    """Seeds, machines and engines that are not the same."""
    for before, after in met.pairs:
        if before.seeds != after.seeds:
            one, other = (", ".join(map(str, each.seeds)) for each in (before, after))
            yield f"{after.names}: seeds {one} against {other}"
    for key, what in (("device", "trained on"), ("precision", "trained in"), ("engine", "answered by")):
        old, new = (sorted(said_of(each, key)) for each in split(met))
        if old and new and old != new:
            yield f"{what} {', '.join(old)} against {', '.join(new)}: their times do not compare"


def said_of(contenders: Sequence[Contender], key: str) -> set[str]:
    """What the metrics of all runs say of a key in words."""
    files = [found for one in contenders for found in (*one.training.values(), *one.solving.values())]
    return {str(found[key]) for found in files if key in found}


def split(met: Meetings) -> tuple[list[Contender], list[Contender]]:
    """Those before, and those after."""
    return [before for before, _ in met.pairs], [after for _, after in met.pairs]


def problem_notes(contests: Sequence[Contest]) -> Iterator[str]:
    """Tests whose problems are not the same on both sides."""
    for one in contests:
        if one.part and one.shared:
            yield (
                f"{one.test}: compared over the {one.shared} problems that both answered, "
                f"of {one.problems[0]} before and {one.problems[1]} after"
            )
        elif one.shared == 0:
            yield f"{one.test}: the two answered no problem in common, so that nothing can be tested"
    untested = [one for one in contests if one.verdict is Verdict.UNTESTED and one.shared is None]
    unlike = unique(one.test for one in untested if None not in one.problems and one.problems[0] != one.problems[1])
    for test in unlike:
        yield f"{test}: has other problems than before, so that its accuracies are of different problems"


def some(names: Sequence[object]) -> str:
    """The first names, the others counted."""
    shown = ", ".join(map(str, names[:NAMED]))
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown
