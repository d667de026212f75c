"""Curves in one line, thinned curves, ticks, and the colours and labels of runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.cli._labels import LONGEST, labels_of
from runlogging.cli._sparks import ASCII_BLOCKS, BLOCKS, NAN_MARK, has_blocks, spark
from runlogging.drawing._palette import RUN_COLOURS, RunColours, colours_of
from runlogging.drawing._ticks import Ticks, duration_ticks, log_ticks, number_ticks, time_ticks
from runlogging.reading._sampling import Bucket, Buckets, as_float, columns_of, merged, sample_buckets
from tests.cli.tools import unsafe_in

_finite = st.floats(allow_nan=False, allow_infinity=False)
_any = st.floats()


def line_of(values: list[float], width: int = 20, *, blocks: bool = True) -> str:
    """Return the spark of some values."""
    buckets = Buckets(2 * width)
    buckets.extend(values)
    return spark(columns_of(buckets.buckets(), min(width, len(buckets.buckets()))), blocks=blocks)


# ---------------------------------------------------------------------- sampling


@given(st.lists(st.tuples(_finite, _any), max_size=200), st.integers(1, 8))
def test_sample_keeps_what_matters(points: list[tuple[float, float]], n: int) -> None:
    """Ends and extremes are kept, in the order of x, at most four points a bucket; what is not finite stands apart."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    kept, nonfinite = sample_buckets(xs, ys, n)
    finite = [place for place, y in enumerate(ys) if math.isfinite(y)]
    assert sorted(nonfinite) == [place for place, y in enumerate(ys) if not math.isfinite(y)]
    assert len(set(kept)) == len(kept) <= 4 * n
    assert set(kept) <= set(finite)
    assert [xs[place] for place in kept] == sorted(xs[place] for place in kept)
    if finite:
        assert {min(ys[place] for place in finite), max(ys[place] for place in finite)} <= {ys[place] for place in kept}
        assert {min(xs[place] for place in finite), max(xs[place] for place in finite)} <= {xs[place] for place in kept}


def test_sample_has_first_least_greatest_and_last_of_each_bucket() -> None:
    """Buckets are of equal width in x, and the four points stand in their order."""
    xs = [float(x) for x in range(100)]
    ys = [0.0] * 100
    ys[20], ys[30], ys[70] = 5.0, -5.0, 9.0
    assert sample_buckets(xs, ys, 2).kept == [0, 20, 30, 49, 50, 70, 99]


def test_one_spike_in_a_million_points_survives() -> None:
    """However thin the curve is made."""
    ys = [0.0] * 1_000_000
    ys[123_456] = 1.0
    assert 123_456 in sample_buckets([float(x) for x in range(len(ys))], ys, 10).kept


@given(st.lists(st.lists(_any, max_size=50), max_size=20), st.integers(2, 9))
def test_buckets_are_bounded_and_lose_no_extreme(parts: list[list[float]], most: int) -> None:
    """However values come, their buckets span what they span, and NaN and infinities are counted."""
    buckets = Buckets(most)
    for part in parts:
        buckets.extend(part)
    values = [value for part in parts for value in part]
    found = buckets.buckets()
    assert len(found) <= most + 2
    whole = merged(found)
    finite = [value for value in values if math.isfinite(value)]
    assert whole == Bucket(min(finite, default=None), max(finite, default=None), len(values) - len(finite))


@given(st.lists(_finite, min_size=1, max_size=50), st.integers(1, 60))
def test_columns_are_as_many_as_wanted(values: list[float], width: int) -> None:
    """Neighbours are merged or repeated; nothing gets lost and the ends stay at the ends."""
    buckets = [Bucket(value, value) for value in values]
    columns = columns_of(buckets, width)
    assert len(columns) == width
    assert merged(columns)[:2] == merged(buckets)[:2]
    assert columns_of([], width) == []


def test_integers_beyond_floats_are_infinite() -> None:
    """No number ends a picture with an error."""
    assert (as_float(10**400), as_float(-(10**400)), as_float(3)) == (math.inf, -math.inf, 3.0)


# ---------------------------------------------------------------------- sparks


def test_spark_rises_and_falls() -> None:
    """The least value is the lowest block and the greatest the highest."""
    assert line_of([float(x) for x in range(8)], 8) == BLOCKS
    assert line_of([float(x) for x in range(8)], 8, blocks=False) == ASCII_BLOCKS


@pytest.mark.parametrize("spike", [9.0, -9.0])
def test_spike_survives_in_a_spark(spike: float) -> None:
    """One point of ten thousand is seen, up or down."""
    values = [1.0] * 10_000
    values[7_000] = spike
    text = line_of(values)
    others = set(text) - {text[14]}
    assert text[14] not in others
    assert len(others) == 1


def test_nan_is_marked_in_a_spark() -> None:
    """A column with a NaN is the mark; nothing but NaN is nothing but marks."""
    assert line_of([1.0, math.nan, 2.0]) == f"▁{NAN_MARK}█"
    assert line_of([math.nan, math.inf]) == NAN_MARK * 2
    assert line_of([1.0, math.nan, 2.0], blocks=False) == "_!#"


def test_constant_and_empty_sparks() -> None:
    """A constant is a line in the middle, no values are no text."""
    assert line_of([3.0] * 4) == "▄▄▄▄"
    assert line_of([]) == ""


@given(st.lists(_any, min_size=1, max_size=100))
def test_any_values_make_a_spark(values: list[float]) -> None:
    """No value breaks it, and every character is one of ours."""
    text = line_of(values)
    assert 1 <= len(text) <= 20
    assert set(text) <= {*BLOCKS, NAN_MARK}


