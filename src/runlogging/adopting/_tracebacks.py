"""Exceptions and stacks that stand in a log as text."""

from __future__ import annotations

import re

from runlogging._patterns import LazyPattern

HEADER = "Traceback (most recent call last):"
GROUP_HEADER = "  + Exception Group Traceback (most recent call last):"
STACK_HEADER = "Stack (most recent call last):"
BETWEEN = (
    "The above exception was the direct cause of the following exception:",
    "During handling of the above exception, another exception occurred:",
)
# How the line begins that names the exception: a name with dots; a colon and the message may follow.
_TYPE_LINE = LazyPattern(r"([^\W\d][\w.<>]*)(?:: (.*))?", re.S)


def error_name(line: str) -> str | None:
    """Return the type of the exception that a line of a traceback names, or None where it is no such line."""
    found = _TYPE_LINE.re.fullmatch(line)
    return found[1] if found else None


def parse_exception(text: str) -> dict[str, str] | None:
    """Return type, message and stack trace of a traceback in text, of the last where several follow each other.

    None where the text is no traceback.
    """
    lines = _ungrouped(text.split("\n"))
    start = max((place for place, line in enumerate(lines) if line == HEADER), default=-1) + 1
    named = next((place for place in range(start, len(lines)) if lines[place].strip() and lines[place][0] != " "), None)
    found = _TYPE_LINE.re.fullmatch("\n".join(lines[named:])) if named is not None else None
    if found is None or found[1] == "NoneType":  # what exc_info=True writes where there is no exception
        return None
    return {"type": found[1], "message": found[2] or "", "stacktrace": text}


def _ungrouped(lines: list[str]) -> list[str]:
    """Return the outermost traceback of an exception group, without its frame."""
    if GROUP_HEADER not in lines:
        return lines
    start = lines.index(GROUP_HEADER)
    framed = [line[4:] for line in lines[start + 1 :] if line.startswith("  | ")]
    return [HEADER, *framed]


def split_text(text: str) -> tuple[str, dict[str, str] | None, str | None]:
    """Return message, exception and stack of a text, as a formatter of logging puts them one below the other."""
    stack: str | None = None
    lines = text.split("\n")
    if STACK_HEADER in lines:
        place = lines.index(STACK_HEADER)
        lines, stack = lines[:place], "\n".join(lines[place:])
    place = next((number for number, line in enumerate(lines) if line in (HEADER, GROUP_HEADER)), -1)
    if place < 0:
        return "\n".join(lines), None, stack
    while place >= 2 and lines[place - 1] == "" and lines[place - 2] in BETWEEN:
        place -= 2
    exception = parse_exception("\n".join(lines[place:]))
    if exception is None:
        return text, None, None
    return "\n".join(lines[:place]), exception, stack
