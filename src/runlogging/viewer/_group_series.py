"""Curves of groups of runs for charts, in the form of ``api/series``.

``api/group_series?run=&run=&name=&group=&agg=&band=&between=&x=&from=&to=&width=&clip=`` answers as ``api/series``
does, with a series a group::

    {"name", "axis", "x", "bounds", "from", "to", "width", "sampled", "smooth": 0, "cursors": {},
     "between": whether runs count between their own points,
     "groups": ["/lr=0.1, seed=3", ...],   all groups of these runs, also those that have no such metric
     "series": [{"run": "/lr=0.1, seed=3", "values": [...], "runs": how many, "count": places of x, "at", "x",
                 "y": the middle, "low", "high": the band or null, "n": how many runs counted there, "step",
                 "nonfinite", "last": {"value", "step"}, "clip", ...}]}

``group`` may stand several times; it and ``agg`` and ``band`` are those of ``api/runs``. ``between=1`` interpolates,
which times as x always do: no two runs log in the same microsecond. ``clip=1`` asks for the limits of the bulk of the
middle and of both ends of the band; a place of x is outside where one of the three is. ``api/group_series.csv``
answers all places of x as CSV: group, x, centre, low, high, n.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from runlogging._errors import InvalidValueError
from runlogging.viewer._answers import answering
from runlogging.viewer._axes import Line, bounds_of
from runlogging.viewer._bands import check_figures
from runlogging.viewer._group_curves import GroupCurve, bands_of, clip_of, group_curve, kept_of
from runlogging.viewer._group_members import members_of
from runlogging.viewer._points import raw
from runlogging.viewer._sampling import Grid
from runlogging.viewer._series import Asked, asked_of, csv_answer, curves_of, frame_of, grid_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from runlogging.viewer._state import State

_MOST_PLACES = 1_000_000  # of all figures that are kept for zooms; each takes 40 bytes
_STEPS = ("step", "relstep", "index")


class Group(NamedTuple):
    """Some runs that have the same values.

    Attributes:
        label: the values for people, with their names.
        values: what the runs have.
        runs: how many runs it has.
        axis: what x is.
        bounds: the least and the greatest x; None where there are no points.
        without_x: how many points have no x.
        curve: the figures.
    """

    label: str
    values: list[Any]
    runs: int
    axis: str
    bounds: tuple[float, float] | None
    without_x: int
    curve: GroupCurve


def routes(state: State) -> list[Route]:
    """Return what answers ``api/group_series`` and ``api/group_series.csv``."""
    from starlette.routing import Route

    return [
        Route("/api/group_series", answering(lambda request: _series(state, request))),
        Route("/api/group_series.csv", answering(lambda request: _csv(state, request))),
    ]


def _series(state: State, request: Request) -> dict[str, Any]:
    asked = asked_of(request)
    groups, labels, is_between = _groups(state, request, asked)
    known = [group.bounds for group in groups if group.bounds]
    bounds = (min(low for low, _ in known), max(high for _, high in known)) if known else None
    grid = grid_of(asked, bounds, [group.curve.count_between for group in groups])
    return {
        **_drawn(groups, grid, groups[0].axis if groups else asked.axis, is_clipped=asked.is_clipped),
        **frame_of(asked, bounds, grid),
        "smooth": 0.0,
        "between": is_between,
        "groups": [f"/{label}" for label in labels],
        "cursors": {},
    }


def _drawn(groups: Sequence[Group], grid: Grid, axis: str, *, is_clipped: bool) -> dict[str, Any]:
    kept = [kept_of(group.curve, grid) for group in groups]
    slots = sorted({point.slot for points in kept for point in points})
    places = {slot: place for place, slot in enumerate(slots)}
    series = []
    for group, points in zip(groups, kept, strict=True):
        curve, at = group.curve, [point.place for point in points]
        lows, highs = bands_of(curve, points, grid)
        steps = [int(curve.x[place]) if axis == "step" else None for place in at]
        series.append(
            {
                **_facts(group, axis, grid),
                **({"clip": clip_of(curve, grid)} if is_clipped else {}),
                "at": raw([places[point.slot] for point in points]),
                "y": raw([_number(curve.centre[place]) for place in at]),
                "x": raw([curve.x[place] for place in at]),
                "low": raw(lows),
                "high": raw(highs),
                "n": raw([curve.n[place] for place in at]),
                "step": steps,
                "time0": 0,
                "time": raw([0] * len(at)),
                "seq": raw([0] * len(at)),
            }
        )
    return {"x": raw([x for x, _ in slots]), "axis": axis, "sampled": not grid.is_whole, "series": series}


def _facts(group: Group, axis: str, grid: Grid) -> dict[str, Any]:
    curve = group.curve
    last = len(curve) - 1
    step = int(curve.x[last]) if last >= 0 and axis == "step" else None
    return {
        "run": f"/{group.label}",
        "writer": "",
        "values": group.values,
        "runs": group.runs,
        "count": len(curve),
        "without_x": group.without_x,
        "in_view": curve.count_between(grid.low, grid.high),
        "nonfinite": curve.nonfinite,
        "base": 0.0,
        "last": {"value": curve.centre[last], "step": step} if last >= 0 else None,
        "marks": {"kind": "", "x": [], "step": [], "time": [], "time0": 0, "seq": [], "left_out": 0},
    }


def _number(value: float) -> float | None:
    return value if value - value == 0 else None


# ---------------------------------------------------------------------- groups


def _groups(state: State, request: Request, asked: Asked) -> tuple[list[Group], list[str], bool]:
    """Return the groups that have the metric, the labels of all, and whether runs count between their points."""
    query = request.query_params
    agg, band = query.get("agg") or "mean", query.get("band") or "std"
    check_figures(agg, band)
    by = query.getlist("group")
    if not by:
        raise InvalidValueError("group says by which column: experiment, params.NAME, tags.NAME ...")
    cursors, lines = curves_of(state, asked)
    is_between = query.get("between") == "1" or asked.axis not in _STEPS
    kept: OrderedDict[Any, list[Group]] = state.kept("groups", state.settings.root, OrderedDict, 1)
    members = members_of(state, asked.runs, by)
    known = (asked.name, asked.axis, agg, band, is_between, json.dumps(list(members.items())), *cursors.values())
    if known not in kept:
        # A zoom asks for the same figures again.
        kept[known] = [
            _group(label, values, own, lambda own: group_curve(own, agg, band, is_interpolated=is_between))
            for label, (values, runs) in members.items()
            if (own := [line for run in runs for line in lines[run]])
        ]
        while len(kept) > 1 and sum(map(_size, kept.values())) > _MOST_PLACES:
            kept.popitem(last=False)
    kept.move_to_end(known)
    return kept[known], list(members), is_between


def _size(groups: Sequence[Group]) -> int:
    return sum(len(group.curve) for group in groups)


def _group(label: str, values: list[Any], lines: list[Line], curve_of: Callable[[list[Line]], GroupCurve]) -> Group:
    # What is kept holds no curve of a run: the shelf lets go of those when they are many.
    without_x = sum(line.curve.left_out for line in lines)
    runs = len({line.run for line in lines})
    return Group(label, values, runs, lines[0].axis, bounds_of(lines), without_x, curve_of(lines))


# ---------------------------------------------------------------------- as a file


def _csv(state: State, request: Request) -> Response:
    groups, *_ = _groups(state, request, asked_of(request))
    parts = [(len(group.curve), partial(_row, group.label.replace('"', '""'), group.curve)) for group in groups]
    return csv_answer("groups.csv", "group,x,centre,low,high,n\n", parts)


def _row(label: str, curve: GroupCurve, place: int) -> str:
    figures = (curve.x[place], curve.centre[place], curve.low[place], curve.high[place], curve.n[place])
    return f'"{label}",{",".join(map(repr, figures))}\n'
