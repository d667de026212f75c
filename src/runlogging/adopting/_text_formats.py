"""Lines of text, understood by a format of `logging` or by a regular expression."""

from __future__ import annotations

import logging
import re
import string
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from runlogging._errors import InvalidValueError
from runlogging.adopting._clock import Clock, expanded
from runlogging.capture._entries import KNOWN_LEVELS, Entry

# A format is looked for at the beginning of a line; a long message behind it costs no search.
_HEAD = 4096
_PERCENT = re.compile(r"%(?:\((?P<name>\w+)\)(?P<flags>[#0 +-]*)(?P<width>\d*)(?:\.\d+)?[a-zA-Z]|(?P<literal>%))")
_NUMBER = r"-?\d+"
_DECIMAL = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_ANY_TIME = (
    r"(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?"
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)"
)
_SHAPES = {
    "levelno": _NUMBER,
    "lineno": _NUMBER,
    "process": _NUMBER,
    "thread": _NUMBER,
    "msecs": _DECIMAL,
    "created": _DECIMAL,
    "relativeCreated": _DECIMAL,
    "levelname": r"(?:Level -?\d+|\S+?)",
    "message": ".*",
}
_ANYTHING = ".{0,255}?"
_DIRECTIVES = {
    **dict.fromkeys("dmHIMSy", r"\d{1,2}"),
    "Y": r"\d{4}",
    "G": r"\d{4}",
    "f": r"\d{1,6}",
    "j": r"\d{1,3}",
    "U": r"\d\d?",
    "W": r"\d\d?",
    "V": r"\d\d?",
    **dict.fromkeys("aAbB", r"[^\W\d_]+\.?"),
    "u": r"\d",
    "w": r"\d",
    "p": r"[^\W\d]+\.?",
    "z": r"(?:Z|[+-]\d\d:?\d\d(?::?\d\d(?:\.\d+)?)?)",
    "Z": r"[A-Za-z]*",
    "c": r".{0,40}?",
    "x": r"\S{0,20}",
    "X": r"\S{0,20}",
    "%": "%",
}

COMMON_FORMATS = (
    "%(asctime)s | %(levelname)-8s | %(name)s:%(funcName)s:%(lineno)d - %(message)s",
    "%(asctime)s - %(name)s - %(levelname)s - %(message)s",
    "%(asctime)s - %(levelname)s - %(name)s - %(message)s",
    "%(asctime)s - %(levelname)s - %(message)s",
    "%(asctime)s | %(levelname)s | %(name)s | %(message)s",
    "%(asctime)s | %(levelname)s | %(message)s",
    "[%(asctime)s][%(name)s][%(levelname)s] - %(message)s",
    "[%(asctime)s] %(levelname)s in %(module)s: %(message)s",
    "[%(asctime)s: %(levelname)s/%(processName)s] %(message)s",
    "[%(asctime)s] [%(process)d] [%(levelname)s] %(message)s",
    "[%(asctime)s] [%(levelname)s] %(name)s: %(message)s",
    "[%(asctime)s] [%(levelname)s] %(message)s",
    "[%(asctime)s] %(levelname)s: %(message)s",
    "[%(asctime)s] %(levelname)s %(message)s",
    "[%(levelname)s %(asctime)s] %(message)s",
    "%(asctime)s [%(levelname)s] %(name)s: %(message)s",
    "%(asctime)s [%(levelname)s] %(message)s",
    "%(asctime)s %(levelname)s %(name)s: %(message)s",
    "%(asctime)s %(name)s %(levelname)s: %(message)s",
    "%(asctime)s %(name)s %(levelname)s %(message)s",
    "%(asctime)s %(levelname)s: %(message)s",
    "%(asctime)s %(levelname)-8s %(message)s",
    "%(asctime)s:%(levelname)s:%(name)s:%(message)s",
    "%(asctime)s:%(levelname)s:%(message)s",
    "%(levelname)s:%(name)s:%(message)s",
    "%(levelname)s  [%(name)s] %(message)s",
    "%(levelname)s:  %(message)s",
    "%(levelname)s: %(message)s",
    "%(levelname)s - %(message)s",
    "[%(levelname)s] %(message)s",
    "%(levelname)-8s %(message)s",
    "[%(asctime)s] %(message)s",
    "%(asctime)s %(message)s",
)
"""What is tried where no format is given; of those that fit equally many lines the first wins."""


class TextRule(Protocol):
    """Understands one line of text."""

    label: str

    def match(self, text: str) -> Entry | None:
        """Return the entry of a line, or None where the rule does not fit."""
        ...


