"""Filters: what passes, what they add or take away, and that other handlers see the record as it was."""

from __future__ import annotations

import logging
import logging.config
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from runlogging import (
    ContextFilter,
    InvalidValueError,
    MetricFilter,
    RedactFilter,
    RunHandler,
    SampleFilter,
)

from .conftest import RunScript, all_lines, only_run, read_lines

COPIES = sys.version_info >= (3, 12)


class Keeper(logging.Handler):
    """Keeps the records that reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def keeper(logger: logging.Logger) -> Keeper:
    """Give a handler on the fresh logger that keeps its records."""
    made = Keeper()
    logger.addHandler(made)
    return made


def test_metric_filter_lets_one_kind_pass(logger: logging.Logger, keeper: Keeper) -> None:
    """Metric records pass one filter, all others its opposite; empty metrics are none."""
    others = Keeper()
    logger.addHandler(others)
    keeper.addFilter(MetricFilter())
    others.addFilter(MetricFilter(metrics=False))
    logger.info("m", extra={"metrics": {"loss": 1}})
    logger.info("dict", extra={"extra": {"metrics": {"loss": 1}}})
    logger.info({"metrics": {"loss": 1}})
    logger.info("plain")
    logger.info("empty", extra={"metrics": {}})
    logger.info("no mapping", extra={"metrics": 3})
    assert [record.msg for record in keeper.records] == ["m", "dict", {"metrics": {"loss": 1}}]
    assert [record.msg for record in others.records] == ["plain", "empty", "no mapping"]


def test_filters_are_made_by_dict_config(tmp_path: Path) -> None:
    """A configuration of plain values makes every filter."""
    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "metrics": {"()": "runlogging.MetricFilter", "metrics": True},
            "context": {"()": "runlogging.ContextFilter", "attributes": {"team": "a"}},
            "redact": {"()": "runlogging.RedactFilter", "keys": ["patient_id"]},
            "sample": {"()": "runlogging.SampleFilter", "every": 2},
        },
        "handlers": {
            "run": {
                "class": "runlogging.RunHandler",
                "root": str(tmp_path / "runs"),
                "filters": ["metrics", "context", "redact", "sample"],
            }
        },
        "loggers": {"configured": {"level": "DEBUG", "handlers": ["run"], "propagate": False}},
    }
    logging.config.dictConfig(config)
    logger = logging.getLogger("configured")
    logger.info("kept", extra={"metrics": {"loss": 1.0}, "patient_id": "x77"})
    logger.info("not kept")
    (handler,) = logger.handlers
    logger.removeHandler(handler)
    handler.close()
    (line,) = all_lines(only_run(tmp_path / "runs"))
    assert line["message"] == "kept"
    assert (line["attributes"]["team"], line["attributes"]["patient_id"]) == ("a", "[REDACTED]")


def test_context_filter_adds_where_a_record_comes_from(
    logger: logging.Logger, handler: RunHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fixed attributes, run id, rank and host reach the line; what the call gives wins."""
    monkeypatch.setenv("RANK", "3")
    logger.info("first")
    handler.addFilter(ContextFilter({"team": "a", "phase": "x"}))
    logger.info("second", extra={"phase": "call"})
    attributes = all_lines(handler.run_path)[1]["attributes"]
    assert attributes == {
        "team": "a",
        "phase": "call",
        "rank": 3,
        "run_id": handler.run_id,
        "host": os.uname().nodename,
    }


def test_context_filter_leaves_out_what_is_switched_off(logger: logging.Logger, keeper: Keeper) -> None:
    """Without run, rank and host only the fixed attributes are added."""
    keeper.addFilter(ContextFilter({"team": "a"}, run_id=False, rank=False, host=False))
    logger.info("text")
    (record,) = keeper.records
    assert set(record.__dict__) - set(logging.makeLogRecord({}).__dict__) == {"team"}


