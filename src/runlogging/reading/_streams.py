"""Reading stream files: whole lines only, bad ones reported and passed over, writers merged."""

from __future__ import annotations

import heapq
import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from runlogging._errors import RunNotFoundError
from runlogging.folder import ArtifactLine, Line, parse_time, stream_name
from runlogging.reading._model import Problem, Record

_CHUNK_BYTES = 1 << 20

_decode = msgspec.json.Decoder(Line).decode
_decode_artifact = msgspec.json.Decoder(ArtifactLine).decode

_LineT = TypeVar("_LineT", Line, ArtifactLine)


class StreamFile:
    """One stream file, read on from where the last reading stopped.

    Args:
        path: the file.

    Attributes:
        stream, writer, part: what its name says.
        problems: the bad lines that were found so far.
        rest: how many bytes without a newline the file ended in at the last reading.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stream, self.writer, self.part, _ = stream_name(path.name) or ("", "", 1, "jsonl")
        self.problems: list[Problem] = []
        self.rest = 0
        self._offset = 0

    def new_records(self) -> Iterator[Record]:
        """Yield the records of the lines that were completed since the last call."""
        return (Record(line, self.writer, self.stream) for line in self._new(_decode))

    def new_artifacts(self) -> Iterator[ArtifactLine]:
        """Yield the lines of an ``artifacts`` stream that were completed since the last call."""
        return self._new(_decode_artifact)

    def _new(self, decode: Callable[[bytes], _LineT]) -> Iterator[_LineT]:
        try:
            with self.path.open("rb") as file:
                for offset, text in self._new_lines(file):
                    line = self._decoded(decode, offset, text)
                    if line is not None:
                        yield line
        except OSError as error:
            self._note(None, "unreadable", f"cannot be read: {error.strerror}")

    def _new_lines(self, file: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
        file.seek(self._offset)  # type: ignore[attr-defined]
        self.rest = 0
        for text in file:
            if not text.endswith(b"\n"):
                self.rest = len(text)
                return
            offset = self._offset
            self._offset += len(text)
            if text != b"\n":
                yield offset, text

    def _decoded(self, decode: Callable[[bytes], _LineT], offset: int, text: bytes) -> _LineT | None:
        try:
            line = decode(text)
            parse_time(line.time)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            self._note(offset, "bad", f"no line of the format: {error}")
            return None
        return line

    def line_count(self) -> int:
        """Return how many whole lines the file has now, bad ones too."""
        with self.path.open("rb") as opened:
            return sum(text not in (b"\n", b"") for text in opened if text.endswith(b"\n"))

    def last_time(self) -> str | None:
        """Return the time of the last whole record, or None where there is none."""
        return last_time(self.path)

    def note_torn(self) -> None:
        """Report what stands after the last newline; for a writer that is dead."""
        if self.rest:
            self._note(self._offset, "torn", f"{self.rest} bytes of a line that was not finished")

    def _note(self, offset: int | None, kind: str, text: str) -> None:
        self.problems.append(Problem(self.path.name, offset, kind, text))


def stream_files(run: Path, streams: Iterable[str]) -> list[StreamFile]:
    """Return the files of the given streams, of all writers, packed ones too.

    Where a stream lies both as JSON Lines and packed, the JSON Lines hold.

    Raises:
        RunNotFoundError: the folder is gone.
    """
    wanted = set(streams)
    try:
        paths = sorted(run.iterdir())
    except FileNotFoundError:
        raise RunNotFoundError(f"{run} is gone.") from None
    found = {name: path for path in paths if (name := stream_name(path.name)) and name.stream in wanted}
    return [
        StreamFile(path) if name.kind == "jsonl" else _packed(path)
        for name, path in found.items()
        if name.kind == "jsonl" or name._replace(kind="jsonl") not in found
    ]


def _packed(path: Path) -> StreamFile:
    from runlogging.reading._packed import PackedFile  # it needs a package of an extra

    return PackedFile(path)


def merged(records: Iterable[Record]) -> list[Record]:
    """Return records in the order of their numbers within a writer, and of time between writers.

    Where a writer's clock goes back its own order wins. A line that was kept back and written later (``recorded``)
    stands where its time puts it among the writer's other lines.
    """
    by_writer: dict[str, list[Record]] = {}
    for record in records:
        by_writer.setdefault(record.writer, []).append(record)
    for own in by_writer.values():
        own.sort(key=_number)
    ordered = [_with_recorded_placed(own) for own in by_writer.values()]
    if len(ordered) == 1:
        return ordered[0]
    keyed = [list(_with_clock(own)) for own in ordered]
    return [record for _, record in heapq.merge(*keyed, key=operator.itemgetter(0))]


def _number(record: Record) -> int:
    return record.line.seq or 0


def _with_recorded_placed(own: list[Record]) -> list[Record]:
    """Return a writer's records, given in the order of their numbers, with the recorded ones at their times."""
    recorded = [record for record in own if record.line.recorded]
    if not recorded:
        return own
    recorded.sort(key=_time_and_number)
    plain = [record for record in own if not record.line.recorded]
    ordered: list[Record] = []
    taken = 0
    for record, place in zip(recorded, _places(recorded, plain), strict=True):
        ordered += plain[taken:place]
        ordered.append(record)
        taken = place
    return ordered + plain[taken:]


def _places(recorded: list[Record], plain: list[Record]) -> list[int]:
    """Return how many plain records stand before each recorded one; both are in their orders."""
    clocks, numbers = [clock for clock, _ in _with_clock(plain)], [_number(record) for record in plain]
    places: list[int] = []
    place = len(plain)
    for record in reversed(recorded):
        # It was made before it was written, so where the clock went back it still stands before what has a higher
        # number. That settles equal times, too.
        written = bisect_right(numbers, _number(record))
        place = min(place, written, bisect_right(clocks, record.line.time))
        places.append(place)
    return places[::-1]


def _time_and_number(record: Record) -> tuple[str, int]:
    return record.line.time, _number(record)


def _with_clock(records: list[Record]) -> Iterator[tuple[str, Record]]:
    clock = ""
    for record in records:
        # Times are of one width, so they compare as text.
        clock = max(clock, record.line.time)
        yield clock, record


def last_time(path: Path) -> str | None:
    """Return the time of the last whole record of a file, from its end; None where it has none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            for reach in (_CHUNK_BYTES // 16, _CHUNK_BYTES * 4, size):
                file.seek(max(0, size - reach))
                times = _times_of(file.read(reach))
                if times:
                    return max(times)
    except OSError:
        return None
    return None


def _times_of(data: bytes) -> list[str]:
    times = []
    for text in data[: data.rfind(b"\n") + 1].split(b"\n")[-10:]:
        try:
            times.append(_decode(text).time)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
    return times
