"""Bounds of a run's size: a budget of bytes that its diagnostics keep to, and how long one file of its log gets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runlogging._errors import InvalidValueError, RunLoggingError
from runlogging.folder._layout import LOGS, STANDARD_LEVELS, stream_name

if TYPE_CHECKING:
    from pathlib import Path

    from runlogging.folder._lines import Line

# Below which level a record is dropped once this share of the budget is used: what matters least goes first, and an
# error still finds room when all the rest of the budget was talk.
_SHARES = ((STANDARD_LEVELS["INFO"], 0.5), (STANDARD_LEVELS["WARNING"], 0.75), (STANDARD_LEVELS["ERROR"], 0.9))


class BudgetError(RunLoggingError):
    """Say that a record was dropped for the run's budget of bytes."""

    reason = "max_bytes"

    def __init__(self, limit: int, level: str) -> None:
        super().__init__(limit, level)
        self.level = level

    def __str__(self) -> str:
        return f"the run is near its max_bytes={self.args[0]}; records of level {self.level} are dropped from here on"


class Bounds:
    """What one writer knows of the size of its run.

    Args:
        max_bytes: the budget of all streams of the run together, or None. Records without metrics keep to it: those
            below INFO stop at a half of it, below WARNING at three quarters, below ERROR at nine tenths, all at the
            whole. Metrics and values are never dropped, though they count.
        rotate_bytes: how long a file of ``logs`` gets before the next one is begun, or None.

    Attributes:
        used: the bytes of the streams as far as this writer knows.
        part_bytes: what it wrote to the present file of its log.
    """

    def __init__(self, max_bytes: int | None, rotate_bytes: int | None) -> None:
        self._max_bytes = max_bytes
        self._rotate_bytes = self._rotate_at = rotate_bytes
        self.used = self.part_bytes = 0

    @property
    def has_budget(self) -> bool:
        """Whether there is a budget to keep to."""
        return self._max_bytes is not None

    def check(self, line: Line) -> None:
        """Refuse a diagnostic that does not fit into what the budget leaves its level.

        Raises:
            BudgetError: it does not.
        """
        if self._max_bytes is None or line.metrics is not None or line.values is not None:
            return
        level = line.level_number if line.level_number is not None else STANDARD_LEVELS.get(line.level or "", 0)
        share = next((share for bound, share in _SHARES if level < bound), 1.0) if line.level else 1.0
        if self.used >= self._max_bytes * share:
            raise BudgetError(self._max_bytes, line.level or "NOTSET")

    def add(self, place: int, size: int) -> None:
        """Count bytes that were written to a stream. Threads may lose a count to each other; `measure` finds it."""
        self.used += size
        if place == LOGS:
            self.part_bytes += size

    def measure(self, run: Path) -> None:
        """Look at how much all writers wrote."""
        try:
            with os.scandir(run) as entries:
                self.used = sum(entry.stat().st_size for entry in entries if stream_name(entry.name))
        except OSError:
            return

    @property
    def is_part_full(self) -> bool:
        """Whether the next line of the log belongs into a new file."""
        return self._rotate_at is not None and self.part_bytes >= self._rotate_at

    def begin_part(self, *, was_possible: bool) -> None:
        """Count from 0 for a new file; where it could not be made the present one goes on for as much again."""
        if self._rotate_bytes is not None and self._rotate_at is not None:
            self._rotate_at = self._rotate_bytes if was_possible else self._rotate_at + self._rotate_bytes
        if was_possible:
            self.part_bytes = 0


def check_bound(value: object, what: str) -> None:
    """Check a number of bytes.

    Raises:
        InvalidValueError: it is neither None nor a whole number from 1 on.
    """
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise InvalidValueError(f"{what} is a whole number of bytes, 1 or more, or None, not {value!r:.80}")
