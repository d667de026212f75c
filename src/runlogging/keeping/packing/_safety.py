"""When the streams of a run may be replaced, and what keeps others from writing to them meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from runlogging._errors import RootError, RunActiveError
from runlogging.folder import (
    TERMINAL,
    WRITERS_FOLDER,
    Life,
    Manifest,
    life_path,
    list_writers,
    read_manifest,
    writer_life,
)
from runlogging.folder._locks import held_lock
from runlogging.folder._manifest import manifest_lock
from runlogging.reading._status import derived_status

_PACK_LOCK = ".pack"
_LIFE_WAIT_S = 2.0
SUFFIX = ".packing"
"""What the name of a file ends in that is being made; it begins with a dot."""


def manifest_of(run: Path) -> Manifest:
    """Return the manifest of a run.

    Raises:
        RootError: it may not be read (also an OSError).
        RunNotFoundError, FormatVersionError, InvalidValueError: as `runlogging.folder.read_manifest`.
    """
    try:
        return read_manifest(run)
    except PermissionError as error:
        raise RootError(f"{run} may not be read: {error.strerror}", run) from error


def check_ended(run: Path) -> None:
    """See whether nobody writes to a run any more.

    Raises:
        RunActiveError: it has not ended, or not all of its writers have, or that cannot be told (also a RuntimeError).
        RunNotFoundError, FormatVersionError, InvalidValueError: as `runlogging.folder.read_manifest`.
    """
    status = derived_status(run, manifest_of(run))
    if status not in TERMINAL and status != "NotResponding":
        raise RunActiveError(f"the run {run.name} is {status}; pack it when it has ended")
    for writer in list_writers(run):
        life = writer_life(run, writer.name)
        if life is Life.ALIVE or (life is Life.UNKNOWN and not writer.ended):
            how = "still lives" if life is Life.ALIVE else "may still live"
            raise RunActiveError(f"the writer {writer.name} of the run {run.name} {how}; pack it when that has ended")


@contextmanager
def sole_packer(run: Path) -> Iterator[None]:
    """Keep other processes from packing or unpacking a run, and take away what one left that died.

    Raises:
        RunActiveError: another process is at it (also a RuntimeError).
        RootError: the folder may not be changed (also an OSError).
    """
    with ExitStack() as stack:
        try:
            (run / WRITERS_FOLDER).mkdir(exist_ok=True)
            stack.enter_context(held_lock(run / WRITERS_FOLDER / _PACK_LOCK, timeout_s=0))
        except TimeoutError:
            raise RunActiveError(f"another process is packing the run {run.name}; wait for its end") from None
        except OSError as error:
            raise RootError(f"{run} may not be changed: {error.strerror}", run) from error
        _remove_leftovers(run)
        try:
            yield
        finally:
            _remove_leftovers(run)


def _remove_leftovers(run: Path) -> None:
    for path in run.glob(f".*{SUFFIX}"):
        with suppress(OSError):
            path.unlink()


@contextmanager
def nobody_writing(run: Path, *, has_ended: bool = True) -> Iterator[None]:
    """Keep a run as it is: nobody changes its manifest, resumes it or goes on in it.

    A handler that was closed may open its files again without asking the manifest, so the locks of all writers' lives
    are held, too. It is a matter of milliseconds; readers may take a dead writer for alive meanwhile.

    Args:
        run: the run folder.
        has_ended: whether the run must have ended; else only its writers must not live.

    Raises:
        RunActiveError: somebody writes to it (also a RuntimeError).
        TimeoutError: another process held the manifest for ten seconds.
    """
    with manifest_lock(run), ExitStack() as stack:
        if has_ended:
            check_ended(run)
        for writer in list_writers(run):
            path = life_path(run, writer.name)
            if not path.exists():
                continue
            try:
                stack.enter_context(held_lock(path, _LIFE_WAIT_S))
            except TimeoutError:
                raise RunActiveError(f"the writer {writer.name} of the run {run.name} lives; try again later") from None
        yield


def keep_times(source: os.stat_result, target: Path) -> None:
    """Give a file the times and rights of the one that it stands for: its age is that of the records."""
    os.utime(target, ns=(source.st_atime_ns, source.st_mtime_ns))
    with suppress(OSError):
        target.chmod(source.st_mode & 0o777)
