"""The log in short: how many entries of each level, the last errors, the most frequent warnings, both ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC

from runlogging._texts import short_number
from runlogging.drawing._markup import Markup, element, joined, one_line
from runlogging.drawing._numbers import counted, time_text
from runlogging.folder import STANDARD_LEVELS
from runlogging.reading import LogEntry
from runlogging.reading._digest import LogDigest, Said
from runlogging.report._parts import Section, bounded, faint, label_text, pre, section, table

_NAMES = {number: name for name, number in STANDARD_LEVELS.items()}
_TEMPLATES = 10
_LONGEST = 1_000
_LONGEST_STACK = 6_000


def logs_section(log: LogDigest) -> Section | None:
    """Return the section of a run's log; None where it has no entries."""
    if not log.count:
        return None
    parts = (_levels(log.levels, log.count), _errors(log.errors), _templates(log.said), *_ends(log))
    return section("Log", "log", *parts)


def last_lines(log: LogDigest, count: int = 15) -> Markup:
    """Return the last entries of a run's log; nothing where it has none."""
    return Markup(element("h3", "Last lines") + lines(log.last[-count:])) if log.last else Markup()


def lines(entries: Iterable[LogEntry]) -> Markup:
    """Return entries as lines: time (UTC), level, logger, message, metrics."""
    return element("pre", joined(map(_line, entries)), class_="lines")


def _line(entry: LogEntry) -> Markup:
    time = entry.time.astimezone(UTC).strftime("%H:%M:%S.%f")[:12]
    metrics = "".join(f"  {one_line(name)}={short_number(value)}" for name, value in entry.metrics.items())
    step = "" if entry.step is None else f"  step={entry.step}"
    level = element("b", entry.level.ljust(8), class_=_kind(entry.level_number))
    text = bounded(entry.message, _LONGEST).rstrip("\n").replace("\n", "\n    ")
    return joined([f"{time} ", level, f" {one_line(entry.logger)}  {text}{bounded(metrics)}{step}\n"])


def _kind(level: int) -> str | None:
    return "bad" if level >= STANDARD_LEVELS["ERROR"] else "warn" if level >= STANDARD_LEVELS["WARNING"] else "faint"


def _levels(levels: Mapping[int, int], total: int) -> Markup:
    parts = [f"{count:,} {_NAMES.get(number, f'level {number}')}" for number, count in sorted(levels.items())[::-1]]
    return element("p", f"{counted(total, 'entry', 'entries')}: {', '.join(parts)}.")


def _errors(errors: Iterable[LogEntry]) -> Markup:
    shown = list(errors)[::-1]
    if not shown:
        return Markup()
    parts = [element("h3", "Last error" if len(shown) == 1 else f"Last {len(shown)} errors")]
    for entry in shown:
        parts.append(lines([entry]))
        stack = (entry.exception or {}).get("stacktrace") if isinstance(entry.exception, dict) else None
        if isinstance(stack, str) and stack.strip():
            parts.append(pre(bounded_end(stack.rstrip("\n")), "error"))
    return joined(parts)


def bounded_end(text: str, longest: int = _LONGEST_STACK) -> str:
    """Return the end of a long text: of a stack the end says what went wrong."""
    if len(text) <= longest:
        return text
    return f"({len(text) - longest:,} characters before) ...{text[-longest:]}"


def _templates(said: Counter[Said]) -> Markup:
    if not said:
        return Markup()
    rows = [
        [f"{count:,}", one.level, label_text(one.logger), one_line(bounded(one.text, 300))]
        for one, count in said.most_common(_TEMPLATES)
    ]
    more = faint(f"And {len(said) - len(rows):,} other messages.") if len(said) > len(rows) else ""
    shown = table(["count", "level", "logger", "message"], rows, numbers=[0])
    return Markup(element("h3", "Most frequent warnings and errors") + shown + more)


def _ends(log: LogDigest) -> list[Markup]:
    first, last, total = log.first, log.last, log.count
    if total <= len(first) + len(last):
        rest = last[-(total - len(first)) :] if total > len(first) else []
        return [element("h3", f"All {total} entries" if total > 1 else "The entry"), lines([*first, *rest])]
    return [
        element("h3", f"First {len(first)} entries, from {time_text(first[0].time)}"),
        lines(first),
        element("h3", f"Last {len(last)} entries, to {time_text(last[-1].time)}"),
        lines(last),
    ]
