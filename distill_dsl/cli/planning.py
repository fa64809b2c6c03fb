"""`mtd plan`: what would run, and why."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from distill_dsl.cli.output import Spec, complain, on_disk, stop_on_errors
from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.emit.params_yaml import flat
from distill_dsl.compiler.emit.write import parsed
from distill_dsl.compiler.plan import explain
from distill_dsl.compiler.plan.build import Plan


def plan(spec: Spec) -> None:
    """Show the stages of a spec, what each depends on, and which would run now and why."""
    compiled = stop_on_errors(compile_spec(spec))
    assert compiled.plan is not None and compiled.emitted is not None
    reasons = explain.reasons(
        compiled.plan,
        flat(parsed(compiled.emitted.params)),
        (on_disk("dvc.yaml") or {}).get("stages", {}),
        flat(on_disk("params.yaml") or {}),
        _dvc_status(),
    )
    _print_plan(compiled.plan, reasons)


def _dvc_status() -> dict[str, list[Any]]:
    """What DVC says of the pipeline on disk; nothing where there is none yet."""
    if not Path("dvc.yaml").is_file():
        return {}
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        complain(f"`dvc status` failed, so only changes of the spec are shown: {done.stderr.strip()}")
        return {}
    status: dict[str, list[Any]] = json.loads(done.stdout or "{}")
    return status


def _print_plan(plan: Plan, reasons: explain.Reasons) -> None:
    """A line a stage with what it waits for; a bullet and the reasons where it would run."""
    console = Console(soft_wrap=True, highlight=False)
    for name, others in explain.waits_for(plan).items():
        waits = (
            f"  <- {', '.join(others[:4])}{f' and {len(others) - 4} more' if len(others) > 4 else ''}" if others else ""
        )
        runs = name in reasons
        console.print(Text.assemble(("* " if runs else "  "), (name, "bold" if runs else "dim"), (waits, "dim")))
        shown = reasons.get(name, [])
        for reason in [*shown[:6], *([f"and {len(shown) - 6} more reasons"] if len(shown) > 6 else [])]:
            console.print(Text(f"      {reason}", style="yellow"))
    console.print(Text(f"{explain.summary(plan)}; {len(reasons)} would run (*)"))
