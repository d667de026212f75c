"""``runlogging metrics``: numbers as a table, as CSV or as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import click

from runlogging._texts import short_number
from runlogging.cli._escape import escape_cell
from runlogging.cli._json import json_array
from runlogging.cli._output import Output
from runlogging.cli._rows import Row, rows_of
from runlogging.cli._tables import Cell, Column, natural_widths, table_lines, total_width
from runlogging.cli._text import clock_text, day_text, exact_number, utc_text
from runlogging.reading import RunReader

_FIXED = ("seq", "writer", "step", "time")
NAMED = 5  # metrics that the note names


def print_metrics(run: RunReader, name: str | None, output: Output, *, form: Literal["table", "json", "csv"]) -> None:
    """Print all metrics of a run, or one: a record a row, in the order in which they were logged."""
    series = run.metrics() if name is None else {name: run.series(name)}
    rows = rows_of(series.values())
    if form == "json":
        output.write_all(json_array(map(_facts, rows)))
    elif form == "csv":
        output.write_all(_csv_lines(list(series), rows))
    elif rows:
        _print_table(list(series), rows, output)
    else:
        click.echo("This run has no metrics: log some with extra={'metrics': {'loss': 0.1}, 'step': 1}.", err=True)


def _facts(row: Row) -> dict[str, Any]:
    return {"seq": row.seq, "writer": row.writer, "step": row.step, "time": row.time, "metrics": row.metrics}


def _csv_lines(names: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    # A metric may be called as a column of ours; two columns of one name would be lost to readers that go by names.
    titles = [f"metrics.{name}" if name in _FIXED else escape_cell(name) for name in names]
    yield _csv_line([*_FIXED, *titles])
    for row in rows:
        numbers = [exact_number(row.metrics.get(name)) for name in names]
        yield _csv_line(
            [exact_number(row.seq), escape_cell(row.writer), exact_number(row.step), utc_text(row.time), *numbers]
        )


def _csv_line(cells: Sequence[str | None]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


_Part = tuple[Column, list[Cell]]


def _print_table(names: Sequence[str], rows: Sequence[Row], output: Output) -> None:
    fixed = list(_fixed_parts(rows, output))
    numbers = [_number_part(name, rows) for name in names]
    count = _fitting(fixed, numbers, output.width)
    columns, cells = zip(*fixed, *numbers[:count], strict=True)
    output.write_all(table_lines(columns, list(zip(*cells, strict=True)), output))
    if count < len(names):
        output.write(output.paint(_note(names[count:]), dim=True))


def _note(left_out: Sequence[str]) -> str:
    shown = [escape_cell(name) for name in left_out[:NAMED]]
    more = [f"{len(left_out) - NAMED} more"] if len(left_out) > NAMED else []
    return f"Too wide for this terminal: {', '.join([*shown, *more])}. Name one, or use --csv."


def _fixed_parts(rows: Sequence[Row], output: Output) -> Iterator[_Part]:
    yield Column("SEQ", is_number=True), [Cell(short_number(row.seq)) for row in rows]
    if len({row.writer for row in rows}) > 1:
        yield Column("WRITER"), [Cell(escape_cell(row.writer)) for row in rows]
    if any(row.step is not None for row in rows):
        yield Column("STEP", is_number=True), [Cell(exact_number(row.step)) for row in rows]
    if output.width is None:
        yield Column("TIME"), [Cell(f"{day_text(row.time)} {clock_text(row.time)}") for row in rows]
    else:
        yield Column("TIME"), [Cell(clock_text(row.time)) for row in rows]


def _number_part(name: str, rows: Sequence[Row]) -> _Part:
    cells = [Cell(short_number(row.metrics.get(name))) for row in rows]
    return Column(escape_cell(name), is_number=True), cells


def _fitting(fixed: Sequence[_Part], numbers: Sequence[_Part], width: int | None) -> int:
    """Return how many metrics fit beside the fixed columns: one at least."""
    widths = [_width(part) for part in (*fixed, *numbers)]
    fitting = range(len(numbers), 1, -1)
    return next((n for n in fitting if width is None or total_width(widths[: len(fixed) + n]) <= width), 1)


def _width(part: _Part) -> int:
    column, cells = part
    return natural_widths([[Cell(column.title)], *([cell] for cell in cells)])[0]
