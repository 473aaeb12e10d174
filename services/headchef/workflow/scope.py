"""What templates may name at a place of a workflow, and what can be found under each name. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from headchef.schema import ANYTHING, NoSuchPath, Shape, follow
from headchef.template import Read, Reads


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that are known at a place.

    Attributes:
        names: what each stands for, but for steps.
        steps: what the output of each step looks like, by its id; None where steps cannot be named.
    """

    names: Mapping[str, Shape]
    steps: Mapping[str, Shape] | None

    def with_name(self, name: str, shape: Shape) -> "Scope":
        """Give the same with one name more."""
        return replace(self, names={**self.names, name: shape})

    def fault_of(self, read: Read) -> str | None:
        """Say why a read can never find anything, or None if it may."""
        found = self._found(read)
        return found if isinstance(found, str) else None

    def shape_of(self, reads: Reads) -> Shape:
        """Give what a template stands for: a value as it is, or text, or anything where more is done with a value."""
        if reads.whole is None:
            return ANYTHING
        found = self._found(reads.whole)
        return ANYTHING if isinstance(found, str) else found

    def _found(self, read: Read) -> Shape | str:
        if self.steps is not None and read.root == "steps":
            return self._in_step(read, self.steps)
        shape = self.names.get(read.root)
        if shape is None:
            known = [*self.names, *(["steps"] if self.steps is not None else [])]
            near = get_close_matches(read.root, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
            return f"{read.root!r} is not known here; {hint}"
        return _followed(shape, read.root, read.path)

    def _in_step(self, read: Read, steps: Mapping[str, Shape]) -> Shape | str:
        if not read.path:
            return "'steps' alone says nothing; name a step, such as steps.outline"
        name, *path = read.path
        if name not in steps:
            near = get_close_matches(str(name), steps, 1)
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(steps)}"
            return f"there is no step {name!r}; {hint}"
        return _followed(steps[str(name)], f"steps.{name}", tuple(path))


def _followed(shape: Shape, root: str, path: tuple[str | int, ...]) -> Shape | str:
    found = follow(shape, path)
    if isinstance(found, NoSuchPath):
        return f"{'.'.join(map(str, (root, *path[: found.at])))} {found.message}"
    return found
