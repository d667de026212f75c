"""Compare RunHandler with the standard library's handlers and with other formatters, in one run on one machine.

Every contender has a logger and a file of its own. All take turns: a slice of a thousand calls each, in rotating order,
so that whatever else the machine does slows all of them alike. A slice is run twice, as a tight loop, which gives the
time per call of each pass and, by the fastest pass, the ratios; and call by call, which gives median and p99.

It measures and never judges: the exit status is 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import atexit
import functools
import itertools
import json
import logging
import math
import multiprocessing
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import types
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from pythonjsonlogger.json import JsonFormatter
from pythonjsonlogger.msgspec import MsgspecFormatter

from runlogging import Experiment, RunHandler, start_run
from runlogging.folder import LOGS, METRICS, VALUES, Line, Writer, encode_line
from runlogging.submit import ScriptRunConfig

Info = Callable[..., None]
Loop = Callable[[Info, Iterable[int]], None]

PLAIN_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
JSON_FIELDS = f"{PLAIN_FIELDS} %(pathname)s %(lineno)d %(funcName)s %(threadName)s"
PROCESSES = 4
SLICE = 1_000
WARM_UP = 20
COLUMNS = [f"column{number}" for number in range(15)]

_clock = time.perf_counter_ns
_encode_lines = msgspec.json.Encoder().encode_lines
_os_write = os.write


@dataclass(frozen=True)
class Sizes:
    """How much of everything is measured."""

    calls: int = 50_000
    passes: int = 5
    steps: int = 5_000
    imports: int = 15
    starts: int = 50
    first_starts: int = 5
    records: int = 100_000
    memory_rounds: int = 3


QUICK = Sizes(calls=500, passes=5, steps=50, imports=1, starts=3, first_starts=1, records=1_000, memory_rounds=1)


# ------------------------------------------------------------------ what is logged


def log_text(info: Info, indexes: Iterable[int]) -> None:
    for i in indexes:
        info("text %d", i)


def log_scalar(info: Info, indexes: Iterable[int]) -> None:
    for i in indexes:
        # A new number with all its digits each time, as a loss has: a constant would be kept in every cache.
        info("epoch %d done", i, extra={"metrics": {"loss": i / 7}, "step": i})


def log_ten_scalars(info: Info, indexes: Iterable[int]) -> None:
    for i in indexes:
        x = i / 7
        metrics = {"a": x, "b": x, "c": x, "d": x, "e": x, "f": x, "g": x, "h": x, "i": x, "j": x}
        info("epoch %d done", i, extra={"metrics": metrics, "step": i})


def log_ten_in_text(info: Info, indexes: Iterable[int]) -> None:
    for i in indexes:
        x = i / 7
        info(
            "epoch %d a=%f b=%f c=%f d=%f e=%f f=%f g=%f h=%f i=%f j=%f",
            *(i, x, x, x, x, x, x, x, x, x, x),
        )


# 120 characters once the argument is in. There are more arguments than a cache of messages would hold.
LONG_MESSAGE = "read shard %s of the training set: skipped rows without a label, shuffled the others".ljust(111, ".")
SHARDS = [f"part-{number:06d}" for number in range(10_007)]


def log_long_text(info: Info, indexes: Iterable[int]) -> None:
    for i in indexes:
        info(LONG_MESSAGE, SHARDS[i % 10_007])


def log_with_verb(log: Info, indexes: Iterable[int]) -> None:
    for i in indexes:
        log("loss", i / 7, step=i)


def log_event(info: Info, indexes: Iterable[int]) -> None:
    for i in indexes:
        info("epoch done", loss=i / 7, step=i)


def log_columns(info: Info, indexes: Iterable[int]) -> None:
    for i in indexes:
        info("row", extra=dict.fromkeys(COLUMNS, i / 7))


def log_row(log: Info, indexes: Iterable[int]) -> None:
    for i in indexes:
        log("row", "a row", **dict.fromkeys(COLUMNS, i / 7))


# ------------------------------------------------------------------ contenders


class NoOpHandler(logging.Handler):
    """What logging itself costs with a handler that does nothing; NullHandler does not even take the lock."""

    def emit(self, record: logging.LogRecord) -> None:
        """Do nothing."""


@dataclass
class Contender:
    """A handler or a verb that is called in one way, and how long its calls took.

    Attributes:
        shape: what is logged, the same for all that are compared.
        name: the handler's and the formatter's name.
        loop: logs once for every index.
        handler: where the records of a logger go; or instead
        info: what the loop calls.
        close: ends it.
        pass_us: µs per call of each pass of the tight loop.
        call_ns: the time of each call that was timed on its own.
    """

    shape: str
    name: str
    loop: Loop
    handler: logging.Handler | None = None
    info: Info = print
    close: Callable[[], None] = lambda: None
    pass_us: list[float] = field(default_factory=list)
    call_ns: array[int] = field(default_factory=lambda: array("q"))

    def __post_init__(self) -> None:
        if self.handler is not None:
            self.info = attach(self.handler).info
            self.close = self.handler.close

    @property
    def fastest_us(self) -> float:
        """µs per call in the fastest pass."""
        return min(self.pass_us)

    def quantile_us(self, share: float) -> float:
        """Return the µs that this share of the calls took at most, with about 0.1 µs of the clock in it."""
        return sorted(self.call_ns)[int(share * len(self.call_ns))] / 1_000


_logger_numbers = itertools.count(10)


def attach(handler: logging.Handler) -> logging.Logger:
    """Return a logger of its own for a handler. All names have one length, because some lines hold them."""
    logger = logging.getLogger(f"bench{next(_logger_numbers)}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    return logger


def formatters() -> dict[str, logging.Formatter]:
    """Return the formatters to compare with, by name, with the fields that a user would configure."""
    found: dict[str, logging.Formatter] = {
        "plain": logging.Formatter(PLAIN_FIELDS),
        "Json": JsonFormatter(JSON_FIELDS),
        "Msgspec": MsgspecFormatter(JSON_FIELDS),
    }
    try:
        from pythonjsonlogger.orjson import OrjsonFormatter
    except ImportError:
        print("orjson is not installed: OrjsonFormatter is skipped")
    else:
        found["Orjson"] = OrjsonFormatter(JSON_FIELDS)
    return found


def make_contenders(folder: Path) -> list[Contender]:
    """Return all contenders; their files lie below the folder."""
    contenders = [Contender("text", "NullHandler", log_text, logging.NullHandler())]
    contenders.append(Contender("1 scalar", "no-op Handler", log_scalar, NoOpHandler()))
    for shape, loop in (("text", log_text), ("1 scalar", log_scalar)):
        for name, formatter in formatters().items():
            handler = file_handler(folder / f"{shape} {name}.log", formatter)
            contenders.append(Contender(shape, f"FileHandler, {name}", loop, handler))
        contenders.append(Contender(shape, "RunHandler", loop, RunHandler(folder, shape)))
    forgetful = forgetful_handler(folder)
    contenders.append(Contender("1 scalar", "RunHandler, no summary", log_scalar, forgetful))
    return contenders + rarer_contenders(folder) + verb_contenders(folder)


def capture_figures(folder: Path, sizes: Sizes) -> list[Figure]:
    """Return what capture by an open run costs over the same record through a RunHandler.

    It is on for the whole process while it is on, so it cannot take turns with the others.
    """
    handler = RunHandler(folder, "explicit")
    explicit, captured = attach(handler), attach(logging.NullHandler())
    calls = range(max(1, sizes.calls // sizes.passes))

    def time_explicit() -> float:
        return time_loop(explicit.info, calls)

    def time_captured() -> float:
        with start_run("captured", folder, environment=False):
            return time_loop(captured.info, calls)

    fastest = in_turns({"explicit": time_explicit, "captured": time_captured}, 2 * sizes.passes)
    handler.close()
    more = fastest["captured"] - fastest["explicit"]
    return [
        Figure("text: captured by an open run, over RunHandler", more, 1.0, unit="us"),
        Figure("text: captured by an open run / RunHandler", fastest["captured"] / fastest["explicit"]),
    ]


def time_loop(info: Info, calls: range) -> float:
    """Return the µs per call of a tight loop."""
    log_text(info, range(WARM_UP))
    begun = _clock()
    log_text(info, calls)
    return (_clock() - begun) / 1_000 / len(calls)


def rarer_contenders(folder: Path) -> list[Contender]:
    """Return the contenders of ten scalars and of long messages."""
    plain = file_handler(folder / "ten.log", logging.Formatter(PLAIN_FIELDS))
    ten, long = "10 scalars", "120 characters"
    bare = RunHandler(folder, "bare", redact=False)
    return [
        Contender(ten, "FileHandler, plain", log_ten_in_text, plain),
        Contender(ten, "RunHandler", log_ten_scalars, RunHandler(folder, ten)),
        Contender(long, "RunHandler", log_long_text, RunHandler(folder, long)),
        Contender(long, "RunHandler, redact=False", log_long_text, bare),
    ]


def verb_contenders(folder: Path) -> list[Contender]:
    """Return the verbs of a run, and what they are compared with."""
    # They are open while all others are measured, so they must not capture what those log.
    run, rows = (start_run(name, folder, environment=False, capture=False) for name in ("verbs", "rows"))
    columns = file_handler(folder / "columns.log", JsonFormatter(JSON_FIELDS))
    contenders = [
        Contender("1 scalar", "run.log", log_with_verb, info=run.log, close=run.complete),
        Contender("15 columns", "run.log_row", log_row, info=rows.log_row, close=rows.complete),
        Contender("15 columns", "FileHandler, Json", log_columns, columns),
    ]
    try:
        import orjson
        import structlog
    except ImportError:
        print("structlog or orjson is not installed: they are skipped")
        return contenders
    file = (folder / "structlog.log").open("ab")
    logger = structlog.wrap_logger(
        structlog.BytesLogger(file),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    ).bind()
    return [*contenders, Contender("1 scalar", "structlog, orjson", log_event, info=logger.info, close=file.close)]


def file_handler(path: Path, formatter: logging.Formatter) -> logging.FileHandler:
    """Return a FileHandler that writes in UTF-8 with the formatter."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(formatter)
    return handler


