"""Which metrics are wanted, and whether the run has them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from itertools import chain

from runlogging._errors import MetricNotFoundError

Numbers = dict[str, float | int]


class Names:
    """The names of the metrics that a frame is to have, and those that were met.

    Args:
        names: the names, or one; None is all.

    Attributes:
        wanted: the names as a set; None is all.
    """

    def __init__(self, names: Iterable[str] | str | None) -> None:
        self._asked = (names,) if isinstance(names, str) else None if names is None else tuple(names)
        self.wanted = None if self._asked is None else frozenset(self._asked)
        self._met: dict[str, None] = {}

    def chosen(self, metrics: list[Numbers]) -> list[Numbers]:
        """Return the numbers of some lines without those that are not wanted, and take note of all their names."""
        if self.wanted is None:
            return metrics
        self.meet(chain.from_iterable(metrics))
        wanted = self.wanted
        return [{name: items[name] for name in items if name in wanted} for items in metrics]

    def meet(self, names: Iterable[str]) -> None:
        """Take note of names that the run has."""
        if self.wanted is not None:
            self._met.update(dict.fromkeys(names))

    def places(self, names: Sequence[str]) -> list[int]:
        """Return at which places of a line with these names the wanted ones stand."""
        return [place for place, name in enumerate(names) if self.wanted is None or name in self.wanted]

    def check(self) -> None:
        """Raise MetricNotFoundError for a name that is wanted and was not met."""
        for name in self._asked or ():
            if name not in self._met:
                raise MetricNotFoundError(name, tuple(difflib.get_close_matches(str(name), self._met)))
