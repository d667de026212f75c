"""JSON pointers (RFC 6901): where in a value the numbers belong that JSON cannot write."""

from __future__ import annotations

from typing import Any


def put_at(value: Any, pointer: str, item: Any) -> Any:
    """Put an item into nested lists and dicts; return the value, or the item itself for the empty pointer."""
    if not pointer:
        return item
    parent = value
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]
    for part in way:
        parent = parent[int(part) if isinstance(parent, list) else part]
    parent[int(last) if isinstance(parent, list) else last] = item
    return value


def restored(value: Any, nonfinite: dict[str, str] | None, exact: dict[str, str] | None) -> Any:
    """Return a value with the numbers in it that stand beside it, by their pointers."""
    for pointer, text in (nonfinite or {}).items():
        value = put_at(value, pointer, float(text))
    for pointer, text in (exact or {}).items():
        value = put_at(value, pointer, int(text, 0))
    return value
