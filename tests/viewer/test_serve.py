"""Starting and ending: ports, roots, options, and what is said."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from runlogging._errors import InvalidValueError, RootError, RunLoggingError
from runlogging.viewer import Settings, view
from runlogging.viewer._nearby import near_roots
from runlogging.viewer._rules import allowed_names
from runlogging.viewer._serve import bound_socket, check_host, checked_prefix, url_of
from tests.conftest import RunScript
from tests.viewer.conftest import PATIENCE_S, TOKEN, StartViewer, Viewer

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def test_the_url_has_the_token_and_a_loopback_address(viewer: Viewer) -> None:
    """The one line of output is the URL; the page answers there."""
    assert viewer.url == f"http://127.0.0.1:{viewer.port}/?token={TOKEN}"
    assert httpx.get(viewer.url).status_code == 200


def test_a_token_is_random(made_root: Path, start_viewer: StartViewer) -> None:
    """Without a variable each start has a token of its own, 192 random bits."""
    tokens = [start_viewer(made_root, token="").url.partition("?token=")[2] for _ in range(2)]
    assert tokens[0] != tokens[1]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", token) for token in tokens)


def test_a_port_in_use_gives_way_to_the_next(made_root: Path, start_viewer: StartViewer) -> None:
    """The second viewer takes the next free port, and says so."""
    with bound_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        second = start_viewer(made_root, port=port)
    assert second.port > port
    assert httpx.get(f"{second.base}api/root", headers=BEARER).status_code == 200
    assert second.stop() == f"Port {port} is in use; this is {second.port}.\n"


def test_a_port_is_free_again_after_the_end(made_root: Path, start_viewer: StartViewer) -> None:
    """A viewer that was started again has its old port, though connections of it may linger."""
    first = start_viewer(made_root)
    with httpx.Client() as client:
        assert client.get(first.url).status_code == 200
        first.stop()
        assert start_viewer(made_root, port=first.port).port == first.port


def test_ctrl_c_ends_it_quietly(viewer: Viewer) -> None:
    """Ctrl-C ends the viewer with the status of an interrupt and without a word, while a page is connected."""
    with (
        httpx.Client(base_url=viewer.base, headers=BEARER, timeout=PATIENCE_S) as client,
        client.stream("GET", "api/events", params={"topic": "runs"}) as answer,
    ):
        assert next(answer.iter_bytes())
        viewer.process.send_signal(signal.SIGINT)
        assert viewer.wait() == ""
        assert viewer.process.returncode == 130


@pytest.mark.parametrize("exists", [True, False], ids=["empty", "missing"])
def test_a_root_without_runs_is_explained(tmp_path: Path, start_viewer: StartViewer, *, exists: bool) -> None:
    """The terminal and api/root name the folder, what was sought, near folders with runs, and three lines."""
    project = tmp_path / "project"
    run = project / "sub" / "runs" / "exp" / "id"
    run.mkdir(parents=True)
    (run / "run.json").write_text("{}", encoding="utf-8")
    root = project / "runs"
    if exists:
        root.mkdir()
    viewer = start_viewer(root)
    facts = httpx.get(f"{viewer.base}api/root", headers=BEARER).json()
    assert (facts["root"], facts["exists"], facts["has_runs"]) == (str(root), exists, False)
    assert facts["sought"] == f"{root}/<experiment>/<run id>/run.json"
    assert facts["near"] == [str(project / "sub" / "runs")]
    said = viewer.stop()
    for text in (facts["root"], facts["sought"], *facts["near"], *facts["sample"]):
        assert text in said


def test_the_sample_makes_a_run(run_script: RunScript, tmp_path: Path, start_viewer: StartViewer) -> None:
    """The three lines that are offered are a whole program that makes the first run of the root."""
    viewer = start_viewer(tmp_path / "new")
    with httpx.Client(base_url=viewer.base, headers=BEARER) as client:
        run_script("\n".join(client.get("api/root").json()["sample"]))
        assert client.get("api/root").json()["has_runs"] is True


def test_the_nearest_roots_come_first(tmp_path: Path) -> None:
    """The root above an experiment or a run, a folder beside, and a folder below are found; heavy ones are passed."""
    home = tmp_path / "home" / "project"
    for place in ("a/exp/id", "b/deep/exp/id", "node_modules/exp/id", ".hidden/exp/id"):
        (home / place).mkdir(parents=True)
        (home / place / "run.json").write_text("{}", encoding="utf-8")
    (home / "link").symlink_to(home / "a")
    assert near_roots(home / "a" / "exp")[0] == home / "a"
    assert near_roots(home / "a" / "exp" / "id")[0] == home / "a"
    for root in (home / "nothing", home):
        assert near_roots(root) == [home / "a", home / "b" / "deep"]
    assert near_roots(home / "nothing", within_s=0) == [home / "a"]


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A file cannot hold runs."""
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(RootError, match="is a file; name a folder of runs"):
        view(path, browser=False)


