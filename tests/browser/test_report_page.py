"""The report's page in a real browser, opened from its file: what a person clicks, and what no model can make it do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from tests.browser.browsing import Take, Told
from tests.report.told import PAGE, SPEC, told_once

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

RUN = "paper-etd-small-s1"
BY = "vote-pot-eot-cot-by_confidence"
LINE = 1 + SPEC.splitlines().index("experiment paper {")


@pytest.fixture
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the finished project, as a file."""
    return (told_once(tmp_path_factory) / PAGE).as_uri()


@pytest.fixture(autouse=True)
def quiet(told: Told, request: pytest.FixtureRequest) -> object:
    """Whatever a test does: no error of a script, and no request but for files beside the page."""
    yield
    assert told.errors == []
    assert told.refused == []
    assert all(one.startswith("file:") for one in told.requests), told.requests


def texts(cells: Locator) -> list[str]:
    return [text.split("\n")[0].strip().removeprefix("≈") for text in cells.all_inner_texts()]


def column(page: Page, at: int) -> list[str]:
    """A column of the main table, first line of each cell."""
    return texts(page.locator(f"#table-main tbody tr > :nth-child({at})"))


def test_it_opens_from_a_file_and_shows_the_main_table(page: Page, told: Told, take: Take, address: str) -> None:
    page.goto(address)
    assert page.locator("h1").inner_text() == "paper"
    assert column(page, 2) == ["cotd", "potd", "etd", "cotd", "potd", "etd"]
    assert page.locator("figure svg").count() >= 7
    assert page.title() == "paper · report"
    take(page, "report")


def test_a_click_on_a_head_sorts_and_a_third_one_gives_the_spec_its_order_back(page: Page, address: str) -> None:
    page.goto(address)
    head = page.locator("#table-main thead th", has_text="gsm-test")
    before = column(page, 4)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    down = column(page, 4)
    assert list(map(float, down)) == sorted(map(float, before), reverse=True) != list(map(float, before))
    head.get_by_role("button").click()
    assert column(page, 4) == sorted(before, key=float)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert column(page, 4) == before
    page.locator("#table-main thead th", has_text="student").get_by_role("button").press("Enter")
    assert column(page, 1) == ["small"] * 3 + ["tiny"] * 3


def test_a_number_tells_where_it_comes_from_and_leads_to_its_predictions(page: Page, take: Take, address: str) -> None:
    page.goto(address)
    button = page.locator("#table-main tbody tr").nth(5).locator(".n").first
    button.hover()
    assert "score-paper-etd-small-s1" in (button.get_attribute("title") or "")
    button.click()
    origin = page.locator("#origin")
    assert origin.is_visible()
    said = origin.inner_text()
    for words in (
        "vote(pot, eot, cot, by: confidence) of small after etd on gsm-test",
        "seed 1: ",
        "artifacts/scores/paper-etd-small-s2.json",
        "score-paper-etd-small-s1",
        f"specs/paper.mtd:{LINE}",
        "dvc repro score-paper-etd-small-s1 score-paper-etd-small-s2",
    ):
        assert words in said, words
    take(page, "report-origin")
    page.keyboard.press("Escape")
    assert origin.is_hidden()
    assert button.evaluate("button => button === document.activeElement")

    button.press("Enter")
    origin.get_by_role("link", name="Show the predictions behind it").click()
    page.locator("#list li").first.wait_for()
    assert origin.is_hidden()
    assert page.locator("[name=run]").input_value() == RUN
    assert page.locator("[name=test]").input_value() == "gsm-test"
    right = float(page.locator("#count").inner_text().partition("; ")[2].partition(" %")[0])
    assert page.locator("#count").inner_text().startswith("40 of 80 problems")
    assert 80 <= right <= 100


