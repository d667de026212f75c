"""``runlogging gc``: deleting old runs, and what no run needs any more; planned first, then done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from os import PathLike

from runlogging._errors import RootError
from runlogging.folder import find_root
from runlogging.keeping.collecting._choice import Criteria, items_of, newest
from runlogging.keeping.collecting._collect import Progress, collect
from runlogging.keeping.collecting._leftovers import leftovers
from runlogging.keeping.collecting._look import Family, Found, families, look
from runlogging.keeping.collecting._model import Collected, GcPlan, Item, Kept
from runlogging.keeping.collecting._room import Room
from runlogging.keeping.collecting._usage import Freed
from runlogging.reading import list_runs
from runlogging.reading._queries import Query, Wanted

__all__ = ["Collected", "GcPlan", "Item", "Kept", "Progress", "collect", "plan_gc"]


def plan_gc(
    root: str | PathLike[str] = "runs",
    *,
    experiment: str | None = None,
    older_than: timedelta | float | str | None = None,
    keep: int | None = None,
    max_size: int | str | None = None,
    status: str | Sequence[str] | None = None,
    tag: Wanted | Query = None,
    where: str | None = None,
    orphans: bool = True,
    broken: bool = False,
    empty_experiments: bool = False,
) -> GcPlan:
    """Say what could be deleted; nothing is.

    A run goes if it fits everything that is asked. Nothing asked: no run goes. A run and its children are one: all of
    them go, where the parent fits, or all stay. Runs that may still be written to, whose status is none of Completed,
    Failed, Canceled and NotResponding, or that have the tag ``keep`` stay whatever is asked, with their families.

    Args:
        root: the folder that holds experiments; the default gives way to the variable RUNLOGGING_ROOT.
        experiment: only this experiment's runs; alone it asks for none.
        older_than: runs that ended, or were last heard of, so long ago: a timedelta, seconds, or a text such as
            ``"30d"``. A family is as old as its youngest member.
        keep: the newest of each experiment stay, whatever their status; children are not counted.
        max_size: of what fits the rest only as much goes, oldest first, as is needed for the whole root to take at
            most so many bytes of disk: an int, or a text such as ``"10GB"``.
        status: runs of these statuses: Completed, Failed, Canceled, NotResponding, or NotStarted, which goes only where
            it is asked for here.
        tag: runs whose tags are so; see `has_tags`.
        where: runs that fit a filter; see `list_runs`.
        orphans: whether what belongs to no run goes as well: snapshots that no run has, working folders of submitted
            runs that are through, environments that nothing used for 30 days, and what killed processes left.
        broken: whether runs whose manifest is no manifest go, too; of all that is asked only ``older_than`` and
            ``experiment`` are asked of them.
        empty_experiments: whether the folders of experiments without any run go.

    Raises:
        InvalidValueError: an argument is none that is taken (also a ValueError).
        RootError: the root is no folder (also an OSError).
    """
    base = find_root(root)
    fitting = None if where is None else [run.path for run in list_runs(base, where=where)]
    criteria = Criteria.checked(older_than, keep, max_size, status, tag, fitting, takes_broken=broken)
    if not base.is_dir():
        raise RootError(f"{base} is no folder of runs; name the root", base)
    runs = look(base)
    chosen, kept = _chosen(runs, experiment, criteria)
    size = None
    if criteria.max_size is not None:
        room = Room(base, runs, criteria.max_size, orphans=orphans)
        size, chosen = room.size, list(room.needed(chosen))
    freed, now = Freed(), time.time()
    picked = tuple(items_of(family, criteria.reason(now - family.moment()), freed) for family in chosen)
    doomed = {item.path for family in picked for item in family}
    others = leftovers(base, runs, doomed, freed, empty_experiments=empty_experiments) if orphans else []
    return GcPlan(base, picked, tuple(others), tuple(kept), size, criteria.max_size)


def _chosen(runs: list[Found], experiment: str | None, criteria: Criteria) -> tuple[list[Family], list[Kept]]:
    """Return the families that fit and may go, oldest first, and what stays although it fits or cannot be read."""
    every = [family for family in families(runs) if experiment in (None, family.top.experiment)]
    new, now = newest(every, criteria.keep or 0), time.time()
    chosen: list[tuple[float, Family]] = []
    kept: list[Kept] = []
    for family in every:
        is_unreadable = family.top.manifest is None
        fits = family.top.path not in new and criteria.takes(family, now)
        stays = None
        if fits or is_unreadable:
            stays = family.stays(takes_unstarted=criteria.takes_unstarted, takes_broken=criteria.takes_broken)
        if stays:
            kept.append(stays)
        elif fits:
            chosen.append((family.moment(), family))
    chosen.sort(key=lambda item: (item[0], item[1].top.id))
    return [family for _, family in chosen], kept
