"""Ask a teacher for thoughts of one format on the problems of one split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from distill_dsl.contract import files
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import TeacherSettings, ThoughtSettings
from distill_dsl.runtime import teachers
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.teachers.prompts import prompter


def run(*, teacher: str, data: str, split: str, thought: str) -> None:
    """Problems -> `Completion` rows in their order, one a sample, missing ones with a reason."""
    settings = read_settings(TeacherSettings, teacher)
    format = read_settings(ThoughtSettings, thought)
    problems = list(files.read_rows(files.problems_file(data, split), Problem))
    prompt = prompter(settings, thought, format)

    with steps_shown(f"asking for {thought}", teachers.answers_due(settings, problems)) as advance:
        completions = list(teachers.ask(settings, thought, format, problems, prompt, advance))

    files.write_rows(files.completions_file(files.asked_cell(teacher, data, split, thought)), completions)
    print(f"{teacher}, {thought}: {summary(completions)} for {len(problems)} problems of {data}.{split}")


def summary(completions: Sequence[Completion]) -> str:
    """`7475 completions, 95 missing (the rationale has no calculation)`."""
    missing = Counter(row.reason or "no reason given" for row in completions if row.text is None)
    text = f"{len(completions) - missing.total()} completions"
    if missing:
        reason, count = missing.most_common(1)[0]
        text += f", {missing.total()} missing ({reason}{'' if count == missing.total() else ', and other reasons'})"
    return text
