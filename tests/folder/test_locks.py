"""Whether a writer lives is told by its lock, to everybody alike."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from runlogging.folder import Life, Writer, list_writers, writer_life
from runlogging.folder._locks import held_lock, lock_descriptor, probe, release_descriptor

from ..conftest import RunScript
from . import log_line, read_life, spec_of

DEAD_WRITER = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from tests.folder import log_line, spec_of
    from runlogging.folder import Writer
    writer = Writer(spec_of(Path(sys.argv[1])))
    writer.write(log_line())
    os.kill(os.getpid(), signal.SIGKILL)
"""
REPOSITORY = str(Path(__file__).parent.parent.parent)


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    """Give a lock file that nobody holds."""
    path = tmp_path / "main.lock"
    path.write_text('{"writer": "main"}\n')
    return path


@pytest.fixture
def dead_run(tmp_path: Path, run_script: RunScript) -> Path:
    """Give a run whose one writer was killed."""
    done = run_script(DEAD_WRITER, str(tmp_path), REPOSITORY, check=False)
    assert done.returncode == -9
    return spec_of(tmp_path).path


def test_held_lock_is_alive_and_a_free_one_dead(lock_file: Path) -> None:
    """The lock decides, whatever the file says."""
    assert probe(lock_file) is Life.DEAD
    with held_lock(lock_file, timeout_s=0):
        assert probe(lock_file) is Life.ALIVE
        assert probe(lock_file) is Life.ALIVE
    assert probe(lock_file) is Life.DEAD


@pytest.mark.parametrize("name", ["missing.lock", "missing/main.lock", "main.lock/x"])
def test_missing_file_is_missing_and_not_made(lock_file: Path, name: str) -> None:
    """A probe never creates anything."""
    assert probe(lock_file.parent / name) is Life.MISSING
    assert list(lock_file.parent.iterdir()) == [lock_file]


def test_probe_changes_nothing(lock_file: Path) -> None:
    """A probe neither writes nor touches, and works in a folder that is read-only."""
    os.utime(lock_file, (1, 1))
    before = lock_file.read_bytes(), lock_file.stat().st_mtime_ns
    lock_file.chmod(0o444)
    lock_file.parent.chmod(0o555)
    assert probe(lock_file) is Life.DEAD
    lock_file.parent.chmod(0o755)
    assert (lock_file.read_bytes(), lock_file.stat().st_mtime_ns) == before


def test_file_without_permission_is_unknown(lock_file: Path, run_script: RunScript) -> None:
    """Who may not read the lock file is told that nothing is known, not that the writer is dead."""
    lock_file.chmod(0o000)
    lock_file.parent.chmod(0o755)
    program = """
        import os
        from pathlib import Path
        from runlogging.folder._locks import probe
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        print(probe(Path("main.lock")), probe(Path("other.lock")))
    """
    assert run_script(program).stdout == "unknown missing\n"


def test_two_probes_at_once_do_not_refuse_each_other(lock_file: Path) -> None:
    """A reader in the middle of its probe leaves the writer as dead as it is."""
    with lock_file.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert probe(lock_file) is Life.DEAD


def test_held_lock_refuses_after_its_time(lock_file: Path) -> None:
    """A second holder is refused after waiting, and gets the lock when the first is done."""
    with held_lock(lock_file, timeout_s=0), pytest.raises(TimeoutError), held_lock(lock_file, timeout_s=0.05):
        pass
    with held_lock(lock_file, timeout_s=0):
        pass


def test_refused_lock_leaves_no_descriptor_open(lock_file: Path) -> None:
    """Neither success nor refusal keeps a descriptor."""
    before = len(os.listdir("/dev/fd"))
    with held_lock(lock_file, timeout_s=0):
        for _ in range(5):
            with pytest.raises(TimeoutError), held_lock(lock_file, timeout_s=0):
                pass
    assert len(os.listdir("/dev/fd")) == before


def test_writer_waits_for_readers_that_probe_it(lock_file: Path) -> None:
    """A probe that holds its shared lock for a moment does not cost the writer its own."""
    reader = lock_file.open("rb")
    fcntl.flock(reader, fcntl.LOCK_SH)
    fd = os.open(lock_file, os.O_RDWR)
    with pytest.raises(TimeoutError):
        lock_descriptor(fd, 0)
    reader.close()
    lock_descriptor(fd, 5)
    assert probe(lock_file) is Life.ALIVE
    release_descriptor(fd)
    assert probe(lock_file) is Life.DEAD


def test_life_of_a_writer_follows_its_end(tmp_path: Path) -> None:
    """A writer is missing, alive, and dead after its end; its file tells who and when."""
    writer = Writer(spec_of(tmp_path))
    run = writer.spec.path
    assert writer_life(run, "main") is Life.MISSING
    writer.write(log_line())
    assert writer_life(run, "main") is Life.ALIVE
    writer.end("Completed")
    assert writer_life(run, "main") is Life.DEAD
    start, end = read_life(run)
    assert (start["writer"], start["pid"], start["host"]) == ("main", os.getpid(), os.uname().nodename)
    assert start["attempt"] == 1
    assert (end["status"], end["counts"]["logs"]) == ("Completed", 1)
    assert start["started"] <= end["ended"]


def test_killed_writer_is_dead_without_an_end(dead_run: Path) -> None:
    """After SIGKILL the lock is free and there is no end line."""
    assert writer_life(dead_run, "main") is Life.DEAD
    (info,) = list_writers(dead_run)
    assert (info.name, info.ended, info.status, info.attempt, info.locks) == ("main", None, None, 1, True)
    assert (dead_run / "logs.jsonl").read_bytes().count(b"\n") == 1


