from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from contrasts import both_sides
from hypothesis import given
from hypothesis import strategies as st
from pupils import CUES, student

from distill_dsl.contract.records import Example
from distill_dsl.contract.settings import Preference
from distill_dsl.runtime.students import preference
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.students.preference import Pair, encode_pairs, pairs_of, preferring


def row(problem: int, thought: str, text: str) -> Example:
    return Example(problem=f"p{problem}", thought=thought, question="How many?", cue=CUES[thought], text=text)


ROWS = st.lists(st.builds(row, st.integers(0, 3), st.sampled_from(sorted(CUES)), st.text("ab", max_size=2)))


@given(ROWS, ROWS, st.integers(0, 3))
def test_pairs_join_one_problem_and_format_and_use_no_thought_twice(
    right: list[Example], wrong: list[Example], seed: int
) -> None:
    pairs = pairs_of(right, wrong, seed)
    assert pairs == pairs_of(right, wrong, seed)
    assert all((one.problem, one.thought) == (other.problem, other.thought) for one, other in pairs)
    assert len(set(pairs)) == len({one for one, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)
    for problem in range(4):
        for thought in CUES:
            key = (f"p{problem}", thought)
            sides = [{each.text for each in side if (each.problem, each.thought) == key} for side in (right, wrong)]
            assert sum((one.problem, one.thought) == key for one, _ in pairs) == min(map(len, sides))


def test_which_of_many_wrong_thoughts_is_taken_hangs_on_the_seed() -> None:
    wrong = [row(1, "pot", f"ans = {n}") for n in range(50)]
    taken = {pairs_of([row(1, "pot", "ans = 3")], wrong, seed)[0][1].text for seed in range(10)}
    assert len(taken) > 3


def test_a_pair_with_a_thought_that_is_too_long_is_left_out_and_what_is_changed_is_counted() -> None:
    pairs = pairs_of(*both_sides(2), 1)
    longer = [(pairs[0][0], msgspec.structs.replace(pairs[0][1], text="pens " * 90)), *pairs[1:]]
    codec = student().codec
    kept, done = encode_pairs(codec, longer, max_question=20, max_thought=60)
    assert (len(kept), done.left_out, done.cut_inputs, done.altered) == (3, 1, 3, 0)
    assert all(len(pair.source) <= 20 for pair in kept)
    assert [codec.text(pair.wrong) for pair in kept] == [wrong.text for _, wrong in pairs[1:]]


def encoded(pupil: Student, problems: int = 6) -> tuple[Pair, ...]:
    pairs = pairs_of(*both_sides(problems), 1)
    return encode_pairs(pupil.codec, pairs, max_question=100, max_thought=100)[0]


def with_other_leads(pupil: Student, architecture: str) -> list[Pair]:
    """Pairs as another student would see them, so that nothing cancels out."""
    pairs = encoded(pupil)
    leads = preference.leads_of(student(architecture, seed=2), pairs, 4)
    return [replace(pair, lead=lead) for pair, lead in zip(pairs, leads, strict=True)]


@pytest.mark.parametrize("architecture", ["t5", "llama"])
def test_a_thoughts_likelihood_is_the_sum_over_its_tokens_whatever_its_neighbours(architecture: str) -> None:
    pupil = student(architecture)
    pairs = encoded(pupil)
    leads = preference.leads_of(pupil, pairs, 5)
    for pair, lead in zip(pairs, leads, strict=True):
        right, wrong = (by_hand(pupil, pair.source, ids) for ids in (pair.target, pair.wrong))
        assert lead == pytest.approx(right - wrong, abs=1e-4)


@torch.no_grad()
def by_hand(pupil: Student, source: tuple[int, ...], target: tuple[int, ...]) -> float:
    model: Any = pupil.model.eval()
    labels = torch.tensor([target])
    if pupil.causal:
        logits = model(torch.tensor([source + target])).logits[:, len(source) - 1 : -1]
    else:
        logits = model(torch.tensor([source]), labels=labels).logits
    return float(logits.log_softmax(-1).gather(2, labels[:, :, None]).sum())


@pytest.mark.filterwarnings("ignore::FutureWarning")  # within trl and transformers, about their own options
@pytest.mark.parametrize("supervised", [0.0, 0.5])
def test_the_loss_is_the_one_of_trl(supervised: float, tmp_path: Path) -> None:
    trl = pytest.importorskip("trl")
    from datasets import Dataset
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    pupil = student("llama")
    pairs = with_other_leads(pupil, "llama")
    # trl's plain loss is a mean over all tokens of a batch, ours over each thought's: of one pair, the same.
    batches = [[pair] for pair in pairs] if supervised else [pairs]
    trainer = trl.DPOTrainer(
        student("llama").model,
        ref_model=student("llama", seed=2).model,
        args=trl.DPOConfig(
            output_dir=str(tmp_path),
            beta=0.3,
            loss_type=["sigmoid", "sft"],
            loss_weights=[1.0, supervised],
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            report_to="none",
        ),
        train_dataset=Dataset.from_list([{"prompt": "a", "chosen": "b", "rejected": "c"}]),
        processing_class=pupil.tokenizer,
    )
    collate = DataCollatorForPreference(pad_token_id=pupil.codec.pad)
    lesson = preferring(pupil, Preference(beta=0.3, supervised=supervised))
    for batch in batches:
        rows = [{"prompt_ids": [*p.source], "chosen_ids": [*p.target], "rejected_ids": [*p.wrong]} for p in batch]
        theirs = trainer.compute_loss(trainer.model, collate(rows)).item()
        ours = lesson.loss(pupil.model, lesson.collate(batch)).item() / len(batch)
        assert ours == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize("architecture", ["t5", "llama"])
def test_before_the_training_no_thought_is_ahead(architecture: str) -> None:
    pupil = student(architecture)
    pairs = encoded(pupil)
    led = [replace(pair, lead=lead) for pair, lead in zip(pairs, preference.leads_of(pupil, pairs, 4), strict=True)]
    lesson = preferring(pupil, Preference(beta=0.5))
    batch = lesson.collate(led)
    assert lesson.loss(pupil.model, batch).item() == pytest.approx(len(led) * math.log(2), rel=1e-4)
    assert lesson.units(batch) == len(led)
    found = preference.rewards(pupil, led, 0.5, 4)
    assert found is not None
    assert abs(found.margin) < 1e-4


def test_smoothing_takes_a_share_of_the_pairs_the_other_way_round() -> None:
    pupil = student()
    pairs = with_other_leads(pupil, "t5")
    how = Preference(beta=0.3)
    lesson = preferring(pupil, how, smoothing=0.5)
    turned = [replace(p, target=p.wrong, wrong=p.target, lead=-p.lead) for p in pairs]
    straight, crossed = (lesson.loss(pupil.model, lesson.collate(rows)).item() for rows in (pairs, turned))
    assert straight == pytest.approx(crossed, rel=1e-5)
    plain = preferring(pupil, how)
    assert lesson.dev_loss(pupil.model, lesson.collate(pairs)) == plain.loss(pupil.model, plain.collate(pairs))


def test_how_pairs_stand_at_the_start_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pupil = student()
    first = preference.with_leads(pupil, encoded(pupil), 4, tmp_path / "leads.json")
    monkeypatch.delattr(preference, "leads_of")
    assert preference.with_leads(pupil, encoded(pupil), 4, tmp_path / "leads.json") == first
    assert len({pair.lead for pair in first}) > 1
