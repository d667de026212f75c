"""The pages in Debian's Firefox; Chromium has the long tests, the log those of test_logs_page.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.viewer.conftest import StartRunning, StartViewer, Viewer, _environment, keys
from tests.viewer.firefox import DOWN, ENTER, FIREFOX, RIGHT, TAB, Firefox, open_firefox
from tests.viewer.test_accessibility import _LOOK, AXE

pytestmark = pytest.mark.skipif(
    not os.access(FIREFOX, os.X_OK), reason=f"there is no {FIREFOX}: apt-get install firefox-esr"
)
_NAMES = "return [...document.querySelectorAll('.grid-row .cell-name, .grid-row a')].map((one) => one.innerText.trim())"
# The share of a chart's canvas that is painted.
_PAINTED = """const canvas = document.querySelector(".chart-card canvas");
const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
let painted = 0;
for (let at = 3; at < data.length; at += 4) painted += data[at] > 0;
return painted / (data.length / 4);"""
# What Tab can come to, as in test_accessibility.py.
_STOPS = """const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]");
const stops = [...all].filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility());
stops.forEach((one, at) => one.setAttribute("data-stop", at));
return stops.length;"""
_WHERE = """const one = document.activeElement, style = getComputedStyle(one), stop = one.getAttribute("data-stop");
const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
return [stop === null ? null : Number(stop), isSeen, one.outerHTML.slice(0, 120)];"""
_VALUES = """
import sys
import runlogging
matrix = {"schema_type": "confusion_matrix", "schema_version": "1.0.0",
          "data": {"class_labels": ["cat", "dog"], "matrix": [[30, 2], [3, 28]]}}
with runlogging.start_run("valued", root=sys.argv[1], name="values", capture=False) as run:
    run.log_confusion_matrix("matrix", matrix)
    run.log_list("rates", [1.0, float("nan"), 3.0])
"""


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Give a Firefox for all tests here: to start one takes long."""
    with open_firefox(tmp_path_factory.mktemp("profile")) as firefox:
        yield firefox


def test_firefox_filters_and_opens_runs_by_keys(window: Firefox, viewer: Viewer) -> None:
    """The table shows all runs, slash and a filter choose, arrows and Enter open one."""
    window.open(viewer.at(), "[aria-rowindex='6']")
    window.key("/")
    window.type("name = 'lasso 0.1'")
    window.wait_for("return document.querySelector('.runs-bar').innerText.includes('1 of 5')")
    rows = window.run("return [...document.querySelectorAll('[role=row][aria-rowindex]')].map((one) => one.innerText)")
    assert [("lasso 0.1" in row, "ridge" in row) for row in rows[1:]] == [(True, False)]
    assert window.run("return document.querySelectorAll('.grid-row svg.spark path').length") > 0
    window.run("document.querySelector('[role=treegrid]').focus()")
    window.key(DOWN)
    window.key(ENTER)
    window.wait_for("return location.search.includes('view=run') && document.querySelector('h1')?.innerText")
    assert window.run("return document.querySelector('h1').innerText") == "lasso 0.1"


def test_firefox_draws_charts_and_a_new_point(window: Firefox, viewer: Viewer, start_running: StartRunning) -> None:
    """Charts are painted, a point is read by keys and by the mouse, and a point that is logged now arrives."""
    run = start_running()
    for step in range(20):
        run.log("loss", float(step), step)
    window.open(viewer.at(view="run", run=run.key), ".chart-card[data-ready]")
    window.wait_for(_PAINTED)
    assert 0.001 < window.run(_PAINTED) < 0.9
    run.log("loss", 77.25, 20)
    window.wait_for("return document.querySelector('.card-figures').textContent === '77.25'")
    window.run("document.querySelector('.chart-figure').focus()")
    window.key(RIGHT)
    window.wait_for("return document.querySelector('.chart-tip:not([hidden])')?.innerText.includes('step')")
    x, y = window.run("const box = document.querySelector('.chart-card .u-over').getBoundingClientRect(); "
                      "return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]")  # fmt: skip
    window.point_at(x, y)
    window.wait_for("return document.querySelector('.chart-tip:not([hidden])')?.innerText.includes('10')")


