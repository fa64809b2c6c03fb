"""Data sets of the Hugging Face hub, of its local cache, or of a folder, read through `datasets`.

Whatever is read, it is known which commit it is. Without a network (or with `HF_HUB_OFFLINE=1`) a data set
comes from the cache, and then, too, it is the revision that was asked for or a `Failure`: `datasets` itself
would take whatever was cached last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from distill_dsl.contract.failure import Failure

Row = dict[str, Any]

COMMIT: Final = re.compile(r"[0-9a-f]{40}")
ABBREVIATED: Final = re.compile(r"[0-9a-f]{7,39}")
MAIN: Final = "main"
"""The hub's own name for what is read where no revision is asked for."""
OFFLINE_HELP: Final = (
    "read it once where there is a network (the cache is $HF_HOME, ~/.cache/huggingface), or put its rows into files "
    'and name them: file(train: "train.jsonl")'
)


@dataclass(frozen=True)
class Loaded:
    """A split: `(place, row)` pairs in its order, where a place is `name, split, row n`."""

    rows: Iterator[tuple[str, Row]]
    commit: str | None
    """The commit that was read, 40 hexadecimal digits; `None` of a folder."""
    cached: bool
    """Whether it was read from the cache without asking the hub."""


def load_split(name: str, config: str | None, split: str, revision: str | None) -> Loaded:
    """The rows of one split; a `Failure` says what of name, config, split, revision or network is not there."""
    place = f"{name}, config {config or 'default'}, split {split}"
    try:
        if Path(name).is_dir():
            return Loaded(_rows(_of_folder(name, config, split), f"{name}, {split}"), None, cached=False)
        builder = _builder(name, config, revision)
        builder.download_and_prepare()
        data = builder.as_dataset(split=split)
    except Failure:
        raise
    except Exception as error:
        raise _failed(error, name, place, revision) from error
    return Loaded(_rows(data, f"{name}, {split}"), _commit(builder), cached=_is_cached(builder))


def _of_folder(name: str, config: str | None, split: str) -> Any:
    """A folder of tables, or one that `save_to_disk` has written."""
    from datasets import Dataset, load_dataset, load_from_disk  # takes a second or two, and most stages read files

    if not any((Path(name) / mark).is_file() for mark in ("state.json", "dataset_dict.json")):
        return load_dataset(name, config, split=split)
    saved = load_from_disk(name)
    if isinstance(saved, Dataset):
        kept = str(saved.split) if saved.split is not None else split
        saved = {kept: saved}
    if split not in saved:
        raise Failure(
            f"{name} has no split `{split}`; it has {', '.join(map(str, saved))}", where=name, help="name one of them"
        )
    return saved[split]


def _rows(data: Any, name: str) -> Iterator[tuple[str, Row]]:
    for number, row in enumerate(data, start=1):
        yield f"{name}, row {number}", row


# --- which revision -----------------------------------------------------------------------------


def _builder(name: str, config: str | None, revision: str | None) -> Any:
    """What `datasets` makes of the data set, of the revision that is asked for.

    Where the hub cannot be asked, `datasets` takes what was cached last: then the revision is looked up.
    """
    from datasets import load_dataset_builder

    if revision is not None and ABBREVIATED.fullmatch(revision) and not COMMIT.fullmatch(revision):
        raise Failure(
            f"`{revision}` is the beginning of a commit, and the hub knows commits by all of their 40 digits",
            where=name,
            help="name the whole commit, as the data set's page shows it, or a branch or tag",
        )
    with _quiet():
        builder = load_dataset_builder(name, config, revision=revision)
    if not _is_cached(builder):
        return builder
    wanted = _resolved(name, revision)
    if wanted is None and revision is None:  # nothing is known but that it was cached
        return builder
    if wanted == _commit(builder):
        return builder
    found = _cached_commits(name, config)
    if wanted is None or wanted not in found:
        said = f"commit {revision}" if wanted == revision else f"`{revision or MAIN}`, commit {wanted or 'unknown'}"
        raise Failure(
            f"the hub cannot be asked, and the cache does not hold {name} of the revision {said}",
            where=name,
            help=f"it holds {', '.join(found) or 'none that is whole'}; {OFFLINE_HELP}",
        )
    return _from_cache(name, found[wanted], wanted)


@contextmanager
def _quiet() -> Iterator[None]:
    """`datasets` warns that it takes what was cached last, which is then not so."""
    from datasets.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _is_cached(builder: Any) -> bool:
    return type(builder).__module__.endswith("packaged_modules.cache.cache")


