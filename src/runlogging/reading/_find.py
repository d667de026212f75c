"""Finding runs below a root."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path

from runlogging._errors import RunLoggingError, RunNotFoundError
from runlogging.folder import RUN_MANIFEST, find_root
from runlogging.reading._run import RunReader

_logger = logging.getLogger("runlogging")


def list_runs(root: str | PathLike[str] = "runs", experiment: str | None = None) -> list[RunReader]:
    """Return the runs below a root, newest first.

    A folder whose manifest cannot be read is left out, with a warning of the logger ``runlogging``.

    Args:
        root: the folder that holds experiments; the default gives way to the variable RUNLOGGING_ROOT. One that does
            not exist has no runs.
        experiment: only this experiment's runs.
    """
    return newest_first(run_folders(find_root(root), experiment))


def newest_first(folders: Iterable[Path]) -> list[RunReader]:
    """Return readers of run folders, newest first; one that cannot be read is left out, with a warning."""
    found: list[tuple[str, str, RunReader]] = []
    for path in folders:
        try:
            run = RunReader(path)
            found.append((str(run.created or ""), path.name, run))
        except (RunLoggingError, OSError) as error:
            _logger.warning("%s is left out: %s", path, error)
    return [run for _, _, run in sorted(found, key=lambda item: item[:2], reverse=True)]


def resolve_run(run: str | PathLike[str], root: str | PathLike[str] = "runs") -> Path:
    """Return the folder of the run that a person means.

    Args:
        run: a path, an id, ``experiment/id``, a prefix that only one run has, or ``latest``.
        root: where ids are looked for.

    Raises:
        RunNotFoundError: no run, or more than one, is meant (also a FileNotFoundError).
    """
    path = Path(run).expanduser()
    if (path / RUN_MANIFEST).is_file():
        return path.absolute()
    base = find_root(root)
    if (base / path / RUN_MANIFEST).is_file():
        return base / path
    wanted = str(run)
    if wanted == "latest":
        return _latest(base)
    folders = list(run_folders(base))
    exact = [folder for folder in folders if folder.name == wanted]
    fits = exact or [folder for folder in folders if wanted and folder.name.startswith(wanted)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        names = tuple(sorted(f"{folder.parent.name}/{folder.name}" for folder in fits)[:5])
        raise RunNotFoundError(f"{wanted!r} fits {len(fits)} runs in {base}.", names)
    raise RunNotFoundError(
        f"no run {wanted!r} in {base}.",
        tuple(difflib.get_close_matches(wanted, [folder.name for folder in folders], n=3, cutoff=0.5)),
    )


def _latest(root: Path) -> Path:
    runs = list_runs(root)
    if not runs:
        raise RunNotFoundError(f"there are no runs in {root}.")
    return runs[0].path


def run_folders(root: Path, experiment: str | None = None) -> Iterator[Path]:
    """Yield the run folders below a root, of all experiments or of one."""
    for folder in _folders(root):
        if experiment in (None, folder.name):
            yield from runs_in(folder)


def runs_in(experiment: Path) -> Iterator[Path]:
    """Yield the run folders in an experiment's folder."""
    for folder in _folders(experiment):
        if (folder / RUN_MANIFEST).is_file():
            yield folder


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(entry for entry in path.iterdir() if not entry.name.startswith(".") and entry.is_dir())
    except OSError:
        return []
