"""Logs of other programs become runs: what was logged is read back, and no line is lost."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import logging
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import loguru
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonjsonlogger.json import JsonFormatter
from pythonjsonlogger.orjson import OrjsonFormatter

from runlogging import InvalidValueError, RunFormatter, RunLoggingError, open_run
from runlogging.adopting._adopt import Adopted, adopt
from runlogging.adopting._text_formats import COMMON_FORMATS
from runlogging.adopting._text_metrics import metrics_in
from runlogging.reading import LogEntry
from tests.conftest import all_lines

FEW = settings(max_examples=20, deadline=None)
# A text log cannot tell a line break in a message from the end of a record; CR and form feed are left out likewise.
ONE_LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40)
FIRST_WORD = ONE_LINE.filter(lambda text: text == text.strip())
LEVELS = st.sampled_from([10, 20, 30, 40, 50])
TIMES = st.datetimes(datetime(1975, 1, 1), datetime(2037, 1, 1)).map(lambda at: at.replace(tzinfo=UTC).timestamp())


@pytest.fixture(autouse=True)
def _known_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let local time be two hours before UTC's noon at noon, whatever the machine says."""
    monkeypatch.setenv("TZ", "Etc/GMT-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def adopted(data: str | bytes, **options: Any) -> tuple[Adopted, list[LogEntry]]:
    """Adopt a log in a folder that goes again; return what became of it and its entries."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.log"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        os.utime(path, (1_700_000_000, 1_700_000_000))
        done = adopt(path, Path(folder) / "runs", **{"redact": False, **options})
        return done, open_run(done.path).logs()


def formatted(formatter: logging.Formatter, records: list[logging.LogRecord]) -> str:
    """Return records as a FileHandler with a formatter writes them."""
    return "".join(formatter.format(record) + "\n" for record in records)


def record_of(message: str, level: int = 20, created: float = 1e9, **extra: Any) -> logging.LogRecord:
    """Return a record as a log call makes it."""
    record = logging.LogRecord("app.part", level, "/srv/app.py", 12, message, (), extra.pop("exc_info", None), "work")
    record.created, record.msecs = created, math.floor(created % 1 * 1000)
    record.__dict__.update(extra)
    return record


def raised(message: str) -> Any:
    """Return the exc_info of an error."""
    try:
        raise ValueError(message)
    except ValueError:
        return sys.exc_info()


# ---------------------------------------------------------------------- JSON


@FEW
@given(st.lists(st.tuples(st.text(), LEVELS, TIMES, st.dictionaries(st.sampled_from("abcß"), st.text())), min_size=1))
def test_python_json_logger_comes_back(rows: list[tuple[str, int, float, dict[str, str]]]) -> None:
    """Any text, level, time and attribute that python-json-logger wrote is read back."""
    formatter = JsonFormatter("%(levelname)s %(name)s %(message)s %(pathname)s %(lineno)d %(funcName)s", timestamp=True)
    done, entries = adopted(formatted(formatter, [record_of(m, lv, at, **more) for m, lv, at, more in rows]))
    assert done.dialect == "json"
    assert done.unparsed == 0
    assert [(one.message, one.level_number, one.attributes) for one in entries] == [(m, n, a) for m, n, _, a in rows]
    assert [one.time for one in entries] == [datetime.fromtimestamp(at, UTC) for _, _, at, _ in rows]
    assert {(one.logger, one.file, one.line, one.function) for one in entries} == {
        ("app.part", "/srv/app.py", 12, "work")
    }


@pytest.mark.parametrize(
    "renamed",
    [
        {"levelname": "log.level", "name": "logger", "asctime": "@timestamp", "message": "msg"},
        {"levelname": "severity", "asctime": "ts", "message": "event"},
        {"levelname": "level", "asctime": "time"},
        {},
    ],
)
def test_renamed_fields_are_known(renamed: dict[str, str]) -> None:
    """The usual other names of the fields mean the same, and nothing of them is left as an attribute."""
    formatter = JsonFormatter("%(asctime)s %(levelname)s %(message)s", rename_fields=renamed)
    _, (entry,) = adopted(formatted(formatter, [record_of("here", 30, 1e9 + 0.25, user="ann")]))
    assert (entry.message, entry.level, entry.attributes) == ("here", "WARNING", {"user": "ann"})
    assert entry.time == datetime(2001, 9, 9, 1, 46, 40, 250_000, UTC)


def test_metrics_and_exceptions_of_python_json_logger_come_back() -> None:
    """Metrics, step, exception and stack are what they were, NaN and long integers too."""
    extras: dict[str, Any] = {
        "metrics": {"loss": math.nan, "n": 1 << 70, "ok": True, "table": {"a": [1, 2]}},
        "step": 7,
    }
    record = record_of("bad", 40, exc_info=raised("a: b\nc"), **extras)
    record.stack_info = "Stack (most recent call last):\n  File"
    for formatter in (
        JsonFormatter("%(levelname)s %(message)s"),
        JsonFormatter("%(levelname)s %(message)s", exc_info_as_array=True, stack_info_as_array=True),
    ):
        done, (entry,) = adopted(formatted(formatter, [record]))
        assert (done.records, done.metrics) == (1, 1)
        assert math.isnan(entry.metrics["loss"])
        assert (entry.metrics["n"], entry.step) == (1 << 70, 7)
        assert entry.stack == record.stack_info
        assert entry.exception
        assert (entry.exception["type"], entry.exception["message"]) == ("ValueError", "a: b\nc")
        assert entry.exception["stacktrace"] == logging.Formatter().formatException(record.exc_info)  # type: ignore[arg-type]
    assert OrjsonFormatter().format(record_of("x"))  # the fastest of its formatters writes the same fields


@FEW
@given(st.lists(st.tuples(st.text(), st.sampled_from(["debug", "info", "error"]), st.integers()), min_size=1))
def test_structlog_comes_back(rows: list[tuple[str, str, int]]) -> None:
    """Events of structlog's JSONRenderer are read back; a `name` among them is an attribute."""
    printed = io.StringIO()
    logger = structlog.wrap_logger(
        structlog.PrintLogger(printed),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
    for text, level, number in rows:
        getattr(logger, level)(text, number=number, name="Ann")
    try:
        raise ValueError("wrong")
    except ValueError:
        logger.exception("caught")
    done, entries = adopted(printed.getvalue())
    assert done.unparsed == 0
    *plain, caught = entries
    assert [(one.message, one.level.lower()) for one in plain] == [(text, level) for text, level, _ in rows]
    assert [one.attributes["name"] for one in plain] == ["Ann"] * len(rows)
    assert "time_guessed" not in caught.attributes
    assert caught.exception
    assert (caught.exception["type"], caught.exception["message"]) == ("ValueError", "wrong")


@FEW
@given(st.lists(st.tuples(st.text(), st.dictionaries(st.sampled_from("abc"), st.integers(-9, 9))), min_size=1))
def test_loguru_comes_back(rows: list[tuple[str, dict[str, int]]]) -> None:
    """What loguru serialises is read back, with levels of its own, bound values, metrics and exceptions."""
    printed: list[str] = []
    logger = loguru.logger
    number = logger.add(printed.append, serialize=True, level=0)
    try:
        for text, extra in rows:
            logger.bind(**extra).success("{}", text)
        try:
            raise KeyError("k")
        except KeyError:
            logger.bind(metrics={"loss": 0.5}, step=3).exception("caught")
    finally:
        logger.remove(number)
    _, entries = adopted("".join(printed))
    *plain, caught = entries
    assert [(one.message, one.level, one.level_number) for one in plain] == [(text, "SUCCESS", 25) for text, _ in rows]
    assert all(one.attributes.items() >= extra.items() for one, (_, extra) in zip(plain, rows, strict=True))
    times = [json.loads(text)["record"]["time"]["repr"] for text in printed]
    assert [one.time for one in entries] == [datetime.fromisoformat(text) for text in times]
    assert (caught.metrics, caught.step, caught.function) == ({"loss": 0.5}, 3, "test_loguru_comes_back")
    assert caught.exception
    assert (caught.exception["type"], caught.exception["message"]) == ("KeyError", "'k'")
    assert caught.exception["stacktrace"].startswith("Traceback")


def test_ecs_is_known_flat_and_nested() -> None:
    """ECS lines come back with level, logger, place and error; what else they have stays nested."""
    line = {
        "@timestamp": "2024-05-01T10:00:00.123Z",
        "log.level": "error",
        "message": "bad",
        "ecs": {"version": "1.6"},
        "log": {"logger": "shop", "origin": {"file": {"line": 4, "name": "shop.py"}, "function": "buy"}},
        "process": {"pid": 99, "thread": {"name": "Main", "id": 5}},
        "error": {"type": "ValueError", "message": "no", "stack_trace": "  File"},
    }
    _, (entry,) = adopted(json.dumps(line) + "\n")
    assert (entry.level, entry.logger, entry.file, entry.line, entry.function) == ("ERROR", "shop", "shop.py", 4, "buy")
    assert (entry.process, entry.thread) == (99, "Main")
    assert entry.exception == {"type": "ValueError", "message": "no", "stacktrace": "  File"}
    assert entry.attributes == {"ecs": {"version": "1.6"}, "process": {"thread": {"id": 5}}}


def test_lines_of_ours_come_back_field_by_field() -> None:
    """Lines that RunFormatter wrote, and those of a run folder, are the same lines, but for their numbers."""
    extras: dict[str, Any] = {
        "metrics": {"loss": math.inf, "big": 1 << 80, "text": "a"},
        "step": -2,
        "user": {"id": [1]},
    }
    records = [record_of("one %s", 20), record_of("two", 25, exc_info=raised("x"), **extras), record_of("three")]
    records[0].args = ("thing",)
    written = [json.loads(RunFormatter(redact=False).format(record)) for record in records]
    written += [{"seq": 9, "time": "2024-01-01T00:00:00.000001Z", "step": 3, "metrics": {"loss": 0.25}}]
    with tempfile.TemporaryDirectory() as folder:
        log = io.BytesIO("".join(json.dumps(line) + "\n" for line in written).encode())
        done = adopt(log, folder, redact=False)
        lines = all_lines(done.path)
    written[-1].pop("seq")
    assert [{**line, "seq": None} for line in lines] == [{**line, "seq": None} for line in written]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert (done.records, done.metrics, done.unparsed) == (4, 2, 0)


def test_odd_json_is_kept() -> None:
    """Objects without a known field, other JSON, broken and torn lines: each is one record."""
    lines = ['{"a": 1}', "[1, 2]", '{"level": "info", "message": {"x": 1}}', "{broken", '{"level": "INFO", "mess']
    done, entries = adopted("\n".join(lines), dialect="json")
    assert [one.message for one in entries] == ["", "[1, 2]", '{"x": 1}', "{broken", lines[-1]]
    assert (done.records, done.unparsed) == (5, 3)
    assert entries[0].attributes["a"] == 1
    assert all(one.attributes["time_guessed"] is True for one in entries)


def test_text_between_json_does_not_join_it() -> None:
    """A traceback that was printed between JSON lines is a record of its own, with its exception."""
    text = '{"level":"INFO","message":"a"}\nTraceback (most recent call last):\n  File\nKeyError: 3\n{"message":"b"}\n'
    done, (_, trace, last) = adopted(text)
    assert trace.exception
    assert (trace.exception["type"], trace.exception["message"], trace.level) == ("KeyError", "3", "ERROR")
    assert (last.message, done.unparsed) == ("b", 1)


# ---------------------------------------------------------------------- text


@FEW
@given(
    st.sampled_from([fmt for fmt in COMMON_FORMATS if "%(levelname)s  [" not in fmt and "s:  %" not in fmt]),
    st.lists(st.tuples(FIRST_WORD, LEVELS, TIMES), min_size=1, max_size=5),
)
def test_a_format_comes_back(fmt: str, rows: list[tuple[str, int, float]]) -> None:
    """What a formatter wrote is read back by its format string: message, level, logger, time to the millisecond."""
    records = [record_of(message, level, at) for message, level, at in rows]
    done, entries = adopted(formatted(logging.Formatter(fmt), records), fmt=fmt)
    assert done.unparsed == 0
    assert [one.message for one in entries] == [message for message, _, _ in rows]
    if "levelname" in fmt:
        assert [one.level_number for one in entries] == [level for _, level, _ in rows]
    if "%(name)s" in fmt:
        assert {one.logger for one in entries} == {"app.part"}
    if "asctime" in fmt:
        assert [round(one.time.timestamp() * 1000) for one in entries] == [
            math.floor(at) * 1000 + math.floor(at % 1 * 1000) for _, _, at in rows
        ]


@pytest.mark.parametrize("fmt", COMMON_FORMATS)
def test_common_formats_are_found(fmt: str) -> None:
    """A log in a common format needs no option: its messages and levels are found."""
    messages = ["loading the data", "epoch 3 of 10", "done"]
    records = [record_of(text, level) for text, level in zip(messages, (10, 30, 40), strict=True)]
    done, entries = adopted(formatted(logging.Formatter(fmt), records))
    assert done.unparsed == 0
    assert [one.message for one in entries] == messages
    if "levelname" in fmt:
        assert [one.level_number for one in entries] == [10, 30, 40]
    if "%(name)s" in fmt:
        assert {one.logger for one in entries} == {"app.part"}


@pytest.mark.parametrize(
    ("fmt", "style", "datefmt"),
    [
        ("{asctime} {levelname:>8} {name} {message}", "{", None),
        ("{levelname:8s}|{asctime}|{name}|{message}", "{", "%d.%m.%Y %H:%M:%S"),
        ("$asctime ${levelname} $$ $name $message", "$", "%Y-%m-%dT%H:%M:%S%z"),
        ("%(levelname)-8s 100%% %(asctime)s [%(name)s] %(message)s", "%", "%a %b %e %T %Y"),
        ("%(asctime)s.%(msecs)03d %(levelname).1s %(name)s %(message)s", "%", "%Y-%m-%d %H:%M:%S"),
        ("%(created)f %(levelno)s %(name)s %(message)s", "%", None),
        ("%(message)s (%(name)s, %(levelname)s, %(asctime)s)", "%", None),
    ],
)
def test_styles_and_date_formats(fmt: str, style: Any, datefmt: str | None) -> None:
    """All three styles, padding and formats of dates are understood."""
    record = record_of("hello there", 30, 1_700_000_000.0)
    done, (entry,) = adopted(
        formatted(logging.Formatter(fmt, datefmt, style), [record]), fmt=fmt, style=style, datefmt=datefmt
    )
    assert (entry.message, entry.level, entry.logger) == ("hello there", "WARNING", "app.part")
    assert entry.time.timestamp() == 1_700_000_000
    assert entry.attributes == {}
    assert done.dialect.startswith("logging, ")


@FEW
@given(FIRST_WORD, ONE_LINE.filter(lambda text: text.strip()))
def test_tracebacks_and_stacks_in_text_come_back(message: str, cause: str) -> None:
    """A traceback below a message is its exception, the last of a chain, and a stack its stack."""
    try:
        try:
            raise KeyError(1)
        except KeyError as error:
            raise ValueError(cause) from error
    except ValueError:
        record = record_of(message, 40, exc_info=sys.exc_info())
    record.stack_info = 'Stack (most recent call last):\n  File "a.py", line 1, in b\n    c()'
    text = formatted(logging.Formatter("%(levelname)s:%(name)s:%(message)s"), [record, record_of("next")])
    done, (entry, after) = adopted(text)
    assert done.unparsed == 0
    assert (entry.message, after.message) == (message, "next")
    assert entry.exception == {
        "type": "ValueError",
        "message": cause,
        "stacktrace": logging.Formatter().formatException(record.exc_info),  # type: ignore[arg-type]
    }
    assert entry.stack == record.stack_info


def test_exception_groups_in_text() -> None:
    """An exception group is one exception, whatever stands in its frame."""
    try:
        raise ExceptionGroup("several", [ValueError("a"), TypeError("b")])
    except ExceptionGroup:
        record = record_of("bad", 40, exc_info=sys.exc_info())
    _, (entry, after) = adopted(formatted(logging.Formatter("%(levelname)s:%(name)s:%(message)s"), [record, record]))
    assert entry.exception
    assert (entry.exception["type"], entry.message) == ("ExceptionGroup", "bad")
    assert entry.exception["message"].startswith("several (2 sub-exceptions)")
    assert after.exception == entry.exception


def test_lines_that_no_rule_fits_are_kept() -> None:
    """Indented and blank lines belong to the record before; any other line is a record, with the time before it."""
    text = "\nbanner\n2024-01-01 12:00:00,5 INFO a\n  more\n\n\tend\nplain\n2024-01-01 12:00:01 DEBUG b\n"
    done, entries = adopted(text)
    assert [one.message for one in entries] == ["banner", "a\n  more\n\n\tend", "plain", "b"]
    assert (done.records, done.unparsed) == (4, 2)
    assert [one.attributes for one in entries] == [{"time_guessed": True}, {}, {"time_guessed": True}, {}]
    assert [one.time.isoformat() for one in entries] == [
        "2023-11-14T22:13:20+00:00",  # the file's
        "2024-01-01T10:00:00.500000+00:00",
        "2024-01-01T10:00:00.500000+00:00",
        "2024-01-01T10:00:01+00:00",
    ]


def test_a_log_without_a_format_names_none() -> None:
    """Where no common format fits, none is named, and every line is a record."""
    done, entries = adopted("hello\nworld\n")
    assert (done.dialect, done.unparsed, [one.message for one in entries]) == ("logging", 2, ["hello", "world"])


def test_bytes_that_are_no_text_are_kept() -> None:
    """Invalid UTF-8 is escaped, NUL bytes stay, a BOM and CRLF go, the last line needs no end."""
    done, entries = adopted(b"\xef\xbb\xbfINFO:a:one\r\nINFO:a:\xff\x00two\r\nINFO:a:last")
    assert [one.message for one in entries] == ["one", "\\xff\x00two", "last"]
    assert done.unparsed == 0


@pytest.mark.parametrize(
    ("text", "year", "expected"),
    [
        ("Dec 31 23:00:00 INFO a", None, "2022-12-31T21:00:00+00:00"),  # the file is of November 2023
        ("Nov 14 10:00:00 INFO a", None, "2023-11-14T08:00:00+00:00"),
        ("Dec 31 23:00:00 INFO a", 1999, "1999-12-31T21:00:00+00:00"),
        ("2024/02/03 04:05:06.789 INFO a", None, "2024-02-03T02:05:06.789000+00:00"),
        ("2024-02-03T04:05:06.123456789+0530 INFO a", None, "2024-02-02T22:35:06.123456+00:00"),
    ],
)
def test_times(text: str, year: int | None, expected: str) -> None:
    """Times without a year get the latest that is not later than the file, or the year that was given."""
    _, (entry,) = adopted(text, year=year, dialect="logging")
    assert entry.time.isoformat() == expected


def test_times_without_a_day() -> None:
    """A time of day gets the day of the file, and says that it was guessed; --utc makes it UTC."""
    options = {"fmt": "%(asctime)s %(message)s", "datefmt": "%H:%M:%S"}
    _, (entry,) = adopted("10:00:00 a", **options)
    assert entry.attributes == {"time_guessed": True}
    assert entry.time.isoformat() == "2023-11-14T08:00:00+00:00"  # in this zone the file is of the 15th, at 00:13
    _, (entry,) = adopted("2024-01-01 00:00:00 a", utc=True)
    assert entry.time.isoformat() == "2024-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "ts", [1_700_000_000.123456, 1_700_000_000_123.456, 1_700_000_000_123_456, "1700000000.123456"]
)
def test_epochs_by_magnitude(ts: float | str) -> None:
    """Numbers are seconds, milliseconds, microseconds or nanoseconds by their size; small ones are no times."""
    _, (entry, nanoseconds, small) = adopted(
        json.dumps({"ts": ts}) + '\n{"time":1700000000123456789}\n{"time":0.5,"message":"m"}\n'
    )
    assert entry.time == nanoseconds.time == datetime(2023, 11, 14, 22, 13, 20, 123_456, UTC)
    assert small.attributes == {"time": 0.5, "time_guessed": True}


def test_a_pattern() -> None:
    """Named groups of a regular expression are what they say, metric_NAME is a number, the rest attributes."""
    pattern = (
        r"(?P<time>\d+) \[(?P<level>\w)\] (?P<logger>\S+) step=(?P<step>\d+) loss=(?P<metric_loss>\S+) by (?P<by>.*)"
    )
    text = "1700000000 [w] net step=12 loss=0.5 by ann\nother\n1700000001 [E] net step=13 loss=nix by bo"
    done, (first, other, last) = adopted(text, pattern=pattern)
    assert (first.level, first.logger, first.step, first.metrics) == ("WARNING", "net", 12, {"loss": 0.5})
    assert (first.attributes, first.message) == ({"by": "ann"}, text.split("\n")[0])
    assert (other.message, done.unparsed, done.metrics) == ("other", 1, 1)
    assert last.attributes == {"by": "bo", "metric_loss": "nix"}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("loss=0.12 acc: 0.9", {"loss": 0.12, "acc": 0.9}),
        ("Epoch 1/10 - loss: 1.5e-3, val/acc = .5.", {"loss": 0.0015, "val/acc": 0.5}),
        ("(n=3; lr=1E-4) x=nan y: -inf", {"n": 3, "lr": 1e-4, "y": -math.inf}),
        ("at 12:30 port:80 v=1.2.3 90% full=90% took=10ms", {}),
        ("a==3 b=c path/to=x", {}),
        ("step=4", {}),
    ],
)
def test_metrics_in_messages(message: str, found: dict[str, float]) -> None:
    """A name, = or a colon and a space, and a number that ends there, is a metric; nothing else is."""
    numbers = {name: value for name, value in metrics_in(message)[0].items() if not math.isnan(value)}
    assert numbers == found
    assert metrics_in("step: 4 loss=1") == ({"loss": 1}, 4)


