"""A package that can be called like the function of the same name in it."""

from __future__ import annotations

from types import ModuleType
from typing import Any


class CallableModule(ModuleType):
    """A module whose call is the call of the function that it was named for."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.sweep(*args, **kwargs)
