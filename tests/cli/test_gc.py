"""``runlogging gc``: what is shown, what is deleted, and what is said where nothing is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from runlogging.folder import changed_manifest
from tests.cli.tools import made_run, runlogging, strict_json, unsafe_in


def aged(root: Path, ended: str = "2020-01-01T00:00:00.000000Z", **options: Any) -> Path:
    """Return the folder of a run that ended long ago."""
    path = made_run(root, **options)
    with changed_manifest(path) as manifest:
        manifest.ended = ended
    return path


def test_without_yes_nothing_is_deleted(tmp_path: Path) -> None:
    """The table names what would go with age, size and reason; a sentence says how to delete it."""
    old, new = aged(tmp_path), made_run(tmp_path)
    titles, line, _, totals, advice = runlogging("gc", tmp_path, "--older-than", "30d").output.splitlines()
    assert titles.split() == ["WHAT", "EXPERIMENT", "STATUS", "AGE", "SIZE", "WHY"]
    assert line.split()[:3] == [old.name, "test", "Completed"]
    assert line.endswith("d old")
    assert totals.startswith("1 run, ")
    assert advice == "Nothing has been deleted; the same command with --yes deletes this."
    assert old.exists()
    assert new.exists()


def test_yes_deletes(tmp_path: Path) -> None:
    """What was shown is gone, the rest stays, and a second time there is nothing to do."""
    old, new = aged(tmp_path), made_run(tmp_path)
    shown = runlogging("gc", tmp_path, "--older-than", "30d", "--yes").output
    assert old.name in shown
    assert "Deleted: 1 run, " in shown
    assert "Nothing has been deleted" not in shown
    assert not old.exists()
    assert new.exists()
    assert runlogging("gc", tmp_path, "--older-than", "30d", "--yes").output.startswith("Nothing was deleted in")


def test_nothing_asked_says_what_can_be(tmp_path: Path) -> None:
    """Without a criterion no run goes, and the options that name some are said."""
    path = made_run(tmp_path)
    shown = runlogging("gc", tmp_path, "--yes").output
    assert "Nothing was deleted" in shown
    assert "--older-than, --keep" in shown
    assert path.exists()
    assert "--keep" not in runlogging("gc", tmp_path, "--older-than", "1d").output


def test_root_comes_from_the_environment(tmp_path: Path) -> None:
    """Without ROOT the variable RUNLOGGING_ROOT names it."""
    path = made_run(tmp_path)
    assert path.name in runlogging("gc", "--keep", "0", RUNLOGGING_ROOT=str(tmp_path)).output


def test_options_narrow_together(tmp_path: Path) -> None:
    """Experiment, status, tags and number to keep are all asked."""
    runs = [made_run(tmp_path, "a", tags={"kind": "try", "seed": str(seed)}) for seed in range(3)]
    made_run(tmp_path, "b", tags={"kind": "try", "seed": "1"})
    options = ("--experiment", "a", "--status", "completed", "--tag", "kind", "--tag", "seed=1", "--keep", "1")
    (item,) = strict_json(runlogging("gc", tmp_path, *options, "--json").output)["items"]
    assert item["run_id"] == runs[1].name
    everything = strict_json(runlogging("gc", tmp_path, "--tag", "kind=try", "--json").output)
    assert len(everything["items"]) == 4


def test_filter_is_that_of_the_list(tmp_path: Path) -> None:
    """A filter chooses the runs that `ls` lists with it."""
    made_run(tmp_path)
    kept = made_run(tmp_path, tags={"model": "ridge"})
    facts = strict_json(runlogging("gc", tmp_path, "--where", "tags.model = 'ridge'", "--json").output)
    assert [item["run_id"] for item in facts["items"]] == [kept.name]


def test_json_is_one_object(tmp_path: Path) -> None:
    """Everything is told in strict JSON: what goes, what stays and why, bytes, and whether it was deleted."""
    old = aged(tmp_path)
    kept = aged(tmp_path, tags={"keep": "yes"})
    for yes in ((), ("--yes",)):
        facts = strict_json(runlogging("gc", tmp_path, "--older-than", "1d", "--max-size", "0", "--json", *yes).output)
        assert facts["deleted"] is bool(yes)
        (item,) = facts["items"]
        assert (item["kind"], item["run_id"], item["path"]) == ("run", old.name, str(old))
        assert 0 < item["bytes"] == facts["bytes"] < facts["size"]
        assert item["age_s"] > 86_400
        (stays,) = facts["kept"]
        assert (stays["run_id"], stays["reason"]) == (kept.name, "it has the tag 'keep'")
        assert facts["failed"] == []
    assert not old.exists()


def test_what_stays_is_named(tmp_path: Path) -> None:
    """A run that fits and stays is named with the reason, and so is one that cannot be read."""
    aged(tmp_path, run_id="safe", tags={"keep": None})
    (aged(tmp_path, run_id="broken") / "run.json").write_text("{", encoding="utf-8")
    shown = runlogging("gc", tmp_path, "--older-than", "1d").output
    assert "Stays: test/safe: it has the tag 'keep'" in shown
    assert "Stays: test/broken: it cannot be read" in shown
    assert "broken" in runlogging("gc", tmp_path, "--broken", "--yes").output
    assert not (tmp_path / "test" / "broken").exists()


def test_size_that_cannot_be_reached_is_said(tmp_path: Path) -> None:
    """Where what fits is not enough, the totals say so."""
    aged(tmp_path)
    made_run(tmp_path, tags={"keep": None})
    shown = runlogging("gc", tmp_path, "--max-size", "1kB").output
    assert "What is left is over 1.00 kB: nothing else fits what was asked." in shown


def test_leftovers_are_shown_and_can_be_left(tmp_path: Path) -> None:
    """What belongs to no run goes without being asked for, unless only runs are meant."""
    made_run(tmp_path)
    (tmp_path / ".trash" / "half").mkdir(parents=True)
    assert "rest .trash/half" in runlogging("gc", tmp_path).output
    assert "1 leftover," in runlogging("gc", tmp_path).output
    assert "Nothing to delete" in runlogging("gc", tmp_path, "--no-orphans").output


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--older-than", "soon", "12h, 30d"),
        ("--max-size", "much", "10GB"),
        ("--status", "Running", "Completed"),
        ("--keep", "-1", "0"),
        ("--where", "metrics.loss <", "metrics.loss <"),
    ],
)
def test_wrong_option_is_one_sentence(tmp_path: Path, option: str, value: str, said: str) -> None:
    """A value that cannot be read ends with status 2 and a sentence that says what can."""
    made_run(tmp_path)
    done = runlogging("gc", tmp_path, option, value, code=2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_root_is_said(tmp_path: Path) -> None:
    """A folder that does not exist is no root."""
    assert "is no folder of runs" in runlogging("gc", tmp_path / "nowhere", code=2).stderr


def test_names_of_files_steer_no_terminal(tmp_path: Path) -> None:
    """Names that come from the disk are escaped."""
    made_run(tmp_path)
    odd = os.fsdecode(b"\x1b[31m\xff\n")
    (tmp_path / ".trash" / odd).mkdir(parents=True)
    (tmp_path / "test" / odd).mkdir()
    (tmp_path / "test" / odd / "run.json").write_text("{", encoding="utf-8")
    assert not unsafe_in(runlogging("gc", tmp_path, "--keep", "0").output)
    assert not unsafe_in(runlogging("gc", tmp_path, "--keep", "0", "--json").output)
