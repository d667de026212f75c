"""Taking a run away: out of sight as a whole first, then deleted.

A run that somebody writes to, or may write to, is never taken. That is looked at under the lock of its manifest, which
whoever joins or resumes a run takes too.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from runlogging.folder import RUN_MANIFEST, TERMINAL, WRITERS_FOLDER, Life, Manifest, list_writers, read_manifest
from runlogging.folder import writer_life as life_of
from runlogging.folder._locks import probe
from runlogging.folder._manifest import manifest_lock
from runlogging.keeping.collecting._model import Mark
from runlogging.keeping.collecting._places import PACK_LOCK, TRASH_FOLDER, made_folder, random_name
from runlogging.reading._status import derived_status

NOT_RESPONDING = "NotResponding"
NOT_STARTED = "NotStarted"
BROKEN = "broken"
"""What stands for the status of a run whose manifest is none."""
ENDED = TERMINAL | {NOT_RESPONDING}
"""The statuses of a run that nobody works on."""


class Stays(Exception):  # noqa: N818  (what is not taken away is no error)
    """Say why a run is not taken away."""


def use_of(run: Path, manifest: Manifest, *, takes_unstarted: bool = False) -> str | None:
    """Return why a run may still be written to; None where nobody does.

    Args:
        run: the run folder.
        manifest: what its manifest says now.
        takes_unstarted: whether a run that was prepared and never started may be taken away.
    """
    status = derived_status(run, manifest)
    if status not in ENDED and not (takes_unstarted and status == NOT_STARTED):
        return f"it is {status}"
    return writing_in(run)


def writing_in(run: Path) -> str | None:
    """Return which writer of a run lives, or may live; None where none does."""
    for writer in list_writers(run):
        life = life_of(run, writer.name)
        if life is Life.ALIVE:
            return f"its writer {writer.name} is at work"
        if life is Life.UNKNOWN and writer.ended is None:
            return f"whether its writer {writer.name} is at work cannot be told"
    return None


def move_to_trash(root: Path, run: Path, mark: Mark, *, takes_unstarted: bool = False, is_broken: bool = False) -> Path:
    """Move a run into the trash of its root, and return where it is.

    Args:
        root: the root.
        run: the run folder.
        mark: the state of the manifest that was looked at; a run that changed since then stays.
        takes_unstarted: whether a run that was prepared and never started may be taken away.
        is_broken: whether it is a run whose manifest cannot be read.

    Raises:
        Stays: it is in use, changed, or gone.
        OSError: it cannot be moved.
    """
    if not (run / RUN_MANIFEST).is_file():
        raise Stays("it is gone")
    trash = made_folder(root, TRASH_FOLDER)
    (run / WRITERS_FOLDER).mkdir(exist_ok=True)  # it holds the lock; a copy may come without it
    try:
        with manifest_lock(run):
            _check_unused(run, mark, takes_unstarted=takes_unstarted, is_broken=is_broken)
            target = trash / random_name(run.name)
            run.rename(target)
            # A process that had ended its part goes on under no lock but that of its own life.
            writing = writing_in(target)
            if writing:
                put_back(target, run)
                raise Stays(writing)
    except TimeoutError:
        raise Stays("another process holds its manifest") from None
    return target


def _check_unused(run: Path, mark: Mark, *, takes_unstarted: bool, is_broken: bool) -> None:
    if Mark.of(run / RUN_MANIFEST) != mark:
        raise Stays("it changed meanwhile")
    if probe(run / WRITERS_FOLDER / PACK_LOCK) is Life.ALIVE:
        raise Stays("it is being packed")
    use = writing_in(run) if is_broken else use_of(run, read_manifest(run), takes_unstarted=takes_unstarted)
    if use:
        raise Stays(use)


def put_back(trashed: Path, path: Path) -> None:
    """Put something back where it was; beside it, where something else lies there by now.

    Raises:
        OSError: it stays in the trash.
    """
    try:
        trashed.rename(path)
    except OSError:  # a folder that is not empty is never replaced
        trashed.rename(path.with_name(random_name(path.name)))


def delete(path: Path) -> str | None:
    """Delete what was taken away; return why it stays, or None.

    Args:
        path: a folder, a file or a link, whose target is left alone.
    """
    try:
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
            return None
        for run in (path, *path.iterdir()):
            writing = writing_in(run) if (run / WRITERS_FOLDER).is_dir() else None
            if writing:
                return writing
        shutil.rmtree(path)
    except FileNotFoundError:  # another gc is at it
        return None
    except OSError as error:
        return f"it cannot be deleted: {error.strerror or error}"
    return None
