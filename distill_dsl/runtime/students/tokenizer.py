"""The tokenizer of a `scratch` student: trained on its mix, and exactly reversible.

Text is cut into *pieces* whose concatenation is the text: words, numbers, single signs, and line
breaks with the indentation after them. A word or sign carries the one space before it, and the
one after it where a number follows, so that a number never carries a space: `12` is the same
token in `has 12 pens`, `x = 12` and `(12)`, which is what makes copying it learnable. Frequent
pieces become single tokens by byte-level BPE; any other text falls apart into bytes, never into
an unknown token.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

PAD: Final = "<pad>"
END: Final = "</s>"
BYTES: Final = 256

NUMBER: Final = {"split": r"\d", "whole": r"\d+"}
"""`digits` setting -> what counts as one number piece."""

PIECE: Final = r"\n[ \t]*|{number}| ?[\p{{L}}_]+(?: (?=\d))?| ?[^\s\p{{L}}_\d](?: (?=\d))?|\s"


def train_tokenizer(
    texts: Sequence[str], *, vocabulary: int, digits: str, ends: bool = True
) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `vocabulary` tokens; its first ids are pad (0) and end (1).

    With `digits="whole"` every number of the texts gets a token, beyond `vocabulary` if need be. `ends`:
    whether it puts the end mark behind a text.
    """
    cut = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECE.format(number=NUMBER[digits])), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = cut
    tokenizer.train_from_iterator(texts, _trainer(vocabulary), length=len(texts))
    if digits == "whole":
        tokenizer = _with_whole(tokenizer, _numbers(cut, texts))
    tokenizer.pre_tokenizer = cut
    tokenizer.decoder = decoders.ByteLevel()
    if ends:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"$A {END}", special_tokens=[(END, tokenizer.token_to_id(END))]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        clean_up_tokenization_spaces=False,
        # No token types: models made for generation refuse them.
        model_input_names=["input_ids", "attention_mask"],
    )


def _trainer(vocabulary: int) -> trainers.BpeTrainer:
    return trainers.BpeTrainer(
        vocab_size=max(vocabulary, BYTES + 2),
        special_tokens=[PAD, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )


def _numbers(cut: pre_tokenizers.PreTokenizer, texts: Sequence[str]) -> list[str]:
    """The number pieces of the texts, short ones first."""
    pieces = {piece for text in set(texts) for piece, _ in cut.pre_tokenize_str(text) if piece.isdecimal()}
    return sorted(pieces, key=lambda piece: (len(piece), piece))


def _with_whole(trained: Tokenizer, pieces: Sequence[str]) -> Tokenizer:
    """The same tokenizer in which each of the pieces is one token."""
    vocabulary: dict[str, int] = trained.get_vocab()
    for piece in pieces:
        vocabulary.setdefault(piece, len(vocabulary))
    # `ignore_merges`: a piece that is in the vocabulary is taken whole, with or without merges to it.
    whole = Tokenizer(models.BPE(vocab=vocabulary, merges=_merges(trained), ignore_merges=True))
    whole.add_special_tokens([PAD, END])
    return whole


def _merges(trained: Tokenizer) -> list[tuple[str, str]]:
    # The bindings give the vocabulary but not the merges; the saved form has both.
    return [(left, right) for left, right in json.loads(trained.to_str())["model"]["merges"]]
