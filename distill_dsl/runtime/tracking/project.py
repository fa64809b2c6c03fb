"""Runs into MLflow, so that doing it again changes nothing.

A run is found by its kind and key (`mtd.kind`, `mtd.cell`) and what was asked (`mtd.asked`, a hash of its params):

- same results (`mtd.digest`): it stays, and its tags and its place below another are brought up to date;
- other results for what was asked before: a new run takes the old one's place, which goes to MLflow's bin,
  since a metric that is logged twice would show both values;
- other params: a new run beside the old ones, since params cannot change and settings are what
  runs are compared by. The newest of a key has `mtd.current = true`, the others `false`, and so has
  what is no longer asked for. Of the experiment's own run there is only the newest.

A run that has no digest was left unfinished by an interruption: it goes to the bin, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from distill_dsl.runtime.tracking.entries import Branch, Entry, Kind
from distill_dsl.runtime.tracking.provenance import TRIAL
from distill_dsl.runtime.tracking.writing import LONGEST_TAG, fill, tag

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

PARENT: Final = "mlflow.parentRunId"

KEYS: Final = {Kind.EXPERIMENT: "mtd.experiment", Kind.GROUP: "mtd.group", Kind.RUN: "mtd.cell"}
"""Kind -> the tag that holds its key."""

VARYING: Final = ("mtd.dvc.", "mtd.data.")
"""Beginnings of tags whose names hang on what went into a run. Other tags may be somebody else's."""


@dataclass
class Done:
    """What a projection did, by the names of runs (not of groups)."""

    new: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    """Those of `new` that took the place of other results."""
    aside: list[str] = field(default_factory=list)
    """No longer what the experiment asks for."""


@dataclass
class Projection:
    """One experiment's way into MLflow."""

    client: MlflowClient
    experiment: str
    """MLflow's id."""
    common: Mapping[str, str]
    """Tags that everything gets."""
    advance: Callable[[int], None]
    known: list[MlflowRun] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    done: Done = field(default_factory=Done)


def project(
    client: MlflowClient, experiment: str, tree: Branch, common: Mapping[str, str], advance: Callable[[int], None]
) -> Done:
    """Bring an experiment's run, its groups and its runs into MLflow; `advance` is told of each run."""
    going = Projection(client, experiment, common, advance)
    for run in ours(client, experiment):
        if "mtd.digest" in run.data.tags:
            going.known.append(run)
        else:
            client.delete_run(run.info.run_id)
    root = place(going, tree, None)
    tidy(going, root)
    return going.done


def ours(client: MlflowClient, experiment: str) -> list[MlflowRun]:
    """All that tracking has made there; a person's own runs are left alone."""
    found: list[MlflowRun] = []
    token = None
    while True:
        page = client.search_runs([experiment], page_token=token)
        found += [run for run in page if any(key in run.data.tags for key in KEYS.values())]
        token = page.token
        if not token:
            return found


def place(going: Projection, branch: Branch, parent: str | None) -> str:
    """One run and those below it; its id."""
    entry = branch.entry
    kept, stale = split(going.known, entry)
    tags = tags_for(going, entry, parent)
    if kept is None:
        run_id, end = begin(going.client, going.experiment, entry, tags)
    else:
        run_id = str(kept.info.run_id)
        renew(going.client, kept, tags)
    going.live.add(run_id)
    for below in branch.below:
        place(going, below, run_id)
    if kept is None:
        finish(going.client, run_id, entry, end)
    for run in stale:
        # Only now: whoever looks meanwhile finds the old results and not none.
        going.client.delete_run(run.info.run_id)
    going.known = [run for run in going.known if run not in stale]
    note(going, entry, fresh=kept is None, replaces=bool(stale))
    return run_id


def split(known: Sequence[MlflowRun], entry: Entry) -> tuple[MlflowRun | None, list[MlflowRun]]:
    """The run that already holds this, and those that answer the same question with other results."""
    same = [run for run in known if answers(run, entry)]
    kept = next((run for run in same if run.data.tags["mtd.digest"] == entry.digest), None)
    return kept, [run for run in same if run is not kept]


