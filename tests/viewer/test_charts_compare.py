"""The charts of the comparison: what is shown of x is in the URL, and what is new changes nothing that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import runlogging
from tests.viewer.conftest import RunningRun, StartRunning, StartViewer, Viewer, wait_until
from tests.viewer.test_charts_page import card, hover, look, ready

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

SPAN = "[u.scales.x.min, u.scales.x.max]"
_LINES = 15


@pytest.fixture
def pair(made_root: Path, start_running: StartRunning) -> list[RunningRun]:
    """Give two runs that go on, with twenty points of b and d each, and one of e in the second one."""
    runs = [start_running(name=f"now {number}") for number in range(2)]
    for number, run in enumerate(runs):
        for step in range(20):
            run.log("b", float(step + number), step)
            run.log("d", float(step - number), step)
    runs[1].log("e", 1.0, 0)
    return runs


def _open(page: Page, viewer: Viewer, runs: list[RunningRun], **state: str) -> None:
    page.goto(viewer.at(view="compare", runs=",".join(run.key for run in runs), **state))
    ready(page, "b")
    ready(page, "d")


def _shown(page: Page) -> str | None:
    # Asked of the page: Playwright's own url is that of its last event.
    shown: str | None = page.evaluate("() => new URLSearchParams(location.search).get('v')")
    return shown


def _wait_for_span(page: Page, low: float, high: float, name: str = "d") -> None:
    wait_until(lambda: look(page, name, SPAN) == [low, high], f"x goes from {low} to {high}")


# ---------------------------------------------------------------------- the URL


@pytest.mark.parametrize("state", [{}, {"group": "experiment"}], ids=["runs", "groups"])
def test_a_zoom_of_the_comparison_is_in_the_url(
    quiet_page: Page, browser: Browser, viewer: Viewer, pair: list[RunningRun], state: dict[str, str]
) -> None:
    """A reload and a second browser show the same part of x in all charts; back shows what was shown before."""
    page = quiet_page
    _open(page, viewer, pair, **state)
    look(page, "b", "chart.group.zoomTo(5, 10)")
    wait_until(lambda: _shown(page) == "5,10", "the zoom is in the URL")
    look(page, "b", "chart.group.zoomTo(6, 7.5)")
    wait_until(lambda: _shown(page) == "6,7.5", "the second zoom is in the URL")
    page.reload()
    assert [look(page, name, SPAN) for name in ("b", "d")] == [[6, 7.5]] * 2
    other = browser.new_context()
    try:
        second = other.new_page()
        second.goto(viewer.url)
        second.goto(page.url)
        assert [look(second, name, SPAN) for name in ("b", "d")] == [[6, 7.5]] * 2
    finally:
        other.close()
    page.go_back()
    _wait_for_span(page, 5, 10)
    look(page, "b", "chart.isTheOne = true")
    page.go_back()
    _wait_for_span(page, 0, 19)
    assert look(page, "b", "chart.isTheOne")
    page.go_forward()
    _wait_for_span(page, 5, 10)


def test_a_zoom_goes_with_its_axis(quiet_page: Page, viewer: Viewer, pair: list[RunningRun]) -> None:
    """Another x shows all of it; back is the x and the zoom before. Other choices leave the zoom as it is."""
    page = quiet_page
    _open(page, viewer, pair, v="5,10")
    page.get_by_label("Group by").select_option("status")
    _wait_for_span(page, 5, 10)
    page.go_back()
    wait_until(lambda: look(page, "d", "chart.columns.lines[0].low") is None, "the runs are shown again")
    page.locator(".compare-bar select").first.select_option("relative")
    wait_until(lambda: look(page, "d", "chart.columns.answer.axis") == "relative", "x is a time")
    assert _shown(page) is None
    low, high = look(page, "d", SPAN)
    assert [low, high] == look(page, "d", "chart.columns.bounds")
    page.go_back()
    wait_until(lambda: look(page, "d", "chart.columns.answer.axis") == "step", "x is the step again")
    _wait_for_span(page, 5, 10)


def test_settings_of_a_chart_stay_when_the_charts_are_drawn_anew(
    quiet_page: Page, viewer: Viewer, pair: list[RunningRun]
) -> None:
    """Also those that were chosen on this page: hiding a run draws all charts anew, with their settings."""
    page = quiet_page
    _open(page, viewer, pair)
    card(page, "b").get_by_label("Settings: b").click()
    card(page, "b").get_by_label("y from 0").check()
    page.get_by_label("Hide now 0 in the curves").click()
    wait_until(lambda: look(page, "b", "chart.columns.lines.length") == 1, "one run is left")
    assert look(page, "b", "chart.settings.zero")
    assert not look(page, "d", "chart.settings.zero")


# ---------------------------------------------------------------------- news


def test_a_new_metric_of_the_comparison_leaves_all_else(
    quiet_page: Page, viewer: Viewer, pair: list[RunningRun]
) -> None:
    """Its chart comes in its place; the others stay the same ones, with the pinned tooltip, its text and the menu."""
    page = quiet_page
    _open(page, viewer, pair)
    for name in ("b", "d", "e"):
        look(page, name, "chart.isTheOne = true")
    card(page, "b").get_by_label("Settings: b").click()
    hover(page, "d", 7)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(2, 2)
    tip = page.locator('.chart-tip[data-pinned="true"]')
    tip.wait_for()
    before = tip.inner_text()
    pair[0].log("c", 1.0, 0)
    ready(page, "c")
    names = page.locator(".chart-card").evaluate_all("(all) => all.map(({ dataset }) => dataset.name)")
    assert names == ["b", "d", "c", "e"]  # in the order of the runs and of their logging
    assert [look(page, name, "chart.isTheOne ?? null") for name in names] == [True, True, None, True]
    assert tip.inner_text() == before
    assert card(page, "b").get_by_label("y from 0").is_visible()
    tip.get_by_role("button", name="value").click()
    assert tip.is_visible()


def test_more_curves_are_added_to_those_that_are_there(
    quiet_page: Page, tmp_path: Path, start_viewer: StartViewer
) -> None:
    """The button draws the next twelve behind the first, which stay, and goes with the last one."""
    for number in range(2):
        with runlogging.start_run("many", root=tmp_path / "many", capture=False) as run:
            run.log_metrics({f"m{place:02d}": number + place for place in range(20)}, step=0)
    page = quiet_page
    page.goto(start_viewer(tmp_path / "many").at(view="compare", all="1"))
    look(page, "m00", "chart.isTheOne = true")
    assert page.locator(".chart-card").count() == 12
    page.get_by_role("button", name="Show more curves").click()
    ready(page, "m19")
    names = page.locator(".chart-card").evaluate_all("(all) => all.map(({ dataset }) => dataset.name)")
    assert names == [f"m{place:02d}" for place in range(20)]
    assert look(page, "m00", "chart.isTheOne")
    assert not page.get_by_role("button", name="Show more curves").is_visible()


# ---------------------------------------------------------------------- the legend


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", "3 more NaN \u00d74, Infinity \u00d71"),
        ("ja-JP", "他 3 件 NaN \u00d74, Infinity \u00d71"),
    ],
)
def test_what_is_not_finite_of_folded_lines_is_counted(
    browser: Browser, tmp_path: Path, start_viewer: StartViewer, locale: str, said: str
) -> None:
    """The legend of many lines says of those behind its button how much is not finite; a click shows whose it is."""
    for number in range(_LINES):
        with runlogging.start_run("crowd", root=tmp_path / "crowd", name=f"r{number:02d}", capture=False) as run:
            for step in range(3):
                # By time, the first two and the last two runs have NaN.
                value = float("nan") if number in (0, 1, 13, 14) and step < 2 else float(number)
                run.log("v", float("inf") if (number, step) == (14, 2) else value, step=step)
    context = browser.new_context(locale=locale)
    try:
        page = context.new_page()
        # Named in an order of their own: the last runs are those that are folded.
        keys = ["/".join(path.parts[-3:-1]) for path in sorted((tmp_path / "crowd").glob("*/*/run.json"))]
        page.goto(start_viewer(tmp_path / "crowd").at(view="compare", runs=",".join(keys)))
        ready(page, "v")
        more = card(page, "v").locator(".legend-more")
        assert " ".join(more.inner_text().split()) == said
        more.click()
        counts = card(page, "v").locator(".bad-count").all_inner_texts()
        assert counts == ["NaN \u00d72"] * 3 + ["NaN \u00d72, Infinity \u00d71"]
    finally:
        context.close()
