"""Commands that look at runs. What one needs is imported when it runs, so that ``--help`` is quick."""

from __future__ import annotations

from typing import Any

import click

from runlogging.cli._completion import (
    complete_experiments,
    complete_levels,
    complete_metrics,
    complete_runs,
    complete_runs_or_metrics,
)
from runlogging.cli._group import json_option, main, open_one, root_option, run_argument
from runlogging.cli._output import Output


@main.command("ls")
@click.argument("root", default="runs", metavar="[ROOT]")
@click.option("--experiment", metavar="NAME", shell_complete=complete_experiments, help="Only this experiment's runs.")
@click.option("--where", metavar="FILTER", help="Only runs that fit: \"metrics.mse < 3000 and tags.model = 'ridge'\".")
@click.option("--sort", "order_by", multiple=True, metavar="KEY", help="'metrics.mse DESC', -started; repeatable.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="N runs at most.")
@click.option("--columns", metavar="NAMES", help="id,status,started,min(metrics.loss),params.alpha,tags.model")
@click.option("--all", is_flag=True, help="Folders that cannot be read, too, with what is wrong.")
@json_option
def list_command(root: str, as_json: bool, **options: Any) -> None:
    """List the runs below ROOT, newest first."""
    from runlogging.cli._list import Choice, list_runs_below

    list_runs_below(root, Choice(**options), Output(), as_json=as_json)


@main.command("show")
@run_argument
@json_option
def show_command(run: str, root: str, as_json: bool) -> None:
    """Show what a run is, how it ended, and its metrics."""
    from runlogging.cli._show import show_run

    show_run(open_one(run, root), Output(), as_json=as_json)


@main.command("logs")
@run_argument
@click.option("-f", "--follow", is_flag=True, help="Go on with new entries until the run has ended, or Ctrl-C.")
@click.option(
    "--level",
    metavar="LEVEL",
    shell_complete=complete_levels,
    help="Only entries at or above it: a level's name or number.",
)
@click.option("--json", "as_json", is_flag=True, help="Strict JSON, an object a line.")
def logs_command(run: str, root: str, follow: bool, level: str | None, as_json: bool) -> None:
    """Print a run's log, oldest first."""
    from runlogging.cli._logs import follow_run, print_logs

    (follow_run if follow else print_logs)(open_one(run, root), level, Output(), as_json=as_json)


@main.command("metrics")
@run_argument
@click.argument("name", required=False, shell_complete=complete_metrics)
@click.option("--json", "as_json", is_flag=True, help="One strict JSON array; NaN and infinities are text.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header; numbers with all their digits.")
def metrics_command(run: str, root: str, name: str | None, as_json: bool, as_csv: bool) -> None:
    """Print a run's metrics, a record a row; with NAME only this metric."""
    from runlogging.cli._metrics import print_metrics

    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other.")
    print_metrics(open_one(run, root), name, Output(), form="json" if as_json else "csv" if as_csv else "table")


@main.command("around")
@run_argument
@click.argument("name", shell_complete=complete_metrics)
@click.option("--step", type=int, metavar="N", help="The point of this step; without it the last point.")
@click.option(
    "--which",
    type=click.Choice(["last", "min", "max", "nonfinite"]),
    default="last",
    help="Which point where there are several [default: last].",
)
@click.option("-n", "n", type=int, default=20, metavar="N", help="How many entries on each side [default: 20].")
@click.option(
    "--level",
    metavar="LEVEL",
    shell_complete=complete_levels,
    help="Only entries at or above it: a level's name or number.",
)
@click.option("--writer", metavar="NAME", help="Only this writer's points.")
@click.option("--all-writers", is_flag=True, help="Entries of all writers, by time; else those of the point's writer.")
@json_option
def around_command(
    run: str, root: str, name: str, step: int | None, all_writers: bool, as_json: bool, **options: Any
) -> None:
    """Print the log before and after a point of the metric NAME."""
    from runlogging.cli._around import print_around

    reader = open_one(run, root)
    found = reader.around(name, step, writers="all" if all_writers else "own", **options)
    print_around(reader, found, Output(), as_json=as_json)


@main.command("when")
@run_argument
@click.option(
    "--level",
    default="WARNING",
    metavar="LEVEL",
    shell_complete=complete_levels,
    help="A level's name or number [default: WARNING].",
)
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_metrics,
    help="Only this metric; may be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="Strict JSON, an object a line.")
def when_command(run: str, root: str, level: str, metrics: tuple[str, ...], as_json: bool) -> None:
    """Print the warnings and errors, each with the last value of every metric at that time."""
    from runlogging.cli._around import print_moments

    reader = open_one(run, root)
    print_moments(reader, reader.when(level, metrics or None), Output(), as_json=as_json)


@main.command("plot")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_runs_or_metrics)
@click.argument("metric", metavar="METRIC", shell_complete=complete_metrics)
@root_option
@click.option("--x", "axis", type=click.Choice(["step", "time", "relative"]), default="step", help="[default: step].")
@click.option("--log", "is_log", is_flag=True, help="A logarithmic y axis.")
@click.option("--smooth", default="none", metavar="WEIGHT", help="How much the past counts: 0 to below 1, or none.")
@click.option("--min", "low", type=float, metavar="Y", help="The lower end of the y axis.")
@click.option("--max", "high", type=float, metavar="Y", help="The upper end of the y axis.")
@click.option(
    "--width", type=click.IntRange(20, 1000), metavar="N", help="Characters [default: the terminal's, or 80]."
)
@click.option("--height", type=click.IntRange(6, 1000), metavar="N", help="Lines [default: the terminal's, or 24].")
@json_option
def plot_command(runs: tuple[str, ...], metric: str, root: str, as_json: bool, smooth: str, **options: Any) -> None:
    """Draw METRIC over its steps, all RUNs in one picture. A pattern, 'loss*', gives a picture a metric."""
    from runlogging.cli._plot import View, plot_metric, smoothing

    view = View(weight=smoothing(smooth), **options)
    plot_metric([open_one(run, root) for run in runs], metric, view, Output(), as_json=as_json)


