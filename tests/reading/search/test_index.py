"""The index of a root: never the truth, whatever happens to it, and quick where it holds."""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runlogging import RunHandler, start_run
from runlogging.folder import Line, Manifest, Writer, now_text, read_manifest, write_manifest
from runlogging.reading import list_runs
from runlogging.reading._summaries import look_at_summary
from runlogging.reading.search import _listing, list_rows
from runlogging.reading.search._index import Index

from ...conftest import SOURCE
from ..tools import HOLD, living, manifest_only, spec_of

needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become nobody")


@pytest.fixture
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep an index however few runs there are."""
    monkeypatch.setattr(_listing, "PAYS_FROM", 1)


def aged(path: Path, seconds: float = 60) -> Path:
    """Let a run's manifest be as old as that."""
    moment = time.time_ns() - int(seconds * 1e9)
    os.utime(path / "run.json", ns=(moment, moment))
    return path


def run_in(root: Path, run_id: str, experiment: str = "a", **facts: object) -> Path:
    facts = {"created": f"2026-11-23T23:05:02.{abs(hash(run_id)) % 1_000_000:06d}Z", "status": "Completed"} | facts
    return aged(manifest_only(root, run_id, experiment, **facts))


def rewritten(path: Path, old: str, new: str) -> None:
    """Change a manifest so that neither its inode, nor its size, nor its time of change tells."""
    before = (path / "run.json").stat()
    text = (path / "run.json").read_text()
    assert old in text
    assert len(old) == len(new)
    (path / "run.json").write_text(text.replace(old, new))
    os.utime(path / "run.json", ns=(before.st_atime_ns, before.st_mtime_ns))
    after = (path / "run.json").stat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)


def index_of(root: Path) -> Path:
    return root / ".index" / "runs.sqlite3"


def indexed(root: Path) -> set[str]:
    """Return the names of the runs that the index has."""
    with closing(sqlite3.connect(index_of(root))) as database:
        return {name for (name,) in database.execute("SELECT name FROM runs")}


def names(root: Path) -> dict[str, str | None]:
    return {row.id: row.name for row in list_rows(root)}


# ------------------------------------------------------------------ when it counts


@pytest.mark.usefixtures("_always")
def test_a_manifest_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    """What the index has of a run counts while inode, size and time of change of its manifest are the same."""
    path = run_in(tmp_path, "r1", name="one")
    assert names(tmp_path) == {"r1": "one"}
    rewritten(path, "one", "two")
    assert names(tmp_path) == {"r1": "one"}
    shutil.rmtree(tmp_path / ".index")
    assert names(tmp_path) == {"r1": "two"}


@pytest.mark.usefixtures("_always")
@pytest.mark.parametrize("age_s", [0, 1, 1.5, -3600], ids=["now", "1s", "1.5s", "from-the-future"])
def test_a_young_manifest_is_not_trusted(tmp_path: Path, age_s: float) -> None:
    """A change within the granularity of the clock leaves no trace, so what is younger than 2 s is read each time."""
    path = aged(run_in(tmp_path, "r1", name="one"), age_s)
    assert names(tmp_path) == {"r1": "one"}
    rewritten(path, "one", "two")
    assert names(tmp_path) == {"r1": "two"}
    assert [run.name for run in list_runs(tmp_path)] == ["two"]


@pytest.mark.usefixtures("_always")
def test_a_changed_manifest_is_read_again(tmp_path: Path) -> None:
    """Also when the new one is old, as one that was put back from a backup."""
    path = run_in(tmp_path, "r1", name="one")
    assert names(tmp_path) == {"r1": "one"}
    manifest = read_manifest(path)
    manifest.name = "two"
    write_manifest(path, manifest)
    assert names(tmp_path) == {"r1": "two"}
    manifest.name = "six"
    write_manifest(path, manifest)
    aged(path, 3600)
    assert names(tmp_path) == {"r1": "six"}
    assert [run.name for run in list_runs(tmp_path, limit=1)] == ["six"]