def test_a_line_of_the_spec_is_shown_where_a_number_names_it(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("details.spec summary").click()
    page.locator("#table-main .n").first.click()
    page.locator("#origin a", has_text="specs/paper.mtd:").first.click()
    line = page.locator(".code li.target")
    line.wait_for()
    assert line.inner_text().startswith("experiment paper {")
    assert line.evaluate(
        "line => { const at = line.getBoundingClientRect(); return at.top >= 0 && at.bottom <= innerHeight }"
    )


def test_predictions_are_filtered_and_each_has_an_address(page: Page, take: Take, address: str) -> None:
    page.goto(f"{address}#predictions")
    page.locator("#list li").first.wait_for()
    page.locator("[name=run]").select_option("paper-etd-tiny-s1")
    page.get_by_text("tiny after etd, seed 1").wait_for()
    assert page.locator("[name=by]").input_value() == BY
    page.locator("[name=result]").select_option("wrong")
    page.locator("#list .verdict.correct").first.wait_for(state="detached")
    wrong = page.locator("#list li")
    assert 0 < wrong.count() < 25
    assert page.locator("#list li > a > .verdict.wrong").count() == wrong.count()

    page.locator("[name=result]").select_option("missed")
    found = page.locator("#list li").count()
    page.locator("#list li").nth(1).click()
    assert page.locator("#list li").count() == found > 1
    detail = page.locator("#detail")
    assert detail.locator(".thought.is-correct").count() >= 1
    assert detail.locator("tr[aria-current] .verdict").inner_text().strip()[0] in "✗–"
    question = detail.locator(".question").inner_text()
    take(page, "report-predictions")

    link = page.url
    assert "run=paper-etd-tiny-s1" in link and "result=missed" in link and "id=arithmetic-test-" in link
    page.goto("about:blank")
    page.goto(link)
    page.locator("#list a[aria-current]").wait_for()
    assert page.locator("#detail .question").inner_text() == question
    assert page.locator("[name=result]").input_value() == "missed"


def test_formats_verdicts_and_words_narrow_the_list(page: Page, address: str) -> None:
    page.goto(f"{address}#predictions?run={RUN}")
    page.locator("#list li").first.wait_for()
    page.locator("[name=formats]").select_option("split")
    page.get_by_text("of 80 problems").wait_for()
    chips = page.locator("#list .chips").all()
    assert chips and all({"✓"} < {one.strip()[0] for one in chip.locator("span").all_inner_texts()} for chip in chips)

    page.get_by_role("button", name="Clear").click()
    option = page.locator("[name=verdict] option[value^='pot|error']").first
    count = int((option.text_content() or "").rpartition("(")[2].rstrip(")"))
    page.locator("[name=verdict]").select_option(option.get_attribute("value"))
    page.get_by_text(f"{count} of 80 problems").wait_for()

    page.get_by_role("button", name="Clear").click()
    page.keyboard.press("Escape")
    page.locator("h2#h-predictions").click()
    page.keyboard.press("/")
    page.keyboard.type("pens")
    page.locator("#detail mark").first.wait_for()
    assert "q=pens" in page.url
    assert all("pens" in text for text in texts(page.locator("#detail mark")))


def test_two_runs_are_held_beside_each_other(page: Page, address: str) -> None:
    page.goto(f"{address}#predictions?run={RUN}&against=paper-cotd-tiny-s1&result=gained")
    page.locator("#list li").first.wait_for()
    assert page.locator("#list li > a > .verdict.correct").count() == page.locator("#list li").count()
    assert page.locator("#detail p", has_text="tiny after cotd, seed 1: ").locator("b.correct").count() == 0
    page.locator("[name=against]").select_option("")
    page.get_by_text("80 of 80 problems").wait_for()


def test_keys_go_through_the_list_and_over_its_pages(page: Page, address: str) -> None:
    page.goto(f"{address}#predictions?run={RUN}")
    page.locator("#list li").first.wait_for()
    seen = []
    for _ in range(27):
        page.keyboard.press("j")
        page.locator("#list a[aria-current]").wait_for()
        seen.append(page.url)
    assert len(set(seen)) == 27
    assert page.locator(".pages span").inner_text() == "26 to 50"
    page.keyboard.press("k")
    page.keyboard.press("k")
    page.get_by_text("1 to 25").wait_for()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("26 to 50").wait_for()


def test_what_a_model_wrote_is_shown_and_never_done(page: Page, told: Told, address: str) -> None:
    for run in ("paper-etd-small-s1", "paper-etd-small-s2", "paper-etd-tiny-s1"):
        page.goto(f"{address}#predictions?run={run}&of=gsm-test&id=arithmetic-test-0")
        page.locator("#detail .thought").first.wait_for()
        shown = "\n".join(page.locator("#detail pre").all_inner_texts())
        assert page.locator("#detail :is(script, img, b b, pre i)").count() == 0
        assert page.title() == "paper · report"
        if run.endswith("s1"):
            assert "<img src=x onerror=" in shown and "&amp; &lt;i&gt;" in shown
            # What turns text around, hides it, or is no character at all is made visible.
            assert "⟨U+202E⟩turned around⟨U+202C⟩ ␆␀ end" in shown
        else:
            assert "{{ 7 * 7 }}" in shown
        page.goto("about:blank")


def test_a_script_that_is_put_into_the_page_does_not_run(page: Page, told: Told, address: str) -> None:
    page.goto(address)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'taken'";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src='x' onerror='document.title = 1'>");
    }""")
    assert page.title() == "paper · report"
    refused = [one for one in told.errors if "Content Security Policy" in one]
    assert len(refused) >= 2
    told.errors.clear()
    told.requests[:] = [one for one in told.requests if one.startswith("file:")]


@pytest.mark.parametrize("place", ["%", "%E0%A4", "predictions?run=__proto__&by=constructor&against=toString&id=%"])
def test_an_address_that_somebody_made_up_does_no_harm(page: Page, address: str, place: str) -> None:
    page.goto(f"{address}#{place}")
    page.locator("#h-predictions").scroll_into_view_if_needed()
    page.get_by_text("80 of 80 problems").wait_for()
    assert page.locator("[name=run]").input_value() == RUN


def test_the_page_may_be_moved_and_tells_what_it_misses(page: Page, told: Told, address: str, tmp_path: Path) -> None:
    alone = tmp_path / "mailed.html"
    alone.write_bytes(Path(address.removeprefix("file://")).read_bytes())
    page.goto(f"{alone.as_uri()}#predictions?run={RUN}")
    page.get_by_text(f"predictions/{RUN}.js is not beside this page").wait_for()
    assert page.locator("#table-main").is_visible()
    assert len(told.errors) == 1 and "ERR_FILE_NOT_FOUND" in told.errors[0]
    told.errors.clear()


def test_the_folder_may_stand_on_a_web_server(page: Page, told: Told, address: str) -> None:
    folder = Path(address.removeprefix("file://")).parent
    with served(folder) as server:
        page.goto(f"{server}/#predictions?run={RUN}&result=right")
        page.locator("#list li").first.wait_for()
    asked = {one for one in told.requests if not one.startswith("file:")}
    assert asked == {f"{server}/", f"{server}/predictions/{RUN}.js"}
    told.requests.clear()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A web server for a folder, on a free port of this machine."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *said: object) -> None:
            """Not on the terminal of the tests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_dark_and_light_by_the_system_or_by_choice(page: Page, take: Take, address: str) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(address)
    ground = "() => getComputedStyle(document.querySelector('main')).backgroundColor"
    dark = page.evaluate(ground)
    take(page, "report-dark")
    button = page.get_by_role("button", name="Colours:")
    button.click()
    assert page.evaluate(ground) == "rgb(255, 255, 255)" != dark
    page.reload()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    button.click()
    button.click()
    assert page.evaluate(ground) == dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(page: Page, address: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{address}#predictions?run={RUN}&result=missed")
    page.locator("#detail .thought").first.wait_for()
    weak = page.evaluate(CONTRAST)
    assert weak == []


CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255];
  };
  const weak = new Set();
  const texts = "p, li, th, td, small, dt, dd, a, button, summary, caption, label, .code span, .verdict, .chips span";
  for (const one of document.querySelectorAll(texts)) {
    if (!one.textContent.trim() || !one.getClientRects().length || one.disabled || one.closest(".again")) continue;
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) weak.add(`${one.tagName}.${one.className}: ${ratio.toFixed(2)}`);
  }
  return [...weak];
}"""


def test_on_a_telephone_nothing_is_wider_than_the_window(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}#predictions?run={RUN}&id=arithmetic-test-3&of=gsm-test")
    page.locator("#detail .thought").first.wait_for()
    wide = "() => document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0


def test_on_paper_the_tables_are_whole_and_the_ground_is_white(page: Page, address: str) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 690, "height": 1000})
    page.goto(address)
    assert page.locator("nav").is_hidden() and page.locator("#predictions").is_hidden()
    assert page.evaluate("() => getComputedStyle(document.querySelector('main')).colorScheme") == "light"
    cut = page.evaluate(
        "() => [...document.querySelectorAll('table')].filter((one) => one.getClientRects().length && "
        "one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.id)"
    )
    assert cut == []
    assert page.pdf(format="A4").startswith(b"%PDF")
