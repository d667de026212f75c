"""The interpreter's hooks for what nobody caught: exceptions of the program, of threads, of destructors; and warnings.

Each hook writes a record to the current run and then does what was there before. It is put back only if it still is
ours; else it stays where it is and passes through.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runlogging._recorder import source_record

if TYPE_CHECKING:
    from logging import LogRecord

Take = Callable[["LogRecord"], None]

UNCAUGHT = "uncaught"
"""What stands as the logger of an exception that nobody caught."""


class Hook:
    """A function of a module that is replaced for a while.

    Args:
        owner: the module.
        name: the function's name in it.
        note: is given the arguments before the function that was there.
    """

    def __init__(self, owner: Any, name: str, note: Callable[..., None]) -> None:
        self._owner, self._name, self._note = owner, name, note
        self._before: Any = None
        self._hook: Any = None

    def put(self) -> None:
        """Put the hook in place; one of ours that somebody covered goes silent, so that nothing is noted twice."""
        if self._hook is not None and getattr(self._owner, self._name) is self._hook:
            return
        if self._hook is not None:
            self._hook.is_on = False
        self._before = getattr(self._owner, self._name)
        self._hook = _hooked(self._before, self._note)
        setattr(self._owner, self._name, self._hook)

    def take_off(self) -> None:
        """Put back what was there, unless somebody else put something in place meanwhile."""
        if self._hook is None:
            return
        self._hook.is_on = False
        if getattr(self._owner, self._name) is self._hook:
            setattr(self._owner, self._name, self._before)
        self._hook = None


def _hooked(before: Any, note: Callable[..., None]) -> Any:
    def hook(*args: Any, **kwargs: Any) -> Any:
        if hook.is_on:  # type: ignore[attr-defined]
            with suppress(Exception):
                note(*args, **kwargs)
        return before(*args, **kwargs)

    hook.is_on = True  # type: ignore[attr-defined]
    return hook


def error_hooks(take: Take) -> list[Hook]:
    """Return the hooks for exceptions that nobody caught."""

    def note_program(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
        if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
            take(_error_record("CRITICAL", f"uncaught {_shown(error)}", error))

    def note_thread(args: Any) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            record = _error_record("ERROR", f"uncaught in a thread: {_shown(args.exc_value)}", args.exc_value)
            record.threadName = args.thread.name if args.thread is not None else None
            take(record)

    def note_unraisable(unraisable: Any) -> None:
        if unraisable.exc_value is not None:
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
    itself, its records are captured like all others, and this hook, below it, is not called.
    """

    def note(message: Any, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any) -> None:
        record = source_record("py.warnings", "WARNING", str(message), category=category.__name__)
        record.pathname, record.lineno = filename, lineno
        take(record)

    return Hook(warnings, "showwarning", note)


def loop_hook(take: Take) -> Hook:
    """Return the hook for errors that reach an asyncio loop whose program has a handler of its own for them.

    The default handler logs them to the logger ``asyncio``, where they are captured.
    """
    from asyncio.base_events import BaseEventLoop

    def note(loop: Any, context: dict[str, Any]) -> None:
        if loop.get_exception_handler() is None:
            return
        error = context.get("exception")
        message = str(context.get("message") or "unhandled error in an event loop")
        record = source_record("asyncio", "ERROR", message)
        if isinstance(error, BaseException):
            record.exc_info = (type(error), error, error.__traceback__)
        take(record)

    return Hook(BaseEventLoop, "call_exception_handler", note)


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
