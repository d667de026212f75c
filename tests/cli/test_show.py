"""``runlogging show``: what a run is, how it ended, and which run is meant."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from runlogging.cli._sparks import NAN_MARK
from tests.cli.screens import plain_lines, shown
from tests.cli.tools import log, made_run, open_run, runlogging, started, strict_json, unsafe_in
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
    assert ["METRIC", "COUNT", "LAST", "MIN", "MAX", "MEAN", "STEP", "CURVE"] in rows
    assert ["loss", "4", "1", "1", "4", "2.5", "3", "█▆▃▁"] in rows
    assert ["notes", "text", "1", "9"] in rows
    assert ["table", "table", "1", "9"] in rows


def test_nonfinite_values_are_named(tmp_path: Path) -> None:
    """The last value is said to be NaN where it was, and how many of them there were."""
    with open_run(tmp_path) as (logger, path):
        log(logger, loss=2.0)
        log(logger, loss=float("-inf"))
    text = runlogging("show", path).output
    assert "NONFINITE" in text
    assert ["loss", "2", "-Infinity", "2", "2", "2", "1", f"▄{NAN_MARK}"] in [
        line.split() for line in text.splitlines()
    ]
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


def test_spike_is_seen_beside_its_metric(tmp_path: Path) -> None:
    """One point of thousands stands out of the curve, in a pipe and in a terminal, and in ASCII."""
    with open_run(tmp_path) as (logger, path):
        for step in range(3000):
            log(logger, step=step, loss=9.0 if step == 2000 else 1.0)
    curve = "▁" * 13 + "█" + "▁" * 6
    assert curve in runlogging("show", path).output
    for columns in (80, 120):
        rows = plain_lines(shown("show", path, columns=columns))
        (row,) = [row for row in rows if row.startswith("loss")]
        assert row.endswith(curve)
        assert len(row) <= columns
    ascii_only = started("show", path, env={**os.environ, "PYTHONIOENCODING": "ascii"}).communicate(timeout=30)[0]
    assert b"_____________#______" in ascii_only


def test_narrow_terminal_shortens_curves_before_numbers(tmp_path: Path) -> None:
    """Curves and digits give way until the table fits; no curve at all is the last resort."""
    with open_run(tmp_path) as (logger, path):
        for step in range(100):
            log(logger, step=step, named={"a_metric_with_a_name": -(10.0**step) / 7})
    widths = {}
    for columns in (120, 80):
        rows = plain_lines(shown("show", path, columns=columns))
        (row,) = [row for row in rows if row.startswith("a_metric")]
        assert len(row) <= columns
        widths[columns] = len(row.split()[-1])
    assert widths[120] == 20
    assert widths[80] < 20


def test_metrics_without_a_curve_have_no_column(tmp_path: Path) -> None:
    """One point is no curve."""
    with open_run(tmp_path) as (logger, path):
        log(logger, loss=1.0)
    assert "CURVE" not in runlogging("show", path).output


def test_lives_of_a_writer_follow_and_writers_lie_over_each_other(tmp_path: Path) -> None:
    """A resumed run has one curve in order; ranks, each from its first point to its last, span one."""
    path = made_run(tmp_path)
    line = '{{"seq":{0},"time":"2026-11-23T23:05:02.123456Z","metrics":{{"loss":{1}}}}}\n'
    (path / "metrics.jsonl").write_text("".join(line.format(n, n) for n in range(4)), encoding="utf-8")
    (path / "metrics.main-2.jsonl").write_text("".join(line.format(n, n + 4) for n in range(4)), encoding="utf-8")
    assert "▁▂▃▄▅▆▇█" in runlogging("show", path).output
    (path / "metrics.main-2.jsonl").rename(path / "metrics.rank1.jsonl")
    assert "▁▂▃▄▅▆▇█" not in runlogging("show", path).output


def test_thousands_of_metrics_are_cut_in_a_terminal_only(tmp_path: Path) -> None:
    """A terminal shows 200 and says how many more there are, a pipe all of them; the first hundred have curves."""
    with open_run(tmp_path) as (logger, path):
        for step in range(2):
            log(logger, step=step, named={f"metric{number}": number + step for number in range(300)})
    rows = [row for row in plain_lines(shown("show", path)) if row.startswith("metric")]
    assert len(rows) == 200
    assert sum("▁█" in row for row in rows) == 100
    assert "100 more metrics" in shown("show", path)
    assert runlogging("show", path).output.count("\nmetric") == 300
    assert len(strict_json(runlogging("show", path, "--json").output)["metrics"]) == 300
