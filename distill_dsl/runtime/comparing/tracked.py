"""Runs that are named by MLflow's id: which run of which version has the results that MLflow shows.

MLflow's own figures are not compared: a run has DVC's hash of its scores among its tags, and the
version that has this very file also has the problems, one by one, which a test of significance needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import project_root
from distill_dsl.runtime.comparing.layout import blobs
from distill_dsl.runtime.comparing.naming import Side, found_commit, git
from distill_dsl.runtime.tracking.pipeline import LOCK_FILE
from distill_dsl.runtime.tracking.place import first_line, is_local, shown, tracking_uri
from distill_dsl.runtime.tracking.provenance import hash_key
from distill_dsl.runtime.tracking.store import opened

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun


class Found(NamedTuple):
    """What MLflow knows of a run that is looked for."""

    name: str | None
    """The run, or all of its seeds; `None` is every run."""
    hashes: tuple[str, ...]
    """DVC's md5 of the scored rows, one a seed."""
    revisions: tuple[str, ...]
    """Where it says that it was made."""


def resolved(side: Side) -> Side:
    """The version and run behind MLflow's id."""
    if side.mlflow is None:
        return side
    found = looked_up(side.mlflow)
    for revision, commit in candidates(found):
        if holds(commit, found.hashes):
            return replace(side, revision=revision, commit=commit, run=found.name)
    raise Failure(
        f"no revision here has the results of MLflow's run {side.text}",
        where=side.text,
        help="they were replaced before they were committed, or made elsewhere: `git fetch` what has them",
    )


def looked_up(run_id: str) -> Found:
    """Ask the tracking server."""
    if is_local() and not (project_root() / "mlflow.db").is_file():
        raise Failure("this project has no MLflow store yet", where=run_id, help="`mtd track` makes it")
    try:
        with opened() as client:
            return read(client, client.get_run(run_id))
    except Failure:
        raise
    # Whatever a tracker raises: network, database, a run that it does not know.
    except Exception as error:
        raise Failure(
            shown(f"MLflow at {tracking_uri()} does not tell of run {run_id}: {first_line(error)}"),
            where=run_id,
            help="name the run as the report does: etd-tiny-s1",
        ) from error


def read(client: MlflowClient, run: MlflowRun) -> Found:
    """A run by its cell; a group, or an experiment, by those below it."""
    tags = run.data.tags
    runs = [run] if "mtd.cell" in tags else cells_below(client, run)
    if not runs:
        raise Failure(
            f"MLflow's run {run.info.run_id} is none of `mtd track`'s",
            where=str(run.info.run_id),
            help="name a run that has a student and a mix, a group of seeds, or an experiment's first run",
        )
    name = tags.get("mtd.cell") or tags.get("mtd.group")
    hashes = {one.data.tags.get(hash_key(files.scored_file(one.data.tags["mtd.cell"]).as_posix())) for one in runs}
    places = (tags.get("mtd.dvc.experiment"), tags.get("mlflow.source.git.commit"))
    return Found(name, tuple(sorted(filter(None, hashes))), tuple(filter(None, places)))


def cells_below(client: MlflowClient, run: MlflowRun) -> list[MlflowRun]:
    """The students after mixes that a run holds, however far down."""
    below = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run.info.run_id}'")
    return [cell for one in below for cell in ([one] if "mtd.cell" in one.data.tags else cells_below(client, one))]


def candidates(found: Found) -> Iterator[tuple[str | None, str | None]]:
    """The working tree; what MLflow names; any commit that ever had one of the hashes."""
    yield None, None
    for revision in found.revisions:
        commit = found_commit(revision)
        if commit is not None:
            yield revision if len(revision) < 40 else revision[:7], commit
    for md5 in found.hashes[:1]:
        said = git("log", "--all", "--format=%H", f"-S{md5}", "--", LOCK_FILE.as_posix()) or b""
        yield from ((commit[:7], commit) for commit in said.decode().split())


def holds(commit: str | None, hashes: tuple[str, ...]) -> bool:
    """Whether a version's dvc.lock has all of these files."""
    path = Path(LOCK_FILE)
    if commit is None:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    else:
        text = blobs(commit, [path]).get(path, b"").decode(errors="replace")
    return bool(hashes) and all(md5 in text for md5 in hashes)
