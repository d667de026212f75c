"""Small files are there whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from runlogging.folder._atomic import write_atomic

from ..conftest import RunScript


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Give a file with old content, alone in its folder."""
    path = tmp_path / "folder" / "run.json"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


def _only_old(target: Path) -> bool:
    return target.read_bytes() == b"old" and list(target.parent.iterdir()) == [target]


def test_content_is_replaced_and_nothing_else_is_left(target: Path) -> None:
    """The file has the new content and stands alone in its folder."""
    write_atomic(target, b"new")
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_missing_file_is_made(target: Path) -> None:
    """The file need not be there before."""
    target.unlink()
    write_atomic(target, b"")
    assert target.read_bytes() == b""


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), MemoryError()])
def test_failed_write_keeps_the_old_file(target: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """An error, or Ctrl-C, in the middle of the writing leaves the old content and no temporary file."""
    write = os.write

    def fail_after_a_part(fd: int, data: Any) -> int:
        write(fd, data[:2])
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", fail_after_a_part)
        with pytest.raises(type(error)):
            write_atomic(target, b"new content")
    assert _only_old(target)


def test_file_size_limit_keeps_the_old_file(run_script: RunScript, target: Path) -> None:
    """A real limit of the system in the middle of the content does no harm to the old file."""
    program = """
        import resource, sys
        from pathlib import Path
        from runlogging.folder._atomic import write_atomic
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_atomic(Path(sys.argv[1]), b"x" * 5000)
        except OSError as error:
            print(error.errno)
    """
    assert run_script(program, str(target)).stdout == f"{errno.EFBIG}\n"
    assert _only_old(target)


def test_failed_replacing_leaves_no_temporary_file(tmp_path: Path) -> None:
    """A target that is a folder cannot be replaced; nothing stays behind."""
    (tmp_path / "run.json" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match=r"run\.json"):
        write_atomic(tmp_path / "run.json", b"new")
    assert list(tmp_path.iterdir()) == [tmp_path / "run.json"]


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    """The folder must be there."""
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "missing" / "run.json", b"new")


def test_short_writes_are_continued(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that takes seven bytes at a time still gets all of them, in order."""
    write, content = os.write, bytes(range(256)) * 10
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
    write_atomic(target, content)
    assert target.read_bytes() == content


@pytest.mark.parametrize("sync", [False, True])
def test_sync_puts_content_before_name_and_folder_after(
    target: Path, monkeypatch: pytest.MonkeyPatch, sync: bool
) -> None:
    """With sync the content is on the disk before it gets its name, and then the folder is; without it neither."""
    seen: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda fd: seen.append(target.read_bytes()))
    write_atomic(target, b"new", sync=sync)
    assert seen == ([b"old", b"new"] if sync else [])


def test_temporary_file_starts_with_a_dot(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers skip what starts with a dot, so they never take the temporary file for anything."""
    names: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: names.extend(path.name for path in target.parent.iterdir()))
    write_atomic(target, b"new", sync=True)
    assert [name for name in names if name != "run.json" and not name.startswith(".")] == []
    assert any(name.startswith(".") for name in names)


def test_readers_never_see_a_part(run_script: RunScript, target: Path) -> None:
    """Eight readers read whole contents only, while the file is replaced 500 times."""
    program = """
        import os, sys
        from pathlib import Path
        from runlogging.folder._atomic import write_atomic

        path, stop = Path(sys.argv[1]), Path("stop")
        content = lambda number: b"%03d" % number * 8192
        write_atomic(path, content(0))

        def read_until_stopped():
            seen = set()
            while not stop.exists():
                data = path.read_bytes()
                if len(data) != 3 * 8192 or data != data[:3] * 8192:
                    os._exit(1)
                seen.add(data[:3])
            os._exit(0 if len(seen) > 1 else 2)

        readers = []
        for _ in range(8):
            pid = os.fork()
            if pid == 0:
                read_until_stopped()
            readers.append(pid)
        for number in range(1, 501):
            write_atomic(path, content(number))
        stop.touch()
        print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in readers])
    """
    assert run_script(program, str(target)).stdout == f"{[0] * 8}\n"
