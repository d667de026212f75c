"""Log entries of one run, counted by template and source line. Memory grows with the templates, not the entries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from runlogging.folder import Line
from runlogging.reading._model import level_number

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|\d+(?:\.\d+)*(?:[eE][-+]?\d+)?")
_PLACEHOLDER = re.compile(r"%(?:\(\w*\))?[-#0 +]*[\d.*]*[a-zA-Z]|\{[^{}]*\}")
_WORD = re.compile(r"\w")

# A text without arguments may be an f-string's, and new each time. So many of one pattern, and so many patterns of
# one place, are told apart in a run; all further ones count as one.
_TEXTS_OF_A_PATTERN = 50
_PATTERNS_OF_A_PLACE = 500
FURTHER = "(further texts)"


class Site(NamedTuple):
    """Where an entry comes from: its level and logger, the source line, and the type of its exception."""

    level: str
    logger: str
    file: str | None
    line: int | None
    exception: str | None


class LogKey(NamedTuple):
    """What entries are counted by."""

    site: Site
    template: str


@dataclass
class Tally:
    """Entries of one key.

    Attributes:
        count: how many there are.
        level_number: the number of their level.
        pattern: the template with ``#`` for its numbers, where it may be an f-string's; else None.
        message, time, step: the first of them, by time.
    """

    count: int
    level_number: int
    pattern: str | None
    message: str
    time: str
    step: int | None


class LogTally:
    """The entries of one run.

    Attributes:
        tallies: the counts by key, in the order in which the keys first appear.
    """

    def __init__(self) -> None:
        self.tallies: dict[LogKey, Tally] = {}
        self._texts: dict[LogKey, int] = {}
        self._patterns: dict[Site, int] = {}

    def add(self, line: Line) -> None:
        """Count an entry."""
        number = level_number(line)
        exception = (line.exception or {}).get("type")
        site = Site(line.level or f"Level {number}", line.logger or "", line.file, line.line, exception)
        template, pattern = _template_of(line)
        key = LogKey(site, template)
        if pattern is not None and key not in self.tallies:
            key = self._bounded(key, pattern)
        tally = self.tallies.get(key)
        if tally is None:
            self.tallies[key] = Tally(1, number, pattern, line.message or "", line.time, line.step)
            return
        tally.count += 1
        if line.time < tally.time:  # times are of one width, so they compare as text
            tally.message, tally.time, tally.step = line.message or "", line.time, line.step

    def _bounded(self, key: LogKey, pattern: str) -> LogKey:
        texts = LogKey(key.site, pattern)
        count = self._texts.get(texts)
        if count is None:
            patterns = self._patterns.get(key.site, 0)
            if patterns >= _PATTERNS_OF_A_PLACE:
                return LogKey(key.site, FURTHER)
            self._patterns[key.site] = patterns + 1
        elif count >= _TEXTS_OF_A_PATTERN:
            return texts
        self._texts[texts] = (count or 0) + 1
        return key


def _template_of(line: Line) -> tuple[str, str | None]:
    """Return an entry's template, and its pattern where no arguments went into it."""
    message = line.message or ""
    template = line.template or message
    # Of "%s" the template says nothing: that is how texts of all kinds are handed on.
    if template != message and _WORD.search(_PLACEHOLDER.sub("", template)):
        return template, None
    return message, _NUMBER.sub("#", message)
