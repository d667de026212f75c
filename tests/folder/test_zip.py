"""Places inside a zip behave as the same places in the unzipped folder, and a zip from anybody does no harm."""

from __future__ import annotations

import io
import os
import pickle
import random
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging._errors import RootError, RunNotFoundError
from runlogging.folder._zip import ZipPath, is_in_zip, runs_in_zip, zip_place, zipped_run
from tests.conftest import SOURCE

FILES = {
    "e/r/run.json": b"{}",
    "e/r/logs.jsonl": b"one\ntwo\n",
    "e/r/artifacts/a b/\u00fc.txt": b"x" * 9,
}
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
MANY = b"".join(b"%d %d\n" % (number, number * 7919) for number in range(900_000))  # several marks


def zipped(path: Path, files: dict[str, bytes] = FILES, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Return a zip of some files, and the same files unzipped in the folder beside it, called ``plain``."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def top(path: Path) -> Path:
    """Return the place at the top of a zip."""
    place = zip_place(path)
    assert place is not None
    return place


def flip(path: Path, content: bytes) -> None:
    """Change a byte of the content of a stored file in a zip."""
    data = path.read_bytes()
    assert data.count(content) == 1
    path.write_bytes(data.replace(content, bytes([content[0] ^ 1]) + content[1:]))


LOOKS: dict[str, Callable[[Path], Any]] = {
    "exists": lambda path: path.exists(),
    "is_file": lambda path: path.is_file(),
    "is_dir": lambda path: path.is_dir(),
    "is_symlink": lambda path: path.is_symlink(),
    "iterdir": lambda path: sorted(entry.name for entry in path.iterdir()),
    "size": lambda path: path.stat().st_size if path.is_file() else path.stat().st_mode & 0o170000,
    "name": lambda path: (path.name, path.stem, path.suffix, path.parent.name),
    "read_bytes": lambda path: path.read_bytes(),
    "read_text": lambda path: path.read_text(encoding="utf-8"),
    "open": lambda path: path.open("rb").read(3),
    "lines": lambda path: list(path.open("rb")),
    "text": lambda path: path.open(encoding="utf-8").read(),
    "sibling": lambda path: path.with_name("run.json").is_file(),
    "below": lambda path: (path / "artifacts" / "a b").is_dir(),
    "relative": lambda path: (path / "x").resolve().is_relative_to(path.resolve()),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "name", ["e/r", "e/r/run.json", "e/r/logs.jsonl", "e/r/artifacts/a b", "e/none", "e/r/run.json/x"]
)
def test_same_as_on_disk(tmp_path: Path, name: str, look: str) -> None:
    """What a place in a zip answers, or the error that it raises, is that of the unzipped folder."""
    archive = zipped(tmp_path / "a.zip")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "plain")

    def answer(path: Path) -> Any:
        try:
            return LOOKS[look](path)
        except OSError as error:
            return type(error), error.errno

    assert answer(top(archive) / name) == answer(tmp_path / "plain" / name)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=3000), steps=st.lists(st.tuples(st.sampled_from("srlt"), st.integers(0, 3500))))
def test_seeks_as_bytes(
    tmp_path_factory: pytest.TempPathFactory, method: int, content: bytes, steps: list[tuple[str, int]]
) -> None:
    """Seeking, reading and telling give what the plain bytes give, in any order."""
    archive = zipped(tmp_path_factory.mktemp("zip") / "a.zip", {"x": content}, method)
    plain = io.BytesIO(content)
    with (top(archive) / "x").open("rb") as file:
        for kind, number in steps:
            if kind == "s":
                assert file.seek(number) == plain.seek(number)
            elif kind == "r":
                assert file.read(number) == plain.read(number)
            elif kind == "l":
                assert file.readline() == plain.readline()
            else:
                assert file.tell() == plain.tell()


@pytest.mark.parametrize("method", METHODS)
def test_reads_anywhere_in_a_large_file(tmp_path: Path, method: int) -> None:
    """Any place of a file that is larger than what is kept unpacked can be read, by several openings too."""
    place = top(zipped(tmp_path / "a.zip", {"x": MANY}, method)) / "x"
    assert place.read_bytes() == MANY
    numbers = random.Random(1)
    for _ in range(3):
        with place.open("rb") as file:
            for _ in range(10):
                offset = numbers.randrange(len(MANY))
                file.seek(offset)
                assert file.read(70_000) == MANY[offset : offset + 70_000]
            file.seek(-5, io.SEEK_END)
            assert file.read() == MANY[-5:]


def test_threads_read_at_once(tmp_path: Path) -> None:
    """Threads that read one file at once each get all of it."""
    place = top(zipped(tmp_path / "a.zip", {"x": MANY})) / "x"
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(place.read_bytes() == MANY)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4


