"""Folders of the working directory that a run collects: only what changed, and what was left out is listed."""

from __future__ import annotations

import os
import threading
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runlogging import Run, RunEndedError, start_run
from runlogging.run import _outputs

from ..conftest import RunScript, only_run, read_lines
from ..handlers import DROP_RIGHTS


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def start(tmp_path: Path, **options: Any) -> Run:
    """Start a run whose root is outside of the working directory."""
    return start_run("outputs", tmp_path / "runs", environment=False, **options)


def write(name: str, content: bytes = b"x") -> Path:
    """Write a file below the working directory."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def skipped_of(run: Run) -> dict[str, str]:
    """Return what the run's log lists as not collected, with the reasons."""
    entries = [line for line in read_lines(run.path, "logs") if line["level"] == "WARNING"]
    return {item["name"]: item["reason"] for line in entries for item in line["attributes"]["skipped"]}


def test_nothing_is_collected_unless_asked_for(tmp_path: Path) -> None:
    """An application's own outputs and logs stay its own."""
    run = start(tmp_path)
    write("outputs/a")
    write("logs/b")
    run.complete()
    assert run.get_file_names() == []


def test_only_what_changed_is_collected(tmp_path: Path) -> None:
    """Files of before the run are left out, new and changed ones are kept as they are at the end."""
    write("outputs/old", b"old")
    write("outputs/deep/older", b"old")
    write("outputs/grown", b"old")
    run = start(tmp_path, outputs="outputs")
    write("outputs/new", b"first")
    write("outputs/deep/er/new", b"deep")
    write("outputs/grown", b"old and more")
    write("outputs/gone")
    Path("outputs/gone").unlink()
    write("outputs/new", b"last words")
    assert run.get_file_names() == []
    run.complete()
    assert run.get_file_names() == ["outputs/deep/er/new", "outputs/grown", "outputs/new"]
    assert run.reader.artifact("outputs/new").read_bytes() == b"last words"
    assert run.reader.artifact("outputs/grown").read_bytes() == b"old and more"
    assert skipped_of(run) == {}
    assert run.reader.problems == []


def _touch(path: Path) -> None:
    path.touch()


def _replace(path: Path) -> None:
    before = path.stat()
    other = write("other", b"new")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def _rewrite(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"new")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [_touch, _replace, _rewrite])
def test_an_old_file_that_is_touched_or_replaced_counts(tmp_path: Path, change: Any) -> None:
    """A touched file has changed, and so has one whose size and time of change are those of before."""
    path = write("outputs/old", b"old")
    write("outputs/left alone", b"old")
    time.sleep(0.02)  # the clock of the file system ticks some hundred times a second
    run = start(tmp_path, outputs="outputs")
    change(path)
    run.complete()
    assert run.get_file_names() == ["outputs/old"]
    assert run.reader.artifact("outputs/old").read_bytes() == path.read_bytes()


def test_the_folder_may_come_later_or_never(tmp_path: Path) -> None:
    """A folder that is missing at the start is collected if it is there at the end."""
    first = start(tmp_path, outputs="outputs", logs="logs")
    first.complete()
    assert first.get_file_names() == []
    second = start(tmp_path, outputs=Path("some/where"))
    write("some/where/a")
    second.complete()
    assert second.get_file_names() == ["outputs/a"]


def test_the_working_directory_of_the_start_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative folder is the one that it was when the run began."""
    run = start(tmp_path, outputs="outputs")
    write("outputs/a")
    monkeypatch.chdir(tmp_path)
    run.complete()
    assert run.get_file_names() == ["outputs/a"]


def test_what_is_over_the_limit_is_listed(tmp_path: Path) -> None:
    """The limit holds for all files together; what does not fit is named in the run's log."""
    run = start(tmp_path, outputs="outputs", max_output_bytes=10)
    write("outputs/a", b"1234")
    write("outputs/b", b"x" * 11)
    write("outputs/c", b"123456")
    write("outputs/d", b"1")
    run.complete()
    assert run.get_file_names() == ["outputs/a", "outputs/c"]
    assert skipped_of(run) == {
        "outputs/b": "its 11 bytes are over the limit; 6 are left",
        "outputs/d": "its 1 bytes are over the limit; 0 are left",
    }
    (line,) = read_lines(run.path, "logs")
    assert line["message"] == "2 files of outputs were not collected"
    assert line["attributes"]["folder"] == str(Path("outputs").absolute())


