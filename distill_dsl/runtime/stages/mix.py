"""Join the right thoughts of several formats into one training set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Problem, Thought
from distill_dsl.contract.settings import MixSettings, ThoughtSettings
from distill_dsl.runtime.thoughts import mixing


def run(*, mix: str, thoughts: list[str]) -> None:
    """Verified thoughts -> training and dev examples, and counts of what was kept and dropped and why.

    `thoughts` holds `<thought>=<cell>` items, where a cell is `<teacher>-<data>-<split>-<thought>`.
    """
    settings = read_settings(MixSettings, mix)
    cells = [item.partition("=")[::2] for item in thoughts]
    formats = {name: read_settings(ThoughtSettings, name) for name in settings.thoughts}
    rows: dict[str, list[Thought]] = {name: [] for name in settings.thoughts}
    for name, cell in cells:
        rows.setdefault(name, []).extend(files.read_rows(files.thoughts_file(cell), Thought))
    problems = [
        problem
        for path in dict.fromkeys(_problems_of(name, cell) for name, cell in cells)
        for problem in files.read_rows(path, Problem)
    ]

    mixed = mixing.mix(problems, rows, formats, settings)

    if not mixed.train:
        raise Failure(
            f"the mix {mix} has no training example: none of its {sum(map(len, rows.values()))} thoughts is usable",
            where=str(files.mix_counts_file(mix)),
            help=f"see why in the metrics of its verify stages: {reasons(mixed)}",
        )
    files.write_rows(files.mix_file(mix, "train"), mixed.train)
    files.write_rows(files.mix_file(mix, "dev"), mixed.dev)
    files.write_json(files.mix_counts_file(mix), report(mixed, len(problems)))
    shown = ", ".join(f"{count.train} {name}" for name, count in mixed.counts.items())
    print(f"{mix}: {len(mixed.train)} training examples ({shown}), {len(mixed.dev)} for dev; {reasons(mixed)}")
    for name, count in mixed.counts.items():
        if count.train == 0:
            print(f"{mix}: no `{name}` thought is usable, so its students are asked for what they never saw")


def report(mixed: mixing.Mixed, problems: int) -> dict[str, object]:
    """The mix's metrics; for each format `thoughts = kept + sum of dropped`."""
    return {
        "problems": problems,
        "train": len(mixed.train),
        "dev": len(mixed.dev),
        "thoughts": {
            name: asdict(counts) | {"dropped": dict(sorted(counts.dropped.items()))}
            for name, counts in mixed.counts.items()
        },
    }


def reasons(mixed: mixing.Mixed) -> str:
    """What was dropped, in words: `dropped 12 pot (duplicate), 3 eot (wrong)`."""
    parts = [
        f"{number} {name} ({reason})"
        for name, counts in mixed.counts.items()
        for reason, number in sorted(counts.dropped.items())
    ]
    return "dropped " + (", ".join(parts) if parts else "none")


def _problems_of(thought: str, cell: str) -> Path:
    test = cell.removesuffix(f"-{thought}").partition("-")[2]
    data, _, split = test.rpartition("-")
    return files.problems_file(data, split)
