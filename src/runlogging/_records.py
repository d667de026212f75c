"""From a log record to a line: the record vocabulary.

`RecordBuilder.build` is the hot path of every handler. It makes the line of an ordinary record, or of one whose metrics
are plain finite numbers, in one pass; whatever is rarer goes through `_complete`, which knows all rules of
``docs/format.md``.
"""

from __future__ import annotations

import logging
import operator
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from runlogging._redaction import Redactor
from runlogging._values import (
    OddNumbers,
    ValueItem,
    normalise,
    number_of,
    safe_repr,
    safe_str,
)
from runlogging.folder import (
    LOGS,
    METRICS,
    STANDARD_LEVELS,
    VALUES,
    ArtifactLine,
    Dropped,
    Line,
    clean_text,
    put_at,
    second_text,
    to_microseconds,
    unused_name,
)

# What a record has of its own; with asctime and message, which formatters add, and what our queue support adds.
OWN_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {
    "asctime",
    "message",
    "runlogging_exception",
    "runlogging_template",
    "runlogging_dropped",
    "runlogging_run",
    "metrics",
    "step",
}
_OWN_COUNT = len(logging.makeLogRecord({}).__dict__)
_HAS_TASK = sys.version_info >= (3, 12)
_MIN_INT, _MAX_INT = -(1 << 63), (1 << 63) - 1
_MAX_TEMPLATES = 1024
# Three digits of a fraction of a second: looking them up costs half of formatting them.
DIGITS = [f"{number:03d}" for number in range(1000)]

_process = os.getpid()


def _note_process() -> None:
    global _process
    _process = os.getpid()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_process)


class AlreadyKept(Exception):  # noqa: N818  (no error: the record is where it belongs)
    """Say that the run has this record already, from a verb."""


class Store(Protocol):
    """Keeps the JSON of a large value as an artifact."""

    def __call__(self, label: str, data: bytes) -> ArtifactLine:
        """Keep the bytes under a name made from the label."""
        ...


def stream_of(line: Line) -> int:
    """Return the stream a line belongs to: LOGS, METRICS or VALUES."""
    if line.values is not None:
        return VALUES
    return LOGS if line.metrics is None else METRICS


