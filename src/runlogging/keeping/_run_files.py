"""The files of a run folder, without those that a writer had not finished."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runlogging.folder import ARTIFACTS_FOLDER

# All that writes a folder's own files calls them so; an artifact may be called anything, but for the one that
# `store_artifact` has not finished.
_TEMPORARY = re.compile(r"\..+\.tmp\Z")
_TEMPORARY_ARTIFACT = re.compile(r"\.\d+-[0-9a-f]{16}\.tmp\Z")
# A backslash is a slash to some who unzip, control characters forge lines of a list.
_UNFIT = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")


class Source(NamedTuple):
    """A file of a run: its name in the folder, and its size and time of change when it was looked at."""

    name: str
    path: Path
    size: int
    changed: int


def sources_of(run: Path) -> tuple[list[Source], list[str]]:
    """Return the files of a run, sorted by name, and the names of what no zip holds.

    Raises:
        OSError: a folder cannot be read.
    """
    sources: list[Source] = []
    left_out: list[str] = []
    for name, entry in _entries(run, ""):
        if is_temporary(name):
            continue
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISREG(status.st_mode) and not _UNFIT.search(name):
            sources.append(Source(name, Path(entry.path), status.st_size, status.st_mtime_ns))
        else:
            left_out.append(name)
    return sorted(sources), sorted(left_out)


def is_temporary(name: str) -> bool:
    """Tell whether a file of a run folder, by its name in it, is one that a writer had not finished."""
    base = name.rpartition("/")[2]
    pattern = _TEMPORARY_ARTIFACT if name.startswith(f"{ARTIFACTS_FOLDER}/") else _TEMPORARY
    return pattern.match(base) is not None


def _entries(folder: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield name and entry of all that is no folder; symbolic links are not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path), f"{name}/")
            else:
                yield name, entry
