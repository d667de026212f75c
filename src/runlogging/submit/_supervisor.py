"""The supervisor of a submitted run: a small process of its own that owns the run until its end.

It outlives the submitter. It makes the environment, waits for its turn, runs the script in a clean copy of the
snapshot, keeps its output, ends it when it takes too long or somebody ends the run, and writes how it ended.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from runlogging._errors import RunLoggingError
from runlogging._recorder import Recorder, source_record
from runlogging._sessions import ending
from runlogging.folder import TERMINAL, ErrorInfo, read_manifest
from runlogging.processes import ChildOutput
from runlogging.run._life import SUBMIT_LOGGER
from runlogging.run._run import Run
from runlogging.run._snapshots import MAX_BYTES
from runlogging.run._start import RunOptions, join_named
from runlogging.submit._building import PYTHON_TOKEN, Prepared, prepare
from runlogging.submit._request import Request
from runlogging.submit._slots import Slot
from runlogging.submit._snapshot import extract_snapshot, log_snapshot

KILL_AFTER_S = 5.0
_LOOK_S = 0.2
_MAX_OUTPUT_BYTES = 1 << 30
WORK_FOLDER = ".work"


class _Ended(Exception):  # noqa: N818  (somebody ended the run: no error of ours)
    """Say that the run got a terminal status from outside."""


class Supervisor:
    """Take one run from its preparation to its end.

    Args:
        request: what is to be run.
    """

    def __init__(self, request: Request) -> None:
        self._request, self._config = request, request.config
        root = request.path.parent.parent
        self._root, self._work = root, root / WORK_FOLDER / request.path.name
        options = RunOptions.checked(
            {
                "capture": False,
                "environment": False,
                "outputs": self._work / "outputs",
                "logs": self._work / "logs",
            }
        )
        self.run = join_named(Run, request.path, options)
        self._recorder = Recorder(self.run._session, self.run._text_redactor)
        self._child: _ScriptOutput | None = None

    def take(self) -> None:
        """Do it all; whatever goes wrong is how the run ends."""
        try:
            try:
                self._set_status("Preparing")
                self._work.parent.mkdir(parents=True, exist_ok=True)
                log_snapshot(self.run)
                extract_snapshot(self.run.path, self._work, max_bytes=self._max_bytes())
                prepared = self._prepared()
                with self._turn():
                    self._set_status("Running")
                    status, error = self._run_script(prepared)
            except _Ended:
                status, error = read_manifest(self.run.path).status, None
            except Exception as problem:
                status, error = "Failed", self._problem(problem)
            self._set_status("Finalizing")
            with suppress(RunLoggingError):
                self.run._end(status, error)
        finally:
            shutil.rmtree(self._work, ignore_errors=True)

    # ------------------------------------------------------------------ before the script

    def _set_status(self, status: str) -> None:
        def change(manifest: Any) -> None:
            if manifest.status not in TERMINAL:
                manifest.status = status

        self.run._change("the status", change)

    def _check_open(self) -> None:
        """Raise `_Ended` where somebody ended the run."""
        if read_manifest(self.run.path).status in TERMINAL:
            raise _Ended

    def _max_bytes(self) -> int:
        return max(MAX_BYTES, self._config.snapshot_limits.get("max_bytes", 0))

    def _prepared(self) -> Prepared:
        config = self._config
        command = self._command()
        prepared = prepare(
            config.environment,
            self._root,
            self.run.path,
            self._work,
            command,
            uses_python=config.script is not None,
            variables=config.environment_variables,
            say=self._say,
        )
        if prepared.note:
            self._say(prepared.note, "WARNING")
        self._check_open()
        return prepared

    def _command(self) -> list[str]:
        """Return the command; ``PYTHON_TOKEN`` stands for the interpreter of the environment."""
        config, me = self._config, str(os.getpid())
        if config.script is not None:
            start = "from runlogging.submit._bootstrap import main; main()"
            parent = "0" if config.environment.docker.enabled else me
            return [PYTHON_TOKEN, "-u", "-c", start, parent, config.script, *config.arguments]
        command = config.command
        words = ["/bin/sh", "-c", command] if isinstance(command, str) else list(command or ())
        if config.environment.docker.enabled:
            return words
        start = "from runlogging.submit._bootstrap import main_of_command as main; main()"
        return [self._request.python, "-c", start, me, *words]

    def _say(self, sentence: str, level: str = "INFO") -> None:
        """Keep a sentence on the preparation; somebody may have ended the run meanwhile."""
        self._check_open()
        self._recorder.take(source_record(SUBMIT_LOGGER, level, sentence))

    def _turn(self) -> Slot:
        return Slot(self._root, self._request.max_concurrent, lambda: self._set_status("Queued"), self._check_open)

    # ------------------------------------------------------------------ the script

    def _run_script(self, prepared: Prepared) -> tuple[str, ErrorInfo | None]:
        environment = {**os.environ, **prepared.environment, "PYTHONUNBUFFERED": "1"}
        child = self._child = _ScriptOutput(self.run, self._config.max_run_duration_seconds)
        child.start(prepared.command, cwd=self._work, env=environment, stdin=subprocess.DEVNULL, tty=False)
        code = child.wait()
        self._note_end(code)
        if self._config.environment.docker.enabled and (child.was_ended or child.took_too_long):
            from runlogging.submit._containers import container_name, stop_container

            stop_container(container_name(self.run.path))
        if child.was_ended:
            raise _Ended
        if child.took_too_long:
            limit = self._config.max_run_duration_seconds
            return "Failed", ErrorInfo("DurationLimit", f"the script took longer than {limit:g} s", child.last_lines)
        if code == 0:
            return "Completed", None
        return "Failed", ErrorInfo("ScriptFailed", _ended_text(code), child.last_lines, str(code))

    def _note_end(self, code: int) -> None:
        name = "exit_code" if code >= 0 else "signal"
        text = str(code) if code >= 0 else signal.Signals(-code).name
        self.run._change("the exit code", lambda manifest: manifest.properties.update({name: text}))

    def _problem(self, problem: Exception) -> ErrorInfo:
        if not isinstance(problem, RunLoggingError):
            return self.run._cleared(ending(problem)[1])
        self._say(str(problem), "ERROR")
        details = str(getattr(problem, "details", ""))
        return self.run._cleared(ErrorInfo(type(problem).__name__, str(problem), details))


class _ScriptOutput(ChildOutput):
    """The script and its output; it ends when the run is ended from outside, or has taken too long."""

    def __init__(self, run: Run, limit_s: float | None) -> None:
        super().__init__(run, show=False, max_bytes=_MAX_OUTPUT_BYTES)
        self._begun = time.monotonic()
        self._limit_s, self._path = limit_s, run.path
        self._tick: Callable[[], None] = run._session.writer.tick
        self._asked: float | None = None
        self.was_ended = self.took_too_long = False

    def _wait_s(self, deadline: float | None, ended: float | None) -> float | None:
        wait_s = super()._wait_s(deadline, ended)
        return _LOOK_S if wait_s is None else min(wait_s, _LOOK_S)

    def _step(self, timeout: float | None) -> None:
        super()._step(timeout)
        now = time.monotonic()
        if self._asked is not None:
            if now - self._asked > KILL_AFTER_S:
                self.send_signal(signal.SIGKILL)
        elif self._is_to_end(now):
            self._asked = now
            self.send_signal(signal.SIGTERM)

    def _is_to_end(self, now: float) -> bool:
        if self._limit_s is not None and now - self._begun > self._limit_s:
            self.took_too_long = True
        with suppress(Exception):
            self.was_ended = read_manifest(self._path).status in TERMINAL
        return self.was_ended or self.took_too_long


def _ended_text(code: int) -> str:
    if code >= 0:
        return f"the script ended with exit code {code}"
    return f"the script was killed by {signal.Signals(-code).name}"


def main() -> None:
    """Be the supervisor of the run whose request comes on stdin."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    Supervisor(Request.receive(sys.stdin.buffer)).take()


if __name__ == "__main__":
    main()