def test_firefox_compares(window: Firefox, viewer: Viewer, made_root: Path) -> None:
    """The curves of several runs are painted in one chart, and the tables show what differs."""
    ridge = ",".join(keys(made_root, "ridge")[:2])
    window.open(viewer.at(view="compare", runs=ridge), ".chart-card[data-ready]")
    window.wait_for(_PAINTED)
    assert window.run("return document.querySelector('.chart-figure').chart.plot.series.length") >= 3
    window.open(viewer.at(view="compare", runs=ridge, tab="table"), "tr[data-row=rate]")
    cells = "return [...document.querySelectorAll('tr[data-row=rate] td')].map((one) => one.innerText)"
    # As a parameter it is a number, as a tag a text.
    assert {text.strip('"') for text in window.run(cells)} == {"0.01", "0.1"}


def test_firefox_shows_values(window: Firefox, tmp_path: Path, start_viewer: StartViewer) -> None:
    """A confusion matrix has its cells, a list its table with NaN and its line."""
    subprocess.run([sys.executable, "-c", _VALUES, "runs"], cwd=tmp_path, check=True, env=_environment())
    viewer = start_viewer(tmp_path / "runs")
    run = keys(viewer.root)[0]
    window.open(viewer.at(view="run", run=run, tab="values", value="matrix"), ".values svg, .values canvas")
    window.wait_for(
        "return ['cat', 'dog'].every((name) => document.querySelector('.values').textContent.includes(name))"
    )
    window.open(viewer.at(view="run", run=run, tab="values", value="rates"), "td.cell-odd")
    assert window.run("return document.querySelector('td.cell-odd').innerText") == "NaN"
    assert window.run("return document.querySelectorAll('svg.plot path').length") > 0


@pytest.mark.parametrize("page", ["runs", "charts", "logs"])
def test_firefox_goes_through_a_page_by_tab(tmp_path: Path, viewer: Viewer, page: str) -> None:
    """Tab comes to all that can be used, in the order of reading, and what has the focus is outlined."""
    run = keys(viewer.root, "demo")[0]
    url, drawn = {
        "runs": (viewer.at(), ".grid-row svg.spark path"),
        "charts": (viewer.at(view="run", run=run), ".chart-card[data-ready]"),
        "logs": (viewer.at(view="run", run=run, tab="logs"), ".log-row .log-message"),
    }[page]
    # A window of its own: in one that showed another page before, the frame of the window has the focus.
    with open_firefox(tmp_path) as firefox:
        firefox.open(url, drawn)
        count = firefox.run(_STOPS)
        reached, hidden = [], []
        for _ in range(count):
            firefox.key(TAB)
            stop, is_outlined, element = firefox.run(_WHERE)
            reached.append(stop)
            hidden += [] if is_outlined else [element]
        assert count > 10
        assert reached == list(range(count))
        assert hidden == []
        firefox.key("?")
        firefox.wait_for("return document.querySelector('dialog.keys')?.open")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_firefox(window: Firefox, viewer: Viewer, theme: str) -> None:
    """The runs, a run's charts and log, and the comparison have no serious fault; one that is made is found."""
    run, ridge = keys(viewer.root, "demo")[0], ",".join(keys(viewer.root, "ridge"))
    pages = {
        "runs": (viewer.at(), ".grid-row svg.spark path"),
        "charts": (viewer.at(view="run", run=run), ".chart-card[data-ready]"),
        "logs": (viewer.at(view="run", run=run, tab="logs"), ".log-row .log-message"),
        "compare": (viewer.at(view="compare", runs=ridge), ".chart-card[data-ready]"),
    }
    window.open(*pages["runs"])
    window.run("localStorage.setItem('runlogging.theme', JSON.stringify(arguments[0]))", theme)
    found = {}
    for name, (url, drawn) in pages.items():
        window.open(url, drawn)
        assert window.run("return document.documentElement.dataset.theme") == theme
        window.run(AXE.read_text(encoding="utf-8"))
        found[name] = window.run(f"return {_LOOK}")
    assert {name: faults for name, faults in found.items() if faults} == {}
    window.run("document.querySelector('main').append(document.createElement('button'))")
    assert any(text.startswith("button-name") for text in window.run(f"return {_LOOK}"))


def test_firefox_says_that_a_run_is_gone(window: Firefox, viewer: Viewer) -> None:
    """A run that is deleted while it is shown is told of, and its charts stay."""
    run = keys(viewer.root, "demo")[0]
    window.open(viewer.at(view="run", run=run), ".chart-card[data-ready]")
    shutil.rmtree(viewer.root / run)
    window.wait_for("return document.querySelector('.run-trouble [role=alert]')?.innerText.includes('gone')")
    assert window.run("return document.querySelectorAll('.chart-card[data-ready]').length") > 0
