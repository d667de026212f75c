"""Numbers of lines as columns: most lines of a file have the same names, and are taken together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from runlogging.folder import Line
from runlogging.reading._model import numbers_of

Columns = Mapping[str, Sequence[float | int]]

_PLAIN = frozenset({float, int})


def columns_of(
    lines: Sequence[Line], wanted: Collection[str] | None = None
) -> Iterator[tuple[Sequence[Line], Columns]]:
    """Yield some of the lines at a time, and metric to what each of these has of it; of a metric in their order.

    Args:
        lines: the lines.
        wanted: only these metrics; None is all.
    """
    groups: dict[tuple[str, ...], list[Line]] = {}
    for line in lines:
        if line.metrics:
            groups.setdefault(tuple(line.metrics), []).append(line)
    if sum(map(len, groups)) > len({name for names in groups for name in names}):
        yield from _singly(lines, wanted)  # a metric of two groups would lose its order
        return
    for names, own in groups.items():
        chosen = names if wanted is None else [name for name in names if name in wanted]
        columns = _columns(chosen, own)
        if columns is None:
            yield from _singly(own, wanted)
        else:
            yield own, columns


def _columns(names: Sequence[str], lines: Sequence[Line]) -> Columns | None:
    """Return the columns of lines that have the same names; None where a number is damaged."""
    found = {name: [line.metrics[name] for line in lines] for name in names}  # type: ignore[index]  # they have them
    if all(line.exact is None for line in lines) and all(_PLAIN.issuperset(map(type, own)) for own in found.values()):
        return found
    rows = [dict(numbers_of(line)) for line in lines]
    if any(name not in row for row in rows for name in names):
        return None
    return {name: [row[name] for row in rows] for name in names}


def _singly(lines: Sequence[Line], wanted: Collection[str] | None) -> Iterator[tuple[Sequence[Line], Columns]]:
    for line in lines:
        yield [line], {name: [value] for name, value in numbers_of(line) if wanted is None or name in wanted}
