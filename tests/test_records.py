"""The record vocabulary: which record becomes which line."""

from __future__ import annotations

import json
import logging
import math
import operator
from collections import OrderedDict
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import RunHandler
from runlogging._records import RecordBuilder, stream_of
from runlogging.folder import LOGS, METRICS, VALUES, Line, encode_line

from .conftest import all_lines, read_lines


def made(
    extra: dict[str, Any] | None = None, msg: Any = "text", args: Any = (), **attributes: Any
) -> logging.LogRecord:
    record = logging.getLogger("train").makeRecord("train", 20, "/x/train.py", 12, msg, args, None, "main", extra)
    record.__dict__.update(attributes)
    return record


def built(record: logging.LogRecord) -> Line:
    return RecordBuilder(None).build(record)


def written(line: Line) -> dict[str, Any]:
    return json.loads(encode_line(line))  # type: ignore[no-any-return]


def values_of(line: Line) -> dict[str, Any]:
    return {item["name"]: (item["type"], item.get("value")) for item in written(line)["values"]}


def test_plain_record_is_a_log_line_with_the_fields_of_its_place() -> None:
    """An ordinary record keeps message, template, level, logger, file, line, function and thread."""
    line = built(made(msg="start %s", args=("now",)))
    assert stream_of(line) == LOGS
    assert written(line) | {"time": ""} == {
        "time": "",
        "level": "INFO",
        "logger": "train",
        "message": "start now",
        "template": "start %s",
        "file": "/x/train.py",
        "line": 12,
        "function": "main",
        "thread": "MainThread",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (0.5, 0.5),
        (-0.0, -0.0),
        (1e308, 1e308),
        (5e-324, 5e-324),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (np.float64(0.1), 0.1),
        (np.float32(0.1), 0.10000000149011612),
        (np.float16(0.1), 0.0999755859375),
        (np.int8(-3), -3),
        (np.uint64(7), 7),
        (np.array(2.5), 2.5),
        (np.longdouble(0.5), 0.5),
    ],
)
def test_numbers_become_metrics_of_their_exact_value(value: Any, expected: float) -> None:
    """Python and numpy numbers are metrics; float32 is written as its exact double."""
    line = built(made({"metrics": {"x": value}, "step": 1}))
    assert stream_of(line) == METRICS
    back = written(line)["metrics"]["x"]
    assert back == expected
    assert type(back) is type(expected)
    assert math.copysign(1, back) == math.copysign(1, expected)


class TorchLike:
    """A 0-d tensor as torch and JAX have it: ndim, item, tolist, and no relation to float."""

    ndim = 0
    shape = ()

    def __init__(self, value: float) -> None:
        self.value = value

    def item(self) -> float:
        return self.value

    def tolist(self) -> float:
        return self.value


def test_scalar_of_another_library_is_known_by_item() -> None:
    """A 0-d object with ``item`` is the number it gives."""
    assert built(made({"metrics": {"x": TorchLike(1.5)}})).metrics == {"x": 1.5}


