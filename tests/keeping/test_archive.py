"""An archive is a zip that holds a run whole, or there is no zip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from runlogging import start_run
from runlogging._errors import ExistsError, InvalidValueError, RootError, RunActiveError, RunNotFoundError
from runlogging.cli._archive import archive_run
from runlogging.cli._output import Output
from runlogging.folder import Line, now_text
from runlogging.keeping._archive import archive
from runlogging.keeping.checking._verify import verify
from runlogging.reading import list_runs, open_run
from tests.conftest import SOURCE
from tests.reading.tools import HOLD, go_on, living, written


def made_run(root: Path) -> Path:
    """Return a run with metrics, a value in an artifact, and files of several kinds."""
    with start_run("test", root, parameters={"alpha": 0.4}) as run:
        for step in range(100):
            run.log("loss", 1 / (step + 1), step=step)
        run.log_list("many", list(range(100_001)))
        for name in ("a.png", "deep/b.txt", "\u00fc c.bin", ".hidden.tmp"):
            (root / "file").write_bytes(name.encode() * 100)
            run.upload_file(f"outputs/{name}", root / "file")
    (root / "file").unlink()
    return Path(run.path)


def content(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder, name to content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def left_in(folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_unzipped_it_is_the_run_again(tmp_path: Path) -> None:
    """The zip holds every file of the run; unzipped in a root it is listed, sound and the same byte for byte."""
    run = made_run(tmp_path / "runs")
    made = archive(run, tmp_path / "out.zip")
    assert made.path == tmp_path / "out.zip"
    assert made.run == f"test/{run.name}"
    assert made.left_out == []
    assert made.packed_size == made.path.stat().st_size
    with zipfile.ZipFile(made.path) as opened:
        assert opened.testzip() is None
        opened.extractall(tmp_path / "root")
    files = content(run)
    assert content(tmp_path / "root" / made.run) == files
    assert (made.files, made.size) == (len(files), sum(map(len, files.values())))
    assert ".writers/main.lock" in files
    (again,) = list_runs(tmp_path / "root")
    assert again.id == run.name
    assert verify(again.path).findings == []


def test_run_stays_and_is_read_from_the_zip(tmp_path: Path) -> None:
    """Archiving changes nothing in the run, and the zip is read without unpacking."""
    run = made_run(tmp_path / "runs")
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    archive(run, tmp_path / "out.zip")
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before
    zipped = open_run(tmp_path / "out.zip")
    assert zipped.metrics().keys() == open_run(run).metrics().keys()
    assert zipped.artifact("outputs/a.png").read_bytes() == b"a.png" * 100
    assert verify(tmp_path / "out.zip").findings == []


def test_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two archives of a run, made at different times, do not differ."""
    run = made_run(tmp_path / "runs")
    first = archive(run, tmp_path / "1.zip").path.read_bytes()
    for path in run.rglob("*.jsonl"):
        os.utime(path, (1, 1))
    assert archive(run, tmp_path / "2.zip").path.read_bytes() == first


def test_compressed_files_are_stored(tmp_path: Path) -> None:
    """What is compressed already is stored, all else is deflated, and names are in their order."""
    run = made_run(tmp_path / "runs")
    with zipfile.ZipFile(archive(run, tmp_path / "out.zip").path) as opened:
        methods = {info.filename.rpartition("/")[2]: info.compress_type for info in opened.infolist()}
        assert opened.namelist() == sorted(opened.namelist())
    assert methods["a.png"] == zipfile.ZIP_STORED
    assert methods["metrics.jsonl"] == methods["b.txt"] == zipfile.ZIP_DEFLATED


def test_temporary_files_and_links_stay_out(tmp_path: Path) -> None:
    """Temporary files are left out; links and pipes too, which is told, and no link is followed."""
    run = made_run(tmp_path / "runs")
    (run / ".run.json.12.3.tmp").write_text("half")
    (run / "artifacts" / f".12-{'0f' * 8}.tmp").write_text("half")
    (tmp_path / "secret").write_text("secret")
    (run / "link").symlink_to(tmp_path / "secret")
    (run / "loop").symlink_to(run)
    os.mkfifo(run / "pipe")
    made = archive(run, tmp_path / "out.zip")
    assert made.left_out == ["link", "loop", "pipe"]
    with zipfile.ZipFile(made.path) as opened:
        names = [name.removeprefix(f"{made.run}/") for name in opened.namelist()]
    assert not {"link", "loop", "pipe"} & set(names)
    assert [name for name in names if name.endswith(".tmp")] == ["artifacts/outputs/.hidden.tmp"]


def test_copy_under_another_name(tmp_path: Path) -> None:
    """The zip of a renamed folder holds the run under the names that its manifest says."""
    run = made_run(tmp_path / "runs")
    moved = run.rename(tmp_path / "any name (2)")
    assert archive(moved, tmp_path / "out.zip").run == f"test/{run.name}"


def test_names_of_a_strange_manifest_lead_nowhere(tmp_path: Path) -> None:
    """Names in a manifest that are none are not taken for folders of the zip."""
    run = tmp_path / "some thing" / "r 1"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"id": "../../up", "experiment": "/etc", "status": "Completed"}))
    assert archive(run, tmp_path / "out.zip").run == "some thing/r-1"


