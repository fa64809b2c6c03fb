"""What must hold beyond types (`RULES`), and what can be run but is hardly meant (`WARNINGS`).

Both are literal tuples of functions over a model without errors, one a rule.
"""

from __future__ import annotations

from typing import Final

from distill_dsl.compiler.model.rules.answers import idle_samples, redundant_answers
from distill_dsl.compiler.model.rules.available import without_experiment
from distill_dsl.compiler.model.rules.checked import Checked, Rule
from distill_dsl.compiler.model.rules.errors import (
    all_held_out,
    colliding_names,
    few_exemplars,
    headline_answers,
    idle_steps,
    idle_vary,
    learned_and_left_out,
    misplaced_figures,
    missing_recordings,
    one_file_two_splits,
    same_cues,
    sizes_of_splits,
    test_is_training,
    unanswered_mixes,
    untaught_thoughts,
    unwritable_thoughts,
)
from distill_dsl.compiler.model.rules.idle import idle_exemplar_seeds, idle_settings
from distill_dsl.compiler.model.rules.odd import like_cues, many_trainings, odd_headlines, same_teachers, same_twice
from distill_dsl.compiler.model.rules.trained import nothing_to_learn, training_cycles, unfit_students

__all__ = ["RULES", "WARNINGS", "Checked", "without_experiment"]

RULES: Final[tuple[Rule, ...]] = (
    training_cycles,
    unfit_students,
    nothing_to_learn,
    untaught_thoughts,
    unanswered_mixes,
    test_is_training,
    learned_and_left_out,
    sizes_of_splits,
    few_exemplars,
    same_cues,
    colliding_names,
    missing_recordings,
    unwritable_thoughts,
    all_held_out,
    one_file_two_splits,
    idle_vary,
    idle_steps,
    misplaced_figures,
    headline_answers,
)

WARNINGS: Final[tuple[Rule, ...]] = (
    idle_settings,
    idle_exemplar_seeds,
    redundant_answers,
    idle_samples,
    same_twice,
    same_teachers,
    like_cues,
    odd_headlines,
    many_trainings,
)
"""Unused names and missing paths are looked for apart (`unused`, `paths`): they need more than the model."""
