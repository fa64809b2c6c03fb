"""What workers import before they lock themselves; a program can import nothing else.

After the lock there are no files, so a module that is not listed here does not exist for a program.
"""

from __future__ import annotations

from typing import Final

STANDARD_MODULES: Final = tuple(
    """
    math cmath fractions decimal numbers statistics random datetime calendar time _strptime itertools functools
    operator collections collections.abc heapq bisect array copy enum dataclasses typing string re textwrap json
    types abc io os sys contextlib warnings traceback timeit pprint secrets hashlib uuid struct unicodedata locale
    threading logging queue inspect ast tokenize token keyword difflib graphlib weakref zoneinfo argparse
    """.split()
)
NUMPY_MODULES: Final = ("numpy", "numpy.linalg", "numpy.random", "numpy.polynomial", "numpy.fft", "numpy.ma")
SYMPY_MODULES: Final = tuple(
    """
    sympy sympy.abc sympy.solvers sympy.stats sympy.physics.units sympy.geometry sympy.combinatorics sympy.ntheory
    sympy.assumptions.satask sympy.assumptions.lra_satask sympy.assumptions.sathandlers sympy.assumptions.facts
    sympy.assumptions.handlers.calculus sympy.assumptions.handlers.matrices sympy.assumptions.handlers.ntheory
    sympy.assumptions.handlers.order sympy.assumptions.handlers.sets sympy.assumptions.predicates.calculus
    sympy.assumptions.predicates.matrices sympy.assumptions.predicates.ntheory sympy.assumptions.predicates.order
    sympy.assumptions.predicates.sets sympy.concrete.delta sympy.concrete.guess sympy.discrete.recurrences
    sympy.integrals.heurisch sympy.integrals.manualintegrate sympy.integrals.prde sympy.integrals.rde
    sympy.integrals.risch sympy.logic.algorithms.dpll sympy.logic.algorithms.dpll2 sympy.logic.algorithms.lra_theory
    sympy.matrices.normalforms sympy.parsing.ast_parser sympy.polys.dispersion sympy.polys.distributedmodules
    sympy.polys.modulargcd sympy.polys.numberfields.resolvent_lookup sympy.polys.polymatrix
    sympy.polys.subresultants_qq_zz sympy.series.acceleration sympy.sets.handlers.add sympy.sets.handlers.functions
    sympy.sets.handlers.issubset sympy.sets.handlers.mul sympy.sets.handlers.power sympy.sets.setexpr
    sympy.simplify.traversaltools sympy.plotting
    """.split()
)
