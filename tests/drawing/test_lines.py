"""Line charts: every value drawn or marked, every text inert, no spike lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import InvalidValueError
from runlogging.drawing import RUN_COLOURS, Curve, Mark, line_chart, sparkline
from tests.drawing.tools import HOSTILE, SVG, needs_chromium, numbers_in_paths, parsed, pixels, texts

NAN, INF = math.nan, math.inf

_VALUES = st.one_of(
    st.floats(),
    st.integers(-(10**400), 10**400),
    st.sampled_from([0.0, -0.0, 1e308, -1.7e308, 5e-324, 1.0, NAN, INF, -INF]),
)


def _chart(values: Sequence[float], **options: object) -> str:
    return line_chart([Curve("loss", [float(at) for at in range(len(values))], values)], **options)  # type: ignore[arg-type]


def _strokes(svg: str, width: str = "1.6") -> list[str]:
    paths = parsed(svg).iter(f"{SVG}path")
    return [path.get("d", "") for path in paths if path.get("stroke-width") == width]


@given(st.lists(_VALUES, max_size=60), st.booleans(), st.sampled_from([None, 0.0, 0.9]))
@settings(max_examples=40, deadline=None)
def test_any_values(values: list[float], log_y: bool, smoothing: float | None) -> None:
    """Whatever the values are, the drawing is well formed and all of its lines are inside."""
    svg = _chart(values, log_y=log_y, smoothing=smoothing)
    root = parsed(svg)
    height = float(root.get("height", "0"))
    assert all(-20 <= number <= max(460, height) for number in numbers_in_paths(svg))
    assert "nan" not in svg.lower().replace("nan,", "").replace(" nan", "").replace(">nan", "").replace("(nan", "")
    parsed(sparkline(values))


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20),
    st.sampled_from(["step", "time", "relative", "number"]),
)
@settings(max_examples=40, deadline=None)
def test_any_x(xs: list[float], kind: str) -> None:
    """Whatever x is, and in whatever order, the drawing is well formed."""
    parsed(line_chart([Curve("loss", xs, [1.0] * len(xs))], x_kind=kind))  # type: ignore[arg-type]


@given(st.text(), st.text())
@settings(max_examples=40, deadline=None)
def test_any_names(name: str, title: str) -> None:
    """Whatever the names are, the drawing is well formed and has no element of theirs."""
    parsed(line_chart([Curve(name, [0, 1], [1, 2]), Curve(title, [0], [NAN])], title=title, marks=[Mark(name, x=0.5)]))


def test_hostile_names_are_shown() -> None:
    """Markup in a name is text, and characters that steer are shown as escapes."""
    svg = line_chart([Curve(HOSTILE, [0, 1], [1, 2])], title=HOSTILE, y_title=HOSTILE, x_title=HOSTILE, width=3000)
    shown = " ".join(texts(svg))
    assert "<script>alert(1)</script>" in shown
    assert "\\x1b[31m" in shown
    assert "\\u202e" in shown
    assert "深層学習" in shown
    assert "<script" not in svg


def test_gaps_are_gaps() -> None:
    """NaN breaks the line into parts, and is marked and counted."""
    svg = _chart([*[1.0] * 20, NAN, *[2.0] * 20])
    (path,) = _strokes(svg)
    assert path.count("M") == 2
    assert any("(1 NaN)" in text for text in texts(svg))


def test_a_lone_point_is_a_dot() -> None:
    """A number between two NaN is a dot of its own, in a long curve too."""
    values = [float(at) for at in range(500)]
    values[100:200] = [NAN] * 100
    values[150] = 3.0
    svg = _chart(values)
    dots = [path for path in parsed(svg).iter(f"{SVG}path") if path.get("stroke-linecap") == "round"]
    assert [dot.get("d", "").count("M") for dot in dots] == [1]


def test_each_kind_has_its_mark() -> None:
    """NaN, both infinities and what a logarithm lacks are marked apart and counted apart."""
    svg = _chart([1.0, NAN, INF, -INF, 0.0, -2.0, 10.0], log_y=True)
    marked = [path[0].text for path in parsed(svg).iter(f"{SVG}path") if len(path)]
    assert marked == ["NaN", "Infinity", "-Infinity", "not above 0"]
    assert "loss (1 NaN, 1 Infinity, 1 -Infinity, 2 not above 0)" in texts(svg)


@pytest.mark.parametrize("values", [[NAN] * 5, [], [3.0] * 100, [7.0], [1e308, -1e308]], ids=str)
def test_odd_series_have_axes(values: list[float]) -> None:
    """All NaN, none, constant, single and huge values give axes with different ticks."""
    svg = _chart(values)
    shown = [text for text in texts(svg) if text not in ("step",) and "loss" not in text]
    assert len(shown) >= 3
    ticks = [element.text for element in parsed(svg).iter(f"{SVG}text") if element.get("text-anchor") == "end"]
    assert len(set(ticks)) == len(ticks) >= 2


def test_close_values_have_different_ticks() -> None:
    """An axis that spans next to nothing says enough digits to tell its ticks apart."""
    svg = _chart([1.0, 1.0 + 1e-9, 1.0 + 2e-9])
    ticks = [element.text for element in parsed(svg).iter(f"{SVG}text") if element.get("text-anchor") == "end"]
    assert len(set(ticks)) == len(ticks) >= 2


def test_smoothing_keeps_the_raw_line() -> None:
    """The line as it was logged stays behind the smoothed one; a constant stays constant."""
    svg = _chart([5.0] * 50, smoothing=0.9)
    faint, bold = _strokes(svg, "1"), _strokes(svg)
    assert len(faint) == len(bold) == 1
    assert faint == bold
    with pytest.raises(InvalidValueError, match="below 1"):
        _chart([1.0], smoothing=1.0)


def test_bands_and_marks() -> None:
    """A band is filled, and reference lines have their words."""
    curve = Curve("mean", [0, 1, 2], [1, 2, 3], band=([0, 1, NAN], [2, 3, 4]))
    svg = line_chart([curve], marks=[Mark("lr change", x=1), Mark("target", y=2), Mark("never", x=NAN)], log_y=False)
    assert sum(path.get("fill-opacity") == "0.16" for path in parsed(svg).iter(f"{SVG}path")) == 1
    assert {"lr change", "target"} <= set(texts(svg))
    assert "never" not in texts(svg)
    with pytest.raises(InvalidValueError, match="one length"):
        line_chart([Curve("bad", [0, 1], [1])])


def test_more_than_eight_curves_have_dashes() -> None:
    """The ninth curve has the first colour again, with a dash pattern."""
    svg = line_chart([Curve(str(at), [0, 1], [at, at + 1]) for at in range(9)])
    lines = [path for path in parsed(svg).iter(f"{SVG}path") if path.get("stroke-width") == "1.6"]
    assert [line.get("stroke-dasharray") is None for line in lines] == [True] * 8 + [False]
    assert lines[0].get("stroke") == lines[8].get("stroke") == RUN_COLOURS[0].hex


def test_the_sentence_says_the_values() -> None:
    """Who does not see the chart reads its ends and its last value."""
    svg = _chart([3.0, 1.0, NAN, 2.0], title="loss")
    assert parsed(svg)[1].text == ("loss by step, 1 curve: loss: 4 points of them 1 NaN, least 1, greatest 3, last 2.")


def test_a_chart_of_a_million_points_is_small() -> None:
    """A million points make a drawing of under 60 KB."""
    values = [math.sin(at / 1000) + (at * 7919 % 1000) / 1000 for at in range(1_000_000)]
    assert len(_chart(values)) < 60_000


@needs_chromium
@pytest.mark.parametrize("place", [3, 500_000, 999_990])
def test_a_spike_is_drawn(tmp_path: Path, place: int) -> None:
    """One point in a million that leaves the others is seen as pixels up to the top of the chart."""
    values = [0.0] * 1_000_000
    values[place] = 100.0
    svg = _chart(values, title="spike")
    width, height, rgb = pixels(svg, tmp_path)
    blue = [
        (at % width, at // width)
        for at in range(width * height)
        if rgb[3 * at] < 130 and rgb[3 * at + 2] > 150 and rgb[3 * at + 2] - rgb[3 * at] > 60
    ]
    assert min(y for _, y in blue) < 45
    rows = {y for _, y in blue}
    assert len(rows) > 140
