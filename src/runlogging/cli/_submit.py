"""``runlogging submit``, ``cancel`` and ``wait``: scripts that run in processes of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from runlogging._errors import RunFailedError
from runlogging.cli._exec import tags_of
from runlogging.cli._output import Output

if TYPE_CHECKING:
    from runlogging.run import Run

EXIT_FAILED = 1


def submit_script(
    script: str,
    arguments: Sequence[str],
    root: str,
    output: Output,
    *,
    experiment: str | None,
    name: str | None,
    tags: Sequence[str],
    folder: str | None,
    waits: bool,
) -> int:
    """Submit a script and print its run's folder; with ``waits`` print its output and await its end.

    Args:
        script: the path of the script.
        arguments: its arguments.
        root: the folder of runs.
        output: where to print.
        experiment: the run's experiment.
        name: the run's name.
        tags: texts ``key=value``, or ``key``.
        folder: the folder whose code is kept and run; None is the script's.
        waits: whether the end is awaited.

    Returns:
        The exit status: 0, or 1 where the run did not complete.
    """
    from runlogging.run import Experiment
    from runlogging.submit import ScriptRunConfig

    path = Path(script)
    source = (Path(folder) if folder is not None else path.parent).absolute()
    # The script's path is seen from here; one that lies elsewhere is refused by name.
    within = path.absolute().relative_to(source) if path.absolute().is_relative_to(source) else path
    config = ScriptRunConfig(source, within, list(arguments))
    run = Experiment(root, experiment or "default").submit(config, tags=tags_of(tags), name=name)
    output.write(str(run.path))
    output.flush()
    if run.get_status() == "Failed":
        return EXIT_FAILED
    return wait_for_run(run.path, shows=True) if waits else 0


def cancel_run(path: Path) -> None:
    """End a run, and the script that it runs.

    Raises:
        RunEndedError: it has ended.
    """
    _run_at(path).cancel()


def wait_for_run(path: Path, *, shows: bool) -> int:
    """Wait until a run has ended; return the exit status: 0, or 1 where it did not complete."""
    import click

    from runlogging.cli._escape import escape

    try:
        _run_at(path).wait_for_completion(show_output=shows)
    except RunFailedError as error:
        click.echo(escape(str(error.args[0])), err=True)
        return EXIT_FAILED
    return 0


def _run_at(path: Path) -> Run:
    from runlogging.run import Run

    return Run._at(path)
