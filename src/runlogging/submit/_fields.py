"""Attributes that are checked when they are set, and the checks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Number
from typing import Any, Generic, TypeVar, overload

from runlogging._errors import InvalidValueError
from runlogging._values import scalar_of

T = TypeVar("T")


class Checked(Generic[T]):
    """An attribute that a function checks and converts whenever it is set.

    Args:
        check: takes what was given, and returns what is kept.
    """

    def __init__(self, check: Callable[[Any], T]) -> None:
        self._check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Checked[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Checked[T] | T:
        if instance is None:
            return self
        value: T = instance.__dict__[self._name]
        return value

    def __set__(self, instance: object, value: Any) -> None:
        instance.__dict__[self._name] = self._check(value)


def text_of(value: Any, what: str) -> str:
    """Return the text that an argument or a value of a variable becomes.

    Raises:
        InvalidValueError: it is no text, path, number or bool, or has a NUL character in it.
    """
    plain = scalar_of(value)
    if isinstance(plain, os.PathLike):
        plain = os.fspath(plain)
    text = str(plain) if isinstance(plain, Number) else plain
    if not isinstance(text, str):
        raise InvalidValueError(f"{what} is a text, path or number, not {type(value).__name__}: {value!r:.80}")
    if "\0" in text:
        raise InvalidValueError(f"{what} has a NUL character in it, which no process takes: {text!r:.80}")
    return text


def texts_of(values: object, what: str, advice: str) -> list[str]:
    """Return a list of texts.

    Args:
        values: an iterable of what `text_of` takes; None is an empty list.
        what: what one item is, for the message.
        advice: what to give instead of a text.

    Raises:
        InvalidValueError: it is a text, or no iterable, or an item is none.
    """
    if values is None:
        return []
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise InvalidValueError(f"{what}s are a list of texts, not {type(values).__name__}; {advice}")
    return [text_of(value, what) for value in values]


def variables_of(variables: object) -> dict[str, str]:
    """Return environment variables as text to text; None is an empty mapping.

    Raises:
        InvalidValueError: it is no mapping, or a name or value cannot be one of a variable.
    """
    if variables is None:
        return {}
    if not isinstance(variables, Mapping):
        raise InvalidValueError(
            f"environment variables are a mapping of name to text, not {type(variables).__name__}; "
            "for instance {'OMP_NUM_THREADS': '4'}"
        )
    for name in variables:
        if not isinstance(name, str) or not name or "=" in name or "\0" in name:
            raise InvalidValueError(f"{name!r:.80} is no name of an environment variable: a text without '='")
    return {name: text_of(value, f"the variable {name}") for name, value in variables.items()}
