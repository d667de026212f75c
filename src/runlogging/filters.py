"""Filters for any handler, built from plain values so that ``logging.config`` can make them.

A filter that changes a record returns a copy from Python 3.12 on, so that other handlers see the record as it was.
Before 3.12 a filter cannot return another record: there it changes the record itself, for the handlers after it too.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._records import OWN_ATTRIBUTES, exception_fields, given_metrics
from runlogging._redaction import Redactor
from runlogging._sessions import current_run_id
from runlogging._snapshots import replaceable
from runlogging.folder import RUN_VARIABLE, host_name, rank

_MAX_CALL_SITES = 4096
_OTHERS = ("", "other call sites")


class MetricFilter(logging.Filter):
    """Let only metric records pass, or only the others.

    Args:
        metrics: True lets records with ``metrics`` pass, False all others.
    """

    def __init__(self, metrics: bool = True) -> None:
        super().__init__()
        self._metrics = metrics

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record is of the kind that passes."""
        return (given_metrics(record) is not None) is self._metrics

    def __repr__(self) -> str:
        return f"<MetricFilter metrics={self._metrics}>"


class ContextFilter(logging.Filter):
    """Add attributes to every record: fixed ones, and where the record comes from.

    What the call itself gives as ``extra`` is kept where both have a name.

    Args:
        attributes: name to value.
        run_id: whether to add ``run_id``, the id of the run that this process writes to, while there is one.
        rank: whether to add ``rank``, where a launcher (torchrun, Slurm, MPI) gave one.
        host: whether to add ``host``, the machine's name.

    Raises:
        InvalidValueError: an attribute is no text, or the name of one that log records have of their own.
    """

    def __init__(
        self,
        attributes: Mapping[str, Any] | None = None,
        run_id: bool = True,
        rank: bool = True,
        host: bool = True,
    ) -> None:
        super().__init__()
        self._attributes = dict(attributes or {})
        for key in self._attributes:
            if not isinstance(key, str) or key in OWN_ATTRIBUTES:
                raise InvalidValueError(f"{key!r} cannot name an attribute: log records have one of this name")
        self._adds_run_id, self._adds_rank = run_id, rank
        if host:
            self._attributes.setdefault("host", host_name())

    def filter(self, record: logging.LogRecord) -> Any:
        """Return the record with the attributes."""
        changed = replaceable(record)
        for key, value in self._found().items():
            changed.__dict__.setdefault(key, value)
        return changed

    def _found(self) -> dict[str, Any]:
        # Looked up at each record: a fork or a new run changes them.
        number = rank() if self._adds_rank else None
        run_id = (current_run_id() or _named_run()) if self._adds_run_id else None
        found = {"rank": number, "run_id": run_id}
        return {**self._attributes, **{key: value for key, value in found.items() if value is not None}}

    def __repr__(self) -> str:
        return f"<ContextFilter {', '.join(self._attributes)}>"


def _named_run() -> str | None:
    named = os.environ.get(RUN_VARIABLE)
    return Path(named).name if named else None


class RedactFilter(logging.Filter):
    """Take secrets out of a record's message, text attributes, exception and stack.

    A RunHandler does this itself while it builds the line; the filter is for other handlers. Numbers are never
    changed, and nothing inside ``metrics``. A record without a secret passes as it is.

    Args:
        patterns: further regular expressions of what is secret, beside the well-known token shapes.
        keys: further keys whose values are secret, beside ``password``, ``api_key`` and the like.

    Raises:
        InvalidValueError: a pattern is no regular expression, or a key has no word.
    """

    def __init__(self, patterns: Iterable[str] | None = None, keys: Iterable[str] | None = None) -> None:
        super().__init__()
        self._redactor = Redactor(patterns, keys)

    def filter(self, record: logging.LogRecord) -> Any:
        """Return the record without secrets."""
        changes = self._message(record) | self._exception(record) | self._attributes(record)
        if not changes:
            return True
        changed = replaceable(record)
        changed.__dict__.update(changes)
        return changed

    def _message(self, record: logging.LogRecord) -> dict[str, Any]:
        if isinstance(record.msg, Mapping) and not record.args:
            cleared = self._redactor.attribute("", dict(record.msg))
            return {"msg": cleared} if cleared != record.msg else {}
        try:
            message = record.getMessage()
        except Exception:  # the handler behind reports the arguments that do not fit
            return {}
        cleared = self._redactor.text(message)
        if cleared == message:
            return {}
        template = record.msg if isinstance(record.msg, str) else message
        return {
            "msg": cleared,
            "args": None,
            "message": cleared,
            "runlogging_template": self._redactor.text(template),
        }

    def _exception(self, record: logging.LogRecord) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        fields = exception_fields(record)
        if fields is not None:
            cleared = {key: self._redactor.text(text) for key, text in fields.items()}
            if cleared != fields:
                changes = {"exc_info": None, "exc_text": cleared["stacktrace"], "runlogging_exception": cleared}
        if record.stack_info:
            stack = self._redactor.text(record.stack_info)
            if stack != record.stack_info:
                changes["stack_info"] = stack
        return changes

    def _attributes(self, record: logging.LogRecord) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for key, value in list(record.__dict__.items()):
            if key not in OWN_ATTRIBUTES and isinstance(value, str | dict | list | tuple):
                cleared = self._redactor.attribute(key, value)
                if cleared != (list(value) if isinstance(value, tuple) else value):
                    changes[key] = cleared
        return changes


