"""The runs of a root as a list: what the index vouches for is not opened, all else is read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from runlogging._errors import InvalidValueError, RunLoggingError, RunNotFoundError
from runlogging.folder import RUN_MANIFEST, Manifest, clean_text, find_root, read_manifest
from runlogging.reading.search._row import Head, RunRow, decoded
from runlogging.reading.search._scan import Folder, Key, scan, scan_experiment

if TYPE_CHECKING:
    from runlogging.reading.search._index import Index

PAYS_FROM = 200
"""From so many runs on an index is kept: fewer are read in some milliseconds."""


Found = tuple[str, str, str, "Fresh | Head | None"]
"""A run folder that a listing found: when it was made (empty where that is not known), its name, the experiment's
folder, and what is known of it: what the index vouches for, what was read, or None for one that cannot be read."""


class Fresh(NamedTuple):
    """A manifest that was read just now."""

    manifest: Manifest
    head: Head


class Listing:
    """One look at the runs of a root.

    Args:
        folders: what lies there.
        index: what is known of it, or None.
        experiment: the one experiment that was looked at, or None.

    Attributes:
        problems: experiment's folder and name to why a run cannot be read; `found` fills it.
    """

    def __init__(self, folders: list[Folder], index: Index | None = None, experiment: str | None = None) -> None:
        self._folders, self._index, self._experiment = folders, index, experiment
        self.problems: dict[tuple[str, str], str] = {}

    def found(self, *, manifests: bool = False) -> list[Found]:
        """Return the run folders, damaged ones too (see `problems`), the newest first.

        Args:
            manifests: whether the index gives what it has of manifests along.
        """
        heads = {} if self._index is None else self._index.heads(self._experiment, manifests=manifests)
        found: list[Found] = []
        for folder in self._folders:
            found += self._found_in(folder, heads.pop(folder.name, {}))
        self._forget(heads)
        # By time, then by name; damaged ones come last.
        found.sort(key=itemgetter(0, 1, 2), reverse=True)
        return found

    def _found_in(self, folder: Folder, known: dict[str, Head]) -> Iterator[Found]:
        path, index, read = folder.path, self._index, self._read
        for name, key in folder.runs.items():
            head = known.get(name)
            if head is not None and index is not None and index.vouches(head, key):
                yield head[5], name, path, head
                continue
            fresh = read(folder, name, key)
            if fresh is not None:
                yield fresh.manifest.created, name, path, fresh
        for name, problem in folder.damaged.items():
            self.problems[path, name] = problem
            yield "", name, path, None
        if len(known) != len(folder.runs) or known.keys() != folder.runs.keys():
            self._forget({path: {name: head for name, head in known.items() if name not in folder.runs}})

    def _forget(self, heads: Mapping[str, Mapping[str, Head]]) -> None:
        for known in heads.values():
            for head in known.values():
                if self._index is not None:
                    self._index.forget(head)

    def rows(self) -> Iterator[RunRow]:
        """Yield the runs as rows, damaged ones too, the newest first."""
        index, problems = self._index, self.problems
        for _, name, folder, what in self.found(manifests=True):
            if what is None:
                yield RunRow(folder, name, problem=problems[folder, name])
            elif isinstance(what, Fresh):
                yield RunRow(folder, name, manifest=what.manifest, head=what.head, index=index)
            else:
                yield RunRow(folder, name, head=what, index=index)

    def _read(self, folder: Folder, name: str, key: Key) -> Fresh | None:
        """Read a manifest; None where it is gone, or cannot be read: then it is among the damaged."""
        path = f"{folder.path}/{name}"
        try:
            data = _content(f"{path}/{RUN_MANIFEST}", key[1])
            manifest = decoded(data)
            if manifest is None:
                data, manifest = b"", read_manifest(Path(path))  # it says what is wrong
        except (RunNotFoundError, FileNotFoundError, NotADirectoryError):
            return None
        except RunLoggingError as error:
            folder.damaged[name] = clean_text(str(error))
            return None
        except OSError as error:
            folder.damaged[name] = f"{clean_text(path)}/{RUN_MANIFEST} cannot be read: {error.strerror}"
            return None
        head = (folder.name, name, *key, manifest.created, 0, None, None, 0)
        if self._index is not None and data:
            self._index.keep_manifest(head, data)
        return Fresh(manifest, head)


def _content(path: str, size: int) -> bytes:
    """Return a file's content, up to about a size that was seen: one that is being blown up does not fill memory."""
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        return os.read(fd, size + 1)
    finally:
        os.close(fd)


