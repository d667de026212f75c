"""Lines that are JSON objects, by whatever library they were written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from runlogging._patterns import LazyPattern
from runlogging.adopting._clock import Clock
from runlogging.adopting._text_formats import put_time
from runlogging.adopting._tracebacks import parse_exception
from runlogging.capture._entries import Entry
from runlogging.folder import Line

_decode = msgspec.json.Decoder().decode
_OUR_TIME = LazyPattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_OUR_FIELDS = frozenset(Line.__struct_fields__)
_ONLY_OURS = frozenset({"seq", "template", "metrics", "values"})
_INT64 = 1 << 63

# Where libraries put what a record has: python-json-logger and logging, structlog, ECS (flat or nested), OpenTelemetry,
# our own. In the order in which they are tried.
_TIMES = ("created", "@timestamp", "asctime", "timestamp", "time", "ts", "datetime")
_LEVELS = ("levelname", "level", "severity", "log.level", "level_name", "loglevel", "lvl", "levelno", "level_number")
_LOGGERS = ("logger", "log.logger", "logger_name", "name")
_MESSAGES = ("message", "msg", "event", "@message")
_FILES = ("pathname", "log.origin.file.name", "file", "filename", "code.file.path")
_LINES = ("lineno", "log.origin.file.line", "line", "code.line.number")
_FUNCTIONS = ("funcName", "log.origin.function", "func_name", "function", "code.function.name")
_THREADS = ("threadName", "process.thread.name", "thread_name", "thread", "thread.name")
_TASKS = ("taskName", "task_name", "task")
_PROCESSES = ("process", "process.pid", "pid")
_TRACES = ("exc_info", "exc_text", "exception", "traceback")
_STACKS = ("stack_info", "stack")
_EXCEPTIONS = (
    ("exception.type", "exception.message", "exception.stacktrace"),
    ("error.type", "error.message", "error.stack_trace"),
)


def decode_object(text: str) -> dict[str, Any] | None:
    """Return the JSON object that a text is, or None. NaN and infinities are taken, as `json` writes them."""
    if text.lstrip()[:1] != "{":
        return None
    try:
        value = _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def is_record(data: dict[str, Any]) -> bool:
    """Tell whether an object in the output of a program is a record: it has a level, or metrics."""
    if isinstance(data.get("metrics"), dict) or _is_loguru(data):
        return True
    return any(isinstance(_find(data, name), str | int) for name in _LEVELS)


def entry_of_object(data: dict[str, Any], clock: Clock) -> Entry:
    """Return the entry of an object; the object is taken apart."""
    line = _our_line(data)
    moment = clock.read(line.time) if line is not None else None
    if moment is not None:
        return Entry(line=line, us=moment.us)
    if _is_loguru(data):
        return _loguru_entry(data, clock)
    return _common_entry(data, clock)


def _our_line(data: dict[str, Any]) -> Line | None:
    """Return a line of ours as it was, or None where the object is none."""
    time = data.get("time")
    if not isinstance(time, str) or not _ONLY_OURS & data.keys() or not data.keys() <= _OUR_FIELDS:
        return None
    if not _OUR_TIME.re.fullmatch(time) or not _are_numbers(data.get("metrics")):
        return None
    try:
        return msgspec.convert(data, Line)
    except msgspec.ValidationError:
        return None


def _are_numbers(metrics: object) -> bool:
    if not isinstance(metrics, dict):
        return metrics is None
    return all(
        value is None or type(value) is float or (type(value) is int and -_INT64 <= value < _INT64)
        for value in metrics.values()
    )


def _is_loguru(data: dict[str, Any]) -> bool:
    record = data.get("record")
    return isinstance(record, dict) and isinstance(record.get("level"), dict) and isinstance(record.get("time"), dict)


def _loguru_entry(data: dict[str, Any], clock: Clock) -> Entry:
    record = data["record"]
    parts = {name: record.get(name) if isinstance(record.get(name), dict) else {} for name in _LOGURU_PARTS}
    extra = parts["extra"]
    entry = Entry(message=_as_text(record.get("message")), logger=_text_or_none(record.get("name")))
    put_time(entry, clock, parts["time"].get("timestamp")) or put_time(entry, clock, parts["time"].get("repr"))
    name, number = parts["level"].get("name"), parts["level"].get("no")
    entry.put_level(name if isinstance(name, str) else number)
    entry.level = name if isinstance(name, str) else entry.level
    entry.level_number = number if _is_int(number) else entry.level_number
    entry.file, entry.function = _text_or_none(parts["file"].get("path")), _text_or_none(record.get("function"))
    entry.line_number = record.get("line") if _is_int(record.get("line")) else None
    entry.thread = _text_or_none(parts["thread"].get("name"))
    entry.process = parts["process"].get("id") if _is_int(parts["process"].get("id")) else None
    entry.metrics, entry.step = extra.pop("metrics", None), extra.pop("step", None)
    entry.attributes = {
        "module": record.get("module"),
        "elapsed": parts["elapsed"].get("seconds"),
        "process_name": parts["process"].get("name"),
        "thread_id": parts["thread"].get("id"),
        **extra,
    }
    if isinstance(record.get("exception"), dict):
        entry.exception = _loguru_exception(record["exception"], str(data.get("text", "")))
    return entry


_LOGURU_PARTS = ("extra", "time", "level", "file", "thread", "process", "elapsed")


def _loguru_exception(given: dict[str, Any], text: str) -> dict[str, str]:
    place = re.search(r"(?m)^(?:  \+ Exception Group )?Traceback \(most recent call last\):$", text)
    trace = text[place.start() :].rstrip("\n") if place else ""
    return {"type": _as_text(given.get("type")), "message": _as_text(given.get("value")), "stacktrace": trace}


def _common_entry(data: dict[str, Any], clock: Clock) -> Entry:
    entry = Entry()
    # The name in an event of structlog is an attribute like any other.
    loggers = _LOGGERS[:-1] if "event" in data and not {"message", "msg"} & data.keys() else _LOGGERS
    for name in _TIMES:
        if put_time(entry, clock, _find(data, name)):
            _take(data, name)
            break
    _put_level(entry, data)
    entry.message = _as_text(_taken(data, _MESSAGES, lambda value: True))
    entry.logger = _taken(data, loggers, _is_text)
    entry.template = _taken(data, ("template",), _is_text)
    entry.file, entry.line_number = _taken(data, _FILES, _is_text), _taken(data, _LINES, _is_int)
    entry.function, entry.thread = _taken(data, _FUNCTIONS, _is_text), _taken(data, _THREADS, _is_text)
    entry.task, entry.process = _taken(data, _TASKS, _is_text), _taken(data, _PROCESSES, _is_int)
    _put_exception(entry, data)
    entry.stack = _lines_text(_taken(data, _STACKS, lambda value: bool(_lines_text(value))))
    entry.metrics, entry.step = data.pop("metrics", None), data.pop("step", None)
    entry.attributes = data
    return entry


def _put_level(entry: Entry, data: dict[str, Any]) -> None:
    for name in _LEVELS:
        value = _find(data, name)
        if isinstance(value, str | int) and entry.put_level(value):
            _take(data, name)
            break
    for name in ("levelno", "level_number"):
        if _is_int(data.get(name)):
            entry.level_number = data.pop(name)


def _put_exception(entry: Entry, data: dict[str, Any]) -> None:
    for name in _TRACES:
        parsed = parse_exception(_lines_text(data.get(name)) or "")
        if parsed is not None:
            del data[name]
            entry.exception = parsed
            return
    for kind, message, trace in _EXCEPTIONS:
        if _is_text(_find(data, kind)):
            texts = (_as_text(_take(data, name)) for name in (kind, message, trace))
            entry.exception = dict(zip(("type", "message", "stacktrace"), texts, strict=True))
            return


def _find(data: dict[str, Any], name: str) -> Any:
    """Return what stands under a name, or under the parts of a name with dots; None where there is nothing."""
    value: Any = data.get(name)
    if value is None and "." in name:
        value = data
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _take(data: dict[str, Any], name: str) -> Any:
    """Take out what `_find` finds, and the objects that are empty then."""
    if name in data or "." not in name:
        return data.pop(name, None)
    first, rest = name.split(".", 1)
    inner = data.get(first)
    if not isinstance(inner, dict):
        return None
    value = _take(inner, rest)
    if not inner:
        del data[first]
    return value


def _taken(data: dict[str, Any], names: tuple[str, ...], is_one: Callable[[Any], bool]) -> Any:
    for name in names:
        value = _find(data, name)
        if value is not None and is_one(value):
            return _take(data, name)
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _as_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _lines_text(value: Any) -> str | None:
    """Return a text that is given as one or as a list of lines."""
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    return value if isinstance(value, str) else None
