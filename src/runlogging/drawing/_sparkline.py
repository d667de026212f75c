"""A curve the size of a word. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from runlogging.drawing._canvas import sheet
from runlogging.drawing._markup import Markup, element
from runlogging.drawing._numbers import counted
from runlogging.drawing._palette import RUN_COLOURS
from runlogging.drawing._paths import dot_path, line_path, lone_points, mark_paths, sampled
from runlogging.drawing._scales import Scale, limits
from runlogging.reading._sampling import as_float


def sparkline(
    values: Sequence[float | int],
    *,
    name: str = "",
    colour: str = RUN_COLOURS[0].hex,
    width: float = 110,
    height: float = 24,
    ground: bool = False,
) -> str:
    """Draw values in their order, without axes.

    Args:
        values: the values; NaN and infinities are gaps with a mark.
        name: what they are.
        colour: of the line, as ``#rrggbb``.
        width: in pixels.
        height: in pixels.
        ground: whether the drawing has a white ground of its own.

    Returns:
        An ``svg`` element as text.
    """
    ys = [as_float(value) for value in values]
    xs = [float(place) for place in range(len(ys))]
    points = sampled(xs, ys, max(1, int(width)))
    x = Scale(*limits(xs, room=0), 4, width - 4)
    y = Scale(*limits((value for _, value in points.points), room=0), height - 3, 3)
    parts = [
        _stroke(line_path(points.parts, x, y), colour, 1.4),
        _stroke(dot_path(lone_points(points.parts), x, y), colour, 4, "round"),
        *(_stroke(path, colour, 1) for path in mark_paths(points.apart, x, y).values()),
    ]
    told = f"{counted(len(ys), 'value')}{f', {len(points.apart)} not finite' if points.apart else ''}."
    return sheet(width, height, name or "values", told, *parts, ground=ground)


def _stroke(path: str, colour: str, thick: float, ends: str | None = None) -> Markup:
    if not path:
        return Markup()
    return element("path", d=path, fill="none", stroke=colour, stroke_width=thick, stroke_linecap=ends)
