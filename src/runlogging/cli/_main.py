"""The commands and their options. What a command needs is imported when it runs, so that ``--help`` is quick."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from runlogging._errors import RunLoggingError
from runlogging._version import __version__
from runlogging.cli._escape import escape
from runlogging.cli._output import Output, give_up_output, tolerate_encodings

_Command = TypeVar("_Command", bound=Callable[..., Any])

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells say it
EXIT_BROKEN_PIPE = 141  # 128 + SIGPIPE, as `cat` would end


class _SafeGroup(click.Group):
    """A group whose commands end with a sentence and an exit status, never with a traceback for what may happen."""

    def invoke(self, ctx: click.Context) -> Any:
        tolerate_encodings()
        try:
            with _said_warnings():
                result = super().invoke(ctx)
                Output().flush()
                return result
        except BrokenPipeError:
            give_up_output()
            raise click.exceptions.Exit(EXIT_BROKEN_PIPE) from None
        except KeyboardInterrupt:
            raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
        except (RunLoggingError, OSError) as error:
            raise _Said(escape(str(error))) from error


class _Said(click.ClickException):
    exit_code = EXIT_ERROR


class _EchoHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"Warning: {escape(record.getMessage())}", err=True)


@contextmanager
def _said_warnings() -> Iterator[None]:
    """Show what the package itself warns of: escaped, on stderr."""
    logger, handler = logging.getLogger("runlogging"), _EchoHandler(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


_root_option = click.option(
    "--root", default="runs", metavar="FOLDER", help="The folder of runs [default: $RUNLOGGING_ROOT, or runs]."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Strict JSON for other programs.")


def _run_argument(function: _Command) -> _Command:
    return click.argument("run")(_root_option(function))


@click.group(
    cls=_SafeGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="RUN is a path, a run's id, the beginning of one, or: latest",
)
@click.version_option(__version__, prog_name="runlogging")
def main() -> None:
    """Look at the runs that Python's logging has kept."""


@main.command("ls")
@click.argument("root", default="runs", metavar="[ROOT]")
@click.option("--experiment", metavar="NAME", help="Only this experiment's runs.")
@_json_option
def list_command(root: str, experiment: str | None, as_json: bool) -> None:
    """List the runs below ROOT, newest first."""
    from runlogging.cli._list import list_runs_below

    list_runs_below(root, experiment, Output(), as_json=as_json)


@main.command("show")
@_run_argument
@_json_option
def show_command(run: str, root: str, as_json: bool) -> None:
    """Show what a run is, how it ended, and its metrics."""
    from runlogging.cli._show import show_run

    show_run(_open(run, root), Output(), as_json=as_json)


@main.command("logs")
@_run_argument
@click.option("-f", "--follow", is_flag=True, help="Go on with new entries until the run has ended, or Ctrl-C.")
@click.option("--level", metavar="LEVEL", help="Only entries at or above it: a level's name or number.")
@click.option("--json", "as_json", is_flag=True, help="Strict JSON, an object a line.")
def logs_command(run: str, root: str, follow: bool, level: str | None, as_json: bool) -> None:
    """Print a run's log, oldest first."""
    from runlogging.cli._logs import follow_run, print_logs

    (follow_run if follow else print_logs)(_open(run, root), level, Output(), as_json=as_json)


@main.command("metrics")
@_run_argument
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One strict JSON array; NaN and infinities are text.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header; numbers with all their digits.")
def metrics_command(run: str, root: str, name: str | None, as_json: bool, as_csv: bool) -> None:
    """Print a run's metrics, a record a row; with NAME only this metric."""
    from runlogging.cli._metrics import print_metrics

    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other.")
    print_metrics(_open(run, root), name, Output(), form="json" if as_json else "csv" if as_csv else "table")


@main.command("demo")
@_root_option
def demo_command(root: str) -> None:
    """Make a small run, show it, and say what to try next."""
    from runlogging.cli._try import show_demo

    show_demo(root, Output())


def _open(run: str, root: str) -> Any:
    from runlogging.reading import open_run, resolve_run

    return open_run(resolve_run(run, root))
