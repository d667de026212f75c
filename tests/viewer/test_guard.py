"""Who gets in: against a real server, with plain HTTP."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from runlogging._errors import InvalidValueError
from runlogging.reading import open_run
from runlogging.viewer._edit import checked_change
from runlogging.viewer._rules import WRONG_HOST, WRONG_SITE, WRONG_TOKEN, split_host
from tests.viewer.conftest import TOKEN, StartViewer, Viewer, keys

BEARER = {"Authorization": f"Bearer {TOKEN}"}
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def ask(
    viewer: Viewer, path: str, headers: Mapping[str, str] = BEARER, method: str = "GET", body: bytes | None = None
) -> tuple[int, dict[str, str], str]:
    """Return status, headers and text of an answer; the path goes over the wire as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", viewer.port, timeout=20)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text
    finally:
        connection.close()


def test_the_first_page_comes_with_a_cookie_and_no_redirect(viewer: Viewer) -> None:
    """The URL with the token gives the page at once, and a cookie that no script and no other site can use."""
    status, headers, text = ask(viewer, f"/?token={TOKEN}", {})
    assert status == 200
    assert "<!doctype html>" in text
    name, *attributes = headers["set-cookie"].split("; ")
    assert name == f"runlogging_{viewer.port}={TOKEN}"
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Strict"]


def test_the_cookie_is_enough_afterwards(client: httpx.Client) -> None:
    """What the first page gave is enough for all others."""
    assert client.get("api/root").json()["has_runs"] is True
    assert "set-cookie" not in client.get("").headers


def test_the_cookie_bears_the_port_of_the_browser(viewer: Viewer) -> None:
    """Two viewers behind two tunnels, on one port each at home, do not log each other out."""
    host = {"Host": "localhost:8080"}
    _, headers, _ = ask(viewer, f"/?token={TOKEN}", host)
    assert headers["set-cookie"].startswith("runlogging_8080=")
    assert ask(viewer, "/api/root", {**host, "Cookie": f"runlogging_8080={TOKEN}"})[0] == 200
    assert ask(viewer, "/api/root", {**host, "Cookie": f"runlogging_{viewer.port}={TOKEN}"})[0] == 403


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": f"Basic {TOKEN}"}],
    ids=["nothing", "empty", "longer", "basic"],
)
@pytest.mark.parametrize(
    "path", ["/", "/?token=", "/?token=no", "/api/root", "/static/main.js", "/api/events", "/nothing", "/api/edit"]
)
def test_without_the_token_there_is_a_sentence_and_nothing_else(
    viewer: Viewer, path: str, headers: dict[str, str]
) -> None:
    """Whatever is asked for without the token, the answer says one sentence, and gives no cookie."""
    status, answered, text = ask(viewer, path, headers)
    assert (status, text) == (403, WRONG_TOKEN)
    assert "set-cookie" not in answered


def test_a_cookie_of_another_start_is_none(viewer: Viewer) -> None:
    """An old cookie does not get in."""
    assert ask(viewer, "/", {"Cookie": f"runlogging_{viewer.port}=another-token-altogether"})[0] == 403


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "127.0.0.1:8080", "[::1]:99", "LOCALHOST", "x.localhost:3", "localhost."]
)
def test_names_of_the_loopback_pass_with_any_port(viewer: Viewer, host: str) -> None:
    """A tunnel (`ssh -L`) changes the port, and that must do no harm."""
    assert ask(viewer, "/api/root", {**BEARER, "Host": host})[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:6464",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:80@localhost",
        "10.0.0.1",
        "",
        "localhost:x",
        "localhost/x",
    ],
)
def test_another_name_gets_nothing_even_with_the_token(viewer: Viewer, host: str) -> None:
    """A page that lets a name of its own point at the loopback (DNS rebinding) learns nothing."""
    status, _, text = ask(viewer, "/api/root", {**BEARER, "Host": host})
    assert (status, text) == (403, WRONG_HOST)


def test_allowed_hosts_pass(made_root: Path, start_viewer: StartViewer) -> None:
    """Names given by --allow-host pass, with any port; others do not."""
    viewer = start_viewer(made_root, "--allow-host", "gpu7.example.org", "--allow-host", "fe80::1")
    for host in ("gpu7.example.org", "gpu7.example.org:443", "[fe80::1]:1"):
        assert ask(viewer, "/api/root", {**BEARER, "Host": host})[0] == 200
    assert ask(viewer, "/api/root", {**BEARER, "Host": "gpu8.example.org"})[0] == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "odd"])
