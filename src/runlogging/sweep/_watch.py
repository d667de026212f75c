"""What the children have logged of the primary metric so far, and which of them a policy stops."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from runlogging._errors import RunNotFoundError
from runlogging.reading._followed import FollowedStreams
from runlogging.reading._model import numbers_of
from runlogging.sweep._launching import Flight
from runlogging.sweep._policies import Policy

_PAUSE_S = 0.2
# Looking takes at most this share of the time.
_SHARE = 5


class Watch:
    """Read the primary metric of every child as it grows.

    Args:
        metric: its name.
        goal: "minimize" or "maximize".
        policy: what stops a child.
    """

    def __init__(self, metric: str, goal: str, policy: Policy) -> None:
        self._metric, self._goal, self._policy = metric, goal, policy
        self._series: dict[int, _Tail] = {}
        self._finished: set[int] = set()
        self._stopped: set[int] = set()
        self._next = 0.0

    def note_end(self, flight: Flight) -> None:
        """Take in the last of a child that has ended."""
        self._look_at(flight)
        self._finished.add(flight.point.number)

    def to_stop(self, flights: Iterable[Flight]) -> Iterator[tuple[Flight, str]]:
        """Yield the children that are to be stopped now, each once, with the reason."""
        begun = time.monotonic()
        if begun < self._next:
            return
        flying = [flight for flight in flights if flight.point.number not in self._stopped]
        fresh = [flight for flight in flying if self._look_at(flight)]
        series = {number: tail.values for number, tail in self._series.items()}
        for flight in fresh:
            reason = self._policy.judge(series, flight.point.number, self._goal, self._finished)
            if reason is not None:
                self._stopped.add(flight.point.number)
                yield flight, reason
        now = time.monotonic()
        self._next = now + max(_PAUSE_S, (_SHARE - 1) * (now - begun))

    def _look_at(self, flight: Flight) -> bool:
        tail = self._series.setdefault(flight.point.number, _Tail(flight.run.path, self._metric))
        return tail.read_on()


class _Tail:
    """The values of one metric of one run, read on from where the last look stopped."""

    def __init__(self, run: Path, metric: str) -> None:
        self.values: list[float] = []
        self._metric = metric
        self._streams = FollowedStreams(run, ("metrics", "values"))

    def read_on(self) -> bool:
        """Take in what was logged since; return whether there was anything."""
        before = len(self.values)
        with suppress(RunNotFoundError):  # deleted meanwhile
            for record in self._streams.new_records():
                self.values += [value for name, value in numbers_of(record.line) if name == self._metric]
        return len(self.values) > before
