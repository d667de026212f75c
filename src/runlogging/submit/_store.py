"""The store of a root: each snapshot once, under its id; and the run that holds it."""

from __future__ import annotations

import os
import shutil
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from runlogging._errors import InvalidValueError
from runlogging.folder._locks import held_lock

STORE_FOLDER = ".store"
SNAPSHOT_FILE = "snapshot.zip"

_LOCK_WAIT_S = 600.0
_STALE_S = 3600.0


def folder_of(folder: Any) -> Path:
    """Return the path of a folder, absolute.

    Raises:
        InvalidValueError: it is no path.
    """
    if not isinstance(folder, str | os.PathLike) or not os.fspath(folder):
        raise InvalidValueError(f"a folder of code is named by its path, not by {folder!r:.80}")
    return Path(os.path.abspath(Path(folder).expanduser()))  # noqa: PTH100  (resolve() would follow links)


def stored_path(root: Path, snapshot_id: str) -> Path:
    """Return where a snapshot lies in a root."""
    return root / STORE_FOLDER / f"{snapshot_id}.zip"


def is_stored(root: Path, snapshot_id: str) -> bool:
    """Tell whether a snapshot is there, whole."""
    path = stored_path(root, snapshot_id)
    return path.is_file() and zipfile.is_zipfile(path)


def store(root: Path, snapshot_id: str, write: Callable[[BinaryIO], bool]) -> bool:
    """Put a snapshot into the store unless it is there. Of several processes that do, one writes and the rest wait.

    Args:
        root: the root.
        snapshot_id: its id.
        write: writes it into an open file, and returns False where nothing is to be kept.

    Returns:
        Whether it is there now.

    Raises:
        OSError: it could not be written; nothing of it stays.
    """
    path = stored_path(root, snapshot_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A lock for each sixteenth of the ids: as many files, whatever is stored.
    with held_lock(path.parent / f".{snapshot_id[0]}.lock", _LOCK_WAIT_S):
        if is_stored(root, snapshot_id):
            return True
        _sweep(path.parent)
        temporary = path.with_name(f".{os.getpid()}-{os.urandom(8).hex()}.tmp")
        try:
            with temporary.open("xb") as file:
                if not write(file):
                    return False
                file.flush()
                os.fsync(file.fileno())
            if os.name != "nt":  # there a file that is read-only cannot be deleted
                temporary.chmod(temporary.stat().st_mode & ~0o222)
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink()
    return True


def _sweep(folder: Path) -> None:
    """Remove what processes that were killed left behind."""
    for left in folder.glob(".*.tmp"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_S:
                left.unlink()


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or make a copy of it where that fails.

    Raises:
        OSError: neither could be done.
    """
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
