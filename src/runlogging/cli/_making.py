"""Commands that make runs, and the one that looks at a configuration before. Imports wait until a command runs."""

from __future__ import annotations

from typing import Any

import click

from runlogging.cli._completion import (
    complete_levels,
)
from runlogging.cli._group import EXIT_LOST, exit_unless, json_option, main, open_one, root_option, run_argument
from runlogging.cli._output import Output


@main.command("doctor")
@click.option("--config", "path", required=True, metavar="FILE", help="A logging configuration: JSON, TOML, YAML, INI.")
@click.option(
    "--level",
    default="DEBUG",
    metavar="LEVEL",
    shell_complete=complete_levels,
    help="The lowest level that is to be kept [default: DEBUG].",
)
@click.option("--metrics", "loggers", multiple=True, metavar="LOGGER", help="A logger of metrics at INFO; repeatable.")
@click.option("--captured", is_flag=True, help="The program opens a run, which takes records before the handlers.")
@json_option
def doctor_command(path: str, level: str, loggers: tuple[str, ...], captured: bool, as_json: bool) -> None:
    """Say which loggers lose records under a configuration, and the line that mends it. None of it is executed."""
    from runlogging.cli._doctor import check_configuration

    output = Output()
    if check_configuration(path, level, loggers, output, captured=captured, as_json=as_json):
        output.flush()
        raise click.exceptions.Exit(EXIT_LOST)


@main.command("adopt")
@click.argument("file")
@root_option
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
@json_option
def adopt_command(file: str, root: str, experiment: str, as_json: bool, no_redact: bool, **options: Any) -> None:
    """Turn the log FILE, of any program, into a run; - is stdin."""
    from runlogging.cli._adopt import adopt_log

    adopt_log(file, root, experiment, Output(), as_json=as_json, redact=not no_redact, **options)


@main.command("exec", context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] COMMAND [ARGS]...")
@root_option
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
@root_option
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
@run_argument
def cancel_command(run: str, root: str) -> None:
    """End a run, and the script that it runs."""
    from runlogging.cli._submit import cancel_run

    cancel_run(open_one(run, root).path)


@main.command("wait")
@run_argument
@click.option("--quiet", is_flag=True, help="Do not print its output.")
def wait_command(run: str, root: str, quiet: bool) -> None:
    """Print a run's output until it has ended; the exit status is 0 if it completed, else 1."""
    from runlogging.cli._submit import wait_for_run

    raise click.exceptions.Exit(wait_for_run(open_one(run, root).path, shows=not quiet))


@main.command("sweep")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS]...")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUES", help="1,2,3 or 0.0:1.0:0.1; repeatable.")
@click.option("--random", "draws", type=click.IntRange(min=1), metavar="N", help="Draw N points; also of 0:1, log:1:9.")
@root_option
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
    exit_unless(sweep_script(script, params, arguments, root, output, **options), output)


@main.command("demo")
@root_option
def demo_command(root: str) -> None:
    """Make a small run, show it, and say what to try next."""
    from runlogging.cli._try import show_demo

    show_demo(root, Output())
