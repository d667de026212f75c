"""The opaque ids of artifacts: no request ever names a path."""

from __future__ import annotations

import hmac
import re
import secrets
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from runlogging._errors import ArtifactNotFoundError

if TYPE_CHECKING:
    from runlogging.reading import RunReader
    from runlogging.viewer._state import State

_MOST = 200_000
_ID = re.compile("[0-9a-f]{40}")


class FileTable:
    """The artifacts that the pages were told of, by ids that only this process can make."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._lock = threading.Lock()

    def id_of(self, run: RunReader, name: str) -> str:
        """Return the id of an artifact, from now on good for `named`."""
        key = f"{run.path.parent.name}/{run.path.name}"
        # Neither part holds a NUL, so two pairs are never one text.
        made = hmac.new(self._key, f"{key}\0{name}".encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:40]
        with self._lock:
            self._known[made] = key, name
            self._known.move_to_end(made)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return made

    def named(self, made: str) -> tuple[str, str]:
        """Return the run (``experiment/id``) and the name of an artifact.

        Raises:
            ArtifactNotFoundError: this is no id that was given out.
        """
        with self._lock:
            found = self._known.get(made) if _ID.fullmatch(made) else None
        if found is None:
            raise ArtifactNotFoundError(
                "There is no such file. The link is of an earlier start of the viewer, or wrong; load the page anew."
            )
        return found


def files_of(state: State) -> FileTable:
    """Return the table of a viewer."""
    return state.kept("file ids", state.settings.root, FileTable, most=1)
