"""The terminal's views over a real OpenSSH connection: what a redraw sends, and what a pipe gets."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.screens import CONTROLS, Screen
from tests.cli.tools import log, open_run
from tests.conftest import SOURCE
from tests.integrations.ssh import SshServer

MOST_BYTES = 20_000
PATIENCE_S = 60


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    """Give an OpenSSH server."""
    place = tmp_path / "ssh"
    place.mkdir()
    with SshServer(place) as started:
        yield started


def far(server: SshServer, root: Path, *arguments: str, pty: bool) -> list[str]:
    """Return the command line that runs our command at the other end, with a terminal or with pipes there."""
    variables = [f"PYTHONPATH={SOURCE}", f"RUNLOGGING_ROOT={root}", "LC_ALL=C.UTF-8"]
    words = ["env", *variables, sys.executable, "-m", "runlogging", *arguments]
    return [*server.command("-tt" if pty else "-T"), shlex.join(words)]


def test_redraws_over_ssh_are_small(server: SshServer, tmp_path: Path) -> None:
    """Each redraw of ``top`` in 160 columns and 40 lines sends under 20 KB and clears nothing; q ends it."""
    with open_run(tmp_path / "runs", run_name="far") as (logger, _):
        names = {f"metric{number}": 1.0 for number in range(8)}
        with Screen(*far(server, tmp_path / "runs", "top", pty=True), columns=160, lines=40, program=True) as screen:
            for step in range(4):
                log(logger, f"message {step}", named=names, step=step)
                screen.wait_for(f"message {step}")
            screen.press("q")
            assert screen.wait() == 0
    live = screen.shown[screen.shown.index(b"\x1b[?1049h") : screen.shown.index(b"\x1b[?1049l")]
    redraws = live.split(b"\x1b[H")[2:]
    assert len(redraws) >= 3
    assert max(map(len, redraws)) < MOST_BYTES
    assert not any(clear in redraw for redraw in redraws for clear in (b"\x1b[2J", b"\x1b[2K", b"\x1bc"))


def test_a_picture_over_ssh_has_colours_and_dots(server: SshServer, tmp_path: Path) -> None:
    """``plot`` at the other end knows the terminal's width, its colours and its letters."""
    with open_run(tmp_path / "runs") as (logger, _):
        for step in range(50):
            log(logger, step=step, loss=1 / (step + 1))
    command = far(server, tmp_path / "runs", "plot", "latest", "loss", pty=True)
    with Screen(*command, columns=100, lines=30, program=True) as screen:
        assert screen.wait() == 0
    assert "⠉" in screen.text or "⢸" in screen.text or "⡇" in screen.text
    assert b"\x1b[" in screen.shown
    lines = screen.text.splitlines()
    assert 80 < max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    "arguments",
    [("top",), ("plot", "latest", "loss"), ("ls",)],
    ids=lambda arguments: arguments[0],
)
def test_pipes_over_ssh_get_plain_text(server: SshServer, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Without a terminal at the other end there are no colours and no movements."""
    with open_run(tmp_path / "runs", run_name="far") as (logger, _):
        for step in range(9):
            log(logger, step=step, loss=1 / (step + 1))
        command = far(server, tmp_path / "runs", *arguments, pty=False)
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert "loss" in done.stdout or "far" in done.stdout
    assert not CONTROLS.search(done.stdout)
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
