"""What changes comes by itself: the server's events, and the one connection of all tabs."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from runlogging import start_run
from runlogging.folder import changed_manifest
from runlogging.viewer._hub import is_topic
from runlogging.viewer._looks import RootLook, RunLook
from tests.viewer.conftest import (
    PATIENCE_S,
    TOKEN,
    NewTab,
    Noise,
    StartRunning,
    StartViewer,
    Viewer,
    keys,
    wait_until,
)

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Events:
    """The events of one connection, as they come.

    Attributes:
        seen: (event's name, id, data) in their order.
        size: the bytes that came.
    """

    def __init__(self, answer: httpx.Response) -> None:
        self.seen: list[tuple[str, str, dict[str, Any]]] = []
        self.size = 0
        self._thread = threading.Thread(target=self._read, args=(answer,), daemon=True)
        self._thread.start()

    def _read(self, answer: httpx.Response) -> None:
        text = ""
        try:
            for chunk in answer.iter_text():
                self.size += len(chunk)
                text += chunk
                *blocks, text = text.split("\n\n")
                for block in blocks:
                    facts = dict(line.split(": ", 1) for line in block.split("\n") if line[0] != ":")
                    self.seen.append((facts["event"], facts.get("id", ""), json.loads(facts["data"])))
        except httpx.HTTPError:
            pass

    def of(self, topic: str) -> list[dict[str, Any]]:
        """Return what came on a topic."""
        return [data for name, _, data in list(self.seen) if name == "change" and data["topic"] == topic]

    def wait_for(self, topic: str, count: int = 1) -> list[dict[str, Any]]:
        """Return what came on a topic once there is so much of it."""
        wait_until(lambda: len(self.of(topic)) >= count, f"{count} events of {topic} came; there are {self.seen}")
        return self.of(topic)


@contextmanager
def events(viewer: Viewer, *topics: str, since: str = "") -> Iterator[Events]:
    """Connect to the events of a viewer."""
    with (
        httpx.Client(base_url=viewer.base, headers=BEARER, timeout=PATIENCE_S) as client,
        client.stream("GET", "api/events", params={"topic": topics, "since": since}) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Events(answer)


def facts(viewer: Viewer) -> dict[str, Any]:
    """Return who watches at the server."""
    found: dict[str, Any] = httpx.get(f"{viewer.base}api/live", headers=BEARER).json()
    return found


# ---------------------------------------------------------------------- the server


def test_a_run_tells_of_new_lines_and_of_its_end(viewer: Viewer, start_running: StartRunning) -> None:
    """The first event says how the run is; each line makes it longer, and the end changes its status."""
    run = start_running()
    with events(viewer, f"run:{run.key}") as came:
        first = came.wait_for(f"run:{run.key}")[0]
        assert first["status"] == "Running"
        run.log("loss", 0.5, step=1)
        second = came.wait_for(f"run:{run.key}", 2)[-1]
        assert second["bytes"] > first["bytes"]
        run.end()
        wait_until(lambda: came.of(f"run:{run.key}")[-1]["status"] == "Completed", "the run is completed")


def test_a_killed_run_is_told(viewer: Viewer, start_running: StartRunning) -> None:
    """A process that dies leaves no line behind; that it died is told all the same."""
    run = start_running()
    with events(viewer, f"run:{run.key}", "runs") as came:
        came.wait_for(f"run:{run.key}")
        run.kill()
        wait_until(lambda: came.of(f"run:{run.key}")[-1]["status"] == "NotResponding", "it is not responding")
        wait_until(lambda: run.key in came.of("runs")[-1]["changed"], "the list is told")


def test_the_list_tells_of_runs_that_come_change_and_go(viewer: Viewer, start_running: StartRunning) -> None:
    """A new run, new lines of it, a tag of an ended one, and a deleted folder are all named."""
    (old,) = keys(viewer.root, "demo")
    with events(viewer, "runs") as came:
        assert came.wait_for("runs")[0]["changed"] == []
        run = start_running("fresh")
        wait_until(lambda: any(run.key in event["changed"] for event in came.of("runs")), "the run is named")
        count = len(came.of("runs"))
        run.log("loss", 1.0)
        wait_until(lambda: any(run.key in event["changed"] for event in came.of("runs")[count:]), "its line is told")
        with changed_manifest(viewer.root / old) as manifest:
            manifest.tags["new"] = "tag"
        wait_until(lambda: any(old in event["changed"] for event in came.of("runs")), "the tag is told")
        count = len(came.of("runs"))
        shutil.rmtree(viewer.root / old)
        wait_until(lambda: any(old in event["changed"] for event in came.of("runs")[count:]), "it is gone")


def test_a_deleted_run_says_so(viewer: Viewer) -> None:
    """A run that is deleted while it is shown is told as Deleted, and nothing fails."""
    (key,) = keys(viewer.root, "demo")
    with events(viewer, f"run:{key}") as came:
        came.wait_for(f"run:{key}")
        shutil.rmtree(viewer.root / key)
        wait_until(lambda: came.of(f"run:{key}")[-1]["status"] == "Deleted", "it is told")
    assert viewer.stop() == ""


def test_a_root_that_comes_later(start_viewer: StartViewer, tmp_path: Path, made_root: Path) -> None:
    """A root that was not there when the viewer started is seen when it comes."""
    viewer = start_viewer(tmp_path / "later")
    with events(viewer, "runs") as came:
        came.wait_for("runs")
        shutil.copytree(made_root, tmp_path / "later")
        wait_until(lambda: {*keys(made_root)} == {key for e in came.of("runs") for key in e["changed"]}, "all came")


def test_a_client_comes_back_with_its_id(viewer: Viewer, start_running: StartRunning) -> None:
    """With the id of its last event a client gets the runs that changed meanwhile, once."""
    with events(viewer, "runs") as came:
        came.wait_for("runs")
    last = came.seen[-1][1]
    run = start_running("meanwhile")
    with events(viewer, "runs", since=last) as again:
        wait_until(lambda: again.of("runs"), "it is told how it is")
        assert again.seen[0][0] == "hello"
        wait_until(lambda: run.key in {key for e in again.of("runs") for key in e["changed"]}, "it is told")


@pytest.mark.parametrize("since", ["00000000-3", "x", "-", "1-1-1", "é"])
def test_an_id_of_another_server_resets(viewer: Viewer, since: str) -> None:
    """Who comes with an id that means nothing here is told to ask for everything."""
    with events(viewer, "runs", since=since) as came:
        came.wait_for("runs")
        assert came.seen[0][0] == "reset"


def test_odd_topics_are_left_out(viewer: Viewer) -> None:
    """What names no run is not watched, and never meets a path."""
    odd = ["run:../..", "run:a/../b", "run:", "run:a", "x", "", "run:a/b/c", "run:/etc/passwd"]
    assert not [topic for topic in odd if is_topic(topic)]
    with events(viewer, "runs", *odd) as came:
        came.wait_for("runs")
        assert facts(viewer)["topics"] == ["runs"]


def test_a_client_that_goes_is_forgotten(viewer: Viewer) -> None:
    """The server counts who watches; when all are gone nobody is counted."""
    with events(viewer, "runs") as first, events(viewer, "runs") as second:
        first.wait_for("runs")
        second.wait_for("runs")
        assert facts(viewer)["clients"] == 2
    wait_until(lambda: facts(viewer)["clients"] == 0, "nobody watches")


def test_fifty_idle_runs_are_silent(viewer: Viewer) -> None:
    """While nothing happens, nothing is sent but a word now and then: here nothing in eight looks at fifty runs."""
    for _ in range(50):
        with start_run("idle", root=viewer.root, capture=False, environment=False) as run:
            run.log("loss", 1)
    topics = [f"run:{key}" for key in keys(viewer.root, "idle")]
    with events(viewer, "runs", *topics) as came:
        wait_until(lambda: len(came.seen) >= 52, "all are told")
        before = came.size
        with start_run("other", root=viewer.root, capture=False):
            wait_until(lambda: len(came.of("runs")) > 1, "another run is told")
        assert not [topic for topic in topics if len(came.of(topic)) > 1]
        assert came.size - before < 2000


def test_the_looks_of_many_runs_cost_little(tmp_path: Path) -> None:
    """A look at 2,000 ended runs reads no manifest again and asks for 200 facts of files at most."""
    with start_run("many", root=tmp_path, capture=False, environment=False) as run:
        run.log("loss", 1)
    for number in range(2000):
        copy = run.path.with_name(f"{run.path.name}-{number:04}")
        copy.mkdir()
        shutil.copy(run.path / "run.json", copy)
    looks = RootLook(tmp_path)
    for _ in range(10):
        assert looks.look() == set()
    assert not looks._unread
    assert not looks._open
    before = list(looks._ended)
    assert looks.look() == set()
    assert list(looks._ended) == before[200:] + before[:200]
    looks.touch("many/x")
    assert looks.look() == {"many/x"}


def test_a_run_look_notices_each_kind_of_change(tmp_path: Path) -> None:
    """Lines, further writers' files, the manifest and the end of the folder are changes; a second look is none."""
    with start_run("one", root=tmp_path, capture=False, environment=False) as run:
        look = RunLook(run.path)
        assert look.look()
        assert not look.look()
        run.log("loss", 1)
        assert look.look()
        (run.path / "metrics.rank1.jsonl").write_bytes(b"{}\n")
        assert look.look()
        run.tag("a", "b")
        assert look.look()
        assert not look.look()
    assert look.look()
    assert look.state is not None
    assert look.state.status == "Completed"


# ---------------------------------------------------------------------- the tabs


def seen(page: Page) -> list[dict[str, Any]]:
    """Return what a stub page was told."""
    found: list[dict[str, Any]] = page.evaluate("window.seen ?? []")
    return found


def wait_for_seen(page: Page, count: int = 1, of: str = "") -> None:
    """Wait until a stub page was told so much, and the last of it is of a kind of topic."""
    wait_until(
        lambda: len(seen(page)) >= count and any(e["topic"].startswith(of) for e in seen(page)[count - 1 :]),
        f"a tab is told {count} times",
    )


def is_live(page: Page) -> bool:
    """Tell what the light in the frame says."""
    return page.locator(".connection").get_attribute("data-live") == "true"


def wait_for_light(page: Page, *, live: bool) -> None:
    """Wait until the light in the frame says so."""
    wait_until(lambda: is_live(page) == live, f"live is {live}")


def test_two_tabs_share_one_connection(
    made_root: Path, start_stub: StartViewer, start_running: StartRunning, new_tab: NewTab, noise: Noise
) -> None:
    """Two tabs on different things have one EventSource between them; each is told what it watches, and only that."""
    viewer = start_stub(made_root)
    run, other = start_running("a"), start_running("b")
    tabs = [new_tab(), new_tab()]
    tabs[0].goto(viewer.at(topics=f"run:{run.key}"))
    tabs[1].goto(viewer.at(topics=f"run:{other.key}"))
    for tab in tabs:
        wait_for_seen(tab)
        assert seen(tab)[0]["reset"] is True
        assert is_live(tab)
    assert facts(viewer)["clients"] == 1
    assert facts(viewer)["topics"] == sorted([f"run:{run.key}", f"run:{other.key}"])
    other.log("loss", 1.0)
    wait_until(lambda: len(seen(tabs[1])) == 2, "the other tab is told")
    assert len(seen(tabs[0])) == 1
    assert noise.errors == []


def test_the_lead_passes_on(
    made_root: Path, start_stub: StartViewer, start_running: StartRunning, new_tab: NewTab
) -> None:
    """When the tab that holds the connection is closed, another takes over and misses nothing."""
    viewer, run = start_stub(made_root), start_running()
    first, second = new_tab(), new_tab()
    first.goto(viewer.at())
    wait_until(lambda: seen(first), "the first tab leads")
    second.goto(viewer.at(topics=f"runs,run:{run.key}"))
    wait_until(lambda: len(seen(second)) == 2, "the second tab is told how it is")
    first.close()
    run.log("loss", 1.0)
    wait_until(lambda: [e for e in seen(second)[2:] if e["topic"] == f"run:{run.key}"], "the run's line is told")
    wait_until(lambda: facts(viewer)["clients"] == 1, "one connection is left")
    newcomer = start_running("fresh")
    wait_until(lambda: any(newcomer.key in e.get("changed", []) for e in seen(second)), "a new run is told")


def test_eight_tabs_live_at_once(
    made_root: Path, start_stub: StartViewer, start_running: StartRunning, new_tab: NewTab, noise: Noise
) -> None:
    """Eight tabs of one browser load and are told of each line: they do not use up its connections."""
    viewer, run = start_stub(made_root), start_running()
    tabs = [new_tab() for _ in range(8)]
    for tab in tabs:
        tab.goto(viewer.at(topics=f"run:{run.key},runs"))
    for tab in tabs:
        wait_for_seen(tab, 2)
    assert facts(viewer)["clients"] == 1
    run.log("loss", 1.0)
    for tab in tabs:
        wait_for_seen(tab, 3, of="run:")
    assert tabs[7].evaluate("fetch('api/root').then((answer) => answer.status)") == 200
    assert noise.errors == []


def test_a_restart_of_the_server_resumes(
    made_root: Path, start_stub: StartViewer, start_running: StartRunning, new_tab: NewTab
) -> None:
    """A server that comes back at the same port with the same token goes on; both tabs are told to ask again."""
    viewer, run = start_stub(made_root), start_running()
    tabs = [new_tab(), new_tab()]
    for tab in tabs:
        tab.goto(viewer.at(topics=f"run:{run.key}"))
    for tab in tabs:
        wait_for_seen(tab)
    viewer.stop()
    for tab in tabs:
        wait_for_light(tab, live=False)
    run.log("loss", 1.0)
    again = start_stub(made_root, port=viewer.port)
    assert again.port == viewer.port
    for tab in tabs:
        wait_for_light(tab, live=True)
        wait_for_seen(tab, 2)
        assert seen(tab)[1]["reset"] is True
        assert seen(tab)[1]["bytes"] > seen(tab)[0]["bytes"]
    count = len(seen(tabs[1]))
    run.log("loss", 0.5)
    wait_until(lambda: len(seen(tabs[1])) > count, "it goes on")


def test_what_nobody_watches_any_more_is_let_go(made_root: Path, start_stub: StartViewer, new_tab: NewTab) -> None:
    """A tab that goes elsewhere frees its topic with the next one that is wanted."""
    viewer = start_stub(made_root)
    one, two = [f"run:{key}" for key in keys(made_root, "ridge")[:2]]
    page = new_tab()
    page.goto(viewer.at(topics=one))
    wait_until(lambda: facts(viewer)["topics"] == [one], "one is watched")
    page.goto(viewer.at(topics=two))
    wait_until(lambda: facts(viewer)["topics"] == [two], "the other is watched")
    page.close()
    wait_until(lambda: facts(viewer)["clients"] == 0, "nobody watches")


def test_a_hidden_tab_gets_the_last_word_only(
    made_root: Path, start_stub: StartViewer, start_running: StartRunning, new_tab: NewTab
) -> None:
    """What comes while a tab is hidden is given once, when it is seen again."""
    viewer, run = start_stub(made_root), start_running()
    page = new_tab()
    page.goto(viewer.at(topics=f"run:{run.key}"))
    wait_until(lambda: seen(page), "it is told how it is")
    hide = "(is) => { Object.defineProperty(document, 'hidden', { value: is, configurable: true });"
    page.evaluate(hide + "document.dispatchEvent(new Event('visibilitychange')); }", True)
    with events(viewer, f"run:{run.key}") as came:
        for number in range(3):
            run.log("loss", 1.0)
            came.wait_for(f"run:{run.key}", number + 2)
    assert len(seen(page)) == 1
    page.evaluate(hide + "document.dispatchEvent(new Event('visibilitychange')); }", False)
    wait_until(lambda: len(seen(page)) == 2, "it is told once")
    assert seen(page)[1]["bytes"] == came.of(f"run:{run.key}")[-1]["bytes"]


def test_without_locks_each_tab_has_its_own(
    made_root: Path, start_stub: StartViewer, context: BrowserContext, new_tab: NewTab
) -> None:
    """A page that gets no Web Locks connects by itself."""
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });")
    viewer = start_stub(made_root)
    tabs = [new_tab(), new_tab()]
    for tab in tabs:
        tab.goto(viewer.at())
        wait_for_seen(tab)
    assert facts(viewer)["clients"] == 2


def test_the_events_end_at_once_with_the_server(viewer: Viewer) -> None:
    """An open stream does not hold up the end of the server: its connection is closed, and nothing is said."""
    with events(viewer, "runs") as came:
        came.wait_for("runs")
        assert viewer.stop() == ""
        came._thread.join(PATIENCE_S)
        assert not came._thread.is_alive()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", viewer.port), timeout=5)
