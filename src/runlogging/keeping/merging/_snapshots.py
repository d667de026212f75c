"""Snapshots of merged runs: once in the store of the target, with the runs' own as further names of it."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

from runlogging.keeping.collecting._places import (
    STORE_FOLDER,
    is_file,
    is_snapshot_id,
    made_folder,
    random_name,
    store_lock,
)

_PIECE_BYTES = 1 << 20
# What may come out of a zip, as where a snapshot is restored: a small file can claim to hold petabytes.
_MAX_BYTES = 300 << 20
_MAX_RATIO = 100


def stored(root: Path, snapshot_id: str | None) -> Path | None:
    """Return the file of a snapshot in a root's store; None where there is none."""
    if snapshot_id is None or not is_snapshot_id(snapshot_id):
        return None
    path = root / STORE_FOLDER / f"{snapshot_id}.zip"
    return path if is_file(path) and not path.is_symlink() else None


def keep(root: Path, snapshot_id: str | None, file: Path) -> None:
    """Give a run's snapshot its name in the store, where it is none's yet and what is in it is what the id says.

    The store may miss it: the run has its own. So what fails here is no error.
    """
    if snapshot_id is None or not is_snapshot_id(snapshot_id) or not is_file(file):
        return
    with suppress(OSError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        store = made_folder(root, STORE_FOLDER)
        with store_lock(store, snapshot_id):
            path = store / f"{snapshot_id}.zip"
            if not path.exists() and content_id(file) == snapshot_id:
                temporary = store / f".{random_name('merge')}.tmp"
                temporary.hardlink_to(file)
                temporary.rename(path)


def content_id(file: Path) -> str:
    """Return the id that follows from what is in a snapshot; see ``docs/format.md``.

    Raises:
        ValueError: more comes out of it than a snapshot holds.
        OSError, zipfile.BadZipFile, zlib.error: it cannot be read.
    """
    whole = hashlib.sha256()
    left = max(_MAX_BYTES, _MAX_RATIO * file.stat().st_size)
    with zipfile.ZipFile(file) as archive:
        for member in sorted(archive.infolist(), key=lambda member: member.filename.encode()):
            digest = hashlib.sha256()
            with archive.open(member) as opened:
                while piece := opened.read(_PIECE_BYTES):
                    digest.update(piece)
                    left -= len(piece)
                    if left < 0:
                        raise ValueError(f"{file} holds more than a snapshot does")
            is_executable = bool((member.external_attr >> 16) & 0o100)
            whole.update(f"{'x' if is_executable else '-'} {digest.hexdigest()} {member.filename}\n".encode())
    return whole.hexdigest()