class _Site:
    """What a SampleFilter knows of one call site."""

    __slots__ = ("held", "in_window", "seen", "window")

    def __init__(self) -> None:
        self.seen = self.in_window = self.held = 0
        self.window = -1.0


class SampleFilter(logging.Filter):
    """Hold back repetitions: of each logger and message template only every so many, or so many a second, pass.

    The next record that passes carries ``held_back``, how many were held back since the last one. What no later record
    says is in `held_back`, and a RunHandler that has the filter writes it to its run at the end.

    Args:
        every: the first record passes, and after it each that many-th.
        per_second: at most so many pass in a second.
        metrics: whether metric records are sampled too. By default all of them pass.

    Raises:
        InvalidValueError: neither or an impossible rate is given.
    """

    def __init__(self, every: int | None = None, per_second: float | None = None, metrics: bool = False) -> None:
        super().__init__()
        if every is None and per_second is None:
            raise InvalidValueError("SampleFilter needs every=N or per_second=N, or both")
        for rate in (every, per_second):
            if rate is not None and not (isinstance(rate, int | float) and rate >= 1):
                raise InvalidValueError(f"SampleFilter takes a rate of 1 or more, not {rate!r}")
        self._every, self._per_second = every, per_second
        self._samples_metrics = metrics
        self._sites: dict[tuple[str, str], _Site] = {}
        self._lock = threading.RLock()
        _filters.add(self)

    @property
    def held_back(self) -> dict[tuple[str, str], int]:
        """How many records were held back that no later one told of, by logger and template."""
        with self._lock:
            return {key: site.held for key, site in self._sites.items() if site.held}

    def filter(self, record: logging.LogRecord) -> Any:
        """Return the record, with ``held_back`` where some were, or False."""
        if not self._samples_metrics and given_metrics(record) is not None:
            return True
        with self._lock:
            site = self._site((record.name, record.msg if isinstance(record.msg, str) else type(record.msg).__name__))
            if not self._passes(site):
                site.held += 1
                return False
            held, site.held = site.held, 0
        if not held:
            return True
        changed = replaceable(record)
        changed.__dict__["held_back"] = held
        return changed

    def _passes(self, site: _Site) -> bool:
        site.seen += 1
        if self._every is not None and (site.seen - 1) % self._every:
            return False
        if self._per_second is None:
            return True
        now = time.monotonic()
        if site.window < 0 or now - site.window >= 1:
            site.window, site.in_window = now, 0
        site.in_window += 1
        return site.in_window <= self._per_second

    def _site(self, key: tuple[str, str]) -> _Site:
        site = self._sites.get(key)
        if site is None:
            if len(self._sites) >= _MAX_CALL_SITES:
                self._forget_oldest()
            site = self._sites[key] = _Site()
        return site

    def _forget_oldest(self) -> None:
        oldest = next(key for key in self._sites if key != _OTHERS)
        held = self._sites.pop(oldest).held
        if held:
            self._sites.setdefault(_OTHERS, _Site()).held += held

    def take_held_back(self) -> list[logging.LogRecord]:
        """Return a record for each count of `held_back`, which then is empty; for a handler at its end."""
        counts = self.held_back
        with self._lock:
            for key in counts:
                self._sites[key].held = 0
        return [_report(logger, template, held) for (logger, template), held in counts.items()]

    def __repr__(self) -> str:
        return f"<SampleFilter every={self._every} per_second={self._per_second}>"


def _report(logger: str, template: str, held: int) -> logging.LogRecord:
    record = logging.LogRecord(
        logger or "runlogging", logging.INFO, __file__, 0, "%d records held back: %s", (held, template), None
    )
    record.__dict__["held_back"] = held
    return record


_filters: weakref.WeakSet[SampleFilter] = weakref.WeakSet()


def _renew_locks() -> None:
    for sample_filter in tuple(_filters):
        sample_filter._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