class FormatRule:
    """Lines as a `logging.Formatter` of a format string writes them.

    Args:
        clock: reads the times.
        fmt: the format string.
        datefmt: the format of times; None takes the usual ones.
        style: "%", "{" or "$".
        is_common: whether the format is only a guess: then the level has a known name, the time must be
            one, and a logger's name is one word.

    Raises:
        InvalidValueError: a format or the style is not valid.
    """

    def __init__(
        self, clock: Clock, fmt: str, datefmt: str | None = None, style: str = "%", *, is_common: bool = False
    ) -> None:
        self.label = fmt
        self._clock, self._datefmt, self._is_common = clock, datefmt, is_common
        pieces = _checked_pieces(fmt, style)
        names = [name for _, name, _ in pieces if name]
        self._is_weak = not {"asctime", "created", "levelname", "levelno"} & set(names)
        # The rest of a long line goes to the message where nothing else follows.
        self._is_open = pieces[-1][1] == "message"
        self._pattern = re.compile("".join(self._regex(pieces)), re.DOTALL)

    def _regex(self, pieces: list[tuple[str, str | None, str]]) -> Iterator[str]:
        seen: set[str] = set()
        for literal, name, pad in pieces:
            text = re.escape(literal)
            yield re.sub(r"(?:\\ ){2,}", " {2,}", text) if self._is_common else text
            if name:
                shape = f"(?P<{name}>{self._shape(name)})" if name not in seen else self._shape(name)
                yield f" *{shape}" if pad == ">" else f"{shape} *" if pad == "<" else shape
                seen.add(name)
        yield r"\Z"

    def _shape(self, name: str) -> str:
        if name == "asctime":
            return _date_shape(self._datefmt) if self._datefmt else _ANY_TIME
        if self._is_common and name in ("name", "module", "funcName", "processName"):
            return r"[^\s:|\]]{1,255}?" if name != "name" else r"[^\s:|]{1,255}?"
        return _SHAPES.get(name, _ANYTHING)

    def match(self, text: str) -> Entry | None:
        """Return the entry of a line, or None where the format does not fit."""
        head, tail = (text[:_HEAD], text[_HEAD:]) if self._is_open else (text, "")
        found = self._pattern.match(head)
        if found is None:
            return None
        fields = found.groupdict()
        if self._is_common and fields.get("levelname", "INFO").upper() not in KNOWN_LEVELS:
            return None
        entry = Entry(text=text, message=(fields.pop("message", None) or "") + tail, is_matched=not self._is_weak)
        self._put_time(entry, fields)
        if self._is_common and "asctime" in fields:  # it is no time
            return None
        _put_place(entry, fields)
        return entry

    def _put_time(self, entry: Entry, fields: dict[str, Any]) -> None:
        if "created" in fields and put_time(entry, self._clock, fields["created"]):
            del fields["created"]
        elif "asctime" in fields and put_time(entry, self._clock, fields["asctime"], self._datefmt):
            del fields["asctime"]
            if "msecs" in fields and entry.us is not None and entry.us % 1_000_000 == 0:
                entry.us += round(float(fields.pop("msecs")) * 1000)


def put_time(entry: Entry, clock: Clock, value: object, datefmt: str | None = None) -> bool:
    """Set the time of an entry; return False where the value is none."""
    moment = clock.read(value, datefmt)
    if moment is None:
        return False
    entry.us, entry.is_zoned, entry.is_guessed = moment
    entry.time_text = None if moment.is_zoned else str(value)
    return True


def _put_place(entry: Entry, fields: dict[str, Any]) -> None:
    """Set what a format says of level and place; everything else becomes an attribute."""
    if fields.get("levelname") and entry.put_level(fields["levelname"]):
        del fields["levelname"]
    if fields.get("levelno"):
        number = int(fields.pop("levelno"))
        if entry.level is None:
            entry.put_level(number)
        entry.level_number = number
    path = "pathname" if "pathname" in fields else "filename"
    entry.logger, entry.file = fields.pop("name", None), fields.pop(path, None)
    entry.function, entry.thread = fields.pop("funcName", None), fields.pop("threadName", None)
    entry.task = fields.pop("taskName", None)
    entry.line_number = int(fields.pop("lineno")) if "lineno" in fields else None
    entry.process = int(fields.pop("process")) if "process" in fields else None
    entry.attributes.update(fields)


