"""A stream takes whole lines, whatever happens to its descriptor."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.folder import Line, clean_text, encode_line, stream_name, unused_name
from runlogging.folder._streams import NO_DESCRIPTOR, Stream

from ..conftest import RunScript


@pytest.fixture
def stream(tmp_path: Path) -> Stream:
    """Give a stream that is not open yet."""
    return Stream(tmp_path / "logs.jsonl")


def _written(stream: Stream) -> bytes:
    return stream.path.read_bytes()


def _short_writes(monkeypatch: pytest.MonkeyPatch, sizes: list[int]) -> None:
    """Let the next writes take only so many bytes, one size a write, then all again."""
    write = os.write

    def write_a_part(fd: int, data: bytes) -> int:
        return write(fd, data[: sizes.pop(0)] if sizes else data)

    monkeypatch.setattr(os, "write", write_a_part)


def test_file_appears_with_the_first_line(stream: Stream) -> None:
    """Nothing is made before the first line."""
    assert not stream.path.exists()
    stream.append(b"one\n")
    assert _written(stream) == b"one\n"


def test_every_line_is_one_write(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line goes out in one os.write with its newline, also one of megabytes."""
    calls: list[bytes] = []
    write = os.write

    def count(fd: int, data: bytes) -> int:
        calls.append(bytes(data))
        return write(fd, data)

    monkeypatch.setattr(os, "write", count)
    lines = [b"one\n", b"x" * 3_000_000 + b"\n", b"three\n"]
    for line in lines:
        stream.append(line)
    assert calls == lines
    assert _written(stream) == b"".join(lines)


def test_first_opening_refuses_a_file_that_is_there(stream: Stream) -> None:
    """A file belongs to one process life: nobody appends to another's."""
    stream.path.write_bytes(b"of another\n")
    with pytest.raises(FileExistsError):
        stream.append(b"mine\n")
    assert _written(stream) == b"of another\n"


def test_second_stream_on_the_same_file_is_refused(stream: Stream) -> None:
    """Two streams never share a file."""
    stream.append(b"one\n")
    with pytest.raises(FileExistsError):
        Stream(stream.path).append(b"two\n")
    assert _written(stream) == b"one\n"


def test_link_in_place_of_the_file_is_refused(stream: Stream, tmp_path: Path) -> None:
    """A symbolic link that somebody put there is not followed, even into nothing."""
    stream.path.symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        stream.append(b"mine\n")
    assert not (tmp_path / "victim").exists()


def test_own_file_is_opened_again_after_a_close(stream: Stream) -> None:
    """After a close the same stream goes on in the same file."""
    stream.append(b"one\n")
    stream.close()
    assert stream.fd == NO_DESCRIPTOR
    stream.close()
    stream.append(b"two\n")
    assert _written(stream) == b"one\ntwo\n"


def test_lines_go_to_the_end_of_the_file(stream: Stream) -> None:
    """The descriptor appends: a truncated file gets no hole, and a moved offset changes nothing."""
    stream.append(b"one\n")
    os.lseek(stream.fd, 0, os.SEEK_SET)
    stream.append(b"two\n")
    assert _written(stream) == b"one\ntwo\n"
    os.truncate(stream.path, 0)
    stream.append(b"three\n")
    assert _written(stream) == b"three\n"