@contextmanager
def opened_listing(root: Path, experiment: str | None = None) -> Iterator[Listing]:
    """Give a look at the runs of a root; what it learned goes into the index where an index pays."""
    begun = time.time_ns()
    folders = scan(root, experiment)
    if sum(len(folder.runs) for folder in folders) < PAYS_FROM:
        yield Listing(folders)
        return
    index = _opened_index(root, begun)
    is_done = False
    try:
        yield Listing(folders, index, experiment)
        is_done = True
    finally:
        if index is not None:
            index.close(save=is_done)


def _opened_index(root: Path, begun_ns: int) -> Index | None:
    try:
        from runlogging.reading.search._index import Index
    except ImportError:  # a Python that was built without SQLite
        return None
    return Index(root, begun_ns)


def rows_in(experiment: Path) -> list[RunRow]:
    """Return the runs in one experiment's folder as rows, the newest first, damaged ones too; without an index."""
    return list(Listing([scan_experiment(experiment)]).rows())


def list_rows(
    root: str | PathLike[str] = "runs",
    experiment: str | None = None,
    where: str | None = None,
    order_by: str | Sequence[str] | None = None,
    limit: int | None = None,
    *,
    metrics: bool = False,
    damaged: bool = True,
) -> list[RunRow]:
    """Return the runs below a root as rows: what their manifests say, without opening a reader each.

    Args:
        root: the folder that holds experiments; the default gives way to the variable RUNLOGGING_ROOT. One that does
            not exist has no runs.
        experiment: only this experiment's runs.
        where: a filter, such as ``metrics.mse < 3000 and tags.model = 'ridge' and status = 'Completed'``.
        order_by: an order, such as ``metrics.mse DESC, started``, or several; None is newest first, and so are runs
            that are the same to an order.
        limit: how many runs at most; None is all.
        metrics: whether the summaries of the metrics are looked up now, which an index makes quick; else each is
            when it is asked for.
        damaged: whether folders that cannot be read come, too, each with its ``problem``; where a filter or an order
            is given they fit it or not as any row does.

    Raises:
        FilterError: the filter or the order cannot be read; the error points at the place (also a ValueError).
        InvalidValueError: the limit is negative (also a ValueError).
    """
    choose = chooser(where, order_by, limit)
    with opened_listing(find_root(root), experiment) as listing:
        rows = choose(row for row in listing.rows() if damaged or not row.problem)
        if metrics:
            for row in rows:
                _ = row.metrics
    return rows


def chooser(
    where: str | None, order_by: str | Sequence[str] | None, limit: int | None
) -> Callable[[Iterator[RunRow]], list[RunRow]]:
    """Return a function that filters, sorts and cuts rows that come newest first.

    Raises:
        FilterError, InvalidValueError: see `list_rows`.
    """
    check_limit(limit)
    fits = sort = None
    if where is not None:
        from runlogging.reading.search._filter import parse_filter

        fits = parse_filter(where).fits
    if order_by:
        from runlogging.reading.search._order import parse_order

        sort = parse_order(order_by).sorted

    def choose(rows: Iterator[RunRow]) -> list[RunRow]:
        fitting = list(rows) if fits is None else [row for row in rows if fits(row)]
        return (fitting if sort is None else sort(fitting))[:limit]

    return choose


def check_limit(limit: int | None) -> None:
    """Refuse a limit that is none.

    Raises:
        InvalidValueError: it is negative, or no whole number.
    """
    if limit is not None and (not isinstance(limit, int) or limit < 0):
        raise InvalidValueError(f"limit is how many runs to return at most, 0 or more, not {limit!r:.80}")