class PatternRule:
    """Lines that a regular expression with named groups fits, from their beginning.

    The groups ``time``, ``level``, ``logger``, ``message`` and ``step`` are what they say, ``metric_NAME`` is a number,
    any other an attribute. A line without a group ``message`` is its own message.

    Raises:
        InvalidValueError: it is no regular expression, or has no named group.
    """

    def __init__(self, clock: Clock, pattern: str, datefmt: str | None = None) -> None:
        self.label = pattern
        self._clock, self._datefmt = clock, datefmt
        if datefmt:
            _date_shape(datefmt)
        try:
            self._pattern = re.compile(pattern)
        except re.error as error:
            at = "" if error.pos is None else f" at position {error.pos}"
            raise InvalidValueError(f"{pattern!r} is no regular expression: {error.msg}{at}") from error
        if not self._pattern.groupindex:
            raise InvalidValueError(f"{pattern!r} has no named group; name one, such as (?P<message>.*)")
        self._is_weak = not {"time", "level"} & set(self._pattern.groupindex)

    def match(self, text: str) -> Entry | None:
        """Return the entry of a line, or None where the expression does not fit."""
        found = self._pattern.match(text)
        if found is None:
            return None
        fields = {name: value for name, value in found.groupdict().items() if value is not None}
        entry = Entry(text=text, message=fields.pop("message", text), is_matched=not self._is_weak)
        entry.logger = fields.pop("logger", None)
        if "time" in fields and put_time(entry, self._clock, fields["time"], self._datefmt):
            del fields["time"]
        if "level" in fields and entry.put_level(fields["level"]):
            del fields["level"]
        if "step" in fields:
            step = fields.pop("step")
            entry.step = int(step) if re.fullmatch(r"[-+]?\d{1,19}", step.strip()) else step
        _put_numbers(entry, fields)
        return entry


def _put_numbers(entry: Entry, fields: Mapping[str, str]) -> None:
    numbers = {}
    for name, text in fields.items():
        number = number_of_text(text) if name.startswith("metric_") else None
        if number is None:
            entry.attributes[name] = text
        else:
            numbers[name.removeprefix("metric_")] = number
    entry.metrics = numbers or None


def number_of_text(text: str) -> int | float | None:
    """Return the number that a text is, or None."""
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return None


def _checked_pieces(fmt: str, style: str) -> list[tuple[str, str | None, str]]:
    if style not in ("%", "{", "$"):
        raise InvalidValueError(f"the style of a format is one of % {{ $, not {style!r}")
    try:
        logging.Formatter(fmt, style=style)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise InvalidValueError(f"{fmt!r} is no format of style {style}: {error}") from error
    if "\n" in fmt:
        raise InvalidValueError(f"{fmt!r} has a line break in it; a format is one line")
    pieces = {"%": _percent_pieces, "{": _brace_pieces, "$": _dollar_pieces}[style](fmt)
    return [piece for piece in pieces if piece != ("", None, "")]


def _percent_pieces(fmt: str) -> list[tuple[str, str | None, str]]:
    """Cut a format into the text before each field, the field's name, and ``<`` or ``>`` where it is padded."""
    pieces: list[tuple[str, str | None, str]] = []
    begin = 0
    for found in _PERCENT.finditer(fmt):
        before, begin = fmt[begin : found.start()], found.end()
        pad = "" if not found["width"] else "<" if "-" in found["flags"] else ">"
        pieces.append((before + "%", None, "") if found["literal"] else (before, found["name"], pad))
    return [*pieces, (fmt[begin:], None, "")]


def _brace_pieces(fmt: str) -> list[tuple[str, str | None, str]]:
    pieces: list[tuple[str, str | None, str]] = []
    for literal, field, spec, _ in string.Formatter().parse(fmt):
        name = re.split(r"[.\[]", field)[0] if field else None
        align = re.match(r"(?:.?([<>^=]))?[ +#0-]*\d", spec or "")
        # Texts stand at the left unless told otherwise; numbers at the right.
        pad = "" if align is None else ">" if align[1] in (">", "=") else "<"
        pieces.append((literal, name, pad))
    return pieces


def _dollar_pieces(fmt: str) -> list[tuple[str, str | None, str]]:
    pieces: list[tuple[str, str | None, str]] = []
    begin = 0
    for found in string.Template.pattern.finditer(fmt):
        before, begin = fmt[begin : found.start()], found.end()
        name = found["named"] or found["braced"]
        pieces.append((before, name, "") if name else (before + found["escaped"], None, ""))
    return [*pieces, (fmt[begin:], None, "")]


def _date_shape(datefmt: str) -> str:
    """Return a regular expression of what a date format writes.

    Raises:
        InvalidValueError: it has a directive that cannot be read back.
    """
    if not isinstance(datefmt, str):
        raise InvalidValueError(f"datefmt is text, not {type(datefmt).__name__}")
    parts = re.split("%(.?)", expanded(datefmt), flags=re.DOTALL)
    for code in parts[1::2]:
        if code not in _DIRECTIVES:
            raise InvalidValueError(f"the date format {datefmt!r} has %{code}, which cannot be read back from a log")
    return "".join(_DIRECTIVES[part] if number % 2 else re.escape(part) for number, part in enumerate(parts))


def common_rules(clock: Clock, sample: list[str]) -> list[TextRule]:
    """Return the common formats that fit lines of a sample, best first; all of them where none fits."""
    rules = [FormatRule(clock, fmt, is_common=True) for fmt in COMMON_FORMATS]
    scores = [sum(rule.match(text) is not None for text in sample) for rule in rules]
    ranked = sorted(zip(scores, rules, strict=True), key=lambda one: -one[0])
    return [rule for score, rule in ranked if score] or list(rules)
