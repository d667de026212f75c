"""The table of runs: filtered, sorted, grouped, and only the window of it that is seen.

``api/runs?where=&sort=&experiment=&offset=&limit=&columns=&hidden=&closed=&fold=&group=&agg=&band=&about=&fresh=&wait=
&rest=`` answers::

    {"total": rows in the table, "fitting": runs that fit the filter, "offset", "version", "problems": damaged runs,
     "runs": all runs, "loading": whether runs are still being read, "read": of how many all is known,
     "rows": [{"key": "experiment/id", "id", "experiment", "name", "number", "status", "created", "started", "ended",
               "duration", "parent", "path", "problem", "depth", "children": how many rows hang on it, "closed",
               "fits": false for a parent that stands here for its children only, "cells": {column: value}}],
     "columns": [{"name", "kind": "fact|param|tag|metric", "count"}], "experiments": [{"name", "count"}],  with about=1
     "groups": [{"values": [...], "where": filter, "count", "statuses": {status: n},
                 "cells": {column: {"n", "centre", "low", "high", "nonfinite"}}}]}                       with group=

``sort``, ``columns``, ``group``, ``hidden`` and ``closed`` may stand several times, one name each. A column is named
``duration``, ``params.NAME``, ``tags.NAME`` or ``metrics.NAME`` with the name as it is; a metric is its last value, and
``min(metrics.NAME)``, ``max``, ``mean``, ``count`` and ``step`` are the other figures of its summary. ``-`` before a
``sort`` is from the greatest down. A child stands below its parent in any order; siblings are sorted among themselves.

The first answer comes before all runs have been read. A filter, an order or a group waits for what it looks at, at most
``wait`` milliseconds where that is given: then what is not known yet counts as missing, and ``loading`` is true. With
``rest=1`` any answer waits for all runs, in the same way.

``api/sparks?run=&name=``, each of which may stand several times, answers ``{run: {name: [value, ...]}}`` with at most
120 values each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from runlogging.folder import clean_text
from runlogging.reading.search._filter import parse_filter
from runlogging.viewer._answers import answering, number_of
from runlogging.viewer._run_columns import Column, column_of, filled_columns
from runlogging.viewer._run_groups import grouped
from runlogging.viewer._run_items import Item
from runlogging.viewer._run_order import Line, nested
from runlogging.viewer._run_table import RunTable, table_of
from runlogging.viewer._sparks import sparks

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from runlogging.viewer._state import State

_MOST_ROWS = 1_000
_MOST_COLUMNS = 1_000
_SAID = (
    *("key", "id", "experiment", "name", "number", "status", "created", "started", "ended", "duration", "parent"),
    "problem",
)


def routes(state: State) -> list[Route]:
    """Return what answers ``api/runs`` and ``api/sparks``."""
    from starlette.routing import Route

    return [
        Route("/api/runs", answering(lambda request: _runs(state, request))),
        Route("/api/sparks", answering(lambda request: _sparks(state, request))),
    ]


def _runs(state: State, request: Request) -> dict[str, Any]:
    query = request.query_params
    table = table_of(state)
    table.refresh(fresh=query.get("fresh") == "1")
    is_needed = any(query.get(name, "").strip() for name in ("where", "sort", "group"))
    needs_metrics = is_needed and _needs_metrics(request)  # what cannot be read needs no waiting
    if is_needed or query.get("rest") == "1":
        seconds = number_of(request, "wait", 0) / 1000 if query.get("wait") else None
        table.wait(metrics=needs_metrics or query.get("rest") == "1", seconds=seconds)
    with table.lock:
        answer: dict[str, Any] = {"version": table.version, "runs": table.size}
        answer.update(loading=not table.is_loaded, read=table.done)
        answer.update(_grouped(table, request) if query.get("group") else _window(table, request))
        answer["problems"] = sum(bool(item.problem) for item in table.items)
        if query.get("about") == "1":
            answer["experiments"], answer["columns"] = table.experiments(), filled_columns(table.store)
        return answer


def _needs_metrics(request: Request) -> bool:
    """Tell whether a filter, an order or groups look at metrics; what cannot be read raises."""
    query = request.query_params
    names = [name.removeprefix("-") for name in query.getlist("sort")]
    if query.get("group"):
        names += [*query.getlist("group"), *query.getlist("columns")]
    is_filtered = parse_filter(query.get("where", "")).needs_metrics
    return is_filtered or any(column_of(name).room == "metrics" for name in names)


def _columns(request: Request) -> list[Column]:
    return [column_of(name) for name in request.query_params.getlist("columns")[:_MOST_COLUMNS]]


def _grouped(table: RunTable, request: Request) -> dict[str, Any]:
    query = request.query_params
    by = [column_of(name) for name in query.getlist("group")]
    chosen = table.chosen(query.get("where", ""), query.getlist("sort"), query.get("experiment", ""))
    groups = grouped(chosen, by, _columns(request), query.get("agg", "mean"), query.get("band", "std"))
    return {"fitting": len(chosen), "groups": groups}


def _window(table: RunTable, request: Request) -> dict[str, Any]:
    query, columns = request.query_params, _columns(request)
    sort, experiment = query.getlist("sort"), query.get("experiment", "")
    offset, limit = number_of(request, "offset", 0), number_of(request, "limit", 100, most=_MOST_ROWS)
    if not table.is_listed and not sort and not query.get("where", "").strip():
        total, items = table.newest(offset, limit, experiment)
        lines = [Line(item, 0, 0, True, False) for item in items]
        return {"fitting": total, "total": total, "offset": offset, "rows": [_line(line, columns) for line in lines]}
    chosen = table.chosen(query.get("where", ""), sort, experiment)
    hidden = set(query.getlist("hidden"))
    if hidden:
        chosen = [item for item in chosen if item.key not in hidden]
    turned, all_closed = set(query.getlist("closed")), query.get("fold") == "all"
    total, lines = _windowed(table, chosen, sort, lambda key: (key in turned) != all_closed, offset, limit)
    table.read_now(line.item for line in lines)
    rows = [_line(line, columns) for line in lines]
    return {"fitting": len(chosen), "total": total, "offset": offset, "rows": rows}


def _windowed(
    table: RunTable, chosen: list[Item], sort: Sequence[str], is_closed: Callable[[str], bool], offset: int, limit: int
) -> tuple[int, list[Line]]:
    """Return how many rows there are, and some of them; without parents each run is one, and only these are made."""
    parents = table.parents
    if not parents:
        return len(chosen), nested(chosen[offset : offset + limit], (), parents, sort, is_closed)
    lines = nested(chosen, table.items, parents, sort, is_closed)
    return len(lines), lines[offset : offset + limit]


def _line(line: Line, columns: Sequence[Column]) -> dict[str, Any]:
    item = line.item
    return {
        **{name: getattr(item, name) for name in _SAID},
        "path": clean_text(item.path),  # a folder's name may be no UTF-8
        "tags": dict(item.tags),
        "depth": line.depth,
        "children": line.children,
        "closed": line.is_closed,
        "fits": line.fits,
        "cells": {column.name: column.value(item) for column in columns},
    }


def _sparks(state: State, request: Request) -> dict[str, dict[str, list[Any]]]:
    return sparks(state, request.query_params.getlist("run"), request.query_params.getlist("name"))
