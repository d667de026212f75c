"""The log of a run in a real browser: a million lines from end to end, search, filters, follow, hostile texts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runlogging.folder import Line, encode_line, stream_path
from tests.reading.tools import manifest_only
from tests.viewer.conftest import PATIENCE_S, StartRunning, StartViewer, Viewer
from tests.viewer.firefox import FIREFOX, open_firefox
from tests.viewer.made_values import start

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

LINES = 1_000_000
LINE_PIXELS = 21
_MANY = f"{LINES:,}"
Open = Callable[..., "Page"]


def _time(number: int) -> str:
    second = number // 100
    return f"2026-11-23T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{number % 100:02d}0000Z"


def _line(number: int) -> Line:
    level = "ERROR" if number % 100_000 == 50_000 else "WARNING" if number % 1000 == 999 else "INFO"
    logger = "train.loop" if number % 5 else "data"
    return Line(seq=number + 1, time=_time(number), level=level, logger=logger, message=f"step {number} of the run")


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a root with the run big/million, whose log has a million lines."""
    root = tmp_path_factory.mktemp("million") / "runs"
    run = manifest_only(root, "million", "big", status="Completed")
    with stream_path(run, "logs", "main").open("wb") as file:
        for begin in range(0, LINES, 10_000):
            file.write(b"".join(encode_line(_line(number)) for number in range(begin, begin + 10_000)))
    return root


@pytest.fixture(scope="module")
def million_viewer(million: Path) -> Iterator[Viewer]:
    """Give one viewer of the million lines for all tests: it indexes them once."""
    viewer = start(million)
    yield viewer
    assert viewer.stop() == ""


@pytest.fixture
def open_log(quiet_page: Page) -> Open:
    """Give a function that opens the log of a run."""

    def open_run(viewer: Viewer, run: str, **state: str) -> Page:
        quiet_page.goto(viewer.at(view="run", run=run, tab="logs", **state))
        return quiet_page

    return open_run


def _wait_for(page: Page, selector: str, text: str | re.Pattern[str]) -> None:
    from playwright.sync_api import expect

    expect(page.locator(selector)).to_contain_text(text, timeout=PATIENCE_S * 1000)


def _row(page: Page, row: int) -> Locator:
    return page.locator(f".log-row[data-row='{row}']")


def _first_seen(page: Page) -> int:
    text = page.locator(".log-seen").text_content() or ""
    found = re.search(r"([\d,]+)\u2013", text)
    assert found, text
    return int(found[1].replace(",", ""))


def _rows_in_page(page: Page) -> int:
    return page.locator(".virtual-list > *").count()


def test_a_million_lines_from_end_to_end(million_viewer: Viewer, open_log: Open) -> None:
    """First, middle and last line are shown, the wheel moves by lines anywhere, and few rows are in the page."""
    page = open_log(million_viewer, "big/million")
    _row(page, 0).wait_for()
    _wait_for(page, ".log-seen", f"of {_MANY}")
    page.locator(".log-view").focus()
    page.keyboard.press("End")
    _row(page, LINES - 1).wait_for()
    assert "step 999999 of the run" in (_row(page, LINES - 1).text_content() or "")
    box, last = page.locator(".log-view").bounding_box(), _row(page, LINES - 1).bounding_box()
    assert box
    assert last
    assert last["y"] + last["height"] <= box["y"] + box["height"] + 1
    page.fill(".log-goto", "500,001")
    page.press(".log-goto", "Enter")
    _row(page, 500_000).wait_for()
    first = _first_seen(page)
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    for _ in range(10):
        page.mouse.wheel(0, LINE_PIXELS)
    _wait_for(page, ".log-seen", f"{first + 10:,}\u2013")
    page.mouse.wheel(0, -5 * LINE_PIXELS)
    _wait_for(page, ".log-seen", f"{first + 5:,}\u2013")
    assert _rows_in_page(page) < 200
    page.keyboard.press("Home")
    _row(page, 0).wait_for()
    page.evaluate("element => element.scrollTop = element.scrollHeight / 2", page.query_selector(".log-view"))
    _wait_for(page, ".log-seen", re.compile(r"^(49|50)\d,"))
    page.evaluate("element => element.scrollTop = element.scrollHeight", page.query_selector(".log-view"))
    _row(page, LINES - 1).wait_for()


