"""The bytes of a log that is adopted: from a file, a pipe or a stream, compressed or not, line by line."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from runlogging._errors import ArtifactNotFoundError, InvalidValueError, SourceError

MAX_LINE = 16 << 20
"""Bytes; a longer line is cut, so that memory stays bounded."""
_CHUNK = 1 << 18
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_WITH_GZIP_HEADER = 31  # zlib's window bits, and 16 more for gzip

Progress = Callable[[int, "int | None"], None]


class Input:
    """A log that is read once, from its beginning to its end.

    Args:
        stream: the bytes.
        name: what the log is called.
        progress: told of the bytes read, and of how many there are in all or None.

    Attributes:
        size: bytes in all, of a file; else None until everything is read.
        changed: when the file was changed last, in seconds since the epoch; now, where it is no file.
        problem: what of the data could not be read, as a sentence; or None.

    Raises:
        InvalidValueError: there is nothing in it.
        SourceError: it cannot be read.
    """

    def __init__(self, stream: BinaryIO, name: str, progress: Progress | None = None) -> None:
        self.name = name
        self.problem: str | None = None
        self._stream, self._progress = stream, progress
        self._hash = hashlib.sha256()
        self._done = 0
        self.size, self.changed = _facts(stream)
        self._is_file = self.size is not None
        first = self._read()
        if not first:
            raise InvalidValueError(f"{name} is empty; there is nothing to adopt")
        chunks = self._chunks(first)
        self._data = self._inflated(chunks) if first.startswith(_GZIP) else chunks
        self._first = next(self._data, b"").removeprefix(_BOM)

    @property
    def sha256(self) -> str | None:
        """The SHA-256 of what was read, in hexadecimal; None where it is no file."""
        return self._hash.hexdigest() if self._is_file else None

    @property
    def done(self) -> int:
        """How many bytes were read."""
        return self._done

    def sample(self, count: int) -> list[str]:
        """Return the first whole lines that are not blank, at most ``count``; `lines` still begins with them."""
        whole, _, rest = self._first.rpartition(b"\n")
        lines = (whole or rest).split(b"\n", 4 * count)[: 4 * count]
        return [text for text in map(_text, lines) if text.strip()][:count]

    def lines(self) -> Iterator[str]:
        """Yield the lines without their ends, the last also where it has none.

        Raises:
            SourceError: reading failed.
        """
        parts: list[bytes] = []
        size = 0
        for chunk in self._all():
            *ends, rest = chunk.split(b"\n")
            for line in ends:
                yield _text(b"".join((*parts, line)))
                parts.clear()
                size = 0
            parts.append(rest)
            size += len(rest)
            if size >= MAX_LINE:
                yield _text(b"".join(parts))
                parts, size = [], 0
        if size:
            yield _text(b"".join(parts))

    def _all(self) -> Iterator[bytes]:
        yield self._first
        yield from self._data

    def _read(self) -> bytes:
        try:
            chunk = self._stream.read(_CHUNK)
        except (OSError, ValueError) as error:
            raise SourceError(f"{self.name} cannot be read: {error}") from error
        if not isinstance(chunk, bytes):
            raise InvalidValueError(f"{self.name} is opened as text; open it with mode 'rb'")
        self._hash.update(chunk)
        self._done += len(chunk)
        if self._progress is not None:
            self._progress(self._done, self.size)
        return chunk

    def _chunks(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            yield chunk
            chunk = self._read()

    def _inflated(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the data of all members of a gzip file; what a damaged one holds before its damage is kept."""
        inflater = zlib.decompressobj(_WITH_GZIP_HEADER)
        try:
            for chunk in chunks:
                while chunk:
                    if inflater.eof:
                        chunk = chunk.lstrip(b"\0")  # padding
                        if not chunk:
                            break
                        inflater = zlib.decompressobj(_WITH_GZIP_HEADER)
                    yield inflater.decompress(chunk, _CHUNK)
                    chunk = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            yield inflater.flush()
            if not inflater.eof:
                self.problem = "the compressed data end early"
        except zlib.error as error:
            self.problem = f"the compressed data are damaged: {error}"


def _facts(stream: BinaryIO) -> tuple[int | None, float]:
    with contextlib.suppress(OSError, AttributeError, ValueError):
        facts = os.fstat(stream.fileno())
        if stat.S_ISREG(facts.st_mode):
            return facts.st_size, facts.st_mtime
    return None, time.time()


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "backslashreplace")


@contextlib.contextmanager
def open_input(source: str | os.PathLike[str] | BinaryIO, progress: Progress | None = None) -> Iterator[Input]:
    """Open a log: a path, ``-`` for stdin, or a binary stream, which stays open.

    Raises:
        ArtifactNotFoundError: there is no such file (also a FileNotFoundError).
        SourceError: it is a folder, or cannot be read (also an OSError).
        InvalidValueError: it is empty, or no source at all (also a ValueError).
    """
    if isinstance(source, str | os.PathLike) and os.fspath(source) != "-":
        path = Path(source)
        with _opened(path) as stream:
            yield Input(stream, path.name, progress)
        return
    given = sys.stdin.buffer if isinstance(source, str | os.PathLike) else source
    if not hasattr(given, "read"):
        raise InvalidValueError(f"a log is a path, '-' or a binary stream, not {type(given).__name__}")
    name = "stdin" if given is not source else getattr(given, "name", None)
    yield Input(given, os.path.basename(name) if isinstance(name, str) else "stream", progress)  # noqa: PTH119


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArtifactNotFoundError(f"there is no file {path}") from error
    except IsADirectoryError as error:
        raise SourceError(f"{path} is a folder; name one log file") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
