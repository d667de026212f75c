"""The report in a browser: no request, no script, nothing cut, on the screen and on paper."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runlogging.reading import RunReader
from runlogging.report import write_report
from tests.drawing.tools import CHROMIUM, needs_chromium

pytestmark = needs_chromium

_PAPER = {"A4": (794, 1123), "Letter": (816, 1056)}  # in CSS pixels
_MARGIN = 2 * 53  # two margins of 14 mm
_CUT = """() => {
  const wide = document.documentElement.clientWidth
  return [...document.querySelectorAll('svg, img, pre, table, h1, p')].filter(item => {
    const box = item.getBoundingClientRect()
    const inner = item.closest('.scroll')
    return box.width > 0 && box.right > wide + 1 && !(inner && getComputedStyle(inner).overflowX === 'auto')
  }).map(item => item.outerHTML.slice(0, 80))
}"""

_BEYOND = """() => [...document.querySelectorAll('figure svg text')].filter(item => {
  const box = item.getBoundingClientRect(), chart = item.closest('svg').getBoundingClientRect()
  return box.right > chart.right + 1 || box.left < chart.left - 1
}).map(item => item.textContent)
"""
# Words that stand on more than one line, and how many were looked at.
_BROKEN = """() => {
  const broken = []
  let count = 0
  for (const cell of document.querySelectorAll('td.n, td > .good')) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      for (const word of walker.currentNode.data.matchAll(/\\S+/g)) {
        const range = document.createRange()
        range.setStart(walker.currentNode, word.index)
        range.setEnd(walker.currentNode, word.index + word[0].length)
        count += 1
        if (range.getClientRects().length > 1) broken.push(word[0])
      }
    }
  }
  return [count, broken]
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give chromium by Playwright."""
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def written(everything: RunReader, tmp_path: Path) -> Path:
    """Give the report of a run with a value of every kind."""
    return write_report(everything, tmp_path / "report.html")


@pytest.fixture
def written_of_odd(odd: list[RunReader], tmp_path: Path) -> Path:
    """Give the report of three runs that are hard to show."""
    return write_report(odd, tmp_path / "odd.html", max_charts=100)


@pytest.mark.parametrize("width", [1280, 360])
def test_long_and_hostile_names_fit(browser: Any, written_of_odd: Path, width: int) -> None:
    """Whatever runs and metrics are called, the page is as wide as the window, and no chart's text leaves its chart."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(written_of_odd.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(_CUT) == []
    assert page.evaluate(_BEYOND) == []
    context.close()


@pytest.mark.parametrize("paper", _PAPER)
def test_paper_breaks_no_number(browser: Any, written_of_odd: Path, paper: str) -> None:
    """On paper names wrap, numbers and statuses stay whole, and nothing is beyond the margins."""
    width, height = (side - _MARGIN for side in _PAPER[paper])
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(written_of_odd.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_CUT) == []
    texts, broken = page.evaluate(_BROKEN)
    assert texts > 100
    assert broken == []
    context.close()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_needs_nothing_and_fits(browser: Any, written: Path, width: int, scheme: str) -> None:
    """With scripts off it makes one request, says no error, shows all, and is as wide as the window."""
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.goto(written.as_uri())
    assert [url for url in requests if not url.startswith("data:")] == [written.as_uri()]
    assert errors == []
    for part in ("h2 >> text=Summary", "svg text >> text=rates: ROC", "pre >> text=a batch was left out", "img"):
        assert page.locator(part).first.is_visible()
    context.close()
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(written.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(_CUT) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_of_charts_are_readable(browser: Any, written: Path, scheme: str) -> None:
    """The texts of charts have the page's colours in both themes."""
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(written.as_uri())
    title = page.locator("figure svg text").first
    fill = title.evaluate("item => getComputedStyle(item).fill")
    body = page.evaluate("getComputedStyle(document.documentElement).color")
    assert fill == body
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == (
        "rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 28)"
    )
    context.close()


@pytest.mark.parametrize("paper", _PAPER)
def test_paper_cuts_nothing(browser: Any, written: Path, paper: str) -> None:
    """On paper it is light, and charts, tables and texts are within the margins and no chart is over a page high."""
    width, height = (side - _MARGIN for side in _PAPER[paper])
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark")
    page = context.new_page()
    page.goto(written.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_CUT) == []
    heights = page.evaluate("[...document.querySelectorAll('figure')].map(item => item.getBoundingClientRect().height)")
    assert max(heights) < height
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    pdf = page.pdf(format=paper, prefer_css_page_size=False)
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 3 <= pages <= 12
    context.close()


def test_chromium_prints_it(written: Path, tmp_path: Path) -> None:
    """The command line of chromium makes a PDF of some pages of it."""
    target = tmp_path / "report.pdf"
    subprocess.run(
        [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"),
            *(f"--print-to-pdf={target}", "--no-pdf-header-footer", written.as_uri()),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert target.read_bytes().startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", target.read_bytes())) <= 12
