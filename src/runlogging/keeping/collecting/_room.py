"""How many of the oldest runs must go until a root is small enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from runlogging.keeping.collecting._leftovers import leftovers, unused_snapshots
from runlogging.keeping.collecting._look import Family, Found
from runlogging.keeping.collecting._usage import Freed, usage


class Room:
    """What a root takes on the disk while one family after another goes.

    Args:
        root: the root.
        runs: all its runs.
        max_size: how many bytes it may take.
        orphans: whether what belongs to no run goes as well; it goes first.

    Attributes:
        size: what it takes now.
    """

    def __init__(self, root: Path, runs: Collection[Found], max_size: int, *, orphans: bool) -> None:
        self.size = usage(root)
        self._max_size, self._freed = max_size, Freed()
        self._users = Counter(run.snapshot for run in runs)
        self._store = {path.stem: path for path in unused_snapshots(root, ())} if orphans else {}
        gone = leftovers(root, runs, (), self._freed) if orphans else ()
        self._left = self.size - sum(item.bytes for item in gone)

    def needed(self, families: Iterable[Family]) -> Iterator[Family]:
        """Yield families as long as the root takes too much without those before."""
        for family in families:
            if self._left <= self._max_size:
                return
            self._take(family)
            yield family

    def _take(self, family: Family) -> None:
        for run in family.members:
            self._left -= self._freed.by(run.path)
            if run.snapshot is None:
                continue
            self._users[run.snapshot] -= 1
            if not self._users[run.snapshot] and run.snapshot in self._store:
                self._left -= self._freed.by(self._store[run.snapshot])
