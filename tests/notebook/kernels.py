"""Run cells in a real kernel and keep what it sends."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SOURCE


def _environment(base: Path) -> dict[str, str]:
    """Return an environment whose kernel python3 is this interpreter."""
    spec = base / "kernels" / "python3"
    spec.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": command, "display_name": "Python 3", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
    return {
        "PYTHONPATH": str(SOURCE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "JUPYTER_PATH": str(base),
        "IPYTHONDIR": str(base / "ipython"),
    }


class Executed:
    """A notebook after its cells ran.

    Attributes:
        book: the notebook.
        messages: what the kernel sent meanwhile, each with its time of arrival.
    """

    def __init__(self, cells: list[str], base: Path, patch: pytest.MonkeyPatch, **more: str) -> None:
        from nbclient import NotebookClient
        from nbformat import v4

        new_notebook: Any = v4.new_notebook
        new_cell: Any = v4.new_code_cell

        for key, value in (_environment(base) | more).items():
            patch.setenv(key, value)
        self.messages: list[tuple[float, dict[str, Any]]] = []
        self.book = new_notebook(cells=[new_cell(cell) for cell in cells])
        messages = self.messages

        class Client(NotebookClient):
            def process_message(self, message: dict[str, Any], cell: Any, cell_index: int) -> Any:
                messages.append((time.monotonic(), message | {"cell": cell_index}))
                return super().process_message(message, cell, cell_index)

        Client(self.book, kernel_name="python3", timeout=100).execute(cwd=str(base))

    def comms(self, kind: str) -> list[tuple[float, dict[str, Any]]]:
        """Return the messages of a kind."""
        return [(at, message) for at, message in self.messages if message["msg_type"] == kind]

    def news(self) -> list[tuple[float, dict[str, Any], list[bytes]]]:
        """Return the custom messages of the widget: time, content, buffers."""
        return [
            (at, message["content"]["data"]["content"], [bytes(buffer) for buffer in message["buffers"]])
            for at, message in self.comms("comm_msg")
            if message["content"]["data"]["method"] == "custom"
        ]

    def output(self, cell: int) -> dict[str, Any]:
        """Return the data of a cell's only output, by media type."""
        (output,) = self.book.cells[cell].outputs
        return dict(output["data"])
