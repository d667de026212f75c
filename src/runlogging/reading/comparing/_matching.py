"""The templates of several runs brought together, also where a source line has moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runlogging.folder import parse_time
from runlogging.reading.comparing._model import Kind, LogDifference
from runlogging.reading.comparing._templates import LogKey, Site, Tally

_POOLED = 3  # so many texts that differ in numbers only, and not in all runs, are one template
_KINDS: tuple[Kind | None, ...] = ("new", "multiplied", "gone", None)


@dataclass
class _Entry:
    """A template: the key it has in the first run that knows it, and each run's line and tally."""

    key: LogKey
    found: dict[int, tuple[int | None, Tally]] = field(default_factory=dict)


_Found = dict[LogKey, Tally]
_Loose = tuple[str, str, str | None, str | None]


def matched(runs: Sequence[Mapping[LogKey, Tally]]) -> tuple[LogDifference, ...]:
    """Return one item a template, in the order of `Comparison.logs`.

    Entries are the same when level, logger, template, file, line and exception are. What a run has left over goes to
    what the other runs have left over: the same line of a file of the same name (the code lay elsewhere), then the
    same template in such a file (the line moved). Last, texts that differ in numbers only become one template.

    Args:
        runs: the tallies of each run.
    """
    groups: dict[_Loose, list[_Found]] = {}
    for place, tallies in enumerate(runs):
        for key, tally in tallies.items():
            group = groups.setdefault(_loose(key.site), [{} for _ in runs])
            group[place][key] = tally
    entries = (entry for group in groups.values() for entry in _pooled(_merged(group), len(runs)))
    return tuple(sorted((_difference(entry, len(runs)) for entry in entries), key=_order))


def _loose(site: Site) -> _Loose:
    return site.level, site.logger, site.exception, _file_name(site.file)


def _file_name(file: str | None) -> str | None:
    return file.replace("\\", "/").rpartition("/")[2] if file is not None else None


def _merged(group: Sequence[_Found]) -> list[_Entry]:
    """Return the entries of one level, logger, exception and file name."""
    entries: list[_Entry] = []
    for place, tallies in enumerate(group):
        left = dict(tallies)
        for same in (_exactly, _by_line, _by_template):
            _take(left, entries, place, same)
        entries += [_Entry(key, {place: (key.site.line, tally)}) for key, tally in left.items()]
    return entries


def _exactly(key: LogKey) -> object:
    return key


def _by_line(key: LogKey) -> object:
    return key.template, key.site.line


def _by_template(key: LogKey) -> object:
    return key.template


def _take(left: _Found, entries: Iterable[_Entry], place: int, same: Callable[[LogKey], object]) -> None:
    """Give a run's tallies to entries that it is not in yet, in the order of the source lines."""
    open_entries: dict[object, list[_Entry]] = {}
    for entry in sorted(entries, key=lambda entry: _line_order(entry.key)):
        if place not in entry.found:
            open_entries.setdefault(same(entry.key), []).append(entry)
    for key in sorted(left, key=_line_order):
        candidates = open_entries.get(same(key))
        if candidates:
            candidates.pop(0).found[place] = key.site.line, left.pop(key)


def _line_order(key: LogKey) -> tuple[str, int]:
    return key.site.file or "", key.site.line or 0


def _pooled(entries: Sequence[_Entry], count: int) -> Iterator[_Entry]:
    pools: dict[str, list[_Entry]] = {}
    for entry in entries:
        pattern = next(iter(entry.found.values()))[1].pattern
        if pattern is None or not any(_kinds(_counts(entry, count))):
            yield entry
        else:
            pools.setdefault(pattern, []).append(entry)
    for pattern, pool in pools.items():
        if len({entry.key.template for entry in pool}) < _POOLED:
            yield from pool
        else:
            yield _pool(pattern, pool)


def _pool(pattern: str, pool: Sequence[_Entry]) -> _Entry:
    first = min(pool, key=lambda entry: min(entry.found))
    one = _Entry(first.key._replace(template=pattern))
    for entry in pool:
        for place, (line, tally) in entry.found.items():
            before = one.found.get(place)
            one.found[place] = (before[0], _sum(before[1], tally)) if before else (line, tally)
    one.found = dict(sorted(one.found.items()))
    return one


def _sum(one: Tally, other: Tally) -> Tally:
    return replace(min(one, other, key=lambda tally: tally.time), count=one.count + other.count)


def _counts(entry: _Entry, count: int) -> list[int]:
    return [entry.found[place][1].count if place in entry.found else 0 for place in range(count)]


def _kinds(counts: Sequence[int]) -> tuple[Kind | None, ...]:
    return tuple(_kind(counts[0], count) for count in counts)


def _kind(base: int, count: int) -> Kind | None:
    if base == count:
        return None
    if not base or not count:
        return "gone" if base else "new"
    return "multiplied" if count >= 2 * base or 2 * count <= base else None


def _difference(entry: _Entry, count: int) -> LogDifference:
    site, template = entry.key
    counts = _counts(entry, count)
    kinds = _kinds(counts)
    first = entry.found[min(entry.found)][1]
    lines = tuple(entry.found[place][0] if place in entry.found else None for place in range(count))
    return LogDifference(
        level=site.level,
        level_number=first.level_number,
        logger=site.logger,
        template=template,
        file=site.file,
        line=site.line,
        exception=site.exception,
        counts=tuple(counts),
        lines=lines,
        kinds=kinds,
        message=first.message,
        time=parse_time(first.time),
        step=first.step,
        differs=any(kinds),
    )


def _order(item: LogDifference) -> tuple[int, int, int]:
    return _KINDS.index(item.kind), -item.level_number, -max(item.counts)
