"""What the log says on the charts, in a real browser: marks as lines, warnings and errors as ticks."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import runlogging
from runlogging.reading import RunReader
from tests.viewer.conftest import StartRunning, StartViewer, Viewer, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def marked(made_root: Path) -> Path:
    """Give a run with two metrics of 100 steps, two marks, three warnings and an error."""
    log = logging.getLogger("viewer.marked")
    log.setLevel("DEBUG")
    with runlogging.start_run("marked", root=made_root) as run:
        for step in range(100):
            run.log_metrics({"a": float(step), "b": -float(step)}, step=step)
            if step == 43:
                log.info("rate is %s now", 0.1, extra={"mark": "lr change", "step": step})
            if step == 44:
                log.debug("saved <b>it</b>", extra={"mark": True})
            if step in (11, 22, 33):
                log.warning("warning at %d", step, extra={"step": step})
            if step == 77:
                log.error("lost", extra={"step": step})
    return Path(run.path)


def _open(page: Page, viewer: Viewer, run: Path, **state: str) -> None:
    page.goto(viewer.at(view="run", run=f"{run.parent.name}/{run.name}", **state))
    page.wait_for_selector(".chart-card[data-ready]")


def _places(page: Page, name: str = "a") -> list[tuple[str, float]]:
    """Return what is shown on a chart, with its place on x."""
    found: list[list[Any]] = page.locator(f'[data-name="{name}"] .chart-figure').evaluate(
        """async ({ chart }) => {
          while (!chart.columns || !chart.group.notes) await new Promise(requestAnimationFrame);
          chart.plot.redraw(false);
          await new Promise(requestAnimationFrame);
          return chart.columns.notes.placed.map(({ note, x }) => [note.label, x]);
        }"""
    )
    return [(label, x) for label, x in found]


def _point_at(page: Page, x: float) -> None:
    box = page.locator('[data-name="a"] .u-over').bounding_box()
    assert box is not None
    left = page.locator('[data-name="a"] .chart-figure').evaluate(f"({{ chart }}) => chart.plot.valToPos({x}, 'x')")
    page.mouse.move(box["x"] + left, box["y"] + box["height"] / 2)


def test_marks_and_warnings_stand_on_every_chart(marked: Path, page: Page, start_viewer: StartViewer) -> None:
    """Each stands at its step, one without a step at its time among the points; lines and ticks are drawn."""
    _open(page, start_viewer(marked.parent.parent), marked)
    expected = [
        ("warning at 11", 11),
        ("warning at 22", 22),
        ("warning at 33", 33),
        ("lr change", 43),
        ("saved <b>it</b>", 44),
        ("lost", 77),
    ]
    assert _places(page) == expected
    assert _places(page, "b") == expected
    # The falling curve is far from the ticks, which stand at the bottom.
    lines, bottoms = page.locator('[data-name="b"] .chart-figure').evaluate(
        """({ chart: { plot: u } }) => {
          const { top, height } = u.bbox;
          const lit = (x, from, size) => {
            const { data } = u.ctx.getImageData(Math.round(u.valToPos(x, "x", true)), top + from, 1, size);
            return data.filter((value, place) => place % 4 === 3 && value > 60).length / size;
          };
          return [[43, 44].map((x) => lit(x, 0, height)), [11, 77, 57].map((x) => lit(x, height - 14, 14))];
        }"""
    )
    assert min(lines) > 0.95
    warning, error, nothing = bottoms
    assert nothing < 0.1 < warning < error  # a line of the grid may cross
    assert error < 1


@pytest.mark.parametrize("axis", ["wall", "relative", "relstep", "active", "metric:b"])
def test_marks_have_a_place_on_every_axis(marked: Path, page: Page, start_viewer: StartViewer, axis: str) -> None:
    """Whatever x is, a mark stands beside the point of its step."""
    _open(page, start_viewer(marked.parent.parent), marked, x=axis)
    placed = dict(_places(page))
    around: list[float] = page.locator('[data-name="a"] .chart-figure').evaluate(
        """({ chart: { columns: { x, lines: [{ info }] } } }) =>
          [41, 46].map((step) => x[info.at[info.step.indexOf(step)]])"""
    )
    assert min(around) < placed["lr change"] < max(around)
    assert min(around) < placed["saved <b>it</b>"] < max(around)


def test_a_mark_says_what_it_is_and_leads_to_the_log(marked: Path, page: Page, start_viewer: StartViewer) -> None:
    """Pointing at it shows its text literally; a click shows the lines around it and the moment on all charts."""
    _open(page, start_viewer(marked.parent.parent), marked)
    _places(page)

    def says_its_text() -> bool:
        # The list of marks that comes beside the charts may move them under the pointer.
        _point_at(page, 44)
        return "saved <b>it</b>" in "".join(page.locator(".tip-notes").all_inner_texts())

    wait_until(says_its_text, "the mark's text is shown")
    _point_at(page, 22)
    page.wait_for_function("() => document.querySelector('.tip-notes')?.textContent === 'WARNING warning at 22'")
    page.mouse.down()
    page.mouse.up()
    page.wait_for_selector(".around [aria-current]")
    assert "warning at 22" in page.locator(".around [aria-current]").inner_text()
    assert page.locator('[data-name="b"] .chart-figure').evaluate("({ chart }) => chart.group.mark.step") == 22


def test_marks_can_be_left_out(marked: Path, page: Page, start_viewer: StartViewer) -> None:
    """The choice stands in the URL, and a key turns them off and on."""
    viewer = start_viewer(marked.parent.parent)
    _open(page, viewer, marked)
    _places(page)
    page.locator(".chart-bar").get_by_label("Marks").select_option("set")
    assert [label for label, _ in _places(page)] == ["lr change", "saved <b>it</b>"]
    assert "marks=set" in page.url
    page.reload()
    page.wait_for_selector(".chart-card[data-ready]")
    assert len(_places(page)) == 2
    page.keyboard.press("m")
    page.wait_for_function("() => document.querySelector('.chart-figure').chart.group.notes === null")
    assert "marks=none" in page.url
    page.keyboard.press("m")
    assert len(_places(page)) == 6
    assert "marks=" not in page.url


def test_marks_are_read_as_a_list(marked: Path, page: Page, start_viewer: StartViewer) -> None:
    """Whoever sees no chart gets all of them as buttons, in the order of the log."""
    _open(page, start_viewer(marked.parent.parent), marked)
    _places(page)
    summary = page.locator(".mark-list summary")
    assert summary.inner_text() == "2 marks, 4 warnings and errors"
    summary.focus()
    page.keyboard.press("Enter")
    items = page.locator(".mark-list .mark-line")
    assert [text.split(" ", 1)[1] for text in items.all_inner_texts()] == [
        *("WARNING warning at 11", "WARNING warning at 22", "WARNING warning at 33"),
        *("lr change", "saved <b>it</b>", "ERROR lost"),
    ]
    items.nth(5).click()
    page.wait_for_selector(".around [aria-current]")
    assert "lost" in page.locator(".around [aria-current]").inner_text()


def test_a_line_of_the_log_is_marked_on_the_charts(marked: Path, page: Page, start_viewer: StartViewer) -> None:
    """A line that was chosen in the log stands on all charts, with its lines beside; what was sought is no filter."""
    page.goto(start_viewer(marked.parent.parent).at(view="run", run=f"marked/{marked.name}", tab="logs", q="lost"))
    page.locator(".log-row", has_text="lost").click()
    page.keyboard.press("1")
    page.wait_for_selector(".around [aria-current]")
    assert "lost" in page.locator(".around [aria-current]").inner_text()
    page.wait_for_selector('[data-name="b"] .chart-card[data-ready]')
    lit = page.locator('[data-name="b"] .chart-figure').evaluate(
        """({ chart: { plot: u } }) => [77, 57].map((x) => {
          const { top, height } = u.bbox;
          const { data } = u.ctx.getImageData(Math.round(u.valToPos(x, "x", true)), top, 1, height / 2);
          return data.filter((value, place) => place % 4 === 3 && value > 60).length / (height / 2);
        })"""
    )
    assert lit[0] > 0.3 > lit[1]  # the mark is dashed


def test_the_log_opens_at_a_line_beside_the_charts(marked: Path, page: Page, start_viewer: StartViewer) -> None:
    """A line that was clicked beside the charts stays where it is there, and the tab of the log marks it."""
    _open(page, start_viewer(marked.parent.parent), marked)
    _point_at(page, 22)
    line = page.locator(".around-line", has_text="warning at 22")
    line.click()
    page.wait_for_function("() => document.querySelector('.chart-figure').chart.group.mark?.step === 22")
    assert line.count() == 1
    page.keyboard.press("3")
    page.wait_for_selector(".log-pointed")
    assert "warning at 22" in page.locator(".log-pointed").inner_text()


def test_a_new_mark_arrives(
    made_root: Path, page: Page, start_viewer: StartViewer, start_running: StartRunning
) -> None:
    """What a running program says stands on its charts without a reload."""
    run = start_running()
    for step in range(10):
        run.log("a", float(step), step)
    _open(page, start_viewer(made_root), run.path)
    run.say("it is odd", 30)
    assert [label for label, _ in _places(page)] == ["it is odd"]
    assert [entry.message for entry in RunReader(run.path).logs() if entry.level == "WARNING"] == ["it is odd"]


def test_a_saved_chart_has_the_marks(marked: Path, page: Page, start_viewer: StartViewer, tmp_path: Path) -> None:
    """What the program marked is in the file, with its text literally."""
    _open(page, start_viewer(marked.parent.parent), marked)
    _places(page)
    page.get_by_label("Settings: a").click()
    with page.expect_download() as download:
        page.locator('[data-name="a"]').get_by_text("SVG", exact=True).click()
    download.value.save_as(tmp_path / "chart.svg")
    svg = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    assert ">lr change</text>" in svg
    assert "saved &lt;b&gt;it&lt;/b&gt;" in svg
    assert "warning at" not in svg
