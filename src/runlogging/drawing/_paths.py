"""A curve as a path: thinned so that it looks the same, broken where values are missing. No I/O."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from runlogging.drawing._markup import number_text
from runlogging.drawing._scales import Scale
from runlogging.reading._sampling import sample_buckets

Pixel = tuple[float, float]

_MARK_WIDTH = 3.0  # pixels of a chart that have one mark of a kind at most


@dataclass
class Sampled:
    """The points of a curve that are drawn.

    Attributes:
        parts: finite points in the order of x, without a missing value between the points of a part.
        apart: x and value of what has no place on the axis: NaN, infinities, on a logarithmic axis what is not above 0.
    """

    parts: list[list[Pixel]] = field(default_factory=list)
    apart: list[Pixel] = field(default_factory=list)

    @property
    def points(self) -> Iterator[Pixel]:
        """The points of all parts."""
        return itertools.chain.from_iterable(self.parts)


def sampled(xs: Sequence[float], ys: Sequence[float], buckets: int, *, is_log: bool = False) -> Sampled:
    """Return the first, least, greatest and last point of each bucket of a curve, and all that is not finite.

    Args:
        xs: where the points are, finite, in any order.
        ys: their values, as many.
        buckets: how many, 1 at least.
        is_log: whether only values above 0 have a place.
    """
    shown = [y if y > 0 else math.nan for y in ys] if is_log else ys
    kept, missing = sample_buckets(xs, shown, buckets)
    result = Sampled(apart=[(xs[place], ys[place]) for place in missing])
    gaps = iter((xs[place], place) for place in missing)
    gap = next(gaps, None)
    for number, place in enumerate(kept):
        is_new = number == 0
        while gap is not None and gap < (xs[place], place):
            gap, is_new = next(gaps, None), True
        if is_new:
            result.parts.append([])
        result.parts[-1].append((xs[place], ys[place]))
    return result


def line_path(parts: Iterable[Sequence[Pixel]], x: Scale, y: Scale) -> str:
    """Return the path of a line; points of one pixel are drawn once."""
    pieces: list[str] = []
    for part in parts:
        if len(part) < 2:
            continue
        before = ""
        for number, (at, value) in enumerate(part):
            text = f"{number_text(x.at(at), 1)} {number_text(y.at(value), 1)}"
            if number == 0:
                pieces.append(f"M{text}")
            elif text != before:
                pieces.append(f"L{text}")
            before = text
    return "".join(pieces)


def dot_path(points: Iterable[Pixel], x: Scale, y: Scale) -> str:
    """Return a path of points; drawn with round ends, each is a dot."""
    places = dict.fromkeys(f"M{number_text(x.at(at), 1)} {number_text(y.at(value), 1)}h0" for at, value in points)
    return "".join(places)


def lone_points(parts: Iterable[Sequence[Pixel]]) -> list[Pixel]:
    """Return the points that no line reaches."""
    return [part[0] for part in parts if len(part) == 1]


def mark_paths(apart: Iterable[Pixel], x: Scale, y: Scale) -> dict[str, str]:
    """Return paths that mark what has no place: kind to path, in the order of `KINDS`.

    NaN is a cross at the bottom, Infinity a triangle at the top, -Infinity one at the bottom, and what a logarithmic
    axis cannot show a hollow one at the bottom. One pixel column has one mark of a kind.
    """
    columns: dict[str, dict[int, float]] = {kind: {} for kind in KINDS}
    for at, value in apart:
        pixel = x.at(at)
        columns[kind_of(value)].setdefault(int(pixel / _MARK_WIDTH), pixel)
    shapes = {
        "NaN": lambda pixel: f"M{pixel} {number_text(y.start - 9, 1)}l6 6m0-6l-6 6",
        "Infinity": lambda pixel: f"M{pixel} {number_text(y.end + 8, 1)}l3.5-7l3.5 7z",
        "-Infinity": lambda pixel: f"M{pixel} {number_text(y.start - 8, 1)}l3.5 7l3.5-7z",
        "not above 0": lambda pixel: f"M{pixel} {number_text(y.start - 8, 1)}l3.5 7l3.5-7z",
    }
    return {
        kind: "".join(shapes[kind](number_text(pixel - 3, 1)) for pixel in found.values())
        for kind, found in columns.items()
        if found
    }


KINDS = ("NaN", "Infinity", "-Infinity", "not above 0")


def kind_of(value: float) -> str:
    """Return what a value is that has no place on an axis."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return "not above 0"


def band_path(points: Sequence[tuple[float, float, float]], x: Scale, y: Scale) -> str:
    """Return the path around a band.

    Args:
        points: x, lower and upper end, finite, in the order of x.
        x: the x axis.
        y: the y axis.
    """
    there = [f"{number_text(x.at(at), 1)} {number_text(y.at(high), 1)}" for at, _, high in points]
    back = [f"{number_text(x.at(at), 1)} {number_text(y.at(low), 1)}" for at, low, _ in reversed(points)]
    return f"M{'L'.join([*there, *back])}z" if points else ""
