"""Histograms: numbers of any shape, counted in bins as numpy.histogram counts them.

Nothing here imports numpy. Its own arrays are counted by it, everything else in plain Python, with the same results.
"""

from __future__ import annotations

import math
import operator
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._values import is_array, number_of, safe_repr, scalar_of
from runlogging.folder import nonfinite_text

MAX_BINS = 10_000
_PLAIN = frozenset({int, float, bool})
_MAX_COUNT = 2**63 - 1


def histogram_of(values: Any, bins: int | Sequence[float] = 64) -> dict[str, Any]:
    """Count numbers in bins.

    A bin holds its lower edge and not its upper one; the last bin holds both. Bins by number are of equal width from
    the least to the greatest finite value; a single or repeated value lies in the middle of a range of width 1. The
    results are those of `numpy.histogram` for the values as doubles. Where doubles are too coarse for so many bins (it
    refuses, "Too many bins for data range", or below 1e-303 counts in a wrong bin), the range is widened around the
    values, just so far that each bin has a width.

    Args:
        values: an iterable of numbers, or an array of any shape, or lists of these; bools count as 0 and 1. Or a tuple
            (counts, edges) as `numpy.histogram` returns it, which is checked and kept, and `bins` does not matter.
        bins: how many, 1 to 10,000, or the edges, strictly ascending; values outside of given edges are not counted.

    Returns:
        "counts": a list of n ints; "edges": a list of n + 1 floats; and only if there are any, "nonfinite": how many
        values are "NaN", "Infinity" and "-Infinity". If all are, each count is 0, from 0 to 1 unless edges are given.

    Raises:
        InvalidValueError: there is nothing to count; a value is no number (its index is named) or too large for a
            double; bins or a ready pair are not as above; the range is too wide for a double.
    """
    if isinstance(values, tuple) and len(values) == 2 and all(map(_is_sequence, values)):
        return _ready(*values)
    edges = _checked_bins(bins)
    numbers = _numeric_array(values)
    return _count_plain(_floats_of(values), edges) if numbers is None else _count_array(numbers, edges)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, list | tuple | range) or is_array(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | bytes | bytearray)


# ---------------------------------------------------------------------- bins and pairs


def _checked_bins(bins: Any) -> int | list[float]:
    if _is_sequence(bins):
        return _checked_edges(bins, "bins")
    try:
        number = 0 if isinstance(bins, bool) else operator.index(bins)
    except TypeError:
        number = 0
    if 1 <= number <= MAX_BINS:
        return number
    raise InvalidValueError(
        f"bins is a number from 1 to {MAX_BINS:,}, or a sequence of edges; not {safe_repr(bins)[:80]}"
    )


def _checked_edges(given: Any, what: str) -> list[float]:
    edges = _floats_of(given, what)
    if not 2 <= len(edges) <= MAX_BINS + 1:
        raise InvalidValueError(f"{what} has {len(edges)} edges; 2 to {MAX_BINS + 1:,} are needed")
    for number, (low, high) in enumerate(pairwise(edges), start=1):
        if not -math.inf < low < high < math.inf:
            raise InvalidValueError(
                f"{what} must be finite and strictly ascending; edge {number} is {high!r}, after {low!r}"
            )
    return edges


def _ready(counts: Any, edges: Any) -> dict[str, Any]:
    """Check a pair as numpy.histogram returns it."""
    checked = _checked_edges(edges, "edges")
    numbers = _floats_of(counts, "counts")
    if len(checked) != len(numbers) + 1:
        raise InvalidValueError(
            f"a tuple of two sequences is taken as (counts, edges), with one more edge than counts; these are "
            f"{len(numbers)} and {len(checked)}. To count the values of both, give a list of the two"
        )
    for number, count in enumerate(numbers):
        if not (0 <= count <= _MAX_COUNT and count.is_integer()):
            raise InvalidValueError(f"counts[{number}] is {count!r}; counts are whole numbers from 0 on, no densities")
    return {"counts": [int(count) for count in numbers], "edges": checked}


# ---------------------------------------------------------------------- numbers, in plain Python


def _floats_of(values: Any, name: str = "values") -> list[float]:
    """Return numbers of any shape as doubles in one list."""
    values = scalar_of(values)
    if isinstance(values, Mapping) or _is_text(values):
        raise InvalidValueError(f"{name} is {_what(values)}, no sequence of numbers")
    if is_array(values):
        values = values.tolist()
    elif number_of(values) is not None or isinstance(values, bool):
        values = [values]
    try:
        items = list(values)
    except TypeError:
        raise InvalidValueError(f"{name} is {_what(values)}, no sequence of numbers") from None
    if set(map(type, items)) <= _PLAIN:
        try:
            return list(map(float, items))
        except OverflowError:
            pass  # the way below names the index
    return [number for index, item in enumerate(items) for number in _flat(item, f"{name}[{index}]")]


