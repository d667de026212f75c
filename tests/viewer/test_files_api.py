"""The files and the code of a run, as the viewer's server hands them out."""

from __future__ import annotations

import io
import os
import shutil
import socket
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging import start_run
from runlogging.viewer._downloads import disposition
from runlogging.viewer._previews import preview, shown
from tests.viewer.conftest import PATIENCE_S, TOKEN, Viewer
from tests.viewer.downloads import break_off, broken_off
from tests.viewer.made_values import EVIL_HTML, EVIL_NAME, keep, make_run, start

Made = tuple[httpx.Client, str, Viewer]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Give a client of a viewer, the run that keeps everything, and the viewer."""
    root = tmp_path_factory.mktemp("files") / "runs"
    run = make_run(root)
    viewer = start(root)
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        yield client, run, viewer
    viewer.stop()


def entries(made: Made, **params: Any) -> dict[str, dict[str, Any]]:
    """Return name to entry of the files of the run."""
    client, run, _ = made
    found = client.get("api/files", params={"run": run, **params}).json()
    return {row["name"]: row for row in found["rows"]}


def fetch(made: Made, name: str, **headers: str) -> httpx.Response:
    """Ask for a file by its name."""
    return made[0].get(f"file/{entries(made)[name]['id']}", headers={"accept-encoding": "identity", **headers})


def look(made: Made, name: str) -> dict[str, Any]:
    """Return the preview of a file."""
    answer: dict[str, Any] = made[0].get(f"preview/{entries(made)[name]['id']}").json()
    return answer


def test_files_are_listed_sorted_and_filtered(made: Made) -> None:
    """The list has size, hash, time and a kind; it is sorted and filtered by the server."""
    found = entries(made)
    assert found["large.txt"]["size"] == 1 << 20
    assert len(found["table.csv"]["sha256"]) == 64
    assert (found["table.csv"]["kind"], found["picture.svg"]["kind"], found["data.bin"]["kind"]) == (
        "table",
        "image",
        "unknown",
    )
    assert next(iter(entries(made, sort="size", descending=1))) == "large.txt"
    assert list(entries(made, q="SMALL")) == ["deep/down/small.txt"]
    assert made[0].get("api/files", params={"run": made[1], "sort": "colour"}).status_code == 400


def test_ids_say_nothing_and_differ_by_start(made: Made) -> None:
    """An id is 40 hexadecimal digits that another start of the viewer does not know."""
    made_id = entries(made)["table.csv"]["id"]
    assert len(bytes.fromhex(made_id)) == 20
    other = start(made[2].root)
    with httpx.Client(base_url=other.base, timeout=PATIENCE_S) as client:
        client.get(other.url)
        answer = client.get(f"file/{made_id}")
        own = client.get("api/files", params={"run": made[1]}).json()["rows"]
    other.stop()
    assert answer.status_code == 404
    assert "load the page anew" in answer.json()["error"]
    assert made_id not in {row["id"] for row in own}


@pytest.mark.parametrize(
    "path",
    [
        "file/..",
        "file/../../etc/passwd",
        "file/%2e%2e/%2e%2e/etc/passwd",
        "file/..%2f..%2f..%2fetc%2fpasswd",
        "file/table.csv",
        "file/artifacts%2ftable.csv",
        "file/" + "0" * 40,
        "file/" + "F" * 40,
        "file//etc/passwd",
        "file/%00",
        "preview/..%2f..%2frun.json",
        "preview/" + "0" * 40,
    ],
)
def test_no_path_leads_to_a_file(made: Made, path: str) -> None:
    """Dots, encoded dots, names, ids that were never given out: nothing of it is a file. The path goes out as it is."""
    viewer = made[2]
    with socket.create_connection(("127.0.0.1", viewer.port), timeout=PATIENCE_S) as raw:
        request = f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1:{viewer.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
        raw.sendall(f"{request}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"root:" not in answer
    assert b"name,score" not in answer


def test_the_id_of_another_run_stays_with_that_run(tmp_path: Path) -> None:
    """Files of one name in two runs have two ids, each for its own content."""
    for text in (b"one", b"two"):
        with start_run("two", root=tmp_path / "runs", capture=False) as run:
            keep(run, "same.txt", text)
    viewer = start(tmp_path / "runs")
    found = {}
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        for path in sorted((tmp_path / "runs/two").iterdir()):
            if (path / "run.json").is_file():
                rows = client.get("api/files", params={"run": f"two/{path.name}"}).json()["rows"]
                found[rows[0]["id"]] = client.get(f"file/{rows[0]['id']}").content
    viewer.stop()
    assert sorted(found.values()) == [b"one", b"two"]


@pytest.mark.parametrize(
    ("name", "kind", "way"),
    [
        ("images/samples-main-1.png", "image/png", "inline"),
        ("picture.svg", "image/svg+xml", "attachment"),
        ("page.html", "application/octet-stream", "attachment"),
        ("fake.png", "application/octet-stream", "attachment"),
        ("paper.pdf", "application/octet-stream", "attachment"),
        ("table.csv", "application/octet-stream", "attachment"),
    ],
)
def test_headers_keep_a_file_from_running(made: Made, name: str, kind: str, way: str) -> None:
    """Only pictures whose content is one are inline; everything is sandboxed and never sniffed."""
    answer = fetch(made, name)
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].startswith(f"{way}; filename=")
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


def test_a_picture_is_a_download_when_asked_for(made: Made) -> None:
    """`download=1` makes a download of a picture too."""
    answer = made[0].get(f"file/{entries(made)['images/samples-main-1.png']['id']}", params={"download": 1})
    assert answer.headers["content-disposition"].startswith('attachment; filename="samples-main-1.png"')


def test_an_odd_name_is_harmless_in_the_header(made: Made) -> None:
    """Quotes stay within the name, turns of direction and line separators are gone, the rest is there in UTF-8."""
    answer = fetch(made, EVIL_NAME)
    text = answer.headers["content-disposition"]
    assert answer.content == b"odd name"
    assert 'filename="it_s _gnp.exe_ _ _2e_2e _a=b.txt"' in text
    assert text.endswith("filename*=UTF-8''it%27s%20_gnp.exe_%20%C3%A9%20%252e%252e%20%3Ba%3Db.txt")


@given(st.text(min_size=1).filter(lambda name: name.rpartition("/")[2]))
def test_every_name_makes_one_header_line(name: str) -> None:
    """Whatever the name, the header is printable ASCII with two quotes."""
    text = disposition(name, inline=False)
    assert text.isascii()
    assert text.isprintable()
    assert text.count('"') == 2


@pytest.mark.parametrize(
    ("asked", "status", "content", "placed"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/1048576"),
        ("bytes=1048574-", 206, b"ef", "bytes 1048574-1048575/1048576"),
        ("bytes=-4", 206, b"cdef", "bytes 1048572-1048575/1048576"),
        ("bytes=1048570-9999999", 206, b"abcdef", "bytes 1048570-1048575/1048576"),
        ("bytes=1048576-", 416, b"", "bytes */1048576"),
        ("bytes=5-2", 416, b"", "bytes */1048576"),
        ("bytes=-0", 416, b"", "bytes */1048576"),
    ],
)
def test_parts_of_a_file(made: Made, asked: str, status: int, content: bytes, placed: str) -> None:
    """A range gives its part, one that is not there 416."""
    answer = fetch(made, "large.txt", range=asked)
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers["content-range"] == placed


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=-", "bytes=a-b"])
def test_odd_ranges_get_the_whole(made: Made, asked: str) -> None:
    """Several ranges, other units and nonsense are answered with all of the file."""
    answer = fetch(made, "large.txt", range=asked)
    assert (answer.status_code, len(answer.content)) == (200, 1 << 20)


def test_a_file_that_is_known_is_not_sent_again(made: Made) -> None:
    """The ETag of a file saves sending it; a part of another version is answered with the whole."""
    etag = fetch(made, "large.txt").headers["etag"]
    assert fetch(made, "large.txt", **{"if-none-match": etag}).status_code == 304
    assert fetch(made, "large.txt", range="bytes=0-3", **{"if-range": '"other"'}).status_code == 200
    head = made[0].head(f"file/{entries(made)['large.txt']['id']}")
    assert (head.headers["content-length"], head.content) == ("1048576", b"")


def test_a_link_out_of_the_run_is_refused(made: Made, tmp_path: Path) -> None:
    """An artifact that became a link to a file elsewhere is not handed out."""
    client, run, viewer = made
    made_id = entries(made)["deep/down/small.txt"]["id"]
    path = viewer.root / run / "artifacts/deep/down/small.txt"
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    path.unlink()
    path.symlink_to(secret)
    answer = client.get(f"file/{made_id}")
    path.unlink()
    path.write_bytes(b"small")
    assert (answer.status_code, "symbolic link" in answer.json()["error"]) == (400, True)


def test_a_file_that_is_gone_is_a_sentence(made: Made) -> None:
    """A file that was deleted gives a sentence, for the file and for its preview."""
    client, run, viewer = made
    made_id = entries(made)["log.txt"]["id"]
    path = viewer.root / run / "artifacts/log.txt"
    kept = path.read_bytes()
    path.unlink()
    answers = [client.get(f"file/{made_id}"), client.get(f"preview/{made_id}")]
    path.write_bytes(kept)
    assert [answer.status_code for answer in answers] == [404, 404]
    assert all("missing" in answer.json()["error"] for answer in answers)


@pytest.mark.parametrize("change", ["cut", "grown"])
def test_a_file_that_changes_under_a_download_breaks_it_off(tmp_path: Path, change: str) -> None:
    """The connection closes before the promised end, and the terminal gets a line, never a trace."""
    with start_run("changing", root=tmp_path / "runs", capture=False) as run:
        keep(run, "big.bin", os.urandom(1 << 20) * 48)
        path, key = run.path / "artifacts/big.bin", f"changing/{run.path.name}"
    viewer = start(tmp_path / "runs")
    with broken_off(viewer) as client:
        made_id = client.get("api/files", params={"run": key}).json()["rows"][0]["id"]
        break_off(client, f"file/{made_id}", lambda: _change(path, change))
        assert client.get("api/files", params={"run": key}).status_code == 200


def _change(path: Path, change: str) -> None:
    if change == "cut":
        os.truncate(path, 1000)
    else:
        time.sleep(0.02)  # the clock of the file system may be as coarse as that
        path.write_bytes(os.urandom(49 << 20))


# ---------------------------------------------------------------------- previews


def test_previews_are_data(made: Made) -> None:
    """Tables, JSON, notebooks, texts and bytes each come as what they are; HTML is text."""
    assert look(made, "table.csv")["rows"] == [["anna", "1"], ["<b>bob</b>", "2"]]
    assert look(made, "settings.json")["value"] == {"lr": 0.1, "layers": [1, 2, 3]}
    cells = look(made, "work.ipynb")["cells"]
    assert [(cell["type"], cell["source"]) for cell in cells] == [("markdown", "# Title"), ("code", "1 + 1")]
    assert cells[1]["outputs"] == ["2\n[text/html is not shown]"]
    assert (look(made, "page.html")["kind"], look(made, "page.html")["text"]) == ("text", EVIL_HTML.decode())
    assert look(made, "fake.png")["kind"] == "text"
    assert look(made, "data.bin")["kind"] == "binary"
    assert look(made, "paper.pdf")["kind"] == "binary"
    assert look(made, "picture.svg")["kind"] == "image"


def test_what_steers_is_seen(made: Made) -> None:
    """Escapes and turns of direction are written out."""
    assert look(made, "log.txt")["text"] == "plain \\x1b[31mred\\x1b[0m \\u202e turned\n"


def test_a_large_text_is_cut_with_a_sentence(made: Made) -> None:
    """Only the beginning of a large text is sent."""
    found = look(made, "large.txt")
    assert (len(found["text"]), found["cut"], found["size"]) == (1 << 18, "The first 256 KiB are shown.", 1 << 20)


@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.json", "a.ipynb", "a.txt", "a", "a.tsv", "a.svg"]))
def test_any_content_has_a_preview(data: bytes, name: str) -> None:
    """Whatever a file holds, its preview is made, and no text in it steers anything."""

    class _File:
        def open(self, _: str) -> io.BytesIO:
            return io.BytesIO(data)

        def stat(self) -> Any:
            return type("Facts", (), {"st_size": len(data)})()

    found = preview(_File(), name)  # type: ignore[arg-type]
    assert found["kind"] in ("image", "table", "json", "notebook", "text", "binary")
    assert "\x1b" not in found.get("text", "")
    assert shown(found.get("text", "")) == found.get("text", "")


# ---------------------------------------------------------------------- code


def test_code_is_listed_and_read(made: Made) -> None:
    """The snapshot's files come with their sizes, one of them with its text, the zip as a download."""
    client, run, _ = made
    code = client.get("api/code", params={"run": run}).json()
    assert [file["name"] for file in code["files"]] == ["package/evil.py", "train.py"]
    assert len(code["id"]) == 64
    text = client.get("api/code", params={"run": run, "name": "train.py"}).json()["text"]
    assert text.startswith("import math\n")
    answer = client.get("api/code_zip", params={"run": run})
    assert answer.headers["content-disposition"].startswith("attachment")
    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["package/evil.py", "train.py"]


