"""Taking the code of a snapshot out again."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from runlogging._errors import ArtifactNotFoundError, ExistsError, RootError, RunLoggingError
from runlogging.folder import read_manifest
from runlogging.run._snapshots import MAX_BYTES
from runlogging.submit._keeping import SNAPSHOT_PROPERTY, snapshot_id_of
from runlogging.submit._store import SNAPSHOT_FILE, folder_of, stored_path
from runlogging.submit._unzipping import extract


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
    target = folder_of(folder)
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
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise RootError(f"the snapshot cannot be written to {target}: {error}", target) from error
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return target
