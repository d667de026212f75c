"""A real viewer on the loopback over made runs, and Debian's Chromium to look at it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from tests.conftest import SOURCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

CHROMIUM = "/usr/bin/chromium"
TOKEN = "a-token-for-tests"
PATIENCE_S = 30
_LEFT_OUT = ("RUNLOGGING_RUN", "RUNLOGGING_ROOT", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def _environment(**more: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name not in _LEFT_OUT}
    return {**kept, "PYTHONPATH": str(SOURCE), **more}


# ---------------------------------------------------------------------- runs


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "runs"
    command = [sys.executable, "-m", "runlogging._demo", str(root)]
    subprocess.run(command, check=True, env=_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    program = """
import sys
import runlogging
for experiment, rate in [("ridge", 0.1), ("ridge", 0.01), ("lasso", 0.1)]:
    with runlogging.start_run(experiment, root=sys.argv[1], name=f"{experiment} {rate}", tags={"rate": rate},
                              parameters={"rate": rate, "seed": 7}, capture=False) as run:
        for step in range(50):
            run.log("train/loss", 1 / (1 + rate * step), step=step)
            run.log("val/loss", 1.1 / (1 + rate * step), step=step)
try:
    with runlogging.start_run("ridge", root=sys.argv[1], name="broken", capture=False) as run:
        run.log("train/loss", float("nan"), step=0)
        raise ZeroDivisionError("it went wrong")
except ZeroDivisionError:
    pass
"""
    subprocess.run([sys.executable, "-c", program, str(root)], check=True, env=_environment())
    return root


@pytest.fixture
def made_root(_template: Path, tmp_path: Path) -> Path:
    """Give a root of its own with five runs: one of "demo", three of "ridge" (one Failed), one of "lasso"."""
    root = tmp_path / "runs"
    shutil.copytree(_template, root)
    return root


def keys(root: Path, experiment: str = "*") -> list[str]:
    """Return ``experiment/id`` of the runs below a root, oldest first within each experiment."""
    return sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in root.glob(f"{experiment}/*/run.json"))


_RUNNER = """
import json, logging, sys
import runlogging

logging.basicConfig(level="DEBUG", handlers=[logging.NullHandler()])
root, experiment, name = sys.argv[1:]
with runlogging.start_run(experiment, root=root, name=name) as run:
    print(run.path, flush=True)
    for text in sys.stdin:
        order = json.loads(text)
        if order["do"] == "end":
            break
        if order["do"] == "log":
            run.log_metrics(order["metrics"], step=order["step"])
        elif order["do"] == "say":
            logging.getLogger("train").log(order["level"], "%s", order["message"])
        elif order["do"] == "tag":
            run.tag(order["name"], order["value"])
        elif order["do"] == "raise":
            raise RuntimeError(order["message"])
        print("done", flush=True)
