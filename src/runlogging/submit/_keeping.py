"""The snapshot that a run has: the zip, the list of what was left out, and the property that names it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from runlogging._errors import ArtifactNotFoundError, ExistsError, RootError, RunLoggingError, RunNotFoundError
from runlogging.folder import Line, changed_manifest, clean_text, now_text, read_manifest
from runlogging.folder._atomic import write_atomic
from runlogging.submit._store import SNAPSHOT_FILE, link_or_copy, stored_path

if TYPE_CHECKING:
    from runlogging.run._base import RunBase

SNAPSHOT_PROPERTY = "snapshot.id"

_FACTS = "snapshot.json"
_MAX_LEFT_OUT = 1000
_MAX_LOGGED = 100


@dataclass
class Snapshot:
    """What was stored.

    Attributes:
        id: SHA-256 over names, modes and contents, in hexadecimal.
        root: the root that holds it.
        folder: the folder that it was taken of.
        files: how many files it has.
        size: their bytes.
        left_out: name to reason, what one may miss first.
        missed: how many of these one may miss: they are neither ignored nor caches, runs or the like.
    """

    id: str
    root: Path
    folder: Path
    files: int
    size: int
    left_out: dict[str, str]
    missed: int


def keep_snapshot(run: Path, snapshot: Snapshot) -> None:
    """Give a stored snapshot to a run: the zip, ``snapshot.json``, and the property.

    Args:
        run: the run folder.
        snapshot: what `store_snapshot` returned.

    Raises:
        ExistsError: the run has another one.
        RootError: it could not be written.
    """
    temporary = run / f".snapshot-{os.getpid()}-{os.urandom(8).hex()}.tmp"
    try:
        link_or_copy(stored_path(snapshot.root, snapshot.id), temporary)
        with changed_manifest(run) as manifest:
            have = manifest.properties.get(SNAPSHOT_PROPERTY, snapshot.id)
            if have != snapshot.id:
                raise _other(run, have)
            temporary.replace(run / SNAPSHOT_FILE)
            _write_facts(run, snapshot)
            manifest.properties[SNAPSHOT_PROPERTY] = snapshot.id
    except RunLoggingError:
        raise
    except OSError as error:
        raise RootError(f"the snapshot cannot be kept in {run}: {type(error).__name__}: {error}", run) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _other(run: Path, have: str) -> ExistsError:
    return ExistsError(f"the run {run} has the snapshot {have} already, and the code is another now; take a new run")


def _write_facts(run: Path, snapshot: Snapshot) -> None:
    facts = {
        "format": 1,
        "id": snapshot.id,
        "taken": now_text(),
        "folder": clean_text(str(snapshot.folder)),
        "files": snapshot.files,
        "size": snapshot.size,
        "left_out": _listed(snapshot.left_out)[:_MAX_LEFT_OUT],
        "left_out_omitted": max(0, len(snapshot.left_out) - _MAX_LEFT_OUT),
        "missed": snapshot.missed,
    }
    write_atomic(run / _FACTS, msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")


def _listed(left_out: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": clean_text(name), "reason": clean_text(reason)} for name, reason in left_out.items()]


def log_snapshot(run: RunBase) -> None:
    """Say in a run's log what its snapshot holds, and what was left out and why."""
    with suppress(OSError, RunLoggingError, msgspec.DecodeError, LookupError, TypeError):
        facts = msgspec.json.decode((run.path / _FACTS).read_bytes())
        left = len(facts["left_out"]) + facts["left_out_omitted"]
        message = f"snapshot of {facts['files']} files, {facts['size']} bytes; left out: {left}"
        level = "WARNING" if facts["missed"] else "INFO"
        line = Line(None, now_text(), level=level, logger="runlogging", message=message, template=message)
        line.attributes = {"snapshot": facts["id"], "skipped": facts["left_out"][:_MAX_LOGGED]}
        run._session.writer.write(line)


def has_snapshot(run: Path) -> bool:
    """Tell whether there is a run that has a snapshot."""
    try:
        return SNAPSHOT_PROPERTY in read_manifest(run).properties
    except RunNotFoundError:
        return False


def snapshot_id_of(run: Path) -> str:
    """Return the id of a run's snapshot.

    Raises:
        ArtifactNotFoundError: it has none (also a FileNotFoundError).
    """
    manifest = read_manifest(run)
    if SNAPSHOT_PROPERTY not in manifest.properties:
        raise ArtifactNotFoundError(f"the run {run.name} has no snapshot; take_snapshot(folder) keeps one.")
    return manifest.properties[SNAPSHOT_PROPERTY]
