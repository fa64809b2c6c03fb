"""The commit that a run was made from."""

from __future__ import annotations

import subprocess
from typing import Final

OURS: Final = (":(exclude)dvc.lock", ":(exclude)artifacts")
"""Written by running: they do not make a run's inputs differ from the commit."""


def git_tags() -> dict[str, str]:
    """MLflow's own tags for commit, branch and dirty state; none outside a repository."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return {}
    branch = _git("rev-parse", "--abbrev-ref", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *OURS)
    return {
        "mlflow.source.git.commit": commit,
        "mlflow.source.git.branch": branch or "HEAD",
        "mlflow.source.git.dirty": "true" if changed else "false",
    }


def _git(*arguments: str) -> str | None:
    """What git says, or `None` where it has nothing to say: no git, no repository, no commit yet."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False, timeout=30)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