def forgetful_handler(folder: Path) -> RunHandler:
    """Return a RunHandler that keeps no summary."""
    handler = RunHandler(folder, "forgetful")
    handler._write = types.MethodType(write_without_summary, handler._session.writer)
    return handler


def write_without_summary(writer: Writer, line: Line) -> None:
    """Do what `Writer.write` does up to the summary, so that the difference is the summary's cost.

    A writer cannot be told to keep no summary. Columns that discard what they are given would still be looked up and
    appended to; hence this copy of the method without its last block.
    """
    place = VALUES if line.values is not None else LOGS if line.metrics is None else METRICS
    line.seq = writer._next()
    try:
        data = _encode_lines([line])
    except Exception:
        data = encode_line(line)
    try:
        if writer._append is not None:
            writer._append(place, data, line)
        elif _os_write(writer._fds[place], data) != len(data):
            raise OSError
    except OSError:
        writer._rescue(place, line, data)
    if place != METRICS:
        writer._tally[place]()


# ------------------------------------------------------------------ calls, one by one and in a loop


def measure_calls(contenders: Sequence[Contender], sizes: Sizes) -> None:
    """Run all passes; each pass goes through all contenders slice by slice."""
    per_pass = math.ceil(sizes.calls / sizes.passes)
    slices = math.ceil(per_pass / SLICE)
    size = math.ceil(per_pass / slices)
    turns = itertools.count()
    for _ in range(sizes.passes):
        spent = [0] * len(contenders)
        for _ in range(slices):
            for place in rotated(range(len(contenders)), next(turns)):
                spent[place] += run_slice(contenders[place], size)
        for contender, time_ns in zip(contenders, spent, strict=True):
            contender.pass_us.append(time_ns / 1_000 / (slices * size))


