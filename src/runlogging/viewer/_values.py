"""What a run logged that is no number: texts, lists, tables, pictures, charts.

``api/values?run=`` answers ``names``: ``name``, ``type``, ``count``, ``step``. With ``name=`` (and ``type=``,
``offset=``, ``limit=``, ``last=1`` for the end of it) it answers ``total``, ``offset`` and ``rows`` of ``index``,
``step``, ``time``, ``type``, ``description``, ``artifact``, ``file`` (for ``file/`` and ``preview/``), ``shape`` and
``preview``.
``api/value?run=&name=&index=`` answers one of them whole, as ``value``; ``cut`` is a sentence where it is not whole.
``api/table?run=&name=`` (``index=``, ``sort=``, ``descending=1``, ``offset=``, ``limit=``, ``as=csv``) answers
``columns``, ``total`` and ``rows``, and with ``line=1`` the ``line`` of the first two numeric columns. Without an index
all rows and tables of the name stand below each other. ``api/histograms?run=&name=`` answers ``total`` and the
``rows`` of at most 64 steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError, RunLoggingError
from runlogging.folder import format_time
from runlogging.viewer._answers import answering, number_of
from runlogging.viewer._downloads import disposition
from runlogging.viewer._file_table import files_of
from runlogging.viewer._value_bounds import Bound
from runlogging.viewer._value_histograms import over_steps
from runlogging.viewer._value_store import content_of, store_of
from runlogging.viewer._value_tables import Columns, columns_of, csv_of, joined, length_of, line_of, order_of, rows_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from runlogging.reading import RunReader, Value
    from runlogging.viewer._state import State

_MOST_ROWS = 10_000
_PREVIEW_CHARS = 240
_PREVIEW_ITEMS = 8
# Elements of a value that the page gets: a list, and the confusion matrix of 1,000 classes.
_MOST_ITEMS = 100_000
_MOST_CELLS = 1_200_000
_CHARTS = frozenset({"confusion_matrix", "accuracy_table", "residuals", "predictions", "histogram"})


def routes(state: State) -> list[Route]:
    """Return what answers ``api/values``, ``api/value``, ``api/table`` and ``api/histograms``."""
    from starlette.routing import Route

    return [
        Route("/api/values", answering(lambda request: _list(state, request))),
        Route("/api/value", answering(lambda request: _one(state, request))),
        Route("/api/table", answering(lambda request: _table(state, request))),
        Route("/api/histograms", answering(lambda request: _histograms(state, request))),
    ]


# ---------------------------------------------------------------------- lists of values


def _list(state: State, request: Request) -> dict[str, Any]:
    run = state.run(request)
    if "name" not in request.query_params:
        return {"names": store_of(state, run).names()}
    found = _chosen(state, run, request)
    limit = number_of(request, "limit", 100, most=_MOST_ROWS)
    offset = number_of(request, "offset", 0)
    if request.query_params.get("last"):
        offset = max(0, len(found) - limit)
    rows = [_row(state, run, place, value) for place, value in found[offset : offset + limit]]
    return {"name": request.query_params["name"], "total": len(found), "offset": offset, "rows": rows}


def _chosen(state: State, run: RunReader, request: Request) -> list[tuple[int, Value]]:
    """Return the values that a request means, each with its place among all of the name."""
    kinds = request.query_params.getlist("type")
    values = store_of(state, run).of(request.query_params.get("name", ""))
    return [(place, value) for place, value in enumerate(values) if not kinds or value.type in kinds]


def _row(state: State, run: RunReader, place: int, value: Value) -> dict[str, Any]:
    return {**_facts(state, run, place, value), "preview": _preview(value)}


def _facts(state: State, run: RunReader, place: int, value: Value) -> dict[str, Any]:
    artifact = value.artifact
    return {
        "index": place,
        "step": value.step,
        "time": format_time(value.time.timestamp()),
        "seq": value.seq,
        "writer": value.writer,
        "type": value.type,
        "description": value.description,
        "artifact": artifact,
        "file": files_of(state).id_of(run, artifact) if artifact is not None else None,
        "shape": value.shape,
    }


def _preview(value: Value) -> Any:
    """Return the beginning of a value that lies in its line; None of others."""
    if value.artifact is not None:
        return None
    try:
        content = value.value
    except (RunLoggingError, OSError):
        return None
    if isinstance(content, str):
        return content[:_PREVIEW_CHARS]
    if isinstance(content, list):
        return {"items": [_small(item) for item in content[:_PREVIEW_ITEMS]], "length": len(content)}
    if not isinstance(content, dict):
        return content
    if value.type == "row":
        return {str(name): _small(cell) for name, cell in list(content.items())[:_PREVIEW_ITEMS]}
    if value.type == "table":
        columns = columns_of("table", content)
        return {"columns": list(columns)[:_PREVIEW_ITEMS], "rows": length_of(columns)}
    return {"keys": [str(key)[:_PREVIEW_CHARS] for key in list(content)[:_PREVIEW_ITEMS]]}


def _small(item: Any) -> Any:
    if isinstance(item, str):
        return item[:_PREVIEW_CHARS]
    return f"{type(item).__name__} of {len(item)}" if isinstance(item, list | dict) else item


# ---------------------------------------------------------------------- one value


def _one(state: State, request: Request) -> dict[str, Any]:
    run = state.run(request)
    place, value = _at(state, run, request)
    facts = _facts(state, run, place, value)
    if value.type in ("image", "figure") and value.artifact is not None:
        return {**facts, "value": None, "cut": None}
    bound = Bound(_MOST_CELLS if value.type in _CHARTS else _MOST_ITEMS)
    content = bound.cut(content_of(value, run))
    return {**facts, "value": content, "cut": bound.sentence}


def _histograms(state: State, request: Request) -> dict[str, Any]:
    run = state.run(request)
    return over_steps(_chosen(state, run, request), run)


def _at(state: State, run: RunReader, request: Request) -> tuple[int, Value]:
    name = request.query_params.get("name", "")
    values = store_of(state, run).of(name)
    if not values:
        raise InvalidValueError(f"nothing was logged under {name!r:.200} in this run")
    place = number_of(request, "index", len(values) - 1)
    if place >= len(values):
        raise InvalidValueError(f"{name!r:.200} has {len(values)} values; there is no number {place}")
    return place, values[place]


# ---------------------------------------------------------------------- tables


def _table(state: State, request: Request) -> Any:
    run = state.run(request)
    if "index" in request.query_params:
        _, value = _at(state, run, request)
        table = columns_of(value.type, content_of(value, run))
    else:
        found = [value for _, value in _chosen(state, run, request) if value.type in ("row", "table")]
        table = joined((value.type, content_of(value, run)) for value in found)
    if request.query_params.get("as") == "csv":
        return _csv_answer(table, request.query_params.get("name", "table"))
    return _table_page(table, request)


def _table_page(table: Columns, request: Request) -> dict[str, Any]:
    asked = request.query_params
    offset = number_of(request, "offset", 0)
    limit = number_of(request, "limit", 100, most=_MOST_ROWS)
    places: Sequence[int] = range(length_of(table))
    if "sort" in asked:
        places = order_of(table, asked["sort"], descending=bool(asked.get("descending")))
    places = places[offset : offset + limit]
    facts = {"columns": list(table), "total": length_of(table), "offset": offset}
    line = {"line": line_of(table)} if asked.get("line") else {}
    return {**facts, "numbers": list(places), "rows": rows_of(table, places), **line}


def _csv_answer(table: Columns, name: str) -> Any:
    from starlette.responses import Response

    headers = {"Content-Disposition": disposition(f"{name.replace('/', '-')}.csv", inline=False)}
    text = csv_of(table).encode("utf-8", "backslashreplace")
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
