"""Snapshots: the code of a run as a zip, kept once per content."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from runlogging._errors import (
    ArtifactNotFoundError,
    ExistsError,
    InvalidValueError,
    RootError,
    RunLoggingError,
    RunNotFoundError,
    SourceError,
)
from runlogging.folder import Line, Manifest, changed_manifest, clean_text, now_text, read_manifest
from runlogging.folder._atomic import write_atomic
from runlogging.run._progress import copying
from runlogging.run._snapshots import MAX_BYTES
from runlogging.submit._archive import ChangedError, extract, read_steady, write_zip
from runlogging.submit._limits import Limits, check_limits
from runlogging.submit._members import Member, content_id
from runlogging.submit._scan import Scan, scan
from runlogging.submit._store import SNAPSHOT_FILE, is_stored, link_or_copy, store, stored_path

if TYPE_CHECKING:
    from runlogging.run._base import RunBase

SNAPSHOT_PROPERTY = "snapshot.id"
SNAPSHOT_FACTS = "snapshot.json"

_MAX_LEFT_OUT = 1000
_MAX_LOGGED = 100
# How often a zip is written again because files changed; from the third time on what changes is left out.
_WRITE_TRIES = 10
_PATIENT_TRIES = 2


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


def take_snapshot(run: RunBase, folder: str | os.PathLike[str], **limits: int) -> str:
    """Keep the code of a folder with a run and return the snapshot's id; see `Run.take_snapshot`."""
    have = read_manifest(run.path).properties.get(SNAPSHOT_PROPERTY)
    snapshot = store_snapshot(folder, run.path.parent.parent, **limits)
    if have not in (None, snapshot.id):
        raise _other(run.path, str(have))
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
    found = scan(_folder_of(folder), root, checked.max_file_bytes)
    check_limits(found, checked)
    try:
        return _store(found, root, checked)
    except RunLoggingError:
        raise
    except OSError as error:
        raise RootError(f"the snapshot cannot be stored in {root}: {type(error).__name__}: {error}", root) from error


def _folder_of(folder: Any) -> Path:
    if not isinstance(folder, str | os.PathLike) or not os.fspath(folder):
        raise InvalidValueError(f"a snapshot is taken of the path of a folder, not of {folder!r:.80}")
    return Path(os.path.abspath(Path(folder).expanduser()))  # noqa: PTH100  (resolve() would follow links)


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


# ---------------------------------------------------------------------- the run's own


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
    write_atomic(run / SNAPSHOT_FACTS, msgspec.json.format(msgspec.json.encode(facts), indent=2) + b"\n")


def _listed(left_out: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": clean_text(name), "reason": clean_text(reason)} for name, reason in left_out.items()]


def log_snapshot(run: RunBase) -> None:
    """Say in a run's log what its snapshot holds, and what was left out and why."""
    with suppress(OSError, RunLoggingError, msgspec.DecodeError, LookupError, TypeError):
        facts = msgspec.json.decode((run.path / SNAPSHOT_FACTS).read_bytes())
        left = len(facts["left_out"]) + facts["left_out_omitted"]
        message = f"snapshot of {facts['files']} files, {facts['size']} bytes; left out: {left}"
        level = "WARNING" if facts["missed"] else "INFO"
        line = Line(None, now_text(), level=level, logger="runlogging", message=message, template=message)
        line.attributes = {"snapshot": facts["id"], "skipped": facts["left_out"][:_MAX_LOGGED]}
        run._session.writer.write(line)


# ---------------------------------------------------------------------- taking it out again


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
    manifest: Manifest = read_manifest(run)
    if SNAPSHOT_PROPERTY not in manifest.properties:
        raise ArtifactNotFoundError(f"the run {run.name} has no snapshot; take_snapshot(folder) keeps one.")
    return manifest.properties[SNAPSHOT_PROPERTY]


def snapshot_zip(run: Path, snapshot_id: str | None = None) -> tuple[str, Path]:
    """Return the id and the zip of a run's snapshot, or of another one of its root.

    Raises:
        ArtifactNotFoundError: there is none (also a FileNotFoundError).
    """
    own = read_manifest(run).properties.get(SNAPSHOT_PROPERTY)
    wanted = snapshot_id_of(run) if snapshot_id is None else snapshot_id
    root = run.parent.parent
    if wanted == own and (run / SNAPSHOT_FILE).is_file():
        return wanted, run / SNAPSHOT_FILE
    folder = stored_path(root, "").parent
    known = sorted(path.stem for path in folder.glob("*.zip")) if folder.is_dir() else []
    if wanted not in known:  # compared with what is there, never joined to a path
        raise ArtifactNotFoundError(f"there is no snapshot {wanted!r:.80} in {folder}.", _near(wanted, known))
    return wanted, stored_path(root, wanted)


def _near(wanted: object, known: list[str]) -> tuple[str, ...]:
    return tuple(one for one in known if isinstance(wanted, str) and wanted and one.startswith(wanted))[:3]


def copy_snapshot(run: Path, snapshot_id: str | None = None) -> Path:
    """Copy the zip into the working directory, under its id, and return its path.

    Raises:
        ArtifactNotFoundError: there is none (also a FileNotFoundError).
        RootError: it could not be written (also an OSError).
    """
    found, source = snapshot_zip(run, snapshot_id)
    target = Path.cwd() / f"{found}.zip"
    temporary = target.with_name(f".{found}-{os.urandom(8).hex()}.tmp")
    try:
        shutil.copyfile(source, temporary)
        temporary.replace(target)
    except OSError as error:
        raise RootError(f"{target} cannot be written: {error}", target) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
    return target


def extract_snapshot(
    run: Path, folder: str | os.PathLike[str], snapshot_id: str | None = None, max_bytes: int = MAX_BYTES
) -> Path:
    """Write the files of a snapshot into a folder that is new or empty, all of them or none; return its path.

    Args:
        run: the run folder.
        folder: the new folder.
        snapshot_id: one of the same root; None is the run's own.
        max_bytes: how many bytes may come out of the zip; up to a hundred times its own size may in any case.

    Raises:
        ArtifactNotFoundError, ExistsError, InvalidValueError, RootError: as `Run.restore_snapshot`.
    """
    found, source = snapshot_zip(run, snapshot_id)
    target = _folder_of(folder)
    growing = target.with_name(f".{os.getpid()}-{os.urandom(8).hex()}.tmp")
    try:
        if target.is_dir():
            if any(target.iterdir()):
                raise ExistsError(f"{target} is not empty; name a new folder for the snapshot")
        elif target.exists():
            raise ExistsError(f"{target} is a file; name a new folder for the snapshot")
        growing.mkdir(parents=True)
        extract(str(source), str(growing), found, max_bytes)
        if target.is_dir():
            target.rmdir()
        growing.rename(target)
    except RunLoggingError:
        raise
    except OSError as error:
        raise RootError(f"the snapshot cannot be written to {target}: {error}", target) from error
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return target
