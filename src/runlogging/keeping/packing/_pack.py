"""Packing runs that have ended: Parquet in place of their JSON Lines, or beside it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from runlogging._errors import InvalidValueError, RootError, RunActiveError, RunLoggingError
from runlogging.folder import FORMAT, StreamName, find_root, read_manifest, write_manifest
from runlogging.folder._atomic import sync_folder
from runlogging.keeping.packing._file import OnBytes, digest_of, pack_file, read_packing_of, verify_packed
from runlogging.keeping.packing._runs import runs_below, streams_of
from runlogging.keeping.packing._safety import SUFFIX, check_ended, keep_times, nobody_writing, sole_packer

Progress = Callable[[str, int, int], object]


class Packed(NamedTuple):
    """What became of a run.

    Attributes:
        run: its folder.
        files: the names of the files that it has now in place of others, or (``keep``) beside them.
        before, after: the bytes of the files that were packed or unpacked, and of those that were made of them.
        skipped: why the run was left as it is; None where something was done, or there was nothing to do.
        failed: whether that is an error, and not just a run that has not ended.
    """

    run: Path
    files: tuple[str, ...] = ()
    before: int = 0
    after: int = 0
    skipped: str | None = None
    failed: bool = False


def pack(path: str | PathLike[str], *, keep: bool = False, progress: Progress | None = None) -> Packed:
    """Write the streams of a run that has ended as Parquet (zstd), and remove the JSON Lines.

    Each file is read back and compared with the original, byte for byte, before anything is removed. Whatever goes
    wrong before, and a kill at any time, leaves the JSON Lines whole. All readers of this package read a packed run as
    before; readers of format 1 refuse it.

    Args:
        path: the run folder.
        keep: leave the JSON Lines beside; readers go on taking them.
        progress: told now and then of the run's id, and of bytes done and in all; each is read twice.

    Raises:
        RunNotFoundError: it is no run folder (also a FileNotFoundError).
        RunActiveError: the run or one of its writers has not ended, or that cannot be told (also a RuntimeError).
        RootError: the folder may not be changed, or the disk is full (also an OSError).
        InvalidValueError: a packed file does not stand for the JSON Lines beside it (also a ValueError).
        FormatVersionError: the run is of a newer format (also a ValueError).
        MissingExtraError: pyarrow is not installed (also an ImportError).
    """
    run = Path(path).expanduser().absolute()
    check_ended(run)
    with sole_packer(run):
        try:
            return _Packer(run, keep=keep, progress=progress).pack()
        except RunLoggingError:
            raise
        except OSError as error:
            raise _left_as_it_is(run, error) from error


def _left_as_it_is(run: Path, error: OSError) -> RootError:
    room = "; make room on the disk and try again" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else ""
    return RootError(f"{run} was not packed, and all of its lines are there: {error.strerror or error}{room}", run)


def pack_root(
    root: str | PathLike[str] = "runs",
    experiment: str | None = None,
    *,
    keep: bool = False,
    progress: Progress | None = None,
) -> Iterator[Packed]:
    """Pack the runs below a root that have ended, one by one; what becomes of one does not end the others.

    Args:
        root: the folder that holds experiments; the default gives way to the variable RUNLOGGING_ROOT.
        experiment: only this experiment's runs.
        keep: leave the JSON Lines beside.
        progress: told now and then of a run's id, and of bytes done and in all; each is read twice.

    Yields:
        What became of each run; one that could not be packed says why in ``skipped``.

    Raises:
        MissingExtraError: pyarrow is not installed (also an ImportError).
    """
    runs = runs_below(find_root(root), experiment)
    sizes = {run: sum(_size(path) for path in plain_files(run).values()) for run in runs}
    total, before = 2 * sum(sizes.values()), 0

    def report(what: str, done: int, _: int) -> None:
        if progress is not None:
            progress(what, before + done, total)

    for run, problem in runs.items():
        yield _tried(run, keep=keep, progress=report) if problem is None else Packed(run, skipped=problem, failed=True)
        before += 2 * sizes[run]
        report(run.name, 0, total)


def _tried(run: Path, *, keep: bool, progress: Progress) -> Packed:
    try:
        return pack(run, keep=keep, progress=progress)
    except ImportError:
        raise
    except RunActiveError as error:
        return Packed(run, skipped=str(error))
    except (RunLoggingError, OSError) as error:
        return Packed(run, skipped=str(error), failed=True)


def plain_files(run: Path) -> dict[StreamName, Path]:
    """Return the JSON Lines of a run's streams."""
    return {name: path for name, path in streams_of(run).items() if name.kind == "jsonl"}


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


