"""What is to be merged: roots and single run folders, and what may not be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from runlogging._errors import InvalidValueError, RootError, RunLoggingError
from runlogging.folder import Life, Manifest, check_experiment, check_identifier, find_root, list_writers, writer_life
from runlogging.keeping.collecting._look import Found, families, is_run, look, look_at
from runlogging.keeping.collecting._trash import ENDED, NOT_STARTED
from runlogging.reading._status import derived_status

_QUIET = ENDED | {NOT_STARTED, "Unknown"}


class Origin(NamedTuple):
    """A source.

    Attributes:
        root: the root, absolute; of a single run folder the one that it lies in.
        only: the run folder, or None where it is the whole root.
    """

    root: Path
    only: Path | None

    def runs(self) -> Iterator[Found]:
        """Yield its runs, parents before their children."""
        if self.only is not None:
            found = look_at(self.only)
            yield from (found,) if found else ()
            return
        for family in families(look(self.root)):
            yield from family.members


def origins_of(sources: Sequence[str | PathLike[str]], into: Path) -> list[Origin]:
    """Return the sources, or refuse them.

    Raises:
        InvalidValueError: there is none, or one is the target, lies in it, or holds it.
        RootError: one is no folder of runs.
    """
    if isinstance(sources, str | PathLike) or not sources:
        raise InvalidValueError("merge takes a list of roots or run folders that are to be merged")
    return [_origin(find_root(source), into) for source in sources]


def _origin(path: Path, into: Path) -> Origin:
    if not path.is_dir():
        raise RootError(f"{path} is no folder of runs", path)
    real, target = path.resolve(), into.resolve()
    if real == target or real in target.parents or target in real.parents:
        raise InvalidValueError(f"{path} and the target {into} lie in each other; merge into another root")
    if is_run(path):
        return Origin(path.parent.parent, path)
    if any(is_run(child) for child in path.iterdir() if child.is_dir()):
        raise RootError(f"{path} is one experiment; name its root, {path.parent}, or single runs of it", path)
    return Origin(path, None)


def problem_of(found: Found) -> str | None:
    """Return why a run of a source is left out; None where it is merged."""
    if found.path.is_symlink() or found.path.parent.is_symlink():
        return "it is reached through a symbolic link"
    if found.manifest is None:
        return f"it cannot be read: {found.problem}"
    try:
        check_identifier(found.id, "run id")
        check_experiment(found.experiment)
    except RunLoggingError as error:
        return str(error)
    return use_of_source(found.path, found.manifest)


def use_of_source(run: Path, manifest: Manifest) -> str | None:
    """Return why a run cannot be copied now; None where it can.

    One of which nobody can tell whether it is written to can: a later merge takes what was added.
    """
    status = derived_status(run, manifest)
    if status not in _QUIET:
        return f"it is {status}"
    alive = [one.name for one in list_writers(run) if writer_life(run, one.name) is Life.ALIVE]
    return f"its writer {alive[0]} is at work" if alive else None
