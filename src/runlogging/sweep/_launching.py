"""What both kinds of targets have in common: a point on its way, and what starts, watches and ends it."""

from __future__ import annotations

import queue
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from runlogging.folder import prepare_run
from runlogging.run import Run
from runlogging.run._start import RunOptions
from runlogging.sweep._point import Point

SWEEP_TAG, NUMBER_TAG = "sweep", "sweep_number"


@dataclass(eq=False)
class Flight:
    """A point on its way: its child run, and how often it was begun."""

    point: Point
    run: Run
    tries: int = 1
    future: Future[None] | None = field(default=None, repr=False)


class Launcher(Protocol):
    """Start points, tell which have ended, and end them."""

    def launch(self, point: Point) -> Flight:
        """Make the child run of a point, and begin."""

    def landed(self, timeout_s: float) -> list[Flight]:
        """Return the points that have ended since the last call; wait for the first some seconds."""

    def settle(self, flight: Flight) -> bool:
        """See to the end of one that landed; return False where it flies once more."""

    def stop(self, flight: Flight, reason: str) -> None:
        """Stop one early."""

    def abandon(self, flights: list[Flight]) -> None:
        """Cancel what is on its way: the sweep ends here."""

    def close(self) -> None:
        """Give everything back; nothing is on its way."""


def tags_of(parent: Run, point: Point) -> dict[str, object]:
    """Return the tags of a child: the sweep, and the number of the point."""
    return {SWEEP_TAG: parent.id, NUMBER_TAG: str(point.number)}


def prepared(parent: Run, point: Point) -> Run:
    """Make the child run of a point; whoever works on it first is its owner.

    Raises:
        OSError: the folder cannot be made.
    """
    options = RunOptions.checked(
        {
            "parent": parent.id,
            "tags": tags_of(parent, point),
            "parameters": point.parameters,
            "durability": parent._spec.durability,
        }
    )
    spec = options.spec(parent.path.parent, parent._spec.experiment)
    prepare_run(spec, "Queued")
    return parent._opened(spec.path)


def drained(landed: queue.SimpleQueue[Flight], timeout_s: float) -> list[Flight]:
    """Return everything in a queue; wait for the first some seconds."""
    found: list[Flight] = []
    try:
        found.append(landed.get(timeout=timeout_s))
        while True:
            found.append(landed.get_nowait())
    except queue.Empty:
        return found
