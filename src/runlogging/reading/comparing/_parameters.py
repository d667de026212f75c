"""Parameters, tags and the like, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runlogging.folder import unused_name
from runlogging.reading.comparing._data import MISSING
from runlogging.reading.comparing._model import Difference


def flattened(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping whose inner mappings are split into dotted keys; an empty one stays as it is.

    Two that come to the same key (``{"a.b": 1, "a": {"b": 2}}``) are kept both, the later one with ``#2``.
    """
    flat: dict[str, Any] = {}
    for key, value in _leaves(values, ""):
        flat[unused_name(key, flat)] = value
    return flat


def _leaves(values: Mapping[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def differences(maps: Sequence[Mapping[str, Any]], said: Sequence[bool] | None = None) -> tuple[Difference, ...]:
    """Return one item a key, in the order in which they first appear.

    Args:
        maps: flat mappings, one a run.
        said: which runs have anything to say; one that has not differs from no other. None is all.
    """
    keys = dict.fromkeys(key for values in maps for key in values)
    return tuple(_difference(key, tuple(values.get(key, MISSING) for values in maps), said) for key in keys)


def _difference(key: str, values: tuple[Any, ...], said: Sequence[bool] | None) -> Difference:
    counted = [value for place, value in enumerate(values) if said is None or said[place]]
    return Difference(key, values, any(not is_same(counted[0], other) for other in counted[1:]))


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values of JSON are the same: no bool is a number, 1 and 1.0 are one number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other) or (one != one and other != other)
