"""What lies in a root and belongs to no run, or to none any more."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from runlogging.folder import ARTIFACTS_FOLDER, WRITERS_FOLDER
from runlogging.folder._locks import Life, probe
from runlogging.keeping.collecting._look import Found
from runlogging.keeping.collecting._model import Item, Kind
from runlogging.keeping.collecting._places import (
    ARCHIVED_FILE,
    DAY_S,
    DELETED_PREFIX,
    ENVIRONMENT_MARKER,
    ENVIRONMENTS_FOLDER,
    HOUR_S,
    LOCK_FILE,
    MERGING_FOLDER,
    MODELS_FOLDER,
    NUMBER_FILE,
    STORE_FOLDER,
    SUBMITTED,
    TRASH_FOLDER,
    WORK_FOLDER,
    changed_s,
    children_of_folder,
    is_file,
    is_folder,
    is_snapshot_id,
    own_folder,
    unused_s,
)
from runlogging.keeping.collecting._trash import ENDED
from runlogging.keeping.collecting._usage import Freed
from runlogging.reading._status import owner_of

ENVIRONMENT_S = 30 * DAY_S
"""An environment that nothing used for so long goes; whoever needs it builds it again."""

_TEMPORARY = re.compile(r"\..+\.(tmp|packing)\Z")
# Names in `artifacts/` are the user's; only this form is ours.
_OWN_TEMPORARY = re.compile(r"\.\d+-[0-9a-f]{16}(\.tmp)?\Z")
_OWN_FILES = frozenset((NUMBER_FILE, f"{NUMBER_FILE}.lock", ARCHIVED_FILE))

_FREE = (Life.DEAD, Life.MISSING)

Make = Callable[[Kind, Path, str], Item | None]


def leftovers(
    root: Path, runs: Collection[Found], doomed: Collection[Path], freed: Freed, *, empty_experiments: bool = False
) -> list[Item]:
    """Return what can go beside runs.

    Args:
        root: the root.
        runs: all its runs.
        doomed: the folders of those that go before.
        freed: counts the room.
        empty_experiments: whether experiments that have nothing in them go.
    """

    def made(kind: Kind, path: Path, reason: str) -> Item | None:
        with suppress(OSError):
            return Item(kind, path, reason, freed.by(path), changed_s(path))
        return None

    staying = [run for run in runs if run.path not in doomed]
    found = [
        *_trash(root, made),
        *_temporary(root, staying, made),
        *_snapshots(root, staying, freed, made),
        *_work(root, staying, made),
        *_environments(root, staying, made),
        *(_empty_experiments(root, doomed, made) if empty_experiments else ()),
    ]
    return [item for item in found if item]


def _trash(root: Path, made: Make) -> Iterator[Item | None]:
    for path in children_of_folder(own_folder(root, TRASH_FOLDER)):
        if path.name != LOCK_FILE:
            yield made("trash", path, "it was being deleted")
    for path in children_of_folder(root):
        if path.name.startswith(DELETED_PREFIX) and _is_older(path, HOUR_S):
            yield made("trash", path, "an experiment that was being deleted")
    merging = own_folder(root, MERGING_FOLDER)
    if merging is not None and probe(merging / LOCK_FILE) in _FREE:
        for path in children_of_folder(merging):
            if path.name != LOCK_FILE and _is_older(path, HOUR_S):
                yield made("trash", path, "a merge did not finish it")


def _temporary(root: Path, staying: Iterable[Found], made: Make) -> Iterator[Item | None]:
    for path in _temporary_paths(root, staying):
        if not path.is_symlink() and _is_older(path, DAY_S):
            yield made("temporary", path, "its process is gone")


def _temporary_paths(root: Path, staying: Iterable[Found]) -> Iterator[Path]:
    experiments = [path for path in children_of_folder(root) if is_folder(path)]
    for folder in (root, *experiments):
        yield from (path for path in children_of_folder(folder) if _TEMPORARY.match(path.name) and is_file(path))
    for run in staying:
        for folder in (run.path, run.path / WRITERS_FOLDER):
            yield from (path for path in children_of_folder(folder) if _TEMPORARY.match(path.name) and is_file(path))
        yield from _own_files_below(run.path / ARTIFACTS_FOLDER)
    for model in children_of_folder(own_folder(root, MODELS_FOLDER)):
        yield from (path for path in children_of_folder(model) if _OWN_TEMPORARY.match(path.name))


def _own_files_below(folder: Path) -> Iterator[Path]:
    if is_folder(folder):
        yield from (path for path in folder.rglob(".*.tmp") if _OWN_TEMPORARY.match(path.name) and is_file(path))


def _snapshots(root: Path, staying: Iterable[Found], freed: Freed, made: Make) -> Iterator[Item | None]:
    for path in unused_snapshots(root, staying):
        # A name that a run has of it and that nobody knows of is reason enough; and nothing would come free.
        if freed.would_be_last(path):
            yield made("snapshot", path, "no run has it")


def unused_snapshots(root: Path, runs: Iterable[Found]) -> Iterator[Path]:
    """Yield the files of the store that none of some runs has, an hour old at least.

    Whoever takes a snapshot stores it first and gives it to its run then. So while a run is being prepared that has
    none yet, all are left alone.
    """
    used = {run.snapshot for run in runs}
    if any(run.status() == "Preparing" and run.snapshot is None for run in runs):
        return
    for path in children_of_folder(own_folder(root, STORE_FOLDER)):
        is_stored = path.suffix == ".zip" and is_snapshot_id(path.stem) and path.stem not in used
        if is_stored and not path.is_symlink() and _is_older(path, HOUR_S):
            yield path


def _work(root: Path, staying: Collection[Found], made: Make) -> Iterator[Item | None]:
    for path in unused_work(root, staying):
        yield made("work", path, "its run has ended")


def unused_work(root: Path, runs: Iterable[Found]) -> Iterator[Path]:
    """Yield the working folders of runs that are through, or that are none of some runs; an hour old at least."""
    needed = {run.id for run in runs if not _is_through(run)}
    for path in children_of_folder(own_folder(root, WORK_FOLDER)):
        if path.name not in needed and not path.is_symlink() and _is_older(path, HOUR_S):
            yield path


def _is_through(run: Found) -> bool:
    """Tell whether a run's supervisor reached its end: all that the script wrote is with the run."""
    if run.manifest is None or run.status() not in ENDED:
        return False
    owner = owner_of(run.path, run.manifest)
    return owner is not None and owner.ended is not None


