"""Charts of a run that goes on: what a person does with them survives what comes, and no point is lost or doubled."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import runlogging
from tests.viewer.conftest import PATIENCE_S, TOKEN, Noise, OpenRun, RunningRun, StartRunning, StartViewer, wait_until
from tests.viewer.test_charts_page import hover, look, ready, run_key, tip_text

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

UPDATES = 1_000
BEFORE = 50
IDLE = 50
IDLE_POINTS = 2_000
WATCHED_S = 5


def _value(step: int) -> float:
    return step / 8


@pytest.fixture
def run(made_root: Path, start_running: StartRunning) -> RunningRun:
    """Give a run that goes on, with some points of a and b."""
    started = start_running()
    _add(started, 0, BEFORE)
    return started


def _add(run: RunningRun, begin: int, end: int) -> None:
    for step in range(begin, end):
        run.log("a", _value(step), step)
        run.log("b", -_value(step), step)


def _update(page: Page, run: RunningRun) -> None:
    """Log the updates in pieces, each of which the page has before the next one comes."""
    for begin in range(BEFORE, BEFORE + UPDATES, 50):
        _add(run, begin, begin + 50)
        _arrived(page, begin + 50)


def _arrived(page: Page, count: int) -> None:
    for name, sign in (("a", 1), ("b", -1)):
        page.wait_for_function(
            """([name, count, value]) => {
              const { columns } = document.querySelector(`[data-name="${name}"] .chart-figure`).chart;
              const [line] = columns?.lines ?? [];
              return line?.count === count && line.last.value === value;
            }""",
            arg=[name, count, sign * _value(count - 1)],
        )


def _assert_whole(page: Page, count: int, name: str = "a") -> None:
    """Show all: each point is there once, with its own value."""
    page.keyboard.press("Escape")
    look(page, name, "chart.group.reset()")
    info = f"document.querySelector('[data-name={name}] .chart-figure').chart.columns.lines[0].info"
    page.wait_for_function(f"() => {info}.y.length >= {count}")
    sign = 1 if name == "a" else -1
    assert look(page, name, "chart.columns.lines[0].info.step") == list(range(count))
    assert look(page, name, "chart.columns.lines[0].info.y") == [sign * _value(step) for step in range(count)]
    assert look(page, name, "[...chart.columns.x]") == list(range(count))


def test_a_pinned_tooltip_zoom_scroll_and_selection_survive_updates(
    page: Page, run: RunningRun, open_run: OpenRun, noise: Noise
) -> None:
    """After a thousand updates all is as it was left, the last value is there, and no point is missing or double."""
    page.set_viewport_size({"width": 900, "height": 420})
    open_run(run.path)
    ready(page, "b")
    look(page, "a", "chart.group.zoomTo(10, 30)")
    page.evaluate("() => scrollTo(0, 150)")
    hover(page, "a", 20)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(2, 2)
    page.wait_for_selector('.chart-tip[data-pinned="true"]')
    page.evaluate("() => getSelection().selectAllChildren(document.querySelector('.chart-tip'))")
    kept = """[[u.scales.x.min, u.scales.x.max], scrollY, getSelection().toString(),
        document.querySelector('.chart-tip').outerHTML, document.activeElement === chart.figure]"""
    before = look(page, "a", kept)
    assert before[0] == [10, 30]
    assert "2.5" in before[2]
    assert before[4]
    _update(page, run)
    assert look(page, "a", kept) == before
    _assert_whole(page, BEFORE + UPDATES)
    assert noise.errors == []


@pytest.mark.parametrize("is_zoomed", [False, True], ids=["all", "zoomed"])
def test_an_open_tooltip_stays_on_its_chart(
    page: Page, run: RunningRun, open_run: OpenRun, noise: Noise, is_zoomed: bool
) -> None:
    """It is seen all the while and says what lies under the pointer of its own chart, not of one that came after it."""
    page.set_viewport_size({"width": 1280, "height": 900})
    open_run(run.path)
    ready(page, "b")
    if is_zoomed:
        look(page, "a", "chart.group.zoomTo(10, 30)")
    hover(page, "a", 20)
    assert (tip_text(page, "step"), tip_text(page, "value")) == ("20", "2.5")
    page.evaluate(
        """() => {
          window.hides = 0;
          const tip = document.querySelector(".chart-tip");
          const watch = new MutationObserver(() => (window.hides += tip.hidden));
          watch.observe(tip, { attributes: true });
        }"""
    )
    _update(page, run)
    assert page.evaluate("window.hides") == 0
    under = look(page, "a", "chart.columns.point(chart.columns.lines[0], u.cursor.idx)")
    assert (int(tip_text(page, "step")), float(tip_text(page, "value"))) == (under["step"], under["value"])
    assert under["value"] >= 0
    if is_zoomed:
        assert under["step"] == 20
    _assert_whole(page, BEFORE + UPDATES)
    _assert_whole(page, BEFORE + UPDATES, "b")
    assert noise.errors == []


def test_a_drag_is_not_ended_by_what_comes(page: Page, run: RunningRun, open_run: OpenRun) -> None:
    """A part that is being selected while points come is zoomed to as it was drawn."""
    open_run(run.path)
    ready(page, "b")
    look(page, "a", "chart.group.zoomTo(0, 40)")
    hover(page, "a", 10)
    page.mouse.down()
    hover(page, "a", 15)
    _add(run, BEFORE, BEFORE + 50)
    _arrived(page, BEFORE + 50)
    hover(page, "a", 20)
    page.mouse.up()
    low, high = look(page, "b", "[u.scales.x.min, u.scales.x.max]")
    assert (low, high) == (pytest.approx(10, abs=0.5), pytest.approx(20, abs=0.5))


def test_what_is_pointed_at_is_the_same_after_an_answer(page: Page, run: RunningRun, open_run: OpenRun) -> None:
    """Where a zoom's points come below a resting pointer or cursor, a click and an arrow still mean that place."""
    open_run(run.path)
    ready(page, "b")
    hover(page, "a", 20)
    page.mouse.down()
    page.mouse.up()
    page.keyboard.press("Escape")
    for _ in range(21):
        page.keyboard.press("ArrowRight")
    look(page, "a", "chart.group.zoomTo(10, 30)")
    hover(page, "a", 20)
    page.wait_for_function("() => document.querySelector('[data-name=a] .chart-figure').chart.columns.x[0] === 9")
    page.mouse.down()
    page.mouse.up()
    assert tip_text(page, "step") == "20"
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "() => document.querySelector('[data-name=a] .card-figures').textContent.startsWith('21 : ')"
    )


