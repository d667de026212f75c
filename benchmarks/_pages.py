"""What the benchmarks of the pages share: a browser, medians of some passes, and the program around them."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from _figures import Figure, print_figures

CHROMIUM = "/usr/bin/chromium"

_Sizes = TypeVar("_Sizes", bound=Any)


def medians(passes: int, work: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure over some passes."""
    found = [work() for _ in range(passes)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def run(doc: str | None, measure: Callable[[Any, Path, _Sizes], list[Figure]], sizes: _Sizes, quick: _Sizes) -> None:
    """Measure in a browser, print, and write JSON where that is asked for.

    Args:
        doc: what the program is for.
        measure: returns the figures, from a browser, an empty folder and how much of everything is measured.
        sizes: how much is measured; a dataclass with ``passes``.
        quick: how much with ``--quick``.
    """
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--quick", action="store_true", help="shows that it works, not how fast")
    parser.add_argument("--passes", type=int, help="how often each is measured")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    options = parser.parse_args()
    chosen = quick if options.quick else sizes
    if options.passes:
        chosen = replace(chosen, passes=options.passes)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        figures = measure(browser, Path(folder), chosen)
        browser.close()
    sys.stdout.write(
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, Chromium headless\n"
    )
    print_figures(figures)
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=2), encoding="utf-8")