@pytest.mark.parametrize("name", ["../train.py", "/etc/passwd", "package", "no.py", "package/../train.py"])
def test_only_names_of_the_zip_are_read(made: Made, name: str) -> None:
    """A name is looked up in the zip as it stands, and is never a path."""
    client, run, _ = made
    assert client.get("api/code", params={"run": run, "name": name}).status_code == 404


@pytest.mark.parametrize("kind", ["damaged", "bomb", "method", "link", "none"])
def test_a_hostile_snapshot_is_bounded(made: Made, tmp_path: Path, kind: str) -> None:
    """A damaged zip, a bomb, another method, a link out of the run: a sentence or the beginning, never more."""
    client, run, viewer = made
    experiment, _, run_id = run.partition("/")
    other = viewer.root / experiment / run_id.replace(run_id[:8], "20200101")
    shutil.copytree(viewer.root / run, other)
    key, path = f"{experiment}/{other.name}", other / "snapshot.zip"
    path.unlink()
    if kind == "damaged":
        path.write_bytes(b"PK\x03\x04" + b"nonsense" * 50)
    elif kind == "link":
        secret = tmp_path / "secret.zip"
        secret.write_bytes((viewer.root / run / "snapshot.zip").read_bytes())
        path.symlink_to(secret)
    elif kind != "none":
        method = zipfile.ZIP_BZIP2 if kind == "method" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr("train.py", b"0" * (200 << 20 if kind == "bomb" else 1000))
            archive.writestr("../../evil.py", b"x")
    listing = client.get("api/code", params={"run": key})
    text = client.get("api/code", params={"run": key, "name": "train.py"})
    shutil.rmtree(other)
    assert listing.status_code == {"damaged": 400, "link": 404}.get(kind, 200)
    assert "Traceback" not in listing.text
    if kind == "bomb":
        assert [file["name"] for file in listing.json()["files"]] == ["train.py"]
        assert (len(text.json()["text"]), text.json()["cut"]) == (1 << 20, "The first MiB is shown.")
    else:
        assert text.status_code == {"damaged": 400, "method": 400}.get(kind, 404)
