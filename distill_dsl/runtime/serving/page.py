"""The page of a served student: what it is, how it answers, what it was measured at, and how to ask it."""

from __future__ import annotations

from collections.abc import Mapping

from distill_dsl.contract import files
from distill_dsl.contract.strategies import strategy_key, strategy_title
from distill_dsl.runtime.reports.results import read_scores
from distill_dsl.runtime.solving.asking import Pupil
from distill_dsl.runtime.students.card import EXAMPLE
from distill_dsl.runtime.students.models import parameters

USE = f"""\
```python
import mlflow

student = mlflow.pyfunc.load_model(".")   # or models:/NAME@ALIAS of the registry
print(student.predict({{"question": ["{EXAMPLE}"]}}))
```

```console
mlflow models serve -m . --env-manager local --port 5001
curl http://127.0.0.1:5001/invocations -H 'Content-Type: application/json' \\
  -d '{{"dataframe_records": [{{"question": "{EXAMPLE}"}}]}}'
```
"""


def page(pupil: Pupil, about: Mapping[str, str]) -> str:
    """The page as Markdown."""
    run = pupil.run
    by = strategy_title(pupil.strategies[0])
    what = (
        f"The student `{run.run.student}` after its training on the mix `{run.run.mix}` with seed {run.run.seed}, in "
        f"the experiment `{run.experiment}`: {parameters(pupil.student):,} weights. For a question it writes "
        f"{_formats(pupil)}, has each executed, and answers by `{by}`."
    )
    columns = (
        "In: a column `question`. Out: `answer`, `format` (the one that gave it), `confidence` (0 to 1, where the "
        "strategy can tell), `why` (a sentence), `thoughts` (all that was written, and what each came to)."
    )
    walls = (
        "Programs that it writes run walled in by Linux: no files, no network, limits on time and memory. Where the "
        "walls cannot stand, it refuses to load. It can be wrong; an answer is not checked by anybody."
    )
    told = "\n".join(f"- {name}: `{value}`" for name, value in about.items())
    parts = [f"# {run.cell}", what, columns, "## Ask it", USE.rstrip(), "## Measured", _measured(pupil), "## Limits"]
    return "\n\n".join([*parts, walls, "## Where it comes from", told]) + "\n"


def _formats(pupil: Pupil) -> str:
    return ", ".join(f"{name} ({format.answer})" for name, format in pupil.formats.items())


def _measured(pupil: Pupil) -> str:
    """Accuracy by the strategy that answers, on each test of its experiment."""
    if not files.scores_file(pupil.run.cell).is_file():
        return "It was not scored."
    key = strategy_key(pupil.strategies[0])
    lines = ["| test | problems | % right | 95 % interval |", "| --- | --- | --- | --- |"]
    for test, found in read_scores(pupil.run.cell).items():
        if key in found.strategies:
            one = found.strategies[key]
            interval = f"{100 * one.low:.1f} to {100 * one.high:.1f}"
            lines.append(f"| {test} | {one.problems} | {100 * one.accuracy:.2f} | {interval} |")
    return "\n".join(lines) if len(lines) > 2 else "No test was scored by this strategy."
