"""What every part of a run stands on: its session in this process, and its folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runlogging._errors import RunLoggingError, RunNotFoundError
from runlogging._recorder import Recorder, Silent
from runlogging._redaction import Redactor
from runlogging._sessions import Session, session_of
from runlogging.folder import DURABILITIES, RUN_VARIABLE, Manifest, RunSpec, changed_manifest, read_manifest, say

if TYPE_CHECKING:
    from pathlib import Path

    from runlogging.reading import RunReader


class RunBase:
    """A run folder and this process's place in it.

    Nothing is written before the first verb: a run that was only looked up is joined then, as a further writer.
    """

    _session: Session
    _spec: RunSpec
    _is_member: bool
    """Whether the run is somebody else's, so that completing it here ends only this process's part."""

    def _bind(self, session: Session, *, is_member: bool = False) -> None:
        self._session, self._spec = session, session.spec
        self._is_member = is_member
        self._pid = os.getpid()
        # With a flight recorder a number may be what has its records written.
        self._write = session.recorder.write if isinstance(session.recorder, Recorder) else session.writer.write
        self._second: tuple[int, str] = (-(1 << 62), "")
        self._redactor = Redactor()

    def _bind_path(self, path: Path, *, is_member: bool = False) -> None:
        manifest = read_manifest(path)
        spec = RunSpec(
            path,
            manifest.id or path.name,
            manifest.experiment or path.parent.name,
            # Whoever takes part keeps the promise of the run.
            durability=next((known for known in DURABILITIES if known == manifest.durability), "process"),
        )
        self._bind(session_of(spec, way="enter"), is_member=is_member)

    @property
    def _text_redactor(self) -> Redactor | None:
        """What takes secrets out of the texts of this run's records; None where they are to stay."""
        return self._redactor if self._session.redacts else None

    def _recorded(self) -> Recorder | Silent:
        """Return what takes the records of this run."""
        if self._session.recorder is None:
            self._session.recorder = Recorder(self._session, self._text_redactor)
        return self._session.recorder

    @property
    def id(self) -> str:
        """The run's id."""
        return self._spec.run_id

    @property
    def path(self) -> Path:
        """The run's folder, absolute."""
        return self._spec.path

    @property
    def reader(self) -> RunReader:
        """A reader of the run's folder."""
        from runlogging.reading import RunReader

        return RunReader(self._spec.path)

    @property
    def _is_over(self) -> bool:
        """Whether this process's part of the run has ended."""
        writer = self._session.writer
        return writer.was_opened and not writer.is_open

    def environ(self) -> dict[str, str]:
        """Return the environment of a child process that takes part in this run; ``os.environ`` stays as it is."""
        return {**os.environ, RUN_VARIABLE: str(self._spec.path)}

    @property
    def _manifest(self) -> Manifest:
        return read_manifest(self._spec.path)

    def _change(self, what: str, change: Callable[[Manifest], None]) -> None:
        """Change the manifest; a disk that fails is said on stderr and raises nothing."""
        try:
            try:
                self._change_manifest(change)
            except RunNotFoundError:
                if not self._session.writer.mend():
                    raise
                self._change_manifest(change)
        except OSError as error:
            self._tolerate(error, what)

    def _change_manifest(self, change: Callable[[Manifest], None]) -> None:
        with changed_manifest(self._spec.path) as manifest:
            change(manifest)

    def _tolerate(self, error: OSError, what: str) -> None:
        """Raise an error of the caller's; say one of the disk's, once."""
        if isinstance(error, RunLoggingError):
            raise error
        if (what, error.errno) in self._session.said:
            return
        self._session.said.add((what, error.errno))
        say(f"{what} of {self._spec.path} could not be written: {type(error).__name__}: {error}")

    def _drop(self, error: OSError) -> None:
        """Raise an error of the caller's; count a record that the disk did not take."""
        if isinstance(error, RunLoggingError):
            raise error
        self._session.writer.dropped.add(error)

    def _enter_second(self, us: int) -> tuple[int, str]:
        """Do what is due once a second; return the microseconds within it and the second's text."""
        from runlogging.folder import second_text

        second, rest = divmod(us, 1_000_000)
        text = second_text(second)
        self._second = (second * 1_000_000, text)
        self._session.writer.tick()
        if self._session.on_second is not None:
            with suppress(OSError):
                self._session.on_second()
        return rest, text

    def __reduce__(self) -> tuple[Any, ...]:
        return _joined, (type(self), self._spec.path)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._spec.run_id} of {self._spec.experiment!r} in {self._spec.path}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunBase) and other._spec.path == self._spec.path

    def __hash__(self) -> int:
        return hash(self._spec.path)


def _joined(kind: type[RunBase], path: Path) -> RunBase:
    """Make a run again from its pickle: a reference that joins the run at its first verb."""
    run = kind.__new__(kind)
    run._bind_path(path, is_member=True)
    return run
