"""Which runs make a group: those that have the same in some columns of the runs' table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runlogging.viewer._run_columns import column_of
from runlogging.viewer._run_table import table_of

if TYPE_CHECKING:
    from runlogging.viewer._state import State


def members_of(state: State, keys: Sequence[str], by: Sequence[str]) -> dict[str, tuple[list[Any], list[str]]]:
    """Return the groups of some runs in order of what they have, each with its label for people.

    Args:
        state: the viewer's.
        keys: the runs, each ``experiment/id``.
        by: the names of the columns that make the groups, as those of ``api/runs``.

    Returns:
        Label to what the runs of the group have, in the order of `by`, and their keys, in the order of `keys`.

    Raises:
        InvalidValueError: there is no such column (also a ValueError).
    """
    table, columns = table_of(state), [column_of(name) for name in by]
    table.refresh()
    table.wait()
    with table.lock:
        items = {item.key: item for item in table.items}
        found: dict[str, tuple[list[Any], list[str]]] = {}
        for key in keys:
            values = [column.value(items[key]) if key in items else None for column in columns]
            label = ", ".join(f"{column.key}={_text(value)}" for column, value in zip(columns, values, strict=True))
            found.setdefault(label, (values, []))[1].append(key)
    return dict(sorted(found.items(), key=lambda one: [_rank(value) for value in one[1][0]]))


def _text(value: Any) -> str:
    """Return a value so that 0, "0", false, "" and what is missing are told apart."""
    if value is None:
        return "missing"
    if not isinstance(value, str):
        return json.dumps(value, default=str)
    return json.dumps(value, ensure_ascii=False) if value == "missing" or _is_json(value) or not value else value


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _rank(value: Any) -> tuple[int, float, str]:
    """Order numbers by their size, then texts, and what is missing last."""
    if isinstance(value, int | float) and value == value:
        return (0, value, "")
    return (2, 0.0, "") if value is None else (1, 0.0, _text(value))