@pytest.mark.parametrize(("value", "name"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
@pytest.mark.parametrize("convert", [float, np.float32, np.float64, TorchLike])
def test_nonfinite_metric_is_null_with_its_name_beside(value: float, name: str, convert: Any) -> None:
    """NaN and infinities are null among the metrics and named in ``nonfinite``; the record stays in metrics."""
    line = built(made({"metrics": {"loss": convert(value), "acc": 0.5}, "step": 1}))
    assert stream_of(line) == METRICS
    back = written(line)
    assert back["metrics"] == {"loss": None, "acc": 0.5}
    assert back["nonfinite"] == {"loss": name}


@pytest.mark.parametrize(
    ("value", "number"),
    [(2**63, 2.0**63), (-(2**63) - 1, -(2.0**63)), (10**400, None), (10**5000, None)],
    ids=["2^63", "-2^63-1", "10^400", "10^5000"],
)
def test_int_beyond_64_bits_keeps_its_digits(value: int, number: float | None) -> None:
    """An int beyond 64 bits is its nearest double or null, with its digits in ``exact``."""
    back = written(built(made({"metrics": {"n": value}, "step": 1})))
    assert back["metrics"] == {"n": number}
    assert int(back["exact"]["n"], 0) == value


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (True, "bool", True),
        (np.bool_(False), "bool", False),
        (None, "none", None),
        ("text", "text", "text"),
        (np.str_("text"), "text", "text"),
        ([1, 2.5, "a", None], "list", [1, 2.5, "a", None]),
        ((1, 2), "list", [1, 2]),
        (range(3), "list", [0, 1, 2]),
        (np.arange(3), "list", [0, 1, 2]),
        (np.eye(2), "matrix", [[1.0, 0.0], [0.0, 1.0]]),
        (np.zeros((1, 1, 1)), "json", [[[0.0]]]),
        ({"a": 1, "b": "x", "c": None}, "row", {"a": 1, "b": "x", "c": None}),
        ({"a": [1, 2], "b": (3, 4)}, "table", {"a": [1, 2], "b": [3, 4]}),
        ({"a": [1, 2], "b": [3]}, "json", {"a": [1, 2], "b": [3]}),
        ({"a": 1, "b": [3]}, "json", {"a": 1, "b": [3]}),
        (MappingProxyType({"a": 1}), "row", {"a": 1}),
        ({3}, "json", [3]),
        (Decimal("0.1"), "json", "0.1"),
        (Path("a/b"), "json", "a/b"),
        (b"x", "json", "b'x'"),
    ],
)
def test_other_values_go_to_values_with_their_type(value: Any, kind: str, expected: Any) -> None:
    """Everything that is no number goes to ``values``, by the table of the design."""
    line = built(made({"metrics": {"v": value, "n": 1}, "step": 1}))
    assert stream_of(line) == VALUES
    assert values_of(line) == {"v": (kind, expected)}
    assert line.metrics == {"n": 1}


def test_odd_numbers_inside_a_value_are_named_by_json_pointer() -> None:
    """NaN and large ints inside a value are named by their place."""
    (item,) = written(built(made({"metrics": {"m": {"a/b": [1.0, math.nan], "c": [2**64, 1]}}})))["values"]
    assert item["value"] == {"a/b": [1.0, None], "c": [2.0**64, 1]}
    assert item["nonfinite"] == {"/a~1b/1": "NaN"}
    assert item["exact"] == {"/c/0": "18446744073709551616"}


def test_depth_and_cycles_are_bounded_and_marked() -> None:
    """A container that holds itself, and one deeper than 64, become marked texts."""
    cycle: list[Any] = []
    cycle.append(cycle)
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    line = built(made({"metrics": {"cycle": cycle, "deep": deep}}))
    assert values_of(line)["cycle"] == ("list", ["<cycle>"])
    assert "<deeper than 64>" in json.dumps(values_of(line)["deep"])


def test_an_object_met_twice_is_no_cycle() -> None:
    """The same list in two places is written twice."""
    shared = [1]
    assert values_of(built(made({"metrics": {"v": {"a": shared, "b": shared}}})))["v"][1] == {"a": [1], "b": [1]}


class Hostile:
    """An object whose text, repr, item and length raise."""

    ndim = 0

    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__

    def item(self) -> float:
        raise RuntimeError("no item")


