"""Marks of a log for the charts: which records are some, what stands for many warnings, and that none is lost."""

from __future__ import annotations

import logging
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

import runlogging
from runlogging.folder import Line, encode_line, stream_path
from runlogging.keeping import pack
from runlogging.viewer._log_book import LogBook
from runlogging.viewer._log_marks import MOST_MARKS, MOST_TICKS, Marks, thinned
from tests.reading.tools import manifest_only
from tests.viewer.conftest import PATIENCE_S, StartViewer


def _gathered(run: Path) -> Marks:
    book, is_done = LogBook(run), False
    while not is_done:
        with book.lock:
            found, is_done = book.marks(5.0)
    return found


def _line(number: int, **fields: Any) -> bytes:
    moment = f"2026-11-23T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000000Z"
    return encode_line(Line(seq=number, time=moment, **fields))


def _write(root: Path, lines: list[bytes]) -> Path:
    run = manifest_only(root, status="Completed")
    stream_path(run, "logs", "main").write_bytes(b"".join(lines))
    return run


def test_a_record_with_the_attribute_is_a_mark(tmp_path: Path) -> None:
    """True takes the message as the label and a text is the label itself; anything else is no mark."""
    log = logging.getLogger("marks.attribute")
    log.setLevel("DEBUG")
    with runlogging.start_run("marks", root=tmp_path / "runs") as run:
        log.info("rate halved", extra={"mark": True, "step": 7})
        log.debug("saved to %s", "disk", extra={"mark": "checkpoint 1"})
        log.info("with numbers", extra={"mark": "lr change", "metrics": {"lr": 0.1}, "step": 9})
        for other in (False, 0, "", 1, ["x"]):
            log.info("not one", extra={"mark": other})
        log.info('says "mark" and is none')
    found = _gathered(Path(run.path))
    assert [(one["label"], one["step"], one["level"]) for one in found.marks] == [
        ("rate halved", 7, "INFO"),
        ("checkpoint 1", None, "INFO"),
        ("lr change", 9, "INFO"),
    ]
    assert [one["place"] for one in found.marks] == [0, 1, 2]
    assert (found.ticks, found.scanned) == ([], 9)


def test_few_warnings_are_told_one_by_one(tmp_path: Path) -> None:
    """Each has its level, time, step, writer and message."""
    lines = [_line(1, level="INFO", message="a"), _line(2, level="WARNING", message="odd", step=5)]
    lines += [_line(3, level="ERROR", message="bad"), _line(4, level="LOUD", level_number=55, message="worse")]
    found = _gathered(_write(tmp_path / "runs", lines))
    assert [(one["level"], one["label"], one["step"], one["count"], one["seq"]) for one in found.ticks] == [
        ("WARNING", "odd", 5, 1, 2),
        ("ERROR", "bad", None, 1, 3),
        ("CRITICAL", "worse", None, 1, 4),
    ]
    assert found.ticks[0]["us"] == 1_795_392_002_000_000
    assert found.ticks[0]["writer"] == "main"


def test_many_warnings_are_bounded_and_all_counted(tmp_path: Path) -> None:
    """Some hundred ticks stand for all, in the order of the log, and marks among them are found."""
    lines = [
        _line(number, level="ERROR" if number % 10 == 0 else "WARNING", message=f"warning {number}")
        for number in range(1, 30_001)
    ]
    lines[20_000] = _line(20_001, level="INFO", message="here", attributes={"mark": True})
    found = _gathered(_write(tmp_path / "runs", lines))
    ticks = thinned(found.ticks, MOST_TICKS)
    assert len(ticks) <= MOST_TICKS + 2
    counts = Counter[str]()
    for one in ticks:
        counts[one["level"]] += one["count"]
    assert counts == {"WARNING": 26_999, "ERROR": 3_000}
    assert [one["us"] for one in ticks] == sorted(one["us"] for one in ticks)
    assert [one["label"] for one in found.marks] == ["here"]


def test_more_marks_than_are_sent_are_counted(tmp_path: Path) -> None:
    """The first ones are kept, and how many others there are is said."""
    lines = [_line(number, level="INFO", message="m", attributes={"mark": True}) for number in range(MOST_MARKS + 12)]
    found = _gathered(_write(tmp_path / "runs", lines))
    assert (len(found.marks), found.left_out) == (MOST_MARKS, 12)


def test_what_comes_later_is_found_once(tmp_path: Path) -> None:
    """A log that grows is looked at from where the last look ended."""
    run = _write(tmp_path / "runs", [_line(1, level="WARNING", message="one")])
    book = LogBook(run)
    with book.lock:
        assert len(book.marks(5.0)[0].ticks) == 1
    with stream_path(run, "logs", "main").open("ab") as file:
        file.write(_line(2, level="WARNING", message="two") + _line(3, message="m", attributes={"mark": "x"}))
    with book.lock:
        found, is_done = book.marks(5.0)
    assert is_done
    assert [one["label"] for one in found.ticks] == ["one", "two"]
    assert [one["label"] for one in found.marks] == ["x"]


def test_a_packed_run_has_the_same_marks(tmp_path: Path) -> None:
    """Packing changes no mark and no tick."""
    pytest.importorskip("pyarrow")
    lines = [_line(1, level="WARNING", message="w"), _line(2, level="INFO", message="m", attributes={"mark": "x"})]
    run = _write(tmp_path / "runs", lines)
    before = _gathered(run)
    pack(run)
    after = _gathered(run)
    assert (after.marks, after.ticks) == (before.marks, before.ticks)
    assert len(after.marks) == 1


def test_the_server_answers_until_all_was_looked_through(tmp_path: Path, start_viewer: StartViewer) -> None:
    """``done`` says whether to ask again; a long label is cut, and a run that is not there is an error."""
    lines = [_line(number, level="INFO", message=f"m{number}") for number in range(20_000)]
    lines.append(_line(20_000, level="INFO", message="m", attributes={"mark": "y" * 900}))
    _write(tmp_path / "runs", lines)
    viewer = start_viewer(tmp_path / "runs")
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        until = time.monotonic() + PATIENCE_S
        answer: dict[str, Any] = {"done": False}
        while not answer["done"] and time.monotonic() < until:
            answer = client.get("api/marks", params={"run": "test/r1"}).json()
        assert (answer["done"], answer["count"], answer["left_out"]) == (True, 20_001, 0)
        assert [one["label"] for one in answer["marks"]] == ["y" * 200]
        assert client.get("api/marks", params={"run": "test/none"}).status_code == 404
