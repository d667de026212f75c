"""A run in a notebook, live while the cell trains. It knows `reading` and `drawing`, never the writing side."""

from runlogging.notebook._details import RunDetails

__all__ = ["RunDetails"]
