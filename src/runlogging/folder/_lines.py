"""The lines of the streams: one struct for all records, one for artifacts, and the encoder.

The order of the fields is the order in the file, chosen for people who read it with a pager.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

_encode = msgspec.json.Encoder().encode
_MAX_DEPTH = 64


class Line(msgspec.Struct, omit_defaults=True, gc=False):
    """One record in ``logs``, ``metrics`` or ``values``.

    ``docs/format.md`` says what each field means. A field that is None is left out of the line, except inside
    ``metrics``, where None stands for a number that JSON cannot write (see ``nonfinite`` and ``exact``).
    """

    seq: int | None = None
    time: str = ""
    step: int | None = None
    metrics: dict[str, Any] | None = None
    values: list[dict[str, Any]] | None = None
    level: str | None = None
    logger: str | None = None
    message: str | None = None
    template: str | None = None
    file: str | None = None
    line: int | None = None
    function: str | None = None
    thread: str | None = None
    task: str | None = None
    process: int | None = None
    level_number: int | None = None
    attributes: dict[str, Any] | None = None
    exception: dict[str, str] | None = None
    stack: str | None = None
    nonfinite: dict[str, str] | None = None
    exact: dict[str, str] | None = None
    problems: list[str] | None = None
    recorded: bool | None = None
    description: str | None = None


class ArtifactLine(msgspec.Struct, omit_defaults=True, gc=False, kw_only=True):
    """One file kept with the run: its relative name, size in bytes and SHA-256 in hexadecimal."""

    seq: int | None = None
    time: str
    name: str
    size: int
    sha256: str
    type: str | None = None


LineT = TypeVar("LineT", bound="Line | ArtifactLine")


def encode_line(line: Line | ArtifactLine) -> bytes:
    """Return the line as strict JSON in UTF-8 with its newline.

    What the encoder refuses (lone surrogates, keys and objects unknown to it, deep nesting) is replaced where it
    stands and named in ``problems``; the rest of the line stays as it is.
    """
    try:
        return _encode(line) + b"\n"
    except Exception as error:
        return _encode(mended_line(line, error)) + b"\n"


def mended_line(line: LineT, error: Exception) -> LineT:
    """Return a copy of a line in which all that the encoder refused is replaced; ``problems`` names its error."""
    mended = msgspec.structs.replace(line)
    for field in line.__struct_fields__:
        setattr(mended, field, _plain(getattr(line, field), 0))
    if isinstance(mended, Line):
        text = "too deeply nested" if isinstance(error, RecursionError) else clean_text(str(error))
        mended.problems = [*(mended.problems or []), f"written with replacements: {type(error).__name__}: {text}"]
    return mended


def clean_text(text: str) -> str:
    """Return text that UTF-8 can hold: a lone surrogate becomes its escape, such as a backslash and ``ud800``."""
    return text.encode("utf-8", "backslashreplace").decode()


def _plain(value: Any, depth: int) -> Any:
    # A Raw holds JSON that was encoded before, so it is whole.
    if value is None or type(value) in (int, float, bool, msgspec.Raw):
        return value
    if isinstance(value, str):
        return clean_text(str(value))
    if depth >= _MAX_DEPTH:
        return f"<deeper than {_MAX_DEPTH}>"
    if isinstance(value, Mapping):
        return _plain_mapping(value, depth)
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return clean_text(_safe_repr(value))


def _plain_mapping(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, item in value.items():
        plain[unused_name(clean_text(key if isinstance(key, str) else _safe_repr(key)), plain)] = _plain(
            item, depth + 1
        )
    return plain


def unused_name(name: str, taken: Mapping[str, Any]) -> str:
    """Return the name, or with ``#2``, ``#3`` ... behind it the first that is not taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name}#{number}" in taken:
        number += 1
    return f"{name}#{number}"


def _safe_repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
