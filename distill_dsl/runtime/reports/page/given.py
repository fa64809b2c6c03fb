"""The page's tables of what went in and what it took: teachers, overlap, training and answering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from distill_dsl.contract.files import mix_counts_file, mix_file, solving_file, test_file, training_file, yield_file
from distill_dsl.contract.runs import name_of
from distill_dsl.runtime.reports.efficiency import headline_accuracy, per_thousand, seconds_alone
from distill_dsl.runtime.reports.overlap import Shared
from distill_dsl.runtime.reports.page.cells import UNKNOWN, Cell, Head, Table, labelled, number_in, quiet, words
from distill_dsl.runtime.reports.page.ledger import Ledger
from distill_dsl.runtime.reports.results import Group, known_mean, title_of, unique
from distill_dsl.runtime.reports.spending import (
    SOLVING,
    TRAINING,
    Quantity,
    joined,
    mean_of,
    row_seconds,
)
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.tables import label, labels
from distill_dsl.runtime.reports.teaching import COLUMNS, yield_grid
from distill_dsl.runtime.reports.wording import percent, si, three
from distill_dsl.runtime.reports.yields import Taught


def yield_table(study: Study, ledger: Ledger) -> Table | None:
    """What the teachers gave, a line a teacher, split and format; `None` where nothing is learned from one."""
    if not study.yields:
        return None
    head, body, left = yield_grid(study, [column for column in COLUMNS if column.page])
    rows = []
    for one, line in zip(study.yields, body, strict=True):
        place = given_number(one, ledger)
        numbers = [Cell(text, order=number_in(text.lstrip("$").replace(",", ""))) for text in line[left:]]
        named = head[left:].index("right")
        numbers[named] = Cell(numbers[named].text, order=numbers[named].order, number=place)
        rows.append((*labelled(line[:left]), *numbers))
    heads = (*words(head[:left]), *(Head(name, MEANINGS.get(name, "")) for name in head[left:]))
    return Table("yields", "Thoughts, by teacher and format", heads, quiet(rows, left - 1), left, "yield.csv")


MEANINGS = {
    "asked": "completions asked for: problems x samples",
    "answered": "completions that ended of themselves",
    "cut off": "ended at the largest number of tokens",
    "withheld": "kept back by the server's filter",
    "missing": "the teacher has none",
    "executed": "gave an answer, right or wrong",
    "right": "gave the gold answer",
    "unique": "right ones that say what no other of their problem says",
    "kept": "by the mixes of this experiment",
    "covered": "percent of the problems with a right one",
    "cost": "US dollars when they were bought",
    "per 1,000": "US dollars for 1,000 right thoughts",
}


def given_number(one: Taught, ledger: Ledger) -> int:
    """Where a teacher's right thoughts were counted."""
    teacher, data, split, thought = one.names
    found = one.found
    return ledger.enter(
        what=f"right {thought} thoughts of {teacher} for {data}.{split}",
        value=f"{found.right:,} of {found.asked:,}",
        how=[f"executed and compared with gold; {percent(found.covered)} % of {found.problems:,} problems have one"],
        files=[yield_file(one.asked.cell)],
    )


def overlap_table(study: Study, ledger: Ledger) -> Table | None:
    """Problems of the tests that were trained on; `None` where there are none."""
    found = [one for one in study.overlaps if one.pairs]
    if not found:
        return None
    rows = [overlap_cells(one, ledger) for one in found]
    heads = (
        *words(["mix", "test"]),
        Head("problems", "of the test"),
        Head("the same", "word by word"),
        Head("nearly", "with the same numbers and most of the words"),
        Head("such as", numeric=False),
    )
    return Table("overlap", "Test problems that were trained on", heads, quiet(rows, 1), 2, "overlap.csv")


def overlap_cells(one: Shared, ledger: Ledger) -> tuple[Cell, ...]:
    """One mix and test."""
    place = ledger.enter(
        what=f"problems of {title_of(one.test)} in {one.mix}",
        value=f"{one.same} word by word, {one.near} nearly",
        how=[f"each of {one.problems:,} problems looked up in {one.learned:,} that the mix has examples of"],
        files=[test_file(one.test), mix_file(one.mix, "train"), mix_file(one.mix, "dev")],
    )
    first = one.pairs[0].problem
    return (
        *labelled([name_of(one.mix), title_of(one.test)]),
        Cell(f"{one.problems:,}", order=one.problems),
        Cell(f"{one.same:,}", order=one.same, number=place),
        Cell(f"{one.near:,}", order=one.near),
        Cell(f"{first.id}: {' '.join(first.question.split())}"),
    )


# --- efficiency ---------------------------------------------------------------------------------


