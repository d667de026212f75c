"""Regular expressions that are compiled at their first use: importing this package must stay cheap."""

from __future__ import annotations

import functools
import re


class LazyPattern:
    """A regular expression, compiled when it is first needed.

    Args:
        pattern: as for `re.compile`.
        flags: likewise.
    """

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._pattern, self._flags = pattern, flags

    @functools.cached_property
    def re(self) -> re.Pattern[str]:
        """The compiled expression."""
        return re.compile(self._pattern, self._flags)
