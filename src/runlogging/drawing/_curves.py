"""The curves of a line chart: what the caller gives, and what is drawn of it. No I/O."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from runlogging.drawing._palette import DASHES, RUN_COLOURS
from runlogging.drawing._paths import KINDS, Sampled, kind_of, sampled
from runlogging.reading._sampling import as_floats, sample_buckets
from runlogging.reading._smoothing import smoothed


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
class Drawn:
    """A curve with what is drawn of it.

    Attributes:
        curve: the curve, with a colour and a dash pattern of its own.
        points: the points of its line.
        faint: those of the line as it was logged, where the other one is smoothed; else None.
        band: x, lower and upper end of the band around it.
    """

    curve: Curve
    points: Sampled
    faint: Sampled | None
    band: list[tuple[float, float, float]]


def drawn_of(curve: Curve, place: int, buckets: int, *, is_log: bool, smoothing: float | None) -> Drawn:
    """Return what is drawn of a curve.

    Args:
        curve: the curve.
        place: its place among those of the chart, which chooses a colour where it has none.
        buckets: how many parts of the axis keep points of their own.
        is_log: whether y is logarithmic.
        smoothing: the weight of the past; None draws the line as it was logged.
    """
    colour = curve.colour or RUN_COLOURS[place % len(RUN_COLOURS)].hex
    dash = curve.dash or ("" if curve.colour else DASHES[place // len(RUN_COLOURS) % len(DASHES)])
    own = replace(curve, colour=colour, dash=dash)
    xs, ys = curve.x, as_floats(curve.y)
    points, band = sampled(xs, ys, buckets, is_log=is_log), _band_points(curve, buckets, is_log)
    if smoothing is None:
        return Drawn(own, points, None, band)
    order = sorted(range(len(xs)), key=xs.__getitem__)
    ordered = [xs[at] for at in order]
    even = smoothed(ordered, [ys[at] for at in order], smoothing)
    return Drawn(own, Sampled(sampled(ordered, even, buckets, is_log=is_log).parts, points.apart), points, band)


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


def apart_text(values: Sequence[float]) -> str:
    """Return how many values have no place on the axis: ``3 NaN, 1 Infinity``; nothing where there are none."""
    counts = Counter(map(kind_of, values))
    return ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS if counts[kind])
