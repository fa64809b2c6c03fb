"""One literal table a block: its keys, their types, defaults and meaning, and the calls they take.

The checker, did-you-mean and the reference (docs/language.md) all read these rows; a test holds the
defaults against the settings of the contract.
"""

from __future__ import annotations

from typing import Final

from distill_dsl.compiler.model.offered import (
    ADAPTERS,
    AFTER,
    BASES,
    EXEMPLARS,
    OBJECTIVES,
    PRICES,
    SOURCES,
    TEACHERS,
)
from distill_dsl.compiler.model.types import (
    REQUIRED,
    Budget,
    Bytes,
    ColumnNames,
    Counts,
    Field,
    Figures,
    FilePath,
    Flag,
    Literal,
    Names,
    OneOf,
    Real,
    Seconds,
    Share,
    Splits,
    Strategies,
    Text,
    Texts,
    Weighted,
    Whole,
    Wholes,
    Word,
)
from distill_dsl.contract import settings as contract
from distill_dsl.contract.form import Settings
from distill_dsl.contract.vocabulary import TOLERANCE, AnswerKind

_DESCRIPTION: Final = Field(
    "description", Text(empty=True), "", "for people; shown by `dvc stage list`", bears=False, placed=False
)

DATA: Final = (
    _DESCRIPTION,
    Field("source", OneOf(SOURCES), REQUIRED, "where the problems come from"),
    Field("answer", OneOf(AFTER), None, "where in the gold text the answer stands", into="answer_after"),
    Field(
        "columns",
        ColumnNames(),
        contract.Columns(),
        "which columns hold question, answer, rationale, id; usual names are found, and rows without id are numbered",
    ),
    Field("limit", Whole(), None, "only the first so many problems of each split"),
    Field("sizes", Counts(), {}, "how many problems each split must have; with another number nothing goes on"),
)
"""Any other key of a data block names a split that joins others: `test = train + test`."""

TEACHER: Final = (
    _DESCRIPTION,
    Field("model", OneOf(TEACHERS), REQUIRED, "who answers"),
    Field("temperature", Real(least=0.0), 0.0, "0 takes the likeliest token"),
    Field("top_p", Share(), None, "draw from the likeliest tokens of this probability; else all"),
    Field("samples", Whole(), 1, "completions a problem and format"),
    Field("max_tokens", Whole(), 512, "most tokens of a completion; one that is cut off is no thought"),
    Field("stop", Texts(blank=True), (), "texts at which a completion ends"),
    Field("seed", Whole(0), 1, "for drawing completions"),
    Field("system", Text(), None, "the system message before the prompt"),
    Field("exemplars", OneOf(EXEMPLARS), None, "worked examples in the prompt"),
    Field("budget", Budget(), None, "stop asking before more than this is spent", bears=False, placed=False),
    Field("price", OneOf(PRICES), None, "what is charged, where it is not known", bears=False, placed=False),
)

THOUGHT: Final = (
    _DESCRIPTION,
    Field("answer", Word(tuple(kind.value for kind in AnswerKind)), REQUIRED, "how the thought carries its answer"),
    Field("cue", Text(empty=True), "(by answer)", "what announces the format to the student"),
    Field("prompt", FilePath(), "prompts/<answer>.jinja2", "template with which a teacher is asked"),
    Field("tolerance", Real(least=0.0), TOLERANCE, "largest difference from gold"),
    Field("steps", Word(("any", "right")), "any", "`right` keeps no thought in prose with a wrong calculation"),
    Field("timeout", Seconds(), 5.0, "processor time for running one thought"),
    Field("memory", Bytes(), 512 * 1024 * 1024, "for running one program"),
)

CUES: Final = {
    AnswerKind.TEXT: "Let's think step by step.",
    AnswerKind.PYTHON: "Let's break down the code step by step",
    AnswerKind.EQUATIONS: "System of linear equations: (Do not simplify)",
    AnswerKind.PROGRAM_EQUATIONS: "Let's write a program that solves the equations",
}
"""The paper's cues (section 3.2), and one for the hybrid; used where a thought names none."""

MIX: Final = (
    _DESCRIPTION,
    Field("problems", Splits(), REQUIRED, "splits to learn from", placed=False),
    Field(
        "teacher",
        Weighted("teacher"),
        REQUIRED,
        "who wrote the thoughts; several joined by `+`, weighted by `2*`",
        into="teachers",
    ),
    Field("thoughts", Weighted(), REQUIRED, "formats to learn, joined by `+`, weighted by `2*`"),
    Field("per_problem", Whole(), 4, "most distinct thoughts of a teacher and format for a problem"),
    Field("deduplicate", Flag(), True, "drop thoughts that say the same"),
    Field("dev", Share(), 0.05, "share of the problems held out for the dev loss"),
    Field("seed", Whole(0), 1, "for holding out and for weights"),
    Field("limit", Whole(), None, "only the first so many problems"),
    Field(
        "without",
        Splits(),
        (),
        "splits whose problems are left out, those that are nearly the same with them",
        placed=False,
    ),
    Field("near", Share(), 0.9, "share of their words by which two questions count as one"),
)

