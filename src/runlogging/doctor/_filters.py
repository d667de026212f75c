"""What is known of a filter: by its class, by the name of its class in a file, or by its code."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from runlogging.doctor._model import FilterView, Verdict
from runlogging.doctor._returns import constant_verdict
from runlogging.filters import ContextFilter, MetricFilter, RedactFilter, SampleFilter
from runlogging.queues import SnapshotFilter

_PASSING = (ContextFilter, RedactFilter, SnapshotFilter)


def live_filter(one: Any) -> FilterView:
    """Return what is known of a filter object; it is not called."""
    kind, label = type(one), _label(one)
    method = getattr(kind, "filter", None)
    if method is logging.Filter.filter:
        name = getattr(one, "name", "")
        return FilterView(f"{label}({name!r})", prefix=name if isinstance(name, str) else "")
    if method is MetricFilter.filter:
        return metric_filter(label, metrics=bool(one._metrics))
    if method is SampleFilter.filter:
        return sample_filter(label, metrics=bool(one._samples_metrics))
    if any(method is passing.filter for passing in _PASSING):
        return FilterView(label, "all", "all")
    code = method or (one if hasattr(one, "__code__") else getattr(kind, "__call__", None))  # noqa: B004
    verdict = "some" if "filter" in getattr(one, "__dict__", ()) else constant_verdict(code)
    return FilterView(label, verdict, verdict)


def named_filter(label: str, values: Mapping[str, Any]) -> FilterView:
    """Return what is known of a filter by its class and arguments in a configuration.

    Args:
        label: the name of the class or factory, with dots.
        values: the further entries of its section.
    """
    kind = label.rpartition(".")[2]
    if label in ("logging.Filter", ""):
        name = str(values.get("name", ""))
        return FilterView(f"Filter({name!r})", prefix=name)
    if label.startswith("runlogging."):
        if kind == "MetricFilter":
            return metric_filter(kind, metrics=bool(values.get("metrics", True)))
        if kind == "SampleFilter":
            return sample_filter(kind, metrics=bool(values.get("metrics", False)))
        if kind in {passing.__name__ for passing in _PASSING}:
            return FilterView(kind, "all", "all")
    return FilterView(label)


def metric_filter(label: str, *, metrics: bool) -> FilterView:
    """Return the view of a MetricFilter."""
    kept: tuple[Verdict, Verdict] = ("none", "all") if metrics else ("all", "none")
    return FilterView(label, *kept, is_intended=True)


def sample_filter(label: str, *, metrics: bool) -> FilterView:
    """Return the view of a SampleFilter."""
    return FilterView(label, "some", "some" if metrics else "all", is_intended=True)


def _label(one: Any) -> str:
    name = getattr(one, "__qualname__", None)
    return name if isinstance(name, str) else type(one).__qualname__
