"""Packing: which runs, what it leaves, and that nothing is lost whatever goes wrong."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from runlogging import Run, RunHandler, start_run
from runlogging._errors import (
    FormatVersionError,
    InvalidValueError,
    RunActiveError,
    RunNotFoundError,
)
from runlogging.folder import read_manifest
from runlogging.keeping.packing._file import read_packing_of
from runlogging.keeping.packing._pack import Packed, pack, pack_root
from runlogging.keeping.packing._unpack import unpack
from runlogging.reading import follow_logs, open_run
from tests.conftest import RunScript
from tests.reading.tools import HOLD, living, manifest_only

from ..handlers import DROP_RIGHTS
from .tools import leftovers, made_run, plain_content, told

pytest.importorskip("pyarrow")


def test_packed_run_reads_as_before(tmp_path: Path) -> None:
    """The JSON Lines are gone, and records, metrics, log, counts, status, summary and problems are as they were."""
    run = made_run(tmp_path)
    before, content = told(run), plain_content(run)
    done = pack(run)
    assert plain_content(run) == {}
    assert told(run) == before
    assert done.files == tuple(name.replace("jsonl", "parquet") for name in content)
    assert done.before == sum(map(len, content.values()))
    assert done.after == sum((run / name).stat().st_size for name in done.files)
    assert (done.skipped, done.failed) == (None, False)
    assert leftovers(run) == []


def test_format_says_that_the_run_is_packed(tmp_path: Path) -> None:
    """A packed run is of format 2, which an older reader refuses; one whose JSON Lines were kept stays of format 1."""
    packed, kept = made_run(tmp_path, "r1"), made_run(tmp_path, "r2")
    pack(packed)
    pack(kept, keep=True)
    assert [read_manifest(run).format for run in (packed, kept)] == [2, 1]


def test_keep_leaves_the_lines_beside(tmp_path: Path) -> None:
    """With keep both lie there; packing once more removes the lines and writes nothing anew."""
    run = made_run(tmp_path)
    before, content = told(run), plain_content(run)
    pack(run, keep=True)
    assert plain_content(run) == content
    assert told(run) == before
    made = {path.name: path.stat().st_ino for path in run.glob("*.parquet")}
    assert pack(run, keep=True) == Packed(run)
    pack(run)
    assert plain_content(run) == {}
    assert {path.name: path.stat().st_ino for path in run.glob("*.parquet")} == made
    assert told(run) == before


def test_packed_file_has_the_age_of_its_lines(tmp_path: Path) -> None:
    """A packed stream is as old as the stream was, so what is made of it is not taken for outdated."""
    run = made_run(tmp_path)
    os.utime(run / "metrics.jsonl", ns=(10**18, 10**18))
    pack(run)
    assert (run / "metrics.parquet").stat().st_mtime_ns == 10**18
    unpack(run)
    assert (run / "metrics.jsonl").stat().st_mtime_ns == 10**18


def test_packing_twice_changes_nothing(tmp_path: Path) -> None:
    """A run that is packed is left as it is."""
    run = made_run(tmp_path)
    pack(run)
    content = {path.name: path.read_bytes() for path in run.glob("*.[jp]*")}
    assert pack(run) == Packed(run)
    assert {path.name: path.read_bytes() for path in run.glob("*.[jp]*")} == content


def test_all_writers_and_parts_are_packed(tmp_path: Path) -> None:
    """The files of further writers and further parts keep their places in the name."""
    run = made_run(tmp_path)
    for name in ("logs.main.2.jsonl", "logs.rank1.jsonl", "metrics.rank1.3.jsonl"):
        shutil.copy(run / f"{name.partition('.')[0]}.jsonl", run / name)
    before = told(run)
    assert {"logs.main.2.parquet", "logs.rank1.parquet", "metrics.rank1.3.parquet"} < set(pack(run).files)
    assert told(run) == before


def test_resumed_run_is_packed_again(tmp_path: Path) -> None:
    """A packed run can go on; its new lines lie beside the packed ones until they are packed, too."""
    run = made_run(tmp_path)
    pack(run)
    with start_run("test", tmp_path, run_id="r1", resume=True) as again:
        again.log("loss", 7.0, step=9)
    before = told(run)
    assert list(plain_content(run)) == ["metrics.main-2.jsonl"]
    assert pack(run).files == ("metrics.main-2.parquet",)
    assert told(run) == before


# ------------------------------------------------------------------ runs that are refused


def test_running_run_is_refused(tmp_path: Path) -> None:
    """A run that is being written is left as it is; killed, it does not respond, and may be packed."""
    with living(HOLD, str(tmp_path)) as process:
        run = tmp_path / "test" / "r1"
        content = plain_content(run)
        with pytest.raises(RunActiveError, match="is Running"):
            pack(run)
        assert [(one.skipped is not None, one.failed) for one in pack_root(tmp_path)] == [(True, False)]
        assert plain_content(run) == content
        process.kill()
        process.wait()
    assert pack(run).files == ("logs.parquet",)
    assert told(run)[5] == {"logs": 1, "metrics": 0, "values": 0, "artifacts": 0}


def test_further_writer_that_lives_is_waited_for(tmp_path: Path) -> None:
    """A run whose owner has ended is not packed while another writer goes on."""
    run = made_run(tmp_path)
    with living(HOLD, str(tmp_path / "other")) as process:
        lock = run / ".writers" / "rank1.lock"
        (tmp_path / "other" / "test" / "r1" / ".writers" / "main.lock").rename(lock)
        with pytest.raises(RunActiveError, match="writer rank1"):
            pack(run)
        process.kill()
        process.wait()
    assert pack(run).skipped is None


@pytest.mark.parametrize("status", ["NotStarted", "Queued"])
def test_run_that_was_not_started_is_refused(tmp_path: Path, status: str) -> None:
    """A run that nobody has written to has not ended."""
    run = manifest_only(tmp_path, status=status)
    with pytest.raises(RunActiveError, match=status):
        pack(run)


def test_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    """A folder without a manifest, a file and nothing at all are no runs; a newer run is not touched."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for name in ("folder", "file", "nothing"):
        with pytest.raises(RunNotFoundError):
            pack(tmp_path / name)
    run = manifest_only(tmp_path, status="Completed", format=99)
    with pytest.raises(FormatVersionError):
        pack(run)


