"""Real programs, unchanged, with a run open around them: the run has all that they log, and they notice nothing.

Each program runs twice as a process of its own in the same folder: by itself, and from ``programs/launcher.py``, which
opens a run first. The launcher notes below our capture what passed all loggers.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runlogging import open_run

from ..conftest import SOURCE, only_run

PROGRAMS = Path(__file__).with_name("programs")
PATIENCE_S = 60.0
DEFAULT, ALL = "logging,errors", "all"
_ADDRESS = re.compile(rb"http://127\.0\.0\.1:(\d+)")
_COLOUR = re.compile(rb"\x1b\[[\d;]*m")
# What is never the same twice: times, durations, ports, process ids, addresses in memory.
_VARYING = (
    (re.compile(rb"\d{4}-\d\d-\d\d[ T/]\d\d[:-]\d\d[:-]\d\d([.,]\d+)?"), b"TIME"),
    (re.compile(rb"\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d|\b\d\d[:-]\d\d[:-]\d\d\b"), b"TIME"),
    (re.compile(rb"\b\d+\.\d+(s|m|min)\b"), b"DURATION"),
    (re.compile(rb"\b127\.0\.0\.1:\d+"), b"ADDRESS"),
    (re.compile(rb"process \[\d+\]"), b"process [PID]"),
    (re.compile(rb"0x[0-9a-f]{6,}"), b"0xADDRESS"),
)


@dataclass(frozen=True)
class Program:
    """A program and what is known of it.

    Attributes:
        file: its name; `more` are files that it needs beside it.
        package: what must be installed for it.
        kept: logger, level and message, as a pattern, of records that the run must have, and how often.
        metrics: values of metrics that the run must have.
        code: its exit code.
        requests: paths that are asked for, once it says where it serves.
        ended_by: the signal that then ends it.
    """

    file: str
    package: str
    kept: dict[tuple[str, str, str], int]
    metrics: dict[str, list[float]]
    arguments: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    code: int = 0
    requests: tuple[str, ...] = ()
    ended_by: signal.Signals | None = None


UVICORN: dict[tuple[str, str, str], int] = {
    ("uvicorn.error", "INFO", r"Uvicorn running on http://127\.0\.0\.1:\d+ \(Press CTRL\+C to quit\)"): 1,
    ("uvicorn.error", "ERROR", r"Exception in ASGI application\n"): 1,
    ("uvicorn.access", "INFO", r'127\.0\.0\.1:\d+ - "GET /one HTTP/1\.1" 200'): 1,
    ("site", "WARNING", "asked for /one"): 1,
    ("uvicorn.error", "INFO", r"Finished server process \[\d+\]"): 1,
}
SERVED = ("/one", "/fail", "/two")
KNOWN = {
    "flask": Program(
        "flask_app.py",
        "flask",
        {
            ("flask_app", "INFO", "index for client"): 1,
            ("flask_app", "INFO", "index for loopback"): 2,
            ("flask_app", "ERROR", r"Exception on /fail \[GET\]"): 2,
            ("audit", "DEBUG", "served (client|loopback)"): 3,
            ("werkzeug", "INFO", r'127\.0\.0\.1 .* "GET /\?who=loopback HTTP/1\.1" 200 -'): 2,
        },
        {"served": [1, 2, 3]},
        requests=("/?who=loopback", "/fail", "/?who=loopback"),
        ended_by=signal.SIGTERM,
    ),
    "django": Program(
        "django_site.py",
        "django",
        {
            ("site", "INFO", "index for client"): 1,
            ("django.request", "ERROR", "Internal Server Error: /fail"): 1,
            ("django.request", "WARNING", "Not Found: /missing"): 1,
        },
        {"length": [5]},
    ),
    "uvicorn, interrupted": Program(
        "uvicorn_server.py", "uvicorn", UVICORN, {}, requests=SERVED, ended_by=signal.SIGINT
    ),
    # It ends itself by the signal, after its shutdown: no exit hook runs.
    "uvicorn, terminated": Program(
        "uvicorn_server.py", "uvicorn", UVICORN, {}, requests=SERVED, ended_by=signal.SIGTERM, code=-signal.SIGTERM
    ),
    "hydra": Program(
        "hydra_job.py",
        "hydra",
        {("__main__", "INFO", "alpha is 0.5"): 1, ("deep.in.a.library", "WARNING", "something about 0.5"): 1},
        {"alpha": [0.5]},
        arguments=("+alpha=0.5",),
    ),
    "hydra, two jobs": Program(
        "hydra_job.py",
        "hydra",
        {("__main__", "INFO", "alpha is [12]"): 2, ("deep.in.a.library", "WARNING", "something about [12]"): 2},
        {"alpha": [1, 2]},
        arguments=("-m", "+alpha=1,2"),
    ),
    "optuna": Program(
        "optuna_study.py",
        "optuna",
        {
            ("optuna.storages._in_memory", "INFO", "A new study created in memory with name: parabola"): 1,
            ("optuna.study.study", "INFO", r"Trial \d finished with value: .*"): 4,
            ("optuna.study._optimize", "WARNING", r"Trial 2 failed with parameters: [^\n]*on purpose.*"): 1,
            ("study", "INFO", r"best is \d\.\d{3}"): 1,
        },
        {},
    ),
    "scikit-learn": Program(
        "sklearn_fit.py",
        "sklearn",
        {
            ("fit", "DEBUG", "fitted .*"): 4,
            ("py.warnings", "WARNING", r"[^\n]*ConvergenceWarning: .*"): 1,
        },
        {},
    ),
    "pytest": Program(
        "pytest_suite.py",
        "pytest",
        {
            ("suite", "DEBUG", "seen by caplog: 1"): 1,
            ("suite", "INFO", "passes its logger"): 1,
            ("suite", "WARNING", "with metrics"): 1,
            ("suite", "ERROR", "logged before the failure"): 1,
        },
        {"loss": [0.5]},
        more=("suite_caplog.py",),
        code=1,
    ),
    "concurrent-log-handler": Program(
        "rotating_log.py",
        "concurrent_log_handler",
        {(name, "INFO", rf"record \d\d of {name}"): 20 for name in ("parent", "first", "second")},
        {"n": [*range(20)] * 3},
    ),
}


@dataclass(frozen=True)
class Seen:
    """What there is to see of a process that ran."""

    code: int
    stdout: bytes
    stderr: bytes
    files: dict[str, bytes]


def run_program(program: Program, base: Path, launcher: tuple[str, ...]) -> Seen:
    """Run a program in a new folder of always the same name, and look at what it left."""
    folder = base / "work"
    folder.mkdir()
    for name in (program.file, *program.more):
        shutil.copy(PROGRAMS / name, folder)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("RUNLOGGING_", "PYTEST_"))}
    environment = kept | {"PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120"}
    with (base / "stdout").open("wb") as stdout, (base / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, *launcher, program.file, *program.arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
        try:
            if program.ended_by is not None:
                ask(program, process, base / "stderr")
                process.send_signal(program.ended_by)
            code = process.wait(PATIENCE_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    files = {
        normalised(str(path.relative_to(folder)).encode()).decode(): normalised(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    shutil.move(folder, base / ("run" if launcher else "control"))
    return Seen(code, normalised((base / "stdout").read_bytes()), normalised((base / "stderr").read_bytes()), files)


def ask(program: Program, process: subprocess.Popen[bytes], said: Path) -> None:
    """Wait until a server says where it serves, and ask for its pages."""
    until = time.monotonic() + PATIENCE_S
    while not (found := _ADDRESS.search(said.read_bytes())):
        assert process.poll() is None, f"it ended: {said.read_text()}"
        assert time.monotonic() < until, f"it does not serve: {said.read_text()}"
        time.sleep(0.02)
    for path in program.requests:
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=PATIENCE_S)
        connection.request("GET", path)
        assert connection.getresponse().status == (500 if path == "/fail" else 200)
        connection.close()


def normalised(text: bytes) -> bytes:
    """Return a text without what is never the same twice."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return text


