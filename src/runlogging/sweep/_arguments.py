"""A point as arguments of a script: placeholders are filled, the rest is appended. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from runlogging._values import scalar_of


def placed(words: Sequence[str], parameters: Mapping[str, Any]) -> list[str]:
    """Return arguments with a point in them.

    Args:
        words: the arguments as they were given. In them ``{name}`` stands for the value of a parameter.
        parameters: name to value. One without a placeholder is appended: ``--name value``.
    """
    filled = [_filled(word, parameters) for word in words]
    for name, value in parameters.items():
        if not any(_hole(name) in word for word in words):
            filled += [f"--{name}", value_text(value)]
    return filled


def placed_in_shell(command: str, parameters: Mapping[str, Any]) -> str:
    """Return a command of the shell with a point in it, quoted where that is needed."""
    quoted = {name: shlex.quote(value_text(value)) for name, value in parameters.items()}
    rest = [f"--{name} {text}" for name, text in quoted.items() if _hole(name) not in command]
    return " ".join([_filled(command, quoted), *rest])


def value_text(value: Any) -> str:
    """Return a value as a script gets it: text as it is, numbers with all their digits, lists and mappings as JSON."""
    plain = scalar_of(value)
    if isinstance(plain, str):
        return plain
    if isinstance(plain, list | tuple | dict):
        return json.dumps(plain, default=str)
    return str(plain)


def _hole(name: str) -> str:
    return f"{{{name}}}"


def _filled(word: str, parameters: Mapping[str, Any]) -> str:
    # In one pass, so that a value that looks like a placeholder stays as it is.
    pieces: list[str] = []
    rest = word
    while True:
        found = [(rest.find(_hole(name)), name) for name in parameters]
        place, name = min((one for one in found if one[0] >= 0), default=(-1, ""))
        if place < 0:
            return "".join([*pieces, rest])
        pieces += [rest[:place], value_text(parameters[name])]
        rest = rest[place + len(_hole(name)) :]
