"""Processes: commands in any language, and containers, whose output is kept live in a run."""

from runlogging.processes._child import ChildOutput, ended_text
from runlogging.processes._process import CompletedCapture, capture_process, end_run

__all__ = ["ChildOutput", "CompletedCapture", "capture_process", "end_run", "ended_text"]
