"""Adopting: the logs that other programs wrote, in many dialects, become a run."""

from runlogging.adopting._adopt import Adopted, adopt

__all__ = ["Adopted", "adopt"]
