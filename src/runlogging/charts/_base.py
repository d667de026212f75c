"""What the charts have in common: the object around their data, read and written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from runlogging._errors import InvalidValueError
from runlogging.charts._checks import refusal


@dataclass(frozen=True)
class Chart:
    """Hold the data of one chart; each subclass has one field for each key of ``data``.

    The constructor takes lists, tuples or arrays, checks them, and keeps tuples of Python values.

    Attributes:
        schema_type: what Azure ML calls the chart.
        schema_version: the version of its schema.
    """

    schema_type: ClassVar[str] = ""
    schema_version: ClassVar[str] = ""

    @classmethod
    def parse(cls, value: str | bytes | Mapping[str, Any] | Self) -> Self:
        """Read a chart that is given in Azure ML's schema.

        Args:
            value: JSON text, UTF-8 bytes of it, a mapping with `schema_type`, `schema_version` and `data` (arrays may
                stand for lists), or an instance, which is returned as it is. Keys that the schema does not have are
                left out.

        Raises:
            InvalidValueError: anything is not as the schema says; the message names the place, as
                ``data.matrix[1][2]``.
        """
        if isinstance(value, cls):
            return value
        envelope = _mapping_of(value, cls)
        _check_constant(envelope, "schema_type", cls.schema_type)
        _check_constant(envelope, "schema_version", cls.schema_version)
        names = [field.name for field in fields(cls)]
        data = _required(envelope, "data", f"an object with {', '.join(names)}")
        if not isinstance(data, Mapping):
            raise refusal("data", data, f"an object with {', '.join(names)}")
        return cls(**{name: _required(data, name, "a list", "data.") for name in names})

    def to_dict(self) -> dict[str, Any]:
        """Return the chart in Azure ML's schema: dicts, lists, texts, ints and floats that JSON has."""
        data = {field.name: _lists(getattr(self, field.name)) for field in fields(self)}
        return {"schema_type": self.schema_type, "schema_version": self.schema_version, "data": data}

    def _keep(self, **checked: Any) -> None:
        """Put the checked values in place of those that the constructor was given."""
        for name, value in checked.items():
            object.__setattr__(self, name, value)


def _mapping_of(value: Any, chart: type[Chart]) -> Mapping[str, Any]:
    expected = f"a {chart.schema_type} as a JSON object (text or mapping), or a {chart.__name__}"
    if isinstance(value, str | bytes | bytearray):
        value = _from_json(value, expected)
    if not isinstance(value, Mapping):
        raise refusal("the value", value, expected)
    return value


def _from_json(text: str | bytes | bytearray, expected: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        # Beside JSONDecodeError: bytes that are no UTF-8, ints of too many digits, nesting without end.
        raise InvalidValueError(f"the text is no JSON ({error}); expected {expected}") from error


def _required(mapping: Mapping[str, Any], key: str, expected: str, prefix: str = "") -> Any:
    if key not in mapping:
        raise InvalidValueError(f"{prefix}{key} is missing; expected {expected}")
    return mapping[key]


def _check_constant(mapping: Mapping[str, Any], key: str, constant: str) -> None:
    value = _required(mapping, key, repr(constant))
    if not isinstance(value, str) or value != constant:
        raise refusal(key, value, repr(constant))


def _lists(value: Any) -> Any:
    return [_lists(item) for item in value] if isinstance(value, tuple) else value
