"""Whether all that a run wrote is there as it was written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from runlogging._errors import RootError, RunNotFoundError
from runlogging.folder import RUN_MANIFEST, WRITERS_FOLDER, find_root, stream_name
from runlogging.folder._zip import is_in_zip, runs_in_zip, zip_place, zipped_run
from runlogging.keeping.checking._files import (
    check_artifacts,
    check_environment,
    check_manifest,
    check_rest,
    check_snapshot,
    check_writers,
)
from runlogging.keeping.checking._findings import Finding, Progress, Report, Told
from runlogging.keeping.checking._look import Look, Tree, tree_of
from runlogging.keeping.checking._streams import Streams

__all__ = ["Finding", "Report", "is_run", "verify", "verify_root"]


def verify(path: str | os.PathLike[str], *, progress: Progress | None = None) -> Report:
    """Read a run whole and say what is lost or was changed. Nothing is changed by it, and damage never raises.

    Compared are lines with their numbers, with what the writers counted at their ends, and with the summaries; kept
    files with the sizes and checksums of their lines, and values with the files that they name; the snapshot of the
    code with its id. What a living writer has not finished is no damage.

    Args:
        path: the run folder, or a zip of it; ``out.zip/<experiment>/<run id>`` is one of several runs in a zip.
        progress: told of (the run's id, bytes done, bytes in all) now and then.

    Raises:
        RunNotFoundError: nothing there looks like a run (also a FileNotFoundError).
        RootError: it is a zip that cannot be read at all (also an OSError).
    """
    run = Path(path).expanduser().absolute()
    if not is_run(run):
        found = zipped_run(run)
        if found is None:
            raise RunNotFoundError(f"{run} is no run folder: it has neither {RUN_MANIFEST} nor any stream.")
        run = found
    tree = tree_of(run)
    return _verified(run, tree, Told(run.name, sum(tree.files.values()), progress))


def verify_root(root: str | os.PathLike[str] = "runs", *, progress: Progress | None = None) -> Iterator[Report]:
    """Verify all runs below a root, one after the other, in the order of their names.

    A folder counts as a run that has a manifest, lock files or streams, readable or not.

    Args:
        root: the folder that holds experiments, one experiment, or a zip of them; the default gives way to the
            variable RUNLOGGING_ROOT.
        progress: told of (the id of the run in work, bytes done, bytes of all runs) now and then.

    Raises:
        RunNotFoundError: there is no such folder (also a FileNotFoundError).
        RootError: it is a file and no zip, or cannot be read (also an OSError).
    """
    base = find_root(root)
    place = base if base.is_dir() else zip_place(base)
    if place is None or not place.is_dir():
        if os.path.lexists(base):
            raise RootError(f"{base} is neither a folder of runs nor a zip", base)
        raise RunNotFoundError(f"there is no folder {base}.")
    try:
        runs = sorted({*_runs_below(place), *(runs_in_zip(place) if is_in_zip(place) else ())})
    except OSError as error:
        raise RootError(f"{base} cannot be read: {error.strerror or error}", base) from error
    return _reports(runs, progress)


def is_run(path: Path) -> bool:
    """Tell whether a folder is a run, however damaged: it has a manifest, lock files, or a stream."""
    try:
        names = {entry.name for entry in path.iterdir()}
    except OSError:
        return False
    return not names.isdisjoint((RUN_MANIFEST, WRITERS_FOLDER)) or any(map(stream_name, names))


def _runs_below(place: Path) -> Iterator[Path]:
    if is_run(place):
        yield place
        return
    for folder in _visible(place.iterdir()):
        if _is_run_or_broken(folder):
            yield folder
        else:
            with suppress(OSError):
                yield from filter(_is_run_or_broken, _visible(folder.iterdir()))


def _visible(entries: Iterable[Path]) -> Iterator[Path]:
    return (entry for entry in entries if not entry.name.startswith("."))


def _is_run_or_broken(path: Path) -> bool:
    if is_run(path):
        return True
    try:
        if path.is_dir():
            next(path.iterdir(), None)
            return False
        return path.is_symlink() and not path.is_file()
    except OSError:
        return True  # a folder that cannot be listed, or a link that leads to itself


def _reports(runs: list[Path], progress: Progress | None) -> Iterator[Report]:
    sizes = [sum(tree_of(run).files.values()) if progress else 0 for run in runs]
    done, total = 0, sum(sizes)
    for run, size in zip(runs, sizes, strict=True):
        told = Told(run.name, total, progress, done=done)
        yield _verified(run, tree_of(run), told)
        done += size


def _verified(run: Path, tree: Tree, told: Told) -> Report:
    look = Look(run, tree, told)
    look.check(RUN_MANIFEST, check_manifest)
    look.check(WRITERS_FOLDER, check_writers)
    streams = Streams(look)
    for what, step in (
        (".", streams.read),
        (".", streams.check_numbers),
        (".", streams.check_counts),
        ("summary.json", streams.check_summaries),
    ):
        look.check(what, lambda _, step=step: step())  # type: ignore[misc]
    look.check("artifacts", lambda look: check_artifacts(look, streams.artifacts))
    look.check("snapshot.zip", check_snapshot)
    look.check("environment.json", check_environment)
    look.check(".", check_rest)
    return Report(run, look.findings.all())
