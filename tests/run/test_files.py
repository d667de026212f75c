"""Files of a run: uploads, downloads, and what is refused with nothing half kept."""

from __future__ import annotations

import hashlib
import io
import os
import pty
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runlogging import (
    ArtifactNotFoundError,
    ExistsError,
    InvalidNameError,
    InvalidValueError,
    Run,
    RunEndedError,
    SourceError,
    start_run,
)
from runlogging.run import _progress
from runlogging.run._png import encode_png

from ..conftest import RunScript, read_lines
from ..handlers import DROP_RIGHTS

BAD_NAMES = [
    "../up",
    "a/../../up",
    "a/./b",
    "/etc/passwd",
    "C:/x",
    "a\\b",
    "",
    ".",
    "..",
    "a//b",
    "a/",
    "nul",
    "a?",
    "dot.",
    "new\nline",
    "x" * 256,
    "\ud800",
    unicodedata.normalize("NFD", "ü"),
]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Give an open run, and work in a folder of its own."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    with start_run("files", tmp_path / "runs", environment=False) as started:
        yield started


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Give a file to upload."""
    path = tmp_path / "source.bin"
    path.write_bytes(b"content")
    return path


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder with their content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class _Failing(io.RawIOBase):
    """Gives a piece, then fails as a bad disk does."""

    def __init__(self) -> None:
        self._pieces = [b"first piece"]

    def read(self, size: int = -1, /) -> bytes:
        if self._pieces:
            return self._pieces.pop()
        raise OSError(5, "Input/output error")


# ---------------------------------------------------------------------- uploads


def test_a_file_is_kept_with_its_line(run: Run, source: Path) -> None:
    """An upload is a copy under its name, and a line with size and SHA-256."""
    run.upload_file("outputs/model.bin", source)
    source.write_bytes(b"changed later")
    assert run.get_file_names() == ["outputs/model.bin"]
    assert run.reader.artifact("outputs/model.bin").read_bytes() == b"content"
    (line,) = read_lines(run.path, "artifacts")
    assert (line["name"], line["size"]) == ("outputs/model.bin", 7)
    assert line["sha256"] == hashlib.sha256(b"content").hexdigest()


@pytest.mark.parametrize("name", ["a", "a/b/c/d", "ü/日本.txt", " lead", ".hidden", "x" * 255, "a b"])
def test_usual_names_are_allowed(run: Run, source: Path, name: str) -> None:
    """Relative names in Unicode's normal form are kept as they are."""
    run.upload_file(name, str(source))
    assert run.get_file_names() == [name]


def test_a_name_may_be_a_path(run: Run, source: Path) -> None:
    """A relative path object is a name, too."""
    run.upload_file(Path("a/b"), source)  # type: ignore[arg-type]
    run.upload_file(Path("a/c"), io.BytesIO(b"x"))  # type: ignore[arg-type]
    run.download_file(Path("a/c"))  # type: ignore[arg-type]
    assert run.get_file_names() == ["a/b", "a/c"]
    assert Path("c").read_bytes() == b"x"


def test_streams_are_read_from_where_they_stand(run: Run) -> None:
    """A binary stream is kept as it is, text in UTF-8; neither is closed."""
    binary, text = io.BytesIO(b"012345"), io.StringIO("ü\nx")
    binary.seek(2)
    run.upload_file("binary", binary)
    run.upload_file("text", text)
    assert run.reader.artifact("binary").read_bytes() == b"2345"
    assert run.reader.artifact("text").read_bytes() == "ü\nx".encode()
    assert not binary.closed
    assert not text.closed


def test_an_open_text_file_is_kept(run: Run, tmp_path: Path) -> None:
    """A file opened for text, in whatever encoding, is kept in UTF-8."""
    (tmp_path / "latin.txt").write_bytes(b"\xfc")
    with (tmp_path / "latin.txt").open(encoding="latin-1") as file:
        run.upload_file("latin.txt", file)
    assert run.reader.artifact("latin.txt").read_bytes() == b"\xc3\xbc"


def test_empty_files_are_files(run: Run, tmp_path: Path) -> None:
    """A file without a byte is kept and downloaded."""
    (tmp_path / "empty").touch()
    run.upload_file("empty", tmp_path / "empty")
    run.upload_file("empty stream", io.BytesIO())
    run.download_files(output_directory="got")
    assert bytes_of(Path("got")) == {"empty": b"", "empty stream": b""}


