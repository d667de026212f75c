"""The small curves beside a metric's last value: few points of each run, kept until its streams grow."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runlogging._errors import RunLoggingError
from runlogging.viewer._axes import lines_of
from runlogging.viewer._curves import RunCurves

if TYPE_CHECKING:
    from runlogging.viewer._state import State

_MOST_NAMES = 20
_MOST_SPARKS = 400
_SPARK_POINTS = 120
_KEPT_SPARKS = 2_000


def sparks(state: State, keys: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, list[Any]]]:
    """Return the small curves of runs: run to metric to its values; of too many runs the first.

    Args:
        state: what the viewer keeps.
        keys: the runs, as ``experiment/id``; one that cannot be read has no curve.
        names: the metrics.
    """
    names = names[:_MOST_NAMES]
    found: dict[str, dict[str, list[Any]]] = {}
    for key in keys[: _MOST_SPARKS // max(len(names), 1)]:
        try:
            found[key] = _spark(state, key, names)
        except (RunLoggingError, OSError):  # its row says what is wrong with it
            found[key] = {}
    return found


def _spark(state: State, key: str, names: Sequence[str]) -> dict[str, list[Any]]:
    run = state.run_of(key)
    kept: OrderedDict[tuple[Any, ...], dict[str, list[Any]]] = state.kept("sparks", state.settings.root, OrderedDict, 1)
    asked = (key, run.stream_bytes, *names)
    if asked not in kept:
        # Not on the shelf of curves: a page of runs would push the charts that are open off it.
        curves = RunCurves(run.path)
        curves.refresh()
        lines = {name: lines_of(key, run, curves, name, "index") for name in names}
        kept[asked] = {name: thinned(found[0].curve.y) for name, found in lines.items() if found}
    if len(kept) > _KEPT_SPARKS:
        kept.popitem(last=False)
    return kept[asked]


def thinned(values: Sequence[float]) -> list[float]:
    """Return so many values that a small picture has them: of each part the least and the greatest, in their order."""
    count = len(values)
    if count <= _SPARK_POINTS:
        return list(values)
    kept: list[float] = []
    parts = _SPARK_POINTS // 2
    for part in range(parts):
        begin, end = part * count // parts, (part + 1) * count // parts
        places = [place for place in range(begin, end) if math.isfinite(values[place])] or [begin]
        low, high = min(places, key=values.__getitem__), max(places, key=values.__getitem__)
        kept += [values[place] for place in (min(low, high), max(low, high))]
    return kept
