"""Where the files of a dataset lie: one table a stream, partitioned by experiment and run as Hive names partitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from runlogging._errors import InvalidValueError, RootError
from runlogging.folder import STREAMS, StreamName
from runlogging.keeping.packing._runs import streams_of

MARK = ".runlogging-dataset"
"""The file that tells a dataset from a folder of somebody's own; it says of which root it is."""

# What Spark escapes in a partition's value (ExternalCatalogUtils.escapePathName), so that all engines read it back.
_ESCAPED = re.compile("[\x00-\x1f\x7f\"#%'*/:=?\\\\{\\[\\]^]")


class Part(NamedTuple):
    """A file of a run's stream, and its place in the dataset, relative to the dataset's folder."""

    run: Path
    name: StreamName
    source: Path
    place: Path


def parts_of(run: Path) -> Iterator[Part]:
    """Yield the files of a run's streams; where one lies there twice, its JSON Lines."""
    found = streams_of(run)
    for name, path in found.items():
        if name.kind == "jsonl" or name._replace(kind="jsonl") not in found:
            yield Part(run, name, path, _place(run, name))


def _place(run: Path, name: StreamName) -> Path:
    part = f".{name.part}" if name.part > 1 else ""
    keys = f"experiment={escaped(run.parent.name)}", f"run={escaped(run.name)}"
    return Path(name.stream, *keys, f"{name.writer}{part}.parquet")


def escaped(value: str) -> str:
    """Return the value of a partition as a folder's name: some characters as a percent sign and two digits."""
    return _ESCAPED.sub(lambda match: f"%{ord(match[0]):02X}", value)


def known_places(folder: Path) -> Iterator[Path]:
    """Yield the places of the files that a dataset has, relative to its folder; nothing but what we would put there."""
    for stream in STREAMS:
        for path in folder.glob(f"{stream}/experiment=*/run=*/*.parquet"):
            if not path.name.startswith("."):
                yield path.relative_to(folder)


def claim(folder: Path, root: Path) -> None:
    """Make a folder the dataset of a root.

    Raises:
        InvalidValueError: it is something else, or the dataset of another root (also a ValueError).
        RootError: it cannot be made (also an OSError).
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark = folder / MARK
        if mark.exists():
            if mark.read_text(encoding="utf-8").strip() != str(root):
                raise InvalidValueError(f"{folder} is the dataset of another root; name another folder")
        elif any(folder.iterdir()):
            raise InvalidValueError(f"{folder} holds other files and is no dataset of ours; name a new folder")
        else:
            mark.write_text(f"{root}\n", encoding="utf-8")
    except OSError as error:
        if isinstance(error, RootError):
            raise
        raise RootError(f"{folder} cannot be a dataset: {error.strerror}", folder) from error


def remove(folder: Path, place: Path) -> None:
    """Take a file out of a dataset, and the partitions that are empty without it."""
    path = folder / place
    path.unlink(missing_ok=True)
    with suppress(OSError):
        for parent in (path.parent, path.parent.parent):
            parent.rmdir()
