"""Verifier: a student that tells right thoughts from wrong ones, and writes none (arXiv 2110.14168).

A head on the student's states gives one logit where the thought has ended. Question and cue go where
a student reads them and the thought where it writes: an encoder-decoder that has learned to write
thoughts knows how the words of one hang on its question, and the head needs only to ask it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MethodType
from typing import Any

import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Example
from distill_dsl.contract.settings import StudentSettings
from distill_dsl.runtime.students.batches import Codec, Encoded, Encoding, padded
from distill_dsl.runtime.students.lessons import Batch, Lesson, fine_tuning
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.students.sides import Task, demand_some, distinct, on_device, parted, set_apart


@dataclass(frozen=True)
class Claim:
    """A thought that may be right or wrong."""

    question: str
    cue: str
    text: str


@dataclass(frozen=True)
class Limits:
    """Most tokens that a verifier reads."""

    question: int
    thought: int


@dataclass(frozen=True, kw_only=True)
class Marked(Encoded):
    """Token ids of a thought that is known to be right or wrong."""

    right: bool


def telling_task(
    pupil: Student,
    mix: str,
    right: Sequence[Example],
    wrong: Sequence[Example],
    settings: StudentSettings,
    *,
    seed: int,
) -> Task[Marked]:
    """The student with a head, both sides of a mix, and how they are told apart.

    A tenth of the problems is not learned from, but measures how well that is done.
    """
    judge = with_head(pupil)
    apart = set_apart((row.problem for row in [*right, *wrong]), seed)
    rights, wrongs = (parted(distinct(side), lambda row: row.problem, apart) for side in (right, wrong))
    limits = Limits(settings.max_question, settings.max_thought)
    learned, done = mark(judge.codec, rights[0], wrongs[0], limits)
    measured, _ = mark(judge.codec, rights[1], wrongs[1], limits)
    demand_some(learned, mix, settings)

    def figures() -> dict[str, float | int | None]:
        return {
            "right": sum(row.right for row in learned),
            "wrong": sum(not row.right for row in learned),
            "dev_right": sum(row.right for row in measured),
            "dev_wrong": sum(not row.right for row in measured),
            "auc": area(judge, measured, settings.batch),
        }

    lesson = telling_apart(judge, learned, smoothing=settings.label_smoothing)
    return Task(judge, done, learned, measured, lesson, figures)


def mark(
    codec: Codec, right: Sequence[Example], wrong: Sequence[Example], limits: Limits
) -> tuple[tuple[Marked, ...], Encoding]:
    """Right thoughts, then wrong ones, as token ids, and what had to be done to them: too long ones are left out."""
    kept: list[Marked] = []
    cut = left_out = altered = 0
    for row, is_right in [*((row, True) for row in right), *((row, False) for row in wrong)]:
        target = codec.target(row.text)
        if len(target) > limits.thought:
            left_out += 1
            continue
        source, shortened = codec.source(row.question, row.cue, limits.question)
        cut += shortened
        altered += codec.text(target) != row.text
        kept.append(Marked(source, target, row.thought, right=is_right))
    return tuple(kept), Encoding(tuple(kept), cut, left_out, altered)


# --- the model ------------------------------------------------------------------------------------


def with_head(student: Student) -> Student:
    """The student with one logit in place of a vocabulary; the weights of the head come from torch's seed."""
    config = copy.deepcopy(student.model.config)
    config.num_labels = 1
    # A causal classifier finds by it where a thought ends.
    config.pad_token_id = student.codec.pad
    try:
        kind = type(AutoModelForSequenceClassification.from_config(config))
    except ValueError as error:
        raise Failure(
            f"no verifier can be made of the architecture {config.model_type}: transformers has no classifier of it",
            where="params.yaml",
            help="choose another base for the student with `objective = verifier()`",
        ) from error
    weights = student.model.state_dict()
    model, found = kind.from_pretrained(None, config=config, state_dict=weights, output_loading_info=True)
    _demand_all(model, found["missing_keys"])
    # Not of a name `None`, which peft would look up on the hub.
    model.name_or_path = model.config.name_or_path = student.model.name_or_path
    return Student(reading_apart(model), student.tokenizer)


def _demand_all(model: PreTrainedModel, missing: set[str]) -> None:
    lost = sorted(name for name in missing if name.startswith(f"{model.base_model_prefix}."))
    if lost:
        raise Failure(
            f"the base of the verifier lacks weights that {type(model).__name__} needs, such as {lost[0]}",
            where="params.yaml",
            help="choose another base for the student with `objective = verifier()`",
        )


def is_verifier(folder: Path) -> bool:
    """Whether the model in a folder judges thoughts and writes none."""
    kinds = AutoConfig.from_pretrained(folder).architectures or [""]
    return str(kinds[0]).endswith("ForSequenceClassification")


def trained_verifier(folder: Path) -> Student:
    """The verifier that a train stage left in the folder, on a GPU where there is one."""
    if not folder.is_dir():
        raise Failure(f"{folder} does not exist", where=str(folder), help="run the train stage first")
    if not is_verifier(folder):
        raise Failure(
            f"{folder} holds a student that writes thoughts, no verifier",
            where=str(folder),
            help="name a student with `objective = verifier()` in `ranked(..., by: ...)`",
        )
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    if torch.cuda.is_available():
        torch.nn.Module.cuda(model)
    return Student(reading_apart(model), AutoTokenizer.from_pretrained(folder))