@pytest.mark.parametrize("size", [0, 1, 5])
def test_short_write_is_followed_by_the_whole_line(stream: Stream, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """After a part of a line, the line comes whole behind a newline, and the next one needs none."""
    stream.append(b"before\n")
    _short_writes(monkeypatch, [size])
    stream.append(b"a line\n")
    stream.append(b"after\n")
    assert not stream.dirty
    assert _written(stream) == b"before\n" + b"a line\n"[:size] + b"\na line\nafter\n"


def test_two_short_writes_are_an_error_and_the_next_line_is_whole(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that stays full raises; the first line after that is not glued to the torn one."""
    _short_writes(monkeypatch, [2, 3])
    with pytest.raises(OSError, match="part of the line") as caught:
        stream.append(b"lost\n")
    assert caught.value.errno == errno.ENOSPC
    assert stream.dirty
    stream.append(b"kept\n")
    assert _written(stream) == b"lo" + b"\nlo" + b"\nkept\n"
    assert b"kept" in _written(stream).split(b"\n")


def test_failed_write_makes_the_next_line_begin_behind_a_newline(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an error nobody knows what is in the file, so the next line takes care."""
    stream.append(b"before\n")
    error = OSError(errno.EIO, "broken disk")
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda fd, data: (_ for _ in ()).throw(error))
        with pytest.raises(OSError, match="broken disk"):
            stream.append(b"lost\n")
    stream.append(b"kept\n")
    assert _written(stream) == b"before\n\nkept\n"


def test_descriptor_that_somebody_closed_is_opened_again(stream: Stream) -> None:
    """A stray os.close costs no line."""
    stream.append(b"one\n")
    os.close(stream.fd)
    stream.append(b"two\n")
    stream.append(b"three\n")
    assert [line for line in _written(stream).split(b"\n") if line] == [b"one", b"two", b"three"]


def test_descriptor_stays_closed_where_the_file_cannot_be_opened(stream: Stream, tmp_path: Path) -> None:
    """Closed by somebody, and the folder gone too: an error, and later lines work once the folder is back."""
    stream.append(b"one\n")
    os.close(stream.fd)
    stream.path.unlink()
    tmp_path.rmdir()
    with pytest.raises(FileNotFoundError):
        stream.append(b"two\n")
    tmp_path.mkdir()
    stream.append(b"three\n")
    assert _written(stream).strip() == b"three"


def test_descriptor_is_high_and_closed_on_exec(stream: Stream) -> None:
    """The number is out of reach of a stray close, and programs that are started do not inherit it."""
    stream.append(b"one\n")
    assert stream.fd >= 512
    assert fcntl.fcntl(stream.fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    program = f"import os; os.fstat({stream.fd})"
    child = subprocess.run([sys.executable, "-c", program], close_fds=False, capture_output=True, check=False)
    assert b"Bad file descriptor" in child.stderr


def test_low_limit_of_descriptors_is_no_error(run_script: RunScript) -> None:
    """Where the system allows fewer than 512 descriptors, a lower one serves, still closed on exec."""
    program = """
        import fcntl, resource
        from pathlib import Path
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
        from runlogging.folder._streams import Stream
        stream = Stream(Path("low.jsonl"))
        stream.append(b"one\\n")
        print(stream.fd < 200, fcntl.fcntl(stream.fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC, stream.path.read_text())
    """
    assert run_script(program).stdout == "True 1 one\n\n"


def test_deleted_file_is_noticed(stream: Stream) -> None:
    """A stream knows that its open file has lost its name, or its descriptor."""
    assert not stream.is_lost()
    stream.append(b"one\n")
    assert not stream.is_lost()
    stream.path.unlink()
    assert stream.is_lost()
    stream.close()
    assert not stream.is_lost()
    stream.append(b"two\n")
    os.close(stream.fd)
    assert stream.is_lost()
    stream.fd = NO_DESCRIPTOR


def test_sync_of_a_closed_stream_does_nothing(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only an open file is put on the disk."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    stream.sync()
    stream.append(b"one\n")
    stream.sync()
    assert synced == [stream.fd]


# ---------------------------------------------------------------------- the lines themselves


def _back(line: Line) -> Any:
    data = encode_line(line)
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    return json.loads(data, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))


def test_fields_stand_in_the_order_for_people() -> None:
    """seq, time, step and metrics come first, and what is None is left out."""
    data = encode_line(Line(message="m\n", metrics={"loss": None}, step=3, time="t", seq=1))
    assert data == b'{"seq":1,"time":"t","step":3,"metrics":{"loss":null},"message":"m\\n"}\n'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": {1, 2}}, {"a": [1, 2]}),
        ({"a": "x\ud800"}, {"a": "x\\ud800"}),
        ({"\ud800": 1, "\\ud800": 2}, {"\\ud800": 1, "\\ud800#2": 2}),
        ({"a": object}, {"a": "<class 'object'>"}),
        ({"a": ("\udfff", [float("nan")])}, {"a": ["\\udfff", [None]]}),
    ],
)
def test_what_the_encoder_refuses_is_replaced(value: dict[str, Any], expected: dict[str, Any]) -> None:
    """One bad value costs that value; the line stays strict JSON and has all its other fields."""
    back = _back(Line(seq=1, time="t", message="kept", attributes=value))
    assert back["message"] == "kept"
    assert back["attributes"] == expected


