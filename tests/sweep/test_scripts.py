"""Sweeps of a script. What starts a script here is a small stand-in with the verbs of the real one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidValueError, Run, RunLoggingError, sweep
from runlogging.cli._output import Output
from runlogging.cli._sweep import sweep_script
from runlogging.run._start import prepare_child
from runlogging.submit import ScriptRunConfig
from runlogging.sweep import BanditPolicy

from ..conftest import SOURCE

TRAIN = """
import argparse, sys, time
from runlogging import start_run

parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float)
parser.add_argument("--steps", type=int, default=1)
given = parser.parse_args()
with start_run() as run:
    for step in range(given.steps):
        run.log("mse", (given.alpha - 0.4) ** 2, step=step)
        time.sleep(0.02)
    if given.alpha > 0.9:
        sys.exit(3)
"""


@pytest.fixture
def config(tmp_path: Path) -> ScriptRunConfig:
    """Give the configuration of a script that logs one metric."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "train.py").write_text(TRAIN, encoding="utf-8")
    return ScriptRunConfig(code, "train.py")


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Have `Run.submit_child` start a plain process that joins a prepared child; give the processes."""
    processes: list[subprocess.Popen[bytes]] = []

    def submit_child(parent: Run, config: ScriptRunConfig, tags: Mapping[str, object] | None = None) -> Run:
        child = prepare_child(parent, tags or {})
        command = [sys.executable, str(config.source_directory / str(config.script)), *config.arguments]
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "RUNLOGGING_RUN": str(child.path)}
        processes.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
        return child

    monkeypatch.setattr(Run, "submit_child", submit_child, raising=False)
    yield processes
    for process in processes:
        process.kill()
        process.wait()


Processes = list[subprocess.Popen[bytes]]


def test_each_point_is_submitted(tmp_path: Path, config: ScriptRunConfig, stand_in: Processes) -> None:
    """Each point is a submitted child with its arguments and parameters; one that fails is Failed."""
    space = {"alpha": [0.2, 0.4, 0.95]}
    done = sweep(config, space, root=tmp_path / "runs", metric="mse", max_concurrent=2)
    assert [child.status for child in done.children] == ["Completed", "Completed", "Failed"]
    assert done.best().parameters == {"alpha": 0.4}
    assert done.children[0].tags == {"sweep": done.run.id, "sweep_number": "0"}
    assert done.run.status == "Completed"
    assert done.run.parameters["sweep"]["target"] == "train.py"
    assert len(stand_in) == 3


def test_a_policy_cancels_a_script(tmp_path: Path, config: ScriptRunConfig, stand_in: Processes) -> None:
    """A script that is worse is canceled, and tagged with the reason."""
    config.arguments = ["--steps", "150"]
    policy = BanditPolicy(slack_amount=0.1, delay_evaluation=10)
    space = {"alpha": [0.4, 0.8]}
    done = sweep(config, space, root=tmp_path / "runs", metric="mse", policy=policy, max_concurrent=2)
    assert [child.status for child in done.children] == ["Completed", "Canceled"]
    assert (done.children[1].tags["stopped_early"] or "").startswith("BanditPolicy at interval ")


def test_ctrl_c_cancels_scripts(tmp_path: Path, config: ScriptRunConfig, stand_in: Processes) -> None:
    """Ctrl-C cancels the parent and every submitted child that has not ended."""
    config.arguments = ["--steps", "1000"]
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        sweep(config, {"alpha": [0.1, 0.2, 0.3]}, root=tmp_path / "runs", max_concurrent=2)
    assert time.monotonic() - begun < 5
    timer.join()
    from runlogging import list_runs

    assert [run.status for run in list_runs(tmp_path / "runs")] == ["Canceled"] * 3


def test_scripts_need_no_executor(tmp_path: Path, config: ScriptRunConfig) -> None:
    """An executor beside a script, and a script that is not there, are refused before anything is made."""
    with ThreadPoolExecutor(1) as pool, pytest.raises(InvalidValueError, match="leave executor out"):
        sweep(config, {"alpha": [1]}, root=tmp_path / "runs", executor=pool)
    config.script = "tran.py"
    with pytest.raises(RunLoggingError, match=r"Did you mean train\.py"):
        sweep(config, {"alpha": [1]}, root=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_command(
    tmp_path: Path, config: ScriptRunConfig, stand_in: Processes, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints the table of all points, and the best one."""
    script = str(config.source_directory / "train.py")
    options: dict[str, Any] = {"metric": "mse", "goal": "minimize", "max_concurrent": 2}
    assert sweep_script(script, ["alpha=0.2:0.7:0.2"], [], str(tmp_path / "runs"), Output(), **options)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("(Completed): 3 Completed")
    assert lines[1].split() == ["number", "run_id", "status", "alpha", "mse"]
    assert lines[-1].startswith("Best: mse=0.0 at alpha=0.4 (")
    assert not sweep_script(script, ["alpha=0.95"], [], str(tmp_path / "runs"), Output(), metric="none")
    assert capsys.readouterr().out.splitlines()[-1].startswith("No best point: no child of the sweep")


def test_real_submission(tmp_path: Path, config: ScriptRunConfig) -> None:
    """With the real submission each point is a run of its own, with the parameters in its arguments and manifest."""
    done = sweep(config, {"alpha": [0.2, 0.4]}, root=tmp_path / "runs", metric="mse")
    assert [child.status for child in done.children] == ["Completed", "Completed"]
    assert done.best().parameters == {"alpha": 0.4}
    assert done.children[0].tags == {"sweep": done.run.id, "sweep_number": "0"}
