"""The one watcher of a viewer: a thread that looks while somebody watches, and tells each client what is new for it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runlogging._errors import RunLoggingError
from runlogging.folder import check_experiment, check_identifier
from runlogging.viewer._looks import RootLook, RunLook

if TYPE_CHECKING:
    from pathlib import Path

_logger = logging.getLogger("runlogging")

LOOK_S = 0.25
RUNS = "runs"
MOST_TOPICS = 500
_RUN = "run:"
_KEPT_CHANGES = 500
_KEPT_LOOKS = 1_000


class Client:
    """A browser that watches.

    Args:
        topics: "runs", and "run:experiment/id".
        since: the number of the last event that it has, or None.
    """

    def __init__(self, topics: Iterable[str], since: int | None) -> None:
        self.topics = frozenset(topics)
        self.since = since
        self.is_new = True
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._waiting: dict[str, dict[str, Any]] = {}
        self._is_ended = False

    async def wait(self, timeout_s: float) -> list[dict[str, Any]] | None:
        """Return what is new, at most one event a topic; nothing after a time without news; None at the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), timeout_s)
        self._ready.clear()
        if self._is_ended:
            return None
        events, self._waiting = list(self._waiting.values()), {}
        # What can be missed comes first: an id that was seen stands for all events before it.
        return sorted(events, key=lambda event: (event["topic"] != RUNS, event["seq"]))

    def tell(self, events: list[dict[str, Any]]) -> None:
        """Hand events over; from any thread. A client that is slow gets the last one of each topic."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._take, events)

    def end(self) -> None:
        """Let `wait` return None."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._end)

    def _take(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            earlier = self._waiting.get(event["topic"])
            if earlier and event["topic"] == RUNS:
                event = {**event, "changed": sorted({*earlier["changed"], *event["changed"]})}
            self._waiting[event["topic"]] = event
        if events:
            self._ready.set()

    def _end(self) -> None:
        self._is_ended = True
        self._ready.set()


class Hub:
    """Knows who watches what.

    Args:
        root: the root of the runs.

    Attributes:
        epoch: names this server; the numbers of events are good within it.
        number: the number of the last event.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.epoch = secrets.token_hex(4)
        self.number = 0
        self._clients: set[Client] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._runs = RootLook(root)
        self._looks: dict[str, RunLook] = {}
        self._changes: deque[tuple[int, frozenset[str]]] = deque(maxlen=_KEPT_CHANGES)

    def join(self, topics: Iterable[str], last_id: str) -> tuple[Client, bool]:
        """Let a client watch; call it in the client's event loop.

        Args:
            topics: what it watches; what can be no topic is left out, and so is what is beyond `MOST_TOPICS`.
            last_id: the id of the last event that it has, or "".

        Returns:
            The client, and whether its id is of another server or too old, so that it cannot know what it missed.
        """
        since = self._since(last_id)
        client = Client([topic for topic in topics if is_topic(topic)][:MOST_TOPICS], since)
        with self._lock:
            if self._is_closed:
                client.end()
                return client, False
            self._clients.add(client)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="runlogging view", daemon=True)
                self._thread.start()
        self._wake.set()
        return client, bool(last_id) and since is None

    def leave(self, client: Client) -> None:
        """Let a client go; after the last one nothing is looked at."""
        with self._lock:
            self._clients.discard(client)
        self._wake.set()

    def touch(self, key: str) -> None:
        """Say that a run was changed by this viewer."""
        self._runs.touch(key)
        self._wake.set()

    def close(self) -> None:
        """End all clients at once."""
        with self._lock:
            self._is_closed = True
            clients, self._clients = self._clients, set()
        for client in clients:
            client.end()
        self._wake.set()

    def facts(self) -> dict[str, Any]:
        """Return who watches: how many browsers, and what."""
        with self._lock:
            topics = sorted({topic for client in self._clients for topic in client.topics})
            return {"epoch": self.epoch, "clients": len(self._clients), "topics": topics}

    def _since(self, last_id: str) -> int | None:
        epoch, _, number = last_id.partition("-")
        if epoch != self.epoch or not number.isdecimal() or len(number) > 15:
            return None
        oldest = self._changes[0][0] if len(self._changes) == _KEPT_CHANGES else 0
        return int(number) if int(number) >= oldest else None

    def _watch(self) -> None:
        while True:
            self._wake.wait(LOOK_S)
            self._wake.clear()
            with self._lock:
                clients = list(self._clients)
                if not clients:
                    self._thread = None
                    return
            try:
                self._look(clients)
            except Exception as error:  # the watcher must live on; the next look may be better
                _logger.error("watching failed once: %s: %s", type(error).__name__, error)

    def _look(self, clients: list[Client]) -> None:
        topics = frozenset().union(*(client.topics for client in clients))
        changed: dict[str, dict[str, Any]] = {}
        if RUNS in topics:
            runs = self._runs.look()
            if runs:
                self.number += 1
                self._changes.append((self.number, frozenset(runs)))
                changed[RUNS] = {"topic": RUNS, "changed": sorted(runs), "seq": self.number}
        for topic in topics - {RUNS}:
            if self._look_of(topic).look():
                self.number += 1
                changed[topic] = self._event(topic)
        for client in clients:
            self._tell(client, changed)

    def _tell(self, client: Client, changed: dict[str, dict[str, Any]]) -> None:
        if not client.is_new:
            client.tell([changed[topic] for topic in client.topics if topic in changed])
            return
        # The first word on each topic says how it is now: what a page asks for afterwards has no gap.
        client.is_new = False
        client.tell([self._first(topic, client.since) for topic in sorted(client.topics)])

    def _first(self, topic: str, since: int | None) -> dict[str, Any]:
        if topic != RUNS:
            return self._event(topic)
        missed = [runs for number, runs in self._changes if since is not None and number > since]
        return {"topic": RUNS, "changed": sorted(frozenset().union(*missed)), "seq": self.number}

    def _look_of(self, topic: str) -> RunLook:
        look = self._looks.pop(topic, None) or RunLook(self._root / topic.removeprefix(_RUN))
        self._looks[topic] = look
        if len(self._looks) > _KEPT_LOOKS:
            del self._looks[next(iter(self._looks))]
        return look

    def _event(self, topic: str) -> dict[str, Any]:
        state = self._looks[topic].state
        facts = {"status": state.status, "bytes": state.bytes} if state else {}
        manifest = format(hash(state.manifest) & 0xFFFFFFFF, "x") if state else ""
        return {"topic": topic, **facts, "manifest": manifest, "seq": self.number}


def is_topic(text: str) -> bool:
    """Tell whether a text names something to watch; a run's name is checked before it meets a path."""
    if text == RUNS:
        return True
    experiment, _, name = text.removeprefix(_RUN).partition("/")
    try:
        check_experiment(experiment)
        check_identifier(name, "run id")
    except RunLoggingError:
        return False
    return text.startswith(_RUN)