def test_an_existing_name_needs_overwrite(run: Run, source: Path) -> None:
    """A name that is taken is a FileExistsError of ours; with overwrite the last content holds."""
    run.upload_file("a", source)
    before = bytes_of(run.path)
    for again in (source, io.BytesIO(b"new")):
        with pytest.raises(ExistsError, match="overwrite=True") as caught:
            run.upload_file("a", again)
        assert isinstance(caught.value, FileExistsError)
    assert bytes_of(run.path) == before
    run.upload_file("a", io.BytesIO(b"new"), overwrite=True)
    assert run.reader.artifact("a").read_bytes() == b"new"
    assert run.reader.artifacts()["a"].size == 3
    assert len(read_lines(run.path, "artifacts")) == 2


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("kind", ["path", "stream", "folder", "files"])
def test_names_that_leave_the_folder_are_refused(run: Run, source: Path, name: str, kind: str) -> None:
    """A name that is none raises our error, which is a ValueError, and nothing is kept anywhere."""
    if kind == "folder" and name == "a/":
        return  # a folder may end in a slash
    before = bytes_of(source.parent)
    calls: dict[str, Callable[[], None]] = {
        "path": lambda: run.upload_file(name, source),
        "stream": lambda: run.upload_file(name, io.BytesIO(b"x")),
        "folder": lambda: run.upload_folder(name, source.parent),
        "files": lambda: run.upload_files(["good", name], [source, source]),
    }
    with pytest.raises(InvalidNameError) as caught:
        calls[kind]()
    assert isinstance(caught.value, ValueError)
    assert bytes_of(source.parent) == before


@pytest.mark.parametrize("name", [None, 3, b"bytes"])
def test_a_name_is_text(run: Run, source: Path, name: Any) -> None:
    """Anything else is refused, in uploads and downloads."""
    calls: list[Callable[[], None]] = [
        lambda: run.upload_file(name, source),
        lambda: run.upload_folder(name, source.parent),
        lambda: run.upload_files([name], [source]),
        lambda: run.download_file(name),
    ]
    for call in calls:
        with pytest.raises(InvalidNameError, match="must be text"):
            call()


@pytest.mark.parametrize("what", [3, None, b"bytes", ["path"]])
def test_what_is_uploaded_is_a_path_or_an_open_file(run: Run, what: Any) -> None:
    """Anything else is refused with our ValueError."""
    calls: list[Callable[[], None]] = [
        lambda: run.upload_file("a", what),
        lambda: run.upload_folder("a", what),
        lambda: run.upload_files(["a"], [what]),
    ]
    for call in calls:
        with pytest.raises(InvalidValueError, match="path"):
            call()


def test_missing_files_and_folders_are_named(run: Run, tmp_path: Path, source: Path) -> None:
    """What is not there is a FileNotFoundError of ours; a folder is for upload_folder, and the other way round."""
    with pytest.raises(ArtifactNotFoundError, match=r"missing\.bin") as caught:
        run.upload_file("a", tmp_path / "missing.bin")
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(ArtifactNotFoundError, match="missing"):
        run.upload_folder("a", tmp_path / "missing")
    with pytest.raises(ArtifactNotFoundError, match="no folder"):
        run.upload_folder("a", source)
    with pytest.raises(InvalidValueError, match="upload_folder"):
        run.upload_file("a", tmp_path)
    with pytest.raises(ArtifactNotFoundError, match="missing"):
        run.upload_files(["a", "b"], [source, tmp_path / "missing"])
    assert run.get_file_names() == []


def test_a_file_holds_no_other(run: Run, source: Path) -> None:
    """No name lies below a file, and no file takes a folder's name, in one call or in several."""
    run.upload_file("a", source)
    run.upload_file("folder/b", source)
    before = bytes_of(run.path)
    with pytest.raises(ExistsError, match="'a' is a file"):
        run.upload_file("a/b/c", source)
    with pytest.raises(ExistsError, match="'folder' is a folder"):
        run.upload_file("folder", io.BytesIO(b"x"), overwrite=True)
    with pytest.raises(ExistsError, match="'new/x' is a file"):
        run.upload_files(["new/x", "new/x/y"], [source, source])
    with pytest.raises(ExistsError, match="'folder' is a folder"):
        run.upload_files(["a", "folder"], [source, source], overwrite=True)
    assert bytes_of(run.path) == before


