"""Fixtures and small tools that every test may use."""

from __future__ import annotations

import itertools
import json
import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from runlogging import RunHandler

_numbers = itertools.count()
SOURCE = Path(__file__).parent.parent / "src"


# A machine that is busy with other tests is no fault of what is tested.
settings.register_profile(
    "busy",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
settings.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that drive a browser: `make test` leaves them to `make test-browser`."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()) or "browser" in item.path.stem or "firefox" in item.name:
            item.add_marker("browser")


@pytest.fixture(autouse=True)
def _no_run_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUNLOGGING_RUN", "RUNLOGGING_ROOT", "RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_run_stays_open() -> Iterator[None]:
    """End what a test left open: a run captures what the next tests log."""
    yield
    sessions = sys.modules.get("runlogging._sessions")
    context = sys.modules.get("runlogging.run._context")
    if context is not None:
        for run in tuple(context._open):
            context.remove_open(run)
    if sessions is not None:
        for session in tuple(sessions._running):
            if not session.handlers:
                session.conclude("Canceled", None, final=False)


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """Give a logger of its own at DEBUG that does not propagate, and close its handlers afterwards."""
    fresh = logging.getLogger(f"test{next(_numbers)}")
    fresh.setLevel(logging.DEBUG)
    fresh.propagate = False
    yield fresh
    for handler in fresh.handlers[:]:
        fresh.removeHandler(handler)
        handler.close()


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """Give the root logger, and put its level and handlers back afterwards."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield root
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def handler(tmp_path: Path, logger: logging.Logger) -> RunHandler:
    """Give a handler on a new root, attached to the fresh logger."""
    made = RunHandler(tmp_path / "runs", "test")
    logger.addHandler(made)
    return made


def read_lines(run: Path, stream: str) -> list[dict[str, Any]]:
    """Return the lines of a stream file as plain JSON; the standard parser, strict, and no code of ours."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    path = run / f"{stream}.jsonl"
    if not path.exists():
        return []
    return [json.loads(text, parse_constant=refuse) for text in path.read_bytes().split(b"\n") if text]


def all_lines(run: Path) -> list[dict[str, Any]]:
    """Return the records of a run with one writer in the order of their numbers."""
    lines = [line for stream in ("logs", "metrics", "values") for line in read_lines(run, stream)]
    return sorted(lines, key=lambda line: int(line["seq"]))


def only_run(root: Path) -> Path:
    """Return the one run folder below a root."""
    (found,) = root.glob("*/*/run.json")
    return found.parent


# For programs of tests that fork: return how a child ended; kill one that hangs. They import what it needs, and say
# PATIENCE_S.
WAIT_FOR = """
def wait_for(pid):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "hung"
"""

RunScript = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_script(tmp_path: Path) -> RunScript:
    """Give a function that runs a Python program in a process of its own, in tmp_path."""

    def run(program: str, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        path = tmp_path / f"script{next(_numbers)}.py"
        path.write_text(textwrap.dedent(program), encoding="utf-8")
        return subprocess.run(
            [sys.executable, str(path), *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=check,
        )

    return run
