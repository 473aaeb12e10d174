"""Finds checks by name, those of users' own packages too: each is an entry point of the group `headchef.checks`."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from headchef.checks.errors import BadCheck, CheckFault
from headchef.checks.port import Check

GROUP = "headchef.checks"


class Registry:
    """Checks by name, each loaded when it is first asked for.

    Args:
        found: the entry points.
    """

    def __init__(self, found: Iterable[EntryPoint]) -> None:
        self._found: dict[str, EntryPoint] = {}
        self._twice: dict[str, str] = {}
        self._loaded: dict[str, type[Check]] = {}
        for each in found:
            other = self._found.setdefault(each.name, each)
            if other.value != each.value:
                self._twice[each.name] = f"{_package(other)} and {_package(each)} both have one"

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in alphabetical order."""
        return tuple(sorted(self._found))

    def named(self, name: str) -> type[Check]:
        """Give a check.

        Raises:
            BadCheck: there is none of that name, two packages have one, or its package cannot be loaded.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> type[Check]:
        if name not in self._found:
            near = get_close_matches(name, self._found, 1)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(self.names)}"
            raise _bad(f"there is no check {name!r}; {hint}")
        if name in self._twice:
            raise _bad(f"which check {name!r} is nobody knows: {self._twice[name]}")
        entry = self._found[name]
        try:
            found = entry.load()
        except Exception as error:
            raise _bad(f"the check {name!r} of {_package(entry)} cannot be loaded: {error}") from error
        if not (isinstance(found, type) and issubclass(found, Check)):
            raise _bad(f"{entry.value} of {_package(entry)} is no class derived from headchef.checks.Check")
        return found


@lru_cache(maxsize=1)
def installed() -> Registry:
    """Give the checks of all packages that are installed, looked for once a process."""
    return Registry(entry_points(group=GROUP))


def _bad(message: str) -> BadCheck:
    return BadCheck(CheckFault(("check",), message))


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value
