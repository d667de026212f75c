"""The loop of a sweep: so many points on their way, the next one when one has landed."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable

from runlogging.folder import TERMINAL, ended_error, read_manifest
from runlogging.run import Run
from runlogging.sweep._launching import Flight, Launcher
from runlogging.sweep._point import Point
from runlogging.sweep._progress import Show
from runlogging.sweep._watch import Watch

_WAIT_S = 1.0
_WATCHING_WAIT_S = 0.1


class Drive:
    """Take points through their runs.

    Args:
        parent: the run of the sweep; one that is ended from elsewhere ends the sweep.
        launcher: what starts and ends a point.
        limit: how many are on their way at most.
        watch: what stops some early, or None.
        show: what is told the counts.

    Attributes:
        children: the child runs in the order of their points.
        ended: how many children have ended, by status.
    """

    def __init__(self, parent: Run, launcher: Launcher, limit: int, watch: Watch | None, show: Show) -> None:
        self._parent, self._launcher, self._limit, self._watch, self._show = parent, launcher, limit, watch, show
        self._flying: dict[Flight, None] = {}
        self._next_look = 0.0
        self.children: list[Run] = []
        self.ended: Counter[str] = Counter()

    def through(self, points: Iterable[Point]) -> None:
        """Take all points to their ends; whatever ends that before cancels those that are on their way.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            RunEndedError: somebody ended the run of the sweep.
            Exception: a point could not be started at all, or the policy raised.
        """
        waiting = deque(points)
        try:
            while waiting or self._flying:
                self._check_parent()
                while waiting and len(self._flying) < self._limit:
                    flight = self._launcher.launch(waiting.popleft())
                    self._flying[flight] = None
                    self.children.append(flight.run)
                for flight in self._launcher.landed(_WATCHING_WAIT_S if self._watch else _WAIT_S):
                    self._land(flight)
                self._stop_some()
                self._show(self.ended, len(self._flying))
        except BaseException:
            self._launcher.abandon(list(self._flying))
            raise
        self._launcher.close()

    def _land(self, flight: Flight) -> None:
        if not self._launcher.settle(flight):
            return
        del self._flying[flight]
        self.ended[flight.run.status] += 1
        if self._watch is not None:
            self._watch.note_end(flight)

    def _stop_some(self) -> None:
        if self._watch is not None:
            for flight, reason in self._watch.to_stop(self._flying):
                self._launcher.stop(flight, reason)

    def _check_parent(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _WAIT_S
        manifest = read_manifest(self._parent.path)
        if manifest.status in TERMINAL:
            raise ended_error(manifest)
