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

EXIT_LOST = 1  # of `doctor`: records would be lost; of `sweep`: no point completed
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


@main.command("around")
@_run_argument
@click.argument("name")
@click.option("--step", type=int, metavar="N", help="The point of this step; without it the last point.")
@click.option(
    "--which",
    type=click.Choice(["last", "min", "max", "nonfinite"]),
    default="last",
    help="Which point where there are several [default: last].",
)
@click.option("-n", "n", type=int, default=20, metavar="N", help="How many entries on each side [default: 20].")
@click.option("--level", metavar="LEVEL", help="Only entries at or above it: a level's name or number.")
@click.option("--writer", metavar="NAME", help="Only this writer's points.")
@click.option("--all-writers", is_flag=True, help="Entries of all writers, by time; else those of the point's writer.")
@_json_option
def around_command(
    run: str, root: str, name: str, step: int | None, all_writers: bool, as_json: bool, **options: Any
) -> None:
    """Print the log before and after a point of the metric NAME."""
    from runlogging.cli._around import print_around

    reader = _open(run, root)
    found = reader.around(name, step, writers="all" if all_writers else "own", **options)
    print_around(reader, found, Output(), as_json=as_json)


@main.command("when")
@_run_argument
@click.option("--level", default="WARNING", metavar="LEVEL", help="A level's name or number [default: WARNING].")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Only this metric; may be given again.")
@click.option("--json", "as_json", is_flag=True, help="Strict JSON, an object a line.")
def when_command(run: str, root: str, level: str, metrics: tuple[str, ...], as_json: bool) -> None:
    """Print the warnings and errors, each with the last value of every metric at that time."""
    from runlogging.cli._around import print_moments

    reader = _open(run, root)
    print_moments(reader, reader.when(level, metrics or None), Output(), as_json=as_json)


@main.command("adopt")
@click.argument("file")
@_root_option
@click.option("--experiment", default="adopted", metavar="NAME", help="The run's experiment [default: adopted].")
@click.option("--name", metavar="NAME", help="The run's name [default: the file's].")
@click.option(
    "--dialect",
    default="auto",
    metavar="DIALECT",
    help="json, logging, regex, docker-json, container or journal [default: auto, by the first lines].",
)
@click.option("--format", "fmt", metavar="FORMAT", help="A format string of logging, '%(asctime)s %(message)s'.")
@click.option("--datefmt", metavar="FORMAT", help="The format of its times, '%d.%m.%Y %H:%M:%S'.")
@click.option("--style", default="%", metavar="STYLE", help="The style of the format: %, { or $ [default: %].")
@click.option("--pattern", metavar="REGEX", help="Named groups: time, level, logger, message, step, metric_NAME ...")
@click.option("--metrics", is_flag=True, help="Numbers in messages, loss=0.12 or acc: 0.9, become metrics.")
@click.option("--utc", is_flag=True, help="Times without a zone are UTC [default: local time].")
@click.option("--year", type=int, metavar="YEAR", help="Of times without a year [default: by the file's age].")
@click.option("--no-redact", is_flag=True, help="Leave secrets in.")
@_json_option
def adopt_command(file: str, root: str, experiment: str, as_json: bool, no_redact: bool, **options: Any) -> None:
    """Turn the log FILE, of any program, into a run; - is stdin."""
    from runlogging.cli._adopt import adopt_log

    adopt_log(file, root, experiment, Output(), as_json=as_json, redact=not no_redact, **options)


@main.command("doctor")
@click.option("--config", "path", required=True, metavar="FILE", help="A logging configuration: JSON, TOML, YAML, INI.")
@click.option("--level", default="DEBUG", metavar="LEVEL", help="The lowest level that is to be kept [default: DEBUG].")
@click.option("--metrics", "loggers", multiple=True, metavar="LOGGER", help="A logger of metrics at INFO; repeatable.")
@click.option("--captured", is_flag=True, help="The program opens a run, which takes records before the handlers.")
@_json_option
def doctor_command(path: str, level: str, loggers: tuple[str, ...], captured: bool, as_json: bool) -> None:
    """Say which loggers lose records under a configuration, and the line that mends it. None of it is executed."""
    from runlogging.cli._doctor import check_configuration

    output = Output()
    if check_configuration(path, level, loggers, output, captured=captured, as_json=as_json):
        output.flush()
        raise click.exceptions.Exit(EXIT_LOST)