# ---------------------------------------------------------------------- metrics that are new


def _charts(page: Page) -> list[str]:
    names: list[str] = page.locator(".chart-slot").evaluate_all("(all) => all.map(({ dataset }) => dataset.name)")
    return names


@pytest.mark.parametrize(
    ("is_pinned", "new", "shown"),
    [
        (True, ["aa", "val/loss", "train/loss", "layer/w"], ["train/loss", "val/loss", "a", "b", "aa", "layer/w"]),
        # What comes above moves the chart away from the pointer.
        (False, ["aa", "layer/w"], ["a", "b", "aa", "layer/w"]),
    ],
    ids=["pinned", "open"],
)
def test_a_new_metric_leaves_all_charts_and_the_tooltip(
    page: Page, run: RunningRun, open_run: OpenRun, noise: Noise, is_pinned: bool, new: list[str], shown: list[str]
) -> None:
    """Its chart comes in its place; the others stay the same ones, with the tooltip, the zoom and the keyboard."""
    page.set_viewport_size({"width": 1280, "height": 1600})
    open_run(run.path)
    for name in ("a", "b"):
        ready(page, name)
        look(page, name, "chart.isTheOne = true")
    look(page, "a", "chart.group.zoomTo(10, 30)")
    hover(page, "b", 20)
    if is_pinned:
        page.mouse.down()
        page.mouse.up()
        page.mouse.move(2, 2)
    page.wait_for_selector(f'.chart-tip[data-pinned="{str(is_pinned).lower()}"]')
    before = tip_text(page, "value")
    for name in new:
        run.log(name, 1.0, 15)
        ready(page, name)
    assert _charts(page) == shown
    assert [name for name in shown if look(page, name, "chart.isTheOne ?? null")] == ["a", "b"]
    assert page.locator(".chart-tip").is_visible()
    assert tip_text(page, "value") == before == "-2.5"
    assert look(page, "b", "document.activeElement === chart.figure") == is_pinned
    assert look(page, "aa", "[u.scales.x.min, u.scales.x.max]") == [10, 30]
    counts = page.locator(".chart-section summary").all_inner_texts()
    page.reload()
    ready(page, new[-1])
    # As they are laid out from the beginning.
    assert _charts(page) == shown
    assert page.locator(".chart-section summary").all_inner_texts() == counts
    assert noise.errors == []