def test_a_file_counts_once_against_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live log that is kept again takes the room of its last version."""
    monkeypatch.setattr(_outputs, "_LIVE_SECONDS", 0)
    run = start(tmp_path, logs="logs", max_output_bytes=10)
    for length in range(1, 11):
        write("logs/a", b"x" * length)
        run._enter_second(length * 1_000_000)
    run.complete()
    assert run.reader.artifact("logs/a").read_bytes() == b"x" * 10
    assert skipped_of(run) == {}


def test_names_that_no_artifact_may_have_are_listed(tmp_path: Path) -> None:
    """A file whose name not every system takes stays where it is, and the run's log says so."""
    run = start(tmp_path, outputs="outputs")
    decomposed = unicodedata.normalize("NFD", "ü")
    for name in ("good", "a:b", "nul", decomposed, "back\\slash"):
        write(f"outputs/{name}")
    Path(os.fsdecode(b"outputs/\xff")).touch()
    run.complete()
    assert run.get_file_names() == ["outputs/good"]
    listed = skipped_of(run)
    assert set(listed) == {
        "outputs/a:b",
        "outputs/nul",
        f"outputs/{decomposed}",
        "outputs/back\\slash",
        "outputs/\\udcff",
    }
    assert all(reason.startswith("InvalidNameError") for reason in listed.values())


def test_a_file_that_vanishes_is_listed(tmp_path: Path) -> None:
    """A file that goes away while the others are copied costs only itself."""
    run = start(tmp_path, outputs="outputs")
    write("outputs/a")
    write("outputs/b")
    write("outputs/c")

    class Removing(_outputs.CollectedFolder):
        def _look(self) -> Iterator[tuple[str, Any]]:
            found = list(super()._look())
            if found:
                Path("outputs/b").unlink()
            yield from found

    Path("outputs").rename("aside")
    folder = Removing(Path("outputs").absolute(), "outputs", tmp_path / "runs")
    Path("aside").rename("outputs")
    folder.collect(run._session.writer)
    folder.list_skipped(run._session.writer)
    assert run.get_file_names() == ["outputs/a", "outputs/c"]
    assert list(skipped_of(run)) == ["outputs/b"]
    assert skipped_of(run)["outputs/b"].startswith("FileNotFoundError")
    run.cancel()


@pytest.mark.parametrize("folder", [".", "../work", "link"])
def test_the_root_inside_the_folder_is_not_collected(tmp_path: Path, work: Path, folder: str) -> None:
    """Runs do not come into themselves, however the folder around them is spelled."""
    (tmp_path / "work" / "link").symlink_to(work) if folder == "link" else None
    earlier = start_run("earlier", "runs", environment=False)
    earlier.log("x", 1)
    earlier.complete()
    run = start_run("outputs", "runs", outputs=folder, environment=False)
    run.log("x", 1)
    write("deep/a")
    run.complete()
    assert run.get_file_names() == ["outputs/deep/a"]


def test_links_are_files_but_no_folders(tmp_path: Path) -> None:
    """A link to a file is collected with its content; one to a folder is not followed; a broken one is no file."""
    target = write("elsewhere/target", b"content")
    run = start(tmp_path, outputs="outputs")
    Path("outputs").mkdir()
    Path("outputs/link").symlink_to(target.absolute())
    Path("outputs/folder").symlink_to(target.parent.absolute())
    Path("outputs/broken").symlink_to("missing")
    run.complete()
    assert run.get_file_names() == ["outputs/link"]
    assert run.reader.artifact("outputs/link").read_bytes() == b"content"


