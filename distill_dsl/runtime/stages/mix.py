"""Join the right thoughts of several formats and teachers into one training set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from msgspec.structs import replace

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Problem, Thought
from distill_dsl.contract.runs import Asked, name_of, parse_asked
from distill_dsl.contract.settings import MixSettings, ThoughtSettings
from distill_dsl.runtime.sources.overlap import Overlap, Questions, overlap
from distill_dsl.runtime.thoughts import mixing


def run(*, mix: str, thoughts: list[str], without: list[str]) -> None:
    """Verified thoughts -> examples to train on, for dev and wrong ones, held-out problems, and counts.

    `thoughts` holds items `thought=pot,teacher=self,data=p,split=train`; where a format has several
    teachers, an earlier one is heard before a later one. Problems that stand in the splits `without`
    (`gsm8k-test`), word by word or nearly so, are left out.
    """
    settings = read_settings(MixSettings, mix)
    formats = {name: read_settings(ThoughtSettings, name) for name in settings.thoughts}
    problems, written = gathered([one for one in map(parse_asked, thoughts) if one.thought in formats])

    shared = {split: overlap(problems, Questions(files.read_test(split), settings.near)) for split in without}
    left_out = {pair.problem.id for found in shared.values() for pair in (*found.same, *found.near)}
    mixed = mixing.mix(problems, written, formats, settings, left_out)

    if problems and len(left_out) == len(problems):
        raise Failure(
            f"the mix {mix} has no problem left: all {len(problems):,} stand in {' or '.join(without)}",
            help="`without` names the splits that a mix may not learn from; take out the one that it is made of",
        )
    if not mixed.train:
        raise Failure(
            f"the mix {mix} has no training example: none of its {sum(len(one.rows) for one in written)} "
            "thoughts is usable",
            where=str(files.mix_counts_file(mix)),
            help=f"see why in the metrics of its verify stages: {reasons(mixed)}",
        )
    files.write_rows(files.mix_file(mix, "train"), mixed.train)
    files.write_rows(files.mix_file(mix, "dev"), mixed.dev)
    files.write_rows(files.mix_file(mix, "wrong"), mixed.wrong)
    files.write_rows(files.mix_file(mix, "held_out"), mixed.held_out)
    files.write_json(files.mix_counts_file(mix), report(mixed, len(problems), shared, len(left_out)))
    shown = ", ".join(f"{mixed.count(name).train} {name}{shares(mixed, name)}" for name in mixed.counts)
    print(f"{mix}: {len(mixed.train)} training examples ({shown}), {len(mixed.dev)} for dev; {reasons(mixed)}")
    for split, found in shared.items():
        print(f"{mix}: {len(found.same)} problems stand in {split} and {len(found.near)} nearly do; they are left out")
    for name in mixed.counts:
        if mixed.count(name).train == 0:
            print(f"{mix}: no `{name}` thought is usable, so its students are asked for what they never saw")


def gathered(asked: Sequence[Asked]) -> tuple[list[Problem], list[mixing.Written]]:
    """The problems of all splits, and what each teacher wrote on them.

    Two data sets may call different problems by one name: the later one's is then told apart by its
    split, `svamp.train/12`.
    """
    problems: dict[str, Problem] = {}
    names: dict[tuple[str, str], dict[str, str]] = {}
    for data, split in dict.fromkeys((one.data, one.split) for one in asked):
        own = names[data, split] = {}
        for problem in files.read_rows(files.problems_file(data, split), Problem):
            known = problems.get(problem.id, problem)
            name = problem.id if known == problem else f"{data}.{split}/{problem.id}"
            own[problem.id] = name
            problems[name] = replace(problem, id=name)
    written = [
        mixing.Written(
            one.thought,
            name_of(one.teacher),
            [
                replace(row, problem=names[one.data, one.split].get(row.problem, row.problem))
                for row in files.read_rows(files.thoughts_file(one.cell), Thought)
            ],
            one.cell,
        )
        for one in asked
    ]
    return list(problems.values()), written


def report(mixed: mixing.Mixed, problems: int, shared: Mapping[str, Overlap], left_out: int) -> dict[str, object]:
    """The mix's metrics. For each format, and each teacher of one that has several, `thoughts = kept + sum of
    dropped`."""
    return {
        "problems": problems,
        "left_out": left_out,
        "without": {split: {"same": len(found.same), "near": len(found.near)} for split, found in shared.items()},
        "train": len(mixed.train),
        "dev": len(mixed.dev),
        "wrong": len(mixed.wrong),
        "held_out": len(mixed.held_out),
        "kept": dict(mixed.kept),
        "thoughts": {
            name: counted(mixed.count(name))
            | ({"teachers": {one: counted(own) for one, own in teachers.items()}} if len(teachers) > 1 else {})
            for name, teachers in mixed.counts.items()
        },
    }


def counted(counts: mixing.Counts) -> dict[str, object]:
    """The counts as metrics."""
    return asdict(counts) | {"dropped": dict(sorted(counts.dropped.items()))}


def shares(mixed: mixing.Mixed, thought: str) -> str:
    """Who wrote the examples of a format, where several teachers did: ` by solver 120 + self 30`."""
    teachers = mixed.counts[thought]
    return " by " + " + ".join(f"{name} {own.train}" for name, own in teachers.items()) if len(teachers) > 1 else ""


def reasons(mixed: mixing.Mixed) -> str:
    """What was dropped, in words: `dropped 12 pot (duplicate), 3 eot (wrong)`."""
    parts = [
        f"{number} {name} ({reason})"
        for name in mixed.counts
        for reason, number in sorted(mixed.count(name).dropped.items())
    ]
    return "dropped " + (", ".join(parts) if parts else "none")
