"""The figures of all runs' metrics: in blocks in a file, of which a column is read when it is asked for.

Ten thousand runs of five hundred metrics have 34 million figures, which are too many to be kept in memory, and few of
which are ever looked at.
"""

from __future__ import annotations

import tempfile
import weakref
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from itertools import chain
from operator import attrgetter
from typing import IO

from runlogging.folder import MetricSummary
from runlogging.viewer._run_blocks import Block, Shape, pack, unpack, write_at
from runlogging.viewer._run_cells import Cells

FIGURES = ("count", "last", "min", "max", "mean", "step", "nonfinite")
"""The figures of a metric's summary."""

_WIDTH = len(FIGURES)
_AT = {figure: place for place, figure in enumerate(FIGURES)}
_BLOCK = 250  # runs
_WAITING_CELLS = 2_000_000  # so many cells may wait for runs with the same metrics
_KEPT_COLUMNS = 600
_figures_of = attrgetter(*FIGURES)


class Figures:
    """The figures of all runs; who asks holds the table's lock.

    Attributes:
        blocks: the blocks, any of whose runs may have changed since.
    """

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._shapes: dict[tuple[str, ...], Shape] = {}
        # The shape that runs get whose metrics are the same in whatever order.
        self._usual: dict[frozenset[str], Shape] = {}
        self._of: dict[int, Block | Shape] = {}
        self._columns: OrderedDict[tuple[str, str], Cells] = OrderedDict()
        self._file: IO[bytes] | None = None
        self._end = 0
        self._free: list[tuple[int, int]] = []
        self._waiting = 0

    # ------------------------------------------------------------------ what it gives

    def column(self, name: str, figure: str) -> Cells | None:
        """Return one figure of a metric of all runs; None where no run has the metric."""
        found = self._columns.get((name, figure))
        if found is None:
            found = self._column(name, _AT[figure])
            if found is None:
                return None
            self._columns[name, figure] = found
            if len(self._columns) > _KEPT_COLUMNS:
                self._columns.popitem(last=False)
        return found

    def _column(self, name: str, figure: int) -> Cells | None:
        shapes = [shape for shape in self._shapes.values() if shape.live and name in shape.at]
        if not shapes:
            return None
        cells = Cells()
        for block in self.blocks:
            at = block.shape.at.get(name)
            if at is not None and block.live:
                number = at * _WIDTH + figure
                unpack(cells, block.places, block.packed.kinds[number], block.column(number))
        for shape in shapes:
            number = shape.at[name] * _WIDTH + figure
            for place, values in shape.waiting.items():
                if values[number] is not None:
                    cells[place] = values[number]
        return cells

    def __contains__(self, place: int) -> bool:
        return place in self._of

    def names(self, place: int) -> Iterator[str]:
        """Yield the metrics of a run."""
        found = self._of.get(place)
        if found is not None:
            yield from (found.shape if isinstance(found, Block) else found).names

    def counts(self) -> dict[str, int]:
        """Return the metrics, and how many runs have each."""
        counts: dict[str, int] = {}
        for shape in self._shapes.values():
            if shape.live:
                for name in shape.names:
                    counts[name] = counts.get(name, 0) + shape.live
        return counts

    # ------------------------------------------------------------------ what it takes

    def shape(self, names: tuple[str, ...]) -> Shape:
        """Return the shape of runs with some metrics."""
        found = self._shapes.get(names)
        if found is None:
            found = self._shapes[names] = Shape(names)
        return found

    def put(self, place: int, metrics: Mapping[str, MetricSummary]) -> None:
        """Take the metrics of a run, in place of what it had."""
        self.clear(place)
        if not metrics:
            return
        key = frozenset(metrics)
        shape = self._usual.get(key)
        if shape is None:
            shape = self._usual[key] = self.shape(tuple(metrics))
        values = list(chain.from_iterable(_figures_of(metrics[name]) for name in shape.names))
        shape.waiting[place] = values
        shape.live += 1
        self._of[place] = shape
        self._waiting += len(values)
        for (name, figure), cells in self._columns.items():
            at = shape.at.get(name)
            if at is not None and values[at * _WIDTH + _AT[figure]] is not None:
                cells[place] = values[at * _WIDTH + _AT[figure]]
        if len(shape.waiting) >= _BLOCK:
            self._flush(shape)
        elif self._waiting > _WAITING_CELLS:
            self._flush(max(self._shapes.values(), key=lambda one: len(one.waiting) * len(one.names)))

    def own(self, file: IO[bytes]) -> None:
        """Close a file when these figures are not needed any more."""
        weakref.finalize(self, file.close)

    def take(self, block: Block) -> None:
        """Take a block whose runs have no figures yet."""
        self.blocks.append(block)
        block.shape.live += block.live
        self._of.update((place, block) for place in block.places if place >= 0)
        self._columns.clear()

    def clear(self, place: int) -> None:
        """Forget the metrics of a run."""
        found = self._of.pop(place, None)
        if found is None:
            return
        for cells in self._columns.values():
            cells.clear(place)
        if isinstance(found, Shape):
            self._waiting -= len(found.waiting.pop(place))
            self._leave(found)
            return
        found.places[found.places.index(place)] = -1
        found.live -= 1
        if not found.live:
            self._drop(found)
        self._leave(found.shape)

    def _leave(self, shape: Shape) -> None:
        """Count one run less; a shape of none is forgotten: a run that goes on may have one after the other."""
        shape.live -= 1
        if not shape.live:
            self._shapes.pop(shape.names, None)
            if self._usual.get(key := frozenset(shape.names)) is shape:
                del self._usual[key]

    def _drop(self, block: Block) -> None:
        self.blocks.remove(block)
        if block.file is self._file:
            self._free.append((block.offset, block.packed.size))

    # ------------------------------------------------------------------ the file

    def flush(self) -> None:
        """Let no run wait for others with the same metrics."""
        for shape in list(self._shapes.values()):
            self._flush(shape)

    def _flush(self, shape: Shape) -> None:
        """Write the runs of a shape that wait as a block."""
        if not shape.waiting:
            return
        places = sorted(shape.waiting)
        data, packed = pack([shape.waiting[place] for place in places])
        if self._file is None:
            # Without a name: it is gone with the process, whatever ends that.
            self._file = tempfile.TemporaryFile(prefix="runlogging-", buffering=0)  # noqa: SIM115  (it stays open)
            self.own(self._file)
        offset = self._room(len(data))
        write_at(self._file, offset, data)
        # Now it is on the disk: on a full one they would wait on.
        self._waiting -= len(places) * len(shape.names) * _WIDTH
        shape.waiting.clear()
        block = Block(shape, places, self._file, offset, packed)
        self.blocks.append(block)
        self._of.update(dict.fromkeys(places, block))

    def _room(self, size: int) -> int:
        """Return where so many bytes may be written: in place of a block that no run needs any more, or at the end."""
        for number, (offset, free) in enumerate(self._free):
            if size <= free:
                self._free[number] = (offset + size, free - size)
                return offset
        self._end += size
        return self._end - size
