"""Reads YAML and remembers on which line each value stands, so that errors can point at it."""

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from headchef.catalogue.errors import Fault

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document with its lines.

    Attributes:
        data: plain dictionaries, lists and scalars.
        faults: keys that are given twice, of which YAML would silently keep the last.
    """

    data: object
    faults: tuple[Fault, ...]
    _lines: dict[Place, int]

    def line_of(self, place: Sequence[str | int]) -> int:
        """Give the line of a value, or of the nearest one around it that is there; counts from 1."""
        for length in range(len(place), 0, -1):
            line = self._lines.get(tuple(place[:length]))
            if line is not None:
                return line
        return self._lines.get((), 1)


def read_yaml(text: str) -> Document:
    """Read one YAML document.

    Raises:
        yaml.YAMLError: the text is not YAML; the error has the line.
    """
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        lines: dict[Place, int] = {}
        faults: list[Fault] = []
        if root is None:
            return Document(None, (), lines)
        _walk(root, (), root.start_mark.line + 1, lines, faults)
        return Document(loader.construct_document(root), tuple(faults), lines)
    finally:
        loader.dispose()


def _walk(node: yaml.Node, place: Place, line: int, lines: dict[Place, int], faults: list[Fault]) -> None:
    lines[place] = line
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            key_line = key.start_mark.line + 1
            if inner in lines:
                faults.append(Fault(key_line, dotted(inner), f"given twice, first on line {lines[inner]}; keep one"))
                continue
            _walk(value, inner, key_line, lines, faults)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*place, index), value.start_mark.line + 1, lines, faults)


def dotted(place: Sequence[str | int]) -> str:
    """Write a place as people do: `models.small.prices`."""
    return ".".join(str(part) for part in place)