@pytest.mark.parametrize(
    ("given", "prefix"), [("", ""), ("/", ""), ("a/b/", "/a/b"), ("/user/me@x/proxy/1", "/user/me@x/proxy/1")]
)
def test_prefixes(given: str, prefix: str) -> None:
    """A prefix has a slash in front and none behind."""
    assert checked_prefix(given) == prefix


@pytest.mark.parametrize("given", ["/a b", "/a/../b", "a\nSet-Cookie: x", "/a;b", "https://x/", '/"'])
def test_bad_prefixes(given: str) -> None:
    """What is no path, or could end a header, is refused."""
    with pytest.raises(InvalidValueError, match="a prefix is a path"):
        checked_prefix(given)


def test_bad_hosts() -> None:
    """A host that is no address of this machine, and a name that is none, are refused with a sentence."""
    with pytest.raises(RunLoggingError, match=r"cannot listen on '192\.0\.2\.1'"):
        bound_socket("192.0.2.1", 0)
    with pytest.raises(InvalidValueError, match="a host's name is like"):
        check_host("a b")


@pytest.mark.parametrize("token", ["", "short", "a" * 15, "a" * 20 + ";", "a" * 20 + "\n"])
def test_a_weak_token_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: str) -> None:
    """A token from the variable that is short, or would not fit into a cookie, is refused."""
    monkeypatch.setenv("RUNLOGGING_VIEW_TOKEN", token)
    with pytest.raises(InvalidValueError, match="RUNLOGGING_VIEW_TOKEN has to be"):
        view(tmp_path, browser=False)


def test_all_addresses_need_names(made_root: Path, start_viewer: StartViewer) -> None:
    """Listening on all addresses is said on stderr, and lets no name in that was not allowed."""
    viewer = start_viewer(made_root, "--host", "0.0.0.0", "--allow-host", "gpu7")
    assert viewer.base.startswith("http://127.0.0.1:")
    for host, status in (("gpu7:1", 200), ("0.0.0.0", 403), ("gpu8", 403)):
        assert httpx.get(f"{viewer.base}api/root", headers={**BEARER, "Host": host}).status_code == status
    assert httpx.get(f"{viewer.base}api/root", headers={"Host": "gpu7"}).status_code == 403
    assert "not encrypted" in viewer.stop()


def test_urls_of_settings() -> None:
    """The URL has the prefix, brackets where they are needed, and never a wildcard."""
    assert url_of(Settings(Path("/r"), "t", 1, "::1", prefix="/p")) == "http://[::1]:1/p/?token=t"
    assert url_of(Settings(Path("/r"), "t", 1, "0.0.0.0")) == "http://127.0.0.1:1/?token=t"
    assert allowed_names(Settings(Path("/r"), "t", 1, "Box", ("A:3", "::1"))) == {"box", "a", "[::1]"}


def test_json_gives_url_and_root(made_root: Path, start_viewer: StartViewer) -> None:
    """With --json the one line is an object."""
    facts = json.loads(start_viewer(made_root, "--json").url)
    assert facts["root"] == str(made_root)
    assert httpx.get(facts["url"]).status_code == 200


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_a_missing_package_names_the_extra(tmp_path: Path, package: str) -> None:
    """Without starlette or uvicorn the error says what to install."""
    program = f"""
import sys
sys.modules[{package!r}] = None
from runlogging.viewer import view
try:
    view({str(tmp_path)!r}, port=0, browser=False)
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == (f"the viewer needs {package}, which is not installed: pip install 'runlogging[viewer]'\n")


def test_nothing_heavy_is_imported() -> None:
    """Importing the package of the viewer imports no server."""
    program = "import sys, runlogging.viewer; print([n for n in ('starlette', 'uvicorn', 'anyio') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


def test_it_listens_on_the_loopback_only(viewer: Viewer) -> None:
    """Nothing answers at another address of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing; the kernel says which address it would use
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no address besides the loopback")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((address, viewer.port), timeout=5)


def test_a_failure_is_a_sentence_and_one_line(run_script: RunScript, tmp_path: Path) -> None:
    """What a page meets when something unexpected fails is a sentence; the terminal gets one line, no traceback."""
    program = """
import asyncio, pathlib, sys
import httpx
from runlogging.viewer import Settings, create_app
app = create_app(Settings(pathlib.Path(sys.argv[1]), "t" * 16))
def broken():
    raise ValueError("odd\\x1b[31m\\nnews")
app.state.hub.facts = broken
async def ask():
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get("/api/live", headers={"Authorization": "Bearer " + "t" * 16})
answer = asyncio.run(ask())
print(answer.status_code, answer.json()["error"])
"""
    done = run_script(program, str(tmp_path))
    assert done.stdout == "500 The viewer failed at this; its terminal says how.\n"
    assert done.stderr == "GET /api/live: ValueError: odd\\x1b[31m\\nnews\n"
