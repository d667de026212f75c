"""The formatter writes a run folder's lines wherever a handler writes text."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidValueError, RunFormatter, RunHandler, RunLoggingError

from ..conftest import RunScript, all_lines


def _formatted(formatter: RunFormatter, **record: Any) -> dict[str, Any]:
    text = formatter.format(logging.makeLogRecord({"msg": "text", "levelname": "INFO", "name": "n", **record}))
    assert "\n" not in text
    line: dict[str, Any] = json.loads(text)
    return line


def _log_some(logger: logging.Logger) -> None:
    logger.info("epoch %d of %s", 3, "all", extra={"metrics": {"loss": 0.25, "n": 2**70}, "step": 3})
    logger.warning("odd\ntext \u2028 ü 🙂", extra={"who": {"a": [1, None, float("nan")]}})
    logger.log(25, "own level", stack_info=True)
    try:
        raise ValueError("bad")
    except ValueError:
        logger.exception("password=%s", "hunter2")
    logger.info("values", extra={"metrics": {"text": "a", "list": [1.5, float("inf")], "x": 1}})
    logger.info({"event": "structured", "metrics": {"y": 1}, "more": "m"})


def test_lines_are_those_of_the_run_folder(tmp_path: Path, handler: RunHandler, logger: logging.Logger) -> None:
    """On a FileHandler and on a StreamHandler: the run folder's lines in order, only without seq."""
    stream, file = io.StringIO(), logging.FileHandler(tmp_path / "log.jsonl", encoding="utf-8")
    for other in (file, logging.StreamHandler(stream)):
        other.setFormatter(RunFormatter())
        logger.addHandler(other)
    _log_some(logger)
    expected = [{key: value for key, value in line.items() if key != "seq"} for line in all_lines(handler.run_path)]
    assert len(expected) == 6
    written = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert written == stream.getvalue()
    assert [json.loads(text) for text in written.split("\n")[:-1]] == expected


def test_our_handler_takes_lines_after_another_formatter_was_there(handler: RunHandler, logger: logging.Logger) -> None:
    """Formatters leave message, asctime and exc_text on a record; none of them becomes an attribute."""
    logger.handlers.clear()
    plain = logging.StreamHandler(io.StringIO())
    plain.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    for other in (plain, handler):
        logger.addHandler(other)
    logger.info("a %d", 1, extra={"metrics": {"b": 2}})
    try:
        raise KeyError("x")
    except KeyError:
        logger.exception("c")
    lines = all_lines(handler.run_path)
    assert ["attributes" in line for line in lines] == [False, False]
    assert (lines[0]["metrics"], lines[1]["exception"]["type"]) == ({"b": 2}, "KeyError")


def test_exception_is_written_as_three_fields() -> None:
    """Type, message and stack trace, also where only the text of another formatter is left."""
    try:
        raise json.JSONDecodeError("bad", "{", 0)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    exception = _formatted(RunFormatter(), exc_info=info)["exception"]
    assert (exception["type"], exception["message"]) == ("json.decoder.JSONDecodeError", str(info[1]))
    assert exception["stacktrace"].startswith("Traceback (most recent call last):\n")
    text = 'Traceback (most recent call last):\n  File "a", line 1\nsome.Error: what: why'
    assert _formatted(RunFormatter(), exc_text=text)["exception"] == {
        "type": "some.Error",
        "message": "what: why",
        "stacktrace": text,
    }
    assert "exception" not in _formatted(RunFormatter(), exc_info=(None, None, None))


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, {"hunter2": False, "PAT-7": True, "patient 9": True}),
        ({"redact": False}, {"hunter2": True, "PAT-7": True, "patient 9": True}),
        ({"redact_patterns": [r"PAT-\d+"]}, {"hunter2": False, "PAT-7": False, "patient 9": True}),
        ({"redact_keys": ["patient_id"]}, {"hunter2": False, "PAT-7": True, "patient 9": False}),
    ],
)
def test_options_of_redaction(options: dict[str, Any], kept: dict[str, bool]) -> None:
    """What is redacted, on the formatter alone: all, nothing, own patterns, own keys."""
    formatter = RunFormatter(**options)
    line = _formatted(formatter, msg="password=hunter2 PAT-7", patient_id="patient 9")
    text = json.dumps(line)
    assert {secret: secret in text for secret in kept} == kept
    assert ("[REDACTED]" in text) == (not all(kept.values()))


