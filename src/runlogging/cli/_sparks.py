"""Curves of one line, made of block characters."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Sequence

from runlogging.cli._progress import Report, progress_bar
from runlogging.reading import RunReader
from runlogging.reading._model import numbers_of
from runlogging.reading._sampling import Bucket, Buckets, as_float, columns_of, merged
from runlogging.reading._streams import StreamFile, stream_files

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-~=+*#"
NAN_MARK = "\u00d7"  # the sign of multiplication
ASCII_NAN_MARK = "!"
_GAP = " "


def has_blocks(encoding: str | None) -> bool:
    """Tell whether an encoding has the block characters and the mark of NaN."""
    try:
        (BLOCKS + NAN_MARK).encode(encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def spark(columns: Sequence[Bucket], *, blocks: bool) -> str:
    """Return a curve as one character a bucket.

    A block stands for the bucket's value that lies farthest from the middle of the curve, so that a spike survives;
    the lowest block is the least value of all, the highest the greatest. A bucket with a value that is not finite is
    the mark of NaN.

    Args:
        columns: what each character spans.
        blocks: whether there are block characters; else it is ASCII.
    """
    levels = BLOCKS if blocks else ASCII_BLOCKS
    mark = NAN_MARK if blocks else ASCII_NAN_MARK
    spans = [(bucket.low, bucket.high) for bucket in columns if bucket.low is not None and bucket.high is not None]
    if not spans:
        return mark * len(columns)
    low, high = min(span[0] for span in spans), max(span[1] for span in spans)
    middle = sorted(least / 2 + most / 2 for least, most in spans)[len(spans) // 2]
    return "".join(mark if bucket.nonfinite else _block(bucket, middle, low, high, levels) for bucket in columns)


def _block(bucket: Bucket, middle: float, low: float, high: float, levels: str) -> str:
    if bucket.low is None or bucket.high is None:
        return _GAP
    value = bucket.high if abs(bucket.high - middle) >= abs(bucket.low - middle) else bucket.low
    if high == low:
        return levels[len(levels) // 2 - 1]
    # Halved, because a span between the largest doubles overflows.
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return levels[min(int(share * len(levels)), len(levels) - 1)]


def stdout_has_blocks() -> bool:
    """Tell whether standard output can show block characters."""
    return has_blocks(sys.stdout.encoding)


_FINE = 240  # buckets a curve is kept in: some for each character
_LATER_LIFE = re.compile(r"(main|rank\d+)-\d+")
_AT_ONCE = 10_000  # records between two takings


def curves_of(run: RunReader, names: Collection[str]) -> dict[str, list[Bucket]]:
    """Return the curves of some metrics from all their points, in memory that does not grow with them.

    The lives of a writer follow each other; the points of several writers lie over each other, each from its first to
    its last.

    Args:
        run: the run.
        names: the metrics.

    Returns:
        Metric to buckets in the order in which the points were logged.
    """
    found: dict[str, dict[str, Buckets]] = {name: {} for name in names}
    with progress_bar("reading") as progress:
        for file in stream_files(run.path, ("metrics", "values")) if found else ():
            _read_curves(file, found, progress)
    return {name: _overlaid([curve.buckets() for curve in curves.values()]) for name, curves in found.items()}


def _read_curves(file: StreamFile, found: dict[str, dict[str, Buckets]], progress: Report) -> None:
    life = _LATER_LIFE.fullmatch(file.writer)
    writer = life[1] if life else file.writer
    new: dict[str, list[float]] = {}
    for number, record in enumerate(file.new_records()):
        for name, value in numbers_of(record.line):
            if name in found:
                new.setdefault(name, []).append(as_float(value))
        if number % _AT_ONCE == 0:
            progress(file.path.name, number, 0)
            _take(new, writer, found)
    _take(new, writer, found)


def _take(new: dict[str, list[float]], writer: str, found: dict[str, dict[str, Buckets]]) -> None:
    for name, values in new.items():
        found[name].setdefault(writer, Buckets(_FINE)).extend(values)
    new.clear()


def _overlaid(curves: Sequence[list[Bucket]]) -> list[Bucket]:
    if len(curves) < 2:
        return curves[0] if curves else []
    width = max(map(len, curves))
    return [merged(column) for column in zip(*(columns_of(curve, width) for curve in curves), strict=True)]
