"""The calls that keys take, a row each: `hf(...)`, `openai(...)`, `scratch(...)`, `vote(...)`."""

from __future__ import annotations

from typing import Final

from distill_dsl.compiler.model.types import (
    REQUIRED,
    Argument,
    Call,
    Dollars,
    FilePath,
    Flag,
    Member,
    Names,
    Options,
    Range,
    Real,
    Rest,
    Secret,
    Share,
    Text,
    Texts,
    Whole,
    Wholes,
    Word,
)
from distill_dsl.contract import settings as contract
from distill_dsl.contract import strategies

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
            Argument("options", Options(), {}, "of the task itself, by its own names: `{ difficulty: 0.5 }`"),
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
            Argument("logprobs", Flag(), False, "keep the log-probability of each token"),
        ),
    ),
    Call(
        "transformers",
        contract.TransformersTeacher,
        "a local model, asked here",
        (
            Argument(
                "model",
                FilePath(hub=True),
                REQUIRED,
                "hub name, a folder `./models/mine`, or a file of weights `./mine.gguf`",
                positional=True,
            ),
            Argument("revision", Text(), None, "commit, tag or branch of the model"),
            Argument("precision", Word(("auto", "float32", "bfloat16")), "auto", "of the weights"),
            Argument("engine", Word(("transformers", "vllm")), "transformers", "what runs it"),
        ),
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
            Argument(
                "dataset",
                FilePath(hub=True),
                None,
                "in place of files, a data set of the Hugging Face hub (or its local cache)",
                instead=True,
            ),
            Argument("config", Text(), None, "the data set's configuration, where it has several"),
            Argument("split", Text(), "train", "the data set's split"),
            Argument("revision", Text(), None, "commit, tag or branch of the data set"),
            Argument("text", Text(), "text", "column of the completion, or of a list of them"),
            Argument("problem", Text(), "id", "column of the problem's id"),
            Argument("question", Text(), "question", "column of the problem's question"),
            Argument("kind", Text(), "kind", "column that says of which thought a row is", into="kind_column"),
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
            Argument("pick", Whole(), None, "how many of them; else 8, or all `rows`"),
            Argument(
                "by",
                Word(("order", "random", "nearest", "diverse")),
                "order",
                "the first ones, drawn ones, those most like the problem, or those that cover the file best",
            ),
            Argument("rows", Wholes(1), (), "pick among these rows of the file only, counted from 1"),
            Argument("seed", Whole(0), 1, "for `random`, and for where `diverse` starts"),
        ),
    ),
)

PRICES: Final = (
    Call(
        "per_million",
        contract.PerMillion,
        "US dollars for a million tokens: `per_million(input: 0.15USD, output: 0.6USD)`",
        (
            Argument("input", Dollars(), REQUIRED, "of the prompt"),
            Argument("output", Dollars(), REQUIRED, "of the completion"),
            Argument("cached", Dollars(), None, "of the part of the prompt that the server has cached"),
        ),
    ),
    Call("free", contract.FreePrice, "nobody is charged: a server of your own"),
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
        strategies.Vote,
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
        strategies.Confident,
        "the answer with the highest mean log-probability",
        (
            _SAMPLES,
            Argument("calibrated", Flag(), False, "by probabilities that are learned on what the mix holds out"),
        ),
        members=Member(),
    ),
    Call(
        "ranked",
        strategies.Ranked,
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
        strategies.Adaptive,
        "the first samples where they agree, else a vote of all samples: more is asked only where it pays",
        (Argument("ties", Member(), None, "who decides a tie; else the first member"),),
        members=Member(),
    ),
    Call("oracle", strategies.Oracle, "right if any member is: an upper bound", members=Member()),
)

CALLS: Final = (
    *SOURCES,
    *AFTER,
    *TEACHERS,
    *EXEMPLARS,
    *PRICES,
    *BASES,
    *OBJECTIVES,
    *ADAPTERS,
    *STRATEGIES,
)
"""All of them, in the order of the walk."""
