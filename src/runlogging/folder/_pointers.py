"""The numbers that JSON cannot write: their names, and by JSON pointers (RFC 6901) where in a value they belong."""

from __future__ import annotations

import math
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


def nonfinite_text(number: float) -> str:
    """Return the name of a float that is not finite."""
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
