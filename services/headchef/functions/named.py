"""The functions of all packages that are installed, by name: entry points of the group `headchef.functions`."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from headchef.extensions import Extensions

GROUP = "headchef.functions"
Functions = Extensions[Callable[..., Any]]


def functions(found: Iterable[EntryPoint]) -> Functions:
    """Give the functions that some entry points name."""
    return Functions("function", found, lambda loaded: None if callable(loaded) else "is no function")


@lru_cache(maxsize=1)
def installed() -> Functions:
    """Give the functions of all packages that are installed, looked for once a process."""
    return functions(entry_points(group=GROUP))
