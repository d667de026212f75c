"""One metric read by itself: the same points as the reader of all lines finds."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from runlogging.cli import _parts as parts_module
from runlogging.cli._column import MetricColumn
from runlogging.folder import parse_time
from runlogging.reading._model import numbers_of
from runlogging.reading._streams import StreamFile

TIME = "2026-11-25T08:49:28.192226Z"
PLAIN: list[Any] = [{"seq": n, "time": TIME, "step": n, "metrics": {"loss": n / 7, 'a"b': n, "": 1}} for n in range(40)]
LINES: dict[str, list[Any]] = {
    "plain": PLAIN,
    "one": PLAIN[:1],
    "missing": [*PLAIN, {"time": TIME, "step": 40, "metrics": {"other": 1.5}}, *PLAIN],
    "no-step": [*PLAIN, {"time": TIME, "metrics": {"loss": 3}}],
    "nan": [*PLAIN, {"time": TIME, "step": 40, "metrics": {"loss": None}, "nonfinite": {"loss": "NaN"}}],
    "nan-of-another": [{"time": TIME, "step": 1, "metrics": {"loss": 2, "x": None}, "nonfinite": {"x": "NaN"}}],
    "exact": [{"time": TIME, "step": 1, "metrics": {"loss": 1e300}, "exact": {"loss": "9" * 301}}],
    "exact-of-another": [{"time": TIME, "step": 1, "metrics": {"loss": 2, "x": None}, "exact": {"x": "9" * 301}}],
    "entry": [{"time": TIME, "level": "INFO", "message": '}\n{"metrics":{"loss":1}}'}, *PLAIN],
    "text": [*PLAIN, {"time": TIME, "step": 1, "metrics": {"loss": "5"}}],
    "flag": [*PLAIN, {"time": TIME, "step": 1, "metrics": {"loss": True}}],
    "no-time": [*PLAIN, {"step": 1, "metrics": {"loss": 5}}],
    "odd-time": [*PLAIN, {"time": "yesterday", "step": 1, "metrics": {"loss": 5}}],
    "no-digits": [*PLAIN, {"time": "2026-11-25T08:49:28.19x226Z", "step": 1, "metrics": {"loss": 5}}],
    "other-time": [*PLAIN, {"time": "2026-11-25T08:49:28+00:00", "step": 1, "metrics": {"loss": 5}}],
    "no-line": [*PLAIN, "no JSON", "", "[]", '{"time":', *PLAIN],
    "two-in-a-line": [json.dumps(PLAIN[0]) + json.dumps(PLAIN[1]), "", PLAIN[2]],
    "nothing": [],
}


def written(path: Path, lines: list[Any], *, tail: str = "") -> StreamFile:
    """Return a stream file of some lines; texts stand as they are."""
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts) + tail, encoding="utf-8")
    return StreamFile(path)


def expected(file: StreamFile, name: str, *, has_steps: bool) -> Iterator[tuple[float | None, float]]:
    """Yield the points that the reader of all lines finds."""
    for record in file.new_records():
        for known, value in numbers_of(record.line):
            if known == name:
                yield (record.line.step if has_steps else parse_time(record.line.time).timestamp()), value


@pytest.mark.parametrize("has_steps", [True, False], ids=["step", "time"])
@pytest.mark.parametrize("name", ["loss", 'a"b', ""], ids=["loss", "quote", "empty"])
@pytest.mark.parametrize("kind", LINES)
def test_points_are_those_of_all_lines(tmp_path: Path, kind: str, name: str, *, has_steps: bool) -> None:
    """Whatever stands beside a number, or is wrong in a file, the points are those of the reader of all lines."""
    file = written(tmp_path / "metrics.jsonl", LINES[kind], tail='{"time":')
    pieces = list(MetricColumn(name, has_steps=has_steps).pieces(file))
    found = [point for piece in pieces for point in zip(piece.xs, piece.ys, strict=True)]
    assert repr(as_numbers(found)) == repr(as_numbers(expected(file, name, has_steps=has_steps)))


def as_numbers(points: Any) -> list[tuple[float | None, float]]:
    """Return points as floats, which compare by their text, NaN too; integers that no float holds as infinity."""
    return [(x if x is None else float(x), float(y) if abs(y) < 1e308 or y != y else math.inf) for x, y in points]


def test_pieces_cover_a_long_file(tmp_path: Path) -> None:
    """Lines of all lengths, over many pieces, are all found once."""
    lines = [
        {
            "time": TIME,
            "step": n,
            "metrics": {"loss": n, **({f"x{m}": m for m in range(9_000)} if n % 500 == 0 else {})},
        }
        for n in range(2_000)
    ]
    file = written(tmp_path / "metrics.jsonl", lines)
    pieces = list(MetricColumn("loss", has_steps=True).pieces(file))
    assert len(pieces) > 4
    assert [x for piece in pieces for x in piece.xs] == list(range(2_000))
    assert sum(piece.lines for piece in pieces) == 2_000


def kill_once(flag: Path, number: int) -> int:
    """Answer a number; the first process that is asked ends instead."""
    with suppress(FileExistsError):
        flag.touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize(("processors", "way"), [(1, ""), (2, ""), (2, "spawn"), (64, "")])
@pytest.mark.parametrize("has_steps", [True, False], ids=["step", "time"])
def test_parts_are_read_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int, way: str, *, has_steps: bool
) -> None:
    """A long file that several processes read has the points of one reading, bad lines and long ones included."""
    monkeypatch.setattr(parts_module, "_PART_BYTES", 1_000)
    monkeypatch.setattr(parts_module, "_processors", lambda: processors)
    if way:
        monkeypatch.setattr(parts_module, "_way_to_start", lambda: way)
    lines = [line for kind in LINES.values() for line in kind]
    lines.insert(len(lines) // 2, {"time": TIME, "step": 7, "metrics": {"loss": 0.5, "x" * 5_000: 1}})
    file = written(tmp_path / "metrics.jsonl", lines, tail='{"time":')
    assert len(parts_module.parts_of(file.path)) > 20
    pieces = list(MetricColumn("loss", has_steps=has_steps).pieces(file))
    found = [point for piece in pieces for point in zip(piece.xs, piece.ys, strict=True)]
    assert repr(as_numbers(found)) == repr(as_numbers(expected(file, "loss", has_steps=has_steps)))


def test_parts_follow_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part begins where the one before ends, at the start of a line; a file that is gone is one part."""
    monkeypatch.setattr(parts_module, "_PART_BYTES", 50)
    file = written(tmp_path / "metrics.jsonl", PLAIN)
    data = file.path.read_bytes()
    parts = parts_module.parts_of(file.path)
    assert [end for _, end in parts] == [*[begin for begin, _ in parts[1:]], None]
    assert all(not begin or data[begin - 1 : begin] == b"\n" for begin, _ in parts)
    assert parts_module.parts_of(tmp_path / "absent") == [(0, None)]


def test_a_process_that_ends_costs_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process that was killed did not answer is answered all the same, in the same order."""
    monkeypatch.setattr(parts_module, "_processors", lambda: 2)
    flag = tmp_path / "killed"
    assert list(parts_module.at_once(kill_once, [(flag, number) for number in range(9)])) == list(range(9))
    assert flag.exists()


def test_without_another_process_this_one_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives no more processes, all is answered all the same."""

    def none() -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(parts_module, "_processors", lambda: 2)
    monkeypatch.setattr(parts_module, "_way_to_start", lambda: "fork")
    monkeypatch.setattr(os, "fork", none)
    assert list(parts_module.at_once(abs, [(-number,) for number in range(5)])) == list(range(5))
