"""Bins of equal width."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Any

from runlogging._values import number_of
from runlogging.charts._checks import ascending_of, check_length, refusal


def bin_count(bins: Any) -> int:
    """Return how many bins are asked for.

    Raises:
        InvalidValueError: it is no int of at least 1.
    """
    number = number_of(bins)
    if not isinstance(number, int) or number < 1:
        raise refusal("bins", bins, "an int of at least 1")
    return number


def equal_edges(values: list[float], bins: int) -> list[float]:
    """Return the ascending edges of bins of equal width from the smallest to the largest value.

    Where all values are equal, the range is half a unit to either side of them, as in numpy.histogram.

    Args:
        values: at least one finite number.
        bins: at least 1.
    """
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 0.5, high + 0.5
    if math.isfinite(high - low):
        width = (high - low) / bins
        # A width near the smallest float is rounded, and may add up to more than the range.
        inner = [min(low + n * width, high) for n in range(1, bins)]
    else:
        inner = [low * (1 - n / bins) + high * (n / bins) for n in range(1, bins)]
    return [low, *inner, high]


def bin_of(value: float, edges: list[float]) -> int:
    """Return the index of the bin of a value within the edges: closed below, open above, the last one closed."""
    return min(bisect_right(edges, value), len(edges) - 1) - 1


def edges_of(value: Any, bins: int) -> tuple[float, ...]:
    """Return the checked `bin_edges` of a chart, one more than bins."""
    edges = ascending_of(value, "data.bin_edges")
    check_length(edges, "data.bin_edges", bins + 1, "one more than data.bin_counts")
    return edges
