"""What Azure's verbs tell of a run: details, logs, metrics."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging.folder import encode_line
from runlogging.run._base import RunBase

if TYPE_CHECKING:
    from runlogging.reading import Around, Moment, Series, Value

_MAX_LOG_BYTES = 1024 * 1024
_MAX_PACKED_LINES = 10_000
_PACKED = ".parquet"


class ReadingBack(RunBase):
    """What the run gives back; everything is read from the folder as it is now."""

    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: str | None = None, populate: bool = False
    ) -> dict[str, Any]:
        """Return what was logged, in the shapes of the Azure ML SDK v1, which change with the count.

        Logged once: the bare value; several times: a list. A table of one row: a mapping of values; of more rows: a
        mapping of lists. An image: the name of its artifact. `series`, `values` and `rows` keep their shape.

        Args:
            name: only this metric; one that does not exist gives an empty mapping.
            recursive: whether the children's come too; then the result is keyed by run id.
            run_type: with ``recursive``, only runs of this type.
            populate: without effect here (large values are always read); taken for Azure's sake.
        """
        from runlogging.reading import children_of, metrics_in_shapes

        if not recursive:
            return metrics_in_shapes(self.reader, name)
        runs = [self.reader, *children_of(self.reader, recursive=True)]
        return {run.id: metrics_in_shapes(run, name) for run in runs if run_type in (None, run.type)}

    def series(self, name: str) -> Series:
        """Return all numbers of one metric, however many.

        Raises:
            MetricNotFoundError: there is no such metric (also a KeyError).
        """
        return self.reader.series(name)

    def values(self, name: str | None = None) -> list[Value]:
        """Return what was logged and is no number: all of it, or what has one name."""
        return self.reader.values(name)

    def rows(self, name: str) -> dict[str, list[Any]]:
        """Return the table of one name: column to cells, None where a row lacks the column."""
        from runlogging.reading import rows

        return rows(self.reader, name)

    def around(self, name: str, step: int | None = None, *, n: int = 20, **options: Any) -> Around:
        """Return a point of a metric with what was logged before and after it; see `RunReader.around`."""
        return self.reader.around(name, step, n=n, **options)

    def when(self, level: str = "WARNING", metrics: list[str] | None = None) -> list[Moment]:
        """Return the last value of each metric at each record of a level and above; see `RunReader.when`."""
        return self.reader.when(level, metrics)

    def get_details(self) -> dict[str, Any]:
        """Return what Azure's ``get_details`` returns: runId, target, status, times, properties, logFiles ..."""
        return details_of(self)

    def get_details_with_logs(self) -> dict[str, Any]:
        """Return the details with the texts of the log files, of each the last MiB at most."""
        details = details_of(self)
        details["logFiles"] = {name: _tail(Path(path)) for name, path in details["logFiles"].items()}
        return details

    def get_all_logs(self, destination: str | PathLike[str] | None = None) -> list[str]:
        """Copy the log files out of the run and return the paths of the copies.

        Args:
            destination: a folder; None takes ``assets/<run id>`` in the working directory.
        """
        folder = Path(destination) if destination is not None else Path("assets", self.id)
        copies = []
        for name, path in _log_files(self).items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == _PACKED:
                target = target.with_suffix(".jsonl")
                target.write_bytes(b"".join(_packed_lines(path)))
            else:
                shutil.copyfile(path, target)
            copies.append(str(target))
        return copies


def details_of(run: RunBase) -> dict[str, Any]:
    """Return the details of a run under Azure's keys. Times are ISO 8601 in UTC, or None."""
    reader = run.reader
    details: dict[str, Any] = {
        "runId": reader.id,
        "target": "local",
        "status": reader.status,
        "startTimeUtc": _time_text(reader.started),
        "endTimeUtc": _time_text(reader.ended),
        "services": {},
        "properties": reader.properties,
        "inputDatasets": [],
        "outputDatasets": [],
        "runDefinition": {
            "command": reader.environment.get("command"),
            "target": "local",
            "experiment": reader.experiment,
            "parameters": reader.parameters,
        },
        "logFiles": {name: str(path) for name, path in _log_files(run).items()},
    }
    error = reader.error
    if error is not None:
        code = error.code or error.type
        details["error"] = {"error": {"code": code, "message": error.message, "details": error.stacktrace}}
    return details


def _log_files(run: RunBase) -> dict[str, Path]:
    from runlogging.reading._streams import stream_files

    reader = run.reader
    streams = {file.path.name: file.path for file in stream_files(reader.path, ("logs",))}
    kept = {name: reader.artifact(name) for name in sorted(reader.artifacts()) if name.startswith("logs/")}
    return streams | {name: path for name, path in kept.items() if path.is_file()}


def _time_text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _tail(path: Path) -> str:
    if path.suffix == _PACKED:
        lines = deque(_packed_lines(path), maxlen=_MAX_PACKED_LINES)
        return b"".join(lines)[-_MAX_LOG_BYTES:].decode(errors="replace")
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _MAX_LOG_BYTES))
        data = file.read()
    cut = f"... {size - len(data)} bytes before\n" if size > len(data) else ""
    return cut + data.decode(errors="replace")


def _packed_lines(path: Path) -> Iterator[bytes]:
    """Yield the records of a packed log as JSON Lines."""
    from runlogging.reading._packed import PackedFile

    return (encode_line(record.line) for record in PackedFile(path).new_records())
