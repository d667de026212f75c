"""The levels of a log over its whole range, in buckets."""

from __future__ import annotations

from typing import Any

from runlogging.folder import STANDARD_LEVELS
from runlogging.reading import LogPages
from runlogging.reading._levels import lowest_level

# A log of fewer slices is counted line by line, so that its buckets are equal.
_FEW_SLICES = 40


def histogram(pages: LogPages, level: str | None, logger: str, most: int) -> dict[str, Any]:
    """Return how many entries of each level there are over the range of a log; each is counted once.

    Args:
        pages: the log.
        level: entries at or above it; None is any.
        logger: those of this logger and of the ones below it; "" is of all.
        most: so many buckets at most.

    Returns:
        ``begin``, the row of the first entry of each bucket, ``time``, its time, and ``counts``, by level's number.
    """
    count = _by_entries if len(pages.slices) < _FEW_SLICES else _by_slices
    begins, times, counts = count(pages, level, logger, most)
    return {"begin": begins, "time": times, "counts": {str(number): counts[number] for number in sorted(counts)}}


def _by_entries(
    pages: LogPages, level: str | None, logger: str, most: int
) -> tuple[list[int], list[str], dict[int, list[int]]]:
    total = pages.count(level, logger)
    most = min(most, total)
    times = [""] * most
    counts: dict[int, list[int]] = {}
    row = 0
    for number in range(len(pages.slices)):
        for _, record in pages.entries_of(number, level, logger):
            bucket = row * most // total
            times[bucket] = times[bucket] or record.line.time
            own = record.line.level_number
            own = STANDARD_LEVELS.get(record.line.level or "", 0) if own is None else own
            counts.setdefault(own, [0] * most)[bucket] += 1
            row += 1
    return [-(-total * bucket // most) for bucket in range(most)], times, counts


def _by_slices(
    pages: LogPages, level: str | None, logger: str, most: int
) -> tuple[list[int], list[str], dict[int, list[int]]]:
    """Count whole slices, joined until there are at most so many buckets."""
    begins: list[int] = []
    times: list[str] = []
    counts: dict[int, list[int]] = {}
    totals = pages.totals(level, logger)
    last, lowest, below = -1, lowest_level(level), f"{logger}."
    for number, one in enumerate(pages.slices):
        begin = totals[number - 1] if number else 0
        if totals[number] == begin:
            continue
        bucket = begin * most // totals[-1]
        if bucket != last:
            begins.append(begin)
            times.append(one.time)
            last = bucket
        for kind, count in one.kinds.items():
            if kind.level >= lowest and (not logger or kind.logger == logger or kind.logger.startswith(below)):
                column = counts.setdefault(kind.level, [])
                column.extend([0] * (len(begins) - len(column)))
                column[-1] += count
    for column in counts.values():
        column.extend([0] * (len(begins) - len(column)))
    return begins, times, counts


def level_name(number: int) -> str:
    """Return the name of a level, or its number as text."""
    known = {value: name for name, value in STANDARD_LEVELS.items()}
    return known.get(number, str(number))
