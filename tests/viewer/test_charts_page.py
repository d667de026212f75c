"""The charts of the run page, driven in a real browser."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import runlogging
from runlogging.drawing._palette import DASHES, RUN_COLOURS, styles_of
from runlogging.folder import format_time
from runlogging.reading import RunReader
from tests.viewer.conftest import OpenRun, StartRunning, StartViewer, Viewer

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

POINTS = 1_000_000
SPIKE = 637_123


def run_key(path: Path) -> str:
    """Return ``experiment/id`` of a run's folder."""
    return f"{path.parent.name}/{path.name}"


def log_columns(root: Path, columns: dict[str, list[float]], name: str = "made") -> Path:
    """Log metrics, each a list of values from step 0 on; return the run's folder."""
    with runlogging.start_run("charts", root=root, name=name, capture=False) as run:
        for step in range(max(map(len, columns.values()))):
            run.log_metrics({name: column[step] for name, column in columns.items() if step < len(column)}, step=step)
    return Path(run.path)


@pytest.fixture(scope="module")
def long_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a root with one run of a million points, one of which stands out."""
    root = tmp_path_factory.mktemp("long") / "runs"
    with runlogging.start_run("long", root=root, name="million", capture=False) as run:
        run.log("loss", 0.0, step=-1)
    values = ["9.75" if step == SPIKE else repr(math.sin(step / 50_000)) for step in range(POINTS)]
    seconds = [format_time(1.8e9 + second) for second in range(POINTS // 1000)]
    with (Path(run.path) / "metrics.jsonl").open("a", encoding="ascii") as file:
        for step, value in enumerate(values):
            time = seconds[step // 1000]
            file.write(f'{{"seq":{step + 2},"time":"{time}","step":{step},"metrics":{{"loss":{value}}}}}\n')
    return root


def card(page: Page, name: str) -> Locator:
    """Return the card of a metric."""
    return page.locator(f'.chart-card[data-name="{name}"]')


def ready(page: Page, name: str) -> Locator:
    """Return the card of a metric, once it has its points."""
    found = page.locator(f'.chart-card[data-name="{name}"][data-ready]')
    found.wait_for()
    return found


def look(page: Page, name: str, expression: str) -> Any:
    """Return what an expression gives of the chart of a name; ``chart`` is the chart, ``u`` its uPlot."""
    figure = ready(page, name).locator(".chart-figure")
    return figure.evaluate(f"(figure) => {{ const {{ chart }} = figure; const u = chart.plot; return {expression}; }}")


def hover(page: Page, name: str, x: float, y: float = 0.5) -> None:
    """Point at a place of x of a chart, and at a share of its height."""
    box = ready(page, name).locator(".u-over").bounding_box()
    assert box is not None
    left = look(page, name, f"u.valToPos({x!r}, 'x')")
    page.mouse.move(box["x"] + min(max(left, 1), box["width"] - 2), box["y"] + box["height"] * y)


def tip_text(page: Page, what: str) -> str:
    """Return what the tooltip says of "step", "value" or "time"."""
    return page.locator(f'.chart-tip [data-what="{what}"]').inner_text()


# ---------------------------------------------------------------------- drawing


def test_hovering_tells_the_true_step_time_and_value(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """The tooltip has every digit of the nearest logged point."""
    path = log_columns(made_root, {"train/loss": [1 / (3 + step) for step in range(40)]})
    open_run(path)
    hover(page, "train/loss", 17)
    point = RunReader(path).series("train/loss")[17]
    assert tip_text(page, "step") == "17"
    assert float(tip_text(page, "value")) == point.value
    assert tip_text(page, "time") == format_time(point.time.timestamp())


@pytest.mark.parametrize("width", [320, 1000, 3000])
def test_one_point_in_a_million_is_drawn_at_every_width(
    long_root: Path, page: Page, open_run: OpenRun, width: int
) -> None:
    """The column of the spike has the line's colour up to the top of the plot, in a small chart and a wide one."""
    page.set_viewport_size({"width": width, "height": 800})
    path = next(long_root.glob("long/*/"))
    open_run(path, **{"c.loss": "wide"})
    assert look(page, "loss", "chart.columns.count") == POINTS + 1
    lit = look(
        page,
        "loss",
        f"""(() => {{
          const {{ left, top, width, height }} = u.bbox;
          const x = Math.round(u.valToPos({SPIKE}, 'x', true));
          const at = Math.max(left, x - 4);
          const pixels = u.ctx.getImageData(at, top + height * 0.15, 9, height * 0.4);
          const rows = new Set();
          for (let place = 0; place < pixels.data.length; place += 4) {{
            const [r, g, b, a] = pixels.data.slice(place, place + 4);
            if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 40) rows.add(Math.floor(place / 4 / pixels.width));
          }}
          return rows.size / pixels.height;
        }})()""",
    )
    assert lit > 0.95


