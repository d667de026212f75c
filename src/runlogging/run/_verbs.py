"""The logging verbs of a run."""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError
from runlogging._records import DIGITS, finished_value, step_of
from runlogging._values import OddNumbers, ValueItem, is_array, is_time, kind_of, number_of, scalar_of
from runlogging.folder import Line, artifact_path, clean_text, unused_name
from runlogging.run._base import RunBase
from runlogging.run._shown import is_watched, make_record, metrics_logger, pass_filters, show
from runlogging.run._tables import columns_of, is_plain_row, items_of, row_of

if TYPE_CHECKING:
    from pathlib import Path

    from runlogging.folder import ArtifactLine

_MIN_INT, _MAX_INT = -(1 << 63), (1 << 63) - 1
_ADVICE = {
    "list": "use log_list for a list or generator",
    "matrix": "use log_list for its rows, or log_image for a picture",
    "row": "use log_row for a row, or log_metrics for several metrics",
    "table": "use log_table",
    "json": "use log_text(name, str(value)) for its text",
}

_clock = time.time


class LoggingVerbs(RunBase):
    """Numbers, texts, lists, rows, tables, images and charts. Each verb returns when its line is in the kernel.

    A verb writes to its own run whatever the configuration of `logging` is. If there are handlers or filters of the
    user's for the logger ``runlogging.metrics``, they are shown a full record (level INFO) with ``metrics`` and
    ``step``, and a filter can hold the value back.

    All verbs raise `InvalidValueError` for a wrong value before anything is written, and `RunEndedError` when the run
    has ended. A disk that fails raises nothing: what was lost is counted and said once on stderr.
    """

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log one value; the same name again makes a series.

        Args:
            name: any text, spaces and slashes included.
            value: a number, text, bool or None, or a scalar of NumPy, Torch or JAX.
            description: what the value is.
            step: the step of the value, of 64 bits with any sign; it may go back.

        Raises:
            InvalidValueError: the value is a list, mapping or another object; the message names the verb for it.
            RunEndedError: the run has ended.
        """
        kind = type(value)
        if (
            (value - value == 0.0 if kind is float else kind is int and _MIN_INT <= value <= _MAX_INT)
            and type(name) is str
            and name
            and not description
            and (step is None or (type(step) is int and _MIN_INT <= step <= _MAX_INT))
            and not (metrics_logger.handlers or metrics_logger.filters or metrics_logger.propagate)
        ):
            base, second = self._second
            us = round(_clock() * 1e6) - base
            if not 0 <= us < 1_000_000:
                us, second = self._enter_second(us + base)
            try:
                self._write(Line(None, f"{second}{DIGITS[us // 1000]}{DIGITS[us % 1000]}Z", step, {name: value}))
            except OSError as error:
                self._drop(error)
            return
        self._log_scalars({_check_name(name): value}, description, step)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None, description: str = "") -> None:
        """Log several scalars of one step in one record: the fast way.

        Args:
            metrics: name to a value as `log` takes it; an empty mapping logs nothing.
            step: the step of all of them.
            description: what the values are.

        Raises:
            InvalidValueError: it is no mapping, or a value is none that `log` takes; then nothing is logged.
            RunEndedError: the run has ended.
        """
        if not isinstance(metrics, Mapping):
            raise InvalidValueError(f"log_metrics takes a mapping of name to value, not {type(metrics).__name__}")
        if metrics:
            self._log_scalars({**metrics}, description, step)

    def log_list(self, name: str, value: Iterable[Any], description: str = "", *, step: int | None = None) -> None:
        """Log all items of an iterable, in order and with their types; an empty one logs nothing.

        Args:
            name: any text.
            value: an iterable: a list, generator, range, array of one dimension ...
            description: what the items are.
            step: the step of the list.

        Raises:
            InvalidValueError: the value is text, a mapping, a data frame, or no iterable.
            RunEndedError: the run has ended.
        """
        _check_name(name)
        items = items_of(value)
        if len(items):
            self._log_value(name, items, description, step, kind="list")

    def log_row(self, /, name: str, description: str | None = None, **columns: Any) -> None:
        """Log a row of a growing table; columns may come and go from row to row.

        Args:
            name: the table's name.
            description: what the row is.
            columns: column to a scalar. An earlier row has None in a column that comes later.

        Raises:
            InvalidValueError: there is no column, or a cell is a list or mapping.
            RunEndedError: the run has ended.
        """
        if not is_plain_row(columns) or type(name) is not str or not name or is_watched():
            self._log_value(name, row_of(columns), description, None, kind="row")
            return
        base, second = self._second
        us = round(_clock() * 1e6) - base
        if not 0 <= us < 1_000_000:
            us, second = self._enter_second(us + base)
        item: dict[str, Any] = {"name": name, "type": "row", "value": columns}
        if description:
            item["description"] = _check_description(description)
        try:
            self._write(Line(None, f"{second}{DIGITS[us // 1000]}{DIGITS[us % 1000]}Z", None, None, [item]))
        except OSError as error:
            self._drop(error)

    def log_table(self, name: str, value: Any, description: str = "", *, step: int | None = None) -> None:
        """Log a table.

        Args:
            name: the table's name.
            value: a mapping of column to cells, all columns of one length, or a pandas or polars data frame.
            description: what the table is.
            step: the step of the table.

        Raises:
            InvalidValueError: it is no such mapping, or the columns are of different lengths; nothing is written.
            RunEndedError: the run has ended.
        """
        self._log_value(name, columns_of(value), description, step, kind="table")

    def log_text(self, name: str, value: str, description: str = "", *, step: int | None = None) -> None:
        """Log a text of any length; one over 1 MiB is kept as a file of its own.

        Raises:
            InvalidValueError: the value is no text.
            RunEndedError: the run has ended.
        """
        if not isinstance(value, str):
            raise InvalidValueError(f"log_text takes text, not {type(value).__name__}; str(value) makes one of it")
        self._log_value(name, value, description, step)

    def log_histogram(
        self, name: str, value: Any, bins: Any = 64, description: str = "", *, step: int | None = None
    ) -> None:
        """Log how often values fall between edges.

        Args:
            name: the histogram's name.
            value: numbers (an iterable, or an array of any dimensions), or a pair (counts, edges) as
                ``numpy.histogram`` returns it.
            bins: how many bins of equal width, 1 to 10,000, or the edges.
            description: what is counted.
            step: the step of the histogram.

        Raises:
            InvalidValueError: there is nothing to count, or something that is no number.
            RunEndedError: the run has ended.
        """
        from runlogging.run._histograms import histogram_of

        self._log_value(name, histogram_of(value, bins), description, step, kind="histogram")

    def log_image(
        self,
        name: str,
        path: str | os.PathLike[str] | None = None,
        plot: Any = None,
        description: str = "",
        *,
        step: int | None = None,
    ) -> None:
        """Keep a picture as an artifact of the run, under a name that no other picture has.

        Args:
            name: the picture's name; the same name again makes a series.
            path: an image file, known by its first bytes (PNG, JPEG, GIF, WebP, BMP, TIFF, SVG ...).
            plot: instead of a path: anything with ``savefig`` (matplotlib), a PIL image, or a NumPy array of shape
                H x W, H x W x 3 or H x W x 4: uint8, or floats of 0 to 1.
            description: what is to be seen.
            step: the step of the picture.

        Raises:
            InvalidValueError: not exactly one of path and plot is given, or it is no image.
            ArtifactNotFoundError: there is no such file (also a FileNotFoundError).
            RunEndedError: the run has ended.
        """
        from runlogging.run._images import picture_of

        _check_name(name)
        self._log_file(name, "image", "images", picture_of(path, plot), description, step)

    def log_figure(self, name: str, figure: Any, description: str = "", *, step: int | None = None) -> None:
        """Keep a figure: of matplotlib as PNG, of plotly or altair as its JSON.

        Raises:
            InvalidValueError: it is no figure.
            RunEndedError: the run has ended.
        """
        from runlogging.run._images import figure_of

        _check_name(name)
        picture = figure_of(figure)
        kind = "figure" if picture.extension == ".json" else "image"
        self._log_file(name, kind, f"{kind}s", picture, description, step)

    def log_confusion_matrix(self, name: str, value: Any, description: str = "", *, step: int | None = None) -> None:
        """Log a confusion matrix.

        Args:
            name: the chart's name.
            value: a `runlogging.charts.ConfusionMatrix`, or JSON text or a mapping of the Azure ML schema
                ``confusion_matrix`` 1.0.0: class_labels, and matrix with a row for each true class.
            description: what it shows.
            step: the step of the chart.

        Raises:
            InvalidValueError: it does not fit the schema; the message names the cell.
            RunEndedError: the run has ended.
        """
        self._log_chart("confusion_matrix", name, value, description, step)

    def log_accuracy_table(self, name: str, value: Any, description: str = "", *, step: int | None = None) -> None:
        """Log an accuracy table, from which ROC and precision-recall curves are drawn.

        Args:
            name: the chart's name.
            value: a `runlogging.charts.AccuracyTable`, or JSON text or a mapping of the Azure ML schema
                ``accuracy_table`` 1.0.1.
            description: what it shows.
            step: the step of the chart.

        Raises:
            InvalidValueError: it does not fit the schema or breaks its sums; the message names the cell.
            RunEndedError: the run has ended.
        """
        self._log_chart("accuracy_table", name, value, description, step)

    def log_residuals(self, name: str, value: Any, description: str = "", *, step: int | None = None) -> None:
        """Log a histogram of residuals: a `runlogging.charts.Residuals`, or the Azure ML schema ``residuals`` 1.0.0.

        Raises:
            InvalidValueError: it does not fit the schema; the message names the cell.
            RunEndedError: the run has ended.
        """
        self._log_chart("residuals", name, value, description, step)

    def log_predictions(self, name: str, value: Any, description: str = "", *, step: int | None = None) -> None:
        """Log predictions by bins of the true value: a `runlogging.charts.Predictions`, or the schema ``predictions``.

        Raises:
            InvalidValueError: it does not fit the Azure ML schema ``predictions`` 1.0.0; the message names the cell.
            RunEndedError: the run has ended.
        """
        self._log_chart("predictions", name, value, description, step)

    # ------------------------------------------------------------------ how the verbs write

    def _log_chart(self, kind: str, name: str, value: Any, description: str, step: int | None) -> None:
        from runlogging.charts import parse_chart

        self._log_value(name, parse_chart(kind, value).to_dict(), description, step, kind=kind)

    def _log_scalars(self, metrics: dict[str, Any], description: str | None, step: Any) -> None:
        row: dict[str, Any] = {}
        odd = OddNumbers()
        items: list[ValueItem] = []
        names: dict[str, None] = {}
        for given, value in metrics.items():
            name = unused_name(_check_name(given), names)
            names[name] = None
            scalar = _scalar(name, value)
            if scalar is None or isinstance(scalar, bool | str):
                items.append(_item(name, scalar, description))
            else:
                row[name] = odd.written(scalar, name)
        line = Line(None, "", _check_step(step), row or None)
        line.nonfinite, line.exact = odd.nonfinite or None, odd.exact or None
        line.description = _check_description(description) if row else None
        self._put(line, items, metrics, _check_description(description))

    def _log_value(
        self, name: str, value: Any, description: str | None, step: int | None, kind: str | None = None
    ) -> None:
        item = _item(_check_name(name), value, description)
        if kind is not None:
            item.item["type"] = kind
        self._put(Line(None, "", _check_step(step)), [item], {name: value}, item.item.get("description"))

    def _log_file(
        self, name: str, kind: str, folder: str, picture: Any, description: str | None, step: int | None
    ) -> None:
        step, said = _check_step(step), _check_description(description)
        try:
            artifact = self._unused_artifact(folder, name, picture.extension)
        except OSError as error:
            self._drop(error)
            return
        item: dict[str, Any] = {"name": clean_text(name), "type": kind, "artifact": artifact}
        if picture.shape:
            item["shape"] = picture.shape
        if said:
            item["description"] = said

        def keep() -> None:
            kept = self._keep_picture(artifact, picture.content, kind)
            item.update(sha256=kept.sha256, size=kept.size)

        self._put(Line(None, "", step, None, [item]), [], {name: f"<{kind} {artifact}>"}, said, keep)

    def _unused_artifact(self, folder: str, name: str, extension: str) -> str:
        while True:
            artifact = self._session.writer.unused_artifact(folder, name, extension)
            if not artifact_path(self.path, artifact).exists():  # uploaded under the very name, or by a life before
                return artifact

    def _keep_picture(self, artifact: str, content: bytes | Path, kind: str) -> ArtifactLine:
        if isinstance(content, bytes):
            return self._session.writer.store(artifact, content, kind)
        with content.open("rb") as file:
            return self._session.writer.store(artifact, file, kind)

    @property
    def _mark(self) -> str | None:
        """What a shown record carries, so that a handler of this run, or what captures records, leaves it."""
        is_taken = self._session.is_shared or getattr(logging.Logger.callHandlers, "__runlogging__", False)
        return self._spec.mark if is_taken else None

    def _put(
        self,
        line: Line,
        items: list[ValueItem],
        shown: Mapping[str, Any],
        said: str | None = None,
        keep: Callable[[], None] | None = None,
    ) -> None:
        """Write a line, and show it to the user's filters and handlers where there are any.

        Args:
            line: the line, without its time.
            items: its values.
            shown: what the record has as its metrics.
            said: what the caller said of them.
            keep: stores the file that the line names; not called where a filter holds the line back.
        """
        record = None
        if is_watched():
            record = pass_filters(make_record(shown, line.step, said, self._mark))
            if record is None:
                return
        us = round(_clock() * 1e6)
        rest, second = us - self._second[0], self._second[1]
        if not 0 <= rest < 1_000_000:
            rest, second = self._enter_second(us)
        line.time = f"{second}{rest:06d}Z"
        problems: list[str] = []
        try:
            if keep is not None:
                keep()
            if items:
                line.values = [finished_value(item, problems, self._session.writer.store_value) for item in items]
                line.problems = problems or None
            self._write(line)
        except OSError as error:
            self._drop(error)
        if record is not None:
            show(record)


def _check_name(name: object) -> str:
    if not isinstance(name, str):
        raise InvalidValueError(f"a metric's name is text, not {type(name).__name__}: {name!r:.80}")
    if not name:
        raise InvalidValueError("a metric's name is a text of at least one character")
    return clean_text(name)


def _check_step(step: Any) -> int | None:
    if step is None:
        return None
    checked = None if isinstance(step, bool) else step_of(step)
    if checked is None:
        raise InvalidValueError(f"a step is a whole number of 64 bits, not {step!r:.80}; put others into a metric")
    return checked


def _check_description(description: object) -> str | None:
    if description is None or description == "":
        return None
    if not isinstance(description, str):
        raise InvalidValueError(f"a description is text, not {type(description).__name__}")
    return clean_text(description)


def _scalar(name: str, value: Any) -> int | float | str | bool | None:
    """Return the plain Python scalar that a value is; an array of one element counts.

    Raises:
        InvalidValueError: it is none; the message names the verb for it.
    """
    try:
        if is_array(value) and math.prod(value.shape) == 1 and callable(getattr(value, "reshape", None)):
            value = value.reshape(())
        number = None if is_time(value) else number_of(value)
        plain = number if number is not None else scalar_of(value)
    except Exception as error:
        raise _unreadable(name, error) from error
    if plain is None or (not is_time(value) and isinstance(plain, bool | int | float | str)):
        return plain
    kind = "list" if isinstance(value, Iterable) and not isinstance(value, Mapping | bytes) else kind_of(value)
    advice = _ADVICE.get(kind, _ADVICE["json"])
    raise InvalidValueError(f"{name!r} is a {type(value).__name__}, not a number, text or bool: {advice}")


def _item(name: str, value: Any, description: object) -> ValueItem:
    try:
        item = ValueItem(name, value)
    except Exception as error:
        raise _unreadable(name, error) from error
    said = _check_description(description)
    if said:
        item.item["description"] = said
    return item


def _unreadable(name: str, error: Exception) -> InvalidValueError:
    return InvalidValueError(f"the value of {name!r} cannot be read: {type(error).__name__}: {error}")
