"""From the bytes that a program prints to the lines that a terminal showed at last. No I/O, and time is an argument.

What a carriage return overwrites is no line of its own, so a progress bar becomes its last state. Displays that move
the cursor up to draw again (rich, pip, nested bars of tqdm) are told by that movement: from then on, lines are held
for a while, and what is drawn over meanwhile was never said. The rules, a heuristic:

- A line is held only while its neighbourhood is live: a cursor went up, was hidden, or a line of a progress bar ended
  less than `hold_s` ago. Otherwise a line is given out at its newline.
- A held line is given out once it was left alone for `hold_s`, once it is more than 100 rows up, or at the end.
- Where a display is drawn again after its lines were given out, only lines that changed are given out again, and
  `hold_s` doubles (to five minutes at most): a display that changes every minute gives a handful of states, not all.
- A bar that waits is not given out before its newline or the end of the output.
- A full-screen program (the alternate screen) gives no lines.

The width of the terminal is not known, so a line that wraps counts as one row.
"""

from __future__ import annotations

import codecs
import re

from runlogging.capture._screen import MAX_LINE, OutputLine, Screen
from runlogging.capture._structured import StructuredLine, parse_structured

__all__ = ["MAX_LINE", "LineSplitter", "OutputLine", "StructuredLine", "parse_structured"]

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# At the end of what was read: the beginning of a sequence.
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,4}|[ -/]{0,4})\Z")
_MAX_UNFINISHED = 80
_TOKEN = re.compile(
    r"(?P<text>[^\x1b\r\n\b]+)|(?P<sign>[\r\n\b])"
    r"|\x1b\[(?P<given>[0-?]*)[ -/]*(?P<verb>[@-~])|\x1b(?P<string>[\]PX^_])|\x1b[ -/]*(?P<short>[0-~])|\x1b"
)
# Titles, links and images: to their end, or to the end of the line where somebody forgot it.
_STRING_END = re.compile(r"\x07|\x1b\\|(?=\n)")
# The short sequences that are the same as long ones.
_SHORT = {"M": "A", "7": "s", "8": "u"}


class LineSplitter:
    """Turn the output of one channel into lines, in bounded memory.

    A line of more than 64 Ki characters comes in pieces.

    Args:
        hold_s: how long a line that may be drawn over is held.
        idle_s: after how long a line without its newline is given out, such as a question.
    """

    def __init__(self, hold_s: float = 1.0, idle_s: float = 1.0) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("backslashreplace").decode
        self._screen = Screen(hold_s, idle_s)
        self._tail = ""
        self._is_in_string = False

    def feed(self, data: bytes, now: float) -> list[OutputLine]:
        """Take what was read, and return the lines that are finished by it."""
        self._take(self._decode(data), now)
        return self.poll(now)

    def poll(self, now: float) -> list[OutputLine]:
        """Return the lines that were held or waited for their newline long enough; see `next_due`."""
        self._screen.release(now)
        return self._screen.taken()

    @property
    def next_due(self) -> float | None:
        """The time at which `poll` will have something to return; None for never, if nothing is fed."""
        return self._screen.next_due()

    def close(self, now: float) -> list[OutputLine]:
        """Return all lines that are left; the output is over."""
        self._take(self._decode(b"", True), now)
        self._screen.finish(now)
        return self._screen.taken()

    def _take(self, text: str, now: float) -> None:
        text, self._tail = self._tail + text, ""
        if "\x1b" in text:
            text = _COLOUR.sub("", text)
            found = _UNFINISHED.search(text, max(0, len(text) - _MAX_UNFINISHED))
            if found:
                text, self._tail = text[: found.start()], found[0]
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        has_controls = "\x1b" in text or "\r" in text or "\b" in text or self._is_in_string
        if has_controls or not self._screen.is_plain(now):
            self._draw(text, now)
        else:
            self._screen.add_plain(text, now)

    def _draw(self, text: str, now: float) -> None:
        position = 0
        while position < len(text):
            if self._is_in_string:
                end = _STRING_END.search(text, position)
                if end is None:
                    return
                self._is_in_string, position = False, end.end()
                continue
            token = _TOKEN.match(text, position)
            if token is None:  # cannot be: every character begins a token
                return
            position = token.end()
            self._obey(token, now)

    def _obey(self, token: re.Match[str], now: float) -> None:
        screen, kind = self._screen, token.lastgroup
        if kind == "text":
            screen.write(token["text"], now)
        elif kind == "verb":
            screen.steer(token["verb"], token["given"], now)
        elif kind == "string":
            self._is_in_string = True
        elif kind == "short":
            screen.steer(_SHORT.get(token["short"], ""), "", now)
        elif kind == "sign" and token["sign"] == "\n":
            screen.feed_line(now)
        elif kind == "sign":
            screen.go_back() if token["sign"] == "\r" else screen.steer("D", "", now)
