"""Escaping: text from a run folder may come from anywhere, and must not steer the terminal that shows it."""

from __future__ import annotations

from runlogging._texts import escape, escape_lines

__all__ = ["escape", "escape_cell", "escape_lines"]


def escape_cell(text: str) -> str:
    r"""Return text for a table: as `escape`, and a tab as ``\t``, because nobody knows how wide it is."""
    return escape(text).replace("\t", "\\t")