def test_a_source_that_cannot_be_read_keeps_nothing(run: Run) -> None:
    """A source that fails in the middle is our error, an OSError too, and no byte of it stays."""
    run.log("x", 1)
    before = bytes_of(run.path)
    with pytest.raises(SourceError, match="could not be read") as caught:
        run.upload_file("a", _Failing())
    assert isinstance(caught.value, OSError)
    with pytest.raises(SourceError):
        run.upload_file("memory", "/proc/self/mem")
    assert bytes_of(run.path) == before
    run.upload_file("a", io.BytesIO(b"x"))
    assert run.reader.problems == []


@pytest.mark.parametrize("kind", ["closed", "numbers", "surrogate"])
def test_a_stream_that_gives_no_bytes_is_refused(run: Run, kind: str) -> None:
    """A stream that is closed, or gives neither bytes nor UTF-8, is our ValueError, and nothing is kept."""
    closed = io.BytesIO(b"x")
    closed.close()

    class Numbers:
        def read(self, size: int, /) -> int:
            return size

    streams: dict[str, Any] = {"closed": closed, "numbers": Numbers(), "surrogate": io.StringIO("\ud800")}
    before = bytes_of(run.path)
    with pytest.raises(InvalidValueError, match="'a' cannot be read"):
        run.upload_file("a", streams[kind])
    assert bytes_of(run.path) == before


def test_uploads_end_with_the_run(run: Run, source: Path) -> None:
    """After the end nothing is uploaded, and everything can be downloaded."""
    run.upload_file("a", source)
    run.complete()
    before = bytes_of(run.path)
    calls: list[Callable[[], None]] = [
        lambda: run.upload_file("b", source),
        lambda: run.upload_file("b", io.BytesIO(b"x")),
        lambda: run.upload_folder("b", source.parent / "work"),
        lambda: run.upload_files(["b"], [source]),
    ]
    for call in calls:
        Path("file").touch()
        with pytest.raises(RunEndedError):
            call()
    assert bytes_of(run.path) == before
    run.download_file("a")
    assert Path("a").read_bytes() == b"content"


# ---------------------------------------------------------------------- several files


