"""Points that are submitted scripts."""

from __future__ import annotations

import copy
import time
from contextlib import suppress
from typing import Any

from runlogging._errors import RunLoggingError
from runlogging.folder import TERMINAL
from runlogging.run import Run
from runlogging.submit import ScriptRunConfig
from runlogging.sweep._arguments import placed, placed_in_shell
from runlogging.sweep._launching import Flight, tags_of
from runlogging.sweep._point import Point
from runlogging.sweep._stopping import tag_stopped

_LOOK_S = 0.1
_OVER = (*TERMINAL, "NotResponding")


class ScriptLauncher:
    """Submit a script or command for each point.

    Args:
        parent: the run of the sweep; its ``submit_child`` starts a child.
        config: what is run; each point gets a copy with its parameters in the arguments.
    """

    def __init__(self, parent: Run, config: ScriptRunConfig) -> None:
        self._parent: Any = parent
        self._config = config
        self._flying: list[Flight] = []

    def launch(self, point: Point) -> Flight:
        """Submit the script."""
        child = self._parent.submit_child(config_of(self._config, point), tags=tags_of(self._parent, point))
        child.set_parameters(point.parameters)
        flight = Flight(point, child)
        self._flying.append(flight)
        return flight

    def landed(self, timeout_s: float) -> list[Flight]:
        """Return the points whose runs have ended; wait for the first some seconds."""
        until = time.monotonic() + timeout_s
        while True:
            over = [flight for flight in self._flying if _is_over(flight.run)]
            if over or (left := until - time.monotonic()) <= 0:
                self._flying = [flight for flight in self._flying if flight not in over]
                return over
            time.sleep(min(_LOOK_S, left))

    def settle(self, flight: Flight) -> bool:
        """Do nothing: the supervisor of the script wrote the end."""
        return True

    def stop(self, flight: Flight, reason: str) -> None:
        """Cancel the script."""
        with suppress(RunLoggingError, OSError):
            flight.run.cancel()
            tag_stopped(flight.run.path, reason)

    def abandon(self, flights: list[Flight]) -> None:
        """Cancel all scripts."""
        for flight in flights:
            with suppress(RunLoggingError, OSError):
                flight.run.cancel()

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


def _is_over(run: Run) -> bool:
    try:
        return run.status in _OVER
    except (RunLoggingError, OSError):  # deleted meanwhile
        return True


def config_of(config: ScriptRunConfig, point: Point) -> ScriptRunConfig:
    """Return a copy of a configuration with a point in its arguments, or in its command."""
    mine = copy.copy(config)
    mine.run_config = config.run_config._copy()
    if config.command is None:
        mine.arguments = placed(config.arguments, point.parameters)
    elif isinstance(config.command, str):
        mine.command = placed_in_shell(config.command, point.parameters)
    else:
        mine.command = placed(config.command, point.parameters)
    return mine
