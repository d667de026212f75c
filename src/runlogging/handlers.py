"""The handler that keeps log records in a run folder."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError
from runlogging._records import AlreadyKept, RecordBuilder
from runlogging._sessions import Session, session_of
from runlogging.folder import (
    DURABILITIES,
    RUN_VARIABLE,
    Durability,
    Line,
    RunSpec,
    check_bound,
    check_experiment,
    check_identifier,
    check_writable,
    clean_identifier,
    clean_text,
    find_root,
    new_run_id,
    suggest_experiment,
)
from runlogging.formatters import RunFormatter

if TYPE_CHECKING:
    from pathlib import Path

_logger = logging.getLogger("runlogging")
# What the verbs of a run show to handlers that the user puts there; it reaches the root's only if the user lets it.
_metrics_logger = logging.getLogger("runlogging.metrics")
_metrics_logger.propagate = False
_metrics_logger.setLevel(logging.INFO)
_warned_of_formatter = False


class RunHandler(logging.Handler):
    """Keep every record in a run folder: diagnostics in ``logs``, metrics in ``metrics``, other values in ``values``.

    A metric record is an ordinary one with ``extra={"metrics": {"loss": 0.1}, "step": 3}``. Nothing is patched, no
    thread is started, and a log call never raises: what could not be kept is counted in the manifest and said once on
    stderr.

    The run ends with `close`, or at the exit of the process: Completed, or Failed or Canceled (KeyboardInterrupt) when
    an uncaught error ended the program. A non-zero ``sys.exit`` cannot be seen from here. A record after `close`
    reopens the run.

    Handlers that are open at the same time in one process with the same root and experiment, and without a run id,
    share one run; the first one's name, tags and durability hold. A pickled handler joins its run where it is
    unpickled.

    Args:
        root: the folder that holds experiments; the default gives way to the variable RUNLOGGING_ROOT. When
            RUNLOGGING_RUN names a run folder, that run is joined or made, whatever the other arguments say.
        experiment: 1 to 128 of letters, digits, ``. _ -`` and space.
        run_name: a name for people.
        run_id: the run to join or make, 1 to 64 of letters, digits, ``_`` and ``-``; None makes a new one.
        durability: "process" (a record survives the death of the process once the call returns), "power" (it also
            survives a power loss) or "lazy" (it may wait up to 100 ms in a buffer).
        delay: whether the folder appears at the first record, and not at once.
        tags: text to text or None, kept in the manifest.
        redact: whether secrets are taken out of texts. A `RunFormatter` set on the handler decides instead.
        flight_recorder: how many records below the handler's level are kept in memory and written, marked
            ``recorded``, only before an ERROR, an uncaught error or a metric that is not finite; 0 keeps none.
        flight_when: a metric condition that also has them written, such as ``"loss > 10"``.
        max_bytes: a budget of all streams of the run together that records without metrics keep to; None has no end.
            Those below INFO are dropped from a half of it on, below WARNING from three quarters on, below ERROR from
            nine tenths on; metrics and values never. What was dropped is counted in the manifest, by level.
        rotate_bytes: how long a file of the log gets before the next one is begun; None keeps one file.

    Attributes:
        run_id: the run's id, fixed when the handler is made.
        run_path: the run's folder, absolute.

    Raises:
        RootError: the root is a file, or cannot be written (also an OSError).
        InvalidNameError: the experiment or the run id is not allowed (also a ValueError).
        InvalidValueError: the durability, a tag or a number of bytes is none (also a ValueError).
    """

    def __init__(
        self,
        root: str | os.PathLike[str] = "runs",
        experiment: str = "default",
        run_name: str | None = None,
        run_id: str | None = None,
        durability: Durability = "process",
        delay: bool = True,
        tags: Mapping[str, str | None] | None = None,
        redact: bool = True,
        flight_recorder: int = 0,
        flight_when: str | None = None,
        max_bytes: int | None = None,
        rotate_bytes: int | None = None,
    ) -> None:
        super().__init__()
        self._set_flight(flight_recorder, flight_when)
        if durability not in DURABILITIES:
            raise InvalidValueError(f"durability is one of {', '.join(DURABILITIES)}, not {durability!r}")
        check_bound(max_bytes, "max_bytes")
        check_bound(rotate_bytes, "rotate_bytes")
        spec, shared_key = _specify(find_root(root), experiment, run_id)
        spec = RunSpec(
            spec.path,
            spec.run_id,
            spec.experiment,
            _checked_name(run_name),
            _checked_tags(tags),
            durability,
            max_bytes=max_bytes,
            rotate_bytes=rotate_bytes,
        )
        check_writable(spec.path)
        self._attach(spec, shared_key, redact=redact)
        if not delay:
            self._session.writer.open()

    def _set_flight(self, size: int, when: str | None) -> None:
        self._flight_options = (size, when)
        self._flight = None
        if size or when is not None:
            from runlogging._flight import FlightRecorder

            self._flight = FlightRecorder(size, when)
            self._kept_level, self.level = self.level, logging.NOTSET
            self.emit = self._emit_or_keep  # type: ignore[method-assign]

    def setLevel(self, level: int | str) -> None:
        """Set the level; with a flight recorder records below it still come, and stay in memory."""
        super().setLevel(level)
        if self._flight is not None:
            self._kept_level, self.level = self.level, logging.NOTSET

    def _attach(self, spec: RunSpec, shared_key: tuple[Path, str] | None, *, redact: bool) -> None:
        self._session: Session = session_of(spec, shared_key=shared_key)
        self._is_joined = True
        self._session.join(self)
        self._redact = redact
        self.run_id, self.run_path = self._session.spec.run_id, self._session.spec.path
        self._write: Callable[[Line], None] = self._session.writer.write
        self.setFormatter(RunFormatter(redact=redact))

    def handle(self, record: logging.LogRecord) -> Any:
        """Filter a record and emit it.

        The base class would take the handler's lock for it. One ``os.write`` a line needs none: that saves a tenth of
        the whole call, and a thread never waits for another's record.
        """
        if self.filters:
            kept = self.filter(record)
            if not kept:
                return kept
            if isinstance(kept, logging.LogRecord):  # Python 3.12 and later
                record = kept
        self.emit(record)
        return record

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's line."""
        try:
            self._write(self._build(record))
        except AlreadyKept:
            pass
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)

    def _emit_or_keep(self, record: logging.LogRecord) -> None:
        """Emit a record, or keep it with the flight recorder where it lies below the level."""
        if self._flight is None or record.levelno >= self._kept_level:
            type(self).emit(self, record)
            return
        try:
            if self._flight.take(record):
                self.spill_flight()
        except Exception:
            self.handleError(record)

    def spill_flight(self) -> None:
        """Write what the flight recorder holds: something went wrong."""
        if self._flight is not None:
            writer = self._session.writer
            self._flight.spill(writer.write, self._build, writer.dropped.add)

    def handleError(self, record: logging.LogRecord) -> None:
        """Count a record that could not be kept; the manifest and one sentence on stderr say so."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception):
            self._session.writer.dropped.add(error)

    def setFormatter(self, fmt: logging.Formatter | None) -> None:
        """Take a `RunFormatter`; any other is ignored with one warning, because configurations set one on all."""
        if fmt is not None and not isinstance(fmt, RunFormatter):
            _warn_of_formatter(fmt)
            return
        self.formatter = fmt or RunFormatter(redact=self._redact)
        writer = self._session.writer
        builder = RecordBuilder(
            self.formatter.redactor,
            store=writer.store_value,
            on_second=writer.tick,
            on_dropped=writer.dropped.note,
            mark=self._session.spec.mark,
            kept_by=writer.is_kept_by,
        )
        self._build = builder.build
        if self._flight is not None:
            self._write = self._flight.writing(writer.write, self._build, writer.dropped.add)

    def flush(self) -> None:
        """Hand to the kernel what a "lazy" buffer holds."""
        self.acquire()
        try:
            self._session.writer.flush()
        finally:
            self.release()

    def close(self) -> None:
        """End the run, when no other handler is open on it. A later record reopens it."""
        self.acquire()
        try:
            was_joined, self._is_joined = self._is_joined, False
            self._session.tell_held_back(self)
            self._session.leave(was_open=was_joined)
        finally:
            self.release()
            super().close()

    def __reduce__(self) -> tuple[Any, ...]:
        level = self.level if self._flight is None else self._kept_level
        return _rejoin, (type(self), self._session.spec, self._redact, level, *self._flight_options)

    def __repr__(self) -> str:
        level = self.level if self._flight is None else self._kept_level
        return f"<{type(self).__name__} {self.run_path} ({logging.getLevelName(level)})>"


def _specify(root: Path, experiment: str, run_id: str | None) -> tuple[RunSpec, tuple[Path, str] | None]:
    """Return the run that the arguments and the environment name, and what it is shared under."""
    check_experiment(experiment)
    if run_id is not None:
        check_identifier(run_id, "run id")
    named = os.environ.get(RUN_VARIABLE)
    if named:
        path = find_root(named)
        if run_id not in (None, path.name) or experiment not in ("default", path.parent.name):
            _logger.info("%s names the run %s; it wins over the handler's arguments", RUN_VARIABLE, path)
        return RunSpec(path, clean_identifier(path.name), suggest_experiment(path.parent.name)), None
    shared_key = (root, experiment) if run_id is None else None
    new_id = run_id or new_run_id()
    return RunSpec(root / experiment / new_id, new_id, experiment), shared_key


def _checked_name(name: str | None) -> str | None:
    if not isinstance(name, str | None):
        raise InvalidValueError(f"a run's name is text, not {name!r}")
    return name if name is None else clean_text(name)


def _checked_tags(tags: Mapping[str, str | None] | None) -> dict[str, str | None]:
    if not isinstance(tags, Mapping | None):
        raise InvalidValueError(f"tags are a mapping of text to text or None, not {tags!r}")
    for key, value in (tags or {}).items():
        if not isinstance(key, str) or not isinstance(value, str | None):
            raise InvalidValueError(f"a tag is text with text or None as its value, not {key!r}: {value!r}")
    return {clean_text(key): _checked_name(value) for key, value in (tags or {}).items()}


def _warn_of_formatter(formatter: logging.Formatter) -> None:
    global _warned_of_formatter
    if not _warned_of_formatter:
        _warned_of_formatter = True
        warnings.warn(
            f"RunHandler writes the run folder's own format; the {type(formatter).__name__} set on it is ignored",
            RuntimeWarning,
            stacklevel=3,
        )


def _rejoin(
    kind: type[RunHandler], spec: RunSpec, redact: bool, level: int, flight: int = 0, when: str | None = None
) -> RunHandler:
    handler = kind.__new__(kind)
    logging.Handler.__init__(handler, level)
    handler._set_flight(flight, when)
    handler._attach(spec, None, redact=redact)
    return handler
