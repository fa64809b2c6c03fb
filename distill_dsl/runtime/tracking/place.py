"""Where runs are tracked. The one place that knows it, free of MLflow, so that any stage may ask."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final
from urllib.parse import quote

from distill_dsl.contract.files import STATE, project_root
from distill_dsl.runtime.masking import Mask, secrets_of

VARIABLE: Final = "MLFLOW_TRACKING_URI"


def tracking_uri() -> str:
    """The tracking server of the environment, if it names one, else the project's own store."""
    named = os.environ.get(VARIABLE)
    return absolute(named) if named else local_uri(project_root())


def absolute(uri: str) -> str:
    """A URI of an SQLite file by its whole path: a relative one would mean another file in each copy of a project."""
    head, _, path = uri.partition("sqlite:///")
    return f"sqlite:///{project_root() / path}" if path and not head and not path.startswith(("/", ":")) else uri


def is_local() -> bool:
    """Whether runs go to the project's own store."""
    return not os.environ.get(VARIABLE)


def is_database() -> bool:
    """Whether runs go to a database without a server: for artifacts MLflow would take wherever a command runs."""
    return not tracking_uri().startswith(("http:", "https:", "databricks"))


def local_uri(root: Path) -> str:
    """An SQLite file at the root; absolute, as a relative one would depend on where `mlflow ui` starts."""
    return f"sqlite:///{root / 'mlflow.db'}"


def local_artifacts(root: Path) -> str:
    """Where the project's own store keeps tables, plots and predictions, as a URI."""
    return f"file://{quote(str(root / 'mlartifacts'))}"


def lock_file(root: Path) -> Path:
    """Taken by whoever writes to the project's own store."""
    return root / STATE / "mlflow.lock"


def ui_command() -> str:
    """What a person types to see the runs: on their own machine, or where the server is."""
    if is_local():
        return f"mlflow ui --backend-store-uri {shlex.quote(tracking_uri())}"
    return f"open {shown(tracking_uri())}"


SECRETS: Final = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
"""Variables by which MLflow is told what lets it into a server; it may stand in the server's address, too."""


def first_line(error: Exception) -> str:
    """What MLflow raised, in one line: it may go on for pages."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def shown(text: str) -> str:
    """A text as it may be shown and logged: without what lets anybody into the tracking server."""
    secrets = [os.environ[name] for name in SECRETS if os.environ.get(name)]
    address = [] if is_local() else secrets_of(tracking_uri())
    return Mask([*secrets, *address]).message(text)
