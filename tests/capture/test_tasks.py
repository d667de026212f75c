"""Runs per task: every record goes to the run of the task or thread that logged it."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import pickle
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runlogging import Run, start_run

from ..conftest import RunScript, read_lines
from ..handlers import lines_of_all

Start = Callable[..., Run]


@pytest.fixture(autouse=True)
def _no_open_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the runs that other tests left open out of sight."""
    monkeypatch.setattr("runlogging.run._context._open", {})
    monkeypatch.setattr("runlogging.run._context._outermost", None)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts a run of an id; what is left open is ended afterwards."""
    started: list[Run] = []

    def begin(run_id: str) -> Run:
        started.append(start_run(root=tmp_path, run_id=run_id, environment=False))
        return started[-1]

    yield begin
    for run in started:
        if run._session.writer.is_open:
            run.complete()


def messages(run: Run) -> list[str]:
    """Return the messages in a run."""
    return [line["message"] for line in lines_of_all(run.path)]


def test_tasks_and_threads_over_many_runs(start: Start, logger: logging.Logger) -> None:
    """200 tasks and 32 threads over 20 runs, half of them children: no record in the wrong run, none lost."""
    runs = [start(f"r{number}") for number in range(10)]
    runs += [run.child_run(f"child of {run.id}") for run in runs]
    barrier = threading.Barrier(33)

    async def task(run: Run, number: int) -> None:
        for step in range(10):
            logger.info("%s task %d step %d", run.id, number, step)
            await asyncio.sleep(0)

    async def parent(run: Run, numbers: range) -> None:
        with run.activate():
            tasks = [asyncio.create_task(task(run, number)) for number in numbers]
        # They go on in the run in which they were made.
        await asyncio.gather(*tasks)

    async def tasks() -> None:
        await asyncio.gather(*(parent(run, range(10)) for run in runs))

    def thread(run: Run, number: int) -> None:
        barrier.wait()
        for step in range(20):
            with run.activate():
                logger.info("%s thread %d step %d", run.id, number, step)
            if not step % 5:
                logger.info("%s without, thread %d step %d", runs[0].id, number, step)

    threads = [threading.Thread(target=thread, args=(runs[number % 20], number)) for number in range(32)]
    for one in threads:
        one.start()
    barrier.wait()
    asyncio.run(tasks())
    for one in threads:
        one.join()
    for run in reversed(runs):
        run.complete()
    kept = {run.id: messages(run) for run in runs}
    wrong = [(run_id, message) for run_id, texts in kept.items() for message in texts if not message.startswith(run_id)]
    assert wrong == []
    every = [message for texts in kept.values() for message in texts]
    assert len(every) == len(set(every)) == 200 * 10 + 32 * 20 + 32 * 4


def test_task_stays_in_the_run_in_which_it_was_made(start: Start, logger: logging.Logger) -> None:
    """Also behind the end of the block; once the run has ended its records go to the outermost run."""
    outer, run = start("outer"), start("inner")

    async def work(is_over: asyncio.Event) -> None:
        logger.info("inside")
        await is_over.wait()
        logger.info("behind")

    async def main() -> None:
        is_over = asyncio.Event()
        with run.activate():
            task = asyncio.create_task(work(is_over))
            await asyncio.sleep(0)
        logger.info("in no block")
        run.complete()
        is_over.set()
        await task

    asyncio.run(main())
    assert (messages(run), messages(outer)) == (["inside"], ["in no block", "behind"])


def test_thread_without_a_run_logs_to_the_outermost(start: Start, logger: logging.Logger) -> None:
    """A plain thread inherits no context; the block around its start does not count."""
    outer, inner = start("a"), start("b")
    with inner:
        thread = threading.Thread(target=logger.info, args=("plain",))
        thread.start()
        thread.join()
        bound = threading.Thread(target=inner.bind(logger.info), args=("bound",))
        bound.start()
        bound.join()
    assert (messages(outer), messages(inner)) == (["plain"], ["bound"])


def test_executors(start: Start, logger: logging.Logger) -> None:
    """`bind` carries a run into executors; `asyncio.to_thread` carries the context by itself."""
    outer, inner = start("a"), start("b")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(2) as pool, inner.activate():
            await asyncio.to_thread(logger.info, "to_thread")
            await loop.run_in_executor(pool, inner.bind(logger.info), "bound")
            await loop.run_in_executor(pool, logger.info, "plain")
            list(pool.map(inner.bind(logger.info), ["map 1", "map 2"]))

    asyncio.run(main())
    assert messages(outer) == ["plain"]
    assert sorted(messages(inner)) == ["bound", "map 1", "map 2", "to_thread"]


def test_callbacks_of_a_loop(start: Start, logger: logging.Logger) -> None:
    """They are in the run in which they were planned, or in that of `bind`."""
    outer, inner = start("a"), start("b")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with inner.activate():
            loop.call_soon(logger.info, "planned")
            loop.call_later(0.001, logger.info, "later")
        loop.call_soon(logger.info, "plain")
        loop.call_soon(inner.bind(logger.info), "bound")
        loop.call_soon_threadsafe(inner.bind(logger.info), "bound, too")
        await asyncio.sleep(0.01)

    asyncio.run(main())
    assert (messages(outer), messages(inner)) == (["plain"], ["planned", "bound", "bound, too", "later"])


def test_bound_coroutine_function(start: Start, logger: logging.Logger) -> None:
    """Its coroutine runs in the run, whoever awaits it; its result and its name are its own."""
    outer, inner = start("a"), start("b")

    async def work(text: str) -> str:
        logger.info(text)
        await asyncio.sleep(0)
        logger.info("%s again", text)
        return text.upper()

    async def main() -> None:
        bound = inner.bind(work)
        assert asyncio.iscoroutinefunction(bound)
        assert bound.__name__ == "work"
        logger.info("around")
        found = await asyncio.gather(bound("one"), work("none"))
        logger.info("around")
        assert list(found) == ["ONE", "NONE"]

    asyncio.run(main())
    assert messages(inner) == ["one", "one again"]
    assert messages(outer) == ["around", "none", "none again", "around"]


def test_bound_generators(start: Start, logger: logging.Logger) -> None:
    """A generator is in its run while it works; whoever takes its values stays in its own."""
    outer, inner = start("a"), start("b")

    def numbers() -> Generator[int, str, str]:
        try:
            for number in range(2):
                logger.info("makes %d", number)
                logger.info("got %s", (yield number))
        except KeyError:
            logger.info("caught")
        finally:
            logger.info("closed")
        return "end"

    def taking() -> str:
        generator = inner.bind(numbers)()
        for sent in (None, "x"):
            logger.info("takes %d", generator.send(sent))  # type: ignore[arg-type]
        with pytest.raises(StopIteration) as caught:
            generator.throw(KeyError())
        return str(caught.value.value)

    assert taking() == "end"
    assert messages(outer) == ["takes 0", "takes 1"]
    assert messages(inner) == ["makes 0", "got x", "makes 1", "caught", "closed"]


def test_bound_asynchronous_generators(start: Start, logger: logging.Logger) -> None:
    """The same for an asynchronous one, in a loop that is left early, too; a plain one is where its taker is."""
    outer, inner = start("a"), start("b")

    async def numbers(text: str) -> AsyncIterator[int]:
        try:
            for number in range(9):
                await asyncio.sleep(0)
                logger.info("%s %d", text, number)
                yield number
        finally:
            logger.info("%s closed", text)

    async def main() -> None:
        generator: Any = inner.bind(numbers)("bound")
        async for number in generator:
            logger.info("takes %d", number)
            if number:
                break
        await generator.aclose()
        async for _ in numbers("plain"):
            break

    asyncio.run(main())
    assert messages(outer)[:3] == ["takes 0", "takes 1", "plain 0"]
    assert messages(inner) == ["bound 0", "bound 1", "bound closed"]


def test_contexts_that_are_copied(start: Start, logger: logging.Logger) -> None:
    """`contextvars.copy_context` keeps the run, in whatever thread it is run."""
    outer, inner = start("a"), start("b")
    with inner.activate():
        context = contextvars.copy_context()
    context.run(logger.info, "copied")
    thread = threading.Thread(target=context.run, args=(logger.info, "in a thread"))
    thread.start()
    thread.join()
    contextvars.Context().run(logger.info, "empty")
    assert (messages(outer), messages(inner)) == (["empty"], ["copied", "in a thread"])


def test_nested_blocks(start: Start, logger: logging.Logger) -> None:
    """The innermost open run counts; one that ends inside gives way to the one around it."""
    a, b, c = start("a"), start("b"), start("c")
    with a:
        logger.info("a 1")
        with b, c:
            logger.info("c 1")
            with a.activate():
                logger.info("a 2")
            c.complete()
            logger.info("b 1")
        logger.info("a 3")
    assert [messages(run) for run in (a, b, c)] == [["a 1", "a 2", "a 3"], ["b 1"], ["c 1"]]


def test_run_that_is_looked_up_can_be_entered(start: Start, tmp_path: Path, logger: logging.Logger) -> None:
    """A reference that was pickled takes the records of its block, and the block does not end the run."""
    outer, run = start("a"), start("b")
    again = pickle.loads(pickle.dumps(run))
    with again.activate() as entered:
        assert entered is again
        logger.info("one")
    logger.info("two")
    assert (messages(run), messages(outer), run.status) == (["one"], ["two"], "Running")


def test_bound_function_raises_and_returns_what_it_does(start: Start, logger: logging.Logger) -> None:
    """`bind` hides neither an error nor a result, and an error leaves the run."""
    outer, inner = start("a"), start("b")

    def fail(text: str) -> None:
        """Fail."""
        logger.info(text)
        raise LookupError(text)

    bound = inner.bind(fail)
    assert (bound.__name__, bound.__doc__, inner.bind(len)("abc")) == ("fail", "Fail.", 3)
    with pytest.raises(LookupError, match="no"):
        bound("no")
    logger.info("after")
    assert (messages(inner), messages(outer)) == (["no"], ["after"])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_pool_of_processes(run_script: RunScript, tmp_path: Path, method: str) -> None:
    """A bound function joins its run in the workers of a pool; each record is there once, by a writer of its own."""
    program = """
    import logging, multiprocessing, sys
    from concurrent.futures import ProcessPoolExecutor
    from runlogging import start_run

    log = logging.getLogger("x")

    def work(number):
        log.error("work %d", number)
        return number

    if __name__ == "__main__":
        context = multiprocessing.get_context(sys.argv[1])
        outer = start_run(root="runs", run_id="outer", environment=False)
        with start_run(root="runs", run_id="inner", environment=False) as run:
            with ProcessPoolExecutor(2, mp_context=context) as pool:
                print(sum(pool.map(run.bind(work), range(8))))
            log.error("main")
        outer.complete()
    """
    assert run_script(program, method).stdout == "28\n"
    inner, outer = (tmp_path / "runs" / "default" / name for name in ("inner", "outer"))
    kept = sorted(line["message"] for line in lines_of_all(inner))
    assert kept == ["main", *(f"work {number}" for number in range(8))]
    assert [line["message"] for line in read_lines(inner, "logs")] == ["main"]
    assert lines_of_all(outer) == []
