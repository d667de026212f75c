"""Reading packed streams: Parquet files that give the same lines as the JSON Lines that they were made of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from runlogging.folder import ArtifactLine, Line, parse_time, stream_name
from runlogging.reading._model import Problem, Record
from runlogging.reading._packed_engines import opened
from runlogging.reading._packed_layout import Packing, Row
from runlogging.reading._streams import StreamFile

_BLOCK_LINES = 512
# Places in a file of JSON Lines are bytes, and who asks for blocks counts them as such: about a line of them a row.
_PLACES_A_ROW = 128
# What a file may raise that is damaged. An error of our own, such as that of a missing package, is none of them.
_DAMAGES = (OSError, ValueError, KeyError, TypeError, OverflowError, msgspec.MsgspecError)


class PackedFile(StreamFile):
    """A packed stream file. It never grows, so what was read once is not new again.

    Bad lines are told of under the name and with the offsets that they have in the JSON Lines; the file as it is has
    no lines to look at.

    Raises:
        MissingExtraError: whoever reads from it, where neither pyarrow nor polars is installed (also an ImportError).
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        name = stream_name(path.name)
        self._plain_name = str(name._replace(kind="jsonl")) if name else path.name
        self._lines: Iterator[Any] | None = None
        self._blocks: tuple[int, Iterator[Any]] = 0, iter(())

    def new_records(self) -> Iterator[Record]:
        """Yield the records of the lines that were not read yet."""
        return (Record(line, self.writer, self.stream) for line in self._new_lines(Line))

    def new_artifacts(self) -> Iterator[ArtifactLine]:
        """Yield the lines of an ``artifacts`` stream that were not read yet."""
        return self._new_lines(ArtifactLine)

    def block(self, place: int) -> tuple[list[Line], int | None]:
        """Return some lines from a place on, and the next place; see `StreamFile.block`.

        Args:
            place: 0, or what an earlier call gave as the next place; a row of the file stands there.
        """
        if place != self._blocks[0] or not place:
            self._blocks = place, self._rows(Line, [], place // _PLACES_A_ROW)
        found = list(islice(self._blocks[1], _BLOCK_LINES))
        if not found:
            return [], None
        self._blocks = found[-1][1] * _PLACES_A_ROW, self._blocks[1]
        return [line for line, _ in found if line is not None], self._blocks[0]

    def line_count(self) -> int:
        """Return how many whole lines the JSON Lines had, bad ones too; 0 where the file is damaged."""
        packing = self._packing()
        return packing.lines if packing else 0

    def last_time(self) -> str | None:
        """Return the time of the last whole record, or None where there is none."""
        packing = self._packing()
        return packing.last_time if packing else None

    def note_torn(self) -> None:
        """Report what stood after the last newline, once everything was read."""
        if self.rest:
            text = f"{self.rest} bytes of a line that was not finished"
            self.problems.append(Problem(self._plain_name, self._offset, "torn", text))

    def _packing(self) -> Packing | None:
        try:
            with opened(self.path) as file:
                return file.packing
        except _DAMAGES:
            return None

    def _new_lines(self, kind: type[Any]) -> Iterator[Any]:
        if self._lines is None:
            self._lines = (line for line, _ in self._rows(kind, self.problems) if line is not None)
        return self._lines

    def _rows(self, kind: type[Any], problems: list[Problem], first: int = 0) -> Iterator[tuple[Any, int]]:
        """Yield each line from a row on, None where it is no good one, and the row behind it."""
        decode = msgspec.json.Decoder(kind).decode
        try:
            with opened(self.path) as file:
                end = file.packing.size - file.packing.rest
                for row in file.rows(first):
                    yield row.line if row.raw is None else self._decoded_raw(decode, row, end, problems), row.end
                self.rest, self._offset = file.packing.rest, end
        except _DAMAGES as error:
            text = f"cannot be read: {_reason(error)}"
            problems.append(Problem(self.path.name, None, "unreadable", text))

    def _decoded_raw(self, decode: Any, row: Row, end: int, problems: list[Problem]) -> Any:
        # An empty line is none, and what stands behind the last newline is none either.
        if not row.raw or row.offset >= end:
            return None
        try:
            line = decode(row.raw + b"\n")
            parse_time(line.time)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError) as error:
            problems.append(Problem(self._plain_name, row.offset, "bad", f"no line of the format: {error}"))
            return None
        return line


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.partition("\n")[0]
