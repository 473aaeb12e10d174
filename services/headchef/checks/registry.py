"""The checks of all packages that are installed, by name: entry points of the group `headchef.checks`."""

from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from headchef.checks.port import Check
from headchef.extensions import Extensions

GROUP = "headchef.checks"
Registry = Extensions[type[Check]]


def registry(found: Iterable[EntryPoint]) -> Registry:
    """Give the checks that some entry points name."""
    return Registry("check", found, _misfit)


@lru_cache(maxsize=1)
def installed() -> Registry:
    """Give the checks of all packages that are installed, looked for once a process."""
    return registry(entry_points(group=GROUP))


def _misfit(loaded: Any) -> str | None:
    fits = isinstance(loaded, type) and issubclass(loaded, Check)
    return None if fits else "is no class derived from headchef.checks.Check"
