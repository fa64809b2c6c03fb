"""Preference: a student learns to write a mix's right thoughts rather than its wrong ones.

Direct preference optimisation (arXiv 2305.18290, equation 7): of two thoughts of one problem in one
format, the right one is to gain more over the student as it starts than the wrong one does. How the
two stand at the start is computed once, before the training, so that no second model is held.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import torch
from torch.nn import functional

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Example
from distill_dsl.contract.settings import Preference, StudentSettings
from distill_dsl.runtime.students.batches import Codec, Encoded, Encoding
from distill_dsl.runtime.students.lessons import Batch, Lesson, fine_tuning, logits_at
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.students.sides import Task, demand_some, distinct, on_device, parted, set_apart

LEADS: Final = "leads.json"
"""Beside the checkpoints: how the pairs stood before the training."""


@dataclass(frozen=True, kw_only=True)
class Pair(Encoded):
    """Token ids of a right thought (`target`) and a wrong one of the same problem in the same format."""

    wrong: tuple[int, ...]
    lead: float = 0.0
    """By how much the right thought is the likelier before the training: nats, over the whole thought."""

    @property
    def length(self) -> int:
        """Tokens in all; the source is read with each of the two."""
        return 2 * len(self.source) + len(self.target) + len(self.wrong)


@dataclass(frozen=True)
class Rewards:
    """How a student stands to pairs, compared with how it started (arXiv 2305.18290, section 5)."""

    accuracy: float
    """Share of the pairs whose right thought has gained more than the wrong one."""
    margin: float
    """Mean of by how much more, times beta."""


def preferring_task(
    pupil: Student,
    mix: str,
    right: Sequence[Example],
    wrong: Sequence[Example],
    settings: StudentSettings,
    how: Preference,
    *,
    seed: int,
    checkpoints: Path,
) -> Task[Pair]:
    """The pairs of a mix, and how they are learned; a tenth of their problems measures what is learned."""
    pairs = pairs_of(right, wrong, seed)
    if not pairs:
        raise Failure(
            f"the mix {mix} holds no pair: no problem has a right and a wrong thought of one format",
            where=str(files.mix_file(mix, "wrong")),
            help="let a trained teacher write several samples a problem, and mix it with one that is right",
        )
    if settings.dropout is None:
        # Two runs of one thought must not differ by chance: their difference is what is learned from.
        still(pupil)
    parts = parted(pairs, lambda pair: pair[0].problem, set_apart((one.problem for one, _ in pairs), seed))
    limits = {"max_question": settings.max_question, "max_thought": settings.max_thought}
    (learned, done), (measured, _) = (encode_pairs(pupil.codec, part, **limits) for part in parts)
    demand_some(learned, mix, settings)
    led = with_leads(pupil, [*learned, *measured], settings.batch, checkpoints / LEADS)
    learned, measured = led[: len(learned)], led[len(learned) :]

    def figures() -> dict[str, float | int | None]:
        found = rewards(pupil, measured, how.beta, settings.batch)
        return {
            "pairs": len(learned),
            "dev_pairs": len(measured),
            "reward_accuracy": found.accuracy if found else None,
            "reward_margin": found.margin if found else None,
        }

    lesson = preferring(pupil, how, smoothing=settings.label_smoothing)
    return Task(pupil, done, learned, measured, lesson, figures)


def still(pupil: Student) -> None:
    """Take the dropout out of the student as it runs; its configuration stays."""
    for module in pupil.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0


def pairs_of(right: Sequence[Example], wrong: Sequence[Example], seed: int) -> list[tuple[Example, Example]]:
    """A right and a wrong thought each, of one problem and format; none stands in two pairs.

    Where a side has more of them, a seeded choice of it is taken.
    """
    winners: dict[tuple[str, str], list[Example]] = defaultdict(list)
    losers: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for sides, rows in ((winners, right), (losers, wrong)):
        for row in distinct(rows):
            sides[row.problem, row.thought].append(row)
    pairs: list[tuple[Example, Example]] = []
    for key, chosen in winners.items():
        draw = random.Random(f"{seed}:pairs:{key[0]}:{key[1]}")
        count = min(len(chosen), len(losers[key]))
        pairs.extend(zip(draw.sample(chosen, count), draw.sample(losers[key], count), strict=True))
    return pairs


def encode_pairs(
    codec: Codec, pairs: Sequence[tuple[Example, Example]], *, max_question: int, max_thought: int
) -> tuple[tuple[Pair, ...], Encoding]:
    """The pairs as token ids, in order, and what had to be done to them: one with a too long thought is left out."""
    kept: list[Pair] = []
    cut = left_out = altered = 0
    for right, wrong in pairs:
        target, other = codec.target(right.text), codec.target(wrong.text)
        if max(len(target), len(other)) > max_thought:
            left_out += 1
            continue
        source, shortened = codec.source(right.question, right.cue, max_question)
        cut += shortened
        altered += (codec.text(target) != right.text) + (codec.text(other) != wrong.text)
        kept.append(Pair(source, target, right.thought, wrong=other))
    return tuple(kept), Encoding(tuple(kept), cut, left_out, altered)


def preferring(student: Student, how: Preference, *, smoothing: float = 0.0) -> Lesson[Pair]:
    """What is learned from pairs; each counts once, whatever its length.

    `smoothing` is the share of pairs taken to be the wrong way round ("conservative" DPO). The plain loss of
    the right thought, where it is asked for, is a mean over its tokens (arXiv 2404.19733, equation 1).
    """
    writing = fine_tuning(student)

    def collate(pairs: Sequence[Pair]) -> Batch:
        rows = _apart(pairs)
        counts = torch.tensor([len(row.target) for row in rows])
        owner = torch.repeat_interleave(torch.arange(len(rows)), counts)  # (N,): the row of each target token
        lead = torch.tensor([pair.lead for pair in pairs])  # (B,)
        return writing.collate(rows) | {"owner": owner, "counts": counts, "lead": lead}

    def loss(model: Any, batch: Batch, smoothing: float = smoothing) -> torch.Tensor:
        right, wrong = likelihoods(model, student, batch).chunk(2)  # (B,) each
        margins = how.beta * (right - wrong - batch["lead"])
        taken, turned = functional.logsigmoid(margins), functional.logsigmoid(-margins)
        losses = -(1 - smoothing) * taken - smoothing * turned
        if how.supervised:
            losses = losses - how.supervised * right / batch["counts"].chunk(2)[0]
        return losses.sum()

    return Lesson(
        collate,
        loss,
        units=lambda batch: torch.tensor(len(batch["lead"])),
        dev_loss=lambda model, batch: loss(model, batch, 0.0),
        tokens=lambda pairs: writing.tokens(_apart(pairs)),
        space=lambda pairs: writing.space(_apart(pairs)),
    )


def _apart(pairs: Sequence[Pair]) -> list[Encoded]:
    """The right thoughts of all pairs, then the wrong ones."""
    return [Encoded(pair.source, pair.target, pair.thought) for pair in pairs] + [
        Encoded(pair.source, pair.wrong, pair.thought) for pair in pairs
    ]


def likelihoods(model: Any, student: Student, batch: Batch) -> torch.Tensor:
    """The log-probability of each row's thought, its end mark included: (2B,), in nats."""
    logits = logits_at(model, student, batch).float()  # (N, vocabulary)
    tokens = -functional.cross_entropy(logits, batch["targets"], reduction="none")  # (N,)
    return torch.zeros(len(batch["counts"]), device=tokens.device).index_add(0, batch["owner"], tokens)


