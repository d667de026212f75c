"""Sessions: what the handlers of one process share in one run, and how that run ends.

A session ends with its last handler, or at the exit of the process by a hook of its own: `logging.config` takes
handlers that it closed off the list that `logging.shutdown` goes through, though they may stay attached and receive
records.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from runlogging._records import describe_exception
from runlogging._redaction import Redactor
from runlogging.folder import ErrorInfo, RunSpec, Way, Writer, now_text

if TYPE_CHECKING:
    from pathlib import Path

    from runlogging._recorder import Recorder, Silent

_lock = threading.RLock()
# By run folder. A handler holds its session; one whose handlers are all gone is kept only while it runs.
_sessions: weakref.WeakValueDictionary[str, Session] = weakref.WeakValueDictionary()
_running: dict[Session, None] = {}
# Sessions of handlers without a run id, by root and experiment, while one of their handlers is open.
_shared: dict[tuple[Path, str], Session] = {}


class Session:
    """One run in this process: its writer, and the handlers that are open on it.

    Args:
        spec: the run.
        way: how its writer comes to the run; see `runlogging.folder.Way`.

    Attributes:
        before_end: what is to be done before the writer ends, or None.
        on_second: what is to be done about once a second while verbs log, or None.
        is_started: whether `conclude` is to end it, and not the last of its handlers.
        entered: how many ``with`` blocks of the run this process is in.
        said: what of the disk's failures was said on stderr.
        recorder: what takes the records that the run captures; None where nobody asked.
        is_shared: whether a handler of the run is, or was, there.
        redacts: whether secrets are taken out of texts.
    """

    def __init__(self, spec: RunSpec, way: Way = "join") -> None:
        self.spec = spec
        self.writer = Writer(spec, on_open=self._note_open, way=way)
        self.handlers: weakref.WeakSet[logging.Handler] = weakref.WeakSet()
        self.before_end: Callable[[], None] | None = None
        self.on_second: Callable[[], None] | None = None
        self.is_started = False
        self.entered = 0
        self.said: set[object] = set()
        self.recorder: Recorder | Silent | None = None
        self.is_shared = False
        self.redacts = True
        self._open_handlers = 0
        self._known_error = uncaught_error()

    def _note_open(self) -> None:
        _running[self] = None  # kept until its end, which the exit of the process writes where nobody else does
        end_in_worker()

    def join(self, handler: logging.Handler) -> None:
        """Count a handler as open on this run."""
        with _lock:
            _running[self] = None
            self.handlers.add(handler)
            self.is_shared = True
            self._open_handlers += 1

    def leave(self, *, was_open: bool) -> None:
        """Take a handler's end: the last one ends the run, unless `start_session` began it.

        Args:
            was_open: whether the handler had not left before; one that did may still have reopened the run.
        """
        with _lock:
            if was_open:
                self._open_handlers -= 1
            if self._open_handlers <= 0 and not self.is_started:
                _forget_shared(self)
                _running.pop(self, None)
                self.end()

    def tell_held_back(self, handler: logging.Handler) -> None:
        """Write what the filters of a handler held back and no record has told of; see `SampleFilter`."""
        if self.writer.is_open:
            for one in handler.filters:
                for record in getattr(one, "take_held_back", list)():
                    handler.emit(record)

    def conclude(self, status: str, error: ErrorInfo | None, *, final: bool) -> bool:
        """End the writer with a status that somebody gave; see `Writer.end`."""
        self.is_started = False
        self._prepare_end()
        is_taken = self.writer.end(status, error, final=final)
        self.writer.save_dropped()
        with _lock:
            _running.pop(self, None)
            _forget_shared(self)
        return is_taken

    def _prepare_end(self) -> None:
        prepare, self.before_end = self.before_end, None
        if prepare is not None and self.writer.is_open:
            with suppress(Exception):
                prepare()

    def end(self) -> None:
        """End the writer: Completed, or Failed or Canceled by an uncaught error that came since the session began."""
        error = uncaught_error()
        if error is None or error is self._known_error or is_interactive():
            self.writer.end("Completed")
        else:
            status, info = ending(error)
            self.writer.end(status, cleared(info, self._redactor()))
        self.writer.save_dropped()

    def _redactor(self) -> Redactor | None:
        """Return what takes secrets out of the error that ended the program; None where every handler keeps them."""
        if not self.handlers:
            return Redactor()
        return next(filter(None, (getattr(one.formatter, "redactor", None) for one in tuple(self.handlers))), None)

    def end_at_exit(self) -> None:
        """End what is open at exit; what was closed before an uncaught error while it stayed attached failed too."""
        error = uncaught_error()
        failed = error is not None and error is not self._known_error and not is_interactive()
        if failed and not self.writer.is_open and self.writer.was_opened and self._is_attached():
            with suppress(Exception):
                self.writer.open()
        for handler in tuple(self.handlers):
            self.tell_held_back(handler)
            if failed:
                with suppress(Exception):
                    getattr(handler, "spill_flight", _nothing)()
        if failed and self.recorder is not None:
            self.recorder.spill()
        self._prepare_end()
        self.end()
        self.writer.linger()

    def _is_attached(self) -> bool:
        loggers = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]
        attached = {id(handler) for logger in loggers for handler in getattr(logger, "handlers", ())}
        return any(id(handler) in attached for handler in self.handlers)


def session_of(spec: RunSpec, *, shared_key: tuple[Path, str] | None = None, way: Way = "join") -> Session:
    """Return the session of a run in this process, and make it where there is none.

    Args:
        spec: the run; its path says which.
        way: how a new session's writer comes to the run.
        shared_key: root and experiment, for a handler without a run id: it shares the run of the handlers that are
            open there.
    """
    with _lock:
        session = _shared.get(shared_key) if shared_key is not None else None
        session = session or _sessions.get(_key(spec.path))
        if session is None:
            session = _sessions[_key(spec.path)] = Session(spec, way)
        if shared_key is not None:
            _shared.setdefault(shared_key, session)
        return session


def start_session(spec: RunSpec, way: Way, *, captures: bool = False) -> Session:
    """Begin a life of a run in this process, and open it.

    Args:
        spec: the run.
        way: "create", "resume" or "join".
        captures: whether it keeps all records that this process logs.

    Raises:
        ExistsError, RunActiveError, RunEndedError, OSError, RunLoggingError: as `runlogging.folder.Writer.open`.
    """
    with _lock:
        known = _sessions.get(_key(spec.path))
        session = known if known is not None and not known.writer.was_opened else Session(spec)
        session.spec = spec  # that of a handler that has written nothing yet knows less of the run
        session.writer.prepare(spec, way)
        session.writer.captures = now_text() if captures else None
    session.writer.open()
    session.is_started = True
    with _lock:
        _sessions[_key(spec.path)] = session
    return session


def _key(path: Path) -> str:
    """Return what a run folder is known by, by whatever links it is reached."""
    return os.path.realpath(path)


def _nothing() -> None:
    return None


def _forget_shared(session: Session) -> None:
    for key in [key for key, known in _shared.items() if known is session]:
        del _shared[key]


def current_run_id() -> str | None:
    """Return the id of the run that this process writes to, the outermost where there are several; None without one."""
    return next((session.spec.run_id for session in tuple(_running) if session.writer.is_open), None)


def uncaught_error() -> BaseException | None:
    """Return the error that ended the program, set by the interpreter before exit hooks run, or None."""
    return getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)


def is_interactive() -> bool:
    """Tell whether a person types the program: there an uncaught error ends a statement, not the run."""
    if hasattr(sys, "ps1") or sys.flags.interactive:
        return True
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython is not None and get_ipython() is not None


def ending(error: BaseException) -> tuple[str, ErrorInfo]:
    """Return the status that an error gives a run, and the error as the manifest keeps it."""
    import traceback

    trace = "".join(traceback.format_exception(error)).rstrip("\n")
    status = "Canceled" if isinstance(error, KeyboardInterrupt) else "Failed"
    return status, ErrorInfo(**describe_exception(error, trace))


def cleared(info: ErrorInfo, redactor: Redactor | None) -> ErrorInfo:
    """Return an error without the secrets in its texts; None leaves them in."""
    if redactor is None:
        return info
    return ErrorInfo(info.type, redactor.text(info.message), redactor.text(info.stacktrace), info.code)


def end_in_worker() -> None:
    """Have the end written in a multiprocessing worker, which runs no exit hooks before Python 3.13."""
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, end_all, exitpriority=-1000)


def end_all() -> None:
    """End every session of this process that is open; what is logged later still reaches its files."""
    # A run may have two: of a process that opened it twice, and of one that resumed it.
    for session in dict.fromkeys((*tuple(_running), *tuple(_sessions.values()))):
        with suppress(Exception):
            session.end_at_exit()


def _renew() -> None:
    """Begin afresh in a forked child: it is in none of its parent's ``with`` blocks."""
    global _lock
    _lock = threading.RLock()
    for session in tuple(_sessions.values()):
        session.entered = 0


atexit.register(end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
