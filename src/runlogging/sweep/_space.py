"""Which points a sweep tries: a grid, points that are drawn, or a list. Pure: the same seed gives the same points."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging.sweep._distributions import Choice, Distribution, items_of

MAX_POINTS = 100_000
_MAX_TEXT = 4_000
_DRAWS_A_POINT = 100

Parameters = dict[str, Any]


class Space:
    """The points of a sweep, in their order."""

    is_drawn = False

    def points(self, max_total: int | None = None, seed: int | None = None) -> list[Parameters]:
        """Return the points.

        Args:
            max_total: how many at most.
            seed: what drawn points follow from.

        Raises:
            InvalidValueError: there are none, or too many.
        """
        points = list(itertools.islice(self._all(seed), max_total if max_total is not None else self._count()))
        if not points:
            raise InvalidValueError("the parameters have no point: give each at least one value")
        return points

    def text(self) -> str:
        """Return what the space is, as a text of at most 4,000 characters."""
        text = self._said()
        return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 4]} ..."

    def _all(self, seed: int | None) -> Iterator[Parameters]:
        raise NotImplementedError

    def _count(self) -> int:
        raise NotImplementedError

    def _said(self) -> str:
        raise NotImplementedError


class Grid(Space):
    """Every combination; the last parameter changes fastest. See `grid`."""

    def __init__(self, axes: Mapping[str, list[Any]]) -> None:
        self._axes = dict(axes)

    def _all(self, seed: int | None) -> Iterator[Parameters]:
        return (dict(zip(self._axes, values, strict=True)) for values in itertools.product(*self._axes.values()))

    def _count(self) -> int:
        count = math.prod(map(len, self._axes.values()))
        if count > MAX_POINTS:
            raise InvalidValueError(f"the grid has {count:,} points; give max_total, or fewer values")
        return count

    def _said(self) -> str:
        return f"grid({self._axes!r})"


class Drawn(Space):
    """Points that are drawn. See `random_choice`."""

    is_drawn = True

    def __init__(self, axes: Mapping[str, Distribution]) -> None:
        self._axes = dict(axes)

    def _all(self, seed: int | None) -> Iterator[Parameters]:
        random, seen = Random(seed), set()
        misses = 0
        while misses < _DRAWS_A_POINT:
            point = {name: axis.draw(random) for name, axis in self._axes.items()}
            misses += 1
            if repr(point) not in seen:
                seen.add(repr(point))
                misses = 0
                yield point

    def _count(self) -> int:
        raise InvalidValueError("points that are drawn need max_total, such as max_total=20")

    def _said(self) -> str:
        return f"random({self._axes!r})"


class Listed(Space):
    """Points as they were listed."""

    def __init__(self, points: list[Parameters]) -> None:
        self._points = points

    def _all(self, seed: int | None) -> Iterator[Parameters]:
        return (dict(point) for point in self._points)

    def _count(self) -> int:
        return len(self._points)

    def _said(self) -> str:
        shown = ", ".join(repr(point) for point in self._points[:100])
        return f"[{shown}{', ...' if len(self._points) > 100 else ''}]"


def grid(parameters: Mapping[str, Any]) -> Space:
    """Return every combination of some values; the last parameter changes fastest.

    Args:
        parameters: name to its values: a list, range, array of one dimension, or `choice`.

    Raises:
        InvalidValueError: a parameter has no list of values, or one to draw from.
    """
    return Grid({name: _values(name, values) for name, values in _named(parameters).items()})


def random_choice(parameters: Mapping[str, Any]) -> Space:
    """Return points that are drawn: from a distribution each, or from a list of values.

    No point comes twice. Where 100 draws in a row bring none that is new, there are no more.

    Args:
        parameters: name to a distribution (`uniform`, `loguniform`, `choice`, `randint`, ...), or to a list of values.

    Raises:
        InvalidValueError: a parameter has neither.
    """
    return Drawn({name: _axis(name, values) for name, values in _named(parameters).items()})


def space_of(parameters: Any) -> Space:
    """Return the space that a sweep was given: a space, a mapping, or a list of mappings.

    A mapping is a grid, or drawn from where it has a distribution other than `choice`.

    Raises:
        InvalidValueError: it is none of these.
    """
    if isinstance(parameters, Space):
        return parameters
    if isinstance(parameters, Mapping):
        is_drawn = any(isinstance(one, Distribution) and not isinstance(one, Choice) for one in parameters.values())
        return random_choice(parameters) if is_drawn else grid(parameters)
    if isinstance(parameters, str | bytes) or not isinstance(parameters, Iterable):
        raise InvalidValueError(
            "parameters are grid({...}), random({...}), a mapping of name to values, or a list of mappings, "
            f"not {type(parameters).__name__}"
        )
    return Listed([_named(point) for point in parameters])


def _named(parameters: Any) -> Parameters:
    if not isinstance(parameters, Mapping):
        raise InvalidValueError(f"a point is a mapping of name to value, not {type(parameters).__name__}")
    for name in parameters:
        if not isinstance(name, str) or not name:
            raise InvalidValueError(f"a parameter's name is a text of at least one character, not {name!r:.80}")
    if not parameters:
        raise InvalidValueError("there is no parameter to vary: give at least one, such as {'alpha': [0.1, 0.2]}")
    return dict(parameters)


def _values(name: str, values: Any) -> list[Any]:
    if isinstance(values, Choice):
        return list(values.values)
    if isinstance(values, Distribution):
        raise InvalidValueError(
            f"{name!r} is {values!r}, which a grid has no list of; use random({{...}}) to draw from it"
        )
    found = items_of(values)
    if found is None:
        raise InvalidValueError(
            f"{name!r} has {values!r:.80} as its values; write a list, [{values!r:.80}] for just that"
        )
    if not found:
        raise InvalidValueError(f"{name!r} has no values")
    return found


def _axis(name: str, values: Any) -> Distribution:
    return values if isinstance(values, Distribution) else Choice(tuple(_values(name, values)))
