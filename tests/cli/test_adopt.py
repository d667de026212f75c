"""``runlogging adopt``: a log becomes a run, and what goes wrong is one sentence."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from runlogging.reading import open_run
from tests.cli.tools import COMMAND, runlogging, started
from tests.conftest import SOURCE


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Give a small log file in the format of basicConfig."""
    path = tmp_path / "app.log"
    path.write_text("INFO:net:step=1 loss=0.5\nodd\nERROR:net:bad\n", encoding="utf-8")
    return path


def test_prints_the_run_and_says_how_it_was_read(tmp_path: Path, log: Path) -> None:
    """The run's folder is on stdout; dialect and counts are on stderr."""
    done = runlogging("adopt", log, "--root", tmp_path / "runs", "--metrics", "--experiment", "old", "--name", "n")
    run = open_run(Path(done.stdout.strip()))
    assert (run.experiment, run.name, run.status) == ("old", "n", "Completed")
    assert [one.message for one in run.logs()] == ["step=1 loss=0.5", "odd", "bad"]
    assert done.stderr == (
        "Read as logging, '%(levelname)s:%(name)s:%(message)s': 3 records, 1 with metrics, "
        "1 of them lines that no rule fits\n"
    )


def test_json_says_the_counts(tmp_path: Path, log: Path) -> None:
    """With --json stdout is one object."""
    done = json.loads(runlogging("adopt", log, "--root", tmp_path / "runs", "--json").stdout)
    assert done.pop("path") == str(tmp_path / "runs" / "adopted" / done.pop("run_id"))
    dialect = "logging, '%(levelname)s:%(name)s:%(message)s'"
    assert done == {"records": 3, "metrics": 0, "unparsed": 1, "dialect": dialect}


def test_takes_stdin_and_formats(tmp_path: Path) -> None:
    """A dash is stdin; format, date format, style and zone are options."""
    options = ["--format", "{asctime} {message}", "--style", "{", "--datefmt", "%d.%m.%Y %H:%M", "--utc"]
    done = subprocess.run(
        [*COMMAND, "adopt", "-", "--root", str(tmp_path), *options],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        input=b"01.02.2024 03:04 hello",
        capture_output=True,
        check=True,
    )
    run = open_run(Path(done.stdout.decode().strip()))
    assert [(one.time.isoformat(), one.message) for one in run.logs()] == [("2024-02-01T03:04:00+00:00", "hello")]
    assert run.properties["adopted_from"] == "stdin"
    assert "adopted_sha256" not in run.properties


def test_secrets_stay_only_when_asked(tmp_path: Path) -> None:
    """Secrets are redacted unless --no-redact says otherwise."""
    path = tmp_path / "app.log"
    path.write_text("INFO:a:password=hunter22\n", encoding="utf-8")
    for options, is_kept in ((), False), (("--no-redact",), True):
        run = open_run(Path(runlogging("adopt", path, "--root", tmp_path / "runs", *options).stdout.strip()))
        assert ("hunter22" in run.logs()[0].message) is is_kept


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--dialect", "xml"], "no dialect"),
        (["--format", "%(x"], "no format"),
        (["--pattern", "a(?P<b>"], "at position 1"),
        (["--datefmt", "%Y"], "give one of them too"),
        (["--experiment", "a/b"], "experiment"),
    ],
)
def test_bad_options_are_one_sentence(tmp_path: Path, log: Path, options: list[str], words: str) -> None:
    """What is wrong is one line on stderr and status 2, and no run is left."""
    done = runlogging("adopt", log, "--root", tmp_path / "runs", *options, code=2)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_files_that_are_none(tmp_path: Path) -> None:
    """A missing and an empty file are one line and status 2."""
    (tmp_path / "empty").touch()
    for name, words in ("nix", "there is no file"), ("empty", "is empty"), (".", "is a folder"):
        done = runlogging("adopt", tmp_path / name, "--root", tmp_path / "runs", code=2)
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_bar_where_a_terminal_watches(tmp_path: Path, log: Path) -> None:
    """On a terminal a bar of bytes is shown while the log is read."""
    control, terminal = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with started("adopt", log, "--root", tmp_path / "runs", env=env, terminal=terminal) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                chunk = os.read(control, 65536)
            except OSError:
                break
            if not chunk:
                break
            shown += chunk
    os.close(control)
    assert process.returncode == 0
    assert b"43/43 bytes" in shown
    assert b"3 records" in shown
