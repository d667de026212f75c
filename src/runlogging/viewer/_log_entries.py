"""Log entries as JSON for the page, and as text or JSON lines to keep."""

from __future__ import annotations

from typing import Any

import msgspec

from runlogging._errors import InvalidValueError
from runlogging._texts import escape, escape_lines
from runlogging.folder import nonfinite_text, parse_time
from runlogging.reading._model import LogEntry, Record
from runlogging.viewer._answers import plain
from runlogging.viewer._log_expressions import TooSlowError
from runlogging.viewer._log_matching import Matcher

# More of a text is sent only when it is asked for: the page says how much there is.
SHORT = 4_000
_INDENT = "    "
_FIELDS = (
    *("seq", "writer", "level", "level_number", "logger", "message", "template", "file", "line", "function"),
    *("thread", "task", "process", "step", "metrics", "exception", "stack", "attributes", "problems", "recorded"),
)


def entry_facts(record: Record, place: int | None, *, is_whole: bool = False) -> dict[str, Any]:
    """Return an entry for the page, without what it lacks.

    Args:
        record: its record.
        place: its place among all entries of the run.
        is_whole: whether texts of any length stay whole; else ``cut`` says how many characters the cut ones have.
    """
    entry = LogEntry(record)
    found = {name: getattr(entry, name) for name in _FIELDS}
    # A step of 0 is one.
    facts = {name: value for name, value in found.items() if value or (value == 0 and value is not False)}
    facts |= {"place": place, "time": record.line.time, "message": entry.message, "level_number": entry.level_number}
    if not is_whole:
        _shorten(facts)
    return facts


def mark_hits(entries: list[dict[str, Any]], records: list[Record], matcher: Matcher) -> None:
    """Add to entries of these records what a search finds in them: ``hit``, and ``spans`` in the message.

    An expression that is none, or takes too long, marks nothing: the search says what is wrong with it.
    """
    try:
        hits = matcher.hits([record.line for record in records])
        spans = matcher.spans([entries[at]["message"] for at in hits])
    except (InvalidValueError, TooSlowError):
        return
    for at, own in zip(hits, spans, strict=True):
        entries[at] |= {"hit": True, "spans": own}


def _shorten(facts: dict[str, Any]) -> None:
    cut: dict[str, int] = {}
    for name in ("message", "template", "stack"):
        text = facts.get(name)
        if isinstance(text, str) and len(text) > SHORT:
            facts[name], cut[name] = text[:SHORT], len(text)
    for name in ("exception", "attributes", "metrics", "problems"):
        if name in facts:
            size = len(msgspec.json.encode(plain(facts[name]), enc_hook=str))
            if size > 2 * SHORT:
                cut[name] = size
                facts[name] = (
                    {key: str(text)[:SHORT] for key, text in facts[name].items()} if name == "exception" else {}
                )
    if cut:
        facts["cut"] = cut


def json_line(record: Record) -> bytes:
    """Return an entry as a line of JSON."""
    facts = entry_facts(record, None, is_whole=True)
    del facts["place"]
    return msgspec.json.encode(plain(facts), enc_hook=str) + b"\n"


def text_lines(record: Record, *, names_writer: bool) -> str:
    """Return an entry as lines of text, as ``runlogging logs`` prints it into a file."""
    entry = LogEntry(record)
    first, *rest = escape_lines(entry.message)
    moment = parse_time(record.line.time).astimezone()
    clock = f"{moment:%Y-%m-%d} {moment.time().isoformat(timespec='milliseconds')}"
    level, logger = escape(entry.level).ljust(8), escape(entry.logger)
    writer = f"[{escape(entry.writer)}]" if names_writer else ""
    before = " ".join(part for part in (clock, level, "~" if entry.recorded else "", writer, logger) if part)
    numbers = [f"{escape(name)}={_short(value)}" for name, value in entry.metrics.items()]
    step = "" if entry.step is None else f"step={entry.step}"
    lines = ["  ".join(part for part in (before, first, *numbers, step) if part), *(_INDENT + line for line in rest)]
    for text in ((entry.exception or {}).get("stacktrace"), entry.stack):
        if text:
            lines += [_INDENT + line for line in escape_lines(str(text).rstrip("\n"))]
    return "\n".join(lines) + "\n"


def _short(value: float | int) -> str:
    if isinstance(value, int):
        return str(value) if abs(value) < 10**15 else hex(value)
    return f"{value:.6g}" if value - value == 0 else nonfinite_text(value)
