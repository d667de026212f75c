"""Which run folders lie below a root: names and file facts only, nothing is opened."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from runlogging.folder import RUN_MANIFEST, clean_text

Key = tuple[int, int, int]
"""What tells one state of a file from another: inode, size in bytes, time of change in nanoseconds."""

MOST_BYTES = 1 << 26
"""A manifest is small; what is longer than this is none, and is not read into memory."""

# SQLite's integers are signed, inodes are not.
_INODE_BITS = (1 << 63) - 1


class Folder(NamedTuple):
    """An experiment's folder.

    Attributes:
        name: the experiment's name.
        path: the folder, absolute.
        runs: name of each run folder to the key of its manifest, in the order of the disk.
        damaged: name of each folder that should be a run and cannot be read to a sentence that says why; ``""`` is
            the experiment's folder itself.
    """

    name: str
    path: str
    runs: dict[str, Key]
    damaged: dict[str, str]


def key_of(facts: os.stat_result) -> Key:
    """Return what tells this state of a file from another."""
    return facts.st_ino & _INODE_BITS, facts.st_size, facts.st_mtime_ns


def scan(root: Path, experiment: str | None = None) -> list[Folder]:
    """Return the experiments of a root with their runs; nothing raises.

    A folder without a manifest is no run, and what starts with a dot is none either. A root that is not there has no
    experiments.
    """
    folders = [_scanned(name, path) for name, path in experiments_of(root) if experiment in (None, name)]
    return [folder for folder in folders if folder.runs or folder.damaged]


def experiments_of(root: Path) -> list[tuple[str, str]]:
    """Return names and folders of the experiments of a root, by name."""
    with suppress(OSError), os.scandir(root) as entries:
        return sorted((entry.name, entry.path) for entry in entries if entry.name[0] != "." and _is_folder(entry))
    return []


def scan_experiment(path: Path) -> Folder:
    """Return the runs in one experiment's folder."""
    return _scanned(path.name, os.fspath(path))


def names_in(experiment: str) -> list[str]:
    """Return what lies in an experiment's folder and may be a run; nothing where it cannot be listed."""
    try:
        return [name for name in os.listdir(experiment) if name[0] != "."]  # noqa: PTH208  (Path is slower)
    except OSError:
        return []


def is_run(path: str | os.PathLike[str]) -> bool:
    """Tell whether a folder has a manifest, readable or not."""
    return os.path.isfile(os.path.join(path, RUN_MANIFEST))  # noqa: PTH113, PTH118  (never raises, and is quicker)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        # A link that leads nowhere may have been an experiment; the scan says what became of it.
        return entry.is_dir() or (entry.is_symlink() and not os.path.exists(entry.path))  # noqa: PTH110
    except OSError:
        return True


def _scanned(name: str, path: str) -> Folder:
    folder = Folder(name, path, {}, {})
    try:
        names = os.listdir(path)  # noqa: PTH208  (Path is slower)
    except OSError as error:
        folder.damaged[""] = f"{clean_text(path)} cannot be listed: {error.strerror}"
        return folder
    look, is_regular, runs = os.stat, stat.S_ISREG, folder.runs
    for run in names:
        if run[0] == ".":
            continue
        try:
            facts = look(f"{path}/{run}/{RUN_MANIFEST}")
        except OSError as error:
            problem = _problem(f"{path}/{run}", error)
        else:
            if is_regular(facts.st_mode) and facts.st_size <= MOST_BYTES:
                runs[run] = facts.st_ino & _INODE_BITS, facts.st_size, facts.st_mtime_ns
                continue
            problem = _oddity(f"{path}/{run}", facts)
        if problem is not None:
            folder.damaged[run] = problem
    return folder


def _problem(run: str, error: OSError) -> str | None:
    """Return what is wrong with a folder whose manifest cannot be looked at; None where it is just no run."""
    manifest = f"{run}/{RUN_MANIFEST}"
    if isinstance(error, NotADirectoryError):
        return None
    if not isinstance(error, FileNotFoundError):
        return f"{clean_text(manifest)} cannot be read: {error.strerror}"
    for path in (run, manifest):
        if os.path.islink(path) and not os.path.exists(path):  # noqa: PTH114, PTH110
            return f"{clean_text(path)} is a link that leads nowhere"
    return None


def _oddity(run: str, facts: os.stat_result) -> str:
    manifest = clean_text(f"{run}/{RUN_MANIFEST}")
    if stat.S_ISREG(facts.st_mode):
        return f"{manifest} cannot be read: {facts.st_size} bytes are too many for a manifest"
    return f"{manifest} cannot be read: it is {'a folder' if stat.S_ISDIR(facts.st_mode) else 'no file'}"