"""


@dataclass
class RunningRun:
    """A run that is open in a process of its own, and logs what it is told to.

    Attributes:
        path: its folder.
        process: the process that writes it.
    """

    path: Path
    process: subprocess.Popen[str]

    @property
    def key(self) -> str:
        """``experiment/id``."""
        return f"{self.path.parent.name}/{self.path.name}"

    def log(self, name: str, value: float, step: int | None = None) -> None:
        """Log a number; it is in the file when this returns."""
        self._order(do="log", metrics={name: value}, step=step)

    def say(self, message: str, level: int = 20) -> None:
        """Log a diagnostic; it is in the file when this returns."""
        self._order(do="say", message=message, level=level)

    def tag(self, name: str, value: str) -> None:
        """Set a tag."""
        self._order(do="tag", name=name, value=value)

    def end(self) -> None:
        """Complete the run and wait for its process."""
        self._finish(do="end")

    def fail(self, message: str = "boom") -> None:
        """Let an exception end the run."""
        self._finish(do="raise", message=message)

    def kill(self) -> None:
        """Kill its process: the run gets no end."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        """Free what is left of the process."""
        self.process.kill()
        self.process.communicate()

    def _order(self, **order: Any) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def _finish(self, **order: Any) -> None:
        self.process.communicate(json.dumps(order) + "\n", timeout=PATIENCE_S)


StartRunning = Callable[..., RunningRun]


@pytest.fixture
def start_running(made_root: Path) -> Iterator[StartRunning]:
    """Give a function that opens a run in a process of its own, which ends with the test at the latest."""
    started: list[RunningRun] = []

    def start(experiment: str = "live", name: str = "now", root: Path = made_root) -> RunningRun:
        command = [sys.executable, "-c", _RUNNER, str(root), experiment, name]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=_environment(),
        )
        assert process.stdout is not None
        started.append(RunningRun(Path(process.stdout.readline().rstrip("\n")), process))
        return started[-1]

    yield start
    for run in started:
        run.close()


# ---------------------------------------------------------------------- the server


@dataclass
class Viewer:
    """A viewer in a process of its own.

    Attributes:
        root: the root that it shows.
        url: the URL that it printed, with the token.
        base: the URL of the page without the token; ends in "/".
        token: the token.
        port: where it listens.
        process: the process.
    """

    root: Path
    url: str
    token: str
    process: subprocess.Popen[str]

    @property
    def base(self) -> str:
        return self.url.partition("?")[0]

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80

    def at(self, **state: str) -> str:
        """Return the URL of a view with the token: viewer.at(view="run", run="demo/..."); state goes into the query."""
        return f"{self.base}?{urlencode({'token': self.token, **state})}"

    def stop(self) -> str:
        """End the process as a service manager would, and return what it wrote on stderr."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()

    def wait(self) -> str:
        """Wait for the end of the process; return what it wrote on stderr."""
        try:
            _, errors = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, errors = self.process.communicate()
        return errors


StartViewer = Callable[..., Viewer]


@pytest.fixture
def start_viewer() -> Iterator[StartViewer]:
    """Give a function that starts a viewer of a root, with options of the command, a token ("": its own), variables."""
    started: list[Viewer] = []

    def start(root: Path, *options: str, token: str = TOKEN, port: int = 0, **environment: str) -> Viewer:
        command = [sys.executable, "-m", "runlogging", "view", str(root), "--no-browser", "--port", str(port), *options]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(**({"RUNLOGGING_VIEW_TOKEN": token} if token else {}), **environment),
        )
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if "token=" not in url:
            process.kill()
            raise AssertionError(f"the viewer did not start: {process.communicate()[1]}")
        started.append(Viewer(root, url, token, process))
        return started[-1]

    yield start
    for viewer in started:
        viewer.stop()


@pytest.fixture
def viewer(made_root: Path, start_viewer: StartViewer) -> Viewer:
    """Give a viewer of `made_root`."""
    return start_viewer(made_root)


@pytest.fixture
def client(viewer: Viewer) -> Iterator[httpx.Client]:
    """Give an HTTP client of the viewer that has its cookie: client.get("api/runs").json()."""
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as made:
        assert made.get(viewer.url).status_code == 200
        yield made


_STUB = """
import sys
from pathlib import Path
from runlogging.viewer import Settings, create_app
from runlogging.viewer._serve import bound_socket, serve, url_of
root, static, port, token = sys.argv[1:]
listener = bound_socket("127.0.0.1", int(port))
settings = Settings(Path(root), token, listener.getsockname()[1], static=Path(static))
print(url_of(settings), flush=True)
serve(create_app(settings), listener, lambda line: print(line, file=sys.stderr))
"""
# What a page gets to know is in window.seen; topics=a,b of the URL are watched, else "runs".
_STUB_PAGE = """
import { h } from "../base/dom.js";
import { watch } from "../base/live.js";
window.seen = [];
export function show(container, state) {
  container.append(h("p", { id: "stub" }, JSON.stringify(state)));
  const topics = (state.topics ?? "runs").split(",");
  const stops = topics.map((topic) => watch(topic, (event) => window.seen.push(event)));
  return { update() {}, dispose() { for (const stop of stops) stop(); } };
}
"""
PAGES = Path(__file__).parent.parent.parent / "viewer" / "src"


