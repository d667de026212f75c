"""Wide tables: a row a line, a column a metric."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError
from runlogging.folder import unused_name
from runlogging.reading._engines import Column
from runlogging.reading.frames._columns import Table

if TYPE_CHECKING:
    import polars

HEAD = ("seq", "time", "step", "writer")
"""The columns before those of the metrics."""

MOST_CELLS = 1 << 28
"""How many numbers a wide table may have: 2 GiB of them."""


def titles(names: Iterable[str]) -> dict[str, str]:
    """Return name to title of each metric's column: one that is called like a column of ours is ``metrics.NAME``."""
    taken = dict.fromkeys(HEAD, "")
    found: dict[str, str] = {}
    for name in names:
        found[name] = unused_name(f"metrics.{name}" if name in HEAD else name, taken)
        taken[found[name]] = ""
    return found


def check_size(rows: int, columns: int) -> None:
    """Raise InvalidValueError where a table would have more numbers than it may have."""
    if rows * columns > MOST_CELLS:
        raise InvalidValueError(
            f"{columns} metrics in {rows} records are too many for a column each; name some of them, or use form='long'"
        )


def wide_columns(table: Table) -> dict[str, Column]:
    """Return a table, with its lines, as wide columns; None where a line lacks a metric."""
    starts = [row for row, line in enumerate(table.lines) if not row or line != table.lines[row - 1]]
    names = titles(dict.fromkeys(table.names))
    check_size(len(starts), len(names))
    metrics: dict[str, list[float | int | None]] = {name: [None] * len(starts) for name in names}
    for place, (start, end) in enumerate(zip(starts, [*starts[1:], len(table.names)], strict=True)):
        for row in range(start, end):
            metrics[table.names[row]][place] = table.values[row]

    def at_starts(column: Sequence[Any]) -> list[Any]:
        return [column[row] for row in starts]

    return {
        "seq": Column("whole", at_starts(table.seqs)),
        "time": Column("time", at_starts(table.times)),
        "step": Column("whole", at_starts(table.steps)),
        "writer": Column("text", at_starts(table.writers)),
        **{names[name]: Column("float", values) for name, values in metrics.items()},
    }


def wide_frame(points: polars.DataFrame) -> polars.DataFrame:
    """Return the points of a run, with their lines, as a wide frame; null where a line lacks a metric."""
    import polars

    is_first = points["line"].ne_missing(points["line"].shift())
    heads = points.filter(is_first).select(HEAD)
    names = titles(points["name"].unique(maintain_order=True))
    check_size(len(heads), len(names))
    rows = points.select(((is_first.cum_sum()) - 1).alias("row"), "name", "value")
    parts = rows.partition_by("name", maintain_order=True)
    nothing = polars.Series([None], dtype=polars.Float64)
    columns = [
        part["value"]
        if len(part) == len(heads)
        else nothing.new_from_index(0, len(heads)).scatter(part["row"], part["value"])
        for part in parts
    ]
    return heads.with_columns(column.alias(names[part["name"][0]]) for part, column in zip(parts, columns, strict=True))