def test_run_without_permission_is_refused(run_script: RunScript) -> None:
    """A folder that may be read and not be changed is left as it is, with a sentence; so it is in a root."""
    # The folders above tmp_path are closed for others.
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        run = made_run(root)
        content = plain_content(run)
        for path in (run, run / ".writers"):
            path.chmod(0o555)
        root.chmod(0o755)
        done = run_script(
            f"""
            import os, pathlib
            import pyarrow.parquet
            from runlogging.keeping.packing._pack import pack, pack_root
            from runlogging._errors import RootError
            {DROP_RIGHTS}
            try:
                pack({str(run)!r})
            except RootError as error:
                print(error)
            print([one.failed for one in pack_root({folder!r})])
            """
        )
        for path in (run, run / ".writers"):
            path.chmod(0o755)
        assert done.stdout == f"{run} may not be changed: Permission denied\n[True]\n"
        assert plain_content(run) == content


def test_other_lines_beside_a_packed_file_are_not_touched(tmp_path: Path) -> None:
    """Where a packed file does not stand for the lines beside it, one may be the only copy: neither is removed."""
    run = made_run(tmp_path)
    pack(run)
    other = b'{"time":"2026-11-23T23:05:02.000000Z","metrics":{"other":1.5}}\n'
    (run / "metrics.jsonl").write_bytes(other)
    packed = (run / "metrics.parquet").read_bytes()
    for change in (pack, unpack):
        with pytest.raises(InvalidValueError, match="neither is touched"):
            change(run)
    assert (run / "metrics.jsonl").read_bytes() == other
    assert (run / "metrics.parquet").read_bytes() == packed


def test_stream_that_grew_beside_its_packed_file_is_packed_anew(tmp_path: Path) -> None:
    """Lines that came after a packing that kept them are in the next one."""
    run = made_run(tmp_path)
    pack(run, keep=True)
    with (run / "metrics.jsonl").open("ab") as file:
        file.write(b'{"seq":99,"time":"2026-11-23T23:05:02.000000Z","metrics":{"late":1.5}}\n')
    before, content = told(run), plain_content(run)
    pack(run)
    assert told(run) == before
    unpack(run)
    assert plain_content(run) == content


# ------------------------------------------------------------------ roots


def test_root_is_packed_run_by_run(tmp_path: Path) -> None:
    """All runs of a root, or of an experiment, are packed; what fails for one is told, and the others go on."""
    good = [made_run(tmp_path, name, experiment) for name, experiment in (("r1", "a"), ("r2", "b"))]
    damaged = made_run(tmp_path, "r3", "b")
    (damaged / "run.json").write_text("{", encoding="utf-8")
    assert [one.run for one in pack_root(tmp_path, "a")] == [good[0]]
    done = {one.run: one for one in pack_root(tmp_path)}
    assert list(done) == [*good, damaged]
    assert [one.failed for one in done.values()] == [False, False, True]
    assert done[good[0]].files == ()
    assert plain_content(good[1]) == {}
    assert len(plain_content(damaged)) == 4


