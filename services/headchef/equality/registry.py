"""The judges of equality, by name: ours, and those of packages with entry points in the group `headchef.judges`."""

from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from headchef.equality.port import Judge
from headchef.extensions import Extensions

GROUP = "headchef.judges"
Registry = Extensions[type[Judge]]

_OURS = tuple(
    EntryPoint(name, f"headchef.equality.{where}", GROUP)
    for name, where in {
        "auto": "auto:Auto",
        "embedding": "nearness:Embedding",
        "fields": "fields:Fields",
        "model": "asking:AskingModel",
        "text": "text:Text",
    }.items()
)


def registry(found: Iterable[EntryPoint]) -> Registry:
    """Give our judges and those that some entry points name."""
    return Registry("judge of equality", (*_OURS, *found), _misfit)


@lru_cache(maxsize=1)
def installed() -> Registry:
    """Give the judges of all packages that are installed, looked for once a process."""
    return registry(entry_points(group=GROUP))


def _misfit(loaded: Any) -> str | None:
    fits = isinstance(loaded, type) and issubclass(loaded, Judge)
    return None if fits else "is no class derived from headchef.equality.Judge"
