"""``runlogging gc``: what can be deleted, and deleting it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from runlogging._texts import size_text
from runlogging.cli._escape import escape, escape_cell
from runlogging.cli._json import fields_of, json_text
from runlogging.cli._output import STATUS_COLOURS, Output
from runlogging.cli._progress import progress_bar
from runlogging.cli._tables import Cell, Column, table_lines
from runlogging.keeping.collecting._gc import Collected, GcPlan, Item, Kept, collect, plan_gc
from runlogging.keeping.collecting._units import age_text
from runlogging.reading._queries import Query

_COLUMNS = (
    Column("WHAT", least=20),
    Column("EXPERIMENT", least=10),
    Column("STATUS"),
    Column("AGE", is_number=True),
    Column("SIZE", is_number=True),
    Column("WHY", least=16),
)
_LEFTOVERS = {
    "snapshot": "snapshot",
    "environment": "environment",
    "work": "working folder",
    "temporary": "temporary file",
    "trash": "rest",
    "experiment": "experiment",
}
_CRITERIA = ("older_than", "keep", "max_size", "status", "where")
_ITEM_FIELDS = ("kind", "path", "run_id", "experiment", "status", "age_s", "bytes", "reason")
_KEPT_FIELDS = ("path", "run_id", "experiment", "status", "reason")


def collect_garbage(
    root: str, output: Output, *, tags: Sequence[str] = (), deletes: bool = False, as_json: bool, **wanted: Any
) -> bool:
    """Show what could be deleted, or delete it; return whether nothing of it failed.

    Args:
        root: the root.
        output: where it is shown.
        tags: KEY or KEY=VALUE.
        deletes: whether it is deleted.
        as_json: whether it is shown as one JSON object.
        wanted: what `plan_gc` takes.
    """
    plan = plan_gc(root, tag=_tag_query(tags), **wanted)
    done = None
    if deletes:
        with progress_bar("deleting") as progress:
            done = collect(plan, progress)
    if as_json:
        output.write(json_text(_facts(plan, done), indent=2))
    else:
        asks = not (tags or any(value is not None and value != () for key, value in wanted.items() if key in _CRITERIA))
        output.write_all(_lines(plan, done, output, says_how=asks))
    return done is None or not done.failed


def _tag_query(tags: Sequence[str]) -> Query | None:
    pairs = [text.partition("=") for text in tags]
    keys = frozenset(key for key, equals, _ in pairs if not equals)
    return Query(keys, {key: value for key, equals, value in pairs if equals}) if tags else None


def _lines(plan: GcPlan, done: Collected | None, output: Output, *, says_how: bool) -> Iterator[str]:
    items = plan.items if done is None else done.removed
    if items:
        yield from table_lines(_COLUMNS, [_row(item, plan, output) for item in items], output)
        yield ""
    yield from _kept_lines("Stays", (*plan.kept, *(done.kept if done else ())))
    yield from _kept_lines("Failed", done.failed if done else ())
    yield from _totals(plan, items, deleted=done is not None)
    if says_how and not items:
        yield "Name the runs that go: --older-than, --keep, --max-size, --status, --tag, --where."


def _row(item: Item, plan: GcPlan, output: Output) -> list[Cell]:
    what = item.run_id or f"{_LEFTOVERS[item.kind]} {item.path.relative_to(plan.root)}"
    return [
        Cell(escape_cell(what)),
        Cell(escape_cell(item.experiment or "")),
        Cell(escape_cell(item.status or ""), STATUS_COLOURS.get(item.status or "")),
        Cell(age_text(item.age_s)),
        Cell(size_text(item.bytes)),
        Cell(escape_cell(item.reason)),
    ]


def _kept_lines(title: str, kept: Sequence[Kept]) -> Iterator[str]:
    for one in kept:
        name = f"{one.experiment}/{one.run_id}" if one.run_id else one.path
        yield f"{title}: {escape(str(name))}: {escape(one.reason)}"
    if kept:
        yield ""


def _totals(plan: GcPlan, items: Sequence[Item], *, deleted: bool) -> Iterator[str]:
    if not items:
        yield f"{'Nothing was deleted' if deleted else 'Nothing to delete'} in {escape(str(plan.root))}."
        return
    room = sum(item.bytes for item in items)
    of_all = f" of {size_text(plan.size)}" if plan.size is not None else ""
    yield f"{'Deleted: ' if deleted else ''}{_counts(items)}, {size_text(room)}{of_all}."
    if plan.size is not None and plan.max_size is not None and plan.size - room > plan.max_size:
        yield f"What is left is over {size_text(plan.max_size)}: nothing else fits what was asked."
    if not deleted:
        yield "Nothing has been deleted; the same command with --yes deletes this."


def _counts(items: Sequence[Item]) -> str:
    runs = sum(item.kind == "run" for item in items)
    others = len(items) - runs
    parts = [f"{runs} run{'s' * (runs != 1)}" if runs else "", f"{others} leftover{'s' * (others != 1)}" * bool(others)]
    return " and ".join(filter(None, parts))


def _facts(plan: GcPlan, done: Collected | None) -> dict[str, Any]:
    items: Iterable[Item] = plan.items if done is None else done.removed
    return {
        "root": plan.root,
        "deleted": done is not None,
        "items": [fields_of(item, _ITEM_FIELDS) for item in items],
        "kept": [fields_of(one, _KEPT_FIELDS) for one in (*plan.kept, *(done.kept if done else ()))],
        "failed": [fields_of(one, _KEPT_FIELDS) for one in (done.failed if done else ())],
        "bytes": sum(item.bytes for item in items),
        "size": plan.size,
        "max_size": plan.max_size,
    }
