"""A run as one row of a list: what its manifest says, and lazily its status and its metrics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from runlogging._errors import RunLoggingError
from runlogging.folder import FORMAT, TERMINAL, Manifest, MetricSummary, clean_text, parse_time, read_manifest
from runlogging.reading._status import derived_status, owner_of
from runlogging.reading._streams import stream_files
from runlogging.reading._summaries import SummaryLook, look_at_summary

_decode = msgspec.json.Decoder(Manifest).decode


Head = tuple[str, str, int, int, int, str, int, int | None, bytes | None, int]
"""What is known of a run without opening its manifest, as the index has it: names of the folders of its experiment and
of its own, inode, size and time of change of its manifest, when it was made, the checksum of that, its number in the
index (None: it is not in it), its manifest's JSON (None: it was not asked for), and the checksum of that."""


class Summaries(Protocol):
    """What an index gives and takes for a row while a list is being made."""

    def metrics(self, head: Head, path: str) -> dict[str, MetricSummary] | None:
        """Return the summary of the metrics; None where it is not kept, or does not hold any more."""

    def keep_metrics(self, head: Head, look: SummaryLook) -> None:
        """Take a summary that was made just now."""


class RunRow:
    """A run as it was when it was listed. Status and metrics are looked up once, when they are first asked for.

    Args:
        folder: the experiment's folder, absolute.
        name: the name of the run's folder.
        manifest: its manifest, where it was read.
        head: what is known of it where its manifest was not read, or for an index.
        index: where summaries come from and go to.
        problem: why it cannot be read.

    Attributes:
        problem: None, or a sentence that says why the folder cannot be read. Then id and experiment are the names of
            the folders, the status is Unknown, and all else is empty.
    """

    __slots__ = ("_folder", "_head", "_index", "_manifest", "_metrics", "_name", "_path", "_status", "problem")

    def __init__(
        self,
        folder: str,
        name: str,
        *,
        manifest: Manifest | None = None,
        head: Head | None = None,
        index: Summaries | None = None,
        problem: str | None = None,
    ) -> None:
        self._folder, self._name = folder, name
        self._manifest, self._head, self._index = manifest, head, index
        self._path: Path | None = None
        self._status: str | None = None
        self._metrics: Mapping[str, MetricSummary] | None = None
        self.problem = problem

    @property
    def place(self) -> tuple[str, str]:
        """The experiment's folder, and the name of the run's folder in it: what `path` is made of, at no cost."""
        return self._folder, self._name

    @property
    def path(self) -> Path:
        """The run folder."""
        if self._path is None:
            self._path = Path(self._folder, self._name)
        return self._path

    @property
    def id(self) -> str:
        """The run's id."""
        return self.manifest.id or clean_text(self._name)

    @property
    def experiment(self) -> str:
        """The experiment's name."""
        return self.manifest.experiment or clean_text(Path(self._folder).name)

    @property
    def name(self) -> str | None:
        """The run's name for people."""
        return self.manifest.name

    @property
    def number(self) -> int | None:
        """Which run of its experiment it is, from 1; None where a handler made it."""
        return self.manifest.number

    @property
    def type(self) -> str | None:
        """What kind of run it is, as its maker calls it."""
        return self.manifest.type

    @property
    def parent(self) -> str | None:
        """The id of the parent run."""
        return self.manifest.parent

    @property
    def attempt(self) -> int:
        """How many lives the run has had."""
        return self.manifest.attempt

    @property
    def host(self) -> str | None:
        """The machine of the owner; None while it has none."""
        manifest = self.manifest
        return next((one.host or None for one in manifest.writers if one.name == manifest.owner), None)

    @property
    def tags(self) -> dict[str, str | None]:
        """The run's tags."""
        return self.manifest.tags

    @property
    def properties(self) -> dict[str, str]:
        """The run's properties."""
        return self.manifest.properties

    @property
    def parameters(self) -> dict[str, Any]:
        """The run's parameters."""
        return self.manifest.parameters

    @property
    def created(self) -> str | None:
        """When the folder was made: UTC text as in every line."""
        return (self.manifest.created if self._head is None else self._head[5]) or None

    @property
    def started(self) -> str | None:
        """When the run started: UTC text."""
        return self.manifest.started or None

    @property
    def ended(self) -> str | None:
        """When the run ended: UTC text; None while it has no end."""
        manifest = self.manifest
        if manifest.status in TERMINAL or not manifest.owner:
            return manifest.ended or None
        owner = owner_of(self.path, manifest)
        return owner.ended if owner is not None else None

    @property
    def duration(self) -> float | None:
        """How many seconds the run took; without an end up to now if it is Running, else up to its last record."""
        started, ended = _time(self.started), _time(self.ended)
        if started is None:
            return None
        if ended is None:
            ended = datetime.now(UTC) if self.status == "Running" else self._last_record()
        return None if ended is None else (ended - started).total_seconds()

    @property
    def status(self) -> str:
        """The status as it was derived when it was first asked for; see `RunReader.status`."""
        if self._status is None:
            status = self.manifest.status  # a terminal one needs no look at the folder, nor its path
            self._status = status if status in TERMINAL or self.problem else derived_status(self.path, self.manifest)
        return self._status

    @property
    def metrics(self) -> Mapping[str, MetricSummary]:
        """Name to last, min, max, mean, count and step of each metric."""
        if self._metrics is None:
            self._metrics = {} if self.problem else self._summary()
        return self._metrics

    @property
    def manifest(self) -> Manifest:
        """What ``run.json`` says; an empty one where it cannot be read."""
        if self._manifest is None:
            data = None if self._head is None else self._head[8]
            self._manifest = (decoded(data) if data is not None else None) or self._read_manifest()
        return self._manifest

    def _read_manifest(self) -> Manifest:
        if not self.problem:
            try:
                return read_manifest(self.path)
            except (RunLoggingError, OSError) as error:
                self.problem = clean_text(str(error))
        return Manifest(status="Unknown")

    def _summary(self) -> Mapping[str, MetricSummary]:
        index, head = self._index, self._head
        if index is None or head is None:
            return look_at_summary(self.path).metrics
        known = index.metrics(head, f"{self._folder}/{self._name}")
        if known is not None:
            return known
        look = look_at_summary(self.path, self.manifest)
        index.keep_metrics(head, look)
        return look.metrics

    def _last_record(self) -> datetime | None:
        try:
            times = [file.last_time() for file in stream_files(self.path, ("logs", "metrics", "values"))]
        except (RunLoggingError, OSError):
            return None
        return max((time for text in times if (time := _time(text))), default=None)

    def __repr__(self) -> str:
        return f"<RunRow {self.path}{' (cannot be read)' if self.problem else ''}>"


def decoded(data: bytes) -> Manifest | None:
    """Return a manifest of its JSON; None where it is none that this package reads."""
    try:
        manifest = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return manifest if manifest.format <= FORMAT else None


def _time(text: str | None) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except ValueError:
        return None
