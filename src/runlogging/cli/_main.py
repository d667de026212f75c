"""The command line: all commands, registered with their group."""

from __future__ import annotations

from runlogging.cli import _keeping, _looking, _making
from runlogging.cli._group import main

__all__ = ["main"]

_ = _keeping, _looking, _making
