"""Values: what a caller hands over under ``metrics`` or as an extra, and what of it goes into the line.

Nothing here imports numpy, torch or JAX: their scalars and arrays are known by `item`, `tolist` and `ndim`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from runlogging.folder import clean_text, nonfinite_text, unused_name

MAX_DEPTH = 64
MAX_ELEMENTS = 100_000
MAX_BYTES = 1024 * 1024
_MAX_REPR = 10_000
_NUMBERS = frozenset({int, float})
_PLAIN_TYPES = _NUMBERS | {str, bool, type(None)}
_INT64 = range(-(1 << 63), 1 << 63)

_encode = msgspec.json.Encoder().encode


class OddNumbers:
    """The numbers of a value that JSON cannot write, by their place.

    Attributes:
        nonfinite: place to "NaN", "Infinity" or "-Infinity".
        exact: place to the digits of an int beyond 64 bits.
        elements: how many values were looked at.
    """

    __slots__ = ("elements", "exact", "nonfinite")

    def __init__(self) -> None:
        self.nonfinite: dict[str, str] = {}
        self.exact: dict[str, str] = {}
        self.elements = 0

    def written(self, number: int | float, place: str) -> int | float | None:
        """Return the number as the line holds it, and note the place where that is not all of it."""
        if isinstance(number, float):
            if math.isfinite(number):
                return number
            self.nonfinite[place] = nonfinite_text(number)
            return None
        if number in _INT64:
            return number
        self.exact[place] = digits(number)
        return nearest_double(number)


def _is_finite(number: int | float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def nearest_double(number: int) -> float | None:
    """Return the double nearest to an int, or None where that is infinite."""
    try:
        return float(number)
    except OverflowError:
        return None


def digits(number: int) -> str:
    """Return all decimal digits of an int, however many.

    ``str`` refuses more than some thousand digits by default (CVE-2020-10735); then hexadecimal says the same.
    """
    try:
        return str(number)
    except ValueError:
        return hex(number)


def number_of(value: Any) -> int | float | None:
    """Return the Python number that a value is, or None where it is none. A bool is none.

    float32 becomes the double of exactly its value.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    scalar = scalar_of(value)
    if scalar is value:
        return None
    if type(scalar) is type(value):
        # numpy.longdouble gives itself for item(); its float() is the nearest double.
        return float(scalar) if scalar.dtype.kind == "f" else None
    return number_of(scalar)


def scalar_of(value: Any) -> Any:
    """Return the Python value of a scalar or 0-d array of numpy, torch or JAX; anything else as it is."""
    if getattr(value, "ndim", None) == 0 and callable(getattr(type(value), "item", None)):
        if is_time(value):
            return None if str(value) == "NaT" else str(value)
        return value.item()
    return value


def is_time(value: Any) -> bool:
    """Tell whether a value is a time or an array of times of numpy; ``item`` makes an int of one in nanoseconds."""
    return getattr(getattr(value, "dtype", None), "kind", None) in ("m", "M")


def is_array(value: Any) -> bool:
    """Tell whether a value is an array of one dimension or more."""
    ndim = getattr(value, "ndim", None)
    return isinstance(ndim, int) and ndim > 0 and callable(getattr(type(value), "tolist", None))


def safe_repr(value: object) -> str:
    """Return a value's repr, bounded, or a marked placeholder where the repr raises."""
    try:
        text = repr(value)
    except Exception as error:
        return f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
    return text if len(text) <= _MAX_REPR else f"{text[:_MAX_REPR]}... <{len(text) - _MAX_REPR} more characters>"


def safe_str(value: object) -> str:
    """Return a value's text, or a marked placeholder where that raises."""
    try:
        return str(value)
    except Exception as error:
        return f"<{type(value).__name__} whose str raised {type(error).__name__}>"


def normalise(value: Any, odd: OddNumbers, place: str = "", depth: int = 0, above: tuple[int, ...] = ()) -> Any:
    """Return a copy of a value in terms that JSON has: dict, list, str, int, float, bool, None.

    Args:
        value: anything.
        odd: takes the numbers that JSON cannot write.
        place: a JSON pointer to the value (RFC 6901).
        depth: how deep the value lies; beyond 64 a marked text stands for it.
        above: the identities of the containers that hold it; one that holds itself becomes a marked text.
    """
    odd.elements += 1
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # a member of a text enum has another str()
    number = number_of(value)
    if number is not None:
        return odd.written(number, place)
    if depth >= MAX_DEPTH:
        return f"<deeper than {MAX_DEPTH}>"
    if id(value) in above:
        return "<cycle>"
    return _normalise_container(value, odd, place, depth + 1, (*above, id(value)))


def unused_key(key: Any, taken: Mapping[str, Any]) -> str:
    """Return a key as text that UTF-8 can hold and that is not taken."""
    return unused_name(clean_text(key if type(key) is str else safe_str(key)), taken)


