"""The widget's page in a real browser, with a stand-in for the notebook's model."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runlogging import Run, open_run, start_run
from runlogging.notebook._watch import RunWatch
from tests.conftest import SOURCE

playwright = pytest.importorskip("playwright.sync_api", reason="pip install 'runlogging[test]'")

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium")
SHIPPED = SOURCE / "runlogging" / "notebook"
HOSTILE = "</script><img src=x onerror='window.hacked = true'>"
# Bytes that begin at an odd place, as in the messages of a kernel.
PAGE = """<!doctype html><meta charset="utf-8">
<style>body BODY</style><style>CSS</style>
<script type="module">
const view = (text) => {
  const bytes = Uint8Array.from([1, 2, 3, ...Array.from(atob(text), (char) => char.charCodeAt(0))]);
  return new DataView(bytes.buffer, 3);
};
const known = (value) => {
  if (value?.bytes !== undefined) return view(value.bytes);
  if (Array.isArray(value)) return value.map(known);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, known(one)]));
  }
  return value;
};
const calls = {};
const model = { get: () => known(STATE), on: (name, call) => { calls[name] = call; } };
const source = new Blob([CODE], { type: "text/javascript" });
const widget = (await import(URL.createObjectURL(source))).default();
widget.initialize({ model });
// A notebook puts the element into the page after it was rendered.
const el = document.createElement("div");
window.leave = widget.render({ model, el });
document.body.append(el);
window.tell = (content, buffers) => calls["msg:custom"](content, known(buffers));
window.isReady = true;
</script>"""


def packed(value: Any) -> Any:
    """Return a state as JSON has it, bytes in base64."""
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: packed(one) for key, one in value.items()}
    return [packed(one) for one in value] if isinstance(value, list) else value


def script(value: Any) -> str:
    """Return a value as JSON that can stand in a script element."""
    return json.dumps(value).replace("<", "\\u003c")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Give a browser without a network."""
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Give a run with hostile names, a spike and what is not finite."""
    with start_run("page", tmp_path / "runs", name=HOSTILE) as started:
        for step in range(50):
            value = {10: math.nan, 12: math.nan, 20: math.inf, 30: 1e6}.get(step, 1 / (step + 1))
            started.log_metrics({"loss": value, HOSTILE: step}, step=step)
        yield started


def opened(browser: Any, watch: RunWatch, body: str = "") -> tuple[Any, list[str]]:
    """Return a page with the widget, and where its complaints go."""
    page = browser.new_page(viewport={"width": 800, "height": 400}, offline=True)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    filled = {
        "BODY": f"{{{body}}}",
        "CSS": (SHIPPED / "widget.css").read_text(encoding="utf-8"),
        "STATE": script(packed(watch.state())),
        "CODE": script((SHIPPED / "widget.js").read_text(encoding="utf-8")),
    }
    text = PAGE
    for key, value in filled.items():
        text = text.replace(key, value, 1)
    page.set_content(text)
    page.wait_for_function("window.isReady")
    return page, complaints


def test_points_appear_and_grow(browser: Any, run: Run) -> None:
    """The curves of the state are drawn, and what the kernel tells extends them; nothing is asked of the network."""
    watch = RunWatch(open_run(run.path))
    page, complaints = opened(browser, watch)
    assert page.locator("figure").count() == 2
    assert page.locator(".rl-value").all_inner_texts() == ["0.02", "49"]
    before = page.locator("figure svg > path:not(.rl-mark)").all()[1].get_attribute("d")
    run.log_metrics({"loss": 7.25, HOSTILE: 70}, step=90)
    news = watch.news()
    assert news is not None
    told = [news.content, packed(news.buffers)]
    for _ in range(2):  # one that comes twice counts once
        page.evaluate("([content, buffers]) => window.tell(content, buffers)", told)
    assert page.locator(".rl-value").all_inner_texts() == ["7.25", "70"]
    after = page.locator("figure svg > path:not(.rl-mark)").all()[1].get_attribute("d")
    assert after.count("L") == before.count("L") + 1
    page.evaluate("window.leave()")
    assert complaints == []
    page.close()


def test_texts_are_inert(browser: Any, run: Run) -> None:
    """Names are shown as they are, and none becomes an element."""
    page, complaints = opened(browser, RunWatch(open_run(run.path)))
    assert page.locator(".rl-name").all_inner_texts()[1] == HOSTILE
    assert page.locator("img").count() == 0
    assert page.evaluate("window.hacked") is None
    assert complaints == []
    page.close()


def test_what_is_not_finite_is_marked(browser: Any, run: Run) -> None:
    """Two NaN and an infinity are marks of their own, and the number between the NaN is a dot."""
    page, _ = opened(browser, RunWatch(open_run(run.path)))
    assert page.locator("figure").first.locator(".rl-mark title").all_text_contents() == [
        "NaN at 10",
        "NaN at 12",
        "Infinity at 20",
    ]
    assert page.locator("figure").first.locator("svg > circle").count() == 1
    assert "3 not finite" in page.locator("figure svg").first.get_attribute("aria-label")
    page.close()


def test_keys_move_a_cursor(browser: Any, run: Run) -> None:
    """Arrows, Home and End walk over the points, which the label says; Escape leaves."""
    page, _ = opened(browser, RunWatch(open_run(run.path)))
    chart = page.locator("figure svg").first
    chart.focus()
    said = []
    for key in ("Home", "ArrowRight", "End", "Escape"):
        page.keyboard.press(key)
        said.append(chart.get_attribute("aria-label"))
    assert said[:3] == ["loss: 1 at 0", "loss: 0.5 at 1", "loss: 0.02 at 49"]
    assert "last 0.02" in said[3]
    page.close()


@pytest.mark.parametrize(("ground", "which"), [("color:#222", "colour"), ("color:#ddd", "twin")])
def test_colours_follow_the_ground(browser: Any, run: Run, ground: str, which: str) -> None:
    """The run's colour is drawn where letters are dark, its lighter twin where they are light."""
    watch = RunWatch(open_run(run.path))
    page, _ = opened(browser, watch, ground)
    colour = watch.state()["facts"][which]
    page.wait_for_selector(f'figure svg > path[stroke="{colour}"]', state="attached", timeout=10_000)
    assert page.locator('figure svg > path[fill="none"]').first.get_attribute("stroke") == colour
    page.close()
