"""Places inside a zip: a run is read from there as from its folder, and nothing is ever unpacked.

A place has the methods of `pathlib.Path` that reading uses, and raises what they raise. `zipfile.Path` raises KeyError
for what is missing, has no sizes, differs between Python 3.11 and 3.13, and shares one open file: a forked child that
reads it moves the place at which its parent reads. Here every access opens the zip anew; its list of contents is kept
as long as the file stays the same, so a zip that is replaced is noticed at the next access.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from functools import total_ordering
from pathlib import Path, PurePosixPath
from typing import IO, Any, NoReturn, cast

from runlogging._errors import RootError, RunNotFoundError
from runlogging.folder._layout import RUN_MANIFEST
from runlogging.folder._zip_index import Index, identity_of, index_as, index_of
from runlogging.folder._zip_member import SIGNATURE, MemberReader, reader_of

_SHOWN_RUNS = 5
_EMPTY_ZIP = b"PK\x05\x06"


def zipped_run(path: Path) -> Path | None:
    """Return the place of the run that a path into a zip means, or None where the path leads into no zip.

    Args:
        path: absolute; ``out.zip`` means the one run in it, ``out.zip/<experiment>/<run id>`` one of several.

    Raises:
        RunNotFoundError: the zip holds no run, or several and the path does not say which (also a FileNotFoundError).
        RootError: the zip is damaged, or may not be read (also an OSError).
    """
    place = zip_place(path)
    if place is None or (place / RUN_MANIFEST).is_file():
        return place
    runs = runs_in_zip(place)
    names = tuple(str(run) for run in runs[:_SHOWN_RUNS])
    if not runs:
        raise RunNotFoundError(f"{path} holds no run: nothing in the zip is called {RUN_MANIFEST}.")
    if _zipped(place).at.name:
        raise RunNotFoundError(f"{path} is no run folder: it has no {RUN_MANIFEST}.", names)
    if len(runs) > 1:
        raise RunNotFoundError(f"{path} holds {len(runs)} runs; say which one.", names)
    return runs[0]


def zip_place(path: Path) -> Path | None:
    """Return the place that a path into a zip means, which need not be there, or None where it leads into no zip.

    Raises:
        RootError: the zip is damaged, or may not be read (also an OSError).
    """
    archive = next((file for file in (path, *path.parents) if os.path.lexists(file)), None)
    if archive is None or not archive.is_file() or not _is_meant_as_zip(archive):
        return None
    try:
        index_of(archive)
    except OSError as error:
        raise RootError(f"{archive} cannot be read as a zip: {error.strerror}", archive) from error
    return as_path(ZipPath(archive, PurePosixPath(path.relative_to(archive).as_posix())))


def runs_in_zip(place: Path) -> list[Path]:
    """Return the run folders in a zip, at whatever depth, in the order of their names; artifacts of runs are none."""
    archive = _zipped(place).archive
    names = (PurePosixPath(name) for name in index_of(archive).files)
    runs: list[PurePosixPath] = []
    for folder in sorted(name.parent for name in names if name.name == RUN_MANIFEST):
        if not any(folder.is_relative_to(run) for run in runs[-1:]):
            runs.append(folder)
    return [as_path(ZipPath(archive, folder)) for folder in runs]


def is_in_zip(path: object) -> bool:
    """Tell whether a path is a place inside a zip, which only its own methods can open."""
    return isinstance(path, ZipPath)


def names_in_zip(path: Path) -> tuple[str, ...] | None:
    """Return the parts of a place's name within its zip, or None of a path on disk."""
    return _zipped(path).at.parts if is_in_zip(path) else None


def as_path(place: ZipPath) -> Path:
    """Return a place as what reading takes it for: here the types look away."""
    return cast(Path, place)


def _zipped(place: Path) -> ZipPath:
    return cast(ZipPath, place)


def _is_meant_as_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in (SIGNATURE, _EMPTY_ZIP) or path.suffix.lower() == ".zip"
    except OSError:
        return path.suffix.lower() == ".zip"


