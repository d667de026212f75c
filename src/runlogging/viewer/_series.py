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
from collections.abc import Callable, Iterable, Iterator, Sequence
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

_MOST_RUNS = 500
_WIDEST = 16_384
_CSV_ROWS = 4_096  # that are sent at once

Count = Callable[[float, float], int]
"""Tells how many points of a curve lie between two places of x."""


class Asked(NamedTuple):
    """What a request for curves says.

    Attributes:
        runs: the runs, each once.
        name: the metric.
        axis: what x is.
        low, high: what is shown of x; None is all.
        width: how many columns it is shown in.
        smooth: the weight of the smoothing, 0 is none.
        writer: only this writer's curves; "" is all.
        is_clipped: whether the limits of the bulk are asked for.
    """

    runs: list[str]
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
    cursors, found = curves_of(state, asked)
    lines = [line for own in found.values() for line in own if not asked.writer or line.writer == asked.writer]
    bounds = bounds_of(lines)
    grid = grid_of(asked, bounds, [line.count_between for line in lines])
    return {
        **series_answer(lines, grid, asked.smooth, is_clipped=asked.is_clipped),
        **frame_of(asked, bounds, grid),
        "axis": lines[0].axis if lines else asked.axis,
        "smooth": asked.smooth,
        "cursors": cursors,
    }


def curves_of(state: State, asked: Asked) -> tuple[dict[str, str], dict[str, list[Line]]]:
    """Return how far each run was read, as a cursor, and its curves of the metric.

    Raises:
        RunNotFoundError: one of the runs is gone.
        InvalidValueError: there is no such axis (also a ValueError).
    """
    cursors: dict[str, str] = {}
    lines: dict[str, list[Line]] = {}
    for key in asked.runs:
        run = state.run_of(key)
        curves = shelf_of(state).of(run.path)
        with curves.lock:
            cursors[key] = curves.cursor
            lines[key] = lines_of(key, run, curves, asked.name, asked.axis)
    return cursors, lines


def asked_of(request: Request) -> Asked:
    """Return what a request for curves says.

    Raises:
        InvalidValueError: it names no run or no metric, or a number is none (also a ValueError).
    """
    query = request.query_params
    if not query.get("run") or not query.get("name"):
        raise InvalidValueError("run and name say whose curve of what is asked for")
    return Asked(
        runs=list(dict.fromkeys(query.getlist("run")))[:_MOST_RUNS],
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


def grid_of(asked: Asked, bounds: tuple[float, float] | None, counts: Iterable[Count]) -> Grid:
    """Return the grid of a chart.

    Args:
        asked: what is asked for.
        bounds: the least and the greatest x of all points; None where there are none.
        counts: one a curve.

    Raises:
        InvalidValueError: it begins behind its end (also a ValueError).
    """
    low, high = bounds or (0.0, 1.0)
    low = low if asked.low is None else asked.low
    high = high if asked.high is None else asked.high
    if high < low:
        raise InvalidValueError(f"from is {low}, and to is {high}, which is less")
    is_whole = sum(count(low, high) for count in counts) <= 4 * asked.width
    if not is_whole and low == high:
        low, high = low - 0.5, high + 0.5  # columns need some width
    return Grid(low, high, asked.width, is_whole)


def frame_of(asked: Asked, bounds: tuple[float, float] | None, grid: Grid) -> dict[str, Any]:
    """Return the part of an answer that says what of which metric is shown."""
    return {"name": asked.name, "bounds": bounds, "from": grid.low, "to": grid.high, "width": asked.width}


# ---------------------------------------------------------------------- as a file


def _csv(state: State, request: Request) -> Response:
    asked = asked_of(request)
    _, lines = curves_of(state, asked._replace(runs=[request.query_params["run"]], axis="index"))
    parts = [(len(line.curve), line.csv_row) for own in lines.values() for line in own]
    return csv_answer("series.csv", "writer,seq,time,step,value\n", parts)


def csv_answer(name: str, titles: str, parts: Sequence[tuple[int, Callable[[int], str]]]) -> Response:
    """Return a download that is made while it is sent.

    Args:
        name: of the file.
        titles: the first line.
        parts: how many rows each part has, and what makes the row of a place.
    """
    from starlette.responses import StreamingResponse

    headers = {"Content-Disposition": f"attachment; filename={name}", "Cache-Control": "no-store"}
    return StreamingResponse(_csv_pieces(titles, parts), 200, headers, "text/csv; charset=utf-8")


def _csv_pieces(titles: str, parts: Sequence[tuple[int, Callable[[int], str]]]) -> Iterator[str]:
    yield titles
    for count, row in parts:
        for begin in range(0, count, _CSV_ROWS):
            yield "".join(map(row, range(begin, min(begin + _CSV_ROWS, count))))
