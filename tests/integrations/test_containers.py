"""Containers, for real: a busybox root that podman runs with runc, its output kept as any command's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runlogging import start_run
from runlogging.folder import read_manifest
from runlogging.processes._process import capture_process
from runlogging.reading import open_run
from tests.capture.programs import in_pipes, messages, processes_with
from tests.cli.tools import COMMAND
from tests.conftest import only_run

_LIMITS = ["--network=host", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
_APPLETS = ("sh", "echo", "cat", "sleep", "seq", "test", "stty", "kill")


def _missing() -> str:
    """Return why no container can be run here, or an empty text."""
    programs = [name for name in ("podman", "runc", "busybox") if shutil.which(name, path=_path()) is None]
    if programs:
        return f"no container engine: {', '.join(programs)} not installed (Debian: podman runc busybox-static)"
    if os.geteuid() != 0:
        return "containers are tried as root only"
    probe = subprocess.run(["podman", "info"], capture_output=True, env={**os.environ, "PATH": _path()}, timeout=60)
    return "" if probe.returncode == 0 else f"podman does not work here: {probe.stderr.decode()[-200:]}"


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the root folder of a container with a shell, where containers can be run."""
    reason = _missing()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("container")
    for name in ("bin", "proc", "sys", "dev", "tmp", "etc", "run"):
        (folder / name).mkdir()
    busybox = shutil.which("busybox", path=_path())
    assert busybox is not None
    shutil.copy(busybox, folder / "bin" / "busybox")
    for name in _APPLETS:
        (folder / "bin" / name).symlink_to("busybox")
    return folder


@pytest.fixture
def container(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Give the beginning of a command that runs a shell in a container; the shell's text comes last."""
    monkeypatch.setenv("PATH", _path())
    engine = ["podman", "--cgroup-manager=cgroupfs", "--runtime", "runc", "run", "--rm", *_LIMITS]
    yield [*engine, "--rootfs", str(root), "/bin/sh", "-c"]
    assert not processes_with(str(root))


def test_a_container_logs_by_printing(container: list[str], tmp_path: Path) -> None:
    """Lines, errors and metrics that a program in a container prints are records; its exit code is passed on."""
    program = """echo started; echo trouble >&2
    for step in 0 1 2; do echo "{\\"metrics\\": {\\"loss\\": 0.$step}, \\"step\\": $step}"; done
    exit 5"""
    with start_run("container", tmp_path / "runs", environment=False, capture=()) as run:
        done = capture_process([*container, program], run, show=False, timeout_s=60)
    assert (done.returncode, done.timed_out) == (5, False), messages(run.path, "stderr", "main")
    assert messages(run.path, "stdout", "main")[:1] == ["started"]
    assert "trouble" in messages(run.path, "stderr", "main")
    series = open_run(run.path).series("loss")
    assert (list(series.values), list(series.steps)) == ([0.0, 0.1, 0.2], [0, 1, 2])


def test_a_container_with_a_terminal(container: list[str], tmp_path: Path) -> None:
    """A container that asks for a terminal gets one, and its progress bar is one line."""
    place = container.index("run") + 1
    command = [*container[:place], "--tty", *container[place:]]
    bar = 'test -t 1 && echo terminal; for step in $(seq 50); do echo -ne "\\r$step of 50"; done; echo'
    with start_run("container", tmp_path / "runs", environment=False, capture=()) as run:
        done = capture_process([*command, bar], run, show=False, tty=True, timeout_s=60)
    assert done.returncode == 0, messages(run.path, "console", "main")
    assert messages(run.path, "console", "main") == ["terminal", "50 of 50"]


def test_exec_runs_a_container(container: list[str], tmp_path: Path) -> None:
    """``runlogging exec`` shows what a container prints, passes its exit status on, and the run fails with it."""
    done = in_pipes([*COMMAND, "exec", "--", *container, "echo in the box; exit 7"], tmp_path, PATH=_path())
    assert (done.code, done.stdout) == (7, b"in the box\n"), done.stderr
    run = only_run(tmp_path / "runs")
    assert messages(run, "stdout", "main") == ["in the box"]
    assert read_manifest(run).status == "Failed"


def test_a_container_that_never_ends_is_ended(container: list[str], tmp_path: Path) -> None:
    """A container over its time is ended, and nothing of it is left."""
    with start_run("container", tmp_path / "runs", environment=False, capture=()) as run:
        done = capture_process(
            [*container, "trap 'exit 3' TERM; echo up; sleep 60 & wait"], run, show=False, timeout_s=3
        )
    assert done.timed_out
    assert done.returncode in (3, 143, -15)
    assert messages(run.path, "stdout", "main") == ["up"]