def test_formatter_of_ours_decides_what_a_handler_redacts(tmp_path: Path, logger: logging.Logger) -> None:
    """A RunFormatter set on a RunHandler takes the place of the handler's own choice, both ways."""
    for redact in (True, False):
        handler = RunHandler(tmp_path / str(redact), redact=redact)
        logger.addHandler(handler)
        logger.info("password=hunter2 PAT-7")
        handler.setFormatter(RunFormatter(redact=not redact, redact_patterns=[r"PAT-\d+"]))
        logger.info("password=hunter2 PAT-7")
        logger.removeHandler(handler)
        handler.close()
        texts = [line["message"] for line in all_lines(handler.run_path)]
        plain = "password=hunter2 PAT-7"
        assert texts == (["password=[REDACTED] PAT-7", plain] if redact else [plain, "password=[REDACTED] [REDACTED]"])


@pytest.mark.parametrize("options", [{"redact_patterns": ["("]}, {"redact_patterns": [3]}, {"redact_keys": ["--"]}])
def test_bad_option_is_refused_when_the_formatter_is_made(options: dict[str, Any]) -> None:
    """It is our error and a ValueError, and names the value."""
    with pytest.raises(InvalidValueError) as caught:
        RunFormatter(**options)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, RunLoggingError)
    if options != {"redact_keys": ["--"]}:
        assert str(next(iter(options.values()))[0]) in str(caught.value)


def test_arguments_of_configurators_have_no_effect() -> None:
    """A format, a date format and a style change nothing of the line."""
    configured = RunFormatter("%(message)s", "%Y", "%", True)
    assert _formatted(configured, created=1.5) == _formatted(RunFormatter(), created=1.5)
    assert _formatted(RunFormatter("{message}", style="{"), created=1.5)["time"] == "1970-01-01T00:00:01.500000Z"


@pytest.mark.parametrize("key", ["class", "()"])
def test_formatter_of_a_dict_configuration(tmp_path: Path, run_script: RunScript, key: str) -> None:
    """By class path and as a factory, with options in the second."""
    given = {key: "runlogging.RunFormatter"} | ({"redact_patterns": [r"PAT-\d+"]} if key == "()" else {})
    run_script(f"""
        import logging.config
        logging.config.dictConfig({{
            "version": 1,
            "formatters": {{"run": {given!r}}},
            "handlers": {{"file": {{"class": "logging.FileHandler", "filename": "log.jsonl", "formatter": "run"}}}},
            "root": {{"level": "INFO", "handlers": ["file"]}},
        }})
        logging.info("password=hunter2 PAT-7 %d", 1, extra={{"metrics": {{"loss": 0.5}}}})
    """)
    line = json.loads((tmp_path / "log.jsonl").read_text())
    shown = "[REDACTED]" if key == "()" else "PAT-7"
    assert (line["message"], line["metrics"]) == (f"password=[REDACTED] {shown} 1", {"loss": 0.5})
    assert "seq" not in line
    assert not (tmp_path / "runs").exists()


def test_large_value_stays_in_the_line_outside_a_run() -> None:
    """Where there is no run folder for an artifact the value is written out."""
    value = list(range(200_000))
    (item,) = _formatted(RunFormatter(), metrics={"big": value})["values"]
    assert item["value"] == value


def test_bad_record_is_formatted_all_the_same() -> None:
    """Wrong arguments and strange attributes cost a problem in the line and no exception."""
    line = _formatted(RunFormatter(), msg="%d of %d", args=("x",), thing={1: object()})
    assert line["message"] == "%d of %d"
    assert "not formatted" in line["problems"][0]
    assert line["attributes"]["thing"]["1"].startswith("<object object")


def test_record_is_not_changed() -> None:
    """Other handlers see the record as it was; formatting it twice gives the same line."""
    record = logging.makeLogRecord({"msg": "password=%s", "args": ("x",), "metrics": {"a": 1, "b": "c"}})
    before = dict(record.__dict__)
    formatter = RunFormatter()
    assert formatter.format(record) == formatter.format(record)
    assert record.__dict__ == before
