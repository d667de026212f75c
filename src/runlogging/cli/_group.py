"""The command as a whole: how it ends, and the options that several commands share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runlogging._errors import RunLoggingError
from runlogging._version import __version__
from runlogging.cli._completion import complete_runs
from runlogging.cli._escape import escape, escape_lines
from runlogging.cli._output import Output, give_up_output, tolerate_encodings

if TYPE_CHECKING:
    from runlogging.reading import RunReader

_Command = TypeVar("_Command", bound=Callable[..., Any])

EXIT_LOST = 1
"""Of `doctor`: records would be lost; of `sweep`: no point completed; of `verify`: something is damaged; of `pack`,
`unpack`, `gc` and `merge`: something could not be done."""
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
            # An error of a filter has further lines: the filter, and a caret below the place.
            raise _Said("\n".join(escape_lines(str(error)))) from error


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


root_option = click.option(
    "--root", default="runs", metavar="FOLDER", help="The folder of runs [default: $RUNLOGGING_ROOT, or runs]."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Strict JSON for other programs.")


def run_argument(function: _Command) -> _Command:
    """Add the argument RUN and the option --root."""
    return click.argument("run", shell_complete=complete_runs)(root_option(function))


@click.group(
    cls=_SafeGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="RUN is a path, a run's id, the beginning of one, or: latest",
)
@click.version_option(__version__, prog_name="runlogging")
def main() -> None:
    """Look at the runs that Python's logging has kept."""


def open_one(run: str, root: str) -> RunReader:
    """Return the reader of the run that a person means."""
    from runlogging.reading import open_run, resolve_run

    return open_run(resolve_run(run, root))


def exit_unless(is_well: bool, output: Output) -> None:
    """End the command with the status `EXIT_LOST` where not all is well."""
    if not is_well:
        output.flush()
        raise click.exceptions.Exit(EXIT_LOST)
