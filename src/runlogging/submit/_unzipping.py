"""The zip of a snapshot, taken apart without trusting it."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from runlogging._errors import InvalidValueError
from runlogging.folder import check_artifact
from runlogging.run._snapshots import MAX_MEMBERS
from runlogging.submit._members import Member, content_id, name_problem

_CHUNK_BYTES = 1 << 20
# Ours have more where files are very regular; then max_bytes decides.
_EXPANSION = 100


def extract(zip_path: str, target: str, snapshot_id: str, max_bytes: int) -> None:
    """Write the files of a snapshot into a folder that is empty. The zip may be anybody's.

    Args:
        zip_path: the zip.
        target: the folder.
        snapshot_id: the id that its content must have.
        max_bytes: how many bytes may come out of it; up to a hundred times its own size may in any case.

    Raises:
        InvalidValueError: it is damaged, is no snapshot of ours, has another content, or is too large. Files that were
            written already stay.
        OSError: a file could not be written.
    """
    members: dict[str, Member] = {}
    with _reading(zip_path):
        archive = zipfile.ZipFile(zip_path)
    with archive:
        for info in _checked(archive, zip_path, max_bytes):
            members[info.filename] = _extract_one(archive, info, target)
    if content_id(members) != snapshot_id:
        raise InvalidValueError(f"the files in {zip_path} are not those of the snapshot {snapshot_id}")


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Make one error of all that the reading of a damaged zip may raise."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise InvalidValueError(f"the snapshot {path} is damaged or cannot be read: {error}") from error


def _checked(archive: zipfile.ZipFile, path: str, max_bytes: int) -> list[zipfile.ZipInfo]:
    infos, own_size = archive.infolist(), os.stat(path).st_size  # noqa: PTH116
    if len(infos) > MAX_MEMBERS:
        raise InvalidValueError(f"{path} has {len(infos):,} members, over {MAX_MEMBERS:,}")
    size = sum(info.file_size for info in infos)
    if sum(info.compress_size for info in infos) > own_size:
        raise InvalidValueError(f"{path} is no snapshot: its members overlap")
    if size > max(max_bytes, _EXPANSION * own_size):
        raise InvalidValueError(f"{path} has {size:,} bytes of files, over max_bytes={max_bytes:,}; raise it")
    seen: set[str] = set()
    for info in infos:
        problem = _problem(info) or ("it is there twice" if info.filename in seen else None)
        if problem:
            raise InvalidValueError(f"{path} is no snapshot: its member {info.orig_filename!r:.80}: {problem}")
        seen.add(info.filename)
    return infos


def _problem(info: zipfile.ZipInfo) -> str | None:
    # The name as it stands in the zip: `filename` is cut at a null character.
    if problem := name_problem(info.orig_filename):
        return problem
    if os.name == "nt":
        check_artifact(info.orig_filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "it is no regular file"
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is compressed in a way that is not read here"
    return None


def _extract_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: str) -> Member:
    path = f"{target}/{info.filename}"
    is_executable = bool((info.external_attr >> 16) & stat.S_IXUSR)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        os.makedirs(path.rpartition("/")[0], exist_ok=True)  # noqa: PTH103
        fd = os.open(path, flags, 0o777 if is_executable else 0o666)
    except (FileExistsError, NotADirectoryError) as error:
        raise InvalidValueError(
            f"{info.filename!r:.80} cannot stand beside the other names of the snapshot on this file system"
        ) from error
    digest, size = hashlib.sha256(), 0
    with open(fd, "wb") as file:
        for piece in _pieces(archive, info):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
    return Member(digest.hexdigest(), size, is_executable)


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with _reading(str(archive.filename)):
        member = archive.open(info)
    with member:
        while True:
            with _reading(str(archive.filename)):
                piece = member.read(_CHUNK_BYTES)
            if not piece:
                return
            yield piece
