"""The points of one metric from a stream file: what else stands in its lines is passed over, and takes little time."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from runlogging.cli._parts import at_once, parts_of
from runlogging.reading._model import numbers_of
from runlogging.reading._streams import StreamFile, have_usual_times, is_object_a_line
from runlogging.reading.frames._lines import Lines, decode, file_lines, whole_lines

_PIECE_BYTES = 64 << 10
# Of less the processes would take longer to start than they save.
_FEW_PARTS = 4
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError)


class Piece(NamedTuple):
    """Some points, in the order in which they were logged.

    Attributes:
        lines: how many lines they were found in.
        xs: the step of each, None where it has none; or its seconds since 1970.
        ys: the values, as many.
    """

    lines: int
    xs: Sequence[float | None]
    ys: Sequence[float]


class MetricColumn:
    """Reads one metric.

    Args:
        name: its name.
        has_steps: whether x are steps; else they are times.
    """

    def __init__(self, name: str, *, has_steps: bool) -> None:
        self._name, self._has_steps = name, has_steps
        self._decoder = _decoder_of(name) if has_steps else None

    def pieces(self, file: StreamFile) -> Iterator[Piece]:
        """Yield the points of a file, piece by piece; lines that are no good are left out."""
        if type(file) is not StreamFile:
            yield from map(self._picked, file_lines(file))
            return
        parts = parts_of(file.path)
        if len(parts) < _FEW_PARTS:
            yield from self._part(file.path, 0, None)
        else:
            for pieces in at_once(_read_part, [(self._name, self._has_steps, file.path, *part) for part in parts]):
                yield from pieces

    def _part(self, path: Path, begin: int, end: int | None) -> Iterator[Piece]:
        for data in whole_lines(path, _PIECE_BYTES, begin, end):
            yield self._plain(data) or self._picked(decode(data))

    def _plain(self, data: bytes) -> Piece | None:
        """Return the points of lines in which the metric is a plain number; None where one is something else."""
        if self._decoder is None:
            return None
        try:
            lines = self._decoder.decode_lines(data)
        except _BAD:
            return None
        if not _are_whole(data, lines):
            return None
        try:
            ys, chosen = array("d", [line.metrics.value for line in lines]), lines
        except TypeError:  # lines without the metric
            chosen = [line for line in lines if line.metrics.value is not msgspec.UNSET]
            ys = array("d", [line.metrics.value for line in chosen])
        return Piece(len(lines), _array_of([line.step for line in chosen]), ys)

    def _picked(self, lines: Lines) -> Piece:
        xs: list[float | None] = []
        ys: list[float] = []
        for line, time in zip(lines.lines, lines.times, strict=True):
            numbers = line.metrics if lines.is_bare else dict(numbers_of(line))
            if numbers and self._name in numbers:
                xs.append(line.step if self._has_steps else time.timestamp())
                ys.append(numbers[self._name])
        return Piece(len(lines.lines), xs, ys)


def _read_part(name: str, has_steps: bool, path: Path, begin: int, end: int | None) -> list[Piece]:
    return list(MetricColumn(name, has_steps=has_steps)._part(path, begin, end))


def _array_of(steps: list[int | None]) -> Sequence[float | None]:
    """Return steps in the shape that takes the least room, where each is one and none is too large."""
    try:
        return array("d", cast("list[int]", steps))
    except (TypeError, OverflowError):
        return steps


def _decoder_of(name: str) -> msgspec.json.Decoder[Any] | None:
    """Return a decoder of lines that have a number under a name; None for a name that no field can have."""
    try:
        fields = [("value", float | msgspec.UnsetType, msgspec.UNSET)]
        metrics = msgspec.defstruct("Metrics", fields, rename={"value": name}, gc=False)
    except ValueError:
        return None
    kept: list[Any] = [("metrics", metrics), ("step", int | None, None), ("time", str, ""), ("exact", None, None)]
    return msgspec.json.Decoder(msgspec.defstruct("MetricLine", kept, gc=False))


def _are_whole(data: bytes, lines: Sequence[Any]) -> bool:
    """Tell whether each line holds one object with a time of the usual form."""
    count = len(lines)
    if have_usual_times([line.time for line in lines]) is None:
        return False
    # Of a long line the look for its end is enough, and much quicker than counting.
    return (count == 1 and data.find(b"\n") == len(data) - 1) or is_object_a_line(data, count)
