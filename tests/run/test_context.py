"""Which run `Run.get_context` gives."""

from __future__ import annotations

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runlogging import Run, RunEndedError, RunNotFoundError, start_run

from ..conftest import SOURCE, RunScript
from ..handlers import manifest_of

Start = Callable[[str], Run]


@pytest.fixture(autouse=True)
def _no_open_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the runs that other tests left open out of sight."""
    monkeypatch.setattr("runlogging.run._context._open", {})


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts a run of an id; all of them are ended afterwards."""
    started: list[Run] = []

    def begin(run_id: str) -> Run:
        started.append(start_run(root=tmp_path, run_id=run_id, environment=False))
        return started[-1]

    yield begin
    for run in started:
        if run.status == "Running":
            run.complete()


def _context() -> str | None:
    """Return the id of the current run, or None."""
    try:
        return Run.get_context(allow_offline=False).id
    except RunNotFoundError:
        return None


def test_open_run_is_the_context(start: Start) -> None:
    """It is the object itself; after its end there is none."""
    run = start("a")
    assert Run.get_context() is run
    assert Run.get_context(allow_offline=False) is run
    run.complete()
    assert _context() is None


def test_without_a_run_it_is_an_error_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our error and a FileNotFoundError that names the variable; nothing is made."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunNotFoundError, match="RUNLOGGING_RUN") as caught:
        Run.get_context(allow_offline=False)
    assert isinstance(caught.value, FileNotFoundError)
    assert list(tmp_path.iterdir()) == []


def test_without_a_run_a_local_one_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps everything, in the default experiment of the default root, and is the context from then on."""
    monkeypatch.chdir(tmp_path)
    run = Run.get_context()
    assert run.path.parent == tmp_path / "runs" / "default"
    run.log("a", 1)
    assert Run.get_context() is run
    run.complete()
    other = Run.get_context()
    assert other != run
    other.complete()
    assert (run.series("a").values, run.status) == ([1], "Completed")


def test_named_run_is_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RUNLOGGING_RUN gives the context where no run is open, offline or not; a final one is refused."""
    path = tmp_path / "exp" / "r1"
    monkeypatch.setenv("RUNLOGGING_RUN", str(path))
    run = Run.get_context(allow_offline=False)
    assert (run.path, Run.get_context() is run) == (path, True)
    run.complete()
    with pytest.raises(RunEndedError):
        Run.get_context()


def test_outermost_run_of_the_process_is_the_context(start: Start) -> None:
    """Outside of blocks the first that was started counts, until it ends."""
    first, second = start("a"), start("b")
    assert _context() == "a"
    first.complete()
    assert _context() == "b"
    second.complete()
    assert _context() is None


def test_innermost_block_is_the_context(start: Start) -> None:
    """Each block makes its run the current one and gives it back, also where one is entered twice."""
    first = start("a")
    with start("b") as b:
        assert _context() == "b"
        with start("c"), first:
            assert _context() == "a"
            with b:
                assert _context() == "b"
            assert _context() == "a"
        assert _context() == "b"
    assert _context() is None
    assert (first.status, b.status) == ("Completed", "Completed")


def test_run_that_ended_inside_its_block_is_not_the_context(start: Start) -> None:
    """The block around it is."""
    start("a")
    with start("b"):
        with start("c") as c:
            c.complete()
            assert _context() == "b"
        assert _context() == "b"
    assert _context() == "a"


def test_run_that_another_process_ended_is_not_the_context(start: Start) -> None:
    """Once its owner has learned of it."""
    run = start("a")
    run.log("n", 1)
    code = "import sys; from runlogging import Experiment, Run; Run(Experiment(sys.argv[1], 'default'), 'a').cancel()"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    subprocess.run([sys.executable, "-c", code, str(run.path.parent.parent)], env=environment, check=True)
    run._session.writer.tick()  # which a verb does once a second
    assert _context() is None
    with pytest.raises(RunEndedError, match="Canceled"):
        run.log("n", 2)


def test_run_that_is_only_looked_up_is_not_the_context(start: Start) -> None:
    """Looking at a run, or logging to it from elsewhere, does not make it current."""
    run = start("a")
    found = Run.get(run.experiment.workspace, "a")
    run.complete()
    with found:
        assert _context() is None


def test_each_task_has_its_own_context(start: Start) -> None:
    """Tasks that enter blocks in turn do not see each other's runs, and inherit that of their maker."""
    outer = start("outer")

    async def nested(run_id: str) -> list[str | None]:
        seen = [_context()]
        with start(run_id):
            for _ in range(5):
                await asyncio.sleep(0)
                seen.append(_context())
                seen.append(await asyncio.create_task(inherited()))
        return [*seen, _context()]

    async def inherited() -> str | None:
        await asyncio.sleep(0)
        return _context()

    async def main() -> list[list[str | None]]:
        return await asyncio.gather(*(nested(f"t{number}") for number in range(20)))

    with outer:
        found = asyncio.run(main())
    assert found == [["outer", *[f"t{number}"] * 10, "outer"] for number in range(20)]


def test_thread_falls_back_to_the_outermost_run(start: Start) -> None:
    """A new thread is in no block; with the maker's context it is, and its own blocks are its own."""
    start("a")
    seen: dict[str, str | None] = {}

    def look(name: str) -> None:
        seen[name] = _context()

    with start("b"), ThreadPoolExecutor(1) as pool:
        thread = threading.Thread(target=look, args=("thread",))
        thread.start()
        thread.join()
        pool.submit(contextvars.copy_context().run, look, "carried").result()

        def nest() -> None:
            with start("c"):
                look("nested")

        pool.submit(nest).result()
        look("here")
    assert seen == {"thread": "a", "carried": "b", "nested": "c", "here": "b"}


def test_block_that_ends_in_another_context_leaves_nothing_behind(start: Start) -> None:
    """A generator that was begun in one task and ends in another ends its run."""

    def generate() -> Iterator[str | None]:
        with start("a"):
            yield _context()

    generator = generate()
    assert contextvars.copy_context().run(next, generator) == "a"
    assert next(generator, "over") == "over"
    assert _context() is None


def test_script_that_only_asks_for_its_context(tmp_path: Path, run_script: RunScript) -> None:
    """A whole program: nothing is started by hand, and the run ends with the process."""
    run_script("from runlogging import Run\nRun.get_context().log('a', 1)\nRun.get_context().log('a', 2)\n")
    (run,) = (tmp_path / "runs" / "default").glob("*/run.json")
    assert manifest_of(run.parent).items() >= {"status": "Completed", "number": 1}.items()
    assert manifest_of(run.parent)["counts"]["metrics"] == 2