@pytest.mark.parametrize("where", ["metrics", "extra", "args", "msg", "key"])
def test_an_object_that_raises_costs_only_itself(where: str) -> None:
    """An object that cannot be read becomes a marked text; the record and its other parts stay."""
    bad = Hostile()
    records = {
        "metrics": made({"metrics": {"x": bad, "y": 1}, "step": 2, "user": "u"}),
        "extra": made({"metrics": {"y": 1}, "step": 2, "user": "u", "bad": bad}),
        "args": made({"metrics": {"y": 1}, "step": 2, "user": "u"}, "%s", (bad,)),
        "msg": made({"metrics": {"y": 1}, "step": 2, "user": "u"}, bad),
        "key": made({"metrics": {"y": 1, bad: 2}, "step": 2, "user": "u"}),
    }
    back = written(built(records[where]))
    assert back["metrics"]["y"] == 1
    assert back["step"] == 2
    assert back["attributes"]["user"] == "u"
    assert "Hostile" in json.dumps(back)


def test_message_that_does_not_format_keeps_template_and_arguments() -> None:
    """A template that does not fit its arguments is kept, and the arguments with the reason."""
    back = written(built(made(msg="%d items", args=("many",))))
    assert back["message"] == "%d items"
    assert "TypeError" in back["problems"][0]
    assert "many" in back["problems"][0]


def test_lone_surrogates_are_escaped_everywhere() -> None:
    """A lone surrogate in message, name, text, attribute or logger becomes its escape, and the line is UTF-8."""
    record = made({"metrics": {"a\ud800": 1, "t": "\ud801"}, "k\ud802": ["\ud803"]}, "m\ud804", name="l\ud805")
    back = written(built(record))
    assert back["metrics"] == {"a\\ud800": 1}
    assert back["values"][0]["value"] == "\\ud801"
    assert back["attributes"] == {"k\\ud802": ["\\ud803"]}
    assert (back["message"], back["logger"]) == ("m\\ud804", "l\\ud805")


def test_second_equal_name_gets_a_number_and_a_note() -> None:
    """1 and "1" are both named 1: the second becomes 1#2 and the line says so."""
    back = written(built(made({"metrics": {1: 0.1, "1": 0.2, "1#2": 0.3}, "step": 0})))
    assert back["metrics"] == {"1": 0.1, "1#2": 0.2, "1#2#2": 0.3}
    assert len(back["problems"]) == 2


@pytest.mark.parametrize(("step", "expected"), [(0, 0), (-5, -5), (np.int64(3), 3), (True, 1), (2**63 - 1, 2**63 - 1)])
def test_step_is_taken_by_index(step: Any, expected: int) -> None:
    """A step is whatever ``operator.index`` takes, with or without metrics."""
    assert operator.index(step) == expected
    for extra in ({"step": step, "metrics": {"x": 1}}, {"step": step}):
        assert built(made(extra)).step == expected


@pytest.mark.parametrize("step", [1.0, "3", None, 2**63, [1]])
def test_anything_else_as_step_is_an_attribute(step: Any) -> None:
    """What is no index, or beyond 64 bits, stays under the attributes and nothing is dropped."""
    back = written(built(made({"step": step, "metrics": {"x": 1}})))
    assert "step" not in back
    if step is not None:
        assert back["attributes"]["step"] == (str(step) if step == 2**63 else step)


@pytest.mark.parametrize("metrics", [3, "text", [1], None])
def test_metrics_that_are_no_mapping_are_an_attribute(metrics: Any) -> None:
    """Metrics that are no mapping make no metric record, and are kept."""
    line = built(made({"metrics": metrics}))
    assert stream_of(line) == LOGS
    if metrics is not None:
        assert written(line)["attributes"] == {"metrics": metrics}


def test_empty_metrics_make_an_ordinary_record() -> None:
    """An empty mapping is no metric record."""
    line = built(made({"metrics": {}, "step": 1}))
    assert stream_of(line) == LOGS
    assert line.attributes is None


def test_nothing_a_caller_passes_overwrites_a_field() -> None:
    """Extras called like fields of the line become attributes."""
    extra = {
        "time": 0,
        "seq": -1,
        "level": "x",
        "logger": "y",
        "file": "z",
        "exception": 1,
        "template": "t",
        "values": 2,
    }
    back = written(built(made({**extra, "metrics": {"x": 1}, "step": 1})))
    assert back["attributes"] == extra
    assert back["level"] == "INFO"
    assert back["template"] == "text"