@total_ordering
class ZipPath:
    """A file or folder in a zip, with the methods of `pathlib.Path` that reading uses. It cannot be changed.

    Args:
        archive: the zip.
        at: where in it.
    """

    __slots__ = ("archive", "at")

    def __init__(self, archive: Path, at: PurePosixPath) -> None:
        self.archive = archive
        self.at = at

    def __str__(self) -> str:
        return str(self.archive / self.at)

    def __fspath__(self) -> str:
        # So it can be shown, compared and given to `open_run`. The system's own calls say NotADirectoryError, which
        # is why a writer's lock in a zip counts as missing: nobody can hold it.
        return str(self)

    def __repr__(self) -> str:
        return f"<ZipPath {str(self)!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ZipPath) and (self.archive, self.at) == (other.archive, other.at)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, ZipPath):
            return NotImplemented
        return (self.archive, self.at) < (other.archive, other.at)

    def __hash__(self) -> int:
        return hash((self.archive, self.at))

    def __truediv__(self, other: str | os.PathLike[str]) -> ZipPath:
        return ZipPath(self.archive, self.at / PurePosixPath(other))

    def joinpath(self, *others: str | os.PathLike[str]) -> ZipPath:
        """Return a place below this one."""
        return ZipPath(self.archive, self.at.joinpath(*others))

    @property
    def name(self) -> str:
        """The last part of the path; of the top, the zip's own name."""
        return self.at.name or self.archive.name

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        """The suffix of the name, with its dot."""
        return PurePosixPath(self.name).suffix

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the path."""
        return (*self.archive.parts, *self.at.parts)

    @property
    def parent(self) -> Path:
        """The folder; of the top, the folder that the zip lies in."""
        return as_path(ZipPath(self.archive, self.at.parent)) if self.at.name else self.archive.parent

    @property
    def parents(self) -> list[Path]:
        """The folders above, the nearest first."""
        nearest = self.parent
        return [nearest, *nearest.parents]

    def with_name(self, name: str) -> ZipPath:
        """Return the place beside this one."""
        return ZipPath(self.archive, self.at.with_name(name))

    def as_posix(self) -> str:
        """Return the path with slashes."""
        return (self.archive / self.at).as_posix()

    def absolute(self) -> ZipPath:
        """Return the place itself."""
        return self

    def expanduser(self) -> ZipPath:
        """Return the place itself."""
        return self

    def resolve(self, strict: bool = False) -> ZipPath:
        """Return the place itself: links in a zip are not followed."""
        return self

    def is_absolute(self) -> bool:
        """Tell that the path names its place in full."""
        return True

    def is_relative_to(self, other: object) -> bool:
        """Tell whether the place is another one, or lies below it."""
        return isinstance(other, ZipPath) and self.archive == other.archive and self.at.is_relative_to(other.at)

    def relative_to(self, other: object) -> PurePosixPath:
        """Return the path from another place to this one.

        Raises:
            ValueError: it does not lie below it.
        """
        if not isinstance(other, ZipPath) or self.archive != other.archive:
            raise ValueError(f"{self} does not lie below {other}")
        return self.at.relative_to(other.at)

    # ------------------------------------------------------------------ what is there

    def exists(self) -> bool:
        """Tell whether there is a file or folder."""
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        """Tell whether it is a file; False also where the zip cannot be read."""
        try:
            return str(self.at) in index_of(self.archive).files
        except OSError:
            return False

    def is_dir(self) -> bool:
        """Tell whether it is a folder; False also where the zip cannot be read."""
        try:
            return str(self.at) in index_of(self.archive).folders
        except OSError:
            return False

    def is_symlink(self) -> bool:
        """Tell that it is no link: those in a zip are not shown."""
        return False

    def iterdir(self) -> Iterator[Path]:
        """Yield what is in the folder.

        Raises:
            FileNotFoundError, NotADirectoryError: it is none.
            OSError: the zip cannot be read.
        """
        index = index_of(self.archive)
        names = index.folders.get(str(self.at))
        if names is None:
            raise self._error(errno.ENOTDIR) if str(self.at) in index.files else self._absence(index)
        return iter([as_path(self / name) for name in names])

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Return kind and size of a file or folder; its times are those of the zip.

        Raises:
            FileNotFoundError: there is nothing.
            OSError: the zip cannot be read.
        """
        whole = self.archive.stat()
        index = index_as(self.archive, identity_of(whole))
        info = index.files.get(str(self.at))
        if info is None and str(self.at) not in index.folders:
            raise self._absence(index)
        mode = stat.S_IFDIR | 0o555 if info is None else stat.S_IFREG | 0o444
        times = (int(whole.st_atime), int(whole.st_mtime), int(whole.st_ctime))
        plain = (mode, 0, whole.st_dev, 1, whole.st_uid, whole.st_gid, info.file_size if info else 0, *times)
        exact = {name: getattr(whole, name) for name in ("st_atime_ns", "st_mtime_ns", "st_ctime_ns")}
        return os.stat_result(plain, {**exact, "st_mtime": whole.st_mtime})

    def lstat(self) -> os.stat_result:
        """Return the same as `stat`."""
        return self.stat()

    # ------------------------------------------------------------------ content

    def open(self, mode: str = "r", buffering: int = -1, encoding: str | None = None, **text: Any) -> IO[Any]:
        """Open the file for reading, with a descriptor of its own.

        Raises:
            FileNotFoundError, IsADirectoryError: it is no file.
            PermissionError: it is encrypted.
            OSError: the zip cannot be read or is damaged; also later, by the reading itself.
        """
        if set(mode) - set("rbt"):
            raise self._error(errno.EROFS)
        raw = reader_of(self._opened())
        return raw if "b" in mode else io.TextIOWrapper(raw, encoding=encoding or "utf-8", **text)

    def _opened(self) -> MemberReader:
        file = self.archive.open("rb", buffering=0)
        try:
            index = index_as(self.archive, identity_of(os.fstat(file.fileno())))
            info = index.files.get(str(self.at))
            if info is None:
                raise self._error(errno.EISDIR) if str(self.at) in index.folders else self._absence(index)
            return MemberReader(file, info, str(self), index.marks.setdefault(str(self.at), {}))
        except BaseException:
            file.close()
            raise

    def read_bytes(self) -> bytes:
        """Return the content.

        Raises:
            OSError: as `open`; or it is far larger than what it takes in the zip, and is to be read in pieces.
        """
        with self.open("rb") as file:
            return cast(bytes, file.read())

    def read_text(self, encoding: str | None = None, errors: str | None = None, **text: Any) -> str:
        """Return the content as text; line ends become newlines.

        Raises:
            OSError: as `read_bytes`.
        """
        data = self.read_bytes()
        return io.TextIOWrapper(io.BytesIO(data), encoding=encoding or "utf-8", errors=errors, **text).read()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise self._error(errno.EROFS)

    mkdir = rmdir = touch = unlink = rename = replace = write_bytes = write_text = chmod = _refuse
    hardlink_to = symlink_to = _refuse

    def _absence(self, index: Index) -> OSError:
        is_below_file = any(str(parent) in index.files for parent in self.at.parents)
        return self._error(errno.ENOTDIR if is_below_file else errno.ENOENT)

    def _error(self, number: int) -> OSError:
        return OSError(number, os.strerror(number), str(self))
