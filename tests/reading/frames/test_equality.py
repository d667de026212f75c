"""Every way of reading says of a run what its series say, point by point."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runlogging.folder import Line, encode_line, format_time
from runlogging.reading import RunReader
from runlogging.reading.frames import metrics_columns, metrics_frame
from runlogging.reading.frames._names import Names
from runlogging.reading.frames._polars import Way, read_points

from .tools import BEGIN, as_doubles, comparable, points_in, run_of, said_by, text_of

WAYS = {
    "quick": Way(),
    "quick, many pieces": Way(piece_bytes=300),
    "decoded": Way(is_quick=False),
    "decoded, many pieces": Way(is_quick=False, piece_bytes=300),
}

NAMES = st.sampled_from(["loss", "val/loss", "a,b", 'q"q', "back\\slash", "é", "", ":", "}}", "seq", " x "]) | st.text(
    max_size=5
)
BIG = 10**400
NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([0, -0.0, 5e-324, 1.7976931348623157e308, 2**53 + 1, True])
)
# Lines that are none, or odd ones.
ODD_LINES = [
    b"\n",
    b"{\n",
    b'{"seq":1,"time":"2026-12-0\n',
    b"\x00\x00\x00\x00\n",
    b"\xff\xfe\n",
    b"\xef\xbb\xbf\n",
    b"   \n",
    b"[1,2]\n",
    b'{"seq":"1","time":"2026-12-01T00:00:00.000000Z","metrics":{"loss":1}}\n',
    b'{"seq":1,"time":"2026-13-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-02-30T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}},\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}},"x":1}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}}\r\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1e400}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":NaN}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":01.5}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":.5}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":null}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1E+2}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1,"loss":2}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":"1"}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{}}\n',
    b'{"seq":+1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1.5,"metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":99999999999999999999,"metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00+02:00","step":1,"metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z", "step":1,"metrics":{"loss":1.0}}\n',
    b' {"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}}\n',
    b'{"step":1,"seq":1,"time":"2026-12-01T00:00:00.000000Z","metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","level":5,"metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","unknown":5,"metrics":{"loss":1.0}}\n',
    b'{"time":"2026-12-01T00:00:00.000000Z","metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}},,,\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0},}\n',
    2 * b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}}' + b"\n",
    b'{"seq":1,"time":"2026-12-01T00:00:00.000000Z",\n"step":1,"metrics":{"loss":1.0}}\n',
    b'{"seq":01,"time":"2026-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:60.000000Z","step":1,"metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"2026-12-01T00:00:00.00000Z0","step":1,"metrics":{"loss":1.0}}\n',
    b'{"seq":1,"time":"0000-12-01T00:00:00.000000Z","step":1,"metrics":{"loss":1.0}}\n',
]

ODD = st.sampled_from(ODD_LINES)


@st.composite
def odd_numbers(draw: st.DrawFn) -> dict[str, Any]:
    """Return fields of a line whose numbers JSON cannot all write."""
    name = draw(NAMES)
    if draw(st.booleans()):
        return {"metrics": {name: None}, "nonfinite": {name: draw(st.sampled_from(["NaN", "Infinity", "-Infinity"]))}}
    exact = draw(st.sampled_from([2**64 + 1, -(2**70) - 1, BIG, -BIG]))
    nearest = None if abs(exact) == BIG else float(exact)
    return {"metrics": {name: nearest}, "exact": {name: str(exact)}}


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Return the text of a line, mostly one of a few skeletons."""
    seq = draw(st.none() | st.integers(1, 40))
    fields: dict[str, Any] = {"step": draw(st.none() | st.integers(-3, 3)) if seq is None or seq % 4 else seq}
    kind = draw(st.integers(0, 9))
    if kind < 6:
        fields["metrics"] = {("loss", "val", "a")[kind % 3]: draw(st.floats(-10, 10))}
    elif kind == 6:
        fields["metrics"] = draw(st.dictionaries(NAMES, NUMBERS, max_size=4))
    elif kind == 7:
        fields.update(draw(odd_numbers()))
    elif kind == 8:
        fields.update(metrics={"loss": 1.5}, level="INFO", message=draw(st.text(max_size=5)), attributes={"x": 1})
    else:
        fields.update(values=[{"name": "t", "type": "text", "value": "x"}], metrics={"beside": 2})
    is_recorded = draw(st.integers(0, 60)) == 60
    time = format_time(BEGIN + draw(st.floats(0, 3)))
    return encode_line(Line(seq=seq, time=time, recorded=True if is_recorded else None, **fields))


CONTENTS = st.lists(lines() | lines() | lines() | ODD, max_size=25)
FILES = ("metrics.jsonl", "metrics.rank1.jsonl", "values.jsonl")