class RecordBuilder:
    """Build lines from log records; the record is never changed.

    Args:
        redactor: what takes secrets out of texts; None leaves them in.
        store: keeps a large value; None leaves it in the line.
        on_second: called when the clock of the records enters another second; for the caller's upkeep.
        on_dropped: told of records that a queue before this one did not take.
        mark: that of the run that the lines go to; records that it has already are refused.
        kept_by: tells of a process id and a time whether that process kept its records of then in this run itself.
        is_capture: whether records that any run has already are refused.
    """

    def __init__(
        self,
        redactor: Redactor | None,
        store: Store | None = None,
        on_second: Callable[[], None] | None = None,
        on_dropped: Callable[[Dropped], None] | None = None,
        mark: str | None = None,
        kept_by: Callable[[int, float], bool] | None = None,
        is_capture: bool = False,
    ) -> None:
        self._redact = redactor.text if redactor is not None else None
        self._redact_attribute = redactor.attribute if redactor is not None else None
        self._judge = redactor.template if redactor is not None else None
        self._templates: dict[str, str | None] = redactor.templates if redactor is not None else {}
        # A base that no time is near: the first record enters its second.
        self._second = (-(1 << 62), "")
        self._store = store
        self._on_second = on_second
        self._on_dropped = on_dropped
        self._mark = mark
        self._kept_by = kept_by
        self._is_capture = is_capture

    def build(self, record: logging.LogRecord) -> Line:
        """Return the line of a record, without its ``seq``.

        A record that lacks attributes, or lies about them, gets the line that can be had.

        Raises:
            AlreadyKept: the run has this record.
        """
        d = record.__dict__
        row = step = None
        try:
            extras = len(d) - _OWN_COUNT
            if extras:
                # The formatter of another handler was here before.
                if "message" in d:
                    extras -= 1
                if "asctime" in d:
                    extras -= 1
            if extras:
                # Metrics, a step and nothing else: the one shape of extras worth its own path.
                row = d["metrics"]
                if extras == 2:
                    step = d["step"]
                    if type(step) is not int or not _MIN_INT <= step <= _MAX_INT:
                        return self._complete(record)
                if extras > 2 or not row or type(row) is not dict:
                    return self._complete(record)
                for name, value in row.items():
                    if type(value) is float:
                        # Not zero, for NaN and the infinities.
                        if value - value:
                            return self._complete(record)
                    elif type(value) is not int or not _MIN_INT <= value <= _MAX_INT:
                        return self._complete(record)
                    if type(name) is not str:
                        return self._complete(record)
            if (
                d["exc_info"]
                or d["exc_text"]
                or d["stack_info"]
                or d["levelname"] not in STANDARD_LEVELS
                or d["process"] != _process
            ):
                return self._complete(record)
            template = message = d["msg"]
            try:
                cleared = self._templates[template]
            except KeyError:
                cleared = self._judged(template)
            args = d["args"]
            if args:
                message = template % args
                if cleared is None and self._redact is not None:
                    for arg in args:
                        if type(arg) is not int and type(arg) is not float:
                            message = self._redacted(message, template, args)
                            break
            if cleared is not None and self._redact is not None:
                template, message = cleared, self._redact(message)
            base, second = self._second
            us = round(d["created"] * 1e6) - base
            if not 0 <= us < 1_000_000:
                us, second = self._enter_second(us + base)
            return Line(
                None,
                f"{second}{DIGITS[us // 1000]}{DIGITS[us % 1000]}Z",
                step,
                row,
                None,
                d["levelname"],
                d["name"],
                message,
                template,
                d["pathname"],
                d["lineno"],
                d["funcName"],
                d["threadName"],
                d["taskName"] if _HAS_TASK else None,
            )
        except Exception:
            return self._complete(record)

    def _judged(self, template: Any) -> str | None:
        if type(template) is not str:
            raise TypeError("only text is a template")
        if self._judge is not None:
            return self._judge(template)
        if len(self._templates) >= _MAX_TEMPLATES:
            self._templates.clear()
        self._templates[template] = None
        return None

    def _redacted(self, message: str, template: str, args: Any) -> str:
        """Clear a message whose template names no secret: only its arguments can have brought one."""
        redact = self._redact
        if redact is None:
            return message
        if type(args) is not tuple:
            return redact(message)
        is_clean = True
        for arg in args:
            if type(arg) is str:
                is_clean = is_clean and redact(arg) == arg
            elif type(arg) is not int and type(arg) is not float:
                return redact(message)
        if is_clean:
            return message
        # The parts first: in the message a secret may stand right behind a word, where its shape is not seen.
        return redact(template % tuple(redact(arg) if type(arg) is str else arg for arg in args))

    def _enter_second(self, us: int) -> tuple[int, str]:
        second, rest = divmod(us, 1_000_000)
        text = second_text(second)
        self._second = (second * 1_000_000, text)
        if self._on_second is not None:
            self._on_second()
        return rest, text

    # ------------------------------------------------------------------ the rarer records

    def _complete(self, record: logging.LogRecord) -> Line:
        """Build a line by all the rules; each part on its own, so that a bad one costs only itself."""
        # A mark is one attribute more than the quick path knows, so every marked record comes here.
        if self._mark is not None and self._has(record):
            raise AlreadyKept
        line = Line()
        problems: list[str] = []
        attributes = _attributes(record)
        given = _given(record)
        self._put_time(line, record, attributes)
        self._put_place(line, record)
        self._put_texts(line, record, problems)
        step = given.get("step")
        if step is not None:
            line.step = step_of(step)
            if line.step is None:
                attributes["step"] = step
        metrics = given.get("metrics")
        if isinstance(metrics, Mapping):
            self._put_metrics(line, metrics, problems)
        elif metrics is not None:
            attributes["metrics"] = metrics
        self._put_exception(line, record)
        line.attributes = self._plain_attributes(attributes) or None
        self._take_dropped(record, problems)
        line.problems = problems or None
        return line

    def _has(self, record: logging.LogRecord) -> bool:
        """Tell whether the run has a record: it is marked, or came from a process that keeps its own."""
        d = record.__dict__
        mark = d.get("runlogging_run")
        if mark is not None and (self._is_capture or mark == self._mark):
            return True
        process = d.get("process")
        if self._kept_by is None or type(process) is not int or process == _process:
            return False
        created = d.get("created")
        return isinstance(created, int | float) and self._kept_by(process, created)

    def _put_time(self, line: Line, record: logging.LogRecord, attributes: dict[str, Any]) -> None:
        created = record.__dict__.get("created")
        try:
            us = to_microseconds(float(created))  # type: ignore[arg-type]
        except Exception:
            us = to_microseconds(time.time())
            attributes[unused_name("created", attributes)] = created
        base, second = self._second
        rest = us - base
        if not 0 <= rest < 1_000_000:
            rest, second = self._enter_second(us)
        line.time = f"{second}{rest:06d}Z"

    def _put_place(self, line: Line, record: logging.LogRecord) -> None:
        d = record.__dict__
        line.level = _text_or_none(d.get("levelname"))
        number = d.get("levelno")
        if isinstance(number, int) and STANDARD_LEVELS.get(line.level or "") != number:
            line.level_number = int(number)
        line.logger = _text_or_none(d.get("name"))
        line.file = _text_or_none(d.get("pathname"))
        line.function = _text_or_none(d.get("funcName"))
        line.thread = _text_or_none(d.get("threadName"))
        line.task = _text_or_none(d.get("taskName")) if _HAS_TASK else None
        number = d.get("lineno")
        line.line = int(number) if isinstance(number, int) else None
        process = d.get("process")
        line.process = process if isinstance(process, int) and process != _process else None

    def _put_texts(self, line: Line, record: logging.LogRecord, problems: list[str]) -> None:
        raw = record.__dict__.get("msg")
        given = _dict_message(record)
        key = _text_key(given)
        if key is not None:
            message = given[key]
        else:
            try:
                message = record.getMessage()
            except Exception as error:
                message = safe_str(raw)
                arguments = _argument_texts(record.__dict__.get("args"))
                problems.append(f"message not formatted: {type(error).__name__}: {safe_str(error)}; args={arguments}")
        template = record.__dict__.get("runlogging_template", raw)
        template = template if isinstance(template, str) else message
        if self._redact is not None:
            message, template = self._redact(message), self._redact(template)
            problems[:] = [self._redact(problem) for problem in problems]
        line.message, line.template = str(message), str(template)

    def _put_metrics(self, line: Line, metrics: Mapping[Any, Any], problems: list[str]) -> None:
        row: dict[str, Any] = {}
        odd = OddNumbers()
        items: list[ValueItem] = []
        taken: dict[str, Any] = {}
        for key, value in _pairs(metrics, problems):
            name = _metric_name(key, taken, problems)
            taken[name] = None
            if isinstance(value, ValueItem):  # taken before it went through a queue
                items.append(value)
                continue
            try:
                number = number_of(value)
                if number is not None:
                    row[name] = odd.written(number, name)
                else:
                    items.append(ValueItem(name, value))
            except Exception as error:
                problems.append(f"value of {name!r} not readable: {type(error).__name__}: {safe_str(error)}")
                items.append(ValueItem(name, f"<{type(value).__name__} that could not be read>"))
        line.metrics = row or None
        line.nonfinite, line.exact = odd.nonfinite or None, odd.exact or None
        if items:
            line.values = [finished_value(item, problems, self._store) for item in items]

    def _put_exception(self, line: Line, record: logging.LogRecord) -> None:
        fields = exception_fields(record)
        if fields is not None:
            line.exception = {key: self._cleared(text) for key, text in fields.items()}
        stack = record.__dict__.get("stack_info")
        line.stack = self._cleared(safe_str(stack)) if stack else None

    def _take_dropped(self, record: logging.LogRecord, problems: list[str]) -> None:
        told = record.__dict__.get("runlogging_dropped")
        if told is not None:
            dropped = Dropped(*told)
            problems.append(f"{dropped.records} records before this one did not fit into its queue")
            if self._on_dropped is not None:
                self._on_dropped(dropped)

    def _plain_attributes(self, attributes: dict[str, Any]) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for key, value in attributes.items():
            name = unused_name(key if type(key) is str else safe_str(key), plain)
            try:
                plain[name] = self._plain_attribute(name, value)
            except Exception as error:
                plain[name] = f"<{type(value).__name__} that could not be read: {type(error).__name__}>"
        return plain

    def _plain_attribute(self, name: str, value: Any) -> Any:
        odd = OddNumbers()
        plain = normalise(value, odd)
        for pointer, text in (odd.nonfinite | odd.exact).items():
            plain = put_at(plain, pointer, text)
        return plain if self._redact_attribute is None else self._redact_attribute(name, plain)

    def _cleared(self, text: str) -> str:
        return text if self._redact is None else self._redact(text)


