"""Deleting old runs and leftovers: what is chosen, what stays whatever is asked, and what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runlogging._errors import InvalidValueError, RootError, RunActiveError
from runlogging.folder import Line, Writer, changed_manifest, format_time, now_text
from runlogging.folder._locks import held_lock
from runlogging.keeping.collecting._gc import GcPlan, collect, plan_gc
from runlogging.keeping.collecting._trash import put_back
from runlogging.keeping.collecting._units import age_text, bytes_of, seconds_of
from runlogging.reading import list_runs
from tests.conftest import SOURCE, RunScript
from tests.reading.tools import HOLD, go_on, living, manifest_only, spec_of

DAY_S = 86_400


def made(
    root: Path, run_id: str, days: float = 0, experiment: str = "test", status: str = "Completed", **more: Any
) -> Path:
    """Return the folder of a run that ended so many days ago."""
    writer = Writer(spec_of(root, run_id, experiment, **more))
    writer.open()
    writer.write(Line(time=now_text(), level="INFO", message="text"))
    writer.end(status)
    moment = format_time(datetime.now(UTC).timestamp() - days * DAY_S)
    with changed_manifest(writer.spec.path) as manifest:
        manifest.created, manifest.started, manifest.ended = moment, moment, moment
    return writer.spec.path


def chosen(plan: GcPlan) -> list[str]:
    """Return the ids of the runs that would go, in order."""
    return [str(item.run_id) for item in plan.runs]


def stays(plan: GcPlan) -> dict[str, str]:
    """Return why runs stay, by their ids."""
    return {str(kept.run_id): kept.reason for kept in plan.kept}


def aged(path: Path, days: float) -> Path:
    """Make a file or folder that many days old."""
    moment = time.time() - days * DAY_S
    os.utime(path, (moment, moment), follow_symlinks=False)
    return path


def ids(root: Path) -> set[str]:
    """Return the ids of the runs that a reader finds."""
    return {run.id for run in list_runs(root)}


# ---------------------------------------------------------------------- what is chosen


def test_nothing_asked_deletes_no_run(tmp_path: Path) -> None:
    """Without a criterion, and with an experiment alone, every run stays."""
    made(tmp_path, "r1", 900)
    for plan in (plan_gc(tmp_path), plan_gc(tmp_path, experiment="test")):
        assert plan.items == ()
        assert collect(plan).removed == ()
    assert ids(tmp_path) == {"r1"}


def test_age_counts_from_the_end(tmp_path: Path) -> None:
    """Runs that ended as long ago as asked go, oldest first."""
    for name, days in (("young", 1), ("older", 31), ("oldest", 90)):
        made(tmp_path, name, days)
    assert chosen(plan_gc(tmp_path, older_than="30d")) == ["oldest", "older"]
    assert chosen(plan_gc(tmp_path, older_than=timedelta(hours=1))) == ["oldest", "older", "young"]
    assert chosen(plan_gc(tmp_path, older_than=89 * DAY_S)) == ["oldest"]
    assert plan_gc(tmp_path, older_than="30d").runs[0].reason == "90d old"


def test_newest_of_each_experiment_stay(tmp_path: Path) -> None:
    """So many of each experiment stay, whatever their status; the others go."""
    for experiment in ("a", "b"):
        for number in range(4):
            made(tmp_path, f"{experiment}{number}", 10 - number, experiment)
    made(tmp_path, "failed", 0, "a", "Failed")
    assert set(chosen(plan_gc(tmp_path, keep=2))) == {"a0", "a1", "a2", "b0", "b1"}
    assert chosen(plan_gc(tmp_path, keep=2, experiment="b")) == ["b0", "b1"]
    assert chosen(plan_gc(tmp_path, keep=1, status="Failed")) == []
    assert set(chosen(plan_gc(tmp_path, keep=0))) == ids(tmp_path)


def test_criteria_are_asked_together(tmp_path: Path) -> None:
    """A run goes where its age, status and tags all fit."""
    made(tmp_path, "fits", 40, status="Failed", tags={"try": "1", "draft": None})
    made(tmp_path, "young", 4, status="Failed", tags={"try": "1"})
    made(tmp_path, "good", 40, tags={"try": "1"})
    made(tmp_path, "other", 40, status="Failed", tags={"try": "2"})
    asked: dict[str, Any] = {"older_than": "30d", "status": ["failed", "Canceled"], "tag": {"try": 1}}
    assert chosen(plan_gc(tmp_path, **asked)) == ["fits"]
    assert chosen(plan_gc(tmp_path, tag="draft")) == ["fits"]


def test_filter_chooses(tmp_path: Path) -> None:
    """A filter of `list_runs` is one of the criteria."""
    made(tmp_path, "r1", tags={"model": "ridge"})
    made(tmp_path, "r2", tags={"model": "lasso"})
    assert chosen(plan_gc(tmp_path, where="tags.model = 'lasso'")) == ["r2"]


def test_size_takes_only_as_much_as_is_needed(tmp_path: Path) -> None:
    """Of what fits the rest the oldest go until the root is small enough, and none where it is."""
    for number in range(6):
        path = made(tmp_path, f"r{number}", 60 - number, status="Failed" if number % 2 else "Completed")
        (path / "artifacts").mkdir()
        (path / "artifacts" / "data").write_bytes(os.urandom(1_000_000))
    assert chosen(plan_gc(tmp_path, max_size="1GB")) == []
    plan = plan_gc(tmp_path, max_size="4.2MB")
    assert chosen(plan) == ["r0", "r1"]
    assert plan.size is not None
    assert plan.size - plan.bytes <= 4_200_000
    assert chosen(plan_gc(tmp_path, max_size="4.2MB", status="Failed")) == ["r1", "r3"]
    assert chosen(plan_gc(tmp_path, max_size=0, status="Failed")) == ["r1", "r3", "r5"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"older_than": "soon"}, "90s, 45m, 12h"),
        ({"older_than": -1}, "is no age"),
        ({"older_than": float("nan")}, "is no age"),
        ({"older_than": True}, "is no age"),
        ({"max_size": "much"}, "10GB"),
        ({"max_size": -5}, "is no size"),
        ({"max_size": "3iB"}, "is no size"),
        ({"keep": -1}, "0 or more"),
        ({"keep": True}, "0 or more"),
        ({"status": "Running"}, "Completed, Failed, NotResponding"),
        ({"tag": 3}, "no query for tags"),
    ],
    ids=str,
)
def test_wrong_criterion_says_what_is_taken(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    """A criterion that is none is refused with a sentence that says what to give."""
    with pytest.raises(InvalidValueError) as caught:
        plan_gc(tmp_path, **wrong)
    assert said in str(caught.value).replace("Canceled, ", "")


def test_root_that_is_none_is_named(tmp_path: Path) -> None:
    """A folder that does not exist is no root."""
    with pytest.raises(RootError, match="no folder of runs"):
        plan_gc(tmp_path / "nowhere", keep=1)


@pytest.mark.parametrize(
    ("text", "value"),
    [("90s", 90), ("1.5h", 5400), (" 2 w", 14 * DAY_S), ("30D", 30 * DAY_S), (5, 5), (timedelta(days=1), DAY_S)],
    ids=str,
)
def test_ages_are_read(text: Any, value: float) -> None:
    """An age is a number and a unit, seconds, or a timedelta."""
    assert seconds_of(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("10GB", 10**10), ("1.5 KiB", 1536), ("2g", 2 * 10**9), ("7B", 7), (12, 12), ("0", 0)], ids=str
)
def test_sizes_are_read(text: Any, value: int) -> None:
    """A size is bytes, or a number and a unit of 1000 or 1024."""
    assert bytes_of(text) == value


def test_ages_are_shown_short() -> None:
    """An age is told in the largest unit of time."""
    assert [age_text(age) for age in (-3, 59, 60, 7200, 90_000)] == ["0s", "59s", "1m", "2h", "1d"]


# ---------------------------------------------------------------------- what stays


def test_running_run_stays(tmp_path: Path) -> None:
    """A run that a process holds open stays whatever is asked, and so does its parent."""
    made(tmp_path, "parent", 400)
    with living(HOLD, str(tmp_path)):
        with changed_manifest(tmp_path / "test" / "r1") as manifest:
            manifest.parent = "parent"
        plan = plan_gc(tmp_path, older_than=0, broken=True)
        assert chosen(plan) == []
        assert stays(plan) == {"parent": "its child r1: it is Running"}
    assert chosen(plan_gc(tmp_path, older_than=0)) == ["parent", "r1"]  # its process is gone: NotResponding


FURTHER = """
import sys
from pathlib import Path
from runlogging.folder import Line, RunSpec, Writer, now_text
path = Path(sys.argv[1])
writer = Writer(RunSpec(path, path.name, path.parent.name))
writer.open()
writer.write(Line(now_text(), message="here"))
print(writer.name, file=sys.stderr)
print("ready", flush=True)
sys.stdin.readline()
"""


def test_further_writer_keeps_a_run_that_ended(tmp_path: Path) -> None:
    """A run whose owner ended it stays while any other process still writes to it, also after a plan."""
    owner = Writer(spec_of(tmp_path))
    owner.open()
    with living(FURTHER, str(owner.spec.path)):
        owner.end("Completed")
        plan = plan_gc(tmp_path, status="Completed")
        assert chosen(plan) == []
        (reason,) = stays(plan).values()
        assert reason.endswith("is at work")
    plan = plan_gc(tmp_path, status="Completed")
    assert chosen(plan) == ["r1"]


def test_writer_whose_life_is_unknown_keeps_its_run(tmp_path: Path) -> None:
    """Where a file system has no locks only what a writer itself called its end counts."""
    path = made(tmp_path, "r1", 50)
    life = path / ".writers" / "main.lock"
    start, end = life.read_bytes().splitlines(keepends=True)
    unlocked = start.replace(b'{"writer"', b'{"lock":false,"writer"')
    life.write_bytes(unlocked)
    plan = plan_gc(tmp_path, older_than="1d")
    assert stays(plan) == {"r1": "whether its writer main is at work cannot be told"}
    life.write_bytes(unlocked + end)
    assert chosen(plan_gc(tmp_path, older_than="1d")) == ["r1"]


@pytest.mark.parametrize("status", ["Preparing", "Queued", "NotStarted"])
def test_run_that_has_not_begun_stays(tmp_path: Path, status: str) -> None:
    """What is prepared or waits for its turn stays; NotStarted goes where it is asked for by name."""
    manifest_only(tmp_path, status=status, created=format_time(time.time() - 99 * DAY_S))
    plan = plan_gc(tmp_path, older_than=0, keep=0)
    assert chosen(plan) == []
    assert stays(plan) == {"r1": f"it is {status}"}
    if status == "NotStarted":
        plan = plan_gc(tmp_path, status=status)
        assert chosen(plan) == ["r1"]
        assert len(collect(plan).removed) == 1


def test_tagged_run_stays(tmp_path: Path) -> None:
    """The tag ``keep`` saves a run and its family, with any value."""
    made(tmp_path, "top", 50)
    made(tmp_path, "child", 50, parent="top", tags={"keep": None})
    made(tmp_path, "other", 50, tags={"keep": "paper"})
    plan = plan_gc(tmp_path, older_than="1d")
    assert chosen(plan) == []
    assert stays(plan) == {"top": "its child child: it has the tag 'keep'", "other": "it has the tag 'keep'"}


def test_family_is_one(tmp_path: Path) -> None:
    """Children go with their parent and stay with it; a family is as old as its youngest member."""
    for name, days, parent in (("old", 50, None), ("old1", 50, "old"), ("old11", 50, "old1"), ("new", 50, None)):
        made(tmp_path, name, days, parent=parent)
    made(tmp_path, "new1", 2, parent="new", status="Failed")
    made(tmp_path, "lost", 50, parent="deleted long ago")
    plan = plan_gc(tmp_path, older_than="30d")
    assert sorted(chosen(plan)) == ["lost", "old", "old1", "old11"]
    assert chosen(plan_gc(tmp_path, status="Failed")) == []
    assert {len(family) for family in plan.families} == {1, 3}
    collect(plan)
    assert ids(tmp_path) == {"new", "new1"}


def test_child_that_was_never_started_goes_with_its_parent_after_a_day(tmp_path: Path) -> None:
    """Children made ahead keep their parent for a day only."""
    made(tmp_path, "top", 50)
    fresh = format_time(time.time() - 0.5 * DAY_S)
    path = manifest_only(tmp_path, "child", status="NotStarted", parent="top", created=fresh)
    assert chosen(plan_gc(tmp_path, older_than=0)) == []
    with changed_manifest_without_lock(path) as manifest:
        manifest.created = format_time(time.time() - 2 * DAY_S)
    plan = plan_gc(tmp_path, older_than=0)
    assert sorted(chosen(plan)) == ["child", "top"]
    assert len(collect(plan).removed) == 2


def changed_manifest_without_lock(path: Path) -> Any:
    """Change the manifest of a run that has no ``.writers`` yet."""
    (path / ".writers").mkdir(exist_ok=True)
    return changed_manifest(path)


def test_ring_of_parents_is_one_family(tmp_path: Path) -> None:
    """Runs that name each other as parents go together, once."""
    made(tmp_path, "a", 50, parent="b")
    made(tmp_path, "b", 50, parent="a")
    made(tmp_path, "c", 50, parent="c")
    plan = plan_gc(tmp_path, older_than="1d")
    assert sorted(chosen(plan)) == ["a", "b", "c"]
    assert len(collect(plan).removed) == 3


def test_copy_of_a_folder_is_a_run_of_its_own(tmp_path: Path) -> None:
    """A folder that was copied beside itself has the same id, and none of the two is forgotten."""
    path = made(tmp_path, "r1", 50)
    subprocess.run(["cp", "-a", path, path.with_name("backup")], check=True)
    plan = plan_gc(tmp_path, older_than="1d")
    assert {item.path.name for item in plan.runs} == {"r1", "backup"}


def test_run_that_cannot_be_read_stays_unless_it_is_asked_for(tmp_path: Path) -> None:
    """A broken manifest is named and its run stays; ``broken`` deletes it, but never one of a newer format."""
    broken, newer = made(tmp_path, "broken"), made(tmp_path, "newer")
    (broken / "run.json").write_text("{", encoding="utf-8")
    (newer / "run.json").write_text('{"format": 99}', encoding="utf-8")
    plan = plan_gc(tmp_path, older_than=0, keep=0)
    assert plan.runs == ()
    assert all("cannot be read" in reason for reason in stays(plan).values())
    assert set(stays(plan)) == {"broken", "newer"}
    assert plan_gc(tmp_path, broken=True, older_than="1d").runs == ()
    plan = plan_gc(tmp_path, broken=True)
    assert chosen(plan) == ["broken"]
    assert "format 99" in stays(plan)["newer"]
    collect(plan)
    assert not broken.exists()
    assert newer.exists()


def test_linked_run_stays(tmp_path: Path) -> None:
    """A run or an experiment behind a symbolic link lies elsewhere, and is left alone."""
    elsewhere = made(tmp_path / "elsewhere", "r1", 50)
    root = tmp_path / "runs"
    (root / "test").mkdir(parents=True)
    (root / "test" / "r1").symlink_to(elsewhere)
    (root / "linked").symlink_to(elsewhere.parent)
    plan = plan_gc(root, older_than="1d")
    assert plan.runs == ()
    assert [kept.reason for kept in plan.kept] == ["it is reached through a symbolic link"] * 2
    assert elsewhere.exists()


# ---------------------------------------------------------------------- deleting


def test_plan_deletes_nothing_and_collect_all_of_it(tmp_path: Path) -> None:
    """A plan changes no file; collecting removes what it says and nothing else."""
    made(tmp_path, "old", 50)
    made(tmp_path, "new")
    before = sorted(tmp_path.rglob("*"))
    plan = plan_gc(tmp_path, older_than="30d")
    assert sorted(tmp_path.rglob("*")) == before
    told: list[tuple[str, int, int]] = []
    done = collect(plan, lambda *facts: told.append(facts))
    assert done.removed == plan.items
    assert (done.kept, done.failed) == ((), ())
    assert told == [("moving", 1, 1), ("deleting", 0, 1)]
    assert ids(tmp_path) == {"new"}
    assert [path.name for path in (tmp_path / ".trash").iterdir()] == [".lock"]
    assert plan_gc(tmp_path, older_than="30d").items == ()


RESUME = """
import sys
from runlogging import start_run
run = start_run("test", root=sys.argv[1], run_id="r1", resume=True, environment=False)
run.log("loss", 1)
print("ready", flush=True)
sys.stdin.readline()
run.complete()
print("done", flush=True)
"""


def test_resume_between_plan_and_deletion_saves_the_run(tmp_path: Path) -> None:
    """A run that goes on after it was planned stays with its family, while it runs and after its end."""
    made(tmp_path, "r1", 50)
    made(tmp_path, "child", 50, parent="r1")
    plan = plan_gc(tmp_path, older_than="30d")
    assert sorted(chosen(plan)) == ["child", "r1"]
    with living(RESUME, str(tmp_path)) as process:
        done = collect(plan)
        assert done.removed == ()
        assert [kept.reason for kept in done.kept] == ["it changed meanwhile"]
        go_on(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
    assert [kept.reason for kept in collect(plan).kept] == ["it changed meanwhile"]
    run = next(run for run in list_runs(tmp_path) if run.id == "r1")
    assert run.status == "Completed"
    assert run.series("loss").values == [1]
    assert ids(tmp_path) == {"r1", "child"}


def test_child_that_changed_saves_its_parent_too(tmp_path: Path) -> None:
    """All of a family go or none: what was moved away already is put back."""
    made(tmp_path, "top", 50)
    child = made(tmp_path, "child", 50, parent="top")
    plan = plan_gc(tmp_path, older_than="30d")
    with changed_manifest(child) as manifest:
        manifest.tags["keep"] = None
    done = collect(plan)
    assert [kept.reason for kept in done.kept] == ["its child child: it changed meanwhile"]
    assert ids(tmp_path) == {"top", "child"}


def test_new_child_saves_its_parent(tmp_path: Path) -> None:
    """A child that was made after the plan keeps its parent."""
    made(tmp_path, "top", 50)
    plan = plan_gc(tmp_path, older_than="30d")
    made(tmp_path, "child", parent="top")
    assert [kept.reason for kept in collect(plan).kept] == ["it has a new child"]
    assert ids(tmp_path) == {"top", "child"}


REOPEN = """
import sys
from pathlib import Path
from runlogging.folder import Line, RunSpec, Writer, now_text
path = Path(sys.argv[1])
writer = Writer(RunSpec(path, path.name, path.parent.name))
writer.open()
writer.write(Line(now_text(), message="first"))
writer.end("Completed")
print("ready", flush=True)
for line in sys.stdin:
    writer.write(Line(now_text(), message="second"))
    print(writer.is_open, flush=True)
