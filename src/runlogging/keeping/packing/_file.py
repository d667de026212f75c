"""One file of JSON Lines to one packed file and back, both read piece by piece."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from runlogging._errors import InvalidValueError
from runlogging.folder import StreamName, encode_line
from runlogging.keeping.packing._parquet import column_writer
from runlogging.keeping.packing._rows import Rows
from runlogging.reading._packed_engines import opened
from runlogging.reading._packed_layout import LAYOUT, Packing
from runlogging.reading._streams import last_time

# A group of rows is gathered in memory, and read in smaller pieces.
_GROUP_ROWS = 1 << 17
_GROUP_BYTES = 1 << 24
_PIECE_LINES = 1 << 12

OnBytes = Callable[[int], object]


def pack_file(
    source: Path,
    target: Path,
    name: StreamName,
    run: tuple[str, str],
    on_bytes: OnBytes | None = None,
    *,
    until: int | None = None,
) -> Packing:
    """Write the packed form of a file of JSON Lines; it is on the disk when the call returns.

    Args:
        source: the JSON Lines.
        target: the new file; it must not exist, and is there in part where the call fails.
        name: the stream, its writer and its part.
        run: the experiment's name and the run's id.
        on_bytes: told of the bytes that were read now and then.
        until: take only the whole lines of the first so many bytes; None takes all there is.

    Raises:
        MissingExtraError: pyarrow is not installed (also an ImportError).
        OSError: the source cannot be read, or the target not be written.
    """
    gatherer = _Gatherer(name.stream)
    constants = {"experiment": run[0], "run": run[1], "writer": name.writer}
    with source.open("rb") as file, column_writer(target, name.stream, constants) as writer:
        for text in _lines(file, until):
            gatherer.add(text)
            if gatherer.is_full():
                gathered = gatherer.gathered
                rows = gatherer.rows.count
                writer.write(gatherer.take(), rows)
                if on_bytes is not None:
                    on_bytes(gathered)
        if rows := gatherer.rows.count:
            writer.write(gatherer.take(), rows)
        packing = Packing(
            layout=LAYOUT,
            stream=name.stream,
            writer=name.writer,
            part=name.part,
            experiment=run[0],
            run=run[1],
            size=gatherer.size,
            sha256=gatherer.digest.hexdigest(),
            lines=gatherer.lines,
            rest=gatherer.rest,
            last_time=last_time(source),
            sorted=gatherer.rows.is_sorted,
        )
        writer.describe(packing)
    sync_file(target)
    return packing


class _Gatherer:
    """Count what was read, and gather the rows of a group."""

    def __init__(self, stream: str) -> None:
        self.rows = Rows(stream)
        self.digest = hashlib.sha256()
        self.size = self.lines = self.rest = self.gathered = 0

    def add(self, text: bytes) -> None:
        if not text.endswith(b"\n"):
            self.rest = len(text)
            self.rows.add_raw(text, self.size)
        elif text == b"\n":
            self.rows.add_raw(b"", self.size)
        else:
            self.lines += 1
            self.rows.add(text, self.size)
        self.digest.update(text)
        self.size += len(text)
        self.gathered += len(text)

    def is_full(self) -> bool:
        return self.rows.count >= _GROUP_ROWS or self.gathered >= _GROUP_BYTES

    def take(self) -> dict[str, list[object]]:
        self.gathered = 0
        return self.rows.take()


def _lines(file: BinaryIO, until: int | None) -> Iterator[bytes]:
    if until is None:
        yield from file
        return
    for text in file:
        until -= len(text)
        if until < 0 or not text.endswith(b"\n"):
            return
        yield text


def read_packing_of(path: Path) -> Packing:
    """Return what a packed file says of itself.

    Raises:
        OSError, ValueError: it cannot be read, or is no packed file.
    """
    with opened(path) as file:
        return file.packing


def plain_pieces(path: Path) -> Iterator[bytes]:
    """Yield the JSON Lines that a packed file stands for, byte for byte, in pieces.

    Raises:
        MissingExtraError: neither pyarrow nor polars is installed (also an ImportError).
        OSError, ValueError: the file cannot be read, or is damaged.
    """
    with opened(path) as file:
        end = file.packing.size - file.packing.rest
        texts: list[bytes] = []
        for row in file.rows(as_json=True):
            if row.raw is None:
                texts.append(encode_line(row.line))
            else:
                texts.append(row.raw if row.offset >= end else row.raw + b"\n")
            if len(texts) >= _PIECE_LINES:
                yield b"".join(texts)
                texts.clear()
        yield b"".join(texts)


def check_pieces(pieces: Iterable[bytes], packing: Packing, path: Path) -> Iterator[bytes]:
    """Yield pieces of JSON Lines, and see whether they are those that a packed file stands for.

    Raises:
        InvalidValueError: they are not (also a ValueError); after the last of them.
    """
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
        yield piece
    if (size, digest.hexdigest()) != (packing.size, packing.sha256):
        raise InvalidValueError(
            f"{path} does not give back the lines that it was made of, byte for byte; nothing was removed"
        )


def verify_packed(path: Path, packing: Packing, on_bytes: OnBytes | None = None) -> None:
    """See whether a packed file gives back, byte for byte, what it stands for.

    Raises:
        InvalidValueError: it does not, or is damaged (also a ValueError).
        OSError: it cannot be read.
    """
    try:
        for piece in check_pieces(plain_pieces(path), packing, path):
            if on_bytes is not None:
                on_bytes(len(piece))
    except InvalidValueError:
        raise
    except (ValueError, msgspec.MsgspecError) as error:
        raise InvalidValueError(f"{path} is damaged: {error}; nothing was removed") from error


def digest_of(path: Path, size: int) -> str:
    """Return the SHA-256 of the first so many bytes of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (piece := file.read(min(size, 1 << 20))):
            digest.update(piece)
            size -= len(piece)
    return digest.hexdigest()


def sync_file(path: Path) -> None:
    """Put a file's content on the disk."""
    fd = os.open(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