def step_of(value: Any) -> int | None:
    """Return a step as an int of 64 bits, or None where ``operator.index`` does not take it."""
    try:
        step = operator.index(value)
    except Exception:
        return None
    return step if _MIN_INT <= step <= _MAX_INT else None


def exception_fields(record: logging.LogRecord) -> dict[str, str] | None:
    """Return type, message and stack trace of the exception that a record carries, or None."""
    known = record.__dict__.get("runlogging_exception")
    if isinstance(known, dict):
        return {str(key): safe_str(value) for key, value in known.items()}
    info = record.__dict__.get("exc_info")
    text = record.__dict__.get("exc_text")
    if isinstance(info, tuple) and len(info) == 3 and isinstance(info[1], BaseException):
        return describe_exception(info[1], text or _stack_trace(info))
    return _exception_of_text(safe_str(text)) if text else None


def describe_exception(error: BaseException, stack_trace: str) -> dict[str, str]:
    """Return an exception as the format's three fields: qualified type name, message, stack trace."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return {"type": name, "message": safe_str(error), "stacktrace": stack_trace}


def _stack_trace(info: Any) -> str:
    try:
        return logging.Formatter().formatException(info)
    except Exception as error:
        return f"<traceback that could not be formatted: {type(error).__name__}>"


def _exception_of_text(text: str) -> dict[str, str]:
    last = text.rstrip().rpartition("\n")[2]
    kind, _, message = last.partition(": ")
    return {"type": kind, "message": message, "stacktrace": text}


def _attributes(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the caller added: extras, the entries of loguru's ``extra`` dict and of a dict message."""
    d = record.__dict__
    attributes: dict[str, Any] = {}
    message = _dict_message(record)
    text_key = _text_key(message)
    for source in (message, _loguru_extra(record)):
        for key, value in list(source.items()):
            if key not in ("metrics", "step") and not (source is message and key == text_key):
                attributes[key] = value
    for key, value in list(d.items()):
        if key not in OWN_ATTRIBUTES and not (key == "extra" and isinstance(value, dict)):
            attributes[key] = value
    return attributes


