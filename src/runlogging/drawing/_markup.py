"""Elements of HTML and SVG as text. What is not markup already is escaped, so that no name can become an element."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from html import escape

from runlogging._texts import UNSAFE, as_escape

# What XML has no place for, too.
_UNSAFE = re.compile(f"[{UNSAFE}\ufffe\uffff]")
_VOID = frozenset({"br", "img", "meta"})


class Markup(str):
    """Text that is markup: it is taken over as it stands."""

    __slots__ = ()


def visible(text: str) -> str:
    r"""Return text with each unsafe character as an escape such as ``\x1b``; tabs and newlines stay."""
    return _UNSAFE.sub(as_escape, text)


def one_line(text: str) -> str:
    r"""Return text as `visible` does, on one line: a newline as ``\n``, a tab as ``\t``."""
    return visible(text.replace("\n", "\\n").replace("\t", "\\t"))


def text_of(content: str) -> Markup:
    """Return text as markup: escaped; markup as it is."""
    return content if isinstance(content, Markup) else Markup(escape(visible(content)))


def joined(parts: Iterable[str]) -> Markup:
    """Return the parts one behind the other, each as `text_of` gives it."""
    return Markup("".join(map(text_of, parts)))


def element(tag: str, *children: str, **attributes: object) -> Markup:
    """Return an element.

    Args:
        tag: its name.
        children: texts, which are escaped, and markup.
        attributes: name to value. An underscore in a name stands for a hyphen, one at its end is left out; None and
            False leave the attribute out, True is an attribute without a value; numbers are rounded to 2 decimals.
    """
    head = f"<{tag}{''.join(_attribute(name, value) for name, value in attributes.items())}"
    if tag in _VOID:
        return Markup(f"{head}>")
    return Markup(f"{head}>{joined(children)}</{tag}>")


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    label = name.rstrip("_").replace("_", "-") if name != "viewBox" else name
    if value is True:
        return f" {label}"
    text = number_text(value) if isinstance(value, float | int) else str(value)
    return f' {label}="{text_of(text)}"'


def number_text(value: float, decimals: int = 2) -> str:
    """Return a length in pixels as short as its rounding allows."""
    if not math.isfinite(value):
        return "0"
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
