"""What must hold beyond types: a function a rule, each over a model without errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.calls import EVERY
from distill_dsl.compiler.model.entities import Experiment, Mix, Model, Teacher, verifiers
from distill_dsl.compiler.model.fields import FIELDS
from distill_dsl.compiler.model.rules.checked import Checked, asking, learned, members, named_in, reached
from distill_dsl.compiler.model.rules.idle import drawn
from distill_dsl.compiler.model.splits import mentioned, own_parts, own_splits
from distill_dsl.compiler.source import Span
from distill_dsl.contract.settings import (
    FileSource,
    GoldTeacher,
    ReasoningGymSource,
    RecordedTeacher,
    SolutionTeacher,
    TrainedTeacher,
)
from distill_dsl.contract.strategies import strategy_key
from distill_dsl.contract.vocabulary import AnswerKind


def untaught_thoughts(checked: Checked) -> Iterator[Diagnostic]:
    """A strategy can only pick among thoughts that some mix of the experiment teaches, all of them in one."""
    for experiment in checked.model.experiments.values():
        mixes = [set(checked.model.mixes[mix].settings.thoughts) for mix in experiment.mixes]
        for at, strategy in enumerate(experiment.settings.answers):
            span = checked.element("experiment", experiment.name, "answers", at)
            missing = [name for name in members(strategy) if not any(name in taught for taught in mixes)]
            for name in missing:
                summary = f"no mix of this experiment teaches `{name}`"
                yield error(Code.UNTAUGHT_THOUGHT, summary, span, "add a mix that does, or leave the answer out")
            if not missing and not any(taught.issuperset(members(strategy)) for taught in mixes):
                names = " and ".join(f"`{name}`" for name in members(strategy))
                summary = f"no mix of this experiment teaches {names} together"
                help = f"add a mix of `{' + '.join(members(strategy))}`, or leave the answer out"
                yield error(Code.UNTAUGHT_THOUGHT, summary, span, help)


def unanswered_mixes(checked: Checked) -> Iterator[Diagnostic]:
    """A student is scored by the answers that its own thoughts give: there must be one."""
    for experiment in checked.model.experiments.values():
        answers = experiment.settings.answers
        taught = {name: set(checked.model.mixes[name].settings.thoughts) for name in experiment.mixes}
        if any(not set().union(*taught.values()).issuperset(members(answer)) for answer in answers):
            continue  # reported already
        for at, (name, thoughts) in enumerate(taught.items()):
            if not any(thoughts.issuperset(members(answer)) for answer in answers):
                span = checked.element("experiment", experiment.name, "mixes", at)
                labels = ((checked.item("experiment", experiment.name, "answers"), "each needs another thought"),)
                summary = f"no answer can be had from `{name}`, which teaches {_listed(thoughts, checked)}"
                help = "add one of its thoughts to `answers`, or leave the mix out"
                yield error(Code.UNTAUGHT_THOUGHT, summary, span, help, labels)


def _listed(thoughts: set[str], checked: Checked) -> str:
    return " and ".join(f"`{name}`" for name in checked.model.thoughts if name in thoughts)


def test_is_training(checked: Checked) -> Iterator[Diagnostic]:
    """A split that is trained on measures nothing, under whatever name and however joined."""
    contents = checked.model.data
    for experiment in checked.model.experiments.values():
        for at, test in enumerate(experiment.tests):
            for mix in _learned(checked.model, experiment):
                tested = own_parts(contents[test.data].settings, test.split)
                learnt = [own_parts(contents[split.data].settings, split.split) for split in mix.problems]
                same = next((number for number, parts in enumerate(learnt) if parts & tested), None)
                if same is not None:
                    span = checked.element("experiment", experiment.name, "tests", at)
                    place = checked.element("mix", mix.name, "problems", same)
                    split = mix.problems[same]
                    same_name = (split.data, split.split) == (test.data, test.split)
                    what = "it" if same_name else "the same problems under another name"
                    labels = ((place, f"the mix `{mix.name}` learns from {what}"),)
                    yield error(
                        Code.TEST_IS_TRAINING, f"`{test}` is also trained on", span, "test on another split", labels
                    )
                    break


def _learned(model: Model, experiment: Experiment) -> list[Mix]:
    """All mixes that anyone in the experiment has learned: students, teachers, verifiers, and their bases."""
    found = {mix.name: mix for name in experiment.mixes for mix in learned(model, name, experiment.students)}
    for ranked in verifiers(experiment):
        found |= {mix.name: mix for mix in learned(model, ranked.on, [ranked.by])}
    return list(found.values())


def learned_and_left_out(checked: Checked) -> Iterator[Diagnostic]:
    """A mix that leaves out the problems that it learns from has none."""
    for mix in checked.model.mixes.values():
        learnt = [own_parts(checked.model.data[split.data].settings, split.split) for split in mix.problems]
        for at, split in enumerate(mix.without):
            parts = own_parts(checked.model.data[split.data].settings, split.split)
            same = next((number for number, own in enumerate(learnt) if own & parts), None)
            if same is not None:
                span = checked.element("mix", mix.name, "without", at)
                labels = ((checked.element("mix", mix.name, "problems", same), "learned here"),)
                summary = f"`{mix.name}` learns from the problems of `{split}` and leaves them out"
                yield error(Code.NOTHING_TO_LEARN, summary, span, "take the split out of one of the two", labels)


def sizes_of_splits(checked: Checked) -> Iterator[Diagnostic]:
    """What is said to have so many problems is a split, and a source that says so itself says the same."""
    for data in checked.model.data.values():
        own = own_splits(data.settings)
        for split, size in data.settings.sizes.items():
            known = own is None or split in (*own, *data.settings.joined)
            span = checked.item("data", data.name, "sizes")
            if not known:
                summary = f"`sizes` names the split `{split}`, which this data does not have"
                yield error(Code.UNKNOWN_SPLIT, summary, span, f"it has {', '.join(own or ())}")
            elif (drawn_size := drawn(data, split)) not in (None, size) and checked.constant(data, "source"):
                summary = f"`{split}` is made with {drawn_size} problems, and `sizes` wants {size}"
                yield error(Code.OUT_OF_RANGE, summary, span, "leave it out here, or make the two agree")


def few_exemplars(checked: Checked) -> Iterator[Diagnostic]:
    """Of the rows that are named no more can be picked than there are."""
    for teacher in checked.model.teachers.values():
        shown = teacher.settings.exemplars
        if shown is not None and shown.rows and shown.pick is not None and shown.pick > len(shown.rows):
            span = checked.argument("teacher", teacher.name, "exemplars", "pick").span
            summary = f"{shown.pick} exemplars are to be picked among {len(shown.rows)} rows"
            yield error(Code.OUT_OF_RANGE, summary, span, "name more rows, or lower `pick`")


def same_cues(checked: Checked) -> Iterator[Diagnostic]:
    """The cue alone tells a student which format to write; many tokenizers see no difference in blanks.

    One cue may be the start of another: a student reads where its input ends.
    """
    for mix in checked.model.mixes.values():
        first: dict[str, str] = {}
        for name in mix.settings.thoughts:
            cue = " ".join(checked.model.thoughts[name].settings.cue.split())
            other = first.setdefault(cue, name)
            if other != name:
                places = [checked.item("thought", thought, "cue") for thought in (name, other)]
                labels = ((places[1], f"the cue of `{other}`"), (mix.span, "this mix joins the two"))
                same = (
                    "the same cue"
                    if _cue(checked, name) == _cue(checked, other)
                    else "cues that differ in blanks alone"
                )
                summary = f"`{name}` and `{other}` have {same}"
                yield error(Code.SAME_CUE, summary, places[0], "change one cue", labels)


def _cue(checked: Checked, thought: str) -> str:
    return checked.model.thoughts[thought].settings.cue


def colliding_names(checked: Checked) -> Iterator[Diagnostic]:
    """Names that differ in case alone are one file on some systems; `thoughts` is a key of every score."""
    for kind, blocks in checked.blocks.items():
        first: dict[str, nodes.Name] = {}
        for name, block in blocks.items():
            other = first.setdefault(name.lower(), block.block.name)
            if other.key != name:
                labels = ((other.span, "first defined here"),)
                summary = f"`{name}` and `{other.key}` differ in case alone"
                yield error(Code.COLLIDING_NAMES, summary, block.block.name.span, f"rename one {kind}", labels)
    yield from _colliding_values(checked.model)
    for name, block in checked.blocks["thought"].items():
        if name == "thoughts":
            summary = "a thought cannot be named `thoughts`: its scores would overwrite others"
            yield error(Code.COLLIDING_NAMES, summary, block.block.name.span, "choose another name")


def _colliding_values(model: Model) -> Iterator[Diagnostic]:
    """Varied values become parts of names, where only letters, digits and `_` are kept."""
    for experiment in model.experiments.values():
        for name, values in experiment.vary:
            kept = [re.sub(r"[^A-Za-z0-9_]", "_", str(value)).lower() for value in values]
            if len(set(kept)) < len(kept):
                help = "use values that differ in letters and digits"
                summary = f"values of `{name}` differ in signs alone"
                yield error(Code.COLLIDING_NAMES, summary, experiment.span, help)


def missing_recordings(checked: Checked) -> Iterator[Diagnostic]:
    """A recorded teacher has completions for every thought that is asked of it."""
    for mix, teacher in asking(checked.model):
        model = teacher.settings.model
        if not isinstance(model, RecordedTeacher) or model.dataset is not None or EVERY in model.files:
            continue
        for at, name in enumerate(mix.settings.thoughts):
            if name not in model.files:
                span = checked.element("mix", mix.name, "thoughts", at)
                labels = ((checked.item("teacher", teacher.name, "model"), "its files"),)
                summary = f"the teacher `{teacher.name}` has no file for `{name}`"
                help = f'add `{name}: "file.jsonl"` to `recorded(...)`'
                yield error(Code.NO_RECORDING, summary, span, help, labels)


def unwritable_thoughts(checked: Checked) -> Iterator[Diagnostic]:
    """Teachers that read the data set write what can be written from it; trained ones what they were taught."""
    for mix, teacher in asking(checked.model):
        place = checked.item("teacher", teacher.name, "model")
        for at, name in enumerate(mix.settings.thoughts):
            summary = _unwritable(checked.model, teacher, name)
            if summary:
                span = checked.element("mix", mix.name, "thoughts", at)
                yield error(Code.UNWRITABLE_THOUGHT, summary, span, "ask another teacher", ((place, "who writes"),))
        if not isinstance(teacher.settings.model, SolutionTeacher):
            continue
        labels = ((place, "writes from steps and equations"),)
        for at, split in enumerate(mix.problems):
            if isinstance(checked.model.data[split.data].settings.source, ReasoningGymSource):
                span = checked.element("mix", mix.name, "problems", at)
                summary = f"the problems of `{split}` have no solution for `solution()` to write from"
                yield error(Code.UNWRITABLE_THOUGHT, summary, span, "ask another teacher", labels)


def _unwritable(model: Model, teacher: Teacher, thought: str) -> str:
    """Why the teacher cannot write thoughts of the format, or nothing."""
    answer = model.thoughts[thought].settings.answer
    match teacher.settings.model:
        case GoldTeacher() if answer is not AnswerKind.TEXT:
            return f"a data set's own answers are prose, and `{thought}` is answered in {answer}"
        case TrainedTeacher(student=student, mix=mix) if thought not in model.mixes[mix].settings.thoughts:
            return f"`{student}` did not learn `{thought}` from `{mix}`"
    return ""


def all_held_out(checked: Checked) -> Iterator[Diagnostic]:
    """What is held out for the dev loss is not trained on."""
    for mix in checked.model.mixes.values():
        if mix.settings.dev == 1.0:
            span = checked.item("mix", mix.name, "dev")
            summary = "all problems are held out, and none is left to learn from"
            yield error(Code.OUT_OF_RANGE, summary, span, "hold out a share such as `5%`")


def one_file_two_splits(checked: Checked) -> Iterator[Diagnostic]:
    """A single file is one split, whatever it is called."""
    for data in checked.model.data.values():
        source = data.settings.source
        if not isinstance(source, FileSource) or not _single_file(checked, data.name):
            continue
        labels: tuple[tuple[Span, str], ...] = ((checked.item("data", data.name, "source"), "one file"),)
        if data.settings.joined:
            span = checked.item("data", data.name, next(iter(data.settings.joined)))
            help = 'give each split its file: `file(train: "a.jsonl", test: "b.jsonl")`'
            yield error(Code.ONE_FILE_TWO_SPLITS, "a single file has no splits to join", span, help, labels)
        paths = list(mentioned(checked.blocks, data.name))
        other = next((path for path in paths if path.parts[1].text != paths[0].parts[1].text), None)
        if other is not None:
            labels += ((paths[0].span, "used as another split here"),)
            summary = f"`{data.name}` is a single file, used as two splits"
            help = 'give each split its file: `file(train: "a.jsonl", test: "b.jsonl")`'
            yield error(Code.ONE_FILE_TWO_SPLITS, summary, other.span, help, labels)


def _single_file(checked: Checked, data: str) -> bool:
    node = checked.blocks["data"][data].items["source"].value
    return isinstance(node, nodes.Call) and any(a.key is None or a.key.text == "path" for a in node.arguments)


def idle_vary(checked: Checked) -> Iterator[Diagnostic]:
    """To vary a param that bears on no result would repeat the same runs."""
    for experiment in checked.model.experiments.values():
        for name, _ in experiment.vary:
            span = checked.blocks["experiment"][experiment.name].vary[name].name.span
            labels = ((checked.model.params[name].span, "the param"),)
            if name not in experiment.uses:
                summary = f"nothing in this experiment uses `{name}`"
                help = "use it as the value of some key, or leave this out"
                yield error(Code.IDLE_VARY, summary, span, help, labels)
            elif all(not bears for bears in _uses(checked, experiment, name)):
                summary = f"`{name}` stands only in keys that change no result"
                help = "use it as the value of another key, or leave this out"
                yield error(Code.IDLE_VARY, summary, span, help, labels)


def _uses(checked: Checked, experiment: Experiment, param: str) -> Iterator[bool]:
    """Whether each key that names the param, in what the experiment needs, bears on results."""
    for kind, name in reached(checked.model, [experiment]):
        bearing = {row.key: row.bears for row in FIELDS[kind]}
        for key, item in checked.blocks[kind][name].items.items():
            if param in named_in(item.value):
                yield bearing.get(key, True)


def idle_steps(checked: Checked) -> Iterator[Diagnostic]:
    """Only prose writes out calculations that can be wrong: a program or a system has its steps executed."""
    for thought in checked.model.thoughts.values():
        settings = thought.settings
        if settings.steps == "right" and settings.answer is not AnswerKind.TEXT:
            span = checked.item("thought", thought.name, "steps")
            summary = f"`steps = right` checks prose, and `{thought.name}` is answered in {settings.answer}"
            yield error(Code.IDLE_STEPS, summary, span, "leave it out: what is executed has no wrong calculations")


def misplaced_figures(checked: Checked) -> Iterator[Diagnostic]:
    """A published figure stands beside a measured one, so that there must be one."""
    for experiment in checked.model.experiments.values():
        node = checked.blocks["experiment"][experiment.name].items.get("published")
        if node is None or not isinstance(node.value, nodes.Map):
            continue
        tests = {test.data for test in experiment.tests}
        for entry in node.value.entries:
            if len(entry.key.parts) == 3:
                yield from _misplaced(experiment, entry.key, tests)


def _misplaced(experiment: Experiment, key: nodes.Path, tests: set[str]) -> Iterator[Diagnostic]:
    measured: Any = (experiment.students, experiment.mixes, tests)
    for part, names, key_name in zip(key.parts, measured, ("students", "mixes", "tests"), strict=True):
        if part.key not in names:
            summary = f"this experiment does not measure `{part.text}`"
            yield error(Code.BAD_PUBLISHED, summary, part.span, f"add it to `{key_name}`, or leave the figure out")
            return


def headline_answers(checked: Checked) -> Iterator[Diagnostic]:
    """The table shows one of the answers."""
    for experiment in checked.model.experiments.values():
        settings = experiment.settings
        if settings.headline is not None and settings.headline not in map(strategy_key, settings.answers):
            span = checked.item("experiment", experiment.name, "headline")
            yield error(Code.UNDEFINED, "the headline is none of the answers", span, "add it to `answers`")
