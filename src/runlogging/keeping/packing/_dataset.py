"""One table over all runs below a root, for engines that read Parquet: DuckDB, Polars, Spark."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from runlogging._errors import RootError, RunLoggingError
from runlogging.folder import find_root
from runlogging.keeping.packing._file import pack_file
from runlogging.keeping.packing._pack import Progress
from runlogging.keeping.packing._places import Part, claim, known_places, parts_of, remove
from runlogging.keeping.packing._runs import runs_below
from runlogging.keeping.packing._safety import SUFFIX, manifest_of

# The clock of a file system ticks in milliseconds: a file this young may change again within the same tick.
_SETTLED_NS = 2_000_000_000


class Dataset(NamedTuple):
    """What a dataset is now.

    Attributes:
        folder: where it is; below it a table a stream.
        files: how many files it has.
        linked, copied, packed: how many of them were made now, and how.
        removed: how many were taken out: their runs or files are gone.
        left_out: run folder to why some of it is missing.
    """

    folder: Path
    files: int
    linked: int
    copied: int
    packed: int
    removed: int
    left_out: dict[Path, str]


def dataset(root: str | PathLike[str], folder: str | PathLike[str], *, progress: Progress | None = None) -> Dataset:
    """Make or renew a dataset over all runs below a root. The runs stay as they are.

    ``FOLDER/metrics/experiment=E/run=R/main.parquet``, and the same for logs, values and artifacts. Packed files are
    linked, or copied where links fail; others are packed into the dataset, those of a run that is being written up to
    their last whole line. Only what changed since is made again, and what is gone is taken out.

    Args:
        root: the folder that holds experiments; "runs" gives way to the variable RUNLOGGING_ROOT.
        folder: a new folder, or that of an earlier dataset of this root.
        progress: told now and then of a run's id, and of files done and in all.

    Raises:
        InvalidValueError: the folder is something else (also a ValueError).
        RootError: the root is missing, or the folder cannot be written, or the disk is full (also an OSError).
        MissingExtraError: pyarrow is not installed, and something is to be packed (also an ImportError).
    """
    base, target = find_root(root).absolute(), Path(folder).expanduser().absolute()
    if not base.is_dir():
        raise RootError(f"there is no folder {base}; name a folder of runs.", base)
    claim(target, base)
    runs = runs_below(base)
    damaged = {run: problem for run, problem in runs.items() if problem is not None}
    parts = [part for run in runs if run not in damaged for part in parts_of(run)]
    return _Builder(target, damaged, progress).build(parts)


class _Builder:
    def __init__(self, folder: Path, left_out: dict[Path, str], progress: Progress | None) -> None:
        self._folder = folder
        self._progress = progress
        self._counts = dict.fromkeys(("linked", "copied", "packed"), 0)
        self._left_out = left_out

    def build(self, parts: list[Part]) -> Dataset:
        files = 0
        for number, part in enumerate(parts, 1):
            files += self._has(part)
            if self._progress is not None:
                self._progress(part.run.name, number, len(parts))
        gone = set(known_places(self._folder)) - {part.place for part in parts}
        for place in gone:
            remove(self._folder, place)
        return Dataset(self._folder, files, **self._counts, removed=len(gone), left_out=self._left_out)

    def _has(self, part: Part) -> bool:
        """See to a part; return whether the dataset has it now."""
        target = self._folder / part.place
        try:
            facts = part.source.stat()
        except OSError as error:
            self._left_out[part.run] = f"{part.source.name}: {error.strerror}"
            return False
        if _is_current(facts, target):
            return True
        temporary = target.with_name(f".{target.name}.{os.getpid()}{SUFFIX}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            how = self._make(part, facts, temporary)
            os.replace(temporary, target)  # noqa: PTH105  (as every other replacement of a whole file)
        except (RunLoggingError, OSError, ValueError) as error:
            if isinstance(error, ImportError):
                raise
            self._left_out[part.run] = f"{part.source.name}: {error}"
            return target.exists()
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        self._counts[how] += 1
        return True

    def _make(self, part: Part, facts: os.stat_result, temporary: Path) -> str:
        temporary.unlink(missing_ok=True)
        if part.name.kind == "parquet":
            return _link_or_copy(part.source, temporary)
        manifest = manifest_of(part.run)
        run = manifest.experiment or part.run.parent.name, manifest.id or part.run.name
        pack_file(part.source, temporary, part.name, run, until=facts.st_size)
        # Its time says of which state of its source it was made; 0 of none that can be trusted.
        is_settled = time.time_ns() - facts.st_mtime_ns > _SETTLED_NS
        os.utime(temporary, ns=(facts.st_atime_ns, facts.st_mtime_ns if is_settled else 0))
        return "packed"


def _link_or_copy(source: Path, target: Path) -> str:
    try:
        target.hardlink_to(source)
    except OSError:  # another disk, or a file system without hard links
        shutil.copy2(source, target)
        return "copied"
    return "linked"


def _is_current(source: os.stat_result, target: Path) -> bool:
    """Tell whether a file of the dataset was made of its source as it is now."""
    try:
        made = target.stat()
    except OSError:
        return False
    is_same_file = (made.st_ino, made.st_dev) == (source.st_ino, source.st_dev)
    return is_same_file or made.st_mtime_ns == source.st_mtime_ns
