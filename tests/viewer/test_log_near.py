"""The log around a moment from the files alone is what the index says once it is there."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from runlogging.folder import Line, encode_line, stream_path
from runlogging.reading import LogPages
from runlogging.viewer._log_near import records_near
from runlogging.viewer._log_places import around, spot_of
from tests.reading.tools import manifest_only
from tests.viewer.conftest import StartViewer

LINES = 30_000


def _time(number: int) -> str:
    return f"2026-11-23T{number // 36_000:02d}:{number // 600 % 60:02d}:{number // 10 % 60:02d}.{number % 10}00000Z"


@pytest.fixture
def long_log(tmp_path: Path) -> Path:
    """Give a run with points and lines in turns of one writer, some lines of another, and a torn one at the end."""
    run = manifest_only(tmp_path / "runs", "long", "near", status="Completed")
    texts = [f"line {n} {'x' * (n % 90)}" for n in range(LINES)]
    lines = [Line(seq=2 * n + 2, time=_time(n), level="INFO", message=text) for n, text in enumerate(texts)]
    points = [Line(seq=2 * n + 1, time=_time(n), metrics={"loss": n / 2}, step=n) for n in range(LINES)]
    others = [Line(seq=n + 1, time=_time(1_000 * n), level="INFO", message=f"other {n}") for n in range(20)]
    stream_path(run, "logs", "main").write_bytes(b"".join(map(encode_line, lines)) + b'{"seq":9,"time":"2026')
    stream_path(run, "metrics", "main").write_bytes(b"".join(map(encode_line, points)))
    stream_path(run, "logs", "rank1").write_bytes(b"".join(map(encode_line, others)))
    return run


@pytest.mark.parametrize("number", [0, 1, 7, 1_000, 12_345, 29_000, LINES - 2, LINES - 1])
def test_lines_are_those_of_the_index(long_log: Path, number: int) -> None:
    """Around a point of a writer stand the lines that the index finds there, at the ends of the log too."""
    seq = 2 * number + 1
    earlier, later = records_near(long_log, _time(number), "main", seq, 8)
    pages = LogPages(long_log)
    before, behind = around(pages, spot_of(pages, _time(number), "main", seq), 8, "main", None)
    found = [{(one.writer, one.line.seq) for one in side} for side in (earlier, later)]
    expected = [{(one.record.writer, one.record.line.seq) for one in side} for side in (before, behind)]
    assert found == expected


def test_a_moment_outside_of_the_log(long_log: Path) -> None:
    """Before the first line and behind the last one stand the lines that are nearest."""
    earlier, later = records_near(long_log, "2026-11-22T00:00:00.000000Z", "", None, 3)
    assert ([*earlier], [one.line.time for one in later]) == ([], [_time(0), _time(0), _time(1)])
    earlier, later = records_near(long_log, "2026-11-24T00:00:00.000000Z", "", None, 3)
    assert ([one.line.message.split()[1] for one in earlier if one.line.message], [*later]) == (
        [str(LINES - 3), str(LINES - 2), str(LINES - 1)],
        [],
    )


def test_the_page_may_ask_before_the_index_is_there(long_log: Path, start_viewer: StartViewer) -> None:
    """With early=1 the first question is answered from the files, without a place; without it with one."""
    viewer = start_viewer(long_log.parent.parent)
    asked = {"run": "near/long", "time": _time(20_000), "seq": "40001", "writer": "main", "n": "4"}
    with httpx.Client(base_url=viewer.base, timeout=60) as client:
        client.get(viewer.url)
        early = client.get("api/around", params={**asked, "early": "1"}).json()
        whole = client.get("api/around", params=asked).json()
        again = client.get("api/around", params={**asked, "early": "1"}).json()
    assert [one["seq"] for one in early["entries"]] == [39_998, 40_000, 40_002, 40_004]
    assert early["place"] is None
    assert again == whole
    assert [one["seq"] for one in whole["entries"]] == [39_998, 40_000, 40_002, 40_004]
