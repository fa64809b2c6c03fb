"""The executable part of a raw completion: without prose, fences, echoes and invented questions.

Extraction never repairs: a program that was cut off or is wrong stays as it is, and fails when it is run.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from distill_dsl.runtime.thoughts.turns import said

MAX_PROGRAM: Final = 16_000
"""Longest program, in characters, that is looked at: far above what 512 tokens hold, and short enough
that Python's parser meets its own depth limits before the stack's."""
MAX_STARTS: Final = 10
"""How many lines are tried as a program's first one."""
MAX_CUTS: Final = 5
"""How many invented questions are tried as its end: the first that ends it counts, the others lie behind."""

_FENCE: Final = re.compile(
    r"^[ \t]*(?:```|~~~)[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^[ \t]*(?:```|~~~)|\Z|```)", re.DOTALL | re.MULTILINE
)
_TAGGED: Final = re.compile(r"<(answer|code|pre|python|program|equations)>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE_LINE: Final = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*([\w+-]*)", re.MULTILINE)
_INLINE: Final = re.compile(r"`{1,3}(?:python|py)?[ \t]*([^`\n]+)`{1,3}")
_FURTHER: Final = re.compile(
    r"^[ \t]*(?:#+[ \t]*|\*\*)?(?:(?:Next|New|Another)[ \t]+)?"
    r"(?:Q|[Qq]uestion|[Pp]roblem|Human|User|Instruction|Example[ \t]+(?=[0-9]))[ \t]*[0-9]{0,4}[ \t]*:",
    re.MULTILINE,
)
_ASKS: Final = re.compile(r"^[ \t]*[A-Z][^\n=]{20,}\?[ \t]*$", re.MULTILINE)
"""A question in prose, without a label."""
_ANSWERS: Final = re.compile(r"^(?:ans|answer)[ \t]*=|^[ \t]*(?:return|print)\b", re.MULTILINE)
_LABEL: Final = re.compile(
    r"^[ \t]*(?:#+[ \t]*|\*\*)?(?:A|Answer|Solution|Response|Assistant)[ \t]*:[* \t]*", re.MULTILINE
)
_LINE: Final = re.compile(r"^[ \t]*(?:#{2,}[ \t]*|\*\*)?(\w{1,20}[ \t]*:[* \t]*)?", re.MULTILINE)
_SPACE: Final = re.compile(r"[\s*]*")
_FIRST_LABEL: Final = re.compile(
    r"\s*(?:#+[ \t]*|\*\*)?(?:Answer|Solution|Response|Assistant|Program|Code|Equations|Python)[ \t]*:[* \t]*"
)
_PREFIX: Final = re.compile(r"[ \t]*(?:[0-9]{1,3}[.:)]|[-*\u2022>]) ")
"""What a list or a quotation puts before each line."""
_CODE: Final = re.compile(
    r"^\s*(?:(?:from|import|def|class|for|while|if|try|with|return|print)\b"
    r"|[A-Za-z_][\w., ]*(?:\[[^\]\n]*\])?\s*[-+*/]?=(?!=))"
)
_HEADER: Final = re.compile(r"\s*(?:def|class|for|while|if|with|try)\b.*:\s*(?:#.*)?$")
_DEFINITION: Final = re.compile(r"\s*def\s")
_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_DOCTEST: Final = re.compile(r"^(?:>>>|\.\.\.) ?", re.MULTILINE)


def without_further_questions(text: str) -> str:
    """The text up to a question that the model invented; an echo of the asked one at the top goes too."""
    if _FURTHER.match(text.lstrip()) and (label := _LABEL.search(text)):
        text = text[label.end() :]
    for match in _FURTHER.finditer(text):
        if text[: match.start()].strip():
            return text[: match.start()]
    return text


def after_echo(text: str, question: str) -> str:
    """The text behind the prompt where it begins with one: instructions, worked examples, the question.

    Only who knows the question can tell a prompt with worked examples from a thought with invented
    questions behind it. A thought after which the model asks the same again is left whole.
    """
    words = question.split()
    if not words:
        return text
    found = next((span for line in _LINE.finditer(text) if (span := _asked_at(text, line, words))), None)
    if found is None:
        return text
    before, rest = text[: found[0]], text[found[1] :]
    is_prompt = _FURTHER.search(before) is not None or not any(map(str.isdigit, before))
    in_program = before.count('"""') % 2 or _parses(before)
    return rest if is_prompt and not in_program and rest.strip() else text


def _asked_at(text: str, line: re.Match[str], words: Sequence[str]) -> tuple[int, int] | None:
    """Where the words stand, if they begin with the line or behind its label and end with a line; spaces apart."""
    for start in dict.fromkeys((line.end(), line.start(1))):
        place = start
        for word in words:
            if start < 0 or not text.startswith(word, place):
                break
            place = _SPACE.match(text, place + len(word)).end()  # type: ignore[union-attr]  # it matches nothing, too
        else:
            end = len(text[:place].rstrip())
            if place == len(text) or "\n" in text[end:place]:
                return line.start(), end
    return None


def program(completion: str) -> str:
    """The Python program of a completion; the text itself where no program can be made out.

    Fenced blocks win over prose around them; several are joined, as a notebook would run them. A
    bare function body (the model went on from `def solution():`) gets its head back.
    """
    text = said(completion).removeprefix("\ufeff").replace("\r\n", "\n").expandtabs(4)
    if len(text) > MAX_PROGRAM:
        return text
    text = _fenced(_tagged(text), _is_program)
    if (label := _FIRST_LABEL.match(text)) and label.end() < len(text):
        text = text[label.end() :]
    if text.lstrip().startswith(">>>"):
        text = _DOCTEST.sub("", text)
    text = _first_program(text)
    if _parses(text):
        return _trimmed(text)
    for candidate in map(_first_program, _candidates(text)):
        if _parses(candidate):
            return _trimmed(candidate)
    rest = _trimmed(_from_first_code(text))
    return rest if len(rest) == len(text) else program(rest)  # what stood before it may have hidden a program


