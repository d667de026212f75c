"""The groups of runs, their figures with bands, and the filters that lead to the runs of a group."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from runlogging.viewer._bands import BANDS, check_figures, middle
from runlogging.viewer._run_columns import Column
from runlogging.viewer._run_items import Item


def grouped(items: Iterable[Item], by: Sequence[Column], shown: Sequence[Column], agg: str, band: str) -> list[Any]:
    """Return the groups of runs, each with its figures, which depend on its own runs only.

    Args:
        items: the runs.
        by: the columns that make the groups; no column makes one group of all.
        shown: the columns whose figures are wanted; what is no number counts for nothing.
        agg: "mean" or "median".
        band: "std" (of a sample), "stderr", "minmax" or "quantile" (from the 25th to the 75th percentile).

    Raises:
        InvalidValueError: there is no such middle or band (also a ValueError).
    """
    check_figures(agg, band)
    groups: dict[str, tuple[list[Any], list[Item]]] = {}
    texts: dict[Any, str] = {}
    for item in items:
        values = [column.value(item) for column in by]
        groups.setdefault(_text_of(values, texts), (values, []))[1].append(item)
    return [
        {
            "values": values,
            "where": where_of(by, values),
            "count": len(members),
            "statuses": dict(Counter(item.status for item in members)),
            "cells": {column.name: figures(column.values(members), agg, band) for column in shown},
        }
        for values, members in groups.values()
    ]


def _text_of(values: list[Any], known: dict[Any, str]) -> str:
    """Return what tells the values of a group from those of others: 0, false and "" are three things."""
    key = tuple(zip(map(type, values), values, strict=True))
    try:
        found = known.get(key)
    except TypeError:  # a list or a mapping
        return json.dumps(values, default=str, sort_keys=True)
    if found is None:
        found = known[key] = json.dumps(values, default=str, sort_keys=True)
    return found


def figures(values: Sequence[Any], agg: str, band: str) -> dict[str, Any]:
    """Return how many numbers there are, their middle and the ends of their band; None for what does not exist."""
    # Most columns hold floats alone, which need no look at each.
    if set(map(type, values)) == {float}:
        numbers = list(values)
    else:
        numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    finite = list(filter(math.isfinite, numbers))
    found: dict[str, Any] = {"n": len(finite), "centre": None, "low": None, "high": None}
    if len(numbers) > len(finite):
        found["nonfinite"] = len(numbers) - len(finite)
    if finite:
        centre = middle(finite, agg)
        low, high = BANDS[band](finite, centre)
        is_there = low == low  # one value has no spread
        found.update(centre=centre, low=low if is_there else None, high=high if is_there else None)
    return found


def where_of(by: Sequence[Column], values: Sequence[Any]) -> str | None:
    """Return the filter that finds the runs that have some values; None where no filter says it.

    Args:
        by: the columns.
        values: what the runs have there, in the same order.
    """
    said = [condition for column, value in zip(by, values, strict=True) if (condition := _condition(column, value))]
    return " and ".join(said) if len(said) == len(by) else None


def _quoted(column: Column) -> str:
    """Return a column's name as a filter has it, whatever letters are in it."""
    name = column.name
    if column.room == "attributes":
        return name
    quoted = '"' + column.key.replace('"', '""') + '"'
    if column.room == "metrics":
        return f"{column.figure}(metrics.{quoted})" if name.startswith(f"{column.figure}(") else f"metrics.{quoted}"
    return f"{name.partition('.')[0]}.{quoted}"


def _condition(column: Column, value: Any) -> str | None:
    """Return the filter that finds the runs that have a value; None where no filter says it."""
    name = _quoted(column)
    if value is None:
        return f"{name} IS NULL"
    if isinstance(value, list | dict):
        return None
    if isinstance(value, float) and math.isnan(value):
        return f"{name} IS NAN"
    if isinstance(value, bool):
        return f"{name} = {str(value).lower()}"
    if isinstance(value, int | float):
        return f"{name} = {value!r}"
    return "{} = '{}'".format(name, str(value).replace("'", "''"))
