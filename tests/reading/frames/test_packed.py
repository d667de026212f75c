"""Runs that are packed or lie in a zip give the frames that they gave before."""

from __future__ import annotations

from pathlib import Path

import pytest

from runlogging.keeping import archive, pack
from runlogging.reading import RunReader, open_run
from runlogging.reading.frames import metrics_columns, metrics_frame
from runlogging.reading.frames._names import Names
from runlogging.reading.frames._polars import Way, read_points

from .tools import comparable, points_in, run_of, text_of

CONTENTS = {
    "plain": [text_of(n, {"loss": n / 7, "n": n}, step=n) for n in range(1, 50)],
    "out of order": [text_of(n, {"loss": n / 7}) for n in (3, 1, 2, 2)],
    "odd numbers": [
        text_of(1, {"x": None, "y": 1}, nonfinite={"x": "NaN"}),
        text_of(2, {"x": None}, exact={"x": str(-(10**400))}),
        text_of(3, {"x": float(2**70)}, exact={"x": str(2**70 + 1)}),
        text_of(4, {"x": None, "z": -0.0}),
    ],
    "bad lines": [text_of(1, {"x": 1}), b"{\n", b"\x00\n", b"\n", text_of(2, {"x": 2}), b'{"seq":3,"ti'],
    "records": [text_of(n, {"x": n}, level="INFO", logger="l", message=f"m{n}", attributes={"k": n}) for n in (1, 2)],
    "some records": [text_of(1, {"x": 1}), text_of(2, {"x": 2}, description="why")],
    "recorded": [text_of(1, {"x": 1}), text_of(2, {"x": 2}, 9), text_of(3, {"x": 3}, 2, recorded=True)],
}


@pytest.fixture(params=list(CONTENTS))
def run(request: pytest.FixtureRequest, tmp_path: Path) -> RunReader:
    """Return a run that is not packed yet."""
    texts = CONTENTS[request.param]
    other = [text_of(n, {"loss": 1.0, "x": 2.0}, n / 2) for n in range(1, 20)]
    values = [text_of(90, {"beside": 2}, values=[{"name": "t", "type": "text", "value": "x"}])]
    return run_of(tmp_path, {"metrics.jsonl": texts, "metrics.rank1.jsonl": other, "values.jsonl": values})


def test_packed_run_gives_the_same_frames(run: RunReader) -> None:
    """Each frame of a run is the same after packing, read from the columns and read line by line."""
    long, wide, plain = metrics_frame(run), metrics_frame(run, form="wide"), metrics_columns(run)
    pack(run.path)
    assert not list(run.path.glob("metrics*.jsonl"))
    assert metrics_frame(run).equals(long)
    assert metrics_frame(run, form="wide").equals(wide)
    assert comparable(points_in(metrics_columns(run))) == comparable(points_in(plain))
    assert read_points(run, Names(None), Way(is_quick=False)).select(long.columns).equals(long)
    name = str(long["name"][0])
    assert metrics_frame(run, name).equals(long.filter(long["name"] == name))


def test_run_in_a_zip_gives_the_same_frames(run: RunReader, tmp_path: Path) -> None:
    """Each frame of a run is the same from a zip, packed in it or not."""
    long, plain = metrics_frame(run), metrics_columns(run)
    for number in range(2):
        archive(run.path, tmp_path / f"{number}.zip")
        archived = open_run(tmp_path / f"{number}.zip")
        assert metrics_frame(archived).equals(long)
        assert comparable(points_in(metrics_columns(archived))) == comparable(points_in(plain))
        if not number:
            pack(run.path)
