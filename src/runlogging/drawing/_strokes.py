"""The lines of a chart as markup: curves, bands around them, reference lines across them. No I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence

from runlogging.drawing._canvas import cut, label, line
from runlogging.drawing._curves import Drawn, Mark
from runlogging.drawing._frame import Frame
from runlogging.drawing._markup import Markup, element, one_line
from runlogging.drawing._palette import FAINT
from runlogging.drawing._paths import band_path, dot_path, line_path, lone_points, mark_paths

_FEW = 30  # points up to which each has a dot
_WORDS = 110  # pixels that the words of a reference line may take


def band_of(one: Drawn, frame: Frame) -> Markup:
    """Return the band around a curve; nothing where it has none."""
    path = band_path(one.band, frame.x, frame.y)
    return element("path", d=path, fill=one.curve.colour, fill_opacity=0.16) if path else Markup()


def curve_line(one: Drawn, frame: Frame) -> Markup:
    """Return a curve: its line, the fainter one of what was logged, its lone points, the marks of what is missing."""
    colour = one.curve.colour
    parts = [element("title", one_line(one.curve.name))]
    if one.faint is not None:
        parts.append(_stroke(line_path(one.faint.parts, frame.x, frame.y), colour, 1, opacity=0.35))
        parts.append(_dots(lone_points(one.faint.parts), frame, colour, 3, opacity=0.35))
    parts.append(_stroke(line_path(one.points.parts, frame.x, frame.y), colour, 1.6, one.curve.dash))
    points = list(one.points.points)
    is_few = one.faint is None and len(points) <= _FEW
    parts.append(_dots(points if is_few else lone_points(one.points.parts), frame, colour, 5))
    parts += [_apart(kind, path, colour) for kind, path in mark_paths(one.points.apart, frame.x, frame.y).items()]
    return element("g", *parts)


def _apart(kind: str, path: str, colour: str) -> Markup:
    is_solid = kind in ("Infinity", "-Infinity")
    told = element("title", kind)
    return element("path", told, d=path, stroke=colour, stroke_width=1.4, fill=colour if is_solid else "none")


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


def mark_lines(marks: Sequence[Mark], frame: Frame) -> list[Markup]:
    """Return reference lines with their words; those without a place on the axes are left out."""
    parts: list[Markup] = []
    for mark in marks:
        if mark.x is not None and math.isfinite(mark.x):
            parts += _upright(mark.text, frame.x.at(mark.x), frame)
        elif mark.y is not None and math.isfinite(mark.y) and (mark.y > 0 or not frame.y.is_log):
            parts += _level(mark.text, frame.y.at(mark.y), frame)
    return parts


def _upright(text: str, at: float, frame: Frame) -> tuple[Markup, Markup]:
    x, y = frame.x, frame.y
    # The words stand on the side that has more room.
    is_left = at > (x.start + x.end) / 2
    place, anchor = (at - 4, "end") if is_left else (at + 4, None)
    words = label(cut(text, _WORDS, 11), place, y.end + 10, fill=FAINT, size=11, anchor=anchor)
    return line(at, y.start, at, y.end, FAINT, stroke_dasharray="3 3"), words


def _level(text: str, height: float, frame: Frame) -> tuple[Markup, Markup]:
    x = frame.x
    words = label(cut(text, _WORDS, 11), x.end - 2, height - 4, fill=FAINT, size=11, anchor="end")
    return line(x.start, height, x.end, height, FAINT, stroke_dasharray="3 3"), words
