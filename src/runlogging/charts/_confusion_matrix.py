"""The confusion matrix: how often each class was taken for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from runlogging.charts._base import Chart
from runlogging.charts._checks import at, check_length, class_labels_of, counts_of, items_of
from runlogging.charts._samples import check_pair, class_indices, class_texts, classes_of, labels_of


@dataclass(frozen=True)
class ConfusionMatrix(Chart):
    """Hold a confusion matrix.

    Args:
        class_labels: C different texts, at least one.
        matrix: C rows of C counts. Rows are the true classes, columns the predicted ones, both in the order of the
            labels.

    Raises:
        InvalidValueError: anything is not so; the message names the place, as ``data.matrix[1][2]``.
    """

    schema_type: ClassVar[str] = "confusion_matrix"
    schema_version: ClassVar[str] = "1.0.0"

    class_labels: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        labels = class_labels_of(self.class_labels, "data.class_labels")
        rows = items_of(self.matrix, "data.matrix", "a list of rows, one for each label")
        check_length(rows, "data.matrix", len(labels), "one row for each of data.class_labels")
        matrix = tuple(counts_of(row, at("data.matrix", n)) for n, row in enumerate(rows))
        for n, row in enumerate(matrix):
            check_length(row, at("data.matrix", n), len(labels), "one count for each of data.class_labels")
        self._keep(class_labels=labels, matrix=matrix)

    @classmethod
    def from_predictions(
        cls, y_true: Iterable[Any], y_pred: Iterable[Any], labels: Iterable[Any] | None = None
    ) -> Self:
        """Count predictions.

        Args:
            y_true: the true classes, at least one: a list or array of scalars (texts, numbers, bools ...).
            y_pred: as many predicted classes.
            labels: the classes in the order of rows and columns. None takes those that occur in either list, sorted by
                value, or by their text where the values do not compare. They are shown as text. Labels that are
                equal (1, 1.0, True) are one class, shown as the first of them in `y_true`, then `y_pred`.

        Raises:
            InvalidValueError: the lists are empty or differ in length; a value is no scalar, is not finite, or is none
                of the labels (the message has its index); two labels have the same text.
        """
        true, pred = labels_of(y_true, "y_true"), labels_of(y_pred, "y_pred")
        check_pair(true, pred)
        indices = class_indices(labels, y_true=true, y_pred=pred)
        matrix = [[0] * len(indices) for _ in indices]
        rows, columns = classes_of(true, "y_true", indices), classes_of(pred, "y_pred", indices)
        for row, column in zip(rows, columns, strict=True):
            matrix[row][column] += 1
        return cls(tuple(class_texts(indices)), tuple(map(tuple, matrix)))
