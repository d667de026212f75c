"""The command as a whole: start-up, help, exit statuses, pipes, encodings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import runlogging as package
from tests.cli.tools import COMMAND, log, made_run, open_run, runlogging, started, strict_json
from tests.conftest import SOURCE

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"
LOOKING = ("ls", "show", "logs", "metrics", "around", "when", "plot", "compare", "top", "tail", "completion", "doctor")
KEEPING = ("verify", "archive", "pack", "unpack", "gc", "merge")
SHOWING = ("report", "view")
COMMANDS = (*LOOKING, *KEEPING, *SHOWING, "exec", "submit", "cancel", "wait", "sweep", "adopt", "demo")


def long_run(root: Path) -> Path:
    """Make a run whose output is longer than the buffer of a pipe."""
    with open_run(root, durability="lazy") as (logger, path):
        for step in range(3000):
            log(logger, "x" * 50, step=step, loss=step / 7)
    return path


def test_version_is_the_package_s() -> None:
    """--version names the program and its version."""
    assert runlogging("--version").output == f"runlogging, version {package.__version__}\n"


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_of_every_command(command: list[str]) -> None:
    """Each command explains itself, with -h too."""
    assert runlogging(*command, "--help").output == runlogging(*command, "-h").output


def test_help_does_not_wait_for_what_it_does_not_need() -> None:
    """Neither rich nor the reader is imported for the help."""
    program = (
        "import sys\nfrom runlogging.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print([name for name in sys.modules if name.split('.')[0] == 'rich' or name == 'runlogging.reading'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True
    )
    assert done.stdout.endswith("[]\n"), done


@pytest.mark.parametrize("command", ["logs", "metrics"])
@pytest.mark.parametrize("form", ["", "--json"])
def test_broken_pipe_ends_quietly(tmp_path: Path, command: str, form: str) -> None:
    """``| head -1`` gets its line, and nobody complains."""
    path = long_run(tmp_path)
    line = " ".join([*COMMAND, command, str(path), form])
    done = subprocess.run(
        ["bash", "-c", f"{line} | head -1; echo ${{PIPESTATUS[0]}}"],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    first, status = done.stdout.splitlines()
    assert first
    assert (status, done.stderr) == ("141", "")


def test_output_in_a_pipe_is_neither_cut_nor_coloured(tmp_path: Path) -> None:
    """However long the names are, they are whole, and no line is folded."""
    name = "n" * 128
    with open_run(tmp_path, name, run_name="m" * 300) as (logger, path):
        log(logger, "w" * 500, {f"metric{number}" * 10: number for number in range(30)})
    for arguments in (["ls", tmp_path], ["show", path], ["logs", path], ["metrics", path]):
        process = started(*map(str, arguments), env={**os.environ, "COLUMNS": "80", "FORCE_COLOR": "1"})
        text = process.communicate(timeout=30)[0].decode()
        assert "\x1b" not in text
        assert "…" not in text
        assert "metric29" * 10 in text or "ls" in arguments
    assert len(runlogging("ls", tmp_path).output.splitlines()) == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_encoding_that_lacks_a_character_does_not_matter(tmp_path: Path, encoding: str) -> None:
    """A character that stdout cannot encode is shown escaped."""
    with open_run(tmp_path, run_name="漢字") as (logger, path):
        logger.info("漢字 é 😀")
    for arguments in (["ls", tmp_path], ["show", path], ["logs", path]):
        process = started(*map(str, arguments), env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": encoding})
        output, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, b"")
        assert "漢字" in output.decode(encoding) if encoding == "utf-8" else b"\\u6f22\\u5b57" in output


def test_demo_makes_a_run_and_names_the_next_commands(tmp_path: Path) -> None:
    """The demo can be looked at at once, with all kinds of records; a run named in the environment is left alone."""
    path = made_run(tmp_path / "runs", run_id="mine")
    root = tmp_path / "de mo"
    process = started("demo", "--root", root, env={**os.environ, "RUNLOGGING_RUN": str(path)})
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, b"")
    assert f"runlogging logs latest --root '{root}'" in output.decode()
    facts = strict_json(runlogging("show", "latest", "--root", root, "--json").stdout)
    assert (facts["status"], facts["counts"]["metrics"]) == ("Completed", 40)
    assert facts["metrics"]["loss"]["last"] < 0.2 < 0.9 < facts["metrics"]["accuracy"]["last"]
    assert [(value["name"], value["type"]) for value in facts["values"]] == [("by_class", "table")]
    levels = {strict_json(line)["level"] for line in runlogging("logs", facts["path"], "--json").stdout.splitlines()}
    assert levels == {"DEBUG", "INFO", "WARNING", "ERROR"}
    assert sorted(folder.name for folder in path.parent.iterdir()) == ["mine"]


def test_demo_of_two_days_is_the_same(tmp_path: Path) -> None:
    """The numbers are seeded."""
    shown = []
    for name in ("a", "b"):
        runlogging("demo", "--root", tmp_path / name, PYTHONPATH=str(SOURCE))
        rows = strict_json(runlogging("metrics", "latest", "--root", tmp_path / name, "--json").stdout)
        shown.append([row["metrics"] for row in rows])
    assert shown[0] == shown[1]


def test_demo_in_a_file_is_refused(tmp_path: Path) -> None:
    """A root that cannot hold runs is one sentence and exit status 2."""
    (tmp_path / "file").touch()
    assert "is a file" in runlogging("demo", "--root", tmp_path / "file", code=2).stderr


def test_document_names_every_command_and_option() -> None:
    """docs/cli.md has a section a command, and each option in it."""
    sections = dict(
        re.findall(r"(?ms)^## `runlogging (\w+).*?\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(encoding="utf-8"))
    )
    assert set(sections) == set(COMMANDS)
    for command, text in sections.items():
        options = set(re.findall(r"--[a-z]+", runlogging(command, "--help").output)) - {"--help"}
        assert {option for option in options if option not in text} == set()
