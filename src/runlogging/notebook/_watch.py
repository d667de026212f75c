"""A run that is watched: what a page has to be told of it, whole or since the last time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from runlogging._texts import duration_text, short_number
from runlogging.drawing import colours_of
from runlogging.drawing._markup import one_line
from runlogging.drawing._numbers import time_text
from runlogging.folder import MAIN_WRITER, TERMINAL
from runlogging.notebook._curves import GrowingCurve
from runlogging.reading import RunReader
from runlogging.reading._followed import FollowedStreams
from runlogging.reading._model import numbers_of

MOST_METRICS = 12
_MOST_CURVES = 16
_MOST_NAMES = 10_000  # metrics beyond these are not counted, so that the memory has a bound
_BUCKETS = 75  # of a curve: at most 600 points of 16 bytes, 154 kB of all together
_LONGEST = 120
_RENEWED_S = 60.0


class News(NamedTuple):
    """What is new of a run.

    Attributes:
        content: ``number`` (1, 2, 3 and so on), ``facts``, and ``curves``, a list with ``place``, ``name``,
            ``writer`` and ``replaces`` of each curve that changed.
        buffers: x and y of each of these curves in turn, little-endian float64.
    """

    content: dict[str, Any]
    buffers: list[bytes]


class RunWatch:
    """Follow a run's metrics, the first 12 of them; only new bytes are read. Threads may share one.

    Args:
        run: the run.
    """

    def __init__(self, run: RunReader) -> None:
        self._run = run
        self._streams = FollowedStreams(run.path, ("metrics", "values"))
        self._curves: dict[tuple[str, str], GrowingCurve] = {}
        self._names: dict[str, None] = {}
        self._facts: dict[str, Any] = {}
        self._number = 0
        self._renewed = time.monotonic()
        self._lock = threading.RLock()
        self.news()

    def news(self) -> News | None:
        """Read on, and return what is new; None where nothing is.

        Raises:
            RunNotFoundError: the run is gone (also a FileNotFoundError).
        """
        with self._lock:
            self._read()
            facts = self._found_facts()
            if time.monotonic() - self._renewed > _RENEWED_S:
                # A page that was loaded anew may have missed something, and it never asks.
                self.renew()
            curves, buffers = [], []
            for place, ((name, writer), curve) in enumerate(self._curves.items()):
                columns = curve.take()
                if columns is not None:
                    curves.append(_named(name, writer) | {"place": place, "replaces": columns.replaces})
                    buffers += [columns.x, columns.y]
            if facts == self._facts and not curves:
                return None
            self._facts = facts
            self._number += 1
            return News({"number": self._number, "facts": facts, "curves": curves}, buffers)

    def state(self) -> dict[str, Any]:
        """Return all that a page knows after the news so far: ``number``, ``facts``, ``curves`` with ``x``, ``y``."""
        with self._lock:
            curves = []
            for (name, writer), curve in self._curves.items():
                columns = curve.all()
                curves.append(_named(name, writer) | {"x": columns.x, "y": columns.y})
            return {"number": self._number, "facts": self._facts, "curves": curves}

    def renew(self) -> None:
        """Have the next news bring all points: what was given before may not have arrived."""
        with self._lock:
            self._renewed = time.monotonic()
            for curve in self._curves.values():
                curve.renew()

    def is_open(self) -> bool:
        """Tell whether more may come."""
        return is_open(self._run)

    def _read(self) -> None:
        found: dict[tuple[str, str], tuple[list[int | None], list[float | int]]] = {}
        for record in self._streams.new_records():
            for name, value in numbers_of(record.line):
                if len(self._names) < _MOST_NAMES:
                    self._names.setdefault(name)
                key = name, _line_of(record.writer)
                if key in found or self._has_room(key):
                    steps, values = found.setdefault(key, ([], []))
                    steps.append(record.line.step)
                    values.append(value)
        for key, (steps, values) in found.items():
            self._curves[key].extend(steps, values)

    def _has_room(self, key: tuple[str, str]) -> bool:
        """Tell whether there is a curve, or one more may be."""
        if key not in self._curves:
            names = {name for name, _ in self._curves}
            if len(self._curves) == _MOST_CURVES or (len(names) == MOST_METRICS and key[0] not in names):
                return False
            self._curves[key] = GrowingCurve(_BUCKETS)
        return True

    def _found_facts(self) -> dict[str, Any]:
        colour = colours_of([self._run.id])[self._run.id]
        return {
            **run_facts(self._run),
            "colour": colour.hex,
            "twin": colour.twin,
            "more": len(self._names) - len({name for name, _ in self._curves}),
            "metrics": list(self._metrics()),
        }

    def _metrics(self) -> Iterator[dict[str, str]]:
        for (name, writer), curve in self._curves.items():
            yield _named(name, writer) | {
                "last": short_number(curve.last, 5),
                "least": short_number(curve.low, 5) if curve.count > curve.nonfinite else "",
                "greatest": short_number(curve.high, 5) if curve.count > curve.nonfinite else "",
                "step": short_number(curve.step),
                "points": f"{curve.count:,}",
                "nonfinite": f"{curve.nonfinite:,}" if curve.nonfinite else "",
            }


def is_open(run: RunReader) -> bool:
    """Tell whether a run has no end yet, as far as can be told."""
    status = run.status
    return status not in TERMINAL and status != "NotResponding"


def run_facts(run: RunReader) -> dict[str, str]:
    """Return what a run is, as short texts of one line."""
    begin, end = run.started or run.created, run.ended
    if end is None:
        end = run.last_record or (datetime.now(UTC) if begin is None else begin)
    error = run.error
    facts = {
        "id": run.id,
        "experiment": run.experiment,
        "name": run.name or "",
        "status": run.status,
        "started": time_text(begin),
        "took": duration_text((end - begin).total_seconds()) if begin else "",
        "error": f"{error.type}: {error.message}" if error else "",
    }
    return {key: cut(text) for key, text in facts.items()}


def cut(text: str) -> str:
    """Return a text as one line of at most 120 characters."""
    return one_line(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def _named(name: str, writer: str) -> dict[str, Any]:
    return {"name": cut(name), "writer": "" if writer == MAIN_WRITER else cut(writer)}


def _line_of(writer: str) -> str:
    """Return whose line a writer's points are on: all lives of the owner are one."""
    stem, _, number = writer.partition("-")
    return MAIN_WRITER if stem == MAIN_WRITER and (not number or number.isdecimal()) else writer
