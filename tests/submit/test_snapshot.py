"""Snapshots: the code of a run, kept once per content, and taken out again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from runlogging import (
    ArtifactNotFoundError,
    ExistsError,
    InvalidValueError,
    RootError,
    Run,
    SourceError,
    start_run,
)
from runlogging.azureml import Experiment as AzureExperiment
from runlogging.run import Experiment
from runlogging.submit import _archive, _scan, _snapshot, _store, _unzipping

from ..conftest import SOURCE, RunScript, read_lines
from ..handlers import DROP_RIGHTS, manifest_of


@pytest.fixture(autouse=True)
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a little code."""
    folder = tmp_path / "code"
    monkeypatch.chdir(tmp_path)
    write(folder / "train.py", "print(1)\n")
    write(folder / "lib" / "util.py", "X = 1\n")
    monkeypatch.chdir(folder)
    return folder


def write(path: Path | str, content: str | bytes = "x") -> Path:
    """Write a file, with the folders above it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def start(root: Path | str = "runs", **options: Any) -> Run:
    """Start a run, by default with the root inside of the code."""
    return start_run("snap", root, environment=False, capture=False, **options)


def facts_of(run: Run) -> dict[str, Any]:
    """Return snapshot.json."""
    facts: dict[str, Any] = json.loads((run.path / "snapshot.json").read_bytes())
    return facts


def left_out(run: Run) -> dict[str, str]:
    """Return name and reason of all that snapshot.json lists."""
    return {item["name"]: item["reason"] for item in facts_of(run)["left_out"]}


def names_in(run: Run) -> list[str]:
    """Return the names in a run's zip, in its order."""
    with zipfile.ZipFile(run.path / "snapshot.zip") as archive:
        assert archive.testzip() is None
        return archive.namelist()


def taken(**limits: Any) -> list[str]:
    """Take a snapshot of the working directory in a new run and return the names in it."""
    run = start()
    run.take_snapshot(**limits)
    run.complete()
    return names_in(run)


# ---------------------------------------------------------------------- what is kept


def test_the_code_is_kept_and_comes_out_again(code: Path, tmp_path: Path) -> None:
    """Names, contents and the executable bit come back; the property, the facts and one log line say what it is."""
    (code / "train.py").chmod(0o750)
    write("empty.txt", "")
    write("naïve name.txt", "é")
    write("big.bin", os.urandom(200_000))
    write("zeros.bin", bytes(3_000_000))
    run = start()
    snapshot_id = run.take_snapshot()
    assert snapshot_id == run.get_snapshot_id() == manifest_of(run.path)["properties"]["snapshot.id"]
    (line,) = read_lines(run.path, "logs")
    assert line["level"] == "INFO"
    assert line["message"].startswith("snapshot of 6 files, ")
    assert line["attributes"]["snapshot"] == snapshot_id
    run.complete()
    back = Path(run.restore_snapshot(path=tmp_path / "new" / "back"))
    assert back == tmp_path / "new" / "back"
    names = ["big.bin", "empty.txt", "lib/util.py", "naïve name.txt", "train.py", "zeros.bin"]
    assert sorted(path.relative_to(back).as_posix() for path in back.rglob("*") if path.is_file()) == names
    assert all((back / name).read_bytes() == (code / name).read_bytes() for name in names)
    assert [bool((back / name).stat().st_mode & stat.S_IXUSR) for name in names] == [False] * 4 + [True, False]
    facts = facts_of(run)
    assert (facts["format"], facts["id"], facts["files"], facts["folder"]) == (1, snapshot_id, 6, str(code))
    assert facts["size"] == sum((code / name).stat().st_size for name in names)
    assert (facts["left_out"], facts["left_out_omitted"], facts["missed"]) == (
        [{"name": "runs/", "reason": "a folder of runs"}],
        0,
        0,
    )


def test_the_id_is_the_documented_one(code: Path) -> None:
    """It is computed here as docs/format.md says, by nothing of ours."""
    (code / "train.py").chmod(0o755)
    lines = [
        f"- {hashlib.sha256((code / 'lib/util.py').read_bytes()).hexdigest()} lib/util.py\n",
        f"x {hashlib.sha256((code / 'train.py').read_bytes()).hexdigest()} train.py\n",
    ]
    assert start().take_snapshot() == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_id_follows_names_contents_and_the_executable_bit_alone(code: Path) -> None:
    """Times and the rest of the mode change nothing; everything else does."""
    first = start().take_snapshot()
    os.utime("train.py", (1, 1))
    (code / "train.py").chmod(0o640)
    assert start().take_snapshot() == first
    (code / "train.py").chmod(0o755)
    second = start().take_snapshot()
    write("train.py", "print(2)\n")
    third = start().take_snapshot()
    Path("train.py").rename("trains.py")
    fourth = start().take_snapshot()
    assert len({first, second, third, fourth}) == 4


