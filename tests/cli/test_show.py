"""``runlogging show``: what a run is, how it ended, and which run is meant."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from tests.cli.tools import log, made_run, open_run, runlogging, strict_json, unsafe_in
from tests.conftest import RunScript, only_run

FAILING = """
import logging
from runlogging import RunHandler
logging.basicConfig(handlers=[RunHandler("runs")])
logging.warning("about to fail")
raise ValueError("boom \\x1b[31m")
"""


def test_completed_run_is_shown_with_all_its_parts(tmp_path: Path) -> None:
    """Identity, tags, writers, counts, metrics and values stand on the page."""
    with open_run(tmp_path, run_name="try", tags={"model": "small", "flag": None}) as (logger, path):
        for step in range(4):
            log(logger, step=step, loss=4 - step)
        log(logger, step=9, notes="some text", table={"a": [1, 2]})
    text = runlogging("show", path.name, "--root", tmp_path).output
    for part in (path.name, "Completed", "try", "model=small, flag", "4 metrics, 1 values", "main (process", str(path)):
        assert part in text
    rows = [line.split() for line in text.splitlines()]
    assert ["METRIC", "COUNT", "LAST", "MIN", "MAX", "MEAN", "STEP"] in rows
    assert ["loss", "4", "1", "1", "4", "2.5", "3"] in rows
    assert ["notes", "text", "1", "9"] in rows
    assert ["table", "table", "1", "9"] in rows


def test_nonfinite_values_are_named(tmp_path: Path) -> None:
    """The last value is said to be NaN where it was, and how many of them there were."""
    with open_run(tmp_path) as (logger, path):
        log(logger, loss=2.0)
        log(logger, loss=float("-inf"))
    text = runlogging("show", path).output
    assert "NONFINITE" in text
    assert ["loss", "2", "-Infinity", "2", "2", "2", "1"] in [line.split() for line in text.splitlines()]
    assert strict_json(runlogging("show", path, "--json").output)["metrics"]["loss"]["last"] == "-Infinity"


def test_failed_run_shows_its_error(tmp_path: Path, run_script: RunScript) -> None:
    """Type, message and traceback of what ended the run, escaped."""
    run_script(FAILING, check=False)
    path = only_run(tmp_path / "runs")
    text = runlogging("show", path).output
    assert "Failed: ValueError" in text
    assert "ValueError: boom \\x1b[31m" in text
    assert "Traceback (most recent call last)" in text
    assert not unsafe_in(text)
    assert strict_json(runlogging("show", path, "--json").output)["error"]["message"] == "boom \x1b[31m"


def test_killed_writer_leaves_a_run_not_responding(tmp_path: Path, run_writer: subprocess.Popen[str]) -> None:
    """A run whose process was killed says so with the time of its last record."""
    path = only_run(tmp_path / "runs")
    assert "Running" in runlogging("show", path).output
    run_writer.send_signal(signal.SIGKILL)
    run_writer.wait(timeout=30)
    facts = strict_json(runlogging("show", path, "--json").output)
    assert facts["status"] == "NotResponding"
    assert facts["last_record"] is not None
    assert "NotResponding: its process is gone, last record 20" in runlogging("show", path).output
    assert "NotResponding" in runlogging("ls", tmp_path / "runs").output


def test_broken_line_is_a_problem_with_its_place(tmp_path: Path) -> None:
    """A bad line is named with file and offset; the rest of the run is shown."""
    path = made_run(tmp_path)
    size = (path / "metrics.jsonl").stat().st_size
    with (path / "metrics.jsonl").open("ab") as file:
        file.write(b"no \x1b json\n")
    text = runlogging("show", path).output
    assert f"metrics.jsonl:{size}  bad:" in text
    assert "loss" in text
    assert not unsafe_in(text)
    (problem,) = strict_json(runlogging("show", path, "--json").output)["problems"]
    assert (problem["file"], problem["offset"], problem["kind"]) == ("metrics.jsonl", size, "bad")


def test_several_writers_are_named(tmp_path: Path, run_script: RunScript) -> None:
    """Each process that wrote to the run is shown."""
    path = made_run(tmp_path / "runs")
    program = f"""
        import logging
        from runlogging import RunHandler
        handler = RunHandler("runs", "test", run_id={path.name!r})
        logging.basicConfig(handlers=[handler])
        logging.warning("from the other", extra={{"metrics": {{"loss": 1}}, "step": 8}})
    """
    run_script(program, RANK="1")
    assert "rank1 (process" in runlogging("show", path).output
    assert "[rank1] root" in runlogging("logs", path).output
    assert "rank1" in runlogging("metrics", path).output


def test_run_is_found_by_path_id_prefix_and_latest(tmp_path: Path) -> None:
    """All ways to name a run lead to it."""
    first = made_run(tmp_path, run_id="first-run")
    time.sleep(0.002)
    second = made_run(tmp_path, run_id="second-run")
    for name, path in [(str(first), first), ("first-run", first), ("fir", first), ("latest", second)]:
        shown = strict_json(runlogging("show", name, "--root", tmp_path, "--json").output)
        assert shown["path"] == str(path)


def test_ambiguous_prefix_names_the_candidates(tmp_path: Path) -> None:
    """A prefix of two runs is refused with exit status 2 and both names, on stderr only."""
    made_run(tmp_path, run_id="run-a")
    made_run(tmp_path, run_id="run-b")
    for command in ("show", "logs", "metrics"):
        done = runlogging(command, "run", "--root", tmp_path, code=2)
        assert done.stdout == ""
        assert done.stderr.startswith("Error: 'run' fits 2 runs")
        assert "run-a" in done.stderr
        assert "run-b" in done.stderr


def test_unknown_run_is_one_sentence(tmp_path: Path) -> None:
    """An unknown run is refused with what comes near; its name is escaped."""
    made_run(tmp_path, run_id="training")
    assert "Did you mean training?" in runlogging("show", "trainign", "--root", tmp_path, code=2).stderr
    bad = runlogging("show", "\x1b]0;x\x07", "--root", tmp_path, code=2)
    assert bad.stderr.count("\n") == 1
    assert not unsafe_in(bad.stderr)
    assert "no runs" in runlogging("show", "latest", "--root", tmp_path / "none", code=2).stderr


def test_newer_format_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """A manifest of a later format says what to do."""
    path = made_run(tmp_path)
    text = (path / "run.json").read_text(encoding="utf-8")
    (path / "run.json").write_text(text.replace('"format":1', '"format":99').replace('"format": 1', '"format": 99'))
    done = runlogging("show", path, code=2)
    assert done.stderr.startswith("Error: ")
    assert "newer runlogging" in done.stderr
