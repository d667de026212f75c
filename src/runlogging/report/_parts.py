"""Pieces of the report's page: sections, tables, texts, figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from runlogging._errors import RunLoggingError
from runlogging._texts import short_number
from runlogging.drawing._markup import Markup, element, joined, one_line

# What a value of a damaged or hostile folder may raise while it is shown.
BAD_VALUE = (RunLoggingError, OSError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)

_LONGEST = 2_000
_FEW_COLUMNS = 8


class Section(NamedTuple):
    """A section of the page: its title, its anchor and its content."""

    title: str
    anchor: str
    body: Markup


def section(title: str, anchor: str, *parts: str) -> Section:
    """Return a section of some parts; empty ones are left out."""
    return Section(title, anchor, joined(part for part in parts if part))


def paragraph(*parts: str, kind: str | None = None) -> Markup:
    """Return a paragraph of texts and markup."""
    return element("p", *parts, class_=kind)


def faint(text: str) -> Markup:
    """Return a secondary sentence."""
    return paragraph(text, kind="faint")


def pre(text: str, kind: str | None = None) -> Markup:
    """Return a text with its lines as they are."""
    return element("pre", text, class_=kind)


def figures(svgs: Iterable[str]) -> Markup:
    """Return drawings beside each other; nothing where there are none."""
    drawn = [element("figure", Markup(svg)) for svg in svgs]
    return element("div", *drawn, class_="charts") if drawn else Markup()


def table(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Sequence[int] = (),
    unbroken: Sequence[int] = (),
) -> Markup:
    """Return a table that scrolls where it is wider than the page.

    Args:
        titles: the columns' titles.
        rows: the cells of each row, texts and markup.
        numbers: the places of columns that stand at the right.
        unbroken: the places of columns such as times, whose cells are one line on the screen.
    """
    kinds = dict.fromkeys(unbroken, "one") | dict.fromkeys(numbers, "n")
    head = element("tr", *(_cell("th", title, kinds.get(place)) for place, title in enumerate(titles)))
    body = [element("tr", *(_cell("td", cell, kinds.get(place)) for place, cell in enumerate(row))) for row in rows]
    if not body:
        return Markup()
    # On paper a table of few columns has room to leave its numbers whole; the cells of others break anywhere.
    is_narrow = len(titles) <= _FEW_COLUMNS
    inside = element("table", element("thead", head), element("tbody", *body), class_="few" if is_narrow else None)
    return element("div", inside, class_="scroll")


def _cell(tag: str, text: str, kind: str | None) -> Markup:
    return element(tag, text, class_=kind, scope="col" if tag == "th" else None)


def facts(values: Mapping[str, str]) -> Markup:
    """Return a table of names and texts; what is empty is left out."""
    rows = [
        element("tr", element("th", name, scope="row"), element("td", text)) for name, text in values.items() if text
    ]
    return element("div", element("table", *rows, class_="facts"), class_="scroll") if rows else Markup()


def value_text(value: Any, longest: int = _LONGEST) -> str:
    """Return a value of JSON as text for people: texts as they are, numbers short, the rest as JSON."""
    if isinstance(value, str):
        return bounded(value, longest)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return short_number(value)
    return bounded(json.dumps(value, ensure_ascii=False, default=str), longest)


def bounded(text: str, longest: int = _LONGEST) -> str:
    """Return a text, cut where it is too long, which it then says."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}... ({len(text) - longest:,} more characters)"


def label_text(text: str) -> str:
    """Return a name on one line."""
    return one_line(bounded(text, 200))
