"""Downloads that are broken off, as the tests of the viewer try them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.viewer.conftest import PATIENCE_S, Viewer


@contextmanager
def broken_off(viewer: Viewer) -> Iterator[httpx.Client]:
    """Give a client that looks at a viewer, and check at the end that the viewer told of the end of a download.

    It says so in a line on its terminal, without a trace. The viewer is stopped.
    """
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        yield client
    errors = viewer.stop()
    assert "broken off" in errors
    assert "Traceback" not in errors


def break_off(client: httpx.Client, url: str, meanwhile: Callable[[], None]) -> None:
    """Download something, do something after the first bytes, and check that the end never comes."""
    with client.stream("GET", url) as answer:
        chunks = answer.iter_raw()
        next(chunks)
        meanwhile()
        with pytest.raises(httpx.RemoteProtocolError):
            list(chunks)
