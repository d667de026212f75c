"""Bridges from loggers that are not Python's own: their records go to the run of the task that logs."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError
from runlogging._recorder import Recorder, Silent
from runlogging._values import safe_str
from runlogging.capture import _calls
from runlogging.capture._entries import KNOWN_LEVELS, level_of
from runlogging.run._context import current_recorder, forget

if TYPE_CHECKING:
    from types import FrameType

# Names of structlog's methods that are no levels.
_METHODS = {"exception": "ERROR", "msg": "INFO", "log": "INFO", "notset": "INFO"}


def loguru_sink(message: Any) -> None:
    """Write a record of loguru to the current run of the task that logs, or nowhere where no run is open.

    Use it as ``logger.add(runlogging.loguru_sink, level="DEBUG")``; loguru's level, filter and ``catch`` count as for
    any sink. Level (own ones too), name, function, line, time, thread, exception and ``extra`` are kept; in ``extra``,
    ``metrics`` and ``step`` mean what they mean in a log call. A record that came from `logging` by a handler that
    passes it on to loguru is in the run already, and is not written again.

    With ``enqueue=True`` a thread of loguru's calls the sink. The task is lost then: records go to the outermost run
    of the process, those that came from `logging` a second time, and of exceptions only the text that loguru
    formatted is left.

    Args:
        message: what loguru gives its sinks: the formatted text, with the record as its attribute ``record``.

    Raises:
        InvalidValueError: it has no such attribute.
    """
    record = getattr(message, "record", None)
    if not isinstance(record, dict):
        raise InvalidValueError("this is no message of loguru; use logger.add(runlogging.loguru_sink)")
    _keep(lambda: None if _is_passed_on(record) else _from_loguru(record, str(message)))


def structlog_processor(
    logger: Any, method_name: str, event_dict: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Write an event of structlog to the current run of the task that logs, or nowhere where no run is open.

    Put it anywhere into the chain of processors, best right before the renderer. ``event`` is the message;
    ``metrics`` and ``step`` mean what they mean in a log call; all other keys become attributes. The level is that of
    the key ``level`` where it names one, else the method's. Where structlog hands its events on to `logging` (a logger
    made by ``structlog.stdlib.LoggerFactory``, or a chain inside ``ProcessorFormatter``), nothing is written here:
    they are captured there.

    Args:
        logger: the logger that structlog wraps.
        method_name: the name of the method that was called, such as "info".
        event_dict: the event; it is not changed.

    Returns:
        The event, the same object.
    """
    if not _is_in_logging(logger, event_dict):
        _keep(lambda: _from_structlog(logger, method_name, event_dict))
    return event_dict


def _keep(make: Callable[[], logging.LogRecord | None]) -> None:
    """Give a record to the current run; it is made only where one captures, and what goes wrong is counted."""
    recorder: Recorder | Silent | None = current_recorder()
    if not isinstance(recorder, Recorder):
        return
    try:
        record = make()
    except Exception as error:
        recorder.session.writer.dropped.add(error)
        return
    while record is not None and recorder is not None and not recorder.take(record):
        forget(recorder)
        recorder = current_recorder()


# ---------------------------------------------------------------------- loguru


def _is_passed_on(given: dict[str, Any]) -> bool:
    """Tell whether a record of `logging` with this message is on its way through our capture just now."""
    for frame in _frames(sys._getframe(1)):
        if frame.f_code.co_name == "callHandlers" and frame.f_globals is vars(_calls):
            record = frame.f_locals.get("record")
            if isinstance(record, logging.LogRecord) and record.getMessage() == given["message"]:
                return True
    return False


def _from_loguru(given: dict[str, Any], formatted: str) -> logging.LogRecord:
    level, process, extra = given["level"], given["process"].id, given["extra"]
    record = _record(given["name"] or "loguru", level.name, level.no, given["message"])
    record.pathname, record.lineno, record.funcName = given["file"].path, given["line"], given["function"]
    record.created = given["time"].timestamp()
    record.threadName = given["thread"].name
    if process != os.getpid():
        # Not as the record's own: what a process with a writer in this run logged would count as kept by that one.
        extra = {"process": process, **extra}
    record.__dict__["extra"] = extra
    error = given["exception"]
    if error is not None and error.value is not None and error.traceback is not None:
        record.exc_info = (error.type, error.value, error.traceback)
    elif error is not None and error.type is not None:
        record.__dict__["runlogging_exception"] = _without_traceback(error, given["message"], formatted)
    return record


