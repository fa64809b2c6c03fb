"""What a person sees of a finished experiment in MLflow's own UI, in a real browser.

MLflow may rename what its pages are made of, so that they are found by what a person reads as far as
that goes; `Ui` knows the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from tests.browser.browsing import PATIENCE, Take, Told
from tests.tracking.servers import address_of, mlflow_server, running
from tests.walk.once import copied
from tests.walk.walked import Project

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

# MLflow warns of its own and its dependencies' coming changes, which are no news about us.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

BEFORE: Final = """\
localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true');
localStorage.setItem('mlflow.assistant.panelOpen_v1', 'false');
localStorage.setItem('mlflow.workflowType_v1', '"machine_learning"');
"""
"""As in the browser of somebody who has closed the assistant once and looked at trainings."""

NOTHING: Final = ("Failed to load resource: the server responded with a status of 404", "ResizeObserver loop")
"""What MLflow's pages complain of whatever they show: they ask for features that a server may lack."""

RUNS: Final = {f"tiny · {mix} · seed {seed}" for mix in ("cotd", "etd") for seed in (1, 2)}
GROUPS: Final = {f"tiny · {mix} · 2 seeds" for mix in ("cotd", "etd")}
ROOT: Final = "seen"

ACCURACY: Final = "headline/problems-test"
FIRST: Final = "accuracy/problems-test/cot"
"""Among the first metrics: a comparison shows the others when one scrolls."""


