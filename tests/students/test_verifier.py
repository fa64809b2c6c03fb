from __future__ import annotations

import random
import re
from pathlib import Path

import msgspec
import pytest
import torch
from contrasts import both_sides
from pupils import settings, student, texts_of, tiny
from transformers import AutoModelForSequenceClassification, set_seed

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import Lora
from distill_dsl.runtime.students import training, verifier
from distill_dsl.runtime.students.models import Student, scratch_student
from distill_dsl.runtime.students.verifier import Claim, Limits, Marked, telling_apart, telling_task, with_head

LIMITS = Limits(100, 100)
BOTH = pytest.mark.parametrize("architecture", ["t5", "llama"])


def claims() -> list[Claim]:
    return [Claim(row.question, row.cue, row.text) for side in both_sides(6) for row in side]


def judge(architecture: str, seed: int = 1) -> Student:
    pupil = student(architecture)
    set_seed(seed)
    return with_head(pupil)


def saved(pupil: Student, folder: Path) -> Path:
    pupil.model.save_pretrained(folder)
    pupil.tokenizer.save_pretrained(folder)
    return folder


@BOTH
def test_a_head_keeps_what_its_student_knows_and_is_drawn_from_the_seed(architecture: str) -> None:
    pupil = student(architecture)
    before = pupil.model.state_dict()
    one, same, other = judge(architecture), judge(architecture), judge(architecture, seed=2)
    kept = one.model.base_model.state_dict()
    assert all(torch.equal(kept[name], before[name if name in before else f"model.{name}"]) for name in kept), (
        "the body is the student's"
    )
    heads = [scores_of(each) for each in (one, same, other)]
    assert heads[0] == heads[1] != heads[2]


def scores_of(pupil: Student) -> list[float]:
    return verifier.scores(pupil, claims(), LIMITS)


@BOTH
def test_a_score_hangs_neither_on_neighbours_nor_on_the_order(architecture: str) -> None:
    pupil = judge(architecture)
    alone = [verifier.scores(pupil, [claim], LIMITS)[0] for claim in claims()]
    assert scores_of(pupil) == pytest.approx(alone, abs=1e-6)
    assert len({round(score, 6) for score in alone}) > 10, "scores that are all the same prove nothing"
    shuffled = random.Random(1).sample(claims(), len(claims()))
    groups = verifier.batches(pupil, shuffled, LIMITS, 5)
    assert groups == verifier.batches(pupil, claims(), LIMITS, 5)
    assert sorted(map(len, groups)) == [4, 5, 5, 5, 5]


@BOTH
def test_a_saved_verifier_is_a_classifier_of_transformers_and_scores_the_same(
    architecture: str, tmp_path: Path
) -> None:
    pupil = judge(architecture)
    expected = scores_of(pupil)
    again = verifier.trained_verifier(saved(pupil, tmp_path))
    assert scores_of(again) == expected
    _, found = AutoModelForSequenceClassification.from_pretrained(tmp_path, output_loading_info=True)
    assert not found["missing_keys"]
    assert not found["unexpected_keys"]


def test_a_classifier_of_transformers_gives_a_causal_verifiers_logit_itself(tmp_path: Path) -> None:
    pupil = judge("llama")
    model = AutoModelForSequenceClassification.from_pretrained(saved(pupil, tmp_path))
    claim = claims()[0]
    ids = pupil.codec.source(claim.question, claim.cue, 100)[0] + pupil.codec.target(claim.text)
    assert model(torch.tensor([ids])).logits.sigmoid().item() == pytest.approx(scores_of(pupil)[0], abs=1e-6)


def test_of_a_thought_that_is_too_long_the_beginning_is_read() -> None:
    pupil = judge("t5")
    long, longer = (Claim("How many?", "c", "pens " * count) for count in (40, 60))
    assert verifier.scores(pupil, [long], Limits(50, 20)) == verifier.scores(pupil, [longer], Limits(50, 20))
    assert verifier.scores(pupil, [long], LIMITS) != verifier.scores(pupil, [longer], LIMITS)


