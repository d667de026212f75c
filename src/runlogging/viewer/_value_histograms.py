"""Histograms of many steps, made coarse enough to be drawn as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runlogging.viewer._value_store import content_of

if TYPE_CHECKING:
    from runlogging.reading import RunReader, Value

_MOST_STEPS = 64
_MOST_BINS = 96


def over_steps(values: Sequence[tuple[int, Value]], run: RunReader) -> dict[str, Any]:
    """Return the histograms among values, 64 at most, of 96 bins at most.

    Args:
        values: pairs of the place among all values of the name, and the value.
        run: the run that they are of.

    Returns:
        ``total``, how many there are, and ``rows`` of ``index``, ``step``, ``counts``, ``edges``, ``nonfinite``; what
        is no histogram is left out.

    Raises:
        ArtifactNotFoundError: one lay in a file that is gone.
        InvalidValueError: the file of one is too large, or no value of ours.
    """
    found = [(place, value) for place, value in values if value.type == "histogram"]
    taken = [(place, value, _coarse(content_of(value, run))) for place, value in _evenly(found, _MOST_STEPS)]
    rows = [{"index": place, "step": value.step, **coarse} for place, value, coarse in taken if coarse is not None]
    return {"total": len(found), "rows": rows}


def _evenly(items: list[tuple[int, Value]], most: int) -> list[tuple[int, Value]]:
    """Return at most so many items, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[number * (len(items) - 1) // (most - 1)] for number in range(most)]


def _coarse(value: Any) -> dict[str, Any] | None:
    """Return a histogram of few bins, neighbours added up; None where it is none."""
    if not isinstance(value, dict):
        return None
    counts, edges = value.get("counts"), value.get("edges")
    if not (isinstance(counts, list) and isinstance(edges, list) and counts and len(edges) == len(counts) + 1):
        return None
    if not all(isinstance(number, int | float) for number in [*counts, *edges]):
        return None
    each = -(-len(counts) // _MOST_BINS)
    starts = range(0, len(counts), each)
    return {
        "counts": [sum(counts[start : start + each]) for start in starts],
        "edges": [*(edges[start] for start in starts), edges[-1]],
        "nonfinite": value.get("nonfinite"),
    }
