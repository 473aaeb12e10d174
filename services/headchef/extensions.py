"""Finds what packages bring by name: entry points of one group, each loaded when it is first asked for."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from importlib.metadata import EntryPoint
from typing import Any, Generic, TypeVar

from headchef.runtime.errors import HeadchefError

T = TypeVar("T")


class NoSuchExtension(HeadchefError):
    """There is nothing of that name that can be used; the message says what there is."""


class Extensions(Generic[T]):
    """Things by name.

    Args:
        what: one of them is called in messages, such as `check`.
        found: the entry points.
        misfit: says why what was loaded is none of them, or None if it is one.
    """

    def __init__(self, what: str, found: Iterable[EntryPoint], misfit: Callable[[Any], str | None]) -> None:
        self._what = what
        self._misfit = misfit
        self._found: dict[str, EntryPoint] = {}
        self._twice: dict[str, str] = {}
        self._loaded: dict[str, T] = {}
        for each in found:
            other = self._found.setdefault(each.name, each)
            if other.value != each.value:
                self._twice[each.name] = f"{_package(other)} and {_package(each)} both have one"

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in alphabetical order."""
        return tuple(sorted(self._found))

    def named(self, name: str) -> T:
        """Give what has a name.

        Raises:
            NoSuchExtension: there is none of that name, two packages have one, or its package cannot be loaded.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> T:
        if name not in self._found:
            near = get_close_matches(name, self._found, 1)
            known = f"there is {', '.join(self.names)}" if self._found else "no package that is installed brings any"
            hint = f"did you mean {near[0]}?" if near else known
            raise NoSuchExtension(f"there is no {self._what} {name!r}; {hint}")
        if name in self._twice:
            raise NoSuchExtension(f"which {self._what} {name!r} is nobody knows: {self._twice[name]}")
        entry = self._found[name]
        try:
            loaded: T = entry.load()
        except Exception as error:
            # A user's package may fail in any way; it must be named, with its own words.
            raise NoSuchExtension(
                f"the {self._what} {name!r} of {_package(entry)} cannot be loaded: {error}"
            ) from error
        if (why := self._misfit(loaded)) is not None:
            raise NoSuchExtension(f"{entry.value} of {_package(entry)} {why}")
        return loaded


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value