def answers(run: MlflowRun, entry: Entry) -> bool:
    """Whether a known run answers the same question."""
    tags = run.data.tags
    if tags.get(KEYS[entry.kind]) != entry.key:
        return False
    return entry.kind is Kind.EXPERIMENT or tags.get("mtd.asked") == entry.asked


def tags_for(going: Projection, entry: Entry, parent: str | None) -> dict[str, str]:
    """All tags of a run but the digest, which says that it is finished."""
    found = {**going.common, **entry.tags, "mtd.kind": entry.kind.value, KEYS[entry.kind]: entry.key}
    found |= {"mtd.asked": entry.asked, "mtd.current": "true"} | ({PARENT: parent} if parent is not None else {})
    return {key: value[:LONGEST_TAG] for key, value in found.items()}


def renew(client: MlflowClient, run: MlflowRun, tags: Mapping[str, str]) -> None:
    """Set the tags of a known run that say something else, and take away hashes that nothing says any more."""
    changed = {key: value for key, value in tags.items() if run.data.tags.get(key) != value}
    if changed:
        tag(client, run.info.run_id, changed)
    for key in run.data.tags:
        if key.startswith(VARYING) and key not in (*tags, TRIAL):
            client.delete_tag(run.info.run_id, key)


def begin(client: MlflowClient, experiment: str, entry: Entry, tags: Mapping[str, str]) -> tuple[str, int]:
    """A new run with all that it holds, still without its digest; its id and when it ended, in milliseconds."""
    began = entry.span.began if entry.span.began is not None else time.time() - entry.span.seconds
    start = round(began * 1000)
    identity = {key: tags[key] for key in ("mtd.kind", KEYS[entry.kind], PARENT) if key in tags}
    run = client.create_run(experiment, start_time=start, tags=identity, run_name=entry.name)
    run_id = str(run.info.run_id)
    end = start + round(entry.span.seconds * 1000)
    fill(client, run_id, entry, start, end)
    tag(client, run_id, tags)
    return run_id, end


def finish(client: MlflowClient, run_id: str, entry: Entry, end: int) -> None:
    """Say that a run is whole: one that an interruption left without its digest is replaced the next time."""
    client.set_terminated(run_id, "FINISHED", end)
    client.set_tag(run_id, "mtd.digest", entry.digest)


def note(going: Projection, entry: Entry, *, fresh: bool, replaces: bool) -> None:
    """Keep what was done for the summary."""
    if entry.kind is not Kind.RUN:
        return
    (going.done.new if fresh else going.done.kept).append(entry.name)
    if fresh and replaces:
        going.done.replaced.append(entry.name)
    going.advance(1)


# --- what is no longer asked for ------------------------------------------------------------------


def tidy(going: Projection, root: str) -> None:
    """Set aside what belongs to other settings, below the experiment's run where its own place is gone."""
    aside = [run for run in going.known if run.info.run_id not in going.live]
    groups = {run.info.run_id for run in aside if kind_of(run) is Kind.GROUP}
    inhabited = {run.data.tags.get(PARENT) for run in aside}
    for run in aside:
        run_id, kind = run.info.run_id, kind_of(run)
        if kind is Kind.EXPERIMENT or (kind is Kind.GROUP and run_id not in inhabited):
            going.client.delete_run(run_id)
            continue
        wanted = {"mtd.current": "false"}
        parent = run.data.tags.get(PARENT)
        if kind is Kind.GROUP or parent not in groups | going.live:
            wanted[PARENT] = root
        if kind is Kind.RUN and run.data.tags.get("mtd.current") == "true":
            going.done.aside.append(str(run.info.run_name))
        changed = {key: value for key, value in wanted.items() if run.data.tags.get(key) != value}
        if changed:
            tag(going.client, run_id, changed)


def kind_of(run: MlflowRun) -> Kind:
    """What a known run stands for."""
    return Kind(run.data.tags.get("mtd.kind", Kind.RUN.value))
