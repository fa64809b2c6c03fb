"""A page for each code: what it means, why the language is so, what is wrong and what is right."""

from __future__ import annotations

from importlib import resources

from distill_dsl.compiler.diagnostics import Code


def page(code: Code) -> str:
    """The page of a code as Markdown."""
    return resources.files(__package__).joinpath(f"{code.number}.md").read_text(encoding="utf-8")


def found(word: str) -> Code | None:
    """The code that is meant by `12`, `mtd12`, `MTD012` or `quotes`."""
    plain = word.strip().lower().replace("_", "-").strip("[]`")
    number = plain.removeprefix("mtd").lstrip("-")
    for code in Code:
        if plain == code.title or (number.isdigit() and int(number) == int(code.number[3:])):
            return code
    return None