def with_leads(student: Student, pairs: Sequence[Pair], size: int, kept: Path) -> tuple[Pair, ...]:
    """The pairs with how they stand before the training; read from `kept`, where an earlier start left them."""
    if kept.is_file():
        leads = msgspec.json.decode(kept.read_bytes(), type=list[float])
    else:
        leads = leads_of(student, pairs, size)
        with files.atomic(kept, "wb") as stream:
            stream.write(msgspec.json.encode(leads))
    return tuple(replace(pair, lead=lead) for pair, lead in zip(pairs, leads, strict=True))


@torch.inference_mode()
def leads_of(student: Student, pairs: Sequence[Pair], size: int) -> list[float]:
    """How much likelier the student holds each right thought than the wrong one, in nats; `size` pairs at once."""
    model, lesson = student.model, preferring(student, Preference())
    trains = model.training
    model.train(False)
    leads = [0.0] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda place: pairs[place].length)
    for start in range(0, len(order), size):
        places = order[start : start + size]
        batch = on_device(lesson.collate([pairs[place] for place in places]), model.device)
        right, wrong = likelihoods(model, student, batch).chunk(2)
        for place, lead in zip(places, (right - wrong).tolist(), strict=True):
            leads[place] = lead
    model.train(trains)
    return leads


def rewards(student: Student, pairs: Sequence[Pair], beta: float, size: int) -> Rewards | None:
    """How the student stands to pairs now; None where there are none."""
    if not pairs:
        return None
    gains = [now - pair.lead for now, pair in zip(leads_of(student, pairs, size), pairs, strict=True)]
    return Rewards(sum(gain > 0 for gain in gains) / len(gains), beta * sum(gains) / len(gains))
