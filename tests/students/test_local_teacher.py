"""A local model that teaches: asked by its chat template, its completions kept batch by batch."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import msgspec
import pytest
import torch
from pupils import student
from ruamel.yaml import YAML
from transformers import GenerationConfig, GPT2Config, LlamaConfig, MistralConfig

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.form import Settings
from distill_dsl.contract.records import Completion, Problem, Usage
from distill_dsl.contract.settings import HfBase, TeacherSettings, ThoughtSettings, TransformersTeacher
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.stages import ask
from distill_dsl.runtime.students import decoding, local, models
from distill_dsl.runtime.students.chats import Asked, chats_of
from distill_dsl.runtime.students.engines import vllm
from distill_dsl.runtime.students.local import Answer
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.teachers import weights
from distill_dsl.runtime.teachers.store import STORE_FILE
from tests.conftest import smollm2

TEMPLATE = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + TEMPLATE
)
PASSES_OVER = "{% for m in messages if m.role == 'user' %}[user] {{ m.content }}\n{% endfor %}[assistant] "

QUESTIONS = [f"Ann has {1 + n} pens and buys {2 + n % 3} more{' today' * (n % 4)}." for n in range(8)]


def said(question: str, system: str | None = None) -> list[dict[str, str]]:
    return [*([{"role": "system", "content": system}] if system else []), {"role": "user", "content": question}]


@pytest.fixture(scope="module", params=["llama", "t5"])
def taught(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model with a chat template."""
    return made(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a causal one."""
    return made("llama", tmp_path_factory.mktemp("llama"))


def made(architecture: str, folder: Path) -> Path:
    """A model that was never trained, but is sure of its tokens, and ends at one of many."""
    pupil = student(architecture)
    with torch.no_grad():
        for weight in pupil.model.parameters():
            weight += torch.randn(weight.shape, generator=torch.Generator().manual_seed(3))
    pupil.tokenizer.chat_template = TEMPLATE
    return ending(saved(pupil, folder), range(1, len(pupil.tokenizer), 12))


def ending(folder: Path, ends: Sequence[int]) -> Path:
    GenerationConfig(eos_token_id=list(ends), pad_token_id=0, decoder_start_token_id=0).save_pretrained(folder)
    return folder


def saved(pupil: Student, folder: Path) -> Path:
    pupil.model.save_pretrained(folder)
    pupil.tokenizer.save_pretrained(folder)
    return folder


def how(model: Path | str, **changes: Any) -> TeacherSettings:
    """A teacher's settings; `engine`, `precision` and `revision` are the model's."""
    of_model = {key: changes.pop(key) for key in ("engine", "precision", "revision") if key in changes}
    return TeacherSettings(model=TransformersTeacher(model=str(model), **of_model), **{"max_tokens": 24, **changes})


def written(teacher: TeacherSettings, asked: Sequence[tuple[list[dict[str, str]], int]]) -> list[Answer]:
    notes: list[str] = []
    author = local.opened(teacher, notes.append)
    found = dict(pair for batch in author.write(asked) for pair in batch)
    return [found[place] for place in range(len(asked))]


ASKED = [(said(question), 0) for question in QUESTIONS]
DRAWN = [(said(question), sample) for question in QUESTIONS[:4] for sample in range(3)]


# --- writing ------------------------------------------------------------------------------------


def test_greedy_is_what_transformers_writes_by_the_template(taught: Path) -> None:
    plain = models.pretrained_student(HfBase(name=str(taught)), dropout=None)
    answers = written(how(taught), ASKED)
    for (messages, _), answer in zip(ASKED, answers, strict=True):
        text = plain.tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        inputs = plain.tokenizer(text, return_tensors="pt")
        made = plain.model.generate(**inputs, max_new_tokens=24, do_sample=False)[0]
        new = (made[inputs["input_ids"].shape[1] :] if plain.causal else made[1:]).tolist()
        ended = new[-1] in plain.model.generation_config.eos_token_id
        assert answer.text == plain.codec.text(new[:-1] if ended else new)
        assert answer.finish == (None if ended else "length")
        assert (answer.input, answer.output) == (inputs["input_ids"].shape[1], len(new))
    assert len({answer.text for answer in answers}) > 1, "a model that writes one thing shows nothing"


def test_the_log_probability_is_that_of_the_model_reading_the_answer(taught: Path) -> None:
    author = local.opened(how(taught, temperature=1.5), print)
    assert isinstance(author.pen, local.Loop)
    source = author.chats.source(ASKED[0][0])
    asked = [Asked(0, source, 24, "a point"), Asked(1, author.chats.source(ASKED[1][0]), 24, "another")]
    (ids, logprob), _ = author.pen.write(asked, author.how, author.chats)
    pupil = author.pen.student
    with torch.no_grad():
        if pupil.causal:
            logits = pupil.model(input_ids=torch.tensor([[*source, *ids]])).logits[0, len(source) - 1 : -1]
        else:
            logits = pupil.model(input_ids=torch.tensor([source]), labels=torch.tensor([ids])).logits[0]
    assert logprob == pytest.approx(logits.log_softmax(-1)[range(len(ids)), ids].mean().item(), abs=1e-3)


def test_what_is_cut_off_says_so(taught: Path) -> None:
    answers = written(how(taught, max_tokens=3), ASKED)
    assert {(answer.finish, answer.output) for answer in answers} == {("length", 3)}


@pytest.mark.parametrize("top_p", [None, 0.9])
def test_draws_hang_on_prompt_sample_and_seed_and_not_on_the_batch(
    taught: Path, top_p: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = how(taught, temperature=1.5, top_p=top_p)
    together = written(chance, DRAWN)
    monkeypatch.setenv(local.BATCH_VARIABLE, "5")
    assert [one.text for one in written(chance, DRAWN[::-1])] == [one.text for one in together[::-1]]
    assert written(chance, DRAWN[5:6])[0].text == together[5].text
    assert len({one.text for one in together}) > 6
    assert [one.text for one in written(chance, DRAWN)] == [one.text for one in together]
    assert [one.text for one in written(how(taught, temperature=1.5, top_p=top_p, seed=2), DRAWN)] != [
        one.text for one in together
    ]


def test_top_p_draws_from_the_likeliest_tokens_alone() -> None:
    logits = torch.tensor([[0.5, 0.1, 0.3, 0.1]]).log().repeat(1000, 1)
    points = [[(n + 0.5) / 1000] for n in range(1000)]
    rows = torch.arange(1000)

    def shares(top_p: float | None) -> list[float]:
        tokens = decoding.chooser(points, logits.device, 1.0, top_p)(logits, rows, 0)
        return (torch.bincount(tokens, minlength=4) / 1000).tolist()

    assert shares(None) == pytest.approx([0.5, 0.1, 0.3, 0.1], abs=0.002)
    assert shares(0.8) == pytest.approx([0.625, 0, 0.375, 0], abs=0.002)
    assert shares(0.81) == pytest.approx([0.5 / 0.9, 0.1 / 0.9, 0.3 / 0.9, 0], abs=0.002)
    assert shares(0.01) == [1, 0, 0, 0]
    assert shares(1.0) == pytest.approx([0.5, 0.1, 0.3, 0.1], abs=0.002)


def test_a_stop_ends_the_text_and_the_writing(taught: Path) -> None:
    plain = written(how(taught), ASKED)
    stop = "N@N" if any("N@N" in str(one.text) for one in plain) else "\x15 "
    stopped = written(how(taught, stop=(stop, "nowhere")), ASKED)
    assert 0 < sum(stop in str(one.text) for one in plain) < len(plain)
    for one, other in zip(plain, stopped, strict=True):
        if stop in str(one.text):
            assert (other.text, other.finish) == (str(one.text).split(stop)[0], None)
            assert other.output < one.output
        else:
            assert replace(other, logprob=one.logprob) == one


def test_a_stop_that_is_a_mark_of_the_tokenizer_ends_the_writing() -> None:
    pupil = student("llama")
    pupil.tokenizer.add_special_tokens({"additional_special_tokens": ["<|end_of_turn|>"]})
    found = chats_of(
        pupil.tokenizer, pupil.model.config, GenerationConfig(eos_token_id=[1, 7]), ["<|end_of_turn|>", "\n"]
    )
    assert found.ends == (1, 7, pupil.tokenizer.convert_tokens_to_ids("<|end_of_turn|>"))


def test_prompts_that_leave_no_room_are_refused_and_others_are_cut_at_the_end(taught: Path) -> None:
    author = local.opened(how(taught, max_tokens=60), print)
    length = len(author.chats.source(ASKED[0][0]))
    for longest, expected in ((length - 1, 0), (length + 3, 3 if author.chats.codec.causal else length + 3)):
        small = local.Author(author.how, replace(author.chats, longest=longest), author.pen)
        ((_, answer),) = [pair for batch in small.write(ASKED[:1]) for pair in batch]
        if expected == 0:
            assert answer.text is None
            assert f"the prompt has {length} tokens, and the model reads {length - 1} at most" in str(answer.reason)
        else:
            assert answer.output <= expected
            assert answer.finish == ("length" if answer.output == expected else None)


LONG = "Be brief, and mind that every number of the question is used once, in the order in which it stands there."


@pytest.mark.parametrize(("kind", "read_once"), [(LlamaConfig, True), (GPT2Config, True), (MistralConfig, False)])
def test_what_all_prompts_begin_with_is_read_once(
    kind: Any, read_once: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model with a sliding window, the last one, cannot take it up again, and reads all of each prompt."""
    torch.manual_seed(3)
    tokenizer = student("llama").tokenizer
    fields: dict[str, Any] = {"vocab_size": len(tokenizer), "hidden_size": 32, "num_hidden_layers": 2}
    fields |= {"num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 64, "initializer_range": 0.3}
    fields |= {"sliding_window": 16} if kind is MistralConfig else {}
    pupil = Student(models.AutoModelForCausalLM.from_config(kind(**fields)), tokenizer)
    pupil.tokenizer.chat_template = TEMPLATE
    folder = ending(saved(pupil, tmp_path), range(1, len(tokenizer), 12))
    read: list[int] = []
    through = type(pupil.model).forward

    def forward(model: Any, *given: Any, **more: Any) -> Any:
        if more["input_ids"].shape[1] > 1:
            read.append(more["input_ids"].numel())
        return through(model, *given, **more)

    monkeypatch.setattr(type(pupil.model), "forward", forward)
    asked = [(said(question, LONG), sample) for question in QUESTIONS for sample in range(2)]
    monkeypatch.setenv(local.BATCH_VARIABLE, "4")
    found = {}
    for worth in (32, 1000):
        monkeypatch.setattr(local, "WORTH_SHARING", worth)
        read.clear()
        found[worth] = (written(how(folder, temperature=1.0), asked), sum(read))
    (shared, few), (alone, many) = found[32], found[1000]
    assert [one.text for one in shared] == [one.text for one in alone]
    assert [one.logprob for one in shared] == pytest.approx([one.logprob for one in alone], abs=1e-3)
    assert len({one.text for one in alone}) > 8
    assert few < many / 2 if read_once else few > many


def test_a_full_gpu_halves_the_batch(taught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [one.text for one in written(how(taught), ASKED)]
    sizes: list[int] = []
    through = decoding.generated

    def full(pupil: Student, sources: Sequence[Any], *rest: Any, **more: Any) -> Any:
        sizes.append(len(sources))
        if len(sources) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return through(pupil, sources, *rest, **more)

    monkeypatch.setattr(decoding, "generated", full)
    notes: list[str] = []
    author = local.opened(how(taught), notes.append)
    found = dict(pair for batch in author.write(ASKED) for pair in batch)
    assert [found[place].text for place in range(8)] == expected
    assert sizes == [8, 4, 2, 2, 2, 2]
    assert notes == [
        "the GPU's memory does not suffice for 8 together: 4 from now on",
        "the GPU's memory does not suffice for 4 together: 2 from now on",
    ]
    monkeypatch.setattr(decoding, "generated", raising(torch.OutOfMemoryError("CUDA out of memory")))
    with pytest.raises(Failure, match="does not suffice for one completion"):
        list(author.write(ASKED))


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*given: Any, **more: Any) -> Any:
        raise error

    return fail


# --- templates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "form", "expected"),
    [
        (TEMPLATE, "roles", "[system] Be brief.\n[user] Why?\n[assistant] "),
        (NO_SYSTEM, "merged", "[user] Be brief.\n\nWhy?\n[assistant] "),
        (PASSES_OVER, "merged", "[user] Be brief.\n\nWhy?\n[assistant] "),
        (None, "plain", "Be brief.\n\nWhy?"),
    ],
)
def test_the_system_message_has_its_place_or_is_put_before_the_prompt(
    template: str | None, form: str, expected: str
) -> None:
    pupil = student("llama")
    pupil.tokenizer.chat_template = template
    reads = chats_of(pupil.tokenizer, pupil.model.config, None, ())
    assert reads.form == form
    assert reads.codec.text(reads.source(said("Why?", "Be brief."))) == expected


@pytest.mark.parametrize(("template", "notes"), [(TEMPLATE, 0), (NO_SYSTEM, 1)])
def test_that_the_template_has_no_system_message_is_said_once(template: str, notes: int, tmp_path: Path) -> None:
    pupil = student("llama")
    pupil.tokenizer.chat_template = template
    told: list[str] = []
    author = local.opened(how(saved(pupil, tmp_path), system="Be brief.", max_tokens=2), told.append)
    assert len([pair for batch in author.write([(said("?", "Be brief."), 0)] * 3) for pair in batch]) == 3
    assert len(told) == notes


def test_a_template_tells_the_same_day_on_every_day() -> None:
    pupil = student("llama")
    pupil.tokenizer.chat_template = "{{ strftime_now('%d %b %Y') }} {{ messages[0].content }}"
    reads = chats_of(pupil.tokenizer, pupil.model.config, None, ())
    assert reads.codec.text(reads.source(said("Why?"))) == "26 Jul 2024 Why?"


@pytest.mark.parametrize("template", ["{% for %}", "{{ raise_exception('tools only') }}", "{{ messages[3].content }}"])
def test_a_template_that_cannot_be_used_is_a_failure(template: str, tmp_path: Path) -> None:
    pupil = student("llama")
    pupil.tokenizer.chat_template = template
    with pytest.raises(Failure, match="the chat template of the model cannot be used"):
        local.opened(how(saved(pupil, tmp_path)), print)


# --- what cannot be loaded ----------------------------------------------------------------------


def test_a_model_that_is_not_here_is_a_failure_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(Failure, match="the model `nobody/no-such-model` cannot be loaded") as caught:
        local.opened(how("nobody/no-such-model", revision="abc"), print)
    assert "online" in str(caught.value.help)


def test_a_model_of_the_hub_is_loaded_offline_and_says_which_commit_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    cached = tmp_path / "models--lab--tiny"
    saved(student("llama"), cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    notes: list[str] = []
    author = local.opened(how("lab/tiny", max_tokens=2), notes.append)
    assert author.served == commit
    assert notes == [f'lab/tiny is revision {commit}; pin it with revision: "{commit}"']
    assert len([pair for batch in author.write(ASKED) for pair in batch]) == len(ASKED)
    pinned = local.opened(how("lab/tiny", revision=commit), raising(AssertionError("nothing to say")))
    assert pinned.served == commit


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"engine": "fast"}, "`engine: fast` is not known"),
        ({"engine": "vllm"}, "vllm is not installed"),
        ({"precision": "half"}, "`precision: half` is not known"),
    ],
)
def test_settings_that_are_not_known(changes: dict[str, str], says: str, tmp_path: Path) -> None:
    with pytest.raises(Failure, match=says):
        local.opened(how(saved(student("llama"), tmp_path), **changes), print)