def test_replaced_zip_is_noticed(tmp_path: Path) -> None:
    """A zip that is replaced is read as it is now; what was opened before is read to its end."""
    place = top(zipped(tmp_path / "a.zip", {"x": b"old" * 9})) / "x"
    with place.open("rb") as file:
        assert file.read(3) == b"old"
        zipped(tmp_path / "b.zip", {"x": b"new!", "y": b""}).replace(tmp_path / "a.zip")
        assert place.read_bytes() == b"new!"
        assert sorted(entry.name for entry in place.parent.iterdir()) == ["x", "y"]
        assert file.read() == b"old" * 8
    (tmp_path / "a.zip").unlink()
    assert not place.exists()
    with pytest.raises(FileNotFoundError):
        place.read_bytes()


def test_names_that_lead_out_are_ignored(tmp_path: Path) -> None:
    """Absolute names, those with dots or a backslash, and links are not there."""
    archive = tmp_path / "a.zip"
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(archive, "w") as opened:
        for name in ("/etc/passwd", "../up", "a/../../up", "a//b", "./c", "d\\e", "good"):
            opened.writestr(name, b"x")
        opened.writestr(link, b"/etc/passwd")
    assert [entry.name for entry in top(archive).iterdir()] == ["good"]
    for name in ("/etc/passwd", "../up", "link"):
        assert not (top(archive) / name).exists()


def test_file_and_folder_of_one_name(tmp_path: Path) -> None:
    """Where a zip has a file and a folder of one name, the folder is there."""
    place = top(zipped(tmp_path / "a.zip", {"a": b"file", "a/b": b"x"}))
    assert (place / "a").is_dir()
    assert not (place / "a").is_file()
    assert (place / "a/b").read_bytes() == b"x"


def test_empty_folder(tmp_path: Path) -> None:
    """An entry for a folder is one, though nothing lies in it."""
    place = top(zipped(tmp_path / "a.zip", {"a/b/": b""}))
    assert list((place / "a/b").iterdir()) == []


@pytest.mark.parametrize("method", METHODS)
def test_changed_content_is_told_at_its_end(tmp_path: Path, method: int) -> None:
    """Content with another checksum is an OSError that says that the zip is damaged; what came before was given."""
    archive = zipped(tmp_path / "a.zip", {"x": b"content"}, method)
    data = bytearray(archive.read_bytes())
    at = data.index(b"PK\x01\x02") + 16  # the checksum in the list of contents
    data[at] ^= 1
    archive.write_bytes(data)
    with (top(archive) / "x").open("rb") as file:
        assert file.read(100) == b"content"
        with pytest.raises(OSError, match="damaged: its checksum"):
            file.read(1)


@pytest.mark.parametrize("method", METHODS)
def test_content_that_is_cut_off(tmp_path: Path, method: int) -> None:
    """A file that says more bytes than it has is an OSError."""
    archive = zipped(tmp_path / "a.zip", {"x": b"content"}, method)
    data = archive.read_bytes()
    at = data.index(b"PK\x01\x02") + 24  # the size
    archive.write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    with pytest.raises(OSError, match="damaged"):
        (top(archive) / "x").read_bytes()


def test_rubbish_in_packed_bytes(tmp_path: Path) -> None:
    """Bytes that are no deflate are an OSError, never a zlib.error."""
    archive = zipped(tmp_path / "a.zip", {"x": os.urandom(5000)})
    data = bytearray(archive.read_bytes())
    data[40:60] = bytes(20)
    archive.write_bytes(data)
    with pytest.raises(OSError, match="damaged"):
        (top(archive) / "x").read_bytes()


def test_header_of_another_file(tmp_path: Path) -> None:
    """Where the list of contents points to another file, that is an OSError."""
    archive = zipped(tmp_path / "a.zip", {"one": b"1"})
    data = archive.read_bytes()
    archive.write_bytes(data.replace(b"one", b"two", 1))
    with pytest.raises(OSError, match="something else"):
        (top(archive) / "one").read_bytes()


