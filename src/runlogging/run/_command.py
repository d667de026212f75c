"""Texts from outside, made fit for the run folder: bounded, valid Unicode, without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from runlogging._patterns import LazyPattern
from runlogging._redaction import REPLACEMENT, Redactor
from runlogging.folder import clean_text

_MAX_ARGUMENT = 4_096
_MAX_ARGUMENTS = 256
_MAX_COMMAND = 16_384
_MARGIN = 1_024

# --api-key=x, TOKEN=x, +db.password=x, "Authorization: x"
_PAIR = LazyPattern(r"(?P<key>[-+]*+[A-Za-z_][\w.\-]{0,199})(?P<sign>\s*[=:]\s*)")
_OPTION = LazyPattern(r"--?[A-Za-z][\w.\-]{0,199}")
# What follows an option of a secret and is no value of it. A password may begin with one hyphen.
_NO_VALUE = LazyPattern(r"--[A-Za-z][\w.\-]*+(?:=.*)?|-[A-Za-z]", re.S)
_PLAIN = LazyPattern(r"[-+]?\d{1,40}(?:\.\d{1,40})?(?:e[-+]?\d{1,9})?|none|null|true|false|", re.I)


def bounded(text: str, limit: int, clear: Callable[[str], str] | None) -> str:
    """Return a text without secrets, cut to `limit` characters and a marker that says how long it was.

    Args:
        text: the text.
        limit: the number of characters to keep.
        clear: what takes out secrets, or None.
    """
    window = text[: limit + _MARGIN]
    kept = clean_text(clear(window) if clear is not None else window)
    if len(window) == len(text) and len(kept) <= limit:
        return kept
    if len(window) < len(text):
        # The end of the window may be the first half of a secret, which nothing shows to be one.
        kept = kept[:-_MARGIN]
    return f"{kept[:limit]}... [cut: {len(text):,} characters]"


def command_line(arguments: Iterable[object], redactor: Redactor | None) -> list[str]:
    """Return the arguments of a command without secrets; a long command ends with a marker.

    Args:
        arguments: the program and its arguments.
        redactor: what knows secrets; None leaves them in.
    """
    given = [str(argument) for argument in arguments]
    kept: list[str] = []
    room = _MAX_COMMAND
    option = ""
    for argument in given[:_MAX_ARGUMENTS]:
        if room <= 0:
            break
        if redactor is None:
            kept.append(bounded(argument, _MAX_ARGUMENT, None))
        elif option and not _NO_VALUE.re.fullmatch(argument):
            kept.append(_value(option, argument, redactor))
        else:
            kept.append(_argument(argument, redactor))
        option = argument if redactor and _OPTION.re.fullmatch(argument) and redactor.is_secret_key(argument) else ""
        room -= len(kept[-1])
    if len(kept) < len(given):
        kept.append(f"... [cut: {len(given):,} arguments]")
    return kept


def _argument(argument: str, redactor: Redactor) -> str:
    pair = _PAIR.re.match(argument)
    if pair and redactor.is_secret_key(pair["key"]):
        return pair[0] + _value(pair["key"], argument[pair.end() :], redactor)
    return bounded(argument, _MAX_ARGUMENT, redactor.text)


def _value(key: str, value: str, redactor: Redactor) -> str:
    """Return what stands for the value of a secret key: all of it goes, save a number that the redactor lets pass."""
    if len(value) <= _MARGIN and _PLAIN.re.fullmatch(value):
        pair = f"{key}={value}"
        return value if redactor.text(pair) == pair else REPLACEMENT
    return REPLACEMENT
