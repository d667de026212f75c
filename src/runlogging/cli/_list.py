"""``runlogging ls``: the runs below a root."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from runlogging._errors import RootError
from runlogging.cli._escape import escape, escape_cell
from runlogging.cli._json import fields_of, json_array
from runlogging.cli._output import STATUS_COLOURS, Output
from runlogging.cli._tables import Cell, Column, cut, list_cell, table_lines
from runlogging.cli._text import duration_text, full_text, short_number, short_text
from runlogging.folder import RUN_MANIFEST, find_root
from runlogging.reading import RunReader, list_runs

SHOWN_METRICS = 4
_WIDE = 119  # columns in which a whole id leaves room for the rest
_METRICS = 6  # where this column stands
_MADE_ID = re.compile(r"\d{8}T\d{6}-\d{6}-[a-z0-9]{6}")
_SHORTEST = len("20261123T230502")


def list_runs_below(root: str, experiment: str | None, output: Output, *, as_json: bool) -> None:
    """List runs, newest first; say what to do where there are none."""
    folder = find_root(root)
    if folder.exists() and not folder.is_dir():
        raise RootError(f"{folder} is a file; name a folder of runs.", folder)
    runs = list_runs(folder)
    chosen = [run for run in runs if experiment in (None, run.experiment)]
    if as_json:
        output.write_all(json_array(map(_facts, chosen)))
    elif chosen:
        is_narrow = output.width is not None and output.width < _WIDE
        output.write_all(_narrow_table(chosen, _short_ids(runs), output) if is_narrow else _table(chosen, output))
    else:
        output.write(escape(_nothing(folder, experiment, has_runs=bool(runs))))


def elapsed(run: RunReader, status: str) -> float | None:
    """Return how many seconds a run took, has taken so far, or took until its last record; None if unknown."""
    end = run.ended or (datetime.now(UTC) if status == "Running" else run.last_record)
    return (end - run.started).total_seconds() if end and run.started else None


def _facts(run: RunReader) -> dict[str, Any]:
    status = run.status
    facts = fields_of(run, ("id", "experiment", "name"))
    metrics = {name: metric.last for name, metric in run.summary().items()}
    times = fields_of(run, ("created", "started", "ended"))
    return {**facts, "status": status, **times, "seconds": elapsed(run, status), "metrics": metrics, "path": run.path}


_COLUMNS = (
    Column("ID"),
    Column("EXPERIMENT", least=10),
    Column("NAME", least=8),
    Column("STATUS"),
    Column("STARTED"),
    Column("TOOK", is_number=True),
    Column("METRICS", least=30),
)


def _table(runs: Sequence[RunReader], output: Output) -> Iterator[str]:
    return _filled([_row(run, run.id, output) for run in runs], output)


def _narrow_table(runs: Sequence[RunReader], names: dict[Path, str], output: Output) -> Iterator[str]:
    """Yield the table with the metrics of a run on a line of their own below it."""
    rows = [_row(run, names[run.path], output) for run in runs]
    titles, *lines = _filled([row[:_METRICS] for row in rows], output)
    yield titles
    for row, line in zip(rows, lines, strict=True):
        yield line
        if row[_METRICS].text:
            yield "  " + output.paint(cut(row[_METRICS], (output.width or _WIDE) - 2, output.ellipsis), dim=True)


def _filled(rows: Sequence[Sequence[Cell]], output: Output) -> Iterator[str]:
    # A column that says nothing would only take room: most people name no run, and many log no metrics.
    kept = [at for at, _ in enumerate(rows[0]) if any(row[at].text for row in rows)]
    return table_lines([_COLUMNS[at] for at in kept], [[row[at] for at in kept] for row in rows], output)


def _row(run: RunReader, name: str, output: Output) -> list[Cell]:
    status, started = run.status, run.started or run.created
    now = datetime.now(UTC)
    return [
        Cell(escape_cell(name)),
        Cell(escape_cell(run.experiment)),
        Cell(escape_cell(run.name or "")),
        Cell(escape_cell(status), STATUS_COLOURS.get(status)),
        Cell(full_text(started) if output.width is None else short_text(started, now)),
        Cell(duration_text(elapsed(run, status))),
        _metrics_cell(run),
    ]


def _metrics_cell(run: RunReader) -> Cell:
    parts = [
        f"{escape_cell(name)}={short_number(metric.last, 4) if metric.last is not None else 'nonfinite'}"
        for name, metric in run.summary().items()
    ]
    return list_cell(parts, SHOWN_METRICS)


def _short_ids(runs: Sequence[RunReader]) -> dict[Path, str]:
    """Return for each run the shortest beginning of its id that no other run of the root has, a second at least."""
    ids = sorted((run.id, run.path) for run in runs)
    short = {}
    for at, (text, path) in enumerate(ids):
        beside = [ids[near][0] for near in (at - 1, at + 1) if 0 <= near < len(ids)]
        length = max([_SHORTEST, *(_common(text, other) + 1 for other in beside)])
        short[path] = text[:length] if _MADE_ID.fullmatch(text) else text
    return short


def _common(first: str, second: str) -> int:
    pairs = zip(first, second, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))


def _nothing(folder: Path, experiment: str | None, *, has_runs: bool) -> str:
    if has_runs:
        return f"No run of the experiment {experiment!r} in {folder}; `runlogging ls` lists them all."
    if (folder / RUN_MANIFEST).is_file():
        return f"{folder} is a run itself; `runlogging show` shows it."
    if any(folder.glob(f"*/{RUN_MANIFEST}")):
        return f"{folder} is one experiment; list its root, {folder.parent}, instead."
    what = f"No runs in {folder} yet." if folder.exists() else f"No runs: there is no folder {folder}."
    return f"{what} Add runlogging.RunHandler() to a logger, name another folder (`runlogging ls ROOT`), or try `demo`."
