"""The figures of the metrics of all runs of a root, kept beside the index for the next viewer.

A file of blocks, a catalogue of them, and at the end where the catalogue lies. It is a cache and never the truth: a run
in it counts while its manifest, and what its summary was made of, are what they were. Whatever is wrong with the file
costs time and nothing else: it is then written anew. It is never changed but replaced, so a viewer that has it open
may go on with it.
"""

from __future__ import annotations

import os
import sys
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec

from runlogging.reading._summaries import Witness
from runlogging.reading.search._index import INDEX_FOLDER
from runlogging.viewer._run_blocks import Block, Packed, read_at

FIGURES_FILE = "figures.bin"
_MAGIC = b"RLFIGUR1"
_FOOT = len(_MAGIC) + 8 + 4
_PART = ".part"
_OLD_S = 600.0  # what a process that was killed left half written is removed after so long


class Known(NamedTuple):
    """A run in the file.

    Attributes:
        experiment: the name of its experiment's folder.
        name: the name of its folder.
        key: inode, size in bytes and time of change in ns of its manifest.
        witnesses: the files of its summary; none for a run that takes no more records.
    """

    experiment: str
    name: str
    key: tuple[int, int, int]
    witnesses: tuple[Witness, ...]


class _Block(msgspec.Struct, array_like=True):
    shape: int
    offset: int
    packed: Packed
    runs: list[Known | None]


class _Catalogue(msgspec.Struct, array_like=True):
    byteorder: str
    shapes: list[tuple[str, ...]]
    blocks: list[_Block]


class Kept(NamedTuple):
    """A block as it was kept: its metrics, where it lies, what tells its columns, and its runs."""

    names: tuple[str, ...]
    offset: int
    packed: Packed
    runs: list[Known | None]


def open_figures(root: Path) -> IO[bytes] | None:
    """Return the file of a root, open; None where there is none."""
    path = root / INDEX_FOLDER / FIGURES_FILE
    _remove_parts(path.parent)
    try:
        # Not before it is a file: opening a pipe would wait.
        return path.open("rb", buffering=0) if path.is_file() else None
    except OSError:
        return None


def kept_blocks(file: IO[bytes]) -> Iterator[Kept]:
    """Yield the blocks of a file that are whole; none of one that is damaged or of another kind of machine."""
    try:
        catalogue = _catalogue(file)
        for block in catalogue.blocks:
            if _is_whole(file, block, catalogue):
                yield Kept(catalogue.shapes[block.shape], block.offset, block.packed, block.runs)
    except (OSError, ValueError, OverflowError):  # a DecodeError of msgspec is a ValueError
        return


def _catalogue(file: IO[bytes]) -> _Catalogue:
    size = os.fstat(file.fileno()).st_size
    file.seek(max(size - _FOOT, 0))
    foot = file.read(_FOOT)
    begin = int.from_bytes(foot[8:16], "big")
    if foot[:8] != _MAGIC or begin > size - _FOOT:
        raise ValueError("no file of figures, or half of one")
    file.seek(begin)
    data = file.read(size - _FOOT - begin)
    if zlib.crc32(data) != int.from_bytes(foot[16:], "big"):
        raise ValueError("a damaged file of figures")
    catalogue = msgspec.msgpack.decode(data, type=_Catalogue)
    if catalogue.byteorder != sys.byteorder:
        raise ValueError("the file of figures of another kind of machine")
    return catalogue


def _is_whole(file: IO[bytes], block: _Block, catalogue: _Catalogue) -> bool:
    data = read_at(file, block.offset, block.packed.size)
    return zlib.crc32(data) == block.packed.checksum and block.shape < len(catalogue.shapes)


def keep_figures(
    root: Path, blocks: Sequence[Block], known: Mapping[int, Known], lock: AbstractContextManager[Any]
) -> None:
    """Write the file of a root where that is possible.

    Args:
        root: the root.
        blocks: the blocks.
        known: what is known of the runs in them by their places; others do not count the next time.
        lock: held while a block is read.
    """
    folder = root / INDEX_FOLDER
    try:
        folder.mkdir(exist_ok=True)
        part = folder / f"figures-{os.getpid()}-{time.time_ns()}{_PART}"
        try:
            with part.open("xb") as file:
                _write(file, blocks, known, lock)
            part.replace(folder / FIGURES_FILE)
        finally:
            part.unlink(missing_ok=True)
    except OSError:  # a disk that is full or read-only
        return


def _write(
    file: IO[bytes], blocks: Sequence[Block], known: Mapping[int, Known], lock: AbstractContextManager[Any]
) -> None:
    shapes: dict[tuple[str, ...], int] = {}
    listed: list[_Block] = []
    for block in blocks:
        with lock:
            runs = [_encodable(known.get(place)) for place in block.places]
            data = block.content() if any(runs) else b""
        if data:
            shape = shapes.setdefault(block.shape.names, len(shapes))
            listed.append(_Block(shape, file.tell(), block.packed, runs))
            file.write(data)
    data = msgspec.msgpack.encode(_Catalogue(sys.byteorder, list(shapes), listed))
    begin = file.tell()
    file.write(data + _MAGIC + begin.to_bytes(8, "big") + zlib.crc32(data).to_bytes(4, "big"))


def _encodable(run: Known | None) -> Known | None:
    """Return a run unless the names of its folders are no UTF-8: it is read each time, for all others are kept."""
    if run is not None:
        try:
            f"{run.experiment}/{run.name}".encode()
        except UnicodeEncodeError:
            return None
    return run


def _remove_parts(folder: Path) -> None:
    for path in folder.glob(f"figures-*{_PART}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _OLD_S:
                path.unlink()
