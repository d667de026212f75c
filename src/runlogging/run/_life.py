"""The end of a run, its status, and waiting for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from runlogging._errors import InvalidValueError, RunEndedError, RunFailedError, RunLoggingError
from runlogging._sessions import cleared, ending
from runlogging.folder import TERMINAL, ErrorInfo, clean_text, end_from_outside, ended_error
from runlogging.run._base import RunBase
from runlogging.run._context import enter, leave, remove_open

if TYPE_CHECKING:
    from typing import Self

    from runlogging.reading import LogEntry

_LAST_LINES = 20
SUBMITTED = "scriptrun"
"""The type of a run that was submitted."""
SUBMIT_LOGGER = "submit"
"""What stands as the logger of what its supervisor says."""
OUTPUT_LOGGERS = frozenset({"stdout", "stderr", "console"})


class Life(RunBase):
    """How a run ends. `complete`, `fail` and `cancel` are final: the run takes no more records.

    A run still open at the exit of the process ends as Completed, or as Failed or Canceled by the uncaught error that
    ended it. A process that only takes part in a run (it was unpickled, forked, or named by RUNLOGGING_RUN) ends its
    own part with `complete` or by leaving a ``with`` block, and the run with `fail` or `cancel`.

    The outermost ``with`` block of a process ends the run: Completed, Canceled (KeyboardInterrupt,
    asyncio.CancelledError), or Failed with the exception, ``sys.exit`` of anything but 0 among them.
    """

    def complete(self) -> None:
        """End the run as Completed.

        Raises:
            RunEndedError: it has a terminal status already.
        """
        self._end("Completed", None)

    def fail(self, error_details: str | BaseException | None = None, error_code: str | None = None) -> None:
        """End the run as Failed.

        Args:
            error_details: what went wrong: a text, or an exception, which is kept with its traceback.
            error_code: a short name for it.

        Raises:
            RunEndedError: it has a terminal status already.
            InvalidValueError: the details are neither text nor exception.
        """
        error = _error_of(error_details, error_code)
        self._end("Failed", error and self._cleared(error))

    def cancel(self) -> None:
        """End the run as Canceled.

        Raises:
            RunEndedError: it has a terminal status already.
        """
        self._end("Canceled", None)

    def flush(self, timeout_seconds: float | None = None) -> None:
        """Put everything that was logged on the disk, safe from a loss of power.

        Args:
            timeout_seconds: without effect here; taken for Azure's sake.
        """
        try:
            self._session.writer.flush(sync=True)
        except OSError as error:
            self._tolerate(error, "the streams")

    @property
    def status(self) -> str:
        """NotStarted, Running, Completed, Failed, Canceled, NotResponding ...; see `RunReader.status`."""
        return self.reader.status

    def get_status(self) -> str:
        """Return the run's status as it is now."""
        return self.status

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
        timeout_seconds: float | None = None,
    ) -> dict[str, Any]:
        """Wait until the run has ended, in whatever process it is, and return its details.

        Args:
            show_output: whether its log is printed as it comes.
            wait_post_processing: without effect here; taken for Azure's sake.
            raise_on_error: whether a run that did not complete is an error.
            timeout_seconds: how long to wait at most; None waits for ever.

        Raises:
            RunFailedError: it ended as Failed, Canceled or NotResponding (only with ``raise_on_error``).
            TimeoutError: it did not end in time.
        """
        from runlogging.reading import wait_for_end
        from runlogging.run._details import details_of

        reader = self.reader
        show = _printer(sys.stdout, only_output=reader.type == SUBMITTED) if show_output else None
        with _spinning(f"waiting for run {self.id}", is_wanted=not show_output):
            status = wait_for_end(reader, timeout_s=timeout_seconds, on_entries=show)
        if raise_on_error and status != "Completed":
            raise RunFailedError(f"run {self.id} ended as {status}", status, self._last_words())
        return details_of(self)

    def __enter__(self) -> Self:
        enter(self)  # type: ignore[arg-type]
        self._session.entered += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        leave(self)  # type: ignore[arg-type]
        self._session.entered -= 1
        if self._session.entered > 0:  # the outermost block ends the run
            return
        if self._has_ended():
            remove_open(self)  # type: ignore[arg-type]  # where it was ended from outside
            return
        # An end that came from elsewhere stays, and does not hide the error that leaves the block.
        with suppress(RunEndedError):
            if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
                self._end("Completed", None)
            elif self._is_guest:
                self._end_part(*self._ending(error))
            else:
                self._end(*self._ending(error))

    # ------------------------------------------------------------------ how it ends

    def _ending(self, error: BaseException) -> tuple[str, ErrorInfo]:
        status, info = ending(error)
        asyncio = sys.modules.get("asyncio")  # whoever raises its error has imported it
        if asyncio is not None and isinstance(error, asyncio.CancelledError):
            status = "Canceled"
        return status, self._cleared(info)

    def _cleared(self, info: ErrorInfo) -> ErrorInfo:
        return cleared(info, self._text_redactor)

    @property
    def _is_guest(self) -> bool:
        """Whether the run is another process's, so that an end here is only the end of this process's part."""
        return self._is_member or os.getpid() != self._pid

    def _has_ended(self) -> bool:
        """Tell whether the run has a terminal status, or this process's part of it is over."""
        if self._session.writer.is_open:
            return False
        with suppress(OSError, RunLoggingError):
            return self._is_over or self._manifest.status in TERMINAL
        return False

    def _end(self, status: str, error: ErrorInfo | None) -> None:
        self._spill(status)
        remove_open(self)  # type: ignore[arg-type]
        if self._is_guest:
            self._enter_prepared()
        writer = self._session.writer
        if writer.is_open and writer.is_owner:
            if not self._session.conclude(status, error, final=True):
                raise ended_error(self._manifest)
            return
        if not self._is_guest or status != "Completed":
            self._end_from_outside(status, error)
        if writer.is_open:
            self._session.conclude(status, error, final=False)

    def _end_part(self, status: str, error: ErrorInfo | None) -> None:
        """End what this process has of another's run; a run that nobody has started is this one's."""
        self._spill(status)
        remove_open(self)  # type: ignore[arg-type]
        self._enter_prepared()
        self._session.conclude(status, error, final=self._session.writer.is_owner)

    def _spill(self, status: str) -> None:
        """Write what flight recorders hold where the run failed."""
        session = self._session
        if status != "Failed" or not session.writer.is_open:
            return
        if session.recorder is not None:
            session.recorder.spill()
        for handler in tuple(session.handlers):
            with suppress(Exception):
                handler.spill_flight()  # type: ignore[attr-defined]

    def _enter_prepared(self) -> None:
        """Become the owner of a run that was prepared and that nobody has started.

        Raises:
            RunEndedError: the run has ended.
        """
        writer = self._session.writer
        if writer.is_open:
            return
        try:
            manifest = self._manifest
            if manifest.status in TERMINAL:
                raise ended_error(manifest)
            if not manifest.owner:
                writer.open()
        except OSError as problem:
            self._tolerate(problem, "the end")

    def _end_from_outside(self, status: str, error: ErrorInfo | None) -> None:
        writer = self._session.writer
        try:
            if writer.is_owner and (manifest := self._manifest).owner != writer.name:
                raise ended_error(manifest)  # a later life resumed the run
            end_from_outside(self.path, status, error)
        except OSError as problem:
            self._tolerate(problem, "the end")

    def _last_words(self) -> str:
        error = self.reader.error
        lines = [f"{error.type}: {error.message}".rstrip(": ")] if error else []
        lines += error.stacktrace.splitlines()[-_LAST_LINES:] if error else []
        if not lines:
            lines = [entry.message for entry in self.reader.logs()[-_LAST_LINES:]]
        return "\n".join(lines)


