"""The accuracy table: the four counts of each class at many thresholds, and the curves drawn from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from runlogging._errors import InvalidValueError
from runlogging.charts._base import Chart
from runlogging.charts._checks import at, check_length, class_labels_of, counts_of, items_of, refusal, thresholds_of
from runlogging.charts._one_vs_rest import Cell, cells, columns_of, percentiles
from runlogging.charts._samples import check_pair, class_indices, class_texts, classes_of, label_text, labels_of

Tables = tuple[tuple[Cell, ...], ...]
_KINDS = ("probability_tables", "percentile_tables")


@dataclass(frozen=True)
class AccuracyTable(Chart):
    """Hold counts of true and false decisions, one class against the rest, at many thresholds.

    A cell is (TP, FP, TN, FN). Its sum is the same everywhere. TP + FN, the members of a class, and TN + FP, the
    others, are the same at all thresholds of both kinds of tables.

    Args:
        probability_tables: C classes of M cells, at `probability_thresholds`.
        percentile_tables: C classes of M cells, at `percentile_thresholds`.
        probability_thresholds: M ascending numbers from 0 to 1, at least one.
        percentile_thresholds: M ascending numbers from 0 to 1 (two may be equal).
        class_labels: C different texts, at least one.

    Raises:
        InvalidValueError: anything is not so; the message names the place, as ``data.probability_tables[1][2]``, and
            for a cell whose sums are off also its class.
    """

    schema_type: ClassVar[str] = "accuracy_table"
    schema_version: ClassVar[str] = "1.0.1"

    probability_tables: Tables
    percentile_tables: Tables
    probability_thresholds: tuple[float, ...]
    percentile_thresholds: tuple[float, ...]
    class_labels: tuple[str, ...]

    def __post_init__(self) -> None:
        labels = class_labels_of(self.class_labels, "data.class_labels")
        probabilities = thresholds_of(self.probability_thresholds, "data.probability_thresholds")
        percents = thresholds_of(self.percentile_thresholds, "data.percentile_thresholds")
        number = len(probabilities)
        check_length(percents, "data.percentile_thresholds", number, "as many as data.probability_thresholds")
        first, second = (_tables_of(getattr(self, kind), f"data.{kind}", len(labels), number) for kind in _KINDS)
        _check_sums(first, second, labels)
        self._keep(probability_tables=first, percentile_tables=second, class_labels=labels)
        self._keep(probability_thresholds=probabilities, percentile_thresholds=percents)

    @classmethod
    def from_predictions(
        cls,
        y_true: Iterable[Any],
        probabilities: Iterable[Any],
        labels: Iterable[Any] | None = None,
        thresholds: Iterable[float] | None = None,
    ) -> Self:
        """Count decisions at each threshold, one class against the rest.

        A sample is taken for a class where its probability of that class is at least the threshold.

        `percentile_thresholds` are probabilities too, as in Azure ML's own tables. They are spread like the
        predictions: all n * C probabilities are sorted together, and the threshold of the fraction q (0.25 is the
        25th percentile) is the one at index ``round(q * (n * C - 1))``. So the first is the smallest probability and
        the last the largest, and no value is interpolated.

        Args:
            y_true: the true classes of n samples, at least one, as scalars.
            probabilities: n rows of C probabilities, in the order of the labels. For two classes also n
                probabilities of the second one, the positive class; the first then has one minus them. Up to
                1e-6 outside 0 to 1 is taken for rounding.
            labels: the C classes. None takes those of `y_true`, sorted by value, or by text where the values do not
                compare; name them if some do not occur. They are shown as text.
            thresholds: M ascending numbers from 0 to 1: the probability thresholds, and the fractions of the percentile
                thresholds. None takes 0.00, 0.01, ... 1.00.

        Raises:
            InvalidValueError: lengths do not fit; a probability is no number from 0 to 1, or a true value none of the
                labels (the message has its index); two labels have the same text; the thresholds are bad.
        """
        true = labels_of(y_true, "y_true")
        rows = items_of(probabilities, "probabilities", "a list or array of probabilities")
        check_pair(true, rows, "probabilities")
        indices = class_indices(labels, y_true=true)
        classes = classes_of(true, "y_true", indices)
        columns = columns_of(rows, len(indices))
        fractions = thresholds_of([n / 100 for n in range(101)] if thresholds is None else thresholds, "thresholds")
        cuts = percentiles(columns, fractions)
        return cls(
            tuple(cells(column, classes, n, fractions) for n, column in enumerate(columns)),
            tuple(cells(column, classes, n, cuts) for n, column in enumerate(columns)),
            fractions,
            cuts,
            tuple(class_texts(indices)),
        )

    def roc(self, label: object) -> list[tuple[float, float]]:
        """Return the receiver operating characteristic of a class, from (0, 0) to (1, 1).

        Args:
            label: the class: its text, or a scalar that has that text.

        Returns:
            Points (false positive rate, true positive rate), ascending, without repetition: those of both kinds of
            tables, and the two ends. Empty where the class has no members or everything is a member, because a
            rate is then undefined.

        Raises:
            InvalidValueError: there is no such class.
        """
        decisions, members, others = self._decisions(label)
        if not members or not others:
            return []
        return sorted((wrong / others, right / members) for right, wrong in decisions)

    def precision_recall(self, label: object) -> list[tuple[float, float]]:
        """Return the precision-recall curve of a class, from recall 0 to recall 1.

        Args:
            label: the class: its text, or a scalar that has that text.

        Returns:
            Points (recall, precision), ascending by recall and descending by precision where recall is equal,
            without repetition: those of both kinds of tables, and the two ends. Where nothing is taken for the class,
            the precision counts as 1, as in scikit-learn. Empty where the class has no members, because recall is
            then undefined.

        Raises:
            InvalidValueError: there is no such class.
        """
        decisions, members, _ = self._decisions(label)
        if not members:
            return []
        points = {(right / members, right / (right + wrong) if right + wrong else 1.0) for right, wrong in decisions}
        return sorted(points, key=lambda point: (point[0], -point[1]))

    def _decisions(self, label: object) -> tuple[set[tuple[int, int]], int, int]:
        """Return (TP, FP) at all thresholds and at both ends, how many are members, and how many are not."""
        text = label_text(label)
        if text not in self.class_labels:
            raise refusal("label", label, f"one of {', '.join(map(repr, self.class_labels))}")
        n = self.class_labels.index(text)
        table = self.probability_tables[n] + self.percentile_tables[n]
        tp, fp, tn, fn = table[0]
        return {cell[:2] for cell in table} | {(0, 0), (tp + fn, fp + tn)}, tp + fn, fp + tn


def _tables_of(value: Any, place: str, classes: int, thresholds: int) -> Tables:
    tables = items_of(value, place, "a list of tables, one for each label")
    check_length(tables, place, classes, "one table for each of data.class_labels")
    return tuple(_table_of(table, at(place, n), thresholds) for n, table in enumerate(tables))


def _table_of(value: Any, place: str, thresholds: int) -> tuple[Cell, ...]:
    rows = items_of(value, place, "a list of cells [TP, FP, TN, FN], one for each threshold")
    check_length(rows, place, thresholds, "one cell for each threshold")
    return tuple(_cell_of(row, at(place, n)) for n, row in enumerate(rows))


def _cell_of(value: Any, place: str) -> Cell:
    cell = counts_of(value, place)
    check_length(cell, place, 4, "TP, FP, TN, FN")
    return cell[0], cell[1], cell[2], cell[3]


def _check_sums(first: Tables, second: Tables, labels: tuple[str, ...]) -> None:
    """Refuse cells whose sums differ from those of the others; what most cells say counts as right."""
    total = _usual(sum(cell) for table in first + second for cell in table)
    for n, label in enumerate(labels):
        members = _usual(tp + fn for tp, _, _, fn in first[n] + second[n])
        for kind, table in zip(_KINDS, (first[n], second[n]), strict=True):
            for m, cell in enumerate(table):
                _check_cell(cell, f"{at(f'data.{kind}', n, m)} (class {label!r}, threshold {m})", total, members)


def _usual(numbers: Iterable[int]) -> int:
    return Counter(numbers).most_common(1)[0][0]


def _check_cell(cell: Cell, place: str, total: int, members: int) -> None:
    tp, fp, tn, fn = cell
    if sum(cell) != total:
        raise InvalidValueError(f"{place} has TP+FP+TN+FN = {sum(cell)}; expected {total}, as in the other cells")
    if tp + fn != members:
        raise InvalidValueError(
            f"{place} has TP+FN = {tp + fn} and TN+FP = {tn + fp}; expected {members} and {total - members}, "
            "as in the other cells of the class"
        )
