"""Choosing runs: by type, tags, properties, status and parent; the children of a run; one run by its id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from os import PathLike
from types import EllipsisType

from runlogging._errors import RunLoggingError, RunNotFoundError
from runlogging.folder import find_root, read_manifest
from runlogging.reading._find import list_runs, near_ids, runs_called, without_damaged
from runlogging.reading._queries import Wanted, property_query, tag_query
from runlogging.reading._run import RunReader
from runlogging.reading._status import derived_status
from runlogging.reading.search._listing import rows_in
from runlogging.reading.search._row import RunRow


def select_runs(
    root: str | PathLike[str],
    experiment: str | None = None,
    *,
    type: str | None = None,  # noqa: A002  (what the manifest calls it)
    tags: Wanted = None,
    properties: Wanted = None,
    status: str | None = None,
    parent: str | EllipsisType | None = ...,
    include_children: bool = True,
) -> Iterator[RunReader]:
    """Return the runs that fit everything that is asked for, newest first.

    Which runs there are is looked up now; each is looked at when it is its turn.

    Args:
        root: the folder that holds experiments; see `list_runs`.
        experiment: only this experiment's runs.
        type: only runs of this type.
        tags: a query; see `has_tags`.
        properties: a query; see `has_properties`.
        status: only runs of this status, as it is derived.
        parent: only the children of this run id; None: only runs without a parent.
        include_children: False leaves out runs that have a parent; it says nothing where a parent is asked for.

    Raises:
        InvalidValueError: a query is none (also a ValueError); at the call, not at the first run.
    """
    wanted_tags, wanted_properties = tag_query(tags), property_query(properties)
    if parent is ... and not include_children:
        parent = None

    def fits(run: RunReader) -> bool:
        try:
            manifest = read_manifest(run.path)
            return (
                type in (None, manifest.type)
                and parent in (..., manifest.parent)
                and wanted_tags.fits(manifest.tags)
                and wanted_properties.fits(manifest.properties)
                and status in (None, derived_status(run.path, manifest))
            )
        except (RunLoggingError, OSError):  # deleted since it was listed
            return False

    return filter(fits, list_runs(root, experiment))


def children_of(run: RunReader, recursive: bool = False) -> list[RunReader]:
    """Return the runs beside a run whose manifest names it as their parent, in the order of their creation.

    Args:
        run: the parent.
        recursive: whether children of children come too, each behind its parent (depth first). Runs that name each
            other come once.
    """
    families: defaultdict[str | None, list[RunRow]] = defaultdict(list)
    # Newest first, so that the oldest child lies on top of the stack.
    for row in without_damaged(rows_in(run.path.parent)):
        families[row.parent].append(row)
    children: list[RunReader] = []
    seen, waiting = {run.path}, [*families[run.id]]
    while waiting:
        child = waiting.pop()
        if child.path not in seen:
            seen.add(child.path)
            children.append(RunReader.vouched(str(child.path)))
            waiting += families[child.id] if recursive else []
    return children


def find_run(root: str | PathLike[str], run_id: str, experiment: str | None = None) -> RunReader:
    """Return the run of an id.

    Args:
        root: the folder that holds experiments; see `list_runs`.
        run_id: the whole id, which is the name of the run's folder.
        experiment: where to look; None looks in all.

    Raises:
        RunNotFoundError: there is none, and the error names ids that come near; or several experiments have one, and
            the error names them (also a FileNotFoundError).
        RunLoggingError: the run cannot be read; see `RunReader`.
    """
    base = find_root(root)
    fits = runs_called(base, run_id, experiment)
    if len(fits) == 1:
        return RunReader(fits[0])
    if fits:
        raise RunNotFoundError(
            f"the experiments {', '.join(repr(folder.parent.name) for folder in fits)} in {base} each have a run "
            f"{run_id!r}; say which experiment.",
            tuple(f"{folder.parent.name}/{folder.name}" for folder in fits),
        )
    where = f"{base}" if experiment is None else f"the experiment {experiment!r} of {base}"
    raise RunNotFoundError(f"there is no run {run_id!r} in {where}.", near_ids(base, run_id, experiment))
