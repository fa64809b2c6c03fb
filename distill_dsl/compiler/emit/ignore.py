"""Keeping what belongs to one working tree out of git, as DVC does with what it caches."""

from __future__ import annotations

from pathlib import Path

from distill_dsl.contract.files import LOCAL, write_text


def ignore_local(root: Path) -> list[str]:
    """Add to `.gitignore` what it lacks of our own files; returns that. Nothing outside of git.

    Completions that were paid for and checkpoints of many megabytes would otherwise be in the first
    commit of whoever says `git add .`.
    """
    if not any((folder / ".git").exists() for folder in [root.resolve(), *root.resolve().parents]):
        return []
    path = root / ".gitignore"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    known = {line.strip().strip("/") for line in text.splitlines()}
    missing = [line for line in LOCAL if line.strip("/") not in known]
    if missing:
        start = text if not text or text.endswith("\n") else f"{text}\n"
        write_text(path, start + "".join(f"{line}\n" for line in missing))
    return missing
