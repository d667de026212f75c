"""Finding runs below a root."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from os import PathLike
from pathlib import Path

from runlogging._errors import RunNotFoundError
from runlogging.folder import RUN_MANIFEST, clean_text, find_root
from runlogging.reading._run import RunReader
from runlogging.reading.search._listing import check_limit, chooser, opened_listing
from runlogging.reading.search._row import RunRow
from runlogging.reading.search._scan import experiments_of, is_run, names_in

_logger = logging.getLogger("runlogging")

_NEAR = 3
_SHOWN = 5
# Comparing a text with ten thousand ids takes a second.
_COMPARED = 1_000


def list_runs(
    root: str | PathLike[str] = "runs",
    experiment: str | None = None,
    where: str | None = None,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
) -> list[RunReader]:
    """Return the runs below a root, newest first unless an order is given.

    A folder whose manifest cannot be read is left out, with a warning of the logger ``runlogging``.

    Args:
        root: the folder that holds experiments; the default gives way to the variable RUNLOGGING_ROOT. One that does
            not exist has no runs.
        experiment: only this experiment's runs.
        where: a filter, such as ``metrics.mse < 3000 and tags.model = 'ridge' and status = 'Completed'``.
        order_by: an order, such as ``metrics.mse DESC, started``, or several.
        limit: how many runs at most; None is all.

    Raises:
        FilterError: the filter or the order cannot be read; the error points at the place (also a ValueError).
        InvalidValueError: the limit is negative (also a ValueError).
    """
    if where is None and not order_by:
        return _list_all(find_root(root), experiment, limit)
    choose = chooser(where, order_by, limit)
    with opened_listing(find_root(root), experiment) as listing:
        return _readers(row.place for row in choose(without_damaged(listing.rows())))


def _list_all(root: Path, experiment: str | None, limit: int | None) -> list[RunReader]:
    """Return all runs, newest first; of one that the index vouches for nothing is opened."""
    check_limit(limit)
    with opened_listing(root, experiment) as listing:
        found = listing.found()
    for (folder, name), problem in listing.problems.items():
        _warn(Path(folder, name), problem)
    return _readers((folder, name) for _, name, folder, what in found[:limit] if what is not None)


def _readers(places: Iterable[tuple[str, str]]) -> list[RunReader]:
    """Return readers of good runs, each given as its experiment's folder and the name of its own."""
    return [RunReader.vouched(f"{folder}/{name}") for folder, name in places]


def without_damaged(rows: Iterable[RunRow]) -> Iterator[RunRow]:
    """Yield the rows that could be read, and warn of the others."""
    for row in rows:
        if row.problem is None:
            yield row
        else:
            _warn(row.path, row.problem)


def _warn(path: Path, problem: str) -> None:
    _logger.warning("%s is left out: %s", clean_text(str(path)), problem)


def resolve_run(run: str | PathLike[str], root: str | PathLike[str] = "runs") -> Path:
    """Return the folder of the run that a person means. No manifest is read but for ``latest``.

    Args:
        run: a path, also that of a zip of a run, an id, ``experiment/id``, a prefix that only one run has, or
            ``latest``.
        root: where ids are looked for.

    Raises:
        RunNotFoundError: no run, or more than one, is meant; the error names what comes near (also a
            FileNotFoundError).
    """
    path = Path(run).expanduser()
    if is_run(path) or _is_zip(path):
        return path.absolute()
    base = find_root(root)
    if is_run(base / path) or _is_zip(base / path):
        return base / path
    wanted = os.fspath(run)
    if wanted == "latest":
        return _latest(base)
    fits = runs_called(base, wanted) or _runs_beginning_with(base, wanted)
    if len(fits) == 1:
        return fits[0]
    if fits:
        names = tuple(f"{folder.parent.name}/{folder.name}" for folder in fits[:_SHOWN])
        raise RunNotFoundError(f"{wanted!r} fits {len(fits)} runs in {base}.", names)
    raise _not_found(base, path, wanted)


def runs_called(root: Path, run_id: str, experiment: str | None = None) -> list[Path]:
    """Return the runs of one id, of all experiments or of one; no other run is looked at."""
    if not run_id or run_id.startswith(".") or os.path.basename(run_id) != run_id:  # noqa: PTH119
        return []
    folders = [Path(path) for name, path in experiments_of(root) if experiment in (None, name)]
    return [folder / run_id for folder in folders if is_run(folder / run_id)]


def _runs_beginning_with(root: Path, beginning: str) -> list[Path]:
    if not beginning:
        return []
    folders = [path for _, path in experiments_of(root)]
    names = [(path, name) for path in folders for name in sorted(names_in(path)) if name.startswith(beginning)]
    return [Path(path, name) for path, name in names if is_run(f"{path}/{name}")]


def _latest(root: Path) -> Path:
    runs = list_runs(root, limit=1)
    if not runs:
        raise RunNotFoundError(f"there are no runs in {root}.")
    return runs[0].path


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and os.path.isfile(path)  # noqa: PTH113  (it never raises)


def _not_found(base: Path, path: Path, wanted: str) -> RunNotFoundError:
    for folder in (base / path, path.absolute()) if wanted else ():
        if os.path.isdir(folder):  # noqa: PTH112  (it never raises)
            return RunNotFoundError(f"no run {wanted!r} in {base}: {_missing(folder)}", _some_runs(folder))
    return RunNotFoundError(f"no run {wanted!r} in {base}.", near_ids(base, wanted))


def _missing(folder: Path) -> str:
    """Say why a folder is no run."""
    if _some_runs(folder):
        return f"{folder} has no {RUN_MANIFEST}, but folders in it have; name one of them."
    if any(is_run(f"{path}/{name}") for _, path in experiments_of(folder) for name in names_in(path)):
        return f"{folder} has no {RUN_MANIFEST}; it holds experiments. Name one of their runs, or the folder as root."
    return f"{folder} is no run folder: it has no {RUN_MANIFEST}."


def _some_runs(folder: Path) -> tuple[str, ...]:
    """Return the last runs in an experiment's folder, as a person may name them."""
    names = sorted(names_in(os.fspath(folder)), reverse=True)
    return tuple(islice((f"{folder.name}/{name}" for name in names if is_run(folder / name)), _NEAR))


def near_ids(root: Path, wanted: str, experiment: str | None = None) -> tuple[str, ...]:
    """Return the ids of up to three runs that come near a text, best first."""
    places = {
        name: path for folder, path in experiments_of(root) if experiment in (None, folder) for name in names_in(path)
    }
    # Of very many those with the longest common beginning: ids of one time are the likely ones.
    names = sorted(places, key=lambda name: _common(name, wanted), reverse=True)[:_COMPARED]
    near = difflib.get_close_matches(wanted, names, n=2 * _NEAR, cutoff=0.5)
    return tuple(name for name in near if is_run(f"{places[name]}/{name}"))[:_NEAR]


def _common(name: str, wanted: str) -> int:
    """Return how many characters two texts have in common at their beginnings."""
    return next((at for at, (one, other) in enumerate(zip(name, wanted, strict=False)) if one != other), len(wanted))