def _given(record: logging.LogRecord) -> dict[str, Any]:
    """Return metrics and step, from where the caller put them; empty metrics are none."""
    given: dict[str, Any] = {}
    for source in (_dict_message(record), _loguru_extra(record), record.__dict__):
        given.update((key, source[key]) for key in ("metrics", "step") if key in source)
    metrics = given.get("metrics")
    if isinstance(metrics, Mapping) and not metrics:
        del given["metrics"]
    return given


def given_metrics(record: logging.LogRecord) -> Mapping[Any, Any] | None:
    """Return the metrics that a record carries, wherever the caller put them; None for an ordinary record."""
    metrics = _given(record).get("metrics")
    return metrics if isinstance(metrics, Mapping) else None


def _dict_message(record: logging.LogRecord) -> dict[Any, Any]:
    """Return the dict that stands for the message, as python-json-logger and structlog have it, or an empty one."""
    message = record.__dict__.get("msg")
    return message if isinstance(message, dict) and not record.__dict__.get("args") else {}


def _loguru_extra(record: logging.LogRecord) -> dict[Any, Any]:
    extra = record.__dict__.get("extra")
    return extra if isinstance(extra, dict) else {}


def _text_key(message: Mapping[Any, Any]) -> str | None:
    """Return the key of the text in a dict message: ``message`` for python-json-logger, ``event`` for structlog."""
    return next((key for key in ("message", "event") if isinstance(message.get(key), str)), None)


def _argument_texts(arguments: Any) -> str:
    if not isinstance(arguments, tuple):
        return safe_repr(arguments)
    return f"({', '.join(map(safe_repr, arguments))})"


def _pairs(metrics: Mapping[Any, Any], problems: list[str]) -> list[tuple[Any, Any]]:
    try:
        return list(metrics.items())
    except Exception as error:
        problems.append(f"metrics not readable: {type(error).__name__}: {safe_str(error)}")
        return []


def _metric_name(key: Any, taken: Mapping[str, Any], problems: list[str]) -> str:
    wanted = clean_text(key if type(key) is str else safe_str(key))
    name = unused_name(wanted, taken)
    if name != wanted:
        problems.append(f"two values are named {wanted!r}; the second is {name!r}")
    return name


def finished_value(item: ValueItem, problems: list[str], store: Store | None) -> dict[str, Any]:
    """Return a value for its line; a large one is stored as an artifact, and the line refers to it."""
    if item.is_large and store is not None:
        try:
            artifact = store(str(item.item["name"]), item.content())
            item.refer(artifact.name, artifact.sha256, artifact.size)
        except Exception as error:
            problems.append(f"large value kept in its line: {type(error).__name__}: {safe_str(error)}")
    return item.item


def _text_or_none(value: Any) -> str | None:
    if value is None:
        return None
    return value if type(value) is str else safe_str(value)