def test_progress_ends_with_all_of_it(tmp_path: Path) -> None:
    """Progress names the runs and never goes back; at the end all is done."""
    for name in ("r1", "r2"):
        made_run(tmp_path, name)
    seen: list[tuple[str, int, int]] = []
    list(pack_root(tmp_path, progress=lambda *facts: seen.append(facts)))
    assert {what for what, _, _ in seen} == {"r1", "r2"}
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1][1] == seen[-1][2] > 0


# ------------------------------------------------------------------ what goes wrong


def test_full_disk_leaves_the_run_as_it_was(tmp_path: Path, run_script: RunScript) -> None:
    """A disk that fills while a run is packed or unpacked costs nothing, and nothing is left behind."""
    run = made_run(tmp_path, steps=3000)
    before, content = told(run), plain_content(run)
    program = """
        import pathlib, resource
        import pyarrow.parquet
        from runlogging._errors import RootError
        from runlogging.keeping.packing._pack import pack
        from runlogging.keeping.packing._unpack import unpack
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
        try:
            {change}(pathlib.Path({run!r}))
        except RootError as error:
            print(error)
    """
    done = run_script(program.format(limit=9000, change="pack", run=str(run)))
    assert done.stdout.startswith(f"{run} was not packed, and all of its lines are there: File too large; make room")
    assert (plain_content(run), leftovers(run), list(run.glob("*.parquet"))) == (content, [], [])
    assert read_manifest(run).format == 1
    pack(run)
    done = run_script(program.format(limit=100_000, change="unpack", run=str(run)))
    assert done.stdout.startswith(f"{run} was not unpacked, and all of its lines are there: File too large; make room")
    assert (plain_content(run), leftovers(run), told(run)) == ({}, [], before)


KILLS = """
import os, pathlib, shutil, signal, sys
import pyarrow.parquet
from runlogging.keeping.packing._pack import pack
from runlogging.keeping.packing._unpack import unpack

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

def kill_at(place):
    seen = 0
    def hook(event, facts):
        nonlocal seen
        changes = event in ("os.rename", "os.remove", "os.chmod", "os.utime", "os.mkdir", "os.truncate")
        if changes or (event == "open" and isinstance(facts[2], int) and facts[2] & WRITES):
            seen += 1
            if seen == place:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)

def killed(change, run, place):
    pid = os.fork()
    if not pid:
        code = 1
        try:
            kill_at(place)
            change(run)
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def content(run):
    return {path.name: path.read_bytes() for path in sorted(run.glob("*.jsonl"))}

source, change, folder = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
place = 0
while True:
    place += 1
    run = folder / str(place)
    shutil.copytree(source, run)
    code = killed(pack if change == "pack" else unpack, run, place)
    assert code in (0, -signal.SIGKILL), code
    if code == 0:
        break
print(place - 1)
"""


@pytest.mark.parametrize("change", ["pack", "unpack"])
def test_kill_at_any_place_loses_nothing(tmp_path: Path, run_script: RunScript, change: str) -> None:
    """Killed before any change that it makes to a file, packing and unpacking leave a run that reads as before.

    Each stream is there plain, packed, or both; a second try does what the first did not, and the lines come back.
    Every second place is looked at.
    """
    source = made_run(tmp_path)
    before, content = told(source), plain_content(source)
    if change == "unpack":
        pack(source)
    done = run_script(KILLS, str(source), change, str(tmp_path / "killed"))
    places = int(done.stdout)
    assert places > 15
    states = set()
    for run in (tmp_path / "killed" / str(place) for place in range(1, places + 1, 2)):
        plain, packed = plain_content(run), {path.stem for path in run.glob("*.parquet")}
        assert {name.removesuffix(".jsonl") for name in plain} | packed == {name[:-6] for name in content}
        assert plain.items() <= content.items()
        assert len(plain) == 4 or read_manifest(run).format == 2
        assert told(run) == before
        states.add((len(plain), len(packed)))
        pack(run)
        assert (plain_content(run), leftovers(run)) == ({}, [])
        unpack(run)
        assert (plain_content(run), leftovers(run), read_manifest(run).format) == (content, [], 1)
    assert {(4, 4), (4, 0) if change == "pack" else (0, 4)} < states


def test_lines_that_came_meanwhile_stop_the_packing(tmp_path: Path) -> None:
    """A stream that changes while it is packed is not replaced."""
    run = made_run(tmp_path, steps=3000)
    grown = False

    def grow(what: str, done: int, total: int) -> None:
        nonlocal grown
        if not grown:
            grown = True
            with (run / "metrics.jsonl").open("ab") as file:
                file.write(b'{"time":"2026-11-23T23:05:02.000000Z","metrics":{"late":1.5}}\n')

    with pytest.raises(RunActiveError, match="changed while it was being packed"):
        pack(run, progress=grow)
    assert grown
    assert len(plain_content(run)) == 4
    assert list(run.glob("*.parquet")) == []
    assert leftovers(run) == []


