"""Metrics that stand in the text of messages."""

from __future__ import annotations

from runlogging._patterns import LazyPattern

# A name, "=" or ": ", a number, and behind it an end: a space, a comma, a semicolon, a bracket, or the end of a
# sentence. So 12:30, port:80, v=1.2.3, 90% and 10ms are no metrics.
_PAIR = LazyPattern(
    r"(?<![\w./\-])(?P<name>[^\W\d][\w./\-]{0,127})(?:\s?=\s?|\s?:\s+)"
    r"(?P<number>[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|(?i:nan|inf|infinity)))"
    r"(?=[\s,;|)\]}]|\.?(?:\s|$))"
)
_MAX_DIGITS = 4300  # of an int, as Python reads it


def metrics_in(message: str) -> tuple[dict[str, int | float], int | None]:
    """Return the numbers that a message names, and its step or None; of a name that comes twice the last counts."""
    numbers: dict[str, int | float] = {}
    step: int | None = None
    if "=" not in message and ":" not in message:
        return numbers, step
    for found in _PAIR.re.finditer(message):
        name, text = found["name"], found["number"]
        is_whole = text.lstrip("+-").isdecimal() and len(text) < _MAX_DIGITS
        if name == "step" and is_whole:
            step = int(text)
        else:
            numbers[name] = int(text) if is_whole else float(text)
    return numbers, step
