"""What the doctor says and what happens agree: random trees, each logger and level tried with a real record."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import runlogging
from runlogging.doctor import Finding, Report
from tests.doctor.conftest import Kept, fresh_logging, mend

NAMES = ("root", "a", "a.b", "a.b.c", "d")
LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
FILTERS: dict[str, Any] = {
    "none": None,
    "prefix": logging.Filter("a.b"),
    "nothing": lambda record: False,
    "everything": lambda record: True,
}


@dataclass(frozen=True)
class HandlerPlan:
    """A handler to make."""

    level: int
    filtered: str
    for_run: bool


@dataclass(frozen=True)
class LoggerPlan:
    """How a logger is to be."""

    level: int
    propagate: bool
    disabled: bool
    filtered: str
    handlers: tuple[HandlerPlan, ...]


@dataclass(frozen=True)
class Plan:
    """A tree to make, a `LoggerPlan` for each of NAMES."""

    loggers: tuple[LoggerPlan, ...]
    disable: int
    captured: bool


_level = st.sampled_from((0, 0, 10, 20, 30, 40))
_filter = st.sampled_from(("none", "none", "none", *FILTERS))
_handler = st.builds(HandlerPlan, _level, _filter, st.booleans())
_logger = st.builds(
    LoggerPlan,
    _level,
    st.sampled_from((True, True, False)),
    st.sampled_from((False, False, False, True)),
    _filter,
    st.lists(_handler, max_size=2).map(tuple),
)
plans = st.builds(Plan, st.tuples(*[_logger] * len(NAMES)), st.sampled_from((0, 0, 0, 10, 30)), st.booleans())


class _KeptForRun(runlogging.RunHandler):
    """A RunHandler that keeps its records in a list; its folder never appears."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@contextlib.contextmanager
def _made(plan: Plan, folder: Path) -> Iterator[list[logging.LogRecord]]:
    """Make the tree of a plan; give the list in which a capture would put its records."""
    captured: list[logging.LogRecord] = []
    original = logging.Logger.callHandlers

    def capture(self: logging.Logger, record: logging.LogRecord) -> None:
        captured.append(record)
        original(self, record)

    capture.__runlogging__ = True  # type: ignore[attr-defined]
    with fresh_logging(), pytest.MonkeyPatch.context() as patch:
        for name, wanted in zip(NAMES, plan.loggers, strict=True):
            _set_up(logging.getLogger(name), wanted, folder)
        logging.disable(plan.disable)
        patch.setattr(logging, "lastResort", Kept(logging.WARNING))
        if plan.captured:
            patch.setattr(logging.Logger, "callHandlers", capture)
        yield captured


def _set_up(logger: logging.Logger, wanted: LoggerPlan, folder: Path) -> None:
    logger.setLevel(wanted.level)
    logger.propagate, logger.disabled = wanted.propagate, wanted.disabled
    _add_filter(logger, wanted.filtered)
    for one in wanted.handlers:
        handler = _KeptForRun(folder) if one.for_run else Kept()
        handler.setLevel(one.level)
        _add_filter(handler, one.filtered)
        logger.addHandler(handler)


def _add_filter(thing: logging.Filterer, name: str) -> None:
    one = FILTERS[name]
    if one is not None:
        thing.addFilter(one)


def _ancestors(name: str) -> list[str]:
    parts = name.split(".")
    return ["root", *(".".join(parts[: at + 1]) for at in range(len(parts)) if name != "root")]


def _is_kept(name: str, level: int, plan: Plan, captured: list[logging.LogRecord]) -> bool:
    """Log a record, and tell whether what counts has it."""
    handlers = [one for above in _ancestors(name) for one in logging.getLogger(above).handlers]
    before = len(captured), [len(one.records) for one in handlers], _shown()  # type: ignore[attr-defined]
    logging.getLogger(name).log(level, "a probe")
    if plan.captured:
        return len(captured) > before[0]
    has_run = any(isinstance(one, runlogging.RunHandler) for one in handlers)
    got = [
        isinstance(one, runlogging.RunHandler) or not has_run
        for one, count in zip(handlers, before[1], strict=True)
        if len(one.records) > count  # type: ignore[attr-defined]
    ]
    return any(got) or (not has_run and _shown() > before[2])


def _shown() -> int:
    return len(logging.lastResort.records)  # type: ignore[union-attr]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans)
def test_predictions_agree_with_records(plan: Plan, folder: Path) -> None:
    """For each logger and level, a loss is foretold exactly where a real record reaches nothing that counts."""
    with _made(plan, folder) as captured:
        report = runlogging.doctor()
        foretold = {(one.logger, name) for one in report if one.severity == "lost" for name in one.levels}
        for name in NAMES:
            for level in LEVELS:
                kept = _is_kept(name, level, plan, captured)
                assert kept is ((name, logging.getLevelName(level)) not in foretold), (name, level, report)
        assert bool(report) is bool(foretold)


def _alike(found: Finding, report: Report) -> int:
    """Count the findings like one; a line that takes a handler away moves the indices of those after it."""

    def key(one: Finding) -> tuple[str, ...]:
        return one.code, one.logger, one.severity, one.why, re.sub(r"\[\d+\]", "", one.where)

    return [key(one) for one in report].count(key(found))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans, chosen=st.integers(min_value=0, max_value=200))
def test_each_line_removes_its_finding(plan: Plan, chosen: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever finding is taken from a tree with many, its line executed alone removes it."""
    monkeypatch.setenv("RUNLOGGING_ROOT", str(folder))
    with _made(plan, folder):
        report = runlogging.doctor()
        found = report[chosen % len(report)] if len(report) else None
        if found is not None:
            mend(found)
            assert _alike(found, runlogging.doctor()) < _alike(found, report)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans)
def test_mending_all_ends(plan: Plan, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking the first line again and again ends with nothing lost."""
    monkeypatch.setenv("RUNLOGGING_ROOT", str(folder))
    with _made(plan, folder):
        for _ in range(200):
            report = runlogging.doctor()
            if not report:
                return
            mend(report[0])
        raise AssertionError(str(report))
