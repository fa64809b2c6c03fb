from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pupils import CUES, settings, student, tiny
from transformers import GenerationConfig, pipeline

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.runs import Run
from distill_dsl.contract.settings import HfBase, ScratchBase, TrainedBase
from distill_dsl.runtime.students import decoding, gguf_files, models
from distill_dsl.runtime.students.batches import prompt
from distill_dsl.runtime.students.card import EXAMPLE, card, write_card
from distill_dsl.runtime.students.models import (
    Student,
    base_files,
    parameters,
    pretrained_student,
    save_student,
    scratch_student,
    trained_student,
    use_threads,
)

ARCHITECTURES = ["t5", "llama"]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_input_and_output_embeddings_are_one_matrix_before_and_after_saving(architecture: str, tmp_path: Path) -> None:
    pupil = student(architecture)
    pupil.model.save_pretrained(tmp_path)
    pupil.tokenizer.save_pretrained(tmp_path)
    for model in (pupil.model, pretrained_student(HfBase(name=str(tmp_path)), dropout=None).model):
        into, out = model.get_input_embeddings().weight, model.get_output_embeddings().weight
        assert into.data_ptr() == out.data_ptr()
        with torch.no_grad():
            into[3, 3] = 42.0
        assert out[3, 3] == 42.0


def test_all_three_embeddings_of_t5_are_tied() -> None:
    model = student("t5").model
    shared = model.shared.weight.data_ptr()
    assert shared == model.encoder.embed_tokens.weight.data_ptr() == model.decoder.embed_tokens.weight.data_ptr()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_folder_loads_as_it_was_saved(architecture: str, tmp_path: Path) -> None:
    pupil = student(architecture)
    pupil.model.save_pretrained(tmp_path)
    pupil.tokenizer.save_pretrained(tmp_path)
    loaded = pretrained_student(HfBase(name=str(tmp_path)), dropout=None)
    assert loaded.causal is pupil.causal is (architecture == "llama")
    assert parameters(loaded) == parameters(pupil)
    for (name, one), (other_name, other) in zip(
        pupil.model.state_dict().items(), loaded.model.state_dict().items(), strict=True
    ):
        assert name == other_name
        assert torch.equal(one, other), name
    assert loaded.tokenizer("x = 12")["input_ids"] == pupil.tokenizer("x = 12")["input_ids"]


def test_dropout_is_set_where_it_is_given_and_left_where_not(tmp_path: Path) -> None:
    pupil = student("t5")
    pupil.model.config.dropout_rate = 0.25
    pupil.model.save_pretrained(tmp_path)
    pupil.tokenizer.save_pretrained(tmp_path)
    base = HfBase(name=str(tmp_path))
    assert pretrained_student(base, dropout=None).model.config.dropout_rate == 0.25
    model = pretrained_student(base, dropout=0.5).model
    assert model.config.dropout_rate == 0.5
    assert {part.p for part in model.modules() if isinstance(part, torch.nn.Dropout)} == {0.5}


def test_the_seed_decides_the_weights() -> None:
    def embedding(seed: int) -> torch.Tensor:
        return student(seed=seed).model.get_input_embeddings().weight

    assert torch.equal(embedding(1), embedding(1))
    assert not torch.equal(embedding(1), embedding(2))


def test_a_model_that_is_not_there_is_a_failure_with_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "empty").mkdir()
    for name in ("nobody/no-such-model", str(tmp_path / "empty")):
        with pytest.raises(Failure, match="cannot be loaded") as caught:
            pretrained_student(HfBase(name=name), dropout=None)
        assert caught.value.where == name
        assert caught.value.help is not None


def test_damaged_weights_are_a_failure(tmp_path: Path) -> None:
    pupil = student()
    pupil.model.save_pretrained(tmp_path)
    pupil.tokenizer.save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(Failure, match="cannot be loaded"):
        pretrained_student(HfBase(name=str(tmp_path)), dropout=None)


def test_a_model_that_was_not_trained_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="does not exist"):
        trained_student(tmp_path / "none")