@pytest.mark.usefixtures("_always")
def test_runs_that_are_gone_leave_the_index(tmp_path: Path) -> None:
    """One of several, and a whole experiment; a look at one experiment leaves the others in it."""
    for run_id, experiment in (("r1", "a"), ("r2", "a"), ("r3", "b"), ("r4", "c")):
        run_in(tmp_path, run_id, experiment)
    assert len(list_runs(tmp_path)) == 4
    assert indexed(tmp_path) == {"r1", "r2", "r3", "r4"}
    shutil.rmtree(tmp_path / "a" / "r1")
    shutil.rmtree(tmp_path / "c")
    assert [run.id for run in list_runs(tmp_path, "a")] == ["r2"]
    assert indexed(tmp_path) == {"r2", "r3", "r4"}
    assert {run.id for run in list_runs(tmp_path)} == {"r2", "r3"}
    assert indexed(tmp_path) == {"r2", "r3"}


@pytest.mark.usefixtures("_always")
def test_a_run_that_takes_the_place_of_another_is_itself(tmp_path: Path) -> None:
    """A folder that was deleted and made again under its old name has nothing of the old one."""
    run_in(tmp_path, "r1", name="old", tags={"k": "v"})
    assert len(list_rows(tmp_path)) == 1
    shutil.rmtree(tmp_path / "a" / "r1")
    run_in(tmp_path, "r1", name="new one")
    (row,) = list_rows(tmp_path)
    assert (row.name, row.tags) == ("new one", {})


@pytest.mark.usefixtures("_always")
def test_liveness_is_never_kept(tmp_path: Path) -> None:
    """A run is Running as long as its process lives, though its manifest does not change when that is killed."""
    with living(HOLD, str(tmp_path)) as process:
        aged(tmp_path / "test" / "r1")
        assert [row.status for row in list_rows(tmp_path)] == ["Running"]
        assert indexed(tmp_path) == {"r1"}
        assert [row.status for row in list_rows(tmp_path)] == ["Running"]
        process.kill()
        process.wait(timeout=60)
        assert [row.status for row in list_rows(tmp_path)] == ["NotResponding"]
        assert [run.status for run in list_runs(tmp_path)] == ["NotResponding"]


def test_a_few_runs_need_no_index(tmp_path: Path) -> None:
    """A small root stays as it is."""
    for number in range(5):
        run_in(tmp_path, f"r{number}")
    assert len(list_rows(tmp_path, metrics=True)) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_many_runs_get_one(tmp_path: Path) -> None:
    """From some hundred runs on; it is no experiment and holds no runs."""
    for number in range(_listing.PAYS_FROM):
        run_in(tmp_path, f"r{number}")
    for _ in range(2):
        assert len(list_runs(tmp_path)) == _listing.PAYS_FROM
    assert index_of(tmp_path).is_file()
    assert list_runs(tmp_path, ".index") == []


# ------------------------------------------------------------------ metrics


def settled(path: Path) -> Path:
    """Let everything of a run be old."""
    moment = time.time_ns() - 60_000_000_000
    for place in (*path.iterdir(), path):
        os.utime(place, ns=(moment, moment))
    return path


def lasts(root: Path) -> dict[str, float | int | None]:
    (row,) = list_rows(root, metrics=True)
    return {name: metric.last for name, metric in row.metrics.items()}


@pytest.mark.usefixtures("_always")
def test_the_metrics_of_a_final_run_are_kept(tmp_path: Path) -> None:
    """Neither its summary nor its streams are looked at again."""
    with start_run("a", tmp_path, run_id="r1", capture=False) as run:
        run.log("loss", 0.5, step=1)
    aged(run.path)
    assert lasts(tmp_path) == {"loss": 0.5}
    for name in ("summary.json", "metrics.jsonl"):
        (run.path / name).unlink()
    assert lasts(tmp_path) == {"loss": 0.5}
    shutil.rmtree(tmp_path / ".index")
    assert lasts(tmp_path) == {}


