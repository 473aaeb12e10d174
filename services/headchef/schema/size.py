"""Measures a JSON Schema: how many objects it has, and how many there would be with every reference written out."""

from dataclasses import dataclass
from typing import Any

_REFERRING = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_MANY = 10**9


@dataclass(frozen=True, slots=True)
class SchemaSize:
    """How large a schema is.

    Attributes:
        objects: JSON objects in it.
        refers: whether it has references.
        unfolded: objects if each reference were replaced by what it names, circles cut; at most a billion.
    """

    objects: int
    refers: bool
    unfolded: int


def size_of(schema: dict[str, Any]) -> SchemaSize:
    """Measure a schema that is not nested deeply; its references may be in any tangle."""
    objects, refers = 0, False
    level: list[Any] = [schema]
    while level:
        each = level.pop()
        if isinstance(each, dict):
            objects += 1
            refers = refers or not _REFERRING.isdisjoint(each)
            level.extend(each.values())
        elif isinstance(each, list):
            level.extend(each)
    return SchemaSize(objects, refers, _Unfolding(schema).total() if refers else objects)


class _Unfolding:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._known: dict[int, int] = {}

    def total(self) -> int:
        try:
            return min(_MANY, self._weight(self._root))
        except RecursionError:
            return _MANY

    def _weight(self, node: Any) -> int:
        if isinstance(node, list):
            return sum(self._weight(each) for each in node)
        if not isinstance(node, dict):
            return 0
        if id(node) not in self._known:
            self._known[id(node)] = 0  # what a circle finds when it comes round
            weight = 1 + sum(self._weight(each) for key, each in node.items() if key not in ("$defs", "definitions"))
            self._known[id(node)] = min(_MANY, weight + self._weight(self._target(node.get("$ref"))))
        return self._known[id(node)]

    def _target(self, reference: object) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        node: Any = self._root
        for part in reference[1:].split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            # Python reads no number of thousands of digits; no list has so many items.
            if isinstance(node, list) and name.isdecimal() and len(name) < 10 and int(name) < len(node):
                node = node[int(name)]
            elif isinstance(node, dict):
                node = node.get(name)
            else:
                return None
        return node
