"""A tiny ASGI application behind uvicorn with its default configuration of logging."""

import logging

import uvicorn

log = logging.getLogger("site")


async def app(scope, receive, send):
    """Answer every request; log to a logger that nobody configured."""
    if scope["type"] == "lifespan":
        while True:
            event = await receive()
            await send({"type": f"{event['type']}.complete"})
            if event["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/fail":
        raise ZeroDivisionError("on purpose")
    log.warning("asked for %s", scope["path"])
    log.info("below the level of the root logger")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello\n"})


if __name__ == "__main__":
    uvicorn.run(app, port=0)
