"""What packing saves and costs: bytes a point, and the time of a frame, on generated files, in one run on one machine.

The two ways to a frame take turns; the fastest pass of each counts. Sizes are of a series of floats with a step and a
time a point, as a training logs it, and of a log with few templates.

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
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars
from _figures import Figure, fastest_of, print_figures

from runlogging.folder import Line, Manifest, encode_line, format_time, write_manifest
from runlogging.keeping.packing._pack import pack
from runlogging.keeping.packing._unpack import unpack
from runlogging.reading import open_run
from runlogging.reading.frames import metrics_frame

_clock = time.perf_counter
_BEGIN = 1_796_000_000.0


@dataclass(frozen=True)
class Sizes:
    """How much of everything is measured."""

    lines: int = 1_000_000
    passes: int = 5


QUICK = Sizes(lines=2_000, passes=2)


# ------------------------------------------------------------------ what is packed


def metric_lines(count: int) -> Iterator[Line]:
    """Yield the lines of a loss that falls and is noisy, a millisecond or so apart."""
    dice = random.Random(1)
    clock = _BEGIN
    for step in range(count):
        clock += dice.uniform(0.0005, 0.002)
        loss = 2 / (1 + step / 1000) + dice.gauss(0, 0.05)
        yield Line(seq=step + 1, time=format_time(clock), step=step, metrics={"loss": loss})


def wide_lines(count: int) -> Iterator[Line]:
    """Yield lines of ten numbers each."""
    dice = random.Random(2)
    for step in range(count):
        metrics = {f"layer{number}/norm": dice.random() for number in range(10)}
        yield Line(seq=step + 1, time=format_time(_BEGIN + step / 10), step=step, metrics=metrics)


def log_lines(count: int) -> Iterator[Line]:
    """Yield the lines of a log."""
    dice = random.Random(3)
    places = [(f"module{number}.py", number * 7, f"work_{number}") for number in range(20)]
    for number in range(count):
        file, line, function = dice.choice(places)
        message = f"read shard part-{dice.randrange(10_007):06d}: skipped {dice.randrange(50)} rows without a label"
        yield Line(
            seq=number + 1,
            time=format_time(_BEGIN + number / 300),
            level=dice.choice(["DEBUG", "INFO", "INFO", "WARNING"]),
            logger=f"app.{file}",
            message=message,
            template="read shard %s: skipped %d rows without a label",
            file=f"/srv/app/{file}",
            line=line,
            function=function,
            thread="MainThread",
        )


def make_run(folder: Path, name: str, stream: str, lines: Iterable[Line]) -> Path:
    """Make a run that has ended, with one stream."""
    run = folder / "packing" / name
    (run / ".writers").mkdir(parents=True)
    write_manifest(run, Manifest(id=name, experiment="packing", status="Completed", owner="main"))
    with (run / f"{stream}.jsonl").open("wb") as file:
        file.writelines(map(encode_line, lines))
    return run


# ------------------------------------------------------------------ what is measured


def size_figures(folder: Path, count: int) -> Iterator[Figure]:
    """Yield bytes a point, and what part of their size streams keep."""
    points = {"metrics": 1, "wide": 10, "logs": 1}
    runs = {
        "metrics": make_run(folder, "metrics", "metrics", metric_lines(count)),
        "wide": make_run(folder, "wide", "metrics", wide_lines(count // 10)),
        "logs": make_run(folder, "logs", "logs", log_lines(count // 5)),
    }
    for name, run in runs.items():
        begun = _clock()
        done = pack(run, keep=True)
        took = _clock() - begun
        lines = sum(open_run(run).counts.values())
        if name != "logs":
            yield Figure(f"{name}: bytes a point", done.after / lines / points[name], 12.0, "B")
        yield Figure(f"{name}: packed / JSON Lines", done.after / done.before)
        yield Figure(f"{name}: pack, verified, a line", took / lines * 1e6, unit="us")


def frame_figures(folder: Path, passes: int) -> Iterator[Figure]:
    """Yield how the time of a frame of the packed file compares with polars.read_ndjson on the JSON Lines."""
    run = folder / "packing" / "metrics"
    packed = open_run(shutil.copytree(run, folder / "packed" / "metrics"))
    pack(packed.path)
    plain = run / "metrics.jsonl"
    readers = {"packed": lambda: metrics_frame(packed), "ndjson": lambda: polars.read_ndjson(plain)}
    fastest = fastest_of(readers, passes)
    yield Figure("frame of packed metrics / polars.read_ndjson", fastest["packed"] / fastest["ndjson"], 0.15)
    yield Figure("frame of packed metrics", fastest["packed"] * 1e3, unit="ms")


def reader_figures(folder: Path, passes: int) -> Iterator[Figure]:
    """Yield how the plain reader fares on packed files, and what unpacking costs."""
    run = folder / "packing" / "logs"
    lines = open_run(run).counts["logs"]
    plain = fastest_of({"plain": lambda: open_run(run).records()}, passes)["plain"]
    pack(run)
    packed = fastest_of({"packed": lambda: open_run(run).records()}, passes)["packed"]
    yield Figure("records of a packed log / of JSON Lines", packed / plain)
    begun = _clock()
    unpack(run)
    yield Figure("unpack, checked, a line", (_clock() - begun) / lines * 1e6, unit="us")


MEMORY = """
import pathlib, sys
import pyarrow.parquet
from runlogging.keeping.packing._pack import pack
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
before = resident()
pack(pathlib.Path(sys.argv[1]))
print(resident() - before)
"""


def memory_figures(folder: Path) -> Iterator[Figure]:
    """Yield how much more memory packing takes at most, where the system tells."""
    if not Path("/proc/self/status").exists():
        return
    command = [sys.executable, "-c", MEMORY, str(folder / "packing" / "metrics")]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=600)
    yield Figure("memory that packing the metrics takes", float(done.stdout), unit="MiB")


def measure(folder: Path, sizes: Sizes) -> list[Figure]:
    """Measure everything in a folder."""
    figures = list(size_figures(folder, sizes.lines))
    figures += frame_figures(folder, sizes.passes)
    figures += reader_figures(folder, sizes.passes)
    figures += memory_figures(folder)
    return figures


# ------------------------------------------------------------------ the program


def main() -> None:
    """Measure, print a table and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--lines", type=int, help="lines of metrics (1000000)")
    parser.add_argument("--passes", type=int, help="passes of which the fastest counts (5)")
    parser.add_argument("--quick", action="store_true", help="small numbers: shows that it works, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    arguments = parser.parse_args()
    given = {key: value for key in ("lines", "passes") if (value := getattr(arguments, key)) is not None}
    sizes = Sizes(**{**asdict(QUICK if arguments.quick else Sizes()), **given})
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs")
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        figures = measure(folder, sizes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print_figures(figures)
    if arguments.json is not None:
        content = {"figures": [asdict(item) | {"verdict": item.verdict} for item in figures]}
        arguments.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
