"""Run as a program: load a model as a stranger would, ask it, and tell as JSON what came of it and what it took."""

from __future__ import annotations

import ast
import json
import sys
from importlib.metadata import packages_distributions
from pathlib import Path


def main(model: str, questions: list[str]) -> None:
    """Load the model, ask the questions, print a document."""
    import pandas as pd
    from mlflow import pyfunc

    student = pyfunc.load_model(model)
    table = student.predict(pd.DataFrame({"question": questions}))
    as_dict = student.predict({"question": questions[:2]})
    as_series = student.predict(pd.Series([questions[0], None], name="question"))
    document = {
        "rows": table.to_dict(orient="records"),
        "forms": [len(as_dict), len(as_series)],
        "columns": list(table.columns),
        "own": sys.modules["distill_dsl"].__file__,
        "packages": sorted(packages()),
    }
    print(json.dumps(document))


def packages() -> set[str]:
    """The distributions that this package's modules import, of those modules that are loaded."""
    known = packages_distributions()
    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] == "distill_dsl"]
    found: set[str] = set()
    for module in ours:
        for name in imported(Path(str(module.__file__))):
            found.update(known.get(name, []) if name in sys.modules else [])
    return {name.lower().replace("_", "-") for name in found}


def imported(path: Path) -> set[str]:
    """The packages that stand in a module's import statements."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.stdin.read()))