def test_what_may_not_be_read_is_listed(run_script: RunScript) -> None:
    """A file or a folder that the program may not read costs only itself."""
    done = run_script(f"""
        import os, pathlib, tempfile
        from runlogging import start_run
        folder = pathlib.Path(tempfile.mkdtemp())
        folder.chmod(0o777)
        with start_run("warm", tempfile.mkdtemp(), environment=False, outputs=__file__) as warm:  # for its imports
            warm.upload_file("x", __file__)
            warm.register_model("x", __file__)
            (warm.get_file_names(), warm.reader.logs())
        {DROP_RIGHTS}
        run = start_run("unread", folder / "runs", outputs=folder / "outputs", environment=False)
        for name in ("a", "b", "deep/c"):
            (folder / "outputs" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "outputs" / name).touch()
        (folder / "outputs" / "b").chmod(0)
        (folder / "outputs" / "deep").chmod(0)
        run.complete()
        (folder / "outputs" / "deep").chmod(0o700)
        print(run.get_file_names())
        for entry in run.reader.logs():
            print([item["name"] for item in entry.attributes["skipped"]])
    """)
    assert done.stdout.splitlines() == ["['outputs/a']", "['outputs/deep', 'outputs/b']"]


def test_special_files_hang_nothing(tmp_path: Path) -> None:
    """A named pipe is no file that could be kept."""
    run = start(tmp_path, outputs="outputs")
    write("outputs/a")
    os.mkfifo("outputs/pipe")
    ending = threading.Thread(target=run.complete, daemon=True)
    ending.start()
    ending.join(5)
    assert not ending.is_alive()
    assert run.get_file_names() == ["outputs/a"]


def test_logs_are_collected_while_the_run_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log is kept live, about when a verb enters another second, and once more at the end."""
    monkeypatch.setattr(_outputs, "_LIVE_SECONDS", 0)
    monkeypatch.setattr(_outputs, "_LIVE_SHARE", 0)
    write("logs/old")
    run = start(tmp_path, logs="logs")
    write("logs/train.log", b"one\n")
    until = time.monotonic() + 5
    while not run.get_file_names() and time.monotonic() < until:
        run.log("x", 1)
        time.sleep(0.05)
    assert run.reader.artifact("logs/train.log").read_bytes() == b"one\n"
    assert run.get_status() == "Running"
    write("logs/train.log", b"one\ntwo\n")
    run.complete()
    assert run.get_file_names() == ["logs/train.log"]
    assert run.reader.artifact("logs/train.log").read_bytes() == b"one\ntwo\n"
    assert run.get_details_with_logs()["logFiles"]["logs/train.log"] == "one\ntwo\n"


def test_the_end_waits_for_a_live_collection(tmp_path: Path) -> None:
    """What changed while another thread collected is kept all the same."""
    run = start(tmp_path, logs="logs")
    folder = _outputs.CollectedFolder(Path("logs").absolute(), "logs", tmp_path / "runs")
    write("logs/a", b"first")
    folder._lock.acquire()
    ending = threading.Thread(target=folder.collect, args=(run._session.writer,))
    ending.start()
    write("logs/a", b"last words")
    folder._lock.release()
    ending.join(10)
    assert run.reader.artifact("logs/a").read_bytes() == b"last words"
    run.complete()


@pytest.mark.parametrize("end", ["fail", "cancel", "with", "exit"])
def test_outputs_are_collected_however_the_run_ends(run_script: RunScript, tmp_path: Path, end: str) -> None:
    """Failure, cancellation, an exception and the exit of the process collect, too."""
    done = run_script(
        """
        import pathlib, sys
        from runlogging import start_run
        def work():
            pathlib.Path("outputs").mkdir()
            pathlib.Path("outputs/a").write_text("x")
        if sys.argv[1] == "with":
            with start_run("ends", "runs", outputs="outputs", environment=False):
                work()
                raise SystemExit(3)
        run = start_run("ends", "runs", outputs="outputs", environment=False)
        work()
        if sys.argv[1] != "exit":
            getattr(run, sys.argv[1])()
        """,
        end,
        check=False,
    )
    assert done.stderr == ""
    assert [line["name"] for line in read_lines(only_run(tmp_path / "runs"), "artifacts")] == ["outputs/a"]


def test_a_collected_file_replaces_an_uploaded_one(tmp_path: Path) -> None:
    """A file that somebody uploaded under the same name is replaced, with a line more."""
    run = start(tmp_path, outputs="outputs")
    run.upload_file("outputs/a", write("b", b"uploaded"))
    write("outputs/a", b"collected")
    run.complete()
    assert run.reader.artifact("outputs/a").read_bytes() == b"collected"
    with pytest.raises(RunEndedError):
        run.upload_file("outputs/b", "b")