def run_slice(contender: Contender, size: int) -> int:
    """Run a slice as a loop and once more call by call; return the ns of the loop."""
    loop, info = contender.loop, contender.info
    # Its code and data have left the processor's caches while the others had their turns.
    loop(info, range(WARM_UP))
    begun = _clock()
    loop(info, range(size))
    spent = _clock() - begun
    ticks = array("q")
    loop(info, ticking(range(size), ticks))
    contender.call_ns.extend(after - before for before, after in itertools.pairwise(ticks))
    return spent


def ticking(indexes: Iterable[int], ticks: array[int]) -> Iterator[int]:
    """Yield the indexes, and note the time before each and after the last: calls are timed in the very same loop."""
    note = ticks.append
    for index in indexes:
        note(_clock())
        yield index
    note(_clock())


def rotated(items: Sequence[Any], turn: int) -> list[Any]:
    """Return the items in order, beginning with another one each turn."""
    first = turn % len(items)
    return [*items[first:], *items[:first]]


# ------------------------------------------------------------------ figures


@dataclass(frozen=True)
class Figure:
    """A result and what it should be.

    Attributes:
        what: what was measured.
        value: the result, in the unit.
        target: what it should be at most; None where it only informs.
        stretch: what would be better still, or None.
        unit: "x" for a ratio, or the name of a unit.
        at_least: whether the target is a lower bound.
    """

    what: str
    value: float
    target: float | None = None
    stretch: float | None = None
    unit: str = "x"
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Say whether the target is held."""
        if self.target is None:
            return "-"
        if self.value < self.target if self.at_least else self.value > self.target:
            return "missed"
        return "held, stretch too" if self.stretch is not None and self.value <= self.stretch else "held"


def call_figures(contenders: Sequence[Contender]) -> list[Figure]:
    """Return the ratios of the fastest passes, and those of p99 and median."""
    fastest = {(item.shape, item.name): item.fastest_us for item in contenders}
    one = {name: us for (shape, name), us in fastest.items() if shape == "1 scalar"}
    ours, plain, no_op = one["RunHandler"], one["FileHandler, plain"], one["no-op Handler"]
    figures = [
        Figure("1 scalar: RunHandler / plain", ours / plain, 0.85, 0.78),
        Figure("1 scalar: RunHandler / Json", ours / one["FileHandler, Json"], 0.55, 0.5),
        Figure("1 scalar: RunHandler / Msgspec", ours / one["FileHandler, Msgspec"]),
        Figure("1 scalar: RunHandler / plain, net of a no-op Handler", (ours - no_op) / (plain - no_op), 0.75),
        Figure("1 scalar: RunHandler / without a summary", ours / one["RunHandler, no summary"]),
        *verb_figures(fastest),
        *shape_figures(fastest),
    ]
    if "FileHandler, Orjson" in one:
        figures.insert(2, Figure("1 scalar: RunHandler / Orjson", ours / one["FileHandler, Orjson"]))
    return figures + tail_figures(contenders)


def verb_figures(fastest: dict[tuple[str, str], float]) -> list[Figure]:
    """Return the ratios of the verbs of a run."""
    verb, row = fastest["1 scalar", "run.log"], fastest["15 columns", "run.log_row"]
    figures = [
        Figure("run.log / text to a NullHandler", verb / fastest["text", "NullHandler"], 0.7),
        Figure("run.log_row / Json, 15 columns", row / fastest["15 columns", "FileHandler, Json"], 0.6),
    ]
    peer = fastest.get(("1 scalar", "structlog, orjson"))
    return (
        figures if peer is None else [*figures, Figure("run.log / structlog with orjson to a file", verb / peer, 1.0)]
    )


def shape_figures(fastest: dict[tuple[str, str], float]) -> list[Figure]:
    """Return the ratios of all shapes but one scalar."""
    text, plain = fastest["text", "RunHandler"], fastest["text", "FileHandler, plain"]
    ten = fastest["10 scalars", "RunHandler"] / fastest["10 scalars", "FileHandler, plain"]
    long = "120 characters"
    redaction = fastest[long, "RunHandler"] / fastest[long, "RunHandler, redact=False"]
    return [
        Figure("text: RunHandler / plain", text / plain),
        Figure("text: RunHandler / NullHandler", text / fastest["text", "NullHandler"]),
        Figure("10 scalars: RunHandler / plain with ten values", ten, 1.0, 0.8),
        Figure("120 characters: redaction on / off", redaction, 1.3),
    ]


def tail_figures(contenders: Sequence[Contender]) -> list[Figure]:
    """Return p99 / median of each RunHandler."""
    return [
        Figure(f"{item.shape}: {item.name}, p99 / median", item.quantile_us(0.99) / item.quantile_us(0.5), 3.0)
        for item in contenders
        if item.name.startswith(("RunHandler", "run."))
    ]


def in_turns(
    measures: Mapping[str, Callable[[], float]], rounds: int, choose: Callable[[list[float]], float] = min
) -> dict[str, float]:
    """Take every measure once a round, in rotating order; return what is chosen of each one's results."""
    results: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(rounds):
        for name in rotated(list(measures), turn):
            results[name].append(measures[name]())
    return {name: choose(values) for name, values in results.items()}


