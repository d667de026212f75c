"""Files kept with a run, under relative names that were checked once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Protocol

from runlogging._errors import InvalidNameError, SourceError
from runlogging.folder._layout import ARTIFACTS_FOLDER
from runlogging.folder._names import check_artifact

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK_BYTES = 1 << 20


class Readable(Protocol):
    """An open file, binary or text; text is kept in UTF-8."""

    def read(self, size: int, /) -> bytes | str:
        """Return at most so many bytes or characters; nothing at the end."""
        ...


Source = bytes | Readable


def artifact_path(run: Path, name: str) -> Path:
    """Return where an artifact lies.

    Raises:
        InvalidNameError: the name is none, or a symbolic link on its way leads out of the run's artifacts.
    """
    base = run / ARTIFACTS_FOLDER
    path = base / check_artifact(name)
    try:
        is_inside = path.resolve().is_relative_to(base.resolve())
    except (OSError, RuntimeError):  # links in a circle; Python 3.13 says OSError
        is_inside = False
    if not is_inside:
        raise InvalidNameError(f"{name!r} leads out of the run's artifacts by a symbolic link", name)
    return path


def store_artifact(
    run: Path,
    name: str,
    source: Source,
    *,
    overwrite: bool = False,
    on_bytes: Callable[[int], None] | None = None,
) -> tuple[str, int]:
    """Keep a file as an artifact and return its SHA-256 in hexadecimal and its size in bytes.

    The file gets its name only when it is whole.

    Args:
        run: the run folder.
        name: the artifact's name.
        source: the content, or an open binary file.
        overwrite: whether an artifact of this name is replaced.
        on_bytes: told of the size of each piece that was copied.

    Raises:
        FileExistsError: there is an artifact of this name already.
        InvalidNameError: the name is not allowed.
        SourceError: the source could not be read.
        OSError: it could not be written.
    """
    path = artifact_path(run, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{os.urandom(8).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            digest, size = _copy(source, file, on_bytes)
        if overwrite:
            temporary.replace(path)
        else:
            _name_whole_file(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()
    return digest, size


def _copy(source: Source, target: BinaryIO, on_bytes: Callable[[int], None] | None) -> tuple[str, int]:
    import hashlib  # only runs with artifacts pay for its import

    digest, size = hashlib.sha256(), 0
    for piece in _pieces(source):
        target.write(piece)
        digest.update(piece)
        size += len(piece)
        if on_bytes is not None:
            on_bytes(len(piece))
    return digest.hexdigest(), size


def _pieces(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    while True:
        try:
            piece = source.read(_CHUNK_BYTES)
        except OSError as error:
            raise SourceError(f"the file to keep could not be read: {error}") from error
        if isinstance(piece, str):
            piece = piece.encode()
        if not piece:
            return
        yield piece


def _name_whole_file(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(f"{path} exists") from None
        temporary.rename(path)
