"""The browser of the viewer's tests, and a Jupyter server, for programs that are not ours."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from tests.integrations.jupyter import Jupyter
from tests.viewer.conftest import (
    _template,
    browser,
    context,
    made_root,
    new_tab,
    noise,
    page,
    start_running,
    start_viewer,
    viewer,
)

__all__ = [
    "_template",
    "browser",
    "context",
    "made_root",
    "new_tab",
    "noise",
    "page",
    "start_running",
    "start_viewer",
    "viewer",
]


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """Give a JupyterLab server on the loopback with folders of its own, and every extension that is installed."""
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("JupyterLab is not installed: pip install 'runlogging[integrations]'")
    with Jupyter(tmp_path_factory.mktemp("jupyter")) as started:
        yield started