@pytest.mark.parametrize("created", [math.nan, math.inf, 1e300, "yesterday", None])
def test_created_that_is_no_time_becomes_now(created: Any) -> None:
    """A record whose time is none gets the time of now, and the original is an attribute."""
    back = written(built(made(created=created)))
    assert back["time"].startswith("20")
    if created is not None:
        assert "created" in back["attributes"]


@settings(max_examples=300)
@given(st.floats(min_value=0, max_value=4e9))
def test_time_is_rounded_to_whole_microseconds(created: float) -> None:
    """The time is round(created * 1e6) microseconds, by integer arithmetic."""
    text = built(made(created=created)).time
    from datetime import datetime, timedelta

    us = (datetime.fromisoformat(text) - datetime.fromisoformat("1970-01-01T00:00:00Z")) // timedelta(microseconds=1)
    assert us == round(created * 1e6)
    assert len(text) == 27


def test_times_before_the_cached_second_and_after_are_right() -> None:
    """The cached second never leaks into a record of another second."""
    builder = RecordBuilder(None)
    times = [builder.build(made(created=created)).time[:20] for created in (10.5, 9.999999, 10.0, 3600.25, 10.5)]
    assert times == [
        "1970-01-01T00:00:10.",
        "1970-01-01T00:00:09.",
        "1970-01-01T00:00:10.",
        "1970-01-01T01:00:00.",
        "1970-01-01T00:00:10.",
    ]


def test_exception_has_type_message_and_stack_trace() -> None:
    """An exception is kept as fields; a class of one's own has its qualified name."""

    class OwnError(Exception):
        pass

    try:
        raise OwnError("what")
    except OwnError as error:
        record = made(exc_info=(OwnError, error, error.__traceback__))
    back = written(built(record))
    assert back["exception"]["type"].endswith("OwnError")
    assert back["exception"]["type"].startswith("tests.test_records.")
    assert back["exception"]["message"] == "what"
    assert 'raise OwnError("what")' in back["exception"]["stacktrace"]
    assert record.exc_text is None


def test_exception_text_of_a_pickled_record_is_kept() -> None:
    """A record that came over a socket has only the text of its exception."""
    back = written(built(made(exc_text="Traceback ...\nValueError: bad: worse")))
    assert back["exception"] == {
        "type": "ValueError",
        "message": "bad: worse",
        "stacktrace": "Traceback ...\nValueError: bad: worse",
    }


def test_own_levels_say_their_number() -> None:
    """A level outside the standard five is named with its number."""
    assert written(built(made(levelno=25, levelname="SUCCESS")))["level_number"] == 25
    assert "level_number" not in written(built(made()))


def test_nested_extra_of_loguru_is_understood() -> None:
    """Loguru hands its bound values over in one dict called extra."""
    line = built(made({"extra": {"metrics": {"loss": 0.5}, "step": 2, "user": "u", "message": "m"}}))
    assert (line.metrics, line.step) == ({"loss": 0.5}, 2)
    assert line.attributes == {"user": "u", "message": "m"}


def test_dict_message_is_understood_and_left_alone() -> None:
    """A dict as the message: metrics, step and text are taken from it, the rest are attributes."""
    message = {"event": "epoch done", "metrics": {"loss": 0.5}, "step": 2, "user": "u"}
    before = dict(message)
    line = built(made(msg=message))
    assert (line.message, line.metrics, line.step) == ("epoch done", {"loss": 0.5}, 2)
    assert line.attributes == {"user": "u"}
    assert message == before


def test_dict_message_without_text_keeps_what_logging_shows() -> None:
    """Without a text of its own a dict message reads as logging prints it."""
    line = built(made(msg={"a": 1}))
    assert line.message == "{'a': 1}"
    assert line.attributes == {"a": 1}


