"""What is on disk of a pipeline: the files of DVC, its cache of runs, fetched problems."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from distill_dsl.cli.output import complain, on_disk
from distill_dsl.compiler.emit import HEADER
from distill_dsl.compiler.emit.write import DVC_FILE, parsed
from distill_dsl.compiler.plan.forecast import Surroundings
from distill_dsl.compiler.plan.outlook import Outlook, Standing, State
from distill_dsl.compiler.plan.places import block_name
from distill_dsl.compiler.plan.stages import AskStage, stage_name
from distill_dsl.compiler.plan.wiring import Blocks
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import problems_file, read_rows
from distill_dsl.contract.form import Settings
from distill_dsl.contract.quotes import Quote
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import (
    DataSettings,
    FileSource,
    SpendingSettings,
    SyntheticSource,
    TeacherSettings,
    ThoughtSettings,
)

LOCK_FILE: Final = "dvc.lock"
MADE: Final = 2000
"""Most synthetic problems that a plan makes only to tell what asking takes: a second's work."""


def compiled_spec() -> Path | None:
    """The spec that dvc.yaml was written from, by its first line."""
    path = Path(DVC_FILE)
    first = path.read_text(encoding="utf-8").partition("\n")[0] if path.is_file() else ""
    found = re.match(re.escape(HEADER.strip()).replace(re.escape("{spec}"), "(.+)"), first)
    return Path(found[1]) if found else None


def standing() -> Standing:
    """The pipeline on disk, still without what `dvc status` says of it."""
    return Standing(
        stages=_stages(DVC_FILE),
        lock=_stages(LOCK_FILE),
        exists=lambda path: Path(path).exists(),
        runs=_cached_runs(),
    )


def _stages(name: str) -> dict[str, Any]:
    stages = (on_disk(name) or {}).get("stages", {})
    return stages if isinstance(stages, dict) else {}


# --- dvc status ---------------------------------------------------------------------------------


@contextmanager
def dvc_status() -> Iterator[Callable[[], dict[str, list[Any]]]]:
    """Start `dvc status`, which takes a second and more; the value waits for what it says."""
    if not Path(DVC_FILE).is_file():
        yield dict
        return
    command = [sys.executable, "-m", "dvc", "status", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:

        def said() -> dict[str, list[Any]]:
            output, problems = process.communicate()
            if process.returncode != 0:
                complain(f"`dvc status` failed, so only changes of the spec are shown: {problems.strip()}")
                return {}
            found: dict[str, list[Any]] = json.loads(output or "{}")
            return found

        try:
            yield said
        finally:
            if process.poll() is None:
                process.kill()


# --- DVC's cache --------------------------------------------------------------------------------


def _cached_runs() -> Callable[[str], list[Any]]:
    """Output -> the runs in DVC's cache that wrote it and whose outputs are all there."""

    @cache
    def index() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in sorted((_cache_folder() / "runs").glob("*/*/*")):
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            for output in re.findall(r"^- path: (.+)$", text.partition("\nouts:")[2], re.MULTILINE):
                found.setdefault(output, []).append(text)
        return found

    def runs(output: str) -> list[Any]:
        entries = (parsed(text) for text in index().get(output, []))
        return [entry for entry in entries if entry and all(map(_in_cache, entry.get("outs", [])))]

    return runs


def _in_cache(out: Any) -> bool:
    digest = str(out.get("md5", ""))
    return bool(digest) and (_cache_folder() / "files" / "md5" / digest[:2] / digest[2:]).is_file()


@cache
def _cache_folder() -> Path:
    """Where DVC's cache lies, by its own configuration."""
    settings = configparser.ConfigParser(interpolation=None)
    settings.read([".dvc/config", ".dvc/config.local"], encoding="utf-8")
    folder = settings.get("cache", "dir", fallback="cache")
    return Path(".dvc", Path(folder).expanduser())


# --- around the spec ----------------------------------------------------------------------------


def surroundings(outlooks: Mapping[str, Outlook], blocks: Blocks, *, quoted: bool) -> Surroundings:
    """The environment, the local files, the sizes of what is fetched or can be read here, and, where they are
    `quoted`, what the completions will take that are still to be bought."""

    @cache
    def problems(data: str, split: str) -> Sequence[Problem] | None:
        path = _fetched(outlooks, data, split)
        return _local(blocks["data", data].settings, split) if path is None else list(read_rows(path, Problem))

    def rows(data: str, split: str) -> int | None:
        found = problems(data, split)
        return None if found is None else len(found)

    def quote(stage: AskStage) -> Quote | str | None:
        if outlooks[stage_name(stage)].state is not State.RUNS:
            return None
        try:
            found = problems(stage.data, stage.split)
            return None if found is None else _quoted(stage, blocks, found)
        except Failure as failure:
            return failure.summary

    return Surroundings(
        is_set=lambda name: bool(os.environ.get(name)),
        exists=lambda path: Path(path).exists(),
        rows=rows,
        quote=quote if quoted else lambda stage: None,
    )


def _fetched(outlooks: Mapping[str, Outlook], data: str, split: str) -> Path | None:
    """The file of problems, where it is what fetching would write."""
    fetched, path = outlooks.get(f"fetch-{data}"), problems_file(data, split)
    return None if fetched is None or fetched.state is State.RUNS or not path.is_file() else path


def _local(settings: Settings, split: str) -> list[Problem] | None:
    """The problems of a split that can be read or made here in no time; else `None`."""
    if not isinstance(settings, DataSettings) or not isinstance(settings.source, FileSource | SyntheticSource):
        return None
    if isinstance(settings.source, SyntheticSource) and sum(settings.source.sizes.values()) > MADE:
        return None
    # Imported here because only this needs what reads data.
    from distill_dsl.runtime.inspection.reading import read_split

    try:
        problems = read_split("", settings, split)
    except Failure:
        return None  # what is wrong with the file is for `mtd check --data` and the stage that fetches it to say
    return None if problems is None else problems[: settings.limit]


def _quoted(stage: AskStage, blocks: Blocks, problems: Sequence[Problem]) -> Quote:
    # Imported here because only this needs what renders prompts and reads the store.
    from distill_dsl.runtime.teachers.quoting import quote

    name = block_name(stage.teacher)
    settings, thought = blocks["teacher", stage.teacher].settings, blocks["thought", stage.thought].settings
    spending = blocks["spending", name].settings if ("spending", name) in blocks else SpendingSettings()
    assert isinstance(settings, TeacherSettings)
    assert isinstance(thought, ThoughtSettings) and isinstance(spending, SpendingSettings)
    return quote(settings, spending, name, stage.thought, thought, problems)
