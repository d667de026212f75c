"""How a run or an experiment looks as the last line of a notebook's cell."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape


def html_table(facts: Mapping[str, object]) -> str:
    """Return a table of two columns; what is None or empty is left out. Without colours, it fits any theme."""
    rows = (
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(str(value))}</td></tr>'
        for name, value in facts.items()
        if value not in (None, "")
    )
    return f"<table>{''.join(rows)}</table>"