@pytest.mark.parametrize(
    ("base", "said"),
    [
        (ScratchBase(architecture="rnn"), "architecture: rnn"),
        (ScratchBase(digits="roman"), "digits: roman"),
        (ScratchBase(width=10, heads=4), "width of 10"),
    ],
)
def test_an_impossible_base_is_a_failure(base: ScratchBase, said: str) -> None:
    with pytest.raises(Failure, match=said) as caught:
        scratch_student(base, ["text"], dropout=None)
    assert caught.value.help is not None


def test_threads_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_THREADS", "2")
    assert use_threads(student()) == torch.get_num_threads() == 2
    monkeypatch.setenv("DISTILL_THREADS", "many")
    with pytest.raises(Failure, match="DISTILL_THREADS"):
        use_threads(student())


def test_a_small_student_takes_one_thread_and_a_larger_one_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISTILL_THREADS")
    monkeypatch.setattr(models, "_cores", lambda: 3)
    assert use_threads(student()) == 1
    monkeypatch.setattr(models, "SMALL", 1000)
    assert use_threads(student()) == torch.get_num_threads() == 3


def test_scratch_sizes_are_as_asked() -> None:
    config = scratch_student(tiny("t5"), ["some text"], dropout=0.1).model.config
    assert (config.d_model, config.num_layers, config.num_decoder_layers, config.num_heads) == (16, 1, 1, 2)
    assert config.dropout_rate == 0.1


# --- folders for everybody --------------------------------------------------------------------------

RUN = Run("etd", "small", 1)
LONGEST = 12


def folder_of(pupil: Student, place: Path) -> Path:
    """A student as the train stage leaves it, under the path that its card names."""
    folder = place / "artifacts" / "models" / RUN.trained
    folder.mkdir(parents=True)
    save_student(pupil, folder, longest=LONGEST)
    write_card(folder, pupil, RUN, settings(base=tiny(), max_thought=LONGEST), CUES)
    return folder