def test_metrics_in_messages_only_when_asked() -> None:
    """Messages are looked through only with the option; then they are points at their step."""
    text = "INFO:a:step=1 loss=0.5\nINFO:a:step=2 loss=0.25\n"
    assert adopted(text)[0].metrics == 0
    done, entries = adopted(text, metrics=True)
    assert done.metrics == 2
    assert [(one.step, one.metrics) for one in entries] == [(1, {"loss": 0.5}), (2, {"loss": 0.25})]


# ---------------------------------------------------------------------- containers and the journal


def docker_line(text: str, stream: str = "stdout", stamp: str = "2024-05-01T10:00:00.123456789Z", **more: Any) -> str:
    """Return a line as Docker's json-file driver writes it."""
    return json.dumps({"log": text, "stream": stream, "time": stamp, **more}, ensure_ascii=False) + "\n"


@FEW
@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1))
def test_docker_lines_come_back(texts: list[str]) -> None:
    """Any text that a container printed is read back, also in pieces; none of it counts as unparsed."""
    texts = [f"> {text}" for text in texts]
    pieces = [docker_line(text[:3]) + docker_line(text[3:] + "\n") for text in texts]
    done, entries = adopted("".join(pieces))
    assert (done.dialect, done.unparsed) == ("docker-json", 0)
    assert [one.message for one in entries] == texts
    assert {one.time for one in entries} == {datetime(2024, 5, 1, 10, 0, 0, 123_456, UTC)}