def _commit(builder: Any) -> str | None:
    return builder.hash if COMMIT.fullmatch(builder.hash or "") else None


def _resolved(name: str, revision: str | None) -> str | None:
    """The commit of a branch or tag when the hub was last asked for it."""
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.file_download import repo_folder_name

    if revision is not None and COMMIT.fullmatch(revision):
        return revision
    note = Path(HF_HUB_CACHE) / repo_folder_name(repo_id=name, repo_type="dataset") / "refs" / (revision or MAIN)
    return note.read_text(encoding="utf-8").strip() if note.is_file() else None


def _cached_commits(name: str, config: str | None) -> dict[str, tuple[str, str]]:
    """Commit -> (config, version) of what the cache holds ready."""
    from datasets.config import HF_DATASETS_CACHE
    from datasets.naming import camelcase_to_snakecase

    *owner, own = name.split("/")
    folder = Path(HF_DATASETS_CACHE).expanduser() / "___".join([*owner, camelcase_to_snakecase(own)])
    ready = sorted(folder.glob(f"{config or '*'}/*/*/dataset_info.json"))
    found = {path.parts[-2]: (path.parts[-4], path.parts[-3]) for path in ready if COMMIT.fullmatch(path.parts[-2])}
    configs = {own for own, _ in found.values()}
    if config is None and len(configs) > 1:
        raise Failure(
            f"{name} has several configs in the cache: {', '.join(sorted(configs))}",
            where=name,
            help=f'name one: hf("{name}", config: "...")',
        )
    return found


def _from_cache(name: str, config: tuple[str, str], commit: str) -> Any:
    from datasets.packaged_modules.cache.cache import Cache

    return Cache(dataset_name=name.split("/")[-1], repo_id=name, config_name=config[0], version=config[1], hash=commit)


# --- what went wrong ----------------------------------------------------------------------------


def _failed(error: Exception, name: str, place: str, revision: str | None) -> Failure:
    """What `datasets` or the hub said, in words that say what to do."""
    from datasets.exceptions import DatasetNotFoundError

    said = _said(error)
    match error:
        case DatasetNotFoundError() if "gated" in said:
            return Failure(
                f"{name} is given only to those who ask for it: {said}",
                where=name,
                help=f"accept its terms at https://huggingface.co/datasets/{name}; then `hf auth login` or HF_TOKEN",
            )
        case DatasetNotFoundError() if "Revision" in said:
            help = "name a commit (all 40 digits), branch or tag of it, or leave `revision` out"
            return Failure(f"{name} has no revision `{revision}`", where=name, help=help)
        case DatasetNotFoundError():
            help = "check the name; one that is private needs `hf auth login` or HF_TOKEN"
            return Failure(f"cannot load the data set {name}: {said}", where=name, help=help)
        case _ if _is_cut(error):
            return Failure(
                f"cannot load the data set {name}: the hub cannot be reached, and the cache does not hold it",
                where=f"{place}: {said}",
                help=OFFLINE_HELP,
            )
        case FileNotFoundError():
            help = "check the name or path; without a network, put it into the cache first or use file(...)"
            return Failure(f"cannot load the data set {name}: {said}", where=name, help=help)
        case ValueError() if "onfig" in said:
            return Failure(f"{name} has no such config: {said}", where=place, help='name one of those: config: "..."')
        case ValueError() if "split" in said:
            return Failure(f"{name} has no such split: {said}", where=place, help="name a split that the data set has")
        case _:
            help = "try again if the network was cut; files in a form that `datasets` does not read need file(...)"
            return Failure(f"{name} cannot be read: {said}", where=place, help=help)


def _said(error: Exception) -> str:
    """The words of the error that started it all, without examples of Python code that follow some."""
    inner: BaseException = error
    while type(inner).__name__ == "DatasetGenerationError" and inner.__cause__ is not None:
        inner = inner.__cause__
    told, _, _ = (str(inner) or type(inner).__name__).partition("\nExample of usage")
    return " ".join(told.split())[:300]


def _is_cut(error: Exception) -> bool:
    """Whether there is no way to the hub, in the many forms that its clients say so."""
    return (
        isinstance(error, ConnectionError | TimeoutError)
        or type(error).__module__.partition(".")[0].startswith(("httpx", "httpcore"))
        or "LocalEntryNotFoundError" in (type(error).__name__, *str(error).replace(":", " ").split())
    )
