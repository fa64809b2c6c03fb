"""All that a student has to know, in one document: made ready from it, it answers as in its project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as with_fields

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.strategies import Ranked, Vote
from distill_dsl.runtime.sandbox import supervisor
from distill_dsl.runtime.serving import packing
from distill_dsl.runtime.serving.served import decoded, described, encoded, ready
from distill_dsl.runtime.solving.asking import Pupil, ask_all
from distill_dsl.runtime.solving.knowledge import Knowledge
from distill_dsl.runtime.strategies.calibrating import SEEN, Calibration
from distill_dsl.runtime.strategies.choices import Learned
from distill_dsl.runtime.students import models, verifier
from distill_dsl.runtime.students.engines.transformers import Transformers
from distill_dsl.runtime.students.verifier import Limits
from distill_dsl.runtime.thoughts.judging import AnswerGroup
from tests.serving.served_pupils import told

QUESTIONS = [f"Ann has {number} pens and buys 3 more. How many pens does she have?" for number in range(5)]
RANKED = Ranked(members=("pot", "cot"), by="judge", on="etd", vote=True)
SCALES = tuple((0.5, 1.0 / 3.0) for _ in SEEN)
LEARNED = Learned(
    alone=Calibration(
        members=("pot", "cot"),
        samples=None,
        together=False,
        scales={"pot": SCALES, "cot": SCALES},
        offsets={"pot": 0.1, "cot": -0.7},
        slopes=tuple(0.1 * place for place in range(len(SEEN))),
        problems=20,
        thoughts=31,
    )
)


@pytest.fixture
def pupil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pupil:
    """An untrained student with an untrained verifier, in a project of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISTILL_THREADS", "1")
    made, _ = told(lambda request: "", RANKED)
    models.save_student(made.student, files.model_folder("etd-tiny-s1"), longest=16)
    judge, folder = verifier.with_head(made.student), files.model_folder("etd-judge-s1")
    judge.model.save_pretrained(folder)
    judge.tokenizer.save_pretrained(folder)
    (files.model_folder("etd-tiny-s1") / "README.md").write_text("A page.\n")
    return replace(
        made,
        engine=Transformers(made.student),
        settings=with_fields(made.settings, engine="transformers", samples=2, max_tokens=10),
        kinds=frozenset({AnswerGroup.NUMBER}),
        knowledge=Knowledge(LEARNED, {"judge-etd": (judge, Limits(64, 32))}, {"judge-etd": folder}),
    )


def test_the_document_says_all_of_it(pupil: Pupil, tmp_path: Path) -> None:
    served = described(pupil)
    path = tmp_path / "served.json"
    path.write_bytes(encoded(served))
    assert decoded(path) == served
    assert served.learned == LEARNED and served.kinds == (AnswerGroup.NUMBER,)
    assert encoded(decoded(path)) == encoded(served)


def test_a_student_made_ready_elsewhere_answers_alike(
    pupil: Pupil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    place = tmp_path / "artifacts" / "models"
    again = ready(described(pupil), place / "etd-tiny-s1", lambda name: place / "etd-judge-s1")
    found, wanted = ask_all(again, QUESTIONS), ask_all(pupil, QUESTIONS)
    for mine, theirs in zip(found, wanted, strict=True):
        assert [row.text for row in mine.rows] == [row.text for row in theirs.rows]
        assert [row.ranks["judge-etd"] for row in mine.rows] == pytest.approx(
            [row.ranks["judge-etd"] for row in theirs.rows], abs=1e-5
        )
        assert mine.chosen[0].choice.answer == theirs.chosen[0].choice.answer
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_without_walls_it_is_not_made_ready(pupil: Pupil, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(layers: object) -> None:
        raise Failure("this machine has no walls")

    monkeypatch.setattr(supervisor, "refuse_too_weak", refuse)
    with pytest.raises(Failure, match="no walls"):
        ready(described(pupil), files.model_folder("etd-tiny-s1"), lambda name: files.model_folder("etd-judge-s1"))


@pytest.mark.parametrize("text", ["", "{}", '{"experiment": 5}', "[" * 100])
def test_a_damaged_document_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "served.json").write_text(text)
    with pytest.raises(Failure, match="does not say how this student answers"):
        decoded(tmp_path / "served.json")


def test_the_digest_is_of_what_bears_on_answers(pupil: Pupil) -> None:
    first = packing.digest(pupil)
    page = files.model_folder("etd-tiny-s1") / "README.md"
    page.write_text("Another page.\n")
    assert packing.digest(pupil) == first
    assert packing.digest(replace(pupil, strategies=(Vote(members=("pot", "cot")),))) != first
    assert packing.digest(replace(pupil, kinds=None)) != first
    weights = files.model_folder("etd-judge-s1") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    assert packing.digest(pupil) != first


def test_the_engine_is_pinned_where_it_is_another(pupil: Pupil) -> None:
    served = described(pupil)
    plain = packing.requirements(served, pupil)
    assert all("==" in line and "+" not in line for line in plain)
    assert not any(line.startswith("ctranslate2") for line in plain)
    pytest.importorskip("ctranslate2")
    auto = packing.requirements(with_fields(served, engine="auto"), pupil)
    assert any(line.startswith("ctranslate2==") for line in auto)