def test_what_containers_print_is_understood() -> None:
    """JSON records with a level or metrics, and lines of a common format, are parsed inside Docker's lines."""
    text = (
        docker_line('{"level": "warn", "message": "m", "time": "2024-05-01T09:00:00Z"}\n')
        + docker_line('{"metrics": {"loss": 0.5}, "step": 1}\n', attrs={"tag": "x"})
        + docker_line('{"other": 1}\r\n', "stderr")
        + docker_line("2020-01-01 00:00:00,000 - net - ERROR - bad\n")
        + docker_line("Traceback (most recent call last):\n")
        + docker_line("  File\n")
        + docker_line("OSError: full\n")
        + docker_line("no end")
    )
    done, (first, point, other, bad, last) = adopted(text)
    assert (first.level, first.time.hour, first.attributes) == ("WARNING", 9, {"stream": "stdout"})
    assert (point.metrics, point.step, point.time.hour) == ({"loss": 0.5}, 1, 10)
    assert point.attributes == {"stream": "stdout", "attrs": {"tag": "x"}}
    assert (other.message, other.attributes) == ('{"other": 1}', {"stream": "stderr"})
    assert (bad.message, bad.level, bad.logger, bad.time.year) == ("bad", "ERROR", "net", 2024)
    assert bad.attributes["logged_time"] == "2020-01-01 00:00:00,000"
    assert bad.exception
    assert bad.exception["message"] == "full"
    assert (last.message, done.unparsed) == ("no end", 0)