@pytest.mark.usefixtures("_always")
def test_a_run_that_takes_the_place_of_another_has_its_own_metrics(tmp_path: Path) -> None:
    """Also where a process that saw the old one keeps its summary when the new one has its number in the index."""
    for run_id, value in (("r1", 1), ("r2", 2)):
        with start_run("a", tmp_path, run_id=run_id, capture=False) as run:
            run.log("x", value)
        aged(run.path)
        assert [row.id for row in list_rows(tmp_path)] == [run_id]
        if run_id == "r1":
            late = Index(tmp_path, time.time_ns())
            old = late.heads()["a"]["r1"]
            late.keep_metrics(old, look_at_summary(run.path, read_manifest(run.path)))
            assert late._database is not None
            late._database.execute("ROLLBACK")  # it has read all that it wants
            shutil.rmtree(run.path)
    new = Index(tmp_path, time.time_ns())
    assert new.heads()["a"]["r2"][7] == old[7]
    new.close()
    late.close()
    assert lasts(tmp_path) == {"x": 2}


@pytest.mark.usefixtures("_always")
def test_a_final_run_that_is_still_being_copied_is_not_taken_for_whole(tmp_path: Path) -> None:
    """Its manifest may come before its streams, with the old time of change; one writer's files before another's."""
    with start_run("a", tmp_path / "from", run_id="r1", capture=False) as run:
        run.log("x", 1)
        further = Writer(spec_of(tmp_path / "from", "r1", "a"), "rank1")
        further.open()
        further.write(Line(time=now_text(), metrics={"y": 2}))
        further.end("Completed")
    path, copy = settled(run.path), tmp_path / "to" / "a" / "r1"
    copy.mkdir(parents=True)
    shutil.copy2(path / "run.json", copy)
    assert lasts(tmp_path / "to") == {}
    (copy / ".writers").mkdir()
    for name in ("summary.json", "metrics.jsonl", ".writers/main.lock"):
        shutil.copy2(path / name, copy / name)
    assert lasts(tmp_path / "to") == {"x": 1}
    shutil.copytree(path, copy, dirs_exist_ok=True)
    assert lasts(tmp_path / "to") == {"x": 1, "y": 2}


@pytest.mark.usefixtures("_always")
def test_a_further_writer_writes_on_after_the_end(tmp_path: Path) -> None:
    """A run of a handler is not final at its end: records that come later through it count at the next look."""
    owner, further = Writer(spec_of(tmp_path)), Writer(spec_of(tmp_path), "rank1")
    for writer, value in ((owner, 1), (further, 2)):
        writer.open()
        writer.write(Line(time=now_text(), metrics={"x": value}))
    further.end("Completed")
    owner.end("Completed")
    settled(owner.spec.path)
    assert [metric.count for row in list_rows(tmp_path, metrics=True) for metric in row.metrics.values()] == [2]
    assert [metric.count for row in list_rows(tmp_path, metrics=True) for metric in row.metrics.values()] == [2]
    further.write(Line(time=now_text(), metrics={"x": 9}))
    assert lasts(tmp_path) == {"x": 9}
    further.write(Line(time=now_text(), metrics={"x": 10}))
    assert lasts(tmp_path) == {"x": 10}
    further.end("Completed")
    assert lasts(tmp_path) == {"x": 10}


