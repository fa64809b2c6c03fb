"""The process that solves systems of equations: one after another, until its input is closed."""

from __future__ import annotations

import os
from dataclasses import asdict

from distill_dsl.runtime.thoughts.equations import solve_system
from distill_dsl.runtime.thoughts.frames import pack, read_frame, write_all


def main() -> None:
    """Serve jobs from standard input until it is closed."""
    jobs, replies = os.dup(0), os.dup(1)
    os.dup2(2, 1)  # what is printed by mistake is no reply
    write_all(replies, pack({}))
    while job := read_frame(jobs):
        write_all(replies, pack(asdict(solve_system(job["text"]))))
