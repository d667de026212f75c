"""Server-Sent Events: they say that something came; the pages then ask for it by their cursors.

``api/events?topic=runs&topic=run:experiment/id`` sends, as ``change`` events, at first one event of each topic as it is
now, and then what changes::

    {"topic": "runs", "changed": ["experiment/id", ...], "seq": 7}
    {"topic": "run:experiment/id", "status": "Running", "bytes": 1234, "manifest": "9f3a", "seq": 8}

``seq`` counts the events of this server. An id is ``epoch-seq``; whoever comes back with one (``Last-Event-ID``, or
``since=`` of the query) gets the runs that changed meanwhile. With the id of another server, or one too old, it first
gets an event ``reset``: whatever is shown has to be asked for once more. ``beat`` events and comments come every 15
seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from runlogging.viewer._hub import Client, Hub
    from runlogging.viewer._state import State

BEAT_S = 15.0
# A page cannot see a comment, and without an event it would take a dead tunnel for a quiet one.
_BEAT = b": beat\nevent: beat\ndata: 1\n\n"


def routes(state: State) -> list[Route]:
    """Return what answers ``api/events`` and ``api/live``."""
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    from runlogging.viewer._answers import answering

    async def events(request: Request) -> Response:
        last_id = request.headers.get("last-event-id") or request.query_params.get("since", "")
        client, is_lost = state.hub.join(request.query_params.getlist("topic"), last_id)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_stream(state.hub, client, is_lost), 200, headers, "text/event-stream")

    return [
        Route("/api/events", events),
        Route("/api/live", answering(lambda _: state.hub.facts())),
    ]


async def _stream(hub: Hub, client: Client, is_lost: bool) -> AsyncIterator[bytes]:
    try:
        # Who comes back keeps its id until it has what it missed.
        event_id = f"{hub.epoch}-{hub.number if client.since is None else client.since}"
        yield event_text("reset" if is_lost else "hello", {"epoch": hub.epoch}, event_id)
        while (events := await client.wait(BEAT_S)) is not None:
            for event in events:
                yield event_text("change", event, f"{hub.epoch}-{event['seq']}")
            if not events:
                yield _BEAT
    finally:
        hub.leave(client)


def event_text(name: str, data: Any, event_id: str) -> bytes:
    """Return an event as it goes over the wire; JSON has no newlines of its own."""
    return b"event: %s\nid: %s\ndata: %s\n\n" % (name.encode(), event_id.encode(), msgspec.json.encode(data))
