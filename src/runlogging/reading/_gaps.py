"""Numbers that no line has: which of them are explained, and which are losses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from runlogging.folder import Life, Manifest, WriterInfo, stream_path
from runlogging.reading._model import Problem

# Calls that had not returned when the process died leave gaps among its last numbers, at most one a thread.
_CALLS_UNDER_WAY = 64


def find_gaps(
    run: Path, numbers: dict[str, list[int]], writers: Iterable[WriterInfo], lives: dict[str, Life], manifest: Manifest
) -> Iterator[Problem]:
    """Yield the gaps that nothing explains: no dropped record, no call under way, no writer that still lives.

    Args:
        run: the run folder.
        numbers: writer to all numbers of its lines.
        writers: what the folder says of the writers.
        lives: writer to whether it lives.
        manifest: the run's.
    """
    for writer in writers:
        missing = _missing(numbers.get(writer.name, []))
        if not missing or lives.get(writer.name) is Life.ALIVE:
            continue
        dropped = writer.dropped or manifest.dropped
        explained = dropped.records if dropped else 0
        if writer.ended is None:
            late = max(numbers[writer.name]) - _CALLS_UNDER_WAY
            missing = [number for number in missing if number < late]
        if len(missing) > explained:
            yield Problem(stream_path(run, "logs", writer.name).name, None, "gap", _sentence(writer.name, missing))


def _missing(numbers: list[int]) -> list[int]:
    if not numbers or max(numbers) == len(numbers):
        return []
    return sorted(set(range(1, max(numbers) + 1)) - set(numbers))


def _sentence(writer: str, missing: list[int]) -> str:
    shown = ", ".join(map(str, missing[:5]))
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    return f"of the writer {writer} the records {shown}{more} are missing"
