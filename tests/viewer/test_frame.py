"""The frame of the pages in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import RunScript
from tests.viewer.conftest import TOKEN, NewTab, Noise, StartViewer, Viewer, keys, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page


def test_the_real_page_loads_in_peace(viewer: Viewer, quiet_page: Page, noise: Noise) -> None:
    """The page of runs loads without an error and asks nobody but its viewer."""
    quiet_page.goto(viewer.url)
    wait_until(lambda: quiet_page.locator(".connection").get_attribute("data-live") == "true", "it is live")
    assert quiet_page.locator(".problem").count() == 0
    assert noise.outside(viewer) == []
    assert noise.requests


@pytest.mark.parametrize("view", ["run", "compare"])
def test_the_other_pages_load_in_peace(viewer: Viewer, quiet_page: Page, noise: Noise, view: str) -> None:
    """A run's page and the page of two runs load without an error."""
    runs = keys(viewer.root, "ridge")[:2]
    state = {"run": runs[0]} if view == "run" else {"runs": ",".join(runs)}
    quiet_page.goto(viewer.at(view=view, **state))
    wait_until(lambda: quiet_page.locator("main .waiting").count() == 0, "it is there")
    assert noise.outside(viewer) == []


def test_the_token_leaves_the_url(made_root: Path, start_stub: StartViewer, quiet_page: Page) -> None:
    """The token is in the URL for a moment only; a reload and the back button work without it."""
    viewer = start_stub(made_root)
    quiet_page.goto(viewer.at(view="runs", sort="name"))
    quiet_page.locator("#stub").wait_for()
    assert TOKEN not in quiet_page.url
    assert "sort=name" in quiet_page.url
    quiet_page.reload()
    quiet_page.locator("#stub").wait_for()
    assert TOKEN not in quiet_page.content()
    assert quiet_page.evaluate("document.cookie") == ""


def test_a_link_on_another_site_opens_the_page(
    made_root: Path, start_stub: StartViewer, page: Page, context: BrowserContext
) -> None:
    """A link from elsewhere opens the page at the first try, and a reload works."""
    viewer = start_stub(made_root)
    context.route(
        "http://elsewhere.example/",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<a href="{viewer.url}">open</a><img src="{viewer.base}static/icon.svg">'
        ),
    )
    page.goto("http://elsewhere.example/")
    page.locator("a").click()
    page.locator("#stub").wait_for()
    page.reload()
    page.locator("#stub").wait_for()


def test_a_wrong_token_shows_a_sentence(viewer: Viewer, page: Page) -> None:
    """A browser with a wrong token gets the sentence and no page."""
    page.goto(f"{viewer.base}?token=wrong")
    assert page.locator("body").inner_text().startswith("This needs the token.")
    assert page.locator("script").count() == 0


def test_theme_and_language_stay(made_root: Path, start_stub: StartViewer, quiet_page: Page) -> None:
    """The theme and the language that were chosen hold after a reload."""
    quiet_page.goto(start_stub(made_root).url)
    html = quiet_page.locator("html")
    assert (html.get_attribute("data-theme"), html.get_attribute("lang")) == ("auto", "en")
    for theme in ("light", "dark"):
        quiet_page.get_by_role("button", name="Theme").click()
        assert html.get_attribute("data-theme") == theme
    quiet_page.reload()
    quiet_page.get_by_role("button", name="日本語").click()
    quiet_page.get_by_role("button", name="テーマ").wait_for()
    quiet_page.reload()
    quiet_page.get_by_role("button", name="テーマ").wait_for()
    assert (html.get_attribute("data-theme"), html.get_attribute("lang")) == ("dark", "ja")
    ground = quiet_page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == "rgb(20, 23, 28)"


def test_the_keys_are_listed(made_root: Path, start_stub: StartViewer, quiet_page: Page) -> None:
    """`?` lists the keys, Escape closes the list."""
    quiet_page.goto(start_stub(made_root).url)
    quiet_page.locator("#stub").wait_for()
    quiet_page.keyboard.press("?")
    quiet_page.get_by_role("dialog").wait_for()
    quiet_page.keyboard.press("Escape")
    quiet_page.get_by_role("dialog").wait_for(state="hidden")


@pytest.mark.parametrize("view", ["constructor", "__proto__", "toString", "nothing"])
def test_an_odd_view_is_the_runs_page(made_root: Path, start_stub: StartViewer, quiet_page: Page, view: str) -> None:
    """A view that is none shows the runs."""
    quiet_page.goto(start_stub(made_root).at(view=view))
    quiet_page.locator("#stub").wait_for()


def test_hostile_names_are_shown_as_text(start_stub: StartViewer, quiet_page: Page, tmp_path: Path) -> None:
    """Markup in a folder's name is text, and runs nothing."""
    name = "<img src=x onerror=document.title='pwned'><script>document.title='pwned'</script>"
    root = tmp_path / name.replace("/", "_")
    quiet_page.goto(start_stub(root).url)
    quiet_page.locator("h1").wait_for()
    assert str(root) in quiet_page.locator("main").inner_text()
    assert quiet_page.locator("main img, main script").count() == 0
    assert quiet_page.title() == "runlogging"


def test_nothing_inline_runs(made_root: Path, start_stub: StartViewer, page: Page, noise: Noise) -> None:
    """The policy keeps inline scripts, handlers and other hosts from working, should markup ever get in."""
    page.goto(start_stub(made_root).url)
    page.locator("#stub").wait_for()
    page.evaluate("""() => {
      const box = document.createElement('div');
      box.innerHTML = '<img src="data:x" onerror="window.ran = 1"><img src="http://evil.example/x.png">';
      const script = document.createElement('script');
      script.textContent = 'window.ran = 2';
      document.body.append(box, script);
    }""")
    refused = "violates the following Content Security Policy"
    wait_until(lambda: page.evaluate("1") and sum(refused in error for error in noise.errors) == 3, "all are refused")
    assert page.evaluate("window.ran === undefined")


def test_a_root_without_runs_fills_itself(
    start_stub: StartViewer, tmp_path: Path, run_script: RunScript, quiet_page: Page
) -> None:
    """The page of an empty root says what was sought, offers three lines, and shows the runs when they come."""
    viewer = start_stub(tmp_path / "runs")
    quiet_page.goto(viewer.url)
    quiet_page.get_by_role("heading", name="This folder is not there yet").wait_for()
    main = quiet_page.locator("main").inner_text()
    assert str(tmp_path / "runs") in main
    assert "<experiment>/<run id>/run.json" in main
    run_script(quiet_page.locator("pre").inner_text())
    quiet_page.locator("#stub").wait_for()


def test_the_page_says_that_the_server_is_gone(made_root: Path, start_stub: StartViewer, new_tab: NewTab) -> None:
    """When the viewer ends, the light goes out and a question is answered by a sentence."""
    viewer, page = start_stub(made_root), new_tab()
    page.goto(viewer.url)
    light = page.locator(".connection")
    wait_until(lambda: light.inner_text() == "live", "it is live")
    viewer.stop()
    wait_until(lambda: light.inner_text() == "not connected", "it says so")


def test_edits_from_the_page(made_root: Path, start_viewer: StartViewer, page: Page) -> None:
    """A page of a viewer with --edit can set a tag; the browser sends what the guard asks for."""
    viewer = start_viewer(made_root, "--edit")
    (key,) = keys(made_root, "demo")
    page.goto(viewer.url)
    page.locator("header").wait_for()
    said = page.evaluate(
        "(run) => import('./static/base/root.js').then(({ edit }) => edit({ run, tags: { good: 'yes' } }))", key
    )
    assert said["tags"]["good"] == "yes"