def test_a_zoom_brings_the_points_that_were_left_out(long_root: Path, page: Page, open_run: OpenRun) -> None:
    """Zoomed in, every point is there, at its own step."""
    open_run(next(long_root.glob("long/*/")))
    assert look(page, "loss", "chart.columns.answer.sampled")
    look(page, "loss", f"chart.group.zoomTo({SPIKE - 50}, {SPIKE + 50})")
    page.wait_for_function(
        "() => { const { columns } = document.querySelector('.chart-figure').chart; return !columns.answer.sampled; }"
    )
    steps = look(page, "loss", "chart.columns.lines[0].info.step")
    assert steps == list(range(SPIKE - 51, SPIKE + 52))


def test_what_is_not_finite_is_marked_and_counted(made_root: Path, page: Page, open_run: OpenRun, noise: Any) -> None:
    """NaN and infinities stand in the legend, under the cursor and as a gap; a lone number is a dot."""
    values = [1.0] * 10
    values[3], values[5], values[7], values[8] = math.nan, math.nan, math.inf, -math.inf
    path = log_columns(made_root, {"odd": values, "all": [math.nan] * 10})
    open_run(path)
    assert ready(page, "odd").locator(".bad-count").inner_text() == "NaN \u00d72, Infinity \u00d71, -Infinity \u00d71"
    assert ready(page, "all").locator(".chart-note").inner_text() == "all 10 values are NaN"
    assert look(page, "odd", "u.data[1]") == [value if math.isfinite(value) else None for value in values]
    assert look(page, "odd", "u.series[1].points.filter(u, 1, false)") == [4, 6, 9]
    hover(page, "odd", 7)
    assert tip_text(page, "value") == "Infinity"
    assert noise.errors == []


