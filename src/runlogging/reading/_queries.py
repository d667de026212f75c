"""Queries for tags and properties: a key, several keys, or keys with their values."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Number
from typing import NamedTuple

from runlogging._errors import InvalidValueError

Wanted = str | list[str] | tuple[str, ...] | set[str] | frozenset[str] | Mapping[str, object] | None
"""What a query takes: a key, keys of which all must be there, or a mapping of key to value; None takes everything."""


class Query(NamedTuple):
    """A query that was checked: keys that must be there, and values that keys must have."""

    keys: frozenset[str] = frozenset()
    values: Mapping[str, str | None] = {}

    def fits(self, facts: Mapping[str, str | None]) -> bool:
        """Tell whether tags or properties are as wanted."""
        if not self.keys <= facts.keys():
            return False
        return all(key in facts and facts[key] == value for key, value in self.values.items())


def has_tags(tags: Mapping[str, str | None], wanted: Wanted) -> bool:
    """Tell whether tags are as wanted.

    Args:
        tags: a run's tags.
        wanted: None takes everything; a text must be there as a key; of a list, tuple or set all texts must be; of a
            mapping each key must have exactly the value. There None means a tag without a value, and a number or bool
            means its text, because tags are texts.

    Raises:
        InvalidValueError: it is none of that (also a ValueError).
    """
    return tag_query(wanted).fits(tags)


def has_properties(properties: Mapping[str, str | None], wanted: Wanted) -> bool:
    """Tell whether properties are as wanted; as `has_tags`, but a value is given as the text that it is.

    Raises:
        InvalidValueError: the query is none that is taken (also a ValueError).
    """
    return property_query(wanted).fits(properties)


def tag_query(wanted: Wanted) -> Query:
    """Return a query for tags; see `has_tags`."""
    return _query(wanted, "tags", "text, a number, a bool or None", takes_numbers=True)


def property_query(wanted: Wanted) -> Query:
    """Return a query for properties; see `has_properties`."""
    return _query(wanted, "properties", "text or None", takes_numbers=False)


def _query(wanted: object, what: str, values: str, *, takes_numbers: bool) -> Query:
    if wanted is None:
        return Query()
    if isinstance(wanted, str):
        return Query(frozenset({wanted}))
    if isinstance(wanted, list | tuple | set | frozenset) and _are_texts(wanted):
        return Query(frozenset(wanted))
    if isinstance(wanted, Mapping) and _are_texts(wanted):
        plain = {key: str(value) if takes_numbers and _is_number(value) else value for key, value in wanted.items()}
        if all(value is None or isinstance(value, str) for value in plain.values()):
            return Query(values=plain)
    raise InvalidValueError(
        f"{wanted!r} is no query for {what}: give a key, a list of keys, or a mapping of key to value ({values})"
    )


def _are_texts(keys: object) -> bool:
    return all(isinstance(key, str) for key in keys)  # type: ignore[attr-defined]


def _is_number(value: object) -> bool:
    return isinstance(value, Number)  # bool and the scalars of numpy are among them
