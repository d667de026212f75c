"""From values to pixels: a range with room around it, linear or logarithmic. No I/O."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass

_MOST = sys.float_info.max
_LOG_ENDS = -324.0, 308.25  # around all floats above 0


@dataclass(frozen=True)
class Scale:
    """An axis.

    Attributes:
        low, high: its ends in its own numbers, finite and different; on a logarithmic axis decimal logarithms.
        start, end: where these ends are, in pixels; an axis may run backwards.
        is_log: whether values stand at their logarithms.
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """Return where a finite value is, in pixels; on a logarithmic axis it is above 0."""
        return self.place(math.log10(value) if self.is_log else value)

    def place(self, number: float) -> float:
        """Return where one of the axis's own numbers is, in pixels; what is outside stands at the nearer end."""
        span = self.high - self.low
        share = (number - self.low) / span if span < math.inf else (number / 2 - self.low / 2) / (span_half(self))
        return self.start + (self.end - self.start) * min(max(share, 0.0), 1.0)


def span_half(scale: Scale) -> float:
    """Return half the length of an axis whose length no float holds."""
    return scale.high / 2 - scale.low / 2


def limits(values: Iterable[float], *, room: float = 0.04, is_log: bool = False) -> tuple[float, float]:
    """Return the ends of an axis for some values, with room around them.

    Args:
        values: those that should be seen; what is not finite, and on a logarithmic axis not above 0, is left out.
        room: how much is added at either end, as a share of the range. 0 adds only where all values are equal.
        is_log: whether the ends are wanted as decimal logarithms.

    Returns:
        Two finite numbers, the first below the second; 0 and 1 where there are no values.
    """
    kept = [value for value in values if math.isfinite(value) and (value > 0 or not is_log)]
    if not kept:
        return 0.0, 1.0
    low, high = min(kept), max(kept)
    if is_log:
        low, high = math.log10(low), math.log10(high)
        if low == high:
            return max(low - 0.5, _LOG_ENDS[0]), min(high + 0.5, _LOG_ENDS[1])
        more = (high - low) * room
        return max(low - more, _LOG_ENDS[0]), min(high + more, _LOG_ENDS[1])
    return _widened(low, high, room)


def _widened(low: float, high: float, room: float) -> tuple[float, float]:
    if low == high:
        more = abs(low) * 0.1 or 1.0
        if low - more == high:  # a number so small that a tenth of it is nothing
            more = 1.0
    else:
        more = (high / 2 - low / 2) * 2 * room if high - low == math.inf else (high - low) * room
    low, high = max(low - more, -_MOST), min(high + more, _MOST)
    return (low, high) if low < high else (low - 1.0, high + 1.0)
