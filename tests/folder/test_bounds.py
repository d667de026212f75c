"""A run's budget of bytes, and logs in several files."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

import runlogging
from runlogging import InvalidValueError, RunHandler
from runlogging.folder import FORMAT, PLAIN_FORMAT, read_manifest, stream_name
from runlogging.reading import open_run

from ..conftest import SOURCE

TEXT = "x" * 200


def _bytes(run: Path) -> int:
    return sum(path.stat().st_size for path in run.iterdir() if stream_name(path.name))


def _logger(handler: logging.Handler) -> logging.Logger:
    logger = logging.Logger("bounds", logging.DEBUG)
    logger.addHandler(handler)
    return logger


def test_a_budget_drops_debug_first_and_metrics_never(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each level keeps to its share of the budget; every metric is there; what was dropped is counted by level."""
    handler = RunHandler(root=tmp_path, max_bytes=100_000)
    logger = _logger(handler)
    for step in range(400):
        logger.debug("%s", TEXT)
        logger.info("%s", TEXT)
        logger.warning("%s", TEXT)
        logger.error("%s", TEXT)
        logger.info("point", extra={"metrics": {"loss": step}, "step": step})
    handler.close()
    run = open_run(handler.run_path)
    kept = Counter(entry.level for entry in run.logs() if not entry.metrics)
    assert 0 < kept["DEBUG"] < kept["INFO"] < kept["WARNING"] < kept["ERROR"]
    assert run.series("loss").steps == list(range(400))
    assert run.dropped is not None
    assert run.dropped.reason == "max_bytes"
    assert run.dropped.levels == {level: 400 - kept[level] for level in ("DEBUG", "INFO", "WARNING", "ERROR")}
    assert run.dropped.records == sum(run.dropped.levels.values())
    assert run.problems == []
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4
    assert all("max_bytes=100000" in line for line in said)


def test_without_metrics_the_streams_stay_within_the_budget(tmp_path: Path) -> None:
    """However much is logged, the diagnostics are not longer than the budget and one line."""
    handler = RunHandler(root=tmp_path, max_bytes=50_000)
    logger = _logger(handler)
    for _ in range(2000):
        logger.critical("%s", TEXT)
    handler.close()
    assert 50_000 <= _bytes(handler.run_path) < 51_000


def test_what_another_writer_wrote_counts(tmp_path: Path) -> None:
    """A writer that comes later finds the budget used."""
    first = RunHandler(root=tmp_path, run_id="shared", max_bytes=20_000)
    logger = _logger(first)
    for _ in range(200):
        logger.error("%s", TEXT)
    program = (
        "import logging, sys\nfrom runlogging import RunHandler\n"
        f"handler = RunHandler(root={str(tmp_path)!r}, run_id='shared', max_bytes=20_000)\n"
        "logger = logging.Logger('other'); logger.addHandler(handler)\n"
        "logger.info('too much'); logger.info('counts', extra={'metrics': {'loss': 1}})\n"
    )
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    subprocess.run([sys.executable, "-c", program], env=env, check=True, capture_output=True, timeout=60)
    first.close()
    run = open_run(first.run_path)
    assert "too much" not in {entry.message for entry in run.logs()}
    assert len(run.series("loss")) == 1
    assert run.dropped is not None
    assert (run.dropped.levels or {})["INFO"] == 1


def test_a_kill_does_not_make_the_budget_look_like_a_loss(tmp_path: Path) -> None:
    """Records that the budget refuses have no number, so none is missing."""
    program = (
        "import logging, os\nfrom runlogging import RunHandler\n"
        f"handler = RunHandler(root={str(tmp_path)!r}, run_id='killed', max_bytes=20_000)\n"
        "logger = logging.Logger('app', 10); logger.addHandler(handler)\n"
        "for i in range(1000):\n    logger.debug('%s', 'x' * 200); logger.info('m', extra={'metrics': {'i': i}})\n"
        "os.kill(os.getpid(), 9)\n"
    )
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    run = open_run(tmp_path / "default" / "killed")
    assert len(run.series("i")) == 1000
    assert len(run.logs()) < 1200
    assert run.problems == []


def test_a_run_with_a_budget_through_the_verbs(tmp_path: Path) -> None:
    """start_run takes both bounds; captured records keep to them, verbs do not."""
    with runlogging.start_run(root=tmp_path, max_bytes=30_000, rotate_bytes=8_000) as run:
        logger = logging.getLogger("bounds.captured")
        logger.setLevel(logging.DEBUG)
        for step in range(300):
            logger.debug("%s", TEXT)
            run.log("loss", step, step=step)
            run.log("name", f"step {step}")
    reader = open_run(run.path)
    assert len(reader.series("loss")) == 300
    assert len(reader.values("name")) == 300
    assert reader.dropped is not None
    assert reader.dropped.reason == "max_bytes"


