"""One literal table a block: its keys, their types, defaults and meaning, and the calls they take.

The checker, did-you-mean and the reference (docs/language.md) all read these rows; a test holds the
defaults against the settings of the contract.
"""

from __future__ import annotations

from typing import Final

from distill_dsl.compiler.model.types import (
    REQUIRED,
    Argument,
    Bytes,
    Call,
    ColumnNames,
    Dollars,
    Field,
    Figures,
    FilePath,
    Flag,
    Literal,
    Member,
    Names,
    OneOf,
    Range,
    Real,
    Rest,
    Seconds,
    Secret,
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
from distill_dsl.contract.vocabulary import TOLERANCE, AnswerKind

# --- calls --------------------------------------------------------------------------------------

_SIZES: Final = Rest("sizes", "split", Whole(), "how many problems the split has")

SOURCES: Final = (
    Call(
        "hf",
        contract.HfSource,
        "a data set of the Hugging Face hub, or of its local cache",
        (
            Argument("name", FilePath(hub=True), REQUIRED, "such as `openai/gsm8k`", positional=True),
            Argument("config", Text(), None, "the configuration, where it has several"),
            Argument("revision", Text(), None, "commit, tag or branch of the data set"),
        ),
    ),
    Call(
        "file",
        contract.FileSource,
        "local files: JSONL, JSON, CSV, TSV (each also `.gz`) or Parquet;"
        " one path serves the one split that the spec names",
        (Argument("path", FilePath(), None, "the one file", positional=True, into="splits.*"),),
        Rest("splits", "split", FilePath(), "path of the split's file"),
    ),
    Call(
        "synthetic",
        contract.SyntheticSource,
        "word problems made here, each with the steps and equations that make it",
        (
            Argument("generator", Text(("arithmetic",)), "arithmetic", "which generator", positional=True),
            Argument("seed", Whole(0), 1, "other seeds give other problems"),
            Argument("largest", Whole(), 100, "no number of a problem exceeds it"),
            Argument("families", Texts(), (), "families to draw from; empty is all, and a wrong name lists them"),
            Argument("held_out", Texts(), (), "families that only the split `test` has"),
            Argument("steps", Range(), (1, 5), "fewest and most steps"),
        ),
        _SIZES,
    ),
    Call(
        "reasoning_gym",
        contract.ReasoningGymSource,
        "a task of the package `reasoning_gym`",
        (
            Argument("task", Text(), REQUIRED, "such as `gsm_symbolic`", positional=True),
            Argument("seed", Whole(0), 1, "other seeds give other problems"),
        ),
        _SIZES,
    ),
)

AFTER: Final = (
    Call(
        "after",
        None,
        "what follows a mark; what stands before it is the rationale",
        (Argument("mark", Text(), REQUIRED, "such as `####`", positional=True),),
    ),
)

_SAMPLES: Final = Argument("samples", Whole(), None, "only the first so many samples of each thought")

TEACHERS: Final = (
    Call(
        "openai",
        contract.OpenaiTeacher,
        "any server that speaks OpenAI's protocol",
        (
            Argument("model", Text(), REQUIRED, "the model's name there", positional=True),
            Argument("base_url", Text(environment=True), None, "the server's address"),
            Argument("key", Secret(), None, 'the key: `env("NAME")`, never the key itself', into="key_env"),
            Argument("key_env", Text(), "OPENAI_API_KEY", "environment variable with the key"),
        ),
    ),
    Call(
        "transformers",
        contract.TransformersTeacher,
        "a local model",
        (Argument("model", Text(), REQUIRED, "hub name or folder", positional=True),),
    ),
    Call(
        "gold",
        contract.GoldTeacher,
        "writes prose from the data set alone, as usual fine-tuning learns it: what distillation is compared with",
        (Argument("write", Word(("rationale", "answer")), "rationale", "the worked solution, or the bare answer"),),
    ),
    Call(
        "trained",
        contract.TrainedTeacher,
        "a student of this spec, after its training: what it gets right can be learned in a next round",
        (
            Argument("student", Names("student"), REQUIRED, "who answers", positional=True),
            Argument("mix", Names("mix"), REQUIRED, "what it was trained on"),
            Argument("seed", Whole(0), 1, "which of its trainings"),
        ),
    ),
    Call(
        "recorded",
        contract.RecordedTeacher,
        "completions somebody already has, in tables like those of `file`;"
        " a row belongs to the problem of its id, else to that of its `question`",
        (
            Argument(
                "path",
                FilePath(),
                None,
                "one file for every thought, told apart by a column `kind`",
                positional=True,
                into="files.*",
            ),
            Argument("text", Text(), "text", "column of the completion"),
            Argument("problem", Text(), "id", "column of the problem's id"),
        ),
        Rest("files", "thought", FilePath(), "file of the thought's completions"),
    ),
    Call(
        "solution",
        contract.SolutionTeacher,
        "writes every format from the problem's own equations, or from the calculations in its gold rationale",
    ),
)

EXEMPLARS: Final = (
    Call(
        "file",
        contract.Exemplars,
        "worked examples to show the teacher",
        (
            Argument("file", FilePath(), REQUIRED, "JSONL: `question`, and one text a thought", positional=True),
            Argument("pick", Whole(), 8, "how many of them"),
        ),
    ),
)

BASES: Final = (
    Call(
        "hf",
        contract.HfBase,
        "a pre-trained model",
        (
            Argument("name", FilePath(hub=True), REQUIRED, "hub name, or a folder: `./models/mine`", positional=True),
            Argument("revision", Text(), None, "commit, tag or branch of the model"),
        ),
    ),
    Call(
        "scratch",
        contract.ScratchBase,
        "a small untrained model, with a tokenizer made from the mix",
        (
            Argument("architecture", Text(("t5", "llama")), "t5", "encoder-decoder or causal", positional=True),
            Argument("width", Whole(), 96, "size of the hidden states"),
            Argument("layers", Whole(), 2, "layers (of each side, for t5)"),
            Argument("heads", Whole(), 4, "attention heads"),
            Argument("vocabulary", Whole(), 2000, "most tokens of the tokenizer"),
            Argument("digits", Word(("split", "whole")), "split", "a token a digit, or a token a number"),
        ),
    ),
    Call(
        "trained",
        contract.TrainedBase,
        "another student of this spec, after its training with the same seed",
        (
            Argument("student", Names("student"), REQUIRED, "which", positional=True),
            Argument("mix", Names("mix"), None, "what it was trained on; else the mix of this training"),
        ),
    ),
)

OBJECTIVES: Final = (
    Call(
        "weighted",
        contract.Weighted,
        "fine-tuning in which each format's loss has a weight: `weighted(pot: 2)`",
        (),
        Rest("thoughts", "thought", Real(above=0.0), "weight of the thought's loss; 1 where none is given"),
    ),
    Call(
        "preference",
        contract.Preference,
        "prefers the mix's right thoughts to its wrong ones (DPO)",
        (
            Argument("beta", Real(above=0.0), 0.1, "how closely it is held to where it starts"),
            Argument("supervised", Real(least=0.0), 0.0, "weight of the plain loss on right thoughts beside it"),
        ),
    ),
    Call(
        "verifier",
        contract.Verifier,
        "learns to tell the mix's right thoughts from its wrong ones, for `ranked(...)`; it writes none",
    ),
)

ADAPTERS: Final = (
    Call(
        "lora",
        contract.Lora,
        "low-rank adapters, merged into the weights when training ends",
        (
            Argument("rank", Whole(), 8, "of each adapter"),
            Argument("alpha", Real(above=0.0), 16.0, "the update is scaled by `alpha / rank`"),
            Argument("dropout", Share(), 0.0, "of the adapters"),
            Argument("targets", Texts(), (), "names of the layers to adapt; empty is all linear ones"),
        ),
    ),
)

STRATEGIES: Final = (
    Call(
        "vote",
        contract.Vote,
        "the most frequent answer; members may be weighted: `vote(2*pot, eot)`",
        (
            Argument("ties", Member(), None, "who decides a tie; else the first member"),
            _SAMPLES,
            Argument(
                "by",
                Word(("count", "confidence")),
                "count",
                "one vote a thought, or as much as its probability to be right says",
            ),
        ),
        members=Member(weighted=True),
    ),
    Call(
        "confident",
        contract.Confident,
        "the answer with the highest mean log-probability",
        (
            _SAMPLES,
            Argument("calibrated", Flag(), False, "by probabilities that are learned on what the mix holds out"),
        ),
        members=Member(),
    ),
    Call(
        "ranked",
        contract.Ranked,
        "the answer that a trained verifier scores highest",
        (
            Argument("by", Names("student"), REQUIRED, "a student with `objective = verifier()`"),
            Argument("on", Names("mix"), REQUIRED, "what it was trained on"),
            _SAMPLES,
            Argument("vote", Flag(), False, "add up the scores of equal answers"),
        ),
        members=Member(),
    ),
    Call(
        "adaptive",
        contract.Adaptive,
        "the first samples where they agree, else a vote of all samples: more is asked only where it pays",
        (Argument("ties", Member(), None, "who decides a tie; else the first member"),),
        members=Member(),
    ),
    Call("oracle", contract.Oracle, "right if any member is: an upper bound", members=Member()),
)

# --- blocks -------------------------------------------------------------------------------------

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
)
"""Any other key of a data block names a split that joins others: `test = train + test`."""

TEACHER: Final = (
    _DESCRIPTION,
    Field("model", OneOf(TEACHERS), REQUIRED, "who answers"),
    Field("temperature", Real(least=0.0), 0.0, "0 takes the likeliest token"),
    Field("samples", Whole(), 1, "completions a problem and format"),
    Field("max_tokens", Whole(), 512, "most tokens of a completion"),
    Field("seed", Whole(0), 1, "for drawing completions and exemplars"),
    Field("exemplars", OneOf(EXEMPLARS), None, "worked examples in the prompt"),
    Field("budget", Dollars(), None, "stop asking when this is spent", bears=False, placed=False),
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

SETTINGS: Final[dict[str, type[contract.Settings]]] = {
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
