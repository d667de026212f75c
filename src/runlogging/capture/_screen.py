"""The rows of a terminal that may still be drawn over, and when they are given out as lines. See `_lines`."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

MAX_LINE = 64 * 1024
_MAX_ROWS = 100
_MAX_COLUMN = 4096
_MAX_HOLD_S = 300.0
_ALTERNATE_SCREENS = frozenset({"?1049", "?1047", "?47"})


class OutputLine(NamedTuple):
    """A line of output.

    Attributes:
        text: the line without its newline and without sequences for terminals; bytes that are no UTF-8 are escaped.
        created: when it was last written to, in the caller's seconds.
        continued: whether it goes on with the line before it, which was too long or had waited for its end.
    """

    text: str
    created: float
    continued: bool = False


class _Row:
    """A row: its text, when it was written to, what of it was given out (None: nothing), whether it was drawn over."""

    __slots__ = ("is_bar", "shown", "text", "touched")

    def __init__(self, touched: float, text: str = "", shown: str | None = None, *, is_bar: bool = False) -> None:
        self.text, self.touched, self.shown, self.is_bar = text, touched, shown, is_bar

    def unseen(self) -> OutputLine | None:
        """Return what of the row was not given out."""
        text = self.text.rstrip(" ") if self.is_bar else self.text
        if text == self.shown or (self.is_bar and not text):
            return None
        if self.shown is not None and not self.is_bar and text.startswith(self.shown):
            return OutputLine(text[len(self.shown) :], self.touched, continued=True)
        return OutputLine(text, self.touched)


class Screen:
    """Rows in which a cursor moves.

    Args:
        hold_s: how long a row that may be drawn over is held.
        idle_s: after how long a row without its newline is given out.
    """

    def __init__(self, hold_s: float, idle_s: float) -> None:
        self._hold_s, self._idle_s = hold_s, idle_s
        self._rows = [_Row(0.0)]
        self._at = self._column = 0
        self._live_until = float("-inf")
        self._is_returned = False  # a carriage return came, and nothing since
        self._is_alternate = self._is_elsewhere = False
        self._saved: tuple[int, int] | None = None
        self._past: deque[OutputLine] = deque(maxlen=_MAX_ROWS)
        self._lines: list[OutputLine] = []

    # ------------------------------------------------------------------ rows that are given out

    def taken(self) -> list[OutputLine]:
        """Return the lines that were given out since the last call."""
        lines, self._lines = self._lines, []
        self._past.extend(lines[-_MAX_ROWS:])
        return lines

    def release(self, now: float) -> None:
        """Give out what was held, or waited for its newline, long enough."""
        if now >= self._live_until:
            self._give_above(self._at)
        while self._at and now >= self._rows[0].touched + self._hold_s:
            self._give_above(1)
        row = self._rows[-1]
        if self._is_waiting(row) and now >= row.touched + self._idle_s:
            self._give_above(self._at)
            self._give(row)
            row.shown = row.text

    def next_due(self) -> float | None:
        """Return the time at which `release` will have something to do; None for never, if nothing is written."""
        due = [min(self._live_until, self._rows[0].touched + self._hold_s)] if self._at else []
        if self._is_waiting(self._rows[-1]):
            due.append(self._rows[-1].touched + self._idle_s)
        return min(due, default=None)

    def finish(self, now: float) -> None:
        """Give out everything; a row that nothing was written to is none."""
        if not self._rows[-1].text:
            self._rows.pop()
        self._give_above(len(self._rows))
        self._rows, self._at, self._column = [_Row(now)], 0, 0

    def _is_waiting(self, row: _Row) -> bool:
        """Tell whether the last row waits for its newline; a progress bar may wait for ever."""
        is_last = self._at == len(self._rows) - 1
        return is_last and not row.is_bar and not self._is_returned and row.text != (row.shown or "")

    def _give(self, row: _Row) -> None:
        line = row.unseen()
        if line is not None:
            self._lines.append(line)

    def _give_above(self, count: int) -> None:
        """Give out the topmost rows and forget them, in their order."""
        for row in self._rows[:count]:
            self._give(row)
        del self._rows[:count]
        self._at = max(0, self._at - count)
        if self._saved is not None:
            self._saved = max(0, self._saved[0] - count), self._saved[1]

    # ------------------------------------------------------------------ text

    def is_plain(self, now: float) -> bool:
        """Tell whether text is only appended and given out at its newline: nothing is held, and the cursor is last."""
        if len(self._rows) > 1 or self._is_returned or now < self._live_until:
            return False
        return not (self._is_alternate or self._is_elsewhere) and self._column == len(self._rows[0].text)

    def add_plain(self, text: str, now: float) -> None:
        """Take text without any control but newlines, while `is_plain`."""
        first, *others = text.split("\n")
        if first:
            self.write(first, now)
        if not others:
            return
        self.feed_line(now)
        *whole, last = others
        is_quick = now >= self._live_until
        for part in whole:
            if is_quick and len(part) <= MAX_LINE:
                self._lines.append(OutputLine(part, now))
                continue
            self.write(part, now)
            self.feed_line(now)
        if last:
            self.write(last, now)

    def write(self, text: str, now: float) -> None:
        """Put text at the cursor, over what is there."""
        if self._is_alternate or self._is_elsewhere:
            return
        row, column = self._rows[self._at], self._column
        old, end = row.text, column + len(text)
        if self._is_returned or column < len(old):
            row.is_bar = True
        self._is_returned = False
        row.text = old + text if column == len(old) else old[:column].ljust(column) + text + old[end:]
        row.touched, self._column = now, end
        if len(row.text) > MAX_LINE:
            self._cut(row)

    def _cut(self, row: _Row) -> None:
        """Give out the beginning of a line that is too long."""
        self._give_above(self._at)
        while len(row.text) > MAX_LINE:
            rest, row.text = row.text[MAX_LINE:], row.text[:MAX_LINE]
            self._give(row)
            row.text, row.shown, row.is_bar = rest, "", False
        self._column = len(row.text)

    def feed_line(self, now: float) -> None:
        """Go to the beginning of the next row."""
        if self._is_alternate:
            return
        row = self._rows[self._at]
        self._column, self._is_returned = 0, False
        if self._is_elsewhere:  # whoever went there never came back
            self._is_elsewhere, self._saved = False, None
        if row.is_bar:
            # The bar of an inner loop may come below, and the cursor come back.
            self._keep_live(now)
        if self._at < len(self._rows) - 1:
            self._at += 1
            return
        row.touched = now
        self._rows.append(_Row(now))
        self._at += 1
        if now >= self._live_until:
            self._give_above(self._at)
        elif len(self._rows) > _MAX_ROWS:
            self._give_above(1)

    def go_back(self) -> None:
        """Take a carriage return."""
        if not self._is_alternate:
            self._column, self._is_returned = 0, True

    # ------------------------------------------------------------------ the cursor

    def steer(self, verb: str, given: str, now: float) -> None:
        """Obey a control sequence; one that moves nothing of lines is passed over.

        Args:
            verb: the letter that it ends in.
            given: its parameters.
            now: the time.
        """
        if verb in ("h", "l"):
            self._switch(given, is_on=verb == "h", now=now)
            return
        if self._is_alternate:
            return
        numbers = [int(part) if part.isdecimal() and len(part) < 6 else 0 for part in given.split(";")]
        count = max(1, numbers[0])
        if verb in ("A", "B", "E", "F", "e"):
            self._go_vertically(verb, count, now)
        elif verb in ("C", "D", "G", "`", "a"):
            self._go_along(verb, count)
        elif verb in ("H", "f", "d"):
            self._place(count, max(1, numbers[1]) if len(numbers) > 1 else 1, now, keeps_column=verb == "d")
        elif verb == "J":
            self._erase_screen(numbers[0], now)
        elif verb == "K":
            self._erase_line(numbers[0], now)
        elif verb == "s":
            self._saved = self._at, self._column
        elif verb == "u":
            self._restore()

    def _keep_live(self, now: float) -> None:
        self._live_until = max(self._live_until, now + self._hold_s)

    def _switch(self, given: str, *, is_on: bool, now: float) -> None:
        if given in _ALTERNATE_SCREENS:
            self._is_alternate = is_on
        elif given == "?25" and not is_on:
            # Who hides the cursor is about to move it.
            self._keep_live(now)

    def _go_along(self, verb: str, count: int) -> None:
        column = {"D": self._column - count, "C": self._column + count, "a": self._column + count}.get(verb, count - 1)
        self._column = min(max(0, column), max(_MAX_COLUMN, len(self._rows[self._at].text)))

    def _go_vertically(self, verb: str, count: int, now: float) -> None:
        if verb in ("A", "F"):
            self._take_back(min(count, _MAX_ROWS) - self._at)
            self._at = max(0, self._at - count)
            self._keep_live(now)
        else:
            self._go_to(self._at + count, now)
        if verb in ("E", "F"):
            self._column = 0

    def _take_back(self, count: int) -> None:
        """Bring back rows that were given out, since the cursor goes there."""
        is_late = False
        for _ in range(count):
            if self._lines:
                line = self._lines.pop()
                row = _Row(line.created, line.text)
            elif self._past:
                line, is_late = self._past.pop(), True
                row = _Row(line.created, line.text, line.text)
            else:
                break
            self._rows.insert(0, row)
            self._at += 1
        if is_late:
            self._hold_s = min(2 * self._hold_s, _MAX_HOLD_S)

    def _go_to(self, row: int, now: float) -> None:
        self._at = min(row, _MAX_ROWS - 1)
        while len(self._rows) <= self._at:
            self._rows.append(_Row(now, is_bar=True))

    def _place(self, row: int, column: int, now: float, *, keeps_column: bool) -> None:
        self._keep_live(now)
        if self._saved is not None:
            # A status line at the bottom, such as apt's: the cursor was saved to come back from there.
            self._is_elsewhere = True
            return
        self._go_to(row - 1, now)
        if not keeps_column:
            self._column = min(column - 1, _MAX_COLUMN)

    def _restore(self) -> None:
        self._is_elsewhere = False
        if self._saved is not None:
            self._at, self._column = min(self._saved[0], len(self._rows) - 1), self._saved[1]
            self._saved = None

    def _erase_line(self, mode: int, now: float) -> None:
        if self._is_elsewhere:
            return
        row, column = self._rows[self._at], self._column
        before = row.text
        if mode == 0:
            row.text = before[:column]
        else:
            row.text = " " * min(column, len(before)) + before[column:] if mode == 1 else ""
        if row.text != before:
            row.is_bar, row.touched = True, now

    def _erase_screen(self, mode: int, now: float) -> None:
        if self._is_elsewhere:
            return
        self._erase_line(min(mode, 2), now)
        above = self._rows[: self._at] if mode else []
        for row in above:
            row.text, row.is_bar = "", True
        if mode != 1:
            del self._rows[self._at + 1 :]
