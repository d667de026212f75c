"""A run as one zip, from which it can be read without unpacking it."""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from runlogging._errors import (
    ExistsError,
    InvalidNameError,
    InvalidValueError,
    RootError,
    RunActiveError,
    RunLoggingError,
)
from runlogging.folder import (
    Life,
    check_experiment,
    check_identifier,
    clean_identifier,
    list_writers,
    suggest_experiment,
    writer_life,
)
from runlogging.folder._atomic import sync_folder
from runlogging.folder._zip import is_in_zip
from runlogging.keeping._run_files import Source, sources_of
from runlogging.keeping.checking._findings import Progress, Told
from runlogging.reading import RunReader

_CHUNK_BYTES = 1 << 20
# Deflate gains nothing from what is compressed already; stored, the file can be read from any place at once.
_COMPRESSED = re.compile(
    r"\.(parquet|zip|gz|tgz|bz2|xz|zst|7z|br|npz|whl|png|jpe?g|gif|webp|avif|mp3|mp4|webm|ogg)\Z", re.IGNORECASE
)
# The oldest time of a zip, and one mode: so the same run always gives the same bytes.
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = stat.S_IFREG | 0o644


class Archived(NamedTuple):
    """What `archive` made.

    Attributes:
        path: the zip.
        run: the name of the run's folder in it, ``<experiment>/<run id>``.
        files: how many files it holds.
        size: their bytes.
        packed_size: the bytes of the zip.
        left_out: the names of what is in the run folder and not in the zip: symbolic links, what is no regular file,
            and files whose names no zip holds.
    """

    path: Path
    run: str
    files: int
    size: int
    packed_size: int
    left_out: list[str]


