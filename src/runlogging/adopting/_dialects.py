"""The dialects of logs that can be adopted, and how a log shows which one it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from runlogging._errors import InvalidValueError
from runlogging._patterns import LazyPattern
from runlogging.adopting._clock import Clock
from runlogging.adopting._json_lines import decode_object, entry_of_object, is_record
from runlogging.adopting._text_formats import COMMON_FORMATS, FormatRule, PatternRule, TextRule, common_rules
from runlogging.capture._entries import Entry, plain_entry

DIALECTS = ("json", "logging", "regex", "docker-json", "container", "journal")
SAMPLE_LINES = 100
_MAX_PARTIAL = 16 << 20  # characters of a line that a container engine cut
_STAMPED = LazyPattern(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))(?: (?:(stdout|stderr) ([FP])(?: |$))?(.*))?",
    16,  # re.DOTALL
)
# RFC 5424, section 6.2.1; 5 is what syslog calls a notice.
_PRIORITIES = ("CRITICAL", "CRITICAL", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG")


class Dialect(Protocol):
    """Turns the lines of a log into entries, one after the other.

    Attributes:
        label: what to call it, in messages.
    """

    label: str

    def feed(self, text: str) -> Iterable[Entry]:
        """Take a line; return the entries that it completes."""
        ...

    def end(self) -> Iterable[Entry]:
        """Return the entries that still wait for the rest of their lines."""
        ...


class _LineDialect:
    """A dialect whose lines stand for themselves."""

    def feed(self, text: str) -> Iterable[Entry]:
        return (self.entry(text),)

    def end(self) -> Iterable[Entry]:
        return ()

    def entry(self, text: str) -> Entry:
        raise NotImplementedError


class JsonDialect(_LineDialect):
    """A JSON object a line."""

    label = "json"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def entry(self, text: str) -> Entry:
        data = decode_object(text)
        return plain_entry(text) if data is None else entry_of_object(data, self._clock)


class TextDialect(_LineDialect):
    """Text lines by rules, of which the first that fits counts."""

    def __init__(self, rules: list[TextRule], name: str = "logging") -> None:
        self._rules = rules
        # All common formats are there where none fits the first lines.
        self.label = name if len(rules) == len(COMMON_FORMATS) else f"{name}, {rules[0].label!r}"

    def entry(self, text: str) -> Entry:
        return next((entry for rule in self._rules if (entry := rule.match(text)) is not None), plain_entry(text))


class _Inner:
    """What programs in a container print: JSON records, lines of a format, or any text."""

    def __init__(self, rules: list[TextRule], clock: Clock) -> None:
        self._text, self._clock = TextDialect(rules), clock

    def entry(self, text: str, stamp: str, stream: str | None) -> Entry:
        """Return the entry of a line.

        Args:
            text: what was printed.
            stamp: when the engine saw it. A time in the text is taken only if it says its zone: that of the container
                is not known here.
            stream: "stdout", "stderr" or None.
        """
        data = decode_object(text)
        if data is not None and is_record(data):
            entry = entry_of_object(data, self._clock)
        else:
            entry = self._text.entry(text)
            entry.is_parsed = True  # the engine's time is known, and everything behind it is text
        if entry.us is None or not entry.is_zoned:
            if entry.time_text is not None:
                entry.attributes["logged_time"] = entry.time_text
            moment = self._clock.read(stamp)
            entry.us, entry.is_zoned, entry.is_guessed = moment or (None, True, False)
        entry.stream = stream
        if stream is not None:
            entry.attributes.setdefault("stream", stream)
        return entry


class _Engine:
    """What container engines have in common: they cut long lines, and say so."""

    def __init__(self, inner: _Inner) -> None:
        self._inner = inner
        self._partial: dict[str | None, tuple[str, list[str], dict[str, Any]]] = {}

    def _whole(
        self, text: str, stamp: str, stream: str | None, *, is_partial: bool, others: dict[str, Any]
    ) -> Iterator[Entry]:
        """Join the parts of a line; its time is that of the first."""
        stamp, parts, others = self._partial.pop(stream, (stamp, [], others))
        parts.append(text)
        if is_partial and sum(map(len, parts)) < _MAX_PARTIAL:
            self._partial[stream] = stamp, parts, others
        else:
            yield self._entry("".join(parts), stamp, stream, others)

    def _entry(self, text: str, stamp: str, stream: str | None, others: dict[str, Any]) -> Entry:
        entry = self._inner.entry(text, stamp, stream)
        entry.attributes.update(others)
        return entry

    def end(self) -> Iterable[Entry]:
        return [
            self._entry("".join(parts), stamp, stream, others)
            for stream, (stamp, parts, others) in self._partial.items()
        ]


class DockerJsonDialect(_Engine):
    """The files of Docker's ``json-file`` driver."""

    label = "docker-json"

    def feed(self, text: str) -> Iterable[Entry]:
        data = decode_object(text)
        if data is None or not isinstance(data.get("log"), str):
            return (plain_entry(text),)
        printed, stream, stamp = data.pop("log"), data.pop("stream", None), data.pop("time", None)
        is_partial = not printed.endswith("\n")
        return self._whole(
            printed.removesuffix("\n").removesuffix("\r"),
            stamp if isinstance(stamp, str) else "",
            stream if isinstance(stream, str) else None,
            is_partial=is_partial,
            others=data,
        )


class ContainerDialect(_Engine):
    """Lines behind the time at which an engine saw them: ``logs --timestamps``, and the files of Kubernetes."""

    label = "container"

    def feed(self, text: str) -> Iterable[Entry]:
        found = _STAMPED.re.fullmatch(text)
        if found is None:
            return (plain_entry(text),)
        stamp, stream, mark, printed = found.groups()
        return self._whole(printed or "", stamp, stream, is_partial=mark == "P", others={})