def test_logs_with_timestamps() -> None:
    """The output of `docker logs --timestamps` and Kubernetes' files are times and what was printed."""
    text = (
        "2024-05-01T10:00:00.123456789Z INFO:net:hello\n"
        "2024-05-01T10:00:01.5+02:00   indented\n"
        "2024-05-01T10:00:02Z\n"
        '2024-05-01T10:00:03Z {"level":"ERROR","event":"x"}\n'
        "2024-05-01T10:00:04Z stderr P par\n"
        "2024-05-01T10:00:05Z stderr F tial\n"
    )
    done, (first, second, last) = adopted(text)
    assert (done.dialect, done.unparsed) == ("container", 0)
    assert (first.message, first.logger, first.time.microsecond) == ("hello\n  indented\n", "net", 123_456)
    assert (second.level, second.message) == ("ERROR", "x")
    assert (last.message, last.attributes, last.time.second) == ("partial", {"stream": "stderr"}, 4)


def test_the_journal() -> None:
    """Entries of `journalctl -o json` have time, level, unit and place; messages may be arrays of bytes."""
    lines: list[dict[str, Any]] = [
        {"__REALTIME_TIMESTAMP": "1700000000123456", "PRIORITY": "3", "MESSAGE": "bad", "SYSLOG_IDENTIFIER": "cron"},
        {"__REALTIME_TIMESTAMP": "1700000001000000", "PRIORITY": "6", "MESSAGE": [104, 105, 255], "_PID": "7"},
        {"__REALTIME_TIMESTAMP": "1700000002000000", "PRIORITY": "0", "MESSAGE": None, "_SYSTEMD_UNIT": "a"},
    ]
    lines[2].update({"CODE_FILE": "a.c", "CODE_LINE": "12", "CODE_FUNC": "main", "X": ["1", [50]]})
    done, (first, second, third) = adopted("".join(json.dumps(line) + "\n" for line in lines))
    assert (done.dialect, done.unparsed) == ("journal", 0)
    assert (first.level, first.message, first.logger) == ("ERROR", "bad", "cron")
    assert first.time == datetime(2023, 11, 14, 22, 13, 20, 123_456, UTC)
    assert (second.message, second.level, second.attributes) == ("hi\\xff", "INFO", {"_PID": "7"})
    assert (third.level, third.message, third.logger) == ("CRITICAL", "", "a")
    assert (third.file, third.line, third.function) == ("a.c", 12, "main")
    assert third.attributes == {"PRIORITY": "0", "X": ["1", [50]]}


