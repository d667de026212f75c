"""``runlogging ls``: which runs, in which order, and what is said where there are none."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.cli.screens import plain_lines, shown
from tests.cli.tools import log, made_run, open_run, runlogging, started, strict_json


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    """Each run is one line with its id, experiment, name, status and last values."""
    first = made_run(tmp_path)
    second = made_run(tmp_path, "other", run_name="second try")
    titles, *lines = runlogging("ls", tmp_path).output.splitlines()
    assert titles.split() == ["ID", "EXPERIMENT", "NAME", "STATUS", "STARTED", "TOOK", "METRICS"]
    assert [line.split()[0] for line in lines] == [second.name, first.name]
    assert "second try  Completed" in lines[0]
    assert lines[1].endswith("loss=0.2  accuracy=0.2857")


def test_column_without_content_is_left_out(tmp_path: Path) -> None:
    """Where no run has a name, no column says so."""
    made_run(tmp_path)
    assert "NAME" not in runlogging("ls", tmp_path).output


def test_experiment_narrows_the_list(tmp_path: Path) -> None:
    """Only the runs of the named experiment are shown; an unknown one is said to have none."""
    kept, _ = made_run(tmp_path, "a"), made_run(tmp_path, "b")
    assert [run["id"] for run in strict_json(runlogging("ls", tmp_path, "--experiment", "a", "--json").output)] == [
        kept.name
    ]
    assert "No run of the experiment 'c'" in runlogging("ls", tmp_path, "--experiment", "c").output


def test_root_comes_from_the_environment(tmp_path: Path) -> None:
    """Without ROOT the variable RUNLOGGING_ROOT names it."""
    path = made_run(tmp_path / "elsewhere")
    assert path.name in runlogging("ls", RUNLOGGING_ROOT=str(tmp_path / "elsewhere")).output


def test_default_root_is_runs_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anything it is the folder ``runs``."""
    path = made_run(tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    assert path.name in runlogging("ls").output


def test_missing_and_empty_root_say_what_to_do(tmp_path: Path) -> None:
    """No runs are no error: one sentence says where was looked and what to do."""
    (tmp_path / "empty").mkdir()
    assert f"No runs in {tmp_path / 'empty'} yet." in runlogging("ls", tmp_path / "empty").output
    missing = runlogging("ls", tmp_path / "missing").output
    assert f"there is no folder {tmp_path / 'missing'}" in missing
    assert "RunHandler()" in missing
    assert strict_json(runlogging("ls", tmp_path / "missing", "--json").output) == []


def test_folder_that_is_no_root_is_named_for_what_it_is(tmp_path: Path) -> None:
    """A run, an experiment or a file in the place of a root is said to be one."""
    path = made_run(tmp_path)
    assert "is a run itself" in runlogging("ls", path).output
    assert f"list its root, {tmp_path}," in runlogging("ls", path.parent).output
    assert "is a file" in runlogging("ls", path / "run.json", code=2).stderr


def test_json_has_every_metric_and_exact_numbers(tmp_path: Path) -> None:
    """The JSON form is complete and strict; names that are missing are null."""
    with open_run(tmp_path, tags={"a": "b"}) as (logger, path):
        log(logger, "step", {f"m{number}": number / 7 for number in range(9)}, bad=float("nan"))
    (run,) = strict_json(runlogging("ls", tmp_path, "--json").output)
    assert (run["id"], run["name"], run["status"], run["path"]) == (path.name, None, "Completed", str(path))
    assert run["metrics"] == {**{f"m{number}": number / 7 for number in range(9)}, "bad": None}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", run["started"])


def test_many_metrics_are_counted(tmp_path: Path) -> None:
    """The table shows a few metrics and how many more there are."""
    with open_run(tmp_path) as (logger, _):
        log(logger, "step", dict.fromkeys("abcdefg", 1))
    assert runlogging("ls", tmp_path).output.splitlines()[1].endswith("a=1  b=1  c=1  d=1  +3")


def test_broken_folder_does_not_hide_the_others(tmp_path: Path) -> None:
    """A run that cannot be read is warned of, escaped, and the rest is listed."""
    path = made_run(tmp_path)
    broken = tmp_path / "test" / "bro\x1bken"
    broken.mkdir()
    (broken / "run.json").write_text("{", encoding="utf-8")
    done = runlogging("ls", tmp_path)
    assert path.name in done.stdout
    assert "bro\\x1bken" in done.stderr
    assert "\x1b" not in done.output


def test_filter_narrows_the_list(tmp_path: Path) -> None:
    """--where takes the filter language; one that nothing fits is said, one that does not parse is refused."""
    small, large = made_run(tmp_path, tags={"model": "small"}), made_run(tmp_path, tags={"model": "large"})
    listed = strict_json(
        runlogging("ls", tmp_path, "--where", "tags.model = 'small' and metrics.loss < 1", "--json").output
    )
    assert [run["id"] for run in listed] == [small.name]
    assert large.name in runlogging("ls", tmp_path, "--where", "tags.model like 'l%'").output
    assert "fits" in runlogging("ls", tmp_path, "--where", "tags.model = 'none'").output
    assert strict_json(runlogging("ls", tmp_path, "--where", "status = 'Failed'", "--json").output) == []
    wrong = runlogging("ls", tmp_path, "--where", "tags.model =", code=2)
    assert wrong.stdout == ""
    assert "expected" in wrong.stderr


def test_order_and_limit(tmp_path: Path) -> None:
    """--sort may be given again, the most important first; --limit cuts what is sorted."""
    paths = {}
    for name, alpha in (("a", 2), ("b", 1), ("c", 2)):
        with open_run(tmp_path, run_name=name, tags={"alpha": str(alpha)}) as (logger, paths[name]):
            log(logger, mse=alpha)

    def listed(*options: str) -> list[str]:
        return [run["name"] for run in strict_json(runlogging("ls", tmp_path, "--json", *options).output)]

    assert listed() == ["c", "b", "a"]
    assert listed("--sort", "metrics.mse", "--sort", "name DESC") == ["b", "c", "a"]
    assert listed("--sort", "-tags.alpha, name") == ["a", "c", "b"]
    assert listed("--sort", "metrics.mse desc", "--limit", "1") == ["c"]
    assert listed("--limit", "0") == []
    assert "there is no attribute" in runlogging("ls", tmp_path, "--sort", "mse", code=2).stderr
    assert "-1" in runlogging("ls", tmp_path, "--limit", "-1", code=2).stderr


def test_columns_are_names_of_the_filter_language(tmp_path: Path) -> None:
    """Each name is a column, exact in JSON; what a run lacks is empty there and null here."""
    with open_run(tmp_path, run_name="x", tags={"a b": "ridge, small"}) as (logger, path):
        for value in (1.0, 0.25, 1 / 3):
            log(logger, loss=value)
    names = "id, status,metrics.loss,min(metrics.loss),tags.`a b`,params.none"
    titles, row = runlogging("ls", tmp_path, "--columns", names).output.splitlines()
    assert re.split(r" {2,}", titles) == [
        *("ID", "STATUS", "metrics.loss", "min(metrics.loss)", "tags.`a b`", "params.none")
    ]
    assert re.split(r" {2,}", row) == [path.name, "Completed", "0.333333", "0.25", "ridge, small"]
    (facts,) = strict_json(runlogging("ls", tmp_path, "--columns", names, "--json").output)
    assert facts == {
        "id": path.name,
        "status": "Completed",
        "metrics.loss": 1 / 3,
        "min(metrics.loss)": 0.25,
        "tags.`a b`": "ridge, small",
        "params.none": None,
    }
    for wrong in ("id,", "nonsense", "id status", ""):
        assert runlogging("ls", tmp_path, "--columns", wrong, code=2).stderr.startswith("Error: ")


def test_chosen_columns_fit_a_terminal(tmp_path: Path) -> None:
    """Texts are cut, numbers and the status are not, and values are escaped."""
    with open_run(tmp_path, run_name="long " * 30, tags={"t": "\x1b[31m" + "x" * 99}) as (logger, _):
        log(logger, loss=1 / 3)
    rows = plain_lines(shown("ls", tmp_path, "--columns", "name,tags.t,status,started,duration,metrics.loss"))
    assert max(map(len, rows)) <= 80
    assert "0.333333" in rows[1]
    assert "Completed" in rows[1]
    assert "\\x1b[31m" in rows[1]


def test_damaged_folders_are_named(tmp_path: Path) -> None:
    """A few are named on stderr and the others counted; with --all they are rows that say what is wrong."""
    path = made_run(tmp_path)
    for number in range(8):
        folder = tmp_path / "test" / f"broken{number}"
        folder.mkdir()
        (folder / "run.json").write_text("{", encoding="utf-8")
    done = runlogging("ls", tmp_path, "--json")
    assert [run["id"] for run in strict_json(done.stdout)] == [path.name]
    assert done.stderr.count("is left out") == 5
    assert "3 more folders are left out; --all" in done.stderr
    whole = runlogging("ls", tmp_path, "--all")
    assert whole.stderr == ""
    assert len(whole.stdout.splitlines()) == 10
    problems = [run.get("problem") for run in strict_json(runlogging("ls", tmp_path, "--all", "--json").stdout)]
    assert problems.count(None) == 1
    assert "is left out" in runlogging("ls", tmp_path, "--where", "status = 'Failed'").stderr


def test_narrow_terminal_shows_what_tells_runs_apart(tmp_path: Path) -> None:
    """Of an id as much as no other run of the root has, chosen or not, and the metrics on a line of their own."""
    first, second = made_run(tmp_path, "a"), made_run(tmp_path, "b")
    titles, row, metrics = plain_lines(shown("ls", tmp_path, "--experiment", "b"))
    short = row.split()[0]
    assert titles.startswith("ID")
    assert second.name.startswith(short)
    assert not first.name.startswith(short)
    assert metrics == "  loss=0.2  accuracy=0.2857"


def test_times_are_local(tmp_path: Path) -> None:
    """The table shows the time of this machine's zone."""
    made_run(tmp_path)
    shown = {}
    for zone in ("UTC", "UTC-5"):
        process = started("ls", tmp_path, env={**os.environ, "TZ": zone})
        shown[zone] = re.search(rb"(\d\d):\d\d:\d\d", process.communicate(timeout=30)[0])
    assert shown["UTC"]
    assert shown["UTC-5"]
    assert int(shown["UTC-5"][1]) == (int(shown["UTC"][1]) + 5) % 24