def test_mapping_arguments_format_the_message() -> None:
    """The one-mapping form of arguments works as in logging."""
    record = logging.LogRecord("n", 20, "p", 1, "%(a)s-%(b)d", ({"a": "x", "b": 2},), None)
    assert built(record).message == "x-2"


def test_any_mapping_serves_as_metrics() -> None:
    """Metrics may be any mapping, not only a dict."""
    assert built(made({"metrics": OrderedDict(b=1, a=2), "step": 1})).metrics == {"b": 1, "a": 2}
    assert built(made({"metrics": MappingProxyType({"b": 1.5})})).metrics == {"b": 1.5}


def test_mutation_after_the_call_changes_nothing(handler: RunHandler, logger: logging.Logger) -> None:
    """What is written is what the values were at the call."""
    metrics, rows = {"x": 1.0}, [1, 2]
    logger.info("m", extra={"metrics": metrics})
    logger.info("v", extra={"metrics": {"rows": rows}})
    metrics["x"] = 2.0
    rows.append(3)
    lines = all_lines(handler.run_path)
    assert lines[0]["metrics"] == {"x": 1.0}
    assert lines[1]["values"][0]["value"] == [1, 2]


def test_message_of_megabytes_is_kept_whole(handler: RunHandler, logger: logging.Logger) -> None:
    """A text of five megabytes is one line."""
    text = "é" * 2_500_000
    logger.info(text)
    (line,) = read_lines(handler.run_path, "logs")
    assert line["message"] == text


@pytest.mark.parametrize("value", [list(range(100_001)), "x" * (1024 * 1024 + 1), np.zeros((400, 400))])
def test_large_value_becomes_an_artifact(handler: RunHandler, logger: logging.Logger, value: Any) -> None:
    """A value over 1 MiB or 100,000 elements lies in an artifact with shape and checksum."""
    import hashlib

    logger.info("big", extra={"metrics": {"big/name": value, "n": 1}, "step": 5})
    (line,) = read_lines(handler.run_path, "values")
    (item,) = line["values"]
    content = (handler.run_path / "artifacts" / item["artifact"]).read_bytes()
    assert "value" not in item
    assert hashlib.sha256(content).hexdigest() == item["sha256"]
    assert json.loads(content)["value"] == (value.tolist() if isinstance(value, np.ndarray) else value)
    if not isinstance(value, str):
        assert item["shape"] == list(np.shape(value))
    (artifact,) = read_lines(handler.run_path, "artifacts")
    assert (artifact["name"], artifact["size"]) == (item["artifact"], len(content))
    assert {artifact["seq"], line["seq"]} == {1, 2}


def test_value_at_the_limit_stays_in_its_line(handler: RunHandler, logger: logging.Logger) -> None:
    """100,000 elements are not yet large."""
    logger.info("v", extra={"metrics": {"v": [0] * 99_999}})
    assert len(read_lines(handler.run_path, "values")[0]["values"][0]["value"]) == 99_999


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(
    metrics=st.dictionaries(st.text() | st.integers() | st.none() | st.floats(), JSON_LIKE, max_size=5),
    step=JSON_LIKE,
    message=JSON_LIKE,
    attribute=JSON_LIKE,
)
def test_any_record_becomes_one_strict_json_line(metrics: Any, step: Any, message: Any, attribute: Any) -> None:
    """Whatever is logged, the line is one JSON object on one line that the standard parser takes, strictly."""
    line = built(made({"metrics": metrics, "step": step, "attribute": attribute}, message))
    data = encode_line(line)
    assert data.count(b"\n") == 1
    back = json.loads(data, parse_constant=lambda constant: pytest.fail(constant))
    kept = set(back.get("metrics", ())) | {item["name"] for item in back.get("values", ())}
    assert len(kept) == len(metrics)