@pytest.mark.parametrize("text", ["0", "many", "-3"])
def test_a_batch_that_is_no_number(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(local.BATCH_VARIABLE, text)
    with pytest.raises(Failure, match=f"MTD_BATCH is `{text}`"):
        local.opened(how(saved(student("llama"), tmp_path)), print)


def test_half_precision_is_computed_in(tmp_path: Path) -> None:
    folder = saved(student("llama"), tmp_path)
    author = local.opened(how(folder, precision="bfloat16", max_tokens=3), print)
    assert isinstance(author.pen, local.Loop)
    assert author.pen.student.model.dtype == torch.bfloat16
    assert [pair[1].output for batch in author.write(ASKED[:2]) for pair in batch] == [3, 3]


# --- vLLM: our side of the seam, by form --------------------------------------------------------


def vllm_like(monkeypatch: pytest.MonkeyPatch, ids: tuple[int, ...]) -> list[tuple[str, Any]]:
    """A package that says how it was called, and writes these ids."""
    calls: list[tuple[str, Any]] = []

    def generate(prompts: list[Any], ways: list[Any], *, use_tqdm: bool) -> list[Any]:
        assert not use_tqdm
        calls.append(("generate", (prompts, ways)))
        row = SimpleNamespace(token_ids=ids, cumulative_logprob=-0.5 * len(ids))
        return [SimpleNamespace(outputs=[row]) for _ in prompts]

    stand_in: Any = ModuleType("vllm")
    stand_in.LLM = lambda **given: calls.append(("LLM", given)) or SimpleNamespace(generate=generate)
    stand_in.SamplingParams = SimpleNamespace
    monkeypatch.setitem(sys.modules, "vllm", stand_in)
    monkeypatch.setattr(vllm, "installed", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **given: True)
    return calls


def test_vllm_is_asked_as_its_interface_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pupil = student("llama")
    pupil.tokenizer.chat_template = TEMPLATE
    folder = ending(saved(pupil, tmp_path), [1, 5])
    calls = vllm_like(monkeypatch, (40, 41, 5))
    chance = how(folder, engine="vllm", temperature=0.7, top_p=0.9, stop=("\n\n",), revision="abc")
    first, second, _ = written(chance, [*DRAWN[:2], DRAWN[0]])
    reads = chats_of(pupil.tokenizer, pupil.model.config, None, ())
    source = list(reads.source(DRAWN[0][0]))
    (_, loaded), (_, (prompts, ways)) = calls
    assert loaded["model"] == str(folder)
    assert (loaded["revision"], loaded["dtype"], loaded["generation_config"]) == ("abc", "bfloat16", "vllm")
    assert prompts == [{"prompt_token_ids": source}] * 3
    way, other, same = ways[0], ways[1], ways[2]
    assert (way.temperature, way.top_p, way.max_tokens, way.logprobs) == (0.7, 0.9, 24, 0)
    assert (way.stop, way.stop_token_ids, way.detokenize) == (["\n\n"], [1, 5], True)
    assert way.seed == same.seed or way.seed == other.seed, "the same sample of the same prompt"
    assert len({one.seed for one in ways}) == 2
    assert first == second == Answer(reads.codec.text([40, 41]), input=len(source), output=3, logprob=-0.5)


def test_vllm_takes_the_likeliest_without_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved(student("llama"), tmp_path)
    calls = vllm_like(monkeypatch, (40,) * 24)
    (answer,) = written(how(folder, engine="vllm"), DRAWN[:1])
    ((way,),) = [ways for name, (_, ways) in calls[1:]]
    assert (way.temperature, way.top_p, way.seed, way.stop, way.detokenize) == (0.0, 1.0, None, [], False)
    assert answer.finish == "length"


def test_what_vllm_cannot_run_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved(student("t5"), tmp_path / "t5")
    (tmp_path / "x.gguf").touch()
    vllm_like(monkeypatch, ())
    for name, says in ((folder, "this one has an encoder"), (tmp_path / "x.gguf", "not known to run GGUF files")):
        with pytest.raises(Failure, match=says) as caught:
            local.opened(how(name, engine="vllm"), print)
        assert "serve the model" in str(caught.value.help)
    sys.modules["vllm"].LLM = raising(ValueError("No available memory for the cache blocks\nmore"))  # type: ignore[attr-defined]
    with pytest.raises(Failure, match="No available memory for the cache blocks") as caught:
        local.opened(how(saved(student("llama"), tmp_path / "llama"), engine="vllm"), print)
    assert "\nmore" not in str(caught.value)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Failure, match="needs a GPU"):
        local.opened(how(folder, engine="vllm"), print)


