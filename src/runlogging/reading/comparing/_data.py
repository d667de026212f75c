"""The value that is not there, and results as plain data for JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from os import PathLike, fspath
from typing import Any

from runlogging.folder import nonfinite_text

_MAX_DECIMAL_BITS = 14_000  # Python refuses to make more than 4,300 decimal digits


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING = Missing.MISSING
"""What stands for a value that a run does not have. None is a value: JSON's null."""


class Data:
    """The base of the frozen data classes of a comparison."""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain data: strict JSON can hold it.

        Times are UTC text as the folder has them, a number that is not finite is text, and so is (in hexadecimal) an
        integer of more than 14,000 bits.
        """
        return {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self)}  # type: ignore[arg-type]


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it; see `Data.as_dict`."""
    if isinstance(value, Data):
        return value.as_dict()
    if isinstance(value, float):
        return value if math.isfinite(value) else nonfinite_text(value)
    if isinstance(value, int) and value.bit_length() > _MAX_DECIMAL_BITS:
        return hex(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return fspath(value) if isinstance(value, PathLike) else value
