"""Rows of metrics: what was logged together stands together."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from runlogging.reading import Point, Series


@dataclass
class Row:
    """The numbers of one record."""

    seq: int | None
    writer: str
    step: int | None
    time: datetime
    metrics: dict[str, float | int] = field(default_factory=dict)


def rows_of(series: Iterable[Series]) -> list[Row]:
    """Return the records that some series were made of, merged by time; a writer's own order wins over its clock."""
    writers: dict[str, dict[object, Row]] = {}
    for one in series:
        for point in one:
            _row_for(writers.setdefault(point.writer, {}), point).metrics[one.name] = point.value
    return [row for _, _, row in heapq.merge(*(_timed(rows.values()) for rows in writers.values()), key=_by_time)]


def _row_for(rows: dict[object, Row], point: Point) -> Row:
    # A line without a number was written outside a run's count; only its time tells it from others.
    key = point.seq if point.seq is not None else point.time
    return rows.setdefault(key, Row(point.seq, point.writer, point.step, point.time))


def _timed(rows: Iterable[Row]) -> Iterator[tuple[datetime, str, Row]]:
    """Yield a writer's rows in their order, each with a time that never goes back."""
    latest: datetime | None = None
    for row in sorted(rows, key=_by_number):
        latest = row.time if latest is None else max(latest, row.time)
        yield latest, row.writer, row


def _by_number(row: Row) -> tuple[bool, int, datetime]:
    return row.seq is None, row.seq or 0, row.time


def _by_time(item: tuple[datetime, str, Row]) -> tuple[datetime, str]:
    return item[:2]