def test_resumption_meanwhile_stops_the_packing(tmp_path: Path) -> None:
    """A run that another life takes up while it is packed is left to it."""
    run = made_run(tmp_path, steps=3000)
    opened: list[Run] = []

    def resume(what: str, done: int, total: int) -> None:
        if not opened:
            opened.append(start_run("test", tmp_path, run_id="r1", resume=True))

    with pytest.raises(RunActiveError):
        pack(run, progress=resume)
    opened[0].complete()
    assert len(plain_content(run)) >= 4
    assert list(run.glob("*.parquet")) == []


def test_two_packers_do_not_meet(tmp_path: Path) -> None:
    """While one packs a run, another is refused."""
    run = made_run(tmp_path, steps=3000)
    refused: list[object] = []

    def pack_too(what: str, done: int, total: int) -> None:
        if not refused:
            with pytest.raises(RunActiveError, match="another process is packing") as caught:
                pack(run)
            refused.append(caught)

    pack(run, progress=pack_too)
    assert refused
    assert plain_content(run) == {}


def test_leftovers_of_a_killed_packing_are_taken_away(tmp_path: Path) -> None:
    """What a killed packing left is gone after the next one."""
    run = made_run(tmp_path)
    (run / ".metrics.parquet.1.packing").write_bytes(b"PAR1")
    pack(run)
    assert leftovers(run) == []


def test_closed_handler_finds_its_place_held(tmp_path: Path) -> None:
    """A handler that was closed, and may open again, does not keep its run from being packed."""
    handler = RunHandler(tmp_path, "test", run_id="r1")
    handler.handle(logging.makeLogRecord({"msg": "one", "levelname": "INFO"}))
    handler.close()
    run = tmp_path / "test" / "r1"
    assert pack(run).files == ("logs.parquet",)
    packing = read_packing_of(run / "logs.parquet")
    assert (packing.lines, packing.experiment, packing.run) == (1, "test", "r1")


def test_root_that_is_a_file_has_no_runs(tmp_path: Path) -> None:
    """A root that is no folder has nothing to pack."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert list(pack_root(tmp_path / "file")) == []


def test_a_handler_that_goes_on_after_packing_hides_nothing(tmp_path: Path) -> None:
    """A record after close and pack goes into a further part, and all are read."""
    handler = RunHandler(root=tmp_path)
    logger = logging.Logger("packed", logging.DEBUG)
    logger.addHandler(handler)
    for number in range(50):
        logger.info("before %d", number, extra={"metrics": {"loss": number}})
        logger.info("text %d", number)
    handler.close()
    pack(handler.run_path)
    logger.info("after", extra={"metrics": {"loss": 50}})
    logger.info("text 50")
    handler.close()
    run = open_run(handler.run_path)
    assert run.series("loss").values == list(range(51))
    assert [entry.message for entry in run.logs() if not entry.metrics] == [f"text {n}" for n in range(51)]
    assert run.problems == []
    pack(handler.run_path)
    assert open_run(handler.run_path).series("loss").values == list(range(51))


def test_what_is_followed_while_it_is_packed_comes_once(tmp_path: Path) -> None:
    """A follower and the pages of the log go on in the packed file."""
    handler = RunHandler(root=tmp_path)
    logger = logging.Logger("packed", logging.DEBUG)
    logger.addHandler(handler)
    for number in range(20):
        logger.info("text %d", number)
    handler.close()
    run = open_run(handler.run_path)
    follower, pages = follow_logs(run), run.log_pages()
    assert len(follower.poll()) == 20
    pack(handler.run_path)
    assert follower.poll() == []
    assert follower.problems == []
    pages.refresh()
    assert [entry.message for entry in pages.page(0, 100)] == [f"text {n}" for n in range(20)]
    logger.info("text 20")
    handler.close()
    assert [entry.message for entry in follower.poll()] == ["text 20"]
    pages.refresh()
    assert pages.count() == 21


def test_the_verbs_of_a_packed_run_give_its_log(tmp_path: Path) -> None:
    """Azure's log files are the records as JSON Lines, whatever they lie in."""
    with start_run(root=tmp_path) as run:
        logging.getLogger("packed.verbs").warning("something")
    pack(run.path)
    (copy,) = run.get_all_logs(tmp_path / "copies")
    assert "something" in Path(copy).read_text()
    assert "something" in "".join(run.get_details_with_logs()["logFiles"].values())
