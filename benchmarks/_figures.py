"""What the benchmarks of the reading side share: a figure beside its target, contenders in turns, and the table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

_clock = time.perf_counter


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it should be."""

    what: str
    value: float
    target: float | None = None
    unit: str = ""
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Say whether the target was held."""
        if self.target is None:
            return "-"
        holds = self.value >= self.target if self.at_least else self.value <= self.target
        return "held" if holds else "missed"


def fastest_of(functions: Mapping[str, Callable[[], object]], passes: int) -> dict[str, float]:
    """Return the seconds of the fastest pass of each; all take turns."""
    fastest = dict.fromkeys(functions, float("inf"))
    for _ in range(passes):
        for name, function in functions.items():
            begun = _clock()
            result = function()
            fastest[name] = min(fastest[name], _clock() - begun)
            del result
    return fastest


def print_figures(figures: Iterable[Figure]) -> None:
    """Print what was measured beside what it should be."""
    listed = list(figures)
    width = max((len(item.what) for item in listed), default=0) + 2
    print(f"\n{'what':<{width}}{'measured':>12}{'target':>10}  held or missed")
    for item in listed:
        target = "-" if item.target is None else f"{'>=' if item.at_least else '<='} {item.target:g}"
        print(f"{item.what:<{width}}{item.value:9.3f} {item.unit:<3}{target:>9}  {item.verdict}")