def test_encrypted_content(tmp_path: Path) -> None:
    """An encrypted file is a PermissionError that says so."""
    archive = zipped(tmp_path / "a.zip", {"x": b"content"})
    data = bytearray(archive.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    with pytest.raises(PermissionError, match="encrypted"):
        (top(archive) / "x").read_bytes()


def test_other_compression(tmp_path: Path) -> None:
    """Compression other than deflate is an OSError that says what to do."""
    place = top(zipped(tmp_path / "a.zip", {"x": b"content"}, zipfile.ZIP_BZIP2))
    with pytest.raises(OSError, match="other than deflate; zip it anew"):
        (place / "x").open("rb")


def test_zip_bomb_is_not_taken_whole(tmp_path: Path) -> None:
    """A file of constant bytes, a thousand times its zip, is read in pieces and neither whole nor as one line."""
    archive, size = tmp_path / "a.zip", 257 << 20
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened, opened.open("x", "w") as member:
        for _ in range(size >> 20):
            member.write(bytes(1 << 20))
    place = top(archive) / "x"
    with pytest.raises(OSError, match="at most"):
        place.read_bytes()
    with place.open("rb") as file:
        assert file.read(1 << 20) == bytes(1 << 20)
        with pytest.raises(OSError, match="a line is longer"):
            next(file)


@pytest.mark.parametrize("cut", [3, 30, 60])
def test_truncated_zip(tmp_path: Path, cut: int) -> None:
    """A zip whose end is missing is a RootError that names it."""
    archive = zipped(tmp_path / "a.zip")
    archive.write_bytes(archive.read_bytes()[:-cut])
    with pytest.raises(RootError, match=r"a\.zip cannot be read as a zip"):
        zipped_run(archive)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_damage_is_an_os_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever bytes of a zip are changed, reading it raises OSErrors only."""
    archive = zipped(tmp_path_factory.mktemp("zip") / "a.zip", FILES)
    content = bytearray(archive.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    archive.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    try:
        place = zip_place(archive)
        waiting = [place] if place is not None else []
        while waiting:
            path = waiting.pop()
            if path.is_dir():
                waiting += path.iterdir()
            else:
                path.stat()
                path.read_bytes()
    except OSError:
        pass


def test_one_run_is_meant_by_the_zip(tmp_path: Path) -> None:
    """A zip with one run means it, at whatever depth it lies; a run.json among its artifacts is no run."""
    for prefix in ("", "r/", "e/r/", "deep/e/r/"):
        archive = zipped(tmp_path / "a.zip", {f"{prefix}run.json": b"{}", f"{prefix}artifacts/run.json": b"{}"})
        found = zipped_run(archive)
        assert found == top(archive) / prefix
        assert zipped_run(Path(str(found))) == found


def test_several_runs_are_named(tmp_path: Path) -> None:
    """A zip with several runs is not guessed at: the error names them, and each can be meant."""
    archive = zipped(tmp_path / "a.zip", {"e/r1/run.json": b"{}", "e/r2/run.json": b"{}", "f/r1/run.json": b"{}"})
    with pytest.raises(RunNotFoundError, match="holds 3 runs; say which one") as caught:
        zipped_run(archive)
    assert caught.value.candidates == tuple(str(run) for run in runs_in_zip(top(archive)))
    assert zipped_run(archive / "e" / "r2") == top(archive) / "e/r2"
    with pytest.raises(RunNotFoundError, match="no run folder"):
        zipped_run(archive / "e")


def test_zip_without_a_run(tmp_path: Path) -> None:
    """A zip that holds no run says so."""
    with pytest.raises(RunNotFoundError, match="holds no run"):
        zipped_run(zipped(tmp_path / "a.zip", {"x": b""}))


def test_what_is_no_zip(tmp_path: Path) -> None:
    """A folder, a file of another kind and what is not there lead into no zip; a file called so is a damaged one."""
    (tmp_path / "text").write_text("text")
    (tmp_path / "text.zip").write_text("text")
    for path in (tmp_path, tmp_path / "text", tmp_path / "none", tmp_path / "none" / "x", tmp_path / "text" / "x"):
        assert zipped_run(path) is None
    with pytest.raises(RootError, match="no zip, or a damaged one"):
        zipped_run(tmp_path / "text.zip")


@pytest.mark.parametrize("change", ["mkdir", "unlink", "touch", "rmdir"])
def test_nothing_is_changed(tmp_path: Path, change: str) -> None:
    """What would change a file in a zip is an OSError."""
    place = top(zipped(tmp_path / "a.zip")) / "e/r/run.json"
    with pytest.raises(OSError, match="Read-only"):
        getattr(place, change)()
    with pytest.raises(OSError, match="Read-only"):
        place.open("wb")


def test_a_place_is_a_value(tmp_path: Path) -> None:
    """Places compare, sort, hash and pickle as paths do, and their text leads to them again."""
    place = top(zipped(tmp_path / "a.zip"))
    runs = [place / "e" / "r", place / "e"]
    assert sorted(runs) == runs[::-1]
    assert {*runs, place / "e/r"} == set(runs)
    assert pickle.loads(pickle.dumps(runs[0])) == runs[0]
    assert os.fspath(runs[0]) == str(tmp_path / "a.zip" / "e" / "r")
    assert str(runs[0].relative_to(place)) == "e/r"
    assert runs[0].parent.parent == place
    assert place.parent == tmp_path
    assert is_in_zip(place)
    assert not is_in_zip(tmp_path)
    assert place != tmp_path / "a.zip"
    assert isinstance(place, ZipPath)


def test_zips_cost_nothing_where_there_is_none() -> None:
    """Importing the reading side does not import zipfile."""
    program = "import runlogging.reading, sys; sys.exit('zipfile' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(SOURCE)})
    assert done.returncode == 0
