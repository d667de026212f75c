"""True values and predictions: from whatever holds them to lists of equal length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._values import is_array, scalar_of
from runlogging.charts._checks import at, items_of, number_at, refusal

_CONTAINERS = (list, tuple, dict, set, frozenset)
_MAX_LABELS_SHOWN = 10


def check_pair(y_true: list[Any], y_pred: list[Any], name: str = "y_pred") -> None:
    """Refuse lists that are empty or of different lengths."""
    if len(y_true) != len(y_pred):
        raise InvalidValueError(
            f"y_true has {len(y_true)} elements and {name} has {len(y_pred)}; "
            "expected one prediction for each true value"
        )
    if not y_true:
        raise InvalidValueError(f"y_true and {name} are empty; expected at least one value")


def number_pair(y_true: Iterable[Any], y_pred: Iterable[Any]) -> tuple[list[float], list[float]]:
    """Return true values and predictions of a regression as floats.

    Raises:
        InvalidValueError: they are empty or differ in length, or one is no finite number; the message has its index.
    """
    expected = "a list or array of numbers"
    true, pred = items_of(y_true, "y_true", expected), items_of(y_pred, "y_pred", expected)
    check_pair(true, pred)
    return (
        [number_at(item, "y_true", n) for n, item in enumerate(true)],
        [number_at(item, "y_pred", n) for n, item in enumerate(pred)],
    )


def labels_of(values: Iterable[Any], name: str) -> list[Any]:
    """Return labels as Python scalars, one for each element.

    Raises:
        InvalidValueError: one is a container, cannot be hashed, or is NaN or infinite; the message has its index.
    """
    return [_label(item, name, n) for n, item in enumerate(items_of(values, name, "a list or array of labels"))]


def _label(value: Any, name: str, index: int) -> Any:
    label = scalar_of(value)
    if isinstance(label, _CONTAINERS) or is_array(label) or type(label).__hash__ is None:
        raise refusal(at(name, index), label, "a scalar label: a text, a number, a bool")
    if isinstance(label, float):
        return number_at(label, name, index, expected="a label that is text or a finite number")
    return label


def class_indices(labels: Iterable[Any] | None, **samples: list[Any]) -> dict[Any, int]:
    """Return the index of each class by its label.

    Labels that are equal in Python (1, 1.0, True) are one class, shown as the first of them that is met.

    Args:
        labels: the classes in their order; None takes those that occur, sorted by value, or by text where
            they do not compare.
        samples: the values that will be looked up, by the name that an error shows.

    Raises:
        InvalidValueError: a label is given twice.
    """
    if labels is None:
        return {label: n for n, label in enumerate(_sorted({label: None for s in samples.values() for label in s}))}
    result: dict[Any, int] = {}
    for n, label in enumerate(labels_of(labels, "labels")):
        if label in result:
            raise refusal(at("labels", n), label, f"another label than {at('labels', result[label])}")
        result[label] = n
    return result


def _sorted(labels: Iterable[Any]) -> list[Any]:
    given = list(labels)
    try:
        return sorted(given)
    except TypeError:
        return sorted(given, key=label_text)


def classes_of(values: list[Any], name: str, indices: dict[Any, int]) -> list[int]:
    """Return the index of the class of each value.

    Raises:
        InvalidValueError: a value is none of the labels; the message has its index.
    """
    try:
        return [indices[value] for value in values]
    except KeyError:
        pass
    n = next(n for n, value in enumerate(values) if value not in indices)
    known = list(indices)
    shown = ", ".join(map(repr, known[:_MAX_LABELS_SHOWN])) + (", ..." if len(known) > _MAX_LABELS_SHOWN else "")
    raise refusal(at(name, n), values[n], f"one of the labels: {shown}")


def label_text(label: Any) -> str:
    """Return the text that stands for a label in a chart."""
    label = scalar_of(label)
    return str.__str__(label) if isinstance(label, str) else str(label)


def class_texts(indices: dict[Any, int]) -> list[str]:
    """Return the texts of the classes in their order.

    Raises:
        InvalidValueError: two labels have one text, as 1 and "1".
    """
    texts: dict[str, Any] = {}
    for label in indices:
        text = label_text(label)
        if text in texts:
            raise InvalidValueError(
                f"the labels {texts[text]!r} and {label!r} would both be shown as {text!r}; "
                "expected labels of one type, convert one of them"
            )
        texts[text] = label
    return list(texts)
