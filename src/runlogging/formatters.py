"""A formatter that writes records as the lines of a run folder."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from pythonjsonlogger.msgspec import MsgspecFormatter

from runlogging._records import RecordBuilder
from runlogging._redaction import Redactor
from runlogging.folder import encode_line


class RunFormatter(MsgspecFormatter):
    """Format a record as one JSON object, as it stands in ``logs``, ``metrics`` or ``values`` of a run folder.

    On a `RunHandler` it decides what is redacted. On any other handler (FileHandler, StreamHandler) it writes the same
    JSON there, then without ``seq``: only a run's writer numbers its lines.

    The envelope is fixed: it comes from the record alone, metrics stand under ``metrics``, all other extras under
    ``attributes``, and nothing a caller passes can overwrite a field. So ``fmt``, ``datefmt`` and ``style`` are
    taken, because the configurators pass them, and have no effect.

    Args:
        fmt: without effect.
        datefmt: without effect; times are UTC with microseconds.
        style: without effect.
        validate: without effect.
        redact: whether secrets are taken out of texts.
        redact_patterns: further regular expressions of what is secret, beside the well-known token shapes.
        redact_keys: further key words whose values are secret.

    Raises:
        InvalidValueError: a pattern is no regular expression.
    """

    def __init__(
        self,
        fmt: str | Sequence[str] | None = None,
        datefmt: str | None = None,
        style: str = "%",
        validate: bool = True,
        *,
        redact: bool = True,
        redact_patterns: Sequence[str] | None = None,
        redact_keys: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        self.redactor = Redactor(redact_patterns, redact_keys) if redact else None
        self._builder = RecordBuilder(self.redactor)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line as text, without a newline at its end."""
        return encode_line(self._builder.build(record))[:-1].decode()

    def jsonify_log_record(self, log_data: Any) -> str:
        """Return a dict as JSON; python-json-logger calls this only where a subclass overrides `format`."""
        return str(super().jsonify_log_record(log_data))
