"""The middle of some numbers and a band around it: what groups of runs are told by, in tables and in charts."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from runlogging._errors import InvalidValueError

Band = Callable[[list[float], float], tuple[float, float]]
"""From some finite numbers, one at least, and their middle to the ends of the band; NaN where there is none."""

_NAN = math.nan


def middle(values: list[float], agg: str) -> float:
    """Return the mean or, for "median", the median of some finite numbers, one at least."""
    return statistics.median(values) if agg == "median" else math.fsum(values) / len(values)


def check_figures(agg: str, band: str) -> None:
    """Check that a middle and a band are known.

    Raises:
        InvalidValueError: they are not (also a ValueError).
    """
    if agg not in ("mean", "median") or band not in BANDS:
        raise InvalidValueError(f"agg is mean or median, and band one of {', '.join(BANDS)}")


def _percentile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _std(values: list[float], centre: float) -> tuple[float, float]:
    spread = _spread(values)
    return centre - spread, centre + spread


def _stderr(values: list[float], centre: float) -> tuple[float, float]:
    spread = _spread(values) / math.sqrt(len(values))
    return centre - spread, centre + spread


def _spread(values: list[float]) -> float:
    """Return the standard deviation of a sample; NaN of one value."""
    if len(values) < 2:
        return _NAN
    mean = math.fsum(values) / len(values)
    return math.dist(values, [mean] * len(values)) / math.sqrt(len(values) - 1)


def _minmax(values: list[float], _: float) -> tuple[float, float]:
    return min(values), max(values)


def _quantile(values: list[float], _: float) -> tuple[float, float]:
    if len(values) < 2:
        return _NAN, _NAN
    ordered = sorted(values)
    return _percentile(ordered, 0.25), _percentile(ordered, 0.75)


BANDS: dict[str, Band] = {"std": _std, "stderr": _stderr, "minmax": _minmax, "quantile": _quantile}
"""Of a sample its standard deviation or standard error on each side, the least and greatest, or the middle half."""
