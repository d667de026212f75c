"""A point of a sweep, and whether its target can take it. Pure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from runlogging._errors import InvalidValueError

_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Point(NamedTuple):
    """A point: its number in the sweep, from 0, and its parameters."""

    number: int
    parameters: Mapping[str, Any]


def takes_run(function: Callable[..., Any], points: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a function has a parameter ``run``; check that it takes every point.

    Raises:
        InvalidValueError: it does not take one of them; the message says which parameter.
    """
    if inspect.iscoroutinefunction(function):
        raise InvalidValueError(f"{_name(function)} is a coroutine function; give one that calls asyncio.run")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a builtin that does not say what it takes
        return False
    parameter = signature.parameters.get("run")
    gives_run = parameter is not None and parameter.kind in _KEYWORDS
    # Most sweeps have the same names at every point.
    for names in dict.fromkeys(tuple(point) for point in points):
        if gives_run and "run" in names:
            raise InvalidValueError("the function gets its child run as 'run'; call the parameter to vary otherwise")
        _check_taken(function, signature, dict.fromkeys((*names, "run") if gives_run else names))
    return gives_run


def _check_taken(function: Callable[..., Any], signature: inspect.Signature, names: Mapping[str, None]) -> None:
    try:
        signature.bind(**names)
    except TypeError as error:
        raise InvalidValueError(
            f"{_name(function)}{signature} cannot be called with {', '.join(names)}: {error}"
        ) from None


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))