def _without_traceback(error: Any, message: str, formatted: str) -> dict[str, str]:
    """Describe an exception whose traceback a queue did not take: loguru's text holds it, behind the message."""
    kind = error.type
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    text = "" if error.value is None else safe_str(error.value)
    behind = formatted[formatted.find(message) + len(message) :]
    start = behind.find("Traceback (most recent call last)")
    return {"type": name, "message": text, "stacktrace": "" if start < 0 else behind[start:].rstrip()}


# ---------------------------------------------------------------------- structlog


def _is_in_logging(logger: Any, event: MutableMapping[str, Any]) -> bool:
    """Tell whether an event goes through `logging`, or comes from there."""
    if isinstance(logger, logging.Logger | logging.LoggerAdapter) or "_record" in event or "_from_structlog" in event:
        return True
    # Behind `remove_processors_meta` a record of another library's has no mark and no logger any more.
    return logger is None and any(
        frame.f_code.co_name == "format" and frame.f_globals.get("__name__") == "structlog.stdlib"
        for frame in _frames(sys._getframe(1))
    )


def _from_structlog(logger: Any, method: str, event: MutableMapping[str, Any]) -> logging.LogRecord:
    rest = dict(event)
    level = _level(method, rest)
    own_name = getattr(logger, "name", None)
    name = _taken(rest, "logger", str) or (own_name if isinstance(own_name, str) else "structlog")
    message = rest.pop("event", "")
    record = _record(name, *level, message if isinstance(message, str) else safe_str(message))
    record.args = _taken(rest, "positional_args", tuple) or ()
    record.exc_info = _exception(rest.pop("exc_info", None))
    record.exc_text, record.stack_info = _taken(rest, "exception", str), _taken(rest, "stack", str)
    frame = _caller()
    if frame is not None:
        record.pathname, record.lineno, record.funcName = frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name
    record.__dict__["extra"] = rest
    return record


def _taken(rest: dict[str, Any], key: str, kind: type) -> Any:
    """Take a value out of an event where it is of the type that structlog's own processors give it, else None."""
    return rest.pop(key) if isinstance(rest.get(key), kind) else None


def _level(method: str, rest: dict[str, Any]) -> tuple[str, int]:
    """Return name and number of an event's level; a key that names one is taken out, ``level=3`` is a value."""
    key = rest.get("level")
    if isinstance(key, str) and (key.upper() in KNOWN_LEVELS or key.upper() in logging.getLevelNamesMapping()):
        return _known(rest.pop("level"))
    return _known(_METHODS.get(method, method))


def _known(name: str) -> tuple[str, int]:
    number = logging.getLevelNamesMapping().get(name.upper())
    if number is not None:
        return logging.getLevelName(number), number
    return level_of(name.upper()) or ("INFO", logging.INFO)


def _exception(given: Any) -> Any:
    """Return an exception as `logging` has it: structlog takes True, an exception or the three of ``sys.exc_info``."""
    if isinstance(given, BaseException):
        return (type(given), given, given.__traceback__)
    info = given if isinstance(given, tuple) else sys.exc_info() if given else None
    return info if info is not None and len(info) == 3 and info[1] is not None else None


def _caller() -> FrameType | None:
    """Return the frame of the log call: the first that is neither ours nor structlog's."""
    frame: FrameType = sys._getframe(1)
    # The asynchronous methods run the chain in a thread, and note here where they were called.
    calling = getattr(sys.modules.get("structlog.contextvars"), "_ASYNC_CALLING_STACK", None)
    if calling is not None:
        frame = calling.get(frame)
    modules = ((found, str(found.f_globals.get("__name__"))) for found in _frames(frame))
    return next((found for found, name in modules if name.partition(".")[0] not in ("runlogging", "structlog")), None)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _record(name: str, level: str, number: int, message: str) -> logging.LogRecord:
    # The class, not the factory: a factory of the program's adds to its own records only.
    record = logging.LogRecord(name, number, "", 0, message, (), None)
    record.levelname = level
    return record
