"""Groups of runs as curves with a band, in a real browser."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

import runlogging
from runlogging.drawing._palette import styles_of
from tests.viewer.conftest import StartViewer, Viewer, wait_until
from tests.viewer.test_charts_extremes import lit_rows
from tests.viewer.test_charts_page import card, hover, look, ready

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

numpy = pytest.importorskip("numpy")

STEPS = 21
_SEEDS = {0.01: 2, 0.1: 4}
_LINE = """(({ run, info }) =>
    ({ run, x: info.x, y: info.y, low: info.low, high: info.high, n: info.n, runs: info.runs }))"""


def _loss(rate: float, seed: int, step: int) -> float:
    """Return what was logged: two groups that lie apart, and one NaN."""
    if (rate, seed, step) == (0.1, 2, 20):
        return math.nan
    return (100 if rate == 0.01 else 0) + rate * step + seed**2


def _mixed_steps(seed: int) -> list[int]:
    """Return the steps of `mixed`, as they were logged: every one, or every fourth backwards."""
    return list(range(12, -1, -4)) if seed % 2 else list(range(13))


@pytest.fixture
def sweep(tmp_path: Path, start_viewer: StartViewer) -> Viewer:
    """Give a viewer of two runs of one rate and four of another."""
    for rate, seeds in _SEEDS.items():
        for seed in range(seeds):
            parameters = {"rate": rate, "seed": seed}
            with runlogging.start_run(
                "sweep", root=tmp_path / "runs", parameters=parameters, tags={"team": "a/b"}, capture=False
            ) as run:
                for step in range(STEPS):
                    run.log("loss", _loss(rate, seed, step), step=step)
                for step in _mixed_steps(seed):
                    run.log("mixed", float(seed + step**2), step=step)
    return start_viewer(tmp_path / "runs")


def _lines(page: Page, name: str) -> dict[str, dict[str, Any]]:
    found = look(page, name, f"chart.columns.lines.map({_LINE})")
    return {line["run"].removeprefix("/"): line for line in found}


def _open(page: Page, sweep: Viewer, group: str = "params.rate", **state: str) -> None:
    page.goto(sweep.at(view="compare", all="1", group=group, **state))
    ready(page, "loss")
    ready(page, "mixed")


def _figures(values: list[float], agg: str, band: str) -> tuple[float | None, float | None, float | None]:
    data = numpy.array([value for value in values if math.isfinite(value)])
    if not len(data):
        return None, None, None
    centre = float(numpy.median(data) if agg == "median" else numpy.mean(data))
    if band == "minmax":
        return centre, float(data.min()), float(data.max())
    if len(data) < 2:
        return centre, None, None
    if band == "quantile":
        low, high = numpy.percentile(data, [25, 75])
        return centre, float(low), float(high)
    spread = float(numpy.std(data, ddof=1)) / (math.sqrt(len(data)) if band == "stderr" else 1)
    return centre, centre - spread, centre + spread


def test_a_group_is_a_line_with_a_band(quiet_page: Page, sweep: Viewer) -> None:
    """Middle and band are those that numpy finds, the legend counts runs and NaN, the colour has its rule."""
    _open(quiet_page, sweep)
    lines = _lines(quiet_page, "loss")
    assert list(lines) == ["rate=0.01", "rate=0.1"]
    for rate, seeds in _SEEDS.items():
        line = lines[f"rate={rate}"]
        for step in range(STEPS):
            values = [_loss(rate, seed, step) for seed in range(seeds)]
            found = (line["y"][step], line["low"][step], line["high"][step])
            assert found == pytest.approx(_figures(values, "mean", "std"))
            assert line["n"][step] == sum(map(math.isfinite, values))
    legend = card(quiet_page, "loss").locator(".legend-entry").all_inner_texts()
    assert [" ".join(text.split()) for text in legend] == ["rate=0.01 n 2", "rate=0.1 n 4 NaN \u00d71"]
    colours = look(
        quiet_page, "loss", "chart.columns.lines.map((line) => [line.run.slice(1), chart.colours.of(line.run).name])"
    )
    styles = styles_of(["rate=0.01", "rate=0.1"])
    assert dict(colours) == {label: styles[label].colour.name for label in styles}


def test_a_group_has_one_colour_in_all_charts(quiet_page: Page, tmp_path: Path, start_viewer: StartViewer) -> None:
    """Also where metrics were logged by other groups: ten groups that share eight colours."""
    labels = [f"kind={number}" for number in range(10)]
    for number in range(10):
        parameters = {"kind": number}
        with runlogging.start_run("many", root=tmp_path / "many", parameters=parameters, capture=False) as run:
            run.log_metrics({"loss": 1.0} if number % 2 else {"accuracy": 1.0}, step=0)
    quiet_page.goto(start_viewer(tmp_path / "many").at(view="compare", all="1", group="params.kind"))
    styles = styles_of(labels)
    for name, shown in (("loss", labels[1::2]), ("accuracy", labels[::2])):
        found = look(
            quiet_page, name, "chart.columns.lines.map((line) => [line.run.slice(1), chart.colours.of(line.run).name])"
        )
        assert found == [[label, styles[label].colour.name] for label in shown]


def test_the_band_is_drawn_below_the_line(quiet_page: Page, sweep: Viewer) -> None:
    """The column of pixels at a step is tinted from the low end to the high one, and not once the group is hidden."""
    _open(quiet_page, sweep)
    tinted = """(() => {
        const [x, top, end] = [u.valToPos(11.4, 'x', true), u.bbox.top, u.bbox.top + u.bbox.height].map(Math.round);
        const { data } = u.ctx.getImageData(x, top, 1, end - top);
        const { info } = chart.columns.lines[1];
        const place = (ends) => u.valToPos(0.6 * ends[11] + 0.4 * ends[12], 'y', true) - top;
        const [high, low] = [place(info.high), place(info.low)];
        const rows = [...Array(end - top).keys()].filter((row) => row > high - 3 && row < low + 3);
        const isTinted = (row) => data[4 * row + 3] > 40 && data[4 * row + 3] < 80;
        return { at: rows.filter(isTinted).length, high, low };
    })()"""
    found = look(quiet_page, "loss", tinted)
    # The line and the grid take some rows.
    assert found["low"] - found["high"] > 8
    assert found["low"] - found["high"] - 7 <= found["at"] <= found["low"] - found["high"] + 3
    card(quiet_page, "loss").locator('[data-line^="/rate=0.1 "]').click()
    wait_until(lambda: look(quiet_page, "loss", "!chart.plot.series[2].show"), "the group is hidden")
    assert look(quiet_page, "loss", tinted)["at"] <= 1


@pytest.mark.parametrize("band", ["std", "stderr", "minmax", "quantile"])
@pytest.mark.parametrize("agg", ["mean", "median"])
def test_middle_and_band_are_chosen(quiet_page: Page, sweep: Viewer, agg: str, band: str) -> None:
    """The choices stand in the URL, a reload keeps them, and figures are over the runs that logged that very step."""
    page = quiet_page
    page.goto(sweep.at(view="compare", all="1"))
    ready(page, "mixed")
    page.get_by_label("Group by").select_option("params.rate")
    page.get_by_label("Middle").select_option("" if agg == "mean" else agg)
    page.get_by_label("Band").select_option("" if band == "std" else band)
    page.reload()
    line = _lines(page, "mixed")["rate=0.1"]
    assert line["x"] == list(range(13))
    for place, step in enumerate(line["x"]):
        values = [float(seed + step**2) for seed in range(4) if step in _mixed_steps(seed)]
        assert line["n"][place] == len(values) == (4 if step % 4 == 0 else 2)
        found = (line["y"][place], line["low"][place], line["high"][place])
        assert found == pytest.approx(_figures(values, agg, band))
    query = parse_qs(urlsplit(page.url).query)
    assert query["group"] == ["params.rate"]
    assert query.get("agg", ["mean"]) == [agg]
    assert query.get("band", ["std"]) == [band]


def test_hiding_a_group_changes_no_other(quiet_page: Page, sweep: Viewer) -> None:
    """By the legend, in all charts, or by leaving its runs out of the comparison."""
    _open(quiet_page, sweep)
    before = _lines(quiet_page, "loss")["rate=0.1"]
    card(quiet_page, "loss").locator('[data-line^="/rate=0.01 "]').click()
    wait_until(lambda: not look(quiet_page, "mixed", "chart.plot.series[1].show"), "it is hidden in the other chart")
    assert _lines(quiet_page, "loss")["rate=0.1"] == before
    assert look(quiet_page, "loss", "chart.range[1]") < 50
    _open(quiet_page, sweep, where="params.rate = 0.1")
    assert _lines(quiet_page, "loss") == {"rate=0.1": before}


def test_interpolation_is_a_choice_that_is_stated(quiet_page: Page, sweep: Viewer) -> None:
    """Between its own points a run counts on the straight line; the chart says so, and with times it is always on."""
    page = quiet_page
    _open(page, sweep)
    assert "interpolated" not in card(page, "mixed").inner_text()
    page.get_by_label("between points, too").check()
    card(page, "mixed").get_by_text("interpolated between the points of each run").wait_for()
    line = _lines(page, "mixed")["rate=0.1"]
    assert line["n"] == [4] * 13
    steps = [sorted(_mixed_steps(seed)) for seed in range(4)]
    for place, step in enumerate(line["x"]):
        values = [
            float(numpy.interp(step, own, [seed + each**2 for each in own]))
            for seed, own in zip(range(4), steps, strict=True)
        ]
        assert line["y"][place] == pytest.approx(numpy.mean(values))
    page.get_by_label("between points, too").uncheck()
    wait_until(lambda: card(page, "mixed").get_by_text("interpolated").count() == 0, "it is off again")
    page.locator(".compare-bar select").first.select_option("relative")
    card(page, "mixed").get_by_text("interpolated between the points of each run").wait_for()
    assert page.get_by_label("between points, too").is_disabled()


def test_the_tooltip_counts_the_runs_of_the_step(quiet_page: Page, sweep: Viewer) -> None:
    """It has the middle, the band and n there, also of one group alone."""
    page = quiet_page
    _open(page, sweep, where="params.rate = 0.1", band="minmax")
    hover(page, "mixed", 5)
    tip = page.locator(".chart-tip")
    tip.wait_for()
    told = {name: tip.locator(f'[data-what="{name}"]').inner_text() for name in ("step", "value", "band", "n")}
    assert told == {"step": "5", "value": "26", "band": "25 \u2013 27", "n": "2"}


@pytest.mark.parametrize("width", [360, 1280])
def test_the_tooltip_of_several_groups_is_whole(quiet_page: Page, sweep: Viewer, width: int) -> None:
    """Its last column, how many runs counted, is seen on a narrow screen, too."""
    page = quiet_page
    page.set_viewport_size({"width": width, "height": 800})
    _open(page, sweep, band="quantile", group="params.rate,tags.team")
    card(page, "loss").scroll_into_view_if_needed()
    hover(page, "loss", 20)
    tip = page.locator(".chart-tip")
    cells = tip.locator("tr td:last-child")
    wait_until(lambda: sorted(cells.all_inner_texts()) == ["n 2", "n 3"], "both groups are told")
    box = tip.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width
    for at in range(2):
        cell = cells.nth(at).bounding_box()
        assert cell is not None
        assert cell["x"] + cell["width"] <= box["x"] + box["width"]


def test_points_come_as_a_table_and_as_csv(quiet_page: Page, sweep: Viewer) -> None:
    """Both have the band and n of each step; the file has all steps."""
    page = quiet_page
    _open(page, sweep, band="minmax")
    card(page, "mixed").get_by_role("button", name="Settings").click()
    card(page, "mixed").get_by_text("Points").click()
    cells = card(page, "mixed").locator(".points tbody tr").nth(13 + 4).locator("td").all_inner_texts()
    assert cells == ["rate=0.1", "4", "17.5", "16", "19", "4"]
    link = card(page, "mixed").get_by_role("link", name="CSV").get_attribute("href")
    assert link is not None
    rows = list(csv.reader(io.StringIO(page.request.get(f"{sweep.base}{link}").text())))
    assert rows[0] == ["group", "x", "centre", "low", "high", "n"]
    assert [(row[0], float(row[1])) for row in rows[1:]] == [
        (f"rate={rate}", step) for rate in _SEEDS for step in range(13)
    ]


def test_the_table_of_groups_leads_to_their_curves(quiet_page: Page, sweep: Viewer) -> None:
    """With the same filter, groups, middle and band."""
    page = quiet_page
    page.goto(sweep.at(group="params.seed", agg="median", band="minmax", where="params.rate = 0.1"))
    page.get_by_role("link", name="Curves of the groups").click()
    assert list(_lines(page, "loss")) == [f"seed={seed}" for seed in range(4)]
    query = parse_qs(urlsplit(page.url).query)
    assert (query["view"], query["agg"], query["band"]) == (["compare"], ["median"], ["minmax"])
    assert page.locator(".compare-runs li").count() == 4


def test_several_columns_make_groups(quiet_page: Page, sweep: Viewer) -> None:
    """As the table of runs names them in the URL, joined by commas."""
    quiet_page.goto(sweep.at(view="compare", all="1", group="params.rate,tags.team"))
    assert list(_lines(quiet_page, "loss")) == ["rate=0.01, team=a/b", "rate=0.1, team=a/b"]
    assert quiet_page.get_by_label("Group by").input_value() == "params.rate,tags.team"


def test_a_saved_chart_has_the_bands_of_what_is_shown(quiet_page: Page, sweep: Viewer, tmp_path: Path) -> None:
    """The file has a band and n for each group that is not hidden."""
    _open(quiet_page, sweep)
    found = []
    for _ in range(2):
        settings = card(quiet_page, "loss").get_by_label("Settings: loss")
        if settings.get_attribute("aria-expanded") == "false":
            settings.click()
        with quiet_page.expect_download() as download:
            card(quiet_page, "loss").get_by_text("SVG", exact=True).click()
        download.value.save_as(tmp_path / "chart.svg")
        svg = (tmp_path / "chart.svg").read_text(encoding="utf-8")
        found.append((svg.count('fill-opacity="0.2"'), "rate=0.01 n 2" in svg, "rate=0.1 n 4" in svg))
        card(quiet_page, "loss").get_by_role("button", name="rate=0.01").click()
    assert found == [(2, True, True), (1, False, True)]


# ---------------------------------------------------------------------- outliers


@pytest.fixture
def spiked(tmp_path: Path, start_viewer: StartViewer) -> Viewer:
    """Give a viewer of two groups: of "all" every run has a spike at step 30, of "one" a single run has one at 10."""
    for kind in ("all", "one"):
        for seed in range(4):
            with runlogging.start_run(
                "spikes", root=tmp_path / "spikes", parameters={"kind": kind}, capture=False
            ) as run:
                for step in range(40):
                    is_spike = step == 30 if kind == "all" else (step, seed) == (10, 3)
                    run.log("loss", 1e6 if is_spike else math.sin(step) + seed / 4, step=step)
    return start_viewer(tmp_path / "spikes")


def _marks_at_the_top(page: Page, line: int) -> list[int]:
    """Return the steps at whose upper edge a group's colour is; those next to its spike have the line that goes up."""
    steps = [step for step in range(40) if step not in (29, 31)]
    return [step for step in steps if sum(lit_rows(page, "loss", step, "0", "6", half=3, line=line)) > 4]


