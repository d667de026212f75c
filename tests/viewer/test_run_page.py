"""The page of one run: head, tabs, what went wrong, and the one time line of curves and log."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

import runlogging
from tests.conftest import SOURCE
from tests.viewer.conftest import Noise, StartRunning, StartViewer, Viewer, keys

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOSTILE = '<img src=x onerror="document.title=1">'


def _open(page: Page, viewer: Viewer, key: str, **state: str) -> None:
    page.goto(viewer.at(view="run", run=key, **state))


def test_a_failed_run_opens_on_its_exception(viewer: Viewer, page: Page, noise: Noise) -> None:
    """Type, message, stack and since when stand above the charts."""
    broken = keys(viewer.root, "ridge")[-1]
    _open(page, viewer, broken)
    trouble = page.locator(".trouble")
    trouble.wait_for()
    text = trouble.inner_text()
    assert "This run failed" in text
    assert "since 20" in text
    assert "ZeroDivisionError: it went wrong" in text
    assert "Traceback" in trouble.locator("pre").first.inner_text()
    assert page.locator(".status").inner_text() == "Failed"
    page.wait_for_selector(".chart-card[data-ready]")
    assert noise.errors == []


def test_what_went_wrong_is_not_in_the_way_of_other_tabs(viewer: Viewer, page: Page) -> None:
    """Stack and last lines are open on the charts, and folded beside the name of the exception on other tabs."""
    _open(page, viewer, keys(viewer.root, "ridge")[-1])
    page.locator(".trouble pre", has_text="Traceback").wait_for()
    page.get_by_role("tab", name="About").click()
    page.locator(".trouble pre", has_text="Traceback").wait_for(state="hidden")
    assert page.locator(".trouble .error-text").is_visible()
    page.locator(".trouble summary", has_text="Stack trace").click()
    page.locator(".trouble pre", has_text="Traceback").wait_for()


def test_a_segmentation_fault_is_what_the_run_opens_on(made_root: Path, viewer: Viewer, page: Page) -> None:
    """The stack that Python wrote at a fault stands above the charts, with lines in the colours of a terminal."""
    program = """
import faulthandler, logging, sys
import runlogging
logging.getLogger().setLevel("INFO")
runlogging.start_run("fault", root=sys.argv[1], capture=("logging", "faulthandler"))
logging.info("nearly \\x1b[32mgreen\\x1b[0m\\nand a second line")
faulthandler._sigsegv()
"""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    made = subprocess.run([sys.executable, "-c", program, str(made_root)], env=environment, capture_output=True)
    assert made.returncode == -signal.SIGSEGV
    _open(page, viewer, keys(made_root, "fault")[0])
    page.locator(".trouble pre", has_text="Segmentation fault").wait_for()
    line = page.locator(".last-lines .text").last
    assert line.text_content() == "nearly green\nand a second line"
    assert line.locator("[class^=ansi]").text_content() == "green"


def test_a_silent_run_says_since_when(viewer: Viewer, page: Page, start_running: StartRunning) -> None:
    """A run whose process was killed opens on that, with its last lines."""
    run = start_running()
    run.say("the last words")
    run.log("loss", 1.0, 0)
    run.kill()
    _open(page, viewer, run.key)
    trouble = page.locator(".trouble")
    trouble.wait_for()
    assert "does not respond" in trouble.inner_text()
    page.wait_for_function("() => document.querySelector('.last-lines').textContent.includes('the last words')")


def test_the_status_changes_while_it_is_looked_at(viewer: Viewer, page: Page, start_running: StartRunning) -> None:
    """A run that fails while its page is open says so there."""
    run = start_running()
    run.log("loss", 1.0, 0)
    _open(page, viewer, run.key)
    page.wait_for_function("() => document.querySelector('.status')?.textContent === 'Running'")
    run.fail("boom")
    page.locator(".trouble").wait_for()
    assert "RuntimeError: boom" in page.locator(".trouble").inner_text()


def test_tabs_are_in_the_url_and_go_by_keyboard(viewer: Viewer, page: Page, quiet_page: Page) -> None:
    """A tab is a link's worth: reload and back show it, arrows move along the tabs."""
    _open(page, viewer, keys(viewer.root, "demo")[0], tab="about")
    page.locator(".about").wait_for()
    page.locator("[role=tab][aria-selected=true]").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => new URLSearchParams(location.search).get('tab') === 'code'")
    assert page.evaluate("document.activeElement.dataset.tab") == "code"
    page.go_back()
    page.locator(".about").wait_for()


