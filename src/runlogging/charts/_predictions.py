"""Predictions against true values: mean and spread of the predictions in bins of the true value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from runlogging.charts._base import Chart
from runlogging.charts._bins import bin_count, bin_of, edges_of, equal_edges
from runlogging.charts._checks import at, check_length, counts_of, numbers_of, refusal
from runlogging.charts._samples import number_pair


@dataclass(frozen=True)
class Predictions(Chart):
    """Hold mean and spread of the predictions by bins of the true value.

    Args:
        bin_averages: n means of the predictions, in the unit of the target.
        bin_errors: n standard deviations of the predictions, none negative, in the same unit.
        bin_counts: n counts.
        bin_edges: n + 1 ascending numbers (two may be equal), in the same unit.

    Raises:
        InvalidValueError: anything is not so; the message names the place, as ``data.bin_errors[2]``.
    """

    schema_type: ClassVar[str] = "predictions"
    schema_version: ClassVar[str] = "1.0.0"

    bin_averages: tuple[float, ...]
    bin_errors: tuple[float, ...]
    bin_counts: tuple[int, ...]
    bin_edges: tuple[float, ...]

    def __post_init__(self) -> None:
        counts = counts_of(self.bin_counts, "data.bin_counts")
        averages = numbers_of(self.bin_averages, "data.bin_averages")
        check_length(averages, "data.bin_averages", len(counts), "as many as data.bin_counts")
        errors = numbers_of(self.bin_errors, "data.bin_errors")
        check_length(errors, "data.bin_errors", len(counts), "as many as data.bin_counts")
        for n, error in enumerate(errors):
            if error < 0:
                raise refusal(at("data.bin_errors", n), error, "a standard deviation of at least 0")
        edges = edges_of(self.bin_edges, len(counts))
        self._keep(bin_averages=averages, bin_errors=errors, bin_counts=counts, bin_edges=edges)

    @classmethod
    def from_predictions(cls, y_true: Iterable[Any], y_pred: Iterable[Any], bins: int = 10) -> Self:
        """Average predictions in bins of equal width over the range of the true values.

        A bin holds its lower edge and not its upper one; the last bin holds both. `bin_errors` are standard
        deviations of the bin's own predictions (divided by their count, not by one less). A bin without values has
        the average 0.0, the error 0.0 and the count 0: look at the count first. Where all true values are equal, the
        range is half a unit to either side.

        Args:
            y_true: the true values, at least one finite number.
            y_pred: as many predictions.
            bins: how many bins, at least 1.

        Raises:
            InvalidValueError: the lists are empty or differ in length, or a value is no finite number (the message
                has its index), or `bins` is no int of at least 1.
        """
        number = bin_count(bins)
        true, pred = number_pair(y_true, y_pred)
        edges = equal_edges(true, number)
        members: list[list[float]] = [[] for _ in range(number)]
        for value, predicted in zip(true, pred, strict=True):
            members[bin_of(value, edges)].append(predicted)
        averages, errors = zip(*map(_mean_and_deviation, members), strict=True)
        return cls(averages, errors, tuple(map(len, members)), tuple(edges))


def _mean_and_deviation(values: list[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 0.0
    # Scaled by a power of two, which is exact, neither sum nor squares leave the range of floats.
    exponent = math.frexp(max(map(abs, values)))[1]
    scaled = [math.ldexp(value, -exponent) for value in values]
    mean = math.fsum(scaled) / len(scaled)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in scaled) / len(scaled))
    return math.ldexp(mean, exponent), math.ldexp(deviation, exponent)
