"""The zip of a snapshot: made of files that may change meanwhile, and taken apart again without trusting it."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from runlogging._errors import InvalidValueError
from runlogging.run._snapshots import MAX_MEMBERS
from runlogging.submit._members import Member, content_id, name_problem

_CHUNK_BYTES = 1 << 20
_READ_TRIES = 3
# Measured, a whole snapshot of 2,000 Python files (19 MB): level 2 0.32 s and 5.6 MB, level 6 0.47 s and 5.0 MB.
_LEVEL = 2
_SAMPLE_BYTES = 1 << 16
_INCOMPRESSIBLE = 0.95
_EXPANSION = 100
_TIME = (1980, 1, 1, 0, 0, 0)  # the first that zip knows


class ChangedError(Exception):
    """Say that a file changed while it was read, or cannot be read; the message is the reason in a list."""


def read_member(path: str, max_bytes: int, take: Callable[[bytes], object] | None = None) -> Member:
    """Read a file and return what it was while it was read.

    Args:
        path: the file; a link is not followed.
        max_bytes: larger ones are refused.
        take: gets each piece of the content.

    Raises:
        ChangedError: it changed meanwhile, vanished, is none any more, is too large, or may not be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with _noticing():
        fd = os.open(path, flags)
    try:
        return _read(fd, max_bytes, take)
    finally:
        os.close(fd)


@contextmanager
def _noticing() -> Iterator[None]:
    """Make one error of all that reading a file may raise; what `take` raises is another matter."""
    try:
        yield
    except FileNotFoundError:
        raise ChangedError("it vanished") from None
    except OSError as error:
        raise ChangedError(f"it cannot be read: {error.strerror}") from error


def _read(fd: int, max_bytes: int, take: Callable[[bytes], object] | None) -> Member:
    with _noticing():
        before = os.fstat(fd)
    if not stat.S_ISREG(before.st_mode):
        raise ChangedError("it is no regular file")
    if before.st_size > max_bytes:
        raise ChangedError(f"it has {before.st_size:,} bytes, over max_file_bytes={max_bytes:,}")
    digest, size = hashlib.sha256(), 0
    while size <= before.st_size:
        with _noticing():
            piece = os.read(fd, _CHUNK_BYTES)
        if not piece:
            break
        digest.update(piece)
        size += len(piece)
        if take is not None:
            take(piece)
    with _noticing():
        after = os.fstat(fd)
    if size != before.st_size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise ChangedError("it changed while it was read")
    return Member(digest.hexdigest(), size, bool(before.st_mode & stat.S_IXUSR))


def read_steady(path: str, max_bytes: int) -> Member:
    """Read a file, again where it changes meanwhile.

    Raises:
        ChangedError: it changed three times, or as `read_member`.
    """
    for _ in range(_READ_TRIES - 1):
        try:
            return read_member(path, max_bytes)
        except ChangedError:
            continue
    return read_member(path, max_bytes)


def write_zip(
    file: BinaryIO,
    members: Mapping[str, Member],
    paths: Mapping[str, str],
    on_bytes: Callable[[int], None] | None = None,
) -> list[str]:
    """Write files as a zip: sorted names, one time, and of the modes only whether a file is executable.

    Returns:
        The names of files that are not any more what they were; with one of them the zip is worth nothing.
    """
    changed = []
    with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        for name in sorted(members, key=str.encode):
            member = members[name]
            with archive.open(_info(name, member, paths[name]), "w") as target:
                try:
                    found = read_member(paths[name], member.size, target.write)
                except ChangedError:
                    found = None
            if found != member:
                changed.append(name)
            if on_bytes is not None:
                on_bytes(member.size)
    return changed


def _info(name: str, member: Member, path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _TIME)
    info.create_system = 3  # Unix, so that the mode counts
    info.external_attr = (stat.S_IFREG | (0o755 if member.is_executable else 0o644)) << 16
    info.file_size = member.size
    info.compress_type = zipfile.ZIP_DEFLATED if _is_worth(path, member.size) else zipfile.ZIP_STORED
    info._compresslevel = _LEVEL  # type: ignore[attr-defined]  # ZipFile.open takes it from here alone
    return info


def _is_worth(path: str, size: int) -> bool:
    """Tell whether a file gets smaller; only of large ones a sample is tried."""
    if size <= _SAMPLE_BYTES:
        return size > 0
    try:
        with open(path, "rb") as file:
            sample = file.read(_SAMPLE_BYTES)
    except OSError:
        return True
    return len(zlib.compress(sample, 1)) < _INCOMPRESSIBLE * len(sample)


# ---------------------------------------------------------------------- reading


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
        from runlogging.folder import check_artifact

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