def test_outliers_of_groups_are_scaled_out_on_demand(quiet_page: Page, spiked: Viewer) -> None:
    """Middle and band give the limits; where either lies outside is counted and marked, hollow where the band is."""
    page = quiet_page
    page.goto(spiked.at(view="compare", all="1", group="params.kind", agg="median", band="minmax"))
    assert look(page, "loss", "chart.range[1]") > 1e6
    card(page, "loss").get_by_label("Settings: loss").click()
    card(page, "loss").get_by_label("scale to the bulk, mark outliers").check()
    outside = card(page, "loss").locator(".outside")
    outside.wait_for()
    assert outside.inner_text().startswith("2 points outside")
    low, high = look(page, "loss", "chart.range")
    assert (low < -1, 1.75 < high < 3) == (True, True)  # the least and the greatest of the bulk, and a little room
    assert [_marks_at_the_top(page, line) for line in range(2)] == [[30], [10]]
    insides = [lit_rows(page, "loss", step, "3", "5", half=0, line=line) for line, step in enumerate([30, 10])]
    assert insides == [[1, 1], [0, 0]]
    card(page, "loss").locator('[data-line^="/kind=all "]').click()
    wait_until(lambda: outside.inner_text().startswith("1 points outside"), "only what is shown is counted")
    card(page, "loss").get_by_role("button", name="show all").click()
    assert look(page, "loss", "chart.range[1]") > 1e6


