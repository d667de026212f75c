"""So much of a value as a page gets."""

from __future__ import annotations

from typing import Any

_MOST_CHARS = 4_000_000


class Bound:
    """Takes so much of a value as the page gets.

    Args:
        items: how many elements.

    Attributes:
        sentence: what was left out; None where it is whole.
    """

    def __init__(self, items: int) -> None:
        self._most, self._items, self._chars = items, items, _MOST_CHARS
        self.sentence: str | None = None

    def cut(self, value: Any) -> Any:
        """Return a value, or its beginning."""
        self._items -= 1
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {self._text(str(key)): self.cut(item) for key, item in value.items() if self._is_room()}
        if isinstance(value, list):
            return [self.cut(item) for item in value if self._is_room()]
        return value

    def _is_room(self) -> bool:
        if self._items > 0:
            return True
        self.sentence = f"Only the first {self._most:,} elements are shown."
        return False

    def _text(self, text: str) -> str:
        if len(text) > self._chars:
            self.sentence = f"Only the first {_MOST_CHARS:,} characters are shown."
            text = text[: self._chars]
        self._chars -= len(text)
        return text
