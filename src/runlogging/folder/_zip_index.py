"""The list of contents of a zip, kept as long as the file stays the same."""

from __future__ import annotations

import errno
import os
import stat
import struct
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from runlogging.folder._zip_member import Mark

Identity = tuple[int, int, int, int]
"""Device, inode, size and time of change of a zip: what tells that it is still the same."""


class Index(NamedTuple):
    """What a zip says that it holds.

    Attributes:
        files: name to file.
        folders: name to the names in it, in their order; ``.`` is the top.
        marks: file's name to the points from which it can be unpacked, as they became known.
    """

    files: dict[str, zipfile.ZipInfo]
    folders: dict[str, dict[str, None]]
    marks: dict[str, dict[int, Mark]]


def identity_of(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def index_of(archive: Path) -> Index:
    return index_as(archive, identity_of(archive.stat()))


@lru_cache(maxsize=8)
def index_as(archive: Path, identity: Identity) -> Index:
    """Read the list of contents.

    Raises:
        OSError: it cannot be read, is damaged, or the file was replaced since somebody looked at it.
    """
    with archive.open("rb") as file:
        if identity_of(os.fstat(file.fileno())) != identity:
            raise OSError(errno.ESTALE, "the zip was replaced while it was read; try again", str(archive))
        try:
            infos = zipfile.ZipFile(file).infolist()
        except (zipfile.BadZipFile, struct.error, EOFError, NotImplementedError, OverflowError, ValueError) as error:
            raise OSError(errno.EIO, f"it is no zip, or a damaged one ({error})", str(archive)) from error
    index = Index({}, {".": {}}, {})
    for info in infos:
        _take(index, info)
    for name in index.files.keys() & index.folders.keys():  # a name cannot be both; what has content wins
        del index.files[name]
    return index


def _take(index: Index, info: zipfile.ZipInfo) -> None:
    name = info.orig_filename  # `filename` is cut at a null character
    is_folder = name.endswith("/")
    parts = name.rstrip("/").split("/") if is_folder else name.split("/")
    # Absolute names and those with `..` lead out of any folder; a backslash is a slash to some.
    if any(part in ("", ".", "..") for part in parts) or "\\" in name or "\0" in name:
        return
    if not is_folder:
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            return  # a symbolic link, or worse
        index.files["/".join(parts)] = info
    for depth in range(len(parts) - 1 + is_folder, 0, -1):
        index.folders.setdefault("/".join(parts[:depth]), {})
    for depth in range(len(parts)):
        index.folders["/".join(parts[:depth]) or "."][parts[depth]] = None