@main.command("compare")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...", shell_complete=complete_runs)
@root_option
@click.option(
    "--level",
    default="WARNING",
    metavar="LEVEL",
    shell_complete=complete_levels,
    help="Log entries at or above it [default: WARNING].",
)
@click.option("--all", "shows_all", is_flag=True, help="Also what is the same in all runs.")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_metrics,
    help="Only this metric; may be given again.",
)
@json_option
def compare_command(runs: tuple[str, ...], root: str, as_json: bool, **options: Any) -> None:
    """Show what differs between runs: parameters, environment, metrics, warnings. The first RUN is the baseline."""
    from runlogging.cli._compare import compare_runs

    compare_runs([open_one(run, root) for run in runs], Output(), as_json=as_json, **options)


@main.command("top")
@click.argument("root", default="runs", metavar="[ROOT]")
@click.option("--experiment", metavar="NAME", shell_complete=complete_experiments, help="Only this experiment's runs.")
@click.option("--where", metavar="FILTER", help="Only runs that fit; see ls.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Show this metric; repeatable.")
@click.option("--all", "shows_all", is_flag=True, help="Runs that ended within the last hour, too.")
@click.option("--once", is_flag=True, help="Print the table once, as in a pipe.")
@json_option
def top_command(
    root: str,
    experiment: str | None,
    where: str | None,
    metrics: tuple[str, ...],
    shows_all: bool,
    once: bool,
    as_json: bool,
) -> None:
    """Watch the runs below ROOT that are running, until q or Ctrl-C."""
    from runlogging.cli._running import RunningRuns
    from runlogging.cli._top import Top, show_top
    from runlogging.folder import find_root

    folder = find_root(root)
    show_top(
        Top(RunningRuns(folder, experiment, where), metrics, all=shows_all),
        folder,
        Output(),
        once=once,
        as_json=as_json,
    )


