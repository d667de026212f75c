"""Ticks of an axis: round numbers, powers of ten, lengths of time and times of day. No I/O."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

from runlogging._texts import local, short_number

Ticks = list[tuple[float, str]]
"""Where ticks stand, in the axis's own numbers, and what they say."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MOST_STEPS = 2.0**53
_LONGEST = 1e11  # seconds, some 3,000 years; beyond that a length of time is a plain number
_SPANS = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)),
)


def number_ticks(low: float, high: float, most: int, *, whole: bool = False) -> Ticks:
    """Return ticks at round numbers: at 1, 2 or 5 times a power of ten.

    Args:
        low: the lower end of the axis, finite.
        high: its upper end, not below the lower one.
        most: how many ticks at most, 1 at least.
        whole: whether only integers are wanted.
    """
    step = _round_step((high / 2 - low / 2) / most * 2)
    step = max(step, 1.0) if whole else step
    if 0 < step < math.inf and not max(abs(low), abs(high)) / step < _MOST_STEPS:
        return [(low, short_number(low, 17))]  # the axis spans less than its numbers can tell apart
    while 0 < step < math.inf and math.floor(high / step) - math.ceil(low / step) >= most:
        step = _round_step(step * 1.5)
    if not 0 < step < math.inf:
        return [(low, short_number(low))]
    places = [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return _told_apart([(place, _round_text(place, step)) for place in places]) or [(low, short_number(low))]


def _told_apart(ticks: Ticks) -> Ticks:
    """Return ticks with as many digits as it takes that no two say the same."""
    for digits in range(7, 18):
        if len({text for _, text in ticks}) == len(ticks):
            break
        ticks = [(place, short_number(place, digits)) for place, _ in ticks]
    return ticks


def _round_step(least: float) -> float:
    if not 0 < least < math.inf:
        return 0.0
    power = 10.0 ** math.floor(math.log10(least))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= least * (1 - 1e-9)), 10 * power)


def _round_text(place: float, step: float) -> str:
    if abs(place) < step / 2:
        return "0"
    # As many digits as tell neighbours apart, where the numbers are not too long to be written out.
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{place:.{decimals}f}" if decimals <= 6 and abs(place) < 1e7 else short_number(float(place))


def log_ticks(low: float, high: float, most: int) -> Ticks:
    """Return ticks of a logarithmic axis, whose own numbers are the decimal logarithms: powers of ten.

    Where the axis has fewer than two of them, twice and five times a power of ten too.
    """
    # No float holds a power of ten beyond these.
    decades = range(max(math.ceil(low - 1e-9), -323), min(math.floor(high + 1e-9), 308) + 1)
    if len(decades) >= 2:
        return [(float(place), short_number(10.0**place, 4)) for place in decades[:: -(-len(decades) // most)]]
    powers = range(max(math.floor(low), -323), min(math.ceil(high), 308) + 1)
    factors = [10.0**power * factor for power in powers for factor in (1, 2, 5)]
    inside = [value for value in factors if 0 < value < math.inf and low - 1e-9 <= math.log10(value) <= high + 1e-9]
    if len(inside) < 2:
        inside = [10.0**low, 10.0 ** (low / 2 + high / 2), 10.0**high]
    return [(math.log10(value), short_number(value, 4)) for value in inside[:most] if value > 0]


def duration_ticks(low: float, high: float, most: int) -> Ticks:
    """Return ticks of an axis of seconds since a beginning."""
    if not high - low < _LONGEST:
        return number_ticks(low, high, most)
    step = _span(high - low, most)
    if step is None:
        return [(place, f"{text}s" if text != "0" else text) for place, text in number_ticks(low, high, most)]
    return _at_steps(low, high, step, _duration_text)


def _duration_text(seconds: float) -> str:
    whole, sign = abs(round(seconds)), "-" if seconds < 0 else ""
    parts = zip((whole // _DAY, whole % _DAY // _HOUR, whole % _HOUR // _MINUTE, whole % _MINUTE), "dhms", strict=True)
    return sign + "".join(f"{count}{unit}" for count, unit in parts if count) or "0"


def time_ticks(low: float, high: float, most: int, *, in_utc: bool = False) -> Ticks:
    """Return ticks of an axis of times, seconds since 1970, in this machine's zone or in UTC."""
    step = _span(high - low, most)
    shift = None if in_utc else local(datetime.fromtimestamp(low, UTC)).utcoffset()
    seconds = shift.total_seconds() if shift else 0.0
    form = _time_form(low, high, step)
    ticks = (
        number_ticks(low + seconds, high + seconds, most)
        if step is None
        else _at_steps(low + seconds, high + seconds, step, str)
    )
    return [(place - seconds, _time_text(place - seconds, form, in_utc)) for place, _ in ticks]


def _time_form(low: float, high: float, step: float | None) -> str:
    if step is None:
        return "%H:%M:%S.%f"
    if step >= _DAY:
        return "%Y-%m-%d" if high - low > 300 * _DAY else "%m-%d"
    clock = "%H:%M:%S" if step < _MINUTE else "%H:%M"
    return f"%m-%d {clock}" if high - low > _DAY else clock


def _time_text(place: float, form: str, in_utc: bool) -> str:
    moment = datetime.fromtimestamp(place, UTC)
    text = (moment if in_utc else local(moment)).strftime(form)
    return text[:-3] if form.endswith("%f") else text


def _span(length: float, most: int) -> float | None:
    """Return the length of time between two ticks; None where it is below a second."""
    least = length / (most - 1)
    return next((float(span) for span in _SPANS if span >= least), float(_SPANS[-1])) if least > 0.5 else None


def _at_steps(low: float, high: float, step: float, text: Callable[[float], str]) -> Ticks:
    first = math.ceil(low / step)
    return [(at * step, text(at * step)) for at in range(first, math.floor(high / step) + 1)[:100]]