def test_eight_processes_all_read_a_dead_writer_as_dead(dead_run: Path, run_script: RunScript) -> None:
    """Eight readers that probe 200 times each at once never take each other for the writer."""
    program = """
        import os, sys
        from pathlib import Path
        from runlogging.folder import Life, writer_life

        run, children = Path(sys.argv[1]), []
        read, write = os.pipe()
        for _ in range(8):
            pid = os.fork()
            if pid == 0:
                os.close(write)
                os.read(read, 1)
                wrong = sum(writer_life(run, "main") is not Life.DEAD for _ in range(200))
                os._exit(min(wrong, 255))
            children.append(pid)
        os.close(write)
        print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children])
    """
    assert run_script(program, str(dead_run)).stdout == f"{[0] * 8}\n"


def test_writers_start_while_readers_probe(tmp_path: Path, run_script: RunScript) -> None:
    """A writer that starts under four busy readers gets its lock every time."""
    program = """
        import os, signal, sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[2])
        from tests.folder import log_line, read_life, spec_of
        from runlogging.folder import Life, Writer, writer_life

        root, readers = Path(sys.argv[1]), []
        for _ in range(4):
            pid = os.fork()
            if pid == 0:
                while True:
                    for number in range(20):
                        writer_life(spec_of(root, f"r{number}").path, "main")
            readers.append(pid)
        try:
            for number in range(20):
                writer = Writer(spec_of(root, f"r{number}"))
                writer.write(log_line())
                run = writer.spec.path
                assert writer_life(run, "main") is Life.ALIVE
                assert "lock" not in read_life(run)[0]
                writer.end("Completed")
        finally:
            for pid in readers:
                os.kill(pid, signal.SIGKILL)
        print("all")
    """
    assert run_script(program, str(tmp_path), REPOSITORY).stdout == "all\n"


def test_children_do_not_keep_the_lock_of_a_killed_writer(tmp_path: Path, run_script: RunScript) -> None:
    """A forked child and a started program outlive their parent; the parent's writer is dead all the same."""
    program = """
        import os, signal, subprocess, sys, time
        from pathlib import Path
        sys.path.insert(0, sys.argv[2])
        from tests.folder import log_line, spec_of
        from runlogging.folder import Writer, writer_life

        run = spec_of(Path(sys.argv[1])).path
        read, write = os.pipe()
        parent = os.fork()
        if parent == 0:
            writer = Writer(spec_of(Path(sys.argv[1])))
            writer.write(log_line())
            forked = os.fork()
            if forked == 0:
                time.sleep(60)
            started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)
            os.write(write, f"{forked} {started.pid}".encode())
            time.sleep(60)
        children = [int(text) for text in os.read(read, 100).split()]
        print(writer_life(run, "main"))
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        print(writer_life(run, "main"))
        for child in children:
            os.kill(child, 0)
            os.kill(child, signal.SIGKILL)
    """
    assert run_script(program, str(tmp_path), REPOSITORY).stdout == "alive\ndead\n"


def test_life_without_locks_is_unknown(tmp_path: Path) -> None:
    """Where the file system had no locks a free lock says nothing."""
    (tmp_path / ".writers").mkdir()
    (tmp_path / ".writers" / "main.lock").write_text(
        '{"writer":"main","pid":1,"host":"h","started":"2026-11-23T23:05:02.000000Z","attempt":1,"lock":false}\n'
    )
    assert writer_life(tmp_path, "main") is Life.UNKNOWN
    assert list_writers(tmp_path)[0].locks is False


def test_writers_of_a_copy_are_known_by_their_files(tmp_path: Path) -> None:
    """A copy without .writers/ still names its writers; other files are none."""
    for name in ("logs.jsonl", "metrics.rank1.jsonl", "values.rank1.jsonl", "summary.json", "notes.jsonl"):
        (tmp_path / name).write_bytes(b"")
    assert [info.name for info in list_writers(tmp_path)] == ["main", "rank1"]
    assert writer_life(tmp_path, "rank1") is Life.MISSING
    assert list_writers(tmp_path / "missing") == []


def test_broken_lock_file_costs_only_its_lines(tmp_path: Path) -> None:
    """What is no JSON, or of a wrong type, in a lock file is skipped; unknown fields too."""
    (tmp_path / ".writers").mkdir()
    lines = [
        b"\xff\xfe",
        b"{",
        b'{"pid": "text"}',
        b"[]",
        b'{"writer":"main","pid":7,"host":"h","started":"2026-11-23T23:05:02.000000Z","attempt":1,"later":[1]}',
        b'{"ended":"2026-11-23T23:06:02.000000Z","status":"Completed","counts":{"logs":2}}',
        b'{"writer":"main","reop',
    ]
    (tmp_path / ".writers" / "main.lock").write_bytes(b"\n".join(lines))
    (info,) = list_writers(tmp_path)
    assert (info.name, info.pid, info.status, info.counts) == ("main", 7, "Completed", {"logs": 2})


def test_reopened_writer_has_no_end(tmp_path: Path) -> None:
    """A writer that went on after its end is not ended until it ends again."""
    writer = Writer(spec_of(tmp_path))
    for expected in ("Completed", "Failed"):
        writer.write(log_line())
        (info,) = list_writers(writer.spec.path)
        assert (info.ended, info.status, info.pid) == (None, None, os.getpid())
        writer.end(expected)
        (info,) = list_writers(writer.spec.path)
        assert info.status == expected
        assert info.ended is not None
    assert [sorted(line)[0] for line in read_life(writer.spec.path)] == ["attempt", "counts", "host", "counts"]