def test_a_new_metric_shows_where_it_fits_the_search(page: Page, run: RunningRun, open_run: OpenRun) -> None:
    """One that does not is counted only, and a chart that was folded away is drawn when its section is opened."""
    open_run(run.path, name="b")
    look(page, "b", "chart.isTheOne = true")
    run.log("bb", 1.0, 0)
    ready(page, "bb")
    run.log("c", 1.0, 0)
    page.get_by_text("2 of 4 metrics").wait_for()
    assert look(page, "b", "chart.isTheOne")
    page.locator(".chart-section summary").click()
    run.log("bbb", 1.0, 0)
    page.get_by_text("3 of 5 metrics").wait_for()
    page.locator(".chart-section summary").click()
    ready(page, "bbb")
    assert _charts(page) == ["b", "bb", "bbb"]


# ---------------------------------------------------------------------- answers that overtake each other


class Held:
    """Holds back the answers to one path of the page: each is made at once, and comes when it is let go."""

    def __init__(self, page: Page, path: str) -> None:
        self.waiting: list[tuple[Route, Any]] = []
        self.is_open = False
        self.page = page
        page.route(f"**/{path}?*", self._hold)

    def _hold(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.waiting.append((route, route.fetch()))

    def wait_for(self, count: int) -> None:
        """Wait until so many answers are held back."""

        def are_there() -> bool:
            self.page.wait_for_timeout(20)  # the page's requests come meanwhile
            return len(self.waiting) >= count

        wait_until(are_there, f"{count} answers are held back")

    def let_go(self) -> None:
        """Let come what waits, and at once what will be asked for."""
        self.is_open = True
        for route, answer in self.waiting:
            route.fulfill(response=answer)


def test_an_answer_that_is_older_than_the_news_loses_nothing(page: Page, run: RunningRun, open_run: OpenRun) -> None:
    """A point that came while curves were asked for is there when their answer, made before it, comes after it."""
    open_run(run.path)
    ready(page, "b")
    held = Held(page, "api/series")
    look(page, "a", "chart.group.zoomTo(10, 60)")
    held.wait_for(2)
    _add(run, BEFORE, BEFORE + 1)
    _arrived(page, BEFORE + 1)
    held.let_go()
    page.wait_for_timeout(500)
    _arrived(page, BEFORE + 1)
    _assert_whole(page, BEFORE + 1)


def test_news_that_an_answer_overtook_double_nothing(page: Page, run: RunningRun, open_run: OpenRun) -> None:
    """Points that came by both ways are there once."""
    open_run(run.path)
    ready(page, "b")
    held = Held(page, "api/news")
    _add(run, BEFORE, BEFORE + 1)
    held.wait_for(1)
    look(page, "a", "chart.group.zoomTo(10, 60)")
    page.wait_for_function(
        f"() => document.querySelector('[data-name=a] .chart-figure').chart.columns.lines[0].count === {BEFORE + 1}"
    )
    held.let_go()
    page.wait_for_timeout(500)
    assert look(page, "a", "chart.columns.lines[0].count") == BEFORE + 1
    assert look(page, "a", "chart.columns.lines[0].info.step") == list(range(9, BEFORE + 1))
    _add(run, BEFORE + 1, BEFORE + 3)
    _arrived(page, BEFORE + 3)
    _assert_whole(page, BEFORE + 3)


def test_a_point_that_comes_before_the_first_answer_is_shown(
    page: Page, run: RunningRun, start_viewer: StartViewer
) -> None:
    """What is logged while a chart's first answer is on its way is there without a further point."""
    viewer = start_viewer(run.path.parent.parent)
    held = Held(page, "api/series")
    page.goto(viewer.at(view="run", run=run.key))
    held.wait_for(2)
    _add(run, BEFORE, BEFORE + 1)
    page.wait_for_timeout(1_500)
    held.let_go()
    _arrived(page, BEFORE + 1)


# ---------------------------------------------------------------------- idle


@pytest.fixture(scope="module")
def idle_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a root with fifty runs of 2,000 points each that are open, and log nothing."""
    root = tmp_path_factory.mktemp("idle") / "runs"
    with contextlib.ExitStack() as stack:
        for _ in range(IDLE):
            run = stack.enter_context(runlogging.start_run("idle", root=root, capture=False, environment=False))
            for step in range(IDLE_POINTS):
                run.log("loss", _value(step), step=step)
        yield root


def test_the_stream_of_fifty_idle_runs_is_under_a_kilobyte_a_second(idle_root: Path, start_viewer: StartViewer) -> None:
    """Who watches all of them and the list gets under 1 KB for each second, once all were told of."""
    viewer = start_viewer(idle_root)
    topics = [f"run:{run_key(path)}" for path in sorted(idle_root.glob("idle/*/"))]
    assert len(topics) == IDLE
    heard = bytearray()
    idle = 0
    timeout = httpx.Timeout(PATIENCE_S, read=WATCHED_S)
    with (
        httpx.Client(base_url=viewer.base, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=timeout) as client,
        client.stream("GET", "api/events", params={"topic": ["runs", *topics]}) as answer,
        contextlib.suppress(httpx.ReadTimeout),
    ):
        for piece in answer.iter_raw():
            # The first words, one of each topic, are no part of the idling; a stream that is silent ends the test.
            if heard.count(b'"topic"') < IDLE + 1:
                heard += piece
            else:
                idle += len(piece)
                assert idle < 1024 * WATCHED_S
    lines = [line[5:] for line in heard.decode().splitlines() if line.startswith("data:")]
    assert {json.loads(line).get("topic", "runs") for line in lines} == {"runs", *topics}


def _settle(page: Page, noise: Noise) -> None:
    """Wait until a page has asked for all that it shows at first."""
    before = -1
    while before < len(noise.requests):
        before = len(noise.requests)
        page.wait_for_timeout(3_000)


@pytest.mark.parametrize("view", ["compare", "runs"])
def test_pages_of_fifty_idle_runs_are_under_a_kilobyte_a_second(
    idle_root: Path, start_viewer: StartViewer, page: Page, noise: Noise, view: str
) -> None:
    """What the browser gets, events and answers and their heads, is counted over some seconds."""
    viewer = start_viewer(idle_root)
    page.goto(viewer.at(view=view, **({"all": "1"} if view == "compare" else {})))
    if view == "compare":
        assert look(page, "loss", "chart.columns.count") == IDLE * IDLE_POINTS
    _settle(page, noise)
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[int] = []
    network.on("Network.dataReceived", lambda event: sizes.append(event["encodedDataLength"] or event["dataLength"]))
    network.on("Network.responseReceived", lambda event: sizes.append(int(event["response"]["encodedDataLength"])))
    before = len(noise.requests)
    page.wait_for_timeout(WATCHED_S * 1000)
    assert sum(sizes) < 1024 * WATCHED_S
    assert noise.requests[before:] == []
    assert noise.errors == []
