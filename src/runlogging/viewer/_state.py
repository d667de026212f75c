"""What the requests of one viewer share."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from runlogging._errors import RunNotFoundError
from runlogging.folder import RUN_MANIFEST, check_experiment, check_identifier
from runlogging.reading import RunReader
from runlogging.viewer._hub import Hub

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from runlogging.viewer._settings import Settings

_T = TypeVar("_T")


class State:
    """The settings of a viewer and what it holds of runs, bounded.

    Args:
        settings: what it was started with.

    Attributes:
        settings: the same.
        hub: who watches what, and what changed.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.hub = Hub(settings.root)
        self._kept: OrderedDict[tuple[str, Path], Any] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, request: Request, name: str = "run") -> RunReader:
        """Return the run that a request names as ``experiment/id``; both are checked before they meet a path.

        Raises:
            RunNotFoundError: there is no such run.
            InvalidNameError: it is no name that a run could have.
        """
        return self.run_of(request.query_params.get(name, ""))

    def run_of(self, text: str) -> RunReader:
        """Return the run of ``experiment/id``; see `run`."""
        experiment, _, run_id = text.partition("/")
        check_experiment(experiment)
        check_identifier(run_id, "run id")
        path = self.settings.root / experiment / run_id
        if not (path / RUN_MANIFEST).is_file():
            raise RunNotFoundError(f"there is no run {experiment}/{run_id} any more in {self.settings.root}.")
        return RunReader(path)

    def kept(self, kind: str, run: Path, make: Callable[[], _T], most: int = 16) -> _T:
        """Return what is kept of a run, made where it is not there; the ones used longest ago go when there are many.

        Args:
            kind: what it is, such as "log" or "metrics".
            run: the run folder.
            make: makes it.
            most: how many of the kind are kept.
        """
        key = (kind, run)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]  # type: ignore[no-any-return]
        made = make()
        with self._lock:
            found: _T = self._kept.setdefault(key, made)
            self._kept.move_to_end(key)
            for old in [other for other in self._kept if other[0] == kind][:-most]:
                del self._kept[old]
        return found