@main.command("exec", context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] COMMAND [ARGS]...")
@_root_option
@click.option("--experiment", metavar="NAME", help="The run's experiment [default: default].")
@click.option("--name", metavar="NAME", help="The run's name.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag of the run; repeatable.")
@click.option("--resume", metavar="RUN", help="Go on with this run, that has ended.")
def exec_command(command: tuple[str, ...], root: str, **options: Any) -> None:
    """Run COMMAND and keep its output in a run; its exit status is passed on."""
    from runlogging.cli._exec import execute

    raise click.exceptions.Exit(execute(command, root, **options))


@main.command("submit", context_settings={"allow_interspersed_args": False})
@click.argument("script", metavar="SCRIPT")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[--] [ARGS]...")
@_root_option
@click.option("--experiment", metavar="NAME", help="The run's experiment [default: default].")
@click.option("--name", metavar="NAME", help="The run's name.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag of the run; repeatable.")
@click.option("--source", "folder", metavar="FOLDER", help="The folder of the code [default: the script's].")
@click.option("--wait", "waits", is_flag=True, help="Print its output as it comes, and wait for its end.")
def submit_command(script: str, arguments: tuple[str, ...], root: str, **options: Any) -> None:
    """Run the Python SCRIPT in the background from a snapshot of its folder; print its run's folder."""
    from runlogging.cli._submit import submit_script

    raise click.exceptions.Exit(submit_script(script, arguments, root, Output(), **options))


@main.command("cancel")
@_run_argument
def cancel_command(run: str, root: str) -> None:
    """End a run, and the script that it runs."""
    from runlogging.cli._submit import cancel_run

    cancel_run(_open(run, root).path)


@main.command("wait")
@_run_argument
@click.option("--quiet", is_flag=True, help="Do not print its output.")
def wait_command(run: str, root: str, quiet: bool) -> None:
    """Print a run's output until it has ended; the exit status is 0 if it completed, else 1."""
    from runlogging.cli._submit import wait_for_run

    raise click.exceptions.Exit(wait_for_run(_open(run, root).path, shows=not quiet))


@main.command("sweep")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]...")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUES", help="1,2,3 or 0.0:1.0:0.1; repeatable.")
@click.option("--random", "draws", type=click.IntRange(min=1), metavar="N", help="Draw N points; also of 0:1, log:1:9.")
@_root_option
@click.option("--experiment", default="default", metavar="NAME", help="The runs' experiment [default: default].")
@click.option("--name", metavar="NAME", help="The sweep's name.")
@click.option("--metric", metavar="NAME", help="The primary metric: the table and the best point show it.")
@click.option("--goal", type=click.Choice(["minimize", "maximize"]), default="minimize", help="[default: minimize].")
@click.option(
    "--max-concurrent", type=click.IntRange(min=1), metavar="N", help="Points at a time [default: processors]."
)
@click.option("--seed", type=int, metavar="N", help="What --random follows from.")
def sweep_command(script: str, arguments: tuple[str, ...], params: tuple[str, ...], root: str, **options: Any) -> None:
    """Submit SCRIPT for many points, wait for all, and print a table. {NAME} in ARGS stands for a value."""
    from runlogging.cli._sweep import sweep_script

    output = Output()
    if not sweep_script(script, params, arguments, root, output, **options):
        output.flush()
        raise click.exceptions.Exit(EXIT_LOST)


@main.command("demo")
@_root_option
def demo_command(root: str) -> None:
    """Make a small run, show it, and say what to try next."""
    from runlogging.cli._try import show_demo

    show_demo(root, Output())


def _open(run: str, root: str) -> Any:
    from runlogging.reading import open_run, resolve_run

    return open_run(resolve_run(run, root))