def check(run: RunReader) -> None:
    """Hold all ways of reading a run against its series."""
    said = said_by(run)
    assert comparable(points_in(metrics_columns(run))) == comparable(said)
    doubles = comparable(as_doubles(said))
    frames = [read_points(run, Names(None), way) for way in WAYS.values()]
    for frame in frames:
        assert comparable(points_in(frame.to_dict(as_series=False))) == doubles
    for frame in frames[1:]:
        assert frame.drop("line").equals(frames[0].drop("line"))
    columns = metrics_columns(run)
    assert frames[0]["name"].to_list() == columns["name"]
    assert frames[0]["attributes"].to_list() == columns["attributes"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(CONTENTS, CONTENTS, CONTENTS), st.sampled_from([b"", b'{"seq":9,"ti', b'{"seq":99}']))
@example(([text_of(n, {"loss": 0.5}, step=n) for n in range(9)], [], []), b"")
@example(([text_of(n, {"loss": 0.5}) for n in range(9)], [text_of(n, {"val": 0.5}, 9 - n) for n in range(9)], []), b"")
def test_every_way_says_what_the_series_say(contents: Sequence[Sequence[bytes]], torn: bytes) -> None:
    """Whatever stands in the files, columns and frames have the points of `RunReader.metrics` in their order."""
    with tempfile.TemporaryDirectory() as root:
        files = {name: [*pieces, torn] for name, pieces in zip(FILES, contents, strict=True) if pieces}
        check(run_of(Path(root), files))


@pytest.mark.parametrize("odd", [b"\n", b"\x00\x00\n", b"{\n", b"\xff\n", b'{"seq":1,\n', b"x,,,,\n", b" \n", b"\r\n"])
@pytest.mark.parametrize("place", [0, 50, 100])
def test_bad_line_among_good_ones(odd: bytes, place: int, tmp_path: Path) -> None:
    """A line that is none costs itself, wherever it stands among lines of one skeleton."""
    texts = [text_of(number, {"loss": number / 7}, step=number) for number in range(1, 101)]
    run = run_of(tmp_path, {"metrics.jsonl": [*texts[:place], odd, *texts[place:]]})
    check(run)
    assert metrics_frame(run)["seq"].to_list() == list(range(1, 101))


@pytest.mark.parametrize("number", range(len(ODD_LINES)))
def test_odd_line_among_good_ones(number: int, tmp_path: Path) -> None:
    """A line that looks like the others is what the series say, and none where they say so."""
    texts = [text_of(number, {"loss": number / 7}, step=number) for number in range(1, 101)]
    check(run_of(tmp_path, {"metrics.jsonl": [*texts[:50], ODD_LINES[number], *texts[50:]]}))


@pytest.mark.parametrize(
    "name", ["loss", "a,b", 'a"b', "a\\b", "é,ü", "日本", "a:b", "a}}", "(a|b)*+?[x]{2}^$.#& ~-", "\x7f", "\t", "a b"]
)
def test_odd_name(name: str, tmp_path: Path) -> None:
    """A name of whatever characters is found again, alone and among others."""
    texts = [text_of(number, {name: number / 3, "other": 1}, step=number) for number in range(20)]
    check(run_of(tmp_path, {"metrics.jsonl": [*texts, *(text_of(n, {name: 0.1}) for n in range(20, 40))]}))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**100), 2**100), min_size=4))
def test_quick_way_parses_numbers_to_the_bit(values: list[float | int]) -> None:
    """A double and the nearest double of an integer are the same by the quick way as by the decoder."""
    with tempfile.TemporaryDirectory() as root:
        texts = [text_of(number, {"x": value}, step=number) for number, value in enumerate(values)]
        run = run_of(Path(root), {"metrics.jsonl": texts})
        quick, decoded = (read_points(run, Names(None), way)["value"] for way in (Way(), Way(is_quick=False)))
        assert [value.hex() for value in quick] == [float(value).hex() for value in values]
        assert quick.equals(decoded)


@pytest.mark.parametrize("name", ["loss", "val", "a", "beside"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contents=st.tuples(CONTENTS, CONTENTS, CONTENTS))
def test_names_choose_points_and_keep_their_order(name: str, contents: Sequence[Sequence[bytes]]) -> None:
    """The points of one metric are those of all, in the same order."""
    with tempfile.TemporaryDirectory() as root:
        files = {file: [*pieces, text_of(50, {name: 1.0})] for file, pieces in zip(FILES, contents, strict=True)}
        run = run_of(Path(root), files)
        said = [(known, points) for known, points in comparable(as_doubles(said_by(run))) if known == name]
        assert comparable(as_doubles(points_in(metrics_columns(run, name)))) == said
        for way in WAYS.values():
            columns = read_points(run, Names([name]), way).to_dict(as_series=False)
            assert comparable(points_in(columns)) == said


def test_a_line_of_two_objects_does_not_make_up_for_an_empty_one(tmp_path: Path) -> None:
    """As many objects as newlines are not an object a line."""
    good = [text_of(number, {"loss": number / 3}, step=number) for number in range(20)]
    pieces = [*good[:7], b"\n", *good[7:11], good[11][:-1] + good[12], *good[13:]]
    check(run_of(tmp_path, {"metrics.jsonl": pieces}))
