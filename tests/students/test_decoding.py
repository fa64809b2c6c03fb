from __future__ import annotations

import math

import pytest
import torch
from pupils import CUES, examples, settings, student
from transformers import PreTrainedModel

from distill_dsl.runtime.students import decoding, training
from distill_dsl.runtime.students.batches import Codec, encode, padded
from distill_dsl.runtime.students.decoding import Decoding, Request, batches, write
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.students.stepping import Prefix, State, begin

ARCHITECTURES = ["t5", "llama"]
GREEDY = Decoding(temperature=0.0, max_tokens=30, max_question=100, seed=1)
DRAWN = Decoding(temperature=1.0, max_tokens=30, max_question=100, seed=1)

REQUESTS = [Request(row.question + " Now." * (place % 3), row.cue) for place, row in enumerate(examples(4))]
CHANCE = [Request(request.question, request.cue, 1) for request in REQUESTS]


@pytest.fixture(scope="module", params=ARCHITECTURES)
def pupil(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Student:
    """Trained a little, so that thoughts end at different lengths."""
    pupil = student(request.param)
    rows = encode(pupil.codec, examples(), max_question=100, max_thought=100).examples
    training.train(
        pupil,
        rows,
        (),
        settings(steps=150, learning_rate=0.02),
        seed=1,
        checkpoints=tmp_path_factory.mktemp("checkpoints"),
        progress=lambda step, loss: None,
    )
    return pupil


def test_greedy_writes_what_generate_writes(pupil: Student) -> None:
    codec = pupil.codec
    sources = [codec.source(request.question, request.cue, 100)[0] for request in REQUESTS]
    made = pupil.model.generate(
        input_ids=padded(sources, codec.pad, left=pupil.causal),
        attention_mask=padded([(1,) * len(source) for source in sources], 0, left=pupil.causal),
        max_new_tokens=GREEDY.max_tokens,
        do_sample=False,
    )
    new = made[:, max(map(len, sources)) :] if pupil.causal else made[:, 1:]
    written = write(pupil, REQUESTS, GREEDY)
    assert [thought.text for thought in written] == [codec.text(ids) for ids in new.tolist()]
    assert len({thought.tokens for thought in written}) > 1, "the rows should end at different places"


@pytest.mark.parametrize(("how", "asked"), [(GREEDY, REQUESTS), (DRAWN, CHANCE)])
def test_logprob_is_that_of_the_model_reading_the_thought(pupil: Student, how: Decoding, asked: list[Request]) -> None:
    codec = pupil.codec
    for request, thought in zip(asked, write(pupil, asked, how), strict=True):
        if thought.tokens == how.max_tokens:
            continue  # cut off: there is no end mark to count
        source = codec.source(request.question, request.cue, 100)[0]
        target = codec.target(thought.text)
        if len(target) != thought.tokens:
            continue  # drawn in other pieces than the tokenizer would choose
        with torch.no_grad():
            if pupil.causal:
                logits = pupil.model(input_ids=torch.tensor([source + target])).logits[0, len(source) - 1 : -1]
            else:
                logits = pupil.model(input_ids=torch.tensor([source]), labels=torch.tensor([target])).logits[0]
        expected = logits.log_softmax(-1)[range(len(target)), list(target)].mean().item()
        assert thought.logprob == pytest.approx(expected, abs=1e-4)


def test_thoughts_end_at_the_limit(pupil: Student) -> None:
    short = Decoding(temperature=0.0, max_tokens=3, max_question=100, seed=1)
    assert {thought.tokens for thought in write(pupil, REQUESTS, short)} == {3}


def test_a_drawn_thought_does_not_depend_on_its_neighbours(pupil: Student) -> None:
    together = write(pupil, CHANCE, DRAWN)
    backwards = write(pupil, CHANCE[::-1], DRAWN)[::-1]
    alone = [write(pupil, [request], DRAWN)[0] for request in CHANCE]
    assert [thought.text for thought in together] == [thought.text for thought in backwards]
    assert [thought.text for thought in together] == [thought.text for thought in alone]
    assert together != write(pupil, REQUESTS, GREEDY)


def test_the_first_sample_is_greedy_beside_drawn_ones(pupil: Student) -> None:
    asked = [Request(request.question, request.cue, sample) for request in REQUESTS for sample in range(3)]
    written = write(pupil, asked, DRAWN)
    greedy = write(pupil, REQUESTS, GREEDY)
    assert [thought.text for thought in written[::3]] == [thought.text for thought in greedy]
    drawn = write(pupil, CHANCE, DRAWN)
    assert [thought.text for thought in written[1::3]] == [thought.text for thought in drawn]


def test_samples_of_one_prompt_read_it_once(pupil: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counting(
        model: PreTrainedModel, codec: Codec, sources: list[tuple[int, ...]], prefix: Prefix | None
    ) -> tuple[torch.Tensor, State]:
        read.append(len(sources))
        return begin(model, codec, sources, prefix)

    monkeypatch.setattr(decoding, "begin", counting)
    asked = [Request(request.question, request.cue, sample) for request in REQUESTS[:3] for sample in range(4)]
    assert len(write(pupil, asked, DRAWN)) == 12
    assert read == [3]


def test_samples_and_seeds_differ_and_repeat(pupil: Student) -> None:
    asked = [Request(REQUESTS[0].question, CUES["cot"], sample) for sample in range(1, 7)]
    first = [thought.text for thought in write(pupil, asked, DRAWN)]
    assert len(set(first)) > 1
    assert first == [thought.text for thought in write(pupil, asked, DRAWN)]
    other = Decoding(temperature=1.0, max_tokens=30, max_question=100, seed=2)
    assert first != [thought.text for thought in write(pupil, asked, other)]


def test_a_low_temperature_is_nearly_greedy(pupil: Student) -> None:
    cold = Decoding(temperature=0.001, max_tokens=30, max_question=100, seed=1)
    assert [thought.text for thought in write(pupil, CHANCE, cold)] == [
        thought.text for thought in write(pupil, REQUESTS, GREEDY)
    ]


def test_at_no_temperature_every_sample_is_greedy(pupil: Student) -> None:
    assert write(pupil, CHANCE, GREEDY) == write(pupil, REQUESTS, GREEDY)


def test_batches_hold_one_cue_and_about_one_length_and_everything_once() -> None:
    pupil = student()
    groups = batches(pupil, REQUESTS, 3, 100)
    assert sorted(position for group in groups for position in group) == list(range(len(REQUESTS)))
    assert all(len({REQUESTS[position].cue for position in group}) == 1 for group in groups)
    assert max(map(len, groups)) == 3
    lengths = [[len(REQUESTS[position].question) for position in group] for group in groups]
    assert all(group == sorted(group) for group in lengths)


def test_samples_of_a_question_share_a_batch_unless_first_ones_are_kept_apart() -> None:
    pupil = student()
    asked = [Request(request.question, request.cue, sample) for sample in range(3) for request in REQUESTS]
    together = batches(pupil, asked, 3, 100)
    assert all(len({asked[position].question for position in group}) == 1 for group in together)
    apart = batches(pupil, asked, 4, 100, apart=True)
    assert all(len({asked[position].sample > 0 for position in group}) == 1 for group in apart)
    assert sorted(position for group in apart for position in group) == list(range(len(asked)))


def test_probabilities_are_shares(pupil: Student) -> None:
    assert all(0.0 < math.exp(thought.logprob) <= 1.0 for thought in write(pupil, REQUESTS, GREEDY))