def test_outliers_are_counted_where_they_are_shown(quiet_page: Page, spiked: Viewer) -> None:
    """The setting and the zoom stand in the URL; the count is that of the part of x, the limits are those of all."""
    page = quiet_page
    state = {"group": "params.kind", "agg": "median", "band": "minmax", "c.loss": "clip"}
    page.goto(spiked.at(view="compare", all="1", v="0,20", **state))
    clips = "chart.columns.lines.map(({ clip }) => clip)"
    part = look(page, "loss", clips)
    assert [clip["outside"] for clip in part] == [0, 1]
    page.get_by_role("button", name="Show all", exact=True).click()
    wait_until(lambda: [clip["outside"] for clip in look(page, "loss", clips)] == [1, 1], "all is counted")
    whole = look(page, "loss", clips)
    assert [(clip["low"], clip["high"]) for clip in part] == [(clip["low"], clip["high"]) for clip in whole]


# ---------------------------------------------------------------------- what is said


@pytest.mark.parametrize(
    ("locale", "state", "said"),
    [
        ("en-US", {}, "rate=0.01 step 5, 25, band 25 to 25, 1 run; rate=0.1 step 5, 26, band 25 to 27, 2 runs"),
        (
            "en-US",
            {"where": "params.seed = 1"},
            "rate=0.01 step 4, 17, no band, 1 run; rate=0.1 step 4, 17, no band, 1 run",
        ),
        (
            "ja-JP",
            {"where": "params.rate = 0.1", "group": "experiment"},
            "ステップ 5, 26, 範囲 25 から 27, 実行 2 件",
        ),
    ],
    ids=["en", "one", "ja"],
)
def test_the_keyboard_reads_band_and_runs(
    browser: Browser, sweep: Viewer, locale: str, state: dict[str, str], said: str
) -> None:
    """The live text of a point of groups has the middle, the band and how many runs counted there, of each group."""
    context = browser.new_context(locale=locale)
    try:
        page = context.new_page()
        is_one = "seed" in state.get("where", "")
        _open(page, sweep, band="std" if is_one else "minmax", **state)
        card(page, "mixed").locator(".chart-figure").focus()
        for _ in range(2 if is_one else 6):
            page.keyboard.press("ArrowRight")
        live = page.locator(".compare-body [aria-live]")
        wait_until(lambda: live.inner_text() != "", "something is said")
        assert live.text_content() == said
    finally:
        context.close()
