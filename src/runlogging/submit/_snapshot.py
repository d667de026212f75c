"""Snapshots: the code of a run as a zip, kept once per content."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from runlogging._errors import InvalidValueError, RootError, RunLoggingError, SourceError
from runlogging.run._progress import copying
from runlogging.submit._archive import ChangedError, read_steady, write_zip
from runlogging.submit._keeping import Snapshot, has_snapshot, keep_snapshot, log_snapshot, snapshot_id_of
from runlogging.submit._limits import Limits, check_limits
from runlogging.submit._members import Member, content_id
from runlogging.submit._restoring import copy_snapshot, extract_snapshot
from runlogging.submit._scan import Scan, scan
from runlogging.submit._store import folder_of, is_stored, store

if TYPE_CHECKING:
    from runlogging.run._base import RunBase

__all__ = [
    "Snapshot",
    "copy_snapshot",
    "extract_snapshot",
    "has_snapshot",
    "keep_snapshot",
    "log_snapshot",
    "snapshot_id_of",
    "store_snapshot",
    "take_snapshot",
]

# How often a zip is written again because files changed; from the third time on what changes is left out.
_WRITE_TRIES = 10
_PATIENT_TRIES = 2


def take_snapshot(run: RunBase, folder: str | os.PathLike[str], **limits: int) -> str:
    """Keep the code of a folder with a run and return the snapshot's id; see `Run.take_snapshot`."""
    snapshot = store_snapshot(folder, run.path.parent.parent, **limits)
    keep_snapshot(run.path, snapshot)
    if run._session.writer.is_open:  # a run that is only prepared stays so
        log_snapshot(run)
    return snapshot.id


def store_snapshot(folder: str | os.PathLike[str], root: Path, **limits: int) -> Snapshot:
    """Put the code of a folder into the store of a root; no run has it yet.

    Args:
        folder: the folder, or one file.
        root: the root, which need not exist.
        limits: those of `Limits`.

    Raises:
        InvalidValueError, ArtifactNotFoundError, SourceError, RootError, MissingExtraError: as `Run.take_snapshot`.
    """
    checked = Limits(**limits).check()
    found = scan(folder_of(folder), root, checked.max_file_bytes)
    check_limits(found, checked)
    try:
        return _store(found, root, checked)
    except RunLoggingError:
        raise
    except OSError as error:
        raise RootError(f"the snapshot cannot be stored in {root}: {type(error).__name__}: {error}", root) from error


def _store(found: Scan, root: Path, limits: Limits) -> Snapshot:
    members: dict[str, Member] = {}
    changes: dict[str, str] = dict.fromkeys(found.files, "")
    for attempt in range(_WRITE_TRIES):
        _read_again(found, members, changes, limits, is_patient=attempt <= _PATIENT_TRIES)
        snapshot_id = content_id(members)
        size = sum(member.size for member in members.values())
        if size > limits.max_bytes:
            raise InvalidValueError(f"{found.folder} grew to {size:,} bytes, over max_bytes={limits.max_bytes:,}")
        changes = {}
        if is_stored(root, snapshot_id) or store(root, snapshot_id, _writing(found, members, size, changes)):
            left_out = found.missed | found.expected
            return Snapshot(snapshot_id, root, found.folder, len(members), size, left_out, len(found.missed))
    raise SourceError(f"the files of {found.folder} keep changing; take the snapshot when nobody writes to it")


def _writing(found: Scan, members: dict[str, Member], size: int, changes: dict[str, str]) -> Any:
    paths = {name: path for name, (path, _) in found.files.items()}

    def write(file: BinaryIO) -> bool:
        with copying(f"snapshot of {found.folder.name}", size) as on_bytes:
            changes.update(dict.fromkeys(write_zip(file, members, paths, on_bytes), "it changed while it was read"))
        return not changes

    return write


def _read_again(
    found: Scan, members: dict[str, Member], changes: dict[str, str], limits: Limits, *, is_patient: bool
) -> None:
    """Read the files that are new or changed; what cannot be read as it stands is left out."""
    for name, reason in changes.items():
        try:
            if not is_patient:
                raise ChangedError(reason)
            members[name] = read_steady(found.files[name][0], limits.max_file_bytes)
        except ChangedError as error:
            members.pop(name, None)
            del found.files[name]
            found.missed[name] = str(error)
