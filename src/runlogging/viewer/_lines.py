"""From the lines of a stream file to the columns of tables, a piece at a time; what was read is not read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import msgspec

from runlogging.folder import Line
from runlogging.reading._model import numbers_of
from runlogging.reading._streams import BLOCK_BYTES, TIME_LENGTH, StreamFile, have_usual_times, is_object_a_line
from runlogging.viewer._table import EXACT_BELOW, Column, Number, Table, column_of

_MOST_NAMES = 64
_NO_TIME = "1970-01-01T00:00:00.000000Z"
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, TypeError)

TableOf = Callable[[str, tuple[str, ...]], Table]
"""Gives the table of a writer's lines with some metrics."""


class _Bare(msgspec.Struct, gc=False):
    """A line whose numbers are all plain; another one is none of these, and fails to decode."""

    metrics: dict[str, int | float]
    seq: int | None = None
    time: str = ""
    step: int | None = None
    nonfinite: None = None
    exact: None = None


_decode_bare = msgspec.json.Decoder(_Bare).decode_lines


class _Skeleton:
    """Decodes lines that all have the same metrics, without a dict a line."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        fields = [f"f{place}" for place in range(len(names))]
        metrics = msgspec.defstruct(
            "Metrics",
            [(field, float) for field in fields],
            rename=dict(zip(fields, names, strict=True)),
            forbid_unknown_fields=True,
            gc=False,
        )
        line = msgspec.defstruct(
            "SkeletonLine",
            [
                ("metrics", metrics),
                ("seq", int | None, None),
                ("time", str, ""),
                ("step", int | None, None),
                ("nonfinite", None, None),
                ("exact", None, None),
            ],
            gc=False,
        )
        self.decode: Callable[[bytes], list[Any]] = msgspec.json.Decoder(line).decode_lines

    def columns(self, lines: Sequence[Any]) -> list[Column] | None:
        """Return the numbers of some lines, a column a metric; None where a whole number may have lost digits."""
        if len(self.names) == 1:
            columns = [column_of([line.metrics.f0 for line in lines])]
        else:
            as_tuple = msgspec.structs.astuple
            columns = [column_of(numbers) for numbers in zip(*[as_tuple(line.metrics) for line in lines], strict=True)]
        are_exact = all(column.high < EXACT_BELOW and column.low > -EXACT_BELOW for column in columns)
        return columns if are_exact else None


class LineReader:
    """Reads on in one stream file.

    Args:
        file: the file.
        table_of: where its numbers go.
        note_values: is told of each line that carries values which are no numbers.
    """

    def __init__(self, file: StreamFile, table_of: TableOf, note_values: Callable[[Line], object]) -> None:
        self.file = file
        self.place = 0
        self._table_of, self._note_values = table_of, note_values
        self._skeleton: _Skeleton | None = None
        self._is_done = False

    @property
    def is_packed(self) -> bool:
        """Whether it is a file that never grows."""
        return type(self.file) is not StreamFile

    def read(self) -> None:
        """Read what came since the last reading."""
        if self.is_packed or self.file.stream == "values":
            self._read_blocks()
            return
        try:
            with self.file.path.open("rb") as opened:
                while self._read_piece(opened) or self._read_block():
                    pass
        except OSError:
            return

    def _read_blocks(self) -> None:
        while not self._is_done and self._read_block():
            pass
        self._is_done = self.is_packed

    def _read_block(self) -> bool:
        """Read a piece as the reader of all lines does; tell whether there was one."""
        lines, place = self.file.block(self.place)
        if place is None:
            return False
        self.place = place
        self._add_lines(lines)
        return True

    def _read_piece(self, opened: BinaryIO) -> bool:
        """Read a piece in which all lines are plain; tell whether that was so."""
        opened.seek(self.place)
        data = opened.read(BLOCK_BYTES)
        data = data[: data.rfind(b"\n") + 1]
        if not data:
            return False
        try:
            is_read = self._add_skeleton(data) or self._add_bare(data)
        except _BAD:
            return False
        self.place += len(data) if is_read else 0
        return is_read

    def _add_skeleton(self, data: bytes) -> bool:
        skeleton = self._skeleton
        if skeleton is None:
            return False
        try:
            lines = skeleton.decode(data)
        except _BAD:
            return False
        times = _times(lines, data)
        columns = skeleton.columns(lines) if times else None
        if times is None or columns is None:
            return False
        table = self._table_of(self.file.writer, skeleton.names)
        table.add([line.seq for line in lines], [line.step for line in lines], times, columns)
        return True

    def _add_bare(self, data: bytes) -> bool:
        lines = _decode_bare(data)
        if _times(lines, data) is None:
            return False
        groups: dict[tuple[str, ...], list[Any]] = {}
        for line in lines:
            groups.setdefault(tuple(line.metrics), []).append(line)
        for names, own in groups.items():
            self._add_group(names, own, [line.metrics for line in own])
        self._look_for_skeleton(groups)
        return True

    def _look_for_skeleton(self, groups: dict[tuple[str, ...], list[Any]]) -> None:
        self._skeleton = None
        names = next(iter(groups))
        if len(groups) == 1 and 0 < len(names) <= _MOST_NAMES:
            try:
                self._skeleton = _Skeleton(names)
            except ValueError:  # a name that msgspec takes for no field
                return

    def _add_lines(self, lines: Sequence[Line]) -> None:
        groups: dict[tuple[str, ...], tuple[list[Line], list[dict[str, Number]]]] = {}
        for line in lines:
            if line.values:
                self._note_values(line)
            numbers = dict(numbers_of(line))
            if numbers:
                own = groups.setdefault(tuple(numbers), ([], []))
                own[0].append(line)
                own[1].append(numbers)
        for names, (own_lines, rows) in groups.items():
            self._add_group(names, own_lines, rows)

    def _add_group(self, names: tuple[str, ...], lines: Sequence[Any], rows: Sequence[dict[str, Number]]) -> None:
        if names:
            columns = [column_of([row[name] for row in rows]) for name in names]
            times = "".join([line.time if len(line.time) == TIME_LENGTH else _NO_TIME for line in lines])
            table = self._table_of(self.file.writer, names)
            table.add([line.seq for line in lines], [line.step for line in lines], times, columns)


def _times(lines: Sequence[Any], data: bytes) -> str | None:
    """Return the times of lines, joined; None where one is of another form, or there are lines that are none."""
    return have_usual_times([line.time for line in lines]) if is_object_a_line(data, len(lines)) else None
