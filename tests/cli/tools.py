"""What the tests of the command line share: runs to look at, and the command in this process or in one of its own."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from runlogging import RunHandler
from runlogging.cli import main
from tests.conftest import SOURCE

COMMAND = [sys.executable, "-m", "runlogging"]

# What may stand in the output as a control: nothing but the ends of lines and tabs.
ALLOWED = {"\n", "\t"}
UNSAFE = {chr(number) for number in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


@contextlib.contextmanager
def open_run(root: Path, experiment: str = "test", **options: Any) -> Iterator[tuple[logging.Logger, Path]]:
    """Give a logger that writes to a new run, and the run's folder; the run ends with the block."""
    handler = RunHandler(root, experiment, **options)
    logger = logging.Logger(f"app.{experiment}", logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield logger, handler.run_path
    finally:
        handler.close()


def log(
    logger: logging.Logger,
    message: str = "step",
    named: Mapping[str, object] | None = None,
    step: int | None = None,
    **metrics: object,
) -> None:
    """Log a metric record; metrics whose names are no Python names come as a mapping."""
    logger.info(message, extra={"metrics": {**(named or {}), **metrics}, "step": step})


def made_run(root: Path, experiment: str = "test", **options: Any) -> Path:
    """Make a run of three steps that has ended; return its folder."""
    with open_run(root, experiment, **options) as (logger, path):
        logger.info("begin")
        for step in range(3):
            log(logger, step=step, loss=1 / (step + 3), accuracy=step / 7)
    return path


def runlogging(*arguments: str | Path, code: int = 0, **environment: str) -> Result:
    """Run the command in this process and check its exit status."""
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], env=environment)
    assert done.exit_code == code, done.output
    return done


def started(
    *arguments: str | Path, env: Mapping[str, str] = os.environ, terminal: int | None = None
) -> subprocess.Popen[bytes]:
    """Start the command in a process of its own, with pipes, or with a terminal's descriptor for everything."""
    output = subprocess.PIPE if terminal is None else terminal
    environment = {**env, "PYTHONPATH": str(SOURCE)}
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)], env=environment, stdin=terminal, stdout=output, stderr=output
    )


def strict_json(text: str) -> Any:
    """Parse JSON with the standard parser, without its leniency for NaN."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def unsafe_in(text: str) -> set[str]:
    """Return the characters of an output that could steer a terminal."""
    return {character for character in text if character in UNSAFE - ALLOWED or "\ud800" <= character <= "\udfff"}
