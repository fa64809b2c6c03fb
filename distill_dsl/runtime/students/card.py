"""The page that lies in a student's folder: what it is, and how to ask it with `transformers` alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, assert_never

from distill_dsl.contract.files import training_file, write_text
from distill_dsl.contract.runs import Run
from distill_dsl.contract.settings import HfBase, ScratchBase, StudentBase, StudentSettings, TrainedBase
from distill_dsl.runtime.students.models import Student, parameters

CARD: Final = "README.md"
"""The name under which hubs and people look for it."""

EXAMPLE: Final = "Ann has 3 pens and buys 4 more. How many pens does she have?"


def write_card(folder: Path, pupil: Student, run: Run, settings: StudentSettings, cues: Mapping[str, str]) -> None:
    """Write the page into a student's folder. `cues`: thought name -> the cue that asks for it."""
    write_text(folder / CARD, card(pupil, run, settings, cues))


def card(pupil: Student, run: Run, settings: StudentSettings, cues: Mapping[str, str]) -> str:
    """The page as Markdown; the same student gives the same text."""
    what = (
        f"The student `{run.student}` of a distillation, after its training on the mix `{run.mix}` with seed "
        f"{run.seed}: {_base(settings.base)}; {parameters(pupil):,} weights, {type(pupil.model).__name__}. It reads "
        "a question and a cue, and writes a thought: a way to the answer in the format that the cue asks for."
    )
    limits = (
        f"Questions of up to {settings.max_question} tokens, cue included, were seen whole in training, and thoughts "
        f"of up to {settings.max_thought}. Its generation settings are those that it was measured with: the likeliest "
        "token each time."
    )
    answers = (
        "A thought is no answer yet: a program has to be run and a system of equations solved for `ans`. "
        f'`mtd solve --run {run.trained} "{EXAMPLE}"` does it, walled in, in the project where the student was '
        "trained. Do not run what a model wrote without walls around it."
    )
    parts = [
        _head(pupil, settings.base),
        f"# {run.trained}",
        what,
        _cues(cues),
        "## Ask it",
        "This folder is all that `transformers` needs:",
        f"```python\n{example(pupil, run, settings, next(iter(cues.values()), ''))}\n```",
        limits,
        answers,
        f"How its training went: `{training_file(run.trained).as_posix()}` of that project.",
        "## Licence",
        _licence(settings.base),
    ]
    return "\n\n".join(parts) + "\n"


def example(pupil: Student, run: Run, settings: StudentSettings, cue: str) -> str:
    """Ten lines of Python that ask the student, without any code of this package."""
    kind = "AutoModelForCausalLM" if pupil.causal else "AutoModelForSeq2SeqLM"
    lines = [
        f"from transformers import {kind}, AutoTokenizer",
        "",
        f'folder = "artifacts/models/{run.trained}"',
        f"model, tokenizer = {kind}.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)",
        f"question = {EXAMPLE!r}",
        f"cue = {cue!r}",
        f'inputs = tokenizer(f"Question: {{question}}\\n{{cue}}{_break(pupil)}", return_tensors="pt")',
    ]
    if _ends(pupil):
        lines.append("inputs = {name: row[:, :-1] for name, row in inputs.items()}  # without the end mark")
    start = 'written[0, inputs["input_ids"].shape[1]:]' if pupil.causal else "written[0]"
    lines += [
        f"written = model.generate(**inputs, max_new_tokens={settings.max_thought})",
        f"print(tokenizer.decode({start}, skip_special_tokens=True, clean_up_tokenization_spaces=False))",
    ]
    return "\n".join(lines)


def _break(pupil: Student) -> str:
    """What stands between a cue and the thought of a causal student, in one text."""
    return "\\n" if pupil.causal else ""


def _ends(pupil: Student) -> bool:
    """Whether the tokenizer of a causal student ends every text, behind which no thought would follow."""
    return pupil.causal and list(pupil.tokenizer("a")["input_ids"])[-1:] == [pupil.codec.end]


def _head(pupil: Student, base: StudentBase) -> str:
    """What the Hugging Face hub reads of a page."""
    lines = ["---", "library_name: transformers", "license: unknown"]
    lines.append(f"pipeline_tag: {'text-generation' if pupil.causal else 'text2text-generation'}")
    if isinstance(base, HfBase) and not Path(base.name).exists():
        lines.append(f"base_model: {base.name}")
    return "\n".join([*lines, "tags:", "- distillation", "- reasoning", "---"])


def _base(base: StudentBase) -> str:
    match base:
        case ScratchBase():
            return f"a {base.architecture} made from nothing, with a tokenizer trained on that mix"
        case HfBase():
            return f"it started from `{base.name}`{f', revision {base.revision}' if base.revision else ''}"
        case TrainedBase():
            return (
                f"it started from the student `{base.student}` after {f'`{base.mix}`' if base.mix else 'the same mix'}"
            )
    assert_never(base)


def _cues(cues: Mapping[str, str]) -> str:
    rows = [f"| {name} | `{cue}` |" for name, cue in cues.items()]
    return "\n".join(["| thought | cue |", "| --- | --- |", *rows])


def _licence(base: StudentBase) -> str:
    if isinstance(base, ScratchBase):
        return "None is given. The data that its teacher was asked about, and the teacher, may set terms."
    return "Unknown: that of the model that it started from holds. The data and the teacher may set further terms."
