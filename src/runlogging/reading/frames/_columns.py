"""The points of a run in its order, as plain Python columns: the measure for every quicker way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, compress
from typing import TYPE_CHECKING, Any

from runlogging.reading._streams import StreamFile, stream_files
from runlogging.reading.frames._lines import BATCH_LINES, file_lines, of_lines
from runlogging.reading.frames._names import Names
from runlogging.reading.frames._points import OutOfOrderError, Points

if TYPE_CHECKING:
    from runlogging.reading._run import RunReader

METRIC_STREAMS = ("metrics", "values")


@dataclass
class Table:
    """Columns of one length, a row a point; the points of one line share a number in ``lines``."""

    lines: list[int]
    seqs: list[int | None]
    times: list[Any]
    steps: list[int | None]
    names: list[str]
    values: list[float | int]
    attributes: list[str | None]
    writers: list[str]


def read_table(run: RunReader, names: Names, *, with_lines: bool) -> Table:
    """Return the points of a run in its order.

    Args:
        run: the run.
        names: whose points are wanted.
        with_lines: fill the column of lines, else it stays empty.
    """
    try:
        return _quick_table(run, names, with_lines=with_lines)
    except OutOfOrderError:
        return merged_table(run, names)


def merged_table(run: RunReader, names: Names, *, as_text: bool = False) -> Table:
    """Return the same as `merged` orders it, which takes longer and copes with every line."""
    records = run.records(METRIC_STREAMS)
    points = Points(names, as_text=as_text, with_lines=True, is_strict=False)
    for begin in range(0, len(records), BATCH_LINES):
        lines = [record.line for record in records[begin : begin + BATCH_LINES]]
        points.add(of_lines(lines), range(begin, begin + len(lines)))
    return _table(points, [records[line].writer for line in points.lines], None)


def _quick_table(run: RunReader, names: Names, *, with_lines: bool) -> Table:
    files = stream_files(run.path, METRIC_STREAMS)
    has_writers = len({file.writer for file in files}) > 1
    points = Points(names, with_lines=with_lines, has_writers=has_writers)
    writers: list[str] = []
    number = 0
    for file in files:
        number = _add_file(points, file, number)
        writers += [file.writer] * (len(points) - len(writers))
    return _table(points, writers, _order(points, writers, has_writers=has_writers))


def _add_file(points: Points, file: StreamFile, number: int) -> int:
    for found in file_lines(file):
        points.add(found, range(number, number + len(found.lines)))
        number += len(found.lines)
    return number


def _table(points: Points, writers: list[str], order: Sequence[int] | None) -> Table:
    columns = [*points.columns(), writers]
    if order is not None:
        columns = [list(map(column.__getitem__, order)) if column else [] for column in columns]
    if None in columns[4]:  # lines without points
        is_point = [name is not None for name in columns[4]]
        columns = [list(compress(column, is_point)) for column in columns]
    return Table(*columns)


def _order(points: Points, writers: Sequence[str], *, has_writers: bool) -> Sequence[int] | None:
    """Return the rows in the order of the run, or None where they stand in it; see `merged`."""
    if not has_writers and points.is_rising:
        return None
    numbers = [seq or 0 for seq in points.seqs]
    rows: dict[str, list[int]] = {writer: [] for writer in dict.fromkeys(writers)}
    for row, writer in enumerate(writers):
        rows[writer].append(row)
    clocks: list[Any] = [None] * len(points)
    for own in rows.values():
        own.sort(key=numbers.__getitem__)
        # Where a writer's clock goes back its own order wins.
        for row, clock in zip(own, accumulate(map(points.times.__getitem__, own), max), strict=True):
            clocks[row] = clock
    ordered = [row for own in rows.values() for row in own]
    if len(rows) > 1:
        ordered.sort(key=clocks.__getitem__)
    return ordered