class JournalDialect(_LineDialect):
    """``journalctl -o json``."""

    label = "journal"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def entry(self, text: str) -> Entry:
        data = decode_object(text)
        if data is None or not {"MESSAGE", "__REALTIME_TIMESTAMP"} & data.keys():
            return plain_entry(text)
        entry = Entry(message=_journal_text(data.pop("MESSAGE", None)))
        moment = self._clock.read(_journal_text(data.get("__REALTIME_TIMESTAMP")))
        if moment is not None:
            entry.us = moment.us
            del data["__REALTIME_TIMESTAMP"]
        priority = _journal_text(data.get("PRIORITY"))
        if priority in tuple("01234567"):
            entry.put_level(_PRIORITIES[int(priority)])
            if priority > "1":  # the name of the level says less than emergency and alert
                del data["PRIORITY"]
        entry.logger = next((_journal_text(data.pop(key)) for key in _UNITS if key in data), None)
        entry.file, entry.function = data.pop("CODE_FILE", None), data.pop("CODE_FUNC", None)
        if _journal_text(data.get("CODE_LINE")).isdecimal():
            entry.line_number = int(_journal_text(data.pop("CODE_LINE"))[:9])
        entry.attributes = data
        return entry


_UNITS = ("SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "_COMM")


def _journal_text(value: Any) -> str:
    """Return a field as text: what is no UTF-8 comes as an array of bytes, a field that is given twice as an array."""
    if isinstance(value, list):
        if all(type(item) is int and 0 <= item < 256 for item in value):
            return bytes(value).decode("utf-8", "backslashreplace")
        return "\n".join(map(_journal_text, value))
    return "" if value is None else str(value)


def detected(sample: list[str]) -> str:
    """Return the dialect that the first lines of a log look like: what at least half of them are, else logging.

    Lines that are indented say nothing: they belong to others.
    """
    sample = [text for text in sample if text[0] not in " \t"]
    objects = [data for text in sample if (data := decode_object(text)) is not None]
    if objects and 2 * len(objects) >= len(sample):
        if 2 * sum({"log", "time"} <= data.keys() for data in objects) >= len(objects):
            return "docker-json"
        journal = sum("__REALTIME_TIMESTAMP" in data for data in objects)
        return "journal" if 2 * journal >= len(objects) else "json"
    stamped = sum(_STAMPED.re.fullmatch(text) is not None for text in sample)
    return "container" if sample and 2 * stamped >= len(sample) else "logging"


def checked_dialect(dialect: str, fmt: str | None, datefmt: str | None, pattern: str | None) -> None:
    """Check that a dialect is known and that the options belong to it.

    Raises:
        InvalidValueError: it is unknown, or an option does not go with it.
    """
    if dialect not in ("auto", *DIALECTS):
        raise InvalidValueError(f"{dialect!r:.80} is no dialect; there are auto, {', '.join(DIALECTS)}")
    if fmt is not None and pattern is not None:
        raise InvalidValueError("a format and a pattern exclude each other; give one")
    if dialect == "regex" and pattern is None:
        raise InvalidValueError("the dialect regex needs a pattern, such as '(?P<time>\\S+) (?P<message>.*)'")
    if fmt is not None and dialect in ("json", "journal", "regex"):
        raise InvalidValueError(f"the dialect {dialect} takes no format")
    if pattern is not None and dialect in ("json", "journal", "logging"):
        raise InvalidValueError(f"the dialect {dialect} takes no pattern")
    if datefmt is not None and fmt is None and pattern is None:
        raise InvalidValueError("a date format goes with a format or a pattern; give one of them too")


def make_dialect(dialect: str, sample: list[str], clock: Clock, rules: list[TextRule] | None) -> Dialect:
    """Return a dialect for a log.

    Args:
        dialect: one of DIALECTS, or auto.
        sample: the first lines.
        clock: reads the times.
        rules: the caller's for text, or None.
    """
    if dialect == "auto":
        dialect = detected(sample)
        if rules is not None and dialect != "docker-json":
            dialect = "regex" if isinstance(rules[0], PatternRule) else "logging"
    if dialect == "json":
        return JsonDialect(clock)
    if dialect == "journal":
        return JournalDialect(clock)
    if dialect in ("logging", "regex"):
        return TextDialect(rules or common_rules(clock, sample), dialect)
    engine = DockerJsonDialect if dialect == "docker-json" else ContainerDialect
    return engine(_Inner(rules or common_rules(clock, _printed(dialect, sample)), clock))


def _printed(dialect: str, sample: list[str]) -> list[str]:
    """Return what the first lines of an engine's log say that a program printed."""
    if dialect == "docker-json":
        objects = filter(None, map(decode_object, sample))
        return [data["log"].rstrip("\r\n") for data in objects if isinstance(data.get("log"), str)]
    return [found[4] or "" for text in sample if (found := _STAMPED.re.fullmatch(text)) is not None]


def make_rules(
    clock: Clock, fmt: str | None, datefmt: str | None, style: str, pattern: str | None
) -> list[TextRule] | None:
    """Return the rules that a caller gave, or None.

    Raises:
        InvalidValueError: one is not valid.
    """
    if style not in ("%", "{", "$"):
        raise InvalidValueError(f"the style of a format is one of % {{ $, not {style!r:.80}")
    if fmt is not None:
        return [FormatRule(clock, fmt, datefmt, style)]
    return None if pattern is None else [PatternRule(clock, pattern, datefmt)]
