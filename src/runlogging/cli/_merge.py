"""``runlogging merge``: several roots into one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from runlogging._texts import size_text
from runlogging.cli._escape import escape, escape_cell
from runlogging.cli._json import fields_of, json_text
from runlogging.cli._output import Output
from runlogging.cli._progress import progress_bar
from runlogging.cli._tables import Cell, Column, table_lines
from runlogging.keeping.merging._merge import Merged, MergePlan, Step, merge, plan_merge

_COLUMNS = (
    Column("WHAT", least=20),
    Column("FROM", least=16),
    Column("ACTION"),
    Column("SIZE", is_number=True),
    Column("WHY", least=20),
)
_COLOURS = {"copy": "green", "replace": "green", "conflict": "red", "left out": "yellow", "failed": "red"}
_FIELDS = ("kind", "action", "source", "target", "new_id", "parent", "bytes", "reason")


def merge_roots(
    sources: Sequence[str], into: str, output: Output, *, dry_run: bool, as_json: bool, **options: Any
) -> bool:
    """Merge roots into one, or show what that would do; return whether all of the sources is in the target then.

    Args:
        sources: the roots and single runs.
        into: the root that they go into.
        output: where it is shown.
        dry_run: whether nothing is copied.
        as_json: whether it is shown as one JSON object.
        options: what `plan_merge` takes.
    """
    plan = plan_merge(sources, into, **options)
    done = Merged(())
    if not dry_run:
        with progress_bar("merging") as progress:
            done = merge(plan, progress)
    if as_json:
        output.write(json_text(_facts(plan, done, dry_run=dry_run), indent=2))
    else:
        output.write_all(_lines(plan, done, output, dry_run=dry_run))
    return not (plan.left or done.failed)


def _lines(plan: MergePlan, done: Merged, output: Output, *, dry_run: bool) -> Iterator[str]:
    failed = {id(step) for step, _ in done.failed}
    shown = [step for step in plan.steps if step.action != "same" and id(step) not in failed]
    rows = [_row(step, step.action, step.reason, output) for step in shown]
    rows += [_row(step, "failed", reason, output) for step, reason in done.failed]
    if rows:
        yield from table_lines(_COLUMNS, rows, output)
        yield ""
    for step in plan.steps:
        if step.action == "conflict":
            yield escape(f"Conflict: {step.source} and {step.target}; --rename copies the first under another name.")
    for step in plan.to_do:
        if step.unfit:
            yield escape(f"Not copied of {step.name}: {', '.join(step.unfit)} (links and what is no file)")
    yield _totals(plan, done, dry_run=dry_run)


def _row(step: Step, action: str, reason: str, output: Output) -> list[Cell]:
    renamed = f" as {step.new_id}" if step.new_id else ""
    name = f"{step.name}{renamed}" if step.kind == "run" else f"model {step.name}{renamed}"
    return [
        Cell(escape_cell(name)),
        Cell(escape_cell(str(step.source.parent.parent))),
        Cell(escape_cell(action), _COLOURS.get(action)),
        Cell(size_text(step.bytes) if step.bytes else ""),
        Cell(escape_cell(reason)),
    ]


def _totals(plan: MergePlan, done: Merged, *, dry_run: bool) -> str:
    same = sum(step.action in ("same", "older") for step in plan.steps)
    count = len(plan.to_do) if dry_run else len(done.done)
    size = plan.bytes if dry_run else sum(step.bytes for step in done.done)
    parts = [f"{count} copied, {size_text(size)}" if count else "Nothing copied", f"{same} there already"]
    parts += [f"{len(plan.left)} left out"] if plan.left else []
    parts += [f"{len(done.failed)} failed"] if done.failed else []
    parts += [f"{len(done.removed)} deleted from where they came"] if done.removed else []
    text = f"{'; '.join(parts)}: {plan.into}"
    return escape(f"Would be: {text}. Nothing has been done." if dry_run else text)


def _facts(plan: MergePlan, done: Merged, *, dry_run: bool) -> dict[str, Any]:
    return {
        "into": plan.into,
        "dry_run": dry_run,
        "steps": [{**fields_of(step, _FIELDS), "not_copied": step.unfit} for step in plan.steps],
        "copied": [step.target for step in done.done],
        "removed": done.removed,
        "failed": [{"source": step.source, "reason": reason} for step, reason in done.failed],
    }
