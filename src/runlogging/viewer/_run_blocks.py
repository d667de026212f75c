"""Blocks: the figures of some runs with the same metrics, column by column, as bytes in a file.

A column of numbers is an array of doubles, or a single one where all are the same to the bit; anything else is JSON as
Python writes it, which keeps NaN and whole numbers of any length.
"""

from __future__ import annotations

import json
import threading
import zlib
from array import array
from collections.abc import Sequence
from typing import IO, Any

import msgspec

from runlogging.viewer._run_cells import EXACT, FLOAT, INT, OTHER, Cells

_SAME = 4
"""Added to the kind of a column that is one number."""

_SEEKING = threading.Lock()  # not os.pread: Windows has none


class Packed(msgspec.Struct):
    """The columns of a block as they lie in a file.

    Attributes:
        kinds: one byte a column: what it holds.
        ends: where each column ends within the block, in bytes, as an array of unsigned ints.
        checksum: of all bytes of the block.
    """

    kinds: bytes
    ends: bytes
    checksum: int

    @property
    def size(self) -> int:
        """How many bytes the block has."""
        return _ints(self.ends)[-1] if self.ends else 0


def pack(rows: Sequence[Sequence[Any]]) -> tuple[bytes, Packed]:
    """Return the bytes of a block, and what tells its columns.

    Args:
        rows: what each run has, one value a column; None is nothing.
    """
    kinds, ends, data = bytearray(), array("I"), bytearray()
    for values in zip(*rows, strict=True):
        kind, part = _packed(values)
        kinds.append(kind)
        data += part
        ends.append(len(data))
    return bytes(data), Packed(bytes(kinds), ends.tobytes(), zlib.crc32(data))


def _packed(values: tuple[Any, ...]) -> tuple[int, bytes]:
    types = set(map(type, values))
    if types == {float}:
        kind = FLOAT
    elif types == {int} and min(values) >= -EXACT and max(values) <= EXACT:
        kind = INT
    elif types == {type(None)}:
        return 0, b""
    else:
        return OTHER, json.dumps(values).encode()
    data = array("d", values).tobytes()
    return (kind | _SAME, data[:8]) if data == data[:8] * len(values) else (kind, data)


def bounds(packed: Packed, column: int) -> tuple[int, int]:
    """Return where a column begins and ends within its block, in bytes."""
    ends = memoryview(packed.ends).cast("I")
    return ends[column - 1] if column else 0, ends[column]


def unpack(cells: Cells, places: Sequence[int], kind: int, data: bytes) -> None:
    """Set the values of a column of a block.

    Args:
        cells: where they go.
        places: the place of each run of the block; -1 for one that does not count any more.
        kind: what the column holds.
        data: its bytes.
    """
    if kind == OTHER:
        for place, value in zip(places, json.loads(data), strict=True):
            if place >= 0 and value is not None:
                cells[place] = value
    elif kind:
        numbers = array("d", data)
        cells.fill(places, kind & ~_SAME, numbers * len(places) if kind & _SAME else numbers)


class Shape:
    """The metrics that some runs have.

    Attributes:
        names: the metrics.
        at: metric to its place among them.
        live: how many runs have these.
        waiting: the place of a run that is in no block yet to its figures, metric by metric.
    """

    __slots__ = ("at", "live", "names", "waiting")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names, self.live = names, 0
        self.at = {name: place for place, name in enumerate(names)}
        self.waiting: dict[int, list[Any]] = {}


class Block:
    """Some runs of one shape in a file.

    Attributes:
        shape: their metrics.
        places: the place of each, -1 for one that does not count any more.
        file: where it lies.
        offset: where it begins there.
        packed: what tells its columns.
        live: how many of its runs count.
    """

    __slots__ = ("file", "live", "offset", "packed", "places", "shape")

    def __init__(self, shape: Shape, places: Sequence[int], file: IO[bytes], offset: int, packed: Packed) -> None:
        self.shape, self.file, self.offset, self.packed = shape, file, offset, packed
        self.places = array("i", places)
        self.live = len(places) - self.places.count(-1)

    def column(self, number: int) -> bytes:
        """Return the bytes of a column.

        Raises:
            OSError: they cannot be read.
        """
        begin, end = bounds(self.packed, number)
        return self._read(begin, end - begin)

    def content(self) -> bytes:
        """Return all its bytes.

        Raises:
            OSError: they cannot be read.
        """
        return self._read(0, self.packed.size)

    def _read(self, begin: int, size: int) -> bytes:
        data = read_at(self.file, self.offset + begin, size)
        if len(data) != size:
            raise OSError("what the viewer keeps of the metrics was cut off by another program; start it again")
        return data


def read_at(file: IO[bytes], offset: int, size: int) -> bytes:
    """Return bytes of a file, fewer where it ends.

    The thread that looks through a kept file and those that answer requests share it, and the place in it.
    """
    with _SEEKING:
        file.seek(offset)
        return file.read(size)


def write_at(file: IO[bytes], offset: int, data: bytes) -> None:
    """Write bytes into a file without a buffer, all of them.

    Raises:
        OSError: the disk is full.
    """
    rest = memoryview(data)
    with _SEEKING:
        file.seek(offset)
        while rest:
            rest = rest[file.write(rest) :]


def _ints(data: bytes) -> memoryview[int]:
    return memoryview(data).cast("I")
