"""Unpacking runs: the JSON Lines as they were, byte for byte, in place of Parquet."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import msgspec

from runlogging._errors import InvalidValueError, RootError, RunActiveError, RunLoggingError
from runlogging.folder import PLAIN_FORMAT, StreamName, find_root, read_manifest, write_manifest
from runlogging.folder._atomic import sync_folder
from runlogging.keeping.packing._file import check_pieces, digest_of, plain_pieces, read_packing_of
from runlogging.keeping.packing._pack import Packed, Progress
from runlogging.keeping.packing._runs import runs_below, streams_of
from runlogging.keeping.packing._safety import SUFFIX, keep_times, manifest_of, nobody_writing, sole_packer
from runlogging.reading._packed_layout import Packing


def unpack(path: str | PathLike[str], *, progress: Progress | None = None) -> Packed:
    """Write the JSON Lines of a packed run as they were, byte for byte, and remove the Parquet.

    What is given back is compared with the checksum of the original before anything is removed.

    Args:
        path: the run folder.
        progress: told now and then of the run's id, and of bytes done and in all.

    Raises:
        RunNotFoundError: it is no run folder (also a FileNotFoundError).
        RunActiveError: a writer of the run lives, or another process packs it (also a RuntimeError).
        RootError: the folder may not be changed, or the disk is full (also an OSError).
        InvalidValueError: a packed file is damaged, or the JSON Lines beside it are others (also a ValueError).
        MissingExtraError: neither pyarrow nor polars is installed (also an ImportError).
    """
    run = Path(path).expanduser().absolute()
    manifest_of(run)
    with sole_packer(run):
        try:
            return _unpacked(run, progress)
        except RunLoggingError:
            raise
        except OSError as error:
            room = "; make room on the disk and try again" if error.errno in (errno.ENOSPC, errno.EFBIG) else ""
            text = f"{run} was not unpacked, and all of its lines are there: {error.strerror or error}{room}"
            raise RootError(text, run) from error


def unpack_root(
    root: str | PathLike[str] = "runs", experiment: str | None = None, *, progress: Progress | None = None
) -> Iterator[Packed]:
    """Unpack the runs below a root, one by one; what becomes of one does not end the others.

    Args:
        root: the folder that holds experiments; the default gives way to the variable RUNLOGGING_ROOT.
        experiment: only this experiment's runs.
        progress: told of a run's id, and of runs done and in all.
    """
    runs = runs_below(find_root(root), experiment)
    for number, (run, problem) in enumerate(runs.items(), 1):
        yield _tried(run) if problem is None else Packed(run, skipped=problem, failed=True)
        if progress is not None:
            progress(run.name, number, len(runs))


def _tried(run: Path) -> Packed:
    try:
        return unpack(run)
    except ImportError:
        raise
    except (RunLoggingError, OSError) as error:
        return Packed(run, skipped=str(error), failed=not isinstance(error, RunActiveError))


def _unpacked(run: Path, progress: Progress | None) -> Packed:
    sources = {name: path for name, path in streams_of(run).items() if name.kind == "parquet"}
    if not sources:
        if read_manifest(run).format != PLAIN_FORMAT and _is_plain(run):
            _commit(run, {}, {})  # a kill came just before it was said
        return Packed(run)
    packings = {name: _packing_of(path) for name, path in sources.items()}
    total, done = sum(packing.size for packing in packings.values()), 0
    made: dict[Path, Path] = {}
    for name, source in sources.items():
        target = run / str(name._replace(kind="jsonl"))
        if target.exists():
            _check_same(target, source, packings[name])
        else:
            temporary = run / f".{target.name}.{os.getpid()}{SUFFIX}"
            for size in _write_plain(source, temporary, packings[name]):
                done += size
                if progress is not None:
                    progress(run.name, done, total)
            made[target] = temporary
    before = sum(path.stat().st_size for path in sources.values())
    _commit(run, made, sources)
    return Packed(run, tuple(str(name._replace(kind="jsonl")) for name in sources), before, total)


def _packing_of(path: Path) -> Packing:
    try:
        return read_packing_of(path)
    except (OSError, ValueError) as error:
        raise InvalidValueError(f"{path} cannot be unpacked: {error}") from error


def _check_same(target: Path, source: Path, packing: Packing) -> None:
    # JSON Lines that were kept beside, and perhaps grew since, hold all that was packed.
    if digest_of(target, packing.size) != packing.sha256:
        raise InvalidValueError(f"{target} is there, with other lines than {source.name} has; neither is touched")


def _write_plain(source: Path, target: Path, packing: Packing) -> Iterator[int]:
    """Write the JSON Lines that a packed file stands for; yield the bytes of each piece."""
    with target.open("xb") as file:
        try:
            for piece in check_pieces(plain_pieces(source), packing, source):
                file.write(piece)
                yield len(piece)
        except InvalidValueError:
            raise
        except (ValueError, msgspec.MsgspecError) as error:
            raise InvalidValueError(f"{source} is damaged: {error}; nothing was removed") from error
        file.flush()
        os.fsync(file.fileno())
    keep_times(source.stat(), target)


def _commit(run: Path, made: dict[Path, Path], sources: dict[StreamName, Path]) -> None:
    with nobody_writing(run, has_ended=False):
        for target, temporary in made.items():
            os.replace(temporary, target)  # noqa: PTH105  (as every other replacement of a whole file)
        sync_folder(run)
        for path in sources.values():
            path.unlink()
        sync_folder(run)
        manifest = read_manifest(run)
        if manifest.format != PLAIN_FORMAT and _is_plain(run):
            manifest.format = PLAIN_FORMAT
            write_manifest(run, manifest, sync=True)


def _is_plain(run: Path) -> bool:
    """Tell whether a reader of the first format would find all of a run's lines."""
    return all(name.part == 1 and name.kind == "jsonl" for name in streams_of(run))