def _normalise_container(value: Any, odd: OddNumbers, place: str, depth: int, above: tuple[int, ...]) -> Any:
    if isinstance(value, Mapping):
        return _normalise_mapping(value, odd, place, depth, above)
    items = _items(value)
    if items is None:
        return _normalise_object(value, odd, place, depth, above)
    if _is_plain(items):
        odd.elements += len(items)
        return items
    return [normalise(item, odd, f"{place}/{n}", depth, above) for n, item in enumerate(items)]


def _is_plain(items: list[Any]) -> bool:
    """Tell whether JSON has all items as they are; at C speed, because arrays are long."""
    types = set(map(type, items))
    if not types <= _PLAIN_TYPES:
        return False
    numbers = [item for item in items if type(item) is int or type(item) is float] if types & _NUMBERS else ()
    return all(map(_is_finite, numbers)) and (
        not numbers or int not in types or (min(numbers) >= _INT64.start and max(numbers) < _INT64.stop)
    )


def _normalise_mapping(
    value: Mapping[Any, Any], odd: OddNumbers, place: str, depth: int, above: tuple[int, ...]
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, item in list(value.items()):
        name = unused_key(key, result)
        pointer = name.replace("~", "~0").replace("/", "~1")
        result[name] = normalise(item, odd, f"{place}/{pointer}", depth, above)
    return result


def _items(value: Any) -> list[Any] | None:
    if isinstance(value, list | tuple | range | AbstractSet):
        return list(value)
    if is_array(value):
        return _time_texts(value) if is_time(value) else list(value.tolist())
    return None


def _time_texts(array: Any) -> list[Any]:
    """Return an array of numpy's times as nested lists of texts, missing ones as None."""
    return [_time_texts(cell) if is_array(cell) else None if str(cell) == "NaT" else str(cell) for cell in array]


def _normalise_object(value: Any, odd: OddNumbers, place: str, depth: int, above: tuple[int, ...]) -> Any:
    scalar = scalar_of(value)
    if scalar is not value:
        return normalise(scalar, odd, place, depth, above)
    if hasattr(value, "isoformat"):
        return safe_str(value.isoformat())
    if hasattr(value, "__fspath__") or type(value).__module__ in ("decimal", "fractions", "uuid"):
        return safe_str(value)
    return safe_repr(value)


def kind_of(value: Any) -> str:
    """Return the type that a value has in a ``values`` line: none, bool, text, list, matrix, row, table or json."""
    value = scalar_of(value)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple | range):
        return "list"
    if is_array(value):
        return {1: "list", 2: "matrix"}.get(value.ndim, "json")
    return _kind_of_mapping(value) if isinstance(value, Mapping) else "json"


def _kind_of_mapping(value: Mapping[Any, Any]) -> str:
    cells = list(value.values())
    if all(_is_cell(cell) for cell in cells):
        return "row"
    lengths = {_column_length(cell) for cell in cells}
    return "table" if len(lengths) == 1 and None not in lengths else "json"


def _is_cell(value: Any) -> bool:
    return value is None or isinstance(value, bool | str) or number_of(value) is not None


def _column_length(value: Any) -> int | None:
    is_column = isinstance(value, list | tuple | range) or (is_array(value) and value.ndim == 1)
    return len(value) if is_column else None


def shape_of(value: Any) -> list[int] | None:
    """Return the lengths of an array or list along its axes, None for what has none."""
    if is_array(value):
        return [int(length) for length in value.shape]
    return [len(value)] if isinstance(value, list | tuple | range) else None


class ValueItem:
    """A value on its way into a line.

    Args:
        name: its name, unique in the record.
        value: anything; it is copied now.

    Attributes:
        item: the object for the line, with the encoded value in it.
        is_large: whether the value belongs into an artifact: over 1 MiB of JSON or 100,000 elements.
    """

    __slots__ = ("_encoded", "_shape", "is_large", "item")

    def __init__(self, name: str, value: Any) -> None:
        odd = OddNumbers()
        self.item: dict[str, Any] = {"name": name, "type": kind_of(value)}
        self._shape = shape_of(value)
        self._encoded = _encode_plain(normalise(value, odd))
        self.item["value"] = msgspec.Raw(self._encoded)
        if odd.nonfinite:
            self.item["nonfinite"] = odd.nonfinite
        if odd.exact:
            self.item["exact"] = odd.exact
        self.is_large = len(self._encoded) > MAX_BYTES or odd.elements > MAX_ELEMENTS

    def __repr__(self) -> str:
        # What a formatter behind a queue shows for the value.
        return self._encoded.decode()

    def content(self) -> bytes:
        """Return the JSON of the artifact that holds a large value."""
        kept = ("value", "nonfinite", "exact")
        return _encode({key: self.item[key] for key in kept if key in self.item})

    def refer(self, artifact: str, sha256: str, size: int) -> None:
        """Put a reference in place of the value."""
        for key in ("value", "nonfinite", "exact"):
            self.item.pop(key, None)
        self.item.update(artifact=artifact, sha256=sha256, size=size)
        if self._shape is not None:
            self.item["shape"] = self._shape


def _encode_plain(value: Any) -> bytes:
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(_cleaned(value))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(key): _cleaned(item) for key, item in value.items()}
    return [_cleaned(item) for item in value] if isinstance(value, list) else value
