"""Live handlers as views, with those that a queue or a buffer hands records on to."""

from __future__ import annotations

from logging import NullHandler
from logging.handlers import BufferingHandler, MemoryHandler, QueueHandler
from typing import Any

from runlogging._errors import RunLoggingError
from runlogging.doctor._attributes import filters_of, number_of, value_of
from runlogging.doctor._listeners import find_listener, is_running
from runlogging.doctor._model import HandlerView
from runlogging.folder import read_manifest
from runlogging.handlers import RunHandler

_DEEPEST = 8
_NEW = "runlogging.RunHandler()"


def read_handlers(handlers: Any, expression: str) -> tuple[HandlerView, ...]:
    """Return the handlers of a logger.

    Args:
        handlers: its list.
        expression: an expression of Python that gives the logger.
    """
    listed = list(handlers) if isinstance(handlers, list | tuple) else []
    return tuple(_read(one, f"{expression}.handlers[{at}]", ("", " = ", ""), 0) for at, one in enumerate(listed))


# How a handler is replaced where it is: what stands before its expression, between it and the new one, and after.
_Put = tuple[str, str, str]


def _read(handler: Any, ref: str, put: _Put, depth: int) -> HandlerView:
    try:
        kind = _kind_of(handler, ref, put, depth) if depth < _DEEPEST else {}
    except Exception:  # an odd handler is one that keeps what it takes, for all that can be known
        kind = {}
    return HandlerView(
        type(handler).__qualname__,
        ref,
        number_of(value_of(handler, "level", 0)),
        filters_of(handler),
        **kind,
    )


def _kind_of(handler: Any, ref: str, put: _Put, depth: int) -> dict[str, Any]:
    kind = type(handler)
    if issubclass(kind, RunHandler):
        return _run(handler, ref, put)
    if issubclass(kind, NullHandler):
        return {"problem": "null"}
    if issubclass(kind, QueueHandler):
        return _queue(handler, ref, depth)
    if issubclass(kind, MemoryHandler):
        return _memory(handler, ref, depth)
    if kind.flush is BufferingHandler.flush if issubclass(kind, BufferingHandler) else False:
        return {"problem": "target", "remedy": f"{put[0] or ref}{put[1]}{_NEW}{put[2]}"}
    return {}


def _run(handler: RunHandler, ref: str, put: _Put) -> dict[str, Any]:
    facts: dict[str, Any] = {"run": handler.run_path, "is_captured": handler._session.writer.captures is not None}
    if _is_ended(handler):
        experiment = handler.run_path.parent
        new = f"runlogging.RunHandler({str(experiment.parent)!r}, experiment={experiment.name!r})"
        facts |= {"problem": "ended", "remedy": f"{put[0] or ref}{put[1]}{new}{put[2]}"}
    return facts


def _is_ended(handler: RunHandler) -> bool:
    """Tell whether ``complete``, ``fail`` or ``cancel`` was the end; after `close` a record reopens the run."""
    if handler._session.writer.is_open:
        return False
    try:
        return read_manifest(handler.run_path).final
    except (RunLoggingError, OSError):  # not begun yet, or nobody can tell
        return False


def _memory(handler: MemoryHandler, ref: str, depth: int) -> dict[str, Any]:
    target = handler.target
    if target is None:
        return {"problem": "target", "remedy": f"{ref}.setTarget({_NEW})"}
    # MemoryHandler hands records on whatever the level of the target is.
    return {"inner": (_read(target, f"{ref}.target", ("", " = ", ""), depth + 1),)}


def _queue(handler: QueueHandler, ref: str, depth: int) -> dict[str, Any]:
    found = find_listener(handler, ref)
    if found is None:
        if not type(handler.queue).__module__.startswith(("queue", "_queue")):
            return {"doubt": "listener", "remedy": f"logging.handlers.QueueListener({ref}.queue, {_NEW}).start()"}
        return {"problem": "queue", "remedy": f"logging.handlers.QueueListener({ref}.queue, {_NEW}).start()"}
    listener, name = found
    if not is_running(listener):
        return {"problem": "queue", "remedy": f"{name}.start()", **_behind(listener, name, depth)}
    return _behind(listener, name, depth)


def _behind(listener: Any, name: str, depth: int) -> dict[str, Any]:
    places = f"{name}.handlers"
    inner = [
        _read(
            one,
            f"{places}[{at}]",
            (f"{places}", f" = (*{places}[:{at}], ", f", *{places}[{at + 1}:])"),
            depth + 1,
        )
        for at, one in enumerate(listener.handlers)
    ]
    return {"inner": tuple(inner), "inner_levels": bool(value_of(listener, "respect_handler_level", False))}
