"""The pages for people with a keyboard, a screen reader, a telephone, or a dislike of motion."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.viewer.conftest import PATIENCE_S, TOKEN, StartViewer, Viewer, _environment, keys

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
# The tabs of a run, and what stands there once they are drawn; one file is open, and one of the snapshot.
TABS = {
    "charts": ".chart-card[data-ready]",
    "values": ".values svg",
    "logs": ".log-body",
    "files": ".file-body .file-text",
    "code": "#run-panel .value-body h2",
    "about": ".pairs[data-what=parameters]",
    "children": "#run-panel a",
}
_OPENED = {"files": {"file": "outputs/train.py"}, "code": {"code": "train.py"}}
_RICH = """
import logging, sys
from pathlib import Path
import runlogging
logging.basicConfig(level="DEBUG", handlers=[logging.NullHandler()])
code = Path("code")
code.mkdir()
(code / "train.py").write_text("print('a line longer than a telephone is wide, and then some more of it')\\n" * 9)
matrix = {"schema_type": "confusion_matrix", "schema_version": "1.0.0",
          "data": {"class_labels": ["cat", "dog"], "matrix": [[30, 2], [3, 28]]}}
with runlogging.start_run("rich", root=sys.argv[1], name="parent", tags={"a": 1}, description="Something in each tab",
                          parameters={"model": {"layers": [64, 32], "lr": 0.001}}) as run:
    for step in range(20):
        run.log("train/loss", float("nan") if step == 7 else 1 / (1 + step), step=step)
        run.log("val/loss", 1.1 / (1 + step), step=step)
        logging.getLogger("train").log(10 * (1 + step % 5), "message %d, \\x1b[31mred\\x1b[0m and plain", step)
    run.log_confusion_matrix("matrix", matrix)
    run.upload_file("outputs/train.py", code / "train.py")
    run.take_snapshot(code)
    with run.child_run("child"):
        pass
"""
_LOOK = """axe.run(document, { resultTypes: ["violations"] }).then((found) => found.violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .flatMap(({ id, help, nodes }) => nodes.slice(0, 3).map((node) => `${id}: ${help}: ${node.html.slice(0, 160)}`)))"""


@pytest.fixture(scope="module")
def viewer(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """Give a viewer for all tests here: they only look."""
    folder = tmp_path_factory.mktemp("looked_at")
    shutil.copytree(_template, folder / "runs")
    subprocess.run([sys.executable, "-c", _RICH, "runs"], cwd=folder, check=True, env=_environment())
    made = subprocess.Popen(
        [sys.executable, "-m", "runlogging", "view", str(folder / "runs"), "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(RUNLOGGING_VIEW_TOKEN=TOKEN),
    )
    assert made.stdout is not None
    viewer = Viewer(folder / "runs", made.stdout.readline().strip(), TOKEN, made)
    yield viewer
    viewer.stop()


@pytest.fixture(scope="module")
def rich(viewer: Viewer) -> str:
    """Give the key of a run of the viewer that has something in each tab."""
    return keys(viewer.root, "rich")[0]


def _open_page(browser: Browser, theme: Any, width: int) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 800}, locale="en-US", color_scheme=theme)
    context.set_default_timeout(PATIENCE_S * 1000)
    yield context.new_page()
    context.close()


@pytest.fixture(params=["light-1280", "dark-1280", "light-360", "dark-360"])
def sized(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give a page in each theme, wide and as narrow as a telephone."""
    theme, _, width = request.param.partition("-")
    yield from _open_page(browser, theme, int(width))


@pytest.fixture
def narrow(browser: Browser) -> Iterator[Page]:
    """Give a page as narrow as a telephone."""
    yield from _open_page(browser, "light", 360)


def _tab(viewer: Viewer, run: str, tab: str) -> str:
    return viewer.at(view="run", run=run, tab=tab, **_OPENED.get(tab, {}))


def _show(page: Page, url: str, drawn: str) -> None:
    page.goto(url)
    page.locator(drawn).first.wait_for()


def _complaints(page: Page, url: str, drawn: str) -> list[str]:
    """Return what axe calls serious or critical, and whether the page is wider than its window."""
    _show(page, url, drawn)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_LOOK)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("the page is wider than its window")
    return found