def test_existing_file_is_kept(tmp_path: Path) -> None:
    """A file of the name is replaced only if that is wanted; a folder never is."""
    run = made_run(tmp_path / "runs")
    out = tmp_path / "out.zip"
    out.write_text("mine")
    with pytest.raises(ExistsError, match="--overwrite"):
        archive(run, out)
    assert out.read_text() == "mine"
    assert archive(run, out, overwrite=True).packed_size == out.stat().st_size
    with pytest.raises(ExistsError, match="name a file"):
        archive(run, tmp_path, overwrite=True)
    assert left_in(tmp_path) == ["out.zip", "runs"]


def test_places_that_cannot_hold_the_zip(tmp_path: Path) -> None:
    """A zip in the run itself, in no folder, and of a run in a zip are refused, with what to do."""
    run = made_run(tmp_path / "runs")
    before = content(run)
    with pytest.raises(InvalidValueError, match="outside of it"):
        archive(run, run / "out.zip")
    with pytest.raises(RootError, match="make it first"):
        archive(run, tmp_path / "none" / "out.zip")
    with pytest.raises(RunNotFoundError):
        archive(tmp_path, tmp_path / "out.zip")
    archive(run, tmp_path / "out.zip")
    with pytest.raises(InvalidValueError, match="copy the zip"):
        archive(tmp_path / "out.zip", tmp_path / "2.zip")
    assert content(run) == before


def test_running_run_is_refused(tmp_path: Path) -> None:
    """A run that a process writes to is refused; when that has ended it is taken."""
    with living(HOLD, str(tmp_path / "runs")) as process:
        run = tmp_path / "runs" / "test" / "r1"
        with pytest.raises(RunActiveError, match="written by main"):
            archive(run, tmp_path / "out.zip")
        assert left_in(tmp_path) == ["runs"]
        go_on(process)
        process.wait(timeout=60)
        archive(run, tmp_path / "out.zip")
    assert open_run(tmp_path / "out.zip").status == "Completed"


@pytest.mark.parametrize("how", ["grown", "shrunk", "rewritten", "new"])
def test_change_on_the_way(tmp_path: Path, how: str) -> None:
    """A run that changes while it is archived leaves no zip."""
    run = made_run(tmp_path / "runs")

    def change(what: str, done: int, total: int) -> None:
        file = run / "metrics.jsonl"
        if how == "grown":
            with file.open("ab") as opened:
                opened.write(b"{}\n")
        elif how == "shrunk":
            os.truncate(file, 10)
        elif how == "rewritten":
            file.write_bytes(bytes(file.stat().st_size))
        else:
            (run / "new").write_text("new")

    with pytest.raises(RunActiveError, match="changed while"):
        archive(run, tmp_path / "out.zip", progress=change)
    assert left_in(tmp_path) == ["runs"]


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C leaves nothing behind, and a file that was to be replaced as it was."""
    run = made_run(tmp_path / "runs")
    (tmp_path / "out.zip").write_text("mine")

    def interrupt(what: str, done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive(run, tmp_path / "out.zip", overwrite=True, progress=interrupt)
    assert left_in(tmp_path) == ["out.zip", "runs"]
    assert (tmp_path / "out.zip").read_text() == "mine"


def test_progress_counts_bytes(tmp_path: Path) -> None:
    """What is told grows to the total, which is twice the bytes of the run."""
    run = made_run(tmp_path / "runs")
    told: list[tuple[str, int, int]] = []
    made = archive(run, tmp_path / "out.zip", progress=lambda *told_now: told.append(told_now))
    assert {(what, total) for what, _, total in told} == {(run.name, 2 * made.size)}
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1] == 2 * made.size


def test_full_disk(tmp_path: Path) -> None:
    """Where the zip does not fit, an OSError says so, nothing of it is left, and the run is as it was."""
    run = written(tmp_path / "runs", *(Line(time=now_text(), message=os.urandom(2000).hex()) for _ in range(100)))
    before = content(run)
    program = """
        import errno, resource, signal, sys
        from runlogging.keeping._archive import archive
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            archive(sys.argv[1], sys.argv[2])
        except OSError as error:
            print(errno.errorcode[error.errno])
    """
    arguments = [sys.executable, "-c", textwrap.dedent(program), str(run), str(tmp_path / "out.zip")]
    done = subprocess.run(arguments, env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("EFBIG\n", "")
    assert left_in(tmp_path) == ["runs"]
    assert content(run) == before


def test_command_says_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints one line, what it left out, or one JSON object."""
    run = made_run(tmp_path / "runs")
    (run / "li\x1bnk").symlink_to(tmp_path)
    archive_run(run, str(tmp_path / "out.zip"), Output(), as_json=False)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{tmp_path / 'out.zip'}: {len(content(run))} files, ")
    assert second == "  left out: li\\x1bnk"
    archive_run(run, str(tmp_path / "out.zip"), Output(), as_json=True, overwrite=True)
    made = json.loads(capsys.readouterr().out)
    assert made["path"] == str(tmp_path / "out.zip")
    assert made["run"] == f"test/{run.name}"
    assert made["left_out"] == ["li\x1bnk"]
