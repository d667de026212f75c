"""Reading stream files: whole lines only, bad ones reported and passed over, writers merged."""

from __future__ import annotations

import heapq
import operator
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from runlogging._errors import RunNotFoundError
from runlogging.folder import ArtifactLine, Line, parse_time, stream_name
from runlogging.reading._model import Problem, Record

_CHUNK_BYTES = 1 << 20
BLOCK_BYTES = 1 << 16
TIME_LENGTH = 27
"""How many characters a time has that our writers wrote: 2026-11-23T23:05:02.123456Z."""

_decoder = msgspec.json.Decoder(Line)
_artifact_decoder = msgspec.json.Decoder(ArtifactLine)


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
        # What was decoded and not given out yet, should somebody stop in the middle.
        self._ready: deque[Any] = deque()

    def new_records(self) -> Iterator[Record]:
        """Yield the records of the lines that were completed since the last call."""
        writer, stream = self.writer, self.stream
        return (Record(line, writer, stream) for line in self._new(_decoder))

    def new_artifacts(self) -> Iterator[ArtifactLine]:
        """Yield the lines of an ``artifacts`` stream that were completed since the last call."""
        return self._new(_artifact_decoder)

    def block(self, place: int) -> tuple[list[Line], int | None]:
        """Return some lines from a place on, at most about `BLOCK_BYTES` of them, and the next place.

        Bad lines are left out, and not noted as problems.

        Args:
            place: 0, or what an earlier call gave as the next place.

        Returns:
            The lines, and where to go on; None where there is no whole line behind them. A place stays good while
            the file grows.
        """
        try:
            with self.path.open("rb") as file:
                data, _ = _whole_lines(file, place, BLOCK_BYTES)
        except OSError:
            return [], None
        if not data:
            return [], None
        return list(_decoded(_decoder, data, _ignore)), place + len(data)

    def _new(self, decoder: Any) -> Iterator[Any]:
        try:
            with self.path.open("rb") as file:
                while True:
                    while self._ready:
                        yield self._ready.popleft()
                    data, self.rest = _whole_lines(file, self._offset, _CHUNK_BYTES)
                    if not data:
                        return
                    begin, self._offset = self._offset, self._offset + len(data)
                    self._ready.extend(_decoded(decoder, data, partial(self._note_bad, begin)))
        except OSError as error:
            self._note(None, "unreadable", f"cannot be read: {error.strerror}")

    def _note_bad(self, begin: int, offset: int, error: Exception) -> None:
        self._note(begin + offset, "bad", f"no line of the format: {error}")

    def line_count(self) -> int:
        """Return how many whole lines the file has now, bad ones too; 0 where it cannot be read."""
        try:
            with self.path.open("rb") as opened:
                return sum(text not in (b"\n", b"") for text in opened if text.endswith(b"\n"))
        except OSError:
            return 0

    def last_time(self) -> str | None:
        """Return the time of the last whole record, or None where there is none."""
        return last_time(self.path)

    def note_torn(self) -> None:
        """Report what stands after the last newline; for a writer that is dead."""
        if self.rest:
            self._note(self._offset, "torn", f"{self.rest} bytes of a line that was not finished")

    def _note(self, offset: int | None, kind: str, text: str) -> None:
        self.problems.append(Problem(self.path.name, offset, kind, text))


def _whole_lines(file: BinaryIO, place: int, size: int) -> tuple[bytes, int]:
    """Return the whole lines of about so many bytes from a place on, one at least, and how many bytes stand behind."""
    file.seek(place)
    data = file.read(size)
    end = data.rfind(b"\n") + 1
    while not end and len(data) >= size:
        more = file.read(size)
        if not more:
            break
        # A line longer than what is read at once.
        found = more.rfind(b"\n") + 1
        end = len(data) + found if found else 0
        data += more
        size = len(data)
    return data[:end], len(data) - end


def _decoded(decoder: Any, data: bytes, note: Callable[[int, Exception], None]) -> Iterable[Any]:
    """Return the good lines of some whole lines; ``note`` is told of the others, with their offsets."""
    try:
        lines = decoder.decode_lines(data)
        if is_object_a_line(data, len(lines)) and _have_times(lines):
            return lines  # type: ignore[no-any-return]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError):
        pass
    return _decoded_singly(decoder.decode, data, note)


def is_object_a_line(data: bytes, objects: int) -> bool:
    """Tell whether some whole lines, in which so many objects were found, hold one each.

    Each line must begin and end as an object does: inside of one no "}" can stand before a "{", so none reaches over
    two lines while another line holds two, and no empty line makes up for one that does.
    """
    return objects == data.count(b"}\n{") + 1 == data.count(b"\n") and data.startswith(b"{") and data.endswith(b"}\n")


def have_usual_times(times: Sequence[str]) -> str | None:
    """Return times joined where all have the form of our writers, but for the date; else None.

    It is quick: what stands in the same place of each is looked at together. See `TIME_LENGTH`.
    """
    joined, count = "".join(times), len(times)
    # One that is shorter or longer would move the points and the ends of those behind it.
    is_usual = (
        len(joined) == count * TIME_LENGTH
        and joined[19::TIME_LENGTH] == "." * count
        and joined[26::TIME_LENGTH] == "Z" * count
        and joined.isascii()
        and all(joined[place::TIME_LENGTH].isdecimal() for place in range(20, 26) if count)
    )
    return joined if is_usual else None


def _decoded_singly(decode: Callable[[bytes], Any], data: bytes, note: Callable[[int, Exception], None]) -> list[Any]:
    lines, offset = [], 0
    for text in (text + b"\n" for text in data[:-1].split(b"\n")):
        if text != b"\n":
            try:
                line = decode(text)
                parse_time(line.time)
                lines.append(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError) as error:
                note(offset, error)
        offset += len(text)
    return lines


def _have_times(lines: list[Any]) -> bool:
    """Tell whether every line has a time; most lines share their second with the one before."""
    known = ""
    for line in lines:
        text = line.time
        if text[:20] != known or len(text) != 27 or not (text[20:26].isdecimal() and text.isascii()) or text[26] != "Z":
            parse_time(text)
            known = text[:20] if len(text) == 27 else ""
    return True


def _ignore(offset: int, error: Exception) -> None:
    """Note nothing."""


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
            found = _decoder.decode(text).time
            parse_time(found)
            times.append(found)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError):
            continue
    return times