# --- the ask stage and the store ----------------------------------------------------------------

PROBLEMS = [Problem(id=f"p{n}", question=QUESTIONS[n % 7], answer="3") for n in range(9)]
"""Two questions stand twice."""


def ready(project: Path, model: Path, **changes: Any) -> None:
    """A project in which the ask stage of a local model can run."""
    params._read.cache_clear()
    blocks: dict[str, dict[str, Settings]] = {
        "teacher": {"own": how(model, **changes)},
        "thought": {"cot": ThoughtSettings(answer=AnswerKind.TEXT, cue="Think.", prompt="prompt.jinja2")},
    }
    with (project / "params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(msgspec.to_builtins(blocks), stream)
    (project / "prompt.jinja2").write_text("{{ question }}")
    files.write_rows(files.problems_file("sums", "train"), PROBLEMS)


def asked() -> list[Completion]:
    ask.run(teacher="own", data="sums", split="train", thought="cot")
    return list(files.read_rows(COMPLETIONS, Completion))


COMPLETIONS = files.completions_file("own-sums-train-cot")


def held() -> Counter[int]:
    """How many completions of each sample the store holds."""
    with closing(sqlite3.connect(STORE_FILE)) as store:
        if not store.execute("SELECT 1 FROM sqlite_master WHERE name = 'completions'").fetchone():
            return Counter()
        return Counter(sample for (sample,) in store.execute("SELECT sample FROM completions"))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that are written."""
    sizes: list[int] = []
    through = decoding.generated

    def count(pupil: Student, sources: Sequence[Any], *rest: Any, **more: Any) -> Any:
        sizes.append(len(sources))
        return through(pupil, sources, *rest, **more)

    monkeypatch.setattr(decoding, "generated", count)
    return sizes


def test_the_stage_writes_rows_that_say_what_they_took(model: Path, project: Path, counted: list[int]) -> None:
    ready(project, model, temperature=1.0, samples=2, system="Be brief.")
    rows = asked()
    assert [(row.problem, row.sample) for row in rows] == [(f"p{n}", sample) for n in range(9) for sample in (0, 1)]
    assert sum(counted) == 14, "equal prompts are written once"
    by_place = {(row.problem, row.sample): row for row in rows}
    expected = written(how(model, temperature=1.0), [(said(PROBLEMS[0].question, "Be brief."), n) for n in (0, 1)])
    first, second = by_place["p0", 0], by_place["p0", 1]
    assert [row.text for row in (first, second)] == [one.text or None for one in expected]
    assert [row.finish for row in (first, second)] == [one.finish for one in expected]
    assert [row.logprob for row in (first, second)] == pytest.approx([one.logprob for one in expected], abs=1e-4)
    assert first.usage == Usage(input=expected[0].input, output=expected[0].output, cost=0.0)
    assert second.usage == Usage(input=0, output=expected[1].output, cost=0.0), "the prompt was read once"
    again = by_place["p7", 0]
    assert (again.text, again.usage) == (first.text, Usage(input=0, output=0, cost=0.0)), "what was written once"
    metrics = json.loads(files.asked_file("own-sums-train-cot").read_text())
    assert metrics["cost"] == 0
    assert metrics["tokens"]["output"] == sum(row.usage.output for row in rows if row.usage)


def test_a_second_run_loads_no_model_and_more_samples_write_the_new_ones_alone(
    model: Path, project: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(project, model, temperature=1.0, samples=2)
    four = asked()
    before = COMPLETIONS.read_bytes()
    counted.clear()
    ready(project, model, temperature=1.0, samples=4)
    rows = asked()
    assert sum(counted) == 14
    assert held() == {0: 7, 1: 7, 2: 7, 3: 7}
    assert [row for row in rows if row.sample < 2] == four
    assert len({row.text for row in rows if row.problem == "p0"}) > 1
    monkeypatch.setattr(models, "teaching_model", raising(AssertionError("loaded again")))
    ready(project, model, temperature=1.0, samples=2)
    asked()
    assert COMPLETIONS.read_bytes() == before


def test_a_larger_limit_keeps_what_had_ended(model: Path, project: Path, counted: list[int]) -> None:
    ready(project, model, temperature=1.0, samples=3, max_tokens=8)
    short = asked()
    cut = {(row.prompt, row.sample) for row in short if row.finish == "length"}
    assert 0 < len(cut) < 21
    counted.clear()
    ready(project, model, temperature=1.0, samples=3, max_tokens=12)
    rows = asked()
    assert sum(counted) == len(cut)
    for one, other in zip(short, rows, strict=True):
        assert other.text == one.text if one.finish is None else str(other.text).startswith(str(one.text)[:3])


def test_without_chance_all_samples_are_the_first(model: Path, project: Path, counted: list[int]) -> None:
    ready(project, model, samples=3)
    rows = asked()
    assert sum(counted) == 7
    assert held() == {0: 7}
    for place in range(0, len(rows), 3):
        first, *others = rows[place : place + 3]
        assert {row.text for row in others} == {first.text}
        assert {row.usage for row in others} == {Usage(input=0, output=0, cost=0.0)}


def test_nothing_written_is_a_reason(model: Path, project: Path) -> None:
    first = str(written(how(model), ASKED[:1])[0].text)[:1]
    ready(project, model, stop=(first,))
    row = asked()[0]
    assert (row.text, row.reason) == (None, "the model wrote nothing")
    assert row.usage is not None and row.usage.output == 1


def test_prompts_that_do_not_fit_are_reasons_and_none_that_fits_is_a_failure(
    model: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = [one.input for one in written(how(model, max_tokens=1), ASKED)]
    most = max(lengths)
    through = chats_of
    monkeypatch.setattr(local, "chats_of", lambda *given: replace(through(*given), longest=most))
    ready(project, model, max_tokens=1)
    reasons = Counter(row.reason for row in asked())
    monkeypatch.setattr(local, "chats_of", lambda *given: replace(through(*given), longest=5))
    ready(project, model, max_tokens=1, seed=2)
    with pytest.raises(
        Failure, match=r"no prompt fits the model: the prompt has \d+ tokens, and the model reads 5 at most"
    ):
        asked()
    assert COMPLETIONS.exists(), "what was written before stays"
    assert f"the prompt has {most} tokens, and the model reads {most} at most" in reasons
    assert reasons[None] > 0


KILLED = """
import sys
from distill_dsl.runtime.stages import ask
ask.run(teacher="own", data="sums", split="train", thought="cot")
"""


def test_a_killed_run_goes_on_to_the_same_bytes(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(local.BATCH_VARIABLE, "3")
    bytes_of: dict[str, bytes] = {}
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        ready(Path(), model, temperature=1.0, samples=15, max_tokens=60)
        if name == "killed":
            killed()
        asked()
        bytes_of[name] = COMPLETIONS.read_bytes()
    assert bytes_of["whole"] == bytes_of["killed"]


def killed() -> None:
    """Run the stage, and kill it without a warning when it has kept something."""
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.DEVNULL) as running:
        while not STORE_FILE.exists() or sum(held().values()) < 6:
            assert running.poll() is None, "it ended before it could be killed"
            time.sleep(0.02)
        os.kill(running.pid, signal.SIGKILL)
    kept = sum(held().values())
    assert 0 < kept < 105 and not COMPLETIONS.exists()
    assert kept % 3 == 0, "batches are kept whole"


# --- which model it is --------------------------------------------------------------------------


def test_a_model_is_named_by_its_bytes(project: Path) -> None:
    def digest(name: str) -> str | None:
        return weights.named(TransformersTeacher(model=name))["weights"]

    folder = project / "one" / "model"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"123")
    first = digest("./one/model")
    assert first is not None
    (project / "two").mkdir()
    folder.rename(project / "two" / "model")
    assert weights.named(TransformersTeacher(model="./two/model")) == {
        "model": "model",
        "revision": None,
        "weights": first,
        "precision": "auto",
        "engine": "transformers",
    }
    (project / "two" / "model" / "model.safetensors").write_bytes(b"1234")
    assert digest("two/model") not in (None, first)
    assert weights.named(TransformersTeacher(model="org/model", revision="r"))["weights"] is None


def test_a_digest_is_computed_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "x.gguf").write_bytes(b"123")
    (project / "y.gguf").write_bytes(b"123")
    weights._digests.cache_clear()
    one, other = (weights.named(TransformersTeacher(model=f"./{name}.gguf"))["weights"] for name in "xy")
    assert one == other, "the same bytes are the same model"
    weights._digests.cache_clear()
    monkeypatch.setattr(weights, "_sha256", raising(AssertionError("computed again")))
    assert weights.named(TransformersTeacher(model="./x.gguf"))["weights"] == one
    (project / weights.DIGESTS).write_text("no JSON")
    weights._digests.cache_clear()
    with pytest.raises(AssertionError, match="computed again"):
        weights.named(TransformersTeacher(model="./x.gguf"))


# --- a real model -------------------------------------------------------------------------------

SPEC = """\
data sums { source = synthetic("arithmetic", train: 2, test: 1, largest: 20, steps: [1, 1]) }

teacher smol {
  model       = transformers("models/smollm2.gguf")
  temperature = TEMPERATURE
  samples     = 2
  max_tokens  = 16
  stop        = ["\\n\\nQuestion:"]
  system      = "You answer in one short sentence."
}

thought cot { answer = text   cue = "Let's think step by step." }

mix own { problems = sums.train   teacher = smol   thoughts = cot }

student pupil { base = scratch("llama") }

experiment small { students = [pupil]   mixes = [own]   tests = [sums.test]   answers = [cot] }
"""


@pytest.mark.slow
def test_smollm2_teaches_from_a_gguf_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "models").mkdir()
    (project / "models" / "smollm2.gguf").symlink_to(smollm2())
    (project / "prompts").symlink_to(Path(__file__).parents[2] / "prompts")
    through = models.teaching_model
    loaded: list[Student] = []
    monkeypatch.setattr(models, "teaching_model", lambda given: loaded.append(through(given)) or loaded[-1])
    found = {temperature: taught_by_spec(temperature) for temperature in ("0", "1.0")}
    assert len({row.text for row in found["0"] if row.problem == found["0"][0].problem}) == 1
    assert len({row.text for row in found["1.0"]}) == 4
    assert all(row.text and row.usage and row.logprob for rows in found.values() for row in rows)
    plain = loaded[0]
    question = next(files.read_rows(files.problems_file("sums", "train"), Problem)).question
    conversation = said(
        Path("prompts/text.jinja2").read_text().split("{%")[0].strip()
        + f"\n\nQuestion: {question}\nAnswer: Let's think step by step.",
        "You answer in one short sentence.",
    )
    text = plain.tokenizer.apply_chat_template(conversation, add_generation_prompt=True, tokenize=False)
    assert text.startswith("<|im_start|>system\nYou answer in one short sentence.<|im_end|>\n<|im_start|>user\n")
    inputs = plain.tokenizer(text, return_tensors="pt")
    made = plain.model.generate(**inputs, max_new_tokens=16, do_sample=False)[0, inputs["input_ids"].shape[1] :]
    assert found["0"][0].text == plain.codec.text(made.tolist()).split("\n\nQuestion:")[0]


def taught_by_spec(temperature: str) -> list[Completion]:
    Path("small.mtd").write_text(SPEC.replace("TEMPERATURE", temperature))
    for command in (
        ["compile", "small.mtd"],
        ["stage", "fetch", "--data", "sums", "--split", "train", "--split", "test"],
    ):
        subprocess.run(
            [sys.executable, "-c", "from distill_dsl.cli import main; main()", *command],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    params._read.cache_clear()
    ask.run(teacher="smol", data="sums", split="train", thought="cot")
    return list(files.read_rows(files.completions_file("smol-sums-train-cot"), Completion))
