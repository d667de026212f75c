"""The points of packed metrics, straight from their columns: no line is built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from runlogging.reading._packed_layout import read_packing
from runlogging.reading._streams import StreamFile
from runlogging.reading.frames._names import Names

if TYPE_CHECKING:
    import polars

_CARRIED = ("level", "logger", "message", "attributes", "description")
# Mostly empty in every line.
_RARE = ("exact", *_CARRIED)
_encode = msgspec.json.Encoder().encode


def packed_frame(file: StreamFile, names: Names, *, with_lines: bool) -> polars.DataFrame | None:
    """Return the points of a packed stream of metrics.

    Args:
        file: the packed stream.
        names: whose points are wanted.
        with_lines: tell the lines apart, else ``line`` is 0.

    Returns:
        ``line``, ``seq``, ``time``, ``step``, ``name``, ``value`` and ``attributes``. None where it is another stream,
        lies in a zip, holds lines that were kept back in memory, or cannot be read so: its lines tell more.
    """
    import polars

    if file.stream != "metrics" or not isinstance(file.path, Path):
        return None
    try:
        if not read_packing(polars.read_parquet_metadata(file.path)).sorted:
            return None
        columns = ["seq", "time", "step", "name", "value", *_RARE, *(["place"] if with_lines else [])]
        points = polars.read_parquet(file.path, columns=columns, glob=False, hive_partitioning=False)
    except (polars.exceptions.PolarsError, OSError, ValueError):
        return None
    return _chosen(points, names)


def _chosen(points: polars.DataFrame, names: Names) -> polars.DataFrame:
    """Return the points that are wanted of those that stand in the file."""
    import polars

    held = [name for name in _RARE if points[name].null_count() < len(points)]
    line = (points["place"] == 0).cum_sum() if "place" in points.columns else polars.lit(0, polars.UInt32)
    points = points.with_columns(line.alias("line"), *([_value()] if "exact" in held else []))
    if points["name"].has_nulls() or points["value"].has_nulls():
        points = points.filter(polars.col("name").is_not_null() & polars.col("value").is_not_null())
    if names.wanted is not None:
        names.meet(points["name"].unique())
        points = points.filter(polars.col("name").is_in(list(names.wanted)))
    attributes = _attributes(points, [name for name in held if name in _CARRIED])
    return points.select("line", "seq", "time", "step", "name", "value", attributes)


def _value() -> polars.Expr:
    """Return the values; an integer beyond all doubles has its digits only."""
    import polars

    sign = polars.when(polars.col("exact").str.starts_with("-")).then(-1.0).otherwise(1.0)
    beyond = polars.when(polars.col("exact").is_not_null()).then(sign * float("inf"))
    return polars.coalesce("value", beyond).alias("value")


def _attributes(points: polars.DataFrame, said: list[str]) -> polars.Series | polars.Expr:
    import polars

    if not said:
        return polars.lit(None, polars.String).alias("attributes")
    texts = [_text(dict(zip(said, facts, strict=True))) for facts in points.select(said).iter_rows()]
    return polars.Series("attributes", texts, dtype=polars.String)


def _text(facts: dict[str, Any]) -> str | None:
    found = {name: text for name, text in facts.items() if text is not None}
    if "attributes" in found:
        found["attributes"] = msgspec.Raw(found["attributes"].encode())
    return _encode(found).decode() if found else None
