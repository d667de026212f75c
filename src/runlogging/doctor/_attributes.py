"""Attributes of objects that may be anything: a doctor does not fall over what it examines."""

from __future__ import annotations

from typing import Any

from runlogging.doctor._filters import live_filter
from runlogging.doctor._model import FilterView


def value_of(thing: object, name: str, default: Any) -> Any:
    """Return an attribute, or a default where there is none or asking for it raises."""
    try:
        return getattr(thing, name, default)
    except Exception:
        return default


def number_of(level: Any) -> int:
    """Return a level; what is no number stops nothing."""
    return int(level) if isinstance(level, int) else 0


def filters_of(thing: object) -> tuple[FilterView, ...]:
    """Return the filters of a logger or handler."""
    filters = value_of(thing, "filters", [])
    return tuple(map(_view, filters)) if isinstance(filters, list | tuple) else ()


def _view(one: object) -> FilterView:
    try:
        return live_filter(one)
    except Exception:
        return FilterView(type(one).__qualname__)
