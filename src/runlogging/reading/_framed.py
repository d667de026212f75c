"""The methods of a reader that give data frames; `runlogging.reading.frames` makes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import polars

    from runlogging.reading._run import RunReader
    from runlogging.reading.frames import Engine, Form


class Framed:
    """Frames of Polars by themselves, of pandas or pyarrow where they are asked for, and plain columns without any."""

    def metrics_frame(
        self, names: Iterable[str] | str | None = None, *, form: Form = "long", engine: Engine = "polars"
    ) -> Any:
        """Return the metrics as a data frame, in the order of the run; see `runlogging.reading.frames.metrics_frame`.

        Args:
            names: only these metrics, or this one; None is all.
            form: "long", a row a point: seq, time, step, name, value, writer, attributes; or "wide", a row a record
                and a column a metric.
            engine: "polars", "pandas" or "pyarrow".

        Raises:
            MetricNotFoundError: the run has no metric of one of the names (also a KeyError).
            MissingExtraError: the engine's package is not installed (also an ImportError).
        """
        from runlogging.reading.frames import metrics_frame

        return metrics_frame(self._reader, names, form=form, engine=engine)

    def metrics_columns(self, names: Iterable[str] | str | None = None, *, form: Form = "long") -> dict[str, list[Any]]:
        """Return what `metrics_frame` returns as plain Python, column to list, without any extra.

        Raises:
            MetricNotFoundError: the run has no metric of one of the names (also a KeyError).
        """
        from runlogging.reading.frames import metrics_columns

        return metrics_columns(self._reader, names, form=form)

    def scan_metrics(self, names: Iterable[str] | str | None = None) -> polars.LazyFrame:
        """Return the long form of `metrics_frame` as a LazyFrame of Polars; it is read when it is collected.

        Raises:
            MissingExtraError: Polars is not installed (also an ImportError).
        """
        from runlogging.reading.frames import scan_metrics

        return scan_metrics(self._reader, names)

    def logs_frame(self, level: str | int | None = None, *, engine: Engine = "polars") -> Any:
        """Return the log as a data frame, a row an entry; see `runlogging.reading.frames.logs_frame`.

        Args:
            level: a level's name or number; entries below it are left out.
            engine: "polars", "pandas" or "pyarrow".

        Raises:
            InvalidValueError: no level has this name (also a ValueError).
            MissingExtraError: the engine's package is not installed (also an ImportError).
        """
        from runlogging.reading.frames import logs_frame

        return logs_frame(self._reader, level, engine=engine)

    def logs_columns(self, level: str | int | None = None) -> dict[str, list[Any]]:
        """Return what `logs_frame` returns as plain Python, column to list, without any extra.

        Raises:
            InvalidValueError: no level has this name (also a ValueError).
        """
        from runlogging.reading.frames import logs_columns

        return logs_columns(self._reader, level)

    def table(self, name: str, *, engine: Engine = "polars") -> Any:
        """Return the rows and tables that were logged under a name as one data frame.

        Args:
            name: the name that the rows were logged under.
            engine: "polars", "pandas" or "pyarrow".

        Raises:
            MetricNotFoundError: nothing was logged under this name (also a KeyError).
            InvalidValueError: what was logged under it are no rows (also a ValueError).
            MissingExtraError: the engine's package is not installed (also an ImportError).
        """
        from runlogging.reading.frames import table_frame

        return table_frame(self._reader, name, engine=engine)

    @property
    def _reader(self) -> RunReader:
        return cast("RunReader", self)
