"""``runlogging ls``: the runs below a root."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from runlogging._errors import RootError
from runlogging._texts import duration_text, short_number
from runlogging.cli._chosen import Chosen, chosen_columns, chosen_facts, chosen_table
from runlogging.cli._escape import escape, escape_cell
from runlogging.cli._json import fields_of, json_array
from runlogging.cli._output import STATUS_COLOURS, Output
from runlogging.cli._tables import Cell, Column, cut, list_cell, table_lines
from runlogging.cli._text import full_text, short_text
from runlogging.folder import RUN_MANIFEST, find_root, parse_time
from runlogging.reading import RunReader
from runlogging.reading.search import RunRow
from runlogging.reading.search._listing import chooser, opened_listing
from runlogging.reading.search._scan import experiments_of, names_in

SHOWN_METRICS = 4
SHOWN_PROBLEMS = 5
_WIDE = 119  # columns in which a whole id leaves room for the rest
_METRICS = 6  # where this column stands
_MADE_ID = re.compile(r"\d{8}T\d{6}-\d{6}-[a-z0-9]{6}")
_SHORTEST = len("20261123T230502")


@dataclass(frozen=True)
class Choice:
    """Which runs are listed, and what of them.

    Attributes:
        experiment: only this experiment's runs.
        where: a filter.
        order_by: fields to sort by, the most important first; none: newest first.
        limit: how many runs at most; None: all.
        columns: names of the filter language with commas between them; None: the usual columns.
        all: whether folders that cannot be read are rows too; else they are named on stderr.
    """

    experiment: str | None = None
    where: str | None = None
    order_by: tuple[str, ...] = ()
    limit: int | None = None
    columns: str | None = None
    all: bool = False


def list_runs_below(root: str, choice: Choice, output: Output, *, as_json: bool) -> None:
    """List runs; say what to do where there are none.

    Raises:
        RootError: the root is a file (also an OSError).
        FilterError: filter, order or columns cannot be read; the error points at the place (also a ValueError).
        InvalidValueError: the limit is negative (also a ValueError).
    """
    folder = find_root(root)
    if folder.exists() and not folder.is_dir():
        raise RootError(f"{folder} is a file; name a folder of runs.", folder)
    columns = chosen_columns(choice.columns) if choice.columns is not None else None
    looked = _look(folder, choice)
    _say_damaged(looked.damaged, choice)
    if as_json:
        facts = (chosen_facts(row, columns) if columns else _facts(row) for row in looked.rows)
        output.write_all(json_array(facts))
    elif looked.rows:
        output.write_all(_lines(looked.rows, columns, folder, output))
    else:
        output.write(escape(_nothing(folder, choice, has_runs=looked.has_runs)))


@dataclass(frozen=True)
class _Looked:
    """What a look at a root found: the rows chosen, the folders that cannot be read, and whether there are others."""

    rows: Sequence[RunRow]
    damaged: Sequence[RunRow]
    has_runs: bool


def _look(folder: Path, choice: Choice) -> _Looked:
    choose = chooser(choice.where, choice.order_by, choice.limit)
    with opened_listing(folder, choice.experiment) as listing:
        every = list(listing.rows())
        rows = choose(row for row in every if choice.all or not row.problem)
        for row in rows:
            _ = row.metrics
    damaged = [row for row in every if row.problem]
    return _Looked(rows, damaged, bool(every))


def _say_damaged(damaged: Sequence[RunRow], choice: Choice) -> None:
    for row in () if choice.all else damaged[:SHOWN_PROBLEMS]:
        click.echo(f"Warning: {escape(str(row.path))} is left out: {escape(row.problem or '')}", err=True)
    if not choice.all and len(damaged) > SHOWN_PROBLEMS:
        count = len(damaged) - SHOWN_PROBLEMS
        click.echo(f"Warning: {count} more folders are left out; --all lists them with what is wrong.", err=True)


def _lines(rows: Sequence[RunRow], columns: Sequence[Chosen] | None, folder: Path, output: Output) -> Iterator[str]:
    if output.width is None or output.width >= _WIDE:
        return chosen_table(rows, columns, output) if columns else _table(rows, output)
    names = [name for _, path in experiments_of(folder) for name in names_in(path)]  # of those not chosen, too
    short = _short_ids(names)
    return chosen_table(rows, columns, output, short) if columns else _narrow_table(rows, short, output)


def elapsed(run: RunReader, status: str) -> float | None:
    """Return how many seconds a run took, has taken so far, or took until its last record; None if unknown."""
    end = run.ended or (datetime.now(UTC) if status == "Running" else run.last_record)
    return (end - run.started).total_seconds() if end and run.started else None


def _facts(row: RunRow) -> dict[str, Any]:
    facts = fields_of(row, ("id", "experiment", "name", "status", "created", "started", "ended"))
    metrics = {name: metric.last for name, metric in row.metrics.items()}
    problem = {"problem": row.problem} if row.problem else {}
    return {**facts, "seconds": row.duration, "metrics": metrics, "path": row.path, **problem}


_COLUMNS = (
    Column("ID"),
    Column("EXPERIMENT", least=10),
    Column("NAME", least=8),
    Column("STATUS"),
    Column("STARTED"),
    Column("TOOK", is_number=True),
    Column("METRICS", least=30),
)


def _table(rows: Sequence[RunRow], output: Output) -> Iterator[str]:
    return _filled([_row(row, row.id, output) for row in rows], output)


def _narrow_table(runs: Sequence[RunRow], names: dict[str, str], output: Output) -> Iterator[str]:
    """Yield the table with the metrics of a run on a line of their own below it."""
    rows = [_row(run, names.get(run.path.name, run.id), output) for run in runs]
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


def _row(row: RunRow, name: str, output: Output) -> list[Cell]:
    started, now = _moment(row.started or row.created), datetime.now(UTC)
    return [
        Cell(escape_cell(name)),
        Cell(escape_cell(row.experiment)),
        Cell(escape_cell(row.name or "")),
        Cell(escape_cell(row.status), STATUS_COLOURS.get(row.status)),
        Cell(full_text(started) if output.width is None else short_text(started, now)),
        Cell(duration_text(row.duration)),
        Cell(escape_cell(row.problem)) if row.problem else _metrics_cell(row),
    ]


def _moment(text: str | None) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except ValueError:
        return None


def _metrics_cell(row: RunRow) -> Cell:
    parts = [
        f"{escape_cell(name)}={short_number(metric.last, 4) if metric.last is not None else 'nonfinite'}"
        for name, metric in row.metrics.items()
    ]
    return list_cell(parts, SHOWN_METRICS)


def _short_ids(names: Iterable[str]) -> dict[str, str]:
    """Return for each id the shortest beginning that no other run of the root has, a second at least."""
    ids = sorted(names)
    short = {}
    for at, text in enumerate(ids):
        beside = [ids[near] for near in (at - 1, at + 1) if 0 <= near < len(ids)]
        length = max([_SHORTEST, *(_common(text, other) + 1 for other in beside)])
        short[text] = text[:length] if _MADE_ID.fullmatch(text) else text
    return short


def _common(first: str, second: str) -> int:
    pairs = zip(first, second, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))


def _nothing(folder: Path, choice: Choice, *, has_runs: bool) -> str:
    if has_runs:
        where = f" fits {choice.where!r}" if choice.where is not None else " is to be listed"
        return f"No run in {folder}{where}; `runlogging ls` without options lists them all."
    if choice.experiment is not None and any(folder.glob(f"*/*/{RUN_MANIFEST}")):
        return f"No run of the experiment {choice.experiment!r} in {folder}; `runlogging ls` lists them all."
    if (folder / RUN_MANIFEST).is_file():
        return f"{folder} is a run itself; `runlogging show` shows it."
    if any(folder.glob(f"*/{RUN_MANIFEST}")):
        return f"{folder} is one experiment; list its root, {folder.parent}, instead."
    what = f"No runs in {folder} yet." if folder.exists() else f"No runs: there is no folder {folder}."
    return f"{what} Add runlogging.RunHandler() to a logger, name another folder (`runlogging ls ROOT`), or try `demo`."
