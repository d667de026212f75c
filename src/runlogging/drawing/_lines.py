"""Line charts: several runs or metrics over one x axis. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from runlogging._errors import InvalidValueError
from runlogging._texts import short_number
from runlogging.drawing._canvas import WIDTH, sheet
from runlogging.drawing._curves import Curve, Drawn, Mark, apart_text, drawn_of
from runlogging.drawing._frame import Entry, Kind, framed, legend
from runlogging.drawing._markup import joined
from runlogging.drawing._numbers import counted
from runlogging.drawing._scales import limits
from runlogging.drawing._strokes import band_of, curve_line, mark_lines
from runlogging.reading._sampling import as_floats

_BUCKETS = 800  # of all curves of a chart together: what keeps its size bounded
_SPOKEN = 4  # curves that the sentence tells of


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
    them. The least and greatest value of each pixel column are drawn, so that no spike is lost. Smoothing is that of
    the viewer: it weighs by distance in x, and goes on over what is missing.

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
    drawn = [drawn_of(curve, place, buckets, is_log=log_y, smoothing=smoothing) for place, curve in enumerate(curves)]
    frame = framed(
        limits(_places(drawn, marks), room=0.01),
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
    lines = joined([*(band_of(one, frame) for one in drawn), *(curve_line(one, frame) for one in drawn)])
    across = joined(mark_lines(marks, frame))
    sentence = _sentence(curves, title, x_title or x_kind)
    return sheet(
        width, bottom + 2, title or "line chart", sentence, frame.markup, lines, across, entries, ground=ground
    )


def _check(curves: Sequence[Curve], smoothing: float | None) -> None:
    if smoothing is not None and not 0 <= smoothing < 1:
        raise InvalidValueError(f"smoothing is a weight from 0 to below 1, not {smoothing!r}")
    for curve in curves:
        if len({len(curve.x), len(curve.y), *map(len, curve.band or ())}) > 1:
            raise InvalidValueError(f"the columns of the curve {curve.name!r} are not of one length")


def _places(drawn: Sequence[Drawn], marks: Sequence[Mark]) -> list[float]:
    places = [at for one in drawn for at, _ in one.points.points]
    places += [at for one in drawn for at, _ in one.points.apart]
    return places + [mark.x for mark in marks if mark.x is not None]


def _heights(drawn: Sequence[Drawn], marks: Sequence[Mark], from_zero: bool) -> list[float]:
    # A smoothed line lies within the raw one; its rounding errors must not become the range of a constant.
    heights = [value for one in drawn for _, value in (one.faint or one.points).points]
    heights += [value for one in drawn for _, *ends in one.band for value in ends]
    heights += [0.0] if from_zero else []
    return heights + [mark.y for mark in marks if mark.y is not None]


def _entries(drawn: Sequence[Drawn], title: str) -> list[Entry]:
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
    values = as_floats(curve.y)
    finite = [value for value in values if value - value == 0]
    missing = apart_text([value for value in values if value - value != 0]) if len(finite) < len(values) else ""
    count = f"{counted(len(values), 'point')}{f' of them {missing}' if missing else ''}"
    if not finite:
        return f"{curve.name}: {count}"
    low, high, last = (short_number(value, 4) for value in (min(finite), max(finite), values[-1]))
    return f"{curve.name}: {count}, least {low}, greatest {high}, last {last}"
