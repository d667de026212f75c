"""The histogram of residuals: how far off the predictions of a regression are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from runlogging._errors import InvalidValueError
from runlogging.charts._base import Chart
from runlogging.charts._bins import bin_count, bin_of, edges_of, equal_edges
from runlogging.charts._checks import counts_of
from runlogging.charts._samples import number_pair


@dataclass(frozen=True)
class Residuals(Chart):
    """Hold a histogram of residuals.

    Args:
        bin_edges: n + 1 ascending numbers (two may be equal), in the unit of the target.
        bin_counts: n counts.

    Raises:
        InvalidValueError: anything is not so; the message names the place, as ``data.bin_edges[2]``.
    """

    schema_type: ClassVar[str] = "residuals"
    schema_version: ClassVar[str] = "1.0.0"

    bin_edges: tuple[float, ...]
    bin_counts: tuple[int, ...]

    def __post_init__(self) -> None:
        counts = counts_of(self.bin_counts, "data.bin_counts")
        self._keep(bin_edges=edges_of(self.bin_edges, len(counts)), bin_counts=counts)

    @classmethod
    def from_predictions(cls, y_true: Iterable[Any], y_pred: Iterable[Any], bins: int = 10) -> Self:
        """Count the residuals `y_pred - y_true` in bins of equal width over their range.

        A bin holds its lower edge and not its upper one; the last bin holds both. Where all residuals are equal,
        the range is half a unit to either side.

        Args:
            y_true: the true values, at least one finite number.
            y_pred: as many predictions.
            bins: how many bins, at least 1.

        Raises:
            InvalidValueError: the lists are empty or differ in length, or a value or a residual is no finite number
                (the message has its index), or `bins` is no int of at least 1.
        """
        number = bin_count(bins)
        true, pred = number_pair(y_true, y_pred)
        residuals = [predicted - value for value, predicted in zip(true, pred, strict=True)]
        _check_finite(residuals)
        edges = equal_edges(residuals, number)
        counts = [0] * number
        for residual in residuals:
            counts[bin_of(residual, edges)] += 1
        return cls(tuple(edges), tuple(counts))


def _check_finite(residuals: list[float]) -> None:
    for n, residual in enumerate(residuals):
        if not math.isfinite(residual):
            raise InvalidValueError(
                f"y_pred[{n}] - y_true[{n}] is {residual!r}; expected values whose difference is finite"
            )
