"""Measure data frames of one run: metrics into a frame and into plain columns, beside JSON readers on the same file.

The runs are written line by line as `run.log` writes them, and lie in the page cache. All contenders of a shape take
turns, and the fastest pass of each counts; so a busy machine spoils absolute times, and ratios hardly. Memory is that
of a process of its own: how much its peak rises while it reads.

It measures and never judges: the exit status is 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import polars
from _figures import Figure, fastest_of, print_figures

from runlogging.folder import Line, Manifest, encode_line, format_time, write_manifest
from runlogging.keeping import pack
from runlogging.reading import RunReader, open_run
from runlogging.reading.frames import logs_frame, metrics_columns, metrics_frame

BEGIN = 1_796_000_000.0
STEP_S = 0.001234
TEN = [f"metric{number}" for number in range(10)]

_clock = time.perf_counter
_figure = partial(Figure, unit="x")


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    lines: int = 1_000_000
    passes: int = 5


QUICK = Sizes(lines=2_000, passes=1)


# ------------------------------------------------------------------ what is read


def scalar(number: int) -> Line:
    return Line(metrics={"loss": random.random()}, step=number)


def ten_scalars(number: int) -> Line:
    return Line(metrics={name: random.random() for name in TEN}, step=number)


def alternating(number: int) -> Line:
    return Line(metrics={"train/loss" if number % 2 else "val/loss": random.random()}, step=number)


def some_nan(number: int) -> Line:
    return scalar(number) if number % 20 else Line(metrics={"loss": None}, step=number, nonfinite={"loss": "NaN"})


def of_logger(number: int) -> Line:
    line = scalar(number)
    line.level, line.logger, line.message, line.template = "INFO", "train", f"epoch {number} done", "epoch %d done"
    line.file, line.line, line.function, line.thread = "/home/you/train.py", 12, "main", "MainThread"
    return line


SHAPES: dict[str, tuple[Callable[[int], Line], int]] = {
    "1 scalar": (scalar, 1),
    "10 scalars": (ten_scalars, 5),
    "2 metrics in turn": (alternating, 1),
    "1 in 20 NaN": (some_nan, 1),
    "records of a logger": (of_logger, 4),
}
"""Name to what makes a line, and by what the number of lines is divided."""


def make_run(root: Path, lines: Iterable[Line]) -> RunReader:
    """Return a run that has these lines in its metrics."""
    path = root / "bench" / "run"
    path.mkdir(parents=True)
    write_manifest(path, Manifest(id=path.name, experiment=path.parent.name, status="Completed"))
    with (path / "metrics.jsonl").open("wb") as file:
        for number, line in enumerate(lines):
            line.seq, line.time = number + 1, format_time(BEGIN + number * STEP_S)
            file.write(encode_line(line))
    return open_run(path)


# ------------------------------------------------------------------ contenders


def read_ndjson(file: Path) -> Any:
    return polars.read_ndjson(file)


def loads_each(loads: Callable[[bytes], object], file: Path) -> None:
    with file.open("rb") as opened:
        for text in opened:
            loads(text)


def contenders(run: RunReader, *, with_all: bool) -> dict[str, Callable[[], Any]]:
    """Return name to what reads the metrics of a run in one way."""
    file = run.path / "metrics.jsonl"
    found: dict[str, Callable[[], Any]] = {
        "read_ndjson": partial(read_ndjson, file),
        "orjson": partial(loads_each, orjson.loads, file),
        "long": partial(metrics_frame, run),
        "columns": partial(metrics_columns, run),
        "wide": partial(metrics_frame, run, form="wide"),
    }
    if with_all:
        found["json"] = partial(loads_each, json.loads, file)
        found["pandas"] = partial(metrics_frame, run, engine="pandas")
        found["pyarrow"] = partial(metrics_frame, run, engine="pyarrow")
    return found


# ------------------------------------------------------------------ figures


def shape_figures(folder: Path, shape: str, sizes: Sizes) -> list[Figure]:
    """Return the ratios of one shape of lines."""
    make, divisor = SHAPES[shape]
    count, is_first = sizes.lines // divisor, shape == next(iter(SHAPES))
    run = make_run(folder / shape, map(make, range(count)))
    times = fastest_of(contenders(run, with_all=is_first), sizes.passes)
    frame = times["long"] / times["read_ndjson"]
    columns = times["columns"] / times["orjson"]
    figures = [
        _figure(f"{shape}: polars.read_ndjson, {count:,} lines", times["read_ndjson"], unit="s"),
        _figure(f"{shape}: metrics_frame / polars.read_ndjson", frame, 1.5 if is_first else None),
        _figure(f"{shape}: metrics_frame(form='wide') / polars.read_ndjson", times["wide"] / times["read_ndjson"]),
        _figure(f"{shape}: metrics_columns / orjson.loads of each line", columns, 2.0 if is_first else None),
    ]
    if is_first:
        figures += [
            _figure(
                f"{shape}: json.loads of each line / metrics_columns",
                times["json"] / times["columns"],
                3.0,
                at_least=True,
            ),
            _figure(f"{shape}: metrics_frame(engine='pandas') / read_ndjson", times["pandas"] / times["read_ndjson"]),
            _figure(f"{shape}: metrics_frame(engine='pyarrow') / read_ndjson", times["pyarrow"] / times["read_ndjson"]),
            *memory_figures(run, shape),
            *packed_figures(run, shape, sizes),
        ]
    if make is of_logger:
        logged = fastest_of(
            {"ndjson": partial(read_ndjson, run.path / "metrics.jsonl"), "log": partial(logs_frame, run)}, sizes.passes
        )
        figures.append(_figure(f"{shape}: logs_frame / polars.read_ndjson", logged["log"] / logged["ndjson"]))
    shutil.rmtree(folder / shape)
    return figures


def packed_figures(run: RunReader, shape: str, sizes: Sizes) -> list[Figure]:
    """Return what a frame of the packed run takes, beside Polars on the JSON Lines that it was made of."""
    plain = run.path.parent / "plain.jsonl"
    shutil.copy(run.path / "metrics.jsonl", plain)
    pack(run.path)
    times = fastest_of({"ndjson": partial(read_ndjson, plain), "packed": partial(metrics_frame, run)}, sizes.passes)
    return [_figure(f"{shape}: metrics_frame, packed / polars.read_ndjson", times["packed"] / times["ndjson"], 0.15)]


MEMORY = """
import sys
import polars
from runlogging.reading import open_run
from runlogging.reading.frames import metrics_columns, metrics_frame
run, what = open_run(sys.argv[1]), sys.argv[2]
polars.DataFrame({"a": [1]}).filter(polars.col("a") > 0)

