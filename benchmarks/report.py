"""Measure the one-file report: seconds, the size of the file, memory; of one long metric, of twenty, of several runs.

Each report is written by a process of its own, whose start does not count; every figure is that of the fastest pass.
The files lie in the page cache.

It measures and never judges: the exit status is 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from _figures import Figure, print_figures

from runlogging import start_run

RUNS = 3

_seconds = partial(Figure, unit="s")
_megabytes = partial(Figure, unit="MB")

# The child tells its seconds, the size of its page and the growth of its memory over what the imports took, in bytes.
CHILD = """
import json, sys, time
from runlogging.reading import open_run
from runlogging.report import write_report

def peak():
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
    except OSError:
        return 0

runs = [open_run(path) for path in sys.argv[2:]]
before, begun = peak(), time.perf_counter()
path = write_report(runs, sys.argv[1])
print(json.dumps([time.perf_counter() - begun, path.stat().st_size, peak() - before]))
"""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    points: int = 1_000_000
    many_points: int = 50_000
    metrics: int = 20
    passes: int = 3


QUICK = Sizes(points=20_000, many_points=1_000, passes=1)


@dataclass(frozen=True)
class Cost:
    """What a report takes: seconds, bytes of its file, bytes of memory (0 where the system does not say)."""

    seconds: float
    size: int
    memory: int


def make_run(root: Path, metrics: int, points: int) -> Path:
    """Log a run of some metrics, each of so many points, and return its folder."""
    with start_run("report", root=root, capture=False) as run:
        for step in range(points):
            base = math.exp(-step / points) + math.sin(step / 7) / 50
            run.log_metrics({f"metric {number}": base * (number + 1) for number in range(metrics)}, step=step)
    return Path(run.path)


def cost_of(runs: list[Path], target: Path, passes: int) -> Cost:
    """Return what the report of some runs takes, in the fastest of some passes."""
    command = [sys.executable, "-c", CHILD, str(target), *map(str, runs)]
    told = [json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout) for _ in range(passes)]
    return Cost(*min(told))


def figures(folder: Path, sizes: Sizes) -> list[Figure]:
    """Return what reports take: of a long metric, of many metrics, of several runs."""
    one = f"1 metric x {sizes.points:,} points"
    many = f"{sizes.metrics} metrics x {sizes.many_points:,} points"
    long = make_run(folder, 1, sizes.points)
    runs = [make_run(folder, sizes.metrics, sizes.many_points) for _ in range(RUNS)]
    cost = partial(cost_of, target=folder / "report.html", passes=sizes.passes)
    first, second, third = cost([long]), cost(runs[:1]), cost(runs)
    several = f"{RUNS} runs of {many}"
    found = [
        _seconds(f"{one}: the report", first.seconds, 3.0),
        _megabytes(f"{one}: its file", first.size / 1e6, 2.0),
        _seconds(f"{many}: the report", second.seconds, 3.0),
        _megabytes(f"{many}: its file", second.size / 1e6, 2.0),
        _seconds(f"{several}: the report", third.seconds),
        _megabytes(f"{several}: its file", third.size / 1e6),
    ]
    memory = ((one, first), (many, second), (several, third))
    return found + [_megabytes(f"{what}: memory", took.memory / 1e6) for what, took in memory if took.memory]


def main() -> None:
    """Measure, print a table and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small numbers: shows that it works, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        measured = figures(Path(folder), QUICK if arguments.quick else Sizes())
    print_figures(measured)
    if arguments.json is not None:
        content = [asdict(item) | {"verdict": item.verdict} for item in measured]
        arguments.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