@pytest.mark.parametrize(
    ("encoding", "answer"), [("utf-8", True), ("ascii", False), ("latin-1", False), (None, False), ("nonsense", False)]
)
def test_encodings_with_blocks(encoding: str | None, answer: bool) -> None:
    """Only an encoding that has the characters gets them."""
    assert has_blocks(encoding) is answer


# ---------------------------------------------------------------------- ticks


@given(_finite, _finite, st.integers(2, 20))
def test_number_ticks_lie_on_the_axis(one: float, other: float, most: int) -> None:
    """Between the ends, rising, no more than asked for, one at least."""
    low, high = sorted((one, other))
    ticks = number_ticks(low, high, most)
    assert 1 <= len(ticks) <= most
    _check(ticks, low, high)


def _check(ticks: Ticks, low: float, high: float) -> None:
    places = [place for place, _ in ticks]
    assert all(one <= other for one, other in itertools.pairwise(places))
    room = max(abs(low), abs(high)) * 1e-9 + (high / 2 - low / 2) * 1e-6 + 1e-300
    assert low - room <= places[0]
    assert places[-1] <= high + room
    assert all(text for _, text in ticks)


def test_number_ticks_are_round() -> None:
    """Steps of 1, 2 or 5 times a power of ten, with as many digits as tell them apart; whole ones where wanted."""
    assert [text for _, text in number_ticks(0, 97, 7)] == ["0", "20", "40", "60", "80"]
    assert [text for _, text in number_ticks(0.001, 0.0034, 4)] == ["0.001", "0.002", "0.003"]
    assert [text for _, text in number_ticks(0, 2, 9, whole=True)] == ["0", "1", "2"]
    assert [text for _, text in number_ticks(-0.2, 0.2, 5)] == ["-0.2", "-0.1", "0", "0.1", "0.2"]


@given(st.floats(-300, 300), st.floats(0, 300), st.integers(2, 9))
def test_log_ticks_are_values_of_the_axis(low: float, length: float, most: int) -> None:
    """The places are logarithms of what the labels say."""
    high = min(low + length, 300.0)
    ticks = log_ticks(low, high, most)
    assert ticks
    for place, text in ticks:
        assert low - 1e-6 <= place <= high + 1e-6
        assert math.log10(float(text)) == pytest.approx(place, abs=1e-3)


@pytest.mark.parametrize("make", [duration_ticks, time_ticks], ids=["duration", "time"])
@given(length=st.floats(0, 1e9), most=st.integers(2, 12))
def test_time_ticks_lie_on_the_axis(make: Callable[[float, float, int], Ticks], length: float, most: int) -> None:
    """From a moment to thirty years, the ticks lie between the ends."""
    low = 1_764_000_000.0 if make is time_ticks else 0.0
    for place, text in make(low, low + length, most):
        assert low - 1e-6 <= place <= low + length + 1e-6 * max(length, 1)
        assert text


def test_duration_ticks_are_lengths_of_time() -> None:
    """Not powers of ten but seconds, minutes and hours."""
    assert [text for _, text in duration_ticks(0, 7300, 6)] == ["0", "30m", "1h", "1h30m", "2h"]
    assert [text for _, text in duration_ticks(0, 97, 7)] == ["0", "30s", "1m", "1m30s"]


# ---------------------------------------------------------------------- colours and labels


@given(st.sets(st.text(min_size=1, max_size=5), max_size=len(RUN_COLOURS)))
def test_colours_of_runs_shown_together_differ(run_ids: set[str]) -> None:
    """Up to eight runs have eight colours, the same ones in whatever order they are given."""
    colours = colours_of(sorted(run_ids))
    assert len(set(colours.values())) == len(run_ids)
    assert colours == colours_of(sorted(run_ids, reverse=True))


def test_colour_of_a_run_alone_follows_from_its_id() -> None:
    """The same run has the same colour today and tomorrow."""
    assert colours_of(["20261124T165151-064832-r375gj"])["20261124T165151-064832-r375gj"].name == "green"


def test_run_keeps_its_colour_when_others_come() -> None:
    """Whoever comes later takes what is free."""
    colours = RunColours()
    first = {name: colours[name] for name in ("a", "b")}
    colours.add("cdefghijklmnop")
    assert {name: colours[name] for name in ("a", "b")} == first
    assert {colours[name] for name in "abcdefgh"} == set(RUN_COLOURS)


def test_colours_have_a_hex_that_is_their_number() -> None:
    """A viewer shows the same colour as the terminal."""
    for colour in RUN_COLOURS:
        digits = divmod(divmod(colour.number - 16, 36)[1], 6)
        levels = ((colour.number - 16) // 36, *digits)
        assert colour.hex == "#" + "".join(f"{0 if level == 0 else 55 + 40 * level:02x}" for level in levels)


def test_labels_are_short_and_differ() -> None:
    """The name, or the second in the id; equal ones get the end of the id."""
    first, second, third = "20261124T165151-064832-r375gj", "20261124T165151-064833-aaaaaa", "20261124T165152-1-own"
    assert labels_of({first: "ridge", second: None, third: None}) == {
        first: "ridge",
        second: "20261124T165151",
        third: third,
    }
    assert labels_of({first: "ridge", second: "ridge"}) == {first: "ridge-r375gj", second: "ridge-aaaaaa"}
    (label,) = labels_of({first: "\x1b[31m\n" + "x" * 99}).values()
    assert not unsafe_in(label)
    assert len(label) <= LONGEST
