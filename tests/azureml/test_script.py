"""A training script of the Azure ML SDK v1 runs on with only its import lines changed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from runlogging import RunReader, start_run
from tests.conftest import RunScript, only_run, read_lines

SCRIPT = """
import argparse
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace, VERSION
from azureml.core.run import Run
from azureml.core.environment import Environment as SameEnvironment
from azureml.core.conda_dependencies import CondaDependencies
from azureml.widgets import RunDetails

parser = argparse.ArgumentParser()
parser.add_argument("--alphas", type=int, default=3)
args = parser.parse_args()

print("SDK version:", VERSION)
run = Run.get_context()
os.makedirs("./outputs", exist_ok=True)
os.makedirs("./logs", exist_ok=True)

losses = []
for number in range(args.alphas):
    alpha = np.float32(number / 2)
    mse = np.float64(3000.0 + (number - 1) ** 2)
    run.log("alpha", alpha)
    run.log(name="mse", value=mse, description="mean squared error", step=number)
    run.log_row("sweep", alpha=float(alpha), mse=float(mse))
    losses.append(float(mse))
    with open(f"./outputs/ridge_{number}.pkl", "wb") as file:
        file.write(b"model %d" % number)
    with open("./logs/train.log", "a") as file:
        file.write(f"alpha {alpha} mse {mse}\\n")
run.log_list("losses", (loss for loss in losses))
run.log("note", "azureml.core stays in a text")

plt.plot(losses)
run.log_image("curve", plot=plt)
with open("features.csv", "w") as file:
    file.write("a,b\\n")
run.upload_file(name="data/features.csv", path_or_stream="./features.csv")
run.tag("quality", "fantastic run")
run.tag("reviewed")

environment = Environment("user-managed-env")
environment.python.user_managed_dependencies = True
environment.python.conda_dependencies = CondaDependencies.create(conda_packages=["scikit-learn"])
source = ScriptRunConfig(source_directory="./", script="train.py")
source.run_config.environment = environment
assert SameEnvironment is Environment

RunDetails(run).show()
run.complete()
print("metrics", sorted(run.get_metrics()))
"""


def migrated(script: str) -> str:
    """Replace the two texts, in import lines only."""

    def in_line(line: str) -> str:
        if not re.match(r"\s*(from|import)\s", line):
            return line
        return line.replace("azureml.core", "runlogging.azureml").replace(
            "azureml.widgets", "runlogging.azureml.widgets"
        )

    return "\n".join(map(in_line, script.split("\n")))


@pytest.fixture
def old_files(tmp_path: Path) -> None:
    """Put files into the working directory that an earlier run of an app left behind."""
    for name in ("outputs/old.bin", "logs/app.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("from before", encoding="utf-8")


def check_run(reader: RunReader) -> None:
    metrics: dict[str, Any] = reader.metrics()
    assert metrics["alpha"].values == [0.0, 0.5, 1.0]
    assert (metrics["mse"].values, metrics["mse"].steps) == ([3001.0, 3000.0, 3001.0], [0, 1, 2])
    assert [value.value for value in reader.values("losses")] == [[3001.0, 3000.0, 3001.0]]
    assert [row.value["mse"] for row in reader.values("sweep")] == [3001.0, 3000.0, 3001.0]
    assert reader.values("note")[0].value == "azureml.core stays in a text"
    assert {"quality": "fantastic run", "reviewed": None}.items() <= reader.tags.items()
    (curve,) = reader.values("curve")
    assert curve.artifact is not None
    assert sorted(reader.artifacts()) == sorted(
        [*(f"outputs/ridge_{number}.pkl" for number in range(3)), "logs/train.log", "data/features.csv", curve.artifact]
    )
    assert reader.artifact(curve.artifact).read_bytes().startswith(b"\x89PNG")
    assert reader.artifact("outputs/ridge_2.pkl").read_bytes() == b"model 2"
    assert len(reader.artifact("logs/train.log").read_text(encoding="utf-8").splitlines()) == 3
    assert reader.problems == []


@pytest.mark.usefixtures("old_files")
def test_a_script_without_a_run_makes_one(run_script: RunScript, tmp_path: Path) -> None:
    """Alone, the script starts a local run that holds everything, but no file from before."""
    done = run_script(migrated(SCRIPT), "--alphas", "3")
    assert done.stderr == ""
    run = only_run(tmp_path / "runs")
    assert run.parent.name == "default"
    check_run(RunReader(run))
    assert RunReader(run).status == "Completed"
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["final"] is True
    assert "fantastic run" in done.stdout  # the table of RunDetails, as text
    assert done.stdout.splitlines()[-1] == "metrics ['alpha', 'curve', 'losses', 'mse', 'note', 'sweep']"


@pytest.mark.usefixtures("old_files")
def test_a_script_makes_the_run_that_the_variable_names(run_script: RunScript, tmp_path: Path) -> None:
    """With RUNLOGGING_RUN of a folder that is not there yet, the run is made there."""
    run_script(migrated(SCRIPT), RUNLOGGING_RUN=str(tmp_path / "kept" / "ridge" / "first"))
    run = only_run(tmp_path / "kept")
    assert (run.parent.name, run.name) == ("ridge", "first")
    check_run(RunReader(run))
    assert RunReader(run).status == "Completed"
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("old_files")
def test_a_script_joins_the_run_of_another_process(run_script: RunScript, tmp_path: Path) -> None:
    """With RUNLOGGING_RUN of an open run, the script writes into it and leaves it open when it completes."""
    with start_run("ridge", tmp_path / "runs") as run:
        run_script(migrated(SCRIPT), RUNLOGGING_RUN=str(run.path))
        assert run.status == "Running"
        run.tag("from", "the owner")
    reader = RunReader(run.path)
    check_run(reader)
    assert len(reader.writers) == 2
    assert reader.status == "Completed"


@pytest.mark.usefixtures("old_files")
def test_a_script_that_fails_leaves_its_outputs(run_script: RunScript, tmp_path: Path) -> None:
    """An uncaught error ends the run as Failed, and what was written until then is kept."""
    broken = migrated(SCRIPT).replace("plt.plot(losses)", "raise ValueError('diverged')")
    run_script(broken, check=False)
    reader = RunReader(only_run(tmp_path / "runs"))
    assert reader.status == "Failed"
    assert reader.error is not None
    assert reader.error.message == "diverged"
    assert "outputs/ridge_0.pkl" in reader.artifacts()
    assert "outputs/old.bin" not in reader.artifacts()
    assert len(read_lines(reader.path, "metrics")) == 6


def test_only_import_lines_are_changed() -> None:
    """The migration of this test touches nothing but import lines."""
    before, after = SCRIPT.split("\n"), migrated(SCRIPT).split("\n")
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 5
    assert all(old.startswith("from azureml.") and new.startswith("from runlogging.azureml") for old, new in changed)
