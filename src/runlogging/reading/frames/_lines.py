"""From the bytes of a stream file to lines: whole ones only, bad ones left out, a batch at a time.

The rules are those of `StreamFile`, which also says what was wrong; here it only has to be fast.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from runlogging.folder import Line, parse_time
from runlogging.reading._streams import StreamFile, is_object_a_line

# What is decoded is taken apart while it is still in the processor's cache.
BATCH_LINES = 1_000
_BATCH_BYTES = 64 << 10
_TAIL_BYTES = 4 << 10

_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError)


class _Bare(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A line with nothing but a number, a time, a step and plain numbers: most lines, decoded in less time."""

    seq: int | None = None
    time: str = ""
    step: int | None = None
    metrics: dict[str, int | float] | None = None


_decoder = msgspec.json.Decoder(Line)
_bare_decoder = msgspec.json.Decoder(_Bare)


class Lines(NamedTuple):
    """Lines that were decoded, in the order of their file.

    Attributes:
        lines: the good ones: `Line`, or where all are bare something that has no other attributes than these: a
            number, a time, a step, and metrics that are int or float.
        times: the time of each.
        places: where each stood among the texts.
        is_bare: whether all are bare.
    """

    lines: list[Any]
    times: list[datetime]
    places: Sequence[int]
    is_bare: bool


def whole_lines(path: Path, size: int, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield the content of a file up to its last newline, or a part of it, in pieces of whole lines.

    A file that cannot be read, or not to its end, gives what could be read.

    Args:
        path: the file.
        size: how many bytes a piece has at most, unless it is one line that is longer.
        begin: where a line begins, the first one that is wanted.
        end: where a line begins, the first one that is not wanted any more; None: all are.
    """
    with suppress(OSError), path.open("rb") as file:
        while (end is None or begin < end) and (upto := _line_end(file, begin, size)):
            upto = min(upto, end or upto)
            file.seek(begin)
            # Read once and as a whole: what is cut off or joined is copied.
            data = file.read(upto - begin)
            if not data.endswith(b"\n"):
                return  # it was cut short meanwhile
            yield data
            begin = upto


def _line_end(file: BinaryIO, begin: int, size: int) -> int:
    """Return where the last line ends of those that a piece holds, one at least; 0 where there is none."""
    end = min(begin + size, file.seek(0, os.SEEK_END))
    for start in (max(begin, end - _TAIL_BYTES), begin):
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
    while block := file.read(size):
        found = block.find(b"\n")
        if found >= 0:
            return end + found + 1
        end += len(block)
    return 0


def parts_of(data: bytes) -> Iterator[bytes]:
    """Yield whole lines in parts that are good to decode."""
    begin = 0
    while begin < len(data):
        end = data.rfind(b"\n", begin, begin + _BATCH_BYTES) + 1 or data.index(b"\n", begin) + 1
        yield data[begin:end]
        begin = end


def decode(data: bytes) -> Lines:
    """Decode some whole lines; empty ones and bad ones are left out, and `places` count them."""
    for decoder, is_bare in ((_bare_decoder, True), (_decoder, False)):
        with suppress(*_BAD):
            lines = decoder.decode_lines(data)
            times = list(map(datetime.fromisoformat, [line.time for line in lines]))
            if is_object_a_line(data, len(lines)):
                return Lines(lines, times, range(len(lines)), is_bare)
    return _decode_singly(data[:-1].split(b"\n"))


def _decode_singly(texts: Sequence[bytes]) -> Lines:
    lines: list[Line] = []
    times: list[datetime] = []
    places: list[int] = []
    for place, text in enumerate(texts):
        with suppress(*_BAD):
            line = _decoder.decode(text)
            times.append(parse_time(line.time))
            lines.append(line)
            places.append(place)
    return Lines(lines, times, places, False)


def file_lines(file: StreamFile) -> Iterator[Lines]:
    """Yield the lines of a stream file, whatever its kind, in batches; `places` count within each."""
    if type(file) is StreamFile:
        for data in whole_lines(file.path, _BATCH_BYTES):
            yield decode(data)
        return
    records = file.new_records()
    while lines := [record.line for record in islice(records, BATCH_LINES)]:
        yield of_lines(lines)


def of_lines(lines: list[Line]) -> Lines:
    """Return lines that were decoded elsewhere, and are good."""
    return Lines(lines, [parse_time(line.time) for line in lines], range(len(lines)), False)