def test_the_zip_is_the_same_byte_for_byte(code: Path, tmp_path: Path) -> None:
    """Two stores of the same code hold the same zip: sorted names, one time."""
    write("a/z", "1")
    write("a.b", "2")
    runs = [start(tmp_path / name) for name in ("r1", "r2")]
    ids = []
    for run in runs:
        ids.append(run.take_snapshot())
        os.utime("train.py", (5, 5))
    assert ids[0] == ids[1]
    assert (runs[0].path / "snapshot.zip").read_bytes() == (runs[1].path / "snapshot.zip").read_bytes()
    assert names_in(runs[0]) == ["a.b", "a/z", "lib/util.py", "train.py"]
    with zipfile.ZipFile(runs[0].path / "snapshot.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_hundred_times_with_the_runs_inside(code: Path) -> None:
    """The root in the code never comes in, so the id is stable, and the store holds one zip with a link a run."""
    write(".gitignore", "*.csv\n")
    ids = set()
    for _ in range(100):
        run = start()
        ids.add(run.take_snapshot("."))
        run.complete()
    assert len(ids) == 1
    (stored,) = (code / "runs" / ".store").glob("*.zip")
    assert stored.stem == ids.pop()
    assert stored.stat().st_nlink == 101
    assert stored.samefile(run.path / "snapshot.zip")
    assert not list((code / "runs").rglob("*.tmp"))


def test_the_folder_itself_may_be_the_root(code: Path) -> None:
    """With the root "." experiments and our own folders stay out, and the code is kept, twice the same."""
    (code / ".envs" / "x").mkdir(parents=True)
    write(".envs/x/y")
    ids = []
    for _ in range(2):
        run = start(".")
        ids.append(run.take_snapshot())
        assert names_in(run) == ["lib/util.py", "train.py"]
    assert ids[0] == ids[1]


def test_a_file_alone(code: Path) -> None:
    """A path of a file gives a snapshot of that file."""
    run = start()
    run.take_snapshot("lib/util.py")
    assert names_in(run) == ["util.py"]


def test_an_empty_folder(tmp_path: Path) -> None:
    """It has a snapshot without files, which comes back as an empty folder."""
    (tmp_path / "nothing").mkdir()
    run = start()
    run.take_snapshot(tmp_path / "nothing")
    assert list(Path(run.restore_snapshot(path=tmp_path / "back")).iterdir()) == []


# ---------------------------------------------------------------------- what is left out


def test_what_no_snapshot_holds(code: Path) -> None:
    """Version control, environments, caches and secrets stay out, even where an ignore file asks for them."""
    write(".gitignore", "!.env\n!*.pem\n!__pycache__/\n!.git/\n")
    for name in (".git/config", "sub/.git", ".hg/x", ".svn/x", "__pycache__/a.pyc", "lib/__pycache__/b.pyc"):
        write(name)
    for name in (".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", ".tox", ".nox", "node_modules"):
        write(f"{name}/x")
    write("env/pyvenv.cfg")
    write("env/lib/x.py")
    write("conda/conda-meta/history")
    write("cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n")
    write("cache/x")
    write("nocache/CACHEDIR.TAG", "something else")
    write(".DS_Store")
    secrets = [".env", ".env.local", "a/.ENV", "key.pem", "x.KEY", "id_rsa", "id_rsa.pub", ".netrc", ".pypirc", "c.p12"]
    secrets += ["credentials.json", "credentials-dev.json", "id_ed25519", "secrets.toml", "client_secret_1.json"]
    for name in secrets:
        write(name)
    write(".ssh/config")
    run = start()
    run.take_snapshot()
    assert names_in(run) == [".gitignore", "lib/util.py", "nocache/CACHEDIR.TAG", "train.py"]
    reasons = left_out(run)
    assert {reasons[name] for name in secrets} == {"a file of secrets"}
    assert (reasons["env/"], reasons["conda/"]) == ("a virtual environment", "a virtual environment")
    assert (reasons[".git/"], reasons["sub/.git"], reasons["cache/"]) == (
        "version control",
        "version control",
        "a cache",
    )
    assert facts_of(run)["missed"] == len(secrets)
    (line,) = read_lines(run.path, "logs")
    assert line["level"] == "WARNING"
    assert {item["name"] for item in line["attributes"]["skipped"]} == set(reasons)


def test_runs_of_other_roots_stay_out(code: Path) -> None:
    """A root, its store, its models, an experiment and a run of any other root are no code, however they are called."""
    other = start("old results")
    other.complete()
    start("elsewhere").complete()
    shutil.copytree(code / "elsewhere" / "snap", code / "moved")
    shutil.copytree(other.path, code / "deep" / "er" / "one")
    shutil.rmtree("elsewhere")
    write(f"stored/.store/{'0' * 64}.zip")
    write("models/.models/m/1/model.json")
    write("results/exp/one/run.json", '{"loss": 1}')  # somebody else's
    assert taken() == ["lib/util.py", "results/exp/one/run.json", "train.py"]


def test_a_folder_of_runs_is_refused(code: Path) -> None:
    """A run or an experiment is no folder of code."""
    run = start()
    for path in (run.path, run.path.parent):
        with pytest.raises(InvalidValueError, match="holds runs"):
            run.take_snapshot(path)


def test_large_files_are_left_out_and_listed(code: Path) -> None:
    """A file over the limit is left out with its size."""
    write("data.bin", bytes(2001))
    run = start()
    run.take_snapshot(max_file_bytes=2000)
    assert names_in(run) == ["lib/util.py", "train.py"]
    assert left_out(run)["data.bin"] == "it has 2,001 bytes, over max_file_bytes=2,000"


def test_links(code: Path, tmp_path: Path) -> None:
    """A link to a file of the snapshot is its content; what leads out, to folders, to nothing or to a secret is not."""
    write(tmp_path / "outside.txt", "secret")
    write(".env", "TOKEN=1")
    write("data/x.csv")
    write(".gitignore", "data/\n")
    links = {
        "same": "train.py",
        "lib/up": "../train.py",
        "lib/chain": "up",
        "absolute": str(code / "lib" / "util.py"),
        "out": "../outside.txt",
        "passwd": "/etc/passwd",
        "folder": "lib",
        "nothing": "gone",
        "circle": "circle",
        "settings": ".env",
        "ignored": "data/x.csv",
        "up": "..",
        "credentials.json": "train.py",
    }
    for name, target in links.items():
        (code / name).symlink_to(target)
    run = start()
    run.take_snapshot()
    assert names_in(run) == [".gitignore", "absolute", "lib/chain", "lib/up", "lib/util.py", "same", "train.py"]
    with zipfile.ZipFile(run.path / "snapshot.zip") as archive:
        assert archive.read("lib/chain") == b"print(1)\n"
        assert all(stat.S_ISREG(info.external_attr >> 16) for info in archive.infolist())
    reasons = left_out(run)
    assert {name: reasons[name] for name in links if name in reasons} == {
        "out": "a link out of the folder",
        "passwd": "a link out of the folder",
        "folder": "a link to a folder",
        "nothing": "a link to nothing",
        "circle": "a link to nothing",
        "settings": "a link to a file that is left out",
        "ignored": "a link to a file that is left out",
        "up": "a link out of the folder",
        "credentials.json": "a file of secrets",
    }


def test_special_files_and_names_are_listed(code: Path) -> None:
    """A named pipe does not hang; a name that not every reader of zip files takes is left out."""
    os.mkfifo("pipe")
    write("back\\slash")
    write("new\nline")
    Path(os.fsdecode(b"\xff\xfe.py")).touch()
    write("colon: ok?.txt")
    run = start()
    taking = threading.Thread(target=run.take_snapshot, daemon=True)
    taking.start()
    taking.join(20)
    assert not taking.is_alive()
    assert names_in(run) == ["colon: ok?.txt", "lib/util.py", "train.py"]
    del (reasons := left_out(run))["runs/"]
    assert sorted(reasons.values()) == [
        "it is no regular file",
        "its name has a backslash or a control character",
        "its name has a backslash or a control character",
        "its name is no UTF-8",
    ]


def test_what_may_not_be_read_is_listed(run_script: RunScript) -> None:
    """A file or folder that is closed to the program costs only itself."""
    done = run_script(f"""
        import json, os, pathlib, tempfile
        from runlogging import start_run
        folder = pathlib.Path(tempfile.mkdtemp())
        folder.chmod(0o777)
        for name in ("warm", "cold"):
            run = start_run("unread", folder / name, environment=False, capture=False)
            (folder / "code" / "closed").mkdir(parents=True, exist_ok=True)
            if name == "cold":
                (folder / "code" / "a").touch()
                (folder / "code" / "b").touch()
                (folder / "code" / "b").chmod(0)
                (folder / "code" / "closed").chmod(0)
            run.take_snapshot(folder / "code")
            if name == "warm":
                run.complete()
                os.system(f"rm -r {{folder}}/warm {{folder}}/code")
                {DROP_RIGHTS}
        print(sorted((item["name"], item["reason"]) for item in
              json.loads((run.path / "snapshot.json").read_text())["left_out"]))
        (folder / "code" / "closed").chmod(0o700)
    """)
    assert done.stdout.splitlines() == [
        "[('b', 'it cannot be read: Permission denied'), ('closed/', 'the folder may not be read: Permission denied')]"
    ]


def test_the_list_is_bounded(code: Path) -> None:
    """A thousand entries are listed, what one may miss first, and the rest is counted."""
    for number in range(1100):
        write(f"data/{number:04}.csv")
    write(".gitignore", "*.csv\n")
    write("zz.pem")
    run = start()
    run.take_snapshot()
    facts = facts_of(run)
    assert (len(facts["left_out"]), facts["left_out_omitted"], facts["missed"]) == (1000, 102, 1)
    assert facts["left_out"][0] == {"name": "zz.pem", "reason": "a file of secrets"}
    (line,) = read_lines(run.path, "logs")
    assert len(line["attributes"]["skipped"]) == 100
    assert line["message"].endswith("left out: 1102")


# ---------------------------------------------------------------------- limits


def nothing_is_made(run: Run) -> bool:
    """Tell whether neither the run nor the store has anything of a snapshot."""
    stored = list((run.path.parent.parent / ".store").glob("*"))
    own = [path.name for path in run.path.iterdir() if "snapshot" in path.name]
    return not stored and not own and "snapshot.id" not in run.get_properties()


def test_too_many_files(code: Path) -> None:
    """The error names the folder that has most of them and a line that leaves it out."""
    for number in range(20):
        write(f"data/images/{number}.png")
    run = start()
    with pytest.raises(InvalidValueError) as caught:
        run.take_snapshot(max_files=10)
    message = str(caught.value)
    assert "22 files" in message
    assert "'data/images/' (20 files)" in message
    assert "'/data/images/'" in message
    assert ".amlignore" in message
    assert nothing_is_made(run)
    assert run.take_snapshot(max_files=22)


def test_the_default_is_two_thousand_files(code: Path) -> None:
    """The 2,000th file is kept; one more is refused."""
    for number in range(1998):
        write(f"d{number % 10}/{number}")
    assert len(taken()) == 2000
    write("one more")
    with pytest.raises(InvalidValueError, match="2,001 files"):
        start().take_snapshot()


def test_too_many_bytes(code: Path) -> None:
    """The error names the largest files, largest first."""
    for name, size in (("a.bin", 300), ("b.bin", 500), ("c.bin", 400), ("d.bin", 100)):
        write(name, bytes(size))
    run = start()
    with pytest.raises(InvalidValueError, match=r"'b.bin' \(500 bytes\), 'c.bin' \(400 bytes\), 'a.bin'"):
        run.take_snapshot(max_bytes=1000)
    assert nothing_is_made(run)


def test_far_too_many_files_end_the_search(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home folder is not looked through to its end."""
    monkeypatch.setattr(_scan, "MAX_MEMBERS", 30)
    for number in range(50):
        write(f"home/{number // 10}/{number}")
    with pytest.raises(InvalidValueError, match="more than"):
        start().take_snapshot(max_files=10)


@pytest.mark.parametrize("limit", ["max_files", "max_bytes", "max_file_bytes"])
@pytest.mark.parametrize("value", [-1, 1.5, True, "10", None])
def test_a_limit_that_is_none(limit: str, value: Any) -> None:
    """A limit is a whole number, 0 or more."""
    with pytest.raises(InvalidValueError, match=limit):
        start().take_snapshot(**{limit: value})


@pytest.mark.parametrize("path", [None, 3, "", b"bytes", ["."]])
def test_a_path_that_is_none(path: Any) -> None:
    """A folder is named by a path."""
    with pytest.raises(InvalidValueError, match="named by its path"):
        start().take_snapshot(path)


@pytest.mark.parametrize("path", ["gone", "train.py/x", "nul\0character"])
def test_a_folder_that_is_not_there(path: str) -> None:
    """It is also a FileNotFoundError, and names the path."""
    with pytest.raises(ArtifactNotFoundError, match="there is no folder"):
        start().take_snapshot(path)


# ---------------------------------------------------------------------- files that change meanwhile


def test_a_file_that_grows_for_ever_is_listed(code: Path) -> None:
    """A log that is written all the time is whole in the snapshot, or left out and listed; never half."""
    stop = threading.Event()
    Path("growing.log").touch()

    def write_on() -> None:
        with open("growing.log", "ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"0123456789abcde\n" * 4096)
                if file.tell() > 50_000_000:
                    file.truncate(0)

    writing = threading.Thread(target=write_on)
    writing.start()
    try:
        run = start()
        run.take_snapshot()
    finally:
        stop.set()
        writing.join()
    names = names_in(run)
    assert ("growing.log" in names) != ("growing.log" in left_out(run))
    assert {"lib/util.py", "train.py"} <= set(names)
    Path(run.restore_snapshot(path="back"))  # its content has the id


def changed_between(monkeypatch: pytest.MonkeyPatch, change: Callable[[int], object]) -> None:
    """Have something done right before each zip is written, after the files were read."""
    write_zip, count = _archive.write_zip, iter(range(100))

    def late(*arguments: Any) -> list[str]:
        change(next(count))
        return write_zip(*arguments)

    monkeypatch.setattr(_snapshot, "write_zip", late)


def test_a_file_that_changes_once_is_read_again(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The snapshot has the new content, and one id that fits it."""
    changed_between(monkeypatch, lambda count: count == 0 and write("train.py", "print(2, 'longer')\n"))
    run = start()
    run.take_snapshot()
    back = Path(run.restore_snapshot(path="back"))
    assert (back / "train.py").read_text() == "print(2, 'longer')\n"
    assert "train.py" not in left_out(run)


def test_a_file_that_always_changes_is_left_out(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After three times it is listed, and the rest is kept."""
    changed_between(monkeypatch, lambda count: write("state.json", str(count)))
    write("state.json", "x")
    run = start()
    run.take_snapshot()
    assert names_in(run) == ["lib/util.py", "train.py"]
    assert left_out(run)["state.json"] == "it changed while it was read"


def test_a_file_that_vanishes_is_listed(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is gone when the zip is written: the zip is written without it."""
    write("fleeting", "1")
    changed_between(monkeypatch, lambda count: Path("fleeting").unlink(missing_ok=True))
    run = start()
    run.take_snapshot()
    assert names_in(run) == ["lib/util.py", "train.py"]
    assert left_out(run)["fleeting"] == "it vanished"


def test_files_that_never_stand_still(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When each attempt finds another file changed, it is an error and nothing stays."""
    for number in range(12):
        write(f"f{number}", "x")
    changed_between(monkeypatch, lambda count: write(f"f{count}", f"changed {count}"))
    run = start()
    with pytest.raises(SourceError, match="keep changing"):
        run.take_snapshot()
    assert not list((code / "runs" / ".store").glob("*.zip"))
    assert not list((code / "runs" / ".store").glob("*.tmp"))


# ---------------------------------------------------------------------- the store


TAKE = """
    import sys
    from runlogging import start_run
    run = start_run("race", sys.argv[1], environment=False, capture=False)
    print("ready", flush=True)
    sys.stdin.readline()
    print(run.take_snapshot(sys.argv[2]))
"""


def test_processes_at_once_write_it_once(code: Path, tmp_path: Path) -> None:
    """Eight processes that take the same new snapshot at the same time leave one whole zip, and each run links it."""
    write("big.py", "x = 1\n" * 500_000)
    script = write(tmp_path / "take.py", textwrap.dedent(TAKE))
    command = [sys.executable, str(script), str(tmp_path / "runs"), str(code)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, env=environment, **pipes) for _ in range(8)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ids = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(ids) == 1
    (stored,) = (tmp_path / "runs" / ".store").glob("*.zip")
    assert stored.stat().st_nlink == 9
    assert not list((tmp_path / "runs" / ".store").glob(".*.tmp"))
    with zipfile.ZipFile(stored) as archive:
        assert archive.testzip() is None


def test_threads_at_once_write_it_once(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one process, too, a snapshot is written once."""
    write("big.py", "x = 1\n" * 500_000)
    runs, written = [start() for _ in range(4)], []

    def counted(*given: Any) -> list[str]:
        written.append(1)
        return _archive.write_zip(*given)

    monkeypatch.setattr(_snapshot, "write_zip", counted)
    threads = [threading.Thread(target=run.take_snapshot, args=(code,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({run.get_snapshot_id() for run in runs}) == 1
    assert len(written) == 1


def test_a_kill_in_the_middle_leaves_nothing_half(code: Path, tmp_path: Path) -> None:
    """A process killed while it writes leaves no zip under the id; the next one writes it."""
    script = write(
        tmp_path / "killed.py",
        textwrap.dedent("""
            import os, signal, sys
            from runlogging import start_run
            from runlogging.submit import _snapshot
            write = _snapshot.write_zip
            def killed(file, *rest):
                write(file, *rest)
                file.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            _snapshot.write_zip = killed
            start_run("killed", sys.argv[1], environment=False, capture=False).take_snapshot(sys.argv[2])
        """),
    )
    root, environment = tmp_path / "runs", {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run([sys.executable, script, root, code], env=environment, check=False)
    assert done.returncode == -9
    assert not list((root / ".store").glob("*.zip"))
    (left,) = (root / ".store").glob(".*.tmp")
    os.utime(left, (1, 1))  # long ago
    run = start(root)
    assert (root / ".store" / f"{run.take_snapshot()}.zip").is_file()
    assert not left.exists()


def test_what_is_stored_is_not_written_again(code: Path) -> None:
    """The same inode serves the second run, and it cannot be written by accident."""
    first = start()
    snapshot_id = first.take_snapshot()
    stored = code / "runs" / ".store" / f"{snapshot_id}.zip"
    before = stored.stat()
    start().take_snapshot()
    after = stored.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert not stored.stat().st_mode & 0o222


def test_a_broken_zip_in_the_store_is_written_again(code: Path) -> None:
    """What a loss of power left under the id, empty, is replaced."""
    snapshot_id = start().take_snapshot()
    stored = code / "runs" / ".store" / f"{snapshot_id}.zip"
    stored.unlink()
    stored.touch()
    run = start()
    run.take_snapshot()
    assert names_in(run) == ["lib/util.py", "train.py"]


def test_without_hard_links_it_is_copied(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has none gets a copy in the run."""

    def refuse(*_: Any) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    run = start()
    snapshot_id = run.take_snapshot()
    assert (run.path / "snapshot.zip").stat().st_nlink == 1
    assert names_in(run) == ["lib/util.py", "train.py"]
    (code / "runs" / ".store" / f"{snapshot_id}.zip").unlink()
    assert Path(run.restore_snapshot(path="back"), "train.py").read_text() == "print(1)\n"


def test_a_store_that_cannot_be_written(code: Path) -> None:
    """It is an error that names the root, and the run has nothing of it."""
    run = start()
    write("runs/.store", "a file")
    with pytest.raises(RootError, match="cannot be stored"):
        run.take_snapshot()
    assert "snapshot.id" not in run.get_properties()
    assert not (run.path / "snapshot.zip").exists()


def test_a_full_disk_keeps_nothing(code: Path, run_script: RunScript) -> None:
    """A zip that cannot be written to its end is an error, no file is taken for one that changed, and nothing stays."""
    write("big.bin", os.urandom(3_000_000))
    done = run_script(
        """
        import os, resource, signal, sys
        from runlogging import RootError, start_run
        run = start_run("full", "runs", environment=False, capture=False)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        try:
            run.take_snapshot(sys.argv[1])
        except RootError as error:
            print("cannot be stored" in str(error), "File too large" in str(error))
        print([name for name in os.listdir("runs/.store") if not name.endswith(".lock")])
        print([name for name in os.listdir(run.path) if "snapshot" in name], run.get_properties())
        """,
        str(code),
    )
    assert done.stdout.splitlines() == ["True True", "[]", "[] {}"]


# ---------------------------------------------------------------------- one run, one snapshot


def test_a_run_keeps_one(code: Path) -> None:
    """The same code again is the same id; other code is an error, and what the run has stays."""
    run = start()
    first = run.take_snapshot()
    assert run.take_snapshot() == first
    write("train.py", "print(2)\n")
    with pytest.raises(ExistsError, match=first):
        run.take_snapshot()
    assert run.get_snapshot_id() == first
    assert Path(run.restore_snapshot(path="back"), "train.py").read_text() == "print(1)\n"


def test_a_zip_without_a_property_is_replaced(code: Path) -> None:
    """A process killed between the zip and the property leaves a run that can take its snapshot again."""
    run = start()
    write(run.path / "snapshot.zip", b"left behind")
    run.take_snapshot()
    assert names_in(run) == ["lib/util.py", "train.py"]


def test_a_prepared_run_stays_prepared(code: Path) -> None:
    """Taking the snapshot of a run that nobody has started does not start it."""
    (child,) = start().create_children(count=1)
    child.take_snapshot()
    assert child.status == "NotStarted"
    assert child.get_snapshot_id()


def test_a_run_without_one() -> None:
    """Asking for it is also a FileNotFoundError."""
    run = start()
    for ask in (run.get_snapshot_id, run.restore_snapshot):
        with pytest.raises(ArtifactNotFoundError, match="has no snapshot"):
            ask()


# ---------------------------------------------------------------------- at the start


def test_a_run_starts_with_its_snapshot(code: Path) -> None:
    """start_run, an experiment, a child and Azure's own spelling take one when a folder is named, and none else."""
    with start(snapshot=".") as run:
        child = run.child_run(snapshot=code / "lib")
    other = Experiment("runs", "other").start_logging(snapshot=Path("."), capture=False)
    azure = AzureExperiment("runs", "azure").start_logging(snapshot_directory=".", outputs=False, logs=False)
    assert run.get_snapshot_id() == other.get_snapshot_id() == azure.get_snapshot_id()
    assert names_in(child) == ["util.py"]
    assert (run.path / "snapshot.json").exists()
    for without in (start(), AzureExperiment("runs", "azure").start_logging(outputs=False, logs=False)):
        with pytest.raises(ArtifactNotFoundError):
            without.get_snapshot_id()


@pytest.mark.parametrize(("given", "kind"), [("gone", ArtifactNotFoundError), (3, InvalidValueError)])
def test_a_refused_folder_makes_no_run(code: Path, given: Any, kind: type[Exception]) -> None:
    """The error comes before there is a run."""
    with pytest.raises(kind):
        start(snapshot=given)
    assert not list(code.glob("runs/*/*"))


def test_a_folder_over_the_limits_makes_no_run(code: Path) -> None:
    """Two thousand files hold there, too."""
    for number in range(2001):
        write(f"data/{number}")
    with pytest.raises(InvalidValueError, match="data/"):
        start(snapshot=".")
    assert not list(code.glob("runs/*/*"))


def test_a_resumed_run_keeps_the_one_it_has(code: Path) -> None:
    """The code of the first life is what the run has, and a run without one takes one when it goes on."""
    first, bare = start(snapshot="."), start()
    first.complete()
    bare.complete()
    write("train.py", "print(2)\n")
    again = start(run_id=first.id, resume=True, snapshot=".")
    assert again.get_snapshot_id() == first.get_snapshot_id()
    assert start(run_id=bare.id, resume=True, snapshot=".").get_snapshot_id() != first.get_snapshot_id()


def test_processes_that_join_take_none(code: Path, tmp_path: Path, run_script: RunScript) -> None:
    """A rank that starts the run that RUNLOGGING_RUN names does not ask what its folder looks like by then."""
    run = start(tmp_path / "runs", snapshot=".")
    done = run_script(
        """
        from runlogging import start_run
        run = start_run(snapshot=".", environment=False)
        print(run.get_snapshot_id())
        """,
        RUNLOGGING_RUN=str(run.path),
    )
    assert done.stdout.strip() == run.get_snapshot_id()


# ---------------------------------------------------------------------- taking it out


def test_the_zip_comes_into_the_working_directory(code: Path) -> None:
    """Without a path the zip is copied there under its id, as often as one asks."""
    run = start()
    snapshot_id = run.take_snapshot()
    for _ in range(2):
        path = Path(run.restore_snapshot())
        assert path == code / f"{snapshot_id}.zip"
        assert path.read_bytes() == (run.path / "snapshot.zip").read_bytes()
    assert path.stat().st_nlink == 1


def test_another_snapshot_of_the_root(code: Path) -> None:
    """Any id of the store can be taken out; an unknown one is an error that offers what begins like it."""
    old, new = start(), start()
    wanted = old.take_snapshot()
    write("train.py", "print(2)\n")
    new.take_snapshot()
    assert Path(new.restore_snapshot(wanted, "back"), "train.py").read_text() == "print(1)\n"
    with pytest.raises(ArtifactNotFoundError) as caught:
        new.restore_snapshot(wanted[:10])
    assert wanted in caught.value.candidates
    for unknown in ("0" * 64, "", f"../.store/{wanted}", "../../x", 3):
        with pytest.raises(ArtifactNotFoundError, match="there is no snapshot"):
            new.restore_snapshot(unknown, "elsewhere")  # type: ignore[arg-type]
    assert not Path("elsewhere").exists()


def test_only_a_new_or_empty_folder_takes_it(code: Path) -> None:
    """What is there is never mixed with the snapshot; an empty folder is fine."""
    run = start()
    run.take_snapshot()
    write("full/mine", "mine")
    for target in ("full", "train.py"):
        with pytest.raises(ExistsError, match="new folder"):
            run.restore_snapshot(path=target)
    assert [path.name for path in Path("full").iterdir()] == ["mine"]
    Path("empty").mkdir()
    assert Path(run.restore_snapshot(path="empty"), "train.py").is_file()
    with pytest.raises(InvalidValueError):
        run.restore_snapshot(path=3)  # type: ignore[arg-type]
    with pytest.raises(RootError, match="cannot be written"):
        run.restore_snapshot(path="nul\0character")


def test_a_copied_run_folder_is_enough(code: Path, tmp_path: Path) -> None:
    """The zip in the run serves without the store."""
    run = start()
    run.take_snapshot()
    run.complete()
    shutil.copytree(run.path, tmp_path / "moved" / "exp" / run.id)
    copy = Run(Experiment(tmp_path / "moved", "exp"), run.id)
    assert Path(copy.restore_snapshot(path="back"), "lib", "util.py").read_text() == "X = 1\n"


# ---------------------------------------------------------------------- zips that are not ours


def with_zip(run: Run, make: Callable[[zipfile.ZipFile], object]) -> Path:
    """Put another zip into a run."""
    path = run.path / "snapshot.zip"
    path.unlink()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        make(archive)
    return path


def holding(names: Iterable[str]) -> Callable[[zipfile.ZipFile], None]:
    """Return what puts small members of these names into a zip."""

    def make(archive: zipfile.ZipFile) -> None:
        for name in names:
            archive.writestr(name, "x")

    return make


def member(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    """Return the head of a member with a mode."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.fixture
def run_with_one(code: Path) -> Run:
    """Give a run that has a snapshot."""
    run = start()
    run.take_snapshot()
    return run


def refused(run: Run, tmp_path: Path, match: str) -> None:
    """Check that a zip is refused and that nothing of it is written anywhere."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidValueError, match=match):
        run.restore_snapshot(path=tmp_path / "target")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/evil", "a/../../evil", "a//b", "./a", "a\\..\\evil", "a\0b", "folder/", "new\nline", "x" * 300],
)
def test_a_member_with_a_bad_name(run_with_one: Run, tmp_path: Path, name: str) -> None:
    """No name of a zip leads out of the folder, and none that a snapshot never has is taken."""
    with_zip(run_with_one, lambda archive: archive.writestr("aaa", "x"))
    data = (run_with_one.path / "snapshot.zip").read_bytes()
    raw = name.encode()
    local = data[: data.index(b"aaa")] + raw + data[data.index(b"aaa") + 3 :]
    path = run_with_one.path / "snapshot.zip"
    path.unlink()
    path.write_bytes(_renamed(local, raw))
    refused(run_with_one, tmp_path, "snapshot")


def _renamed(data: bytes, raw: bytes) -> bytes:
    """Mend the lengths and places of a zip of one member whose name was replaced in its local head."""
    grown = len(raw) - 3
    head = data[:26] + struct.pack("<H", len(raw)) + data[28:]
    at = head.index(b"PK\x01\x02")
    central = head[at:]
    central = central[:28] + struct.pack("<H", len(raw)) + central[30:46] + raw + central[49:]
    end = central.index(b"PK\x05\x06")
    size, offset = struct.unpack("<II", central[end + 12 : end + 20])
    return head[:at] + central[: end + 12] + struct.pack("<II", size + grown, offset + grown) + central[end + 20 :]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_a_member_that_is_no_file(run_with_one: Run, tmp_path: Path, kind: int) -> None:
    """Links and special files are refused."""
    with_zip(run_with_one, lambda archive: archive.writestr(member("link", kind | 0o777), "/etc/passwd"))
    refused(run_with_one, tmp_path, "no regular file")


def test_a_member_twice(run_with_one: Run, tmp_path: Path) -> None:
    """Two members of one name are refused."""

    def make(archive: zipfile.ZipFile) -> None:
        archive.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", "2")

    with_zip(run_with_one, make)
    refused(run_with_one, tmp_path, "twice")


def test_a_file_that_is_also_a_folder(run_with_one: Run, tmp_path: Path) -> None:
    """Names that cannot stand beside each other are refused, and what was written before goes."""
    for names in (("a", "a/b"), ("a/b", "a")):
        with_zip(run_with_one, holding(names))
        refused(run_with_one, tmp_path, "cannot stand beside")


def test_other_files_than_those_of_the_id(run_with_one: Run, tmp_path: Path) -> None:
    """A zip whose content has another id is not what the run ran."""
    with_zip(run_with_one, lambda archive: archive.writestr("train.py", "print('evil')"))
    refused(run_with_one, tmp_path, "are not those of the snapshot")


def test_a_bomb(run_with_one: Run, tmp_path: Path) -> None:
    """What would grow to more than the limit and a hundred times its own size is refused before anything is written."""
    with_zip(run_with_one, lambda archive: archive.writestr("zeros", bytes(5_000_000)))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidValueError, match="over max_bytes=1,000,000"):
        run_with_one.restore_snapshot(path=tmp_path / "target", max_bytes=1_000_000)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_bomb_that_says_it_is_small(run_with_one: Run, tmp_path: Path) -> None:
    """A member that gives a smaller size than it has is damaged; no more than that size is written."""
    path = with_zip(run_with_one, lambda archive: archive.writestr("zeros", bytes(5_000_000)))
    data = path.read_bytes().replace(struct.pack("<I", 5_000_000), struct.pack("<I", 10))
    path.unlink()
    path.write_bytes(data)
    refused(run_with_one, tmp_path, "damaged")


def test_members_that_overlap(run_with_one: Run, tmp_path: Path) -> None:
    """Many members over the same bytes are refused."""
    path = with_zip(run_with_one, lambda archive: archive.writestr("aa", os.urandom(3000)))
    data = path.read_bytes()
    at, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = data[at:end]
    entries = b"".join(entry.replace(b"aa", f"{number:02}".encode()) for number in range(50))
    tail = data[end : end + 8] + struct.pack("<HHIIH", 50, 50, len(entries), at, 0)
    path.unlink()
    path.write_bytes(data[:at] + entries + tail)
    refused(run_with_one, tmp_path, "overlap|damaged")


def test_too_many_members(run_with_one: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip of more members than any snapshot has is refused."""
    monkeypatch.setattr(_unzipping, "MAX_MEMBERS", 10)
    with_zip(run_with_one, holding(map(str, range(11))))
    refused(run_with_one, tmp_path, "11 members")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions(run_with_one: Run, tmp_path: Path, compression: int) -> None:
    """Only what we write is read."""
    with_zip(run_with_one, lambda archive: archive.writestr("a", "x" * 100, compress_type=compression))
    refused(run_with_one, tmp_path, "compressed in a way")


def test_damaged_bytes(run_with_one: Run, tmp_path: Path) -> None:
    """Garbage, a cut file, an encrypted member and each flipped byte is refused, or gives the very same files."""
    path = run_with_one.path / "snapshot.zip"
    whole = path.read_bytes()
    encrypted = bytearray(whole)
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    for data in (b"", b"garbage", whole[: len(whole) // 2], bytes(encrypted)):
        path.unlink()
        path.write_bytes(data)
        refused(run_with_one, tmp_path, "damaged|encrypted")
    for place in range(len(whole)):
        path.unlink()
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            back = Path(run_with_one.restore_snapshot(path=tmp_path / "target"))
        except InvalidValueError:
            assert not (tmp_path / "target").exists()
            continue
        assert (back / "train.py").read_text() == "print(1)\n"
        shutil.rmtree(back)


def test_a_lost_zip(run_with_one: Run, code: Path) -> None:
    """When neither the run nor the store has it, the error says so."""
    (run_with_one.path / "snapshot.zip").unlink()
    shutil.rmtree(code / "runs" / ".store")
    with pytest.raises(ArtifactNotFoundError, match="there is no snapshot"):
        run_with_one.restore_snapshot(path="back")


def test_a_hostile_property(run_with_one: Run, code: Path) -> None:
    """An id that is a path, written into the manifest by hand, leads nowhere."""
    write(code / "x.zip", "no zip")
    manifest = manifest_of(run_with_one.path)
    manifest["properties"]["snapshot.id"] = "../../x"
    (run_with_one.path / "run.json").write_text(json.dumps(manifest))
    (run_with_one.path / "snapshot.zip").unlink()
    with pytest.raises(ArtifactNotFoundError):
        run_with_one.restore_snapshot()


def test_the_lock_files_are_few(code: Path) -> None:
    """The store's lock files are few, whatever is stored."""
    for number in range(40):
        write("train.py", f"print({number})\n")
        start().take_snapshot()
    locks = list((code / "runs" / _store.STORE_FOLDER).glob(".*.lock"))
    assert 1 < len(locks) <= 16