def test_folders_are_kept_whole(run: Run) -> None:
    """All 200 files of a folder, at any depth, come back as they were."""
    for number in range(200):
        path = Path("data", str(number % 7), f"{number}.txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(number))
    run.upload_folder("kept/", "data")
    assert len(run.get_file_names()) == len(read_lines(run.path, "artifacts")) == 200
    run.download_files("kept/", "got", append_prefix=False)
    assert bytes_of(Path("got")) == bytes_of(Path("data"))


def test_a_folder_with_one_name_that_is_none_is_refused_whole(run: Run) -> None:
    """If one of the names cannot be an artifact's, nothing is kept; so with a name that is taken."""
    Path("data").mkdir()
    Path("data", "good").touch()
    bad = Path("data", unicodedata.normalize("NFD", "ü"))
    bad.touch()
    with pytest.raises(InvalidNameError, match="NFC"):
        run.upload_folder("kept", "data")
    bad.unlink()
    Path("data", "z").touch()
    run.upload_file("kept/z", "data/z")
    with pytest.raises(ExistsError, match="'kept/z'"):
        run.upload_folder("kept", "data")
    assert run.get_file_names() == ["kept/z"]
    run.upload_folder("kept", "data", overwrite=True)
    assert run.get_file_names() == ["kept/good", "kept/z"]


def test_what_may_not_be_read_is_refused_whole(run_script: RunScript) -> None:
    """A file or a folder that the program may not read is our error, an OSError too, and nothing is kept."""
    done = run_script(f"""
        import os, pathlib, tempfile
        from runlogging import Model, SourceError, start_run
        folder = pathlib.Path(tempfile.mkdtemp())
        folder.chmod(0o777)
        for name in ("files/a", "files/b", "folders/a", "folders/deep/b"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        (folder / "files" / "b").chmod(0)
        (folder / "folders" / "deep").chmod(0)
        with start_run("warm", tempfile.mkdtemp(), environment=False, outputs=__file__) as warm:  # for its imports
            warm.upload_file("x", __file__)
            warm.register_model("x", __file__)
            (warm.get_file_names(), warm.reader.logs())
        {DROP_RIGHTS}
        run = start_run("unread", folder / "runs", environment=False)
        for call in (
            lambda: run.upload_folder("x", folder / "files"),
            lambda: run.upload_folder("x", folder / "folders"),
            lambda: run.upload_file("x", folder / "files" / "b"),
            lambda: run.register_model("x", folder / "folders"),
        ):
            try:
                call()
            except SourceError as error:
                print(isinstance(error, OSError), "may not be read" in str(error))
        print(run.get_file_names(), Model.list(folder / "runs"))
        run.complete()
    """)
    assert done.stdout.splitlines() == ["True True"] * 4 + ["[] []"]


def test_links_to_files_are_files_and_links_to_folders_are_not_followed(run: Run, source: Path) -> None:
    """A link to a file is kept with the file's content; one to a folder, to itself or to nothing is left out."""
    Path("data").mkdir()
    Path("data", "link").symlink_to(source)
    Path("data", "up").symlink_to(source.parent)
    Path("data", "self").symlink_to("self")
    Path("data", "nothing").symlink_to("missing")
    run.upload_folder("kept", "data")
    assert run.get_file_names() == ["kept/link"]
    assert not run.reader.artifact("kept/link").is_symlink()
    assert run.reader.artifact("kept/link").read_bytes() == b"content"


def test_no_upload_follows_a_link_out_of_the_run(run: Run, source: Path, tmp_path: Path) -> None:
    """A link that somebody put among the artifacts leads no upload and no download out of them."""
    run.upload_file("first", source)
    (run.path / "artifacts" / "out").symlink_to(tmp_path / "work")
    calls: list[Callable[[], None]] = [
        lambda: run.upload_file("out/x", source),
        lambda: run.upload_file("out/x", io.BytesIO(b"x"), overwrite=True),
        lambda: run.download_file("out/x"),
    ]
    for call in calls:
        with pytest.raises(InvalidNameError, match="symbolic link"):
            call()
    assert list((tmp_path / "work").iterdir()) == []


def test_several_files_have_a_name_each(run: Run, source: Path) -> None:
    """Names and paths go in pairs; more of one, or a name twice, is refused."""
    run.upload_files(["a", "b/c"], [source, str(source)])
    assert run.get_file_names() == ["a", "b/c"]
    before = bytes_of(run.path)
    with pytest.raises(InvalidValueError, match="2 for 1"):
        run.upload_files(["d", "e"], [source])
    with pytest.raises(InvalidValueError, match="'d' stands twice"):
        run.upload_files(["d", "d"], [source, source])
    with pytest.raises(ExistsError, match="'a'"):
        run.upload_files(["d", "a"], [source, source])
    assert bytes_of(run.path) == before


def test_pictures_do_not_rewrite_a_growing_file(run: Run) -> None:
    """With 2,000 images the list of files only grows by whole lines, and is always the same file."""
    image = encode_png(bytes(range(6)), 3, 2, 1)
    Path("x.png").write_bytes(image)
    listed = run.path / "artifacts.jsonl"
    run.log_image("first", "x.png")
    inode, head = listed.stat().st_ino, listed.read_bytes()
    for number in range(2000):
        run.log_image("x", "x.png", step=number)
        if number % 500 == 0:
            content = listed.read_bytes()
            assert content.startswith(head)
            assert content.endswith(b"\n")
            head = content
    assert listed.stat().st_ino == inode
    assert len(read_lines(run.path, "artifacts")) == len(run.get_file_names()) == 2001
    assert (run.path / "run.json").stat().st_size < 2000


# ---------------------------------------------------------------------- downloads


def test_downloads_go_where_they_are_told(run: Run, source: Path) -> None:
    """A file goes into the working directory, into a folder, or to a path whose folders are made."""
    run.upload_file("outputs/a.bin", source)
    Path("folder").mkdir()
    run.download_file("outputs/a.bin")
    run.download_file("outputs/a.bin", "folder")
    run.download_file("outputs/a.bin", "new/deep/b.bin")
    assert set(bytes_of(Path())) == {"a.bin", "folder/a.bin", "new/deep/b.bin"}
    Path("a.bin").write_bytes(b"a longer old content")
    run.download_file("outputs/a.bin", "a.bin")
    assert Path("a.bin").read_bytes() == b"content"


def test_a_missing_download_names_what_is_near(run: Run, source: Path) -> None:
    """An unknown name is a FileNotFoundError of ours with near matches, and makes no file."""
    run.upload_file("outputs/model.bin", source)
    with pytest.raises(ArtifactNotFoundError, match=r"Did you mean outputs/model\.bin") as caught:
        run.download_file("outputs/modle.bin", "got")
    assert isinstance(caught.value, FileNotFoundError)
    for name in ("../../run.json", "/etc/passwd", ""):
        with pytest.raises(InvalidNameError):
            run.download_file(name, "got")
    assert list(Path().iterdir()) == []


def test_a_download_onto_the_runs_own_file_is_refused(run: Run, source: Path) -> None:
    """The run's file is not emptied by a download onto itself."""
    run.upload_file("a", source)
    with pytest.raises(InvalidValueError, match="own file"):
        run.download_file("a", run.path / "artifacts")
    assert run.reader.artifact("a").read_bytes() == b"content"


def test_prefixes_choose_downloads(run: Run, source: Path) -> None:
    """A prefix chooses files, and stays in their paths unless it is cut off; output paths replace the names."""
    run.upload_files(["outputs/a", "outputs/b/c", "other"], [source] * 3)
    run.download_files("outputs", "one")
    run.download_files("outputs/", "two", append_prefix=False)
    run.download_files("outputs", "three", output_paths=["x", "y/z"])
    run.download_files(output_directory="all")
    run.download_files("nothing", "none")
    assert set(bytes_of(Path())) == {
        *("one/outputs/a", "one/outputs/b/c", "two/a", "two/b/c", "three/x", "three/y/z"),
        *("all/outputs/a", "all/outputs/b/c", "all/other"),
    }
    with pytest.raises(InvalidValueError, match="2 files begin with 'outputs'"):
        run.download_files("outputs", "four", output_paths=["x"])


# ---------------------------------------------------------------------- progress


def _seen_on_a_terminal(call: Any) -> str:
    """Return what a call shows on stderr where that is a terminal."""
    main, side = pty.openpty()
    seen: list[bytes] = []

    def read() -> None:
        while True:
            try:
                piece = os.read(main, 4096)
            except OSError:  # the other side was closed
                return
            if not piece:
                return
            seen.append(piece)

    reader = threading.Thread(target=read)
    reader.start()
    before = sys.stderr
    try:
        with os.fdopen(side, "w") as terminal:
            sys.stderr = terminal
            call()
    finally:
        sys.stderr = before
        reader.join(10)
        os.close(main)
    return b"".join(seen).decode()


def test_a_terminal_sees_how_far_a_big_copy_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up and down, a big file has a bar on a terminal, drawn by no thread and without touching stdout."""
    monkeypatch.setattr(_progress, "_WORTH_A_BAR", 3 << 20)
    monkeypatch.setenv("TERM", "xterm")
    Path("big").write_bytes(b"x" * (4 << 20))
    stdout, seen = sys.stdout, []

    class Source(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            seen.append((threading.active_count(), sys.stdout is stdout))
            return super().read(size)

    before = threading.active_count()
    assert "outputs/[b]big" in _seen_on_a_terminal(lambda: run.upload_file("outputs/[b]big", "big"))
    shown = _seen_on_a_terminal(lambda: run.download_file("outputs/[b]big", "got"))
    assert "4.2/4.2 MB" in shown
    assert Path("got").read_bytes() == Path("big").read_bytes()

    def copy() -> None:
        with Source("big") as stream, _progress.copying("big", 4 << 20) as on_bytes:
            assert on_bytes is not None
            on_bytes(len(stream.read(1 << 20)))

    _seen_on_a_terminal(copy)
    assert seen == [(before + 1, True)]  # the one that reads the terminal here


def test_no_bar_is_shown_for_small_files_or_without_a_terminal(
    run: Run, source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A small file shows nothing on a terminal, and a big one nothing where none watches."""
    assert _seen_on_a_terminal(lambda: run.upload_file("small", source)) == ""
    monkeypatch.setattr(_progress, "_WORTH_A_BAR", 0)
    run.upload_file("big", source)
    closed = io.StringIO()
    closed.close()
    for stderr in (None, closed, object()):
        monkeypatch.setattr(sys, "stderr", stderr)
        run.upload_file(f"big {type(stderr).__name__}", source)
    monkeypatch.undo()
    assert capsys.readouterr() == ("", "")
    assert len(run.get_file_names()) == 5