def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

before = peak()
if what == "read_ndjson":
    result = polars.read_ndjson(run.path / "metrics.jsonl")
elif what == "metrics_frame":
    result = metrics_frame(run)
else:
    result = metrics_columns(run)
print(peak() - before)
"""


def memory_figures(run: RunReader, shape: str) -> list[Figure]:
    """Return how many MB of memory each reader needs at its peak."""
    # What getrusage says of a new process is at least what its parent has, so only Linux can tell.
    if not Path("/proc/self/status").exists():
        return []
    found = []
    for what in ("read_ndjson", "metrics_frame", "metrics_columns"):
        command = [sys.executable, "-c", MEMORY, str(run.path), what]
        peak = int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        found.append(_figure(f"{shape}: {what}, memory at its peak", peak * 1024 / 1e6, unit="MB"))
    size = (run.path / "metrics.jsonl").stat().st_size / 1e6
    return [_figure(f"{shape}: the file", size, unit="MB"), *found]


# ------------------------------------------------------------------ the program


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, help="lines of one scalar (1000000); fewer of longer ones")
    parser.add_argument("--passes", type=int, help="passes of which the fastest counts (5)")
    parser.add_argument("--quick", action="store_true", help="small numbers: shows that it works, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    return parser.parse_args()


def main() -> None:
    """Measure, print a table and write the JSON file."""
    arguments = parse_arguments()
    sizes = QUICK if arguments.quick else Sizes()
    sizes = Sizes(arguments.lines or sizes.lines, arguments.passes or sizes.passes)
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs")
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        figures = [figure for shape in SHAPES for figure in shape_figures(folder, shape, sizes)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print_figures(figures)
    if arguments.json is not None:
        content = [asdict(item) | {"verdict": item.verdict} for item in figures]
        arguments.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