"""


def test_writer_that_goes_on_after_its_end_saves_its_run(tmp_path: Path) -> None:
    """A handler may write again after its end; then the run is in use again."""
    path = tmp_path / "test" / "r1"
    with living(REOPEN, str(path)) as process:
        plan = plan_gc(tmp_path, status="Completed")
        assert chosen(plan) == ["r1"]
        go_on(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        assert collect(plan).removed == ()
        assert path.is_dir()


def test_what_is_put_back_replaces_nothing(tmp_path: Path) -> None:
    """Where a writer began anew in the old place meanwhile, both lie side by side."""
    trashed, path = made(tmp_path, "r1").rename(tmp_path / "trashed"), made(tmp_path, "r1")
    put_back(trashed, path)
    assert len(list((tmp_path / "test").glob("r1*/run.json"))) == 2
    assert not trashed.exists()


def test_planned_run_that_is_gone_is_no_error(tmp_path: Path) -> None:
    """What somebody else deleted meanwhile is said to be gone."""
    path = made(tmp_path, "r1", 50)
    plan = plan_gc(tmp_path, older_than="30d")
    subprocess.run(["rm", "-r", path], check=True)
    done = collect(plan)
    assert [kept.reason for kept in done.kept] == ["it is gone"]
    assert done.failed == ()


def test_one_gc_at_a_time(tmp_path: Path) -> None:
    """A second gc in the same root is refused with a sentence."""
    made(tmp_path, "r1", 50)
    plan = plan_gc(tmp_path, older_than="30d")
    (tmp_path / ".trash").mkdir()
    with held_lock(tmp_path / ".trash" / ".lock", 0), pytest.raises(RunActiveError, match="another gc is at work"):
        collect(plan)
    assert ids(tmp_path) == {"r1"}


KILLED = """
import os, signal, sys
from runlogging.keeping.collecting._gc import collect, plan_gc

