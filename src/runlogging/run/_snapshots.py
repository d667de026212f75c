"""The code of a run: a snapshot of a folder, kept once per content."""

from __future__ import annotations

import os

from runlogging.run._base import RunBase

MAX_FILES = 2000
"""How many files a snapshot has at most unless told otherwise, as in the Azure ML SDK v1."""
MAX_BYTES = 300 * 1024**2
"""How many bytes they have at most unless told otherwise: 300 MiB, as there."""
MAX_FILE_BYTES = 100 * 1024**2
"""Larger files are left out unless told otherwise: 100 MiB, where GitHub refuses them."""
MAX_MEMBERS = 100_000
"""How many files a snapshot has at most, whatever is told."""


class Snapshots(RunBase):
    """The snapshot of a run: ``snapshot.zip`` in its folder, a hard link into the root's ``.store``."""

    def take_snapshot(
        self,
        path: str | os.PathLike[str] = ".",
        *,
        max_files: int = MAX_FILES,
        max_bytes: int = MAX_BYTES,
        max_file_bytes: int = MAX_FILE_BYTES,
    ) -> str:
        """Keep the code of a folder with this run, and return the snapshot's id.

        What the folder's ``.amlignore`` names is left out, or else what its ``.gitignore`` files name; and, whatever
        they say, runs of runlogging, version control, virtual environments, caches, files of secrets, special files,
        and links but those to files that are in the snapshot. ``snapshot.json`` lists all of it with the reasons.

        Args:
            path: the folder, or one file.
            max_files: how many files it may have.
            max_bytes: how many bytes they may have; 300 MiB unless told otherwise.
            max_file_bytes: larger files are left out and listed; 100 MiB unless told otherwise.

        Returns:
            SHA-256 over names, contents and whether they are executable, in hexadecimal: the same for the same code.

        Raises:
            ArtifactNotFoundError: there is nothing at the path (also a FileNotFoundError).
            InvalidValueError: the folder is over a limit (the message names what is largest), it holds runs, or an
                ignore file does not parse (also a ValueError). Nothing is kept.
            ExistsError: the run has the snapshot of other code (also a FileExistsError).
            SourceError: the folder may not be read, or its files never stand still (also an OSError).
            RootError: the snapshot could not be written (also an OSError).
            MissingExtraError: there is an ignore file, and pathspec is not installed (also an ImportError).
        """
        from runlogging.submit._snapshot import take_snapshot

        limits = {"max_files": max_files, "max_bytes": max_bytes, "max_file_bytes": max_file_bytes}
        return take_snapshot(self, path, **limits)

    def get_snapshot_id(self) -> str:
        """Return the id of the run's snapshot.

        Raises:
            ArtifactNotFoundError: it has none (also a FileNotFoundError).
        """
        from runlogging.submit._snapshot import snapshot_id_of

        return snapshot_id_of(self.path)

    def restore_snapshot(
        self,
        snapshot_id: str | None = None,
        path: str | os.PathLike[str] | None = None,
        *,
        max_bytes: int = MAX_BYTES,
    ) -> str:
        """Take the code out again and return where it is, absolute.

        Args:
            snapshot_id: a snapshot of the same root; None is the run's own.
            path: a new or empty folder, into which its files are written, all or none; None copies the zip into the
                working directory as ``<snapshot id>.zip``.
            max_bytes: how many bytes may come out of the zip; up to a hundred times its own size may in any case.

        Raises:
            ArtifactNotFoundError: there is no such snapshot, or the run has none (also a FileNotFoundError).
            ExistsError: the folder holds something already (also a FileExistsError).
            InvalidValueError: the zip is damaged or no snapshot, holds other files than those of its id, or more bytes
                than allowed (also a ValueError).
            RootError: it could not be written (also an OSError).
        """
        from runlogging.submit._snapshot import copy_snapshot, extract_snapshot

        if path is None:
            return str(copy_snapshot(self.path, snapshot_id))
        return str(extract_snapshot(self.path, path, snapshot_id, max_bytes))
