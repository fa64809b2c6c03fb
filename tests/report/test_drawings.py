"""Figures: nothing is cut off or overlaps, few or many of anything; and as SVG they can stand in a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from distill_dsl.contract.runs import Asked
from distill_dsl.runtime.reports.figures import accuracy, certainty, cost, errors, formats, mixes, yields
from distill_dsl.runtime.reports.figures.style import COLOURS, png, strategy_style, svg, words
from distill_dsl.runtime.reports.formats import Combination, FormatSets
from distill_dsl.runtime.reports.results import Results
from distill_dsl.runtime.reports.yields import Taught, Tokens, Yield
from tests.report.shapes import FEW, MANY, choices_of, costs_of, results_of

STUDENTS = ("tiny", "small", "large")
SHAPES = {
    "one of everything": results_of(answers=FEW[:1]),
    "usual": results_of(mixes=("cotd", "etd"), tests=("toy-test", "far-test"), seeds=(1, 2)),
    "many strategies": results_of(answers=MANY, tests=("toy-test", "far-test")),
    "many students and tests": results_of(STUDENTS, ("cotd", "etd"), ("toy-test", "far-test", "multiarith-test")),
    "many values": results_of(("tiny", "small"), ("etd",), paths=(1, 2, 4, 8, 16)),
    "long names": results_of(("a_student_with_a_name_that_is_long",), ("a_mix_with_a_name_that_is_long", "etd")),
}
SIZES = {"tiny": 60_000, "small": 1_200_000, "large": 770_000_000, "a_student_with_a_name_that_is_long": 1}


def sets_of(results: Results) -> tuple[FormatSets, ...]:
    names = ("cot", "pot", "eot")
    found = [Combination(names, 0.5, 0.5), Combination(("pot",), 0.25, 0.1), Combination((), 0.25, 0.0)]
    return tuple(FormatSets(group, test, names, 40, tuple(found)) for group in results.groups for test in results.tests)


def taught(kept: tuple[int, ...] = (40,), thought: str = "cot", **changes: Any) -> Taught:
    tokens = Tokens(input=100, output=100)
    counts = {"asked": 100, "answered": 90, "truncated": 5, "filtered": 2, "missing": 3}
    counts |= {"executed": 80, "right": 60, "unique": 50} | changes
    found = Yield(problems=25, **counts, covered=0.9, tokens=tokens, cost=1.5, cost_per_1000_right=25.0)
    return Taught(Asked(thought, "gold", "toy", "train"), (), found, kept)


DRAWINGS: dict[str, Callable[[Results], Figure]] = {
    "accuracy": accuracy.draw,
    "mixes": lambda results: mixes.draw(results, costs_of(results, SIZES)),
    "cost": cost.draw,
    "risk": lambda results: certainty.draw_risk(results, choices_of(results)),
    "calibration": lambda results: certainty.draw_calibration(results, choices_of(results)),
    "formats": lambda results: formats.draw(results, sets_of(results)),
    "errors": errors.draw,
    "yield": lambda results: yields.draw(results, (taught(), taught(thought="a_thought_with_a_long_name"))),
}


def shown_texts(figure: Figure) -> list[Text]:
    FigureCanvasAgg(figure).draw()
    return [one for one in figure.findobj(Text) if one.get_visible() and one.get_text().strip()]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("drawing", DRAWINGS)
def test_every_text_is_within_the_figure(drawing: str, shape: str) -> None:
    found: list[str] = []

    def drawn() -> Figure:
        figure = DRAWINGS[drawing](SHAPES[shape])
        edge = figure.bbox
        for one in shown_texts(figure):
            box = one.get_window_extent()
            if box.x0 < edge.x0 - 1 or box.x1 > edge.x1 + 1 or box.y0 < edge.y0 - 1 or box.y1 > edge.y1 + 1:
                found.append(one.get_text())
        return figure

    png(drawn)
    # Ticks beyond the limits of an axis are texts that are not shown.
    assert [text for text in found if not re.fullmatch(r"−?[\d.]+[kMG]?", text)] == []


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("drawing", ["accuracy", "errors", "mixes"])
def test_names_do_not_overlap(drawing: str, shape: str) -> None:
    across = "x" if drawing == "mixes" else "y"

    def drawn() -> Figure:
        figure = DRAWINGS[drawing](SHAPES[shape])
        shown_texts(figure)
        for axes in figure.axes:
            names = [one for one in getattr(axes, f"get_{across}ticklabels")() if one.get_text()]
            boxes = [one.get_window_extent() for one in names if one.get_visible()]
            slanted = any(one.get_rotation() for one in names)
            for one, other in pairwise(boxes):
                assert slanted or not one.overlaps(other), [name.get_text() for name in names]
        return figure

    png(drawn)


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_the_same_results_give_the_same_svg(drawing: str) -> None:
    draw = partial(DRAWINGS[drawing], SHAPES["usual"])
    text = svg(draw, drawing)
    assert text == svg(draw, drawing)
    assert text.startswith("<svg ") and "<style" not in text and "<metadata" not in text
    root = ElementTree.fromstring(text)
    assert root.get("id") == drawing
    told = "".join(root.itertext())
    assert "No " in told or "cot" in told, "text is text"


def test_figures_of_one_page_share_no_ids() -> None:
    draw = partial(DRAWINGS["accuracy"], SHAPES["usual"])
    one, other = (set(re.findall(r' id="([^"]+)"', svg(draw, name))) for name in ("one", "other"))
    assert one and other and not one & other


def test_a_name_is_no_markup_in_svg() -> None:
    text = svg(lambda: words("</svg><script>alert(1)</script> & co"))
    assert "<script" not in text and "&lt;script&gt;" in text


def test_black_is_the_page_s_colour_in_svg() -> None:
    text = svg(partial(DRAWINGS["accuracy"], SHAPES["usual"]))
    assert "currentColor" in text and "#000000" not in text


# --- strategies ---------------------------------------------------------------------------------


def test_more_strategies_make_the_figure_longer_not_wider() -> None:
    few, many = (accuracy.draw(results_of(answers=answers)) for answers in (FEW, MANY))
    assert many.get_figheight() > 2 * few.get_figheight()
    assert many.get_figwidth() < 2 * few.get_figwidth()


def test_a_strategy_has_its_colour_in_every_figure_and_its_own_where_few_are_shown() -> None:
    few, many = (results_of(answers=answers) for answers in (FEW, MANY))
    assert strategy_style(few, "pot", ["pot"]) == strategy_style(few, "pot") == (COLOURS[1], 0)
    last = list(many.titles)[-2]
    assert strategy_style(many, last)[1] > 0
    assert strategy_style(many, last, ["cot", last]) == (COLOURS[1], 0)


def test_of_many_strategies_those_on_the_frontier_have_colours() -> None:
    results = results_of(answers=MANY)
    rows = [row for row in results.rows if row.strategy not in results.oracles]
    coloured = cost.named(results, [rows])
    assert coloured == [row.strategy for row in cost.frontier(rows)]
    legend = [one.get_text() for one in cost.draw(results).legends[0].get_texts()]
    assert legend == [*(results.titles[key] for key in coloured), f"{len(rows) - len(coloured)} others"]


def test_a_test_whose_tokens_nobody_counted_is_an_empty_panel() -> None:
    results = results_of(tests=("toy-test", "far-test"))
    rows = tuple(replace(row, tokens=None) if row.test == "far-test" else row for row in results.rows)
    figure = cost.draw(replace(results, rows=rows))
    assert [len(axes.lines) > 1 for axes in figure.axes] == [True, False]


def test_of_many_curves_the_best_of_each_kind_and_the_headline_are_shown() -> None:
    results = results_of(answers=MANY)
    told = certainty.chosen(results, choices_of(results), results.groups)
    assert [key.partition("-")[0] for key in told] == ["vote", "confident", "ranked", "adaptive"]
    assert results.headline(results.groups[0]) in told
    areas = {row.strategy: row.aurc or 0.0 for row in results.rows}
    confident = [key for key in told if key.startswith("confident")]
    assert confident == [min((key for key in areas if key.startswith("confident")), key=areas.__getitem__)]


# --- mixes --------------------------------------------------------------------------------------


def labels_along(figure: Figure) -> list[str]:
    return [one.get_text() for one in figure.axes[0].get_xticklabels()]


def test_students_stand_by_their_size() -> None:
    results = results_of(("large", "tiny"), ("cotd", "etd"))
    figure = mixes.draw(results, costs_of(results, SIZES))
    assert labels_along(figure) == ["tiny\n60k", "large\n770M"]
    assert [one.get_text() for one in figure.legends[0].get_texts()] == ["cotd", "etd"]


def test_published_figures_stand_beside_their_mix() -> None:
    results = results_of(mixes=("cotd", "etd"), published={"small.etd.toy": 61.0, "small.etd.far": 3.0})
    figure = mixes.draw(results, costs_of(results, SIZES))
    assert [one.get_text() for one in figure.legends[0].get_texts()] == ["published"]
    marks = [one for one in figure.axes[0].lines if one.get_label() == "published"]
    assert [(list(one.get_xdata()), list(one.get_ydata())) for one in marks] == [([1], [61.0])]


def test_of_too_many_variants_the_best_of_each_mix_is_shown() -> None:
    results = results_of(("tiny", "small"), ("cotd", "etd"), paths=(1, 2, 4, 8, 16))
    assert {name: len(groups) for name, groups in mixes.series_of(results).items()} == {"best cotd": 2, "best etd": 2}


# --- formats ------------------------------------------------------------------------------------


def test_a_bar_is_what_a_set_of_formats_solves() -> None:
    results = results_of()
    figure = formats.draw(results, sets_of(results))
    widths = [round(bar.get_width(), 3) for bar in figure.axes[1].patches]
    assert widths[:6] == [50.0, 0.0, 10.0, 15.0, 0.0, 25.0]
    assert figure.legends[0].get_texts()[0].get_text() == "vote(pot, eot, cot) is right"


def test_of_many_groups_the_best_of_each_student_is_shown() -> None:
    results = results_of(("tiny", "small"), ("etd",), paths=(1, 2, 4, 8))
    assert [group.student for group in formats.shown_groups(results, sets_of(results))] == ["tiny", "small"]
    assert formats.shown_groups(results, sets_of(results)[:6]) == results.groups[:6]


def test_a_mix_of_one_format_has_no_sets() -> None:
    assert [one.get_text() for one in formats.draw(results_of(), ()).texts] == ["No mix here has several formats."]


# --- errors and yields --------------------------------------------------------------------------


def test_what_becomes_of_thoughts_adds_up() -> None:
    verdicts = {"correct": 5, "wrong": 4, "no-answer": 3, "timeout": 2, "denied": 1}
    verdicts |= {f"error:kind{place}": 9 - place for place in range(8)}
    results = results_of(verdicts=verdicts)
    paints = errors.paints_of(results)
    kinds = [f"error: kind{place}" for place in range(6)]
    assert list(paints) == ["right", "wrong", "no answer", *kinds, "other errors", "timeout", "denied"]
    parts = errors.parts(results.formats[0], paints)
    assert sum(share for _, share, _ in parts) == pytest.approx(1)
    assert {name: share for name, share, _ in parts}["other errors"] == pytest.approx((3 + 2) / sum(verdicts.values()))
    assert len({(paint.colour, paint.hatch) for paint in paints.values()}) == len(paints)


@pytest.mark.parametrize("kept", [(), (40,), (30, 45), (60,)], ids=["nothing", "some", "two mixes", "duplicates"])
def test_what_a_teacher_gave_adds_up(kept: tuple[int, ...]) -> None:
    parts = yields.parts(taught(kept))
    assert sum(parts.values()) == pytest.approx(1)
    assert min(parts.values()) >= 0
    assert parts["kept by a mix"] == max(kept, default=0) / 100


def test_a_line_says_the_teacher_where_there_are_several() -> None:
    other = Asked("cot", "paid", "toy", "train")
    one, two = taught(), Taught(other, (), taught().found, (1,))
    assert yields.names_of(results_of(), [one]) == ["cot"]
    assert yields.names_of(results_of(), [one, two]) == ["gold, cot", "paid, cot"]
    assert yields.told(one) == "100 asked, 90 % covered, $1.50"