def _environments(root: Path, staying: Iterable[Found], made: Make) -> Iterator[Item | None]:
    for path in unused_environments(root, staying):
        is_whole = is_file(path / ENVIRONMENT_MARKER)
        yield made("environment", path, "nothing used it for 30 days" if is_whole else "it was not finished")


def unused_environments(root: Path, runs: Iterable[Found]) -> Iterator[Path]:
    """Yield environments that were not finished, and those that nothing used for 30 days.

    No run says which environment it has, so none goes while a submitted run of the root is not through.
    """
    folder = own_folder(root, ENVIRONMENTS_FOLDER)
    if folder is None or any(_is_submitted(run) and run.status() not in ENDED for run in runs):
        return
    for path in children_of_folder(folder):
        if path.name.startswith(".") or not is_folder(path) or is_being_built(path):
            continue
        marker = path / ENVIRONMENT_MARKER
        if not is_file(marker) or unused_s(marker, *_signs(path)) > ENVIRONMENT_S:
            yield path


def _is_submitted(run: Found) -> bool:
    return run.manifest is not None and run.manifest.type == SUBMITTED


def _signs(path: Path) -> Iterator[Path]:
    """Yield files that a start of the environment's interpreter reads."""
    yield from (path / "pyvenv.cfg", path / "bin" / "python", path / "Scripts" / "python.exe")


def is_being_built(path: Path) -> bool:
    """Tell whether a process builds an environment, or whether that cannot be told."""
    return probe(path.parent / ".locks" / f"{path.name}.lock") not in _FREE


def _empty_experiments(root: Path, doomed: Collection[Path], made: Make) -> Iterator[Item | None]:
    for path in children_of_folder(root):
        if not path.name.startswith(".") and is_folder(path) and is_empty(path, doomed):
            yield made("experiment", path, "it has no runs")


def is_empty(experiment: Path, but_for: Collection[Path] = ()) -> bool:
    """Tell whether an experiment has nothing in it but what counts and archives it, and some runs."""
    try:
        return all(path in but_for or path.name in _OWN_FILES for path in experiment.iterdir())
    except OSError:
        return False


def _is_older(path: Path, seconds: float) -> bool:
    with suppress(OSError):
        return changed_s(path) >= seconds
    return False