def test_context_filter_names_the_run_of_the_environment(
    logger: logging.Logger, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that writes no run of its own tells the run that it was started for."""
    monkeypatch.setenv("RUNLOGGING_RUN", "/somewhere/exp/run-7")
    keeper.addFilter(ContextFilter())
    logger.info("text")
    assert keeper.records[0].__dict__["run_id"] == "run-7"


@pytest.mark.parametrize("name", ["message", "levelname", "metrics", "args"])
def test_context_filter_refuses_names_of_records(name: str) -> None:
    """An attribute cannot stand for a field of the record itself."""
    with pytest.raises(InvalidValueError, match=name):
        ContextFilter({name: "x"})


def test_a_changing_filter_leaves_the_record_of_others_alone(logger: logging.Logger) -> None:
    """From 3.12 on other handlers see the record as it was; before, they see the change, as documented."""
    changed, other = Keeper(), Keeper()
    changed.addFilter(ContextFilter({"team": "a"}))
    changed.addFilter(RedactFilter())
    logger.addHandler(changed)
    logger.addHandler(other)
    logger.info("password=%s", "hunter2")
    assert changed.records[0].getMessage() == "password=[REDACTED]"
    assert other.records[0].getMessage() == ("password=hunter2" if COPIES else "password=[REDACTED]")
    assert hasattr(other.records[0], "team") is not COPIES


def test_redact_filter_clears_every_text(logger: logging.Logger, keeper: Keeper) -> None:
    """Message, attributes, exception and stack lose their secrets for any formatter; numbers and metrics stay."""
    keeper.addFilter(RedactFilter(patterns=[r"ACC-\d+"]))
    try:
        raise ValueError("login failed for token=abcdef ACC-123")
    except ValueError:
        extra = {"auth_token": "abcdef", "nested": {"password": "x", "n": 4}, "metrics": {"token": 3}, "tokens": 7}
        logger.exception("user %s of ACC-99 with pwd=%s", "u", "abcdef", extra=extra)
    (record,) = keeper.records
    text = logging.Formatter("%(message)s %(auth_token)s %(nested)s %(metrics)s").format(record)
    assert "abcdef" not in text
    assert "ACC-1" not in text
    assert "ACC-9" not in text
    assert "user u of [REDACTED] with pwd=[REDACTED]" in text
    assert "ValueError: login failed for token=[REDACTED]" in text
    assert record.__dict__["metrics"] == {"token": 3}
    assert record.__dict__["tokens"] == 7
    assert record.__dict__["nested"] == {"password": "[REDACTED]", "n": 4}


def test_redact_filter_keeps_the_template_for_a_run(logger: logging.Logger, handler: RunHandler) -> None:
    """Behind the filter a run still groups by the template, and the exception has its fields."""
    handler.addFilter(RedactFilter())
    try:
        raise KeyError("secret=abc")
    except KeyError:
        logger.exception("url %s", "https://u:pw@host/x")
    (line,) = all_lines(handler.run_path)
    assert line["template"] == "url %s"
    assert line["message"] == "url https://u:[REDACTED]@host/x"
    assert line["exception"]["type"] == "KeyError"
    assert "abc" not in line["exception"]["stacktrace"]


def test_redact_filter_passes_clean_records_as_they_are(logger: logging.Logger, keeper: Keeper) -> None:
    """A record without secrets is the same object, its arguments untouched; a bad format is the handler's matter."""
    keeper.addFilter(RedactFilter())
    logger.info("x %d", 3)
    logger.info("x %d", "three")
    logger.info({"password": "x", "n": 1})
    assert keeper.records[0].args == (3,)
    assert keeper.records[1].args == ("three",)
    assert keeper.records[2].msg == {"password": "[REDACTED]", "n": 1}


def test_redact_filter_refuses_what_is_no_pattern() -> None:
    """A broken regular expression or key is refused when the filter is made."""
    with pytest.raises(InvalidValueError, match=r"\(x"):
        RedactFilter(patterns=["(x"])
    with pytest.raises(InvalidValueError, match="key"):
        RedactFilter(keys=["--"])


def test_sample_filter_lets_every_nth_pass_and_says_how_many_not(logger: logging.Logger, keeper: Keeper) -> None:
    """Of ten equal records with every=4 the first, fifth and ninth pass; each tells of the three before it."""
    sample = SampleFilter(every=4)
    keeper.addFilter(sample)
    for number in range(10):
        logger.info("step %d", number)
        if number < 2:
            logger.info("other template %d", number)
    passed = [(record.getMessage(), record.__dict__.get("held_back")) for record in keeper.records]
    assert passed == [("step 0", None), ("other template 0", None), ("step 4", 3), ("step 8", 3)]
    assert sample.held_back == {(logger.name, "step %d"): 1, (logger.name, "other template %d"): 1}


def test_sample_filter_never_holds_metrics_back_unless_told(logger: logging.Logger, keeper: Keeper) -> None:
    """Metric records all pass; with metrics=True they are sampled like others."""
    keeper.addFilter(SampleFilter(every=5))
    for number in range(5):
        logger.info("m", extra={"metrics": {"loss": number}})
    assert len(keeper.records) == 5
    keeper.addFilter(SampleFilter(every=5, metrics=True))
    for number in range(5):
        logger.info("m", extra={"metrics": {"loss": number}})
    assert len(keeper.records) == 6


def test_sample_filter_by_time(logger: logging.Logger, keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """With per_second=2 two records of a second pass, and the first of the next tells of the others."""
    now = [100.0]
    monkeypatch.setattr("runlogging.filters.time.monotonic", lambda: now[0])
    keeper.addFilter(SampleFilter(per_second=2))
    for _ in range(5):
        logger.info("same")
    now[0] += 1.0
    logger.info("same")
    assert [record.__dict__.get("held_back") for record in keeper.records] == [None, None, 3]


def test_sample_filter_counts_exactly_in_threads(logger: logging.Logger, keeper: Keeper) -> None:
    """Passed and held back records of eight threads add up to all."""
    sample = SampleFilter(every=7)
    keeper.addFilter(sample)

    def log_many() -> None:
        for _ in range(500):
            logger.info("x")

    threads = [threading.Thread(target=log_many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = sum(record.__dict__.get("held_back", 0) for record in keeper.records)
    assert len(keeper.records) + told + sum(sample.held_back.values()) == 4000


def test_a_run_is_told_at_its_end_what_was_held_back(run_script: RunScript, tmp_path: Path) -> None:
    """Counts that no later record told are in the run, whether the handler is closed or the program exits."""
    program = """
        import logging, sys
        from runlogging import RunHandler, SampleFilter
        handler = RunHandler("runs", sys.argv[1])
        handler.addFilter(SampleFilter(every=10))
        logging.basicConfig(level="INFO", handlers=[handler])
        for i in range(5):
            logging.info("step %d", i)
        if sys.argv[1] == "closed":
            handler.close()
    """
    for name in ("closed", "exit"):
        run_script(program, name)
        lines = read_lines(_run_of(tmp_path, name), "logs")
        assert [line["message"] for line in lines] == ["step 0", "4 records held back: step %d"]
        assert lines[1]["attributes"] == {"held_back": 4}


def _run_of(tmp_path: Path, experiment: str) -> Path:
    (path,) = (tmp_path / "runs" / experiment).iterdir()
    return path


def test_sample_filter_forgets_old_call_sites_but_no_count(logger: logging.Logger, keeper: Keeper) -> None:
    """More call sites than it remembers lose no count."""
    sample = SampleFilter(every=2)
    keeper.addFilter(sample)
    for number in range(5000):
        logger.info(f"site {number}")
        logger.info(f"site {number}")
    assert len(keeper.records) == 5000
    assert sum(sample.held_back.values()) == 5000
    assert len(sample.held_back) <= 4097


@pytest.mark.parametrize("arguments", [{}, {"every": 0}, {"per_second": -1}, {"every": "2"}])
def test_sample_filter_refuses_impossible_rates(arguments: dict[str, Any]) -> None:
    """No rate, or one below 1, is refused when the filter is made."""
    with pytest.raises(InvalidValueError):
        SampleFilter(**arguments)