def test_replacing_is_said_in_problems() -> None:
    """A line that had to be mended says so, behind the problems that it had."""
    back = _back(Line(message="\ud800", problems=["first"]))
    assert back["problems"][0] == "first"
    assert "replacements" in back["problems"][1]


def test_object_whose_repr_raises_is_named_by_its_type() -> None:
    """Even an object that cannot say what it is costs only itself."""

    class Silent:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    back = _back(Line(message="kept", attributes={"bad": Silent()}))
    assert back["attributes"] == {"bad": "<Silent whose repr raised RuntimeError>"}


def test_endless_and_deep_values_are_cut() -> None:
    """A list that holds itself ends at 64 levels."""
    endless: list[Any] = []
    endless.append(endless)
    assert "<deeper than 64>" in json.dumps(_back(Line(message="kept", attributes={"bad": endless})))


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=4)
NESTED = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
)


@given(message=st.text(), attributes=st.dictionaries(st.text(), NESTED, max_size=4))
def test_any_line_is_one_strict_line(message: str, attributes: dict[str, Any]) -> None:
    """Whatever stands in a line, it is one line of strict JSON in UTF-8 with every attribute in it."""
    back = _back(Line(time="t", message=message, attributes=attributes))
    assert back["message"] == clean_text(message)
    assert len(back["attributes"]) == len(attributes)


@given(st.lists(st.sampled_from(["a", "a#2", "a#3", "b"]), max_size=8))
def test_unused_names_are_unused(names: list[str]) -> None:
    """However names clash, each gets one of its own that begins with it."""
    taken: dict[str, str] = {}
    for name in names:
        taken[unused_name(name, taken)] = name
    assert len(taken) == len(names)
    assert all(key.startswith(name) for key, name in taken.items())


@pytest.mark.parametrize(
    ("file_name", "parts"),
    [
        ("logs.jsonl", ("logs", "main", 1, "jsonl")),
        ("metrics.rank1.jsonl", ("metrics", "rank1", 1, "jsonl")),
        ("values.2.jsonl", ("values", "2", 1, "jsonl")),
        ("logs.main.2.jsonl", ("logs", "main", 2, "jsonl")),
        ("logs.rank1.12.parquet", ("logs", "rank1", 12, "parquet")),
        ("artifacts.parquet", ("artifacts", "main", 1, "parquet")),
    ],
)
def test_the_name_of_a_stream_file_says_what_it_holds(file_name: str, parts: tuple[str, str, int, str]) -> None:
    """Stream, writer, part and kind go into the name and come out of it."""
    name = stream_name(file_name)
    assert name == parts
    assert str(name) == file_name


@pytest.mark.parametrize(
    "file_name",
    [
        "artifacts", "run.json", "logs..jsonl", "logs.main.1.jsonl", "logs.main.02.jsonl", "logs.main.x.jsonl",
        "logs.a.2.3.jsonl", ".jsonl", "logs.main.2", "logs.main.².jsonl", "other.jsonl", "logs.txt",
    ],
)  # fmt: skip
def test_other_names_are_no_streams(file_name: str) -> None:
    """A reader skips what no writer of ours would have named so."""
    assert stream_name(file_name) is None
