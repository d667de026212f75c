"""What a packed stream holds: its columns, the facts in its metadata, and the way from rows back to lines. No I/O.

``docs/format.md`` specifies it. A line of ``metrics`` is a row a point, a line of another stream is one row. A line
that its columns do not give back to the byte stands in ``raw`` of its first row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count, repeat
from typing import Any, Literal, NamedTuple

import msgspec

from runlogging.folder import ArtifactLine, Line, nonfinite_text, second_text

LAYOUT = 1
"""The newest version of the columns that this package reads and the one that it writes."""

METADATA_KEY = "runlogging"
"""The key of the Parquet file's metadata under which its `Packing` stands, as JSON."""

Kind = Literal["int", "short", "time", "double", "word", "text", "bool", "bytes"]
"""The type of a column. A word is a text of which a file holds few different ones."""

_CONSTANT: dict[str, Kind] = {"experiment": "word", "run": "word", "writer": "word"}
_HEAD: dict[str, Kind] = {"seq": "int", "time": "time", "step": "int"}
_POINT: dict[str, Kind] = {"name": "word", "value": "double", "integer": "int", "exact": "text", "place": "short"}
_ENVELOPE: dict[str, Kind] = {
    "level": "word",
    "logger": "word",
    "message": "text",
    "template": "word",
    "file": "word",
    "line": "int",
    "function": "word",
    "thread": "word",
    "task": "word",
    "process": "int",
    "level_number": "int",
    "attributes": "text",
    "exception_type": "word",
    "exception_message": "text",
    "exception_stacktrace": "text",
    "stack": "text",
    "problems": "text",
    "recorded": "bool",
    "description": "text",
}
_ITEMS: dict[str, Kind] = {"values": "text", "metrics": "text", "nonfinite": "text", "exact": "text"}
_FILE: dict[str, Kind] = {"name": "text", "size": "int", "sha256": "text", "type": "word"}
_RAW: dict[str, Kind] = {"offset": "int", "raw": "bytes"}

COLUMNS: dict[str, dict[str, Kind]] = {
    "logs": {**_CONSTANT, **_HEAD, **_ENVELOPE, **_RAW},
    "metrics": {**_CONSTANT, **_HEAD, **_POINT, **_ENVELOPE, **_RAW},
    "values": {**_CONSTANT, **_HEAD, **_ITEMS, **_ENVELOPE, **_RAW},
    "artifacts": {**_CONSTANT, "seq": "int", "time": "time", **_FILE, **_RAW},
}
"""The columns of each stream, name to kind, in their order."""

JSON_COLUMNS = ("attributes", "problems", "values", "metrics", "nonfinite", "exact")
"""The columns of lines that hold JSON text; ``exact`` only in ``values``."""

EXCEPTION = ("type", "message", "stacktrace")
"""The keys of an exception, in their order; each is a column."""


class Packing(msgspec.Struct, frozen=True):
    """What the metadata of a packed stream says.

    Attributes:
        layout: the version of the columns.
        stream, writer, part: as in the file's name.
        experiment, run: the run's, as its manifest says.
        size: of the JSON Lines, in bytes.
        sha256: of the JSON Lines, in hexadecimal.
        lines: how many whole lines they have, bad ones too, empty ones not.
        rest: how many bytes stand behind their last newline.
        last_time: the time of the last record.
        sorted: whether the rows are in the order of ``seq``, and none is ``recorded``.
    """

    layout: int
    stream: str
    writer: str
    part: int
    experiment: str
    run: str
    size: int
    sha256: str
    lines: int
    rest: int
    last_time: str | None
    sorted: bool


class Row(NamedTuple):
    """A line of a packed stream.

    Attributes:
        line: the line that its columns give; nothing of it is known where ``raw`` holds a bad line.
        raw: the line as it was, without its newline, where the columns do not give it back to the byte.
        offset: where it stood, where ``raw`` is known.
        end: the row of the file behind it, from 0.
    """

    line: Line | ArtifactLine
    raw: bytes | None
    offset: int
    end: int


def read_packing(metadata: Mapping[Any, Any]) -> Packing:
    """Return what the metadata of a Parquet file says of the stream in it; keys are text or bytes.

    Raises:
        ValueError: it is no packed stream, or of a newer layout.
    """
    text = metadata.get(METADATA_KEY) or metadata.get(METADATA_KEY.encode())
    if text is None:
        raise ValueError("no packed stream: the metadata does not say what it holds")
    try:
        packing = msgspec.json.decode(text, type=Packing)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"no packed stream: {error}") from error
    if packing.layout > LAYOUT:
        raise ValueError(f"packed in layout {packing.layout}; this runlogging reads layouts up to {LAYOUT}")
    return packing