def training_table(study: Study, ledger: Ledger) -> Table:
    """What trainings took, means over seeds."""
    rows = []
    for group in study.results.groups:
        gain = per_thousand(study.results, study.costs, group, headline_accuracy(study.results, group))
        padding = mean_of(study, group, lambda cost: cost.training.padding)
        values = quantities(study, group, TRAINING, ledger)
        per = Cell(UNKNOWN if gain is None else three(100 * gain), order=gain)
        rows.append((*whose(study, group, trained_on), *values, Cell(percent(padding, 1), order=padding), per))
    heads = [*(Head(name) for name, _, _ in TRAINING), Head("padding", "percent of positions")]
    heads.append(Head("per 1,000", "points of accuracy per 1,000 training examples"))
    return spent_table(study, "training", "Training, means over seeds", "on", heads, rows)


def solving_table(study: Study, ledger: Ledger) -> Table:
    """What answering takes, means over seeds; the last columns a problem, with the headline strategy."""
    rows = []
    for group in study.results.groups:
        own = study.results.of(group, study.results.headline(group))
        tokens = known_mean(row.tokens for row in own)
        seconds = known_mean(row_seconds(study, row) for row in own)
        alone = known_mean(seconds_alone(study.results, study.costs, row) for row in own)
        last = (
            Cell(si(tokens), order=tokens),
            Cell(si(seconds, "s"), order=seconds),
            Cell(si(alone, "s"), order=alone),
        )
        rows.append((*whose(study, group, engines), *quantities(study, group, SOLVING, ledger), *last))
    heads = [*(Head(name, SOLVING_MEANINGS.get(name, "")) for name, _, _ in SOLVING), Head("tokens", "a problem")]
    heads += [Head("time", "a problem, in batches"), Head("waiting", "a problem, at batch 1")]
    return spent_table(study, "solving", "Answering, means over seeds", "engine", heads, rows)


SOLVING_MEANINGS = {
    "tokens/s": "in batches",
    "alone": "tokens a second at batch 1",
    "p50": "seconds a thought at batch 1, median",
    "p95": "seconds a thought at batch 1, 95th percentile",
}


def spent_table(
    study: Study, name: str, caption: str, where: str, heads: Sequence[Head], rows: Sequence[tuple[Cell, ...]]
) -> Table:
    """A table of costs; columns of which nothing is known are left out, and `trained` where all parameters are."""
    left = len(labels(study.results)) + 1
    every = (*words([*labels(study.results), where]), *heads)
    told = [
        at < left or any(row[at].text not in (UNKNOWN, twin(every, row, at)) for row in rows)
        for at in range(len(every))
    ]
    shown = [tuple(cell for cell, keep in zip(row, told, strict=True) if keep) for row in rows]
    kept = tuple(head for head, keep in zip(every, told, strict=True) if keep)
    return Table(name, caption, kept, quiet(shown, left - 1), left, "efficiency.csv")


def twin(heads: Sequence[Head], row: Sequence[Cell], at: int) -> str | None:
    """What a cell need not repeat: of the parameters that are trained, all."""
    return row[at - 1].text if heads[at].text == "trained" else None


def whose(study: Study, group: Group, where: Callable[[Study, Group], Iterable[str]]) -> tuple[Cell, ...]:
    """Labels of a group, and the machine or engine."""
    return labelled([*label(study.results, group), joined(where(study, group))])


def trained_on(study: Study, group: Group) -> list[str]:
    """Devices with their precision."""
    found = [study.costs[run].training for run in study.results.runs_of(group)]
    return [" ".join(filter(None, (one.device, one.precision))) for one in found]


def engines(study: Study, group: Group) -> list[str]:
    """What ran the students."""
    return unique(study.costs[run].solving.engine or "" for run in study.results.runs_of(group))


def quantities(study: Study, group: Group, columns: Sequence[tuple[str, str, Quantity]], ledger: Ledger) -> list[Cell]:
    """Means of measured quantities; the first of them tells where all come from."""
    runs = study.results.runs_of(group)
    training = columns is TRAINING
    place = ledger.enter(
        what=f"{'training' if training else 'answering'} of {group.names[0]} after {group.title}",
        value="as measured",
        how=[f"mean over {len(runs)} seed{'s' if len(runs) > 1 else ''}; what is not known of one is not known"],
        files=[
            training_file(run.trained) if training else solving_file(run.solved(study.results.experiment))
            for run in runs
        ],
    )
    cells = []
    for _, unit, quantity in columns:
        value = mean_of(study, group, quantity)
        cells.append(Cell(si(value, unit), order=value, number=None if value is None else place))
    return cells


def kept_by(study: Study) -> list[str]:
    """The files in which mixes count what they keep."""
    return [mix_counts_file(mix).as_posix() for mix in unique(run.mix for run in study.results.scores)]
