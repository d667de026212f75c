"""A logging of its own for each test, and what the tests ask of the doctor."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
from collections.abc import Iterator
from typing import Any

import pytest

import runlogging
from runlogging.doctor import Finding, Report


@contextlib.contextmanager
def fresh_logging() -> Iterator[None]:
    """Give logging as a program finds it when it begins, and put everything back."""
    root, manager = logging.getLogger(), logging.Logger.manager
    attributes = ("level", "handlers", "filters", "disabled", "propagate")
    kept = {name: getattr(root, name) for name in attributes}
    loggers, disable = manager.loggerDict, manager.disable
    registered, listed = dict(logging._handlers), list(logging._handlerList)  # type: ignore[attr-defined]
    others = (logging.raiseExceptions, logging.lastResort, logging._warnings_showwarning)  # type: ignore[attr-defined]
    try:
        manager.loggerDict, manager.disable = {}, 0
        root.handlers, root.filters, root.disabled = [], [], False
        root.setLevel(logging.WARNING)
        logging._handlers.clear()  # type: ignore[attr-defined]
        del logging._handlerList[:]  # type: ignore[attr-defined]
        yield
    finally:
        for one in list(logging._handlerList):  # type: ignore[attr-defined]
            if one() is not None:
                one().close()
        logging.captureWarnings(False)
        logging.raiseExceptions, logging.lastResort, logging._warnings_showwarning = others  # type: ignore[attr-defined]
        logging._handlers.update(registered)  # type: ignore[attr-defined]
        logging._handlerList[:] = listed  # type: ignore[attr-defined]
        manager.loggerDict, manager.disable = loggers, disable
        for name, value in kept.items():
            setattr(root, name, value)
        manager._clear_cache()  # type: ignore[attr-defined]


@pytest.fixture
def fresh() -> Iterator[None]:
    """Give the test a logging of its own."""
    with fresh_logging():
        yield


class Kept(logging.Handler):
    """A handler that keeps records in a list."""

    def __init__(self, level: int | str = 0) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def ask(**options: Any) -> Report:
    """Ask the doctor; how warnings go is no matter of most tests."""
    report = runlogging.doctor(**options)
    return Report(one for one in report if one.code != "warnings")


def identity(finding: Finding) -> tuple[str, ...]:
    """Return what makes a finding the same one after something else was mended."""
    return finding.code, finding.logger, finding.severity, finding.where


def mend(finding: Finding) -> None:
    """Execute the line of a finding."""
    exec(finding.fix, {"logging": logging, "runlogging": runlogging})


def the(report: Report, code: str, logger: str = "", severity: str = "") -> Finding:
    """Return the one finding of a kind."""
    (found,) = [
        one for one in report if one.code == code and logger in ("", one.logger) and severity in ("", one.severity)
    ]
    return found
