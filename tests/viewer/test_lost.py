"""What was there goes away while it is looked at: a run, the server, the lines under a download."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runlogging.folder import Line, encode_line, stream_path
from tests.reading.tools import manifest_only
from tests.viewer.conftest import PATIENCE_S, StartViewer, keys
from tests.viewer.downloads import break_off, broken_off

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.viewer.conftest import Viewer

# What each part shows of the run "demo" or "live", and what still stands there when the run or the server is gone.
_DRAWN = {
    "charts": ".chart-card[data-ready]",
    "values": ".values",
    "logs": ".log-row[data-row='0'] .log-message",
    "files": "#run-panel > *",
    "about": ".pairs",
}
_TRACES = ("Traceback", "undefined", "TypeError", "[object", "NaN %")


def _expect(page: Page, selector: str, text: str) -> None:
    from playwright.sync_api import expect

    expect(page.locator(selector).first).to_contain_text(text, timeout=PATIENCE_S * 1000)


def _is_readable(page: Page) -> None:
    """Check that the page says something to people, and nothing that is for programmers."""
    text = page.locator("body").inner_text()
    assert len(text) > 100
    assert [trace for trace in _TRACES if trace in text] == []


@pytest.mark.parametrize("tab", _DRAWN)
def test_a_run_that_is_deleted_while_shown(viewer: Viewer, page: Page, tab: str) -> None:
    """Each part of a run's page says that the run is gone, and what was drawn stays."""
    exceptions: list[str] = []
    page.on("pageerror", lambda error: exceptions.append(str(error)))
    run = keys(viewer.root, "demo")[0]
    page.goto(viewer.at(view="run", run=run, tab=tab))
    page.locator(_DRAWN[tab]).first.wait_for()
    shutil.rmtree(viewer.root / run)
    _expect(page, ".run-trouble [role=alert]", "This run is gone from the folder.")
    assert page.locator(_DRAWN[tab]).first.is_visible()
    assert run.partition("/")[2] in page.locator("body").inner_text()
    _is_readable(page)
    assert exceptions == []


def test_the_log_of_a_run_that_is_deleted(viewer: Viewer, page: Page) -> None:
    """Filters, search and going to a line say that the run is gone; no line vanishes."""
    run = keys(viewer.root, "demo")[0]
    page.goto(viewer.at(view="run", run=run, tab="logs"))
    first = page.locator(_DRAWN["logs"]).text_content()
    shutil.rmtree(viewer.root / run)
    page.fill(".log-goto", "1")
    page.press(".log-goto", "Enter")
    _expect(page, ".log-problem", f"there is no run {run} any more")
    page.fill(".log-query", "loss")
    _expect(page, ".log-problem", f"there is no run {run} any more")
    assert page.locator(_DRAWN["logs"]).text_content() == first
    _is_readable(page)


@pytest.mark.parametrize("tab", _DRAWN)
def test_the_server_goes_and_comes_back(viewer: Viewer, start_viewer: StartViewer, page: Page, tab: str) -> None:
    """While the server is gone the page says so and keeps what it shows; a new one is found by itself."""
    page.goto(viewer.at(view="run", run=keys(viewer.root, "demo")[0], tab=tab))
    page.locator(_DRAWN[tab]).first.wait_for()
    _expect(page, ".connection", "live")
    viewer.stop()
    _expect(page, ".connection", "not connected")
    assert page.locator(_DRAWN[tab]).first.is_visible()
    _is_readable(page)
    start_viewer(viewer.root, port=viewer.port)
    _expect(page, ".connection", "live")
    assert page.locator(_DRAWN[tab]).first.is_visible()


def test_the_log_while_the_server_is_gone(viewer: Viewer, start_viewer: StartViewer, page: Page) -> None:
    """What is asked of a log meanwhile is answered by a sentence, and done once the server is back."""
    page.goto(viewer.at(view="run", run=keys(viewer.root, "demo")[0], tab="logs"))
    page.locator(_DRAWN["logs"]).wait_for()
    viewer.stop()
    page.fill(".log-query", "/./")
    _expect(page, ".log-problem", "The viewer does not answer. Is `runlogging view` still running?")
    assert page.locator(_DRAWN["logs"]).is_visible()
    _is_readable(page)
    start_viewer(viewer.root, port=viewer.port)
    _expect(page, ".log-found", "hits")
    page.locator(".log-problem").wait_for(state="hidden")
    page.locator("mark").first.wait_for()


def test_a_run_that_is_deleted_under_the_download_of_its_log(tmp_path: Path, start_viewer: StartViewer) -> None:
    """The download is broken off, with a line on the terminal and no trace; the viewer goes on."""
    run = manifest_only(tmp_path / "runs", "long", "big", status="Completed")
    time = "2026-11-23T00:00:00.000000Z"
    lines = (Line(seq=n, time=time, level="INFO", message=f"{n} {'x' * 200}") for n in range(200_000))
    stream_path(run, "logs", "main").write_bytes(b"".join(map(encode_line, lines)))
    viewer = start_viewer(tmp_path / "runs")
    with broken_off(viewer) as client:
        break_off(client, "api/logs.txt?run=big/long", lambda: shutil.rmtree(run))
        assert client.get("api/root").status_code == 200
        assert "any more" in client.get("api/logs", params={"run": "big/long"}).json()["error"]
