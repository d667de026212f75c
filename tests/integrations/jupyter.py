"""A JupyterLab server in a process of its own, and its notebooks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import httpx

from tests.conftest import SOURCE
from tests.viewer.conftest import PATIENCE_S, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

TOKEN = "a-token-of-jupyter"
BASE_PATH = "/user/me/"


class Jupyter:
    """The server; use it in a ``with`` block.

    Args:
        base: an empty folder for all that Jupyter keeps.

    Attributes:
        root: the folder of its notebooks.
        port: where it listens.
    """

    def __init__(self, base: Path) -> None:
        self.root = base / "notebooks"
        self.root.mkdir()
        self._base, self._log = base, base / "server.log"
        self._process = self._started()
        self.port = 0

    def _started(self) -> subprocess.Popen[bytes]:
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": "0",
            "ServerApp.port_retries": "0",
            "ServerApp.root_dir": str(self.root),
            # As below a hub.
            "ServerApp.base_url": BASE_PATH,
            "IdentityProvider.token": TOKEN,
        }
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [*command, *(f"--{name}={value}" for name, value in options.items())],
                stdout=log,
                stderr=log,
                env=environment(self._base),
                cwd=self.root,
            )

    def __enter__(self) -> Jupyter:
        try:
            wait_until(self._is_ready, "JupyterLab listens")
        except BaseException:
            self._process.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_kernels()
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
        found = list((self._base / "runtime").glob("jpserver-*.json"))
        if not found:
            return False
        try:
            self.port = int(json.loads(found[0].read_text(encoding="utf-8"))["port"])
        except ValueError:  # it is being written
            return False
        return True

    @property
    def url(self) -> str:
        """The URL of the server; ends in "/"."""
        return f"http://127.0.0.1:{self.port}{BASE_PATH}"

    def ask(self, method: str, path: str) -> Any:
        """Ask the server's API; return the decoded answer."""
        headers = {"Authorization": f"token {TOKEN}"}
        answer = httpx.request(method, f"{self.url}api/{path}", headers=headers, timeout=PATIENCE_S)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def end_kernels(self) -> None:
        """End all kernels and forget their sessions."""
        for session in self.ask("GET", "sessions"):
            self.ask("DELETE", f"sessions/{session['id']}")

    def open(self, page: Page, name: str) -> None:
        """Open a notebook and wait until its cells are there."""
        page.goto(f"{self.url}lab/tree/{name}?token={TOKEN}&reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell")

    def wait_for_kernel(self, page: Page) -> None:
        """Wait until a kernel is there, and the page with it."""

        def is_idle() -> bool:
            page.wait_for_timeout(50)
            return [session["kernel"]["execution_state"] for session in self.ask("GET", "sessions")] == ["idle"]

        wait_until(is_idle, "the kernel is idle")
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")

    def write(self, name: str, book: Any) -> Path:
        """Write a notebook, as another program would: nobody trusts it."""
        from nbformat import write

        path = self.root / name
        write(book, path)  # type: ignore[no-untyped-call]
        return path


def environment(base: Path) -> dict[str, str]:
    """Return an environment in which Jupyter keeps everything below a folder, and python3 is this interpreter."""
    spec = base / "data" / "kernels" / "python3"
    spec.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": command, "display_name": "Python 3", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("JUPYTER", "RUNLOGGING"))}
    places = {f"JUPYTER_{kind.upper()}_DIR": str(base / kind) for kind in ("config", "data", "runtime")}
    return {
        **kept,
        **places,
        "PYTHONPATH": str(SOURCE),
        "IPYTHONDIR": str(base / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def without_network(context: BrowserContext) -> list[str]:
    """Refuse a browser everything but the loopback; return the list in which refused URLs will stand."""
    refused: list[str] = []

    def judge(route: Route) -> None:
        url = route.request.url
        if url.startswith(("http://127.0.0.1:", "http://localhost:", "file:", "data:", "blob:")):
            route.continue_()
        else:
            refused.append(url)
            route.abort()

    context.route("**/*", judge)
    return refused
