"""Files kept with a run, under relative names that were checked once."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from runlogging._errors import InvalidNameError
from runlogging.folder._layout import ARTIFACTS_FOLDER
from runlogging.folder._names import check_artifact

if TYPE_CHECKING:
    from pathlib import Path


def artifact_path(run: Path, name: str) -> Path:
    """Return where an artifact lies.

    Raises:
        InvalidNameError: the name is none, or a symbolic link on its way leads out of the run's artifacts.
    """
    base = run / ARTIFACTS_FOLDER
    path = base / check_artifact(name)
    if not path.resolve().is_relative_to(base.resolve()):
        raise InvalidNameError(f"{name!r} leads out of the run's artifacts by a symbolic link", name)
    return path


def store_artifact(run: Path, name: str, data: bytes) -> str:
    """Keep bytes as an artifact and return their SHA-256 in hexadecimal.

    The file gets its name only when it is whole.

    Raises:
        FileExistsError: there is an artifact of this name already.
        InvalidNameError: the name is not allowed.
        OSError: it could not be written.
    """
    import hashlib  # only runs with artifacts pay for its import

    path = artifact_path(run, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{os.urandom(8).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
        _name_whole_file(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()
    return hashlib.sha256(data).hexdigest()


def _name_whole_file(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(f"{path} exists") from None
        temporary.rename(path)