def equations(completion: str) -> str:
    """The equations of a completion: fences taken off, a further question cut off; the rest is the parser's."""
    text = _tagged(said(completion).replace("\r\n", "\n"))
    return without_further_questions(_fenced(text, lambda head: "=" in head)).strip("\n")


def _trimmed(text: str) -> str:
    return text.strip("\n").rstrip()


def _tagged(text: str) -> str:
    """What stands between the last tags that set an answer apart, as fences do."""
    for _ in range(2):  # <pre><code>
        blocks = [content for _, content in _TAGGED.findall(text) if content.strip()]
        if not blocks or _parses(text):
            return text
        text = blocks[-1]
    return text


def _fenced(text: str, is_code: Callable[[str], bool]) -> str:
    """What stands between fences; before the only closing one where the opening one was in the prompt."""
    lines = list(_FENCE_LINE.finditer(text))
    if len(lines) % 2 and not lines[0][1] and is_code(head := text[: lines[0].start()]):
        return head
    blocks = [content for language, content in _FENCE.findall(text) if _is_python(language)]
    running = [block for block in blocks if _parses(textwrap.dedent(block))]
    return "\n".join(textwrap.dedent(block) for block in running or blocks) or text


def _is_program(text: str) -> bool:
    """Whether the text is a program, or prose with one that answers."""
    if _ANSWERS.search(text):
        return True
    return any(map(_CODE.match, text.split("\n"))) and _parses(textwrap.dedent(text))


def _is_python(language: str) -> bool:
    return language.lower() in ("", "py", "python", "python3", "code", "text", "math", "equations", "latex")


def _first_program(text: str) -> str:
    """The text up to an invented question: one that follows code which is complete without the rest."""
    for match in islice(_FURTHER.finditer(text), MAX_CUTS):
        head = text[: match.start()]
        if _has_statement(head) and _parses(head):
            return head
    for match in islice(_ASKS.finditer(text), MAX_CUTS):
        head = text[: match.start()]
        if _ANSWERS.search(head) and _parses(head):
            return head
    return text


def _has_statement(text: str) -> bool:
    """Whether there is more than imports, comments, blank lines and the head of a function."""
    lines = (line.strip() for line in text.split("\n"))
    return any(line and not line.startswith(("#", "import ", "from ")) and not _HEADER.match(line) for line in lines)


def _candidates(text: str) -> Iterator[str]:
    """Parts of a text that does not parse, the likeliest first."""
    yield textwrap.dedent(text)
    lines = text.split("\n")
    yield _unprefixed(lines)
    if re.search(r"^\s*return\b", text, re.MULTILINE):
        yield from _bodies(lines)
    for start in _starts(lines):
        rest = _without_prose_tail(lines[start:])
        yield textwrap.dedent("\n".join(rest))
        yield from _bodies(rest)
    yield "\n".join(code for code in _INLINE.findall(text) if _CODE.match(code))
    yield "\n".join(line for line in lines if not _is_prose(line))


def _unprefixed(lines: list[str]) -> str:
    """The lines of a list or a quotation; nothing where some line is of none."""
    written = [line for line in lines if line.strip()]
    bare = [line[mark.end() :] for line in written if (mark := _PREFIX.match(line))]
    return "\n".join(bare) if len(bare) == len(written) else ""


def _starts(lines: list[str]) -> Iterator[int]:
    """Where a program may begin: lines like code, up to the first that surely is (`So x = 5.` may be prose)."""
    tried = 0
    for number, line in enumerate(lines):
        if _CODE.match(line) and tried < MAX_STARTS:
            tried += 1
            yield number
        if _HEADER.match(line) or (line.strip() and not line.startswith("#") and _parses(line.strip())):
            return


def _bodies(lines: list[str]) -> Iterator[str]:
    """The lines as the body of a function whose head was in the prompt."""
    lines = [line for line in lines if line.strip()]
    if not any(line.lstrip().startswith("return") for line in lines) or any(map(_DEFINITION.match, lines)):
        return  # a function that has its head is broken in another way
    whole = textwrap.dedent("\n".join(lines))
    yield "def solution():\n" + textwrap.indent(whole, "    ")
    rest = textwrap.dedent("\n".join(lines[1:]))  # the prompt ended in the first line's indent
    yield "def solution():\n" + textwrap.indent(f"{lines[0].strip()}\n{rest}", "    ")


def _from_first_code(text: str) -> str:
    lines = text.split("\n")
    start = next(_starts(lines), None)
    return text if start is None else "\n".join(_without_prose_tail(lines[start:]))


def _without_prose_tail(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or _is_prose(lines[end - 1])):
        end -= 1
    return lines[:end]


def _is_prose(line: str) -> bool:
    """A sentence rather than code, even code cut off: it begins like one, has words, and is no Python."""
    begins = bool(re.match(r"[A-Z*>-]|[0-9]+[.)] ", line)) or line.rstrip().endswith((".", "!", "?"))
    return begins and len(_WORD.findall(line)) >= 2 and not line.startswith("#") and not _parses(line.strip())


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return bool(body) and not any(isinstance(statement, ast.Return) for statement in body)
