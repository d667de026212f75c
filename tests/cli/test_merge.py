"""``runlogging merge``: what is shown, the exit status, and what is said where something is left out."""

from __future__ import annotations

from pathlib import Path

from runlogging.reading import list_runs
from tests.cli.tools import made_run, runlogging, strict_json, unsafe_in


def test_runs_are_copied_and_shown(tmp_path: Path) -> None:
    """Each run that is copied is a line; the last line counts, and the second time nothing is copied."""
    first, second = made_run(tmp_path / "one", "a"), made_run(tmp_path / "two", "b")
    into = tmp_path / "into"
    shown = runlogging("merge", tmp_path / "one", tmp_path / "two", "--into", into).output
    titles, *lines = shown.splitlines()
    assert titles.split() == ["WHAT", "FROM", "ACTION", "SIZE", "WHY"]
    assert [line.split()[0] for line in lines[:2]] == [f"a/{first.name}", f"b/{second.name}"]
    assert lines[-1].startswith("2 copied, ")
    assert lines[-1].endswith(f"; 0 there already: {into}")
    assert {run.id for run in list_runs(into)} == {first.name, second.name}
    again = runlogging("merge", tmp_path / "one", tmp_path / "two", "--into", into).output
    assert again == f"Nothing copied; 2 there already: {into}\n"


def test_dry_run_copies_nothing(tmp_path: Path) -> None:
    """The same is shown, and the target is not even made."""
    path = made_run(tmp_path / "one")
    shown = runlogging("merge", tmp_path / "one", "--into", tmp_path / "into", "--dry-run").output
    assert path.name in shown
    assert "Would be: 1 copied" in shown
    assert shown.endswith("Nothing has been done.\n")
    assert not (tmp_path / "into").exists()


def test_conflict_ends_with_status_1(tmp_path: Path) -> None:
    """Both folders of a conflict are named, with the way out; ``--rename`` takes it and ends with 0."""
    for name in ("one", "into"):
        made_run(tmp_path / name, run_id="r1")
    shown = runlogging("merge", tmp_path / "one", "--into", tmp_path / "into", code=1).output
    assert f"Conflict: {tmp_path}/one/test/r1 and {tmp_path}/into/test/r1; --rename copies the first" in shown
    assert "1 left out" in shown
    shown = runlogging("merge", tmp_path / "one", "--into", tmp_path / "into", "--rename").output
    assert "test/r1 as r1-2" in shown
    assert {run.id for run in list_runs(tmp_path / "into")} == {"r1", "r1-2"}


def test_json_is_one_object(tmp_path: Path) -> None:
    """Steps, copies, what was removed and what failed, in strict JSON."""
    path, into = made_run(tmp_path / "one"), tmp_path / "into"
    facts = strict_json(runlogging("merge", tmp_path / "one", "--into", into, "--move", "--json").output)
    (step,) = facts["steps"]
    target = into / "test" / path.name
    assert (step["action"], step["source"], step["target"]) == ("copy", str(path), str(target))
    assert facts["copied"] == [str(target)]
    assert facts["removed"] == [str(path)]
    assert (facts["dry_run"], facts["failed"]) == (False, [])
    assert not path.exists()


def test_wrong_source_is_one_sentence(tmp_path: Path) -> None:
    """What is no source ends with status 2; so does a call without any."""
    assert "is no folder of runs" in runlogging("merge", tmp_path / "no", "--into", tmp_path / "into", code=2).stderr
    made_run(tmp_path / "one")
    for arguments in ((), (tmp_path / "one",)):
        assert "Traceback" not in runlogging("merge", *arguments, code=2).stderr


def test_what_is_not_copied_is_named_and_escaped(tmp_path: Path) -> None:
    """Links are named; names that come from the disk steer no terminal."""
    path = made_run(tmp_path / "one")
    (path / "li\x1bnk").symlink_to(tmp_path)
    broken = tmp_path / "one" / "test" / "bro\x1bken"
    broken.mkdir()
    (broken / "run.json").write_text("{", encoding="utf-8")
    done = runlogging("merge", tmp_path / "one", "--into", tmp_path / "into", code=1)
    assert f"Not copied of test/{path.name}: li\\x1bnk" in done.output
    assert "left out" in done.output
    assert not unsafe_in(done.output)
