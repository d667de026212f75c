"""What a viewer is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """The settings of one viewer.

    Attributes:
        root: the folder of runs, absolute.
        token: what the first request must bring in its URL; later ones bring it in a cookie. Random, per start.
        port: the port that is listened on. (A part of the cookie's name is the port that the browser sees, which
            `ssh -L` may change.)
        host: the address that is listened on.
        allowed_hosts: further names that a Host header may carry, besides those of the loopback.
        prefix: the path in front of all, behind a proxy, such as "/user/me/proxy/8000"; "" is none.
        edits: whether tags and notes may be changed.
    """

    root: Path
    token: str
    port: int = 0
    host: str = "127.0.0.1"
    allowed_hosts: tuple[str, ...] = ()
    prefix: str = ""
    edits: bool = False
    static: Path = field(default=Path(__file__).parent / "static")
