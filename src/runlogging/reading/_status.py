"""The status of a run: derived from manifest and locks at each look, never trusted."""

from __future__ import annotations

from pathlib import Path

from runlogging.folder import MAIN_WRITER, TERMINAL, Life, Manifest, WriterInfo, list_writers, writer_life


def derived_status(run: Path, manifest: Manifest) -> str:
    """Return a run's status, by the rule of ``docs/format.md``.

    Args:
        run: the run folder.
        manifest: what its manifest says now.
    """
    if manifest.status in TERMINAL:
        return manifest.status
    if not manifest.owner:
        # Nobody has written to it yet, so nothing runs, whatever the manifest says.
        return "NotStarted" if manifest.status == "Running" else manifest.status
    life = writer_life(run, manifest.owner)
    if life is Life.ALIVE:
        return manifest.status
    if life is Life.UNKNOWN:
        return "Unknown"
    owner = owner_of(run, manifest)
    return owner.status if owner and owner.status in TERMINAL and owner.status else "NotResponding"


def owner_of(run: Path, manifest: Manifest) -> WriterInfo | None:
    """Return what the folder says of the run's owner, or None where it says nothing."""
    return next((writer for writer in list_writers(run) if writer.name == manifest.owner), None)


def attempts_of(writers: list[WriterInfo]) -> list[WriterInfo]:
    """Return the lives of the owner in order: the writers ``main``, ``main-2``, ``main-3`` and so on."""
    lives = [(number, writer) for writer in writers if (number := _attempt(writer.name))]
    return [writer for _, writer in sorted(lives, key=lambda life: life[0])]


def _attempt(name: str) -> int:
    """Return which life of the owner a writer is, from 1; 0 for one that is none."""
    if name == MAIN_WRITER:
        return 1
    stem, _, text = name.rpartition("-")
    number = int(text) if stem == MAIN_WRITER and text.isdecimal() and not text.startswith("0") else 0
    return number if number > 1 else 0
