"""The samples run as a user would run them: as programs, in a folder of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import runlogging

pytest.importorskip("sklearn", reason="the samples need scikit-learn: pip install 'runlogging[samples]'")

SAMPLES = Path(__file__).parents[1] / "samples"
MARK = "# runlogging"


def run_script(script: Path, *arguments: str, cwd: Path) -> str:
    """Run a script with nothing of ours in its environment but the package; return what it printed."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("RUNLOGGING_")}
    env["PYTHONPATH"] = str(Path(runlogging.__file__).parents[1])
    command = [sys.executable, "-W", "error::ResourceWarning", str(script), *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a folder in which the training sample ran, and what it printed."""
    folder = tmp_path_factory.mktemp("train")
    return folder, run_script(SAMPLES / "train_on_local" / "train.py", cwd=folder)


def only_run(folder: Path, experiment: str) -> runlogging.RunReader:
    """Open the one run that a sample made below a folder."""
    (path,) = (folder / "runs" / experiment).iterdir()
    return runlogging.open_run(path)


def test_training_script_knows_only_logging() -> None:
    """The training sample does not mention this package: only its configuration does."""
    assert "runlogging" not in (SAMPLES / "train_on_local" / "train.py").read_text(encoding="utf-8")
    assert "runlogging.RunHandler" in (SAMPLES / "train_on_local" / "logging_config.json").read_text(encoding="utf-8")


def test_training_keeps_the_numbers_of_the_console(trained: tuple[Path, str]) -> None:
    """Every alpha and error on the console is a point of the run, in the same order, and the run is Completed."""
    folder, console = trained
    run = only_run(folder, "train-on-local")
    printed = re.findall(r"alpha (\S+): mse (\S+)", console)
    kept = zip(run.series("alpha").values, run.series("mse").values, strict=True)
    assert [(f"{alpha:.2f}", f"{mse:.3f}") for alpha, mse in kept] == printed
    assert list(run.series("mse").steps) == list(range(20))
    assert run.status == "Completed"
    assert list(run.problems) == []


def test_training_finds_the_lowest_error_at_0_40(trained: tuple[Path, str]) -> None:
    """The best of the 20 alphas is 0.40, by the metrics that were kept."""
    run = only_run(trained[0], "train-on-local")
    alphas, errors = list(run.series("alpha").values), list(run.series("mse").values)
    assert alphas[errors.index(min(errors))] == pytest.approx(0.40)


def test_training_saves_a_model_for_each_alpha(trained: tuple[Path, str]) -> None:
    """The working directory holds 20 models, named by their alpha."""
    names = sorted(path.name for path in (trained[0] / "outputs").iterdir())
    assert names == [f"ridge_{hundredths / 100:.2f}.pkl" for hundredths in range(0, 100, 5)]


def test_run_is_read_in_three_ways_alike(trained: tuple[Path, str]) -> None:
    """The package, plain JSON and DuckDB give the same best alpha."""
    pytest.importorskip("duckdb")
    run = only_run(trained[0], "train-on-local")
    lines = run_script(SAMPLES / "read_run" / "read_run.py", str(run.path), cwd=trained[0]).splitlines()
    assert [line.split(maxsplit=1) for line in lines] == [
        [way, "best alpha 0.40"] for way in ("runlogging", "json", "duckdb")
    ]


def test_newest_run_is_read_without_an_argument(trained: tuple[Path, str]) -> None:
    """The reading sample takes the newest run below runs/ when no folder is named."""
    output = run_script(SAMPLES / "read_run" / "read_run.py", cwd=trained[0])
    assert output.startswith("runlogging  best alpha 0.40\n")


def test_existing_app_prints_the_same_without_our_lines(tmp_path: Path) -> None:
    """Three marked lines are all the difference, and neither console nor log file shows one."""
    folder = tmp_path / "app"
    shutil.copytree(SAMPLES / "existing_app", folder)
    console_with = run_script(folder / "app.py", cwd=tmp_path)
    file_with = (tmp_path / "app.log").read_text(encoding="utf-8")
    (tmp_path / "app.log").unlink()
    assert only_run(tmp_path, "daily-orders").status == "Completed"
    shutil.rmtree(tmp_path / "runs")

    lines = (folder / "app.py").read_text(encoding="utf-8").splitlines(keepends=True)
    marked = [line for line in lines if line.endswith(f"{MARK}\n")]
    assert len(marked) == 3
    # Blank lines in their places keep the line numbers in the log file.
    (folder / "app.py").write_text("".join("\n" if line in marked else line for line in lines), encoding="utf-8")
    assert run_script(folder / "app.py", cwd=tmp_path) == console_with
    assert not (tmp_path / "runs").exists()
    assert _without_times(tmp_path / "app.log") == re.sub(r"(?m)^\S+ \S+ ", "", file_with)


def _without_times(log_file: Path) -> str:
    return re.sub(r"(?m)^\S+ \S+ ", "", log_file.read_text(encoding="utf-8"))


def test_existing_app_keeps_what_it_logs(tmp_path: Path) -> None:
    """Debug lines, warnings, handled exceptions and extra fields of the application are in the run."""
    run_script(SAMPLES / "existing_app" / "app.py", cwd=tmp_path)
    run = only_run(tmp_path, "daily-orders")
    entries = run.logs()
    assert {entry.logger for entry in entries} == {"app", "extract", "transform", "load", "py.warnings"}
    assert "columns: order, customer, amount, currency" in [entry.message for entry in entries]
    failed = run.logs(level="ERROR")
    assert [entry.attributes for entry in failed] == [{"order": "1005"}, {"order": "1006"}]
    assert [entry.exception["type"] for entry in failed if entry.exception] == [
        "decimal.InvalidOperation",
        "KeyError",
    ]
    assert list(run.problems) == []
