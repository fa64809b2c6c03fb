"""Paths of a spec against the project: what is not there yet, and what is of another kind.

The disk is asked through `Project`, so that an editor or a test may answer in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath
from posixpath import split
from typing import Final, Protocol

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, Help, Labels, did_you_mean, error, warning
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.calls import EVERY
from distill_dsl.compiler.model.entities import Data, Student, Teacher, Thought
from distill_dsl.compiler.model.rules.checked import Block, Checked, asking, looked_at
from distill_dsl.compiler.source import Span
from distill_dsl.contract.settings import (
    FileSource,
    HfBase,
    HfSource,
    RecordedTeacher,
    TransformersTeacher,
    WordedTeacher,
    is_local,
)
from distill_dsl.contract.vocabulary import AnswerKind

PACKAGED: Final = frozenset({*(f"prompts/{answer}.jinja2" for answer in AnswerKind), "prompts/exemplars.jsonl"})
"""What a new project begins with."""


class Place(Enum):
    """What is at a path."""

    FILE = "file"
    FOLDER = "folder"
    DENIED = "denied"
    NOTHING = "nothing"


class Project(Protocol):
    """What is in the folder from which paths are taken."""

    def place(self, path: str) -> Place:
        """What is at the path."""

    def expected(self, path: str) -> bool:
        """Whether a tool of the project will put something there."""

    def files(self) -> Iterable[str]:
        """The paths of its files."""


@dataclass(frozen=True)
class _Wanted:
    """A path that a block names, and whether a folder is to be there."""

    path: str
    node: nodes.Value | None
    span: Span
    folder: bool = False
    prompt: Labels = ()
    """For a prompt that the spec names: the mix that needs it."""


def missing_paths(checked: Checked, project: Project) -> Iterator[Diagnostic]:
    """Paths at which there is nothing, or a folder in place of a file; of what an experiment would run."""
    if not checked.model.experiments:
        return
    blocks = looked_at(checked.model).items()
    all_wanted = [wanted for (kind, name), block in blocks for wanted in _wanted(checked, kind, name, block)]
    named = frozenset(wanted.path for wanted in all_wanted)
    for wanted in all_wanted:
        yield from _found(wanted, project, named)


def _found(wanted: _Wanted, project: Project, named: frozenset[str]) -> Iterator[Diagnostic]:
    place = project.place(wanted.path)
    if place is Place.DENIED:
        yield error(Code.UNFIT_PATH, f"`{wanted.path}` cannot be read", wanted.span, "check its permissions")
    elif place is Place.FOLDER and not wanted.folder:
        inside = [path for path in project.files() if path.startswith(f"{wanted.path.rstrip('/')}/")]
        example = f"name a file in it, such as `{inside[0]}`" if inside else "name a file"
        yield error(Code.UNFIT_PATH, f"`{wanted.path}` is a folder, and a file is needed", wanted.span, example)
    elif place is Place.FILE and wanted.folder:
        yield error(
            Code.UNFIT_PATH, f"`{wanted.path}` is a file, and a folder is needed", wanted.span, "name its folder"
        )
    elif place is Place.NOTHING and not project.expected(wanted.path):
        help = _near(wanted, project, named)
        if wanted.prompt:
            summary = f"the prompt `{wanted.path}` does not exist, so that the teacher cannot be asked"
            yield error(Code.UNWRITABLE_THOUGHT, summary, wanted.span, help, wanted.prompt)
        else:
            summary = f"the {'folder' if wanted.folder else 'file'} `{wanted.path}` does not exist yet"
            yield warning(Code.NO_SUCH_PATH, summary, wanted.span, help)


def _near(wanted: _Wanted, project: Project, named: frozenset[str]) -> Help:
    """The file that is most likely meant: in the same folder, of the same name elsewhere, else anywhere.

    A file that the spec names elsewhere is meant there: `train.jsonl` is no slip of `test.jsonl`.
    """
    path = PurePosixPath(wanted.path)
    known = [] if wanted.folder else [other for other in project.files() if other not in named]
    parts = [(other, *split(other)) for other in known]  # as texts: there may be thousands
    name = did_you_mean(path.name, [name for _, folder, name in parts if (folder or ".") == str(path.parent)])
    same = [other for other, _, name in parts if name == path.name]
    near = (path.parent / name).as_posix() if name else same[0] if len(same) == 1 else did_you_mean(str(path), known)
    if near is None and wanted.path in PACKAGED:
        return "`mtd init` puts the package's own there, and changes nothing that is there already"
    if near is None:
        return "put it there before the pipeline runs; paths are taken from the project's root"
    text = f"did you mean `{near}`?"
    return Advice(text, f'"{near}"') if isinstance(wanted.node, nodes.Text) else text


# --- which paths there are ----------------------------------------------------------------------


def _wanted(checked: Checked, kind: str, name: str, block: Block) -> Iterator[_Wanted]:
    match block:
        case Data():
            yield from _of_data(checked, block)
        case Teacher():
            yield from _of_teacher(checked, block)
        case Thought():
            yield from _of_thought(checked, block)
        case Student(settings=settings) if isinstance(settings.base, HfBase) and is_local(settings.base.name):
            yield _argument(
                checked, kind, name, "base", "name", settings.base.name, folder=not settings.base.name.endswith(".gguf")
            )


def _argument(
    checked: Checked, kind: str, name: str, key: str, argument: str, path: str, folder: bool = False
) -> _Wanted:
    node = checked.argument(kind, name, key, argument)
    return _Wanted(path, node, node.span, folder)


def _of_data(checked: Checked, data: Data) -> Iterator[_Wanted]:
    match data.settings.source:
        case FileSource(splits=paths):
            used = [part for split in data.splits for part in data.settings.joined.get(split, (split,))]
            for split in dict.fromkeys(used or paths):
                yield _argument(checked, "data", data.name, "source", split, paths[split])
        case HfSource(name=name) if is_local(name):
            yield _argument(checked, "data", data.name, "source", "name", name, folder=True)


def _of_teacher(checked: Checked, teacher: Teacher) -> Iterator[_Wanted]:
    match teacher.settings.model:
        case RecordedTeacher(dataset=str(name)) if is_local(name):
            yield _argument(checked, "teacher", teacher.name, "model", "dataset", name, folder=True)
        case RecordedTeacher(files=paths):
            for thought, path in paths.items():
                argument = "path" if thought == EVERY else thought
                yield _argument(checked, "teacher", teacher.name, "model", argument, path)
        case TransformersTeacher(model=name) if is_local(name):
            folder = not name.endswith(".gguf")
            yield _argument(checked, "teacher", teacher.name, "model", "model", name, folder=folder)
    if isinstance(teacher.settings.model, WordedTeacher) and teacher.settings.exemplars is not None:
        yield _argument(checked, "teacher", teacher.name, "exemplars", "file", teacher.settings.exemplars.file)


def _of_thought(checked: Checked, thought: Thought) -> Iterator[_Wanted]:
    """A prompt is needed where a teacher is asked in words."""
    for mix, teacher in asking(checked.model):
        if thought.name in mix.settings.thoughts and isinstance(teacher.settings.model, WordedTeacher):
            item = checked.blocks["thought"][thought.name].items.get("prompt")
            span = checked.item("thought", thought.name, "prompt")
            labels = ((mix.span, f"`{teacher.name}` is asked for it here"),) if item else ()
            yield _Wanted(thought.settings.prompt, item.value if item else None, span, prompt=labels)
            return
