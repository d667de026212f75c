"""Snapshots: a record as it was at the call, in plain values that survive a queue and a pickle."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any

from runlogging._records import OWN_ATTRIBUTES, exception_fields
from runlogging._values import OddNumbers, ValueItem, normalise, number_of, safe_str, unused_key
from runlogging.folder import restored

CAN_REPLACE = sys.version_info >= (3, 12)
"""Whether the record that a filter returns takes the place of the one it got."""

_IMMUTABLE = frozenset({str, int, float, bool, type(None)})


def copy_record(record: logging.LogRecord) -> logging.LogRecord:
    """Return a shallow copy of a record, of the same class."""
    copy = logging.LogRecord.__new__(type(record))
    copy.__dict__.update(record.__dict__)
    return copy


def replaceable(record: logging.LogRecord) -> logging.LogRecord:
    """Return the record that a filter may change: a copy where a filter can return one, else the record itself."""
    return copy_record(record) if CAN_REPLACE else record


def take_snapshot(record: logging.LogRecord) -> None:
    """Replace what of a record can still change, and keep what a queue takes away.

    Afterwards metrics, extras and a dict message are copies in plain values, the exception stands as text in
    ``runlogging_exception``, and the message before its arguments went in as ``runlogging_template``.
    """
    d = record.__dict__
    if "runlogging_exception" not in d:
        fields = exception_fields(record)
        if fields is not None:
            d["runlogging_exception"] = fields
            d["exc_text"] = d.get("exc_text") or fields["stacktrace"]
    if isinstance(d.get("msg"), Mapping) and not d.get("args"):
        d["msg"] = _frozen_mapping(d["msg"], _frozen)
    elif isinstance(d.get("msg"), str) and d.get("args"):
        d["runlogging_template"] = d["msg"]
    for key in [key for key in d if key not in OWN_ATTRIBUTES or key in ("metrics", "step")]:
        is_nested = key == "extra" and isinstance(d[key], Mapping)
        d[key] = _frozen_mapping(d[key], _frozen) if is_nested else _frozen(key, d[key])


def plain_arguments(arguments: Any) -> Any:
    """Return the arguments of a message as plain values that can be pickled."""
    if isinstance(arguments, tuple):
        return tuple(_frozen("", argument) for argument in arguments)
    return _frozen("", arguments)


def _frozen_mapping(mapping: Mapping[Any, Any], freeze: Callable[[str, Any], Any]) -> dict[str, Any]:
    frozen: dict[str, Any] = {}
    for key, value in list(mapping.items()):
        name = unused_key(key, frozen)
        frozen[name] = freeze(name, value)
    return frozen


def _frozen(key: str, value: Any) -> Any:
    if type(value) in _IMMUTABLE:
        return value
    try:
        if key == "metrics" and isinstance(value, Mapping):
            return _frozen_mapping(value, _frozen_metric)
        return _plain(value)
    except Exception as error:
        return f"<{type(value).__name__} that could not be read: {type(error).__name__}>"


def _frozen_metric(name: str, value: Any) -> Any:
    if isinstance(value, ValueItem):
        return value
    try:
        number = number_of(value)
        return ValueItem(name, value) if number is None else number
    except Exception as error:
        return f"<{type(value).__name__} that could not be read: {type(error).__name__}: {safe_str(error)}>"


def _plain(value: Any) -> Any:
    """Return a value in plain terms that keep all their numbers: NaN and long ints are no matter before JSON."""
    odd = OddNumbers()
    plain = normalise(value, odd)
    return restored(plain, odd.nonfinite, odd.exact)