def _error_of(details: object, code: str | None) -> ErrorInfo | None:
    if not isinstance(code, str | None):
        raise InvalidValueError(f"error_code is text, not {type(code).__name__}")
    if isinstance(details, BaseException):
        info = ending(details)[1]
        info.code = code
        return info
    if details is None and code is None:
        return None
    if not isinstance(details, str | None):
        raise InvalidValueError(f"error_details are a text or an exception, not {type(details).__name__}")
    return ErrorInfo(code or "Error", clean_text(details or ""), code=code)


def _printer(output: TextIO, *, only_output: bool) -> Any:
    """Return what prints log entries: of a submitted script its output as it was, of other runs the log."""

    def show(entries: Iterable[LogEntry]) -> None:
        for entry in entries:
            shown = "".join(char if char.isprintable() or char in "\n\t" else "?" for char in entry.message)
            if entry.logger in OUTPUT_LOGGERS:
                output.write(f"{shown}\n")
            elif not only_output or entry.logger == SUBMIT_LOGGER:
                output.write(f"{entry.time:%H:%M:%S} {entry.level} {entry.logger} {shown}\n")
        output.flush()

    return show


@contextmanager
def _spinning(text: str, *, is_wanted: bool) -> Iterator[None]:
    """Show that something is waited for, where a terminal watches."""
    if not is_wanted or sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(text)):
        yield
