"""The interpreter's hooks for what nobody caught: exceptions of the program, of threads, of destructors; and warnings.

Each hook writes a record to the current run and then does what was there before. It is put back only if it still is
ours; else it stays where it is and passes through.
"""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from runlogging._recorder import source_record

if TYPE_CHECKING:
    from logging import LogRecord


class Take(Protocol):
    """Gives a record to the current run."""

    def __call__(self, record: LogRecord, *, is_logged: bool = False) -> None:
        """Take a record; ``is_logged`` says that a log call brings the same, where log calls are captured."""
        ...


_NO_ERRORS = (KeyboardInterrupt, SystemExit)

UNCAUGHT = "uncaught"
"""What stands as the logger of an exception that nobody caught."""


class Hook:
    """A function of a module or class that is replaced for a while.

    Args:
        owner: the module or class.
        name: the function's name in it.
        note: is given the arguments before the function that was there.
        done: is given them after it.
    """

    def __init__(
        self, owner: Any, name: str, note: Callable[..., None], done: Callable[..., None] | None = None
    ) -> None:
        self._owner, self._name, self._note, self._done = owner, name, note, done
        self._before: Any = None
        self._hook: Any = None

    def put(self) -> None:
        """Put the hook in place; one of ours that somebody covered goes silent, so that nothing is noted twice."""
        if self._hook is not None and getattr(self._owner, self._name) is self._hook:
            return
        if self._hook is not None:
            self._hook.is_on = False
        self._before = getattr(self._owner, self._name)
        self._hook = _hooked(self._before, self._note, self._done)
        setattr(self._owner, self._name, self._hook)

    def take_off(self) -> None:
        """Put back what was there, unless somebody else put something in place meanwhile."""
        if self._hook is None:
            return
        self._hook.is_on = False
        if getattr(self._owner, self._name) is self._hook:
            setattr(self._owner, self._name, self._before)
        self._hook = None


def _hooked(before: Any, note: Callable[..., None], done: Callable[..., None] | None) -> Any:
    def hook(*args: Any, **kwargs: Any) -> Any:
        is_on = hook.is_on  # type: ignore[attr-defined]
        if is_on:
            with suppress(Exception):
                note(*args, **kwargs)
        try:
            return before(*args, **kwargs)
        finally:
            if is_on and done is not None:
                with suppress(Exception):
                    done(*args, **kwargs)

    hook.is_on = True  # type: ignore[attr-defined]
    return hook


def error_hooks(take: Take) -> list[Hook]:
    """Return the hooks for exceptions that nobody caught."""

    def note_program(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
        if error is not None and not isinstance(error, _NO_ERRORS):
            take(_error_record("CRITICAL", f"uncaught {_shown(error)}", error))

    def note_thread(args: Any) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, _NO_ERRORS):
            record = _error_record("ERROR", f"uncaught in a thread: {_shown(args.exc_value)}", args.exc_value)
            record.threadName = args.thread.name if args.thread is not None else None
            take(record)

    def note_unraisable(unraisable: Any) -> None:
        if unraisable.exc_value is not None and not isinstance(unraisable.exc_value, _NO_ERRORS):
            where = unraisable.err_msg or f"ignored in {_named(unraisable.object)}"
            take(_error_record("ERROR", f"{where}: {_shown(unraisable.exc_value)}", unraisable.exc_value))

    return [
        Hook(sys, "excepthook", note_program),
        Hook(threading, "excepthook", note_thread),
        Hook(sys, "unraisablehook", note_unraisable),
    ]


def warning_hook(take: Take) -> Hook:
    """Return the hook for warnings that the filters let through.

    `logging.captureWarnings` would take them from stderr; this one leaves them there. Where the program calls it
    itself, its records are captured like all others.

    The place is what calls `warnings.showwarning`: that itself is put back by `warnings.catch_warnings`, replaced by
    captureWarnings, and no longer told where an unclosed file was opened once it is replaced.
    """

    def note(warning: warnings.WarningMessage) -> None:
        if _is_caught():
            return
        record = source_record("py.warnings", "WARNING", str(warning.message), category=warning.category.__name__)
        record.pathname, record.lineno = warning.filename, warning.lineno
        take(record, is_logged=warnings.showwarning is _logged_warning)

    return Hook(warnings, "_showwarnmsg", note)


# What `logging.captureWarnings` puts in place.
_logged_warning = getattr(logging, "_showwarning", None)


def _is_caught() -> bool:
    """Tell whether the program collects warnings itself just now, with ``catch_warnings(record=True)``."""
    if getattr(warnings._showwarnmsg_impl, "__name__", "") == "append":  # type: ignore[attr-defined]
        return True
    context = getattr(warnings, "_get_context", None)  # Python 3.14
    return context is not None and getattr(context(), "log", None) is not None


def loop_hooks(take: Take) -> list[Hook]:
    """Return the hooks for errors that reach an asyncio loop.

    The default handler logs them to the logger ``asyncio``, where they are captured; it is what tells whether the
    program's own handler, which may call it, has kept them.
    """
    from asyncio.base_events import BaseEventLoop

    calls = _Calls()

    def begin(loop: Any, context: dict[str, Any]) -> None:
        calls.are_logged.append(False)

    def note_default(loop: Any, context: dict[str, Any]) -> None:
        if calls.are_logged:
            calls.are_logged[-1] = True

    def note(loop: Any, context: dict[str, Any]) -> None:
        is_logged = calls.are_logged.pop()
        error = context.get("exception")
        record = source_record("asyncio", "ERROR", str(context.get("message") or "unhandled error in an event loop"))
        if isinstance(error, BaseException):
            record.exc_info = (type(error), error, error.__traceback__)
        take(record, is_logged=is_logged)

    return [
        Hook(BaseEventLoop, "call_exception_handler", begin, note),
        Hook(BaseEventLoop, "default_exception_handler", note_default),
    ]


class _Calls(threading.local):
    """The calls of a loop's exception handler under way in a thread: whether each came to the default one."""

    def __init__(self) -> None:
        self.are_logged: list[bool] = []


def _error_record(level: str, message: str, error: BaseException) -> LogRecord:
    return source_record(UNCAUGHT, level, message, exc_info=(type(error), error, error.__traceback__))


def _shown(error: BaseException) -> str:
    text = ""
    with suppress(Exception):
        text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _named(value: object) -> str:
    with suppress(Exception):
        return repr(value)[:200]
    return type(value).__name__