def archive(
    run: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Archived:
    """Write a run into a zip: every file, below ``<experiment>/<run id>/``; the run stays as it is.

    The zip gets its name when it is whole, is on the disk, and was read back and compared with the run. The same run
    gives the same bytes: members are sorted, their times are 1980-01-01. Unpacked in a root it is the run again.

    Args:
        run: the run folder.
        out: the zip.
        overwrite: whether a file of this name is replaced.
        progress: told of (the run's id, bytes done, bytes in all) now and then; the bytes count twice, written and
            compared.

    Raises:
        RunActiveError: a process writes to the run, or its files changed meanwhile (also a RuntimeError).
        ExistsError: there is a file of this name (also a FileExistsError).
        InvalidValueError: the zip would lie in the run, or the run lies in a zip (also a ValueError).
        RootError: there is no folder for the zip, or the run cannot be read (also an OSError).
        RunNotFoundError, FormatVersionError: as `open_run`.
        OSError: the disk is full, or the like; nothing is left of the zip.
    """
    reader = RunReader(run)
    target = Path(os.path.abspath(Path(out).expanduser()))  # noqa: PTH100  (resolve() would follow a link)
    _check_target(target, reader.path, overwrite)
    _check_quiet(reader)
    sources, left_out = sources_of(reader.path)
    prefix = f"{_experiment_of(reader)}/{_id_of(reader)}"
    told = Told(reader.id, 2 * sum(source.size for source in sources), progress)
    temporary = target.with_name(f".{os.getpid()}-{os.urandom(8).hex()}.tmp")
    try:
        _write(temporary, prefix, sources, told)
        _compare(temporary, prefix, sources, told)
        _check_quiet(reader)
        if sources_of(reader.path)[0] != sources:
            raise _changed(reader.path)
        packed_size = temporary.stat().st_size
        _check_free(target, overwrite)
        temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink()
    sync_folder(target.parent)
    return Archived(target, prefix, len(sources), sum(source.size for source in sources), packed_size, left_out)


# ---------------------------------------------------------------------- what may be archived, and to where


def _check_target(target: Path, run: Path, overwrite: bool) -> None:
    if is_in_zip(run):
        raise InvalidValueError(f"{run} lies in a zip already; copy the zip")
    if target.is_relative_to(run):
        raise InvalidValueError(f"{target} lies in the run itself; name a place outside of it")
    if not target.parent.is_dir():
        raise RootError(f"there is no folder {target.parent} for the zip; make it first", target.parent)
    _check_free(target, overwrite)


def _check_free(target: Path, overwrite: bool) -> None:
    if target.is_dir() or (os.path.lexists(target) and not overwrite):
        how = "name a file" if target.is_dir() else "overwrite=True (--overwrite) replaces it"
        raise ExistsError(f"{target} exists; {how}")


def _check_quiet(run: RunReader) -> None:
    living = [one.name for one in list_writers(run.path) if writer_life(run.path, one.name) is Life.ALIVE]
    if living:
        raise RunActiveError(f"run {run.id} is being written by {', '.join(living)}; archive it when it has ended")


def _changed(path: Path) -> RunActiveError:
    return RunActiveError(f"{path} changed while it was archived; archive it when nobody writes to it")


def _experiment_of(run: RunReader) -> str:
    for name in (run.experiment, run.path.parent.name):
        with suppress(InvalidNameError):
            return check_experiment(name)
    return suggest_experiment(run.path.parent.name)


def _id_of(run: RunReader) -> str:
    # What the manifest says comes first: of a copy under another name, the zip holds the run that it was.
    for name in (run.id, run.path.name):
        with suppress(InvalidNameError):
            return check_identifier(name, "run id")
    return clean_identifier(run.path.name)


# ---------------------------------------------------------------------- the zip


def _write(path: Path, prefix: str, sources: list[Source], told: Told) -> None:
    with path.open("xb") as file:
        with zipfile.ZipFile(file, "w") as whole:
            for source in sources:
                _write_member(whole, f"{prefix}/{source.name}", source, told)
        file.flush()
        os.fsync(file.fileno())


def _write_member(whole: zipfile.ZipFile, name: str, source: Source, told: Told) -> None:
    info = zipfile.ZipInfo(name, _TIME)
    is_compressed = _COMPRESSED.search(source.name) is not None
    info.compress_type = zipfile.ZIP_STORED if is_compressed else zipfile.ZIP_DEFLATED
    info.create_system, info.external_attr = 3, _MODE << 16  # Unix, also where Windows writes it
    info.file_size = source.size  # so that it is known whether the member needs ZIP64
    with source.path.open("rb") as file, whole.open(info, "w") as member:
        for piece in _pieces(file, source):
            member.write(piece)
            told.add(len(piece))


def _pieces(file: IO[bytes], source: Source) -> Iterator[bytes]:
    """Yield what the file held when it was looked at.

    Raises:
        RunActiveError: it is shorter now, or longer.
    """
    left = source.size
    while piece := file.read(_CHUNK_BYTES):
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise _changed(source.path)


def _compare(path: Path, prefix: str, sources: list[Source], told: Told) -> None:
    """Read the zip back and compare it with the run.

    Raises:
        RunActiveError: a file of the run has changed.
        RunLoggingError: the zip does not hold what was written.
    """
    try:
        with zipfile.ZipFile(path) as whole:
            names = [f"{prefix}/{source.name}" for source in sources]
            if whole.namelist() != names:
                raise zipfile.BadZipFile("its list of contents is another")
            for name, source in zip(names, sources, strict=True):
                _compare_member(whole, name, source, told)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise RunLoggingError(f"the zip was read back and is damaged ({error}); is the disk sound?") from error


def _compare_member(whole: zipfile.ZipFile, name: str, source: Source, told: Told) -> None:
    crc = 0
    with source.path.open("rb") as file:
        for piece in _pieces(file, source):
            crc = zlib.crc32(piece, crc)
    info = whole.getinfo(name)
    if (crc, source.size) != (info.CRC, info.file_size):
        raise _changed(source.path)
    with whole.open(info) as member:  # which compares what it unpacks with the checksum
        while piece := member.read(_CHUNK_BYTES):
            told.add(len(piece))