def test_other_sites_get_nothing(viewer: Viewer, site: str) -> None:
    """A page of another site, another port of this machine too, can load nothing, even with the token."""
    for path in ("/", "/api/root", "/static/main.js"):
        status, _, text = ask(viewer, path, {**BEARER, "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"})
        assert (status, text) == (403, WRONG_SITE)
    assert ask(viewer, "/api/root", {**BEARER, **NAVIGATION, "Sec-Fetch-Site": site})[0] == 403


def test_a_link_elsewhere_opens_the_page_with_the_token_only(viewer: Viewer) -> None:
    """A link in a notebook or a mail may open the page; without the token it gets nothing."""
    crossing = {**NAVIGATION, "Sec-Fetch-Site": "cross-site"}
    assert ask(viewer, f"/?token={TOKEN}", crossing)[0] == 200
    assert ask(viewer, "/", crossing)[2] == WRONG_TOKEN
    framed = {**crossing, "Sec-Fetch-Dest": "iframe"}
    assert ask(viewer, f"/?token={TOKEN}", framed)[2] == WRONG_SITE


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", "file://", "http://[bad"])
def test_an_origin_of_others_gets_nothing(viewer: Viewer, origin: str) -> None:
    """A request that names another origin is refused, whatever else it brings."""
    assert ask(viewer, "/api/root", {**BEARER, "Origin": origin})[2] == WRONG_SITE


def test_the_own_origin_passes_and_no_answer_allows_others(viewer: Viewer) -> None:
    """There is no CORS: no answer ever says that another origin may read it."""
    status, headers, _ = ask(viewer, "/api/root", {**BEARER, "Origin": f"http://127.0.0.1:{viewer.port}"})
    assert status == 200
    assert not [name for name in headers if name.startswith("access-control")]
    status, headers, _ = ask(viewer, "/api/root", {**BEARER, "Origin": "http://evil.example"}, "OPTIONS")
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", [f"/?token={TOKEN}", "/api/root", "/nothing", "/static/main.js", "/api/live"])
def test_all_answers_carry_what_keeps_a_browser_safe(viewer: Viewer, path: str) -> None:
    """Policy, nosniff, no referrer, no frame, no other origin; nothing is kept but the files of the page."""
    _, headers, _ = ask(viewer, path)
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == ("private, max-age=10" if "static" in path else "no-store")
    assert "server" not in headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/api/root", "/api/edit", "/static/main.js"])
def test_nothing_but_reading(viewer: Viewer, path: str, method: str) -> None:
    """Without --edit every method but GET and HEAD is refused, from the page itself, too."""
    status, headers, _ = ask(viewer, path, {**BEARER, "Sec-Fetch-Site": "same-origin"}, method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


def test_head_is_answered_without_a_body(viewer: Viewer) -> None:
    """HEAD has the headers of GET and nothing else."""
    status, headers, text = ask(viewer, "/static/main.js", method="HEAD")
    assert (status, text) == (200, "")
    assert int(headers["content-length"]) > 0


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/static/../_guard.py",
        "/static/..%2f_guard.py",
        "/static/%2e%2e/_guard.py",
        "/static/..%5c_guard.py",
        "/static/%00",
        "/static//etc/passwd",
        "/static/.hidden",
        "/static/",
        "/static/base",
        "/static/%ff%fe",
        "/static/" + "a" * 5000,
        "/api",
        "/api/",
        "/api/root/",
        "//evil.example/",
        "/%0d%0aSet-Cookie:x=1",
        "/api/nothing?run=../../etc",
        "/api/edit",
    ],
)
def test_odd_paths_lead_nowhere(viewer: Viewer, path: str) -> None:
    """Such a path gets 404 and a sentence as JSON; the server says nothing of it."""
    status, headers, text = ask(viewer, path)
    assert (status, text) == (404, '{"error":"There is nothing here."}')
    assert "location" not in headers
    assert viewer.stop() == ""


@pytest.mark.parametrize(
    "data",
    [
        b"GET / \x00 x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
    ],
    ids=["no-http", "no-host", "two-hosts", "old-http", "proxy", "tls"],
)
def test_what_no_browser_sends_does_no_harm(viewer: Viewer, data: bytes) -> None:
    """Such a request gets nothing, and the next one is answered."""
    with socket.create_connection(("127.0.0.1", viewer.port), timeout=20) as connection:
        connection.sendall(data + b"\r\n\r\n")
        answer = connection.recv(4096)
    assert answer.split(b" ")[1] in (b"400", b"403")
    assert b"doctype" not in answer
    assert ask(viewer, "/api/root")[0] == 200
    assert "Traceback" not in viewer.stop()


