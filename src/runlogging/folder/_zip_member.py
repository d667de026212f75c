"""The content of one file in a zip, unpacked as it is read and never as a whole."""

from __future__ import annotations

import errno
import io
import struct
import zipfile
import zlib
from typing import IO, Any, NamedTuple

SIGNATURE = b"PK\x03\x04"
"""What a file in a zip begins with, and so most zips."""

_BUFFER_BYTES = 1 << 20
_FEED_BYTES = 1 << 16
# Readers of lines go back to the last line's beginning after each piece; so much stays unpacked for them.
_KEPT_BYTES = 2 << 20
_MARK_BYTES = 4 << 20
_MOST_MARKS = 64
# Deflate packs constant bytes a thousandfold. What is larger than this and packed tighter than that is taken into
# memory in pieces only, and no line of it is longer than that.
_LARGE_BYTES = 256 << 20
_MOST_EXPANSION = 200

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, length of the name, length of the extra field
_ENCRYPTED, _UTF8_NAME = 0x1, 0x800


class Mark(NamedTuple):
    """A point in a file from which it can be unpacked on.

    Attributes:
        at: how many bytes stand before it.
        crc: their checksum.
        packed_left: how many bytes of the zip were not read yet.
        inflate: what unpacks on from here; to be copied.
    """

    at: int
    crc: int
    packed_left: int
    inflate: Any


def reader_of(raw: MemberReader) -> io.BufferedReader:
    """Return a buffered reader, one with a bound where a line or a whole may be far larger than the zip itself."""
    return (_BoundedReader if raw.is_dense else _Reader)(raw, _BUFFER_BYTES)


class _Reader(io.BufferedReader):
    """A buffered reader that gives what stands before a damage, and then its error."""

    _failure: OSError | None = None

    def read(self, size: int | None = -1) -> bytes:
        if self._failure is not None:
            raise self._failure
        if size is None or size < 0:
            return super().read()
        pieces: list[bytes] = []
        while size > 0:
            try:
                piece = self.read1(size)
            except OSError as error:
                if not pieces:
                    raise
                self._failure = error
                break
            if not piece:
                break
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


class _BoundedReader(_Reader):
    """A reader that gives neither long lines nor large pieces."""

    def __next__(self) -> bytes:
        line = self.readline(_LARGE_BYTES)
        if not line:
            raise StopIteration
        if len(line) == _LARGE_BYTES and not line.endswith(b"\n"):
            raise OSError(errno.EFBIG, f"a line is longer than {_LARGE_BYTES:,} bytes, far more than its zip")
        return line

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0 or size > _LARGE_BYTES:
            raise OSError(errno.EFBIG, f"at most {_LARGE_BYTES:,} bytes are read at once, or it would fill the memory")
        return super().read(size)


