"""The folders of ours in a root, by the names that ``docs/format.md`` gives them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runlogging.folder._locks import held_lock

STORE_FOLDER = ".store"
SNAPSHOT_FILE = "snapshot.zip"
SNAPSHOT_PROPERTY = "snapshot.id"
ENVIRONMENTS_FOLDER = ".envs"
ENVIRONMENT_MARKER = ".complete"
WORK_FOLDER = ".work"
MODELS_FOLDER = ".models"
TRASH_FOLDER = ".trash"
"""Runs that are being deleted: a run is moved in here as a whole, so that no reader ever sees half of it.

Its lock, ``.lock``, is held as long as a gc is at work.
"""
MERGING_FOLDER = ".merging"
"""Copies that `merge` has not finished. Its lock, ``.lock``, is held as long as a merge is at work."""
LOCK_FILE = ".lock"
DELETED_PREFIX = ".deleted-"
"""Begins the name of an experiment that `Experiment.delete` is removing."""
PACK_LOCK = ".pack"
"""In ``.writers``: held by whoever packs the run."""
NUMBER_FILE = ".number"
ARCHIVED_FILE = ".archived"
SUBMITTED = "scriptrun"
"""The type of submitted runs."""

HOUR_S, DAY_S = 3600.0, 86_400.0

_SNAPSHOT_ID = re.compile(r"[0-9a-f]{64}\Z")
_STORE_LOCK_WAIT_S = 60.0


def is_file(path: Path) -> bool:
    """Tell whether there is a file, as far as it may be looked at; `Path.is_file` may raise."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder that is no link, as far as it may be looked at."""
    return os.path.isdir(path) and not os.path.islink(path)  # noqa: PTH112, PTH114


def own_folder(root: Path, name: str) -> Path | None:
    """Return a folder of ours in a root; None where it is not there, or a link that leads elsewhere."""
    path = root / name
    return path if is_folder(path) else None


def made_folder(root: Path, name: str) -> Path:
    """Return a folder of ours in a root, made where it is missing.

    Raises:
        OSError: it cannot be made, or it is a link that leads elsewhere.
    """
    path = root / name
    path.mkdir(exist_ok=True)
    if path.is_symlink():
        raise OSError(f"{path} is a symbolic link; make it a folder")
    return path


def children_of_folder(folder: Path | None) -> list[Path]:
    """Return what lies in a folder, sorted; nothing where there is none or it may not be read."""
    with suppress(OSError):
        return sorted(folder.iterdir()) if folder is not None else []
    return []


def is_snapshot_id(text: str) -> bool:
    """Tell whether a text can be the id of a snapshot: what it says becomes a file name."""
    return _SNAPSHOT_ID.match(text) is not None


@contextmanager
def store_lock(store: Path, snapshot_id: str) -> Iterator[None]:
    """Hold the lock that whoever writes this snapshot into the store takes.

    Raises:
        TimeoutError: another process held it for a minute.
    """
    with held_lock(store / f".{snapshot_id[0]}.lock", _STORE_LOCK_WAIT_S):
        yield


def changed_s(path: Path) -> float:
    """Return how many seconds ago a file, or the list of names in a folder, changed.

    Raises:
        OSError: it is gone.
    """
    return time.time() - path.lstat().st_mtime


def unused_s(*paths: Path) -> float:
    """Return how many seconds ago the last of some files was read or changed, as far as the system keeps that."""
    times = [0.0]
    for path in paths:
        with suppress(OSError):
            status = path.lstat()
            times += [status.st_atime, status.st_mtime]
    return time.time() - max(times)


def random_name(stem: str) -> str:
    """Return a name that nobody has."""
    return f"{stem}-{os.urandom(6).hex()}"