# ---------------------------------------------------------------------- axe


def test_axe_finds_nothing_serious_on_a_run(viewer: Viewer, rich: str, sized: Page) -> None:
    """No tab of a run has a serious fault, in light and dark, wide and narrow; none is wider than its window."""
    found = {tab: _complaints(sized, _tab(viewer, rich, tab), drawn) for tab, drawn in TABS.items()}
    assert {tab: faults for tab, faults in found.items() if faults} == {}


def test_axe_finds_nothing_serious_on_the_other_pages(
    viewer: Viewer, start_viewer: StartViewer, sized: Page, tmp_path: Path
) -> None:
    """Nor has the page of runs, a failed run, the comparison, or the page of an empty root."""
    ridge = keys(viewer.root, "ridge")
    pages = {
        "runs": (viewer.at(), "[aria-rowindex='2']"),
        "failed": (viewer.at(view="run", run=ridge[-1]), ".trouble"),
        "compare": (viewer.at(view="compare", runs=",".join(ridge)), ".chart-card[data-ready]"),
        "empty": (start_viewer(tmp_path / "none").url, "pre.sample"),
    }
    found = {name: _complaints(sized, url, drawn) for name, (url, drawn) in pages.items()}
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_axe_finds_nothing_serious_in_what_opens(viewer: Viewer, rich: str, sized: Page) -> None:
    """Nor have the settings of a chart, its table of points, the lines beside it, and the list of keys."""
    _show(sized, viewer.at(view="run", run=rich), TABS["charts"])
    card = sized.locator(".chart-card").first
    card.locator(".card-buttons button").last.click()
    card.locator(".card-menu .menu-row").first.wait_for()
    card.locator(".chart-figure").focus()
    sized.keyboard.press("ArrowRight")
    sized.locator(".around-line").first.wait_for()
    sized.evaluate(AXE.read_text(encoding="utf-8"))
    assert sized.evaluate(_LOOK) == []
    sized.locator("h1").click()
    sized.keyboard.press("?")
    sized.get_by_role("dialog").wait_for()
    assert sized.evaluate(_LOOK) == []


def test_axe_would_find_a_fault(viewer: Viewer, narrow: Page) -> None:
    """A button without a name is found, so that silence means something."""
    _show(narrow, viewer.at(), "[aria-rowindex='2']")
    narrow.evaluate(AXE.read_text(encoding="utf-8"))
    narrow.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any(text.startswith("button-name") for text in narrow.evaluate(_LOOK))


# ---------------------------------------------------------------------- the keyboard

# What can be focused by Tab and is to be seen, in the order of the document.
_STOPS = """() => {
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]");
  const stops = [...all].filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility());
  stops.forEach((one, at) => one.setAttribute("data-stop", at));
  return { count: stops.length, positive: stops.filter((one) => one.tabIndex > 0).length };
}"""
_WHERE = """() => {
  const one = document.activeElement, style = getComputedStyle(one), stop = one.getAttribute("data-stop");
  const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  return [stop === null ? null : Number(stop), isSeen, one.outerHTML.slice(0, 120)];
}"""


def _urls(viewer: Viewer, rich: str) -> dict[str, tuple[str, str]]:
    """Return each page and each tab: its URL, and what stands there once it is drawn."""
    ridge = ",".join(keys(viewer.root, "ridge"))
    tabs = {tab: (_tab(viewer, rich, tab), drawn) for tab, drawn in TABS.items()}
    others = {
        "runs": (viewer.at(), ".grid-row svg.spark path"),
        "compare": (viewer.at(view="compare", runs=ridge), ".chart-card[data-ready]"),
        "table": (viewer.at(view="compare", runs=ridge, tab="table"), "tr[data-row]"),
    }
    return tabs | others


@pytest.mark.parametrize("name", [*TABS, "runs", "compare", "table"])
def test_tab_reaches_everything_in_order(viewer: Viewer, rich: str, page: Page, name: str) -> None:
    """Tab goes through all of a page in the order of reading, and what has the focus is outlined."""
    _show(page, *_urls(viewer, rich)[name])
    page.wait_for_load_state("networkidle")
    stops = page.evaluate(_STOPS)
    reached, hidden = [], []
    for _ in range(stops["count"]):
        page.keyboard.press("Tab")
        stop, is_seen, element = page.evaluate(_WHERE)
        reached.append(stop)
        if not is_seen:
            hidden.append(element)
    assert stops["count"] >= 10
    assert stops["positive"] == 0
    assert reached == list(range(stops["count"]))
    assert hidden == []


