"""The viewer's pages through what stands between a server and a browser: OpenSSH and jupyter-server-proxy."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integrations.jupyter import BASE_PATH, TOKEN, Jupyter
from tests.integrations.ssh import SshServer, accepts, free_port
from tests.viewer.conftest import Noise, StartRunning, StartViewer, Viewer, keys, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page


def look_at_pages(page: Page, base: str, viewer: Viewer, start_running: StartRunning) -> None:
    """Walk from the runs to a run and see a new point come, all below one URL.

    Args:
        page: a page.
        base: the URL of the viewer as the browser knows it; ends in "/".
        viewer: the viewer.
        start_running: starts a run.
    """
    page.goto(f"{base}?token={viewer.token}")
    row = page.get_by_role("row").filter(has_text="ridge 0.01")
    row.wait_for()
    assert "token=" not in page.url
    page.goto(f"{base}?view=run&run={keys(viewer.root, 'ridge')[0]}")
    page.wait_for_selector(".chart-card[data-ready]")
    running = start_running()
    running.log("loss", 0.5, step=0)
    page.goto(f"{base}?view=run&run={running.key}")
    figures = page.locator(".card-figures").first
    page.wait_for_selector(".chart-card[data-ready]")
    assert "0.5" in figures.inner_text()
    page.evaluate("window.isSamePage = true")
    running.log("loss", 0.375, step=1)
    page.wait_for_function("() => document.querySelector('.card-figures').textContent.includes('0.375')")
    assert page.evaluate("window.isSamePage")


@contextmanager
def tunnel(server: SshServer, to: int) -> Iterator[int]:
    """Give the port of a tunnel to a port of the loopback."""
    own = free_port()
    command = server.command("-N", "-L", f"{own}:127.0.0.1:{to}")
    client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: client.poll() is None and accepts(own), "the tunnel is open")
        yield own
    finally:
        client.terminate()
        client.wait()


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_pages_through_a_tunnel_of_ssh(
    viewer: Viewer, page: Page, noise: Noise, start_running: StartRunning, tmp_path: Path, name: str
) -> None:
    """Through ``ssh -L`` on another port the pages work and stay live; nothing is asked of the viewer's own port."""
    place = tmp_path / "ssh"
    place.mkdir()
    with SshServer(place) as server, tunnel(server, viewer.port) as port:
        assert port != viewer.port
        base = f"http://{name}:{port}/"
        look_at_pages(page, base, viewer, start_running)
        page.goto("about:blank")
        assert [url for url in noise.requests if not url.startswith((base, "data:", "blob:", "about:"))] == []
    assert noise.errors == []


@pytest.mark.parametrize("has_prefix", [True, False], ids=["prefix", "plain"])
def test_pages_behind_jupyter_server_proxy(
    jupyter: Jupyter,
    made_root: Path,
    start_viewer: StartViewer,
    page: Page,
    noise: Noise,
    start_running: StartRunning,
    has_prefix: bool,
) -> None:
    """Below ``/user/me/proxy/PORT/`` of a Jupyter server the pages work and stay live, with a prefix and without."""
    if importlib.util.find_spec("jupyter_server_proxy") is None:
        pytest.skip("jupyter-server-proxy is not installed: pip install 'runlogging[integrations]'")
    port = free_port()
    viewer = start_viewer(made_root, *(["--prefix", f"{BASE_PATH}proxy/{port}"] if has_prefix else []), port=port)
    base = f"{jupyter.url}proxy/{viewer.port}/"
    page.goto(f"{jupyter.url}api/status?token={TOKEN}")  # the browser is known to Jupyter from here on
    noise.requests.clear()
    noise.errors.clear()
    look_at_pages(page, base, viewer, start_running)
    assert [url for url in noise.requests if not url.startswith((base, "data:", "blob:"))] == []
    assert noise.errors == []