def test_every_line_is_reached_by_the_wheel(tmp_path: Path, start_viewer: StartViewer, open_log: Open) -> None:
    """From the first line to the last by the wheel, each line is seen once and none is left out."""
    run = manifest_only(tmp_path / "runs", "short", "big", status="Completed")
    stream_path(run, "logs", "main").write_bytes(b"".join(encode_line(_line(number)) for number in range(700)))
    page = open_log(start_viewer(tmp_path / "runs"), "big/short")
    _row(page, 0).wait_for()
    box = page.locator(".log-view").bounding_box()
    assert box
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    seen: set[int] = set()
    while 699 not in seen:
        numbers = page.locator(".log-row[data-row]").evaluate_all("rows => rows.map((row) => Number(row.dataset.row))")
        assert numbers == sorted(numbers)
        if not seen.union(numbers) > seen:
            page.wait_for_timeout(20)
        seen.update(numbers)
        page.mouse.wheel(0, 10 * LINE_PIXELS)
    assert seen == set(range(700))


def test_search_counts_all_and_walks(million_viewer: Viewer, open_log: Open) -> None:
    """All hits of a million lines are counted, n and N walk through them and around, and they are marked."""
    page = open_log(million_viewer, "big/million")
    _wait_for(page, ".log-seen", f"of {_MANY}")
    page.keyboard.press("/")
    page.keyboard.type("step 77777")
    _wait_for(page, ".log-found", "11 hits")
    page.keyboard.press("Enter")
    _wait_for(page, ".log-found", "1 of 11 hits")
    assert _row(page, 77_777).locator("mark").text_content() == "step 77777"
    page.keyboard.press("n")
    _row(page, 777_770).wait_for()
    _wait_for(page, ".log-found", "2 of 11 hits")
    for at in (1, 11):
        page.keyboard.press("N")
        _wait_for(page, ".log-found", f"{at} of 11 hits")
    assert "q=step+77777" in page.url


def test_a_wrong_expression(million_viewer: Viewer, page: Page) -> None:
    """An expression that is none is named beside the field, and the lines stay."""
    page.goto(million_viewer.at(view="run", run="big/million", tab="logs"))
    _row(page, 0).wait_for()
    page.fill(".log-query", "/(/")
    _wait_for(page, ".log-found", "is no expression")
    assert page.locator(".log-query").get_attribute("aria-invalid") == "true"
    assert _row(page, 0).is_visible()


def test_an_expression_that_takes_too_long(tmp_path: Path, start_viewer: StartViewer, page: Page) -> None:
    """An expression without end is stopped and explained beside the field; the lines stay, and the next one works."""
    run = manifest_only(tmp_path / "runs", "slow", "big", status="Completed")
    texts = ["plain", "a" * 3_000 + "!", "loss=1"]
    lines = [Line(seq=n, time=_time(n), level="INFO", message=text) for n, text in enumerate(texts, 1)]
    stream_path(run, "logs", "main").write_bytes(b"".join(map(encode_line, lines)))
    page.goto(start_viewer(tmp_path / "runs").at(view="run", run="big/slow", tab="logs"))
    _row(page, 0).wait_for()
    page.fill(".log-query", "/(a+)+$/")
    _wait_for(page, ".log-found", "This expression takes too long")
    _wait_for(page, ".log-found", "at line 2, which has 3,001 characters")
    assert page.locator(".log-query").get_attribute("aria-invalid") == "true"
    assert _row(page, 2).is_visible()
    page.fill(".log-query", r"/loss=\d/")
    _wait_for(page, ".log-found", "1 hits")
    assert page.locator(".log-query").get_attribute("aria-invalid") == "false"
    assert _row(page, 2).locator("mark").text_content() == "loss=1"