@pytest.mark.parametrize("name", [*TABS, "runs", "compare"])
def test_each_page_lists_its_keys(viewer: Viewer, rich: str, page: Page, name: str) -> None:
    """`?` opens the list of keys on every page, with the focus in it; Escape closes it."""
    _show(page, *_urls(viewer, rich)[name])
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.wait_for()
    assert dialog.locator("tr").count() >= (8 if name in TABS else 1)
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_the_keys_of_a_run_are_listed(viewer: Viewer, rich: str, page: Page) -> None:
    """`?` lists the keys that work now, each with what it does; Escape goes back to where one was."""
    _show(page, viewer.at(view="run", run=rich, tab="logs"), TABS["logs"])
    page.get_by_role("tab", name="Logs").focus()
    page.keyboard.press("?")
    rows = page.get_by_role("dialog").locator("tr").all_inner_texts()
    listed = dict(row.split("\t") for row in rows)
    assert {"?", "/", "n", "N", "g", "f", *"1234567"} <= set(listed)
    assert listed["1"] == "Charts"
    assert all(listed.values())
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.id") == "tab-logs"
    page.keyboard.press("1")
    page.wait_for_selector(TABS["charts"])


# ---------------------------------------------------------------------- small, large, still

_TIMES = """() => {
  const one = document.createElement("p");
  one.style.transition = "all 1s";
  one.style.animation = "spin 1s infinite";
  document.querySelector("main").append(one);
  const style = getComputedStyle(one);
  return [style.transitionDuration, style.animationName];
}"""


def test_nothing_moves_where_motion_is_unwanted(viewer: Viewer, page: Page) -> None:
    """With prefers-reduced-motion no transition and no animation has effect."""
    _show(page, viewer.at(), "header")
    assert page.evaluate(_TIMES) == ["1s", "spin"]
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(_TIMES) == ["0s", "none"]


def test_the_header_is_at_most_two_lines_on_a_telephone(viewer: Viewer, rich: str, narrow: Page) -> None:
    """At 360 px the name and the tools take a line each at most, and nothing of them is cut."""
    for url, drawn, lines in ((viewer.at(), "[aria-rowindex='2']", 1), (viewer.at(view="run", run=rich), "h1", 2)):
        _show(narrow, url, drawn)
        tops = narrow.locator("header.frame button, header.frame .home").evaluate_all(
            "(all) => all.map((one) => { const box = one.getBoundingClientRect();"
            " return [Math.round((box.top + box.bottom) / 40), box.left >= 0 && box.right <= innerWidth]; })"
        )
        assert len({top for top, _ in tops}) == lines
        assert all(is_inside for _, is_inside in tops)


@pytest.mark.parametrize("name", [*TABS, "runs", "compare", "table"])
def test_a_page_at_twice_its_size_is_not_cut(viewer: Viewer, rich: str, browser: Browser, name: str) -> None:
    """A window of 1280 px at 200 % is one of 640 px at two device pixels a pixel: no page scrolls sideways."""
    context = browser.new_context(viewport={"width": 640, "height": 400}, device_scale_factor=2, locale="en-US")
    context.set_default_timeout(PATIENCE_S * 1000)
    page = context.new_page()
    url, drawn = _urls(viewer, rich)[name]
    # The small curves stand beyond the right edge.
    _show(page, url, "[aria-rowindex='2']" if name == "runs" else drawn)
    assert page.evaluate("[innerWidth, devicePixelRatio]") == [640, 2]
    page.evaluate("scrollTo(1000, 0)")
    widths = page.evaluate("[scrollX, document.documentElement.scrollWidth]")
    context.close()
    assert widths == [0, 640]


def test_axe_is_vendored_with_its_licence() -> None:
    """The file says its version, and its licence lies beside it."""
    assert re.match(r"/\*! axe v4\.\d+\.\d+", AXE.read_text(encoding="utf-8"))
    assert "Mozilla Public License" in (AXE.parent / "LICENSE").read_text(encoding="utf-8")