def test_a_prefix_may_arrive_or_not(made_root: Path, start_viewer: StartViewer) -> None:
    """Behind a proxy requests come with the prefix or without; the cookie is good below the prefix only."""
    viewer = start_viewer(made_root, "--prefix", "user/me/proxy/6464/")
    assert viewer.base.endswith("/user/me/proxy/6464/")
    for path in ("/user/me/proxy/6464/", "/"):
        status, headers, _ = ask(viewer, f"{path}?token={TOKEN}", {})
        assert status == 200
        assert "; Path=/user/me/proxy/6464/; " in headers["set-cookie"]
    assert ask(viewer, "/user/me/proxy/6464/api/root")[0] == ask(viewer, "/api/root")[0] == 200
    status, headers, _ = ask(viewer, "/user/me/proxy/6464?view=runs")
    assert (status, headers["location"]) == (307, "/user/me/proxy/6464/?view=runs")
    assert ask(viewer, "/user/me/proxy/64641/api/root")[0] == 404


# ---------------------------------------------------------------------- edits


@pytest.fixture
def editor(made_root: Path, start_viewer: StartViewer) -> Viewer:
    """Give a viewer that may change tags and notes."""
    return start_viewer(made_root, "--edit")


def edit(viewer: Viewer, change: object, **headers: str) -> httpx.Response:
    """Send a change as the page does."""
    with httpx.Client(base_url=viewer.base, headers={**BEARER, "Origin": viewer.base[:-1]}) as client:
        csrf = client.get("api/root").json()["csrf"]
        sent = {"Sec-Fetch-Site": "same-origin", "X-Runlogging-Edit": csrf, **headers}
        return client.post("api/edit", json=change, headers=sent)


def test_edits_change_tags_and_notes(editor: Viewer) -> None:
    """A tag is set or taken away and the note changed, as a reader of the folder sees; other facts stay."""
    (key,) = keys(editor.root, "demo")
    change = {"run": key, "tags": {"good": True, "n": 3, "mark": None}, "removed_tags": ["model"], "description": "so"}
    answer = edit(editor, change)
    assert answer.status_code == 200
    run = open_run(editor.root / key)
    assert run.tags == answer.json()["tags"] == {"seed": "7", "good": "True", "n": "3", "mark": None}
    assert run.description == "so"
    assert run.status == "Completed"
    assert edit(editor, {"run": key, "description": None}).json()["description"] is None
    assert open_run(editor.root / key).tags == run.tags


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Runlogging-Edit": ""}, 403),
        ({"X-Runlogging-Edit": TOKEN}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Authorization": "Bearer no"}, 403),
    ],
    ids=["no-header", "wrong-header", "cross-site", "same-site", "origin", "null-origin", "token"],
)
def test_an_edit_needs_page_and_header(editor: Viewer, headers: dict[str, str], status: int) -> None:
    """Without the header of its own, or from elsewhere, nothing is changed."""
    (key,) = keys(editor.root, "demo")
    before = (editor.root / key / "run.json").read_bytes()
    assert edit(editor, {"run": key, "tags": {"a": "b"}}, **headers).status_code == status
    assert (editor.root / key / "run.json").read_bytes() == before


def test_an_edit_without_origin_and_site_is_refused(editor: Viewer) -> None:
    """A change has to say where it comes from."""
    (key,) = keys(editor.root, "demo")
    body = f'{{"run":"{key}","tags":{{"a":"b"}}}}'.encode()
    assert ask(editor, "/api/edit", method="POST", body=body)[2] == WRONG_SITE
    assert ask(editor, "/api/edit")[0] == 405
    assert ask(editor, "/api/root", {**BEARER, "Sec-Fetch-Site": "same-origin"}, "POST")[0] == 405


@pytest.mark.parametrize(
    "change",
    [
        {"run": "demo/nothing"},
        {"run": "../../etc/passwd"},
        {"run": "demo"},
        {"run": 3},
        {"tags": {}},
        {"run": "demo/x", "status": "Completed"},
        [],
        {"run": "demo/x", "tags": {"a": ["no"]}},
        {"run": "demo/x", "tags": {"": "no"}},
        {"run": "demo/x", "description": "a" * (1 << 19)},
    ],
)
def test_a_bad_edit_gets_a_sentence(editor: Viewer, change: object) -> None:
    """What is no change of a run that is there gets a sentence."""
    answer = edit(editor, change)
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]
    assert editor.stop() == ""


@pytest.mark.parametrize(
    "data", [b'{"run": "a/b", "tags": {"k\\ud800": "v"}}', b'{"run": "a/b", "description": 3}', b"\xff"]
)
def test_what_is_no_change(data: bytes) -> None:
    """Lone surrogates, a number as a description and what is no JSON are refused."""
    with pytest.raises(InvalidValueError, match="this is no change"):
        checked_change(data)


@pytest.mark.parametrize("text", ["a b", "a:b:c", "a/b", "[::1", "a:123456", "ä"])
def test_no_host(text: str) -> None:
    """What no browser sends as a Host is none."""
    assert split_host(text) is None