@pytest.fixture
def start_stub(tmp_path: Path) -> Iterator[StartViewer]:
    """Give a function that starts a viewer of a root whose pages are stubs in the real frame."""
    static, started = tmp_path / "stub", []
    shutil.copytree(PAGES, static)
    shutil.copytree(SOURCE / "runlogging" / "viewer" / "static" / "vendor", static / "vendor")
    for name in ("runs", "run", "compare"):
        (static / "pages" / f"{name}.js").write_text(_STUB_PAGE, encoding="utf-8")
    for name in ("pages", "charts", "logs", "values"):
        (static / "style" / f"{name}.css").touch()

    def start(root: Path, *, token: str = TOKEN, port: int = 0) -> Viewer:
        command = [sys.executable, "-c", _STUB, str(root), str(static), str(port), token]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=_environment())
        assert process.stdout is not None
        started.append(Viewer(root, process.stdout.readline().strip(), token, process))
        return started[-1]

    yield start
    for viewer in started:
        viewer.stop()


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds; fail with what it is where that takes too long."""
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, f"waited in vain until {what}"
        time.sleep(0.02)


# ---------------------------------------------------------------------- the browser


@dataclass
class Noise:
    """What went wrong in the pages of a test.

    Attributes:
        errors: console errors, exceptions that nobody caught, requests that failed and answers from 400 on.
        requests: the URLs of all requests.
    """

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Collect what a page says from now on."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"console: {message.text}")

    def _answered(self, answer: Response) -> None:
        if answer.status >= 400:
            self.errors.append(f"{answer.status} {answer.url}")

    def _failed(self, request: Request) -> None:
        # A page that asks for something newer, or goes away, aborts what it asked before.
        if request.failure != "net::ERR_ABORTED":
            self.errors.append(f"failed: {request.url} {request.failure}")

    def outside(self, viewer: Viewer) -> list[str]:
        """Return the requests that went anywhere but to the viewer."""
        return [url for url in self.requests if not url.startswith((viewer.base, "data:", "blob:"))]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a headless Chromium, of a module: Playwright keeps an event loop in the thread, which other tests start."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a browser's profile of its own: tabs in it share cookies, storage and the one EventSource."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    made.set_default_timeout(PATIENCE_S * 1000)
    yield made
    made.close()


@pytest.fixture
def noise() -> Noise:
    """Give what is collected of the pages of this test."""
    return Noise()


NewTab = Callable[[], "Page"]


@pytest.fixture
def new_tab(context: BrowserContext, noise: Noise) -> NewTab:
    """Give a function that opens a tab in the browser of this test."""

    def make() -> Page:
        page = context.new_page()
        noise.watch(page)
        return page

    return make


@pytest.fixture
def page(new_tab: NewTab) -> Page:
    """Give a page; what it complains of is collected in `noise`."""
    return new_tab()


@pytest.fixture
def quiet_page(page: Page, noise: Noise) -> Iterator[Page]:
    """Give a page that must not complain: at the end there was no console error and no failed request in any tab."""
    yield page
    assert noise.errors == []


OpenRun = Callable[..., Viewer]


@pytest.fixture
def open_run(page: Page, start_viewer: StartViewer) -> OpenRun:
    """Give a function that opens the page of a run's folder, with a state, and waits for its first chart."""

    def opened(path: Path, **state: str) -> Viewer:
        viewer = start_viewer(path.parent.parent)
        page.goto(viewer.at(view="run", run=f"{path.parent.name}/{path.name}", **state))
        page.wait_for_selector(".chart-card[data-ready]")
        return viewer

    return opened
