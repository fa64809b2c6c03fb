"""The tables in LaTeX: what a spec says is printed and not obeyed, and what is marked is what was found."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import params
from distill_dsl.runtime.reports.latex import escaped, table_tex
from distill_dsl.runtime.reports.study import Study
from tests.finished import PARAMS, finish, finish_runs, studied, study_of

HOSTILE = '50 % & more_of #1 $x$ {a} ~ ^ \\input{/etc/passwd} <b> |c| "d"\n\n\x00 \\end{document}'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    params._read.cache_clear()


def beside(seeds: tuple[int, ...], source: str = "a paper") -> Study:
    runs = finish(seeds)
    published = {"source": source, "cells": {"small.etd.toy": 70.0, "large.etd.toy": 80.5}}
    experiment = PARAMS["experiment"]["table"] | {"published": published}  # type: ignore[index]
    YAML().dump(PARAMS | {"experiment": {"table": experiment}}, Path("params.yaml"))
    params._read.cache_clear()
    return studied(runs)


def rows_of(text: str) -> list[list[str]]:
    """Cells of all lines of all tables, heads among them."""
    lines = [line.removesuffix(r" \\").strip() for line in text.splitlines() if line.endswith(r" \\")]
    return [re.split(r"\s*(?<!\\)&\s*", line) for line in lines]


def check(text: str) -> None:
    """What TeX would stumble over: braces, environments, and lines with other than the columns of their table."""
    bare = re.sub(r"\\[{}\\]", "", re.sub(r"^%.*$", "", text, flags=re.MULTILINE))
    assert bare.count("{") == bare.count("}")
    open_ones: list[str] = []
    columns = 0
    for line in text.splitlines():
        for begin, name in re.findall(r"\\(begin|end)\{(\w+)\}", "" if line.startswith("%") else line):
            if begin == "begin":
                open_ones.append(name)
            else:
                assert open_ones.pop() == name
        if found := re.search(r"\\begin\{tabular\}\{([lr]+)\}", line):
            columns = len(found[1])
        if line.endswith(r" \\"):
            assert len(re.split(r"(?<!\\)&", line)) == columns, line
    assert open_ones == []


def test_the_main_table_has_the_best_in_bold_and_marks_what_is_worse() -> None:
    text = table_tex(beside((1, 2, 3)))
    check(text)
    cells = rows_of(text)
    assert cells[0] == ["student", "mix", "answer by", "toy-test", "far-test", "average"]
    cotd, etd = cells[1:3]
    assert cotd[3] == r"44.00 {\scriptsize $\pm$ 2.00}\rlap{$^{\dagger}$}"
    assert etd[:3] == ["", "etd", "vote(pot, eot, cot, ties: cot)"]
    assert etd[3] == r"\textbf{74.00} {\scriptsize $\pm$ 2.00}"
    assert r"$^{\dagger}$ worse than the best mix of its student ($p < 0.05$ after Holm)." in text


def test_all_strategies_are_compared_with_the_cascade() -> None:
    text = table_tex(beside((1,)))
    strategies = text[text.index("All strategies") :]
    assert r"$^{\ast}$ better or $^{\dagger}$ worse than pot $>$ eot $>$ cot" in strategies
    cascade = next(row for row in rows_of(strategies) if row[2] == "pot $>$ eot $>$ cot")
    assert not any("rlap" in cell for cell in cascade)
    assert re.fullmatch(r"62\.00 \{\\scriptsize \(55\.1--68\.4\)\}", cascade[3])


def test_published_figures_stand_beside_the_measured() -> None:
    rows = rows_of(table_tex(beside((1,))))
    assert rows[-2:] == [
        ["student", "mix", "test", "measured", "published", "difference"],
        ["small", "etd", "toy-test", "72.00", "70.00", "$+2.00$"],
    ]


def test_what_is_varied_has_a_column() -> None:
    text = table_tex(studied(finish_runs(study_of((1, 2), (1,)))))
    check(text)
    assert rows_of(text)[0][:3] == ["student", "mix", "paths"]
    assert rows_of(text)[1][:3] == ["small", "etd", "1"]


def test_what_a_spec_says_is_no_command() -> None:
    text = table_tex(beside((1,), HOSTILE))
    check(text)
    assert r"\input{/etc" not in text and "\x00" not in text
    assert r"50 \% \& more\_of \#1 \$x\$ \{a\}" in text


@pytest.mark.parametrize("one", [chr(code) for code in range(32, 127)])
def test_every_letter_is_printed_as_it_is(one: str) -> None:
    special = one in '\\{}$&%#_~^<>|"'
    assert (escaped(one) != one) == special
    assert not special or re.fullmatch(r"\\[{}$&%#_]|\\text\w+\{\}|\$[<>|]\$|\{''\}", escaped(one))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_latex_sets_the_tables() -> None:
    Path("table.tex").write_text(table_tex(beside((1, 2), HOSTILE)), encoding="utf-8")
    Path("paper.tex").write_text(
        "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n\\input{table}\n\\end{document}\n",
        encoding="utf-8",
    )
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-output-format=dvi", "paper.tex"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stdout[-2000:]