@pytest.mark.usefixtures("_always")
def test_the_metrics_of_a_killed_run_are_kept_while_its_streams_stay(tmp_path: Path) -> None:
    """Its streams were read once; a line more, and they are read again."""
    writer = Writer(spec_of(tmp_path))
    writer.open()
    writer.write(Line(time=now_text(), metrics={"x": 1}))
    path = settled(writer.spec.path)
    stream = path / "metrics.jsonl"
    before = stream.stat()
    assert lasts(tmp_path) == {"x": 1}
    stream.write_bytes(stream.read_bytes().replace(b'{"x":1}', b'{"x":7}'))
    os.utime(stream, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert lasts(tmp_path) == {"x": 1}
    writer.write(Line(time=now_text(), metrics={"x": 5}))
    assert lasts(tmp_path) == {"x": 5}
    writer.end("Completed")


# ------------------------------------------------------------------ whatever happens to it


def made_root(root: Path, count: int = 30) -> dict[str, str | None]:
    for number in range(count):
        run_in(root, f"r{number:03d}", f"e{number % 3}", name=f"name {number}", tags={"k": str(number)})
    return {f"r{number:03d}": f"name {number}" for number in range(count)}


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def replaced(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def another_layout(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript("DROP TABLE runs; CREATE TABLE runs (other); PRAGMA user_version = 99;")


def another_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript("DROP TABLE runs; CREATE TABLE runs (other);")


def other_types(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            "UPDATE runs SET manifest = 7, inode = 'x', created = x'ff'; UPDATE summaries SET id = 1"
        )


def other_manifests(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript("UPDATE runs SET manifest = CAST(replace(manifest, 'name', 'type') AS BLOB);")


@pytest.mark.usefixtures("_always")
@pytest.mark.parametrize(
    "damage", [truncated, emptied, replaced, another_layout, another_table, other_types, other_manifests]
)
def test_a_damaged_index_is_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """The list is right at once, and the next one finds an index that is whole."""
    expected = made_root(tmp_path)
    assert names(tmp_path) == expected
    damage(index_of(tmp_path))
    assert names(tmp_path) == expected
    assert len(list_runs(tmp_path)) == len(expected)
    assert indexed(tmp_path) == set(expected)
    with closing(sqlite3.connect(index_of(tmp_path))) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.usefixtures("_always")
@pytest.mark.parametrize("seed", range(40))
def test_overwritten_bytes_change_no_list(tmp_path: Path, seed: int) -> None:
    """Wherever they are: what the checksums do not vouch for is read from the runs."""
    expected = made_root(tmp_path)
    order = [run.id for run in list_runs(tmp_path)]
    chance = random.Random(seed)
    with index_of(tmp_path).open("r+b") as file:
        size = file.seek(0, 2)
        for _ in range(chance.choice((1, 3, 20))):
            file.seek(chance.randrange(size))
            file.write(chance.randbytes(chance.choice((1, 8, 200))))
    assert names(tmp_path) == expected
    assert [run.id for run in list_runs(tmp_path)] == order
    assert {row.id: row.tags["k"] for row in list_rows(tmp_path, metrics=True)} == {
        run_id: str(int(run_id[1:])) for run_id in expected
    }


@pytest.mark.usefixtures("_always")
@pytest.mark.parametrize("what", ["folder", "file", "pipe", "link", "journal"])
def test_something_else_in_its_place(tmp_path: Path, what: str) -> None:
    """A folder, a pipe or a link that leads nowhere where the file should be, or a file where its folder should be."""
    expected = made_root(tmp_path, 5)
    place = index_of(tmp_path)
    if what == "file":
        place.parent.write_text("x")
    else:
        place.parent.mkdir()
        if what == "folder":
            place.mkdir()
        elif what == "pipe":
            os.mkfifo(place)
        elif what == "link":
            place.symlink_to(tmp_path / "none" / "none")
        else:
            place.with_name("runs.sqlite3-journal").write_bytes(random.Random(1).randbytes(5000))
    for _ in range(2):
        assert names(tmp_path) == expected


@pytest.mark.usefixtures("_always")
@pytest.mark.parametrize("lock", ["EXCLUSIVE", "IMMEDIATE"])
def test_a_locked_index_is_done_without(tmp_path: Path, lock: str) -> None:
    """Nobody waits for another process that holds it."""
    expected = made_root(tmp_path)
    assert names(tmp_path) == expected
    with closing(sqlite3.connect(index_of(tmp_path), isolation_level=None)) as database:
        database.execute(f"BEGIN {lock}")
        run_in(tmp_path, "new", name="a new one")
        assert names(tmp_path) == expected | {"new": "a new one"}
    assert names(tmp_path) == expected | {"new": "a new one"}
    assert indexed(tmp_path) == {*expected, "new"}


AS_NOBODY = """
import os, sys
from runlogging.reading import list_runs
from runlogging.reading.search import _index, _listing, list_rows
_listing.PAYS_FROM = 1
# What is imported late comes now: nobody may not be able to read this Python.
list_rows(sys.argv[2], metrics=True)
os.setgid(65534)
os.setuid(65534)
print(len(list_runs(sys.argv[1])), *sorted(row.name for row in list_rows(sys.argv[1], metrics=True)))
"""


@needs_root
@pytest.mark.parametrize("index", ["none", "readable", "closed"])
def test_a_root_of_somebody_else_is_listed(tmp_path: Path, index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root that may not be written gets no index; one that is there is read where it may be, and stays as it is."""
    monkeypatch.setattr(_listing, "PAYS_FROM", 200 if index == "none" else 1)
    root = open_to_all(tmp_path / "root")
    expected = made_root(root, 4)
    assert names(root) == expected
    before = None if index == "none" else index_of(root).read_bytes()
    if index == "closed":
        (root / ".index").chmod(0o700)
    run_in(root, "new", name="new")
    made_root(tmp_path / "own", 4)
    assert script(AS_NOBODY, root, tmp_path / "own") == "5 name 0 name 1 name 2 name 3 new\n"
    assert (index_of(root).read_bytes() if index_of(root).exists() else None) == before


def open_to_all(root: Path) -> Path:
    """Make a folder that everybody may list, whatever pytest allows for those above it."""
    root.mkdir()
    for parent in (root, *root.parents):
        if "pytest" in str(parent):
            parent.chmod(0o755)
    return root


def script(program: str, *arguments: object) -> str:
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment(), check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE)}


# ------------------------------------------------------------------ several processes

INDEXES_FOR_EVER = """
import os, shutil, sys
from runlogging.reading import list_runs
from runlogging.reading.search import list_rows
print("ready", flush=True)
while True:
    shutil.rmtree(sys.argv[1] + "/.index", ignore_errors=True)
    list_rows(sys.argv[1], metrics=True)
"""


def test_a_kill_in_the_middle_of_indexing(tmp_path: Path) -> None:
    """Whatever it leaves behind, the next list is right, and the index is whole after it."""
    expected = made_root(tmp_path, 400)
    chance = random.Random(6)
    left_behind: set[str] = set()
    for number in range(100):
        if number >= 12 and "runs.sqlite3" in left_behind:
            break
        with living(INDEXES_FOR_EVER, str(tmp_path)) as process:
            time.sleep(chance.uniform(0.05, 0.4))
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=60)
        left_behind |= {path.name for path in tmp_path.glob(".index/*")}
        assert names(tmp_path) == expected
    assert "runs.sqlite3" in left_behind
    assert names(tmp_path) == expected
    with closing(sqlite3.connect(index_of(tmp_path))) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (400,)


@pytest.mark.usefixtures("_always")
def test_a_journal_that_a_kill_left_is_rolled_back(tmp_path: Path) -> None:
    """A process that died between its first page and its commit costs what it had not committed, and no more."""
    expected = made_root(tmp_path)
    assert names(tmp_path) == expected
    script(
        """
        import os, sqlite3, sys
        database = sqlite3.connect(sys.argv[1], isolation_level=None)
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN IMMEDIATE")
        database.execute("UPDATE runs SET manifest = zeroblob(9000), created = '2020'")
        os._exit(0)
        """,
        index_of(tmp_path),
    )
    assert index_of(tmp_path).with_name("runs.sqlite3-journal").exists()
    run_in(tmp_path, "new", name="new")
    for _ in range(2):
        assert names(tmp_path) == expected | {"new": "new"}
    assert indexed(tmp_path) == {*expected, "new"}


LISTS = """
import json, sys, time
from runlogging.reading import list_runs
from runlogging.reading.search import list_rows
from runlogging.reading.search import _listing
import logging
said = []
handler = logging.Handler()
handler.emit = lambda record: said.append(record.getMessage())
logging.getLogger("runlogging").addHandler(handler)
_listing.PAYS_FROM = 1
print("ready", flush=True)
sys.stdin.readline()
until = time.monotonic() + float(sys.argv[2])
looks = 0
while time.monotonic() < until:
    rows = list_rows(sys.argv[1], metrics=True)
    assert all(row.problem is None for row in rows), [row.problem for row in rows if row.problem]
    stable = {row.id: row.tags for row in rows if row.id.startswith("stable")}
    assert stable == {f"stable{n}": {"k": str(n)} for n in range(20)}, stable
    for row in rows:
        if row.metrics:  # of one that is half deleted they may be gone
            assert row.metrics["x"].last == row.parameters["x"], (row.id, row.metrics)
    assert {run.path.name for run in list_runs(sys.argv[1])} >= stable.keys()
    looks += 1
print(json.dumps([looks, said]), flush=True)
"""


def test_two_index_while_a_third_makes_ends_and_deletes_runs(tmp_path: Path) -> None:
    """No list misses what was there all the time, nor has a wrong value; nothing is said to be damaged."""
    for number in range(20):
        run_in(tmp_path, f"stable{number}", f"e{number % 2}", tags={"k": str(number)})
    with living(LISTS, str(tmp_path), "3") as first, living(LISTS, str(tmp_path), "3") as second:
        for process in (first, second):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        alive: list[Path] = []
        number = 0
        while first.poll() is None and second.poll() is None:
            with start_run("e0", tmp_path, run_id=f"made{number}", capture=False, parameters={"x": number}) as run:
                run.log("x", number)
            # So old that the index takes it, though it was made just now.
            alive.append(aged(run.path, 5))
            number += 1
            if len(alive) > 5:
                shutil.rmtree(alive.pop(0))
        for process in (first, second):
            assert process.stdout is not None
            looks, said = json.loads(process.stdout.readline())
            assert looks > 1
            assert said == []
    expected = {f"stable{n}" for n in range(20)} | {path.name for path in alive}
    assert {row.id for row in list_rows(tmp_path)} == expected


# ------------------------------------------------------------------ any history

_CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["make", "change", "invisible", "delete", "break", "list", "list one"]),
        st.integers(0, 4),
        st.sampled_from([0.0, 1.0, 30.0]),
    ),
    max_size=25,
)


@pytest.mark.usefixtures("_always")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=_CHANGES)
def test_after_any_history_the_list_is_what_the_folders_say(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, int, float]]
) -> None:
    """Runs are made, changed, deleted and damaged between lists; an index never shows."""
    root = tmp_path_factory.mktemp("history")
    for turn, (what, number, age_s) in enumerate(changes):
        path = root / f"e{number % 2}" / f"r{number}"
        if what == "list":
            list_rows(root)
        elif what == "list one":
            list_rows(root, "e0")
        elif what == "delete":
            shutil.rmtree(path, ignore_errors=True)
        elif what == "break" and path.exists():
            (path / "run.json").write_text("{")
        elif what == "make" or (what == "change" and path.exists()):
            path.mkdir(parents=True, exist_ok=True)
            write_manifest(path, Manifest(id=path.name, name=f"{turn:03d}", status="Completed", created="2026"))
            aged(path, age_s)
        elif what == "invisible" and path.exists() and read_text(path) != "{" and age_of(path) < 1.9:
            rewritten(path, f'"name": "{read_manifest(path).name}"', f'"name": "{turn:03d}"')
    listed = {row.id: row.name for row in list_rows(root) if not row.problem}
    said = {path.parent.name: read_text(path.parent) for path in root.glob("*/*/run.json")}
    assert listed == {name: json.loads(text)["name"] for name, text in said.items() if text != "{"}


def read_text(path: Path) -> str:
    return (path / "run.json").read_text()


def age_of(path: Path) -> float:
    return time.time() - (path / "run.json").stat().st_mtime


@pytest.mark.usefixtures("_always")
def test_a_handlers_run_is_listed_with_its_values(tmp_path: Path, logger: logging.Logger) -> None:
    """While it runs, and after its end."""
    handler = RunHandler(tmp_path, "exp")
    logger.addHandler(handler)
    for value in (1, 2):
        logger.info("x", extra={"metrics": {"x": value}})
        assert lasts(tmp_path) == {"x": value}
    handler.close()
    assert lasts(tmp_path) == {"x": 2}
    assert [row.status for row in list_rows(tmp_path)] == ["Completed"]