def die(what, done, total):
    if what == "deleting":
        os.kill(os.getpid(), signal.SIGKILL)

collect(plan_gc(sys.argv[1], older_than="30d"), die)
"""


def test_kill_between_moving_and_deleting_leaves_only_trash(tmp_path: Path) -> None:
    """No reader sees half a run; the next gc removes what the killed one left, whatever it is asked."""
    made(tmp_path, "r1", 50)
    made(tmp_path, "r2", 50)
    made(tmp_path, "r3")
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert ids(tmp_path) == {"r3"}
    assert [run.problems for run in list_runs(tmp_path)] == [[]]
    plan = plan_gc(tmp_path)
    assert [(item.kind, item.reason) for item in plan.items] == [("trash", "it was being deleted")] * 2
    assert len(collect(plan).removed) == 2
    assert plan_gc(tmp_path).items == ()


def test_trash_that_is_written_to_stays(tmp_path: Path) -> None:
    """A run in the trash whose writer lives is not deleted under it."""
    with living(HOLD, str(tmp_path)):
        (tmp_path / ".trash").mkdir()
        (tmp_path / "test" / "r1").rename(tmp_path / ".trash" / "r1-abc")
        done = collect(plan_gc(tmp_path))
        assert [kept.reason for kept in done.failed] == ["its writer main is at work"]
        assert (tmp_path / ".trash" / "r1-abc" / "run.json").exists()


def test_run_that_cannot_be_moved_is_named(tmp_path: Path, run_script: RunScript) -> None:
    """A folder that may not be written costs its own run only, and is said."""
    made(tmp_path, "r1", 50)
    made(tmp_path, "r2", 50, "open")
    give_away(tmp_path)
    (tmp_path / "test").chmod(0o555)
    done = run_script(
        f"""
        import os, sys
        from runlogging.keeping.collecting._gc import collect, plan_gc
        os.getuid() or os.setuid(65534)
        done = collect(plan_gc({str(tmp_path)!r}, older_than="30d"))
        print([item.run_id for item in done.removed], [(kept.run_id, kept.reason) for kept in done.failed])
        """
    )
    (tmp_path / "test").chmod(0o755)
    assert done.stdout.startswith("['r2'] [('r1', ")
    assert ids(tmp_path) == {"r1"}


def test_damaged_root_is_planned_and_collected(tmp_path: Path, run_script: RunScript) -> None:
    """Folders that are cut off, overwritten, shut or odd are named or passed over; nothing raises, the rest goes."""
    damages: list[Callable[[Path], object]] = [
        lambda run: os.truncate(run / "run.json", 20),
        lambda run: (run / "run.json").write_bytes(os.urandom(300)),
        lambda run: (run / "run.json").chmod(0),
        lambda run: run.chmod(0),
        lambda run: (run / ".writers").chmod(0),
        lambda run: (run / "run.json").write_text('{"format": 7}', encoding="utf-8"),
        lambda run: (run / "run.json").write_text('{"parent": "r1", "status": 3}', encoding="utf-8"),
        lambda run: (run / ".writers" / "main.lock").write_bytes(os.urandom(100)),
    ]
    for number in range(12):
        made(tmp_path, f"r{number}", 50)
    give_away(tmp_path)
    for number, damage in enumerate(damages):
        damage(tmp_path / "test" / f"r{number}")
    done = run_script(
        f"""
        import os
        from runlogging.keeping.collecting._gc import collect, plan_gc
        os.getuid() or os.setuid(65534)
        plan = plan_gc({str(tmp_path)!r}, older_than="30d")
        done = collect(plan)
        print(*sorted(item.run_id for item in done.removed))
        """
    )
    for path in (tmp_path / "test").iterdir():
        path.chmod(0o755)
    removed = set(done.stdout.split())
    assert {"r8", "r9", "r10", "r11"} <= removed
    assert not removed & {"r0", "r1", "r5", "r6"}
    assert os.getuid() or not removed & {"r2", "r3", "r4"}


def give_away(root: Path) -> None:
    """Let the user "nobody" change what is below a folder of a test, where the tests run as root."""
    if os.getuid():
        return
    for path in (root, *root.rglob("*")):
        os.chown(path, 65534, 65534)
    for above in root.parents:
        if above.name.startswith(("pytest", "popen", "test_")):
            above.chmod(0o755)


# ---------------------------------------------------------------------- leftovers


def kinds(items: Iterable[Any]) -> list[tuple[str, str]]:
    """Return kind and name of each item."""
    return sorted((item.kind, item.path.name) for item in items)


def with_snapshot(root: Path, run: Path, snapshot_id: str) -> Path:
    """Give a run a snapshot of the store, as a hard link; return the stored file, two hours old."""
    stored = root / ".store" / f"{snapshot_id}.zip"
    stored.parent.mkdir(exist_ok=True)
    if not stored.exists():
        stored.write_bytes(os.urandom(200_000))
    (run / "snapshot.zip").hardlink_to(aged(stored, 0.1))
    with changed_manifest(run) as manifest:
        manifest.properties["snapshot.id"] = snapshot_id
    return stored


def test_snapshot_goes_with_its_last_run(tmp_path: Path) -> None:
    """A stored snapshot that another run names stays; its room counts where its last name goes."""
    shared, single, nobodys = ("a" * 64, "b" * 64, "c" * 64)
    with_snapshot(tmp_path, made(tmp_path, "old", 50), shared)
    with_snapshot(tmp_path, made(tmp_path, "old2", 50), single)
    kept = with_snapshot(tmp_path, made(tmp_path, "new"), shared)
    aged_file = tmp_path / ".store" / f"{nobodys}.zip"
    aged_file.write_bytes(b"x" * 50_000)
    aged(aged_file, 1)
    plan = plan_gc(tmp_path, older_than="30d")
    assert kinds(plan.leftovers) == [("snapshot", f"{single}.zip"), ("snapshot", f"{nobodys}.zip")]
    assert all(item.bytes < 100_000 for item in plan.runs)
    assert max(item.bytes for item in plan.leftovers) >= 200_000
    before = disk_usage(tmp_path)
    collect(plan)
    assert list((tmp_path / ".store").glob("*.zip")) == [kept]
    (tmp_path / ".trash" / ".lock").unlink()
    (tmp_path / ".trash").rmdir()
    lost = before - disk_usage(tmp_path)
    assert lost == plan.bytes


def disk_usage(path: Path) -> int:
    """Return what ``du`` says, the reference."""
    done = subprocess.run(["du", "-s", "-B1", path], check=True, capture_output=True, text=True)
    return int(done.stdout.split()[0])


def test_size_of_a_root_is_what_du_says(tmp_path: Path) -> None:
    """Hard links count once, folders count, and blocks are counted, not bytes."""
    snapshot = "d" * 64
    for number in range(3):
        with_snapshot(tmp_path, made(tmp_path, f"r{number}"), snapshot)
    with open(tmp_path / "test" / "r0" / "sparse", "wb") as file:
        file.truncate(50_000_000)
    assert plan_gc(tmp_path, max_size=0).size == disk_usage(tmp_path)


def test_snapshot_stays_while_somebody_may_be_about_to_use_it(tmp_path: Path) -> None:
    """A young snapshot stays; so does one that a file has as a hard link, and all while a run is being prepared."""
    (tmp_path / ".store").mkdir()
    young, linked, old = (tmp_path / ".store" / f"{letter * 64}.zip" for letter in "abc")
    for path in (young, linked, old):
        path.write_bytes(b"zip")
    aged(linked, 1)
    aged(old, 1)
    (tmp_path / "elsewhere.zip").hardlink_to(linked)
    prepared = manifest_only(tmp_path, status="Preparing", created=now_text())
    assert plan_gc(tmp_path).items == ()
    (prepared / "run.json").unlink()
    plan = plan_gc(tmp_path)
    assert [item.path for item in plan.items] == [old]
    assert plan_gc(tmp_path, orphans=False).items == ()
    (tmp_path / "other.zip").hardlink_to(old)  # a run takes it meanwhile
    assert [kept.reason for kept in collect(plan).kept] == ["a run has it"]
    assert old.exists()


def test_run_that_takes_a_snapshot_after_the_plan_keeps_it(tmp_path: Path) -> None:
    """What became needed between plan and deletion stays, also where no hard link says so."""
    stored = tmp_path / ".store" / f"{'e' * 64}.zip"
    stored.parent.mkdir()
    stored.write_bytes(b"zip")
    aged(stored, 1)
    plan = plan_gc(tmp_path)
    run = made(tmp_path, "r1")
    with changed_manifest(run) as manifest:
        manifest.properties["snapshot.id"] = "e" * 64
    assert [kept.reason for kept in collect(plan).kept] == ["something needs it by now"]
    assert stored.exists()


def test_working_folder_of_a_run_that_is_through_goes(tmp_path: Path) -> None:
    """It stays while its run runs, or was cut off before its outputs were kept, and goes with the run."""
    through, cut_off = made(tmp_path, "through"), made(tmp_path, "cut", status="Completed")
    life = cut_off / ".writers" / "main.lock"
    life.write_bytes(life.read_bytes().splitlines(keepends=True)[0])
    for name in ("through", "cut", "unknown"):
        (tmp_path / ".work" / name / "outputs").mkdir(parents=True)
        aged(tmp_path / ".work" / name, 1)
    (tmp_path / ".work" / "young").mkdir()
    plan = plan_gc(tmp_path)
    assert kinds(plan.items) == [("work", "through"), ("work", "unknown")]
    collect(plan)
    assert sorted(path.name for path in (tmp_path / ".work").iterdir()) == ["cut", "young"]
    assert through.exists()
    assert kinds(plan_gc(tmp_path, keep=0).leftovers) == [("work", "cut")]


def test_environment_that_nothing_used_goes(tmp_path: Path) -> None:
    """One that is whole stays for 30 days after its last use; half of one goes, unless it is being built."""
    environments = tmp_path / ".envs"
    (environments / ".locks").mkdir(parents=True)
    for name, days in (("used", 1), ("unused", 31), ("half", 0), ("growing", 0)):
        (environments / name).mkdir()
        (environments / ".locks" / f"{name}.lock").touch()
        if days:
            (environments / name / ".complete").touch()
            aged(environments / name / ".complete", days)
    with held_lock(environments / ".locks" / "growing.lock", 0):
        assert kinds(plan_gc(tmp_path).items) == [("environment", "half"), ("environment", "unused")]
        path = manifest_only(tmp_path, status="Queued", type="scriptrun")
        assert plan_gc(tmp_path).items == ()
        (path / "run.json").unlink()
        collect(plan_gc(tmp_path))
    assert sorted(path.name for path in environments.iterdir()) == [".locks", "growing", "used"]


def test_temporary_files_go_after_a_day(tmp_path: Path) -> None:
    """What atomic writes of killed processes left goes; young ones and files of the user's stay."""
    run = made(tmp_path, "r1")
    files = [
        run / ".run.json.123.4.tmp",
        run / ".snapshot-1-0123456789abcdef.tmp",
        run / "artifacts" / "images" / ".77-0123456789abcdef.tmp",
        tmp_path / "test" / ".number.5.0.tmp",
    ]
    stay = [run / ".young.1.1.tmp", run / "artifacts" / ".mine.tmp", run / "notes.tmp"]
    (run / "artifacts" / "images").mkdir(parents=True)
    for path in (*files, *stay):
        path.write_bytes(b"half")
        aged(path, 2)
    aged(stay[0], 0.5)
    growing = tmp_path / ".models" / "ridge" / ".77-0123456789abcdef"
    growing.mkdir(parents=True)
    aged(growing, 2)
    collect(plan_gc(tmp_path))
    assert not any(path.exists() for path in (*files, growing))
    assert all(path.exists() for path in stay)


