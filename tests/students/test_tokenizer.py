from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from distill_dsl.runtime.students.tokenizer import train_tokenizer

CORPUS = [
    "Question: Ann has 12 pens and buys 345 more (at $2.50).\nLet's think step by step.",
    "def solution():\n    total = 12 + 345\n    if total >= 7:\n        return total // 2\n",
    "x + 2*y = 45\nans = x - y",
]
DIGITS = ["split", "whole"]
TOKENIZERS = {digits: train_tokenizer(CORPUS, vocabulary=400, digits=digits) for digits in DIGITS}

code = st.lists(
    st.sampled_from(
        [
            "\n",
            "    ",
            "\t",
            " ",
            "x",
            "total",
            "12",
            "3.5",
            "7",
            "=",
            "==",
            " + ",
            "**",
            "//",
            "-",
            "(",
            ")",
            ":",
            "# ",
            "é",
            "½",
            "_a1",
        ]
    )
).map("".join)


def back(tokenizer: PreTrainedTokenizerBase, text: str) -> str:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return str(tokenizer.decode(ids, clean_up_tokenization_spaces=False))


@pytest.mark.parametrize("digits", DIGITS)
@given(text=st.one_of(code, st.text(max_size=60)))
@settings(max_examples=200, deadline=None)
def test_any_text_comes_back_exactly(digits: str, text: str) -> None:
    # The two special tokens are marks, not text: a text that spells one is not ours to keep.
    if "<pad>" not in text and "</s>" not in text:
        assert back(TOKENIZERS[digits], text) == text


@pytest.mark.parametrize(
    ("digits", "pieces"),
    [("whole", ["12", "345", "2"]), ("split", ["1", "2", "3", "4", "5"])],
)
def test_numbers_are_tokens_without_spaces(digits: str, pieces: list[str]) -> None:
    vocabulary = TOKENIZERS[digits].get_vocab()
    assert all(piece in vocabulary for piece in pieces)
    assert not [token for token in vocabulary if token.startswith("Ġ") and token[1:].isdecimal()]
    assert ("345" in vocabulary) is (digits == "whole")


def test_a_number_is_the_same_token_wherever_it_stands() -> None:
    tokenizer = TOKENIZERS["whole"]
    number = tokenizer.convert_tokens_to_ids("345")
    for text in ("has 345 pens", "x = 345", "(345)", "345", "1+345\n"):
        assert number in tokenizer(text)["input_ids"], text


def test_a_frequent_word_is_one_token_and_a_line_break_keeps_its_indentation() -> None:
    tokens = TOKENIZERS["whole"].tokenize("def solution():\n    total = 12")
    assert "Ċ" + 4 * "Ġ" in tokens
    assert len(TOKENIZERS["whole"].tokenize(" total")) == 1


def test_unseen_numbers_and_signs_fall_apart_into_known_tokens() -> None:
    assert TOKENIZERS["whole"].convert_ids_to_tokens(TOKENIZERS["whole"]("987")["input_ids"])[:-1] == ["9", "8", "7"]


def test_end_is_added_and_ids_are_fixed() -> None:
    tokenizer = TOKENIZERS["split"]
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id) == (0, 1)
    assert tokenizer("x")["input_ids"][-1] == 1


@pytest.mark.parametrize("digits", DIGITS)
def test_a_saved_tokenizer_is_the_same(digits: str, tmp_path: Path) -> None:
    TOKENIZERS[digits].save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    for text in CORPUS:
        assert loaded(text)["input_ids"] == TOKENIZERS[digits](text)["input_ids"]
        assert back(loaded, text) == text


def test_training_gives_the_same_tokenizer_in_another_process() -> None:
    program = (
        "from distill_dsl.runtime.students.tokenizer import train_tokenizer\n"
        f"print(train_tokenizer({CORPUS * 3!r}, vocabulary=330, digits='whole').backend_tokenizer.to_str(), end='')"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert other == train_tokenizer(CORPUS * 3, vocabulary=330, digits="whole").backend_tokenizer.to_str()
