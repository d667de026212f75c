"""Choosing the runs that go."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from runlogging._errors import InvalidValueError
from runlogging._texts import size_text
from runlogging.folder import TERMINAL
from runlogging.keeping.collecting._look import Family, Found
from runlogging.keeping.collecting._model import Item
from runlogging.keeping.collecting._trash import BROKEN, NOT_RESPONDING, NOT_STARTED
from runlogging.keeping.collecting._units import age_text, bytes_of, seconds_of
from runlogging.keeping.collecting._usage import Freed
from runlogging.reading._queries import Query, Wanted, tag_query

STATUSES = (*sorted(TERMINAL), NOT_RESPONDING, NOT_STARTED)
"""The statuses that a run can have and be deleted."""


@dataclass(frozen=True)
class Criteria:
    """What was asked for, checked.

    Attributes:
        older_s: runs whose last sign of life is at least as many seconds ago.
        keep: the newest of each experiment stay.
        max_size: no more goes than is needed for the root to have at most so many bytes.
        statuses: runs of these; none: of any.
        tags: runs whose tags are so; None: any.
        fitting: the folders of the runs that fit the filter; None where there is none.
        takes_broken: whether runs whose manifest is broken are chosen.
    """

    older_s: float | None = None
    keep: int | None = None
    max_size: int | None = None
    statuses: frozenset[str] = frozenset()
    tags: Query | None = None
    fitting: frozenset[Path] | None = None
    takes_broken: bool = False

    @classmethod
    def checked(
        cls,
        older_than: timedelta | float | str | None,
        keep: int | None,
        max_size: int | str | None,
        status: str | Sequence[str] | None,
        tag: Wanted | Query,
        fitting: Iterable[Path] | None,
        *,
        takes_broken: bool,
    ) -> Criteria:
        """Check what was asked for.

        Raises:
            InvalidValueError: some of it is nothing that is taken; the message says what is.
        """
        if keep is not None and (isinstance(keep, bool) or not isinstance(keep, int) or keep < 0):
            raise InvalidValueError(f"keep is how many runs of each experiment stay, 0 or more, not {keep!r:.80}")
        return cls(
            None if older_than is None else seconds_of(older_than),
            keep,
            None if max_size is None else bytes_of(max_size),
            frozenset(_statuses(status)),
            tag if isinstance(tag, Query) or tag is None else tag_query(tag),
            None if fitting is None else frozenset(fitting),
            takes_broken,
        )

    @property
    def takes_unstarted(self) -> bool:
        """Whether runs that were prepared and never started are asked for by name."""
        return NOT_STARTED in self.statuses

    @property
    def says_nothing(self) -> bool:
        """Whether no run is asked for."""
        return self == Criteria(takes_broken=self.takes_broken)

    def takes(self, family: Family, now: float) -> bool:
        """Tell whether a run fits; its children are what it is. Now is in seconds since the epoch."""
        top = family.top
        if top.manifest is None:
            return self.takes_broken and top.is_broken and self._is_old(family, now)
        return (
            not self.says_nothing
            and (self.tags is None or self.tags.fits(top.manifest.tags))
            and (self.fitting is None or top.path in self.fitting)
            and (not self.statuses or top.status() in self.statuses)
            and self._is_old(family, now)
        )

    def _is_old(self, family: Family, now: float) -> bool:
        return self.older_s is None or now - family.moment() >= self.older_s

    def reason(self, age_s: float) -> str:
        """Return why a run that fits goes, for people."""
        reasons = [
            f"{age_text(age_s)} old" if self.older_s is not None else "",
            f"not among the newest {self.keep}" if self.keep is not None else "",
            f"the root is over {size_text(self.max_size)}" if self.max_size is not None else "",
            "as asked" if self.statuses or self.tags or self.fitting is not None else "",
        ]
        return next(filter(None, reasons), "its manifest is broken")


def _statuses(given: str | Sequence[str] | None) -> list[str]:
    known = {status.lower(): status for status in STATUSES}
    wanted = [given] if isinstance(given, str) else list(given or ())
    for text in wanted:
        if not isinstance(text, str) or text.lower() not in known:
            raise InvalidValueError(f"{text!r:.80} is no status of runs that can be deleted; {', '.join(STATUSES)} are")
    return [known[text.lower()] for text in wanted]


def newest(all_families: Iterable[Family], count: int) -> set[Path]:
    """Return the folders of the newest runs of each experiment, children not counted."""
    experiments: defaultdict[str, list[Found]] = defaultdict(list)
    for family in all_families:
        experiments[family.top.experiment].append(family.top)
    kept: set[Path] = set()
    for tops in experiments.values():
        tops.sort(key=lambda top: (top.created, top.id), reverse=True)
        kept.update(top.path for top in tops[:count])
    return kept


def items_of(family: Family, reason: str, freed: Freed) -> tuple[Item, ...]:
    """Return a family as items of a plan."""
    now, top = time.time(), family.top
    return tuple(
        Item(
            "run",
            run.path,
            reason if run is top else f"child of {top.id}",
            freed.by(run.path),
            now - (family.moment() if run is top else run.moment()),
            run.own_id,
            run.experiment,
            run.status() or BROKEN,
            run.mark,
        )
        for run in family.members
    )