def test_about_tells_parameters_environment_and_children(made_root: Path, viewer: Viewer, page: Page) -> None:
    """Nested parameters are split; 0, false, empty text and nothing are four different things."""
    parameters: dict[str, Any] = {"lr": 0, "deep": {"on": False, "name": "", "none": None, "list": [1, 2]}}
    with runlogging.start_run("p", root=made_root, parameters=parameters, tags={"t": None}, capture=False) as run:
        run.child_run("inner", capture=False).complete()
    _open(page, viewer, f"p/{Path(run.path).name}", tab="about")
    page.locator('[data-what="environment"]').wait_for()
    shown = page.locator('[data-what="parameters"] tr').all_inner_texts()
    cells = dict(row.split("\t") for row in shown)
    assert cells["lr"] == "0"
    assert cells["deep.on"] == "false"
    assert cells["deep.name"] == '""'
    assert cells["deep.none"] == "null"
    assert cells["deep.list.0"] == "1"
    assert page.get_by_role("link", name="inner").count() == 1
    page.get_by_role("link", name="inner").click()
    page.wait_for_function("() => document.querySelector('h1')?.textContent === 'inner'")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_about_is_in_japanese(viewer: Viewer, browser: Browser, theme: Literal["light", "dark"]) -> None:
    """In Japanese every label of the tab is, and of no part anything is cut; what a run calls something stays."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="ja-JP", color_scheme=theme)
    page = context.new_page()
    _open(page, viewer, keys(viewer.root, "ridge")[0], tab="about")
    page.locator('[data-what="environment"]').wait_for()
    facts = page.locator('[data-what="facts"] th').all_text_contents()
    assert facts == [
        "ID",
        "\u4f5c\u6210",
        "\u6700\u5f8c\u306e\u8a18\u9332",
        "\u884c\u306e\u30b5\u30a4\u30ba",
        "\u30d5\u30a9\u30eb\u30c0\u30fc",
    ]
    assert page.locator('[data-what="parameters"] th').all_text_contents() == ["rate", "seed"]
    assert page.evaluate(
        "[...document.querySelectorAll('.pairs th')].every((one) => one.scrollWidth <= one.clientWidth)"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_what_a_run_says_is_shown_as_it_stands(made_root: Path, viewer: Viewer, page: Page, noise: Noise) -> None:
    """Names, tags, parameters, metrics and messages with markup in them are text and nothing else."""
    run = runlogging.start_run(
        "h", root=made_root, name=HOSTILE, tags={HOSTILE: HOSTILE}, parameters={HOSTILE: HOSTILE}, capture=False
    )
    run.log(HOSTILE, 1.0, step=0)
    run.log(HOSTILE, 2.0, step=1)
    run.fail(ValueError(HOSTILE))
    _open(page, viewer, f"h/{Path(run.path).name}")
    page.wait_for_selector(".chart-card[data-ready]")
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator(".chart-card h3").inner_text() == HOSTILE
    assert page.locator("main img").count() == 0
    _open(page, viewer, f"h/{Path(run.path).name}", tab="about")
    page.locator('[data-what="environment"]').wait_for()
    assert page.locator("main img").count() == 0
    assert page.title() != "1"
    assert noise.errors == []


def test_a_run_that_is_not_there_is_told(viewer: Viewer, page: Page) -> None:
    """A link to a run that was deleted shows a sentence."""
    _open(page, viewer, "demo/nothing")
    page.locator(".problem").wait_for()
    assert "no run demo/nothing" in page.locator(".problem").inner_text()


@pytest.fixture
def told_run(made_root: Path) -> Path:
    """Give a run whose log and curve run side by side."""
    logger = logging.getLogger("told")
    logger.setLevel(logging.DEBUG)
    with runlogging.start_run("told", root=made_root) as run:
        for step in range(30):
            run.log("loss", 1 / (1 + step), step=step)
            logger.info("line %d", step)
    return Path(run.path)


def test_pointing_at_a_curve_shows_the_log_around_it(told_run: Path, start_viewer: StartViewer, page: Page) -> None:
    """The lines nearest to the point stand beside the chart; a click on one marks its moment in every chart."""
    viewer = start_viewer(told_run.parent.parent)
    _open(page, viewer, f"told/{told_run.name}")
    page.wait_for_selector(".chart-card[data-ready]")
    figure = page.locator(".chart-figure")
    left = figure.evaluate("({ chart }) => chart.plot.valToPos(12, 'x')")
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + left, box["y"] + 20)
    page.locator(".around-line", has_text="line 12").wait_for()
    page.locator(".around-line", has_text="line 11").click()
    page.wait_for_function("() => document.querySelector('.chart-figure').chart.group.mark")
    marks = "import(new URL('static/base/chartmarks.js', location.href))"
    mark = figure.evaluate(f"({{ chart }}) => {marks}.then((module) => module.placeOf(chart, chart.group.mark))")
    assert mark in (11, 12)
