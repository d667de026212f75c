"""Stream files read from near their end: what is far back in a large file is not looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from runlogging.folder import Line, parse_time
from runlogging.reading._model import Record
from runlogging.reading._streams import StreamFile, stream_files

METRIC_STREAMS = ("metrics", "values")
RECORD_STREAMS = ("logs", *METRIC_STREAMS)
FARTHEST = 16 << 20
"""How many bytes before the end the last records are looked for."""

_BLOCK = 1 << 16

_decode = msgspec.json.Decoder(Line).decode


class LateFile(StreamFile):
    """A stream file of JSON Lines that is read on from a place near its end."""

    def skip_to_last(self, size: int) -> None:
        """Begin with the first whole line among so many bytes before the end."""
        try:
            with self.path.open("rb") as file:
                begin = max(0, file.seek(0, 2) - size)
                file.seek(begin)
                # The line that the place lies in is not whole.
                self._offset = begin + len(file.readline()) if begin else 0
        except OSError:
            self._offset = 0

    def last_records(self, most: int, fits: Callable[[Record], bool]) -> list[Record]:
        """Return the last records that fit, in the order of the file; `new_records` goes on behind them."""
        found: deque[Record] = deque()
        try:
            with self.path.open("rb") as file:
                self._offset = end = _end_of_lines(file)
                for text in _backwards(file, end):
                    record = self._record(text) if len(found) < most else None
                    if record is not None and fits(record):
                        found.appendleft(record)
                    if len(found) >= most:
                        break
        except OSError:
            return []
        return list(found)

    def _record(self, text: bytes) -> Record | None:
        try:
            line = _decode(text)
            parse_time(line.time)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
            return None
        return Record(line, self.writer, self.stream)


def late_files(run: Path, streams: Iterable[str] = RECORD_STREAMS) -> list[StreamFile]:
    """Return the files of some streams of a run; those that can be read from near their end are late files."""
    found = stream_files(run, streams)
    return [LateFile(file.path) if type(file) is StreamFile else file for file in found]


def last_of(file: StreamFile, most: int, fits: Callable[[Record], bool]) -> list[Record]:
    """Return the last records of a file that fit; a packed file is read from its beginning."""
    if isinstance(file, LateFile):
        return file.last_records(most, fits)
    return list(deque(filter(fits, file.new_records()), maxlen=most))


def _end_of_lines(file: BinaryIO) -> int:
    """Return where the last whole line ends."""
    at = file.seek(0, 2)
    while at:
        begin = max(0, at - _BLOCK)
        file.seek(begin)
        newline = file.read(at - begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        at = begin
    return 0


def _backwards(file: BinaryIO, end: int) -> Iterator[bytes]:
    """Yield the lines before a place, the last first, without their newlines; empty ones too."""
    parts: list[bytes] = []  # of a line whose beginning was not met yet, the last part first
    at, stop = end, max(0, end - FARTHEST)
    while at > stop:
        begin = max(stop, at - _BLOCK)
        file.seek(begin)
        first, *others = file.read(at - begin).split(b"\n")
        at = begin
        if others:
            parts.append(others.pop())
            yield b"".join(reversed(parts))
            yield from reversed(others)
            parts = []
        parts.append(first)
    if at == 0:
        yield b"".join(reversed(parts))