# ------------------------------------------------------------------ several processes


def process_figures(folder: Path, sizes: Sizes) -> list[Figure]:
    """Return how four processes in one run compare with four files, and which share of their lines is there."""
    run_folder, plain_folder = folder / "processes", folder / "files"
    fastest = in_turns(
        {
            "run": partial(time_processes, join_run, run_folder, sizes.steps),
            "plain": partial(time_processes, open_file, plain_folder, sizes.steps),
        },
        sizes.passes,
    )
    lines = sum(path.read_bytes().count(b"\n") for path in run_folder.rglob("metrics*.jsonl"))
    expected = sizes.passes * PROCESSES * (sizes.steps + 1)
    return [
        Figure("4 processes: RunHandler in one run / plain to 4 files", fastest["run"] / fastest["plain"], 1.5),
        Figure("4 processes: share of lines kept", lines / expected, 1.0, at_least=True),
    ]


def join_run(folder: Path, rank: int) -> logging.Handler:
    """Return a handler on the one run of all ranks."""
    os.environ["RUNLOGGING_RUN"] = str(folder)
    return RunHandler()


def open_file(folder: Path, rank: int) -> logging.Handler:
    """Return a handler on the rank's own file."""
    return file_handler(folder.with_name(f"{folder.name}-{rank}.log"), logging.Formatter(PLAIN_FIELDS))


