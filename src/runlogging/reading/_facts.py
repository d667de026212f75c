"""What the manifest of a run says, as a reader gives it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, Self

from runlogging._errors import RootError, RunNotFoundError
from runlogging.folder import (
    TERMINAL,
    Dropped,
    ErrorInfo,
    Manifest,
    WriterInfo,
    list_writers,
    parse_time,
    read_manifest,
)
from runlogging.reading._status import attempts_of, derived_status, owner_of


class RunFacts:
    """A run folder's manifest and writers; each property is a look at the files as they are now.

    Args:
        path: the run folder, or a zip of one; ``out.zip/<experiment>/<run id>`` is one of several runs in a zip.
    """

    _place: str

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path).expanduser().absolute()
        try:
            _ = self._manifest
        except RunNotFoundError:
            self.path = _in_zip(self.path)
            _ = self._manifest

    @classmethod
    def vouched(cls, place: str) -> Self:
        """Return a reader of a run folder that was found to be good just now; nothing is read.

        Args:
            place: the folder's absolute path.
        """
        run = cls.__new__(cls)
        run._place = place
        return run

    @cached_property
    def path(self) -> Path:
        """The run folder."""
        return Path(self._place)

    @property
    def _manifest(self) -> Manifest:
        try:
            return read_manifest(self.path)
        except RunNotFoundError:
            raise
        except PermissionError as error:
            raise RootError(f"{self.path} may not be read: {error.strerror}", self.path) from error
        except OSError as error:
            raise RootError(f"{self.path} cannot be read: {error.strerror}", self.path) from error

    @property
    def id(self) -> str:
        """The run's id."""
        return self._manifest.id or self.path.name

    @property
    def experiment(self) -> str:
        """The experiment's name."""
        return self._manifest.experiment or self.path.parent.name

    @property
    def name(self) -> str | None:
        """The run's name for people."""
        return self._manifest.name

    @property
    def description(self) -> str | None:
        """What its maker says of the run."""
        return self._manifest.description

    @property
    def number(self) -> int | None:
        """Which run of its experiment it is, from 1; None where a handler made it."""
        return self._manifest.number

    @property
    def type(self) -> str | None:
        """What kind of run it is, as its maker calls it."""
        return self._manifest.type

    @property
    def parent(self) -> str | None:
        """The id of the parent run."""
        return self._manifest.parent

    @property
    def tags(self) -> dict[str, str | None]:
        """The run's tags."""
        return self._manifest.tags

    @property
    def properties(self) -> dict[str, str]:
        """The run's properties."""
        return self._manifest.properties

    @property
    def parameters(self) -> dict[str, Any]:
        """The run's parameters."""
        return self._manifest.parameters

    @property
    def created(self) -> datetime | None:
        """When the folder was made, UTC."""
        return _time(self._manifest.created)

    @property
    def started(self) -> datetime | None:
        """When the run started, UTC."""
        return _time(self._manifest.started)

    @property
    def ended(self) -> datetime | None:
        """When the run ended, UTC; None while it has no end."""
        manifest = self._manifest
        if manifest.status in TERMINAL:
            return _time(manifest.ended)
        owner = owner_of(self.path, manifest)
        return _time(owner.ended) if owner is not None else None

    @property
    def status(self) -> str:
        """The status as it is derived now.

        Completed, Failed or Canceled: it ended. Running, Finalizing or CancelRequested: its owner lives. NotStarted,
        Preparing or Queued: nobody has written to it yet. NotResponding: its owner died. Unknown: whether the owner
        lives cannot be told.
        """
        return derived_status(self.path, self._manifest)

    @property
    def error(self) -> ErrorInfo | None:
        """What ended a Failed or Canceled run."""
        return self._manifest.error

    @property
    def dropped(self) -> Dropped | None:
        """How many records could not be kept, and why."""
        return self._manifest.dropped

    @property
    def writers(self) -> list[WriterInfo]:
        """The writers, oldest first; one without an end has ``ended`` None."""
        return list_writers(self.path)

    @property
    def attempts(self) -> list[WriterInfo]:
        """The lives of the run's owner in order; a run that a later process resumed has more than one."""
        return attempts_of(self.writers)


def _in_zip(path: Path) -> Path:
    """Return the place of the run in a zip that a path means; the path itself where it leads into no zip."""
    from runlogging.folder._zip import zipped_run  # only who reads a zip pays for its import

    return zipped_run(path) or path


def _time(text: str | None) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except ValueError:
        return None