def lines_of(run: Path) -> list[dict[str, Any]]:
    """Return the lines of all writers of a run."""
    paths = [path for stream in ("logs", "metrics", "values") for path in sorted(run.glob(f"{stream}*.jsonl"))]
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def is_of_a_source(line: dict[str, Any]) -> bool:
    """Tell whether a line is no log call: a line of output, or a warning that the program did not give to logging."""
    return line["logger"] in ("stdout", "stderr") or "category" in line.get("attributes", {})


@pytest.mark.parametrize("capture", [DEFAULT, ALL])
@pytest.mark.parametrize("name", KNOWN)
def test_real_program(name: str, capture: str, tmp_path: Path) -> None:
    """Each record that its logging lets through is in the run once; output, exit code and files are as without."""
    program = KNOWN[name]
    if importlib.util.find_spec(program.package) is None:
        pytest.skip(f"{program.package} is not installed; `make test-integrations` installs it")
    control = run_program(program, tmp_path, ())
    root, seen = tmp_path / "runs", tmp_path / "seen.jsonl"
    seen.touch()
    found = run_program(program, tmp_path, (str(PROGRAMS / "launcher.py"), str(root), capture, str(seen)))

    assert control.code == program.code, control.stderr.decode()
    assert found.code == control.code, found.stderr.decode()
    assert found.stdout.decode() == control.stdout.decode()
    assert found.stderr.decode() == control.stderr.decode()
    assert found.files == control.files

    run = only_run(root)
    lines = [line for line in lines_of(run) if "logger" in line]
    records = [(line["logger"], line["level"], line["message"]) for line in lines if not is_of_a_source(line)]
    assert Counter(records) == Counter(tuple(json.loads(line)) for line in seen.read_bytes().splitlines())
    for stream, output in (("stdout", found.stdout), ("stderr", found.stderr)):
        shown = [normalised(line["message"].encode()) for line in lines if line["logger"] == stream]
        assert shown == (_COLOUR.sub(b"", output).splitlines() if capture == ALL else [])
    for (logger, level, pattern), count in program.kept.items():
        fitting = [one for one in records if one[:2] == (logger, level) and re.fullmatch(pattern, one[2], re.DOTALL)]
        assert len(fitting) == count, (logger, level, pattern, records)
    reader = open_run(run)
    assert {key: sorted(reader.series(key).values) for key in program.metrics} == {
        key: sorted(values) for key, values in program.metrics.items()
    }
    assert not reader.problems
    assert reader.status == ("NotResponding" if program.code < 0 else "Failed" if program.code else "Completed")