def test_a_log_scale_marks_what_it_cannot_show(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """Values of 0 and less are gaps with a mark, and their count is said; arcsinh shows them."""
    path = log_columns(made_root, {"v": [10.0, 1.0, 0.0, -5.0, 100.0]})
    viewer = open_run(path, **{"c.v": "log"})
    assert look(page, "v", "u.data[1]") == [10, 1, None, None, 100]
    assert "2 values are 0 or less" in card(page, "v").locator(".chart-note").inner_text()
    page.goto(viewer.at(view="run", run=run_key(path), **{"c.v": "asinh"}))
    assert look(page, "v", "u.data[1]") == [10, 1, 0, -5, 100]


def test_outliers_are_scaled_out_only_on_demand(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """By default all is shown; else the bulk fills the chart, the count is said, and one click shows all."""
    path = log_columns(made_root, {"v": [math.sin(step) for step in range(100)] + [1e6]})
    open_run(path)
    assert look(page, "v", "chart.range[1]") > 1e6
    card(page, "v").get_by_label("Settings: v").click()
    card(page, "v").get_by_label("scale to the bulk, mark outliers").check()
    page.wait_for_selector(".outside")
    assert card(page, "v").locator(".outside").inner_text().startswith("1 points outside")
    assert look(page, "v", "chart.range[1]") < 20
    card(page, "v").get_by_role("button", name="show all").click()
    assert look(page, "v", "chart.range[1]") > 1e6


def test_smoothing_keeps_the_raw_line(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """The smoothed line is the one of the full data, and the raw one stays behind it, fainter."""
    path = log_columns(made_root, {"v": [step % 2 for step in range(50)]})
    viewer = open_run(path)
    assert look(page, "v", "u.series.length") == 2
    page.goto(viewer.at(view="run", run=run_key(path), smooth="0.99"))
    assert look(page, "v", "u.series.length") == 3
    assert look(page, "v", "u.data[1]") == [step % 2 for step in range(50)]
    smooth = look(page, "v", "u.data[2]")
    assert smooth[0] == 0
    assert 0.3 < smooth[-1] < 0.7


def test_train_and_val_stand_side_by_side(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """Sections go by the beginning of the name; the same figure of train and val are neighbours."""
    path = log_columns(
        made_root, {name: [1.0, 2.0] for name in ("train/loss", "train/acc", "gpu/load", "val/acc", "val/loss", "lr")}
    )
    open_run(path)
    page.locator('.chart-slot[data-name="gpu/load"]').wait_for(state="attached")
    names = page.locator(".chart-slot").evaluate_all("(slots) => slots.map((slot) => slot.dataset.name)")
    assert names == ["train/loss", "val/loss", "train/acc", "val/acc", "lr", "gpu/load"]
    assert page.locator(".chart-section h2").all_inner_texts() == ["train / val", "metrics", "gpu"]


# ---------------------------------------------------------------------- moving about


def test_zoom_and_cursor_go_over_all_charts(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """A drag in one chart zooms the others too; steps, a double click and the back button lead back."""
    path = log_columns(
        made_root, {"a": [float(step) for step in range(100)], "b": [-float(step) for step in range(100)]}
    )
    open_run(path)
    box = ready(page, "a").locator(".u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
    page.mouse.up()
    low, high = look(page, "b", "[u.scales.x.min, u.scales.x.max]")
    assert (low, high) == (pytest.approx(24.75, abs=1), pytest.approx(49.5, abs=1))
    page.wait_for_function("() => new URLSearchParams(location.search).has('v')")
    look(page, "a", "chart.group.zoomTo(30, 40)")
    assert look(page, "b", "[u.scales.x.min, u.scales.x.max]") == [30, 40]
    page.get_by_label("Zoom out one step").click()
    assert look(page, "b", "[u.scales.x.min, u.scales.x.max]") == [low, high]
    page.locator(".u-over").first.dblclick()
    assert look(page, "b", "[u.scales.x.min, u.scales.x.max]") == [0, 99]
    page.wait_for_function("() => !new URLSearchParams(location.search).has('v')")
    page.go_back()
    page.wait_for_function("() => document.querySelector('.chart-figure').chart.plot.scales.x.max < 60")
    hover(page, "a", 30)
    page.wait_for_function(
        "() => document.querySelector('[data-name=b] .card-figures').textContent.startsWith('30 : -30')"
    )


def _span(page: Page, name: str) -> list[float]:
    found: list[float] = look(page, name, "[u.scales.x.min, u.scales.x.max]")
    return found


def test_the_wheel_zooms_where_it_is_asked_to(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """Over a chart the page scrolls; with Ctrl, or after a click, all charts zoom around the pointer; shift pans."""
    page.set_viewport_size({"width": 900, "height": 600})
    open_run(log_columns(made_root, {name: [float(step) for step in range(101)] for name in "abcd"}))
    hover(page, "a", 25)
    page.mouse.wheel(0, 40)
    page.wait_for_function("() => scrollY > 0")
    assert _span(page, "a") == [0, 100]
    page.evaluate("() => scrollTo(0, 0)")
    hover(page, "a", 25)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -40)
    page.keyboard.up("Control")
    page.wait_for_function("() => document.querySelector('.chart-figure').chart.plot.scales.x.max < 100")
    low, high = _span(page, "b")
    assert [high - low, low] == [pytest.approx(80), pytest.approx(5, abs=0.5)]
    assert page.evaluate("scrollY") == 0
    hover(page, "a", 60)
    page.mouse.down()
    page.mouse.up()
    page.mouse.wheel(0, 40)
    page.wait_for_function("() => document.querySelector('.chart-figure').chart.plot.scales.x.min === 0")
    assert _span(page, "b") == [0, pytest.approx(91.25, abs=0.5)]
    page.keyboard.down("Shift")
    page.mouse.wheel(0, 40)
    page.keyboard.up("Shift")
    page.wait_for_function("() => document.querySelector('.chart-figure').chart.plot.scales.x.min > 0")
    assert _span(page, "b") == [pytest.approx(9.1, abs=0.1), pytest.approx(100.4, abs=0.6)]


def test_one_turn_of_the_wheel_is_one_step_back(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """Notches that follow each other are undone together; from all there is no way further out."""
    open_run(log_columns(made_root, {"a": [float(step) for step in range(101)]}))
    turn = """(() => { for (let notch = 0; notch < 5; notch += 1) {
        const { left, width, top } = u.over.getBoundingClientRect();
        const at = { clientX: left + width / 2, clientY: top + 9 };
        u.over.dispatchEvent(new WheelEvent("wheel", { ctrlKey: true, deltaY: -40, ...at }));
    } })()"""
    look(page, "a", "chart.group.zoomTo(20, 80)")
    look(page, "a", turn)
    assert _span(page, "a")[1] - _span(page, "a")[0] == pytest.approx(60 * 0.8**5)
    out = page.get_by_label("Zoom out one step")
    out.click()
    assert _span(page, "a") == [20, 80]
    out.click()
    assert _span(page, "a") == [0, 100]
    out.click()
    assert _span(page, "a") == [0, 100]


def test_each_way_to_move_has_a_button(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """Zoom in, out, earlier, later and all, over all charts; where a link opened a part, out widens it step by step."""
    open_run(log_columns(made_root, {name: [float(step) for step in range(401)] for name in "ab"}), v="100,200")
    assert _span(page, "b") == [100, 200]
    spans = []
    for label in ("Zoom in", "Later", "Earlier", "Zoom out one step", "Zoom out one step", "Zoom out one step"):
        page.get_by_label(label, exact=True).click()
        spans.append(_span(page, "b"))
    assert spans == [[125, 175], [137.5, 187.5], [125, 175], [137.5, 187.5], [125, 175], [100, 200]]
    for span in ([50, 250], [0, 350], [0, 400], [0, 400]):
        page.get_by_label("Zoom out one step").click()
        assert _span(page, "b") == span
    page.get_by_label("Zoom in", exact=True).click()
    page.get_by_role("button", name="Show all").click()
    assert _span(page, "a") == _span(page, "b") == [0, 400]


def test_a_double_click_pins_nothing(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """It shows all of x, and the tooltip of its first click goes."""
    open_run(log_columns(made_root, {"a": [float(step) for step in range(100)]}), v="20,40")
    ready(page, "a").locator(".u-over").dblclick()
    assert _span(page, "a") == [0, 99]
    assert page.locator('.chart-tip[data-pinned="true"]:visible').count() == 0
    page.wait_for_function("() => !new URLSearchParams(location.search).has('v')")


@pytest.fixture
def crowd(tmp_path: Path, start_viewer: StartViewer) -> Viewer:
    """Give a viewer of fifty runs with two metrics: of run n, "up" is n and NaN in run 7, and "down" is -n."""
    root = tmp_path / "crowd"
    for number in range(50):
        up = math.nan if number == 7 else float(number)
        log_columns(root, {"up": [up] * 20, "down": [-float(number)] * 20}, name=f"run {number}")
    return start_viewer(root)


def _bright(page: Page, name: str) -> list[str]:
    """Return the runs whose curves are not dimmed."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    lines = "chart.columns.lines.filter((line, at) => u.series[at + 1].alpha === 1)"
    found: list[str] = look(page, name, f"{lines}.map((line) => chart.label(line))")
    return found


def test_a_run_stands_out_in_all_charts(crowd: Viewer, page: Page) -> None:
    """The run that is pointed at in a chart or a legend, or has the keyboard there, dims the others everywhere."""
    page.goto(crowd.at(view="compare", all="1"))
    ready(page, "up")
    ready(page, "down")
    assert len(_bright(page, "up")) == len(_bright(page, "down")) == 50
    hover(page, "up", 10, look(page, "up", "u.valToPos(31, 'y') / u.over.clientHeight"))
    assert _bright(page, "up") == _bright(page, "down") == ["run 31"]
    page.mouse.move(2, 2)
    assert len(_bright(page, "up")) == len(_bright(page, "down")) == 50
    entry = card(page, "down").locator(".legend-entry button").filter(has_text="run 45")
    entry.hover()
    assert _bright(page, "up") == _bright(page, "down") == ["run 45"]
    page.mouse.move(2, 2)
    assert len(_bright(page, "up")) == 50
    entry.focus()
    assert _bright(page, "up") == _bright(page, "down") == ["run 45"]


def test_settings_of_a_chart_do_not_leak(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """The URL has them by the chart's name; a reload shows the same."""
    path = log_columns(made_root, {"a/b": [1.0, 10.0, 100.0], "a/c": [1.0, 10.0, 100.0]})
    open_run(path)
    card(page, "a/b").get_by_label("Settings: a/b").click()
    card(page, "a/b").get_by_label("Scale of y").select_option("log")
    assert "c.a/b=log" in page.url
    page.reload()
    assert look(page, "a/b", "chart.settings.scale") == "log"
    assert look(page, "a/c", "chart.settings.scale") == "linear"


def test_x_is_named_and_kept_in_the_url(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """Another metric as x stands in the axis title, the points at its values."""
    path = log_columns(made_root, {"epoch": [0, 0, 1, 1], "v": [1.0, 2.0, 3.0, 4.0]})
    open_run(path)
    page.get_by_label("x axis").select_option("metric:epoch")
    page.wait_for_function(
        "() => document.querySelector('[data-name=v] .chart-figure').chart.columns?.answer.axis === 'metric:epoch'"
    )
    assert look(page, "v", "[chart.columns.x, u.axes[0].label]") == [[0, 0, 1, 1], "epoch"]
    assert "x=metric:epoch" in page.url


@pytest.mark.parametrize(
    ("text", "names"),
    [("LOSS", ["train/loss", "val/loss"]), ("/^val/", ["val/loss"]), ("train loss", ["train/loss"]), ("zzz", [])],
)
def test_search_takes_words_and_patterns(
    made_root: Path, page: Page, open_run: OpenRun, text: str, names: list[str]
) -> None:
    """Only the charts of what fits stand there, and a pattern that is none is said."""
    path = log_columns(made_root, {name: [1.0, 2.0] for name in ("train/loss", "val/loss", "lr")})
    open_run(path)
    page.get_by_role("searchbox").fill(text)
    page.wait_for_function(f"() => document.querySelectorAll('.chart-slot').length === {len(names)}")
    assert page.locator(".chart-slot").evaluate_all("(slots) => slots.map((slot) => slot.dataset.name)") == names
    page.get_by_role("searchbox").fill("/(/")
    page.wait_for_selector(".problem-note:not(:empty)")


def test_folded_sections_stay_folded(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """The browser remembers which sections a person folded."""
    path = log_columns(made_root, {"a/x": [1.0, 2.0], "b/x": [1.0, 2.0]})
    open_run(path)
    page.locator(".chart-section summary").first.click()
    page.wait_for_function("() => Object.keys(localStorage).some((key) => key.includes('folds'))")
    page.reload()
    page.wait_for_selector(".chart-card[data-ready]")
    assert page.locator(".chart-section").evaluate_all("(all) => all.map((each) => each.open)") == [False, True]


def test_of_ten_thousand_metrics_few_are_drawn(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """At most 40 charts are in the page, wherever it is scrolled to, and the search finds any of them."""
    path = log_columns(made_root, {f"layer{n // 100:03d}/w{n % 100:02d}": [n, n + 1] for n in range(10_000)})
    open_run(path)
    for _ in range(6):
        page.mouse.wheel(0, 3_000)
        page.wait_for_timeout(60)
        assert page.locator("canvas").count() <= 40
    page.locator("canvas").first.wait_for()
    page.get_by_role("searchbox").fill("layer077/w13")
    ready(page, "layer077/w13")
    assert page.locator("canvas").count() == 1


# ---------------------------------------------------------------------- live


def test_a_new_point_arrives_and_the_zoom_stays(
    made_root: Path, page: Page, start_running: StartRunning, open_run: OpenRun
) -> None:
    """What is logged now is drawn; a person's zoom is not moved by it, unless the view follows."""
    run = start_running()
    for step in range(20):
        run.log("loss", float(step), step)
    open_run(run.path)
    run.log("loss", 77.25, 20)
    page.wait_for_function("() => document.querySelector('.card-figures').textContent === '77.25'")
    assert look(page, "loss", "[u.scales.x.min, u.scales.x.max]") == [0, 20]
    look(page, "loss", "chart.group.zoomTo(5, 10)")
    run.log("loss", 78.5, 21)
    page.wait_for_function("() => document.querySelector('.card-figures').textContent === '78.5'")
    assert look(page, "loss", "[u.scales.x.min, u.scales.x.max]") == [5, 10]
    assert page.get_by_role("button", name="Follow").get_attribute("aria-pressed") == "false"
    page.get_by_role("button", name="Follow").click()
    assert look(page, "loss", "[u.scales.x.min, u.scales.x.max]") == [16, 21]
    run.log("loss", 79.5, 25)
    page.wait_for_function("() => document.querySelector('.chart-figure').chart.plot.scales.x.max === 25")
    assert look(page, "loss", "u.scales.x.min") == 20


def test_a_new_metric_gets_a_chart(made_root: Path, page: Page, start_running: StartRunning, open_run: OpenRun) -> None:
    """A name that comes while the page is open is drawn too."""
    run = start_running()
    run.log("first", 1.0, 0)
    open_run(run.path)
    run.log("second", 2.0, 0)
    ready(page, "second")


def test_an_idle_page_asks_for_nothing(made_root: Path, page: Page, open_run: OpenRun, noise: Any) -> None:
    """Where nothing is logged no request is made."""
    path = log_columns(made_root, {"a": [1.0, 2.0]})
    open_run(path)
    page.wait_for_timeout(700)
    before = len(noise.requests)
    page.wait_for_timeout(1_500)
    assert noise.requests[before:] == []


# ---------------------------------------------------------------------- without a mouse, and out of the page


def test_the_keyboard_reads_points(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """A chart is a named figure; arrows move along its points, a live text reads them, and plus and 0 zoom."""
    path = log_columns(made_root, {"v": [step * 1.5 for step in range(30)]})
    open_run(path)
    figure = ready(page, "v").locator(".chart-figure")
    assert figure.get_attribute("role") == "img"
    assert "v" in (figure.get_attribute("aria-label") or "")
    figure.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent === 'step 2, 3'")
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent === 'step 29, 43.5'")
    page.keyboard.press("+")
    assert look(page, "v", "u.scales.x.max - u.scales.x.min") == pytest.approx(14.5)
    page.keyboard.press("0")
    assert look(page, "v", "u.scales.x.max - u.scales.x.min") == 29


def test_points_can_be_read_as_a_table(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """The table has pages of 50 points, with every digit."""
    path = log_columns(made_root, {"v": [step / 7 for step in range(120)]})
    open_run(path)
    card(page, "v").get_by_label("Settings: v").click()
    card(page, "v").locator("summary").click()
    rows = card(page, "v").locator(".points tbody tr")
    rows.nth(49).wait_for()
    assert rows.count() == 50
    card(page, "v").get_by_role("button", name="\u203a").click()
    assert rows.first.locator("td").nth(1).inner_text() == str(50 / 7)


def test_the_tooltip_stays_in_the_window_and_can_be_pinned(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """At every edge of a narrow window it is wholly seen; a click pins it and Escape lets go."""
    page.set_viewport_size({"width": 360, "height": 500})
    path = log_columns(made_root, {"v": [float(step) for step in range(50)]})
    open_run(path)
    card(page, "v").scroll_into_view_if_needed()
    for x, y in [(0, 0.05), (49, 0.05), (49, 0.95), (25, 0.5)]:
        hover(page, "v", x, y)
        box = page.locator(".chart-tip").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 360
        assert box["y"] + box["height"] <= 500
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(2, 2)
    assert page.locator('.chart-tip[data-pinned="true"]').is_visible()
    page.keyboard.press("Escape")
    assert not page.locator(".chart-tip").is_visible()


def _rows(page: Page) -> list[list[str]]:
    """Return the rows of the tooltip: the run and its value."""
    rows = page.locator(".chart-tip tbody tr")
    return [row.locator("td").all_inner_texts()[1::2] for row in rows.all()]


def test_of_many_runs_the_tooltip_has_twenty_in_the_order_that_is_asked_for(crowd: Viewer, page: Page) -> None:
    """Nearest first, by value or by name; the rest is counted, and shown on demand; the choice is kept."""
    page.goto(crowd.at(view="compare", all="1", **{"c.up": "wide"}))
    hover(page, "up", 10, look(page, "up", "(u.valToPos(30, 'y') + 1) / u.over.clientHeight"))
    assert [row[0] for row in _rows(page)[:4]] == ["run 30", "run 29", "run 31", "run 28"]
    assert len(_rows(page)) == 20
    assert page.locator(".chart-tip").inner_text().endswith("30 more")
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(2, 2)
    tip = page.locator('.chart-tip[data-pinned="true"]')
    tip.get_by_role("button", name="value").click()
    assert _rows(page) == [[f"run {number}", str(number)] for number in range(49, 29, -1)]
    tip.get_by_role("button", name="name").click()
    assert [row[0] for row in _rows(page)] == [f"run {number}" for number in range(20)]
    assert page.evaluate("document.activeElement.textContent") == "name"
    tip.get_by_role("button", name="30 more").click()
    assert [row[0] for row in _rows(page)] == [f"run {number}" for number in range(50)]
    tip.get_by_role("button", name="value").click()
    assert _rows(page)[-1] == ["run 7", "NaN"]
    tip.get_by_role("button", name="nearest").click()
    assert [row[0] for row in _rows(page)[:4]] == ["run 30", "run 29", "run 31", "run 28"]


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 500)])
def test_a_tooltip_of_fifty_runs_stays_in_the_window(crowd: Viewer, page: Page, width: int, height: int) -> None:
    """Open, pinned and with all rows it is wholly inside at every edge; what does not fit is scrolled to."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto(crowd.at(view="compare", all="1"))
    for x, y in [(0, 0.02), (19, 0.02), (0, 0.98), (19, 0.98), (10, 0.5)]:
        ready(page, "up").scroll_into_view_if_needed()
        hover(page, "up", x, y)
        _assert_inside(page, width, height)
        page.mouse.down()
        page.mouse.up()
        page.locator(".chart-tip").get_by_role("button", name="30 more").click()
        _assert_inside(page, width, height)
        page.keyboard.press("Escape")
    assert not page.locator(".chart-tip").is_visible()


def _assert_inside(page: Page, width: int, height: int) -> None:
    box = page.locator(".chart-tip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= height


def test_the_text_of_a_pinned_tooltip_can_be_copied(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """A drag over it selects its text, which the pointer's way over the chart does not take away."""
    open_run(log_columns(made_root, {"v": [step / 7 for step in range(50)]}))
    hover(page, "v", 20)
    page.mouse.down()
    page.mouse.up()
    value = page.locator('.chart-tip [data-what="value"]')
    box = value.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 1, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert page.evaluate("getSelection().toString().trim()") == str(20 / 7)
    hover(page, "v", 5)
    hover(page, "v", 40)
    assert page.evaluate("getSelection().toString().trim()") == str(20 / 7)
    assert tip_text(page, "step") == "20"


def test_a_chart_can_be_taken_away(made_root: Path, page: Page, open_run: OpenRun, tmp_path: Path) -> None:
    """PNG of twice the size, SVG with title and legend, CSV with every point."""
    path = log_columns(made_root, {"v": [1.0, math.nan, 3.5]})
    open_run(path)
    card(page, "v").get_by_label("Settings: v").click()
    files = {}
    for kind in ("PNG", "SVG", "CSV"):
        with page.expect_download() as download:
            card(page, "v").get_by_text(kind, exact=True).click()
        files[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[kind])
    png = files["PNG"].read_bytes()
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 1520
    svg = files["SVG"].read_text(encoding="utf-8")
    assert re.search(r"<text[^>]*>v</text>", svg)
    assert "1 NaN" in svg
    assert files["CSV"].read_text(encoding="utf-8").count("\n") == 4


def test_a_theme_change_redraws(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """Dark has lighter colours: no chart keeps those of the other theme."""
    path = log_columns(made_root, {"v": [1.0, 2.0]})
    open_run(path)
    stroke = "u.series[1].stroke(u, 1)"
    light = look(page, "v", stroke)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        f"() => document.querySelector('.chart-figure').chart.plot.series[1].stroke() !== {json.dumps(light)}"
    )
    colour = styles_of([path.name])[path.name].colour
    assert (light, look(page, "v", stroke)) == (colour.hex, colour.twin)


# ---------------------------------------------------------------------- colours


def test_colours_are_those_of_every_other_picture(viewer: Viewer, page: Page, context: BrowserContext) -> None:
    """The page's colours and dashes of runs are the ones that reports and notebooks have, for many runs at once."""
    page.goto(viewer.url)
    for count in (1, 5, 8, 9, 60):
        ids = [f"20261123T230502-{number:06d}-abc{count}" for number in range(count)]
        found = page.evaluate(
            """async (ids) => {
              const { RunColours } = await import(new URL('static/base/colours.js', location.href).href);
              const colours = new RunColours();
              colours.add(ids.map((id) => `e/${id}`));
              return ids.map((id) => { const { name, dash } = colours.of(`e/${id}`); return [name, dash.join(' ')]; });
            }""",
            ids,
        )
        styles = styles_of(ids)
        assert found == [[styles[name].colour.name, DASHES[styles[name].dash]] for name in ids]
    colours = page.evaluate(
        "async () => (await import(new URL('static/base/colours.js', location.href).href)).RUN_COLOURS"
    )
    assert colours == [[colour.name, colour.hex, colour.twin] for colour in RUN_COLOURS]


def test_a_chosen_colour_is_kept(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """The colour that a person gives a run is there after a reload."""
    path = log_columns(made_root, {"v": [1.0, 2.0]})
    open_run(path)
    before = look(page, "v", "u.series[1].stroke(u, 1)")
    page.locator(".swatch-button").click()
    page.wait_for_selector(".chart-card[data-ready]")
    chosen = look(page, "v", "u.series[1].stroke(u, 1)")
    page.reload()
    assert look(page, "v", "u.series[1].stroke(u, 1)") == chosen != before