def reading_apart(model: PreTrainedModel) -> PreTrainedModel:
    """The classifier itself; of an encoder-decoder, the encoder then reads the question, the decoder the thought.

    As transformers has it, both read the whole text. Then the decoder, which has learned to ask an encoded
    question, meets its own words there: it has to learn anew what it knew.
    """
    if model.config.is_encoder_decoder:
        setattr(model, "forward", MethodType(_read_apart, model))  # noqa: B010  # a method is no attribute to mypy
    return model


def _read_apart(
    model: Any,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    decoder_input_ids: torch.Tensor,
    ends: torch.Tensor,
) -> SequenceClassifierOutput:
    """As `forward`: sources (B, S), thoughts (B, T) and the places of their ends (B,) -> logits (B, 1)."""
    states = model.base_model(
        input_ids=input_ids, attention_mask=attention_mask, decoder_input_ids=decoder_input_ids, use_cache=False
    )[0]  # (B, T, width)
    rows = torch.arange(len(ends), device=ends.device)
    return SequenceClassifierOutput(logits=model.classification_head(states[rows, ends]))


# --- learning and judging -------------------------------------------------------------------------


def telling_apart(student: Student, rows: Sequence[Marked], *, smoothing: float = 0.0) -> Lesson[Marked]:
    """Binary cross-entropy, in which right and wrong thoughts count as much in all, however many there are.

    `rows` are those learned from. `smoothing` draws what is to be told from 0 and 1 towards a half.
    """
    right = sum(row.right for row in rows)
    shares = torch.tensor([len(rows) / (2 * (len(rows) - right)), len(rows) / (2 * right)])  # wrong, right

    def collate(rows: Sequence[Marked]) -> Batch:
        return {
            "inputs": inputs(student, [(row.source, row.target) for row in rows]),
            "right": torch.tensor([float(row.right) for row in rows]),  # (B,)
            "shares": shares[[int(row.right) for row in rows]],  # (B,)
        }

    def loss(model: Any, batch: Batch, smoothing: float = smoothing) -> torch.Tensor:
        logits = model(**batch["inputs"]).logits[:, 0].float()
        told = batch["right"] * (1 - smoothing) + smoothing / 2
        return functional.binary_cross_entropy_with_logits(logits, told, weight=batch["shares"], reduction="sum")

    writing = fine_tuning(student)
    return Lesson(
        collate,
        loss,
        units=lambda batch: torch.tensor(len(batch["right"])),
        dev_loss=lambda model, batch: loss(model, batch, 0.0),
        tokens=writing.tokens,
        space=writing.space,
    )


def inputs(student: Student, rows: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> Batch:
    """What a verifier is called with: sources and targets as tensors, padded to the longest."""
    codec = student.codec
    if codec.causal:
        whole = [source + target for source, target in rows]
        return {"input_ids": padded(whole, codec.pad), "attention_mask": _mask(whole)}  # (B, S + T)
    start = student.model.config.decoder_start_token_id
    written = [(codec.pad if start is None else int(start), *target) for _, target in rows]
    sources = [source for source, _ in rows]
    return {
        "input_ids": padded(sources, codec.pad),  # (B, S)
        "attention_mask": _mask(sources),  # (B, S)
        # Without a mask: the decoder looks back only, and what fills rows up comes after their ends.
        "decoder_input_ids": padded(written, codec.pad),  # (B, T + 1)
        "ends": torch.tensor([len(row) - 1 for row in written]),  # (B,)
    }


def _mask(rows: Sequence[Sequence[int]]) -> torch.Tensor:
    return padded([(1,) * len(row) for row in rows], 0)


@torch.inference_mode()
def probabilities(student: Student, rows: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[float]:
    """Of each thought, the probability that it is right, were as many right as wrong; one batch."""
    model = student.model
    model.train(False)
    logits = model(**on_device(inputs(student, rows), model.device)).logits[:, 0]
    # In double precision: what is nearly sure is still told apart.
    found: list[float] = logits.double().sigmoid().tolist()
    return found


def scores(student: Student, claims: Sequence[Claim], limits: Limits) -> list[float]:
    """The probability that each claim is right, in order; one batch."""
    return probabilities(student, [_ids(student.codec, claim, limits) for claim in claims])


def batches(student: Student, claims: Sequence[Claim], limits: Limits, size: int) -> list[list[Claim]]:
    """The claims in batches of about one length, in an order of their own."""
    lengths = {claim: sum(map(len, _ids(student.codec, claim, limits))) for claim in claims}
    order = sorted(claims, key=lambda claim: (lengths[claim], claim.question, claim.cue, claim.text))
    return [order[start : start + size] for start in range(0, len(order), size)]


def _ids(codec: Codec, claim: Claim, limits: Limits) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Source and target; of a thought that is too long the beginning is read, and that it ends."""
    source, _ = codec.source(claim.question, claim.cue, limits.question)
    target = codec.target(claim.text)
    return source, target if len(target) <= limits.thought else (*target[: limits.thought - 1], codec.end)


def area(student: Student, rows: Sequence[Marked], size: int) -> float | None:
    """The chance that a right thought of the rows is held likelier than a wrong one (AUC); None without both."""
    if len({row.right for row in rows}) < 2:
        return None
    from sklearn.metrics import roc_auc_score

    order = sorted(range(len(rows)), key=lambda place: rows[place].length)
    found = [0.0] * len(rows)
    for start in range(0, len(order), size):
        places = order[start : start + size]
        for place, value in zip(
            places, probabilities(student, [(rows[i].source, rows[i].target) for i in places]), strict=True
        ):
            found[place] = value
    return float(roc_auc_score([row.right for row in rows], found))
