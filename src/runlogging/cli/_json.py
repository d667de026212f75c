"""Strict JSON in plain ASCII: what is no JSON becomes text, and every unsafe character an escape."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from os import PathLike, fspath
from typing import Any

from runlogging._texts import MAX_DECIMAL_BITS
from runlogging.cli._text import utc_text
from runlogging.folder import nonfinite_text


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return a value as JSON: times as the folder writes them, NaN and infinities as text."""
    text = json.dumps(_plain(value), allow_nan=False, indent=indent)
    return text.replace("\x7f", "\\u007f")  # the one control character that json leaves as it is


def json_array(items: Iterable[Any]) -> Iterator[str]:
    """Yield the lines of one array, an item a line, so that a long one need not be held as text."""
    yield "["
    before: str | None = None
    for item in items:
        if before is not None:
            yield before + ","
        before = json_text(item)
    if before is not None:
        yield before
    yield "]"


def fields_of(thing: object, names: Iterable[str]) -> dict[str, Any]:
    """Return attributes of an object by their names, in order."""
    return {name: getattr(thing, name) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else nonfinite_text(value)
    if isinstance(value, int) and value.bit_length() > MAX_DECIMAL_BITS:
        return hex(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return utc_text(value)
    if value is None or isinstance(value, str | int):
        return value
    return fspath(value) if isinstance(value, PathLike) else str(value)
