"""What came to curves since a cursor; `_series` says what the answer is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from runlogging.folder import nonfinite_text
from runlogging.viewer._axes import Line, lines_of
from runlogging.viewer._curve import METRIC_AXIS
from runlogging.viewer._curves import RunCurves, shelf_of
from runlogging.viewer._points import marks, point_columns, raw

if TYPE_CHECKING:
    from starlette.requests import Request

    from runlogging.reading import RunReader
    from runlogging.viewer._state import State
    from runlogging.viewer._table import Table

_MOST_POINTS = 2_000
_MOST_NAMES = 200


def news(state: State, request: Request) -> dict[str, Any]:
    """Answer ``api/news``."""
    from runlogging.viewer._series import smooth_of

    query = request.query_params
    names, axis, smooth = query.getlist("name")[:_MOST_NAMES], query.get("x") or "step", smooth_of(request)
    found: dict[str, Any] = {"cursors": {}, "metrics": {}, "news": [], "again": []}
    for key, cursor in zip(query.getlist("run"), query.getlist("after"), strict=False):
        run = state.run_of(key)
        curves = shelf_of(state).of(run.path)
        with curves.lock:
            found["cursors"][key] = curves.cursor
            found["metrics"][key] = len(curves.named)
            grown = curves.since(cursor)
            for name in names:
                new = None if grown is None else _new_points(key, run, curves, name, axis, smooth, grown)
                if new is None:
                    found["again"].append({"run": key, "name": name})
                else:
                    found["news"] += new
    return found


def _new_points(
    key: str, run: RunReader, curves: RunCurves, name: str, axis: str, smooth: float, grown: dict[Table, int]
) -> list[dict[str, Any]] | None:
    """Return the points of a metric that came to the end of its curves; None where some came elsewhere, or too many."""
    tables = [table for table in curves.named.get(name, ()) if table in grown]
    if not tables:
        return []
    if axis.startswith(METRIC_AXIS):
        return None
    found = []
    for line in lines_of(key, run, curves, name, axis):
        came = sum(len(table) - grown[table] for table in tables if table.writer == line.writer)
        if not came:
            continue
        if came > _MOST_POINTS or came >= len(line.curve) or not _stand_last(line, came, grown):
            return None
        found.append(_news_of(line, name, came, smooth))
    return found


def _stand_last(line: Line, came: int, grown: dict[Table, int]) -> bool:
    x, first = line.curve.x, len(line.curve) - came
    refs = [line.curve.ref(place) for place in range(first, len(line.curve))]
    return not line.curve.left_out and x[first] >= x[first - 1] and all(row >= grown.get(t, len(t)) for t, row in refs)


def _news_of(line: Line, name: str, came: int, smooth: float) -> dict[str, Any]:
    curve = line.curve
    places = range(len(curve) - came, len(curve))
    bad = [place for place in curve.bad[-came:] if place >= places.start]
    facts: dict[str, Any] = {
        "run": line.run,
        "name": name,
        "writer": line.writer,
        "axis": line.axis,
        "x": raw([curve.x[place] - line.base for place in places]),
        **point_columns(line, places),
        "nonfinite": dict(Counter(nonfinite_text(curve.y[place]) for place in bad)),
        "marks": marks(line, bad),
    }
    if smooth:
        values = curve.smoothed(smooth)
        facts["smooth"] = [None if values[place] - values[place] else values[place] for place in places]
    return facts
