"""What is on disk of a pipeline: the files of DVC, its cache of runs, fetched problems."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from distill_dsl.cli.output import complain, on_disk
from distill_dsl.compiler.emit import HEADER
from distill_dsl.compiler.emit.write import DVC_FILE, parsed
from distill_dsl.compiler.plan.forecast import Surroundings
from distill_dsl.compiler.plan.outlook import Outlook, Standing, State
from distill_dsl.compiler.plan.wiring import Blocks
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import problems_file
from distill_dsl.contract.form import Settings
from distill_dsl.contract.settings import DataSettings, FileSource

LOCK_FILE: Final = "dvc.lock"


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


def surroundings(outlooks: dict[str, Outlook], blocks: Blocks) -> Surroundings:
    """The environment, the local files, and the sizes of what is fetched or can be read here."""

    def rows(data: str, split: str) -> int | None:
        fetched = outlooks.get(f"fetch-{data}")
        path = problems_file(data, split)
        if fetched is None or fetched.state is State.RUNS or not path.is_file():
            return _local(blocks["data", data].settings, split)
        with path.open("rb") as stream:
            return sum(1 for line in stream if line.strip())

    return Surroundings(
        is_set=lambda name: bool(os.environ.get(name)),
        exists=lambda path: Path(path).exists(),
        rows=rows,
    )


def _local(settings: Settings, split: str) -> int | None:
    """How many problems local files give for a split; `None` where there are none, or they cannot be read."""
    if not isinstance(settings, DataSettings) or not isinstance(settings.source, FileSource):
        return None
    # Imported here because only this needs what reads data.
    from distill_dsl.runtime.inspection.reading import read_split

    try:
        problems = read_split("", settings, split)
    except Failure:
        return None  # what is wrong with the file is for `mtd check --data` and the stage that fetches it to say
    return None if problems is None else len(problems[: settings.limit])
