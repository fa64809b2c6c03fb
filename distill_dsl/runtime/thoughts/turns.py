"""What a completion says to its reader: without what chat models and their servers put around it.

Thinking that comes before the answer, marks of whose turn it is, a prompt that was given back with
the completion, and turns that the model went on to invent.
"""

from __future__ import annotations

import re
from typing import Final

_THINKING: Final = re.compile(
    r"<(/?)(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad)>|\[(/?)THINK\]", re.IGNORECASE
)
_FINAL: Final = "<|channel|>final<|message|>"
_CHANNEL: Final = re.compile(r"<\|channel\|>\w{1,20}<\|message\|>")
_BAR: Final = "[|\uff5c]"
"""Some models write the bar of their marks as the full-width one."""
_TURN: Final = re.compile(
    rf"<{_BAR}im_start{_BAR}>[ \t]*(\w{{1,20}})\s*"
    rf"|<{_BAR}start_header_id{_BAR}>[ \t]*(\w{{1,20}})[ \t]*<{_BAR}end_header_id{_BAR}>\s*"
    r"|<start_of_turn>[ \t]*(\w{1,20})\s*"
    r"|<\|start\|>(\w{1,20})"
    rf"|<{_BAR}(user|system|assistant){_BAR}>\s*"
    r"|\[(/?INST)\]\s*",
    re.IGNORECASE,
)
_OWN: Final = ("assistant", "model", "/inst")
_BEGIN: Final = re.compile(rf"\s*(?:<s>|<bos>|<{_BAR}(?:begin_of_text|begin▁of▁sentence|startoftext){_BAR}>)+\s*")
_END: Final = re.compile(
    rf"</s>|<eos>|<end_of_turn>|<{_BAR}(?:im_end|eot_id|eom_id|end_of_text|endoftext|end|return|end▁of▁sentence){_BAR}>"
)


def said(completion: str) -> str:
    """The first turn of the completion, after a prompt that it may begin with, and without its thinking.

    Of a completion that was cut off while it thought nothing is left: it has said nothing.
    """
    if "<" not in completion and "[" not in completion:
        return completion
    if _FINAL in completion:
        completion = completion[completion.index(_FINAL) + len(_FINAL) :]
    return _without_thinking(_own_turn(completion))


def _own_turn(text: str) -> str:
    """The turn of the model itself; marks of turns are the tokenizer's, and stand in no thought."""
    if (begin := _BEGIN.match(text)) is not None:
        text = text[begin.end() :]
    start = 0
    if (turn := _TURN.match(text.lstrip())) is not None:
        text = text.lstrip()
        own = next((one for one in _TURN.finditer(text) if _who(one) in _OWN), turn)
        start = own.end()
    end = min((mark.start() for one in (_END, _TURN) if (mark := one.search(text, start))), default=len(text))
    return text[start:end]


def _who(turn: re.Match[str]) -> str:
    return next(name for name in turn.groups() if name is not None).lower()


def _without_thinking(text: str) -> str:
    """What stands outside of thinking. Where it begins in the prompt, only its end is in the text."""
    kept: list[str] = []
    depth = place = 0
    for mark in _THINKING.finditer(text):
        if mark[1] or mark[2]:
            kept, depth = ([], 0) if depth == 0 else (kept, depth - 1)
        else:
            if depth == 0:
                kept.append(text[place : mark.start()])
            depth += 1
        place = mark.end()
    if _CHANNEL.match(text):  # what was meant for nobody but the model, and no final word
        return ""
    return "".join(kept) + ("" if depth else text[place:])