def test_what_writes_thoughts_is_no_verifier(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="does not exist"):
        verifier.trained_verifier(tmp_path / "nowhere")
    with pytest.raises(Failure, match="no verifier"):
        verifier.trained_verifier(saved(student(), tmp_path))


def test_right_and_wrong_count_as_much_however_many_there_are() -> None:
    pupil = judge("t5")
    codec = pupil.codec
    ids = [(codec.source(c.question, c.cue, 100)[0], codec.target(c.text)) for c in claims()]
    rows = [Marked(source, target, right=number == 0) for number, (source, target) in enumerate(ids[:9])]
    lesson = telling_apart(pupil, rows)
    shares = lesson.collate(rows)["shares"]
    assert shares.tolist() == pytest.approx([4.5] + [0.5625] * 8)
    # Smoothed all the way nothing is told apart: both classes ask for a half.
    flat, batch = telling_apart(pupil, rows, smoothing=1.0), lesson.collate(rows)
    logits = pupil.model(**batch["inputs"]).logits[:, 0]
    expected = (torch.nn.functional.softplus(logits) - logits / 2) * shares
    assert flat.loss(pupil.model, batch).item() == pytest.approx(expected.sum().item(), rel=1e-5)
    assert flat.dev_loss(pupil.model, batch) == lesson.loss(pupil.model, batch)


def learned(architecture: str, folder: Path, steps: int, **changes: object) -> dict[str, float | int | None]:
    """What a verifier without any schooling tells after so many steps, if no wrong thought has a right one's sign."""
    right, _ = both_sides()
    wrong = [msgspec.structs.replace(row, text=re.sub("[+-]", "*", row.text)) for row in right]
    chosen = settings(**{"steps": steps, "batch": 16, "learning_rate": 0.005, **changes})
    set_seed(1)
    pupil = scratch_student(tiny(architecture), texts_of([*right, *wrong]), dropout=None)
    task = telling_task(pupil, "etd", right, wrong, chosen, seed=1)
    training.train(
        task.pupil,
        task.learned,
        task.measured,
        chosen,
        seed=1,
        checkpoints=folder,
        progress=lambda step, loss: None,
        lesson=task.lesson,
    )
    assert type(task.pupil.model).__name__ in ("T5ForSequenceClassification", "LlamaForSequenceClassification")
    assert not any("lora" in name for name in task.pupil.model.state_dict())
    return task.figures()


@BOTH
def test_a_verifier_learns_to_tell_problems_that_it_never_saw(architecture: str, tmp_path: Path) -> None:
    before = learned(architecture, tmp_path / "short", 1)
    after = learned(architecture, tmp_path / "long", 40)
    assert (after["right"], after["wrong"], after["dev_right"], after["dev_wrong"]) == (108, 108, 12, 12)
    assert before["auc"] is not None
    assert after["auc"] is not None
    assert before["auc"] < after["auc"] > 0.8


@BOTH
def test_with_an_adapter_a_verifier_learns_its_head_whole_and_is_a_plain_one_again(
    architecture: str, tmp_path: Path
) -> None:
    pytest.importorskip("peft")
    found = learned(architecture, tmp_path, 60, adapter=Lora(rank=4))
    assert found["auc"] is not None
    assert found["auc"] > 0.8


def test_one_side_alone_has_no_area() -> None:
    pupil = judge("t5")
    assert verifier.area(pupil, [Marked((2, 1), (3, 1), right=True)] * 2, 4) is None


def test_an_architecture_without_a_classifier_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(config: object) -> None:
        raise ValueError("Unrecognized configuration class")

    monkeypatch.setattr(AutoModelForSequenceClassification, "from_config", unknown)
    with pytest.raises(Failure, match="no verifier can be made of the architecture t5"):
        with_head(student())
