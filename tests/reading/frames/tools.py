"""What the tests of frames share: runs made of lines, and what `RunReader.metrics` says of them, point by point."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from runlogging.folder import Line, encode_line, format_time
from runlogging.reading import RunReader, open_run

from ..tools import manifest_only

BEGIN = 1_795_000_000.0


class Said(NamedTuple):
    """A point as `Series` has it, with the name."""

    seq: int | None
    time: datetime
    step: int | None
    name: str
    value: float | int
    writer: str


def run_of(root: Path, files: Mapping[str, Iterable[bytes]]) -> RunReader:
    """Return a run whose stream files have these contents, name to pieces."""
    path = manifest_only(root, status="Completed")
    for name, pieces in files.items():
        (path / name).write_bytes(b"".join(pieces))
    return open_run(path)


def text_of(seq: int, metrics: Mapping[str, Any], second: float | None = None, **fields: Any) -> bytes:
    """Return the text of a line of metrics; its time is its number in seconds unless another is given."""
    time = format_time(BEGIN + (seq if second is None else second))
    return encode_line(Line(seq=seq, time=time, metrics=dict(metrics), **fields))


def said_by(run: RunReader) -> dict[str, list[Said]]:
    """Return what a run's series say, name to points in their order."""
    return {
        name: [Said(point.seq, point.time, point.step, name, point.value, point.writer) for point in series]
        for name, series in run.metrics().items()
    }


def points_in(columns: Mapping[str, list[Any]]) -> dict[str, list[Said]]:
    """Return what long columns say, name to points in their order."""
    found: dict[str, list[Said]] = {}
    for facts in zip(*(columns[name] for name in Said._fields), strict=True):
        found.setdefault(facts[3], []).append(Said(*facts))
    return found


def as_doubles(said: Mapping[str, list[Said]]) -> dict[str, list[Said]]:
    """Return points with values and numbers as a frame can have them."""
    return {
        name: [
            point._replace(value=_double(point.value), seq=_short(point.seq), step=_short(point.step))
            for point in points
        ]
        for name, points in said.items()
    }


def comparable(said: Mapping[str, list[Said]]) -> list[tuple[str, list[Said]]]:
    """Return points so that equal ones compare as equal, also NaN, and names count in their order."""
    return [(name, [_without_nan(point) for point in points]) for name, points in said.items()]


def _without_nan(point: Said) -> Said:
    return point._replace(value="NaN") if isinstance(point.value, float) and math.isnan(point.value) else point  # type: ignore[arg-type]


def _double(value: float | int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _short(number: int | None) -> int | None:
    return number if number is not None and -(2**63) <= number < 2**63 else None