class MemberReader(io.RawIOBase):
    """The bytes of one file of a zip, unpacked as they are read. Whether they are right is known at their end.

    Args:
        file: the zip, opened for this reader, which closes it.
        info: what the zip says of the file.
        path: how errors call it.
        marks: number to a point from which it can be unpacked; those that come by are added.

    Attributes:
        is_dense: whether the file is so large, and packed so tightly, that it must not be taken into memory.
    """

    def __init__(self, file: IO[bytes], info: zipfile.ZipInfo, path: str, marks: dict[int, Mark]) -> None:
        super().__init__()
        self._file, self._path, self._marks = file, path, marks
        self._size, self._packed_size, self._wanted_crc = info.file_size, info.compress_size, info.CRC
        if info.flag_bits & _ENCRYPTED:
            raise PermissionError(errno.EACCES, "it is encrypted; unzip it with its password", path)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise OSError(errno.EOPNOTSUPP, "it is compressed by a method other than deflate; zip it anew", path)
        self._is_stored = info.compress_type == zipfile.ZIP_STORED
        if self._is_stored and self._packed_size != self._size:
            raise self._damaged("its two sizes differ")
        self.is_dense = self._size > max(_LARGE_BYTES, _MOST_EXPANSION * self._packed_size)
        self._start = self._content_start(info)
        self._mark_every = max(_MARK_BYTES, self._size // _MOST_MARKS)
        self._at = self._end = self._crc = 0
        self._kept = bytearray()
        self._is_skipped = False  # a stored file from which something was not read
        self._go_to(Mark(0, 0, self._packed_size, None))

    def _content_start(self, info: zipfile.ZipInfo) -> int:
        begin: int = info.header_offset
        header = self._read_at(begin, _LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size:
            raise self._damaged("its header is cut off")
        signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        encoding = "utf-8" if info.flag_bits & _UTF8_NAME else "cp437"
        name = self._read_at(begin + _LOCAL_HEADER.size, name_length)
        if signature != SIGNATURE or name != info.orig_filename.encode(encoding, "replace"):
            raise self._damaged("its header is of something else")
        return begin + _LOCAL_HEADER.size + int(name_length) + int(extra_length)

    def _read_at(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        # Like a file on disk, one may be told to stand behind its end.
        target = max(0, base + offset)
        if self._is_stored:
            self._is_skipped = self._is_skipped or target != self._at
            self._file.seek(self._start + target)
        self._at = target
        return target

    def readinto(self, buffer: Any) -> int:
        if not self._is_stored:
            self._unpack_up_to(min(self._at, self._size))
        most = min(len(buffer), self._size - self._at)
        if most <= 0:
            self._check()
            return 0
        piece = self._stored(most) if self._is_stored else self._unpacked(most)
        length = len(piece)
        buffer[:length] = piece
        self._at += length
        return length

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self.read(_BUFFER_BYTES) or b"", b""))

    def _check(self) -> None:
        """See at the end whether all that was read is what the zip says.

        Raises:
            OSError: it was changed.
        """
        is_whole = self._at == self._size and not self._is_skipped
        if is_whole and self._crc != self._wanted_crc:
            raise self._damaged("its checksum is not that of its content")

    def _damaged(self, what: str) -> OSError:
        return OSError(errno.EIO, f"the zip is damaged: {what}", self._path)

    def _cut_off(self, at: int) -> OSError:
        return self._damaged(f"it is cut off after {at:,} of {self._size:,} bytes")

    def _stored(self, most: int) -> bytes:
        piece = self._file.read(most)
        if not piece:
            raise self._cut_off(self._at)
        if not self._is_skipped:
            self._crc = zlib.crc32(piece, self._crc)
        return piece

    # ------------------------------------------------------------------ unpacking; the end of what is unpacked is _end

    def _go_to(self, mark: Mark) -> None:
        self._end, self._crc, self._packed_left = mark.at, mark.crc, mark.packed_left
        self._inflate = mark.inflate.copy() if mark.inflate is not None else zlib.decompressobj(-zlib.MAX_WBITS)
        self._kept = bytearray()
        self._file.seek(self._start + self._packed_size - self._packed_left)

    def _unpack_up_to(self, target: int) -> None:
        """Unpack until a place is among what is kept, or is where it goes on."""
        nearest = self._mark_before(target)
        if target < self._end - len(self._kept) or (nearest is not None and nearest.at > self._end):
            self._go_to(nearest or Mark(0, 0, self._packed_size, None))
        while self._end < target:
            self._unpack(min(_BUFFER_BYTES, target - self._end))

    def _mark_before(self, target: int) -> Mark | None:
        numbers = range(target // self._mark_every, 0, -1)
        return next((mark for number in numbers if (mark := self._marks.get(number)) and mark.at <= target), None)

    def _unpacked(self, most: int) -> bytes:
        if self._at == self._end:
            self._unpack(most)
        begin = len(self._kept) - (self._end - self._at)
        return bytes(self._kept[begin : begin + most])

    def _unpack(self, most: int) -> None:
        """Unpack the next bytes, one at least.

        Raises:
            OSError: they are cut off or were changed.
        """
        piece = self._inflated(min(most, self._size - self._end))
        if not piece:
            raise self._cut_off(self._end)
        self._crc = zlib.crc32(piece, self._crc)
        self._end += len(piece)
        self._kept += piece
        if len(self._kept) > 2 * _KEPT_BYTES:
            del self._kept[:-_KEPT_BYTES]
        number = self._end // self._mark_every
        if number and number not in self._marks:
            self._marks[number] = Mark(self._end, self._crc, self._packed_left, self._inflate.copy())

    def _inflated(self, most: int) -> bytes:
        piece = b""
        while not piece and not self._inflate.eof:
            packed = self._inflate.unconsumed_tail
            if not packed:
                packed = self._file.read(min(_FEED_BYTES, self._packed_left))
                self._packed_left -= len(packed)
            try:
                piece = self._inflate.decompress(packed, most)
            except zlib.error as error:
                raise self._damaged(f"it cannot be unpacked after {self._end:,} bytes") from error
            if not packed and not piece:
                break
        return piece
