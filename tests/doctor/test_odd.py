"""The doctor disturbs nothing, and nothing disturbs it: odd objects, threads, names that steer terminals."""

from __future__ import annotations

import logging
import logging.handlers
import subprocess
import sys
import threading
from typing import Any

import pytest

import runlogging
from runlogging.doctor import Finding, Report
from tests.doctor.conftest import Kept, ask, the

pytestmark = pytest.mark.usefixtures("fresh")


def _state() -> list[Any]:
    manager = logging.Logger.manager
    loggers: list[Any] = [logging.getLogger(), *manager.loggerDict.values()]
    return [
        dict(manager.loggerDict),
        manager.disable,
        logging.root.manager.loggerClass,
        [
            (one.level, list(one.handlers), list(one.filters), one.disabled, one.propagate, dict(vars(one)["_cache"]))
            for one in loggers
            if isinstance(one, logging.Logger)
        ],
        [(handler.level, list(handler.filters)) for one in loggers for handler in getattr(one, "handlers", ())],
    ]


def test_nothing_is_changed() -> None:
    """Levels, handlers, caches, placeholders and the loggers that there are stay as they were."""
    logging.getLogger("a.b.c").addHandler(Kept())
    logging.getLogger("a.b.c").addFilter(logging.Filter("x"))
    logging.getLogger("a.b.c").isEnabledFor(10)
    before = _state()
    assert runlogging.doctor(loggers=["a.b", "new"])
    assert _state() == before


def test_placeholders_are_passed_over() -> None:
    """Names that stand for no logger yet are not reported."""
    logging.getLogger("a.b.c")
    assert {one.logger for one in ask()} == {"root", "a.b.c"}


class _Raises:
    """An object whose every attribute raises."""

    def __getattribute__(self, name: str) -> Any:
        raise ValueError(name)


class _OddLogger(logging.Logger):
    @property
    def filters(self) -> Any:
        raise ValueError("no filters")

    @filters.setter
    def filters(self, value: Any) -> None:
        pass


def test_odd_loggers_and_handlers_raise_nothing() -> None:
    """Objects that raise, levels that are text, handlers that are no handlers and circles of parents are borne."""
    root, known = logging.getLogger(), logging.Logger.manager.loggerDict
    known["raises"] = _Raises()  # type: ignore[assignment]
    known["text"] = "no logger"  # type: ignore[assignment]
    known["odd"] = _OddLogger("odd")
    root.handlers += [_Raises(), 7, Kept()]  # type: ignore[list-item]
    circle = logging.handlers.MemoryHandler(1)
    circle.setTarget(circle)
    root.addHandler(circle)
    first, second = logging.getLogger("first"), logging.getLogger("second")
    first.parent, second.parent = second, first
    first.level = "DEBUG"  # type: ignore[assignment]
    second.handlers = None  # type: ignore[assignment]
    first.addFilter(_Raises())
    report = ask()
    assert {"root", "odd", "first", "second"} <= {one.logger for one in report}
    assert str(report)


def test_loggers_that_cannot_be_read_are_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger whose lists answer every question with an error is named and left out, the root too."""
    logging.getLogger("a").filters = _Raises()  # type: ignore[assignment]
    monkeypatch.setattr(logging.getLogger(), "level", _Raises())
    report = ask()
    assert {(one.logger, one.severity) for one in report if one.code == "unreadable"} == {
        ("a", "hint"),
        ("root", "hint"),
    }
    assert "ValueError" in the(report, "unreadable", "a").why


def test_it_works_while_threads_make_loggers() -> None:
    """Loggers that come while the doctor looks do not disturb it."""
    stop = threading.Event()

    def make() -> None:
        for number in range(3000):
            if stop.is_set():
                break
            logging.getLogger(f"made.n{number}")

    maker = threading.Thread(target=make)
    maker.start()
    failed: list[BaseException] = []

    def look() -> None:
        try:
            for _ in range(5):
                assert runlogging.doctor(level="CRITICAL") is not None
        except BaseException as error:
            failed.append(error)

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for one in lookers:
        one.start()
    for one in lookers:
        one.join()
    stop.set()
    maker.join()
    assert failed == []


def test_names_cannot_steer_a_terminal_or_a_page() -> None:
    """Control characters of a logger's name are escaped in text, markup in HTML; the line still names the logger."""
    name = 'a\x1b[31m<b>"\n\u202e\ud800'
    logging.getLogger(name).setLevel("ERROR")
    report = ask()
    text = str(report)
    assert text.isprintable() or not set(text) & {"\x1b", "\u202e", "\ud800"}
    assert r"\x1b[31m" in text
    assert "<b>" not in report._repr_html_()
    assert "&lt;b&gt;" in report._repr_html_()
    found = the(report, "level", name)
    exec(found.fix, {"logging": logging})
    assert logging.getLogger(name).level == logging.DEBUG


def test_loggers_with_one_cause_stand_together() -> None:
    """The table has a row for a cause, with the first names and how many more; the list has a finding each."""
    for number in range(9):
        logging.getLogger(f"a{number}")
    report = ask(level="INFO")
    assert sum(one.code == "level" for one in report) == 10
    assert str(report).count("(level)") == 1
    assert "root, a0, a1 and 7 more [INFO]" in str(report)


def test_the_name_is_the_function_however_it_is_imported() -> None:
    """``runlogging.doctor`` can be called before and after its package was imported, and is not imported unasked."""
    program = (
        "import sys, runlogging\n"
        "assert 'runlogging.doctor' not in sys.modules\n"
        "import runlogging.doctor as module\n"
        "assert type(runlogging.doctor()) is type(module.doctor()) is module.Report\n"
        "from runlogging import doctor\n"
        "assert type(doctor()) is module.Report\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_finding_is_a_value() -> None:
    """Findings are equal by content and cannot be changed; a report of hints alone is false."""
    one = Finding("level", "a", "what", "why", "fix", ("INFO",))
    assert one == Finding("level", "a", "what", "why", "fix", ("INFO",), "lost", "")
    with pytest.raises(AttributeError):
        one.code = "other"  # type: ignore[misc]
    assert Report([one])
    assert not Report([Finding("level", "a", "what", "why", "fix", (), "hint")])
