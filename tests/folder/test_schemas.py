"""The shipped schemas fit what is written, and the specification names every field."""

from __future__ import annotations

import importlib.resources
import json
import logging
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import numpy as np
import pytest

from runlogging import RunHandler
from runlogging.folder import STREAMS, ArtifactLine, Line, Manifest, MetricSummary, WriterEntry, WriterSummary
from runlogging.folder._life import LifeLine

from ..conftest import read_lines
from . import read_run

SPECIFICATION = (Path(__file__).parent.parent.parent / "docs" / "format.md").read_text(encoding="utf-8")
SURPRISES: list[Any] = [[{}], {"?": [{}]}, 1.5, "text", True, None, -1, []]


def _schema(stream: str) -> dict[str, Any]:
    file = importlib.resources.files("runlogging.folder") / "schemas" / f"{stream}.json"
    return json.loads(file.read_bytes())  # type: ignore[no-any-return]


def _validator(stream: str) -> Any:
    return jsonschema.Draft202012Validator(_schema(stream))


class _Silent:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def _own_error() -> ValueError:
    try:
        raise ValueError("own: ü\ud800")
    except ValueError as error:
        return error


def _values() -> Iterator[Any]:
    """Give values of every kind that the specification names, and some that it does not."""
    endless: list[Any] = []
    endless.append(endless)
    yield from (True, None, "text", "\ud800", "", [], {}, (), set(), b"bytes", _Silent(), endless, Ellipsis)
    yield from ([1, 2.5, None, "a"], [[1, 2], [3, 4]], [[1], [2, 3]], {"a": 1, "b": None}, {"a": [1, 2], "b": [3, 4]})
    yield from (
        np.arange(3),
        np.eye(2),
        np.zeros((2, 2, 2)),
        np.array(["a"]),
        np.bool_(True),
        np.datetime64("2026-01-01"),
    )
    yield from (datetime(2026, 1, 1, tzinfo=UTC), Path("a"), Decimal("0.1"), Fraction(1, 3), UUID(int=1), 1j, range(3))
    yield from ([math.nan, math.inf, -math.inf], {"a": [2**64, -(2**70)]}, {"a/b~c": math.nan}, [10**5000])
    yield from (list(range(100_001)), "x" * (1024 * 1024 + 1), np.zeros((400, 400)), {"a": [math.nan] * 100_001})


def _log_broadly(logger: logging.Logger) -> None:
    """Log what programs log: every kind of value, number, attribute, exception and mistake."""
    for number, value in enumerate(_values()):
        logger.info("value %d", number, extra={"metrics": {"v": value, "n": number}, "step": number})
        logger.info("attribute", extra={"attribute": value if number < 30 else None})
    numbers: list[Any] = [0, -1, 0.5, 1e308, math.nan, math.inf, -math.inf, 2**63, 10**400, 10**5000, np.float32(0.1)]
    for odd in numbers:
        logger.info("number", extra={"metrics": {"x": odd, "y": 1}, "step": -5})
        logger.info("attribute", extra={"user": odd})
    for step in (2**63 - 1, -(2**63), 2**63, 1.5, "x", True, None):
        logger.warning("step", extra={"metrics": {"x": 1}, "step": step})
        logger.warning("step", extra={"step": step})
    for level in (1, 10, 25, 50, 100):
        logger.log(level, "level %s", level)
    error = _own_error()
    for extra in (None, {"metrics": {"x": 1}}, {"metrics": {"x": "text"}}):
        logger.error("failed", exc_info=error, stack_info=True, extra=extra)
    logger.info("%d items", "many")
    logger.info(_Silent())
    logger.info({"event": "dict", "metrics": {"x": 1}, "step": 2, "user": "u"})
    logger.info("clash", extra={"metrics": {1: 1, "1": 2}, "seq": "x", "time": 1, "level": [], "template": {}})
    logger.info("", extra={"metrics": {}, "process_name": "p"})
    logger.info("created", extra={"metrics": "none"})


@pytest.fixture
def broad_run(handler: RunHandler, logger: logging.Logger) -> Path:
    """Give a run with lines of every kind in all four streams."""
    logger.setLevel(1)
    _log_broadly(logger)
    handler.close()
    return handler.run_path


def test_every_line_fits_the_schema_of_its_stream(broad_run: Path) -> None:
    """Whatever was logged, each line validates against the schema that ships; nothing was dropped."""
    counts = {}
    for stream in STREAMS:
        validator, lines = _validator(stream), read_lines(broad_run, stream)
        counts[stream] = len(lines)
        for line in lines:
            validator.validate(line)
    manifest = read_run(broad_run)
    assert manifest["counts"] == counts
    assert manifest["dropped"] is None
    assert all(counts.values())


def test_optional_fields_are_all_met(broad_run: Path) -> None:
    """The broad set of records is broad: it writes every field of a line but those of queues and tasks."""
    met = {field for stream in STREAMS for line in read_lines(broad_run, stream) for field in line}
    assert met >= set(Line.__struct_fields__) - {"task", "process", "recorded", "description"}
    items = {key for line in read_lines(broad_run, "values") for item in line["values"] for key in item}
    item_schema = _schema("values")["properties"]["values"]["items"]["properties"]
    assert items == set(item_schema) - {"description"}


