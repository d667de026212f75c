"""What is shipped is what its source says, and the vendored files are those that were looked at."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import httpx
import pytest

from runlogging.viewer._static import static_file
from tests.viewer.conftest import PAGES, Viewer

STATIC = Path(__file__).parent.parent.parent / "src" / "runlogging" / "viewer" / "static"


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_static_is_the_source_byte_for_byte() -> None:
    """`make viewer` was run after the last change of viewer/src, and nobody wrote into static by hand."""
    shipped = {name: data for name, data in _files(STATIC).items() if not name.startswith("vendor/")}
    source = _files(PAGES)
    assert sorted(shipped) == sorted(source)
    assert [name for name, data in source.items() if shipped[name] != data] == []


def test_vendored_files_have_their_digests() -> None:
    """The files of uPlot are those of the version that vendor.json names, with its licence."""
    facts = json.loads((PAGES.parent / "vendor.json").read_text(encoding="utf-8"))
    shipped = _files(STATIC / "vendor")
    assert {name: hashlib.sha256(data).hexdigest() for name, data in shipped.items()} == {
        name: file["sha256"] for name, file in facts["files"].items()
    }
    assert b"MIT License" in shipped["LICENSE"]


def test_the_page_weighs_little() -> None:
    """All that the pages could load is under 250 KB compressed."""
    assert sum(len(gzip.compress(data)) for data in _files(STATIC).values()) < 250_000


def test_static_files_come_typed_tagged_and_compressed(client: httpx.Client) -> None:
    """A file has its type and an ETag; a browser that has it gets 304 and nothing more."""
    answer = client.get("static/main.js")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == (STATIC / "main.js").read_bytes()
    plain = client.get("static/main.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    again = client.get("static/main.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("static/style/base.css").headers["content-type"] == "text/css; charset=utf-8"
    assert client.get("static/icon.svg").headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/x", "a//b", ".x", "a/.x", "a\\..\\x", "a\0", "", "inner", "link"]
)
def test_names_stay_inside(tmp_path: Path, name: str) -> None:
    """A name that leads out of the folder, also by a link, and one of a folder or a hidden file lead to nothing."""
    static = tmp_path / "static"
    (static / "inner").mkdir(parents=True)
    (static / ".x").touch()
    (static / "a").mkdir()
    (tmp_path / "x").touch()
    (static / "link").symlink_to(tmp_path / "x")
    assert static_file(static, name) is None
    (static / "inner" / "y.js").touch()
    assert static_file(static, "inner/y.js") == (static / "inner" / "y.js").resolve()


def test_nothing_is_served_that_is_no_page(viewer: Viewer) -> None:
    """Without the token not even a style sheet is given."""
    assert httpx.get(f"{viewer.base}static/style/base.css").status_code == 403
