"""What charts must never lose, in the pixels of a real browser: spikes, NaN and infinities; and the scales of y."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

import runlogging
from runlogging.folder import format_time
from tests.viewer.conftest import Noise, OpenRun, Viewer
from tests.viewer.made_values import start
from tests.viewer.test_charts_page import card, hover, log_columns, look, ready, tip_text

if TYPE_CHECKING:
    from playwright.sync_api import Page

POINTS = 1_000_000
SPIKE = 637_123
RUNS = 50
OTHERS = 2_000  # points of each of the other runs

# Of a chart: which rows of some pixels around (x, y), in CSS pixels of the plot, have the colour of a line.
_ROWS = """
((at, from, to, half) => {
  const ratio = devicePixelRatio;
  const colour = chart.colours.of(chart.columns.lines[LINE].run).colour;
  const [R, G, B] = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
  const [left, top] = [u.bbox.left + (at - half) * ratio, u.bbox.top + from * ratio];
  const { data, width, height } = u.ctx.getImageData(left, top, 2 * half * ratio + 1, Math.max(1, (to - from) * ratio));
  const rows = [];
  for (let row = 0; row < height; row += 1) {
    let lit = 0;
    for (let column = 0; column < width; column += 1) {
      const [r, g, b, a] = data.slice(4 * (row * width + column), 4 * (row * width + column) + 4);
      if (a > 60 && Math.abs(r - R) + Math.abs(g - G) + Math.abs(b - B) < 60) lit += 1;
    }
    rows.push(lit);
  }
  return rows;
})
"""


def lit_rows(page: Page, name: str, x: float, above: str, below: str, *, half: int = 4, line: int = 0) -> list[int]:
    """Return how many pixels of each row have a line's colour, around x, between two places of y (expressions)."""
    rows = _ROWS.strip().replace("LINE", str(line))
    found: list[int] = look(page, name, f"{rows}(u.valToPos({x!r}, 'x'), {above}, {below}, {half})")
    return found


# ---------------------------------------------------------------------- spikes


