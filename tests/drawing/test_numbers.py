"""Sizes as people read them: one rule for the terminal, pictures and pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging._texts import size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        *[(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (9_994, "9.99 kB"), (9_996, "10.0 kB"), (12_345, "12.3 kB")],
        *[(99_960, "100 kB"), (999_499, "999 kB"), (999_500, "1.00 MB"), (1_234_567, "1.23 MB")],
        *[(7 * 10**9, "7.00 GB"), (10**16, "10.0 PB"), (10**19, "10000 PB")],
    ],
    ids=str,
)
def test_sizes_are_short(size: int, text: str) -> None:
    """A size has three digits and the largest unit of which there is one at least."""
    assert size_text(size) == text


@given(st.integers(0, 10**17))
def test_no_size_is_off_by_more_than_its_digits_say(size: int) -> None:
    """What is shown is within half a digit of what there is, and has three digits at most."""
    number, unit = size_text(size).split(" ")
    shown = float(number) * 1000 ** ["B", "kB", "MB", "GB", "TB", "PB"].index(unit)
    assert abs(shown - size) <= max(size, 1) * 0.0051
    assert len(number.replace(".", "")) <= 3