def test_the_journal_of_this_machine(tmp_path: Path) -> None:
    """What journalctl prints here comes back, an entry a record."""
    program = shutil.which("journalctl")
    command = [program or "journalctl", "-o", "json", "-n", "200", "--no-pager", "-q"]
    printed = subprocess.run(command, capture_output=True, check=False).stdout if program else b""
    if not printed:
        pytest.skip("no journal that can be read on this machine")
    done = adopt(io.BytesIO(printed), tmp_path)
    assert (done.dialect, done.records, done.unparsed) == ("journal", printed.count(b"\n"), 0)


# ---------------------------------------------------------------------- the run


def test_the_run_says_where_it_comes_from(tmp_path: Path) -> None:
    """The run is completed, and its properties name file, dialect, size and SHA-256; secrets are redacted."""
    path = tmp_path / "app.log"
    path.write_text("INFO:a:password=hunter22\n", encoding="utf-8")
    done = adopt(path, tmp_path / "runs", "old", name="n", tags={"host": "a"})
    run = open_run(done.path)
    assert (run.status, run.name, run.tags, done.path.parent.name) == ("Completed", "n", {"host": "a"}, "old")
    assert run.properties == {
        "adopted_from": "app.log",
        "adopted_dialect": "logging, '%(levelname)s:%(name)s:%(message)s'",
        "adopted_size": str(path.stat().st_size),
        "adopted_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert b"hunter22" not in (done.path / "logs.jsonl").read_bytes()
    kept = adopt(path, tmp_path / "runs", redact=False)
    assert open_run(kept.path).logs()[0].message == "password=hunter22"


def test_our_lines_are_redacted_too(tmp_path: Path) -> None:
    """Secrets in lines of another run folder go, in messages, attributes, exceptions and stacks."""
    record = record_of("key is password=hunter22", exc_info=raised("token=hunter22x"), api_key="hunter22")
    record.stack_info = "Stack\n  password='hunter22'"
    log = io.BytesIO(RunFormatter(redact=False).format(record).encode())
    done = adopt(log, tmp_path)
    assert b"hunter22" not in (done.path / "logs.jsonl").read_bytes()


def test_streams_and_compressed_files(tmp_path: Path) -> None:
    """A stream, a file of several gzip members, padded, and a torn one give all the lines that they have."""
    lines = b"".join(b"INFO:a:%d\n" % number for number in range(5000))
    packed = gzip.compress(lines[:20000]) + gzip.compress(lines[20000:]) + b"\0" * 100
    path = tmp_path / "app.log.gz"
    path.write_bytes(packed)
    for source in (path, io.BytesIO(lines)):
        done = adopt(source, tmp_path / "runs")
        assert [one.message for one in open_run(done.path).logs()] == [str(number) for number in range(5000)]
    assert open_run(adopt(path, tmp_path / "runs").path).properties["adopted_size"] == str(len(packed))


def test_a_torn_gzip_file_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Of compressed data that end early what can be read is kept, and the run says so."""
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(os.urandom(30_000).hex().encode() + b"\nINFO:a:b\n")[:-4000])
    done = adopt(path, tmp_path / "runs")
    assert open_run(done.path).properties["adopted_problem"] == "the compressed data end early"
    assert done.records == 1
    assert "the compressed data end early" in capfd.readouterr().err


def test_memory_is_bounded(tmp_path: Path) -> None:
    """A long log, and a line of 40 MB, need no memory in proportion to their length."""
    path = tmp_path / "app.log"
    with path.open("wb") as stream:
        for number in range(20):
            stream.write(b"".join(b"INFO:a:%d %s\n" % (number, b"x" * 500) for _ in range(100)))
        for _ in range(40):
            stream.write(b"y" * 1_000_000)
    tracemalloc.start()
    try:
        done = adopt(path, tmp_path / "runs", redact=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert done.records == 2000 + 3
    assert peak < 250_000_000  # some copies of a piece of 16 MiB
    assert sum(len(line["message"]) for line in all_lines(done.path)[2000:]) == 40_000_000


def test_progress_is_told(tmp_path: Path) -> None:
    """Progress comes in bytes up to the size of the file."""
    path = tmp_path / "app.log"
    path.write_bytes(b"INFO:a:b\n" * 100_000)
    seen: list[tuple[int, int | None]] = []
    adopt(path, tmp_path / "runs", progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert len(seen) > 3
    assert seen[-1] == (900_000, 900_000)


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dialect": "xml"}, "no dialect"),
        ({"fmt": "%(asctime"}, "no format"),
        ({"fmt": "no field"}, "no format"),
        ({"fmt": "%(message)s\n"}, "line break"),
        ({"fmt": "{message}", "style": "?"}, "style"),
        ({"fmt": "%(asctime)s %(message)s", "datefmt": "%Q"}, "%Q"),
        ({"datefmt": "%Y"}, "goes with a format"),
        ({"pattern": "(?P<message>"}, "at position"),
        ({"pattern": "abc"}, "no named group"),
        ({"dialect": "regex"}, "needs a pattern"),
        ({"dialect": "json", "fmt": "%(message)s"}, "takes no format"),
        ({"fmt": "%(message)s", "pattern": "(?P<a>)"}, "exclude"),
        ({"year": 0}, "year"),
        ({"experiment": "../x"}, "experiment"),
    ],
)
def test_bad_options_leave_nothing(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    """An option that is not valid is said in one sentence, and no run is left."""
    path = tmp_path / "app.log"
    path.write_bytes(b"INFO:a:b\n")
    with pytest.raises(ValueError, match=words) as caught:
        adopt(path, tmp_path / "runs", **options)
    assert isinstance(caught.value, RunLoggingError)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("content", [b"", b"\n \n", gzip.compress(b"", mtime=0)])
def test_a_log_with_nothing_in_it(tmp_path: Path, content: bytes) -> None:
    """An empty file is an error and no run."""
    path = tmp_path / "app.log"
    path.write_bytes(content)
    with pytest.raises(InvalidValueError, match="nothing to adopt"):
        adopt(path, tmp_path / "runs")
    assert list(tmp_path.glob("runs/*/*/run.json")) == []


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, a folder and a text stream are each an error of their kind."""
    with pytest.raises(FileNotFoundError, match="there is no file"):
        adopt(tmp_path / "nix", tmp_path / "runs")
    with pytest.raises(OSError, match="is a folder"):
        adopt(tmp_path, tmp_path / "runs")
    with pytest.raises(InvalidValueError, match="mode 'rb'"):
        adopt(io.StringIO("a"), tmp_path / "runs")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="binary stream"):
        adopt(3, tmp_path / "runs")  # type: ignore[arg-type]
    assert not (tmp_path / "runs").exists()


