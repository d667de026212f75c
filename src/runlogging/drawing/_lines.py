"""Line charts: several runs or metrics over one x axis. No I/O."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from runlogging._errors import InvalidValueError
from runlogging._texts import short_number
from runlogging.drawing._canvas import WIDTH, cut, label, line, sheet
from runlogging.drawing._frame import Entry, Frame, Kind, framed, legend
from runlogging.drawing._markup import Markup, element, one_line
from runlogging.drawing._numbers import counted
from runlogging.drawing._palette import DASHES, FAINT, RUN_COLOURS
from runlogging.drawing._paths import (
    KINDS,
    Sampled,
    band_path,
    dot_path,
    kind_of,
    line_path,
    lone_points,
    mark_paths,
    sampled,
)
from runlogging.drawing._scales import limits
from runlogging.reading._sampling import as_float, sample_buckets, smoothed

_BUCKETS = 800  # of all curves of a chart together: what keeps its size bounded
_FEW = 30  # points up to which each has a dot
_SPOKEN = 4  # curves that the sentence tells of


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Attributes:
        name: what the legend says.
        x: where the points are, finite numbers in any order.
        y: the values, as many; NaN, infinities and ints of any length too.
        colour: as ``#rrggbb``; empty takes the next of `RUN_COLOURS`.
        dash: an SVG dash pattern; empty is a whole line.
        band: lower and upper ends of a band around the line, as many as points; None where there is none.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | int]
    colour: str = ""
    dash: str = ""
    band: tuple[Sequence[float], Sequence[float]] | None = None


@dataclass(frozen=True)
class Mark:
    """A reference line across a chart, with a few words: at an `x`, or else at a `y`."""

    text: str
    x: float | None = None
    y: float | None = None


@dataclass
class _Drawn:
    """A curve with what is drawn of it."""

    curve: Curve
    points: Sampled
    faint: Sampled | None
    band: list[tuple[float, float, float]]


def line_chart(
    curves: Sequence[Curve],
    *,
    title: str = "",
    x_kind: Kind = "step",
    x_title: str | None = None,
    y_title: str = "",
    log_y: bool = False,
    smoothing: float | None = None,
    marks: Sequence[Mark] = (),
    from_zero: bool = False,
    width: float = WIDTH,
    height: float = 180,
    ground: bool = False,
) -> str:
    """Draw curves over one x axis.

    NaN, infinities and, with `log_y`, values not above 0 break the line and are marked at the edge; the legend counts
    them. The least and greatest value of each pixel column are drawn, so that no spike is lost.

    Args:
        curves: the lines; none draws an empty frame.
        title: what stands above.
        x_kind: what x counts: "step", "time" (seconds since 1970), "relative" (seconds) or "number".
        x_title: what stands below; None takes the usual words of the kind.
        y_title: what stands at the left, such as a unit.
        log_y: whether y is logarithmic.
        smoothing: the weight of the past, from 0 to below 1; the line as it was logged stays behind, faint. None: off.
        marks: reference lines.
        from_zero: whether the y axis begins or ends at 0 at the latest; without effect on a logarithmic one.
        width: of the whole drawing, in pixels.
        height: of the inside, in pixels; titles and legend come on top.
        ground: whether the drawing has a white ground of its own.

    Returns:
        An ``svg`` element as text.

    Raises:
        InvalidValueError: a curve's columns are not of one length, or the smoothing is no such weight.
    """
    _check(curves, smoothing)
    buckets = max(30, min(int(width), _BUCKETS // max(len(curves), 1)))
    drawn = [_drawn(curve, place, buckets, log_y, smoothing) for place, curve in enumerate(curves)]
    frame = framed(
        limits(
            [at for one in drawn for at, _ in one.points.points]
            + [at for one in drawn for at, _ in one.points.apart]
            + [mark.x for mark in marks if mark.x is not None],
            room=0.01,
        ),
        limits(_heights(drawn, marks, from_zero), is_log=log_y),
        title=title,
        x_kind=x_kind,
        x_title=x_title,
        y_title=y_title,
        log_y=log_y,
        width=width,
        inner_height=height,
    )
    entries, bottom = legend(_entries(drawn, title), frame.x.start - 4, frame.bottom + 10, width)
    lines = [*(_band(one, frame) for one in drawn), *(_curve(one, frame) for one in drawn), *_marks(marks, frame)]
    sentence = _sentence(curves, title, x_title or x_kind)
    return sheet(width, bottom + 2, title or "line chart", sentence, frame.markup, *lines, entries, ground=ground)


def _check(curves: Sequence[Curve], smoothing: float | None) -> None:
    if smoothing is not None and not 0 <= smoothing < 1:
        raise InvalidValueError(f"smoothing is a weight from 0 to below 1, not {smoothing!r}")
    for curve in curves:
        if len({len(curve.x), len(curve.y), *map(len, curve.band or ())}) > 1:
            raise InvalidValueError(f"the columns of the curve {curve.name!r} are not of one length")


def _drawn(curve: Curve, place: int, buckets: int, is_log: bool, smoothing: float | None) -> _Drawn:
    colour = curve.colour or RUN_COLOURS[place % len(RUN_COLOURS)].hex
    dash = curve.dash or ("" if curve.colour else DASHES[place // len(RUN_COLOURS) % len(DASHES)])
    plain = Curve(curve.name, curve.x, curve.y, colour, dash, curve.band)
    xs, ys = curve.x, [as_float(value) for value in curve.y]
    points = sampled(xs, ys, buckets, is_log=is_log)
    if smoothing is None:
        return _Drawn(plain, points, None, _band_points(curve, buckets, is_log))
    order = sorted(range(len(xs)), key=xs.__getitem__)
    even = smoothed([ys[at] for at in order], smoothing)
    above = sampled([xs[at] for at in order], even, buckets, is_log=is_log)
    return _Drawn(plain, Sampled(above.parts, points.apart), points, _band_points(curve, buckets, is_log))


def _band_points(curve: Curve, buckets: int, is_log: bool) -> list[tuple[float, float, float]]:
    if curve.band is None:
        return []
    lows, highs = curve.band
    good = [
        at
        for at in range(len(curve.x))
        if math.isfinite(lows[at]) and math.isfinite(highs[at]) and (not is_log or min(lows[at], highs[at]) > 0)
    ]
    xs = [curve.x[at] for at in good]
    kept = {at for side in (lows, highs) for at in sample_buckets(xs, [side[place] for place in good], buckets).kept}
    return [(xs[at], lows[good[at]], highs[good[at]]) for at in sorted(kept, key=lambda at: (xs[at], at))]


def _heights(drawn: Sequence[_Drawn], marks: Sequence[Mark], from_zero: bool) -> list[float]:
    # A smoothed line lies within the raw one; its rounding errors must not become the range of a constant.
    heights = [value for one in drawn for _, value in (one.faint or one.points).points]
    heights += [value for one in drawn for _, *ends in one.band for value in ends]
    heights += [0.0] if from_zero else []
    return heights + [mark.y for mark in marks if mark.y is not None]


def _band(one: _Drawn, frame: Frame) -> Markup:
    path = band_path(one.band, frame.x, frame.y)
    return element("path", d=path, fill=one.curve.colour, fill_opacity=0.16) if path else Markup()


def _curve(one: _Drawn, frame: Frame) -> Markup:
    colour = one.curve.colour
    parts = [element("title", one_line(one.curve.name))]
    if one.faint is not None:
        parts.append(_stroke(line_path(one.faint.parts, frame.x, frame.y), colour, 1, opacity=0.35))
        parts.append(_dots(lone_points(one.faint.parts), frame, colour, 3, opacity=0.35))
    parts.append(_stroke(line_path(one.points.parts, frame.x, frame.y), colour, 1.6, one.curve.dash))
    points = list(one.points.points)
    is_few = one.faint is None and len(points) <= _FEW
    parts.append(_dots(points if is_few else lone_points(one.points.parts), frame, colour, 5))
    for kind, path in mark_paths(one.points.apart, frame.x, frame.y).items():
        is_solid = kind in ("Infinity", "-Infinity")
        parts.append(
            element(
                "path",
                element("title", kind),
                d=path,
                stroke=colour,
                stroke_width=1.4,
                fill=colour if is_solid else "none",
            )
        )
    return element("g", *parts)


def _stroke(path: str, colour: str, thick: float, dash: str = "", opacity: float | None = None) -> Markup:
    if not path:
        return Markup()
    return element(
        "path",
        d=path,
        fill="none",
        stroke=colour,
        stroke_width=thick,
        stroke_linejoin="round",
        stroke_dasharray=dash or None,
        stroke_opacity=opacity,
    )


def _dots(
    points: Sequence[tuple[float, float]], frame: Frame, colour: str, size: float, opacity: float | None = None
) -> Markup:
    path = dot_path(points, frame.x, frame.y)
    if not path:
        return Markup()
    return element(
        "path", d=path, fill="none", stroke=colour, stroke_width=size, stroke_linecap="round", stroke_opacity=opacity
    )


def _marks(marks: Sequence[Mark], frame: Frame) -> list[Markup]:
    parts, x, y = [], frame.x, frame.y
    for mark in marks:
        text = cut(mark.text, 110, 11)
        if mark.x is not None and math.isfinite(mark.x):
            at = x.at(mark.x)
            is_left = at > (x.start + x.end) / 2
            parts.append(line(at, y.start, at, y.end, FAINT, stroke_dasharray="3 3"))
            parts.append(
                label(
                    text,
                    at - 4 if is_left else at + 4,
                    y.end + 10,
                    fill=FAINT,
                    size=11,
                    anchor="end" if is_left else None,
                )
            )
        elif mark.y is not None and math.isfinite(mark.y) and (mark.y > 0 or not y.is_log):
            height = y.at(mark.y)
            parts.append(line(x.start, height, x.end, height, FAINT, stroke_dasharray="3 3"))
            parts.append(label(text, x.end - 2, height - 4, fill=FAINT, size=11, anchor="end"))
    return parts


def apart_text(values: Sequence[float]) -> str:
    """Return how many values have no place on the axis: ``3 NaN, 1 Infinity``; nothing where there are none."""
    counts = Counter(map(kind_of, values))
    return ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS if counts[kind])


def _entries(drawn: Sequence[_Drawn], title: str) -> list[Entry]:
    texts = []
    for one in drawn:
        missing = apart_text([value for _, value in one.points.apart])
        texts.append(f"{one.curve.name} ({missing})" if missing else one.curve.name)
    if len(drawn) == 1 and texts[0] == title:
        return []
    return [Entry(text, one.curve.colour, one.curve.dash) for text, one in zip(texts, drawn, strict=True)]


def _sentence(curves: Sequence[Curve], title: str, x_title: str) -> str:
    told = "; ".join(_told(curve) for curve in curves[:_SPOKEN])
    more = f"; and {len(curves) - _SPOKEN} more" if len(curves) > _SPOKEN else ""
    head = f"{title or 'Values'} by {x_title}, {counted(len(curves), 'curve')}"
    return f"{head}: {told}{more}." if curves else f"{head}."


def _told(curve: Curve) -> str:
    values = [as_float(value) for value in curve.y]
    finite = [value for value in values if math.isfinite(value)]
    missing = apart_text([value for value in values if not math.isfinite(value)])
    count = f"{counted(len(values), 'point')}{f' of them {missing}' if missing else ''}"
    if not finite:
        return f"{curve.name}: {count}"
    low, high, last = (short_number(value, 4) for value in (min(finite), max(finite), values[-1]))
    return f"{curve.name}: {count}, least {low}, greatest {high}, last {last}"
