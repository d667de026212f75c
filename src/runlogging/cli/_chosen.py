"""Columns that a person chose: names of the filter language, such as ``metrics.loss`` or ``params.alpha``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from runlogging._texts import duration_text, short_number
from runlogging.cli._escape import escape_cell
from runlogging.cli._json import json_text
from runlogging.cli._output import STATUS_COLOURS, Output
from runlogging.cli._tables import Cell, Column, table_lines
from runlogging.cli._text import full_text, short_text
from runlogging.folder import parse_time
from runlogging.reading.search import RunRow
from runlogging.reading.search._expressions import Field
from runlogging.reading.search._fields import read_field
from runlogging.reading.search._tokens import Tokens

Reader = Callable[[RunRow], Any]
"""Gives what a column says of a run."""

_LEAST = 12  # columns to which a terminal may cut a text


class Chosen(NamedTuple):
    """A column.

    Attributes:
        title: the name as it was given.
        field: what it names.
    """

    title: str
    field: Field


def chosen_columns(text: str) -> list[Chosen]:
    """Return the columns that a text names, with commas between them.

    Raises:
        FilterError: it cannot be read; the error points at the place (also a ValueError).
    """
    tokens = Tokens(text)
    columns = [_column(tokens)]
    while tokens.took(","):
        columns.append(_column(tokens))
    if tokens.next.kind != "end":
        raise tokens.expected("a comma or the end")
    return columns


def _column(tokens: Tokens) -> Chosen:
    start = tokens.next.start
    field = read_field(tokens)
    return Chosen(tokens.text[start : tokens.next.start].strip(), field)


def chosen_facts(row: RunRow, columns: Sequence[Chosen]) -> dict[str, Any]:
    """Return what the columns say of a run, title to value; None where it has none."""
    return {column.title: column.field.reader()(row) for column in columns}


def chosen_table(
    rows: Sequence[RunRow], columns: Sequence[Chosen], output: Output, short_ids: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield the lines of a table of the columns, one run a row.

    Args:
        rows: the runs.
        columns: the columns.
        output: where the lines go.
        short_ids: what stands for an id where a terminal is narrow: the folder's name to as much of it as is clear.
    """
    short = short_ids or {}
    readers: list[Reader] = [
        (lambda row: short.get(row.path.name, row.id)) if _is_id(column) else column.field.reader()
        for column in columns
    ]
    values = [[read(row) for read in readers] for row in rows]
    made = [_titled(column, [line[at] for line in values]) for at, column in enumerate(columns)]
    cells = [
        [_cell(column.field, value, output) for column, value in zip(columns, line, strict=True)] for line in values
    ]
    return table_lines(made, cells, output)


def _titled(column: Chosen, values: Sequence[Any]) -> Column:
    title, field = escape_cell(column.title), column.field
    is_number = _is_numbers(field, values)
    is_cut = not is_number and not _is_id(column) and field.kind in ("text", "any")
    return Column(title.upper() if field.room == "attributes" else title, is_number, _LEAST if is_cut else None)


def _is_id(column: Chosen) -> bool:
    return (column.field.room, column.field.name) == ("attributes", "id")


def _is_numbers(field: Field, values: Sequence[Any]) -> bool:
    there = [value for value in values if value is not None]
    return field.kind in ("number", "duration") or (bool(there) and all(map(_is_number, there)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(field: Field, value: Any, output: Output) -> Cell:
    if value is None:
        return Cell("")
    if field.kind == "status":
        return Cell(escape_cell(str(value)), STATUS_COLOURS.get(str(value)))
    if field.kind == "duration":
        return Cell(duration_text(value))
    if field.kind == "time":
        return Cell(_time_text(str(value), output))
    if _is_number(value):
        return Cell(short_number(value))
    is_json = isinstance(value, bool | Mapping | list | tuple)
    return Cell(escape_cell(json_text(value) if is_json else str(value)))


def _time_text(text: str, output: Output) -> str:
    try:
        moment = parse_time(text)
    except ValueError:
        return escape_cell(text)
    return full_text(moment) if output.width is None else short_text(moment, datetime.now(UTC))