class _Packer:
    """Pack one run.

    Args:
        run: the run folder.
        keep: whether the JSON Lines stay.
        progress: see `pack`.
    """

    def __init__(self, run: Path, *, keep: bool, progress: Progress | None) -> None:
        self._run = run
        self._keep = keep
        self._progress = progress
        self._sources = {name: (path, path.stat()) for name, path in plain_files(run).items()}
        self._total = 2 * sum(facts.st_size for _, facts in self._sources.values())
        self._done = 0
        self._made: dict[Path, Path] = {}

    def pack(self) -> Packed:
        targets = {name: self._run / str(name._replace(kind="parquet")) for name in self._sources}
        for name, target in targets.items():
            if not self._is_packed(name, target):
                self._made[target] = self._make(name, target)
        if not targets or (self._keep and not self._made):
            return Packed(self._run)
        with nobody_writing(self._run):
            self._check_unchanged()
            for target, temporary in self._made.items():
                os.replace(temporary, target)  # noqa: PTH105  (as every other replacement of a whole file)
            if self._made:
                sync_folder(self._run)
            if not self._keep:
                self._remove_sources()
        before = sum(facts.st_size for _, facts in self._sources.values())
        after = sum(target.stat().st_size for target in targets.values())
        return Packed(self._run, tuple(target.name for target in targets.values()), before, after)

    def _is_packed(self, name: StreamName, target: Path) -> bool:
        """Tell whether a packed file stands for a stream already: it was kept, or a kill came between.

        Raises:
            InvalidValueError: it stands for something else, of which this may be the only copy.
        """
        if not target.exists():
            return False
        source, facts = self._sources[name]
        try:
            packing = read_packing_of(target)
        except (OSError, ValueError) as error:
            raise InvalidValueError(f"{target} cannot be read: {error}; remove it, and pack again") from error
        if facts.st_size < packing.size or digest_of(source, packing.size) != packing.sha256:
            raise InvalidValueError(
                f"{target.name} of the run {self._run.name} does not stand for the lines in {source.name} beside it; "
                "neither is touched"
            )
        if facts.st_size > packing.size:
            return False  # the stream grew since, so all of it is packed anew
        verify_packed(target, packing, self._reporter())
        self._done += facts.st_size
        return True

    def _make(self, name: StreamName, target: Path) -> Path:
        source, facts = self._sources[name]
        temporary = self._run / f".{target.name}.{os.getpid()}{SUFFIX}"
        manifest = read_manifest(self._run)
        run = manifest.experiment or self._run.parent.name, manifest.id or self._run.name
        packing = pack_file(source, temporary, name, run, self._reporter())
        verify_packed(temporary, packing, self._reporter())
        keep_times(facts, temporary)
        return temporary

    def _reporter(self) -> OnBytes:
        def report(size: int) -> None:
            self._done += size
            if self._progress is not None:
                self._progress(self._run.name, min(self._done, self._total), self._total)

        return report

    def _check_unchanged(self) -> None:
        if set(plain_files(self._run)) != set(self._sources):
            raise RunActiveError(
                f"the run {self._run.name} went on while it was being packed; pack it when it has ended"
            )
        for path, facts in self._sources.values():
            now = path.stat()
            if (now.st_ino, now.st_size, now.st_mtime_ns) != (facts.st_ino, facts.st_size, facts.st_mtime_ns):
                raise RunActiveError(f"{path} changed while it was being packed; pack it when the run has ended")

    def _remove_sources(self) -> None:
        manifest = read_manifest(self._run)
        if manifest.format != FORMAT:
            # Before anything is removed: a reader that knows no packed streams must not take the run for empty.
            manifest.format = FORMAT
            write_manifest(self._run, manifest, sync=True)
        for path, _ in self._sources.values():
            path.unlink()
