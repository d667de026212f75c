"""What one run is: its facts, its metrics by name, what else it holds.

``api/run?run=`` answers ``key``, ``facts``, ``metrics`` (a list of ``name``, ``count``, ``last``, ``min``, ``max``,
``mean``, ``step``, ``nonfinite``), ``values`` (``name``, ``type``, ``count``, ``step``), ``files``, ``children``,
``writers``, and ``problems``; the last and ``children`` are null where they would take long, and
``api/problems`` and ``api/children`` find them in any case.
``api/children?run=`` answers ``runs``, ``api/environment?run=`` what the run was started with.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from runlogging.folder import MetricSummary, clean_text, format_time
from runlogging.reading import RunReader
from runlogging.reading._summaries import run_summary
from runlogging.reading.search._listing import rows_in
from runlogging.reading.search._row import RunRow
from runlogging.reading.search._scan import names_in
from runlogging.viewer._answers import answering
from runlogging.viewer._curves import RunCurves, Shelf, shelf_of
from runlogging.viewer._table import NO_STEP

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from runlogging.viewer._state import State

_FACTS = (
    *("id", "experiment", "name", "number", "type", "description", "parent", "status", "created", "started", "ended"),
    *("last_record", "tags", "properties", "parameters"),
)
# Below this all lines are looked at for problems before the page is shown.
_SOON_BYTES = 4_000_000
# Among more siblings than this, children are looked for only when they are asked for.
_FEW_RUNS = 300
_RUNNING = ("Running", "Finalizing", "CancelRequested")


def routes(state: State) -> list[Route]:
    """Return what answers ``api/run``, ``api/problems``, ``api/children`` and ``api/environment``."""
    from starlette.routing import Route

    def problems(request: Request) -> dict[str, Any]:
        run = state.run(request)
        return {"problems": _problems(run), "faults": run.faults}

    def environment(request: Request) -> dict[str, Any]:
        return {"environment": state.run(request).environment}

    return [
        Route("/api/run", answering(lambda request: _run(state.run(request), shelf_of(state)))),
        Route("/api/problems", answering(problems)),
        Route(
            "/api/children", answering(lambda request: {"runs": [_child(row) for row in _children(state.run(request))]})
        ),
        Route("/api/environment", answering(environment)),
    ]


def _run(run: RunReader, shelf: Shelf) -> dict[str, Any]:
    status = run.status
    is_kept = all(writer.ended for writer in run.writers)
    if is_kept:
        shelf.load(run.path)  # the curves are asked for next
        metrics = _metric_rows(run_summary(run.path))
        values = _values_apart(run)
    else:
        curves = shelf.of(run.path)
        with curves.lock:
            metrics = [_metric_row(name, _summary(curves, name)) for name in curves.named]
            values = _value_rows(curves)
    size = run.stream_bytes
    return {
        "key": clean_text(f"{run.path.parent.name}/{run.path.name}"),
        "facts": _facts(run, status),
        "metrics": metrics,
        "values": values,
        "files": len(run.artifacts()),
        "children": _count_children(run),
        "writers": [msgspec.to_builtins(writer) for writer in run.writers],
        "problems": _problems(run) if size < _SOON_BYTES else None,
        "bytes": size,
    }


def _facts(run: RunReader, status: str) -> dict[str, Any]:
    facts = {name: _plain(getattr(run, name)) for name in _FACTS}
    return {
        **facts,
        "seconds": _elapsed(run, status),
        "attempts": len(run.attempts),
        "dropped": msgspec.to_builtins(run.dropped),
        "error": msgspec.to_builtins(run.error),
        "faults": run.faults if status in ("Failed", "NotResponding") else {},
        "path": str(run.path),
    }


def _plain(value: Any) -> Any:
    return format_time(value.timestamp()) if isinstance(value, datetime) else value


def _elapsed(run: RunReader, status: str) -> float | None:
    end = run.ended or (datetime.now(UTC) if status in _RUNNING else run.last_record)
    return (end - run.started).total_seconds() if end and run.started else None


def _metric_rows(summaries: dict[str, MetricSummary]) -> list[dict[str, Any]]:
    return [_metric_row(name, msgspec.structs.asdict(summary)) for name, summary in summaries.items()]


def _metric_row(name: str, facts: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, **facts}


def _summary(curves: RunCurves, name: str) -> dict[str, Any]:
    tables = curves.named[name]
    stats = [table.stats[name] for table in tables]
    count = sum(len(table) for table in tables)
    finite = sum(stat.count for stat in stats)
    last = max(tables, key=lambda table: table.seqs[-1])
    value, step = last.values[name][-1], last.steps[-1]
    return {
        "count": count,
        "last": None if value - value else value,
        "min": min(stat.low for stat in stats) if finite else None,
        "max": max(stat.high for stat in stats) if finite else None,
        "mean": sum(stat.total for stat in stats) / finite if finite else None,
        "step": None if step == NO_STEP else step,
        "nonfinite": count - finite,
    }


def _value_rows(curves: RunCurves) -> list[dict[str, Any]]:
    return [
        {"name": name, "type": kind, "count": found.times, "step": found.step}
        for (name, kind), found in curves.values.items()
    ]


def _values_apart(run: RunReader) -> list[dict[str, Any]]:
    """Return what the stream of values holds, without the one of metrics."""
    curves = RunCurves(run.path, ("values",))
    curves.refresh()
    return _value_rows(curves)


def _problems(run: RunReader) -> list[dict[str, Any]]:
    return [problem._asdict() for problem in run.problems]


def _children(run: RunReader) -> list[RunRow]:
    """Return the runs of the experiment that name it as their parent, oldest first."""
    rows = rows_in(run.path.parent)
    return sorted((row for row in rows if row.parent == run.id), key=lambda row: row.created or "")


def _count_children(run: RunReader) -> int | None:
    return len(_children(run)) if len(names_in(str(run.path.parent))) < _FEW_RUNS else None


def _child(row: RunRow) -> dict[str, Any]:
    facts = {name: getattr(row, name) for name in ("id", "name", "number", "started", "ended", "tags", "status")}
    return {"key": clean_text("/".join((row.path.parent.name, row.path.name))), **facts, "seconds": row.duration}
