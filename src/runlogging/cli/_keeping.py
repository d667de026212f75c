"""Commands that keep house among runs that have ended. What one needs is imported when it runs."""

from __future__ import annotations

from typing import Any

import click

from runlogging.cli._completion import (
    complete_experiments,
    complete_runs,
)
from runlogging.cli._group import exit_unless, json_option, main, open_one, root_option
from runlogging.cli._output import Output


@main.command("verify")
@click.argument("target", default="runs", metavar="[RUN|ROOT]", shell_complete=complete_runs)
@root_option
@json_option
def verify_command(target: str, root: str, as_json: bool) -> None:
    """Read a run whole, or all runs of a root or a zip, and say what is lost or was changed."""
    from runlogging.cli._verify import verify_runs

    output = Output()
    exit_unless(verify_runs(target, root, output, as_json=as_json), output)


@main.command("archive")
@click.argument("run", shell_complete=complete_runs)
@click.argument("out", metavar="OUT.zip")
@click.option("--overwrite", is_flag=True, help="Replace a file of this name.")
@root_option
@json_option
def archive_command(run: str, out: str, root: str, overwrite: bool, as_json: bool) -> None:
    """Write a run that nobody writes to into a zip, from which it can be read; the run stays as it is."""
    from runlogging.cli._archive import archive_run

    archive_run(open_one(run, root).path, out, Output(), as_json=as_json, overwrite=overwrite)


@main.command("pack")
@click.argument("target", metavar="RUN|ROOT", shell_complete=complete_runs)
@root_option
@click.option("--keep", is_flag=True, help="Leave the JSON Lines beside; they are what is read then.")
@click.option(
    "--dataset", "table", metavar="FOLDER", help="Lay out ROOT as one table there; its runs stay as they are."
)
@json_option
def pack_command(target: str, root: str, keep: bool, table: str | None, as_json: bool) -> None:
    """Store the streams of a run that has ended, or of all below ROOT, as Parquet; everything reads them as before."""
    from runlogging.cli._pack import pack_runs

    if keep and table is not None:
        raise click.UsageError("--keep and --dataset exclude each other.")
    output = Output()
    exit_unless(pack_runs(target, root, output, keep=keep, table=table, as_json=as_json), output)


@main.command("unpack")
@click.argument("target", metavar="RUN|ROOT", shell_complete=complete_runs)
@root_option
@json_option
def unpack_command(target: str, root: str, as_json: bool) -> None:
    """Give a packed run, or all below ROOT, its JSON Lines back, byte for byte."""
    from runlogging.cli._pack import unpack_runs

    output = Output()
    exit_unless(unpack_runs(target, root, output, as_json=as_json), output)


@main.command("gc")
@click.argument("root", default="runs", metavar="[ROOT]")
@click.option("--experiment", metavar="NAME", shell_complete=complete_experiments, help="Only this experiment's runs.")
@click.option("--older-than", metavar="AGE", help="Runs that ended so long ago: 12h, 30d, 8w.")
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="The newest N of each experiment stay.")
@click.option("--max-size", metavar="SIZE", help="Only so many, oldest first, that the root gets below it: 10GB.")
@click.option("--status", multiple=True, metavar="STATUS", help="Runs of this status; repeatable.")
@click.option("--tag", "tags", multiple=True, metavar="KEY[=VALUE]", help="Runs with this tag; repeatable.")
@click.option("--where", metavar="FILTER", help="Runs that fit a filter, as for `runlogging ls`.")
@click.option("--no-orphans", "orphans", is_flag=True, flag_value=False, default=True, help="Only runs.")
@click.option("--broken", is_flag=True, help="Also runs whose manifest is broken.")
@click.option("--empty-experiments", is_flag=True, help="Also the folders of experiments without runs.")
@click.option("--yes", "deletes", is_flag=True, help="Delete it; without this nothing is deleted.")
@json_option
def gc_command(root: str, as_json: bool, **options: Any) -> None:
    """Say which old runs and leftovers below ROOT could be deleted; --yes deletes them."""
    from runlogging.cli._gc import collect_garbage

    output = Output()
    exit_unless(collect_garbage(root, output, as_json=as_json, **options), output)


@main.command("merge")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--into", required=True, metavar="ROOT", help="The root that they go into; made where it is missing.")
@click.option("--rename", is_flag=True, help="Copy runs and model versions in conflict under another name.")
@click.option("--move", is_flag=True, help="Delete from the sources each run that is in the target then.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@json_option
def merge_command(sources: tuple[str, ...], into: str, as_json: bool, **options: Any) -> None:
    """Copy the runs and models of roots, or single runs, into one root.

    Of two states of one run the later one wins; runs in conflict are named, and nothing is overwritten.
    """
    from runlogging.cli._merge import merge_roots

    output = Output()
    exit_unless(merge_roots(sources, into, output, as_json=as_json, **options), output)
