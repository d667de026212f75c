"""``runlogging submit``, ``wait`` and ``cancel``."""

from __future__ import annotations

from pathlib import Path

from runlogging import open_run
from tests.cli.tools import runlogging
from tests.conftest import SOURCE

SCRIPT = """
import sys, time
print("args", sys.argv[1:], flush=True)
time.sleep(float(sys.argv[1]))
sys.exit(int(sys.argv[2]))
"""


def script_in(folder: Path) -> Path:
    """Write the script that sleeps and exits as it is told."""
    path = folder / "code" / "job.py"
    path.parent.mkdir()
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def test_script_is_submitted_and_waited_for(tmp_path: Path) -> None:
    """It prints the folder at once; waiting prints the output and passes on whether it completed."""
    script, root = script_in(tmp_path), tmp_path / "runs"
    options = ("--root", root, "--experiment", "cli", "--tag", "a=b", "--name", "n")
    shown = runlogging("submit", *options, script, "0", "0", PYTHONPATH=str(SOURCE)).stdout
    run = open_run(shown.strip())
    assert (run.experiment, run.name, run.tags) == ("cli", "n", {"a": "b"})
    assert runlogging("wait", "latest", "--root", root).stdout == "args ['0', '0']\n"
    assert run.status == "Completed"
    assert runlogging("wait", "latest", "--root", root, "--quiet").stdout == ""


def test_failure_is_an_exit_status(tmp_path: Path) -> None:
    """A script that fails, or that is not there, gives 1."""
    script, root = script_in(tmp_path), tmp_path / "runs"
    done = runlogging("submit", "--root", root, "--wait", script, "0", "3", code=1, PYTHONPATH=str(SOURCE))
    assert "args ['0', '3']" in done.stdout
    assert "ended as Failed" in done.stderr
    done = runlogging("submit", "--root", root, script.parent / "nope.py", code=1, PYTHONPATH=str(SOURCE))
    assert "no script 'nope.py'" in done.stderr


def test_run_is_canceled(tmp_path: Path) -> None:
    """The script ends with it, and a second cancel is refused with a sentence."""
    script, root = script_in(tmp_path), tmp_path / "runs"
    shown = runlogging("submit", "--root", root, script, "600", "0", PYTHONPATH=str(SOURCE)).stdout
    runlogging("cancel", "latest", "--root", root)
    assert open_run(shown.strip()).status == "Canceled"
    assert "ended as Canceled" in runlogging("cancel", "latest", "--root", root, code=2).stderr
