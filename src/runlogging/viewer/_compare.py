"""Runs compared, and the columns of a sweep.

``api/compare?run=&run=&level=&all=`` answers what `runlogging.reading.comparing.Comparison.as_dict` gives, without what
is the same in all runs unless ``all=1``, and with::

    {"keys": ["experiment/id", ...]   in the order of "runs"; the first is the baseline
     "same": {"parameters": 3, ...},  how much was left out
     "problems": [{"run", "problem"}]}  runs that could not be read; the others are compared

``api/scatter?run=&run=&column=&column=``, or ``where=`` and ``experiment=`` in place of ``run=``, answers the values of
some columns of the runs' table: ``{"columns": [...], "total": runs that fit, "rows": [{"key", "id", "name", "status",
"values": [...]}]}``. The columns are named as those of ``api/runs``.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError, RunLoggingError
from runlogging.reading import RunReader
from runlogging.reading.comparing import compare
from runlogging.viewer._answers import answering
from runlogging.viewer._run_columns import column_of
from runlogging.viewer._run_items import Item
from runlogging.viewer._run_table import table_of

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.routing import Route

    from runlogging.viewer._state import State

MOST_RUNS = 100
_MOST_POINTS = 2_000
_MOST_COLUMNS = 50
_KEPT = 8
_SECTIONS = ("parameters", "tags", "environment", "metrics", "logs")

Kept = OrderedDict[tuple[Any, ...], dict[str, Any]]


def routes(state: State) -> list[Route]:
    """Return what answers ``api/compare`` and ``api/scatter``."""
    from starlette.routing import Route

    return [
        Route("/api/compare", answering(lambda request: _compare(state, request))),
        Route("/api/scatter", answering(lambda request: _scatter(state, request))),
    ]


# ---------------------------------------------------------------------- comparing


def _compare(state: State, request: Request) -> dict[str, Any]:
    query = request.query_params
    keys = list(dict.fromkeys(query.getlist("run")))
    if len(keys) > MOST_RUNS:
        raise InvalidValueError(f"{len(keys)} runs are too many to compare; choose {MOST_RUNS} at most.")
    level, is_whole = query.get("level") or "WARNING", query.get("all") == "1"
    readers, problems = _readers(state, keys)
    # A comparison reads the runs whole: it is kept until one of them changes.
    asked = (level, is_whole, *((key, _marks(run.path)) for key, run in readers.items()))
    kept: Kept = state.kept("comparisons", state.settings.root, OrderedDict, 1)
    found = kept.get(asked)
    if found is None:
        found = kept[asked] = compared(readers, level, is_whole=is_whole)
        while len(kept) > _KEPT:
            kept.popitem(last=False)
    return {**found, "keys": list(readers), "problems": problems}


def _readers(state: State, keys: Sequence[str]) -> tuple[dict[str, RunReader], list[dict[str, str]]]:
    readers: dict[str, RunReader] = {}
    problems: list[dict[str, str]] = []
    for key in keys:
        try:
            readers[key] = state.run_of(key)
        except (RunLoggingError, OSError) as error:
            problems.append({"run": key, "problem": str(error)})
    if len(readers) < 2:
        said = "".join(f" {one['problem']}" for one in problems[:3])
        raise InvalidValueError(f"Two runs at least are needed to compare.{said}")
    return readers, problems


def compared(readers: dict[str, RunReader], level: str, *, is_whole: bool) -> dict[str, Any]:
    """Return a comparison as plain data, with how much of each section was left out."""
    found = compare(*readers.values(), level=int(level) if level.isdecimal() else level)
    shown = found if is_whole else found.only_differences()
    same = {name: len(getattr(found, name)) - len(getattr(shown, name)) for name in _SECTIONS}
    return {**shown.as_dict(), "same": same}


def _marks(run: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what tells whether a run folder is as it was."""
    with os.scandir(run) as entries:
        return tuple(sorted((one.name, (facts := one.stat()).st_size, facts.st_mtime_ns) for one in entries))


# ---------------------------------------------------------------------- sweeps


def _scatter(state: State, request: Request) -> dict[str, Any]:
    query = request.query_params
    columns = [column_of(name) for name in query.getlist("column")[:_MOST_COLUMNS]]
    table = table_of(state)
    table.refresh()
    table.wait()
    with table.lock:
        items = _asked_items(
            table.chosen(query.get("where", ""), (), query.get("experiment", "")), query.getlist("run")
        )
        rows = [
            {
                "key": item.key,
                "id": item.id,
                "name": item.name,
                "status": item.status,
                "values": [column.value(item) for column in columns],
            }
            for item in items[:_MOST_POINTS]
        ]
    return {"columns": [column.name for column in columns], "total": len(items), "rows": rows}


def _asked_items(items: list[Item], keys: Sequence[str]) -> list[Item]:
    wanted = set(keys)
    return [item for item in items if not item.problem and (not wanted or item.key in wanted)]
