"""Escaping: text from a run folder may come from anywhere, and must not steer the terminal that shows it."""

from __future__ import annotations

import re

# C0, DEL and C1 steer terminals, line separators and bidi overrides change what seems to stand where, and lone
# surrogates cannot be encoded. A tab does none of this.
_UNSAFE = re.compile("[\x00-\x08\n-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\t": "\\t"}


def _visible(match: re.Match[str]) -> str:
    number = ord(match[0])
    return _SHORT.get(match[0]) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def escape(text: str) -> str:
    r"""Return text on one line: each unsafe character as ``\x1b`` or ``\u202e``, a newline as ``\n``, tabs kept."""
    return _UNSAFE.sub(_visible, text)


def escape_cell(text: str) -> str:
    r"""Return text for a table: as `escape`, and a tab as ``\t``, because nobody knows how wide it is."""
    return escape(text).replace("\t", "\\t")


def escape_lines(text: str) -> list[str]:
    """Return the lines of a text, each escaped; a line ends at a newline, with or without a carriage return."""
    return [escape(line) for line in text.replace("\r\n", "\n").split("\n")]