def test_filters_and_the_url(million_viewer: Viewer, open_log: Open) -> None:
    """A level and a logger leave lines out, keep the marked line, stand in the URL, and survive a reload."""
    page = open_log(million_viewer, "big/million", level="ERROR")
    _wait_for(page, ".log-seen", "of 10")
    assert "step 50000 of the run" in (_row(page, 0).text_content() or "")
    _row(page, 3).click()
    page.select_option("select[aria-label=Level]", "")
    _row(page, 350_000).wait_for()
    _wait_for(page, ".log-current", "step 350000 of the run")
    page.select_option("select.log-loggers", "data")
    _wait_for(page, ".log-seen", "of 200,000")
    page.wait_for_url(re.compile("line=350001"))
    page.reload()
    _wait_for(page, ".log-current", "step 350000 of the run")
    assert "logger=data" in page.url


@pytest.mark.parametrize("scale", [1, 2])
def test_places_at_any_scale(million_viewer: Viewer, browser: Browser, scale: int) -> None:
    """A time leads to its line, and the last line is reached by keys, at one and two device pixels a pixel."""
    context = browser.new_context(
        viewport={"width": 360, "height": 700}, device_scale_factor=scale, locale="en-US", timezone_id="UTC"
    )
    page = context.new_page()
    page.goto(million_viewer.at(view="run", run="big/million", tab="logs"))
    _wait_for(page, ".log-seen", f"of {_MANY}")
    page.fill(".log-goto", "01:00:00")
    page.press(".log-goto", "Enter")
    _wait_for(page, ".log-current", "step 360000 of the run")
    page.keyboard.press("End")
    _row(page, LINES - 1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


@pytest.fixture
def stepped(tmp_path: Path) -> Path:
    """Give a root with the run big/stepped: 3,000 lines with a step each; the first and the last are errors."""
    run = manifest_only(tmp_path / "runs", "stepped", "big", status="Completed")
    lines = [
        Line(seq=n + 1, time=_time(n), level="INFO" if 0 < n < 2_999 else "ERROR", message=f"line {n}",
             step=n, metrics={"loss": 1.0})
        for n in range(3_000)
    ]  # fmt: skip
    stream_path(run, "metrics", "main").write_bytes(b"".join(map(encode_line, lines)))
    return tmp_path / "runs"


@pytest.mark.parametrize(
    ("typed", "row"),
    [
        ("1", 0), ("0", 0), ("3,000", 2_999), ("999,999,999", 2_999),
        ("00:00:00Z", 0), ("1999-01-01 12:00Z", 0), ("00:00:29.99Z", 2_999), ("2999-12-31 23:59Z", 2_999),
        ("step 0", 0), ("step -7", 0), ("step 2999", 2_999), ("step 12345678901", 2_999),
    ],
)  # fmt: skip
def test_the_ends_can_be_gone_to(
    stepped: Path, start_viewer: StartViewer, open_log: Open, typed: str, row: int
) -> None:
    """The first and the last line, time and step, and what lies beyond them, lead to the first and the last line."""
    page = open_log(start_viewer(stepped), "big/stepped", line="1500")
    _wait_for(page, ".log-current", "line 1499")
    page.fill(".log-goto", typed)
    page.press(".log-goto", "Enter")
    _wait_for(page, ".log-current", f"line {row}")
    assert page.locator(".log-current").get_attribute("data-row") == str(row)
    assert page.locator(".log-goto").get_attribute("aria-invalid") == "false"


def test_what_is_no_place_is_told(stepped: Path, start_viewer: StartViewer, open_log: Open) -> None:
    """What is neither a line nor a time nor a step gets a sentence that says what is; nothing moves."""
    page = open_log(start_viewer(stepped), "big/stepped", line="1500")
    _wait_for(page, ".log-current", "line 1499")
    page.fill(".log-goto", "noon")
    page.press(".log-goto", "Enter")
    _wait_for(page, ".log-problem", "A line number, a time such as 12:30:05, or step 500")
    assert page.locator(".log-goto").get_attribute("aria-invalid") == "true"
    assert page.locator(".log-current").get_attribute("data-row") == "1499"


# The names of the levels' colours that stand in the first column of the strip at its top, middle and bottom.
_STRIP = """() => {
  const canvas = document.querySelector(".log-strip"), style = getComputedStyle(canvas);
  const to = canvas.getContext("2d"), probe = document.createElement("canvas").getContext("2d");
  const data = (from, x, y) => from.getImageData(x, y, 1, 1).data.join();
  const kinds = Object.fromEntries(["error", "warning", "info"].map((kind) => {
    probe.fillStyle = style.getPropertyValue(`--strip-${kind}`).trim();
    probe.fillRect(0, 0, 1, 1);
    return [data(probe, 0, 0), kind];
  }));
  return [0.001, 0.3, 0.999].map((share) => kinds[data(to, 2, Math.floor(share * canvas.height))] ?? null);
}"""


def test_the_strip_shows_the_levels_of_the_whole_log(stepped: Path, start_viewer: StartViewer, open_log: Open) -> None:
    """One error among thousands of lines is seen in the strip, at the very first and the very last line, too."""
    # What is in sight is framed in the strip: in the middle.
    page = open_log(start_viewer(stepped), "big/stepped", line="1500")
    _wait_for(page, ".log-current", "line 1499")
    page.wait_for_function(f"({_STRIP})()[1] !== null")
    assert page.evaluate(_STRIP) == ["error", "info", "error"]
    box = page.locator(".log-strip").bounding_box()
    assert box
    page.mouse.click(box["x"] + 10, box["y"] + box["height"] - 1)
    _row(page, 2_999).wait_for()


def test_a_failed_run_opens_at_its_end(million: Path, million_viewer: Viewer, open_log: Open) -> None:
    """A run that failed opens on its last lines, at once and when the whole log is known."""
    run = manifest_only(million, "failed", "big", status="Failed")
    stream_path(run, "logs", "main").hardlink_to(stream_path(million / "big" / "million", "logs", "main"))
    page = open_log(million_viewer, "big/failed")
    page.locator(".log-frame").get_by_text("step 999999 of the run").first.wait_for()
    _row(page, LINES - 1).wait_for()
    assert page.locator(".log-early").is_hidden()
    page.locator(".log-view").focus()
    page.keyboard.press("PageUp")
    _wait_for(page, ".log-seen", re.compile(r"\u2013999,9[0-8]\d of"))


@pytest.mark.skipif(not os.access(FIREFOX, os.X_OK), reason=f"there is no {FIREFOX}: apt-get install firefox-esr")
@pytest.mark.parametrize("scale", [1, 2])
def test_firefox(million_viewer: Viewer, tmp_path: Path, scale: int) -> None:
    """Firefox shows the first, the middle and the last line too, and its wheel moves by lines."""
    row = "return document.querySelector(`.log-row[data-row='${arguments[0]}'] .log-message`)?.textContent"
    seen = "return document.querySelector('.log-seen')?.textContent ?? ''"
    with open_firefox(tmp_path, scale) as firefox:
        firefox.do("WebDriver:Navigate", url=million_viewer.at(view="run", run="big/million", tab="logs"))
        assert firefox.wait_for(row, 0) == "step 0 of the run"
        firefox.wait_for("return document.querySelector('.log-seen').textContent.includes(arguments[0])", _MANY)
        assert firefox.run("return devicePixelRatio") == scale
        firefox.run("document.querySelector('.log-view').focus()")
        firefox.key("\ue010")  # End
        assert firefox.wait_for(row, LINES - 1) == f"step {LINES - 1} of the run"
        firefox.run("const view = document.querySelector('.log-view'); view.scrollTop = view.scrollHeight / 2")
        firefox.wait_for(f"return /^(49|50)\\d,/.test((() => {{ {seen} }})())")
        first = firefox.wait_for(f"return Number((() => {{ {seen} }})().split('\u2013')[0].replaceAll(',', ''))")
        x, y = firefox.run("const box = document.querySelector('.log-view').getBoundingClientRect(); "
                           "return [Math.round(box.x + 99), Math.round(box.y + 99)]")  # fmt: skip
        firefox.wheel(x, y, 7 * LINE_PIXELS)
        firefox.wait_for(f"return (() => {{ {seen} }})().startsWith(arguments[0])", f"{first + 7:,}\u2013")
        firefox.key("\ue011")  # Home
        assert firefox.wait_for(row, 0) == "step 0 of the run"


HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"


def test_hostile_texts_are_inert(tmp_path: Path, start_viewer: StartViewer, open_log: Open) -> None:
    """Markup, escapes, bidi marks and very long texts are shown as what they are; colours are drawn."""
    run = manifest_only(tmp_path / "runs", "odd", "big", status="Completed")
    texts = [
        HOSTILE,
        "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J",
        "turned \u202egnp.exe \x9b",
        "y" * 100_000,
        "\r 10 %",
        "\r 50 %",
        "\r100 %",
        "done",
    ]
    trace = {"type": HOSTILE, "message": HOSTILE, "stacktrace": f"Traceback\n  {HOSTILE}"}
    lines = [
        Line(seq=n, time=_time(n), level=HOSTILE if n == 1 else "INFO", logger=HOSTILE if n == 1 else "out",
             message=text, exception=trace if n == 1 else None, metrics={HOSTILE: 1.0} if n == 1 else None)
        for n, text in enumerate(texts, 1)
    ]  # fmt: skip
    stream_path(run, "logs", "main").write_bytes(b"".join(map(encode_line, lines)))
    page = open_log(start_viewer(tmp_path / "runs"), "big/odd")
    assert HOSTILE in (_row(page, 0).locator(".log-message").text_content() or "")
    assert _row(page, 1).locator(".ansi-fg-1").text_content() == "red"
    assert _row(page, 1).locator(".log-message").text_content() == "red \\x1b]0;title\\x07 \\x1b[2J"
    assert _row(page, 2).locator(".log-message").text_content() == "turned \\u202egnp.exe \\x9b"
    assert len(_row(page, 3).text_content() or "") < 5000
    _row(page, 3).locator(".log-more").click()
    _row(page, 3).get_by_text("y" * 100_000).wait_for()
    page.keyboard.press("End")
    # The states of a progress bar are one line.
    assert [_row(page, row).count() for row in (4, 5, 6, 7)] == [0, 0, 1, 1]
    page.keyboard.press("Home")
    _row(page, 0).locator(".log-expand").click()
    assert HOSTILE in (_row(page, 0).locator("dd pre").first.text_content() or "")
    assert page.evaluate("window.hacked") is None
    assert page.locator(".log-view script, .log-view img").count() == 0


def test_follow(start_viewer: StartViewer, start_running: StartRunning, open_log: Open) -> None:
    """New lines of a running run come by themselves; scrolling up ends it, what is expanded stays, End begins it."""
    running = start_running()
    for number in range(100):
        running.say(f"early {number}")
    page = open_log(start_viewer(running.path.parent.parent), running.key)
    follow = page.locator(".log-follow")
    page.get_by_text("early 99").wait_for()
    assert follow.get_attribute("aria-pressed") == "true"
    running.say("a new line")
    page.get_by_text("a new line").wait_for()
    page.locator(".log-view").focus()
    page.keyboard.press("Home")
    assert follow.get_attribute("aria-pressed") == "false"
    row = page.locator(".log-row", has_text="early 5").first
    row.locator(".log-expand").click()
    page.locator(".log-details").wait_for()
    total = page.locator(".log-seen").text_content()
    running.say("another line", 40)
    page.locator(".log-seen").get_by_text(re.compile("of 102")).wait_for()
    assert page.locator(".log-seen").text_content() != total
    assert page.locator(".log-details").is_visible()
    assert _first_seen(page) == 1
    page.keyboard.press("End")
    page.get_by_text("another line").wait_for()
    assert follow.get_attribute("aria-pressed") == "true"
    running.end()
    page.locator(".status[data-status=Completed]").wait_for()


def test_a_restart_of_the_server(
    start_viewer: StartViewer, start_running: StartRunning, page: Page, made_root: Path
) -> None:
    """When the server restarts the page goes on: no line is missing and none comes twice."""
    running = start_running()
    running.say("before")
    viewer = start_viewer(made_root)
    page.goto(viewer.at(view="run", run=running.key, tab="logs"))
    page.get_by_text("before").wait_for()
    viewer.stop()
    running.say("meanwhile")
    start_viewer(made_root, port=viewer.port)
    page.get_by_text("meanwhile").wait_for()
    running.say("afterwards")
    page.get_by_text("afterwards").wait_for()
    texts = page.locator(".log-row .log-message").all_text_contents()
    assert [texts.count(text) for text in ("before", "meanwhile", "afterwards")] == [1, 1, 1]


def test_a_click_moves_the_time_line(million_viewer: Viewer, open_log: Open) -> None:
    """A clicked line is marked and stays the current one; arrows move on from it, and Enter opens it."""
    page = open_log(million_viewer, "big/million", line="700001")
    _wait_for(page, ".log-current", "step 700000 of the run")
    _row(page, 700_003).click()
    page.keyboard.press("ArrowDown")
    _wait_for(page, ".log-current", "step 700004 of the run")
    page.keyboard.press("Enter")
    _wait_for(page, ".log-current .log-details", _time(700_004))


_ALONE = """async ([url, run, time]) => {
  const [{ createTimeline }, { show }] = await Promise.all(
    ["base/timeline.js", "tabs/logs.js"].map((name) => import(new URL(`static/${name}`, url))));
  const timeline = createTimeline();
  const container = document.createElement("div");
  document.body.append(container);
  window.cursors = [];
  timeline.onCursor((cursor) => window.cursors.push(cursor));
  show(container, { run, facts: { facts: { status: "Completed" }, writers: [] }, timeline }, {});
  timeline.setCursor({ time, step: 5, seq: null, writer: "main", source: "chart" });
}"""


def test_log_and_curve_are_one(million_viewer: Viewer, page: Page) -> None:
    """A cursor from a chart brings its line into sight and marks it; a clicked line tells the charts where it is."""
    page.goto(million_viewer.at(view="run", run="big/million", tab="about"))
    page.locator("#run-panel > *").first.wait_for()
    page.evaluate(_ALONE, [million_viewer.base, "big/million", "2026-11-23T02:00:00.001000Z"])
    _wait_for(page, ".log-pointed", "step 720000 of the run")
    _row(page, 720_002).click()
    cursor = page.evaluate("window.cursors.at(-1)")
    expected = {"time": _time(720_002), "step": None, "seq": 720_003, "writer": "main", "source": "logs"}
    assert cursor == expected


def test_copied_lines_are_text(million_viewer: Viewer, open_log: Open) -> None:
    """Several selected lines are copied as lines of text with level, logger and message."""
    page = open_log(million_viewer, "big/million")
    _row(page, 4).wait_for()
    copied = page.evaluate(
        """() => {
          const [from, to] = [1, 3].map((row) => document.querySelector(`[data-row="${row}"] .log-message`));
          document.getSelection().setBaseAndExtent(from, 0, to, 1);
          const data = new DataTransfer();
          document.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, cancelable: true }));
          return data.getData("text/plain");
        }"""
    )
    lines = copied.split("\n")
    assert [re.sub(r"^\S+ \S+ ", "", line) for line in lines] == [
        f"INFO     train.loop  step {number} of the run" for number in (1, 2, 3)
    ]
