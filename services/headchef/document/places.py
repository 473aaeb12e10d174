"""Reads YAML and remembers where each value stands, so that errors can point at it."""

from collections.abc import Sequence
from dataclasses import dataclass

import yaml

from headchef.document.fault import Fault

Place = tuple[str | int, ...]
"""Names and numbers from the outside in."""

_Spot = tuple[int, int]
"""Line and column, both from 1."""


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document with its places.

    Attributes:
        data: plain dictionaries, lists and scalars.
        faults: keys that are given twice, of which YAML would silently keep the last.
    """

    data: object
    faults: tuple[Fault, ...]
    _spots: dict[Place, _Spot]

    def line_of(self, place: Sequence[str | int]) -> int:
        """Give the line of a value, or of the nearest one around it that is there; counts from 1."""
        return self._spot(place)[0]

    def fault(self, place: Sequence[str | int], message: str) -> Fault:
        """Name what is wrong at a place, or at the nearest one around it that is there."""
        line, column = self._spot(place)
        return Fault(line, dotted(place), message, column)

    def _spot(self, place: Sequence[str | int]) -> _Spot:
        for length in range(len(place), 0, -1):
            spot = self._spots.get(tuple(place[:length]))
            if spot is not None:
                return spot
        return self._spots.get((), (1, 1))


def read_yaml(text: str) -> Document:
    """Read one YAML document.

    Raises:
        yaml.YAMLError: the text is not YAML; the error has the line.
    """
    # Not the one of libyaml, ten times as fast: it overflows the stack, and ends the process, at 100,000 brackets.
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        spots: dict[Place, _Spot] = {}
        faults: list[Fault] = []
        if root is None:
            return Document(None, (), spots)
        _walk(root, (), _spot_of(root), spots, faults)
        return Document(loader.construct_document(root), tuple(faults), spots)
    finally:
        loader.dispose()


def _walk(node: yaml.Node, place: Place, spot: _Spot, spots: dict[Place, _Spot], faults: list[Fault]) -> None:
    spots[place] = spot
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            line, column = _spot_of(key)
            if inner in spots:
                message = f"given twice, first on line {spots[inner][0]}; keep one"
                faults.append(Fault(line, dotted(inner), message, column))
                continue
            _walk(value, inner, (line, column), spots, faults)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*place, index), _spot_of(value), spots, faults)


def _spot_of(node: yaml.Node) -> _Spot:
    return node.start_mark.line + 1, node.start_mark.column + 1


def dotted(place: Sequence[str | int]) -> str:
    """Write a place as people do: `models.small.prices`."""
    return ".".join(str(part) for part in place)
