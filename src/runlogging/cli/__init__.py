"""The command ``runlogging``: look at runs in a terminal or pipe them on."""

from runlogging.cli._main import main

__all__ = ["main"]