def _known_surprise(field: str, surprise: Any, line: dict[str, Any]) -> bool:
    """Tell whether a surprise is of the field's own type."""
    own = type(line[field])
    return own is type(surprise) and not (own is int and surprise < 0 and field in ("seq", "size"))


def test_mutated_lines_are_refused(broad_run: Path) -> None:
    """No field of any line takes a value of a type that the specification does not give it."""
    for stream in STREAMS:
        validator = _validator(stream)
        for line in read_lines(broad_run, stream)[:60]:
            for field in line:
                for surprise in SURPRISES:
                    if not _known_surprise(field, surprise, line):
                        assert not validator.is_valid(line | {field: surprise}), (stream, field, surprise)


@pytest.mark.parametrize(
    ("stream", "mutation"),
    [
        ("logs", {"surprise": 1}),
        ("logs", {"metrics": {"x": 1}}),
        ("logs", {"values": []}),
        ("metrics", {"values": [{"name": "a", "type": "text", "value": "b"}]}),
        ("metrics", {"metrics": {}}),
        ("metrics", {"metrics": {"x": "1"}}),
        ("metrics", {"metrics": {"x": True}}),
        ("metrics", {"nonfinite": {"x": "nan"}}),
        ("metrics", {"exact": {"x": 1}}),
        ("values", {"values": [{"name": "a", "type": "text"}]}),
        ("values", {"values": [{"type": "text", "value": 1}]}),
        (
            "values",
            {"values": [{"name": "a", "type": "text", "value": 1, "artifact": "a", "sha256": "0" * 64, "size": 1}]},
        ),
        ("values", {"values": [{"name": "a", "type": "json", "artifact": "a", "sha256": "0" * 63, "size": 1}]}),
        ("values", {"values": [{"name": "a", "type": "text", "value": 1, "surprise": 1}]}),
        ("artifacts", {"sha256": "A" * 64}),
        ("artifacts", {"name": ""}),
        ("artifacts", {"message": "text"}),
        ("logs", {"exception": {"type": "a", "message": "b"}}),
        ("logs", {"problems": [1]}),
        ("logs", {"recorded": False}),
        ("logs", {"seq": 0}),
        ("logs", {"step": 2**63}),
        ("logs", {"time": "2026-11-23T23:05:02Z"}),
        ("logs", {"time": "2026-11-23T23:05:02.123456+00:00"}),
    ],
)
def test_strange_fields_are_refused(broad_run: Path, stream: str, mutation: dict[str, Any]) -> None:
    """A field of another stream, an unknown one, and contents against the specification are refused."""
    validator, line = _validator(stream), read_lines(broad_run, stream)[0]
    assert validator.is_valid(line)
    assert not validator.is_valid(line | mutation)


@pytest.mark.parametrize("stream", STREAMS)
def test_required_fields_are_required(broad_run: Path, stream: str) -> None:
    """Without one of its required fields a line is refused, and without any other it is not."""
    validator, schema = _validator(stream), _schema(stream)
    for line in read_lines(broad_run, stream):
        for field in line:
            rest = {key: value for key, value in line.items() if key != field}
            assert validator.is_valid(rest) is (field not in schema["required"]), field


@pytest.mark.parametrize("stream", STREAMS)
def test_schemas_are_schemas_of_the_lines(stream: str) -> None:
    """Each schema is valid itself, and describes the fields of the struct that is written, and no others."""
    schema = _schema(stream)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(f":{stream}")
    fields = set((ArtifactLine if stream == "artifacts" else Line).__struct_fields__)
    missing = {"logs": {"metrics", "values", "nonfinite", "exact", "description"}, "metrics": {"values"}}
    assert set(schema["properties"]) == fields - missing.get(stream, set())


def _section(title: str) -> str:
    found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^#{{1,3}} |\Z)", SPECIFICATION, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found.group(2)


def _fields_of_table(title: str) -> set[str]:
    rows = re.findall(r"^\| (`[^|]*) \|", _section(title), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize(
    ("title", "fields"),
    [
        ("The manifest, `run.json`", Manifest.__struct_fields__),
        ("Fields of a record", Line.__struct_fields__),
        ("Values", tuple(_schema("values")["properties"]["values"]["items"]["properties"])),
    ],
)
def test_specification_has_every_field_and_no_other(title: str, fields: tuple[str, ...]) -> None:
    """The tables of the specification name exactly the fields that are written."""
    assert _fields_of_table(title) == set(fields)


@pytest.mark.parametrize(
    ("title", "fields"),
    [
        ("Writers", LifeLine.__struct_fields__),
        ("The manifest, `run.json`", WriterEntry.__struct_fields__),
        ("Artifacts", ArtifactLine.__struct_fields__),
        ("Summaries", (*WriterSummary.__struct_fields__, *MetricSummary.__struct_fields__)),
    ],
)
def test_specification_mentions_every_field(title: str, fields: tuple[str, ...]) -> None:
    """What has no table of its own is at least named where it is specified."""
    text = _section(title)
    assert [field for field in fields if not re.search(rf'[`"]{field}["`:]', text)] == []