@dataclass
class Ui:
    """MLflow's pages of one experiment."""

    page: Page
    server: str
    experiment: str
    """The address that `mtd track` tells, below the server's."""

    def open(self, more: str = "") -> None:
        """The table of runs, as `mtd track` says to open it."""
        self.page.goto(f"{self.server}/{self.experiment}{more}")
        self.wait()

    def wait(self) -> None:
        """Until the runs are there."""
        self.page.get_by_text("matching runs").wait_for()
        self.page.locator(".ag-pinned-left-cols-container .ag-row").first.wait_for()
        self.settle()

    def settle(self) -> None:
        """Until nothing moves any more: a table is drawn in several strokes, and the page never stops asking."""
        before = ""
        for _ in range(PATIENCE // 500):
            self.page.wait_for_timeout(500)
            now = self.page.locator("body").inner_text()
            if now == before:
                return
            before = now
        pytest.fail("the page does not come to rest")

    def names(self) -> list[str]:
        """The names of the runs, from above."""
        rows = self.page.locator(".ag-pinned-left-cols-container .ag-row").all()
        found = {int(row.get_attribute("row-index") or 0): link(row) for row in rows}
        return [name for _, name in sorted(found.items())]

    def row(self, name: str) -> Locator:
        """The part of a run's row that has its name."""
        return self.page.locator(".ag-row").filter(has=self.page.get_by_role("link", name=name, exact=True)).first

    def column(self, name: str) -> list[str]:
        """The cells of a column, from above."""
        cells = self.page.locator(f".ag-cell[col-id='metrics.`{name}`']").all()
        return [cell.inner_text().strip() for cell in sorted(cells, key=place)]

    def sort(self, name: str) -> None:
        """By a column of that heading, or the other way round."""
        with self.page.expect_response(re.compile("runs/search")):
            self.page.get_by_test_id(f"sort-header-{name}").click()
        self.settle()

    def search(self, condition: str) -> None:
        """Show the runs of which it holds."""
        box = self.page.get_by_test_id("runs-search-autocomplete").locator("input").first
        box.fill(condition)
        with self.page.expect_response(re.compile("runs/search")):
            box.press("Enter")
        self.settle()

    def expand(self, name: str) -> None:
        """Show the runs below one."""
        self.row(name).get_by_role("button").first.click()
        self.settle()

    def tab(self, name: str) -> None:
        """Another tab of a run's page."""
        self.page.get_by_role("tab", name=name).click()
        self.settle()


def link(row: Locator) -> str:
    """The name of a row's run."""
    return row.get_by_role("link").first.inner_text().strip()


def place(cell: Locator) -> float:
    """How far down a cell stands."""
    box = cell.bounding_box()
    assert box is not None
    return box["y"]


@dataclass
class Shown:
    """A server over a finished project's own store."""

    project: Project
    server: str
    experiment: str


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """What somebody has who typed `mtd track` and what it says to type next."""
    folder = tmp_path_factory.mktemp("shown")
    project = copied(tmp_path_factory, folder / "seen")
    said = project.run("mtd", "track")
    told = re.search(r"http://127\.0\.0\.1:5000/(\S+)", said)
    assert told is not None, said
    store = f"sqlite:///{project.root / 'mlflow.db'}"
    with running(mlflow_server(store, project.root / "mlartifacts", folder / "server.log")) as program:
        yield Shown(project, address_of(program), told[1])


@pytest.fixture
def ui(page: Page, told: Told, shown: Shown) -> Iterator[Ui]:
    """A browser that has been here before; its pages' scripts may not fail, and ask nobody else for anything."""
    page.add_init_script(BEFORE)
    yield Ui(page, shown.server, shown.experiment)
    assert not [error for error in told.errors if not any(text in error for text in NOTHING)]
    assert not told.refused


def test_the_address_that_track_tells_shows_runs_sorted_by_accuracy(ui: Ui, take: Take) -> None:
    ui.open()
    assert set(ui.names()) == {*RUNS, *GROUPS, ROOT}
    accuracies = [float(text) for text in ui.column(ACCURACY) if text != "-"]
    assert len(accuracies) == len(RUNS | GROUPS)
    assert accuracies == sorted(accuracies, reverse=True)
    assert ui.names()[-1] == ROOT
    take(ui.page, "mlflow-runs")


def test_a_person_sorts_by_another_column(ui: Ui) -> None:
    ui.open()
    falling = ui.column(ACCURACY)
    ui.sort(ACCURACY)
    rising = [float(text) for text in ui.column(ACCURACY) if text != "-"]
    assert rising == sorted(rising)
    assert sorted(falling) == sorted(ui.column(ACCURACY))
    ui.sort("mix")
    mixes = [name.split(" · ")[1] for name in ui.names() if name != ROOT]
    assert mixes in (sorted(mixes), sorted(mixes, reverse=True))


def test_a_person_filters_by_what_the_spec_says(ui: Ui) -> None:
    ui.open()
    ui.search("params.mix = 'etd' and metrics.`headline/problems-test` >= 0 and tags.`mtd.kind` = 'run'")
    assert set(ui.names()) == {"tiny · etd · seed 1", "tiny · etd · seed 2"}


def test_runs_nest(ui: Ui, take: Take) -> None:
    ui.page.goto(f"{ui.server}/{ui.experiment.partition('?')[0]}?workflowType=machine_learning")
    ui.wait()
    assert ui.names() == [ROOT]
    ui.expand(ROOT)
    assert set(ui.names()) == {ROOT, *GROUPS}
    for group in sorted(GROUPS):
        ui.expand(group)
    names = ui.names()
    assert set(names) == {ROOT, *GROUPS, *RUNS}
    for name in RUNS:
        above = [group for group in names[: names.index(name)] if group in GROUPS]
        assert above[-1].split(" · ")[:2] == name.split(" · ")[:2]
    take(ui.page, "mlflow-nested")


def test_two_runs_side_by_side(ui: Ui, take: Take) -> None:
    ui.open()
    for name in ("tiny · etd · seed 1", "tiny · cotd · seed 1"):
        ui.row(name).locator(".ag-selection-checkbox input").check()
    ui.page.get_by_role("button", name="Compare").click()
    ui.page.get_by_text("Comparing 2 Runs").wait_for()
    ui.settle()
    body = ui.page.locator("body")
    for text in ("tiny · etd · seed 1", "tiny · cotd · seed 1", "mix.thoughts.pot", "student.base.width", FIRST):
        assert text in body.inner_text()
    ui.page.get_by_text("Visualizations").click()
    ui.page.get_by_text("Show diff only").first.click()
    ui.settle()
    text = body.inner_text()
    assert "mix.thoughts.pot" in text and "student.base.width" not in text
    take(ui.page, "mlflow-compare")


def run_page(ui: Ui, name: str) -> None:
    """The page of one run."""
    ui.open()
    ui.page.get_by_role("link", name=name, exact=True).first.click()
    ui.page.get_by_role("tab", name="Artifacts").wait_for()
    ui.page.get_by_role("heading", name=name).first.wait_for()
    ui.settle()


def test_a_run_says_what_was_asked_for_and_where_it_comes_from(ui: Ui, take: Take) -> None:
    run_page(ui, "tiny · etd · seed 1")
    text = ui.page.locator("body").inner_text()
    for said in ("mtd.spec", "specs/walk.mtd", "mtd.cell", "tiny · etd · 2 seeds", "etd-train", ACCURACY, "Finished"):
        assert said in text
    take(ui.page, "mlflow-run")


def test_curves_have_steps(ui: Ui, take: Take) -> None:
    run_page(ui, "tiny · etd · seed 1")
    ui.tab("Model metrics")
    search = ui.page.get_by_placeholder("Search metric charts")
    search.fill("curve")
    ui.page.get_by_text("dev_accuracy", exact=True).first.wait_for()
    ui.page.locator(".js-plotly-plot .scatterlayer .trace").first.wait_for()
    ui.settle()
    take(ui.page, "mlflow-curves")


def test_what_the_machine_did_is_among_system_metrics(ui: Ui, take: Take) -> None:
    run_page(ui, "tiny · etd · seed 1")
    ui.tab("System metrics")
    ui.page.get_by_text(re.compile("cpu_utilization_percentage")).first.wait_for()
    ui.page.locator(".js-plotly-plot").first.wait_for()
    ui.settle()
    take(ui.page, "mlflow-system")


def test_the_experiments_own_run_has_what_its_runs_share(ui: Ui, take: Take) -> None:
    run_page(ui, ROOT)
    ui.tab("Artifacts")
    ui.page.get_by_text("report", exact=True).first.click()
    ui.page.get_by_text("accuracy.png").first.click()
    ui.page.locator("img").first.wait_for()
    ui.settle()
    # Where the store lies is no news, and a picture of it nobody's business.
    ui.page.get_by_text(re.compile("^Path:")).first.evaluate("line => { line.style.visibility = 'hidden' }")
    take(ui.page, "mlflow-artifacts")


def test_predictions_lie_side_by_side(ui: Ui, take: Take) -> None:
    ui.open("&compareRunsMode=ARTIFACT")
    ui.search("tags.`mtd.kind` = 'run' and params.seed = '1'")
    ui.page.get_by_text("predictions.json").first.wait_for()
    ui.page.get_by_text("A bus goes").first.wait_for()
    ui.settle()
    text = ui.page.locator("body").inner_text()
    assert "Group by:\nquestion" in text and "Compare:\nanswer" in text
    assert "(empty)" not in text
    take(ui.page, "mlflow-predictions")