@pytest.fixture(scope="module")
def crowd_viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    """Give a viewer of fifty runs, one of a million points with one that stands out; it reads them once."""
    root = tmp_path_factory.mktemp("crowd") / "runs"
    seconds = [format_time(1.8e9 + second) for second in range(POINTS // 1000)]
    for number in range(RUNS):
        is_long = number == RUNS // 2
        every = 1 if is_long else POINTS // OTHERS
        with runlogging.start_run("crowd", root=root, name=f"run {number}", capture=False, environment=False) as run:
            run.log("loss", 0.0, step=-1)
        with (Path(run.path) / "metrics.jsonl").open("a", encoding="ascii") as file:
            for seq, step in enumerate(range(0, POINTS, every), 2):
                value = 9.75 if is_long and step == SPIKE else math.sin(step / 50_000 + number)
                time = seconds[step // 1000]
                file.write(f'{{"seq":{seq},"time":"{time}","step":{step},"metrics":{{"loss":{value!r}}}}}\n')
    viewer = start(root)
    yield viewer
    assert viewer.stop() == ""


@pytest.mark.parametrize(
    ("width", "size"), [(300, ""), (1000, "wide"), (3000, "wide")], ids=["300-small", "1000-wide", "3000-wide"]
)
def test_one_point_in_a_million_is_drawn_among_fifty_runs(
    crowd_viewer: Viewer, page: Page, noise: Noise, width: int, size: str
) -> None:
    """Where one run of fifty has its only spike, its colour goes from the other curves up to the spike."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(crowd_viewer.at(view="compare", all="1", **({"c.loss": size} if size else {})))
    names = look(page, "loss", "chart.columns.lines.map((line) => chart.label(line))")
    assert len(names) == RUNS
    assert look(page, "loss", "chart.columns.count") == POINTS + (RUNS - 1) * OTHERS + RUNS
    line = names.index(f"run {RUNS // 2}")
    rows = lit_rows(page, "loss", SPIKE, "u.valToPos(9.75, 'y') - 1", "u.valToPos(1.5, 'y')", line=line)
    # A line of a run among fifty may be dashed: a gap is 4 px at most.
    gaps = "".join("#" if lit else "." for lit in rows).split("#")
    assert max(map(len, gaps)) <= 6
    assert (
        max(lit_rows(page, "loss", SPIKE - 50_000, "u.valToPos(9.75, 'y') - 1", "u.valToPos(1.5, 'y')", line=line)) == 0
    )
    assert noise.errors == []


# ---------------------------------------------------------------------- what is not finite

KINDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
SHORT = {"NaN": "n", "Infinity": "+", "-Infinity": "-"}


def _cases(bad: float) -> dict[str, list[float]]:
    return {
        "first": [bad, 4.0, 8.0, 4.0, 8.0],
        "middle": [4.0, 8.0, bad, 8.0, 4.0],
        "last": [4.0, 8.0, 4.0, 8.0, bad],
        "alternating": [4.0, bad, 8.0, bad, 4.0, bad, 8.0],
        "ends": [bad, 4.0, 8.0, 4.0, bad],
        "alone": [bad],
        "lone": [bad, bad, 8.0, bad, bad],
        "all": [bad] * 5,
    }


def _loners(values: Sequence[float]) -> list[int]:
    """Return the places of numbers without a number on either side."""
    is_gap = [True, *(not math.isfinite(value) for value in values), True]
    return [at for at in range(len(values)) if is_gap[at] and not is_gap[at + 1] and is_gap[at + 2]]


@pytest.mark.parametrize(
    ("kind", "scale"),
    [("NaN", "linear"), ("NaN", "log"), ("Infinity", "linear"), ("-Infinity", "log"), ("Infinity", "asinh")],
)
def test_what_is_not_finite_shows_at_every_position(
    made_root: Path, page: Page, open_run: OpenRun, noise: Noise, kind: str, scale: str
) -> None:
    """Each has its mark and a gap at its place, and none elsewhere; the legend counts it, a lone number is a dot."""
    page.set_viewport_size({"width": 1500, "height": 1500})
    cases = _cases(KINDS[kind])
    settings = {f"c.{name}": f"{scale},min:1,max:16" for name in cases}
    open_run(log_columns(made_root, cases), **settings)
    for name, values in cases.items():
        bad = [at for at, value in enumerate(values) if not math.isfinite(value)]
        assert ready(page, name).locator(".bad-count").inner_text() == f"{kind} \u00d7{len(bad)}"
        assert look(page, name, "chart.columns.lines[0].marks.map(({ kind, x }) => [kind, x])") == [
            [SHORT[kind], at] for at in bad
        ]
        assert look(page, name, "u.data[1]") == [value if math.isfinite(value) else None for value in values]
        edges = ("0", "9") if kind == "Infinity" else ("u.over.clientHeight - 9", "u.over.clientHeight")
        lit = [at for at in range(len(values)) if sum(lit_rows(page, name, at, *edges)) > 8]
        assert lit == bad, (name, lit)
        dots = [at for at in _loners(values) if sum(lit_rows(page, name, at, *_around(values[at]))) > 6]
        assert dots == _loners(values), name
    note = f"all 5 values are {kind}"
    assert [card(page, name).locator(".chart-note").inner_text() for name in ("all", "alone", "lone")] == [
        note,
        f"all 1 values are {kind}",
        "",
    ]
    assert noise.errors == []


def _around(value: float) -> tuple[str, str]:
    return f"u.valToPos({value}, 'y') - 4", f"u.valToPos({value}, 'y') + 4"


def test_a_lone_number_in_a_long_run_of_nan_is_a_dot(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """Also where points are left out: one number in 20,000 NaN is drawn, and they are counted."""
    values = [math.nan] * 20_000
    values[12_345] = 5.0
    open_run(log_columns(made_root, {"v": values}))
    assert look(page, "v", "chart.columns.answer.sampled")
    assert ready(page, "v").locator(".bad-count").inner_text() == "NaN \u00d719999"
    assert sum(lit_rows(page, "v", 12_345, *_around(5.0))) > 6
    hover(page, "v", 12_345)
    assert (tip_text(page, "step"), tip_text(page, "value")) == ("12345", "5")


# ---------------------------------------------------------------------- scales of y


def _setting(url: str, name: str) -> list[str]:
    return parse_qs(urlsplit(url).query).get(f"c.{name}", [])


@pytest.fixture
def settings(made_root: Path, page: Page, open_run: OpenRun) -> Any:
    """Open a run with the metric v from 3 to 7, and the settings of its chart; give them."""
    open_run(log_columns(made_root, {"v": [3.0, 5.0, 7.0], "other": [3.0, 7.0]}))
    card(page, "v").get_by_label("Settings: v").click()
    return card(page, "v")


def test_y_from_zero_and_limits_are_set_by_the_controls(page: Page, settings: Any) -> None:
    """Zero and limits hold to the digit, stand in the URL, come back after a reload, and go when taken away."""
    low, high = look(page, "v", "chart.range")
    assert 2.5 < low < 3 < 7 < high < 7.5
    settings.get_by_label("y from 0").check()
    assert look(page, "v", "u.scales.y.min") == 0
    assert _setting(page.url, "v") == ["zero"]
    settings.get_by_label("greatest").fill("20.5")
    settings.get_by_label("greatest").press("Enter")
    assert look(page, "v", "[u.scales.y.min, u.scales.y.max]") == [0, 20.5]
    settings.get_by_label("least").fill("-2e-3")
    settings.get_by_label("least").press("Enter")
    assert _setting(page.url, "v") == ["zero,min:-0.002,max:20.5"]
    page.reload()
    assert look(page, "v", "[u.scales.y.min, u.scales.y.max]") == [-0.002, 20.5]
    assert look(page, "other", "[u.scales.y.min, u.scales.y.max]") == [low, high]
    settings.get_by_label("Settings: v").click()
    assert settings.get_by_label("y from 0").is_checked()
    assert settings.get_by_label("greatest").input_value() == "20.5"
    for label in ("least", "greatest"):
        settings.get_by_label(label).fill("")
        settings.get_by_label(label).press("Enter")
    settings.get_by_label("y from 0").uncheck()
    assert look(page, "v", "[u.scales.y.min, u.scales.y.max]") == [low, high]
    assert _setting(page.url, "v") == []


@pytest.mark.parametrize(("scale", "distr"), [("log", 3), ("asinh", 4)])
def test_a_scale_is_chosen_by_the_control(page: Page, settings: Any, scale: str, distr: int) -> None:
    """A value is drawn where the chosen scale has it; the choice stands in the URL and comes back after a reload."""
    settings.get_by_label("Scale of y").select_option(scale)
    assert _setting(page.url, "v") == [scale]
    page.reload()
    assert look(page, "v", "u.scales.y.distr") == distr
    share = look(page, "v", "u.valToPos(5, 'y') / u.over.clientHeight")
    low, high = look(page, "v", "chart.range")
    bend = look(page, "v", "chart.bend")
    of = math.log10 if scale == "log" else lambda value: math.asinh(value / bend)
    assert share == pytest.approx((of(high) - of(5)) / (of(high) - of(low)), abs=0.02)
    assert sum(lit_rows(page, "v", 1, *_around(5.0))) > 8


def test_limits_mark_what_lies_beyond_them(made_root: Path, page: Page, open_run: OpenRun) -> None:
    """A point above or below fixed limits is a triangle at that edge; the others are none."""
    open_run(log_columns(made_root, {"v": [5.0, 100.0, 5.0, -100.0, 5.0]}), **{"c.v": "min:0,max:10"})
    height = "u.over.clientHeight"
    marks = [at for at in range(5) if sum(lit_rows(page, "v", at, "1", "6", half=3)[1:4]) > 6]
    assert marks == [1]
    assert [at for at in range(5) if sum(lit_rows(page, "v", at, f"{height} - 6", height, half=3)[2:5]) > 6] == [3]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("min:9,max:2", [2, 9]),
        ("log,min:50", [50, 500]),
        ("log,max:0.5", [0.05, 0.5]),
        ("min:50", [50, 55]),
        ("max:0.5", [0.45, 0.5]),
    ],
)
def test_odd_limits_still_show_a_scale(
    made_root: Path, page: Page, open_run: OpenRun, noise: Noise, text: str, shown: list[float]
) -> None:
    """Limits the wrong way round are turned; one beyond all points is kept, and the other end follows it."""
    open_run(log_columns(made_root, {"v": [3.0, 5.0, 7.0]}), **{"c.v": text})
    assert look(page, "v", "chart.range") == pytest.approx(shown)
    assert noise.errors == []