def rows_of(
    stream: str, batches: Iterable[Mapping[str, Iterable[Any]]], *, first: int = 0, as_json: bool = False
) -> Iterator[Row]:
    """Yield the lines that the columns of a stream hold, in the order of the file.

    Args:
        stream: which.
        batches: its columns in pieces, name to items: times in microseconds since the epoch. A column without
            content may be endless.
        first: which row of the file the first of them is.
        as_json: leave what is JSON text as it is, for an encoder; such a line is not one to read.
    """
    ends = count(first + 1)
    if stream == "metrics":
        return _lines_of_points(batches, ends, as_json)
    return (row for columns in batches for row in _single_rows(stream, columns, ends, as_json))


def _single_rows(
    stream: str, columns: Mapping[str, Iterable[Any]], ends: Iterator[int], as_json: bool
) -> Iterator[Row]:
    build: Any = _artifact if stream == "artifacts" else Line
    fields = _artifact_fields(columns) if stream == "artifacts" else _fields(stream, columns, as_json)
    # Some columns are endless, and the count must not run ahead of the others.
    for raw, offset, end, *facts in zip(columns["raw"], columns["offset"], ends, *fields):  # noqa: B905
        yield Row(build(*facts), raw, offset, end)


def _artifact(seq: int | None, *facts: Any) -> ArtifactLine:
    time, name, size, sha256, kind = facts
    return ArtifactLine(seq=seq, time=time, name=name, size=size, sha256=sha256, type=kind)


def _artifact_fields(columns: Mapping[str, Iterable[Any]]) -> list[Iterable[Any]]:
    return [columns["seq"], _time_texts(columns["time"]), *(columns[name] for name in _FILE)]


def _fields(stream: str, columns: Mapping[str, Iterable[Any]], as_json: bool) -> list[Iterable[Any]]:
    """Return an iterable of each field of `Line`, in its order."""
    decode = msgspec.Raw if as_json else msgspec.json.decode
    made = {"time": _time_texts(columns["time"]), "exception": _exceptions(columns)}
    own = COLUMNS[stream]
    fields: list[Iterable[Any]] = []
    for name in Line.__struct_fields__:
        if name in made:
            fields.append(made[name])
        elif name not in own or (stream == "metrics" and name == "exact"):
            fields.append(repeat(None))
        elif name in JSON_COLUMNS:
            fields.append(_decoded(columns[name], decode))
        else:
            fields.append(columns[name])
    return fields


def _decoded(texts: Iterable[Any], decode: Any) -> Iterable[Any]:
    if isinstance(texts, repeat):
        return texts
    return [None if text is None else decode(text.encode()) for text in texts]


def _exceptions(columns: Mapping[str, Iterable[Any]]) -> Iterable[dict[str, str] | None]:
    parts = [columns[f"exception_{key}"] for key in EXCEPTION]
    if isinstance(parts[0], repeat):
        return parts[0]
    return (None if items[0] is None else dict(zip(EXCEPTION, items, strict=True)) for items in zip(*parts))  # noqa: B905


def _time_texts(times: Iterable[int | None]) -> Iterator[str]:
    known, text = None, ""
    for time in times:
        if time is None:
            yield ""
            continue
        second, fraction = divmod(time, 1_000_000)
        if second != known:
            known, text = second, second_text(second)
        yield f"{text}{fraction:06d}Z"


def _lines_of_points(
    batches: Iterable[Mapping[str, Iterable[Any]]], ends: Iterator[int], as_json: bool
) -> Iterator[Row]:
    # The rows of a line may lie in two batches.
    line: Line | None = None
    own: tuple[bytes | None, int] = None, 0
    end = 0
    for columns in batches:
        fields = zip(*_fields("metrics", columns, as_json))  # noqa: B905  (some are endless)
        points = zip(*(columns[name] for name in ("raw", "offset", *_POINT)))  # noqa: B905
        for (raw, offset, name, value, integer, exact, place), end, facts in zip(points, ends, fields):  # noqa: B905
            if place == 0 or line is None:
                if line is not None:
                    yield Row(line, *own, end - 1)
                line, own = Line(*facts), (raw, offset)
            if name is not None:
                _add_point(line, name, value, integer, exact)
    if line is not None:
        yield Row(line, *own, end)


def _add_point(line: Any, name: str, value: float | None, integer: int | None, exact: str | None) -> None:
    """Put a point into its line as it stood there; see `runlogging.keeping.packing._points`, which took it out."""
    if line.metrics is None:
        line.metrics = {}
    if exact is not None:
        line.exact = {**(line.exact or {}), name: exact}
    if integer is not None:
        line.metrics[name] = integer
    elif value is None or value - value == 0:
        line.metrics[name] = value
    else:
        line.metrics[name] = None
        line.nonfinite = {**(line.nonfinite or {}), name: nonfinite_text(value)}