def _flat(item: Any, name: str) -> Iterable[float]:
    if _is_sequence(item):
        return _floats_of(item, name)
    item = scalar_of(item)
    number = int(item) if isinstance(item, bool) else number_of(item)
    if number is None:
        raise InvalidValueError(f"{name} is {_what(item)}, no number")
    try:
        return (float(number),)
    except OverflowError:
        raise InvalidValueError(f"{name} is too large for a double; the greatest is {sys.float_info.max:g}") from None


def _what(value: Any) -> str:
    return f"text, {safe_repr(value)[:80]}" if _is_text(value) else f"of type {type(value).__name__}"


def _count_plain(numbers: list[float], bins: int | list[float]) -> dict[str, Any]:
    _refuse_nothing(len(numbers))
    finite = list(filter(math.isfinite, numbers))
    edges = bins if isinstance(bins, list) else _edges_of(*_range_of(finite, min, max, bins), bins)
    counts = [0] * (len(edges) - 1)
    last = edges[-1]
    for number in finite:
        if edges[0] <= number <= last:
            # What equals the last edge would lie behind it.
            counts[bisect_right(edges, number) - 1 if number < last else -1] += 1
    odd = Counter(nonfinite_text(number) for number in numbers if not math.isfinite(number))
    return _result(counts, edges, odd)


def _refuse_nothing(size: int) -> None:
    if not size:
        raise InvalidValueError("there is nothing to count: values is empty")


def _result(counts: list[int], edges: list[float], odd: Mapping[str, int]) -> dict[str, Any]:
    nonfinite = {name: odd[name] for name in ("NaN", "Infinity", "-Infinity") if odd.get(name)}
    return {"counts": counts, "edges": edges, **({"nonfinite": nonfinite} if nonfinite else {})}


# ---------------------------------------------------------------------- bins of equal width


def _range_of(
    finite: Any, least: Callable[[Any], float], greatest: Callable[[Any], float], bins: int
) -> tuple[float, float]:
    """Return the ends of the first and the last bin."""
    if not len(finite):
        return 0.0, 1.0
    low, high = float(least(finite)) + 0.0, float(greatest(finite)) + 0.0  # + 0.0 makes 0.0 of -0.0
    if low == high:
        low, high = low - 0.5, high + 0.5
    # Some units of the last place for each bin, or its edges would be one number; and no width among the subnormal
    # doubles, which are so coarse that edges n * width stray from their places by whole bins.
    spare = bins * max(math.ulp(low), math.ulp(high), sys.float_info.min)
    start, stop = low, high
    while math.isfinite(stop - start):
        edges = _edges_of(start, stop, bins)
        if (stop - start) / bins >= sys.float_info.min and all(map(operator.lt, edges, edges[1:])):
            return start, stop
        start, stop, spare = low - spare, high + spare, spare * 2
    raise InvalidValueError(
        f"the values reach from {low!r} to {high!r}; a double cannot hold the width of their bins. Give edges as bins"
    )


def _edges_of(low: float, high: float, bins: int) -> list[float]:
    """Return edges of equal distance, in the very steps of numpy.linspace: other steps would round differently."""
    step = (high - low) / bins
    return [*(n * step + low for n in range(bins)), high]


# ---------------------------------------------------------------------- numbers, in an array of numpy


def _numeric_array(values: Any) -> Any:
    """Return an array of numpy as doubles in one dimension, None where it is none or holds no numbers."""
    if not hasattr(values, "__array_interface__") or "numpy" not in sys.modules:
        return None
    numpy = sys.modules["numpy"]
    if not isinstance(values, numpy.ndarray):
        return None
    if values.dtype.kind in "mM":  # its tolist() may be ints
        raise InvalidValueError(f"values is an array of {values.dtype}, no numbers; make numbers of its times first")
    if values.dtype.kind not in "biuf":
        return None
    # A masked array has numbers behind its mask, which do not count.
    kept = values.compressed() if hasattr(values, "compressed") else values
    return numpy.asarray(kept, dtype=numpy.float64).reshape(-1)


def _count_array(numbers: Any, bins: int | list[float]) -> dict[str, Any]:
    _refuse_nothing(numbers.size)
    numpy = sys.modules["numpy"]
    is_finite = numpy.isfinite(numbers)
    odd: Counter[str] = Counter()
    if not is_finite.all():
        odd.update(map(nonfinite_text, numbers[~is_finite].tolist()))
        numbers = numbers[is_finite]
    if isinstance(bins, list):
        counts, edges = numpy.histogram(numbers, bins)
    else:
        counts, edges = numpy.histogram(numbers, bins, range=_range_of(numbers, numpy.min, numpy.max, bins))
    return _result(counts.tolist(), edges.tolist(), odd)
