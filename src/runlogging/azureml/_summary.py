"""What there is to show of a run: plain data, and its rows of text. Nothing here prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from runlogging.reading import LogEntry, RunReader, Value

_MAX_ROWS = 100
_MAX_LOG_LINES = 10
_MAX_CELL = 300
_SCALARS = ("text", "bool", "none")


class Table(NamedTuple):
    """A titled table of texts; the first row is a heading where `has_heading` says so."""

    title: str
    rows: list[list[str]]
    has_heading: bool = False


def run_data(run: RunReader) -> dict[str, Any]:
    """Return what there is to show of a run, as plain Python. Times are ISO 8601 in UTC, or None."""
    started, ended, error = run.started or run.created, run.ended, run.error
    # A run that goes on is measured to its last record, so that the same files give the same table.
    until = ended or run.last_record
    return {
        "run_id": run.id,
        "experiment": run.experiment,
        "name": run.name,
        "number": run.number,
        "status": run.status,
        "started": _iso(started),
        "ended": _iso(ended),
        "duration_s": (until - started).total_seconds() if until and started else None,
        "description": run.description,
        "parent": run.parent,
        "error": None if error is None else f"{error.type}: {error.message}".rstrip(": "),
        "tags": run.tags,
        "properties": run.properties,
        "metrics": {
            name: {
                "count": known.count,
                "last": known.last,
                "min": known.min,
                "max": known.max,
                "nonfinite": known.nonfinite,
            }
            for name, known in run.summary().items()
        },
        "values": _values(run.values()),
        "files": {name: entry.size for name, entry in sorted(run.artifacts().items())},
        "logs": [_log_line(entry) for entry in run.logs()[-_MAX_LOG_LINES:]],
    }


def _values(values: Iterable[Value]) -> dict[str, dict[str, Any]]:
    """Return the values that are no numbers: how many, of which type, and the last where it is short by nature."""
    found: dict[str, dict[str, Any]] = {}
    for value in values:
        known = found.setdefault(value.name, {"count": 0})
        known["count"] += 1
        known["type"] = value.type
        known["last"] = value.value if value.type in _SCALARS and value.artifact is None else value.artifact
    return found


def tables(data: dict[str, Any]) -> Iterator[Table]:
    """Yield the tables of a run: what it is, tags, metrics, values, files, and the last lines of its log."""
    yield Table("", [[label, text] for label, text in _facts(data) if text])
    yield Table("Tags", _cut([[_cell(key), _cell(value)] for key, value in data["tags"].items()]))
    yield Table("Metrics", _with_heading(("metric", "count", "last", "min", "max"), _metric_rows(data)), True)
    yield Table("Values", _with_heading(("value", "type", "count", "last"), _value_rows(data)), True)
    yield Table("Files", _cut([[_cell(name), f"{size:,} bytes"] for name, size in data["files"].items()]))
    yield Table("Log", [[_cell(line)] for line in data["logs"]])


def _facts(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "run", _cell(data["run_id"])
    yield "experiment", _cell(data["experiment"]) + (f", run {data['number']}" if data["number"] else "")
    yield "name", _cell(data["name"])
    yield "description", _cell(data["description"])
    yield "status", _cell(data["status"])
    yield "error", _cell(data["error"])
    yield "started", _cell(data["started"])
    yield "ended", _cell(data["ended"])
    yield "took", "" if data["duration_s"] is None else f"{data['duration_s']:.1f} s"
    yield "parent", _cell(data["parent"])


def _metric_rows(data: dict[str, Any]) -> list[list[str]]:
    rows = []
    for name, known in data["metrics"].items():
        last = "not finite" if known["last"] is None and known["nonfinite"] else _number(known["last"])
        rows.append([_cell(name), str(known["count"]), last, _number(known["min"]), _number(known["max"])])
    return rows


def _value_rows(data: dict[str, Any]) -> list[list[str]]:
    return [
        [_cell(name), _cell(known["type"]), str(known["count"]), _cell(known["last"])]
        for name, known in data["values"].items()
    ]


def _with_heading(heading: Iterable[str], rows: list[list[str]]) -> list[list[str]]:
    return [list(heading), *_cut(rows)] if rows else []


def _cut(rows: list[list[str]]) -> list[list[str]]:
    if len(rows) <= _MAX_ROWS:
        return rows
    blank = [""] * (len(rows[0]) - 1)
    return [*rows[:_MAX_ROWS], [f"... and {len(rows) - _MAX_ROWS} more", *blank]]


def _number(value: float | int | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and abs(value) < 10**15 else f"{value:.6g}"


def _cell(value: object) -> str:
    """Return a value as one line that is safe to show: neither a newline nor a control character goes through."""
    if value is None:
        return ""
    text = str(value)
    if len(text) > _MAX_CELL:
        text = f"{text[:_MAX_CELL]}..."
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _log_line(entry: LogEntry) -> str:
    return f"{entry.time.astimezone(UTC):%H:%M:%S} {entry.level} {entry.logger}: {entry.message}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(sep=" ", timespec="seconds")
