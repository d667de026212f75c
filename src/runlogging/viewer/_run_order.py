"""The rows of the table in their order: sorted by columns, and the children below their parents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from runlogging.reading.search._expressions import Field
from runlogging.reading.search._order import Key, Order
from runlogging.viewer._run_columns import column_of
from runlogging.viewer._run_items import Item


def order_of(sort: Sequence[str]) -> Order | None:
    """Return the order of some columns, those from the greatest down with a dash before them; None for none."""
    keys = []
    for name in sort:
        column = column_of(name.removeprefix("-"))
        keys.append(Key(Field(column.room, column.key, column.figure), name.startswith("-")))
    return Order(keys) if keys else None


def sorted_by(items: list[Item], sort: Sequence[str]) -> list[Item]:
    """Return runs in an order of columns; as they are for none.

    Raises:
        InvalidValueError: there is no such column (also a ValueError).
    """
    order = order_of(sort)
    return items if order is None else order.sorted(items)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: a run, how deep it hangs, how many rows hang on it, and whether it fits the filter."""

    item: Item
    depth: int
    children: int
    fits: bool
    is_closed: bool


def nested(
    chosen: list[Item],
    items: Sequence[Item],
    parents: Mapping[Item, Item],
    sort: Sequence[str],
    is_closed: Callable[[str], bool],
) -> list[Line]:
    """Return runs with the children below their parents.

    A parent that does not fit stands there for its children, where the order puts it.

    Args:
        chosen: the runs that fit, in their order.
        items: all runs, the newest first.
        parents: the parent of each run that has one.
        sort: the columns of the order.
        is_closed: whether what hangs on a run of a key is folded away.
    """
    if not parents:
        return [Line(item, 0, 0, True, False) for item in chosen]
    shown = _with_parents(chosen, parents)
    is_whole = len(shown) == len(chosen)
    ordered = chosen if is_whole else sorted_by([item for item in items if item in shown], sort)
    below: dict[Item | None, list[Item]] = {}
    for item in ordered:
        below.setdefault(parents.get(item), []).append(item)
    return _walked(below, set(chosen), is_closed)


def _with_parents(chosen: list[Item], parents: Mapping[Item, Item]) -> set[Item]:
    shown = set(chosen)
    for item in chosen:
        above = parents.get(item)
        while above is not None and above not in shown:
            shown.add(above)
            above = parents.get(above)
    return shown


def _walked(
    below: Mapping[Item | None, list[Item]], fitting: set[Item], is_closed: Callable[[str], bool]
) -> list[Line]:
    lines: list[Line] = []
    waiting = [(item, 0) for item in reversed(below.get(None, []))]
    while waiting:
        item, depth = waiting.pop()
        children = below.get(item, [])
        closed = bool(children) and is_closed(item.key)
        lines.append(Line(item, depth, len(children), item in fitting, closed))
        if not closed:
            waiting += [(child, depth + 1) for child in reversed(children)]
    return lines


def parents_of(items: Iterable[Item]) -> dict[Item, Item]:
    """Return the parent of each run that has one; of those that are their own ancestors one stays without."""
    here: dict[tuple[str, str], Item] = {}
    anywhere: dict[str, Item] = {}
    children = []
    for item in items:
        here[item.experiment, item.id] = anywhere[item.id] = item
        if item.parent:
            children.append(item)
    parents: dict[Item, Item] = {}
    for item in children:
        above = here.get((item.experiment, item.parent or "")) or anywhere.get(item.parent or "")
        if above is not None and not _hangs_on(above, item, parents):
            parents[item] = above
    return parents


def _hangs_on(item: Item | None, other: Item, parents: Mapping[Item, Item]) -> bool:
    while item is not None:
        if item is other:
            return True
        item = parents.get(item)
    return False
