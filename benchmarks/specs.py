"""Specs to measure the compiler with: texts of any size, with every kind of block."""

from __future__ import annotations

from typing import Final

HEAD: Final = """\
mtd 1
# Written for a measurement.
param paths: int = 4
param width: int = 64

data problems { source = synthetic("arithmetic", train: 600, test: 100, largest: 30, steps: [1, 3]) }
data gsm8k    { source = hf("openai/gsm8k", config: "main")   answer = after("####") }
data svamp    { source = hf("ChilleD/SVAMP")                  test = train + test }
data multi    { source = hf("ChilleD/MultiArith") }

teacher solver {
  model   = solution()
  samples = paths
}

thought cot { answer = text       cue = "Let's think step by step." }
thought pot { answer = python     cue = "Let's break down the code step by step" }
thought eot { answer = equations  cue = "System of linear equations: (Do not simplify)" }
"""
TESTS: Final = "problems.test, gsm8k.test, svamp.test, multi.test"


def table(students: int, mixes: int, seeds: int, vary: str = "") -> str:
    """A spec whose experiment trains each student on each mix with each seed, and has four tests."""
    blocks = [*map(_mix, range(mixes)), *map(_student, range(students))]
    return "\n".join([HEAD, *blocks, _table(students, mixes, seeds, vary)])


def of_lines(count: int) -> str:
    """A spec of so many lines; one in a few is a comment, as in those that people write."""
    blocks = 0
    while len(table(blocks, blocks, 3).splitlines()) <= count:
        blocks += 1
    fitting = table(blocks - 1, blocks - 1, 3)
    return fitting + "# The rest is silence.\n" * (count - len(fitting.splitlines()))


def _mix(number: int) -> str:
    return f"""\
mix m{number} {{
  problems    = gsm8k.train
  teacher     = solver
  thoughts    = cot + {number + 1}*pot + eot
  per_problem = 4
  dev         = 3%
}}
"""


def _student(number: int) -> str:
    return f"""\
# Untrained at first.
student s{number} {{
  base          = scratch("t5", width: width, layers: 2, heads: 4, digits: whole)
  epochs        = {number + 1}
  learning_rate = 3e-3
  warmup        = 5%
  batch         = 32
}}
"""


def _table(students: int, mixes: int, seeds: int, vary: str) -> str:
    return f"""\
experiment table {{
  students = [{", ".join(f"s{number}" for number in range(students))}]
  mixes    = [{", ".join(f"m{number}" for number in range(mixes))}]
  tests    = [{TESTS}]
  answers  = [cot, pot, eot, pot > eot > cot, vote(pot, eot, cot), confident(pot, eot, cot), oracle(pot, eot, cot)]
  seeds    = [{", ".join(str(number + 1) for number in range(seeds))}]
  {vary}
}}
"""
