"""What a parameter can be drawn from. Everything is drawn from `random.Random.random`, whose numbers never change."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from random import Random
from statistics import NormalDist
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._values import scalar_of

MAX_VALUES = 100_000


class Distribution:
    """Something that a value can be drawn from. Two of the same kind with the same numbers are equal."""

    def draw(self, random: Random) -> Any:
        """Return a value; the same state of the generator gives the same value."""
        raise NotImplementedError


@dataclass(frozen=True)
class Choice(Distribution):
    """Any of some values, each as likely as the others."""

    values: tuple[Any, ...]

    def draw(self, random: Random) -> Any:
        """Return one of the values."""
        return self.values[int(random.random() * len(self.values))]

    def __repr__(self) -> str:
        return f"choice({', '.join(map(repr, self.values))})"


@dataclass(frozen=True)
class Uniform(Distribution):
    """A number between two, each as likely as the others, perhaps by its logarithm and perhaps rounded."""

    low: float
    high: float
    is_log: bool = False
    step: float | None = None

    def draw(self, random: Random) -> float:
        """Return a number from low to high."""
        share = random.random()
        if self.is_log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        return _rounded(min(max(value, self.low), self.high), self.step)

    def __repr__(self) -> str:
        name = f"{'q' if self.step else ''}{'log' if self.is_log else ''}uniform"
        return f"{name}({self.low!r}, {self.high!r}{f', {self.step!r}' if self.step else ''})"


@dataclass(frozen=True)
class Normal(Distribution):
    """A number of a normal distribution, perhaps rounded."""

    mean: float
    deviation: float
    step: float | None = None

    def draw(self, random: Random) -> float:
        """Return a number."""
        share = random.random() or 0.5**54  # 0 lies infinitely far out
        return _rounded(NormalDist(self.mean, self.deviation).inv_cdf(share), self.step)

    def __repr__(self) -> str:
        name = f"{'q' if self.step else ''}normal"
        return f"{name}({self.mean!r}, {self.deviation!r}{f', {self.step!r}' if self.step else ''})"


@dataclass(frozen=True)
class Integer(Distribution):
    """A whole number from low on and below high."""

    low: int
    high: int

    def draw(self, random: Random) -> int:
        """Return a whole number."""
        return self.low + int(random.random() * (self.high - self.low))

    def __repr__(self) -> str:
        return f"randint({self.low}, {self.high})"


def choice(*values: Any) -> Choice:
    """Return a choice of values: ``choice(16, 32, 64)`` or ``choice([16, 32, 64])``.

    Raises:
        InvalidValueError: there is no value.
    """
    found = items_of(values[0]) if len(values) == 1 else None
    return Choice(tuple(_some(list(values) if found is None else found)))


def randint(low: int, high: int | None = None) -> Integer:
    """Return whole numbers from low up to high, without high; with one number those from 0 up to it, without it.

    Raises:
        InvalidValueError: they are no whole numbers, or there is none between them.
    """
    first, last = (0, low) if high is None else (low, high)
    for bound in (first, last):
        if isinstance(bound, bool) or not isinstance(scalar_of(bound), int):
            raise InvalidValueError(f"randint takes whole numbers, not {bound!r:.80}")
    if not first < last:
        raise InvalidValueError(f"randint({first}, {last}) has no number in it: low is below high")
    return Integer(int(first), int(last))


def uniform(low: float, high: float) -> Uniform:
    """Return numbers between two, each as likely as the others.

    Raises:
        InvalidValueError: they are no numbers, or low is not below high.
    """
    return Uniform(*_bounds("uniform", low, high))


def quniform(low: float, high: float, q: float) -> Uniform:
    """Return numbers as `uniform` does, rounded to multiples of q.

    Raises:
        InvalidValueError: as `uniform`; or q is not above 0.
    """
    return Uniform(*_bounds("quniform", low, high), step=_step(q))


def loguniform(low: float, high: float) -> Uniform:
    """Return numbers between two whose logarithms are all as likely: ``loguniform(1e-4, 1e-1)``.

    The bounds are the numbers themselves, not their logarithms as in Azure's function of this name.

    Raises:
        InvalidValueError: as `uniform`; or low is not above 0.
    """
    return Uniform(*_log_bounds("loguniform", low, high), is_log=True)


def qloguniform(low: float, high: float, q: float) -> Uniform:
    """Return numbers as `loguniform` does, rounded to multiples of q.

    Raises:
        InvalidValueError: as `loguniform`; or q is not above 0.
    """
    return Uniform(*_log_bounds("qloguniform", low, high), is_log=True, step=_step(q))


def normal(mu: float, sigma: float) -> Normal:
    """Return numbers of a normal distribution: its mean and its standard deviation.

    Raises:
        InvalidValueError: they are no numbers, or sigma is not above 0.
    """
    return Normal(*_spread(mu, sigma))


def qnormal(mu: float, sigma: float, q: float) -> Normal:
    """Return numbers as `normal` does, rounded to multiples of q.

    Raises:
        InvalidValueError: as `normal`; or q is not above 0.
    """
    return Normal(*_spread(mu, sigma), step=_step(q))


def items_of(values: Any) -> list[Any] | None:
    """Return the items of a list, range, array or other iterable as plain Python; None of a text, mapping or scalar.

    Raises:
        InvalidValueError: there are more than 100,000.
    """
    if isinstance(values, str | bytes | dict) or not isinstance(values, Iterable):
        return None
    plain = values.tolist() if hasattr(values, "tolist") else values  # arrays and series give scalars of their own
    if not isinstance(plain, Iterable):
        return None
    items = list(islice(plain, MAX_VALUES + 1))
    if len(items) > MAX_VALUES:
        raise InvalidValueError(f"a parameter has at most {MAX_VALUES:,} values; draw them: randint(low, high)")
    return items


def _some(values: list[Any]) -> list[Any]:
    if not values:
        raise InvalidValueError("a choice has at least one value")
    return values


def _bounds(name: str, low: Any, high: Any) -> tuple[float, float]:
    first, last = _number(name, low), _number(name, high)
    if not first < last:
        raise InvalidValueError(f"{name}({low!r}, {high!r}) has no number in it: low is below high")
    return first, last


def _log_bounds(name: str, low: Any, high: Any) -> tuple[float, float]:
    first, last = _bounds(name, low, high)
    if first <= 0:
        raise InvalidValueError(
            f"{name} takes numbers above 0, not {low!r}; give the bounds themselves, such as {name}(1e-4, 1e-1), "
            "not their logarithms"
        )
    return first, last


def _spread(mu: Any, sigma: Any) -> tuple[float, float]:
    if not _number("normal", sigma) > 0:
        raise InvalidValueError(f"sigma is a standard deviation above 0, not {sigma!r}")
    return _number("normal", mu), _number("normal", sigma)


def _step(q: Any) -> float:
    if not _number("q", q) > 0:
        raise InvalidValueError(f"q is a number above 0 to whose multiples values are rounded, not {q!r}")
    return _number("q", q)


def _number(name: str, value: Any) -> float:
    number = scalar_of(value)
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise InvalidValueError(f"{name} takes numbers, not {value!r:.80}")
    return number


def _rounded(value: float, step: float | None) -> float:
    if step is None:
        return value
    # 15 digits: 3 * 0.1 is to be 0.3.
    return float(f"{round(value / step) * step:.15g}")