def test_rest_of_a_deleted_experiment_goes(tmp_path: Path) -> None:
    """What a killed `Experiment.delete` left is a leftover, and so is a copy that a killed merge left."""
    made(tmp_path, "r1", experiment="gone")
    (tmp_path / "gone").rename(tmp_path / ".deleted-0123")
    aged(tmp_path / ".deleted-0123", 1)
    copy = tmp_path / ".merging" / "r1-abc"
    copy.mkdir(parents=True)
    aged(copy, 1)
    with held_lock(tmp_path / ".merging" / ".lock", 0):
        assert kinds(plan_gc(tmp_path).items) == [("trash", ".deleted-0123")]
    assert kinds(plan_gc(tmp_path).items) == [("trash", ".deleted-0123"), ("trash", "r1-abc")]
    collect(plan_gc(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".merging", ".trash"]


def test_empty_experiment_goes_only_where_it_is_asked_for(tmp_path: Path) -> None:
    """Its folder and its numbers stay unless one asks; one that has anything else in it stays anyway."""
    made(tmp_path, "r1", 50, is_numbered=True)
    made(tmp_path, "r2", 50, "notes")
    (tmp_path / "notes" / "readme.txt").write_text("mine", encoding="utf-8")
    assert plan_gc(tmp_path, older_than="30d").leftovers == ()
    plan = plan_gc(tmp_path, older_than="30d", empty_experiments=True)
    assert kinds(plan.leftovers) == [("experiment", "test")]
    collect(plan)
    assert not (tmp_path / "test").exists()
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["readme.txt"]


def test_experiment_that_got_a_run_stays(tmp_path: Path) -> None:
    """A run that was made after the plan keeps the folder of its experiment."""
    (tmp_path / "test").mkdir()
    plan = plan_gc(tmp_path, empty_experiments=True)
    made(tmp_path, "r1")
    assert [kept.reason for kept in collect(plan).kept] == ["it has runs by now"]
    assert ids(tmp_path) == {"r1"}


def test_folder_of_ours_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    """Nothing behind a link is deleted."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / f"{'a' * 64}.zip").write_bytes(b"zip")
    aged(elsewhere / f"{'a' * 64}.zip", 9)
    root = tmp_path / "runs"
    root.mkdir()
    for name in (".store", ".trash", ".work", ".envs", ".merging"):
        (root / name).symlink_to(elsewhere)
    assert plan_gc(root).items == ()
