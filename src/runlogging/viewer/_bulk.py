"""The bulk of some values: what the axis of a chart is scaled to where a few of them lie far outside."""

from __future__ import annotations

from collections.abc import Sequence

_SPREAD_POINTS = 2_001
_SPREADS = 3.0


def bulk_of(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the limits of the bulk of some values, by their own spread.

    Args:
        values: in any order; what is not finite counts for nothing.

    Returns:
        The quartiles, moved apart by three times their distance; None where the values have no spread.
    """
    # Every n-th value: what was sampled for drawing has more than its share of extremes.
    some = sorted(value for value in values[:: max(1, len(values) // _SPREAD_POINTS)] if value - value == 0)
    if not some:
        return None
    low, high = some[len(some) // 4], some[3 * len(some) // 4]
    # Where half of the values are alike, the wider spread has to do.
    spread = (high - low) or (some[-1 - len(some) // 20] - some[len(some) // 20])
    return (low - _SPREADS * spread, high + _SPREADS * spread) if spread else None


def common_bulk(curves: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """Return the limits that hold the bulk of each of some curves.

    Args:
        curves: the values of each. One without a spread, such as a constant, is held whole.

    Returns:
        The least and the greatest limit; None where no curve has a spread.
    """
    found = [bulk_of(curve) for curve in curves]
    if not any(found):
        return None
    limits = [bulk or _ends(curve) for bulk, curve in zip(found, curves, strict=True)]
    known = [each for each in limits if each is not None]
    return min(low for low, _ in known), max(high for _, high in known)


def _ends(values: Sequence[float]) -> tuple[float, float] | None:
    finite = [value for value in values if value - value == 0]
    return (min(finite), max(finite)) if finite else None
