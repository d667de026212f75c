"""Completion: what a shell offers behind each word."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.tools import log, made_run, open_run, runlogging
from tests.conftest import SOURCE

_COMMAND = """#!{python}
import sys
sys.path.insert(0, {source!r})
from runlogging.cli import main
main(prog_name="runlogging")
"""

# What bash does when Tab is pressed behind the last word.
_BASH = """
eval "$(runlogging completion bash)"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMPREPLY=()
_runlogging_completion "$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""

Complete = Callable[..., list[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give an environment whose PATH begins with the command, and whose root is tmp_path / runs."""
    command = tmp_path / "bin" / "runlogging"
    command.parent.mkdir()
    command.write_text(_COMMAND.format(python=sys.executable, source=str(SOURCE)), encoding="utf-8")
    command.chmod(0o755)
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "RUNLOGGING_ROOT": str(tmp_path / "runs")}


@pytest.fixture
def complete(environment: dict[str, str], tmp_path: Path) -> Complete:
    """Give a function that returns what bash offers for the last of some words."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")

    def offered(*words: str) -> list[str]:
        done = subprocess.run(
            [bash, "-c", _BASH, "bash", "runlogging", *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert done.stderr == ""
        return [line for line in done.stdout.split("\n") if line]

    return offered


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Make three runs, the newest last."""
    root = tmp_path / "runs"
    first = made_run(root, "fits", run_name="ridge")
    with open_run(root, "other", run_name="two words; $(touch x)") as (logger, second):
        log(logger, named={"val/loss": 1.0, "lr": 2.0, "odd name $(touch x)": 3.0})
    return [first, second, made_run(root, "fits")]


def test_commands_are_completed(complete: Complete) -> None:
    """The first word is a command."""
    assert complete("sh") == ["show"]
    assert {"plot", "top", "tail", "ls", "completion"} <= set(complete(""))


def test_runs_are_offered_the_newest_first(complete: Complete, runs: list[Path]) -> None:
    """Latest, then ids; the beginning of an id or of a run's name narrows them."""
    ids = [path.name for path in reversed(runs)]
    assert complete("show", "") == ["latest", *ids]
    assert complete("show", runs[0].name[:-2]) == [runs[0].name]
    assert complete("show", "rid") == [runs[0].name]
    assert complete("show", "zzz") == []
    assert complete("tail", ids[0], "")[1:] == ids


def test_metrics_are_those_of_the_run(complete: Complete, runs: list[Path]) -> None:
    """A metric's place is completed by the metrics of the run before it, and nothing that a shell would execute."""
    assert complete("metrics", runs[0].name, "") == ["loss", "accuracy"]
    assert complete("metrics", runs[1].name, "") == ["val/loss", "lr"]
    assert complete("metrics", runs[1].name, "v") == ["val/loss"]
    assert complete("plot", runs[0].name, runs[1].name, "l") == ["loss", "lr", "latest"]
    assert complete("metrics", "no-such-run", "") == []


def test_metrics_of_a_run_without_a_summary(complete: Complete, runs: list[Path]) -> None:
    """A run that is going on has its metrics' names in its first lines."""
    (runs[1] / "summary.json").unlink()
    assert complete("metrics", runs[1].name, "") == ["val/loss", "lr"]


def test_root_option_is_followed(complete: Complete, runs: list[Path], tmp_path: Path) -> None:
    """Runs come from the root that was named; a root that is not there offers nothing."""
    other = made_run(tmp_path / "elsewhere")
    assert complete("show", "--root", str(tmp_path / "elsewhere"), "") == ["latest", other.name]
    assert complete("show", "--root", str(tmp_path / "missing"), "") == []


def test_experiments_and_levels(complete: Complete, runs: list[Path]) -> None:
    """Options that take one of few words offer them."""
    assert complete("ls", "--experiment", "") == ["fits", "other"]
    assert complete("tail", "--level", "w") == ["WARNING"]


def test_many_and_damaged_runs_are_no_burden(complete: Complete, runs: list[Path]) -> None:
    """At most 50 are offered, the newest, and a folder that cannot be read costs only itself."""
    for number in range(80):
        folder = runs[0].parent / f"2099{number:04d}"
        folder.mkdir()
        (folder / "run.json").write_text("{" if number % 2 else '{"format":1}', encoding="utf-8")
    offered = complete("show", "")
    assert len(offered) == 50
    assert offered[:3] == ["latest", "20990079", "20990078"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_says_where_it_belongs(shell: str) -> None:
    """The script is printed whole, its last line is a comment with the place; `$SHELL` is the default."""
    script = runlogging("completion", shell).output
    assert "_RUNLOGGING_COMPLETE" in script
    last = script.rstrip().splitlines()[-1]
    assert last.startswith("# In every shell")
    assert f"runlogging completion {shell}" in last
    assert runlogging("completion", SHELL=f"/usr/bin/{shell}").output == script
    assert script.startswith("#compdef runlogging") is (shell == "zsh")


def test_unknown_shell_is_refused() -> None:
    """A shell that has no completion is named, and those that have."""
    assert "bash, zsh, fish" in runlogging("completion", SHELL="/bin/tcsh", code=2).stderr
    assert "tcsh" in runlogging("completion", "tcsh", code=2).stderr


@pytest.mark.parametrize(
    ("shell", "check"), [("bash", ["-n"]), ("zsh", ["-n"]), ("fish", ["--no-execute"])], ids=["bash", "zsh", "fish"]
)
def test_script_is_one_of_its_shell(shell: str, check: list[str], tmp_path: Path) -> None:
    """The shell, where it is installed, parses it."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"there is no {shell}")
    path = tmp_path / "script"
    path.write_text(runlogging("completion", shell).output, encoding="utf-8")
    subprocess.run([found, *check, str(path)], check=True, timeout=60, capture_output=True)