def time_processes(make: Callable[[Path, int], logging.Handler], parent: Path, steps: int) -> float:
    """Return the seconds from the moment that all processes wrote their first record until all are done."""
    parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent)) / "run"
    context = multiprocessing.get_context("spawn")
    barrier, spans = context.Barrier(PROCESSES), context.Queue()
    workers = [
        context.Process(target=work, args=(make, folder, rank, steps, barrier, spans)) for rank in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    # The clock is the system's, so the times of several processes compare.
    begun, done = zip(*(spans.get(timeout=120) for _ in workers), strict=True)
    for worker in workers:
        worker.join()
    return float(max(done) - min(begun)) / 1e9


def work(
    make: Callable[[Path, int], logging.Handler],
    folder: Path,
    rank: int,
    steps: int,
    barrier: Any,
    spans: Any,
) -> None:
    """Log the steps once all processes wrote a first record, and send begin and end."""
    handler = make(folder, rank)
    info = attach(handler).info
    log_scalar(info, range(1))
    barrier.wait(60)
    begun = time.monotonic_ns()
    log_scalar(info, range(1, steps + 1))
    spans.put((begun, time.monotonic_ns()))
    handler.close()


# ------------------------------------------------------------------ import, start and memory

IMPORT = "import time; begun = time.perf_counter_ns(); import {}; print(time.perf_counter_ns() - begun)"

FIRST_START = """
import logging, sys, time, runlogging
log = logging.getLogger("first")
log.setLevel("INFO")
begun = time.perf_counter_ns()
handler = runlogging.RunHandler(sys.argv[1])
log.addHandler(handler)
log.info("epoch %d done", 0, extra={"metrics": {"loss": 0.5}, "step": 0})
handler.close()
print(time.perf_counter_ns() - begun)
"""

FIRST_RUN = """
import sys, time
from runlogging import start_run
begun = time.perf_counter_ns()
with start_run("first", sys.argv[1]) as run:
    run.log("loss", 0.5, step=0)
print(time.perf_counter_ns() - begun)
"""

RUN_HANDLER = "import runlogging; handler = runlogging.RunHandler(sys.argv[1])"
FILE_HANDLER = f"handler = logging.FileHandler(sys.argv[1]); handler.setFormatter(logging.Formatter({PLAIN_FIELDS!r}))"
# Where the system does not tell what is resident now, the most that was resident does.
MEMORY = """
import logging, sys
{}
log = logging.getLogger("memory")
log.setLevel("INFO")
log.addHandler(handler)
for i in range(int(sys.argv[2])):
    log.info("epoch %d done", i, extra={{"metrics": {{"loss": i / 7}}, "step": i}})
try:
    with open("/proc/self/status") as status:
        print(next(line.split()[1] for line in status if line.startswith("VmRSS")))
except FileNotFoundError:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "darwin" else 1))
"""


def run_python(code: str, *arguments: object) -> float:
    """Run code in a process of its own and return the number it prints."""
    command = [sys.executable, "-P", "-c", code, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120, env=installed_environment())
    return float(done.stdout)


@functools.cache
def installed_environment() -> dict[str, str]:
    """Return an environment in which every module has its byte code, as pip leaves it, whatever this one says."""
    cache = tempfile.mkdtemp(prefix="bench-bytecode-")
    atexit.register(shutil.rmtree, cache, ignore_errors=True)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": cache}


def import_figures(sizes: Sizes) -> list[Figure]:
    """Return how the import compares with that of the formatter that is its base."""
    ours, base = "runlogging", "pythonjsonlogger.msgspec"
    for module in (ours, base):
        run_python(IMPORT.format(module))  # The first import writes the byte code.
    times = in_turns(
        {module: partial(run_python, IMPORT.format(module)) for module in (ours, base)},
        sizes.imports,
    )
    return [
        Figure(f"import {ours} / import {base}", times[ours] / times[base], 1.2),
        Figure(f"import {ours}", times[ours] / 1e6, unit="ms"),
    ]


def start_figures(folder: Path, sizes: Sizes) -> list[Figure]:
    """Return the median time of a whole run of one point."""
    time_start(folder)  # Loads what a run needs beside the handler.
    again = statistics.median(time_start(folder) for _ in range(sizes.starts))
    first = statistics.median(run_python(FIRST_START, folder / "first") for _ in range(sizes.first_starts))
    time_run(folder)
    whole_run = statistics.median(time_run(folder) for _ in range(sizes.starts))
    first_run = statistics.median(run_python(FIRST_RUN, folder / "first") for _ in range(sizes.first_starts))
    return [
        Figure("start a run, log one point, end it", again / 1e6, 10.0, unit="ms"),
        Figure("the same, the first time in a process", first / 1e6, 10.0, unit="ms"),
        Figure("start_run, one point, complete", whole_run / 1e6, 10.0, unit="ms"),
        Figure("start_run, the first time in a process", first_run / 1e6, 10.0, unit="ms"),
    ]


def time_start(folder: Path) -> int:
    """Return the ns of starting a run, logging one point and ending it."""
    log = attach(logging.NullHandler())
    begun = _clock()
    handler = RunHandler(folder, "starts")
    log.addHandler(handler)
    log_scalar(log.info, range(1))
    handler.close()
    return _clock() - begun


def time_run(folder: Path) -> int:
    """Return the ns of the same through a run and its verbs, the description of the environment included."""
    begun = _clock()
    with start_run("runs", folder) as run:
        run.log("loss", 0.5, step=0)
    return _clock() - begun


def submit_figures(folder: Path, sizes: Sizes) -> list[Figure]:
    """Return how much longer a submitted script takes to its first line than one that is started by itself."""
    code = folder / "code"
    code.mkdir()
    script = code / "script.py"
    script.write_text("import time; print(time.time_ns(), flush=True)", encoding="utf-8")
    experiment = Experiment(folder / "submitted", "first line")

    def time_direct() -> float:
        begun = time.time_ns()
        done = subprocess.run([sys.executable, str(script)], capture_output=True, check=True, text=True)
        return (int(done.stdout) - begun) / 1e9

    def time_submitted() -> float:
        begun = time.time_ns()
        run = experiment.submit(ScriptRunConfig(code, script.name))
        run.wait_for_completion()
        (printed,) = (entry.message for entry in run.reader.logs() if entry.logger == "stdout")
        return (int(printed) - begun) / 1e9

    rounds = max(2, sizes.first_starts)
    taken = in_turns({"direct": time_direct, "submitted": time_submitted}, rounds, statistics.median)
    more = taken["submitted"] - taken["direct"]
    return [Figure("submit to the script's first line, over python script.py", more, 0.4, unit="s")]


def memory_figures(folder: Path, sizes: Sizes) -> list[Figure]:
    """Return how many MB more are resident after many records than with a FileHandler."""
    targets = {RUN_HANDLER: folder / "memory", FILE_HANDLER: folder / "memory.log"}
    measures = {
        setup: partial(run_python, MEMORY.format(setup), path, sizes.records) for setup, path in targets.items()
    }
    resident = in_turns(measures, sizes.memory_rounds, statistics.median)
    more = (resident[RUN_HANDLER] - resident[FILE_HANDLER]) * 1024 / 1e6
    return [Figure(f"memory over a FileHandler, after {sizes.records:,} records", more, 12.0, unit="MB")]


# ------------------------------------------------------------------ the program


def measure(folder: Path, sizes: Sizes) -> tuple[list[Contender], list[Figure]]:
    """Measure everything in a folder."""
    contenders = make_contenders(folder)
    measure_calls(contenders, sizes)
    for contender in contenders:
        contender.close()
    figures = call_figures(contenders)
    figures += capture_figures(folder, sizes)
    figures += process_figures(folder, sizes)
    figures += import_figures(sizes)
    figures += start_figures(folder, sizes)
    figures += submit_figures(folder, sizes)
    figures += memory_figures(folder, sizes)
    return contenders, figures


def row_of(contender: Contender) -> dict[str, Any]:
    """Return a contender's figures under the names that the table and the JSON file use."""
    return {
        "shape": contender.shape,
        "contender": contender.name,
        "loop_us": contender.fastest_us,
        "median_us": contender.quantile_us(0.5),
        "p99_us": contender.quantile_us(0.99),
    }


def print_rows(rows: Iterable[dict[str, Any]]) -> None:
    """Print the µs per call."""
    print(f"\n{'µs per call':<16}{'contender':<28}{'loop':>9}{'median':>9}{'p99':>9}")
    for row in sorted(rows, key=lambda row: (row["shape"] != "text", row["shape"], row["loop_us"])):
        numbers = "".join(f"{row[key]:9.2f}" for key in ("loop_us", "median_us", "p99_us"))
        print(f"{row['shape']:<16}{row['contender']:<28}{numbers}")


def print_figures(figures: Iterable[Figure]) -> None:
    """Print what was measured beside what it should be."""
    print(f"\n{'what':<58}{'measured':>12}{'target':>9}{'stretch':>9}  held or missed")
    for item in figures:
        sign = ">=" if item.at_least else "<="
        target, stretch = (f"{sign} {bound:g}" if bound is not None else "-" for bound in (item.target, item.stretch))
        print(f"{item.what:<58}{item.value:9.2f} {item.unit:<2}{target:>9}{stretch:>9}  {item.verdict}")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, help="calls of each contender that are timed one by one (50000)")
    parser.add_argument("--passes", type=int, help="passes of which the fastest counts (5)")
    parser.add_argument("--quick", action="store_true", help="small numbers: shows that it works, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    return parser.parse_args()


def main() -> None:
    """Measure, print two tables and write the JSON file."""
    arguments = parse_arguments()
    given = {key: value for key in ("calls", "passes") if (value := getattr(arguments, key)) is not None}
    sizes = replace(QUICK if arguments.quick else Sizes(), **given)
    for variable in [name for name in os.environ if name.startswith("RUNLOGGING_")]:
        del os.environ[variable]
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs")
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        contenders, figures = measure(folder, sizes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = [row_of(contender) for contender in contenders]
    print_rows(rows)
    print_figures(figures)
    if arguments.json is not None:
        content = {"rows": rows, "figures": [asdict(item) | {"verdict": item.verdict} for item in figures]}
        arguments.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
