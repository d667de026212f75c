"""Curves for charts: true points, sampled on one grid for all curves of a chart.

``api/series?run=&run=&name=&x=&from=&to=&width=&smooth=&writer=&clip=`` answers::

    {"name", "x": [x, ...],            where points are drawn, never falling; all series share it
     "axis": "step",                   step | relstep | wall | relative | active | index | metric:NAME
     "bounds": [least x, greatest x],  of all points, or null where there are none; "from", "to": what is shown
     "sampled": false,                 whether points were left out; if not, each is at its own x
     "width", "smooth": 0.0, "cursors": {run: cursor},
     "series": [{
        "run", "writer", "count": points, "without_x": points that have no x,
        "in_view": points between from and to, "nonfinite": {"NaN": 1},
        "base": seconds,               what was taken off the wall time or step
        "last": {"value", "step"},     the point at the greatest x, or null
        "at": [place in x, ...],       the kept points; the arrays beside it are as long
        "y": [value or null, ...],     null: NaN or an infinity, for the gap in the line
        "x": [true x, ...],            only if sampled
        "step": [step or null, ...], "time": [us since "time0", ...], "time0": us since the epoch, "seq": [...],
        "smooth": [value or null, ...],          at the same points, if smoothing was asked for
        "line": {"at": [...], "y": [...]},       the smoothed curve, sampled by itself, if sampled
        "exact": {place in the arrays: digits},  of whole numbers that no double holds
        "marks": {"kind": "n+-...", "x", "step", "time", "seq", "left_out": 0},  NaN and infinities in view
        "clip": {"low", "high", "outside"}}]}    if clip=1: the limits of the bulk, and how many points lie outside

``api/news?run=&after=&name=&x=&smooth=``, with one ``after`` (a cursor) a run, answers what came since::

    {"cursors": {run: cursor}, "metrics": {run: how many names},
     "news": [{"run", "name", "writer", "x": [...], "y": [...], "step", "time", "time0", "seq", "smooth", "nonfinite",
               "marks"}],
     "again": [{"run", "name"}]}       ask for these anew: they came out of order, or are too many

``api/series.csv?run=&name=`` gives all points of a metric as they were logged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from runlogging._errors import InvalidValueError
from runlogging.viewer._answers import answering, number_of
from runlogging.viewer._axes import Line, bounds_of, lines_of
from runlogging.viewer._curves import shelf_of
from runlogging.viewer._news import news
from runlogging.viewer._points import series_answer
from runlogging.viewer._sampling import Grid

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from runlogging.viewer._state import State

MOST_RUNS = 500
_WIDEST = 16_384


class Asked(NamedTuple):
    """What a request for curves says.

    Attributes:
        name: the metric.
        axis: what x is.
        low, high: what is shown of x; None is all.
        width: how many columns it is shown in.
        smooth: the weight of the smoothing, 0 is none.
        writer: only this writer's curves; "" is all.
        is_clipped: whether the limits of the bulk are asked for.
    """

    name: str
    axis: str
    low: float | None
    high: float | None
    width: int
    smooth: float
    writer: str
    is_clipped: bool


def routes(state: State) -> list[Route]:
    """Return what answers ``api/series``, ``api/series.csv`` and ``api/news``."""
    from starlette.routing import Route

    return [
        Route("/api/series", answering(lambda request: _series(state, request))),
        Route("/api/series.csv", answering(lambda request: _csv(state, request))),
        Route("/api/news", answering(lambda request: news(state, request))),
    ]


def _series(state: State, request: Request) -> dict[str, Any]:
    asked = asked_of(request)
    cursors: dict[str, str] = {}
    lines: list[Line] = []
    for key in request.query_params.getlist("run")[:MOST_RUNS]:
        run = state.run_of(key)
        curves = shelf_of(state).of(run.path)
        with curves.lock:
            cursors[key] = curves.cursor
            found = lines_of(key, run, curves, asked.name, asked.axis)
            lines += [line for line in found if not asked.writer or line.writer == asked.writer]
    bounds = bounds_of(lines)
    grid = grid_of(asked, bounds, lambda low, high: sum(line.count_between(low, high) for line in lines))
    return {
        **series_answer(lines, grid, asked.smooth, is_clipped=asked.is_clipped),
        "name": asked.name,
        "axis": lines[0].axis if lines else asked.axis,
        "bounds": bounds,
        "from": grid.low,
        "to": grid.high,
        "width": asked.width,
        "smooth": asked.smooth,
        "cursors": cursors,
    }


def asked_of(request: Request) -> Asked:
    """Return what a request for curves says.

    Raises:
        InvalidValueError: it names no run or no metric, or a number is none (also a ValueError).
    """
    query = request.query_params
    if not query.get("run") or not query.get("name"):
        raise InvalidValueError("run and name say whose curve of what is asked for")
    return Asked(
        name=query["name"],
        axis=query.get("x") or "step",
        low=float_of(request, "from"),
        high=float_of(request, "to"),
        width=number_of(request, "width", 600, least=1, most=_WIDEST),
        smooth=smooth_of(request),
        writer=query.get("writer", ""),
        is_clipped=query.get("clip") == "1",
    )


def float_of(request: Request, name: str) -> float | None:
    """Return a finite number of a request's query; None where it has none.

    Raises:
        InvalidValueError: it is no number.
    """
    text = request.query_params.get(name, "")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidValueError(f"{name} is a finite number, not {text!r:.80}")
    return number


def smooth_of(request: Request) -> float:
    """Return the weight of the smoothing, from 0 to below 1."""
    weight = float_of(request, "smooth") or 0.0
    if not 0 <= weight < 1:
        raise InvalidValueError(f"smooth is a number from 0 to below 1, not {weight}")
    return weight


def grid_of(asked: Asked, bounds: tuple[float, float] | None, count: Callable[[float, float], int]) -> Grid:
    """Return the grid of a chart.

    Args:
        asked: what is asked for.
        bounds: the least and the greatest x of all points; None where there are none.
        count: tells how many points lie in a part of x.

    Raises:
        InvalidValueError: it begins behind its end (also a ValueError).
    """
    low, high = bounds or (0.0, 1.0)
    low = low if asked.low is None else asked.low
    high = high if asked.high is None else asked.high
    if high < low:
        raise InvalidValueError(f"from is {low}, and to is {high}, which is less")
    is_whole = count(low, high) <= 4 * asked.width
    if not is_whole and low == high:
        low, high = low - 0.5, high + 0.5  # columns need some width
    return Grid(low, high, asked.width, is_whole)


def _csv(state: State, request: Request) -> Response:
    from starlette.responses import StreamingResponse

    asked = asked_of(request)
    run = state.run(request)
    curves = shelf_of(state).of(run.path)
    with curves.lock:
        lines = lines_of(request.query_params["run"], run, curves, asked.name, "index")
    headers = {"Content-Disposition": "attachment; filename=series.csv", "Cache-Control": "no-store"}
    return StreamingResponse(_csv_rows(lines), 200, headers, "text/csv; charset=utf-8")


def _csv_rows(lines: list[Line]) -> Iterator[str]:
    yield "writer,seq,time,step,value\n"
    for line in lines:
        for begin in range(0, len(line.curve), 4_096):
            yield "".join(line.csv_row(place) for place in range(begin, min(begin + 4_096, len(line.curve))))
