"""The points of a run as a frame of Polars, in the order of the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from runlogging.reading._engines import float_series, strict_whole_series, text_series, time_series, whole_series
from runlogging.reading._streams import StreamFile, stream_files
from runlogging.reading.frames._columns import METRIC_STREAMS, Table, merged_table
from runlogging.reading.frames._lines import decode, file_lines, parts_of, whole_lines
from runlogging.reading.frames._matching import match
from runlogging.reading.frames._names import Names
from runlogging.reading.frames._packed import packed_frame
from runlogging.reading.frames._points import OutOfOrderError, Points

if TYPE_CHECKING:
    import polars

    from runlogging.reading._run import RunReader

_PIECE_BYTES = 16 << 20
_ZIP_PIECE_BYTES = 1 << 20


class Way(NamedTuple):
    """How a run is read; for tests, which hold one way against the other.

    Attributes:
        is_quick: look for skeletons.
        piece_bytes: how many bytes of a file are taken at once.
    """

    is_quick: bool = True
    piece_bytes: int = _PIECE_BYTES


def read_points(run: RunReader, names: Names, way: Way | None = None, *, with_lines: bool = True) -> polars.DataFrame:
    """Return the points of a run, in its order.

    Args:
        run: the run.
        names: whose points are wanted.
        way: how it is read.
        with_lines: tell the lines apart, else ``line`` may be anything.

    Returns:
        The columns ``line`` (which the points of one line share), ``seq``, ``time``, ``step``, ``name``, ``value``,
        ``writer`` and ``attributes``.
    """
    import polars

    try:
        frame = _ordered(_read(run, names, way or Way(), with_lines=with_lines))
    except (OutOfOrderError, OverflowError):
        table = merged_table(run, names, as_text=True)
        frame = _frame(table, is_strict=False).with_columns(polars.Series("writer", table.writers, polars.String))
    frame = frame.select("line", "seq", "time", "step", "name", "value", "writer", "attributes")
    return frame.filter(polars.col("name").is_not_null()) if frame["name"].has_nulls() else frame


def _read(run: RunReader, names: Names, way: Way, *, with_lines: bool) -> dict[str, list[polars.DataFrame]]:
    """Return the points of each writer that has any, in the order of its files."""
    import polars

    files = stream_files(run.path, METRIC_STREAMS)
    pieces = _Pieces(names, way, has_writers=len({file.writer for file in files}) > 1, with_lines=with_lines)
    found: dict[str, list[polars.DataFrame]] = {}
    begin = 0
    for file in files:
        for frame, count in pieces.of_file(file):
            if not frame.is_empty():
                line = polars.col("line").cast(polars.Int64) + begin
                frame = frame.with_columns(line, polars.lit(file.writer).alias("writer"))
                found.setdefault(file.writer, []).append(frame)
            begin += count
    return found


class _Pieces:
    """Frames of the pieces of files; ``line`` counts the lines of a piece.

    Args:
        names: whose points are wanted.
        way: how a run is read.
        has_writers: whether it has several writers.
        with_lines: tell the lines apart.
    """

    def __init__(self, names: Names, way: Way, *, has_writers: bool, with_lines: bool) -> None:
        self._names, self._way = names, way
        self._has_writers, self._with_lines = has_writers, with_lines

    def of_file(self, file: StreamFile) -> Iterator[tuple[polars.DataFrame, int]]:
        """Yield the pieces of a file, each with the number of its lines, bad ones too."""
        if type(file) is StreamFile:
            # What looks back in a zip has it unpacked again, unless it is near.
            most = self._way.piece_bytes if isinstance(file.path, Path) else _ZIP_PIECE_BYTES
            for data in whole_lines(file.path, min(most, self._way.piece_bytes)):
                yield self._of_text(data)
        else:
            yield self._of_lines(file)

    def _of_lines(self, file: StreamFile) -> tuple[polars.DataFrame, int]:
        packed = packed_frame(file, self._names, with_lines=self._with_lines) if self._way.is_quick else None
        if packed is not None:
            return packed, int(packed["line"].max() or 0) + 1  # type: ignore[arg-type]
        points, count = self._points(), 0
        for found in file_lines(file):
            points.add(found, range(count, count + len(found.lines)))
            count += len(found.lines)
        return _frame(points), count

    def _of_text(self, data: bytes) -> tuple[polars.DataFrame, int]:
        import polars

        matched = match(data, self._names) if self._way.is_quick else None
        if matched is None:
            return self._decoded(data)
        nothing = polars.lit(None, polars.String).alias("attributes")
        frames = [frame.with_columns(nothing) for frame in matched.frames]
        if matched.left:
            others, _ = self._decoded(b"".join([text + b"\n" for text in matched.texts]))
            places = polars.Series("line", matched.left, dtype=polars.UInt32)
            frames.append(others.with_columns(places[others["line"]]))
        # Each frame has its lines in their order.
        frame = frames[0] if len(frames) == 1 else polars.concat(frames).sort("line", maintain_order=True)
        return frame, matched.lines

    def _decoded(self, data: bytes) -> tuple[polars.DataFrame, int]:
        points, count = self._points(), 0
        for part in parts_of(data):
            found = decode(part)
            points.add(found, [count + place for place in found.places])
            count += part.count(b"\n")
        return _frame(points), count

    def _points(self) -> Points:
        return Points(self._names, as_text=True, has_writers=self._has_writers)


def _frame(points: Points | Table, *, is_strict: bool = True) -> polars.DataFrame:
    import polars

    whole = strict_whole_series if is_strict else whole_series
    return polars.DataFrame(
        [
            polars.Series("line", points.lines, dtype=polars.UInt32),
            whole("seq", points.seqs),
            time_series("time", points.times),
            whole("step", points.steps),
            text_series("name", points.names),
            float_series("value", points.values),
            text_series("attributes", points.attributes),
        ]
    )


def _ordered(writers: dict[str, list[polars.DataFrame]]) -> polars.DataFrame:
    """Return the points in the order of the run; see `merged`."""
    import polars

    if not writers:
        return _frame(Points(Names(None), as_text=True)).with_columns(polars.lit("").alias("writer"))
    own = [_by_number(polars.concat(frames)) for frames in writers.values()]
    if len(own) == 1:
        return own[0]
    # Where a writer's clock goes back its own order wins.
    clock = polars.col("time").cum_max().alias("clock")
    return polars.concat([frame.with_columns(clock) for frame in own]).sort("clock", maintain_order=True)


def _by_number(frame: polars.DataFrame) -> polars.DataFrame:
    import polars

    seqs = frame["seq"]
    if not seqs.has_nulls() and seqs.is_sorted():
        return frame
    # A line without a number counts as the first.
    return frame.sort(polars.col("seq").fill_null(0), maintain_order=True)
