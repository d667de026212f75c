"""Capture: the records and outputs of a program, of the processes that it starts, and of other programs' logs.

It knows handlers and the folder, never the reading side.
"""

from runlogging.capture._calls import hold, release
from runlogging.capture._sources import DEFAULT_SOURCES, LOGGING, SOURCES, Sources, checked_sources

__all__ = ["DEFAULT_SOURCES", "LOGGING", "SOURCES", "Sources", "checked_sources", "hold", "release"]
