"""A small suite that uses pytest's own capture of logging and of output; one of its tests fails."""

import logging
import os
import sys

import pytest

log = logging.getLogger("suite")


def test_caplog(caplog: pytest.LogCaptureFixture) -> None:
    """The records are those of this test, once."""
    caplog.set_level(logging.DEBUG, logger="suite")
    log.debug("seen by caplog: %d", 1)
    with caplog.at_level(logging.ERROR):
        log.info("passes its logger")
        logging.getLogger("other").info("does not pass")
    assert caplog.record_tuples == [("suite", 10, "seen by caplog: 1"), ("suite", 20, "passes its logger")]
    caplog.clear()
    assert caplog.records == []


def test_output(capfd: pytest.CaptureFixture[str]) -> None:
    """Output of all kinds is caught."""
    print("printed")
    os.write(2, b"written to the descriptor\n")
    log.warning("with metrics", extra={"metrics": {"loss": 0.5}, "step": 1})
    assert capfd.readouterr() == ("printed\n", "written to the descriptor\n")


def test_failure() -> None:
    """The report shows what was logged and printed."""
    print("printed before the failure")
    print("also to stderr", file=sys.stderr)
    log.error("logged before the failure")
    assert os.sep == "on purpose"


def test_handlers() -> None:
    """Only pytest's handlers are on the root logger."""
    assert {type(handler).__module__ for handler in logging.getLogger().handlers} <= {"_pytest.logging"}
