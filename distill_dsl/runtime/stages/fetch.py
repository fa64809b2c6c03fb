"""Bring the problems of a data block in, with canonical gold answers."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import DataSettings
from distill_dsl.runtime import sources
from distill_dsl.runtime.sources.origin import Origin, sha256_of
from distill_dsl.runtime.thoughts.answers import read_answer


def run(*, data: str, splits: list[str]) -> None:
    """The data block's source -> one file of `Problem` rows a split, and a document that says where they
    came from; all are read before one is written."""
    settings = read_settings(DataSettings, data)
    wanted = {split: settings.joined.get(split, (split,)) for split in splits}
    own = tuple(dict.fromkeys(part for parts in wanted.values() for part in parts))

    found = sources.fetch(settings.source, own, settings)
    ready = {split: joined(split, [found.problems[part] for part in parts]) for split, parts in wanted.items()}

    for split, problems in ready.items():
        _check_size(data, split, len(problems), settings.sizes.get(split), found.origin)

    written: dict[str, object] = {}
    for split, problems in ready.items():
        kept = problems[: settings.limit]
        path = files.problems_file(data, split)
        files.write_rows(path, map(with_canonical_answer, kept))
        written[split] = {"problems": len(kept), "of": len(problems), "sha256": sha256_of(path)}
        print(f"{data}.{split}: {len(kept)} problems")
    files.write_json(files.origin_file(data), found.origin | {"splits": written})


def _check_size(data: str, split: str, found: int, wanted: int | None, origin: Origin) -> None:
    """A split of another size than the spec says is another data set, or another version of it."""
    if wanted is None or found == wanted:
        return
    commit = f", commit {origin['commit']}" if origin.get("commit") else ""
    raise Failure(
        f"{data}.{split} has {found:,} problems, and the spec says {wanted:,}",
        where=f"data {data}: {origin['kind']}{commit}",
        help=f"pin the revision or get the file that has {wanted:,}; or, if this is meant, say `sizes = "
        f"{{ {split}: {found} }}`",
    )


def joined(split: str, parts: Sequence[Sequence[Problem]]) -> list[Problem]:
    """The problems of several of the source's splits one after the other; ids must stay unique."""
    problems = [problem for part in parts for problem in part]
    seen: set[str] = set()
    for problem in problems:
        if problem.id in seen:
            raise Failure(
                f"two problems of the split `{split}` have the id `{problem.id}`",
                help="splits can be joined only where their ids differ: name another id column",
            )
        seen.add(problem.id)
    return problems


def with_canonical_answer(problem: Problem) -> Problem:
    """The problem with its gold answer as the contract writes it; text that is no answer is left as it is.

    So is an answer that a checker judges: it is in the form that the checker reads.
    """
    if problem.checker is not None:
        return problem
    return msgspec.structs.replace(problem, answer=read_answer(problem.answer) or problem.answer)
