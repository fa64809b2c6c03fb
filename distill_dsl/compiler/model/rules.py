"""What must hold beyond types: a literal tuple of rules, each a function over a model without errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.calls import EVERY
from distill_dsl.compiler.model.declare import Merged
from distill_dsl.compiler.model.entities import Experiment, Model
from distill_dsl.compiler.model.splits import mentioned, own_parts
from distill_dsl.compiler.source import Span
from distill_dsl.contract.settings import (
    FileSource,
    Ranked,
    ReasoningGymSource,
    RecordedTeacher,
    Single,
    Strategy,
    TransformersTeacher,
    strategy_key,
)
from distill_dsl.contract.vocabulary import AnswerKind


@dataclass(frozen=True)
class Checked:
    """A model with the blocks that it came from, for places."""

    model: Model
    blocks: Mapping[str, Mapping[str, Merged]]

    def item(self, kind: str, name: str, key: str) -> Span:
        """Where a block sets a key; its head, if it does not."""
        block = self.blocks[kind][name]
        return block.items[key].value.span if key in block.items else block.block.head

    def element(self, kind: str, name: str, key: str, at: int) -> Span:
        """Where a block names the element of a list or sum."""
        block = self.blocks[kind][name]
        node = block.items[key].value if key in block.items else None
        match node:
            case nodes.List(items) | nodes.Sum(items):
                return items[at].span
        return self.item(kind, name, key)


Rule = Callable[[Checked], Iterable[Diagnostic]]


def untaught_thoughts(checked: Checked) -> Iterator[Diagnostic]:
    """A strategy can only pick among thoughts that some mix of the experiment teaches."""
    for experiment in checked.model.experiments.values():
        taught = {name for mix in experiment.mixes for name in checked.model.mixes[mix].settings.thoughts}
        for at, strategy in enumerate(experiment.settings.answers):
            for name in members(strategy):
                if name not in taught:
                    span = checked.element("experiment", experiment.name, "answers", at)
                    summary = f"no mix of this experiment teaches `{name}`"
                    yield error(Code.UNTAUGHT_THOUGHT, summary, span, "add a mix that does, or leave the answer out")


def members(strategy: Strategy) -> tuple[str, ...]:
    """The thoughts that a strategy picks among."""
    return (strategy.thought,) if isinstance(strategy, Single) else strategy.members


def test_is_training(checked: Checked) -> Iterator[Diagnostic]:
    """A split that is trained on measures nothing, under whatever name and however joined."""
    contents = checked.model.data
    for experiment in checked.model.experiments.values():
        for at, test in enumerate(experiment.tests):
            for name in experiment.mixes:
                mix = checked.model.mixes[name]
                tested = own_parts(contents[test.data].settings, test.split)
                learnt = [own_parts(contents[split.data].settings, split.split) for split in mix.problems]
                same = next((number for number, parts in enumerate(learnt) if parts & tested), None)
                if same is not None:
                    span = checked.element("experiment", experiment.name, "tests", at)
                    place = checked.element("mix", name, "problems", same)
                    split = mix.problems[same]
                    same_name = (split.data, split.split) == (test.data, test.split)
                    what = "it" if same_name else "the same problems under another name"
                    labels = ((place, f"the mix `{name}` learns from {what}"),)
                    yield error(
                        Code.TEST_IS_TRAINING, f"`{test}` is also trained on", span, "test on another split", labels
                    )
                    break


def same_cues(checked: Checked) -> Iterator[Diagnostic]:
    """The cue alone tells a student which format to write."""
    for mix in checked.model.mixes.values():
        first: dict[str, str] = {}
        for name in mix.settings.thoughts:
            cue = checked.model.thoughts[name].settings.cue
            other = first.setdefault(cue, name)
            if other != name:
                places = [checked.item("thought", thought, "cue") for thought in (name, other)]
                labels = ((places[1], f"the cue of `{other}`"), (mix.span, "this mix joins the two"))
                yield error(
                    Code.SAME_CUE, f"`{name}` and `{other}` have the same cue", places[0], "change one cue", labels
                )


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
    for mix in checked.model.mixes.values():
        teacher = checked.model.teachers[mix.teacher]
        if not isinstance(teacher.settings.model, RecordedTeacher) or EVERY in teacher.settings.model.files:
            continue
        for at, name in enumerate(mix.settings.thoughts):
            if name not in teacher.settings.model.files:
                span = checked.element("mix", mix.name, "thoughts", at)
                labels = ((checked.item("teacher", teacher.name, "model"), "its files"),)
                summary = f"the teacher `{teacher.name}` has no file for `{name}`"
                help = f'add `{name}: "file.jsonl"` to `recorded(...)`'
                yield error(Code.NO_RECORDING, summary, span, help, labels)


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
    """To vary a param that nothing uses would repeat the same runs."""
    for experiment in checked.model.experiments.values():
        for name, _ in experiment.vary:
            if name not in experiment.uses:
                span = checked.blocks["experiment"][experiment.name].vary[name].name.span
                labels = ((checked.model.params[name].span, "the param"),)
                summary = f"nothing in this experiment uses `{name}`"
                yield error(Code.IDLE_VARY, summary, span, "use it as the value of some key, or leave this out", labels)


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


RULES: Final[tuple[Rule, ...]] = (
    untaught_thoughts,
    test_is_training,
    same_cues,
    colliding_names,
    missing_recordings,
    one_file_two_splits,
    idle_vary,
    idle_steps,
    misplaced_figures,
    headline_answers,
)


# --- what this version cannot run yet -----------------------------------------------------------


def without_experiment(model: Model) -> list[Diagnostic]:
    """A spec to be imported has no experiment; compiling it would replace a pipeline by nothing."""
    if model.experiments:
        return []
    help = "add an `experiment` block, or compile the spec that imports this one"
    start = Span(model.files[0], 0, 0)
    return [error(Code.NO_EXPERIMENT, "this spec has no experiment, and so nothing to run", start, help)]


def unavailable(model: Model) -> list[Diagnostic]:
    """Constructs that the language has and this version cannot run, each with what to use instead."""
    found: list[Diagnostic] = []
    for data in model.data.values():
        if isinstance(data.settings.source, ReasoningGymSource):
            help = 'use `synthetic("arithmetic", ...)`, or export the task to a file and use `file(...)`'
            found.append(error(Code.NOT_YET, "`reasoning_gym(...)` cannot be read yet", data.span, help))
    for teacher in model.teachers.values():
        if isinstance(teacher.settings.model, TransformersTeacher):
            help = "serve the model (vLLM, llama.cpp, Ollama) and use `openai(..., base_url: ...)`"
            found.append(error(Code.NOT_YET, "`transformers(...)` cannot teach yet", teacher.span, help))
        if teacher.budget is not None:
            help = "leave it out, and mind `samples` and the size of the splits"
            found.append(error(Code.NOT_YET, "`budget` is not watched yet", teacher.span, help))
    for thought in model.thoughts.values():
        if thought.settings.answer is AnswerKind.PROGRAM_EQUATIONS:
            help = "use `python` or `equations`"
            found.append(error(Code.NOT_YET, "`answer = program_equations` cannot be executed yet", thought.span, help))
    for experiment in model.experiments.values():
        if any(isinstance(answer, Ranked) for answer in experiment.settings.answers):
            summary = "`ranked(...)` needs a trained verifier, which this version cannot train yet"
            help = "use `confident(...)` or `vote(...)`"
            found.append(error(Code.NOT_YET, summary, experiment.span, help))
    return found