@main.command("tail")
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=complete_runs)
@root_option
@click.option(
    "--experiment",
    metavar="NAME",
    shell_complete=complete_experiments,
    help="Without RUN: only this experiment's runs.",
)
@click.option("--where", metavar="FILTER", help="Without RUN: only running runs that fit; see ls.")
@click.option("-n", "n", type=click.IntRange(min=0), default=10, metavar="N", help="Last entries first [default: 10].")
@click.option(
    "--level",
    metavar="LEVEL",
    shell_complete=complete_levels,
    help="Only entries at or above it: a level's name or number.",
)
@click.option("--json", "as_json", is_flag=True, help="Strict JSON, an object a line.")
def tail_command(
    runs: tuple[str, ...],
    root: str,
    experiment: str | None,
    where: str | None,
    n: int,
    level: str | None,
    as_json: bool,
) -> None:
    """Print the log of several RUNs as it comes, until they have ended; without RUN of all that are running."""
    from runlogging.cli._running import RunningRuns
    from runlogging.cli._tail import tail_running, tail_runs
    from runlogging.folder import find_root

    if not runs:
        tail_running(RunningRuns(find_root(root), experiment, where), n, level, Output(), as_json=as_json)
    elif where is not None or experiment is not None:
        raise click.UsageError("--where and --experiment choose among the running runs; name no RUN beside them.")
    else:
        tail_runs([open_one(run, root) for run in runs], n, level, Output(), as_json=as_json)


@main.command("report")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_runs)
@root_option
@click.option(
    "-o", "--out", default="report.html", metavar="FILE", help="The file; - is stdout [default: report.html]."
)
@click.option("--title", metavar="TEXT", help="The title of the page.")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_metrics,
    help="Only this metric; may be given again.",
)
@click.option(
    "--max-charts", default=40, metavar="N", type=click.IntRange(0), help="How many charts of metrics [default: 40]."
)
@json_option
def report_command(runs: tuple[str, ...], root: str, out: str, as_json: bool, **options: Any) -> None:
    """Write one HTML file with charts, tables and the log of a RUN, or what differs between several.

    It opens without a server, a network or scripts, and prints uncut.
    """
    from runlogging.cli._report import report_runs

    if out == "-" and as_json:
        raise click.UsageError("--json says where the file is; with -o - there is none")
    report_runs([open_one(run, root) for run in runs], out, Output(), as_json=as_json, **options)


@main.command("view")
@click.argument("root", default="runs", metavar="[ROOT]")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=6464, metavar="N",
    help="Where to listen; in use: the next one. 0 is any [default: 6464].",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", metavar="H", help="The address to listen on [default: 127.0.0.1].")
@click.option(
    "--allow-host", "allowed_hosts", multiple=True, metavar="NAME", help="A name to be called by; repeatable."
)
@click.option("--prefix", default="", metavar="PATH", help="The path in front of all, behind a proxy.")
@click.option("--edit", "edits", is_flag=True, help="Let the pages change tags and notes; nothing else ever changes.")
@click.option("--no-browser", "browser", is_flag=True, flag_value=False, default=True, help="Only print the URL.")
@json_option
def view_command(root: str, as_json: bool, **options: Any) -> None:
    """Show the runs below ROOT in a browser, live, until Ctrl-C."""
    from runlogging.cli._view import view_root

    view_root(root, Output(), as_json=as_json, **options)


@main.command("completion")
@click.argument("shell", required=False, type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str | None) -> None:
    """Print the script that completes commands, runs and metrics in a shell [default: $SHELL]."""
    from runlogging.cli._completion import completion_script

    click.echo(completion_script(main, shell), nl=False)
