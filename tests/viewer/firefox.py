"""Debian's Firefox, driven by its own protocol (Marionette), because Playwright drives only a Firefox of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FIREFOX = "/usr/bin/firefox-esr"
SHIFT, TAB, ENTER, END, HOME, RIGHT, DOWN = "\ue008", "\ue004", "\ue007", "\ue010", "\ue011", "\ue014", "\ue015"
_PATIENCE_S = 60
_PREFERENCES = {
    "marionette.port": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "focusmanager.testmode": True,  # a window that nobody sees has the focus, too
    "toolkit.startup.max_resumed_crashes": -1,
}


class Firefox:
    """A window of Firefox.

    Args:
        connection: to its Marionette.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("rb")
        self._number = 0
        self._read()  # who it is
        self.do("WebDriver:NewSession", capabilities={})

    def close(self) -> None:
        """Close what reads the connection."""
        self._file.close()

    def do(self, command: str, **parameters: Any) -> Any:
        """Send a command and return its result."""
        self._number += 1
        data = json.dumps([0, self._number, command, parameters]).encode()
        self._connection.sendall(str(len(data)).encode() + b":" + data)
        _, _, error, result = self._read()
        assert error is None, error
        return result

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page and return what it returns."""
        return self.do("WebDriver:ExecuteScript", script=script, args=arguments)["value"]

    def wait_for(self, script: str, *arguments: Any) -> Any:
        """Wait until a script returns something true, and return it."""
        until = time.monotonic() + _PATIENCE_S
        while not (found := self.run(script, *arguments)):
            assert time.monotonic() < until, f"waited in vain until {script}"
            time.sleep(0.05)
        return found

    def open(self, url: str, drawn: str) -> None:
        """Open a page and wait until something stands in it, by its CSS selector."""
        self.do("WebDriver:Navigate", url=url)
        self.wait_for("return document.querySelector(arguments[0]) !== null", drawn)

    def key(self, text: str, *, with_shift: bool = False) -> None:
        """Press a key."""
        presses = [*([SHIFT] if with_shift else []), text]
        down = [{"type": "keyDown", "value": one} for one in presses]
        up = [{"type": "keyUp", "value": one} for one in reversed(presses)]
        self.do("WebDriver:PerformActions", actions=[{"type": "key", "id": "keys", "actions": [*down, *up]}])

    def type(self, text: str) -> None:
        """Press the keys of a text, one after the other."""
        for letter in text:
            self.key(letter)

    def point_at(self, x: int, y: int) -> None:
        """Move the mouse to a place."""
        move = {"type": "pointerMove", "x": x, "y": y, "origin": "viewport", "duration": 0}
        mouse = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move]}
        self.do("WebDriver:PerformActions", actions=[mouse])

    def wheel(self, x: int, y: int, pixels: int) -> None:
        """Turn the wheel at a place."""
        turn = {"type": "scroll", "x": x, "y": y, "deltaX": 0, "deltaY": pixels, "origin": "viewport"}
        self.do("WebDriver:PerformActions", actions=[{"type": "wheel", "id": "wheel", "actions": [turn]}])

    def _read(self) -> Any:
        size = b""
        while (one := self._file.read(1)) != b":":
            assert one, "Firefox has gone"
            size += one
        return json.loads(self._file.read(int(size)))


@contextmanager
def open_firefox(folder: Path, scale: float = 1) -> Iterator[Firefox]:
    """Give a headless Firefox with a profile of its own; it is gone afterwards."""
    profile = folder / "firefox"
    profile.mkdir()
    preferences = {**_PREFERENCES, "layout.css.devPixelsPerPx": str(scale)}
    texts = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
    (profile / "user.js").write_text("".join(texts), encoding="utf-8")
    command = [FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", str(profile), "about:blank"]
    size = {"MOZ_HEADLESS_WIDTH": f"{1280 * scale:.0f}", "MOZ_HEADLESS_HEIGHT": f"{1000 * scale:.0f}"}
    environment = {**os.environ, **size, "HOME": str(folder)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with socket.create_connection(("127.0.0.1", _port(profile, process)), _PATIENCE_S) as connection:
            firefox = Firefox(connection)
            try:
                yield firefox
            finally:
                firefox.close()
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    path, until = profile / "MarionetteActivePort", time.monotonic() + _PATIENCE_S
    while not (path.exists() and path.read_text(encoding="utf-8").strip()):
        assert process.poll() is None, "Firefox ended"
        assert time.monotonic() < until, "Firefox did not start"
        time.sleep(0.1)
    return int(path.read_text(encoding="utf-8"))
