"""Looking at the runs of a root, and which of them belong together."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runlogging._errors import InvalidValueError, RunLoggingError
from runlogging.folder import RUN_MANIFEST, TERMINAL, Manifest, parse_time, read_manifest
from runlogging.keeping.collecting._model import Kept, Mark
from runlogging.keeping.collecting._places import DAY_S, SNAPSHOT_PROPERTY, children_of_folder, is_file
from runlogging.keeping.collecting._trash import use_of, writing_in
from runlogging.reading import open_run
from runlogging.reading._status import derived_status

KEEP_TAG = "keep"
"""A run that has this tag, with any value or none, is never deleted."""


@dataclass(frozen=True)
class Found:
    """A run folder.

    Attributes:
        path: the folder.
        mark: the state of its manifest.
        manifest: what it says; None where it cannot be read.
        problem: why it cannot be read.
        is_broken: whether that is because what is in it is no manifest of any version.
    """

    path: Path
    mark: Mark
    manifest: Manifest | None = None
    problem: str | None = None
    is_broken: bool = False

    @property
    def id(self) -> str:
        """The name of its folder."""
        return self.path.name

    @property
    def own_id(self) -> str:
        """The id that its manifest says, which is what a child's `parent` means."""
        return (self.manifest.id if self.manifest else "") or self.path.name

    @property
    def experiment(self) -> str:
        """The experiment's folder."""
        return self.path.parent.name

    @property
    def snapshot(self) -> str | None:
        """The id of its snapshot."""
        return self.manifest.properties.get(SNAPSHOT_PROPERTY) if self.manifest else None

    @property
    def created(self) -> str:
        """When it was made, as text; empty where that is not known."""
        return self.manifest.created if self.manifest else ""

    def status(self) -> str | None:
        """Return its status as it is now; None where it cannot be read."""
        return derived_status(self.path, self.manifest) if self.manifest else None

    def moment(self) -> float:
        """Return when it ended, or was last heard of, in seconds since the epoch."""
        found = _ended(self.manifest) or self._last_heard()
        return found.timestamp() if found else self.mark.changed_ns / 1e9

    def _last_heard(self) -> datetime | None:
        with suppress(RunLoggingError, OSError, ValueError):
            run = open_run(self.path)
            return run.ended or run.last_record or run.started or run.created
        return None

    def stays(self, *, takes_unstarted: bool, takes_broken: bool) -> str | None:
        """Return why it may not be deleted; None where it may."""
        if self.path.is_symlink() or self.path.parent.is_symlink():
            return "it is reached through a symbolic link"
        if self.manifest is None:
            return writing_in(self.path) if takes_broken and self.is_broken else f"it cannot be read: {self.problem}"
        if KEEP_TAG in self.manifest.tags:
            return f"it has the tag {KEEP_TAG!r}"
        return use_of(self.path, self.manifest, takes_unstarted=takes_unstarted)


def _ended(manifest: Manifest | None) -> datetime | None:
    if manifest is None or manifest.status not in TERMINAL or not manifest.ended:
        return None
    try:
        return parse_time(manifest.ended)
    except ValueError:
        return None


@dataclass(frozen=True)
class Family:
    """A run with its children and theirs: all of them go, or none.

    Attributes:
        members: the parent, then its children, each in front of its own.
    """

    members: tuple[Found, ...]

    @property
    def top(self) -> Found:
        """The run that has no parent beside it."""
        return self.members[0]

    def moment(self) -> float:
        """Return when the youngest of them ended, in seconds since the epoch."""
        return max(member.moment() for member in self.members)

    def stays(self, *, takes_unstarted: bool, takes_broken: bool) -> Kept | None:
        """Return why it stays; None where it may go.

        A child that nobody started for a day goes with its parent.
        """
        for member in self.members:
            takes = takes_unstarted or (member is not self.top and time.time() - member.moment() > DAY_S)
            reason = member.stays(takes_unstarted=takes, takes_broken=takes_broken)
            if reason:
                own = reason if member is self.top else f"its child {member.own_id}: {reason}"
                top = self.top
                return Kept(top.path, own, top.own_id, top.experiment, top.status())
        return None


def look(root: Path) -> list[Found]:
    """Return the runs of a root, also those that cannot be read."""
    return [found for path in run_folders(root) if (found := look_at(path))]


def run_folders(root: Path) -> Iterator[Path]:
    """Yield the run folders of a root, those whose manifest cannot be read too."""
    for experiment in children_of_folder(root):
        if not experiment.name.startswith("."):
            yield from (run for run in children_of_folder(experiment) if is_run(run))


def is_run(path: Path) -> bool:
    """Tell whether a folder is a run's; what starts with a dot is none."""
    return not path.name.startswith(".") and is_file(path / RUN_MANIFEST)


def look_at(path: Path) -> Found | None:
    """Look at a run folder; None where it is gone."""
    try:
        mark = Mark.of(path / RUN_MANIFEST)
    except OSError:  # deleted since it was listed
        return None
    try:
        return Found(path, mark, read_manifest(path))
    except (RunLoggingError, OSError) as error:
        return Found(path, mark, problem=str(error), is_broken=type(error) is InvalidValueError)


def families(runs: Iterable[Found]) -> Iterator[Family]:
    """Put runs of a root together with their children, which lie in the same experiment."""
    experiments: defaultdict[str, list[Found]] = defaultdict(list)
    for run in runs:
        experiments[run.experiment].append(run)
    for members in experiments.values():
        yield from _families_of(members)


def _families_of(runs: list[Found]) -> Iterator[Family]:
    # A folder that was copied beside itself has the same id: the one that is called so is the parent.
    parents = {run.own_id: run for run in sorted(runs, key=lambda run: run.id == run.own_id)}
    tops: list[Found] = []
    children: defaultdict[Path, list[Found]] = defaultdict(list)
    for run in runs:
        parent = parents.get(run.manifest.parent or "") if run.manifest else None
        (children[parent.path] if parent else tops).append(run)
    seen: set[Path] = set()
    # Those in a ring of parents have no top; the first of each ring serves as one.
    for top in [*tops, *runs]:
        if top.path not in seen:
            yield Family(tuple(_below(top, children, seen)))


def _below(top: Found, children: dict[Path, list[Found]], seen: set[Path]) -> Iterator[Found]:
    waiting = [top]
    while waiting:
        run = waiting.pop()
        if run.path not in seen:
            seen.add(run.path)
            yield run
            waiting += reversed(children.get(run.path, ()))
