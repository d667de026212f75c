"""Which lines of a log belong to the entry before them: indented ones, blank ones, tracebacks."""

from __future__ import annotations

from runlogging.adopting._tracebacks import BETWEEN, HEADER, STACK_HEADER, error_name, split_text
from runlogging.capture._entries import KNOWN_LEVELS, Entry

MAX_CHARACTERS = 16 << 20
"""An entry that has grown to this size takes no further lines, so that memory stays bounded."""


class Joiner:
    """Put entries together that belong together.

    An entry whose ``text`` is None is whole and takes no lines. A blank line begins no entry.
    """

    def __init__(self) -> None:
        self._pending: Entry | None = None
        self._parts: list[str] = []
        self._size = 0
        self._is_in_traceback = False

    def feed(self, entry: Entry) -> Entry | None:
        """Take the next entry; return the one before it once it is whole."""
        if self._takes(entry):
            self._add(entry.text or "")
            return None
        if entry.text is not None and not entry.text.strip():
            return self.end()
        done, self._pending = self.end(), entry
        self._see(entry.text or "")
        return done

    def end(self) -> Entry | None:
        """Return what is still held, or None."""
        done, self._pending = self._pending, None
        if done is not None and done.text is not None and (self._parts or self._is_in_traceback):
            text = "\n".join((done.message, *self._parts))
            done.message, exception, stack = split_text(text)
            done.exception, done.stack = done.exception or exception, done.stack or stack
            if exception is not None and not done.is_matched:  # it stands alone: nobody logged it
                done.put_level("ERROR")
                done.message = done.message or f"{exception['type']}: {exception['message']}"
        self._parts, self._size, self._is_in_traceback = [], 0, False
        return done

    def _takes(self, entry: Entry) -> bool:
        before, text = self._pending, entry.text
        if before is None or before.text is None or text is None or before.stream != entry.stream:
            return False
        if self._size > MAX_CHARACTERS:
            return False
        if self._is_in_traceback and text[:1].strip():
            name = error_name(text)
            if name is not None and name.upper() not in KNOWN_LEVELS:
                return True
        if entry.is_matched:
            return False
        return not text.strip() or text[0] in " \t" or text in (HEADER, STACK_HEADER, *BETWEEN)

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._size += len(text)
        self._see(text)

    def _see(self, text: str) -> None:
        """Note where a traceback begins, and that its last line, which names the error, ends it."""
        if text == HEADER:
            self._is_in_traceback = True
        elif text[:1].strip():
            self._is_in_traceback = False