STUDENT: Final = (
    _DESCRIPTION,
    Field("base", OneOf(BASES), REQUIRED, "the model that learns"),
    Field("epochs", Real(above=0.0), 10.0, "passes over the mix"),
    Field("steps", Whole(), None, "optimizer steps, in place of `epochs`"),
    Field("learning_rate", Real(above=0.0), 5e-4, "at its highest"),
    Field("schedule", Word(("linear", "cosine", "constant")), "linear", "how the learning rate falls"),
    Field("warmup", Share(), 0.0, "share of the steps over which it rises"),
    Field("weight_decay", Real(least=0.0), 0.0, "AdamW's"),
    Field("dropout", Share(), None, "in place of the model's own"),
    Field("label_smoothing", Share(), 0.0, "of the loss"),
    Field("batch", Whole(), 32, "examples a step and device"),
    Field("accumulate", Whole(), 1, "batches an optimizer step"),
    Field("objective", OneOf(OBJECTIVES), None, "what is learned from the mix; else to write its thoughts"),
    Field("adapter", OneOf(ADAPTERS), None, "train adapters in place of all weights"),
    Field(
        "precision",
        Word(("auto", "float32", "bfloat16")),
        "auto",
        "of the arithmetic; `auto` is bfloat16 where the hardware has it",
    ),
    Field("pack", Flag(), False, "several examples a row, for causal students"),
    Field("checkpointing", Flag(), False, "less memory for more time"),
    Field("compile", Flag(), False, "translate the model by `torch.compile` first"),
    Field("max_question", Whole(), 256, "tokens; longer questions are cut and counted"),
    Field("max_thought", Whole(), 256, "tokens; longer thoughts are left out and counted"),
    Field("evaluations", Whole(), 10, "how often the dev loss is measured"),
    Field("dev_problems", Whole(least=0), 32, "problems of dev that are solved then, for the curve of dev accuracy"),
)

EXPERIMENT: Final = (
    _DESCRIPTION,
    Field("students", Names("student", many=True), REQUIRED, "who learns", placed=False),
    Field("mixes", Names("mix", many=True), REQUIRED, "from what", placed=False),
    Field("tests", Splits(), REQUIRED, "splits to solve", placed=False),
    Field("answers", Strategies(), REQUIRED, "how the answer is picked: `cot`, `pot > eot > cot`, `vote(...)`"),
    Field("seeds", Wholes(), (1,), "one training each", placed=False),
    Field("samples", Whole(), 1, "thoughts a format; the first is greedy, the others are drawn"),
    Field("temperature", Real(least=0.0), 0.7, "of samples after the first"),
    Field("max_tokens", Whole(), 256, "most new tokens of a thought"),
    Field("decode_batch", Whole(), 64, "problems decoded at once"),
    Field(
        "engine",
        Word(("auto", "transformers", "ctranslate2", "vllm")),
        "auto",
        "what runs the student; `auto` is the fastest that fits",
    ),
    Field("headline", Strategies(many=False), None, "the answer that the table shows; else the last that is no oracle"),
    Field("published", Figures(), None, "a paper's figures in percent, by `student.mix.data`"),
)
"""Beside these: `vary NAME = [values]`, once for each param that is swept."""

FIELDS: Final[dict[str, tuple[Field, ...]]] = {
    "data": DATA,
    "teacher": TEACHER,
    "thought": THOUGHT,
    "mix": MIX,
    "student": STUDENT,
    "experiment": EXPERIMENT,
}
"""Keyword of a block -> its rows."""

SETTINGS: Final[dict[str, type[Settings]]] = {
    "data": contract.DataSettings,
    "teacher": contract.TeacherSettings,
    "thought": contract.ThoughtSettings,
    "mix": contract.MixSettings,
    "student": contract.StudentSettings,
    "experiment": contract.ExperimentSettings,
}
"""Keyword of a block -> the settings that it makes."""

USUAL_SPLITS: Final = ("train", "dev", "test", "validation")
"""Never taken for a slip of another key."""

PARAM_TYPES: Final = ("int", "float", "str", "bool", "share", "time", "size", "money")

PARAM: Final = (
    Field("description", Text(empty=True), "", "for people", bears=False, placed=False),
    Field("least", Literal(), None, "no value is less", bears=False, placed=False),
    Field("most", Literal(), None, "no value is more", bears=False, placed=False),
    Field("choices", Literal(many=True), None, "the values that it may have", bears=False, placed=False),
)
"""What may stand in braces behind a param."""
