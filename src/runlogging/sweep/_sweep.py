"""Sweeping: a parent run, and a child run for each point."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from random import SystemRandom
from typing import Any

from runlogging._errors import InvalidValueError, RunEndedError, RunFailedError, RunLoggingError
from runlogging.reading import children_of
from runlogging.run import Run, start_run
from runlogging.submit import ScriptRunConfig
from runlogging.sweep._driving import Drive
from runlogging.sweep._executors import refuse_while_importing, usable_cpus
from runlogging.sweep._functions import FunctionLauncher
from runlogging.sweep._launching import SWEEP_TAG, Launcher
from runlogging.sweep._point import Point, takes_run
from runlogging.sweep._policies import Policy
from runlogging.sweep._progress import counting
from runlogging.sweep._result import FACTS, Sweep, _checked_goal
from runlogging.sweep._scripts import ScriptLauncher
from runlogging.sweep._space import space_of
from runlogging.sweep._stopping import end_child
from runlogging.sweep._watch import Watch

Target = Callable[..., Any] | ScriptRunConfig


def sweep(
    target: Target,
    parameters: Any,
    *,
    experiment: str = "default",
    root: str | os.PathLike[str] = "runs",
    name: str | None = None,
    tags: Mapping[str, object] | None = None,
    metric: str | None = None,
    goal: str = "minimize",
    max_total: int | None = None,
    max_concurrent: int | None = None,
    executor: Executor | None = None,
    policy: Policy | None = None,
    seed: int | None = None,
    show_progress: bool | None = None,
    raise_on_error: bool = False,
    parent: Run | None = None,
) -> Sweep:
    """Try many points, each in a child run of its own, and return when all have ended.

    A function is called with the parameters as keywords, and with the child run where it has a parameter ``run``. The
    child is open and current there: `Run.get_context` and log records are its. A function that raises leaves a Failed
    child with its traceback, and the sweep goes on. The run of the sweep ends as Completed if any child completed,
    else as Failed. Ctrl-C cancels it and the children on their way, and is raised.

    A function runs in spawned processes of this machine, so a program needs ``if __name__ == "__main__":`` around this
    call; where the function cannot be sent to another process, it runs in threads, and a sentence on stderr says so.

    Args:
        target: a function, or a `ScriptRunConfig`: then each point is submitted with ``--name value`` for each
            parameter behind its arguments, or with the value in place of ``{name}`` in them.
        parameters: `grid` or a mapping of name to values (every combination), `random` or a mapping with distributions
            (drawn), or a list of mappings (just these).
        experiment: the experiment of all runs.
        root: the folder that holds experiments.
        name: a name for people, of the run of the sweep.
        tags: of the run of the sweep.
        metric: the primary metric: what a policy looks at, and `Sweep.best`.
        goal: "minimize" or "maximize" it.
        max_total: how many points at most; of a grid the first. Points that are drawn need it.
        max_concurrent: how many points are on their way at a time. None: as many as there are processors; with an
            executor of yours all of them, and the executor decides.
        executor: any `concurrent.futures.Executor`. What travels is the function, its parameters and a path. It is not
            shut down. Not for scripts, which have processes of their own.
        policy: what stops a child early: `BanditPolicy`, `MedianStoppingPolicy`, `TruncationSelectionPolicy`. The child
            is Canceled and tagged ``stopped_early`` with the reason; a function is stopped by its next verb, which
            raises RunEndedError, within about a second.
        seed: what drawn points follow from. None draws one; it is in the parameters of the sweep's run.
        show_progress: whether a line of counts is shown on stderr; None: where a terminal watches.
        raise_on_error: whether a child that did not complete, and was not stopped early, is an error in the end.
        parent: a run that is open, to be the run of the sweep; then experiment and root are its, and it is left open.

    Raises:
        InvalidValueError: an argument is none of the above, or the function does not take a point; nothing was started.
        RunFailedError: a child failed (only with ``raise_on_error``).
        RunEndedError: somebody ended the run of the sweep meanwhile.
        RunLoggingError: no worker process can start.
    """
    refuse_while_importing()
    _check(target, metric, goal, policy, executor)
    _check_counts(max_total=max_total, max_concurrent=max_concurrent)
    space, goal = space_of(parameters), goal.lower()
    if seed is None and space.is_drawn:
        seed = SystemRandom().randrange(2**32)
    points = [Point(number, point) for number, point in enumerate(space.points(max_total, seed))]
    gives_run = callable(target) and takes_run(target, [point.parameters for point in points])
    facts = {"target": _called(target), "space": space.text(), "points": len(points), "seed": seed}
    facts |= {"metric": metric, "goal": goal, "policy": repr(policy) if policy is not None else None}

    run = _begun(parent, facts, experiment=experiment, root=root, name=name, tags=tags)
    count = min(max_concurrent or usable_cpus(), len(points))
    limit = count if max_concurrent is not None or executor is None else len(points)
    watch = Watch(metric, goal, policy) if policy is not None and metric is not None else None
    try:
        launcher = _launcher(run, target, gives_run=gives_run, executor=executor, count=count)
        with counting(name or _called(target), len(points), show_progress) as show:
            drive = Drive(run, launcher, limit, watch, show)
            drive.through(points)
    except BaseException as error:
        _break_off(run, error, is_ours=parent is None)
        raise
    return _finished(Sweep._of(run, drive.children), is_ours=parent is None, raise_on_error=raise_on_error)


def _launcher(run: Run, target: Target, *, gives_run: bool, executor: Executor | None, count: int) -> Launcher:
    if isinstance(target, ScriptRunConfig):
        return ScriptLauncher(run, target)
    return FunctionLauncher(run, target, gives_run=gives_run, executor=executor, count=count)


def _finished(done: Sweep, *, is_ours: bool, raise_on_error: bool) -> Sweep:
    if is_ours:
        _end(done)
    if raise_on_error:
        _raise_failed(done)
    return done


def _check(target: object, metric: object, goal: object, policy: object, executor: object) -> None:
    _checked_goal(goal)
    if isinstance(target, ScriptRunConfig):
        target.check()
        if executor is not None:
            raise InvalidValueError("a script has a process of its own; leave executor out, max_concurrent bounds them")
    elif not callable(target):
        raise InvalidValueError(f"a sweep takes a function or a ScriptRunConfig, not {type(target).__name__}")
    if not isinstance(metric, str | None) or metric == "":
        raise InvalidValueError(f"metric is the name of a metric, not {metric!r:.80}")
    if policy is not None and not callable(getattr(policy, "judge", None)):
        raise InvalidValueError(f"policy is BanditPolicy(...) or another policy, not {policy!r:.80}")
    if policy is not None and metric is None:
        raise InvalidValueError("a policy compares runs by a metric; give metric='loss', and goal")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise InvalidValueError(f"executor is a concurrent.futures.Executor, not {type(executor).__name__}")


def _check_counts(**counts: object) -> None:
    for key, count in counts.items():
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise InvalidValueError(f"{key} is a whole number, 1 or more, not {count!r:.80}")


def _called(target: Target) -> str:
    if isinstance(target, ScriptRunConfig):
        command = target.command if isinstance(target.command, str) else " ".join(target.command or ())
        return (target.script or command)[:200]
    return str(getattr(target, "__qualname__", type(target).__name__))[:200]


def _begun(parent: Run | None, facts: dict[str, Any], *, name: str | None, tags: Any, **where: Any) -> Run:
    if parent is None:
        return start_run(name=name, tags=tags, type="sweep", parameters={FACTS: facts}, **where)
    parent.set_parameters({FACTS: facts})
    if tags is not None:
        parent.set_tags(tags)
    if name is not None:
        parent.display_name = name
    return parent


def _break_off(run: Run, error: BaseException, *, is_ours: bool) -> None:
    """End what is still open of a sweep that an error or Ctrl-C ended."""
    with suppress(RunLoggingError, OSError):
        for child in children_of(run.reader):
            if child.tags.get(SWEEP_TAG) == run.id:
                end_child(run._opened(child.path), "Canceled")
    if is_ours:
        with suppress(RunEndedError):
            run.fail(error) if isinstance(error, Exception) else run.cancel()


def _end(done: Sweep) -> None:
    """End the run of a sweep whose points have all ended."""
    counts = done.counts
    with suppress(RunEndedError):
        if counts.get("Completed"):
            done.run.complete()
        else:
            said = ", ".join(f"{count} {status}" for status, count in counts.items())
            done.run.fail(f"no child of the sweep completed: {said}")


def _raise_failed(done: Sweep) -> None:
    failed = [child for child in done.children if child.status not in ("Completed", "Canceled")]
    if failed:
        error = failed[0].reader.error
        said = f"{error.type}: {error.message}\n{error.stacktrace}" if error else ""
        message = f"{len(failed)} of {len(done)} points of the sweep {done.run.id} failed, first {failed[0].id}"
        raise RunFailedError(message, failed[0].status, said)
