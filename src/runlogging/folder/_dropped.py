"""The count of what could not be kept, and the one sentence about it on stderr."""

from __future__ import annotations

import errno
import sys
from contextlib import suppress

from runlogging.folder._bounds import BudgetError
from runlogging.folder._manifest import Dropped
from runlogging.folder._times import now_text


class DroppedCount:
    """How many records of a writer were lost, said once on stderr for each reason."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._said: set[str] = set()
        self._unsaved: Dropped | None = None
        self.total: Dropped | None = None

    def add(self, error: BaseException, records: int = 1) -> None:
        """Count records that an error cost."""
        reason, now = _reason(error), now_text()
        level = error.level if isinstance(error, BudgetError) else None
        levels = {level: records} if level is not None else None
        added = Dropped(records=records, first=now, last=now, reason=reason, levels=levels)
        self.total = merge_dropped(self.total, added)
        self._unsaved = merge_dropped(self._unsaved, added)
        told = reason if level is None else f"{reason} {level}"
        if told not in self._said:
            self._said.add(told)
            say(f"log records for {self._where} are being dropped: {type(error).__name__}: {error}")

    def note(self, dropped: Dropped) -> None:
        """Count records that were lost, and said, elsewhere."""
        self.total = merge_dropped(self.total, dropped)
        self._unsaved = merge_dropped(self._unsaved, dropped)

    def put_back(self, dropped: Dropped | None) -> None:
        """Take back what `take_unsaved` returned and could not be saved."""
        self._unsaved = merge_dropped(self._unsaved, dropped)

    def take_unsaved(self) -> Dropped | None:
        """Return what was dropped since the last call; the caller writes it to the manifest."""
        unsaved, self._unsaved = self._unsaved, None
        return unsaved


def say(sentence: str) -> None:
    """Write a sentence to stderr, where there is one; logging cannot be told about its own failure."""
    with suppress(Exception):
        if sys.stderr is not None:
            # Escaped: an error may carry text of the application, and stderr may be a terminal.
            shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in sentence)
            sys.stderr.write(f"runlogging: {shown}\n")


def merge_dropped(first: Dropped | None, second: Dropped | None) -> Dropped | None:
    """Return the sum of two counts; the reason is that of the later one."""
    if first is None or second is None:
        return first or second
    late = max(first, second, key=lambda dropped: dropped.last)
    return Dropped(
        records=first.records + second.records,
        first=min(first.first, second.first),
        last=late.last,
        reason=late.reason,
        levels=_added(first.levels, second.levels),
    )


def _added(first: dict[str, int] | None, second: dict[str, int] | None) -> dict[str, int] | None:
    if not first or not second:
        return first or second
    return {level: first.get(level, 0) + second.get(level, 0) for level in {**first, **second}}


def _reason(error: BaseException) -> str:
    if isinstance(error, BudgetError):
        return error.reason
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(number, int) and number in errno.errorcode:
        return errno.errorcode[number]
    return type(error).__name__
