"""``runlogging pack`` and ``unpack``: streams as Parquet and back, and one table over a whole root."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from runlogging._errors import InvalidValueError, RunNotFoundError
from runlogging._texts import size_text
from runlogging.cli._escape import escape
from runlogging.cli._json import json_array, json_text
from runlogging.cli._output import Output
from runlogging.cli._progress import progress_bar
from runlogging.folder import RUN_MANIFEST, find_root
from runlogging.keeping.packing._dataset import dataset
from runlogging.keeping.packing._pack import Packed, pack, pack_root
from runlogging.keeping.packing._runs import runs_below
from runlogging.keeping.packing._unpack import unpack, unpack_root
from runlogging.reading import resolve_run


def pack_runs(
    target: str, root: str, output: Output, *, keep: bool = False, table: str | None = None, as_json: bool = False
) -> bool:
    """Pack a run, or all runs below a root that have ended; or lay out one table over a root.

    Args:
        target: a run as `resolve_run` takes it; or a folder of runs, or of an experiment.
        root: where run ids are looked for.
        output: where to print.
        keep: leave the JSON Lines beside.
        table: a folder: make the dataset of the root there, and leave the runs as they are.
        as_json: print strict JSON.

    Returns:
        Whether nothing failed. That a run has not ended is no failure where a whole root is packed.

    Raises:
        RunLoggingError: there is no such run or root; or, for one run, it cannot be packed.
    """
    meant = _meant(target, root)
    if table is not None:
        return _lay_out(meant, table, output, as_json=as_json)
    with progress_bar("packing") as progress:
        if meant.is_run:
            done = [pack(meant.path, keep=keep, progress=progress)]
        else:
            done = list(pack_root(meant.path, meant.experiment, keep=keep, progress=progress))
    return _told(done, "packed", output, as_json=as_json)


def unpack_runs(target: str, root: str, output: Output, *, as_json: bool = False) -> bool:
    """Unpack a run, or all runs below a root; see `pack_runs` for arguments and errors."""
    meant = _meant(target, root)
    with progress_bar("unpacking") as progress:
        if meant.is_run:
            done = [unpack(meant.path, progress=progress)]
        else:
            done = list(unpack_root(meant.path, meant.experiment, progress=progress))
    return _told(done, "unpacked", output, as_json=as_json)


class _Meant(NamedTuple):
    """A run, or a root and perhaps one experiment of it."""

    path: Path
    is_run: bool = False
    experiment: str | None = None


def _meant(target: str, root: str) -> _Meant:
    """Return the run, the root or the experiment that a person means.

    Raises:
        RunNotFoundError: it is none of these.
    """
    path = find_root(target)
    if path.is_dir() and not (path / RUN_MANIFEST).is_file():
        if runs_below(path):
            return _Meant(path)
        if runs_below(path.parent, path.name):
            return _Meant(path.parent, experiment=path.name)
    try:
        return _Meant(resolve_run(target, root), is_run=True)
    except RunNotFoundError as error:
        if not path.is_dir() or error.candidates:
            raise
        raise RunNotFoundError(f"{path} is no run and holds none; name a run or a folder of runs.") from None


def _told(done: list[Packed], verb: str, output: Output, *, as_json: bool) -> bool:
    """Print what became of some runs; return whether nothing failed."""
    if as_json:
        output.write_all(json_array(map(_facts, done)))
    else:
        output.write_all(_lines(done, verb))
    for one in done:
        if one.failed and as_json:
            click.echo(f"Warning: {escape(one.skipped or '')}", err=True)
    return not any(one.failed for one in done)


def _facts(one: Packed) -> dict[str, Any]:
    return {**one._asdict(), "files": list(one.files)}


def _lines(done: list[Packed], verb: str) -> Iterator[str]:
    changed = [one for one in done if one.files]
    for one in changed if len(done) == 1 else []:
        yield f"{escape(one.run.name)} {verb}: {', '.join(map(escape, one.files))}"
    skipped = [one for one in done if one.skipped is not None]
    yield from (f"left as it is: {escape(one.skipped or '')}" for one in skipped)
    before, after = sum(one.before for one in changed), sum(one.after for one in changed)
    sizes = f", {size_text(before)} -> {size_text(after)}" if changed else ""
    yield f"{_count(len(changed), 'run')} {verb}{sizes}{_rest(len(done) - len(changed) - len(skipped), verb)}"


def _rest(count: int, verb: str) -> str:
    return f"; {count} had nothing to be {verb}" if count else ""


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _lay_out(meant: _Meant, table: str, output: Output, *, as_json: bool) -> bool:
    if meant.experiment is not None or meant.is_run:
        raise InvalidValueError("a table is made of a whole root; name the folder that holds the experiments")
    with progress_bar("laying out") as progress:
        made = dataset(meant.path, table, progress=progress)
    if as_json:
        facts = {**made._asdict(), "left_out": {str(run): reason for run, reason in made.left_out.items()}}
        output.write(json_text(facts, indent=2))
        return not made.left_out
    output.write_all(f"left out of {escape(run.name)}: {escape(reason)}" for run, reason in made.left_out.items())
    new = ", ".join(_parts((made.linked, "linked"), (made.copied, "copied"), (made.packed, "packed")))
    gone = f", {made.removed} taken out" if made.removed else ""
    output.write(f"{_count(made.files, 'file')} in {escape(str(made.folder))}: {new or 'none new'}{gone}")
    return not made.left_out


def _parts(*counts: tuple[int, str]) -> Iterable[str]:
    return (f"{count} {how}" for count, how in counts if count)
