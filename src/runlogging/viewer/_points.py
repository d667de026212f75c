"""The kept points of curves as the arrays that a chart takes; `_series` says what each is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from runlogging.folder import nonfinite_text
from runlogging.viewer._axes import Line
from runlogging.viewer._bulk import bulk_of
from runlogging.viewer._sampling import Grid, Kept, Slot, kept_points

_KINDS = {"NaN": "n", "Infinity": "+", "-Infinity": "-"}
MOST_MARKS = 2_000
_encode = msgspec.json.Encoder().encode

Place = Callable[[Slot], int]


def series_answer(lines: Sequence[Line], grid: Grid, smooth: float, *, is_clipped: bool) -> dict[str, Any]:
    """Return the curves of a chart and the x that they share."""
    kept = [_kept(line, line.curve.y, grid) for line in lines]
    smoothed = [_smoothed_kept(line, grid, smooth) if smooth and not grid.is_whole else [] for line in lines]
    slots = sorted({point.slot for points in [*kept, *smoothed] for point in points})
    places = {slot: place for place, slot in enumerate(slots)}
    series = []
    for line, points, curve in zip(lines, kept, smoothed, strict=True):
        facts = {**_counts(line, grid), **_columns(line, points, places.__getitem__, grid)}
        if smooth:
            facts |= _smooth_columns(line, points, curve, places.__getitem__, smooth)
        facts["marks"] = marks(line, _bad_between(line, grid))
        if is_clipped:
            facts["clip"] = _clip(line, grid)
        series.append(facts)
    return {"x": raw([x for x, _ in slots]), "sampled": not grid.is_whole, "series": series}


def raw(values: Any) -> msgspec.Raw:
    """Return plain values as JSON, quicker than the way of all answers; floats are finite here."""
    return msgspec.Raw(_encode(values))


def _kept(line: Line, y: Any, grid: Grid) -> list[Kept]:
    # The curve's own x is not shifted: the grid is, and then the slots back.
    own = grid._replace(low=grid.low + line.base, high=grid.high + line.base)
    points = kept_points(line.curve.x, y, line.curve.bad, own)
    return points if not line.base else [Kept((x - line.base, times), place) for (x, times), place in points]


def _smoothed_kept(line: Line, grid: Grid, smooth: float) -> list[Kept]:
    return _kept(line, line.curve.smoothed(smooth), grid)


def _counts(line: Line, grid: Grid) -> dict[str, Any]:
    curve = line.curve
    kinds = Counter(nonfinite_text(curve.y[place]) for place in curve.bad)
    return {
        "run": line.run,
        "writer": line.writer,
        "count": len(curve),
        "without_x": curve.left_out,
        "in_view": line.count_between(grid.low, grid.high),
        "nonfinite": dict(kinds),
        "base": line.base,
        "last": _last(line),
    }


def _last(line: Line) -> dict[str, Any] | None:
    """Return the point at the greatest x, whatever is shown."""
    curve = line.curve
    return {"value": curve.y[len(curve) - 1], "step": line.step(len(curve) - 1)} if len(curve) else None


def _columns(line: Line, points: Sequence[Kept], place_of: Place, grid: Grid) -> dict[str, Any]:
    places = [point.place for point in points]
    found: dict[str, Any] = {"at": raw([place_of(point.slot) for point in points]), **point_columns(line, places)}
    if not grid.is_whole:
        x, base = line.curve.x, line.base
        found["x"] = raw([x[place] - base for place in places])
    return found


def point_columns(line: Line, places: Sequence[int]) -> dict[str, Any]:
    """Return value, step, time and number of some points."""
    y, name = line.curve.y, line.curve.name
    refs = [line.curve.ref(place) for place in places]
    times = [table.time_us(row) for table, row in refs]
    first = min(times, default=0)
    exact = {str(at): digits for at, (table, row) in enumerate(refs) if (digits := table.exact.get(name, {}).get(row))}
    found: dict[str, Any] = {
        "y": raw([None if y[place] - y[place] else y[place] for place in places]),
        "step": [line.step(place) for place in places],
        "time0": first,
        "time": raw([time - first for time in times]),
        "seq": raw([table.seqs[row] for table, row in refs]),
    }
    return {**found, "exact": exact} if exact else found


def _smooth_columns(
    line: Line, points: Sequence[Kept], curve: Sequence[Kept], place_of: Place, smooth: float
) -> dict[str, Any]:
    values = line.curve.smoothed(smooth)
    found: dict[str, Any] = {"smooth": raw([_finite(values[point.place]) for point in points])}
    if curve:
        at = [place_of(point.slot) for point in curve]
        found["line"] = {"at": raw(at), "y": raw([_finite(values[point.place]) for point in curve])}
    return found


def _finite(value: float) -> float | None:
    return value if value - value == 0 else None


def _bad_between(line: Line, grid: Grid) -> Sequence[int]:
    x, bad = line.curve.x, line.curve.bad
    begin = bisect_left(bad, bisect_left(x, grid.low + line.base))
    return bad[begin : bisect_left(bad, bisect_right(x, grid.high + line.base))]


def marks(line: Line, bad: Sequence[int]) -> dict[str, Any]:
    """Return the points that are not finite, every n-th where there are very many."""
    every = -(-len(bad) // MOST_MARKS) or 1
    shown = bad[::every]
    columns = point_columns(line, shown)
    curve = line.curve
    return {
        "kind": "".join(_KINDS[nonfinite_text(curve.y[place])] for place in shown),
        "x": raw([curve.x[place] - line.base for place in shown]),
        "left_out": len(bad) - len(shown),
        **{name: columns[name] for name in ("step", "time", "time0", "seq")},
    }


def _clip(line: Line, grid: Grid) -> dict[str, Any] | None:
    """Return the limits of the bulk of a curve, by its own spread, and how many points in view lie outside."""
    y, x = line.curve.y, line.curve.x
    bulk = bulk_of(y)
    if bulk is None:
        return None
    low, high = bulk
    begin, end = bisect_left(x, grid.low + line.base), bisect_right(x, grid.high + line.base)
    outside = sum(1 for value in y[begin:end] if value < low or value > high)
    return {"low": low, "high": high, "outside": outside}