class _Failing(io.RawIOBase):
    """A stream that gives some lines and then fails."""

    def __init__(self, error: BaseException) -> None:
        self._chunks = iter([b"INFO:a:b\n" * 9, b"INFO:a:c\n"])
        self._error = error

    def read(self, size: int = -1) -> bytes:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise self._error
        return chunk


@pytest.mark.parametrize("error", [OSError("bad sector"), KeyboardInterrupt()])
def test_no_half_run_is_left(tmp_path: Path, error: BaseException) -> None:
    """When reading fails in the middle, or somebody presses Ctrl-C, there is no run afterwards."""
    kinds: tuple[type[BaseException], ...] = (RunLoggingError, KeyboardInterrupt)
    with pytest.raises(kinds):
        adopt(_Failing(error), tmp_path / "runs")  # type: ignore[arg-type]
    assert list(tmp_path.glob("runs/*/*/*")) == []


def test_a_run_of_the_environment_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where RUNLOGGING_RUN names a run, nothing is put into it."""
    monkeypatch.setenv("RUNLOGGING_RUN", str(tmp_path / "run"))
    with pytest.raises(InvalidValueError, match="RUNLOGGING_RUN"):
        adopt(io.BytesIO(b"INFO:a:b\n"), tmp_path / "runs")
    assert list(tmp_path.iterdir()) == []


@FEW
@given(st.binary(max_size=300), st.sampled_from(["auto", "json", "logging", "docker-json", "container", "journal"]))
def test_no_bytes_are_too_odd(data: bytes, dialect: str) -> None:
    """Whatever the bytes are, in whatever dialect, adopting ends with a run or a clear error."""
    try:
        done, entries = adopted(b"x" + data, dialect=dialect)
    except InvalidValueError:
        return
    assert done.records == len(entries) >= 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "time",
    "created",
    "level",
    "levelno",
    "name",
    "message",
    "msg",
    "metrics",
    "step",
    "log",
    "record",
    "exception",
]
KEYS = st.sampled_from([*NAMES, "stream", "MESSAGE", "PRIORITY", "error", "process", "values", "seq", "CODE_FILE"])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.dictionaries(KEYS, JSON, max_size=6), min_size=1, max_size=4),
    st.sampled_from(["json", "docker-json", "journal"]),
)
def test_no_object_is_too_odd(objects: list[dict[str, Any]], dialect: str) -> None:
    """Known fields with any values in them give a record each, and a folder that readers take."""
    with tempfile.TemporaryDirectory() as folder:
        log = io.BytesIO("".join(json.dumps(one) + "\n" for one in objects).encode())
        done = adopt(log, folder, dialect=dialect)
        run = open_run(done.path)
        assert [problem for problem in run.problems if problem.kind != "gap"] == []
        assert run.dropped is None
        assert len(all_lines(done.path)) == done.records
        if dialect == "json":
            assert done.records == len(objects)