@pytest.mark.parametrize("durability", ["process", "power", "lazy"])
def test_a_log_in_several_files_reads_as_one(tmp_path: Path, durability: str) -> None:
    """Every record is there once and in order, whatever file it is in; the format says that there are parts."""
    handler = RunHandler(root=tmp_path, durability=durability, rotate_bytes=10_000)  # type: ignore[arg-type]
    logger = _logger(handler)
    logger.info("first")
    assert read_manifest(handler.run_path).format == PLAIN_FORMAT
    for number in range(500):
        logger.info("%d %s", number, TEXT)
    handler.close()
    parts = sorted(stream_name(path.name) for path in handler.run_path.glob("logs*.jsonl"))  # type: ignore[type-var]
    assert [part.part for part in parts if part] == list(range(1, len(parts) + 1))
    assert len(parts) > 5
    assert all(
        path.stat().st_size < 12_000 + 65_536 * (durability == "lazy") for path in handler.run_path.glob("logs*")
    )
    run = open_run(handler.run_path)
    assert read_manifest(run.path).format == FORMAT
    assert [entry.message.split()[0] for entry in run.logs()] == ["first", *map(str, range(500))]
    assert run.counts["logs"] == 501
    assert run.problems == []
    assert [writer.name for writer in run.writers] == ["main"]


def test_a_reopened_writer_goes_on_in_its_last_file(tmp_path: Path) -> None:
    """After close and a later record the parts are continued, not begun anew."""
    handler = RunHandler(root=tmp_path, rotate_bytes=3_000)
    logger = _logger(handler)
    for number in range(100):
        logger.info("%d %s", number, TEXT)
        if number % 10 == 0:
            handler.close()
    handler.close()
    run = open_run(handler.run_path)
    assert [entry.message.split()[0] for entry in run.logs()] == list(map(str, range(100)))
    assert run.problems == []


def test_threads_lose_nothing_at_a_turn_of_files(tmp_path: Path) -> None:
    """A thread that was about to write to the file before still reaches it."""
    handler = RunHandler(root=tmp_path, rotate_bytes=2_000)
    logger = _logger(handler)

    def work(name: int) -> None:
        for number in range(500):
            logger.info("%d-%d", name, number)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handler.close()
    run = open_run(handler.run_path)
    assert Counter(entry.message for entry in run.logs()) == Counter(
        f"{name}-{number}" for name in range(8) for number in range(500)
    )
    assert run.problems == []


def test_a_forked_child_has_files_of_its_own(tmp_path: Path) -> None:
    """It begins with its own first part, and the parent goes on with its own."""
    program = (
        "import logging, os\nfrom runlogging import RunHandler\n"
        f"handler = RunHandler(root={str(tmp_path)!r}, run_id='forked', rotate_bytes=2_000)\n"
        "logger = logging.Logger('app'); logger.addHandler(handler)\n"
        "for i in range(50): logger.info('parent %d %s', i, 'x' * 200)\n"
        "pid = os.fork()\n"
        "for i in range(50): logger.info('%s %d %s', 'late' if pid else 'child', i, 'x' * 200)\n"
        "if not pid: handler.close(); os._exit(0)\n"
        "os.waitpid(pid, 0); handler.close()\n"
    )
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    subprocess.run([sys.executable, "-c", program], env=env, check=True, timeout=60)
    run = open_run(tmp_path / "default" / "forked")
    words = Counter(tuple(entry.message.split()[:2]) for entry in run.logs())
    assert words == Counter((word, str(i)) for word in ("parent", "child", "late") for i in range(50))
    assert run.problems == []


def test_a_next_file_that_cannot_be_made_lets_the_present_one_go_on(tmp_path: Path) -> None:
    """Nothing is lost where something else has the name."""
    handler = RunHandler(root=tmp_path, delay=False, rotate_bytes=2_000)
    (handler.run_path / "logs.main.2.jsonl").write_text("")
    logger = _logger(handler)
    for number in range(100):
        logger.info("%d %s", number, TEXT)
    handler.close()
    run = open_run(handler.run_path)
    assert len(run.logs()) == 100
    assert (handler.run_path / "logs.main.2.jsonl").stat().st_size == 0
    assert run.dropped is None


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "10"])
def test_other_bounds_are_refused(tmp_path: Path, value: object) -> None:
    """A bound is a whole number of bytes."""
    for name in ("max_bytes", "rotate_bytes"):
        with pytest.raises(InvalidValueError, match=name):
            RunHandler(root=tmp_path, **{name: value})  # type: ignore[arg-type]
        with pytest.raises(InvalidValueError, match=name):
            runlogging.start_run(root=tmp_path, **{name: value})  # type: ignore[arg-type]


def test_bounds_come_from_a_configuration(tmp_path: Path) -> None:
    """They are plain values, so a dictionary can give them; a handler that was pickled keeps them."""
    import logging.config
    import pickle

    config = {
        "version": 1,
        "handlers": {"run": {"class": "runlogging.RunHandler", "root": str(tmp_path), "max_bytes": 5000}},
        "loggers": {"bounds.config": {"handlers": ["run"], "level": "DEBUG", "propagate": False}},
    }
    logging.config.dictConfig({**config, "disable_existing_loggers": False})
    handler = logging.getLogger("bounds.config").handlers[0]
    assert isinstance(handler, RunHandler)
    copy = pickle.loads(pickle.dumps(handler))
    for _ in range(100):
        logging.getLogger("bounds.config").debug("%s", TEXT)
    copy.close()
    handler.close()
    logging.getLogger("bounds.config").handlers.clear()
    assert _bytes(handler.run_path) < 4000
    assert json.loads((handler.run_path / "run.json").read_text())["dropped"]["levels"]["DEBUG"] > 50