def greedy(pupil: Student, cue: str) -> str:
    how = decoding.Decoding(temperature=0.0, max_tokens=LONGEST, max_question=256, seed=1)
    [written] = decoding.write(pupil, [decoding.Request(EXAMPLE, cue)], how)
    assert written.text, "an empty thought would prove nothing"
    return written.text


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_the_card_says_gives_our_thought_without_our_code(
    architecture: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pupil = student(architecture)
    folder = folder_of(pupil, project)
    code = (folder / "README.md").read_text().partition("```python\n")[2].partition("```")[0]
    assert "distill_dsl" not in code
    assert len(code.split("\n")) <= 12
    exec(code, {})
    assert capsys.readouterr().out == greedy(pupil, CUES["cot"]) + "\n"


def test_a_causal_folder_serves_the_pipeline_of_transformers(project: Path) -> None:
    pupil = student("llama")
    folder = folder_of(pupil, project)
    ask = pipeline("text-generation", str(folder), device="cpu")
    for cue in CUES.values():
        [said] = ask(f"{prompt(EXAMPLE, cue)}\n", return_full_text=False, clean_up_tokenization_spaces=False)
        assert said["generated_text"] == greedy(pupil, cue)


def test_plain_generation_is_greedy_whatever_the_base_came_with(project: Path) -> None:
    pupil = student("t5")
    pupil.model.generation_config = GenerationConfig(do_sample=True, num_beams=3, forced_bos_token_id=7)
    folder = folder_of(pupil, project)
    plain = trained_student(folder)
    inputs = plain.tokenizer(prompt(EXAMPLE, CUES["pot"]), return_tensors="pt")
    written = plain.model.generate(**inputs)[0]
    assert plain.codec.text(written.tolist()) == greedy(pupil, CUES["pot"])


def test_a_causal_prompt_is_not_ended_and_its_ids_are_those_of_training() -> None:
    pupil = student("llama")
    source, cut = pupil.codec.source("How many?", CUES["cot"], 100)
    assert not cut
    assert tuple(pupil.tokenizer(f"{prompt('How many?', CUES['cot'])}\n")["input_ids"]) == source
    assert pupil.codec.target("It is 3.")[-1] == pupil.codec.end


def test_a_card_is_the_same_text_each_time_and_says_what_the_student_is() -> None:
    pupil = student("t5")
    texts = {card(pupil, RUN, settings(base=base), CUES) for base in (tiny(), tiny())}
    [text] = texts
    assert "| pot | `Let's break down the code step by step` |" in text
    assert f"{parameters(pupil):,} weights" in text
    assert "pipeline_tag: text2text-generation" in text
    assert "base_model" not in text


def test_a_card_names_the_base_and_leaves_its_licence_open(project: Path) -> None:
    pupil = student("llama")
    text = card(pupil, RUN, settings(base=HfBase(name="some/model", revision="v2")), CUES)
    assert "base_model: some/model\n" in text
    assert "it started from `some/model`, revision v2" in text
    assert "Unknown: that of the model that it started from holds." in text
    (project / "local").mkdir()
    assert "base_model" not in card(pupil, RUN, settings(base=HfBase(name="local")), CUES)
    assert "the student `tiny` after `etd`" in card(
        pupil, RUN, settings(base=TrainedBase(student="tiny", mix="etd")), CUES
    )


def test_a_tokenizer_that_ends_every_text_is_told_on_the_card(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pupil = student("llama")
    ending = student("t5").tokenizer  # the same texts and vocabulary, and an end mark behind each
    folder = folder_of(Student(pupil.model, ending), project)
    code = (folder / "README.md").read_text().partition("```python\n")[2].partition("```")[0]
    assert "without the end mark" in code
    exec(code, {})
    assert capsys.readouterr().out == greedy(pupil, CUES["cot"]) + "\n"


# --- GGUF -------------------------------------------------------------------------------------------


def test_a_gguf_file_that_is_not_there_is_told_without_asking_a_hub(project: Path) -> None:
    with pytest.raises(Failure, match=r"no\.gguf does not exist") as caught:
        pretrained_student(HfBase(name="models/no.gguf"), dropout=None)
    assert caught.value.where == "models/no.gguf"


def test_a_folder_of_several_gguf_files_asks_which(project: Path) -> None:
    for name in ("a.gguf", "b.gguf"):
        (project / name).write_bytes(b"")
    with pytest.raises(Failure, match=r"several models: a\.gguf, b\.gguf"):
        pretrained_student(HfBase(name=str(project)), dropout=None)
    (project / "b.gguf").unlink()
    assert gguf_files.gguf_of(str(project)) == project / "a.gguf"
    (project / "config.json").write_text("{}")
    assert gguf_files.gguf_of(str(project)) is None


def test_without_its_package_a_gguf_file_is_a_failure_with_the_command(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "a.gguf").write_bytes(b"GGUF")
    monkeypatch.setattr(gguf_files, "find_spec", lambda name: None)
    with pytest.raises(Failure, match="package `gguf`") as caught:
        pretrained_student(HfBase(name="a.gguf"), dropout=None)
    assert "pip install 'distill-dsl[gguf]'" in str(caught.value.help)


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"no model at all, but text", b"GGUF\x03\x00\x00\x00" + b"\xff" * 40]
)
def test_a_damaged_gguf_file_is_a_failure(project: Path, content: bytes) -> None:
    pytest.importorskip("gguf")
    (project / "a.gguf").write_bytes(content)
    with pytest.raises(Failure, match=r"`a\.gguf` cannot be loaded"):
        pretrained_student(HfBase(name="a.gguf"), dropout=None)


def test_the_files_of_a_base_are_those_in_the_project(project: Path) -> None:
    (project / "base").mkdir()
    for name in ("b.json", "a.gguf"):
        (project / "base" / name).write_bytes(b"")
    assert base_files(HfBase(name="base")) == [Path("base/a.gguf"), Path("base/b.json")]
    assert base_files(HfBase(name="base/a.gguf")) == [Path("base/a.gguf")]
    assert base_files(HfBase(name="some/model")) == []
