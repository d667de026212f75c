"""Time `runlogging plot` in a terminal: from the command to the whole picture of a run with 300 MB of metrics.

Two shapes: few long lines (5,000 metrics logged together) and millions of short ones (one metric). Each figure is the
median of some passes, the interpreter's start included; the files lie in the page cache. On a busy machine the clock
says little; the processor time says what the program itself takes. It measures and never judges:
the exit status is 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import pty
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from _figures import Figure, print_figures

import runlogging
from viewer import SOURCE, make_long_run

NAMES = 5_000
LONG_LINE, SHORT_LINE = 190_000, 105  # bytes, about
_clock = time.perf_counter


def make_wide_run(root: Path, size: int) -> Path:
    """Make a run of 5,000 metrics that are logged together, with so many bytes of metrics; return its folder."""
    with runlogging.start_run("wide", root=root, capture=False) as run:
        for step in range(size // LONG_LINE):
            run.log_metrics(
                {f"layer{n // 100:03d}/weight{n % 100:02d}": math.sin(n + step) for n in range(NAMES)}, step=step
            )
    return Path(run.path)


def picture_s(run: Path, metric: str) -> tuple[float, float]:
    """Return how long the command takes in a terminal of its own, by the clock and in processor time, in seconds."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "TERM": "xterm-256color"}
    command = [sys.executable, "-m", "runlogging", "plot", str(run), metric]
    begin, used = _clock(), _children_s()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:  # how Linux says that nobody writes any more
        pass
    took = _clock() - begin
    os.close(ours)
    if process.wait() or len(shown) < 1_000:
        raise SystemExit(f"no picture of {metric}: {shown.decode(errors='replace')}")
    return took, _children_s() - used


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(size: int, passes: int, folder: Path) -> list[Figure]:
    """Return all figures.

    Args:
        size: how many bytes of metrics each run has, about.
        passes: how often each is measured.
        folder: where the runs are made.
    """
    wide = make_wide_run(folder, size)
    long = folder / make_long_run(folder, size // SHORT_LINE)
    shapes = {f"{NAMES:,} metrics together": (wide, "layer003/weight05"), "one metric": (long, "loss")}
    return [figure for said, (run, metric) in shapes.items() for figure in _figures(said, run, metric, passes)]


def _figures(said: str, run: Path, metric: str, passes: int) -> list[Figure]:
    size = sum(file.stat().st_size for file in run.glob("metrics*.jsonl")) / 1e6
    by_clock, used = map(statistics.median, zip(*(picture_s(run, metric) for _ in range(passes)), strict=True))
    return [
        Figure(f"first picture, {size:.0f} MB, {said}", by_clock, 1.0, "s"),
        Figure("the same in processor time", used, unit="s"),
    ]


def main() -> None:
    """Measure, print, and write JSON where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shows that it works, not how fast")
    parser.add_argument("--passes", type=int, default=5, help="how often each is measured")
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    options = parser.parse_args()
    size, passes = (10_000_000, 1) if options.quick else (300_000_000, options.passes)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(size, passes, Path(folder))
    sys.stdout.write(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores\n")
    print_figures(figures)
    if options.json:
        options.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
